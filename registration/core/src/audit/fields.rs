//! What the store, scripts and collectors are told of each event.

use std::fmt::Display;

use kazasu_hal::{CardIdentity, ReaderName};

use super::{
    AuditEvent, Claimed, ReaderState, RefusalKind,
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
            Self::SignInFailed(refused) => match refused.kind {
                RefusalKind::NotAdministrator => "not-administrator",
                _ => "sign-in-failed",
            },
            Self::SignInsFailed(_) => "sign-ins-failed",
            Self::SignedIn { .. } => "signed-in",
            Self::Locked { .. } => "locked",
            Self::Unlocked { .. } => "unlocked",
            Self::AllUnlocked { .. } => "all-unlocked",
            Self::SignedInUnchecked { .. } => "signed-in-unchecked",
            Self::Refused { .. } => "registration-refused",
            Self::UserAdded { .. } => "user-added",
            Self::UserDeleted { .. } => "user-deleted",
            Self::ProvisionalDeleted { .. } => "provisional-deleted",
            Self::UserEdited { .. } => "user-edited",
            Self::UserRenamed { .. } => "user-renamed",
            Self::CardUnlinked { .. } => "card-unlinked",
            Self::UserCopied { .. } => "user-copied",
            Self::CardWritten { replaced: false, .. } => "card-written",
            Self::CardWritten { replaced: true, .. } => "card-rewritten",
            Self::CardWriteUnknown { .. } => "card-write-unknown",
            Self::CardErased { .. } => "card-erased",
            Self::CardEraseUnknown { .. } => "card-erase-unknown",
            Self::RoleChanged { .. } => "role-changed",
            Self::LimitsChanged { .. } => "limits-changed",
            Self::DamagedUserDeleted { .. } => "damaged-user-deleted",
            Self::ProvisionalExpired { .. } => "provisional-expired",
            Self::ProvisionalGaveWay { .. } => "provisional-gave-way",
            Self::UsersDeleted { .. } => "users-deleted",
            Self::SettingsChanged { .. } => "settings-changed",
            Self::SecretSet { .. } => "secret-set",
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
            Self::PanelLinkMade => "panel-link-made",
            Self::PanelPaired { .. } => "panel-paired",
            Self::PanelRevoked { .. } => "panel-revoked",
            Self::TlsFailed { .. } => "tls-failed",
            Self::LogExported { .. } => "audit-exported",
            Self::LogKeyReplaced => KEY_REPLACED,
            Self::LogEndLost { .. } => END_LOST,
            Self::LogGap { .. } => "audit-gap",
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
            Self::Locked { who, card, .. }
            | Self::Unlocked { who, card }
            | Self::SignedIn { who, card, .. }
            | Self::JobEnded { who, card, .. } => (who.user(), card.as_ref()),
            Self::SignInFailed(refused) => (refused.who.user(), refused.card.as_ref()),
            Self::SignInsFailed(many) => {
                (many.who.as_ref().and_then(Claimed::user), many.card.as_ref())
            }
            Self::LogExported { by } => (by.as_ref().and_then(Claimed::user), None),
            Self::UserAdded { user }
            | Self::UserEdited { user }
            | Self::UserRenamed { user, .. }
            | Self::UserCopied { user, .. }
            | Self::CardWritten { user, .. }
            | Self::CardWriteUnknown { user }
            | Self::CardErased { user }
            | Self::CardEraseUnknown { user }
            | Self::RoleChanged { user, .. }
            | Self::LimitsChanged { user, .. }
            | Self::SignedInUnchecked { user } => (Some(user), None),
            Self::AllUnlocked { .. }
            | Self::DamagedUserDeleted { .. }
            | Self::ProvisionalExpired { .. }
            | Self::ProvisionalGaveWay { .. }
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
            | Self::PanelLinkMade
            | Self::PanelPaired { .. }
            | Self::PanelRevoked { .. }
            | Self::TlsFailed { .. }
            | Self::LogGap { .. }
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
            Self::SignInFailed(refused) => refused.kind.code(),
            Self::SignInsFailed(_) | Self::PrintRefused => Some(ErrorCode::SignInFailed),
            Self::Locked { .. } => Some(ErrorCode::LockedOut),
            _ => None,
        }
    }

    /// What else there is to say; never a card number, never what somebody typed.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::SignInFailed(refused) => refused.to_text(),
            Self::SignInsFailed(many) => Some(many.to_text()),
            Self::SignedIn { who, from, .. } => joined([who.secret(), from.map(came_from)]),
            Self::PanelPaired { number, from } => Some(format!("browser {number}; from {from}")),
            Self::PanelRevoked { number } => Some(format!("browser {number}")),
            Self::LogGap { count, since, until } => {
                Some(format!("{count} from {} to {}", utc(*since), utc(*until)))
            }
            Self::Locked { who, from, .. } => joined([who.secret(), from.map(came_from)]),
            Self::Unlocked { who: Claimed::Device(secret), .. } | Self::SecretSet { secret } => {
                Some(secret.as_str().to_owned())
            }
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
            Self::UserRenamed { was, .. } => Some(was.as_str().to_owned()),
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
            Self::DamagedUserDeleted { row } => Some(format!("row {row}")),
            Self::ProvisionalExpired { count }
            | Self::ProvisionalGaveWay { count }
            | Self::UsersDeleted { count }
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

/// Where somebody was who was not in front of the device.
pub(super) fn came_from(from: impl Display) -> String {
    format!("from {from}")
}

/// What there is of these.
pub(super) fn joined(parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

impl Claimed {
    /// Which of the device's own passwords it was.
    pub(super) fn secret(&self) -> Option<String> {
        match self {
            Self::Device(secret) => Some(secret.as_str().to_owned()),
            Self::User(_) | Self::Unknown => None,
        }
    }

    pub(super) fn user(&self) -> Option<&UserId> {
        match self {
            Self::User(user) => Some(user),
            Self::Unknown | Self::Device(_) => None,
        }
    }
}
