use std::{future::Future, path::PathBuf, time::SystemTime};

use kazasu_hal::CardIdentity;
use kazasu_registration::{
    AuditEntry, AuditRecord, Binding, Broken, Capacity, CommitOutcome, DeviceSecret, Failures,
    LookUp, OwnChange, OwnOutcome, Provisional, ProvisionalOutcome, UserId, UserKey, Whole,
};

use tokio::sync::watch;

use crate::{
    AddOutcome, BackupError, CheckedVerifier, CopyToStore, Credentials, DamagedUser, RenameOutcome,
    SaveOutcome, Saved, SettingsToStore, StoreError, StoredSettings, StoredUser, UserChange,
    UserToStore, Verifier, Wanted,
};

/// The port to the records: users, cards, settings, secrets, audit log.
///
/// Each call is one transaction: it happens whole or not at all, its audit records included.
/// Dropping the future gives up the answer, not the change. Passwords come as verifiers; whatever
/// password a value could carry has been taken out of it.
pub trait Store: Send + Sync + 'static {
    /// Whose a card is.
    fn look_up(
        &self,
        card: CardIdentity,
    ) -> impl Future<Output = Result<LookUp, StoreError>> + Send;

    /// Makes a provisional user, unless the records are full. There already: it gets the verifier.
    fn make_provisional(
        &self,
        provisional: Provisional,
        verifier: Option<Verifier>,
        capacity: Capacity,
    ) -> impl Future<Output = Result<ProvisionalOutcome, StoreError>> + Send;

    /// What a registered user's credentials are checked against; `None` where there is none. The
    /// ID that is spelled so comes before the only one that is the same name
    /// ([`NameKey`](kazasu_registration::NameKey)).
    fn credentials(
        &self,
        user: UserId,
    ) -> impl Future<Output = Result<Option<Credentials>, StoreError>> + Send;

    /// Binds a card to a record whose source is the device: the user's card must be the one to be
    /// replaced or none at all, and the card must be nobody's or a provisional user's, who is
    /// deleted.
    fn commit(
        &self,
        binding: Binding,
    ) -> impl Future<Output = Result<CommitOutcome, StoreError>> + Send;

    /// Binds a card to a record whose source is the directory, which is made or brought up to
    /// date. Role and limits of a record that exists stay.
    fn commit_copy(
        &self,
        binding: Binding,
        copy: CopyToStore,
    ) -> impl Future<Output = Result<CommitOutcome, StoreError>> + Send;

    /// Changes what a user changed of their own record; where the current password was checked,
    /// only if what it was checked against is still there.
    fn save_own(
        &self,
        change: OwnChange,
        password: Option<CheckedVerifier>,
    ) -> impl Future<Output = Result<OwnOutcome, StoreError>> + Send;

    /// Adds users: all, or none where one is the same name as somebody there, or a card's number,
    /// or one too many.
    fn add_users(
        &self,
        users: Vec<UserToStore>,
        capacity: Capacity,
        at: SystemTime,
    ) -> impl Future<Output = Result<AddOutcome, StoreError>> + Send;

    /// Changes what an administrator changed of a record. `false` where there is no such user.
    fn edit_user(
        &self,
        change: UserChange,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Gives the user whose ID is spelled exactly so another one; card, password, rights and wrong
    /// passwords stay.
    fn rename_user(
        &self,
        user: UserId,
        to: UserId,
        at: SystemTime,
    ) -> impl Future<Output = Result<RenameOutcome, StoreError>> + Send;

    /// Every record that can be read, provisional ones included, sorted by user ID.
    fn list_users(&self) -> impl Future<Output = Result<Vec<StoredUser>, StoreError>> + Send;

    /// The records that cannot be read, or whose card cannot.
    fn damaged_users(&self) -> impl Future<Output = Result<Vec<DamagedUser>, StoreError>> + Send;

    /// Deletes one of those, with its card and an audit record. `false` where it is none.
    fn delete_damaged(
        &self,
        row: i64,
        at: SystemTime,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// One record, a person's by whatever spelling of the ID as in
    /// [`credentials`](Self::credentials).
    fn find_user(
        &self,
        key: UserKey,
    ) -> impl Future<Output = Result<Option<StoredUser>, StoreError>> + Send;

    /// Deletes a record and frees its card. `false` where there is no such record.
    fn delete_user(
        &self,
        key: UserKey,
        at: SystemTime,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Deletes the provisional users, all or those made before a moment, and says how many.
    fn delete_provisional(
        &self,
        before: Option<SystemTime>,
        at: SystemTime,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Deletes the provisional users made before a moment whose cards are not in use, with one audit
    /// record, and says how many.
    fn delete_leftovers(
        &self,
        before: SystemTime,
        in_use: Vec<CardIdentity>,
        at: SystemTime,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Deletes as many of the oldest provisional users as it takes for other records to fit, with one
    /// audit record; none whose card is in use. `false` where that would not be enough: then nobody
    /// is deleted.
    fn make_room(
        &self,
        wanted: Wanted,
        in_use: Vec<CardIdentity>,
        at: SystemTime,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The settings in force; `None` where none were ever stored.
    fn load_settings(
        &self,
    ) -> impl Future<Output = Result<Option<StoredSettings>, StoreError>> + Send;

    /// The versions of the settings that are kept, newest first: [`SETTINGS_KEPT`] at most.
    fn settings_history(
        &self,
    ) -> impl Future<Output = Result<Vec<StoredSettings>, StoreError>> + Send;

    /// Stores settings with everything that hangs on them.
    fn save_settings(
        &self,
        change: SettingsToStore,
    ) -> impl Future<Output = Result<SaveOutcome, StoreError>> + Send;

    /// What one of the device's own passwords is checked against; `None` where it was never set.
    fn secret(
        &self,
        which: DeviceSecret,
    ) -> impl Future<Output = Result<Option<Verifier>, StoreError>> + Send;

    /// Wrong passwords in a row, of each registered user who has some.
    fn failures(&self) -> impl Future<Output = Result<Vec<(UserId, Failures)>, StoreError>> + Send;

    /// Keeps how many passwords of a user were wrong in a row, and writes an audit record with it.
    /// Of a user ID that nobody has nothing is kept, at the same cost.
    fn save_failures(
        &self,
        user: UserId,
        failures: Failures,
        audit: Option<AuditRecord>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Sets or removes one of the device's own passwords.
    fn set_secret(
        &self,
        which: DeviceSecret,
        verifier: Option<Verifier>,
        at: SystemTime,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Writes an audit record of something that changed no other record.
    fn append_audit(
        &self,
        record: AuditRecord,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The audit records with a higher number than this, oldest first.
    fn audit_log(
        &self,
        after: u64,
    ) -> impl Future<Output = Result<Vec<AuditEntry>, StoreError>> + Send;

    /// The newest audit record, of the kind with this word or of all.
    fn newest_audit(
        &self,
        kind: Option<&'static str>,
    ) -> impl Future<Output = Result<Option<AuditEntry>, StoreError>> + Send;

    /// Checks the audit log's chain; the inner error is what is wrong with the log.
    fn verify_audit(
        &self,
    ) -> impl Future<Output = Result<Result<Whole, Vec<Broken>>, StoreError>> + Send;

    /// The number of the newest audit record, whenever there is another.
    fn follow_audit(&self) -> watch::Receiver<u64>;

    /// Saves what is committed at one moment into a file, readable by this account alone, while
    /// others go on using the store. A backup of that name is replaced, at once and only by a whole
    /// one; of an error no file is left behind.
    fn backup(&self, file: PathBuf) -> impl Future<Output = Result<Saved, BackupError>> + Send;
}

/// How many versions of the settings are kept; the oldest go first.
pub const SETTINGS_KEPT: u32 = 50;
