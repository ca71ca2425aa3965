use std::{fs::OpenOptions, io, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use kazasu_store::{Part, StoreError, StoreErrorKind, beside};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, ffi};

use crate::error::{QueryError, explain};

/// What makes schema n out of schema n - 1, the first one out of nothing.
const SCHEMAS: [&str; 5] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
];
/// The schema this version writes.
pub(crate) const SCHEMA: i64 = SCHEMAS.len() as i64;
/// Marks a database as Kazasu's: "KZSU".
pub(crate) const APPLICATION: i64 = 0x4B5A_5355;
/// What SQLite calls `PRAGMA synchronous = FULL`.
const FULL: i64 = 2;
/// How long another program may hold the database before an answer is given up.
pub(crate) const BUSY: Duration = Duration::from_secs(2);

/// Opens a database that passed every check, or makes a new one.
pub(crate) fn open(path: &Path) -> Result<Connection, StoreError> {
    if matches!(path.symlink_metadata(), Err(error) if error.kind() == io::ErrorKind::NotFound) {
        if beside(path, "-wal").exists() {
            return Err(missing(path));
        }
        make(path)?;
    }
    let mut db = connect(path)?;
    check_kind(path, &db)?;
    check_private(path)?;
    let found = version(path, &db)?;
    if found > SCHEMA {
        let why = format!(
            "was made by a newer kazasu (schema {found}, this one knows {SCHEMA}); use that version"
        );
        return Err(refuse(path, StoreErrorKind::Unavailable, &why));
    }
    check_pages(path, &db, "quick_check")?;
    check_durable(path, &db)?;
    migrate(&mut db).map_err(|e| explain(path, StoreErrorKind::Unavailable, &e))?;
    Ok(db)
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connect = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(BUSY)?;
        Ok(db)
    };
    connect().map_err(|e: rusqlite::Error| explain(path, StoreErrorKind::Unavailable, &e.into()))
}

fn refuse(path: &Path, kind: StoreErrorKind, why: &str) -> StoreError {
    StoreError::new(kind, format!("database {} {why}", path.display()))
}

/// Makes an empty database, under its name at once: whatever the power does, an empty file is never
/// one that was only begun.
fn make(path: &Path) -> Result<(), StoreError> {
    let part = Part::create(path).map_err(|error| cannot_write(path, &error))?;
    let mut db = connect(part.path())?;
    migrate(&mut db).map_err(|e| explain(path, StoreErrorKind::Unavailable, &e))?;
    drop(db);
    part.take_the_place_of(path).map_err(|error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &io::Error) -> StoreError {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StoreErrorKind::ReadOnly
        }
        io::ErrorKind::StorageFull => StoreErrorKind::Full,
        _ => StoreErrorKind::Unavailable,
    };
    let why = format!(
        "cannot be opened for writing: {error}; check the folder and the rights of this account"
    );
    refuse(path, kind, &why)
}

/// Refuses a file that others can read: what it holds may be known by now, and people should hear
/// of it. SQLite gives the files it puts beside it the same mode.
fn check_private(path: &Path) -> Result<(), StoreError> {
    let file = OpenOptions::new().read(true).write(true).open(path);
    let mode = file
        .and_then(|file| file.metadata())
        .map_err(|error| cannot_write(path, &error))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        let why = format!(
            "can be read by others (mode {:o}); chmod 600 it, and if somebody may have copied it \
             set every password anew",
            mode & 0o777
        );
        return Err(refuse(path, StoreErrorKind::Unavailable, &why));
    }
    Ok(())
}

/// There is a log of a database that is gone.
pub(crate) fn missing(path: &Path) -> StoreError {
    let why = "is missing, though its log is there (-wal); put the file back, or restore a backup \
               with `kazasu restore FILE`, which keeps the log";
    refuse(path, StoreErrorKind::Damaged, why)
}

fn number(path: &Path, db: &Connection, pragma: &str) -> Result<i64, StoreError> {
    db.pragma_query_value(None, pragma, |row| row.get(0))
        .map_err(|e| explain(path, StoreErrorKind::Unavailable, &e.into()))
}

/// The schema that a database has.
pub(crate) fn version(path: &Path, db: &Connection) -> Result<i64, StoreError> {
    number(path, db, "user_version")
}

/// Refuses a database whose tables are not those of its schema, or do not become those of this
/// version: it could not be opened. Changes nothing.
pub(crate) fn check_tables(path: &Path, db: &mut Connection) -> Result<(), StoreError> {
    let failed = |error: QueryError| explain(path, StoreErrorKind::Damaged, &error);
    let mut ours = Connection::open_in_memory().map_err(|error| failed(error.into()))?;
    migrate(&mut ours).map_err(failed)?;
    // Taken back at the end.
    let tx = db.transaction().map_err(|error| failed(error.into()))?;
    if steps(&tx).is_ok() && tables(&tx).map_err(failed)? == tables(&ours).map_err(failed)? {
        return Ok(());
    }
    let why = "has other tables than kazasu makes: undo what was changed in it by hand, or take \
               another copy";
    Err(refuse(path, StoreErrorKind::Damaged, why))
}

