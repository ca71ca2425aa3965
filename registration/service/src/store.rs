use std::{fmt, future::Future, time::SystemTime};

use kazasu_hal::CardIdentity;
use kazasu_registration::{
    Account, AuditRecord, Binding, Capacity, CommitOutcome, ErrorCode, ListedUser, LookUp,
    MailAddress, Provisional, ProvisionalOutcome, UserId, UserKey, UserName,
};

/// The port to the records: users, cards, audit log.
///
/// Each call is one transaction: it happens whole or not at all, its audit record included.
/// Dropping the future gives up the answer, not the change.
pub trait Store: Send + Sync + 'static {
    /// Whose a card is.
    fn look_up(
        &self,
        card: CardIdentity,
    ) -> impl Future<Output = Result<LookUp, StoreError>> + Send;

    /// Makes a provisional user, unless the records are full. There already: nothing changes.
    fn make_provisional(
        &self,
        provisional: Provisional,
        capacity: Capacity,
    ) -> impl Future<Output = Result<ProvisionalOutcome, StoreError>> + Send;

    /// What a registered user's credentials are checked against; `None` where there is none.
    fn credentials(
        &self,
        user: UserId,
    ) -> impl Future<Output = Result<Option<Credentials>, StoreError>> + Send;

    /// Binds a card: the user's card must be the one to be replaced or none at all, and the card
    /// must be nobody's or a provisional user's, who is deleted.
    fn commit(
        &self,
        binding: Binding,
    ) -> impl Future<Output = Result<CommitOutcome, StoreError>> + Send;

    /// Adds users: all, or none where one is taken or too many.
    fn add_users(
        &self,
        users: Vec<UserToStore>,
        capacity: Capacity,
        at: SystemTime,
    ) -> impl Future<Output = Result<AddOutcome, StoreError>> + Send;

    /// Every record, provisional ones included, sorted by user ID.
    fn list_users(&self) -> impl Future<Output = Result<Vec<ListedUser>, StoreError>> + Send;

    /// Deletes a record and frees its card. `false` where there is no such record.
    fn delete_user(
        &self,
        key: UserKey,
        at: SystemTime,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Writes an audit record of something that changed no other record.
    fn append_audit(
        &self,
        record: AuditRecord,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// A salted hash of a password, in PHC string form. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier(String);

impl Verifier {
    /// Takes a PHC string back from a store.
    #[must_use]
    pub fn from_stored(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string, for the store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(..)")
    }
}

/// What a registered user's credentials are checked against.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Who it is.
    pub account: Account,
    /// `None` for a user without a password.
    pub verifier: Option<Verifier>,
}

/// A user to be added.
#[derive(Clone, Debug)]
pub struct UserToStore {
    /// User ID.
    pub id: UserId,
    /// User name.
    pub name: UserName,
    /// Mail address.
    pub mail: Option<MailAddress>,
    /// `None` for a user without a password.
    pub verifier: Option<Verifier>,
}

/// What became of adding users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddOutcome {
    /// All are stored.
    Added,
    /// Nothing changed: there is no room for all of them.
    Full,
    /// Nothing changed: these positions of the list have user IDs that exist.
    Taken(Vec<usize>),
}

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// Somebody else holds it; it may work later.
    Busy,
    /// It may be read only.
    ReadOnly,
    /// No room is left for it.
    Full,
    /// What it holds cannot be understood.
    Damaged,
    /// It cannot be reached or opened.
    Unavailable,
    /// The change failed and was taken back.
    NotCommitted,
}

/// A store that does not do what was asked. Nothing of the request was stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    /// What is wrong.
    pub kind: StoreErrorKind,
    /// For administrators: names the store and the next step, never a card number.
    pub message: String,
}

impl StoreError {
    /// An error of this kind.
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The catalogue's code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self.kind {
            StoreErrorKind::Busy => ErrorCode::TryLater,
            StoreErrorKind::ReadOnly | StoreErrorKind::Full => ErrorCode::StoreFull,
            StoreErrorKind::Damaged | StoreErrorKind::Unavailable => ErrorCode::StoreUnavailable,
            StoreErrorKind::NotCommitted => ErrorCode::NotCommitted,
        }
    }
}
