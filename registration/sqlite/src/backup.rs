//! Backups: a whole copy of the database in one file, and the way back.

#[cfg(test)]
mod backup_test;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod restore;

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use kazasu_store::{
    BackupError, Part, Saved, StoreError, StoreErrorKind,
    backup::{Form, check_name, in_file, seal},
};
use rusqlite::{Connection, OpenFlags, backup::Backup};

use crate::{
    error::{QueryError, explain},
    open::{self, APPLICATION, SCHEMA},
};
pub use restore::restore;

/// How many pages are copied between two looks at whether another program wants the database.
const PAGES: std::ffi::c_int = 1024;
/// The highest number of a row that is restored: behind it is room for all that will ever come.
const NUMBER_MAX: i64 = 1 << 53;
/// Held while a backup is made: two for one file would write into each other's.
static MAKING: Mutex<()> = Mutex::new(());

type Result<T> = std::result::Result<T, BackupError>;

/// Where an SQLite database says whose it is, big-endian (SQLite file format 1.3).
const APPLICATION_AT: u64 = 68;
const FORM: Form = Form { schema: SCHEMA, is_ours };

/// Whether a file begins as a database of ours does.
fn is_ours(mut file: &File) -> bool {
    let mut number = [0; 4];
    let read =
        file.seek(SeekFrom::Start(APPLICATION_AT)).and_then(|_| file.read_exact(&mut number));
    read.is_ok() && i64::from(u32::from_be_bytes(number)) == APPLICATION
}

/// Saves the database into `file`, readable by this account alone, while others go on using it. A
/// backup of that name is replaced, at once and only by a whole one. Blocks; the copy is checked
/// page by page before it counts.
///
/// # Errors
/// [`BackupError`]; no file is left behind.
pub(crate) fn backup(database: &Path, file: &Path) -> Result<Saved> {
    // Poisoned by a panic elsewhere: what that one left behind goes when a new file is begun.
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    check_name(file, FORM)?;
    let part = Part::create(file).map_err(in_file(file))?;
    copy(database, part.path())?;
    let users = finish(part.path())?;
    let bytes = seal(part.path(), SCHEMA).map_err(in_file(part.path()))?;
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
