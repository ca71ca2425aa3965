use std::{fmt, time::SystemTime};

use crate::{Card, Fault, ReaderInfo, ReaderName, Technology};

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
    /// The reader that it happened at.
    pub reader: ReaderName,
    /// Whose: the station the reader belongs to.
    pub station: StationName,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// The reader can be used from now on.
    Attached(ReaderInfo),
    /// The reader is gone. A card that rested on it was reported as removed before.
    Detached,
    /// A card was presented: once for each presentation, however long it rests.
    Presented(Card),
    /// The card that was presented before the reader was lost, found where it was when the reader
    /// came back: no new tap.
    Resumed(Card),
    /// The card just presented gave the same identifier in two reads in a row, after it was selected
    /// anew. Some chips misread, so nothing is bound before this.
    Confirmed(Card),
    /// The presented card left.
    Removed(Card),
    /// More than one card is in the field, of these technologies; none of them is presented.
    Multiple(Vec<Technology>),
    /// Something is wrong with the reader or the way to it; the runtime goes on trying.
    Fault(Fault),
}

impl EventKind {
    /// The fixed word for scripts.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Attached(_) => "attached",
            Self::Detached => "detached",
            Self::Presented(_) | Self::Resumed(_) => "presented",
            Self::Confirmed(_) => "confirmed",
            Self::Removed(_) => "removed",
            Self::Multiple(_) => "multiple",
            Self::Fault(_) => "fault",
        }
    }
}
