use kazasu_hal::{CardIdentity, Mono};

use super::{Account, Request};
use crate::{ErrorCode, Notice, Page, Problem, UserId};

/// The card of a session, and whether a second read confirmed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tapped {
    pub(super) identity: CardIdentity,
    pub(super) confirmed: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) notice: Notice,
    pub(super) until: Mono,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct LookingUp {
    pub(super) card: Tapped,
    pub(super) request: Request,
    pub(super) deadline: Mono,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct MakingProvisional {
    pub(super) card: Tapped,
    pub(super) request: Request,
    pub(super) deadline: Mono,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct SignedInProvisionally {
    pub(super) card: Tapped,
    pub(super) clears_at: Mono,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) card: Tapped,
    pub(super) user_id: String,
    pub(super) problem: Option<Problem>,
    pub(super) clears_at: Mono,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verifying {
    pub(super) card: Tapped,
    pub(super) user: UserId,
    pub(super) request: Request,
    pub(super) deadline: Mono,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct ConfirmingReplace {
    pub(super) card: Tapped,
    /// Whoever typed the right password; `card` in it is the one to be replaced.
    pub(super) account: Account,
    pub(super) clears_at: Mono,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Committing {
    pub(super) card: Tapped,
    pub(super) account: Account,
    pub(super) request: Request,
    pub(super) deadline: Mono,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct SignedIn {
    pub(super) account: Account,
    pub(super) problem: Option<Problem>,
    pub(super) clears_at: Mono,
}

/// Where a station is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    Nobody,
    Notice(Shown),
    LookingUp(LookingUp),
    MakingProvisional(MakingProvisional),
    Provisional(SignedInProvisionally),
    Form(Form),
    Verifying(Verifying),
    ConfirmingReplace(ConfirmingReplace),
    Committing(Committing),
    SignedIn(SignedIn),
}

impl State {
    /// The card that is being registered, or may become so.
    pub(super) fn tapped(&mut self) -> Option<&mut Tapped> {
        match self {
            Self::LookingUp(s) => Some(&mut s.card),
            Self::MakingProvisional(s) => Some(&mut s.card),
            Self::Provisional(s) => Some(&mut s.card),
            Self::Form(s) => Some(&mut s.card),
            Self::Verifying(s) => Some(&mut s.card),
            Self::ConfirmingReplace(s) => Some(&mut s.card),
            Self::Nobody | Self::Notice(_) | Self::Committing(_) | Self::SignedIn(_) => None,
        }
    }

    /// The request whose answer is waited for and which can be given up. A commit cannot.
    pub(super) fn pending(&self) -> Option<Request> {
        match self {
            Self::LookingUp(s) => Some(s.request),
            Self::MakingProvisional(s) => Some(s.request),
            Self::Verifying(s) => Some(s.request),
            _ => None,
        }
    }

    /// When the page clears by itself.
    pub(super) fn clears_at(&self) -> Option<Mono> {
        match self {
            Self::Notice(s) => Some(s.until),
            Self::Provisional(s) => Some(s.clears_at),
            Self::Form(s) => Some(s.clears_at),
            Self::ConfirmingReplace(s) => Some(s.clears_at),
            Self::SignedIn(s) => Some(s.clears_at),
            _ => None,
        }
    }

    /// When something happens by itself, be it that the page clears or an answer is late.
    pub(super) fn deadline(&self) -> Option<Mono> {
        match self {
            Self::LookingUp(s) => Some(s.deadline),
            Self::MakingProvisional(s) => Some(s.deadline),
            Self::Verifying(s) => Some(s.deadline),
            Self::Committing(s) => Some(s.deadline),
            other => other.clears_at(),
        }
    }

    /// Takes note that the card was read a second time.
    pub(super) fn confirm(&mut self, card: &CardIdentity) {
        let Some(tapped) = self.tapped() else { return };
        if tapped.identity != *card {
            return;
        }
        tapped.confirmed = true;
        if let Self::Form(form) = self {
            form.problem.take_if(|problem| problem.code == ErrorCode::Unconfirmed);
        }
    }

    pub(super) fn page(&self) -> Page {
        match self {
            Self::Nobody => Page::Idle,
            Self::Notice(s) => Page::Notice(s.notice.clone()),
            Self::LookingUp(_) | Self::MakingProvisional(_) => Page::Reading,
            Self::Provisional(_) => Page::Provisional,
            Self::Form(s) => {
                Page::Register { user_id: s.user_id.clone(), problem: s.problem.clone() }
            }
            Self::Verifying(_) => Page::Checking,
            Self::ConfirmingReplace(_) => Page::ConfirmReplace,
            Self::Committing(_) => Page::Saving,
            Self::SignedIn(s) => Page::SignedIn {
                name: s.account.name.as_str().to_owned(),
                problem: s.problem.clone(),
            },
        }
    }
}
