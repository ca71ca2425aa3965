//! A store whose calls fail as a plan says.

use std::{
    future::{Future, pending},
    path::PathBuf,
    sync::Arc,
    time::SystemTime,
};

use kazasu_hal::CardIdentity;
use kazasu_registration::{
    AuditEntry, AuditRecord, Binding, Broken, Capacity, CommitOutcome, DeviceSecret, Failures,
    LookUp, OwnChange, OwnOutcome, Provisional, ProvisionalOutcome, UserId, UserKey, Whole,
};
use kazasu_store::{
    AddOutcome, BackupError, CheckedVerifier, CopyToStore, Credentials, DamagedUser, RenameOutcome,
    SaveOutcome, Saved, SettingsToStore, Store, StoreError, StoreErrorKind, StoredSettings,
    StoredUser, UserChange, UserToStore, Verifier, Wanted,
};
use tokio::sync::watch;

use crate::plan::{
    Fault,
    Kind::{self, Reads, Writes},
    Plan,
};

/// Passes calls on to a store, but for those that the plan names.
pub struct Faulty<S> {
    /// The store.
    pub store: S,
    plan: Arc<Plan>,
}

impl<S: Store> Faulty<S> {
    /// A store that does as the plan says.
    #[must_use]
    pub fn new(store: S, plan: &Arc<Plan>) -> Self {
        Self { store, plan: Arc::clone(plan) }
    }

    async fn call<T>(
        &self,
        kind: Kind,
        name: &'static str,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let failed = |kind| Err(StoreError::new(kind, "as the plan says"));
        match (self.plan.next(kind, name), kind) {
            (None, _) => call.await,
            (Some(Fault::SilentBefore), _) => pending().await,
            (Some(Fault::SilentAfter), _) => {
                let _ = call.await;
                pending().await
            }
            (Some(Fault::UnknownBefore), Writes) => failed(StoreErrorKind::OutcomeUnknown),
            (Some(Fault::Lies), Writes) => {
                call.await?;
                failed(StoreErrorKind::NotCommitted)
            }
            (Some(Fault::UnknownAfter), Writes) => {
                call.await?;
                failed(StoreErrorKind::OutcomeUnknown)
            }
            (Some(_), Writes) => failed(StoreErrorKind::NotCommitted),
            (Some(_), _) => failed(StoreErrorKind::Unavailable),
        }
    }
}

/// Every call of the port, by its name and what it does.
macro_rules! calls {
    ($($kind:ident $name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        impl<S: Store> Store for Faulty<S> {
            $(async fn $name(&self, $($argument: $type),*) -> Result<$answer, StoreError> {
                self.call($kind, stringify!($name), self.store.$name($($argument),*)).await
            })*

            fn follow_audit(&self) -> watch::Receiver<u64> {
                self.store.follow_audit()
            }

            async fn backup(&self, file: PathBuf) -> Result<Saved, BackupError> {
                self.store.backup(file).await
            }
        }
    };
}

calls! {
    Reads look_up(card: CardIdentity) -> LookUp;
    Writes make_provisional(
        provisional: Provisional, verifier: Option<Verifier>, capacity: Capacity
    ) -> ProvisionalOutcome;
    Reads credentials(user: UserId) -> Option<Credentials>;
    Writes commit(binding: Binding) -> CommitOutcome;
    Writes commit_copy(binding: Binding, copy: CopyToStore) -> CommitOutcome;
    Writes save_own(change: OwnChange, password: Option<CheckedVerifier>) -> OwnOutcome;
    Writes add_users(users: Vec<UserToStore>, capacity: Capacity, at: SystemTime) -> AddOutcome;
    Writes edit_user(change: UserChange) -> bool;
    Writes rename_user(user: UserId, to: UserId, at: SystemTime) -> RenameOutcome;
    Reads list_users() -> Vec<StoredUser>;
    Reads damaged_users() -> Vec<DamagedUser>;
    Writes delete_damaged(row: i64, at: SystemTime) -> bool;
    Reads find_user(key: UserKey) -> Option<StoredUser>;
    Writes delete_user(key: UserKey, at: SystemTime) -> bool;
    Writes delete_provisional(before: Option<SystemTime>, at: SystemTime) -> u64;
    Writes delete_leftovers(
        before: SystemTime, in_use: Vec<CardIdentity>, at: SystemTime
    ) -> u64;
    Writes make_room(wanted: Wanted, in_use: Vec<CardIdentity>, at: SystemTime) -> bool;
    Reads load_settings() -> Option<StoredSettings>;
    Reads settings_history() -> Vec<StoredSettings>;
    Writes save_settings(change: SettingsToStore) -> SaveOutcome;
    Reads secret(which: DeviceSecret) -> Option<Verifier>;
    Reads failures() -> Vec<(UserId, Failures)>;
    Writes save_failures(user: UserId, failures: Failures, audit: Option<AuditRecord>) -> ();
    Writes set_secret(which: DeviceSecret, verifier: Option<Verifier>, at: SystemTime) -> ();
    Writes append_audit(record: AuditRecord) -> ();
    Reads audit_log(after: u64) -> Vec<AuditEntry>;
    Reads newest_audit(kind: Option<&'static str>) -> Option<AuditEntry>;
    Reads verify_audit() -> Result<Whole, Vec<Broken>>;
}
