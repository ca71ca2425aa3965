//! Signing in by typing: users, guests, administrators, the engineer, and a card's password.

use kazasu_hal::{CardIdentity, Mono, Now};
use zeroize::Zeroizing;

use super::{
    Asked, Claim, DeviceSecret, Effect, Means, SignInAs, Station, VERIFY, Verdict,
    asked_at_sign_in, kept, problem,
    state::{
        Administering, AwaitingPassword, EngineerPage, How, Person, SignInPage, SigningIn, State,
        Via,
    },
};
use crate::{
    AuditEvent, AuthenticationMode, Claimed, ErrorCode, Field, PanelSignIn, Payment, Problem,
    Refused, Role, Rule, TypedPassword, Unit, UserId,
};

impl Station {
    /// Where a station is when nobody is there: the sign-in page shows by itself if so set, never
    /// when everything is open anyway or a payment accessory is fitted (S30-4-06).
    pub(super) fn home(&self) -> State {
        let settings = self.settings();
        let shows = settings.sign_in.page_by_itself
            && settings.sign_in.mode != AuthenticationMode::Off
            && settings.accessories.payment == Payment::None;
        if shows { self.sign_in_page(None) } else { State::Nobody }
    }

    fn sign_in_page(&self, clears_at: Option<Mono>) -> State {
        State::SignInPage(SignInPage {
            signs_in: (!self.asks_who()).then(|| self.first_who()),
            user_id: String::new(),
            problem: None,
            clears_at,
        })
    }

    /// Remote mode asks first whether a user, a guest or an administrator signs in.
    fn asks_who(&self) -> bool {
        self.settings().sign_in.mode == AuthenticationMode::Remote && self.why_no_user().is_none()
    }

    fn first_who(&self) -> SignInAs {
        if self.why_no_user().is_none() { SignInAs::User } else { SignInAs::Administrator }
    }

    /// Why users cannot sign in at the panel now.
    pub(super) fn why_no_user(&self) -> Option<ErrorCode> {
        let sign_in = &self.settings().sign_in;
        if self.paid {
            Some(ErrorCode::PaymentFirst)
        } else if sign_in.mode == AuthenticationMode::Off {
            Some(ErrorCode::NotOffered)
        } else if sign_in.mode != AuthenticationMode::Remote
            && sign_in.panel == PanelSignIn::CardOnly
        {
            Some(ErrorCode::CardOnly)
        } else {
            None
        }
    }

    /// Whether there is anybody who could sign in at the panel.
    fn has_sign_in(&self) -> bool {
        self.settings().administrator.id.is_some() || self.why_no_user().is_none()
    }

    /// The authentication key where nobody is signed in.
    pub(super) fn open_page(&mut self, now: Now) -> State {
        if !self.has_sign_in() {
            return State::Nobody;
        }
        self.next_session();
        self.sign_in_page(Some(self.clears_at(now)))
    }

    /// "Sign in as somebody else": a card's session gives way (S30-4-12).
    pub(super) fn open_sign_in(&mut self, now: Now, state: State) -> State {
        match &state {
            State::Nobody | State::Notice(_) => self.open_page(now),
            State::SignedIn(s) => match s.via {
                Via::Contactless(_) => self.open_page(now),
                // The card is in the slot: its owner stays unless an administrator comes.
                Via::Contact(_) => {
                    self.next_session();
                    State::SignInPage(SignInPage {
                        signs_in: Some(SignInAs::Administrator),
                        user_id: String::new(),
                        problem: None,
                        clears_at: Some(self.clears_at(now)),
                    })
                }
                Via::Panel => state,
            },
            _ => state,
        }
    }

    pub(super) fn sign_in_as(&mut self, now: Now, state: State, who: SignInAs) -> State {
        let State::SignInPage(page) = state else { return state };
        let refused = match who {
            SignInAs::Guest if !self.settings().sign_in.guests => Some(ErrorCode::GuestsNotAllowed),
            SignInAs::Guest | SignInAs::User => self.why_no_user(),
            SignInAs::Administrator => None,
        };
        let clears_at = page.clears_at.map(|_| self.clears_at(now));
        State::SignInPage(match refused {
            Some(code) => SignInPage { problem: problem(code), clears_at, ..page },
            None => SignInPage { signs_in: Some(who), problem: None, clears_at, ..page },
        })
    }

