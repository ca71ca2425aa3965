//! Provisional users that nobody registered: they go after a while, or to make room.

use std::time::SystemTime;

use kazasu_hal::CardIdentity;
use kazasu_registration::AuditEvent;
use kazasu_store::{Wanted, to_millis};
use rusqlite::{Transaction, params};

use crate::{
    cards,
    error::QueryError,
    tx::Tx,
    users::{self, REGISTERED},
};

type Result<T> = std::result::Result<T, QueryError>;

/// Deletes the old ones and says how many.
pub(crate) fn delete_old(
    tx: &Tx<'_>,
    before: SystemTime,
    in_use: &[CardIdentity],
    at: SystemTime,
) -> Result<u64> {
    let gone = spare(tx, Some(before), in_use)?;
    delete(tx, &gone)?;
    let count = u64::try_from(gone.len()).unwrap_or(u64::MAX);
    if count > 0 {
        users::log(tx, at, AuditEvent::ProvisionalExpired { count }, None)?;
    }
    Ok(count)
}

/// Deletes the oldest, until what is wanted fits; nobody where that would not be enough.
pub(crate) fn make_room(
    tx: &Tx<'_>,
    wanted: Wanted,
    in_use: &[CardIdentity],
    at: SystemTime,
) -> Result<bool> {
    let Wanted { more, registered, capacity } = wanted;
    // Where there are too many people, no leftover is in the way.
    if registered && !users::has_room(tx, Some(REGISTERED), more, capacity.registered)? {
        return Ok(false);
    }
    let there: i64 = tx.query_row("SELECT count(*) FROM users", [], |row| row.get(0))?;
    let there = u64::try_from(there).unwrap_or_default();
    let count = there.saturating_add(more).saturating_sub(u64::from(capacity.records));
    if count == 0 {
        return Ok(true);
    }
    let spare = spare(tx, None, in_use)?;
    let Some(gone) = usize::try_from(count).ok().and_then(|count| spare.get(..count)) else {
        return Ok(false);
    };
    delete(tx, gone)?;
    users::log(tx, at, AuditEvent::ProvisionalGaveWay { count }, None)?;
    Ok(true)
}

/// The rows of provisional users whose card is not in use, oldest first.
fn spare(
    tx: &Transaction<'_>,
    before: Option<SystemTime>,
    in_use: &[CardIdentity],
) -> Result<Vec<i64>> {
    let rows: Vec<i64> = tx
        .prepare_cached(
            "SELECT id FROM users
             WHERE kind = 'provisional' AND (?1 IS NULL OR created_at_ms < ?1)
             ORDER BY created_at_ms, id",
        )?
        .query_map(params![before.map(to_millis)], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut used = Vec::new();
    for card in in_use {
        used.extend(cards::find(tx, card)?.map(|card| card.user_row));
    }
    Ok(rows.into_iter().filter(|row| !used.contains(row)).collect())
}

fn delete(tx: &Transaction<'_>, rows: &[i64]) -> Result<()> {
    let mut delete = tx.prepare_cached("DELETE FROM users WHERE id = ?1")?;
    for row in rows {
        delete.execute([row])?;
    }
    Ok(())
}
