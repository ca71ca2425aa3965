use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use crate::backup::{BackupError, Form, in_file};

type Result<T> = std::result::Result<T, BackupError>;

/// The form of backups that this version writes.
const FORMAT: i64 = 1;
/// How long the line is, in bytes.
pub const LINE: usize = 1 + 14 + 5 + 18 + 27 + 71 + 1;

/// The last line of a backup.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Trailer {
    pub(crate) schema: i64,
    /// How long the database before it is.
    pub(crate) bytes: u64,
    pub(crate) sha256: [u8; 32],
}

impl Trailer {
    pub(crate) fn line(&self) -> String {
        let sha256: String = self.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        format!(
            "\nkazasu-backup {FORMAT:04} schema={:010} bytes={:020} sha256={sha256}\n",
            self.schema, self.bytes
        )
    }

    /// The last line of a backup, which has to go with the length of the file.
    pub(crate) fn read(mut file: &File, path: &Path, form: Form) -> Result<Self> {
        let length = file.metadata().map_err(in_file(path))?.len();
        let start = length.saturating_sub(LINE as u64);
        let mut line = Vec::with_capacity(LINE);
        file.seek(SeekFrom::Start(start))
            .and_then(|_| file.take(LINE as u64).read_to_end(&mut line))
            .map_err(in_file(path))?;
        let Some((format, trailer)) = parse(&line) else {
            return Err(match (form.is_ours)(file) {
                true => BackupError::CutOff(path.to_owned()),
                false => BackupError::NotABackup(path.to_owned()),
            });
        };
        // One way only to write it: signs, capitals or another format's number are no accident.
        if format <= FORMAT && trailer.line().as_bytes() != line {
            let what = "its last line is another";
            return Err(BackupError::Changed { path: path.to_owned(), what });
        }
        let newer =
            |what, found, known| BackupError::Newer { path: path.to_owned(), what, found, known };
        if format > FORMAT {
            return Err(newer("backup format", format, FORMAT));
        }
        if trailer.bytes != start {
            let what = "its length is another";
            return Err(BackupError::Changed { path: path.to_owned(), what });
        }
        if trailer.schema > form.schema {
            return Err(newer("schema", trailer.schema, form.schema));
        }
        Ok(trailer)
    }
}

fn parse(line: &[u8]) -> Option<(i64, Trailer)> {
    let line = std::str::from_utf8(line).ok()?;
    let line = line.strip_prefix("\nkazasu-backup ")?.strip_suffix('\n')?;
    let (format, line) = line.split_once(" schema=")?;
    let (schema, line) = line.split_once(" bytes=")?;
    let (bytes, hex) = line.split_once(" sha256=")?;
    let mut sha256 = [0; 32];
    if hex.len() != 2 * sha256.len() {
        return None;
    }
    for (byte, at) in sha256.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()?;
    }
    let trailer = Trailer { schema: schema.parse().ok()?, bytes: bytes.parse().ok()?, sha256 };
    Some((format.parse().ok()?, trailer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let trailer = Trailer { schema: 3, bytes: u64::MAX, sha256: [0xA5; 32] };
        let line = trailer.line();
        assert_eq!(line.len(), LINE, "{line}");
        assert_eq!(parse(line.as_bytes()), Some((FORMAT, trailer)));
    }

    /// Backups of this form exist: their last line never changes.
    #[test]
    fn the_line_is_this_one() {
        let line = Trailer { schema: 2, bytes: 4096, sha256: [0x0F; 32] }.line();
        let wanted = "\nkazasu-backup 0001 schema=0000000002 bytes=00000000000000004096 sha256=";
        assert_eq!(line, format!("{wanted}{}\n", "0f".repeat(32)));
    }

    #[test]
    fn any_other_bytes_are_no_line() {
        let line = Trailer { schema: 2, bytes: 4096, sha256: [0; 32] }.line();
        for at in 0..line.len() {
            let mut bytes = line.clone().into_bytes();
            bytes[at] = 0xFF;
            assert_eq!(parse(&bytes), None, "{at}");
            assert_eq!(parse(&line.as_bytes()[..at]), None, "{at}");
        }
    }
}
