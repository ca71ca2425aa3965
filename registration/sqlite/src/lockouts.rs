//! Wrong passwords in a row, kept over a restart.

use kazasu_registration::{AuditRecord, Failures, UserId};
use rusqlite::{Transaction, params};

use crate::{
    audit,
    cells::lossy,
    error::QueryError,
    tx::Tx,
    users::{self, REGISTERED},
};

type Result<T> = std::result::Result<T, QueryError>;

pub(crate) fn all(tx: &Transaction<'_>) -> Result<Vec<(UserId, Failures)>> {
    let mut query = tx.prepare_cached(
        "SELECT user_id, at_device, network
         FROM lockouts JOIN users ON users.id = lockouts.user",
    )?;
    let mut rows = query.query([])?;
    let mut kept = Vec::new();
    while let Some(row) = rows.next()? {
        // Nobody signs in with an ID that cannot be read; the others are not to be kept out by it.
        if let Ok(user) = UserId::stored(&lossy(row, 0)?.unwrap_or_default()) {
            kept.push((user, Failures { at_device: row.get(1)?, network: row.get(2)? }));
        }
    }
    Ok(kept)
}

pub(crate) fn save(
    tx: &Tx<'_>,
    user: &UserId,
    failures: Failures,
    record: Option<&AuditRecord>,
) -> Result<()> {
    // Without a record of the user the row is nobody's and says nothing, but is written all the
    // same: whoever measures the time learns nothing either.
    // Of several that an older version let be called the same, the oldest carries it.
    let named = users::namesakes(tx, user)?.into_iter().next().unwrap_or_else(|| user.clone());
    tx.prepare_cached(
        "DELETE FROM lockouts
         WHERE user IS (SELECT id FROM users WHERE user_id = ?1 AND kind = ?2)",
    )?
    .execute(params![named.as_str(), REGISTERED])?;
    tx.prepare_cached(
        "INSERT INTO lockouts (user, at_device, network)
         SELECT (SELECT id FROM users WHERE user_id = ?1 AND kind = ?2), ?3, ?4
         WHERE ?3 > 0 OR ?4 > 0",
    )?
    .execute(params![named.as_str(), REGISTERED, failures.at_device, failures.network])?;
    match record {
        Some(record) => audit::append(tx, record),
        None => Ok(()),
    }
}
