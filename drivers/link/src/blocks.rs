use alloc::string::ToString;

use kazasu_hal::{
    CardIdentity, Cause, Fault, FaultKind, FelicaBlock, Operation, SystemCode, Technology,
};
use kazasu_wire::{
    Raw,
    felica::{BlockError, BlockRequest, Idm},
};

use crate::{Reply, cause};

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
        let unsupported = |cause: Cause| Fault::new(FaultKind::Unsupported, cause);
        let idm = match (card.technology(), card.id().as_bytes().try_into()) {
            (Technology::Felica, Ok(idm)) => Idm(idm),
            _ => return Err(unsupported(cause::no_blocks())),
        };
        let place = |block: &FelicaBlock| (block.service, block.block);
        let request = match operation {
            Operation::FelicaRead(blocks) => BlockRequest::read(idm, blocks.iter().map(place)),
            Operation::FelicaWrite(writes) => {
                let writes = writes.iter().map(|(block, data)| (place(block), *data));
                BlockRequest::write(idm, writes)
            }
        };
        let request = request.map_err(|error| unsupported(why(&error)))?;
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
        self.request.outcome(answer).map_err(|error| Self::failed(why(&error)))
    }

    /// The card gave no answer to take.
    #[must_use]
    pub fn failed(cause: Cause) -> Fault {
        Fault::new(FaultKind::Card, cause)
    }

    /// It was looked for everywhere.
    #[must_use]
    pub fn gone() -> Fault {
        Fault::new(FaultKind::CardGone, cause::card_gone())
    }

    /// The session cannot take a request now.
    #[must_use]
    pub fn busy() -> Fault {
        Fault::new(FaultKind::Busy, cause::busy())
    }
}

fn why(error: &BlockError) -> Cause {
    match error {
        BlockError::NoCommand => cause::no_block_command(),
        BlockError::Nonsense(error) => cause::block_nonsense(error.to_string()),
        BlockError::AnotherQuestion => cause::block_other_question(),
        BlockError::AnotherCard => cause::block_other_card(),
        BlockError::Refused(flags) => cause::block_refused(flags.to_string()),
    }
}