    pub(super) fn sign_in(
        &mut self,
        now: Now,
        state: State,
        user_id: &str,
        password: Zeroizing<String>,
    ) -> State {
        let State::SignInPage(page) = state else { return state };
        let Some(who) = page.signs_in else { return State::SignInPage(page) };
        let claimed = match who {
            SignInAs::Guest => self.claim_guest(password),
            SignInAs::User | SignInAs::Administrator => self.claim(who, user_id, password),
        };
        match claimed {
            Ok(Claimant::Asked(claim, how)) => {
                self.next_session();
                self.verify_sign_in(now, claim, how)
            }
            Ok(Claimant::Unchecked(id)) => {
                self.next_session();
                self.audit(now, AuditEvent::SignedInUnchecked { user: id.clone() });
                self.signed_in(now, Person::Typed(id), Via::Panel, false)
            }
            Err(wrong) => State::SignInPage(SignInPage {
                user_id: kept(user_id),
                problem: Some(wrong),
                clears_at: page.clears_at.map(|_| self.clears_at(now)),
                ..page
            }),
        }
    }

    /// Whether an ID is the key operator's, however it is spelled.
    fn is_operator(&self, id: &UserId) -> bool {
        self.settings().administrator.id.as_ref().is_some_and(|own| own.key() == id.key())
    }

    fn claim_guest(&self, password: Zeroizing<String>) -> Result<Claimant, Problem> {
        let password = TypedPassword::new(password)?;
        Ok(Claimant::Asked(Claim::Device(DeviceSecret::Guest, Some(password)), How::Guest))
    }

    fn claim(
        &self,
        who: SignInAs,
        user_id: &str,
        password: Zeroizing<String>,
    ) -> Result<Claimant, Problem> {
        let id = match self.settings().sign_in.mode {
            AuthenticationMode::Remote => UserId::typed_at_directory(user_id)?,
            _ => UserId::typed(user_id)?,
        };
        let asked = |who| asked_at_sign_in(self.settings(), Means::Panel, who) == Asked::Yes;
        if self.is_operator(&id) {
            let password =
                asked(SignInAs::Administrator).then(|| TypedPassword::new(password)).transpose()?;
            let claim = Claim::Device(DeviceSecret::KeyOperator, password);
            return Ok(Claimant::Asked(claim, How::Administrator(id)));
        }
        let how = match who {
            SignInAs::Administrator => How::Administrator(id.clone()),
            SignInAs::User | SignInAs::Guest => match self.why_no_user() {
                Some(code) => return Err(code.into()),
                None => How::User(id.clone()),
            },
        };
        match (self.settings().sign_in.mode, &how) {
            (AuthenticationMode::AccountingUnverified, How::User(_)) => Ok(Claimant::Unchecked(id)),
            (AuthenticationMode::Remote, How::User(_)) => {
                Ok(Claimant::Asked(Claim::Directory(id, for_directory(password)?), how))
            }
            (mode, _) => {
                let password = asked(who).then(|| TypedPassword::new(password)).transpose()?;
                let claim = match password {
                    // Without one nobody is known to a directory.
                    Some(password) if mode == AuthenticationMode::Remote => {
                        Claim::Administrator(id, password)
                    }
                    password => Claim::User(id, password),
                };
                Ok(Claimant::Asked(claim, how))
            }
        }
    }

    /// The password that a known card needs, or the engineer's.
    pub(super) fn password(
        &mut self,
        now: Now,
        state: State,
        password: Zeroizing<String>,
    ) -> State {
        let clears_at = self.clears_at(now);
        let typed = TypedPassword::new(password).map_err(Problem::from);
        match (state, typed) {
            (State::AwaitingPassword(s), Ok(typed)) => {
                let id = s.account.id.clone();
                let claim = match self.settings().sign_in.mode {
                    AuthenticationMode::Remote => Claim::Directory(id, typed),
                    _ => Claim::User(id, Some(typed)),
                };
                self.verify_sign_in(now, claim, How::Card(s.card, s.account))
            }
            (State::AwaitingPassword(s), Err(wrong)) => {
                State::AwaitingPassword(AwaitingPassword { problem: Some(wrong), clears_at, ..s })
            }
            (State::EngineerPage(s), Ok(typed)) => {
                let claim = Claim::Device(DeviceSecret::Engineer, Some(typed));
                self.verify_sign_in(now, claim, How::Engineer(s.card))
            }
            (State::EngineerPage(s), Err(wrong)) => {
                State::EngineerPage(EngineerPage { problem: Some(wrong), clears_at, ..s })
            }
            (other, _) => other,
        }
    }

