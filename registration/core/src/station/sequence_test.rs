//! Random sequences of events: what must hold whatever happens.

use std::time::Duration;

use kazasu_hal::CardIdentity;
use proptest::{prelude::*, test_runner::TestRunner};

use super::{rig_test::*, *};
use crate::{ErrorCode, Notice, Page, UserId};

#[derive(Clone, Copy, Debug)]
enum Step {
    Present(u8),
    Confirm(u8),
    Remove,
    Multiple,
    Job(bool),
    Open,
    Submit(u8, bool),
    Agree(bool),
    Cancel,
    SignOut,
    Touch,
    /// Answers a request as the world pleases: how far back, and which answer.
    Answer(u8, u8),
    Wait(u16),
    StalePress,
    /// What leads on to a registration, so that sequences get far.
    Onward,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..12_u8).prop_map(Step::Present),
        3 => (0..6_u8).prop_map(Step::Confirm),
        1 => Just(Step::Remove),
        1 => Just(Step::Multiple),
        1 => any::<bool>().prop_map(Step::Job),
        2 => Just(Step::Open),
        5 => (0..2_u8, any::<bool>()).prop_map(|(user, fine)| Step::Submit(user, fine)),
        3 => any::<bool>().prop_map(Step::Agree),
        1 => Just(Step::Cancel),
        1 => Just(Step::SignOut),
        1 => Just(Step::Touch),
        12 => (0..6_u8, 0..7_u8).prop_map(|(back, which)| Step::Answer(back, which)),
        1 => (0..40_u16).prop_map(Step::Wait),
        1 => Just(Step::StalePress),
        20 => Just(Step::Onward),
    ]
}

fn nth_card(n: u8) -> CardIdentity {
    match n {
        1 => card_b(),
        2 => random_card(),
        3 => untrusted_card(),
        _ => card_a(),
    }
}

/// What the outside knows of the session that is on.
#[derive(Default)]
struct Session {
    number: u64,
    card: Option<CardIdentity>,
    reads: u8,
    /// The verification that is waited for: an answer to an older one says nothing any more.
    verifying: Option<Request>,
    verified: Option<UserId>,
}

struct Run {
    rig: Rig,
    session: Session,
    asked: Vec<Effect>,
    commits: u32,
    registered: u32,
}

impl Run {
    fn note(&mut self, effects: Vec<Effect>) {
        assert!(effects.len() <= 3, "{effects:?}");
        if self.rig.station.session != self.session.number {
            self.session = Session { number: self.rig.station.session, ..Session::default() };
        }
        for effect in effects {
            match &effect {
                Effect::LookUp(_, card) => {
                    self.session.card = Some(card.clone());
                    self.session.reads = 1;
                }
                Effect::Verify(request, ..) => {
                    self.session.verifying = Some(*request);
                    self.session.verified = None;
                }
                Effect::Abandon(request) => {
                    self.session.verifying.take_if(|verifying| verifying == request);
                }
                Effect::Commit(_, binding) => {
                    assert_eq!(Some(&binding.card), self.session.card.as_ref());
                    assert!(self.session.reads >= 2, "the card was read once only");
                    assert_eq!(Some(&binding.user), self.session.verified.as_ref());
                    self.commits += 1;
                }
                _ => {}
            }
            if !matches!(effect, Effect::Abandon(_) | Effect::Audit(_)) {
                self.asked.push(effect);
            }
        }
    }

    fn read(&mut self, card: &CardIdentity) {
        if self.session.card.as_ref() == Some(card) {
            self.session.reads = self.session.reads.saturating_add(1);
        }
    }

    fn answer(&mut self, back: u8, which: u8) {
        // Mostly the newest request, sometimes one that is long over.
        let back = usize::from(back.saturating_sub(4));
        let Some(at) = self.asked.len().checked_sub(1 + back) else { return };
        let old = Some(card_old());
        let (input, request, right) = match &self.asked[at] {
            Effect::LookUp(n, _) => {
                let found = match which {
                    0 => Err(ErrorCode::TryLater),
                    1 => Ok(LookUp::Registered(account("tanaka", old))),
                    2..=4 => Ok(LookUp::Unknown),
                    _ => Ok(LookUp::Provisional),
                };
                (Input::LookedUp(*n, found), *n, None)
            }
            Effect::MakeProvisional(n, ..) => {
                let made = match which {
                    0 => Err(ErrorCode::StoreFull),
                    1 => Ok(ProvisionalOutcome::Full),
                    2 => Ok(ProvisionalOutcome::CardTaken),
                    _ => Ok(ProvisionalOutcome::Made),
                };
                (Input::ProvisionalMade(*n, made), *n, None)
            }
            Effect::Verify(n, user, _) => {
                let verdict = match which {
                    0 => Err(ErrorCode::TryLater),
                    1 => Ok(Verdict::WrongPassword),
                    2 => Ok(Verdict::UnknownUser),
                    3 => Ok(Verdict::Right(account(user.as_str(), old))),
                    _ => Ok(Verdict::Right(account(user.as_str(), None))),
                };
                let right = matches!(verdict, Ok(Verdict::Right(_))).then(|| user.clone());
                (Input::Verified(*n, verdict), *n, right)
            }
            Effect::Commit(n, _) => {
                let outcome = match which {
                    0 => Err(ErrorCode::NotCommitted),
                    1 => Ok(CommitOutcome::CardTaken),
                    2 => Ok(CommitOutcome::UserGone),
                    3 => Ok(CommitOutcome::Conflict(card_b())),
                    _ => Ok(CommitOutcome::Done),
                };
                let done = outcome == Ok(CommitOutcome::Done);
                let was_registered = registered(&self.rig.page());
                let effects = self.rig.input(Input::Committed(*n, outcome));
                if !was_registered && registered(&self.rig.page()) {
                    assert!(done, "shown as registered without being stored");
                    self.registered += 1;
                }
                return self.note(effects);
            }
            Effect::Abandon(_) | Effect::Audit(_) => return,
        };
        if self.session.verifying == Some(request) {
            self.session.verifying = None;
            self.session.verified = right;
        }
        let effects = self.rig.input(input);
        self.note(effects);
    }

