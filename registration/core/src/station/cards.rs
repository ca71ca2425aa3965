//! Taps: who is it, and what becomes of whoever was there before.

use kazasu_hal::{CardIdentity, Now, Stability};
use zeroize::Zeroizing;

use super::{
    Asked, CardToFind, Effect, LOOK_UP, LookUp, Means, Provisional, ProvisionalOutcome, SignInAs,
    Station, asked_at_sign_in, problem,
    state::{
        Asking, AwaitingPassword, EngineerPage, How, NewPassword, Person, SignedIn,
        SignedInProvisionally, SigningIn, State, Tapped, Via,
    },
};
use crate::{
    AuditEvent, AuthenticationMode, CardReader, Claimed, ErrorCode, Method, OtherCard, Password,
    PasswordOwner, Priority, Source,
};

/// Nobody knows yet whose the card will be.
const NOBODY: PasswordOwner<'static> = PasswordOwner { user_id: "", name: "" };

impl Station {
    pub(super) fn presented(&mut self, now: Now, mut state: State, card: CardIdentity) -> State {
        if !self.settings().card.enabled {
            return state;
        }
        if state.tapped().is_some_and(|tapped| tapped.identity == card) {
            // A tap again is a second read.
            state.confirm(&card);
            return state;
        }
        match state {
            State::Nobody | State::Notice(_) | State::SignInPage(_) => self.arrived(now, card),
            // Nobody was signed in yet: the newer card counts.
            State::LookingUp(_) | State::NewPassword(_) => {
                self.abandon(&state);
                self.arrived(now, card)
            }
            State::AwaitingPassword(ref s) if s.card.identity != card => self.arrived(now, card),
            State::SigningIn(SigningIn { how: How::Engineer(_), request, deadline }) => {
                State::SigningIn(SigningIn { how: How::Engineer(Some(card)), request, deadline })
            }
            State::SigningIn(ref s) => match &s.how {
                How::Card(tapped, _) if tapped.identity == card => state,
                How::Card(..) | How::User(_) => {
                    self.abandon(&state);
                    State::Nobody
                }
                _ => state,
            },
            State::SignedIn(ref s) if self.takes_over(&s.via, &card) => self.arrived(now, card),
            State::OwnPage(ref s) if self.takes_over(&s.via, &card) => self.arrived(now, card),
            State::Administrator(mut s) => {
                if self.settings().sign_in.mode != AuthenticationMode::Off {
                    s.jobs = Some(card);
                }
                State::Administrator(s)
            }
            State::EngineerPage(s) => State::EngineerPage(EngineerPage { card: Some(card), ..s }),
            State::MakingProvisional(_)
            | State::Verifying(_)
            | State::Provisional(_)
            | State::Form(_)
            | State::ConfirmingReplace(_) => {
                self.abandon(&state);
                self.refuse(now, ErrorCode::OtherCard, card)
            }
            State::AwaitingPassword(_)
            | State::SignedIn(_)
            | State::OwnPage(_)
            | State::SavingOwn(_)
            | State::Committing(_)
            | State::Guest(_)
            | State::Engineer => state,
        }
    }

    /// Whether this card ends the session of somebody who signed in this way.
    fn takes_over(&self, via: &Via, card: &CardIdentity) -> bool {
        match via {
            Via::Panel => true,
            Via::Contactless(own) => {
                own != card && self.settings().sign_in.other_card == OtherCard::SwitchesUser
            }
            Via::Contact(_) => false,
        }
    }

    /// A card is presented where nobody is.
    pub(super) fn arrived(&mut self, now: Now, card: CardIdentity) -> State {
        self.next_session();
        match card.stability() {
            Stability::Random => return self.refuse(now, ErrorCode::RandomCard, card),
            Stability::Unknown => return self.refuse(now, ErrorCode::UntrustedCard, card),
            Stability::Stable => {}
        }
        if self.paid && self.settings().accessories.priority == Priority::Payment {
            return self.notice(now, ErrorCode::PaymentFirst);
        }
        let number = match self.site.number(&card) {
            Ok(number) => number,
            // Administrators are to hear of cards that their rule forgot.
            Err(code @ ErrorCode::CardWithoutNumber) => return self.refuse(now, code, card),
            Err(code) => return self.notice(now, code),
        };
        let source = match self.settings().sign_in.mode {
            AuthenticationMode::Off | AuthenticationMode::AccountingUnverified => {
                if self.settings().sign_in.mode != AuthenticationMode::Off {
                    self.audit_sign_in(now, Claimed::Unknown, Some(card.clone()));
                }
                return self.signed_in(now, Person::Holder, self.via(card), false);
            }
            AuthenticationMode::Local | AuthenticationMode::AccountingVerified => Source::Device,
            AuthenticationMode::Remote => Source::Directory,
        };
        let request = self.next_request();
        let wanted = CardToFind { card: card.clone(), number: number.clone(), source };
        self.effects.push_back(Effect::LookUp(request, wanted));
        State::LookingUp(Asking {
            card: Tapped { identity: card, number, confirmed: false },
            request,
            deadline: now.mono.after(LOOK_UP),
        })
    }

    pub(super) fn via(&self, card: CardIdentity) -> Via {
        match self.settings().card.reader {
            CardReader::Contactless => Via::Contactless(card),
            CardReader::Contact => Via::Contact(card),
        }
    }

