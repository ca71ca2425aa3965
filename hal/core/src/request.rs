//! What a reader can be asked to do with a card.

use alloc::vec::Vec;
use core::fmt;

/// A block of a FeliCa card's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FelicaBlock {
    /// Service code, as a number (on the air its low byte comes first).
    pub service: u16,
    /// Number of the block in the service, from 0.
    pub block: u16,
}

/// What a reader can do with a card. `Debug` shows no data: they may hold a person's number.
#[derive(Clone, PartialEq, Eq)]
pub enum Operation {
    /// Read Without Encryption: of services that need no key. A command holds 1 to 15 blocks, and
    /// a card may take fewer.
    FelicaRead(Vec<FelicaBlock>),
    /// Write Without Encryption: all blocks, or none where the card refuses one.
    FelicaWrite(Vec<(FelicaBlock, [u8; 16])>),
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FelicaRead(blocks) => f.debug_tuple("FelicaRead").field(blocks).finish(),
            Self::FelicaWrite(writes) => {
                f.debug_list().entries(writes.iter().map(|(block, _)| block)).finish()
            }
        }
    }
}
