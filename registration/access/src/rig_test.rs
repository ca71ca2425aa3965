//! People and settings for the tests of this crate.

use serde_json::json;

use kazasu_registration::{CardNumber, Limits, UserId, access::*};

use super::*;

pub(super) fn id(text: &str) -> UserId {
    UserId::new(text).unwrap()
}

pub(super) fn card() -> CardNumber {
    CardNumber::from_text("012E4CE1000000A1").unwrap()
}

pub(super) fn mode(word: &str) -> AuthenticationMode {
    serde_json::from_value(word.into()).unwrap()
}

pub(super) fn settings(json: serde_json::Value) -> AccessSettings {
    serde_json::from_value(json).unwrap()
}

pub(super) fn who(person: Person, mode_word: &str) -> Who {
    Who {
        person,
        sign_in: SignIn { mode: mode(mode_word), remote: RemoteKind::Agent },
        accessories: Accessories::default(),
    }
}

pub(super) fn nobody(mode: &str) -> Who {
    who(Person::Nobody, mode)
}

/// "tanaka", without limits.
pub(super) fn user(mode: &str) -> Who {
    limited(mode, Limits::ALLOW_ALL.into())
}

pub(super) fn limited(mode: &str, limits: UserLimits) -> Who {
    who(Person::Identified { id: id("tanaka"), limits, device_refused: false }, mode)
}

pub(super) fn unidentified(typed: Option<&str>) -> Who {
    who(Person::Unidentified { typed: typed.map(id) }, "accounting-unverified")
}

pub(super) fn provisional(mode: &str, limits: Limits) -> Who {
    who(Person::Provisional { card: card(), limits: limits.into() }, mode)
}

pub(super) fn guest() -> Who {
    who(Person::Guest, "remote")
}

pub(super) fn key_operator(mode: &str) -> Who {
    who(Person::KeyOperator, mode)
}

pub(super) fn engineer(mode: &str) -> Who {
    who(Person::Engineer, mode)
}

pub(super) fn administrator(mode: &str) -> Who {
    who(Person::Administrator(id("suzuki")), mode)
}

/// The same person in other circumstances.
pub(super) trait Where {
    fn beside(self, additive: Additive) -> Self;
    fn paying(self, subtractive: Subtractive) -> Self;
    fn by(self, remote: RemoteKind) -> Self;
}

impl Where for Who {
    /// Beside this additive accessory.
    fn beside(mut self, additive: Additive) -> Self {
        self.accessories.additive = additive;
        self
    }

    /// Beside this payment accessory.
    fn paying(mut self, subtractive: Subtractive) -> Self {
        self.accessories.subtractive = subtractive;
        self
    }

    /// In remote mode of this kind.
    fn by(mut self, remote: RemoteKind) -> Self {
        self.sign_in.remote = remote;
        self
    }
}

/// "allow", or "place: reason".
pub(super) fn said(decision: Decision) -> String {
    match decision {
        Decision::Allow => "allow".to_owned(),
        Decision::Deny { reason, place } => {
            format!("{place:?}: {}", reason.as_str()).to_lowercase()
        }
    }
}

/// One row: what is decided, in the words of [`said`].
#[track_caller]
pub(super) fn check(row: &str, who: &Who, what: Action<'_>, on: &AccessSettings, expected: &str) {
    assert_eq!(said(decide(who, what, on)), expected, "{row}: {who:?} {what:?}");
}

pub(super) fn job(service: Service, phase: Phase) -> Action<'static> {
    Action::Run(Job::new(service, phase))
}

pub(super) fn coloured(service: Service, phase: Phase, colour: Colour) -> Action<'static> {
    Action::Run(Job { colour: Some(colour), ..Job::new(service, phase) })
}

pub(super) fn paged(service: Service, phase: Phase, pages: u32) -> Action<'static> {
    Action::Run(Job { pages: Some(pages), ..Job::new(service, phase) })
}

pub(super) fn lock(services: &[&str]) -> AccessSettings {
    let locks: serde_json::Map<_, _> =
        services.iter().map(|s| ((*s).to_owned(), json!("locked-shown"))).collect();
    settings(json!({ "locks": locks }))
}

pub(super) fn word(service: Service) -> String {
    serde_json::to_value(service).unwrap().as_str().unwrap().to_owned()
}

/// One user limit at a time.
pub(super) fn limit(kind: JobKind, what: &str) -> UserLimits {
    let mut limits = UserLimits::from(Limits::ALLOW_ALL);
    let of_kind = match what {
        "colour" => {
            JobLimits { colours: ColourModes { black: true, colour: false }, pages_left: None }
        }
        "pages" => JobLimits { pages_left: Some(10), ..JobLimits::NONE },
        _ => JobLimits::NONE,
    };
    let forbid = what == "service";
    match kind {
        JobKind::Copy => (limits.copy, limits.services.copy) = (of_kind, !forbid),
        JobKind::Scan => (limits.scan, limits.services.scan) = (of_kind, !forbid),
        JobKind::Print => (limits.print, limits.services.print) = (of_kind, !forbid),
        JobKind::Fax => limits.services.fax = !forbid,
        JobKind::InternetFax => limits.internet_fax = !forbid,
    }
    limits
}

pub(super) const PHASES: [Phase; 3] = [Phase::Before, Phase::Start, Phase::Running];
