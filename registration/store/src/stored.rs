//! What goes into a store and comes out of it, beside the values of the core.

use std::{fmt, sync::Arc, time::SystemTime};

use kazasu_registration::{
    Account, Capacity, CardNumber, ErrorCode, Limits, ListedUser, MailAddress, Role, Site, Source,
    UserId, UserKey, UserName,
};

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

/// What the person's current password was checked against, and what comes in its place.
#[derive(Clone, Debug)]
pub struct CheckedVerifier {
    /// The one that the current password was checked against: another one by then means that the
    /// password is another.
    pub checked: Option<Verifier>,
    /// The new one; `None` leaves it.
    pub new: Option<Verifier>,
}

/// A user to be added; the device vouches.
#[derive(Clone, Debug)]
pub struct UserToStore {
    /// User ID.
    pub id: UserId,
    /// User name.
    pub name: UserName,
    /// Mail address.
    pub mail: Option<MailAddress>,
    /// What the user is to the device.
    pub role: Role,
    /// What the user may do.
    pub limits: Limits,
    /// `None` for a user without a password.
    pub verifier: Option<Verifier>,
}

/// A copy of a directory's person (spec 10 section 3.2).
#[derive(Clone, Debug)]
pub struct CopyToStore {
    /// User name.
    pub name: UserName,
    /// Mail address.
    pub mail: Option<MailAddress>,
    /// Of the typed password.
    pub verifier: Verifier,
    /// What a new user is to the device.
    pub role: Role,
    /// What a new user may do.
    pub limits: Limits,
    /// Room for a new user.
    pub capacity: Capacity,
}

/// What an administrator changes of a user's record. `None` leaves a field as it is.
#[derive(Clone, Debug)]
pub struct UserChange {
    /// Whose record is changed.
    pub user: UserId,
    /// User name.
    pub name: Option<UserName>,
    /// Mail address; `Some(None)` deletes it.
    pub mail: Option<Option<MailAddress>>,
    /// What the user is to the device.
    pub role: Option<Role>,
    /// What the user may do.
    pub limits: Option<Limits>,
    /// Password; `Some(None)` removes it.
    pub verifier: Option<Option<Verifier>>,
    /// The card is the user's no longer.
    pub unlink_card: bool,
    /// When it is changed, in calendar time.
    pub at: SystemTime,
}

/// A record with all that hangs on it: what deleting it deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredUser {
    /// What every list shows.
    pub listed: ListedUser,
    /// Who vouched when the record was made.
    pub source: Source,
    /// The number of the card bound to it.
    pub card: Option<CardNumber>,
    /// Whether it has a password.
    pub has_password: bool,
}

/// A record that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedUser {
    /// Its row in the table of users.
    pub row: i64,
    /// Whose it is, where that much can be read.
    pub key: Option<UserKey>,
    /// The column that holds what it cannot hold.
    pub column: &'static str,
}

/// How many records are to fit, for which provisional users may have to give way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// How many more.
    pub more: u64,
    /// Whether they are people's: of those there may be fewer than records.
    pub registered: bool,
    /// How many there may be.
    pub capacity: Capacity,
}

/// What became of giving a user another ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenameOutcome {
    /// The user is called so.
    Renamed,
    /// Nothing changed: no such user.
    NoSuchUser,
    /// Nothing changed: somebody else has this ID, in whatever spelling.
    Taken,
    /// Nothing changed: it is the number of a known card (S10-4-01).
    CardNumber,
}

/// What became of adding users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddOutcome {
    /// All are stored.
    Added,
    /// Nothing changed: there is no room for all of them.
    Full,
    /// Nothing changed: these positions of the list have user IDs that exist, in whatever spelling.
    Taken(Vec<usize>),
    /// Nothing changed: these positions have the number of a known card as user ID (S10-4-01).
    CardNumbers(Vec<usize>),
}

/// One version of the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSettings {
    /// Counts from 1.
    pub version: u64,
    /// Since when it counts, or counted.
    pub at: SystemTime,
    /// [`Settings::to_json`](kazasu_registration::Settings::to_json).
    pub json: String,
}

