//! Sessions end with the account, the role, the password that they began with.

use kazasu_hal::Now;

use super::{
    DeviceSecret, Input, LookUp, OwnOutcome, Station, Verdict,
    state::{Person, State, Tapped},
};
use crate::{Account, ErrorCode, UserId, UserKey};

/// What of the records became another by somebody else's hand: an administrator's, or the same
/// person's at another station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Altered {
    /// This record: it is gone, or its names, role, limits, password or card are others.
    Record(UserKey),
    /// One of the device's own passwords.
    Secret(DeviceSecret),
    /// So much that nobody says what.
    Everything,
}

/// How many changes are remembered while an answer is on its way; more are everything.
const REMEMBERED: usize = 16;

impl Station {
    /// A record changed. Whose session hangs on it is signed out; what is being asked was perhaps
    /// answered before, so that its answer is judged when it comes.
    pub(super) fn altered(&mut self, now: Now, state: State, what: Altered) -> State {
        let whose = |account: &Account| what.is_of(&account.id);
        let card = |card: &Tapped| match &what {
            Altered::Record(UserKey::Provisional(number)) => *number == card.number,
            Altered::Record(UserKey::Registered(_)) | Altered::Secret(_) => false,
            Altered::Everything => true,
        };
        let secret = |which| what == Altered::Secret(which) || what == Altered::Everything;
        let ends = match &state {
            State::AwaitingPassword(s) => whose(&s.account),
            State::SignedIn(s) => match &s.person {
                Person::Known(account) => whose(account),
                // No record stands behind them.
                Person::Holder | Person::Typed(_) => false,
            },
            State::OwnPage(s) => whose(&s.account),
            State::Administrator(s) => match &s.user {
                Some(user) => what.is_of(user),
                None => secret(DeviceSecret::KeyOperator),
            },
            State::Guest(_) => secret(DeviceSecret::Guest),
            State::Engineer => secret(DeviceSecret::Engineer),
            State::Provisional(s) => card(&s.card),
            // Registering goes on without the leftover: the card becomes somebody's anyway.
            State::ConfirmingReplace(s) => whose(&s.account),
            _ => false,
        };
        if ends {
            self.abandon(&state);
            return self.notice(now, ErrorCode::RecordAltered);
        }
        if state.awaits_account() && !self.altered.contains(&what) {
            if self.altered.len() < REMEMBERED {
                self.altered.push(what);
            } else {
                self.altered = vec![Altered::Everything];
            }
        }
        state
    }

    /// Whether an answer is about somebody whose record changed while it was on its way: it may
    /// say how things were before.
    pub(super) fn is_stale(&self, answer: &Input) -> bool {
        if self.altered.is_empty() || !self.is_awaited(answer) {
            return false;
        }
        let account = match answer {
            Input::LookedUp(_, Ok(LookUp::Registered(account)))
            | Input::Verified(_, Ok(Verdict::Right(account)))
            | Input::OwnSaved(_, Ok(OwnOutcome::Saved(account))) => account,
            Input::Verified(_, Ok(Verdict::RightDevice)) => {
                let of_device = |what: &Altered| !matches!(what, Altered::Record(_));
                return self.altered.iter().any(of_device);
            }
            _ => return false,
        };
        self.altered.iter().any(|what| what.is_of(&account.id))
    }

    fn is_awaited(&self, answer: &Input) -> bool {
        match (answer, &self.state) {
            (Input::LookedUp(request, _), State::LookingUp(s)) => s.request == *request,
            (Input::Verified(request, _), State::SigningIn(s)) => s.request == *request,
            (Input::Verified(request, _), State::Verifying(s)) => s.request == *request,
            (Input::OwnSaved(request, _), State::SavingOwn(s)) => s.request == *request,
            _ => false,
        }
    }
}

impl Altered {
    fn is_of(&self, user: &UserId) -> bool {
        match self {
            Self::Record(UserKey::Registered(id)) => id == user,
            Self::Record(UserKey::Provisional(_)) | Self::Secret(_) => false,
            Self::Everything => true,
        }
    }
}

#[cfg(test)]
#[path = "altered_test.rs"]
mod tests;
