//! What a panel shows in each state.

use super::{
    Asked, Means, SignInAs, Station, asked_at_sign_in,
    state::{Person, State, Via},
};
use crate::Page;

impl Station {
    pub(super) fn page(&self) -> Page {
        match &self.state {
            State::Nobody => Page::Idle {
                cards: self.settings().card.enabled,
                sign_in: self.why_no_user().is_none(),
                administrators: self.settings().administrator.id.is_some(),
                paid: self.paid,
            },
            State::Notice(s) => Page::Notice(s.notice.clone()),
            State::SignInPage(s) => match s.signs_in {
                None => Page::AskWho { guests: self.settings().sign_in.guests },
                Some(signs_in) => Page::SignIn {
                    signs_in,
                    user_id: s.user_id.clone(),
                    asks_password: self.asks_password(signs_in),
                    problem: s.problem.clone(),
                },
            },
            State::LookingUp(_) | State::MakingProvisional(_) => Page::Reading,
            State::AwaitingPassword(s) => Page::AskPassword { problem: s.problem.clone() },
            State::NewPassword(s) => Page::NewPassword {
                min: self.site.password.min(),
                max: self.site.password.max(),
                problem: s.problem.clone(),
            },
            State::SigningIn(_) | State::Verifying(_) => Page::Checking,
            State::SignedIn(s) => Page::SignedIn {
                name: match &s.person {
                    Person::Known(account) => Some(account.name.as_str().to_owned()),
                    Person::Holder | Person::Typed(_) => None,
                },
                can_edit: self.can_edit(&s.person),
                can_sign_out: !matches!(s.via, Via::Contact(_)),
                can_switch: s.via != Via::Panel,
                saved: s.saved,
                problem: s.problem.clone(),
            },
            State::Guest(_) => Page::Guest,
            State::Administrator(s) => Page::Administrator { jobs_enabled: s.jobs.is_some() },
            State::EngineerPage(s) => Page::EngineerPassword { problem: s.problem.clone() },
            State::Engineer => Page::Engineer,
            State::OwnPage(s) => Page::OwnRecord {
                record: self.own_record(&s.account, s.proved),
                problem: s.problem.clone(),
            },
            State::SavingOwn(_) | State::Committing(_) => Page::Saving,
            State::Provisional(_) => Page::Provisional { can_register: self.can_register() },
            State::Form(s) => Page::Register {
                user_id: s.user_id.clone(),
                sources: self.sources(),
                source: s.source,
                problem: s.problem.clone(),
            },
            State::ConfirmingReplace(_) => Page::ConfirmReplace,
        }
    }

    /// A mode that checks nobody asks for no password either.
    fn asks_password(&self, who: SignInAs) -> bool {
        let unchecked =
            self.settings().sign_in.mode == crate::AuthenticationMode::AccountingUnverified;
        asked_at_sign_in(self.settings(), Means::Panel, who) == Asked::Yes
            && !(unchecked && who == SignInAs::User)
    }
}