/// Tables, indexes and whatever else is made by statements, and these.
fn tables(db: &Connection) -> Result<Vec<(String, String)>, QueryError> {
    let find = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
    let mut query = db.prepare(find)?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Refuses what is not ours. Changes nothing.
pub(crate) fn check_kind(path: &Path, db: &Connection) -> Result<(), StoreError> {
    if number(path, db, "page_count")? == 0 {
        let why = "is empty: its content was cut off; restore a backup with `kazasu restore FILE`, \
                   or move the file away to start anew";
        return Err(refuse(path, StoreErrorKind::Damaged, why));
    }
    if number(path, db, "application_id")? != APPLICATION {
        let why = "belongs to another program; choose another folder";
        return Err(refuse(path, StoreErrorKind::Unavailable, why));
    }
    Ok(())
}

/// Refuses a damaged database: `check` is `quick_check` or, indexes compared too,
/// `integrity_check`.
pub(crate) fn check_pages(path: &Path, db: &Connection, check: &str) -> Result<(), StoreError> {
    // All that it found: what could not be read may stand behind what follows from it.
    let mut found = Vec::new();
    db.pragma_query(None, check, |row| {
        found.push(row.get::<_, String>(0)?);
        Ok(())
    })
    .map_err(|e| explain(path, StoreErrorKind::Unavailable, &e.into()))?;
    let verdict = found.join("\n");
    if unread(&verdict) {
        let why = "could not be read to the end: check its disk, and start again; the file stays \
                   as it is";
        return Err(refuse(path, StoreErrorKind::Unavailable, why));
    }
    if verdict != "ok" {
        let why = "is damaged; restore a backup with `kazasu restore FILE`, which keeps the \
                   damaged file, or move it away to start anew";
        return Err(refuse(path, StoreErrorKind::Damaged, why));
    }
    Ok(())
}

/// Whether a check met pages that the disk or the memory did not give: of the file itself that says
/// nothing, and nobody should part with it for that.
fn unread(verdict: &str) -> bool {
    let code = |line: &str| {
        let (_, code) = line.rsplit_once("unable to get the page. error code=")?;
        code.trim().parse::<i32>().ok()
    };
    let primary = |code: i32| code & 0xFF;
    let not_given = [ffi::SQLITE_IOERR, ffi::SQLITE_NOMEM];
    // Lists of pages give no code; a number that no page has is told in other words.
    verdict.lines().any(|line| line.contains("failed to get page"))
        || verdict.lines().filter_map(code).any(|code| not_given.contains(&primary(code)))
}

/// Sees to it that a commit is on the disk before it is answered, so that it survives a power cut
/// at any point; refuses a file system that cannot.
fn check_durable(path: &Path, db: &Connection) -> Result<(), StoreError> {
    let set = || {
        let mode: String =
            db.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
        db.pragma_update(None, "synchronous", "full")?;
        db.pragma_update(None, "foreign_keys", true)?;
        let synchronous: i64 = db.pragma_query_value(None, "synchronous", |row| row.get(0))?;
        Ok((mode, synchronous))
    };
    let set: rusqlite::Result<(String, i64)> = set();
    let (mode, synchronous) =
        set.map_err(|e| explain(path, StoreErrorKind::Unavailable, &e.into()))?;
    if mode == "wal" && synchronous == FULL {
        return Ok(());
    }
    let why = "is on a file system that cannot keep a write-ahead log; put the data folder on a \
               disk of this machine";
    Err(refuse(path, StoreErrorKind::Unavailable, why))
}

fn migrate(db: &mut Connection) -> Result<(), QueryError> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    steps(&tx)?;
    Ok(tx.commit()?)
}

fn steps(tx: &Transaction<'_>) -> Result<(), QueryError> {
    let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for step in SCHEMAS.iter().skip(usize::try_from(version).unwrap_or_default()) {
        tx.execute_batch(step)?;
    }
    if version < SCHEMA {
        tx.pragma_update(None, "application_id", APPLICATION)?;
        tx.pragma_update(None, "user_version", SCHEMA)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SQLite leaves the mode as it is there and says so in its answer alone.
    #[test]
    fn a_place_without_a_write_ahead_log_is_refused() {
        let path = Path::new("kazasu.db");
        let refused = check_durable(path, &Connection::open_in_memory().unwrap()).unwrap_err();
        assert_eq!(refused.kind, StoreErrorKind::Unavailable);
        assert!(refused.message.contains("write-ahead log"), "{refused}");
    }

    /// SQLite's words for pages that it could not read, and for pages that hold nonsense.
    #[test]
    fn what_could_not_be_read_is_not_damaged() {
        let rows = [
            ("Tree 5 page 7: unable to get the page. error code=266", true),
            ("Tree 5 page 7 cell 0: unable to get the page. error code=7", true),
            (
                "*** in database main ***\nTree 5 page 7: unable to get the page. error code=10\n",
                true,
            ),
            ("Tree 5 page 7: unable to get the page. error code=11", false),
            ("Tree 5 page 7: btreeInitPage() returns error code 11", false),
            ("row 3 missing from index cards_number", false),
        ];
        for (verdict, expected) in rows {
            assert_eq!(unread(verdict), expected, "{verdict}");
        }
    }

    #[test]
    fn whatever_a_connection_was_set_to_is_set_right() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kazasu.db");
        make(&path).unwrap();
        let db = connect(&path).unwrap();
        db.execute_batch("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF").unwrap();
        check_durable(&path, &db).unwrap();
        for (pragma, wanted) in [("synchronous", FULL), ("foreign_keys", 1)] {
            assert_eq!(number(&path, &db, pragma), Ok(wanted), "{pragma}");
        }
        let mode: String = db.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }
}
