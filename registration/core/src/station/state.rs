use kazasu_hal::{CardIdentity, Mono};

use super::{Account, Keep, Request, SignInAs};
use crate::{CardNumber, ErrorCode, Notice, Problem, Source, TypedPassword, UserId};

/// The card of a session, and whether a second read confirmed it.
#[derive(Clone, Debug)]
pub(super) struct Tapped {
    pub(super) identity: CardIdentity,
    /// What the site calls it.
    pub(super) number: CardNumber,
    pub(super) confirmed: bool,
}

#[derive(Debug)]
pub(super) struct Shown {
    pub(super) notice: Notice,
    pub(super) until: Mono,
}

/// Waits for the answer to a request that is about a card.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) card: Tapped,
    pub(super) request: Request,
    pub(super) deadline: Mono,
}

#[derive(Debug)]
pub(super) struct SignInPage {
    /// As what; `None` while that is asked.
    pub(super) signs_in: Option<SignInAs>,
    pub(super) user_id: String,
    pub(super) problem: Option<Problem>,
    /// `None` for a page that shows by itself: it stays.
    pub(super) clears_at: Option<Mono>,
}

#[derive(Debug)]
pub(super) struct AwaitingPassword {
    pub(super) card: Tapped,
    pub(super) account: Account,
    pub(super) clears_at: Mono,
    pub(super) problem: Option<Problem>,
}

#[derive(Debug)]
pub(super) struct NewPassword {
    pub(super) card: Tapped,
    pub(super) problem: Option<Problem>,
    pub(super) clears_at: Mono,
}

/// How somebody is signing in.
#[derive(Debug)]
pub(super) enum How {
    /// With a card and its password.
    Card(Tapped, Account),
    /// As this user, at the panel.
    User(UserId),
    /// As an administrator with this ID, at the panel.
    Administrator(UserId),
    /// As a guest.
    Guest,
    /// As the engineer; the card was tapped meanwhile.
    Engineer(Option<CardIdentity>),
}

impl How {
    /// The card that the password belongs to.
    pub(super) fn card(&self) -> Option<&CardIdentity> {
        match self {
            Self::Card(card, _) => Some(&card.identity),
            Self::User(_) | Self::Administrator(_) | Self::Guest | Self::Engineer(_) => None,
        }
    }
}

#[derive(Debug)]
pub(super) struct SigningIn {
    pub(super) how: How,
    pub(super) request: Request,
    pub(super) deadline: Mono,
}

/// Who is signed in as a user (CO).
#[derive(Clone, Debug)]
pub(super) enum Person {
    /// Somebody with a record.
    Known(Account),
    /// Whoever holds this card: the mode looks nobody up.
    Holder,
    /// Whoever typed this ID: the mode checks none.
    Typed(UserId),
}

/// By what somebody signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Via {
    Contactless(CardIdentity),
    Contact(CardIdentity),
    Panel,
}

#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    pub(super) person: Person,
    pub(super) via: Via,
    /// With a password, not with the card or the ID alone.
    pub(super) proved: bool,
    pub(super) saved: bool,
    pub(super) problem: Option<Problem>,
    pub(super) clears_at: Mono,
}

#[derive(Debug)]
pub(super) struct Administering {
    /// A user with the role; `None` for the key operator.
    pub(super) user: Option<UserId>,
    /// The card that lets jobs run; an administrator needs none to administer.
    pub(super) jobs: Option<CardIdentity>,
    pub(super) clears_at: Mono,
}

#[derive(Debug)]
pub(super) struct EngineerPage {
    /// Tapped while the page was open: it goes on when the page closes.
    pub(super) card: Option<CardIdentity>,
    pub(super) problem: Option<Problem>,
    pub(super) clears_at: Mono,
}

#[derive(Debug)]
pub(super) struct OwnPage {
    pub(super) account: Account,
    pub(super) via: Via,
    pub(super) proved: bool,
    pub(super) problem: Option<Problem>,
    pub(super) clears_at: Mono,
}

