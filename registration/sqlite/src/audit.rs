//! The audit log in SQLite: what its chain needs, and its end noted in a second file.

#[cfg(test)]
mod keep_test;
mod table;

use std::{fmt, path::Path, time::SystemTime};

use kazasu_registration::{AuditKey, AuditRecord, Mark, Noted};
use kazasu_store::{AuditFiles, StoreError, StoreErrorKind, log};
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};
use tokio::sync::watch;

use crate::{
    cards,
    error::{QueryError, explain},
    tx::Tx,
};

pub(crate) use table::{chain, entries, newest};
use table::{head, id_at, last, link_at, number};

type Result<T> = std::result::Result<T, QueryError>;

/// Writes a record about a card that may be stored.
pub(crate) fn append(tx: &Tx<'_>, record: &AuditRecord) -> Result<()> {
    let card = match record.event.card() {
        Some(card) => cards::find(tx, card)?.map(|stored| stored.row),
        None => None,
    };
    insert(tx, record, card, None)
}

/// Writes a record about these rows of `cards`.
pub(crate) fn insert(
    tx: &Tx<'_>,
    record: &AuditRecord,
    card: Option<i64>,
    replaced: Option<i64>,
) -> Result<()> {
    let mut log = tx;
    log::append(&mut log, record, card, replaced).map_err(unaudited)
}

fn unaudited(error: QueryError) -> QueryError {
    match error {
        QueryError::Sqlite(error) => QueryError::Unaudited(error),
        other => other,
    }
}

/// The end of the log: its last record, or what stands before the first.
fn end(db: &Connection) -> Result<Mark> {
    match last(db)? {
        Some(last) => Ok(last),
        None => Ok(head(db)?.mark),
    }
}

/// Follows the log while it grows: notes its end in the file beside it after each commit.
pub(crate) struct Trail {
    beside: AuditFiles,
    key: AuditKey,
    noted: Option<Mark>,
    newest: watch::Sender<u64>,
}

impl Trail {
    /// Goes on with the chain, whose key is made at the first opening.
    /// Records from before there was a chain are chained now. Where the key or the end of the log
    /// is not what it was, the log itself says so from now on.
    pub(crate) fn open(path: &Path, db: &mut Connection) -> std::result::Result<Self, StoreError> {
        let failed = |error: QueryError| explain(path, StoreErrorKind::Unavailable, &error);
        let mut beside = AuditFiles::read(path)?;
        let key = beside.key_or_new()?;
        if let Some(start) = unchained(db, &key).map_err(failed)? {
            beside.begin(start)?;
        }
        let end = go_on(db, &key, beside.noted()).map_err(failed)?;
        let (newest, _) = watch::channel(end.id);
        let mut trail = Self { beside, key, noted: None, newest };
        trail.follow(db);
        Ok(trail)
    }

    /// The key of the chain.
    pub(crate) fn key(&self) -> &AuditKey {
        &self.key
    }

    /// The number of the newest record, whenever there is another.
    pub(crate) fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// Notes the end where it is another. A log that lost its end meanwhile says so first.
    pub(crate) fn follow(&mut self, db: &mut Connection) {
        let Ok(mut now) = end(db) else {
            // Whoever reads or writes the log next is told why.
            return;
        };
        if self.noted == Some(now) {
            return;
        }
        if let Some(noted) = self.noted {
            match still_there(db, &self.key, noted) {
                Ok(end) => now = end,
                Err(error) => {
                    tracing::error!(?error, "the audit log cannot be followed");
                    return;
                }
            }
        }
        match self.beside.note(now) {
            Ok(()) => self.noted = Some(now),
            Err(error) => tracing::error!(%error, "the end of the audit log could not be noted"),
        }
        self.newest.send_replace(now.id);
    }
}

fn still_there(db: &mut Connection, key: &AuditKey, noted: Mark) -> Result<Mark> {
    let tx = Tx::begin(db, TransactionBehavior::Immediate, key)?;
    let end = log::still_there(&mut &tx, noted, wall())?;
    tx.commit()?;
    Ok(end)
}

impl fmt::Debug for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trail").field("noted", &self.noted).finish_non_exhaustive()
    }
}

/// Begins the chain or goes on with it; its end.
fn go_on(db: &mut Connection, key: &AuditKey, noted: Noted) -> Result<Mark> {
    let tx = Tx::begin(db, TransactionBehavior::Immediate, key)?;
    let is_new = unchained(&tx, key)?.is_some();
    if is_new {
        begin(&tx, key)?;
    }
    let end = log::go_on(&mut &tx, is_new, noted, wall())?;
    tx.commit()?;
    Ok(end)
}

/// After a restore: the log ends where the backup does, whichever key it is of, and a record will say
/// so. The note of the log that was there before would tell of records that were cut off.
pub(crate) fn note_restored(path: &Path) -> std::result::Result<(), StoreError> {
    let failed = |error: QueryError| explain(path, StoreErrorKind::Unavailable, &error);
    let mut beside = AuditFiles::read(path)?;
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|error| failed(error.into()))?;
    // One of an older schema has no chain.
    let known = db.query_row("SELECT key_check FROM audit_chain", [], |row| link_at(row, 0)).ok();
    if known.is_none() {
        return Ok(());
    }
    let end = end(&db).map_err(failed)?;
    // Opening it would make one all the same.
    beside.key_or_new()?;
    beside.note(end).map_err(|error| {
        StoreError::new(StoreErrorKind::Unavailable, format!("audit.end: {error}"))
    })
}

/// Where a chain would begin; `None` where there is one.
fn unchained(db: &Connection, key: &AuditKey) -> Result<Option<Mark>> {
    let is_there = db.query_row("SELECT count(*) FROM audit_chain", [], |row| row.get(0))?;
    if is_there {
        return Ok(None);
    }
    start(db, key).map(Some)
}

fn start(db: &Connection, key: &AuditKey) -> Result<Mark> {
    let find = "SELECT max(id - 1, 0) FROM audit ORDER BY id LIMIT 1";
    let before = match db.query_row(find, [], |row| id_at(row, 0)).optional()? {
        Some(before) => before,
        None => last_ever(db)?,
    };
    Ok(key.start(before))
}

/// Chains whatever records there are.
fn begin(tx: &Tx<'_>, key: &AuditKey) -> Result<()> {
    let start = start(tx, key)?;
    tx.execute(
        "INSERT INTO audit_chain (one, head, link, key_check) VALUES (1, ?1, ?2, ?3)",
        params![number(start.id), start.link.as_bytes(), key.check().as_bytes()],
    )?;
    let mut before = start.link;
    for entry in &entries(tx, 0)? {
        before = key.link(&before, entry);
        tx.prepare_cached("UPDATE audit SET link = ?2 WHERE id = ?1")?
            .execute(params![number(entry.id), before.as_bytes()])?;
    }
    Ok(())
}

/// The number of the last record there ever was.
fn last_ever(db: &Connection) -> Result<u64> {
    let find = "SELECT seq FROM sqlite_sequence WHERE name = 'audit'";
    Ok(db.query_row(find, [], |row| id_at(row, 0)).optional()?.unwrap_or(0))
}

/// Calendar time.
#[expect(
    clippy::disallowed_methods,
    reason = "what the store notices of its own log, nobody tells it the time of"
)]
fn wall() -> SystemTime {
    SystemTime::now()
}
