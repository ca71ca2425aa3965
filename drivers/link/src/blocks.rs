use alloc::string::{String, ToString};

use kazasu_hal::{CardIdentity, Fault, FaultKind, FelicaBlock, Operation, SystemCode, Technology};
use kazasu_wire::{
    Raw,
    felica::{BlockRequest, Idm},
};

use crate::Reply;

/// A request for blocks of one FeliCa card, as the command for it. Finding the card is the
/// session's business.
#[derive(Debug)]
pub struct Blocks {
    idm: Idm,
    system: u16,
    request: BlockRequest,
}

impl Blocks {
    /// The command for this operation with this card.
    ///
    /// # Errors
    /// There is none.
    pub fn new(card: &CardIdentity, operation: &Operation) -> Result<Self, Fault> {
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
        Ok(Self { idm, system, request })
    }

    /// The card that is meant.
    #[must_use]
    pub fn idm(&self) -> Idm {
        self.idm
    }

    /// The system code to look for it with.
    #[must_use]
    pub fn system(&self) -> u16 {
        self.system
    }

    /// What to say to it.
    #[must_use]
    pub fn message(&self) -> &Raw {
        self.request.message()
    }

    /// What its answer says.
    ///
    /// # Errors
    /// Nonsense, or no.
    pub fn outcome(&self, answer: &[u8]) -> Reply {
        self.request.outcome(answer).map_err(|error| Self::failed(error.to_string()))
    }

    /// The card gave no answer to take.
    #[must_use]
    pub fn failed(message: impl Into<String>) -> Fault {
        Fault::new(FaultKind::Card, message)
    }

    /// It was looked for everywhere.
    #[must_use]
    pub fn gone() -> Fault {
        Fault::new(FaultKind::CardGone, "the card is not on the reader any more")
    }

    /// The session cannot take a request now.
    #[must_use]
    pub fn busy() -> Fault {
        Fault::new(FaultKind::Busy, "the reader has something else to do")
    }
}
