//! Backups: a whole copy of the database in one file, and the way back.
//!
//! A backup is an SQLite database with one more line behind its last page, which says how long the
//! database is, which schema it has, and its SHA-256. The sum finds what a disk or a transfer did
//! to the file; it is no proof of who wrote it.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod restore;
mod trailer;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use kazasu_service::{StoreError, StoreErrorKind};
use rusqlite::{Connection, OpenFlags, backup::Backup};
use sha2::{Digest, Sha256};

use crate::{
    error::{QueryError, explain},
    open::{self, SCHEMA},
    part::Part,
};
pub use restore::{Restored, restore};
use trailer::Trailer;

/// How many pages are copied between two looks at whether another program wants the database.
const PAGES: std::ffi::c_int = 1024;
/// How much of a file is read at a time, in bytes.
const CHUNK: usize = 64 * 1024;
/// The longest database that is restored, in bytes: more than ten million people need.
const BYTES_MAX: u64 = 8 << 30;
/// The highest number of a row that is restored: behind it is room for all that will ever come.
const NUMBER_MAX: i64 = 1 << 53;
/// Held while a backup is made: two for one file would write into each other's.
static MAKING: Mutex<()> = Mutex::new(());

/// What was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The size of the backup, in bytes.
    pub bytes: u64,
    /// How many records are in it, provisional users included.
    pub users: u64,
}

/// Why there is no backup, or nothing was restored. The database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database cannot be read, is damaged or in use.
    #[error("{0}")]
    Database(#[from] StoreError),
    /// A file cannot be read or written.
    #[error("{} cannot be read or written: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A backup may not be written over it.
    #[error("{} is there already and no backup: choose another name", .0.display())]
    WouldReplace(PathBuf),
    /// No database of this program grows so large.
    #[error("{} is larger than any backup of kazasu ({BYTES_MAX} bytes)", .0.display())]
    TooLarge(PathBuf),
    /// The disk has no room for it.
    #[error(
        "{} has room for {free} bytes, and the restore wants {wanted}, the copy of what is there \
         included: free space on that disk",
        folder.display()
    )]
    NoRoom {
        /// Where it would go.
        folder: PathBuf,
        /// How much is wanted, in bytes.
        wanted: u64,
        /// How much there is.
        free: u64,
    },
    /// The file is something else.
    #[error("{} is no backup of kazasu: choose a file that `kazasu backup` wrote", .0.display())]
    NotABackup(PathBuf),
    /// The end of the file is missing.
    #[error("{} is cut off: its end is missing; take another copy of it", .0.display())]
    CutOff(PathBuf),
    /// The bytes are not those that were saved.
    #[error("{} was changed since it was made, {what}; take another copy of it", path.display())]
    Changed {
        /// The backup.
        path: PathBuf,
        /// How it is known.
        what: &'static str,
    },
    /// A version that this one does not know made it.
    #[error(
        "{} was made by a newer kazasu ({what} {found}, this one knows {SCHEMA}); use that version",
        path.display()
    )]
    Newer {
        /// The backup.
        path: PathBuf,
        /// What of it is newer.
        what: &'static str,
        /// Which number that has.
        found: i64,
    },
}

type Result<T> = std::result::Result<T, BackupError>;

fn in_file(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    move |error| BackupError::File { path: path.to_owned(), error }
}

/// Opens a file to read. A pipe or a device is none: opening it would wait for somebody, or read
/// without an end.
fn regular(path: &Path) -> Result<File> {
    if !fs::metadata(path).map_err(in_file(path))?.is_file() {
        return Err(BackupError::NotABackup(path.to_owned()));
    }
    File::open(path).map_err(in_file(path))
}

/// Saves the database into `file`, readable by this account alone, while others go on using it. A
/// backup of that name is replaced, at once and only by a whole one. Blocks; the copy is checked
/// page by page before it counts.
///
/// # Errors
/// [`BackupError`]; no file is left behind.
pub fn backup(database: &Path, file: &Path) -> Result<Saved> {
    // Poisoned by a panic elsewhere: what that one left behind goes when a new file is begun.
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    if fs::symlink_metadata(file).is_ok() {
        let is_backup = || Trailer::read(&regular(file)?, file);
        if is_backup().is_err() {
            return Err(BackupError::WouldReplace(file.to_owned()));
        }
    }
    let part = Part::create(file).map_err(in_file(file))?;
    copy(database, part.path())?;
    let users = finish(part.path())?;
    let bytes = end(part.path()).map_err(in_file(part.path()))?;
    part.take_the_place_of(file).map_err(in_file(file))?;
    Ok(Saved { bytes, users })
}

