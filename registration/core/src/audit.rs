mod catalogue;
mod chain;
#[cfg(test)]
mod chain_test;
mod clock_watch;
mod export;
#[cfg(test)]
mod export_test;
mod syslog;

use std::time::SystemTime;

use kazasu_hal::{CardIdentity, StationName};

pub use chain::{AUDIT_KEPT, AuditEntry, AuditKey, Broken, Chain, Link, Mark, Noted, Whole};
pub use clock_watch::ClockWatch;
pub use export::{AuditFilter, DateFormat, Shown, json_line, manual};
pub use syslog::{Syslog, syslog_line};

use crate::{DeviceSecret, ErrorCode, Limits, Role, UserId};

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
        /// As whom.
        who: Claimed,
        /// The card that was to be registered or to sign in.
        card: Option<CardIdentity>,
    },
    /// Too many passwords were wrong in a row: no more are taken.
    Locked {
        /// As whom they were typed last.
        who: Claimed,
        /// The card that is locked; `None` where it is the person or the device's own password.
        card: Option<CardIdentity>,
    },
    /// An administrator opened a lock.
    Unlocked {
        /// Whose; unknown where the card was locked.
        who: Claimed,
        /// The card that was locked.
        card: Option<CardIdentity>,
    },
    /// An administrator opened all locks.
    AllUnlocked {
        /// How many there were.
        count: u64,
    },
    /// Somebody typed this ID where the mode checks none.
    SignedInUnchecked {
        /// As typed.
        user: UserId,
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
    /// A user's own change, or an administrator's of it.
    UserEdited {
        /// Whose record.
        user: UserId,
    },
    /// A card is nobody's any more; the user's record stays.
    CardUnlinked {
        /// Whose it was.
        user: UserId,
        /// The card.
        card: CardIdentity,
    },
    /// A record was made from what the directory says of a person.
    UserCopied {
        /// Whose.
        user: UserId,
    },
    /// A card was written into a person's entry of the directory. The device has no record of the
    /// card, so the log cannot refer to one.
    CardWritten {
        /// Whose entry.
        user: UserId,
        /// Whether another card stopped working.
        replaced: bool,
    },
    /// A card was sent to a person's entry of the directory, and what became of it nobody can tell.
    CardWriteUnknown {
        /// Whose entry.
        user: UserId,
    },
    /// An administrator made a user something else to the device.
    RoleChanged {
        /// Whom.
        user: UserId,
        /// What the user is now.
        role: Role,
    },
    /// An administrator changed what a user may do.
    LimitsChanged {
        /// Whose.
        user: UserId,
        /// What the user may do now.
        limits: Limits,
    },
    /// General and provisional users were deleted, since they cannot be there in the
    /// authentication mode that was set (spec 30 section 2).
    UsersDeleted {
        /// How many.
        count: u64,
    },
    /// Settings were changed.
    SettingsChanged {
        /// Their keys; the values are in the store's history.
        keys: Vec<String>,
        /// The version that counts since.
        version: u64,
    },
    /// One of the device's own passwords was set or removed.
    SecretSet {
        /// Which.
        secret: DeviceSecret,
    },
    /// Somebody with the right password asked for what is an administrator's.
    NotAdministrator {
        /// Who.
        user: UserId,
    },
    /// The log begins (S40-4-07). It cannot be switched off.
    LogBegun,
    /// The service started (S40-4-01).
    Started {
        /// Whether the machine has been running since the service was last started on it.
        warm: bool,
        /// What the system calls this run of the machine.
        boot: String,
        /// The program's version.
        version: String,
    },
    /// The service was told to stop (S40-4-01).
    StopRequested,
    /// Another version of the program runs than before (S40-4-06).
    SoftwareUpdated {
        /// Which.
        version: String,
    },
    /// The calendar clock was set (S40-4-09).
    TimeAdjusted {
        /// By so many milliseconds; negative: back.
        by_ms: i64,
    },
    /// A secure connection was not made (S40-4-10).
    TlsFailed {
        /// Who tried: an address.
        peer: String,
        /// Why not.
        reason: String,
        /// How many more failed since the last record of it.
        more: u32,
    },
    /// The log was handed out.
    LogExported {
        /// To whom; `None`: through the command line.
        by: Option<Claimed>,
    },
    /// The log's key is another one from here on.
    LogKeyReplaced,
    /// At opening, the log did not hold the end that was noted beside it.
    LogEndLost {
        /// The record that was the last one.
        noted: u64,
    },
    /// Records were trimmed before the collector got them.
    SyslogLost {
        /// How many.
        count: u64,
    },
}

