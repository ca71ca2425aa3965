use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
    time::Duration,
};

use kazasu_service::{StoreError, StoreErrorKind};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::error::{QueryError, explain};

/// What makes schema n out of schema n - 1, the first one out of nothing.
const SCHEMAS: [&str; 2] = [include_str!("schema/1.sql"), include_str!("schema/2.sql")];
/// The schema this version writes.
const SCHEMA: i64 = SCHEMAS.len() as i64;
/// Marks a database as Kazasu's: "KZSU".
const APPLICATION: i64 = 0x4B5A_5355;
/// How long another program may hold the database before an answer is given up.
const BUSY: Duration = Duration::from_secs(2);

/// Opens a database that passed every check, or makes a new one.
pub(crate) fn open(path: &Path) -> Result<Connection, StoreError> {
    let unavailable = |error: QueryError| explain(path, StoreErrorKind::Unavailable, &error);
    make_private(path)?;
    let mut db = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(|e| unavailable(e.into()))?;
    db.busy_timeout(BUSY).map_err(|e| unavailable(e.into()))?;
    check(path, &db)?;
    prepare(&mut db).map_err(unavailable)?;
    Ok(db)
}

/// Sees to it that the file is there and nobody else can read it. SQLite gives the files it puts
/// beside it the same mode.
fn make_private(path: &Path) -> Result<(), StoreError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .and_then(|_| fs::set_permissions(path, fs::Permissions::from_mode(0o600)))
        .map_err(|error| {
            let kind = match error.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    StoreErrorKind::ReadOnly
                }
                io::ErrorKind::StorageFull => StoreErrorKind::Full,
                _ => StoreErrorKind::Unavailable,
            };
            let message = format!(
                "database {} cannot be opened for writing: {error}; check the folder and the \
                 rights of this account",
                path.display()
            );
            StoreError::new(kind, message)
        })
}

/// Refuses whatever is not ours, newer, or damaged. Changes nothing.
fn check(path: &Path, db: &Connection) -> Result<(), StoreError> {
    let number = |pragma: &str| {
        db.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))
            .map_err(|e| explain(path, StoreErrorKind::Unavailable, &e.into()))
    };
    let refuse = |kind, what: String| {
        Err(StoreError::new(kind, format!("database {} {what}", path.display())))
    };
    let (application, version) = (number("application_id")?, number("user_version")?);
    let is_new = number("page_count")? == 0;
    if !is_new && application != APPLICATION {
        return refuse(
            StoreErrorKind::Unavailable,
            "belongs to another program; choose another folder".to_owned(),
        );
    }
    if version > SCHEMA {
        return refuse(
            StoreErrorKind::Unavailable,
            format!(
                "was made by a newer kazasu (schema {version}, this one knows {SCHEMA}); \
                 use that version"
            ),
        );
    }
    let verdict = db
        .pragma_query_value(None, "quick_check", |row| row.get::<_, String>(0))
        .map_err(|e| explain(path, StoreErrorKind::Damaged, &e.into()))?;
    if verdict != "ok" {
        return refuse(
            StoreErrorKind::Damaged,
            "is damaged; restore a backup, or move the file away to start anew".to_owned(),
        );
    }
    Ok(())
}

fn prepare(db: &mut Connection) -> Result<(), QueryError> {
    // Survives a power cut at any point: a commit is on the disk before it is answered.
    db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update(None, "foreign_keys", true)?;
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for step in SCHEMAS.iter().skip(usize::try_from(version).unwrap_or_default()) {
        tx.execute_batch(step)?;
    }
    if version < SCHEMA {
        tx.pragma_update(None, "application_id", APPLICATION)?;
        tx.pragma_update(None, "user_version", SCHEMA)?;
    }
    Ok(tx.commit()?)
}
