use std::net::IpAddr;

use kazasu_hal::StationName;
use kazasu_registration::{Role, Verdict, Way};

/// From where a password comes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asker<'a> {
    /// A panel, or a card at its reader; the address of a panel that is not on this machine.
    Panel(&'a StationName, Option<IpAddr>),
    /// Whoever retrieves the audit log.
    Retrieval(IpAddr),
}

impl<'a> Asker<'a> {
    pub(crate) fn way(self) -> Way {
        match self {
            Self::Panel(..) => Way::AtDevice,
            Self::Retrieval(_) => Way::Network,
        }
    }

    pub(crate) fn station(self) -> Option<&'a StationName> {
        match self {
            Self::Panel(station, _) => Some(station),
            Self::Retrieval(_) => None,
        }
    }

    pub(crate) fn from(self) -> Option<IpAddr> {
        match self {
            Self::Panel(_, from) => from,
            Self::Retrieval(from) => Some(from),
        }
    }

    /// What the answer says to whoever asks. From the network nobody who is no administrator
    /// gets in: their right password has to look like a wrong one ever after, in the counts too.
    pub(crate) fn outcome(self, verdict: &Verdict) -> Outcome {
        match (self, verdict) {
            (Self::Retrieval(_), Verdict::Right(account))
                if account.role != Role::Administrator || !account.has_password =>
            {
                Outcome::Wrong { exists: true }
            }
            (_, Verdict::Right(_) | Verdict::RightDevice) => Outcome::Right,
            (_, Verdict::WrongPassword) | (Self::Retrieval(_), Verdict::NotSetUp) => {
                Outcome::Wrong { exists: true }
            }
            (_, Verdict::UnknownUser) => Outcome::Wrong { exists: false },
            // Told openly there; there is nothing to guess.
            (Self::Panel(..), Verdict::NotSetUp) => Outcome::Nothing,
        }
    }
}

/// What a verdict is to the count.
pub(crate) enum Outcome {
    Right,
    Wrong { exists: bool },
    Nothing,
}