    fn onward(&self) -> Step {
        match self.rig.state() {
            "Nobody" | "Notice" | "SignedIn" => Step::Present(0),
            "Provisional" => Step::Open,
            "Form" if self.session.reads < 2 => Step::Confirm(0),
            "Form" => Step::Submit(0, true),
            "ConfirmingReplace" => Step::Agree(true),
            "LookingUp" => Step::Answer(0, 2),
            _ => Step::Answer(0, 4),
        }
    }

    fn step(&mut self, step: Step) {
        let step = if matches!(step, Step::Onward) { self.onward() } else { step };
        let was_registered = registered(&self.rig.page());
        let effects = match step {
            Step::Answer(back, which) => return self.answer(back, which),
            Step::Onward => return,
            Step::Present(n) => {
                self.read(&nth_card(n));
                self.rig.input(Input::CardPresented(nth_card(n)))
            }
            Step::Confirm(n) => {
                self.read(&nth_card(n));
                self.rig.input(Input::CardConfirmed(nth_card(n)))
            }
            Step::Remove => self.rig.input(Input::CardRemoved),
            Step::Multiple => self.rig.input(Input::MultipleCards),
            Step::Job(runs) => {
                self.rig.input(if runs { Input::JobStarted } else { Input::JobEnded })
            }
            Step::Open => self.rig.panel(PanelAction::OpenRegistration),
            Step::Submit(user, fine) => {
                let user = if user == 0 { "tanaka" } else { "suzuki" };
                self.rig.panel(submit(user, if fine { "sesame" } else { "\u{7f}" }))
            }
            Step::Agree(yes) => self.rig.panel(PanelAction::Confirm(yes)),
            Step::Cancel => self.rig.panel(PanelAction::Cancel),
            Step::SignOut => self.rig.panel(PanelAction::SignOut),
            Step::Touch => self.rig.panel(PanelAction::Touch),
            Step::Wait(seconds) => {
                self.rig.time += Duration::from_secs(seconds.into());
                self.rig.input(Input::Tick)
            }
            Step::StalePress => {
                let session = self.rig.station.session.wrapping_sub(1);
                self.rig.input(Input::Panel { session, action: PanelAction::Confirm(true) })
            }
        };
        assert!(was_registered || !registered(&self.rig.page()));
        self.note(effects);
    }

    /// Nobody acts any more: the station is free again, by its own timers alone.
    fn comes_back(&mut self) {
        for _ in 0..4 {
            if self.rig.state() == "Nobody" {
                break;
            }
            assert!(self.rig.station.poll_timeout().is_some(), "stuck in {}", self.rig.state());
            self.rig.expire();
        }
        assert_eq!(self.rig.state(), "Nobody");
        assert_eq!(self.rig.station.poll_timeout(), None);
    }
}

fn registered(page: &Page) -> bool {
    matches!(page, Page::Notice(Notice::Registered { .. }))
}

#[test]
fn nothing_is_bound_but_a_confirmed_card_to_a_verified_user() {
    let config = ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() };
    let mut runner = TestRunner::new(config);
    let totals = std::cell::Cell::new((0, 0));
    let sequences = (any::<bool>(), prop::collection::vec(step(), 1..120));
    let result = runner.run(&sequences, |(opens, steps)| {
        let mut run = Run {
            rig: Rig::new(opens),
            session: Session::default(),
            asked: Vec::new(),
            commits: 0,
            registered: 0,
        };
        for step in steps {
            run.step(step);
        }
        run.comes_back();
        let (commits, registered) = totals.get();
        totals.set((commits + run.commits, registered + run.registered));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let (commits, registered) = totals.get();
    assert!(
        commits > 1000 && registered > 500,
        "too shallow: {commits} commits, {registered} done"
    );
}
