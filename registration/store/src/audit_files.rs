//! What stands beside a database and not in it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read},
    os::unix::fs::{FileExt, PermissionsExt},
    path::{Path, PathBuf},
};

use kazasu_registration::{AuditKey, Link, Mark, Noted};
use zeroize::Zeroizing;

use crate::{Part, StoreError, StoreErrorKind};

/// The two files beside the database: `audit.key`, the secret of the chain, and `audit.end`, the
/// number and the link of the last record.
pub struct AuditFiles {
    folder: PathBuf,
    key: Option<AuditKey>,
    noted: Noted,
    /// Open once something was noted.
    file: Option<File>,
}

/// Of either file, in bytes: more than it has, so that a longer one is noticed.
const READ_MAX: u64 = 512;
/// What the note begins with: its name and version.
const NOTE: &str = "kazasu-audit 1";

impl AuditFiles {
    /// Reads what is there.
    pub fn read(database: &Path) -> Result<Self, StoreError> {
        let folder = database.parent().unwrap_or(Path::new(".")).to_path_buf();
        let mut beside = Self { folder, key: None, noted: Noted::Missing, file: None };
        if let Some(text) = beside.text(&beside.key_path())? {
            let key = key_of(text.trim_end()).ok_or_else(|| {
                let message = format!(
                    "{} does not hold the key of the audit log: put back the copy of it, or move \
                     it away; a new one is made then, and earlier records cannot be checked",
                    beside.key_path().display()
                );
                StoreError::new(StoreErrorKind::Unavailable, message)
            })?;
            beside.key = Some(key);
        }
        beside.noted = match beside.text(&beside.note_path())? {
            None => Noted::Missing,
            Some(text) => match &beside.key {
                Some(key) => note_of(key, &text).map_or(Noted::Unreadable, Noted::End),
                None => Noted::Unreadable,
            },
        };
        Ok(beside)
    }

    fn key_path(&self) -> PathBuf {
        self.folder.join("audit.key")
    }

    fn note_path(&self) -> PathBuf {
        self.folder.join("audit.end")
    }

    /// A file's text; `None` where there is none.
    fn text(&self, path: &Path) -> Result<Option<Zeroizing<String>>, StoreError> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(path, "cannot be opened", &error)),
        };
        let mode =
            file.metadata().map_err(|e| failed(path, "cannot be read", &e))?.permissions().mode();
        if mode & 0o077 != 0 {
            let message = format!(
                "others can read {}, and with it write an audit log: chmod 600 it",
                path.display()
            );
            return Err(StoreError::new(StoreErrorKind::Unavailable, message));
        }
        let mut bytes = Zeroizing::new(Vec::new());
        Read::by_ref(&mut file)
            .take(READ_MAX)
            .read_to_end(&mut bytes)
            .map_err(|e| failed(path, "cannot be read", &e))?;
        // What is no text is no key and no note.
        Ok(Some(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned())))
    }

    /// The key that is there.
    pub fn key(&self) -> Option<&AuditKey> {
        self.key.as_ref()
    }

    /// What the note says.
    pub fn noted(&self) -> Noted {
        self.noted
    }

    /// The key, made where there is none.
    pub fn key_or_new(&mut self) -> Result<AuditKey, StoreError> {
        if let Some(key) = &self.key {
            return Ok(key.clone());
        }
        let path = self.key_path();
        let mut secret = Zeroizing::new([0; AuditKey::LEN]);
        getrandom::fill(&mut *secret).map_err(|error| {
            let message = format!("the system gives no random numbers: {error}");
            StoreError::new(StoreErrorKind::Unavailable, message)
        })?;
        let mut hex = Zeroizing::new(String::with_capacity(2 * AuditKey::LEN + 1));
        for byte in secret.iter() {
            hex.push_str(&format!("{byte:02x}"));
        }
        hex.push('\n');
        // Whole and on the disk before anything is chained with it.
        write(&path, hex.as_bytes()).map_err(|error| failed(&path, "cannot be written", &error))?;
        let key = AuditKey::new(secret);
        self.key = Some(key.clone());
        Ok(key)
    }

    /// Notes where a log begins, before it does: one that begins without a note would look like one
    /// that lost it, if power failed between the two.
    pub fn begin(&mut self, start: Mark) -> Result<(), StoreError> {
        if self.noted != Noted::Missing {
            return Ok(());
        }
        self.note(start).map_err(|error| failed(&self.note_path(), "cannot be written", &error))
    }

    /// Notes the end of the log; on the disk when this returns.
    pub fn note(&mut self, end: Mark) -> io::Result<()> {
        let key = self.key.as_ref().ok_or(ErrorKind::NotFound)?;
        let line = note(key, end);
        let path = self.note_path();
        let file = match self.file.take() {
            Some(file) if path.exists() => {
                // Always as long, and less than a disk's sector: a power cut leaves the old or the
                // new.
                file.write_all_at(line.as_bytes(), 0)?;
                file.sync_data()?;
                file
            }
            // The first one, or it was removed meanwhile.
            _ => {
                write(&path, line.as_bytes())?;
                OpenOptions::new().write(true).open(&path)?
            }
        };
        self.file = Some(file);
        Ok(())
    }
}

/// Writes a whole file, under its name at once and onto the disk.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = Part::create(path)?;
    fs::write(part.path(), bytes)?;
    part.take_the_place_of(path)
}

fn failed(path: &Path, what: &str, error: &io::Error) -> StoreError {
    let kind = match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => StoreErrorKind::ReadOnly,
        ErrorKind::StorageFull => StoreErrorKind::Full,
        _ => StoreErrorKind::Unavailable,
    };
    StoreError::new(kind, format!("{} {what}: {error}", path.display()))
}

fn key_of(hex: &str) -> Option<AuditKey> {
    Some(AuditKey::new(Zeroizing::new(bytes(hex)?)))
}

/// The note of an end.
pub(crate) fn note(key: &AuditKey, end: Mark) -> String {
    format!("{NOTE} {:020} {} {}\n", end.id, end.link, key.seal(end))
}

/// What the note says, where its seal is right.
pub(crate) fn note_of(key: &AuditKey, text: &str) -> Option<Mark> {
    let mut words = text.strip_prefix(NOTE)?.split_whitespace();
    let id = words.next()?.parse().ok()?;
    let link = Link::from_bytes(bytes(words.next()?)?);
    let seal = Link::from_bytes(bytes(words.next()?)?);
    let end = Mark { id, link };
    // One way only to write it.
    (key.seal(end) == seal && note(key, end) == text).then_some(end)
}

pub(crate) fn bytes(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 2 * bytes.len() || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (to, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *to = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