#[derive(Debug)]
pub(super) struct SavingOwn {
    pub(super) account: Account,
    pub(super) via: Via,
    pub(super) proved: bool,
    pub(super) unlinks: bool,
    pub(super) request: Request,
    pub(super) deadline: Mono,
}

#[derive(Debug)]
pub(super) struct SignedInProvisionally {
    pub(super) card: Tapped,
    pub(super) clears_at: Mono,
}

#[derive(Debug)]
pub(super) struct Form {
    pub(super) card: Tapped,
    pub(super) source: Source,
    pub(super) user_id: String,
    pub(super) problem: Option<Problem>,
    pub(super) clears_at: Mono,
}

#[derive(Debug)]
pub(super) struct Verifying {
    pub(super) card: Tapped,
    pub(super) source: Source,
    /// As typed: a directory may call the person otherwise.
    pub(super) user: UserId,
    /// What a directory needs again when the card is written; the device does not.
    pub(super) password: Option<TypedPassword>,
    pub(super) request: Request,
    pub(super) deadline: Mono,
}

#[derive(Debug)]
pub(super) struct ConfirmingReplace {
    pub(super) card: Tapped,
    /// Whoever typed the right password; `card` in it is the one to be replaced.
    pub(super) account: Account,
    pub(super) source: Source,
    pub(super) keep: Keep,
    pub(super) clears_at: Mono,
}

#[derive(Debug)]
pub(super) struct Committing {
    pub(super) card: Tapped,
    pub(super) account: Account,
    pub(super) source: Source,
    pub(super) keep: Keep,
    pub(super) request: Request,
    pub(super) deadline: Mono,
}

/// Where a station is.
#[derive(Debug)]
pub(super) enum State {
    Nobody,
    Notice(Shown),
    SignInPage(SignInPage),
    LookingUp(Asking),
    AwaitingPassword(AwaitingPassword),
    NewPassword(NewPassword),
    SigningIn(SigningIn),
    SignedIn(SignedIn),
    Guest(Mono),
    Administrator(Administering),
    EngineerPage(EngineerPage),
    Engineer,
    OwnPage(OwnPage),
    SavingOwn(SavingOwn),
    MakingProvisional(Asking),
    Provisional(SignedInProvisionally),
    Form(Form),
    Verifying(Verifying),
    ConfirmingReplace(ConfirmingReplace),
    Committing(Committing),
}

impl State {
    /// The card that is being registered, or may become so.
    pub(super) fn tapped(&mut self) -> Option<&mut Tapped> {
        match self {
            Self::LookingUp(s) | Self::MakingProvisional(s) => Some(&mut s.card),
            Self::NewPassword(s) => Some(&mut s.card),
            Self::Provisional(s) => Some(&mut s.card),
            Self::Form(s) => Some(&mut s.card),
            Self::Verifying(s) => Some(&mut s.card),
            Self::ConfirmingReplace(s) => Some(&mut s.card),
            _ => None,
        }
    }

    /// The card of somebody who is not registered, or may not be.
    pub(super) fn registers(&self) -> Option<&Tapped> {
        match self {
            Self::LookingUp(s) | Self::MakingProvisional(s) => Some(&s.card),
            Self::NewPassword(s) => Some(&s.card),
            Self::Provisional(s) => Some(&s.card),
            Self::Form(s) => Some(&s.card),
            Self::Verifying(s) => Some(&s.card),
            Self::ConfirmingReplace(s) => Some(&s.card),
            Self::Committing(s) => Some(&s.card),
            _ => None,
        }
    }

