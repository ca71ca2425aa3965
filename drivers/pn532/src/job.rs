use alloc::{collections::VecDeque, format};

use kazasu_hal::Fault;
use kazasu_link::{Blocks, Reply};
use kazasu_wire::{
    felica::{Rate, Slots},
    pn532::{Status, StatusCode, Target},
};

use crate::{ask::Ask, cause};

/// Where a card is looked for before it counts as not there: one that answers in a slot of its own
/// is found at once, one of two in the second half.
const LOOKS: [(Rate, Slots); 4] = [
    (Rate::R212, Slots::One),
    (Rate::R424, Slots::One),
    (Rate::R212, Slots::Sixteen),
    (Rate::R424, Slots::Sixteen),
];

/// A request on its way: the card is selected anew, then asked.
#[derive(Debug)]
pub(crate) struct Job {
    blocks: Blocks,
    looks: VecDeque<(Rate, Slots)>,
}

impl Job {
    pub(crate) fn new(blocks: Blocks) -> Self {
        Self { blocks, looks: LOOKS.into() }
    }

    /// Where to look next.
    ///
    /// # Errors
    /// It was looked for everywhere.
    pub(crate) fn look(&mut self) -> Result<Ask, Fault> {
        let (rate, slots) = self.looks.pop_front().ok_or_else(Blocks::gone)?;
        Ok(Ask::Felica { rate, slots, system: self.blocks.system() })
    }

    /// What to ask the card, if it is among these.
    pub(crate) fn transfer(&self, targets: &[Target]) -> Option<Ask> {
        let tg = targets.iter().find_map(|target| match target {
            Target::Felica(card) if card.idm == self.blocks.idm() => Some(card.tg),
            _ => None,
        })?;
        Some(Ask::Transfer { tg, message: self.blocks.message().clone() })
    }

    /// What the card said to it.
    ///
    /// # Errors
    /// Nothing, nonsense, or no.
    pub(crate) fn outcome(&self, status: Status, data: &[u8]) -> Reply {
        if status.code() != StatusCode::Ok {
            return Err(Blocks::failed(cause::card_silent(format!("{status:?}"))));
        }
        self.blocks.outcome(data)
    }
}