    fn verify_sign_in(&mut self, now: Now, claim: Claim, how: How) -> State {
        let request = self.next_request();
        let card = how.card().cloned();
        self.effects.push_back(Effect::Verify(request, claim, card));
        State::SigningIn(SigningIn { how, request, deadline: now.mono.after(VERIFY) })
    }

    /// Credentials of somebody signing in were checked.
    pub(super) fn checked(
        &mut self,
        now: Now,
        s: SigningIn,
        verdict: Result<Verdict, Problem>,
    ) -> State {
        let verdict = match verdict {
            Ok(verdict) => verdict,
            Err(problem) => return self.notice(now, problem),
        };
        let card = s.how.card().cloned();
        let who = match (verdict, s.how) {
            (Verdict::Right(account), How::Card(card, known)) if account.id == known.id => {
                let who = Claimed::User(account.id.clone());
                self.audit_sign_in(now, who, Some(card.identity.clone()));
                let via = self.via(card.identity);
                return self.signed_in(now, Person::Known(account), via, true);
            }
            (Verdict::Right(account), How::User(_)) => {
                let asked = asked_at_sign_in(self.settings(), Means::Panel, SignInAs::User);
                let proved = asked == Asked::Yes;
                self.audit_sign_in(now, Claimed::User(account.id.clone()), None);
                return self.signed_in(now, Person::Known(account), Via::Panel, proved);
            }
            (Verdict::Right(account), How::Administrator(_))
                if account.role == Role::Administrator =>
            {
                return self.administers(now, Some(account.id));
            }
            (Verdict::RightDevice, How::Administrator(_)) => return self.administers(now, None),
            (Verdict::RightDevice, How::Guest) => {
                self.audit_sign_in(now, Claimed::Device(DeviceSecret::Guest), None);
                return State::Guest(self.clears_at(now));
            }
            (Verdict::RightDevice, How::Engineer(_)) => {
                self.audit_sign_in(now, Claimed::Device(DeviceSecret::Engineer), None);
                return State::Engineer;
            }
            (Verdict::NotSetUp, _) => return self.notice(now, ErrorCode::SetupNotDone),
            (_, How::Guest) => Claimed::Device(DeviceSecret::Guest),
            (_, How::Engineer(card)) => {
                let who = Claimed::Device(DeviceSecret::Engineer);
                self.audit(now, AuditEvent::SignInFailed(Refused::wrong(who, None)));
                let (problem, clears_at) = (problem(ErrorCode::SignInFailed), self.clears_at(now));
                return State::EngineerPage(EngineerPage { card, problem, clears_at });
            }
            (_, How::Card(_, known)) => Claimed::User(known.id),
            (_, How::Administrator(id)) if self.is_operator(&id) => {
                Claimed::Device(DeviceSecret::KeyOperator)
            }
            (Verdict::UnknownUser, _) => Claimed::Unknown,
            (_, How::User(id) | How::Administrator(id)) => Claimed::User(id),
        };
        self.audit(now, AuditEvent::SignInFailed(Refused::wrong(who, card)));
        self.notice(now, ErrorCode::SignInFailed)
    }

    fn administers(&mut self, now: Now, user: Option<UserId>) -> State {
        let who = user.clone().map_or(Claimed::Device(DeviceSecret::KeyOperator), Claimed::User);
        self.audit_sign_in(now, who, None);
        State::Administrator(Administering { user, jobs: None, clears_at: self.clears_at(now) })
    }

    pub(super) fn engineer_page(&mut self, now: Now) -> State {
        self.next_session();
        let clears_at = self.clears_at(now);
        State::EngineerPage(EngineerPage { card: None, problem: None, clears_at })
    }

    /// The engineer's page closes: a card that was tapped meanwhile goes on (S30-4-17).
    pub(super) fn close_engineer_page(&mut self, now: Now, card: Option<CardIdentity>) -> State {
        match card {
            Some(card) => self.arrived(now, card),
            None => self.home(),
        }
    }
}

/// A password that a directory may see: an empty one signs in as nobody at many servers, so it is
/// never sent.
pub(super) fn for_directory(password: Zeroizing<String>) -> Result<TypedPassword, Problem> {
    let typed = TypedPassword::new(password)?;
    if typed.reveal().is_empty() {
        let min_1 = Rule::Length { min: 1, max: TypedPassword::MAX.into(), unit: Unit::Characters };
        return Err(Field::Password.broke(min_1).into());
    }
    Ok(typed)
}

/// Somebody who typed their ID.
enum Claimant {
    /// To be checked.
    Asked(Claim, How),
    /// The mode checks nobody: the ID is only logged.
    Unchecked(UserId),
}
