use std::fmt;

use kazasu_registration::Claimed;

use crate::Standing;

/// From whom a wish comes, and with that, what may be wished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Owner,
    Administrator(Claimed),
    Service,
}

/// What a wish is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Matter {
    /// Users and cards.
    Records,
    /// Settings.
    Settings,
    /// The device's own passwords.
    Secrets,
    /// Whether the log is whole.
    LogCheck,
    /// Taking the log away.
    LogExport,
    /// Writing the log, and following it.
    LogKeeping,
}

impl Authority {
    /// The account that the service belongs to: whoever reaches its socket, or holds its data
    /// folder.
    pub const OWNER: Self = Self(Kind::Owner);
    /// The service itself.
    pub const SERVICE: Self = Self(Kind::Service);

    pub(super) fn may(&self, matter: Matter) -> bool {
        match self.0 {
            Kind::Owner => matter != Matter::LogKeeping,
            Kind::Administrator(_) => matter == Matter::LogExport,
            Kind::Service => matter == Matter::LogKeeping,
        }
    }

    /// Whom the log names; nobody where whoever wishes has no name here.
    pub(super) fn who(&self) -> Option<&Claimed> {
        match &self.0 {
            Kind::Administrator(who) => Some(who),
            Kind::Owner | Kind::Service => None,
        }
    }
}

/// An administrator who signed in over the network and is one still.
impl From<&Standing> for Authority {
    fn from(standing: &Standing) -> Self {
        Self(Kind::Administrator(standing.who().clone()))
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Owner => "the owner of the service",
            Kind::Administrator(_) => "an administrator over the network",
            Kind::Service => "the service",
        })
    }
}
