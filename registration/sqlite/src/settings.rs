//! Settings and the device's own passwords.

use std::time::SystemTime;

use kazasu_registration::{AuditEvent, AuditRecord, DeviceSecret};
use kazasu_store::{
    SETTINGS_KEPT, SaveOutcome, SettingsToStore, StoredSettings, Verifier, from_millis, to_millis,
};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use crate::{
    audit,
    error::QueryError,
    renumber::{self, Renumbered},
    tx::Tx,
    users,
};

type Result<T> = std::result::Result<T, QueryError>;

pub(crate) fn load(tx: &Transaction<'_>) -> Result<Option<StoredSettings>> {
    // Older versions that cannot be read are nobody's matter here.
    Ok(newest(tx, 1)?.into_iter().next())
}

pub(crate) fn history(tx: &Transaction<'_>) -> Result<Vec<StoredSettings>> {
    newest(tx, SETTINGS_KEPT)
}

fn newest(tx: &Transaction<'_>, count: u32) -> Result<Vec<StoredSettings>> {
    let mut query =
        tx.prepare("SELECT version, at_ms, json FROM settings ORDER BY version DESC LIMIT ?1")?;
    let mut rows = query.query([count])?;
    let mut versions = Vec::new();
    while let Some(row) = rows.next()? {
        versions.push(read(row)?);
    }
    Ok(versions)
}

fn read(row: &Row<'_>) -> Result<StoredSettings> {
    let version: i64 = row.get("version")?;
    Ok(StoredSettings {
        version: u64::try_from(version)
            .map_err(|_| QueryError::Damaged("settings", version, "version"))?,
        at: from_millis(row.get("at_ms")?),
        json: row.get("json")?,
    })
}

/// Stores settings, new numbers and deletions with their audit records. What is not to be stored
/// after all is taken back to where it began.
pub(crate) fn save(tx: &Tx<'_>, change: &SettingsToStore) -> Result<SaveOutcome> {
    let in_force: Option<i64> =
        tx.query_row("SELECT max(version) FROM settings", [], |row| row.get(0))?;
    let in_force = in_force.unwrap_or_default();
    if i64::try_from(change.expected) != Ok(in_force) {
        let version = u64::try_from(in_force).unwrap_or_default();
        return Ok(SaveOutcome::Stale { version });
    }
    tx.execute_batch("SAVEPOINT tried")?;
    let outcome = try_save(tx, change, in_force.saturating_add(1))?;
    if change.try_only || !matches!(outcome, SaveOutcome::Saved { .. }) {
        tx.execute_batch("ROLLBACK TO tried")?;
    }
    tx.execute_batch("RELEASE tried")?;
    Ok(outcome)
}

fn try_save(tx: &Tx<'_>, change: &SettingsToStore, version: i64) -> Result<SaveOutcome> {
    let deleted = if change.deletes_users { users::delete_general(tx, change.at)? } else { 0 };
    let renumbered = match &change.renumber {
        None => 0,
        Some(site) => match renumber::all(tx, site)? {
            Renumbered::Done { changed } => changed,
            Renumbered::Not(collisions) => return Ok(SaveOutcome::Collisions(collisions)),
        },
    };
    tx.execute(
        "INSERT INTO settings (version, at_ms, json) VALUES (?1, ?2, ?3)",
        params![version, to_millis(change.at), change.json],
    )?;
    let oldest = version.saturating_sub(i64::from(SETTINGS_KEPT));
    tx.execute("DELETE FROM settings WHERE version <= ?1", [oldest])?;
    let version = u64::try_from(version).unwrap_or_default();
    let event = AuditEvent::SettingsChanged { keys: change.keys.clone(), version };
    audit::insert(tx, &AuditRecord { at: change.at, station: None, event }, None, None)?;
    Ok(SaveOutcome::Saved { version, renumbered, deleted })
}

pub(crate) fn secret(tx: &Transaction<'_>, which: DeviceSecret) -> Result<Option<Verifier>> {
    let find = "SELECT verifier FROM secrets WHERE which = ?1";
    let found = tx.query_row(find, [which.as_str()], |row| row.get(0)).optional()?;
    Ok(found.map(Verifier::from_stored))
}

pub(crate) fn set_secret(
    tx: &Tx<'_>,
    which: DeviceSecret,
    verifier: Option<&Verifier>,
    at: SystemTime,
) -> Result<()> {
    match verifier {
        Some(verifier) => tx.execute(
            "INSERT OR REPLACE INTO secrets (which, verifier, at_ms) VALUES (?1, ?2, ?3)",
            params![which.as_str(), verifier.as_str(), to_millis(at)],
        )?,
        None => tx.execute("DELETE FROM secrets WHERE which = ?1", [which.as_str()])?,
    };
    let event = AuditEvent::SecretSet { secret: which };
    audit::insert(tx, &AuditRecord { at, station: None, event }, None, None)
}
