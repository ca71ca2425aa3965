use std::{path::PathBuf, sync::Arc, thread, time::SystemTime};

use kazasu_hal::CardIdentity;
use kazasu_registration::{
    AuditEntry, AuditRecord, Binding, Broken, Capacity, Chain, CommitOutcome, DeviceSecret,
    Failures, LookUp, OwnChange, OwnOutcome, Provisional, ProvisionalOutcome, UserId, UserKey,
    Whole,
};
use kazasu_store::{
    AddOutcome, AuditFiles, BackupError, CheckedVerifier, CopyToStore, Credentials, DamagedUser,
    RenameOutcome, SaveOutcome, Saved, SettingsToStore, Store, StoreError, StoreErrorKind,
    StoredSettings, StoredUser, UserChange, UserToStore, Verifier, Wanted,
};

use tokio::sync::{oneshot, watch};

use crate::{
    SqliteStore, audit, backup, bind, cards, damaged, leftovers, lockouts, settings, users,
};

impl Store for SqliteStore {
    async fn look_up(&self, card: CardIdentity) -> Result<LookUp, StoreError> {
        self.read(move |tx| cards::look_up(tx, &card)).await
    }

    async fn make_provisional(
        &self,
        provisional: Provisional,
        verifier: Option<Verifier>,
        capacity: Capacity,
    ) -> Result<ProvisionalOutcome, StoreError> {
        self.write(move |tx| bind::make_provisional(tx, &provisional, verifier.as_ref(), capacity))
            .await
    }

    async fn credentials(&self, user: UserId) -> Result<Option<Credentials>, StoreError> {
        self.read(move |tx| users::credentials(tx, &user)).await
    }

    async fn commit(&self, binding: Binding) -> Result<CommitOutcome, StoreError> {
        self.write(move |tx| bind::commit(tx, &binding, None)).await
    }

    async fn commit_copy(
        &self,
        binding: Binding,
        copy: CopyToStore,
    ) -> Result<CommitOutcome, StoreError> {
        self.write(move |tx| bind::commit(tx, &binding, Some(&copy))).await
    }

    async fn save_own(
        &self,
        change: OwnChange,
        password: Option<CheckedVerifier>,
    ) -> Result<OwnOutcome, StoreError> {
        self.write(move |tx| users::save_own(tx, &change, password.as_ref())).await
    }

    async fn add_users(
        &self,
        users: Vec<UserToStore>,
        capacity: Capacity,
        at: SystemTime,
    ) -> Result<AddOutcome, StoreError> {
        self.write(move |tx| users::add_users(tx, &users, capacity, at)).await
    }

    async fn edit_user(&self, change: UserChange) -> Result<bool, StoreError> {
        self.write(move |tx| users::edit_user(tx, &change)).await
    }

    async fn rename_user(
        &self,
        user: UserId,
        to: UserId,
        at: SystemTime,
    ) -> Result<RenameOutcome, StoreError> {
        self.write(move |tx| users::rename(tx, &user, &to, at)).await
    }

    async fn list_users(&self) -> Result<Vec<StoredUser>, StoreError> {
        self.read(damaged::readable).await
    }

    async fn damaged_users(&self) -> Result<Vec<DamagedUser>, StoreError> {
        self.read(damaged::all).await
    }

    async fn delete_damaged(&self, row: i64, at: SystemTime) -> Result<bool, StoreError> {
        self.write(move |tx| damaged::delete(tx, row, at)).await
    }

    async fn find_user(&self, key: UserKey) -> Result<Option<StoredUser>, StoreError> {
        self.read(move |tx| users::find_user(tx, &key)).await
    }

    async fn delete_user(&self, key: UserKey, at: SystemTime) -> Result<bool, StoreError> {
        self.write(move |tx| users::delete_user(tx, &key, at)).await
    }

    async fn delete_provisional(
        &self,
        before: Option<SystemTime>,
        at: SystemTime,
    ) -> Result<u64, StoreError> {
        self.write(move |tx| users::delete_provisional(tx, before, at)).await
    }

    async fn delete_leftovers(
        &self,
        before: SystemTime,
        in_use: Vec<CardIdentity>,
        at: SystemTime,
    ) -> Result<u64, StoreError> {
        self.write(move |tx| leftovers::delete_old(tx, before, &in_use, at)).await
    }

    async fn make_room(
        &self,
        wanted: Wanted,
        in_use: Vec<CardIdentity>,
        at: SystemTime,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| leftovers::make_room(tx, wanted, &in_use, at)).await
    }

    async fn load_settings(&self) -> Result<Option<StoredSettings>, StoreError> {
        self.read(settings::load).await
    }

    async fn settings_history(&self) -> Result<Vec<StoredSettings>, StoreError> {
        self.read(settings::history).await
    }

    async fn save_settings(&self, change: SettingsToStore) -> Result<SaveOutcome, StoreError> {
        self.write(move |tx| settings::save(tx, &change)).await
    }

    async fn secret(&self, which: DeviceSecret) -> Result<Option<Verifier>, StoreError> {
        self.read(move |tx| settings::secret(tx, which)).await
    }

    async fn set_secret(
        &self,
        which: DeviceSecret,
        verifier: Option<Verifier>,
        at: SystemTime,
    ) -> Result<(), StoreError> {
        self.write(move |tx| settings::set_secret(tx, which, verifier.as_ref(), at)).await
    }

    async fn failures(&self) -> Result<Vec<(UserId, Failures)>, StoreError> {
        self.read(lockouts::all).await
    }

    async fn save_failures(
        &self,
        user: UserId,
        failures: Failures,
        audit: Option<AuditRecord>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| lockouts::save(tx, &user, failures, audit.as_ref())).await
    }

    async fn append_audit(&self, record: AuditRecord) -> Result<(), StoreError> {
        self.write(move |tx| audit::append(tx, &record)).await
    }

    async fn audit_log(&self, after: u64) -> Result<Vec<AuditEntry>, StoreError> {
        self.read(move |tx| audit::entries(tx, after)).await
    }

    async fn newest_audit(
        &self,
        kind: Option<&'static str>,
    ) -> Result<Option<AuditEntry>, StoreError> {
        self.read(move |tx| audit::newest(tx, kind)).await
    }

    async fn verify_audit(&self) -> Result<Result<Whole, Vec<Broken>>, StoreError> {
        // On the store's thread, where nothing is written meanwhile.
        let path = Arc::clone(&self.path);
        let (chain, files) =
            self.read(move |tx| Ok((audit::chain(tx)?, AuditFiles::read(&path)))).await?;
        let files = files?;
        let Some(key) = files.key() else { return Ok(Err(vec![Broken::OtherKey])) };
        Ok(key.verify(&Chain { noted: files.noted(), ..chain }))
    }

    fn follow_audit(&self) -> watch::Receiver<u64> {
        self.newest_audit.clone()
    }

    async fn backup(&self, file: PathBuf) -> Result<Saved, BackupError> {
        let failed = |what: String| {
            BackupError::Database(StoreError::new(StoreErrorKind::Unavailable, what))
        };
        let (reply, answer) = oneshot::channel();
        let database = Arc::clone(&self.path);
        // Beside the store's own thread, which goes on meanwhile; and to its end where nobody waits
        // any more: the file comes whole or not at all.
        thread::Builder::new()
            .name("backup".to_owned())
            .spawn(move || {
                let _ = reply.send(backup::backup(&database, &file));
            })
            .map_err(|error| failed(format!("no thread for the backup: {error}")))?;
        answer.await.map_err(|_| failed("the backup broke off".to_owned()))?
    }
}
