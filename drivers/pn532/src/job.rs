use std::collections::VecDeque;

use kazasu_hal::{CardIdentity, Fault, FaultKind, FelicaBlock, Operation, SystemCode, Technology};
use kazasu_wire::{
    felica::{BlockRequest, Idm, Rate, Slots},
    pn532::{Status, StatusCode, Target},
};

use crate::ask::Ask;

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
    idm: Idm,
    system: u16,
    request: BlockRequest,
    looks: VecDeque<(Rate, Slots)>,
}

impl Job {
    /// # Errors
    /// No such command exists for this card.
    pub(crate) fn new(card: &CardIdentity, operation: &Operation) -> Result<Self, Fault> {
        let unsupported = |message: &str| Fault::new(FaultKind::Unsupported, message);
        let idm = match (card.technology(), card.id().as_bytes().try_into()) {
            (Technology::Felica, Ok(idm)) => Idm(idm),
            _ => return Err(unsupported("only FeliCa cards have blocks")),
        };
        let place = |block: &FelicaBlock| (block.service, block.block);
        let request = match operation {
            Operation::FelicaRead(blocks) => BlockRequest::read(idm, blocks.iter().map(place)),
            Operation::FelicaWrite(writes) => {
                let writes = writes.iter().map(|(block, data)| (place(block), *data));
                BlockRequest::write(idm, writes)
            }
        };
        let request = request.map_err(|error| unsupported(&error.to_string()))?;
        let system = card.system().unwrap_or(SystemCode::ANY).0;
        Ok(Self { idm, system, request, looks: LOOKS.into() })
    }

    /// Where to look next.
    ///
    /// # Errors
    /// It was looked for everywhere.
    pub(crate) fn look(&mut self) -> Result<Ask, Fault> {
        let (rate, slots) = self.looks.pop_front().ok_or_else(|| {
            Fault::new(FaultKind::CardGone, "the card is not on the reader any more")
        })?;
        Ok(Ask::Felica { rate, slots, system: self.system })
    }

    /// What to ask the card, if it is among these.
    pub(crate) fn transfer(&self, targets: &[Target]) -> Option<Ask> {
        let tg = targets.iter().find_map(|target| match target {
            Target::Felica(card) if card.idm == self.idm => Some(card.tg),
            _ => None,
        })?;
        Some(Ask::Transfer { tg, message: self.request.message().clone() })
    }

    /// What the card said to it.
    ///
    /// # Errors
    /// Nothing, nonsense, or no.
    pub(crate) fn outcome(&self, status: Status, data: &[u8]) -> Result<Vec<[u8; 16]>, Fault> {
        let card = |message: String| Fault::new(FaultKind::Card, message);
        if status.code() != StatusCode::Ok {
            return Err(card(format!("the card did not answer: {status:?}")));
        }
        self.request.outcome(data).map_err(|error| card(error.to_string()))
    }
}
