//! What the machine's tests share: made-up cards and people, sites, and a way into every state.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use kazasu_hal::{CardIdentity, Mono, Now, StationName, Technology};

use super::{
    state::{How, Via},
    *,
};
use crate::{
    AuthenticationMode, CardLinkMode, CardNumber, CardReader, ErrorCode, Limits, MailAddress,
    Notice, OtherCard, Page, PanelSignIn, Payment, Priority, Problem, Role, Source, Sources,
    UserId, UserName,
};

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

pub(super) fn number(card: &CardIdentity) -> CardNumber {
    CardNumber::of(card)
}

pub(super) fn account(id: &str, card: Option<CardIdentity>) -> Account {
    Account {
        id: UserId::new(id).unwrap(),
        name: UserName::new(id).unwrap(),
        mail: MailAddress::new("a@example.org").ok(),
        card: card.as_ref().map(number),
        source: Source::Device,
        role: Role::General,
        limits: Limits::ALLOW_ALL,
        has_password: true,
    }
}

pub(super) fn secret(text: &str) -> zeroize::Zeroizing<String> {
    text.to_owned().into()
}

pub(super) fn submit(user_id: &str, password: &str) -> PanelAction {
    submit_to(Source::Device, user_id, password)
}

pub(super) fn submit_to(source: Source, user_id: &str, password: &str) -> PanelAction {
    PanelAction::Submit { source, user_id: user_id.to_owned(), password: secret(password) }
}

pub(super) fn sign_in(user_id: &str, password: &str) -> PanelAction {
    PanelAction::SignIn { user_id: user_id.to_owned(), password: secret(password) }
}

pub(super) fn new_password(first: &str, again: &str) -> PanelAction {
    PanelAction::NewPassword { first: secret(first), again: secret(again) }
}

/// A site with these words applied to the default one.
pub(super) fn site(words: &[&str]) -> Arc<Site> {
    let mut settings = Settings::default();
    let mut has_directory = false;
    for word in words {
        match *word {
            "mode off" => settings.sign_in.mode = AuthenticationMode::Off,
            "mode verified" => settings.sign_in.mode = AuthenticationMode::AccountingVerified,
            "mode unverified" => settings.sign_in.mode = AuthenticationMode::AccountingUnverified,
            "mode remote" => {
                settings.sign_in.mode = AuthenticationMode::Remote;
                has_directory = true;
            }
            "guests" => settings.sign_in.guests = true,
            "no administrator" => settings.administrator.id = None,
            "card asks" => settings.card.link_mode = CardLinkMode::Password,
            "contact" => settings.card.reader = CardReader::Contact,
            "no cards" => {
                settings.card.enabled = false;
                settings.registration.card_matching = false;
            }
            "panel asks nothing" => settings.sign_in.panel_password = false,
            "card only" => settings.sign_in.panel = PanelSignIn::CardOnly,
            "switches user" => settings.sign_in.other_card = OtherCard::SwitchesUser,
            "page by itself" => settings.sign_in.page_by_itself = true,
            "payment fitted" => settings.accessories.payment = Payment::Fitted,
            "payment first" => {
                settings.accessories.payment = Payment::Fitted;
                settings.accessories.priority = Priority::Payment;
            }
            "not by card" => {
                settings.registration.by_card = false;
                settings.registration.on_menu = false;
            }
            "off the menu" => settings.registration.on_menu = false,
            "page stays closed" => settings.registration.opens_by_itself = false,
            "not at sign-in" => settings.registration.at_external_sign_in = false,
            "both sources" => {
                settings.registration.sources = Sources::Both;
                has_directory = true;
            }
            "number is digits" => {
                let rule = "cut=4+4 digits=decimal width=8".parse();
                settings.card.number = rule.unwrap();
            }
            "may unlink" => settings.own_record.unlink_card = true,
            "asks no password" => settings.own_record.ask_password = false,
            "nothing to edit" => {
                settings.own_record.name = false;
                settings.own_record.mail = false;
                settings.sign_in.panel_password = false;
            }
            _ => {}
        }
    }
    if !matches!(settings.sign_in.mode, AuthenticationMode::Local | AuthenticationMode::Remote) {
        settings.registration.card_matching = false;
    }
    assert_eq!(settings.check(), [], "{words:?}");
    Arc::new(Site { has_directory, ..Site::new(settings).unwrap() })
}

