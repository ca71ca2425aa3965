//! The audit log: records chained by a keyed hash, and its end noted in a second file.

mod files;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod keep;
#[cfg(test)]
mod keep_test;

use std::{fmt, path::Path};

use kazasu_registration::{
    AuditEntry, AuditEvent, AuditKey, AuditRecord, Broken, Chain, ErrorCode, Gap, Link, Mark,
    UserId, Whole,
};
use kazasu_service::{StoreError, StoreErrorKind};
use rusqlite::{
    Connection, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior,
    functions::{Context, FunctionFlags},
    params,
};
use tokio::sync::watch;

use crate::{
    cards,
    cells::lossy,
    error::{QueryError, explain},
    millis::{from_millis, to_millis},
};

pub(crate) use files::Beside;

type Result<T> = std::result::Result<T, QueryError>;

/// Writes a record about a card that may be stored.
pub(crate) fn append(tx: &Transaction<'_>, record: &AuditRecord) -> Result<()> {
    let card = match record.event.card() {
        Some(card) => cards::find(tx, card)?.map(|stored| stored.row),
        None => None,
    };
    insert(tx, record, card, None)
}

/// Writes a record about these rows of `cards`.
pub(crate) fn insert(
    tx: &Transaction<'_>,
    record: &AuditRecord,
    card: Option<i64>,
    replaced: Option<i64>,
) -> Result<()> {
    let write = || {
        keep::make_room(tx, record.event.word(), record.at)?;
        let before = end(tx)?;
        linked_insert(tx, &before.link, &entry(before, record, card, replaced))?;
        keep::trim(tx)
    };
    write().map_err(unaudited)
}

fn unaudited(error: QueryError) -> QueryError {
    match error {
        QueryError::Sqlite(error) => QueryError::Unaudited(error),
        other => other,
    }
}

/// The record after `before`, as it is stored.
fn entry(
    before: Mark,
    record: &AuditRecord,
    card: Option<i64>,
    replaced: Option<i64>,
) -> AuditEntry {
    AuditEntry {
        id: before.id.saturating_add(1),
        at: from_millis(to_millis(record.at)),
        station: record.station.as_ref().map(|station| station.0.clone()),
        event: record.event.word().to_owned(),
        user: record.event.user().map(UserId::as_str).map(str::to_owned),
        card,
        replaced,
        code: record.event.code().map(ErrorCode::as_str).map(str::to_owned),
        detail: record.event.detail(),
    }
}

fn linked_insert(tx: &Transaction<'_>, before: &Link, entry: &AuditEntry) -> Result<()> {
    let link = tx
        .prepare_cached("SELECT audit_code(?1)")?
        .query_row([entry.message(before)], |row| link_at(row, 0))?;
    tx.prepare_cached(
        "INSERT INTO audit (id, at_ms, station, event, user_id, card, replaced, code, detail, link)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        number(entry.id),
        to_millis(entry.at),
        entry.station,
        entry.event,
        entry.user,
        entry.card,
        entry.replaced,
        entry.code,
        entry.detail,
        link.as_bytes(),
    ])?;
    Ok(())
}

/// The end of the log: its last record, or what stands before the first.
fn end(db: &Connection) -> Result<Mark> {
    let last = db
        .prepare_cached("SELECT id, link FROM audit ORDER BY id DESC LIMIT 1")?
        .query_row([], mark)
        .optional()?;
    match last {
        Some(last) => Ok(last),
        None => head(db),
    }
}

fn head(db: &Connection) -> Result<Mark> {
    Ok(db.prepare_cached("SELECT head, link FROM audit_chain")?.query_row([], mark)?)
}

fn mark(row: &Row<'_>) -> rusqlite::Result<Mark> {
    Ok(Mark { id: id_at(row, 0)?, link: link_at(row, 1)? })
}

fn id_at(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    let id: i64 = row.get(at)?;
    u64::try_from(id).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(at, id))
}

fn link_at(row: &Row<'_>, at: usize) -> rusqlite::Result<Link> {
    row.get(at).map(Link::from_bytes)
}

fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

