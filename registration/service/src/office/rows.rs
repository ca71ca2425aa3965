use std::{collections::HashMap, fmt};

use csv::{ReaderBuilder, StringRecord, Trim};
use kazasu_registration::{Field, FieldError, Limits, NameKey, NewUser, Role, Site, UserEntry};
use zeroize::Zeroizing;

use super::spreadsheet;

/// Largest file, in bytes.
const MAX_BYTES: usize = 1 << 20;
/// How many wrong lines are listed; the rest is counted.
const MAX_LISTED: usize = 100;

/// What is wrong with the file of an import. Nothing was stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// More bytes than an import may have.
    #[error("the file has {bytes} bytes, an import may have {MAX_BYTES}: split it")]
    TooLong {
        /// How many it has.
        bytes: usize,
    },
    /// Something else than UTF-8.
    #[error("line {line} is not UTF-8: save the file as \"CSV UTF-8\"")]
    NotUtf8 {
        /// The first such line, from 1.
        line: u64,
    },
    /// The header has a column that means nothing.
    #[error("the header has an unknown column {0:?}; known are {known}", known = known())]
    UnknownColumn(String),
    /// The header has a column twice.
    #[error("the header has the column {0} twice")]
    ColumnTwice(Column),
    /// The header lacks the one column that must be there.
    #[error("the header has no column user_id; the first line names the columns")]
    NoUserId,
    /// Lines are wrong.
    #[error("{}", list(.bad, *.more))]
    Lines {
        /// The first of them.
        bad: Vec<BadLine>,
        /// How many more there are.
        more: usize,
    },
}

impl ImportError {
    pub(crate) fn lines(mut bad: Vec<BadLine>) -> Self {
        let more = bad.len().saturating_sub(MAX_LISTED);
        bad.truncate(MAX_LISTED);
        Self::Lines { bad, more }
    }
}

/// A line of an import that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Line of the file, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub problem: LineProblem,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineProblem {
    /// A field breaks a rule.
    Field(FieldError),
    /// A role that there is not.
    Role,
    /// A limit that there is not.
    Limits,
    /// More or fewer cells than the header.
    Cells {
        /// Cells in the header.
        header: usize,
        /// Cells in the line.
        line: usize,
    },
    /// An earlier line has the same user ID.
    Twice {
        /// That line, from 1.
        first: u64,
    },
}

impl fmt::Display for LineProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(error) => write!(f, "{error}"),
            Self::Role => {
                f.write_str("role must be general, administrator or account-administrator")
            }
            Self::Limits => f.write_str(
                "limits may hold no-copy, no-fax, no-scan and no-print, with spaces between",
            ),
            Self::Cells { header, line } => {
                write!(f, "has {line} cells where the header has {header}")
            }
            Self::Twice { first } => write!(f, "has the user_id of line {first}"),
        }
    }
}

/// A column of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// A field that people fill in too.
    Field(Field),
    /// What the user is to the device (S10-4-08).
    Role,
    /// What the user may not do (S10-4-09).
    Limits,
}

