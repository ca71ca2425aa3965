use std::time::SystemTime;

use kazasu_hal::{CardIdentity, StationName};

use crate::{ErrorCode, UserId};

/// One line of the audit log.
///
/// Cards are named by their identity here; the store keeps a reference to its own record of the
/// card instead, so that the log holds no card number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Calendar time.
    pub at: SystemTime,
    /// Where; `None` for administration.
    pub station: Option<StationName>,
    /// What.
    pub event: AuditEvent,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditEvent {
    /// An unknown card got a provisional user.
    ProvisionalMade {
        /// The card.
        card: CardIdentity,
    },
    /// A card became a user's.
    CardBound {
        /// Whose.
        user: UserId,
        /// The card.
        card: CardIdentity,
        /// The user's card until then, which stopped working.
        replaced: Option<CardIdentity>,
    },
    /// Typed credentials were wrong.
    SignInFailed {
        /// The user whose password was wrong; `None` where there is no such user. What was typed
        /// then is not kept: people type passwords into the wrong field.
        user: Option<UserId>,
        /// The card to register.
        card: CardIdentity,
    },
    /// Registration was refused.
    Refused {
        /// Why.
        code: ErrorCode,
        /// The card that was tapped.
        card: CardIdentity,
    },
    /// An administrator added a user.
    UserAdded {
        /// Who.
        user: UserId,
    },
    /// An administrator deleted a user, and with it the binding of the card.
    UserDeleted {
        /// Who.
        user: UserId,
        /// The card that is free now.
        card: Option<CardIdentity>,
    },
    /// An administrator deleted a provisional user.
    ProvisionalDeleted {
        /// The card that is unknown again.
        card: CardIdentity,
    },
}

impl AuditEvent {
    /// The fixed word for scripts and the store.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::ProvisionalMade { .. } => "provisional-made",
            Self::CardBound { replaced: None, .. } => "card-bound",
            Self::CardBound { replaced: Some(_), .. } => "card-replaced",
            Self::SignInFailed { .. } => "sign-in-failed",
            Self::Refused { .. } => "registration-refused",
            Self::UserAdded { .. } => "user-added",
            Self::UserDeleted { .. } => "user-deleted",
            Self::ProvisionalDeleted { .. } => "provisional-deleted",
        }
    }

    /// Who it was about.
    #[must_use]
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::CardBound { user, .. }
            | Self::UserAdded { user }
            | Self::UserDeleted { user, .. } => Some(user),
            Self::SignInFailed { user, .. } => user.as_ref(),
            Self::ProvisionalMade { .. }
            | Self::Refused { .. }
            | Self::ProvisionalDeleted { .. } => None,
        }
    }

    /// The card it was about.
    #[must_use]
    pub fn card(&self) -> Option<&CardIdentity> {
        match self {
            Self::ProvisionalMade { card }
            | Self::CardBound { card, .. }
            | Self::SignInFailed { card, .. }
            | Self::Refused { card, .. }
            | Self::ProvisionalDeleted { card } => Some(card),
            Self::UserDeleted { card, .. } => card.as_ref(),
            Self::UserAdded { .. } => None,
        }
    }

    /// Why something was refused.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::SignInFailed { .. } => Some(ErrorCode::WrongCredentials),
            _ => None,
        }
    }
}
