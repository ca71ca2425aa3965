//! What the store, scripts and collectors are told of each event.

use kazasu_hal::{CardIdentity, ReaderName};

use super::{
    AuditEvent, Claimed, ReaderState,
    chain::{END_LOST, FOLDED, KEY_REPLACED},
    export::utc,
};
use crate::{ErrorCode, JobEnd, Role, UserId};

/// The longest name of a reader that is kept, in characters.
const READER_MAX: usize = 200;

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
            Self::CardErased { .. } => "card-erased",
            Self::CardEraseUnknown { .. } => "card-erase-unknown",
            Self::RoleChanged { .. } => "role-changed",
            Self::LimitsChanged { .. } => "limits-changed",
            Self::UsersDeleted { .. } => "users-deleted",
            Self::SettingsChanged { .. } => "settings-changed",
            Self::SecretSet { .. } => "secret-set",
            Self::NotAdministrator { .. } => "not-administrator",
            Self::JobEnded { report, .. } => match report.end {
                JobEnd::Completed => "job-completed",
                JobEnd::Canceled => "job-canceled",
                JobEnd::Aborted => "job-aborted",
            },
            Self::PrintRefused => "print-refused",
            Self::SettingsViewed { .. } => "settings-viewed",
            Self::UsersImported { .. } => "users-imported",
            Self::UsersExported { .. } => "users-exported",
            Self::BackupBegun => "backup-begun",
            Self::BackupMade { .. } => "backup-made",
            Self::Restored { .. } => "restored",
            Self::ReaderChanged { state: ReaderState::Attached, .. } => "reader-attached",
            Self::ReaderChanged { state: ReaderState::Detached, .. } => "reader-detached",
            Self::ReaderChanged { state: ReaderState::Faulty(_), .. } => "reader-faulty",
            Self::LogBegun => "audit-begun",
            Self::Started { warm: false, .. } => "started-cold",
            Self::Started { warm: true, .. } => "started-warm",
            Self::StopRequested => "stop-requested",
            Self::SoftwareUpdated { .. } => "software-updated",
            Self::TimeAdjusted { .. } => "time-adjusted",
            Self::TlsFailed { .. } => "tls-failed",
            Self::LogExported { .. } => "audit-exported",
            Self::LogKeyReplaced => KEY_REPLACED,
            Self::LogEndLost { .. } => END_LOST,
            Self::Folded(_) => FOLDED,
            Self::SyslogLost { .. } => "syslog-lost",
        }
    }

    /// Who it was about.
    #[must_use]
    pub fn user(&self) -> Option<&UserId> {
        self.about().0
    }

    /// The card it was about.
    #[must_use]
    pub fn card(&self) -> Option<&CardIdentity> {
        self.about().1
    }

    fn about(&self) -> (Option<&UserId>, Option<&CardIdentity>) {
        match self {
            Self::CardBound { user, card, .. } | Self::CardUnlinked { user, card } => {
                (Some(user), Some(card))
            }
            Self::UserDeleted { user, card } => (Some(user), card.as_ref()),
            Self::ProvisionalMade { card }
            | Self::ProvisionalDeleted { card }
            | Self::Refused { card, .. } => (None, Some(card)),
            Self::Locked { who, card }
            | Self::Unlocked { who, card }
            | Self::SignInFailed { who, card }
            | Self::JobEnded { who, card, .. } => (who.user(), card.as_ref()),
            Self::LogExported { by } => (by.as_ref().and_then(Claimed::user), None),
            Self::UserAdded { user }
            | Self::UserEdited { user }
            | Self::UserCopied { user, .. }
            | Self::CardWritten { user, .. }
            | Self::CardWriteUnknown { user }
            | Self::CardErased { user }
            | Self::CardEraseUnknown { user }
            | Self::RoleChanged { user, .. }
            | Self::LimitsChanged { user, .. }
            | Self::SignedInUnchecked { user }
            | Self::NotAdministrator { user } => (Some(user), None),
            Self::AllUnlocked { .. }
            | Self::UsersDeleted { .. }
            | Self::SettingsChanged { .. }
            | Self::SecretSet { .. }
            | Self::PrintRefused
            | Self::SettingsViewed { .. }
            | Self::UsersImported { .. }
            | Self::UsersExported { .. }
            | Self::BackupBegun
            | Self::BackupMade { .. }
            | Self::Restored { .. }
            | Self::ReaderChanged { .. }
            | Self::LogBegun
            | Self::Started { .. }
            | Self::StopRequested
            | Self::SoftwareUpdated { .. }
            | Self::TimeAdjusted { .. }
            | Self::TlsFailed { .. }
            | Self::LogKeyReplaced
            | Self::LogEndLost { .. }
            | Self::Folded(_)
            | Self::SyslogLost { .. } => (None, None),
        }
    }

    /// Why something was refused.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::SignInFailed { .. } | Self::PrintRefused => Some(ErrorCode::SignInFailed),
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
            Self::Folded(folded) => Some(folded.to_text()),
            Self::SyslogLost { count } => Some(count.to_string()),
            Self::RoleChanged { role, .. } => Some(role.as_str().to_owned()),
            Self::UserCopied { role, limits, .. } => {
                let role = (*role != Role::General).then(|| role.as_str().to_owned());
                let limits = Some(limits.to_text()).filter(|text| !text.is_empty());
                let told: Vec<_> = role.into_iter().chain(limits).collect();
                (!told.is_empty()).then(|| told.join(" "))
            }
            Self::LimitsChanged { limits, .. } => Some(limits.to_text()),
            Self::JobEnded { who: Claimed::Device(secret), report, .. } => {
                Some(format!("{} {}", report.job.as_str(), secret.as_str()))
            }
            Self::JobEnded { report, .. } => Some(report.job.as_str().to_owned()),
            Self::SettingsViewed { settings } => Some(settings.join(" ")),
            Self::BackupMade { users } => Some(format!("{users} users")),
            Self::Restored { made: Some(made) } => Some(format!("backup of {}", utc(*made))),
            Self::ReaderChanged { reader, state, more } => Some(changed(reader, *state, *more)),
            Self::UsersDeleted { count }
            | Self::UsersImported { count }
            | Self::UsersExported { count }
            | Self::AllUnlocked { count } => Some(count.to_string()),
            Self::SettingsChanged { keys, version } => {
                Some(format!("version {version}: {}", keys.join(" ")))
            }
            _ => None,
        }
    }
}

fn changed(reader: &ReaderName, state: ReaderState, more: u32) -> String {
    let mut text: String = reader.0.chars().take(READER_MAX).collect();
    if let ReaderState::Faulty(kind) = state {
        text = format!("{text}; {}", kind.as_str());
    }
    if more > 0 { format!("{text}; {more} more") } else { text }
}

impl Claimed {
    fn user(&self) -> Option<&UserId> {
        match self {
            Self::User(user) => Some(user),
            Self::Unknown | Self::Device(_) => None,
        }
    }
}
