//! `kazasu backup` and `kazasu restore`.

use std::{
    path::{Path, absolute},
    time::SystemTime,
};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use kazasu_registration::{AuditEvent, AuditRecord, CardNumberRule, Settings};
use kazasu_service::Store;
use kazasu_sqlite::SqliteStore;

use super::carry_out;
use crate::cli::Data;
use crate::control::{End, Host, Request};
use crate::lines::{BackupLine, MissingKey, RestoreLine};
use crate::out::Out;
use crate::owner::DataFolder;

pub(crate) async fn backup(file: &Path, data: &Data, out: Out) -> Result<End> {
    // The service's working folder is another one.
    let file = absolute(file).with_context(|| format!("no path: {}", file.display()))?;
    carry_out::<BackupLine>(data, out, Request::Backup { file }, async |folder| {
        let database = folder.database();
        ensure!(database.exists(), "there is no database {} to back up", database.display());
        Host::records(folder).await
    })
    .await
}

pub(crate) async fn restore(file: &Path, data: &Data, out: Out) -> Result<End> {
    let folder = DataFolder::open(data.data.clone())?;
    // Refused where a service runs; nothing is read before.
    let _owned = folder.lock()?;
    let now = Timestamp::now();
    let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let restored = kazasu_sqlite::restore(&folder.database(), file, &stamp)
        .context("nothing was restored, and the database is as it was")?;
    let missing = log_restored(&folder, now.into())
        .await
        .context("restored, but the audit log does not say so")?;
    out.line(&RestoreLine {
        users: restored.users,
        kept: restored.kept.map(|path| path.display().to_string()),
        was_damaged: restored.was_damaged,
        missing,
    })?;
    Ok(End::Done)
}

/// The restored log says so itself, and when the backup was made: what followed is not in it. Which
/// keys are missing.
async fn log_restored(folder: &DataFolder, at: SystemTime) -> Result<Vec<MissingKey>> {
    let store = SqliteStore::open(folder.database())?;
    let log = store.audit_log(0).await?;
    let begun = AuditEvent::BackupBegun;
    let made = log.iter().rfind(|entry| entry.event == begun.word()).map(|entry| entry.at);
    let event = AuditEvent::Restored { made };
    store.append_audit(AuditRecord { at, station: None, event }).await?;
    // Opening it found another key, or made one.
    let since = log.iter().rev().take_while(|entry| entry.event != begun.word());
    let other_key = since.clone().any(|entry| entry.event == AuditEvent::LogKeyReplaced.word());
    let settings = store.load_settings().await?;
    let settings = settings.and_then(|stored| Settings::from_json(&stored.json).ok());
    let keyed = settings.is_some_and(|settings| settings.card.number == CardNumberRule::Keyed);
    let number_key = keyed && !folder.number_key_file().exists();
    let missing = [
        other_key.then_some(MissingKey::AuditKey),
        number_key.then_some(MissingKey::CardNumberKey),
    ];
    Ok(missing.into_iter().flatten().collect())
}
