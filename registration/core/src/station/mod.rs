mod altered;
mod asked;
mod cards;
mod effect;
mod input;
mod leave;
mod new_cards;
mod own;
mod page;
mod register;
mod sign_in;
mod state;
mod who;

use std::{collections::VecDeque, mem, sync::Arc, time::Duration};

use kazasu_hal::{CardIdentity, Mono, Now, StationName};

pub use altered::Altered;
pub use asked::{Asked, Means, asked_at_registration, asked_at_sign_in};
pub use effect::{
    Account, Binding, CardToFind, Claim, CommitOutcome, Copied, DeviceSecret, Effect, Keep, LookUp,
    OwnChange, OwnOutcome, Provisional, ProvisionalOutcome, Verdict,
};
pub use input::{DeviceEvent, Input, PanelAction, Request, SignInAs, TypedRecord};
use new_cards::NewCards;
use state::{Shown, State};

use crate::{
    AuditEvent, AuditRecord, Claimed, ErrorCode, Notice, PasswordOwner, Problem, SessionView,
    Settings, Site,
};

/// How long a result stays on the page unless somebody touches it.
const NOTICE: Duration = Duration::from_secs(8);
/// How long the store may take to say whose a card is, or to make a provisional user.
const LOOK_UP: Duration = Duration::from_secs(10);
/// How long checking credentials may take, queueing included.
const VERIFY: Duration = Duration::from_secs(15);
/// After this long without a word from the store nobody knows what became of a change. The store
/// gives up long before, so that people are told what happened.
const COMMIT: Duration = Duration::from_secs(30);

/// How much of a typed user ID comes back on the page, in characters: more than any valid one.
const KEPT: usize = 64;

/// One station's sign-in and registration, from a tap to a bound card.
///
/// A value: inputs go in, effects come out, and what is asked for comes back as an input with the
/// request's number. Answers that are late, come twice or belong to something given up change
/// nothing.
#[doc = include_str!("../station_table.md")]
#[derive(Debug)]
pub struct Station {
    name: StationName,
    site: Arc<Site>,
    session: u64,
    requests: u64,
    reader_ready: bool,
    /// Whose job runs, if one does.
    job: Option<JobOwner>,
    /// The subtractive accessory has credit.
    paid: bool,
    /// What changed while an answer about somebody is on its way.
    altered: Vec<Altered>,
    new_cards: NewCards,
    state: State,
    effects: VecDeque<Effect>,
}

/// Whose job it is: of whoever is signed in when it starts.
#[derive(Debug)]
struct JobOwner {
    who: Claimed,
    /// A provisional user's: their ID is the card's number.
    card: Option<CardIdentity>,
}

impl Station {
    /// A station at which nobody is signed in, without a reader: as after power-on.
    #[must_use]
    pub fn new(name: StationName, site: Arc<Site>) -> Self {
        let mut station = Self {
            name,
            site,
            session: 0,
            requests: 0,
            reader_ready: false,
            job: None,
            paid: false,
            altered: Vec::new(),
            new_cards: NewCards::default(),
            state: State::Nobody,
            effects: VecDeque::new(),
        };
        station.state = station.home();
        station
    }

    /// Takes one input. Fetch the effects afterwards; one input makes three at most.
    pub fn handle(&mut self, now: Now, input: Input) {
        // A page that should have cleared is gone, even where its timer comes late.
        if self.state.deadline().is_some_and(|deadline| deadline <= now.mono) {
            let state = mem::replace(&mut self.state, State::Nobody);
            self.state = self.expire(now, state);
        }
        let stale = self.is_stale(&input);
        let state = mem::replace(&mut self.state, State::Nobody);
        self.state = match stale {
            true => self.notice(now, ErrorCode::RecordAltered),
            false => self.step(now, state, input),
        };
        if !self.state.awaits_account() {
            self.altered.clear();
        }
    }

