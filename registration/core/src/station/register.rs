//! The registration page: from typed credentials to a bound card.

use kazasu_hal::Now;
use zeroize::Zeroizing;

use super::{
    Account, Binding, COMMIT, Claim, CommitOutcome, Copied, Effect, Keep, Station, VERIFY, Verdict,
    kept, owner,
    sign_in::for_directory,
    state::{Committing, ConfirmingReplace, Form, State, Tapped, Verifying},
};
use crate::{
    AuditEvent, Claimed, ErrorCode, Field, FieldError, Method, NameKey, Notice, Password,
    PasswordOwner, Problem, Refused, Rule, Source, TypedPassword, UserId,
};

impl Station {
    /// Whether cards can be registered here at all.
    pub(super) fn can_register(&self) -> bool {
        let registration = &self.settings().registration;
        registration.on_menu && registration.card_matching && !self.sources().is_empty()
    }

    pub(super) fn sources(&self) -> Vec<Source> {
        self.settings().offered_sources(self.site.has_directory)
    }

    pub(super) fn first_source(&self) -> Source {
        self.sources().first().copied().unwrap_or_default()
    }

    pub(super) fn open_registration(&mut self, now: Now, state: State) -> State {
        match state {
            State::Nobody => self.notice(now, ErrorCode::NoCard),
            State::Provisional(s) if self.can_register() => {
                let source = self.first_source();
                self.form(now, s.card, source, String::new(), None)
            }
            State::SignedIn(mut s) => {
                s.problem = Some(ErrorCode::AlreadySignedIn.into());
                s.clears_at = self.clears_at(now);
                State::SignedIn(s)
            }
            other => other,
        }
    }

    pub(super) fn submitted(
        &mut self,
        now: Now,
        card: Tapped,
        source: Source,
        user_id: &str,
        password: Zeroizing<String>,
    ) -> State {
        match self.check_typed(&card, source, user_id, password) {
            Ok((user, password)) => self.verify(now, card, source, user, password),
            Err(problem) => self.form(now, card, source, kept(user_id), Some(problem)),
        }
    }

    fn check_typed(
        &self,
        card: &Tapped,
        source: Source,
        user_id: &str,
        password: Zeroizing<String>,
    ) -> Result<(UserId, TypedPassword), Problem> {
        // Switched off while the page was open.
        if !self.can_register() {
            return Err(ErrorCode::WrongState.into());
        }
        if !self.sources().contains(&source) {
            return Err(ErrorCode::NotOffered.into());
        }
        let user = match source {
            Source::Device => UserId::typed(user_id)?,
            Source::Directory => UserId::typed_at_directory(user_id)?,
        };
        self.check_reserved(&user)?;
        let password = match source {
            Source::Device => TypedPassword::new(password)?,
            Source::Directory => {
                if self.settings().method() == Method::Local {
                    // It is kept as the device's password too (S10-4-04).
                    let owner = PasswordOwner { user_id: user.as_str(), name: "" };
                    Password::new(password.clone(), self.site.password, owner)?;
                }
                for_directory(password)?
            }
        };
        // S10-4-01, S10-4-02: the number of a card that is just held is nobody's ID.
        if NameKey::of(card.number.as_str()) == user.key() {
            return Err(Field::UserId.broke(Rule::Reserved).into());
        }
        if self.job.is_some() {
            return Err(ErrorCode::JobRunning.into());
        }
        if !card.confirmed {
            return Err(ErrorCode::Unconfirmed.into());
        }
        Ok((user, password))
    }

    fn check_reserved(&self, user: &UserId) -> Result<(), FieldError> {
        self.settings().check_reserved(user)
    }

    fn verify(
        &mut self,
        now: Now,
        card: Tapped,
        source: Source,
        user: UserId,
        password: TypedPassword,
    ) -> State {
        let request = self.next_request();
        let (claim, password) = match source {
            Source::Device => (Claim::User(user.clone(), Some(password)), None),
            Source::Directory => (Claim::Directory(user.clone(), password.clone()), Some(password)),
        };
        let beside = Some(card.identity.clone());
        self.effects.push_back(Effect::Verify(request, claim, beside));
        let deadline = now.mono.after(VERIFY);
        State::Verifying(Verifying { card, source, user, password, request, deadline })
    }

    /// Credentials typed on the registration page were checked.
    pub(super) fn verified(
        &mut self,
        now: Now,
        s: Verifying,
        verdict: Result<Verdict, Problem>,
    ) -> State {
        let wrong = match s.source {
            Source::Device => ErrorCode::WrongCredentials,
            Source::Directory => ErrorCode::DirectoryWrongCredentials,
        };
        let (who, problem): (_, Problem) = match verdict {
            Ok(Verdict::Right(account)) => return self.vouched(now, s, account),
            Ok(Verdict::WrongPassword) => (Some(Claimed::User(s.user.clone())), wrong.into()),
            Ok(Verdict::UnknownUser) => (Some(Claimed::Unknown), wrong.into()),
            Ok(Verdict::RightDevice | Verdict::NotSetUp) => (None, ErrorCode::Internal.into()),
            Err(problem) => (None, problem),
        };
        if let Some(who) = who {
            let card = Some(s.card.identity.clone());
            self.audit(now, AuditEvent::SignInFailed(Refused::wrong(who, card)));
        }
        self.back_to_form(now, s.card, s.source, &s.user, problem)
    }