/// Copies what is committed at one moment; what is committed later is not in it.
fn copy(database: &Path, to: &Path) -> Result<()> {
    let failed = |error: rusqlite::Error| {
        BackupError::Database(explain(database, StoreErrorKind::Unavailable, &error.into()))
    };
    let from = Connection::open_with_flags(
        database,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(failed)?;
    from.busy_timeout(open::BUSY).map_err(failed)?;
    open::check_kind(database, &from)?;
    if open::version(database, &from)? != SCHEMA {
        let message = format!(
            "database {} has an older schema: start this kazasu on it once, then back it up",
            database.display()
        );
        return Err(StoreError::new(StoreErrorKind::Unavailable, message).into());
    }
    let copied = (|| {
        // Held to the end, so that the copy shows one moment whatever is committed beside it.
        from.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;")?;
        let mut copy = Connection::open(to)?;
        // The file is new and synchronised as a whole at its end.
        copy.pragma_update(None, "synchronous", "off")?;
        Backup::new(&from, &mut copy)?.run_to_completion(PAGES, Duration::ZERO, None)
    })();
    copied.map_err(|error: rusqlite::Error| match full(&error) {
        true => in_file(to)(io::ErrorKind::StorageFull.into()),
        false => failed(error),
    })
}

fn full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
}

/// Writes the last line behind the database and says how long the file is.
fn end(path: &Path) -> io::Result<u64> {
    let mut file = OpenOptions::new().read(true).append(true).open(path)?;
    let bytes = file.metadata()?.len();
    let sha256 = sum(&mut file, bytes, |_| Ok(()))?;
    file.write_all(Trailer { schema: SCHEMA, bytes, sha256 }.line().as_bytes())?;
    Ok(file.metadata()?.len())
}

/// Makes one file of the copy, checks every page of it, and counts its records.
fn finish(path: &Path) -> Result<u64> {
    let failed = |error: QueryError| explain(path, StoreErrorKind::Damaged, &error);
    let mut db = Connection::open(path).map_err(|e| failed(e.into()))?;
    // Without a log beside it: the file is all there is.
    db.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))
        .map_err(|e| failed(e.into()))?;
    open::check_kind(path, &db)?;
    // The header may say so, where the file itself can be written.
    if db.is_readonly("main").map_err(|e| failed(e.into()))? {
        let message = format!("database {} says that nobody may write it", path.display());
        return Err(StoreError::new(StoreErrorKind::Damaged, message).into());
    }
    open::check_pages(path, &db, "integrity_check")?;
    open::check_tables(path, &mut db)?;
    check_numbers(path, &db)?;
    let users: i64 = db
        .query_row("SELECT count(*) FROM users", [], |row| row.get(0))
        .map_err(|e| failed(e.into()))?;
    db.close().map_err(|(_, e)| failed(e.into()))?;
    Ok(u64::try_from(users).unwrap_or_default())
}

/// Refuses numbers of rows behind which no other has room: the database would open and could then
/// store nothing.
fn check_numbers(path: &Path, db: &Connection) -> Result<()> {
    let failed = |error: rusqlite::Error| explain(path, StoreErrorKind::Damaged, &error.into());
    let mut numbers = vec![
        "SELECT max(id) FROM audit",
        "SELECT max(id) FROM cards",
        "SELECT max(id) FROM users",
        "SELECT max(seq) FROM sqlite_sequence",
    ];
    let schema = open::version(path, db)?;
    if schema >= 2 {
        numbers.push("SELECT max(version) FROM settings");
    }
    if schema >= 3 {
        numbers.push("SELECT max(head) FROM audit_chain");
    }
    for number in numbers {
        let highest: Option<i64> = db.query_row(number, [], |row| row.get(0)).map_err(failed)?;
        if highest.is_some_and(|highest| highest > NUMBER_MAX) {
            let message = format!(
                "database {} counts its rows up to a number after which there is hardly another: \
                 somebody made it so; take another backup",
                path.display()
            );
            return Err(StoreError::new(StoreErrorKind::Damaged, message).into());
        }
    }
    Ok(())
}

/// Hands over the first `bytes` of a file piece by piece and returns their sum.
fn sum(
    file: &mut (impl Read + Seek),
    bytes: u64,
    mut piece: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<[u8; 32]> {
    file.rewind()?;
    let mut file = file.take(bytes);
    let mut hash = Sha256::new();
    let mut buffer = vec![0; CHUNK];
    loop {
        let n = file.read(&mut buffer)?;
        let read = buffer.get(..n).unwrap_or_default();
        if read.is_empty() {
            return Ok(hash.finalize().into());
        }
        hash.update(read);
        piece(read)?;
    }
}
