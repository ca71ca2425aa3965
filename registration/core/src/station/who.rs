//! Who a station says is there, for whoever decides what they may do.

use kazasu_hal::CardIdentity;

use super::{
    DeviceSecret, JobOwner, Station,
    state::{self, State, Via},
};
use crate::{
    AuthenticationMode, CardNumber, CardReader, Claimed, Limits, Payment,
    access::{Accessories, Additive, Person, RemoteKind, SignIn, Subtractive, Who},
};

impl Station {
    /// Who is there, and how things stand around the panel.
    #[must_use]
    pub fn who(&self) -> Who {
        let settings = self.settings();
        Who {
            person: self.person(&self.state),
            sign_in: SignIn { mode: settings.sign_in.mode, remote: self.remote() },
            accessories: Accessories {
                additive: self.additive(),
                subtractive: match (settings.accessories.payment, self.paid) {
                    (Payment::None, _) => Subtractive::Absent,
                    (Payment::Fitted, false) => Subtractive::Disabled,
                    (Payment::Fitted, true) => Subtractive::Enabled,
                },
            },
        }
    }

    /// Whose a job is that starts now.
    pub(super) fn owner(&self, state: &State) -> JobOwner {
        let who = match self.person(state) {
            Person::Identified { id, .. }
            | Person::Unidentified { typed: Some(id) }
            | Person::Administrator(id) => Claimed::User(id),
            Person::KeyOperator => Claimed::Device(DeviceSecret::KeyOperator),
            Person::Engineer => Claimed::Device(DeviceSecret::Engineer),
            Person::Guest => Claimed::Device(DeviceSecret::Guest),
            Person::Provisional { .. } => {
                let card = state.inserted().cloned();
                return JobOwner { who: Claimed::Unknown, card };
            }
            Person::Nobody | Person::Unidentified { typed: None } => Claimed::Unknown,
        };
        JobOwner { who, card: None }
    }

    fn person(&self, state: &State) -> Person {
        let known = |account: &super::Account| Person::Identified {
            id: account.id.clone(),
            limits: account.limits.into(),
            device_refused: false,
        };
        match state {
            State::SignedIn(s) => match &s.person {
                state::Person::Known(account) => known(account),
                state::Person::Typed(id) => Person::Unidentified { typed: Some(id.clone()) },
                // In mode off a card enables the device, and nobody is signed in.
                state::Person::Holder if self.is_off() => self.nobody(),
                state::Person::Holder => Person::Unidentified { typed: None },
            },
            State::OwnPage(s) => known(&s.account),
            State::SavingOwn(s) => known(&s.account),
            State::Guest(_) => Person::Guest,
            State::Administrator(s) => match &s.user {
                Some(id) => Person::Administrator(id.clone()),
                None => Person::KeyOperator,
            },
            State::Engineer => Person::Engineer,
            State::Provisional(s) => self.provisional(&s.card.number),
            State::Form(s) => self.provisional(&s.card.number),
            State::Verifying(s) => self.provisional(&s.card.number),
            State::ConfirmingReplace(s) => self.provisional(&s.card.number),
            State::Committing(s) => self.provisional(&s.card.number),
            _ => self.nobody(),
        }
    }

    /// LDAP limits nobody and an agent may (spec 30 section 6): a directory whose groups limit this
    /// person does what an agent does.
    fn remote(&self) -> RemoteKind {
        let account = match &self.state {
            State::SignedIn(s) => match &s.person {
                state::Person::Known(account) => Some(account),
                state::Person::Holder | state::Person::Typed(_) => None,
            },
            _ => None,
        };
        match account {
            Some(account) if account.limits != Limits::ALLOW_ALL => RemoteKind::Agent,
            _ => RemoteKind::Ldap,
        }
    }

    fn is_off(&self) -> bool {
        self.settings().sign_in.mode == AuthenticationMode::Off
    }

    /// Without an administrator ID everybody is the key operator (spec 30 section 1).
    fn nobody(&self) -> Person {
        if self.settings().administrator.id.is_none() {
            Person::KeyOperator
        } else {
            Person::Nobody
        }
    }

    /// The external method makes no provisional users: its registration page is nobody's.
    fn provisional(&self, card: &CardNumber) -> Person {
        if self.settings().sign_in.mode == AuthenticationMode::Remote {
            return self.nobody();
        }
        let limits = self.settings().provisional.limits.into();
        Person::Provisional { card: card.clone(), limits }
    }

    fn additive(&self) -> Additive {
        let enabled_by: Option<&CardIdentity> = match &self.state {
            State::SignedIn(s) => by_card(&s.via),
            State::OwnPage(s) => by_card(&s.via),
            State::SavingOwn(s) => by_card(&s.via),
            State::Administrator(s) => s.jobs.as_ref(),
            State::Provisional(s) => Some(&s.card.identity),
            _ => None,
        };
        match (self.settings().card.enabled, self.settings().card.reader) {
            (false, _) => Additive::Absent,
            (true, CardReader::Contact) => Additive::Contact { enabled: enabled_by.is_some() },
            (true, CardReader::Contactless) => {
                Additive::Contactless(enabled_by.and_then(|card| self.site.number(card).ok()))
            }
        }
    }
}

fn by_card(via: &Via) -> Option<&CardIdentity> {
    match via {
        Via::Contactless(card) | Via::Contact(card) => Some(card),
        Via::Panel => None,
    }
}
