use kazasu_hal::{CardIdentity, Mono, Now, Stability};
use zeroize::Zeroizing;

use super::{
    Account, Binding, COMMIT, CommitOutcome, Effect, Input, LOOK_UP, LookUp, NOTICE, PanelAction,
    Provisional, ProvisionalOutcome, Request, Station, VERIFY, Verdict,
    state::{
        Committing, ConfirmingReplace, Form, LookingUp, MakingProvisional, Shown, SignedIn,
        SignedInProvisionally, State, Tapped, Verifying,
    },
};
use crate::{
    AuditEvent, AuditRecord, ErrorCode, FieldError, Notice, Problem, TypedPassword, UserId,
};

/// How much of a typed user ID comes back on the page, in characters: more than any valid one.
const KEPT: usize = 64;

impl Station {
    pub(super) fn step(&mut self, now: Now, mut state: State, input: Input) -> State {
        match input {
            Input::CardPresented(card) => self.presented(now, state, card),
            Input::CardConfirmed(card) => {
                state.confirm(&card);
                state
            }
            Input::MultipleCards => match state {
                State::Nobody => self.notice(now, ErrorCode::MultipleCards),
                other => other,
            },
            Input::ReaderReady(ready) => {
                self.reader_ready = ready;
                state
            }
            Input::JobStarted | Input::JobEnded => {
                self.job_running = matches!(input, Input::JobStarted);
                state
            }
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
                other => other,
            },
            Input::Committed(request, outcome) => match state {
                State::Committing(s) if s.request == request => self.committed(now, s, outcome),
                other => other,
            },
            Input::Panel { .. } | Input::CardRemoved | Input::Tick => state,
        }
    }

    /// The state's deadline has passed.
    pub(super) fn expire(&mut self, now: Now, state: State) -> State {
        self.abandon(&state);
        match state {
            State::Nobody | State::Notice(_) | State::Provisional(_) | State::SignedIn(_) => {
                State::Nobody
            }
            State::LookingUp(_) | State::MakingProvisional(_) => {
                self.notice(now, ErrorCode::TryLater)
            }
            State::Verifying(s) => self.back_to_form(now, s.card, s.user, ErrorCode::TryLater),
            State::Form(_) | State::ConfirmingReplace(_) => {
                self.notice(now, ErrorCode::SessionEnded)
            }
            State::Committing(_) => self.notice(now, ErrorCode::Internal),
        }
    }

    fn presented(&mut self, now: Now, mut state: State, card: CardIdentity) -> State {
        match &mut state {
            State::Nobody | State::Notice(_) => return self.first_tap(now, card),
            State::Committing(_) | State::SignedIn(_) => return state,
            _ => {}
        }
        if state.tapped().is_some_and(|tapped| tapped.identity == card) {
            // A tap again is a second read.
            state.confirm(&card);
            return state;
        }
        self.abandon(&state);
        match state {
            // Nobody was signed in yet: the newer card counts.
            State::LookingUp(_) => self.first_tap(now, card),
            _ => self.refuse(now, ErrorCode::OtherCard, card),
        }
    }

    fn first_tap(&mut self, now: Now, card: CardIdentity) -> State {
        self.session = self.session.wrapping_add(1);
        match card.stability() {
            Stability::Random => self.refuse(now, ErrorCode::RandomCard, card),
            Stability::Unknown => self.refuse(now, ErrorCode::UntrustedCard, card),
            Stability::Stable => {
                let request = self.next_request();
                self.effects.push_back(Effect::LookUp(request, card.clone()));
                State::LookingUp(LookingUp {
                    card: Tapped { identity: card, confirmed: false },
                    request,
                    deadline: now.mono.after(LOOK_UP),
                })
            }
        }
    }

    fn looked_up(&mut self, now: Now, s: LookingUp, found: Result<LookUp, ErrorCode>) -> State {
        match found {
            Ok(LookUp::Unknown) => {
                let request = self.next_request();
                self.effects.push_back(Effect::MakeProvisional(
                    request,
                    Provisional {
                        card: s.card.identity.clone(),
                        name: self.settings.provisional_name.clone(),
                        limits: self.settings.provisional_limits,
                        station: self.name.clone(),
                        at: now.wall,
                    },
                    self.settings.capacity,
                ));
                let deadline = now.mono.after(LOOK_UP);
                State::MakingProvisional(MakingProvisional { card: s.card, request, deadline })
            }
            Ok(LookUp::Provisional) => self.sign_in_provisionally(now, s.card),
            Ok(LookUp::Registered(account)) => {
                let clears_at = self.clears_at(now);
                State::SignedIn(SignedIn { account, problem: None, clears_at })
            }
            Err(code) => self.notice(now, code),
        }
    }

    fn made(
        &mut self,
        now: Now,
        s: MakingProvisional,
        made: Result<ProvisionalOutcome, ErrorCode>,
    ) -> State {
        match made {
            Ok(ProvisionalOutcome::Made) => self.sign_in_provisionally(now, s.card),
            Ok(ProvisionalOutcome::Full) => self.refuse(now, ErrorCode::Full, s.card.identity),
            Ok(ProvisionalOutcome::CardTaken) => {
                self.refuse(now, ErrorCode::CardTaken, s.card.identity)
            }
            Err(code) => self.notice(now, code),
        }
    }

    fn sign_in_provisionally(&mut self, now: Now, card: Tapped) -> State {
        if self.settings.open_registration {
            return self.form(now, card, String::new(), None);
        }
        State::Provisional(SignedInProvisionally { card, clears_at: self.clears_at(now) })
    }

    fn acted(&mut self, now: Now, mut state: State, action: PanelAction) -> State {
        match action {
            PanelAction::OpenRegistration => match state {
                State::Nobody => self.notice(now, ErrorCode::NoCard),
                State::Provisional(s) => self.form(now, s.card, String::new(), None),
                State::SignedIn(s) => State::SignedIn(SignedIn {
                    problem: Some(ErrorCode::AlreadySignedIn.into()),
                    clears_at: self.clears_at(now),
                    ..s
                }),
                other => other,
            },
            PanelAction::Submit { user_id, password } => match state {
                State::Form(s) => self.submitted(now, s.card, user_id, password),
                other => other,
            },
            PanelAction::Confirm(yes) => match state {
                State::ConfirmingReplace(s) if yes => self.commit(now, s.card, s.account),
                State::ConfirmingReplace(s) => {
                    self.form(now, s.card, s.account.id.as_str().to_owned(), None)
                }
                other => other,
            },
            PanelAction::Cancel => {
                self.abandon_verifying(&state);
                match state {
                    State::Notice(_) | State::Provisional(_) | State::Form(_) => State::Nobody,
                    State::Verifying(s) => self.form(now, s.card, s.user.as_str().to_owned(), None),
                    State::ConfirmingReplace(s) => {
                        self.form(now, s.card, s.account.id.as_str().to_owned(), None)
                    }
                    other => other,
                }
            }
            PanelAction::SignOut => match state {
                State::Committing(_) => state,
                _ => {
                    self.abandon(&state);
                    State::Nobody
                }
            },
            PanelAction::Touch => {
                let renewed = self.clears_at(now);
                match &mut state {
                    State::Provisional(s) => s.clears_at = renewed,
                    State::Form(s) => s.clears_at = renewed,
                    State::ConfirmingReplace(s) => s.clears_at = renewed,
                    State::SignedIn(s) => s.clears_at = renewed,
                    _ => {}
                }
                state
            }
        }
    }

    fn submitted(
        &mut self,
        now: Now,
        card: Tapped,
        user_id: String,
        password: Zeroizing<String>,
    ) -> State {
        let (user, password) = match self.check_typed(&user_id, password) {
            Ok(checked) => checked,
            Err(error) => {
                let kept = user_id.chars().take(KEPT).collect();
                return self.form(now, card, kept, Some(error.into()));
            }
        };
        if self.job_running {
            return self.back_to_form(now, card, user, ErrorCode::JobRunning);
        }
        if !card.confirmed {
            return self.back_to_form(now, card, user, ErrorCode::Unconfirmed);
        }
        let request = self.next_request();
        self.effects.push_back(Effect::Verify(request, user.clone(), password));
        State::Verifying(Verifying { card, user, request, deadline: now.mono.after(VERIFY) })
    }

    fn check_typed(
        &self,
        user_id: &str,
        password: Zeroizing<String>,
    ) -> Result<(UserId, TypedPassword), FieldError> {
        let user = UserId::new(user_id)?;
        self.settings.reserved.check(&user)?;
        Ok((user, TypedPassword::new(password)?))
    }

    fn verified(&mut self, now: Now, s: Verifying, verdict: Result<Verdict, ErrorCode>) -> State {
        let failed = match verdict {
            Ok(Verdict::Right(account)) if account.card.is_some() => {
                let clears_at = self.clears_at(now);
                return State::ConfirmingReplace(ConfirmingReplace {
                    card: s.card,
                    account,
                    clears_at,
                });
            }
            Ok(Verdict::Right(account)) => return self.commit(now, s.card, account),
            Ok(Verdict::WrongPassword) => Some(s.user.clone()),
            Ok(Verdict::UnknownUser) => None,
            Err(code) => return self.back_to_form(now, s.card, s.user, code),
        };
        let card = s.card.identity.clone();
        self.audit(now, AuditEvent::SignInFailed { user: failed, card });
        self.back_to_form(now, s.card, s.user, ErrorCode::WrongCredentials)
    }

    /// The credentials were right, and the person agreed to replace the account's card if any.
    fn commit(&mut self, now: Now, card: Tapped, account: Account) -> State {
        if self.job_running {
            return self.back_to_form(now, card, account.id, ErrorCode::JobRunning);
        }
        let request = self.next_request();
        self.effects.push_back(Effect::Commit(
            request,
            Binding {
                card: card.identity.clone(),
                user: account.id.clone(),
                replaces: account.card.clone(),
                station: self.name.clone(),
                at: now.wall,
            },
        ));
        State::Committing(Committing { card, account, request, deadline: now.mono.after(COMMIT) })
    }

    fn committed(
        &mut self,
        now: Now,
        s: Committing,
        outcome: Result<CommitOutcome, ErrorCode>,
    ) -> State {
        match outcome {
            Ok(CommitOutcome::Done) => {
                let name = s.account.name.as_str().to_owned();
                self.show(now, Notice::Registered { name })
            }
            Ok(CommitOutcome::Conflict(other)) => State::ConfirmingReplace(ConfirmingReplace {
                card: s.card,
                account: Account { card: Some(other), ..s.account },
                clears_at: self.clears_at(now),
            }),
            Ok(CommitOutcome::CardTaken) => self.refuse(now, ErrorCode::CardTaken, s.card.identity),
            Ok(CommitOutcome::UserGone) => {
                self.back_to_form(now, s.card, s.account.id, ErrorCode::WrongCredentials)
            }
            Err(code) => self.notice(now, code),
        }
    }

    fn form(&self, now: Now, card: Tapped, user_id: String, problem: Option<Problem>) -> State {
        State::Form(Form { card, user_id, problem, clears_at: self.clears_at(now) })
    }

    fn back_to_form(&self, now: Now, card: Tapped, user: UserId, code: ErrorCode) -> State {
        self.form(now, card, user.as_str().to_owned(), Some(code.into()))
    }

    fn notice(&self, now: Now, code: ErrorCode) -> State {
        self.show(now, Notice::Problem(code.into()))
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

    fn abandon_verifying(&mut self, state: &State) {
        if matches!(state, State::Verifying(_)) {
            self.abandon(state);
        }
    }

    fn next_request(&mut self) -> Request {
        self.requests = self.requests.wrapping_add(1);
        Request(self.requests)
    }

    fn clears_at(&self, now: Now) -> Mono {
        now.mono.after(self.settings.auto_clear.duration())
    }
}
