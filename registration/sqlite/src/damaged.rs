//! Records that cannot be read: they are named, and keep nobody else's from being used.

use std::time::SystemTime;

use kazasu_registration::{AuditEvent, UserKey};
use kazasu_store::{DamagedUser, StoredUser};
use rusqlite::{OptionalExtension, Transaction};

use crate::{
    cards,
    cells::lossy,
    error::QueryError,
    tx::Tx,
    users::{self, key_of},
};

type Result<T> = std::result::Result<T, QueryError>;

/// Every record that can be read.
pub(crate) fn readable(tx: &Transaction<'_>) -> Result<Vec<StoredUser>> {
    let all = users::list_all(tx)?.into_iter();
    let readable = all.filter_map(|(_, user)| match user {
        Err(QueryError::Damaged(..)) => None,
        user => Some(user),
    });
    readable.collect()
}

/// Every record that cannot be read, or whose card cannot.
pub(crate) fn all(tx: &Transaction<'_>) -> Result<Vec<DamagedUser>> {
    let mut damaged = Vec::new();
    for (row, user) in users::list_all(tx)? {
        let fault = match user {
            Ok(_) => cards::of_user(tx, row).err(),
            Err(fault) => Some(fault),
        };
        match fault {
            None => {}
            Some(QueryError::Damaged(_, _, column)) => {
                damaged.push(DamagedUser { row, key: key(tx, row)?, column });
            }
            Some(fault) => return Err(fault),
        }
    }
    Ok(damaged)
}

/// Whose it is, where that much can be read.
fn key(tx: &Transaction<'_>, row: i64) -> Result<Option<UserKey>> {
    let words = tx
        .prepare_cached("SELECT kind, user_id FROM users WHERE id = ?1")?
        .query_row([row], |row| Ok((lossy(row, 0)?, lossy(row, 1)?)))
        .optional()?;
    Ok(words.and_then(|(kind, user_id)| key_of(&kind?, &user_id?)))
}

/// Deletes a record that cannot be read, with its card. `false` where the row is none of those.
pub(crate) fn delete(tx: &Tx<'_>, row: i64, at: SystemTime) -> Result<bool> {
    if !all(tx)?.iter().any(|user| user.row == row) {
        return Ok(false);
    }
    tx.prepare_cached("DELETE FROM users WHERE id = ?1")?.execute([row])?;
    users::log(tx, at, AuditEvent::DamagedUserDeleted { row }, None)?;
    Ok(true)
}