const COLUMNS: &str = "id, at_ms, station, event, user_id, card, replaced, code, detail, link";

/// Text as far as it is text: a damaged record is listed with the others, and the chain tells that it
/// is not what was written.
fn stored(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        id: id_at(row, 0)?,
        at: from_millis(row.get(1)?),
        station: lossy(row, 2)?,
        event: lossy(row, 3)?.unwrap_or_default(),
        user: lossy(row, 4)?,
        card: row.get(5)?,
        replaced: row.get(6)?,
        code: lossy(row, 7)?,
        detail: lossy(row, 8)?,
    })
}

/// The records with a higher number than `after`.
pub(crate) fn log(tx: &Transaction<'_>, after: u64) -> Result<Vec<AuditEntry>> {
    let select = format!("SELECT {COLUMNS} FROM audit WHERE id > ?1 ORDER BY id");
    let mut query = tx.prepare_cached(&select)?;
    let rows = query.query_map([number(after)], stored)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The log with its chain, as the database has it.
pub(crate) struct Stored {
    head: Mark,
    head_seal: Option<Link>,
    gaps: Vec<Gap>,
    entries: Vec<(AuditEntry, Link)>,
    key_check: Link,
}

/// Reads all of the log. A link that is no link is one that fits nothing.
pub(crate) fn chain(tx: &Transaction<'_>) -> Result<Stored> {
    let select = format!("SELECT {COLUMNS} FROM audit ORDER BY id");
    let mut query = tx.prepare(&select)?;
    let broken = Link::from_bytes([0; Link::LEN]);
    let pair = |row: &Row<'_>| Ok((stored(row)?, link_at(row, 9).unwrap_or(broken)));
    let entries = query.query_map([], pair)?.collect::<rusqlite::Result<_>>()?;
    let key_check = tx.query_row("SELECT key_check FROM audit_chain", [], |row| link_at(row, 0))?;
    let mut query = tx.prepare("SELECT last, link, first, seal FROM audit_gaps ORDER BY first")?;
    // One that cannot be read is none: what it was to stand for is missing.
    let gaps = query.query_map([], keep::gap)?.filter_map(std::result::Result::ok).collect();
    let head_seal = keep::head_seal(tx).unwrap_or_default();
    Ok(Stored { head: head(tx)?, head_seal, gaps, entries, key_check })
}

impl Stored {
    /// What its chain and the files beside it tell.
    pub(crate) fn checked(self, beside: &Beside) -> std::result::Result<Whole, Vec<Broken>> {
        let Self { head, head_seal, gaps, entries, key_check } = self;
        let Some(key) = beside.key() else { return Err(vec![Broken::OtherKey]) };
        key.verify(&Chain { head, head_seal, gaps, entries, key_check, noted: beside.noted() })
    }
}

/// Follows the log while it grows: notes its end in the file beside it after each commit.
pub(crate) struct Trail {
    beside: Beside,
    noted: Option<Mark>,
    newest: watch::Sender<u64>,
}

impl Trail {
    /// Gives the connection its key, made at the first opening, and goes on with the chain.
    /// Records from before there was a chain are chained now. Where the key or the end of the log
    /// is not what it was, the log itself says so from now on.
    pub(crate) fn open(path: &Path, db: &mut Connection) -> std::result::Result<Self, StoreError> {
        let failed = |error: QueryError| explain(path, StoreErrorKind::Unavailable, &error);
        let mut beside = Beside::read(path)?;
        let key = beside.key_or_new()?;
        give_key(db, &key).map_err(|error| failed(error.into()))?;
        if let Some(start) = unchained(db, &key).map_err(failed)? {
            beside.begin(start)?;
        }
        let end = go_on(db, &key, &beside).map_err(failed)?;
        let (newest, _) = watch::channel(end.id);
        let mut trail = Self { beside, noted: None, newest };
        trail.follow(db);
        Ok(trail)
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
            match still_there(db, noted) {
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

/// Lets the connection's statements use the key.
fn give_key(db: &Connection, key: &AuditKey) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_DIRECTONLY;
    let id = |context: &Context<'_>, at| {
        let id = context.get::<i64>(at)?;
        u64::try_from(id).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(at, id))
    };
    let coder = key.clone();
    db.create_scalar_function("audit_code", 1, flags, move |context| {
        Ok(coder.code(context.get_raw(0).as_blob()?).as_bytes().to_vec())
    })?;
    let coder = key.clone();
    db.create_scalar_function("audit_seal", 3, flags, move |context| {
        let last = Mark { id: id(context, 1)?, link: Link::from_bytes(context.get(2)?) };
        Ok(coder.seal_gap(id(context, 0)?, last).as_bytes().to_vec())
    })
}

/// The end of a log in which `noted` should be; where it is not, a record says so.
fn still_there(db: &mut Connection, noted: Mark) -> Result<Mark> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let trimmed = head(&tx)?.id > noted.id;
    if !trimmed && !holds(&tx, noted) {
        end_lost(&tx, noted.id)?;
    }
    let end = end(&tx)?;
    tx.commit()?;
    Ok(end)
}

