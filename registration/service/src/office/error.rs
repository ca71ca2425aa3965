use kazasu_registration::{ChangeError, ErrorCode, FieldError, UserId};

use super::rows::ImportError;
use crate::{Collisions, DirectoryError, KeyError, StoreError, hasher::HashError};

/// Why an administrator's request was not done. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// Not a matter of whoever wishes it.
    #[error("whoever asks may not do this")]
    NotAllowed,
    /// Fields break rules.
    #[error("{}", join(.0))]
    Fields(Vec<FieldError>),
    /// The file of an import is wrong.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// No room for more users.
    #[error("registrations are full: delete records first (kazasu user list, kazasu user delete)")]
    Full,
    /// No record of this name.
    #[error("no such user (kazasu user list shows all)")]
    NoSuchUser,
    /// The record can be read, or there is none.
    #[error("no damaged record of this row (kazasu user list shows all)")]
    NotDamaged,
    /// The directory has nobody of this user ID.
    #[error("the directory has nobody of this user ID below base_dn")]
    NoSuchPerson,
    /// Nobody in the directory has this card, or the person has none.
    #[error("no such card is in the directory: the person has none, or nobody has this number")]
    NoCard,
    /// The connection to the directory was lost while this person's card was deleted.
    #[error("the directory was lost while the card of {0} was deleted: ask again when it is back")]
    EraseUnknown(UserId),
    /// The directory does not do it.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Nothing of what was to be unlocked is locked.
    #[error("not locked (kazasu user list --locked shows who is)")]
    NotLocked,
    /// Provisional users have nothing that could be changed.
    #[error("a provisional user cannot be changed, only deleted (kazasu user delete)")]
    Provisional,
    /// No such setting, a value it cannot have, or settings that cannot be together.
    #[error(transparent)]
    Settings(#[from] ChangeError),
    /// Somebody else changed the settings meanwhile.
    #[error("the settings are at version {version} now: look at them again (kazasu config show)")]
    Stale {
        /// The version in force.
        version: u64,
    },
    /// The card number rule does not go with the cards that are there.
    #[error("cards would have no number of their own; nothing was changed:\n{0}")]
    Collisions(Collisions),
    /// A setting is there twice.
    #[error("{0} is there twice: say it once")]
    Twice(String),
    /// The rule is the keyed one already and its key is gone: with another one every card would be
    /// unknown.
    #[error(
        "the card number rule is `keyed` already, and its key {0} is missing: put the copy of it \
         back; where there is none, set another rule first, then `keyed` makes another key"
    )]
    NumberKeyMissing(String),
    /// The key of the keyed card number form cannot be made or read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Nobody can go by the settings that are stored (707).
    #[error("the settings cannot be read: {0}")]
    Unreadable(String),
    /// The settings could not be stored (709).
    #[error("the settings were not saved: {0}")]
    Unsaved(StoreError),
    /// The store does not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A password could not be hashed.
    #[error("{0}")]
    Internal(String),
    /// The service is shutting down.
    #[error("the service is stopping")]
    Stopped,
}

impl AdminError {
    /// The catalogue's code, where it has one.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Fields(errors) => errors.first().map(FieldError::code),
            Self::Full => Some(ErrorCode::Full),
            Self::Unreadable(_) => Some(ErrorCode::SettingsUnreadable),
            Self::Unsaved(_) => Some(ErrorCode::SettingsUnwritable),
            Self::Store(error) => Some(error.code()),
            Self::Directory(error) => Some(error.code),
            Self::EraseUnknown(_) => Some(ErrorCode::OutcomeUnknown),
            Self::Internal(_) => Some(ErrorCode::HasherFailed),
            Self::Stopped => Some(ErrorCode::Internal),
            Self::NotAllowed
            | Self::Import(_)
            | Self::NoSuchUser
            | Self::NotDamaged
            | Self::NoSuchPerson
            | Self::NoCard
            | Self::NotLocked
            | Self::Provisional
            | Self::Settings(_)
            | Self::Stale { .. }
            | Self::Collisions(_)
            | Self::Twice(_)
            | Self::NumberKeyMissing(_)
            | Self::Key(_) => None,
        }
    }
}

impl From<HashError> for AdminError {
    fn from(error: HashError) -> Self {
        Self::Internal(error.to_string())
    }
}

fn join(errors: &[FieldError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
