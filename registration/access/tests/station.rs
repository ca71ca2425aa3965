//! What a station's people may do: from the card to the decision.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use kazasu_access::{Action, Decision, Job, Phase, decide};
use kazasu_hal::{CardIdentity, Mono, Now, StationName, Technology};
use kazasu_registration::{
    AccessSettings, Account, AuthenticationMode, CardNumber, Effect, Input, Limits, LookUp, Page,
    PanelAction, Role, Settings, Site, Source, Station, UserId, UserName,
    access::{Lock, Service},
};

/// A station of which only cards and the registration key are used.
struct Desk(Station);

impl Desk {
    fn new(mode: AuthenticationMode) -> Self {
        let mut settings = Settings::default();
        settings.sign_in.mode = mode;
        settings.registration.opens_by_itself = false;
        let has_directory = mode == AuthenticationMode::Remote;
        let site = Site { has_directory, ..Site::new(settings).unwrap() };
        Self(Station::new(StationName("desk".to_owned()), Arc::new(site)))
    }

    fn input(&mut self, input: Input) -> Vec<Effect> {
        let now = Now { mono: Mono(Duration::ZERO), wall: SystemTime::UNIX_EPOCH };
        self.0.handle(now, input);
        std::iter::from_fn(|| self.0.poll_output()).collect()
    }

    /// A card is held there, and this is found of it.
    fn tap(&mut self, found: LookUp) {
        let effects = self.input(Input::CardPresented(card()));
        let request = effects.iter().find_map(|effect| match effect {
            Effect::LookUp(request, _) => Some(*request),
            _ => None,
        });
        self.input(Input::CardConfirmed(card()));
        self.input(Input::LookedUp(request.unwrap(), Ok(found)));
    }

    /// Which of these the person there may use where every service is locked.
    fn allowed(&self, services: &[Service], phase: Phase) -> Vec<Service> {
        let locks: BTreeMap<_, _> =
            Service::ALL.into_iter().map(|service| (service, Lock::LockedShown)).collect();
        let locked = AccessSettings { locks, ..AccessSettings::default() };
        let may = |service: &Service| {
            let run = Action::Run(Job::new(*service, phase));
            decide(&self.0.who(), run, &locked) == Decision::Allow
        };
        services.iter().copied().filter(may).collect()
    }
}

fn card() -> CardIdentity {
    let idm = [0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, 0x0A];
    CardIdentity::new(Technology::Felica, &idm, None).unwrap()
}

fn registered(limits: Limits) -> LookUp {
    LookUp::Registered(Account {
        id: UserId::new("sato").unwrap(),
        name: UserName::new("sato").unwrap(),
        mail: None,
        card: Some(CardNumber::of(&card())),
        source: Source::Device,
        role: Role::General,
        limits,
        has_password: true,
    })
}

/// A directory whose groups limit people does what spec 30 section 6 lets an agent do; one that says
/// nothing limits nobody.
#[test]
fn limits_that_a_directory_gave_act() {
    use Service::{Copy, Print};
    let rows: [(&str, &[Service]); 3] =
        [("", &[Copy, Print]), ("no-copy", &[Print]), ("no-print no-copy", &[])];
    for mode in [AuthenticationMode::Local, AuthenticationMode::Remote] {
        for (limits, expected) in rows {
            let mut desk = Desk::new(mode);
            desk.tap(registered(Limits::from_text(limits).unwrap()));
            let allowed = desk.allowed(&[Copy, Print], Phase::Running);
            assert_eq!(allowed, expected, "{mode:?} {limits:?}");
        }
    }
}

/// The whole way: a card that nobody registered must not be worth anything.
#[test]
fn a_provisional_user_may_nothing_that_is_locked() {
    let may_copy = |desk: &Desk| !desk.allowed(&[Service::Copy], Phase::Start).is_empty();
    let mut desk = Desk::new(AuthenticationMode::Local);
    assert!(!may_copy(&desk), "nobody");
    desk.tap(LookUp::Provisional);
    assert!(matches!(desk.0.view().page, Page::Provisional { .. }));
    assert!(!may_copy(&desk), "on the page of a provisional user");
    let session = desk.0.view().session;
    desk.input(Input::Panel { session, action: PanelAction::OpenRegistration });
    assert!(matches!(desk.0.view().page, Page::Register { .. }));
    assert!(!may_copy(&desk), "on the registration page");
    let mut desk = Desk::new(AuthenticationMode::Local);
    desk.tap(registered(Limits::ALLOW_ALL));
    assert!(may_copy(&desk), "signed in by card");
}
