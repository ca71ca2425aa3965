use std::fmt;

use crate::{ErrorCode, Problem};

/// A field that a person or an import fills in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// User ID.
    UserId,
    /// Password.
    Password,
    /// User name.
    UserName,
    /// Mail address.
    Mail,
}

impl Field {
    /// The fixed word: the column of an import, the key in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserId => "user_id",
            Self::Password => "password",
            Self::UserName => "name",
            Self::Mail => "mail",
        }
    }
}

impl Field {
    pub(crate) fn broke(self, rule: Rule) -> FieldError {
        FieldError { field: self, rule }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a length counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Characters.
    Characters,
    /// Bytes of UTF-8.
    Bytes,
}

/// The rule a field broke. Holds nothing of what was typed but a forbidden sign, and that never
/// for a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Too short or too long.
    Length {
        /// Shortest allowed.
        min: u16,
        /// Longest allowed.
        max: u16,
        /// Counted in.
        unit: Unit,
    },
    /// Something else than printable ASCII (20 to 7E) is in it.
    PrintableAscii,
    /// Nothing but spaces.
    OnlySpaces,
    /// A blank at the beginning or the end, where nobody sees it.
    Blanks,
    /// Starts with this sign, which is allowed further on only.
    FirstCharacter(char),
    /// This sign is not allowed.
    Forbidden(char),
    /// Letters, digits and signs are wanted, all three.
    Classes,
    /// Among the first that anybody would guess.
    Common,
    /// Hardly more than the user's own ID or name, or the product's.
    OwnWords {
        /// How many characters are wanted besides, at least.
        least: u16,
    },
    /// Not to be had: kept for an administrator, engineer or guest, or the number of a card.
    Reserved,
    /// Somebody has it already.
    Taken,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { min, max, unit } => {
                let unit = match unit {
                    Unit::Characters => "characters",
                    Unit::Bytes => "bytes",
                };
                write!(f, "must have {min} to {max} {unit}")
            }
            Self::PrintableAscii => f.write_str("may hold printable ASCII only"),
            Self::OnlySpaces => f.write_str("must hold more than spaces"),
            Self::Blanks => f.write_str("must not begin or end with a blank"),
            Self::FirstCharacter(sign) => write!(f, "must not start with {sign:?}"),
            Self::Forbidden(sign) => write!(f, "must not contain {sign:?}"),
            Self::Classes => f.write_str("needs letters, digits and signs"),
            Self::Common => f.write_str("is too easy to guess"),
            Self::OwnWords { least } => {
                write!(f, "needs {least} characters besides the user's own ID and name")
            }
            Self::Reserved => f.write_str("is reserved, or is the number of a card"),
            Self::Taken => f.write_str("is taken"),
        }
    }
}

/// A field and the rule it broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {rule}")]
pub struct FieldError {
    /// The field to correct.
    pub field: Field,
    /// The rule it broke.
    pub rule: Rule,
}

impl FieldError {
    /// The catalogue's code: 711 for reserved user IDs, 122 for other user IDs, else 301.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match (self.field, self.rule) {
            (Field::UserId, Rule::Reserved) => ErrorCode::UserIdReserved,
            (Field::UserId, _) => ErrorCode::UserIdRule,
            _ => ErrorCode::FieldRule,
        }
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Self { code: error.code(), field: Some((error.field, error.rule)), until: None }
    }
}

impl From<ErrorCode> for Problem {
    fn from(code: ErrorCode) -> Self {
        Self { code, field: None, until: None }
    }
}

/// The rules that several fields share, checked in a fixed order so that a text always breaks
/// the same one first.
pub(crate) struct Text {
    pub(crate) min: u16,
    pub(crate) max: u16,
    pub(crate) unit: Unit,
    pub(crate) ascii: bool,
    pub(crate) may_be_spaces: bool,
}

impl Text {
    pub(crate) fn check(&self, text: &str) -> Result<(), Rule> {
        let len = match self.unit {
            Unit::Characters => text.chars().count(),
            Unit::Bytes => text.len(),
        };
        if !(usize::from(self.min)..=usize::from(self.max)).contains(&len) {
            return Err(Rule::Length { min: self.min, max: self.max, unit: self.unit });
        }
        if self.ascii && !text.bytes().all(|b| matches!(b, 0x20..=0x7E)) {
            return Err(Rule::PrintableAscii);
        }
        if let Some(control) = text.chars().find(|c| c.is_control()) {
            return Err(Rule::Forbidden(control));
        }
        if !self.may_be_spaces && !text.is_empty() && text.chars().all(char::is_whitespace) {
            return Err(Rule::OnlySpaces);
        }
        Ok(())
    }
}

/// What user IDs (S10-4-01) and card numbers (S10-4-02) share.
pub(crate) fn check_name(text: &str, max: u16, forbidden: &str) -> Result<(), Rule> {
    let rules = Text { min: 1, max, unit: Unit::Characters, ascii: true, may_be_spaces: false };
    rules.check(text)?;
    if text.starts_with('\'') {
        return Err(Rule::FirstCharacter('\''));
    }
    match text.chars().find(|sign| forbidden.contains(*sign)) {
        Some(sign) => Err(Rule::Forbidden(sign)),
        None => Ok(()),
    }
}
