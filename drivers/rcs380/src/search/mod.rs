//! How cards of one kind are looked for: what to say next, and what came of it.

mod slotted;
mod type_a;

use alloc::{string::String, vec::Vec};
use kazasu_hal::{Card, Cause};
use kazasu_wire::felica::Rate;

pub(crate) use slotted::{Kind, Slotted, polling};
pub(crate) use type_a::TypeA;

use crate::{
    cause,
    radio::{Call, Heard},
};

/// What is known before a search for cards that share time slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    Nobody,
    /// Two that were laid down together were never read, so one looks again now and then.
    Perhaps,
    /// There were several, or one is missing.
    Somebody,
}

/// A way to look for cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Technology {
    TypeB,
    TypeA,
    Felica(Rate),
}

impl Technology {
    /// In the order of a round. FeliCa last, for two reasons. A round is told at its end, so the
    /// last search has the shortest way. And a phone that comes in the middle of a round is seen as
    /// a FeliCa card, never as a type A card with a made-up identifier alone.
    pub(crate) const ALL: [Self; 4] =
        [Self::TypeB, Self::TypeA, Self::Felica(Rate::R212), Self::Felica(Rate::R424)];

    /// What is lost where the chip refuses it.
    pub(crate) fn lost(self) -> Cause {
        match self {
            Self::TypeB => cause::lost_type_b(),
            Self::TypeA => cause::lost_type_a(),
            Self::Felica(Rate::R212) => cause::lost_felica_212(),
            Self::Felica(Rate::R424) => cause::lost_felica_424(),
        }
    }
}

/// A search under way.
#[derive(Debug)]
pub(crate) enum Search {
    Slotted(Slotted),
    TypeA(TypeA),
}

/// What a search found.
pub(crate) struct Found {
    pub(crate) cards: Vec<Card>,
    /// Somebody answered who could not be read.
    pub(crate) garbled: bool,
    /// A card said what its protocol does not allow.
    pub(crate) complaint: Option<String>,
}

impl Search {
    /// What to say next; `None` when it is over.
    pub(crate) fn call(&self) -> Option<Call> {
        match self {
            Self::Slotted(search) => search.call(),
            Self::TypeA(search) => search.call(),
        }
    }

    pub(crate) fn heard(&mut self, heard: &Heard) {
        match self {
            Self::Slotted(search) => search.heard(heard),
            Self::TypeA(search) => search.heard(heard),
        }
    }

    pub(crate) fn found(self) -> Found {
        match self {
            Self::Slotted(Slotted { found: cards, garbled, complaint, .. })
            | Self::TypeA(TypeA { found: cards, garbled, complaint, .. }) => {
                Found { cards, garbled, complaint }
            }
        }
    }
}