impl Column {
    const ALL: [Self; 6] = [
        Self::Field(Field::UserId),
        Self::Field(Field::UserName),
        Self::Field(Field::Mail),
        Self::Field(Field::Password),
        Self::Role,
        Self::Limits,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Field(field) => field.as_str(),
            Self::Role => "role",
            Self::Limits => "limits",
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The columns of an export: all but the password, which nobody can read.
pub(crate) const HEADER: [Column; 5] = [
    Column::Field(Field::UserId),
    Column::Field(Field::UserName),
    Column::Field(Field::Mail),
    Column::Role,
    Column::Limits,
];

fn known() -> String {
    Column::ALL.map(Column::as_str).join(", ")
}

/// A user to be added.
#[derive(Debug)]
pub(crate) struct Imported {
    pub(crate) user: NewUser,
    pub(crate) role: Role,
    pub(crate) limits: Limits,
}

impl From<NewUser> for Imported {
    fn from(user: NewUser) -> Self {
        Self { user, role: Role::General, limits: Limits::ALLOW_ALL }
    }
}

/// Reads a file into users and the lines they came from.
pub(crate) fn parse(csv: &[u8], site: &Site) -> Result<Vec<(u64, Imported)>, ImportError> {
    if csv.len() > MAX_BYTES {
        return Err(ImportError::TooLong { bytes: csv.len() });
    }
    let text = std::str::from_utf8(csv).map_err(|e| ImportError::NotUtf8 {
        line: 1 + csv.iter().take(e.valid_up_to()).map(|b| u64::from(*b == b'\n')).sum::<u64>(),
    })?;
    // Spreadsheets put a byte order mark before the header.
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut reader =
        ReaderBuilder::new().flexible(true).trim(Trim::Headers).from_reader(text.as_bytes());
    // The text is UTF-8 and in memory and the reader is flexible: it has no way left to fail.
    let header = reader.headers().cloned().unwrap_or_default();
    let columns = columns(&header)?;

    let mut lines = Lines { text: text.as_bytes(), passed: 0, line: 1 };
    let mut users = Vec::new();
    let mut bad = Vec::new();
    let mut seen: HashMap<NameKey, u64> = HashMap::new();
    for record in reader.records().map_while(Result::ok) {
        let line = lines.at(record.position().map_or(0, csv::Position::byte));
        if record.len() != columns.len() {
            let problem = LineProblem::Cells { header: columns.len(), line: record.len() };
            bad.push(BadLine { line, problem });
            continue;
        }
        match checked(&columns, &record, site) {
            Ok(imported) => match seen.get(&imported.user.id.key()) {
                Some(first) => {
                    bad.push(BadLine { line, problem: LineProblem::Twice { first: *first } });
                }
                None => {
                    seen.insert(imported.user.id.key(), line);
                    users.push((line, imported));
                }
            },
            Err(problems) => {
                bad.extend(problems.into_iter().map(|problem| BadLine { line, problem }));
            }
        }
    }
    if bad.is_empty() { Ok(users) } else { Err(ImportError::lines(bad)) }
}

/// Counts lines as an editor does. The parser's own count lags behind where lines end in CR LF.
struct Lines<'a> {
    text: &'a [u8],
    passed: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of a record that starts at this byte or after line ends that follow it.
    fn at(&mut self, start: u64) -> u64 {
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        for (offset, byte) in self.text.iter().enumerate().skip(self.passed) {
            if offset >= start && !matches!(byte, b'\r' | b'\n') {
                break;
            }
            self.line += u64::from(*byte == b'\n');
            self.passed = offset + 1;
        }
        self.line
    }
}

fn columns(header: &StringRecord) -> Result<Vec<Column>, ImportError> {
    // A file without a header begins with somebody's cells, a password among them: those are not
    // shown.
    if !header.iter().any(|name| name == Column::Field(Field::UserId).as_str()) {
        return Err(ImportError::NoUserId);
    }
    let mut columns = Vec::new();
    for name in header {
        let column = Column::ALL
            .into_iter()
            .find(|column| column.as_str() == name)
            .ok_or_else(|| ImportError::UnknownColumn(name.chars().take(40).collect()))?;
        if columns.contains(&column) {
            return Err(ImportError::ColumnTwice(column));
        }
        columns.push(column);
    }
    Ok(columns)
}

fn checked(
    columns: &[Column],
    record: &StringRecord,
    site: &Site,
) -> Result<Imported, Vec<LineProblem>> {
    let mut entry = UserEntry::default();
    let (mut role, mut limits) = (Some(Role::General), Some(Limits::ALLOW_ALL));
    for (column, cell) in columns.iter().zip(record) {
        let cell = match column {
            // No export holds one: it is what it is.
            Column::Field(Field::Password) => cell,
            _ => spreadsheet::read(cell),
        };
        match column {
            Column::Field(Field::UserId) => entry.user_id = cell.to_owned(),
            Column::Field(Field::UserName) => entry.name = cell.to_owned(),
            Column::Field(Field::Mail) => entry.mail = cell.to_owned(),
            _ if cell.is_empty() => {}
            Column::Field(Field::Password) => {
                entry.password = Some(Zeroizing::new(cell.to_owned()));
            }
            Column::Role => role = Role::from_word(cell),
            Column::Limits => limits = Limits::from_text(cell),
        }
    }
    match (NewUser::check(entry, site), role, limits) {
        (Ok(user), Some(role), Some(limits)) => Ok(Imported { user, role, limits }),
        (user, role, limits) => {
            let fields = user.err().unwrap_or_default().into_iter().map(LineProblem::Field);
            let role = role.is_none().then_some(LineProblem::Role);
            let limits = limits.is_none().then_some(LineProblem::Limits);
            Err(fields.chain(role).chain(limits).collect())
        }
    }
}

fn list(bad: &[BadLine], more: usize) -> String {
    let mut lines: Vec<_> = bad.iter().map(ToString::to_string).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

#[cfg(test)]
#[path = "rows_test.rs"]
mod tests;