    /// The next effect to perform.
    pub fn poll_output(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to come back with [`Input::Tick`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Mono> {
        self.state.deadline()
    }

    /// What a panel may show.
    #[must_use]
    pub fn view(&self) -> SessionView {
        SessionView {
            station: self.name.clone(),
            session: self.session,
            reader_ready: self.reader_ready,
            clears_at: self.state.clears_at(),
            page: self.page(),
        }
    }

    /// The cards of people who are here without being registered, and of whose job runs: their
    /// records are not to be deleted as leftovers.
    #[must_use]
    pub fn cards_in_use(&self) -> Vec<CardIdentity> {
        let tapped = self.state.registers().map(|card| card.identity.clone());
        let jobs = self.job.as_ref().and_then(|job| job.card.clone());
        tapped.into_iter().chain(jobs).collect()
    }

    fn step(&mut self, now: Now, mut state: State, input: Input) -> State {
        match input {
            Input::CardPresented(card) => self.presented(now, state, card),
            Input::CardConfirmed(card) => {
                state.confirm(&card);
                state
            }
            Input::CardRemoved(card) => self.removed(now, state, &card),
            Input::MultipleCards => match state {
                State::Nobody | State::SignInPage(_) => self.notice(now, ErrorCode::MultipleCards),
                other => other,
            },
            Input::ReaderReady(ready) => {
                self.reader_ready = ready;
                state
            }
            Input::Device(event) => self.device(now, state, event),
            Input::Altered(what) => self.altered(now, state, what),
            Input::Site(site) => self.governed_by(state, site),
            Input::Panel { session, action } if session == self.session => {
                self.acted(now, state, action)
            }
            Input::LookedUp(request, found) => match state {
                State::LookingUp(s) if s.request == request => self.looked_up(now, s, found),
                other => other,
            },
            Input::ProvisionalMade(request, made) => match state {
                State::MakingProvisional(s) if s.request == request => self.made(now, s, made),
                other => other,
            },
            Input::Verified(request, verdict) => match state {
                State::Verifying(s) if s.request == request => self.verified(now, s, verdict),
                State::SigningIn(s) if s.request == request => self.checked(now, s, verdict),
                other => other,
            },
            Input::Committed(request, outcome) => match state {
                State::Committing(s) if s.request == request => self.committed(now, s, outcome),
                other => other,
            },
            Input::OwnSaved(request, outcome) => match state {
                State::SavingOwn(s) if s.request == request => self.own_saved(now, s, outcome),
                other => other,
            },
            Input::Panel { .. } | Input::Tick => state,
        }
    }

    fn acted(&mut self, now: Now, state: State, action: PanelAction) -> State {
        match action {
            PanelAction::AuthenticationKey => self.authentication_key(now, state),
            PanelAction::SpecialKey => self.special_key(now, state),
            PanelAction::Cancel => self.cancelled(now, state),
            PanelAction::Touch => self.touched(now, state),
            PanelAction::OpenSignIn => self.open_sign_in(now, state),
            PanelAction::SignInAs(who) => self.sign_in_as(now, state, who),
            PanelAction::SignIn { user_id, password } => {
                self.sign_in(now, state, &user_id, password)
            }
            PanelAction::Password(password) => self.password(now, state, password),
            PanelAction::NewPassword { first, again } => {
                self.new_password(now, state, first, &again)
            }
            PanelAction::OpenRegistration => self.open_registration(now, state),
            PanelAction::Submit { source, user_id, password } => match state {
                State::Form(s) => self.submitted(now, s.card, source, &user_id, password),
                other => other,
            },
            PanelAction::Confirm(yes) => self.confirmed(now, state, yes),
            PanelAction::OpenOwnRecord => self.open_own(now, state),
            PanelAction::SaveOwn(typed) => self.save_own(now, state, typed),
            PanelAction::UnlinkCard => self.unlink_own(now, state),
        }
    }

    fn settings(&self) -> &Settings {
        &self.site.settings
    }

    fn notice(&self, now: Now, problem: impl Into<Problem>) -> State {
        self.show(now, Notice::Problem(problem.into()))
    }

    fn show(&self, now: Now, notice: Notice) -> State {
        State::Notice(Shown { notice, until: now.mono.after(NOTICE) })
    }

    fn refuse(&mut self, now: Now, code: ErrorCode, card: CardIdentity) -> State {
        self.audit(now, AuditEvent::Refused { code, card });
        self.notice(now, code)
    }

    fn audit(&mut self, now: Now, event: AuditEvent) {
        let station = Some(self.name.clone());
        self.effects.push_back(Effect::Audit(AuditRecord { at: now.wall, station, event }));
    }

    fn abandon(&mut self, state: &State) {
        self.effects.extend(state.pending().map(Effect::Abandon));
    }

    /// A request to put into an effect.
    fn next_request(&mut self) -> Request {
        self.requests = self.requests.wrapping_add(1);
        Request(self.requests)
    }

    /// Pages from here on are another person's: presses on older ones no longer count.
    fn next_session(&mut self) {
        self.session = self.session.wrapping_add(1);
    }

    fn clears_at(&self, now: Now) -> Mono {
        now.mono.after(self.settings().panel.auto_clear_s.duration())
    }
}

/// What comes back on the page of what was typed as a user ID.
fn kept(user_id: &str) -> String {
    user_id.chars().take(KEPT).collect()
}

/// Whose password it is to be.
fn owner(account: &Account) -> PasswordOwner<'_> {
    PasswordOwner { user_id: account.id.as_str(), name: account.name.as_str() }
}

fn problem(code: ErrorCode) -> Option<Problem> {
    Some(code.into())
}

#[cfg(test)]
mod directory_test;
#[cfg(test)]
mod job_test;
#[cfg(test)]
mod late_test;
#[cfg(test)]
mod rig_test;
#[cfg(test)]
mod samples_test;
#[cfg(test)]
mod sequence_test;
#[cfg(test)]
mod spec_test;
#[cfg(test)]
mod table_test;
#[cfg(test)]
mod walk_test;
#[cfg(test)]
mod who_test;
#[cfg(test)]
mod world_test;