fn end_lost(tx: &Transaction<'_>, noted: u64) -> Result<()> {
    tracing::error!(noted, "the audit log does not hold the end that was noted beside it");
    let event = AuditEvent::LogEndLost { noted };
    append(tx, &AuditRecord { at: wall(), station: None, event })
}

impl fmt::Debug for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trail").field("noted", &self.noted).finish_non_exhaustive()
    }
}

/// Begins the chain or goes on with it; its end.
fn go_on(db: &mut Connection, key: &AuditKey, beside: &Beside) -> Result<Mark> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known =
        tx.query_row("SELECT key_check FROM audit_chain", [], |row| link_at(row, 0)).optional()?;
    match known {
        None => begin(&tx, key)?,
        Some(known) if known == key.check() => {}
        Some(_) => {
            let before = key.start(end(&tx)?.id);
            tx.execute("UPDATE audit_chain SET key_check = ?1", [key.check().as_bytes()])?;
            let record =
                AuditRecord { at: wall(), station: None, event: AuditEvent::LogKeyReplaced };
            linked_insert(&tx, &before.link, &entry(before, &record, None, None))?;
            keep::trim(&tx)?;
        }
    }
    let same_key = known == Some(key.check());
    if same_key {
        keep::seal_head(&tx)?;
    }
    if let Some(noted) = beside.lost(known.is_some(), same_key, |noted| holds(&tx, noted)) {
        end_lost(&tx, noted)?;
    }
    let end = end(&tx)?;
    tx.commit()?;
    Ok(end)
}

/// The link of a record, or of what stands before the first.
fn linked(tx: &Transaction<'_>, id: u64) -> Option<Link> {
    let find = "SELECT link FROM audit WHERE id = ?1
                UNION ALL SELECT link FROM audit_chain WHERE head = ?1";
    tx.query_row(find, [number(id)], |row| link_at(row, 0)).ok()
}

/// After a restore: the log ends where the backup does, whichever key it is of, and a record will say
/// so. The note of the log that was there before would tell of records that were cut off.
pub(crate) fn note_restored(path: &Path) -> std::result::Result<(), StoreError> {
    let failed = |error: QueryError| explain(path, StoreErrorKind::Unavailable, &error);
    let mut beside = Beside::read(path)?;
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

/// Whether this record is there, or gave way to others.
fn holds(tx: &Transaction<'_>, noted: Mark) -> bool {
    linked(tx, noted.id) == Some(noted.link) || keep::gave_way(tx, noted).unwrap_or_default()
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
fn begin(tx: &Transaction<'_>, key: &AuditKey) -> Result<()> {
    let start = start(tx, key)?;
    tx.execute(
        "INSERT INTO audit_chain (one, head, link, key_check) VALUES (1, ?1, ?2, ?3)",
        params![number(start.id), start.link.as_bytes(), key.check().as_bytes()],
    )?;
    let mut before = start.link;
    for entry in &log(tx, 0)? {
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
fn wall() -> std::time::SystemTime {
    std::time::SystemTime::now()
}
