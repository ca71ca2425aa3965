use std::{collections::VecDeque, time::Duration};

use kazasu_hal::{CardIdentity, Fault, FaultKind, FelicaBlock, Operation, SystemCode, Technology};
use kazasu_wire::felica::{BlockRequest, Idm, PollingAnswer, Rate, Slots};

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
/// How long a card may think about blocks. Writing one takes a Lite-S card 20 ms.
const BLOCKS_WITHIN: Duration = Duration::from_millis(150);

/// A request on its way: the card is selected anew, then asked.
#[derive(Debug)]
pub(crate) struct Job {
    idm: Idm,
    system: u16,
    request: BlockRequest,
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
        let mut job = Self { idm, system, request, looks: VecDeque::new(), found: None };
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
            let (framing, message) = (Framing::Felica(rate), self.request.message().clone());
            return Some(Call { framing, within: BLOCKS_WITHIN, message });
        }
        let (rate, slots) = self.looks.front()?;
        Some(polling(*rate, self.system, *slots))
    }

    /// Takes what came of it. Gives the outcome once there is one.
    pub(crate) fn heard(&mut self, heard: &Heard) -> Option<Outcome> {
        if self.found.is_some() {
            return Some(match heard {
                Heard::Answer(data) => {
                    self.request.outcome(data).map_err(|error| card(error.to_string()))
                }
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
            _ if self.looks.is_empty() => {
                let gone = "the card is not on the reader any more";
                Some(Err(Fault::new(FaultKind::CardGone, gone)))
            }
            _ => None,
        }
    }
}

fn card(message: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Card, message)
}
