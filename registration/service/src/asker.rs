use kazasu_hal::StationName;
use kazasu_registration::{Role, Verdict, Way};

/// From where a password comes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asker<'a> {
    /// A panel, or a card at its reader.
    Panel(&'a StationName),
    /// Whoever retrieves the audit log.
    Retrieval,
}

impl<'a> Asker<'a> {
    pub(crate) fn way(self) -> Way {
        match self {
            Self::Panel(_) => Way::AtDevice,
            Self::Retrieval => Way::Network,
        }
    }

    pub(crate) fn station(self) -> Option<&'a StationName> {
        match self {
            Self::Panel(station) => Some(station),
            Self::Retrieval => None,
        }
    }

    /// What the answer says to whoever asks. From the network nobody who is no administrator
    /// gets in: their right password has to look like a wrong one ever after, in the counts too.
    pub(crate) fn outcome(self, verdict: &Verdict) -> Outcome {
        match (self, verdict) {
            (Self::Retrieval, Verdict::Right(account))
                if account.role != Role::Administrator || !account.has_password =>
            {
                Outcome::Wrong { exists: true }
            }
            (_, Verdict::Right(_) | Verdict::RightDevice) => Outcome::Right,
            (_, Verdict::WrongPassword) | (Self::Retrieval, Verdict::NotSetUp) => {
                Outcome::Wrong { exists: true }
            }
            (_, Verdict::UnknownUser) => Outcome::Wrong { exists: false },
            // Told openly there; there is nothing to guess.
            (Self::Panel(_), Verdict::NotSetUp) => Outcome::Nothing,
        }
    }
}

/// What a verdict is to the count.
pub(crate) enum Outcome {
    Right,
    Wrong { exists: bool },
    Nothing,
}
