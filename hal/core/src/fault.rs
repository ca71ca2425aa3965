//! What is wrong, and who has to act.

use core::fmt;

use crate::Cause;

/// Who or what is at fault, and so who has to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// No such device, port or service is there.
    NotFound,
    /// It is there, but this account may not open it.
    PermissionDenied,
    /// Another program holds it.
    Busy,
    /// The service in between (pcscd) is not running.
    ServiceUnavailable,
    /// The line to the reader broke: unplugged, closed, input/output error.
    Link,
    /// The reader did not answer in time.
    Timeout,
    /// The reader answered what its protocol does not allow.
    Protocol,
    /// A card is there but could not be read.
    Card,
    /// The card that is meant is not on the reader.
    CardGone,
    /// The reader or service cannot do what was asked of it.
    Unsupported,
}

impl FaultKind {
    /// The fixed word for scripts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::PermissionDenied => "permission-denied",
            Self::Busy => "busy",
            Self::ServiceUnavailable => "service-unavailable",
            Self::Link => "link",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol",
            Self::Card => "card",
            Self::CardGone => "card-gone",
            Self::Unsupported => "unsupported",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is wrong: names the thing, never a card number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct Fault {
    /// Who has to act.
    pub kind: FaultKind,
    /// What is wrong.
    pub cause: Cause,
}

impl Fault {
    /// A fault of this kind.
    #[must_use]
    pub fn new(kind: FaultKind, cause: Cause) -> Self {
        Self { kind, cause }
    }
}
