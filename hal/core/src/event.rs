use std::{fmt, time::SystemTime};

use crate::{Card, Fault, ReaderInfo, ReaderName};

/// What one person stands before: one or more readers, one session, one or more panels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StationName(pub String);

impl fmt::Display for StationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One thing that happened at a reader, after tap semantics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Calendar time.
    pub time: SystemTime,
    /// Where.
    pub reader: ReaderName,
    /// Whose: the station the reader belongs to.
    pub station: StationName,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The reader can be used from now on.
    Attached(ReaderInfo),
    /// The reader is gone. A card that rested on it was reported as removed before.
    Detached,
    /// A card was presented: once for each presentation, however long it rests.
    Presented(Card),
    /// The card just presented gave the same identifier in a second read, after it was selected
    /// anew. Some chips misread, so nothing is bound before this.
    Confirmed(Card),
    /// The presented card left.
    Removed(Card),
    /// More than one card is in the field; none of them is presented.
    Multiple,
    /// Something is wrong with the reader or the way to it; the runtime goes on trying.
    Fault(Fault),
}

impl EventKind {
    /// The fixed word for scripts; `None` for what `watch` does not show.
    #[must_use]
    pub fn word(&self) -> Option<&'static str> {
        Some(match self {
            Self::Attached(_) => "attached",
            Self::Detached => "detached",
            Self::Presented(_) => "presented",
            Self::Confirmed(_) => return None,
            Self::Removed(_) => "removed",
            Self::Multiple => "multiple",
            Self::Fault(_) => "fault",
        })
    }
}
