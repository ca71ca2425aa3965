//! What is known of a reader, and what it tells.

use alloc::{string::String, vec::Vec};
use core::{fmt, time::Duration};

use crate::{Card, Fault};

/// A reader's stable name, in the form of the `--reader` option: `pn532:uart:/dev/ttyUSB0`,
/// `pcsc:ACS ACR1252 00 00`. The same across replugs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReaderName(pub String);

impl fmt::Display for ReaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who decides that a card left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The driver polls and reports each round; the runtime counts missed ones.
    Polled,
    /// The reader polls by itself and its word is final.
    Reported,
}

/// How often a driver that polls looks for cards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Polling {
    /// As often as a person feels no delay: at least 15 ms from one round to the next.
    #[default]
    Normal,
    /// With pauses, so that hardly any processor time is used: 150 ms from one round to the next.
    Economy,
}

impl Polling {
    /// From the start of a round to the start of the next one, at least. A round on a reader takes
    /// longer than 15 ms; one simulated without air time answers at once and would keep a processor
    /// busy.
    #[must_use]
    pub fn period(self) -> Duration {
        Duration::from_millis(match self {
            Self::Normal => 15,
            Self::Economy => 150,
        })
    }
}

/// What is known of a reader that is attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderInfo {
    /// Stable name.
    pub name: ReaderName,
    /// The driver that has it: `pn532`, `pcsc`.
    pub driver: &'static str,
    /// What the reader says it is (chip and firmware, or the system's name for it).
    pub model: String,
    /// Who decides that a card left.
    pub presence: Presence,
}

/// What a driver tells of one reader, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// One finished round: all cards that answered, each once per answer.
    ///
    /// Every report of a card is a fresh read after the card was selected anew, so two in a row
    /// confirm its identifier. A reader with [`Presence::Reported`] sends an empty field when the
    /// card left, and one between two presentations of the same card.
    Field(Vec<Card>),
    /// Something went wrong and the driver goes on. When it cannot, it ends instead.
    Fault(Fault),
}