/// Settings to be stored, with everything that hangs on them.
#[derive(Clone, Debug)]
pub struct SettingsToStore {
    /// The version they were made from; 0 where none were ever stored.
    pub expected: u64,
    /// The settings.
    pub json: String,
    /// The keys that differ, for the audit log.
    pub keys: Vec<String>,
    /// All cards get the numbers of this site.
    pub renumber: Option<Arc<Site>>,
    /// General and provisional users are deleted: the authentication mode changes from or to
    /// remote (spec 30 section 2).
    pub deletes_users: bool,
    /// Everything is tried and nothing stored.
    pub try_only: bool,
    /// When they are set, in calendar time.
    pub at: SystemTime,
}

/// What became of storing settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaveOutcome {
    /// Stored.
    Saved {
        /// The version they are.
        version: u64,
        /// How many cards got another number.
        renumbered: u64,
        /// How many users were deleted.
        deleted: u64,
    },
    /// Nothing changed: the version in force is another.
    Stale {
        /// The version in force.
        version: u64,
    },
    /// Nothing changed: the card number rule does not go with the cards that are there.
    Collisions(Collisions),
}

/// Cards that a rule gives no number of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collisions {
    /// The first [`Collisions::LISTED`].
    pub listed: Vec<Collision>,
    /// How many more there are.
    pub more: u64,
}

impl Collisions {
    /// How many are listed.
    pub const LISTED: usize = 100;
}

impl fmt::Display for Collisions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, collision) in self.listed.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{collision}")?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

/// One number that several would have, or a card that would have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collision {
    /// The number; `None` where the rule makes none of the card.
    pub number: Option<CardNumber>,
    /// Whose cards they are, and who has the number as user ID.
    pub users: Vec<UserKey>,
}

/// Shows no more of a card number than its end.
impl fmt::Display for Collision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.number {
            Some(number) => write!(f, "{number:?}:")?,
            None => f.write_str("no number:")?,
        }
        for (position, user) in self.users.iter().enumerate() {
            f.write_str(if position == 0 { " " } else { ", " })?;
            match user {
                UserKey::Registered(id) => write!(f, "{id}")?,
                UserKey::Provisional(number) => write!(f, "provisional {number:?}")?,
            }
        }
        Ok(())
    }
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
    /// One record in it cannot be understood; the others can.
    RecordDamaged,
    /// It cannot be reached or opened.
    Unavailable,
    /// The change failed and was taken back.
    NotCommitted,
    /// The audit log did not take the record of it, so it was taken back.
    Unaudited,
    /// The change happened or not: its answer was lost.
    OutcomeUnknown,
}

/// A store that does not do what was asked. Nothing of the request was stored, unless it is of the
/// kind [`StoreErrorKind::OutcomeUnknown`].
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
            StoreErrorKind::RecordDamaged => ErrorCode::RecordDamaged,
            StoreErrorKind::NotCommitted => ErrorCode::NotCommitted,
            StoreErrorKind::Unaudited => ErrorCode::AuditUnwritable,
            StoreErrorKind::OutcomeUnknown => ErrorCode::OutcomeUnknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code decides what people and scripts do next.
    #[test]
    fn each_failure_has_its_code() {
        use StoreErrorKind as K;
        let rows = [
            (K::Busy, ErrorCode::TryLater),
            (K::ReadOnly, ErrorCode::StoreFull),
            (K::Full, ErrorCode::StoreFull),
            (K::Damaged, ErrorCode::StoreUnavailable),
            (K::Unavailable, ErrorCode::StoreUnavailable),
            (K::RecordDamaged, ErrorCode::RecordDamaged),
            (K::NotCommitted, ErrorCode::NotCommitted),
            (K::Unaudited, ErrorCode::AuditUnwritable),
            (K::OutcomeUnknown, ErrorCode::OutcomeUnknown),
        ];
        for (kind, code) in rows {
            assert_eq!(StoreError::new(kind, "").code(), code, "{kind:?}");
        }
    }
}
