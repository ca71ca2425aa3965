//! The audit log.

use kazasu_registration::{AuditRecord, ErrorCode, UserId};
use rusqlite::{Transaction, params};

use crate::{cards, error::QueryError, millis::to_millis};

/// How many audit records are kept; the oldest go first (spec 40 section 4).
const KEPT: i64 = 15_000;

/// Writes a record about a card that may be stored.
pub(crate) fn append(tx: &Transaction<'_>, record: &AuditRecord) -> Result<(), QueryError> {
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
) -> Result<(), QueryError> {
    tx.prepare_cached(
        "INSERT INTO audit (at_ms, station, event, user_id, card, replaced, code, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        to_millis(record.at),
        record.station.as_ref().map(|station| station.0.as_str()),
        record.event.word(),
        record.event.user().map(UserId::as_str),
        card,
        replaced,
        record.event.code().map(ErrorCode::as_str),
        record.event.detail(),
    ])?;
    let oldest = tx.last_insert_rowid().saturating_sub(KEPT);
    tx.prepare_cached("DELETE FROM audit WHERE id <= ?1")?.execute([oldest])?;
    Ok(())
}
