//! What the machine's tests share: made-up cards and people, and a way into every state.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use kazasu_hal::{CardIdentity, Mono, Now, StationName, Technology};

use super::*;
use crate::{ErrorCode, Notice, Page, Problem, UserId, UserName};

/// The card that sessions begin with in these tests.
pub(super) fn card_a() -> CardIdentity {
    card(Technology::Felica, &[0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, 0x0A])
}

/// Another card.
pub(super) fn card_b() -> CardIdentity {
    card(Technology::Iso14443a, &[4, 1, 2, 3, 4, 5, 0x0B])
}

/// The card that a user has already.
pub(super) fn card_old() -> CardIdentity {
    card(Technology::Iso14443a, &[4, 1, 2, 3, 4, 5, 0x0C])
}

pub(super) fn random_card() -> CardIdentity {
    card(Technology::Iso14443a, &[0x08, 1, 2, 3])
}

pub(super) fn untrusted_card() -> CardIdentity {
    card(Technology::Iso14443b, &[1, 2, 3, 4])
}

fn card(technology: Technology, raw: &[u8]) -> CardIdentity {
    CardIdentity::new(technology, raw, None).unwrap()
}

pub(super) fn account(id: &str, card: Option<CardIdentity>) -> Account {
    Account { id: UserId::new(id).unwrap(), name: UserName::new(id).unwrap(), card }
}

pub(super) fn submit(user_id: &str, password: &str) -> PanelAction {
    PanelAction::Submit { user_id: user_id.to_owned(), password: password.to_owned().into() }
}

/// A station and the time it has.
pub(super) struct Rig {
    pub(super) station: Station,
    pub(super) time: Duration,
}

impl Rig {
    pub(super) fn new(open_registration: bool) -> Self {
        let settings = Settings { open_registration, ..Settings::default() };
        let name = StationName("desk".to_owned());
        Self { station: Station::new(name, Arc::new(settings)), time: Duration::ZERO }
    }

    pub(super) fn input(&mut self, input: Input) -> Vec<Effect> {
        let now = Now { mono: Mono(self.time), wall: SystemTime::UNIX_EPOCH + self.time };
        self.station.handle(now, input);
        std::iter::from_fn(|| self.station.poll_output()).collect()
    }

    pub(super) fn panel(&mut self, action: PanelAction) -> Vec<Effect> {
        let session = self.station.session;
        self.input(Input::Panel { session, action })
    }

    /// The number of the newest request.
    pub(super) fn request(&self) -> Request {
        Request(self.station.requests)
    }

    /// Lets time pass until the machine wants to hear of it.
    pub(super) fn expire(&mut self) -> Vec<Effect> {
        self.time = self.station.poll_timeout().map_or(Duration::from_secs(1000), |at| at.0);
        self.input(Input::Tick)
    }

    pub(super) fn page(&self) -> Page {
        self.station.view().page
    }

    pub(super) fn shown_code(&self) -> Option<ErrorCode> {
        match self.page() {
            Page::Notice(Notice::Problem(Problem { code, .. }))
            | Page::Register { problem: Some(Problem { code, .. }), .. }
            | Page::SignedIn { problem: Some(Problem { code, .. }), .. } => Some(code),
            _ => None,
        }
    }

    pub(super) fn state(&self) -> &'static str {
        state_name(&self.station.state)
    }

    /// Goes into a state with card A, the way people get there.
    pub(super) fn enter(&mut self, state: &str, confirmed: bool) {
        match state {
            "Nobody" => return,
            "Notice" => drop(self.input(Input::MultipleCards)),
            _ => drop(self.input(Input::CardPresented(card_a()))),
        }
        if confirmed {
            self.input(Input::CardConfirmed(card_a()));
        }
        let way: &[&str] = match state {
            "SignedIn" => &["registered"],
            "MakingProvisional" => &["unknown"],
            "Provisional" => &["provisional"],
            "Form" => &["provisional", "open"],
            "Verifying" => &["provisional", "open", "submit"],
            "ConfirmingReplace" => &["provisional", "open", "submit", "has a card"],
            "Committing" => &["provisional", "open", "submit", "has none"],
            _ => &[],
        };
        for step in way {
            let request = self.request();
            match *step {
                "registered" => {
                    let found = LookUp::Registered(account("tanaka", Some(card_a())));
                    self.input(Input::LookedUp(request, Ok(found)))
                }
                "unknown" => self.input(Input::LookedUp(request, Ok(LookUp::Unknown))),
                "provisional" => self.input(Input::LookedUp(request, Ok(LookUp::Provisional))),
                "open" => self.panel(PanelAction::OpenRegistration),
                "submit" => {
                    self.input(Input::CardConfirmed(card_a()));
                    self.panel(submit("tanaka", "sesame"))
                }
                "has a card" => {
                    let right = Verdict::Right(account("tanaka", Some(card_old())));
                    self.input(Input::Verified(request, Ok(right)))
                }
                "has none" => {
                    let right = Verdict::Right(account("tanaka", None));
                    self.input(Input::Verified(request, Ok(right)))
                }
                other => panic!("{other}"),
            };
        }
        assert_eq!(self.state(), state);
    }
}

pub(super) const STATES: [&str; 10] = [
    "Nobody",
    "Notice",
    "LookingUp",
    "MakingProvisional",
    "Provisional",
    "Form",
    "Verifying",
    "ConfirmingReplace",
    "Committing",
    "SignedIn",
];

fn state_name(state: &State) -> &'static str {
    match state {
        State::Nobody => "Nobody",
        State::Notice(_) => "Notice",
        State::LookingUp(_) => "LookingUp",
        State::MakingProvisional(_) => "MakingProvisional",
        State::Provisional(_) => "Provisional",
        State::Form(_) => "Form",
        State::Verifying(_) => "Verifying",
        State::ConfirmingReplace(_) => "ConfirmingReplace",
        State::Committing(_) => "Committing",
        State::SignedIn(_) => "SignedIn",
    }
}
