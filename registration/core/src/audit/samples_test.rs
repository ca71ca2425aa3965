//! One of every event there is, made of given values.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::{Duration, SystemTime},
};

use kazasu_hal::{CardIdentity, FaultKind, ReaderName, Technology};
use proptest::prelude::*;

use super::{AuditEvent, Claimed, Folded, ReaderState, RefusalKind, Refused, RefusedMany};
use crate::{DeviceSecret, ErrorCode, JobEnd, JobReport, JobType, Limits, Peer, Role, UserId};

/// What the events are made of.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    user: UserId,
    who: Claimed,
    text: String,
    texts: Vec<String>,
    count: u64,
    few: u32,
    signed: i64,
    since: SystemTime,
    until: SystemTime,
    from: Option<IpAddr>,
    secret: DeviceSecret,
    role: Role,
    limits: Limits,
    job: JobType,
    kind: RefusalKind,
    many: RefusedMany,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            user: UserId::new("tanaka").unwrap(),
            who: Claimed::Unknown,
            text: String::new(),
            texts: Vec::new(),
            count: 1,
            few: 1,
            signed: 0,
            since: SystemTime::UNIX_EPOCH,
            until: SystemTime::UNIX_EPOCH,
            from: None,
            secret: DeviceSecret::Guest,
            role: Role::General,
            limits: Limits::ALLOW_ALL,
            job: JobType::Print,
            kind: RefusalKind::WrongPassword,
            many: RefusedMany::default(),
        }
    }
}

fn one_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(all)
}

fn at() -> impl Strategy<Value = SystemTime> {
    (0_u64..4_000_000_000_000).prop_map(|ms| SystemTime::UNIX_EPOCH + Duration::from_millis(ms))
}

fn user() -> impl Strategy<Value = UserId> {
    "[a-z0-9 ;,]{1,12}".prop_filter_map("no ID", |text| UserId::new(&text).ok())
}

fn who() -> impl Strategy<Value = Claimed> {
    prop_oneof![
        user().prop_map(Claimed::User),
        Just(Claimed::Unknown),
        one_of(&DeviceSecret::ALL).prop_map(Claimed::Device),
    ]
}

fn from() -> impl Strategy<Value = Option<IpAddr>> {
    proptest::option::of(any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))))
}

prop_compose! {
    fn many()(
        who in proptest::option::of(who()),
        from in from(),
        from_several in any::<bool>(),
        kinds in proptest::collection::btree_map(one_of(&RefusalKind::ALL), any::<u32>(), 0..6),
        names in proptest::collection::vec(user(), 0..4),
        others in any::<bool>(),
        within in proptest::option::of((at(), at())),
    ) -> RefusedMany {
        let from = from.map(Peer::from);
        RefusedMany { who, card: None, from, from_several, kinds, names, others, within }
    }
}

prop_compose! {
    /// Any values.
    pub(super) fn sample()(
        (user, who, text) in (user(), who(), any::<String>()),
        (texts, count, few) in (any::<Vec<String>>(), any::<u64>(), any::<u32>()),
        (signed, since, until) in (any::<i64>(), at(), at()),
        (from, secret, role) in (from(), one_of(&DeviceSecret::ALL), one_of(&Role::ALL)),
        (copy, fax, scan, print) in any::<(bool, bool, bool, bool)>(),
        (job, kind, many) in (one_of(&JobType::ALL), one_of(&RefusalKind::ALL), many()),
    ) -> Sample {
        let limits = Limits { copy, fax, scan, print };
        Sample {
            user, who, text, texts, count, few, signed, since, until, from, secret, role, limits,
            job, kind, many,
        }
    }
}