    /// Says that somebody signed in, where that is to be recorded.
    pub(super) fn audit_sign_in(&mut self, now: Now, who: Claimed, card: Option<CardIdentity>) {
        if self.settings().audit.sign_ins {
            self.audit(now, AuditEvent::SignedIn { who, card, from: None });
        }
    }

    pub(super) fn signed_in(&self, now: Now, person: Person, via: Via, proved: bool) -> State {
        let clears_at = self.clears_at(now);
        State::SignedIn(SignedIn { person, via, proved, saved: false, problem: None, clears_at })
    }

    pub(super) fn looked_up(
        &mut self,
        now: Now,
        s: Asking,
        found: Result<LookUp, ErrorCode>,
    ) -> State {
        let asks = asked_at_sign_in(self.settings(), Means::Card, SignInAs::User) == Asked::Yes;
        match found {
            Ok(LookUp::Registered(account)) if asks && account.has_password => {
                let clears_at = self.clears_at(now);
                State::AwaitingPassword(AwaitingPassword {
                    card: s.card,
                    account,
                    problem: None,
                    clears_at,
                })
            }
            Ok(LookUp::Registered(account)) => {
                let card = s.card.identity.clone();
                self.audit_sign_in(now, Claimed::User(account.id.clone()), Some(card));
                let via = self.via(s.card.identity);
                self.signed_in(now, Person::Known(account), via, false)
            }
            Ok(LookUp::Unknown | LookUp::Provisional) => self.unknown(now, s.card, asks, found),
            Err(code) => self.notice(now, code),
        }
    }

    /// The card is no registered user's.
    fn unknown(
        &mut self,
        now: Now,
        card: Tapped,
        asks: bool,
        found: Result<LookUp, ErrorCode>,
    ) -> State {
        let registration = &self.settings().registration;
        match self.settings().method() {
            Method::External if registration.at_external_sign_in && self.can_register() => {
                self.form(now, card, Source::Directory, String::new(), None)
            }
            // A password of a provisional user was chosen for that session: it is chosen anew.
            Method::Local if registration.by_card && asks => {
                let clears_at = self.clears_at(now);
                State::NewPassword(NewPassword { card, problem: None, clears_at })
            }
            Method::Local if registration.by_card => match found {
                Ok(LookUp::Provisional) => self.sign_in_provisionally(now, card),
                _ => self.make_provisional(now, card, None),
            },
            Method::Local | Method::External | Method::None => {
                self.refuse(now, ErrorCode::CardRefused, card.identity)
            }
        }
    }

    pub(super) fn new_password(
        &mut self,
        now: Now,
        state: State,
        first: Zeroizing<String>,
        again: &str,
    ) -> State {
        let State::NewPassword(s) = state else { return state };
        let broken = if first.as_str() != again {
            problem(ErrorCode::PasswordsDiffer)
        } else if first.chars().count() < usize::from(self.site.password.min()) {
            problem(ErrorCode::PasswordTooShort)
        } else {
            match Password::new(first, self.site.password, NOBODY) {
                Ok(password) => return self.make_provisional(now, s.card, Some(password)),
                Err(error) => Some(error.into()),
            }
        };
        State::NewPassword(NewPassword { problem: broken, clears_at: self.clears_at(now), ..s })
    }

    fn make_provisional(&mut self, now: Now, card: Tapped, password: Option<Password>) -> State {
        if !self.new_cards.take(now.mono, self.settings().provisional.new_per_minute) {
            return match self.new_cards.log(now.mono) {
                true => self.refuse(now, ErrorCode::TooManyNewCards, card.identity),
                false => self.notice(now, ErrorCode::TooManyNewCards),
            };
        }
        let request = self.next_request();
        let provisional = Provisional {
            card: card.identity.clone(),
            number: card.number.clone(),
            name: self.settings().provisional.name.clone(),
            limits: self.settings().provisional.limits,
            password,
            station: self.name.clone(),
            at: now.wall,
        };
        let capacity = self.settings().capacity;
        self.effects.push_back(Effect::MakeProvisional(request, provisional, capacity));
        State::MakingProvisional(Asking { card, request, deadline: now.mono.after(LOOK_UP) })
    }

    pub(super) fn made(
        &mut self,
        now: Now,
        s: Asking,
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
        self.audit_sign_in(now, Claimed::Unknown, Some(card.identity.clone()));
        if self.settings().registration.opens_by_itself && self.can_register() {
            let source = self.first_source();
            return self.form(now, card, source, String::new(), None);
        }
        State::Provisional(SignedInProvisionally { card, clears_at: self.clears_at(now) })
    }

    pub(super) fn removed(&mut self, now: Now, mut state: State, card: &CardIdentity) -> State {
        if self.settings().card.reader == CardReader::Contactless {
            return state;
        }
        if let State::Administrator(s) = &mut state {
            s.jobs.take_if(|inserted| inserted == card);
            return state;
        }
        if state.inserted() != Some(card) {
            return state;
        }
        self.abandon(&state);
        match state {
            State::Form(_) | State::Verifying(_) | State::ConfirmingReplace(_) => {
                self.refuse(now, ErrorCode::OtherCard, card.clone())
            }
            _ => self.home(),
        }
    }
}