    /// The credentials are right.
    fn vouched(&mut self, now: Now, s: Verifying, account: Account) -> State {
        // Once registered from one source, never from the other (spec 10 section 3.4).
        if self.settings().method() == Method::Local && account.source != s.source {
            return self.back_to_form(now, s.card, s.source, &s.user, ErrorCode::OtherSource);
        }
        if account.card.as_ref() == Some(&s.card.number) {
            return self.refuse(now, ErrorCode::CardTaken, s.card.identity);
        }
        let keep = match self.keep(&s.user, s.password, &account) {
            Ok(keep) => keep,
            Err(problem) => {
                let user = s.user.as_str().to_owned();
                return self.form(now, s.card, s.source, user, Some(problem));
            }
        };
        if account.card.is_some() {
            let clears_at = self.clears_at(now);
            let (card, source) = (s.card, s.source);
            return State::ConfirmingReplace(ConfirmingReplace {
                card,
                account,
                source,
                keep,
                clears_at,
            });
        }
        self.commit(now, s.card, account, s.source, keep)
    }

    fn keep(
        &self,
        typed: &UserId,
        password: Option<TypedPassword>,
        account: &Account,
    ) -> Result<Keep, Problem> {
        // The device needs nothing more of what was typed.
        let Some(password) = password else { return Ok(Keep::Record) };
        Ok(match self.settings().method() {
            Method::External => Keep::Entry { typed: typed.clone(), password },
            Method::Local | Method::None => {
                // What the directory calls the person keeps the device's rules too.
                self.check_reserved(&account.id)?;
                let owner = owner(account);
                let typed = Zeroizing::new(password.reveal().to_owned());
                Keep::Copy(Copied {
                    name: account.name.clone(),
                    mail: account.mail.clone(),
                    password: Password::new(typed, self.site.password, owner)?,
                    role: account.role,
                    limits: account.limits,
                    capacity: self.settings().capacity,
                })
            }
        })
    }

    /// Whether the person's other card is to be replaced.
    pub(super) fn confirmed(&mut self, now: Now, state: State, yes: bool) -> State {
        match state {
            State::ConfirmingReplace(s) if yes => {
                self.commit(now, s.card, s.account, s.source, s.keep)
            }
            State::ConfirmingReplace(s) => self.back_from_confirming(now, s),
            other => other,
        }
    }

    pub(super) fn back_from_confirming(&mut self, now: Now, s: ConfirmingReplace) -> State {
        let user = s.account.id.as_str().to_owned();
        self.form(now, s.card, s.source, user, None)
    }

    /// The credentials were right, and the person agreed to replace the account's card if any.
    fn commit(
        &mut self,
        now: Now,
        card: Tapped,
        account: Account,
        source: Source,
        keep: Keep,
    ) -> State {
        if self.job.is_some() {
            return self.back_to_form(now, card, source, &account.id, ErrorCode::JobRunning);
        }
        let request = self.next_request();
        self.effects.push_back(Effect::Commit(
            request,
            Binding {
                card: card.identity.clone(),
                number: card.number.clone(),
                user: account.id.clone(),
                replaces: account.card.clone(),
                keep: keep.clone(),
                station: self.name.clone(),
                at: now.wall,
            },
        ));
        let deadline = now.mono.after(COMMIT);
        State::Committing(Committing { card, account, source, keep, request, deadline })
    }

    pub(super) fn committed(
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
                source: s.source,
                keep: s.keep,
                clears_at: self.clears_at(now),
            }),
            Ok(CommitOutcome::CardTaken) => self.refuse(now, ErrorCode::CardTaken, s.card.identity),
            Ok(CommitOutcome::Full) => self.refuse(now, ErrorCode::Full, s.card.identity),
            Ok(CommitOutcome::UserGone) => {
                self.back_to_form(now, s.card, s.source, &s.account.id, ErrorCode::WrongCredentials)
            }
            Ok(CommitOutcome::OtherSource) => {
                self.back_to_form(now, s.card, s.source, &s.account.id, ErrorCode::OtherSource)
            }
            Ok(CommitOutcome::IdIsNumber) => {
                let user = s.account.id.as_str().to_owned();
                let problem = Field::UserId.broke(Rule::Reserved).into();
                self.form(now, s.card, s.source, user, Some(problem))
            }
            Err(code) => self.notice(now, code),
        }
    }

    pub(super) fn form(
        &self,
        now: Now,
        card: Tapped,
        source: Source,
        user_id: String,
        problem: Option<Problem>,
    ) -> State {
        State::Form(Form { card, source, user_id, problem, clears_at: self.clears_at(now) })
    }

    pub(super) fn back_to_form(
        &self,
        now: Now,
        card: Tapped,
        source: Source,
        user: &UserId,
        problem: impl Into<Problem>,
    ) -> State {
        self.form(now, card, source, user.as_str().to_owned(), Some(problem.into()))
    }
}