/// One of every event, and of every word that an event can have.
pub(super) fn all(sample: &Sample) -> Vec<AuditEvent> {
    let Sample { count, few, since, until, from, secret, role, limits, kind, .. } = sample.clone();
    let card = || CardIdentity::new(Technology::Iso14443a, &[4, 1, 2, 3], None).unwrap();
    let user = || sample.user.clone();
    let who = || sample.who.clone();
    let text = || sample.text.clone();
    let address = from.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let failed = |kind| AuditEvent::SignInFailed(Refused { who: who(), card: None, kind, from });
    let ended = |end| AuditEvent::JobEnded {
        who: who(),
        card: Some(card()),
        report: JobReport { job: sample.job, end },
    };
    let reader = |state| AuditEvent::ReaderChanged { reader: ReaderName(text()), state, more: few };
    let other = if kind == RefusalKind::NotAdministrator { RefusalKind::Locked } else { kind };
    vec![
        AuditEvent::ProvisionalMade { card: card() },
        AuditEvent::CardBound { user: user(), card: card(), replaced: None },
        AuditEvent::CardBound { user: user(), card: card(), replaced: Some(card()) },
        failed(other),
        failed(RefusalKind::NotAdministrator),
        AuditEvent::SignInsFailed(Box::new(sample.many.clone())),
        AuditEvent::SignedIn { who: who(), card: None, from },
        AuditEvent::Locked { who: who(), card: None, from },
        AuditEvent::Unlocked { who: who(), card: None },
        AuditEvent::AllUnlocked { count },
        AuditEvent::SignedInUnchecked { user: user() },
        AuditEvent::Refused { code: ErrorCode::Full, card: card() },
        AuditEvent::UserAdded { user: user() },
        AuditEvent::UserDeleted { user: user(), card: None },
        AuditEvent::ProvisionalDeleted { card: card() },
        AuditEvent::UserEdited { user: user() },
        AuditEvent::CardUnlinked { user: user(), card: card() },
        AuditEvent::UserCopied { user: user(), role, limits },
        AuditEvent::CardWritten { user: user(), replaced: false },
        AuditEvent::CardWritten { user: user(), replaced: true },
        AuditEvent::CardWriteUnknown { user: user() },
        AuditEvent::CardErased { user: user() },
        AuditEvent::CardEraseUnknown { user: user() },
        AuditEvent::UserRenamed { user: user(), was: user() },
        AuditEvent::RoleChanged { user: user(), role },
        AuditEvent::LimitsChanged { user: user(), limits },
        AuditEvent::DamagedUserDeleted { row: sample.signed },
        AuditEvent::ProvisionalExpired { count },
        AuditEvent::ProvisionalGaveWay { count },
        AuditEvent::UsersDeleted { count },
        AuditEvent::SettingsChanged { keys: sample.texts.clone(), version: count },
        AuditEvent::SecretSet { secret },
        ended(JobEnd::Completed),
        ended(JobEnd::Canceled),
        ended(JobEnd::Aborted),
        AuditEvent::PrintRefused,
        AuditEvent::SettingsViewed { settings: vec!["access", "password"] },
        AuditEvent::UsersImported { count },
        AuditEvent::UsersExported { count },
        AuditEvent::BackupBegun,
        AuditEvent::BackupMade { users: count },
        AuditEvent::Restored { made: None },
        AuditEvent::Restored { made: Some(since) },
        reader(ReaderState::Attached),
        reader(ReaderState::Detached),
        reader(ReaderState::Faulty(FaultKind::Busy)),
        AuditEvent::LogBegun,
        AuditEvent::Started { warm: true, boot: text(), version: text() },
        AuditEvent::Started { warm: false, boot: text(), version: text() },
        AuditEvent::StopRequested,
        AuditEvent::SoftwareUpdated { version: text() },
        AuditEvent::TimeAdjusted { by_ms: sample.signed },
        AuditEvent::PanelLinkMade,
        AuditEvent::PanelPaired { number: few, from: address },
        AuditEvent::PanelRevoked { number: few },
        AuditEvent::TlsFailed { peer: text(), reason: text(), more: few },
        AuditEvent::LogExported { by: None },
        AuditEvent::LogExported { by: Some(who()) },
        AuditEvent::LogKeyReplaced,
        AuditEvent::LogFormChanged,
        AuditEvent::LogEndLost { noted: count },
        AuditEvent::LogGap { count, since, until },
        AuditEvent::Folded(Folded::of(&sample.text, count, since, until)),
        AuditEvent::SyslogLost { count },
    ]
}
