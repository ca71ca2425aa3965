//! The page of one's own record (spec 10 section 6).

use kazasu_hal::Now;

use super::{
    Account, Asked, COMMIT, Effect, OwnChange, OwnOutcome, Station, TypedRecord,
    asked_at_registration, owner,
    state::{OwnPage, Person, SavingOwn, SignedIn, State},
};
use crate::{
    ErrorCode, MailAddress, Method, Notice, OwnRecord, Password, Problem, TypedPassword, UserName,
};

impl Station {
    /// What somebody may change of this record.
    pub(super) fn own_record(&self, account: &Account, proved: bool) -> OwnRecord {
        let settings = &self.settings().own_record;
        OwnRecord {
            user_id: account.id.as_str().to_owned(),
            name: account.name.as_str().to_owned(),
            may_name: settings.name,
            mail: account.mail.as_ref().map(|m| m.as_str().to_owned()).unwrap_or_default(),
            may_mail: settings.mail,
            may_password: asked_at_registration(self.settings()) == Asked::Yes,
            password_min: self.site.password.min(),
            password_max: self.site.password.max(),
            has_password: account.has_password,
            asks_password: settings.ask_password && account.has_password && !proved,
            may_unlink: settings.unlink_card && account.card.is_some(),
        }
    }

    /// Whether there is anything to change.
    pub(super) fn can_edit(&self, person: &Person) -> bool {
        let Person::Known(account) = person else { return false };
        let own = self.own_record(account, true);
        self.settings().method() == Method::Local
            && (own.may_name || own.may_mail || own.may_password || own.may_unlink)
    }

    pub(super) fn open_own(&mut self, now: Now, state: State) -> State {
        let State::SignedIn(s) = state else { return state };
        let clears_at = self.clears_at(now);
        let code = match s.person {
            Person::Known(account) if self.can_edit(&Person::Known(account.clone())) => {
                let SignedIn { via, proved, .. } = s;
                return State::OwnPage(OwnPage { account, via, proved, problem: None, clears_at });
            }
            _ if self.settings().method() != Method::Local => ErrorCode::EditMethodChanged,
            _ => ErrorCode::NotOffered,
        };
        State::SignedIn(SignedIn { problem: Some(code.into()), saved: false, clears_at, ..s })
    }

    pub(super) fn save_own(&mut self, now: Now, state: State, typed: TypedRecord) -> State {
        let State::OwnPage(s) = state else { return state };
        match self.own_change(now, &s, typed) {
            Ok(Some(change)) => self.save(now, s, change),
            Ok(None) => self.signed_in(now, Person::Known(s.account), s.via, s.proved),
            Err(problem) => {
                let clears_at = self.clears_at(now);
                State::OwnPage(OwnPage { problem: Some(problem), clears_at, ..s })
            }
        }
    }

    pub(super) fn unlink_own(&mut self, now: Now, state: State) -> State {
        let State::OwnPage(s) = state else { return state };
        if !self.own_record(&s.account, s.proved).may_unlink {
            let clears_at = self.clears_at(now);
            let problem = Some(ErrorCode::NotOffered.into());
            return State::OwnPage(OwnPage { problem, clears_at, ..s });
        }
        let change = OwnChange { unlink_card: true, ..self.no_change(now, &s.account) };
        self.save(now, s, change)
    }

    fn save(&mut self, now: Now, s: OwnPage, change: OwnChange) -> State {
        let request = self.next_request();
        let unlinks = change.unlink_card;
        self.effects.push_back(Effect::SaveOwn(request, change));
        let deadline = now.mono.after(COMMIT);
        let OwnPage { account, via, proved, .. } = s;
        State::SavingOwn(SavingOwn { account, via, proved, unlinks, request, deadline })
    }

    fn no_change(&self, now: Now, account: &Account) -> OwnChange {
        OwnChange {
            user: account.id.clone(),
            name: None,
            mail: None,
            current: None,
            password: None,
            unlink_card: false,
            station: self.name.clone(),
            at: now.wall,
        }
    }

    /// What was typed, checked; `None` where nothing differs.
    fn own_change(
        &self,
        now: Now,
        page: &OwnPage,
        typed: TypedRecord,
    ) -> Result<Option<OwnChange>, Problem> {
        let OwnPage { account, proved, .. } = page;
        let own = self.own_record(account, *proved);
        let mut change = self.no_change(now, account);
        if own.may_name {
            let name = UserName::typed_or_id(&typed.name, &account.id)?;
            change.name = (name != account.name).then_some(name);
        }
        if own.may_mail {
            let mail = match typed.mail.as_str() {
                "" => None,
                text => Some(MailAddress::new(text)?),
            };
            change.mail = (mail != account.mail).then_some(mail);
        }
        if !typed.new.is_empty() || !typed.again.is_empty() {
            if !own.may_password {
                return Err(ErrorCode::NotOffered.into());
            }
            if typed.new != typed.again {
                return Err(ErrorCode::PasswordsDiffer.into());
            }
            let new = Password::new(typed.new, self.site.password, owner(account))?;
            change.password = Some(new);
        }
        // Whoever found a card must not have somebody's scans sent to themselves.
        if change.password.is_some() || (change.mail.is_some() && own.asks_password) {
            if account.has_password && typed.current.is_empty() {
                return Err(ErrorCode::CurrentPasswordWrong.into());
            }
            change.current = Some(TypedPassword::new(typed.current)?);
        }
        let changes = change.name.is_some() || change.mail.is_some() || change.password.is_some();
        Ok(changes.then_some(change))
    }

    pub(super) fn own_saved(
        &mut self,
        now: Now,
        s: SavingOwn,
        outcome: Result<OwnOutcome, Problem>,
    ) -> State {
        match outcome {
            Ok(OwnOutcome::Saved(_)) if s.unlinks => self.show(now, Notice::Unlinked),
            Ok(OwnOutcome::Saved(account)) => State::SignedIn(SignedIn {
                person: Person::Known(account),
                via: s.via,
                proved: s.proved,
                saved: true,
                problem: None,
                clears_at: self.clears_at(now),
            }),
            Ok(OwnOutcome::WrongPassword) => State::OwnPage(OwnPage {
                account: s.account,
                via: s.via,
                proved: s.proved,
                problem: Some(ErrorCode::CurrentPasswordWrong.into()),
                clears_at: self.clears_at(now),
            }),
            Ok(OwnOutcome::UserGone) => self.notice(now, ErrorCode::EditUserUnreadable),
            Err(problem) => self.notice(now, problem),
        }
    }
}