    /// The card that holds the session up, where the reader keeps cards.
    pub(super) fn inserted(&self) -> Option<&CardIdentity> {
        match self {
            Self::LookingUp(s) | Self::MakingProvisional(s) => Some(&s.card.identity),
            Self::AwaitingPassword(s) => Some(&s.card.identity),
            Self::NewPassword(s) => Some(&s.card.identity),
            Self::SigningIn(SigningIn { how: How::Card(card, _), .. }) => Some(&card.identity),
            Self::SignedIn(SignedIn { via: Via::Contact(card), .. })
            | Self::OwnPage(OwnPage { via: Via::Contact(card), .. }) => Some(card),
            Self::Provisional(s) => Some(&s.card.identity),
            Self::Form(s) => Some(&s.card.identity),
            Self::Verifying(s) => Some(&s.card.identity),
            Self::ConfirmingReplace(s) => Some(&s.card.identity),
            _ => None,
        }
    }

    /// The request whose answer is waited for and which can be given up. One that changes the
    /// person's records cannot.
    pub(super) fn pending(&self) -> Option<Request> {
        match self {
            Self::LookingUp(s) | Self::MakingProvisional(s) => Some(s.request),
            Self::SigningIn(s) => Some(s.request),
            Self::Verifying(s) => Some(s.request),
            _ => None,
        }
    }

    /// Whether a change is on its way to the store, so that nothing may end the session.
    pub(super) fn is_saving(&self) -> bool {
        matches!(self, Self::Committing(_) | Self::SavingOwn(_))
    }

    /// Whether an answer about somebody's record is on its way.
    pub(super) fn awaits_account(&self) -> bool {
        matches!(
            self,
            Self::LookingUp(_) | Self::SigningIn(_) | Self::Verifying(_) | Self::SavingOwn(_)
        )
    }

    /// Until when somebody has to act, where acting keeps the page.
    pub(super) fn kept_by_touch(&mut self) -> Option<&mut Mono> {
        match self {
            // Who still reads a result, or notes down its code, must not lose it.
            Self::Notice(s) => Some(&mut s.until),
            Self::SignInPage(s) => s.clears_at.as_mut(),
            Self::AwaitingPassword(s) => Some(&mut s.clears_at),
            Self::NewPassword(s) => Some(&mut s.clears_at),
            Self::SignedIn(s) => Some(&mut s.clears_at),
            Self::Guest(clears_at) => Some(clears_at),
            Self::Administrator(s) => Some(&mut s.clears_at),
            Self::EngineerPage(s) => Some(&mut s.clears_at),
            Self::OwnPage(s) => Some(&mut s.clears_at),
            Self::Provisional(s) => Some(&mut s.clears_at),
            Self::Form(s) => Some(&mut s.clears_at),
            Self::ConfirmingReplace(s) => Some(&mut s.clears_at),
            _ => None,
        }
    }

    /// When the page clears by itself.
    pub(super) fn clears_at(&self) -> Option<Mono> {
        match self {
            Self::Notice(s) => Some(s.until),
            Self::SignInPage(s) => s.clears_at,
            Self::AwaitingPassword(s) => Some(s.clears_at),
            Self::NewPassword(s) => Some(s.clears_at),
            Self::SignedIn(s) => Some(s.clears_at),
            Self::Guest(clears_at) => Some(*clears_at),
            Self::Administrator(s) => Some(s.clears_at),
            Self::EngineerPage(s) => Some(s.clears_at),
            Self::OwnPage(s) => Some(s.clears_at),
            Self::Provisional(s) => Some(s.clears_at),
            Self::Form(s) => Some(s.clears_at),
            Self::ConfirmingReplace(s) => Some(s.clears_at),
            _ => None,
        }
    }

    /// When something happens by itself, be it that the page clears or an answer is late.
    pub(super) fn deadline(&self) -> Option<Mono> {
        match self {
            Self::LookingUp(s) | Self::MakingProvisional(s) => Some(s.deadline),
            Self::SigningIn(s) => Some(s.deadline),
            Self::SavingOwn(s) => Some(s.deadline),
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
}
