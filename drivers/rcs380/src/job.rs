use std::{collections::VecDeque, time::Duration};

use kazasu_hal::{CardIdentity, Fault, FaultKind, FelicaBlock, Operation, SystemCode, Technology};
use kazasu_wire::{
    Raw,
    felica::{Answer, Block, BlockElement, Command, Idm, PollingAnswer, Slots},
    pn532::Rate,
};

use crate::{
    radio::{Call, Framing, Heard},
    search::polling,
};

/// Where a card is looked for before it counts as not there: one that answers in a slot of its own
/// is found at once, one of several in the second half.
const LOOKS: [(Rate, Slots, usize); 4] = [
    (Rate::R212, Slots::One, 1),
    (Rate::R424, Slots::One, 1),
    (Rate::R212, Slots::Four, 8),
    (Rate::R424, Slots::Four, 8),
];
/// Block and service numbers in a list are four bits.
const LIST_MAX: usize = 15;
/// How long a card may think about blocks. Writing one takes a Lite-S card 20 ms.
const BLOCKS_WITHIN: Duration = Duration::from_millis(150);

/// A request on its way: the card is selected anew, then asked.
#[derive(Debug)]
pub(crate) struct Job {
    idm: Idm,
    system: u16,
    message: Raw,
    looks: VecDeque<(Rate, Slots)>,
    /// At which rate the card was found.
    found: Option<Rate>,
}

type Outcome = Result<Vec<[u8; 16]>, Fault>;

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
        let mut job = Self { idm, system, message, looks: VecDeque::new(), found: None };
        job.restart();
        Ok(job)
    }

    /// From the beginning: what was said is lost.
    pub(crate) fn restart(&mut self) {
        let looks = LOOKS
            .iter()
            .flat_map(|(rate, slots, times)| std::iter::repeat_n((*rate, *slots), *times));
        self.looks = looks.collect();
        self.found = None;
    }

    /// What to say next; `None` where it was looked for everywhere.
    pub(crate) fn call(&self) -> Option<Call> {
        if let Some(rate) = self.found {
            let (framing, message) = (Framing::Felica(rate), self.message.clone());
            return Some(Call { framing, within: BLOCKS_WITHIN, message });
        }
        let (rate, slots) = self.looks.front()?;
        Some(polling(*rate, self.system, *slots))
    }

    /// Takes what came of it. Gives the outcome once there is one.
    pub(crate) fn heard(&mut self, heard: &Heard) -> Option<Outcome> {
        if self.found.is_some() {
            return Some(match heard {
                Heard::Answer(data) => self.outcome(data),
                Heard::Nothing => Err(card("the card did not answer")),
                Heard::Garbled => Err(card("the card's answer could not be read")),
                Heard::Failed(status) => Err(card(format!("nothing was sent: {status:?}"))),
            });
        }
        let (rate, _) = self.looks.pop_front()?;
        match heard {
            Heard::Answer(data)
                if PollingAnswer::decode(data).is_ok_and(|answer| answer.idm == self.idm) =>
            {
                self.found = Some(rate);
                None
            }
            _ if self.looks.is_empty() => Some(Err(card("the card is not on the reader any more"))),
            _ => None,
        }
    }

    /// What the card said to it.
    fn outcome(&self, data: &[u8]) -> Outcome {
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
            _ => return Err(card("the card answered another question")),
        };
        if idm != self.idm {
            return Err(card("another card answered"));
        }
        if !flags.is_ok() {
            let [first, second] = flags.0;
            let meaning = flags.meaning().unwrap_or("not in the table of status flags");
            return Err(card(format!("the card refused: {first:02X} {second:02X}, {meaning}")));
        }
        Ok(blocks.into_iter().map(|Block(block)| block).collect())
    }
}

fn card(message: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Card, message)
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