/// Whom somebody claimed to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// A user that exists.
    User(UserId),
    /// Nobody whom the device knows. What was typed is not kept: people type passwords into the
    /// wrong field.
    Unknown,
    /// Whoever knows one of the device's own passwords.
    Device(DeviceSecret),
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
            Self::Locked { .. } => "locked",
            Self::Unlocked { .. } => "unlocked",
            Self::AllUnlocked { .. } => "all-unlocked",
            Self::SignedInUnchecked { .. } => "signed-in-unchecked",
            Self::Refused { .. } => "registration-refused",
            Self::UserAdded { .. } => "user-added",
            Self::UserDeleted { .. } => "user-deleted",
            Self::ProvisionalDeleted { .. } => "provisional-deleted",
            Self::UserEdited { .. } => "user-edited",
            Self::CardUnlinked { .. } => "card-unlinked",
            Self::UserCopied { .. } => "user-copied",
            Self::CardWritten { replaced: false, .. } => "card-written",
            Self::CardWritten { replaced: true, .. } => "card-rewritten",
            Self::CardWriteUnknown { .. } => "card-write-unknown",
            Self::RoleChanged { .. } => "role-changed",
            Self::LimitsChanged { .. } => "limits-changed",
            Self::UsersDeleted { .. } => "users-deleted",
            Self::SettingsChanged { .. } => "settings-changed",
            Self::SecretSet { .. } => "secret-set",
            Self::NotAdministrator { .. } => "not-administrator",
            Self::LogBegun => "audit-begun",
            Self::Started { warm: false, .. } => "started-cold",
            Self::Started { warm: true, .. } => "started-warm",
            Self::StopRequested => "stop-requested",
            Self::SoftwareUpdated { .. } => "software-updated",
            Self::TimeAdjusted { .. } => "time-adjusted",
            Self::TlsFailed { .. } => "tls-failed",
            Self::LogExported { .. } => "audit-exported",
            Self::LogKeyReplaced => chain::KEY_REPLACED,
            Self::LogEndLost { .. } => chain::END_LOST,
            Self::SyslogLost { .. } => "syslog-lost",
        }
    }

    /// Who it was about.
    #[must_use]
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::CardBound { user, .. }
            | Self::UserAdded { user }
            | Self::UserDeleted { user, .. }
            | Self::UserEdited { user }
            | Self::CardUnlinked { user, .. }
            | Self::UserCopied { user }
            | Self::CardWritten { user, .. }
            | Self::CardWriteUnknown { user }
            | Self::RoleChanged { user, .. }
            | Self::LimitsChanged { user, .. }
            | Self::SignedInUnchecked { user }
            | Self::NotAdministrator { user }
            | Self::Locked { who: Claimed::User(user), .. }
            | Self::Unlocked { who: Claimed::User(user), .. }
            | Self::SignInFailed { who: Claimed::User(user), .. }
            | Self::LogExported { by: Some(Claimed::User(user)) } => Some(user),
            Self::SignInFailed { .. }
            | Self::Locked { .. }
            | Self::Unlocked { .. }
            | Self::AllUnlocked { .. }
            | Self::ProvisionalMade { .. }
            | Self::Refused { .. }
            | Self::ProvisionalDeleted { .. }
            | Self::UsersDeleted { .. }
            | Self::SettingsChanged { .. }
            | Self::SecretSet { .. }
            | Self::LogBegun
            | Self::Started { .. }
            | Self::StopRequested
            | Self::SoftwareUpdated { .. }
            | Self::TimeAdjusted { .. }
            | Self::TlsFailed { .. }
            | Self::LogExported { .. }
            | Self::LogKeyReplaced
            | Self::LogEndLost { .. }
            | Self::SyslogLost { .. } => None,
        }
    }

    /// The card it was about.
    #[must_use]
    pub fn card(&self) -> Option<&CardIdentity> {
        match self {
            Self::ProvisionalMade { card }
            | Self::CardBound { card, .. }
            | Self::Refused { card, .. }
            | Self::CardUnlinked { card, .. }
            | Self::ProvisionalDeleted { card } => Some(card),
            Self::UserDeleted { card, .. }
            | Self::Locked { card, .. }
            | Self::Unlocked { card, .. }
            | Self::SignInFailed { card, .. } => card.as_ref(),
            Self::AllUnlocked { .. }
            | Self::UserAdded { .. }
            | Self::UserEdited { .. }
            | Self::SignedInUnchecked { .. }
            | Self::UserCopied { .. }
            | Self::CardWritten { .. }
            | Self::CardWriteUnknown { .. }
            | Self::RoleChanged { .. }
            | Self::LimitsChanged { .. }
            | Self::UsersDeleted { .. }
            | Self::SettingsChanged { .. }
            | Self::SecretSet { .. }
            | Self::NotAdministrator { .. }
            | Self::LogBegun
            | Self::Started { .. }
            | Self::StopRequested
            | Self::SoftwareUpdated { .. }
            | Self::TimeAdjusted { .. }
            | Self::TlsFailed { .. }
            | Self::LogExported { .. }
            | Self::LogKeyReplaced
            | Self::LogEndLost { .. }
            | Self::SyslogLost { .. } => None,
        }
    }

    /// Why something was refused.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::SignInFailed { .. } => Some(ErrorCode::SignInFailed),
            Self::Locked { .. } => Some(ErrorCode::LockedOut),
            _ => None,
        }
    }

    /// What else there is to say; never a card number, never what somebody typed.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::SignInFailed { who: Claimed::Device(secret), .. }
            | Self::Locked { who: Claimed::Device(secret), .. }
            | Self::Unlocked { who: Claimed::Device(secret), .. }
            | Self::SecretSet { secret } => Some(secret.as_str().to_owned()),
            Self::LogExported { by: Some(Claimed::Device(secret)) } => {
                Some(secret.as_str().to_owned())
            }
            Self::Started { boot, version, .. } => Some(format!("{version} {boot}")),
            Self::SoftwareUpdated { version } => Some(version.clone()),
            Self::TimeAdjusted { by_ms } => Some(format!("{by_ms} ms")),
            Self::TlsFailed { peer, reason, more: 0 } => Some(format!("TLS, {peer}, {reason}")),
            Self::TlsFailed { peer, reason, more } => {
                Some(format!("TLS, {peer}, {reason}; {more} more"))
            }
            Self::LogEndLost { noted } => Some(format!("record {noted}")),
            Self::SyslogLost { count } => Some(count.to_string()),
            Self::RoleChanged { role, .. } => Some(role.as_str().to_owned()),
            Self::LimitsChanged { limits, .. } => Some(limits.to_text()),
            Self::UsersDeleted { count } | Self::AllUnlocked { count } => Some(count.to_string()),
            Self::SettingsChanged { keys, version } => {
                Some(format!("version {version}: {}", keys.join(" ")))
            }
            _ => None,
        }
    }
}