/// A station and the time it has.
pub(super) struct Rig {
    pub(super) station: Station,
    pub(super) time: Duration,
}

impl Rig {
    pub(super) fn new(words: &[&str]) -> Self {
        let name = StationName("desk".to_owned());
        Self { station: Station::new(name, site(words)), time: Duration::ZERO }
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
        let problem = match self.page() {
            Page::Notice(Notice::Problem(problem)) => Some(problem),
            Page::Register { problem, .. }
            | Page::SignIn { problem, .. }
            | Page::AskPassword { problem }
            | Page::NewPassword { problem, .. }
            | Page::EngineerPassword { problem }
            | Page::OwnRecord { problem, .. }
            | Page::SignedIn { problem, .. } => problem,
            _ => None,
        };
        problem.map(|Problem { code, .. }| code)
    }

    pub(super) fn state(&self) -> &'static str {
        state_name(&self.station.state)
    }

    /// Everything that an input can change, but the settings, and what is only remembered until an
    /// answer comes (`altered_test.rs`).
    pub(super) fn shape(&self) -> String {
        let Station { session, requests, reader_ready, job, paid, state, .. } = &self.station;
        format!("{:?}", (session, requests, reader_ready, job, paid, state))
    }

    pub(super) fn looked_up(&mut self, found: LookUp) -> Vec<Effect> {
        self.input(Input::LookedUp(self.request(), Ok(found)))
    }

    pub(super) fn verified(&mut self, verdict: Verdict) -> Vec<Effect> {
        self.input(Input::Verified(self.request(), Ok(verdict)))
    }

    /// Goes into a state with card A, the way people get there; `false` where this site has no
    /// way there.
    pub(super) fn enter(&mut self, state: &str, confirmed: bool) -> bool {
        for step in way_into(state) {
            match *step {
                "several" => self.input(Input::MultipleCards),
                "tap" => {
                    self.input(Input::CardPresented(card_a()));
                    if confirmed { self.input(Input::CardConfirmed(card_a())) } else { vec![] }
                }
                "confirm" => self.input(Input::CardConfirmed(card_a())),
                "unknown" => self.looked_up(LookUp::Unknown),
                "provisional" => self.looked_up(LookUp::Provisional),
                "registered" => {
                    self.looked_up(LookUp::Registered(account("tanaka", Some(card_a()))))
                }
                "key" => self.panel(PanelAction::AuthenticationKey),
                "special" => self.panel(PanelAction::SpecialKey),
                "as guest" => self.panel(PanelAction::SignInAs(SignInAs::Guest)),
                "as user" => self.panel(PanelAction::SignInAs(SignInAs::User)),
                "sign in" => self.panel(sign_in("tanaka", "sesame")),
                "sign in as admin" => self.panel(sign_in("admin", "sesame")),
                "password" => self.panel(PanelAction::Password(secret("sesame"))),
                "right" => self.verified(Verdict::Right(account("tanaka", None))),
                "right device" => self.verified(Verdict::RightDevice),
                "open" => self.panel(PanelAction::OpenRegistration),
                "submit" => self.panel(submit("tanaka", "sesame")),
                "has a card" => self.verified(Verdict::Right(account("tanaka", Some(card_old())))),
                "own" => self.panel(PanelAction::OpenOwnRecord),
                "save" => self.panel(PanelAction::SaveOwn(TypedRecord {
                    name: "Taro".to_owned(),
                    mail: "a@example.org".to_owned(),
                    ..TypedRecord::default()
                })),
                other => panic!("{other}"),
            };
        }
        self.state() == state
    }
}

/// A rig in this state, with these words for the site.
pub(super) fn rig_in(state: &str, words: &[&str]) -> Rig {
    let mut rig = Rig::new(&[needs(state), words].concat());
    assert!(rig.enter(state, true), "{state}");
    rig
}

