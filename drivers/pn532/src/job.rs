use std::collections::VecDeque;

use kazasu_hal::{CardIdentity, Fault, FaultKind, FelicaBlock, Operation, SystemCode, Technology};
use kazasu_wire::{
    Raw,
    felica::{Answer, Block, BlockElement, Command, Idm, Slots},
    pn532::{Rate, Status, StatusCode, Target},
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
/// Block and service numbers in a list are four bits.
const LIST_MAX: usize = 15;

/// A request on its way: the card is selected anew, then asked.
#[derive(Debug)]
pub(crate) struct Job {
    idm: Idm,
    system: u16,
    message: Raw,
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
        let message = message(idm, operation).ok_or_else(|| {
            unsupported("a FeliCa command holds 1 to 15 blocks, and 254 bytes in all")
        })?;
        let system = card.system().unwrap_or(SystemCode::ANY).0;
        Ok(Self { idm, system, message, looks: LOOKS.into() })
    }

    /// Where to look next.
    ///
    /// # Errors
    /// It was looked for everywhere.
    pub(crate) fn look(&mut self) -> Result<Ask, Fault> {
        let (rate, slots) = self
            .looks
            .pop_front()
            .ok_or_else(|| Fault::new(FaultKind::Card, "the card is not on the reader any more"))?;
        Ok(Ask::Felica { rate, slots, system: self.system })
    }

    /// What to ask the card, if it is among these.
    pub(crate) fn transfer(&self, targets: &[Target]) -> Option<Ask> {
        let tg = targets.iter().find_map(|target| match target {
            Target::Felica(card) if card.idm == self.idm => Some(card.tg),
            _ => None,
        })?;
        Some(Ask::Transfer { tg, message: self.message.clone() })
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
        let answer = Answer::decode(data)
            .map_err(|error| card(format!("the card answered with nonsense: {error}")))?;
        let (idm, flags, blocks) = match (Command::decode(&self.message), answer) {
            (
                Ok(Command::ReadWithoutEncryption { blocks: wanted, .. }),
                Answer::ReadWithoutEncryption { idm, flags, blocks },
            ) if !flags.is_ok() || blocks.len() == wanted.len() => (idm, flags, blocks),
            (
                Ok(Command::WriteWithoutEncryption { .. }),
                Answer::WriteWithoutEncryption { idm, flags },
            ) => (idm, flags, Vec::new()),
            _ => return Err(card("the card answered another question".to_owned())),
        };
        if idm != self.idm {
            return Err(card("another card answered".to_owned()));
        }
        if !flags.is_ok() {
            let [first, second] = flags.0;
            let meaning = flags.meaning().unwrap_or("not in the table of status flags");
            return Err(card(format!("the card refused: {first:02X} {second:02X}, {meaning}")));
        }
        Ok(blocks.into_iter().map(|Block(block)| block).collect())
    }
}

/// The command with its length byte; `None` where it cannot be built.
fn message(idm: Idm, operation: &Operation) -> Option<Raw> {
    let blocks: Vec<FelicaBlock> = match operation {
        Operation::FelicaRead(blocks) => blocks.clone(),
        Operation::FelicaWrite(writes) => writes.iter().map(|(block, _)| *block).collect(),
    };
    if blocks.is_empty() || blocks.len() > LIST_MAX {
        return None;
    }
    let mut services: Vec<u16> = Vec::new();
    let mut elements = Vec::new();
    for FelicaBlock { service, block } in blocks {
        let place = services.iter().position(|known| *known == service).unwrap_or_else(|| {
            services.push(service);
            services.len().saturating_sub(1)
        });
        elements.push(BlockElement::new(u8::try_from(place).ok()?, block));
    }
    let command = match operation {
        Operation::FelicaRead(_) => {
            Command::ReadWithoutEncryption { idm, services, blocks: elements }
        }
        Operation::FelicaWrite(writes) => {
            let data = writes.iter().map(|(_, data)| Block(*data));
            let writes = elements.into_iter().zip(data).collect();
            Command::WriteWithoutEncryption { idm, services, writes }
        }
    };
    command.encode().map(Raw::from)
}