fn way_into(state: &str) -> &'static [&'static str] {
    match state {
        "Nobody" => &[],
        "Notice" => &["several"],
        "SignInPage" => &["key", "as user"],
        "AskWho" => &["key"],
        "LookingUp" => &["tap"],
        "AwaitingPassword" => &["tap", "registered"],
        "NewPassword" => &["tap", "unknown"],
        "SigningIn by card" => &["tap", "registered", "password"],
        "SigningIn by panel" => &["key", "as user", "sign in"],
        "SigningIn as guest" => &["key", "as guest", "sign in"],
        "SigningIn as administrator" => &["key", "as user", "sign in as admin"],
        "SigningIn as engineer" => &["special", "password"],
        "SignedIn by card" => &["tap", "registered"],
        "SignedIn by panel" => &["key", "as user", "sign in", "right"],
        "Guest" => &["key", "as guest", "sign in", "right device"],
        "Administrator" => &["key", "as user", "sign in as admin", "right device"],
        "EngineerPage" => &["special"],
        "Engineer" => &["special", "password", "right device"],
        "OwnPage" => &["tap", "registered", "own"],
        "SavingOwn" => &["tap", "registered", "own", "save"],
        "MakingProvisional" => &["tap", "unknown"],
        "Provisional" => &["tap", "provisional"],
        "Form" => &["tap", "provisional", "open"],
        "Verifying" => &["tap", "provisional", "open", "confirm", "submit"],
        "ConfirmingReplace" => &["tap", "provisional", "open", "confirm", "submit", "has a card"],
        "Committing" => &["tap", "provisional", "open", "confirm", "submit", "right"],
        other => panic!("no state {other}"),
    }
}

/// What a site needs so that this state can be entered.
pub(super) fn needs(state: &str) -> &'static [&'static str] {
    match state {
        "AskWho" | "SigningIn as guest" | "Guest" => &["mode remote", "guests"],
        "AwaitingPassword" | "NewPassword" | "SigningIn by card" => &["card asks"],
        "Provisional" => &["page stays closed"],
        _ => &[],
    }
}

/// States as the table names them: who is signing in, and how, makes a difference there.
pub(super) const STATES: [&str; 26] = [
    "Nobody",
    "Notice",
    "SignInPage",
    "AskWho",
    "LookingUp",
    "AwaitingPassword",
    "NewPassword",
    "SigningIn by card",
    "SigningIn by panel",
    "SigningIn as guest",
    "SigningIn as administrator",
    "SigningIn as engineer",
    "SignedIn by card",
    "SignedIn by panel",
    "Guest",
    "Administrator",
    "EngineerPage",
    "Engineer",
    "OwnPage",
    "SavingOwn",
    "MakingProvisional",
    "Provisional",
    "Form",
    "Verifying",
    "ConfirmingReplace",
    "Committing",
];

pub(super) fn state_name(state: &State) -> &'static str {
    match state {
        State::Nobody => "Nobody",
        State::Notice(_) => "Notice",
        State::SignInPage(s) if s.signs_in.is_none() => "AskWho",
        State::SignInPage(_) => "SignInPage",
        State::LookingUp(_) => "LookingUp",
        State::AwaitingPassword(_) => "AwaitingPassword",
        State::NewPassword(_) => "NewPassword",
        State::SigningIn(s) => match s.how {
            How::Card(..) => "SigningIn by card",
            How::User(_) => "SigningIn by panel",
            How::Guest => "SigningIn as guest",
            How::Administrator(_) => "SigningIn as administrator",
            How::Engineer(_) => "SigningIn as engineer",
        },
        State::SignedIn(s) if s.via == Via::Panel => "SignedIn by panel",
        State::SignedIn(_) => "SignedIn by card",
        State::Guest(_) => "Guest",
        State::Administrator(_) => "Administrator",
        State::EngineerPage(_) => "EngineerPage",
        State::Engineer => "Engineer",
        State::OwnPage(_) => "OwnPage",
        State::SavingOwn(_) => "SavingOwn",
        State::MakingProvisional(_) => "MakingProvisional",
        State::Provisional(_) => "Provisional",
        State::Form(_) => "Form",
        State::Verifying(_) => "Verifying",
        State::ConfirmingReplace(_) => "ConfirmingReplace",
        State::Committing(_) => "Committing",
    }
}
