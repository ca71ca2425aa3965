use alloc::vec::Vec;

use super::{Answer, Block, BlockElement, Command, Idm, StatusFlags};
use crate::{DecodeError, Raw};

/// Block and service numbers in a list are four bits.
const BLOCKS_MAX: usize = 15;

/// Blocks of services that need no key, read from or written to one card: which command that is,
/// and what the card's answer to it means. On which way both go does not matter here.
///
/// A place is a service code and the number of a block in that service, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRequest {
    command: Command,
    message: Raw,
}

/// Why there are no blocks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// No command can ask for this.
    #[error("a FeliCa command holds 1 to 15 blocks, and 254 bytes in all")]
    NoCommand,
    /// The answer cannot be read.
    #[error("the card answered with nonsense: {0}")]
    Nonsense(#[from] DecodeError),
    /// It belongs to another command, or holds another number of blocks.
    #[error("the card answered another question")]
    AnotherQuestion,
    /// It is not of the card that was asked.
    #[error("another card answered")]
    AnotherCard,
    /// The card says no.
    #[error("the card refused: {0}")]
    Refused(StatusFlags),
}

impl BlockRequest {
    /// Reads the blocks at these places, in this order.
    ///
    /// # Errors
    /// [`BlockError::NoCommand`]: none or too many.
    pub fn read(
        idm: Idm,
        places: impl IntoIterator<Item = (u16, u16)>,
    ) -> Result<Self, BlockError> {
        let (services, blocks) = lists(places)?;
        Self::new(Command::ReadWithoutEncryption { idm, services, blocks })
    }

    /// Writes to these places: all of them, or none where the card refuses one.
    ///
    /// # Errors
    /// [`BlockError::NoCommand`]: none or too many.
    pub fn write(
        idm: Idm,
        writes: impl IntoIterator<Item = ((u16, u16), [u8; 16])>,
    ) -> Result<Self, BlockError> {
        let writes = writes.into_iter().take(BLOCKS_MAX.saturating_add(1));
        let (places, data): (Vec<_>, Vec<_>) = writes.unzip();
        let (services, blocks) = lists(places)?;
        let writes = blocks.into_iter().zip(data.into_iter().map(Block)).collect();
        Self::new(Command::WriteWithoutEncryption { idm, services, writes })
    }

    fn new(command: Command) -> Result<Self, BlockError> {
        let message = command.encode().ok_or(BlockError::NoCommand)?.into();
        Ok(Self { command, message })
    }

    /// The command, with its length byte.
    #[must_use]
    pub fn message(&self) -> &Raw {
        &self.message
    }

    /// What the card's answer, with its length byte, says to it: the blocks that were read, in the
    /// order asked for; none for a write.
    ///
    /// # Errors
    /// All but [`BlockError::NoCommand`].
    pub fn outcome(&self, answer: &[u8]) -> Result<Vec<[u8; 16]>, BlockError> {
        let (idm, flags, blocks) = match (&self.command, Answer::decode(answer)?) {
            (
                Command::ReadWithoutEncryption { blocks: wanted, .. },
                Answer::ReadWithoutEncryption { idm, flags, blocks },
            ) if !flags.is_ok() || blocks.len() == wanted.len() => (idm, flags, blocks),
            (
                Command::WriteWithoutEncryption { .. },
                Answer::WriteWithoutEncryption { idm, flags },
            ) => (idm, flags, Vec::new()),
            _ => return Err(BlockError::AnotherQuestion),
        };
        if Some(idm) != self.command.idm() {
            return Err(BlockError::AnotherCard);
        }
        if !flags.is_ok() {
            return Err(BlockError::Refused(flags));
        }
        Ok(blocks.into_iter().map(|Block(block)| block).collect())
    }
}

/// Each service once, and the places as elements that point into that list.
fn lists(
    places: impl IntoIterator<Item = (u16, u16)>,
) -> Result<(Vec<u16>, Vec<BlockElement>), BlockError> {
    let (mut services, mut elements) = (Vec::new(), Vec::new());
    for (service, block) in places {
        if elements.len() == BLOCKS_MAX {
            return Err(BlockError::NoCommand);
        }
        let known = services.iter().position(|known| *known == service);
        let place = known.unwrap_or_else(|| {
            services.push(service);
            services.len().saturating_sub(1)
        });
        let place = u8::try_from(place).map_err(|_| BlockError::NoCommand)?;
        elements.push(BlockElement::new(place, block));
    }
    if elements.is_empty() { Err(BlockError::NoCommand) } else { Ok((services, elements)) }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString, vec};

    use super::*;

    const CARD: Idm = Idm([0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, 0xA1]);
    const OTHER: Idm = Idm([0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, 0xB2]);

    fn message(request: Result<BlockRequest, BlockError>) -> Result<Vec<u8>, BlockError> {
        request.map(|request| request.message().to_vec())
    }

    #[test]
    fn a_command_names_each_service_once() {
        let head = |len: u8, code: u8| [&[len, code][..], &CARD.0].concat();
        let read = |places: &[(u16, u16)]| message(BlockRequest::read(CARD, places.to_vec()));
        let write = |count: u16| {
            let writes = (0..count).map(|block| ((0x0009, block), [0x5A; 16]));
            message(BlockRequest::write(CARD, writes))
        };
        let of = |head: Vec<u8>, lists: &[u8]| Ok([&head, lists].concat());
        let one = [&[1, 0x09, 0x00, 1, 0x80, 0x00][..], &[0x5A; 16]].concat();
        let rows = [
            ("one", read(&[(0x1A8B, 0)]), of(head(16, 6), &[1, 0x8B, 0x1A, 1, 0x80, 0])),
            (
                "two services, the first one twice, a long number",
                read(&[(0x1A8B, 2), (0x0009, 0x100), (0x1A8B, 0)]),
                of(
                    head(23, 6),
                    &[2, 0x8B, 0x1A, 0x09, 0x00, 3, 0x80, 2, 0x01, 0x00, 0x01, 0x80, 0],
                ),
            ),
            ("none", read(&[]), Err(BlockError::NoCommand)),
            ("sixteen", read(&[(0x1A8B, 0); 16]), Err(BlockError::NoCommand)),
            ("a write", write(1), of(head(32, 8), &one)),
            ("no write", write(0), Err(BlockError::NoCommand)),
            ("a write that is too long", write(14), Err(BlockError::NoCommand)),
            ("more writes than anybody has", write(u16::MAX), Err(BlockError::NoCommand)),
        ];
        for (name, got, expected) in rows {
            assert_eq!(got, expected, "{name}");
        }
        assert_eq!(read(&[(0x1A8B, 0); 15]).map(|message| message.len()), Ok(44));
        assert_eq!(write(12).map(|message| message.len()), Ok(230));
    }

    #[test]
    fn an_answer_counts_if_it_is_this_cards_to_this_command() {
        let two = || BlockRequest::read(CARD, [(0x1A8B, 0), (0x1A8B, 1)]).unwrap();
        let write = || BlockRequest::write(CARD, [((0x1A8B, 0), [1; 16])]).unwrap();
        let blocks = |count: u8| (0..count).map(|n| Block([n; 16])).collect();
        let flags = StatusFlags;
        let read = |idm, flags, blocks| Answer::ReadWithoutEncryption { idm, flags, blocks };
        let written = |idm, flags| Answer::WriteWithoutEncryption { idm, flags };
        let refused = [0x01, 0xA4];
        let rows = [
            (two(), read(CARD, StatusFlags::OK, blocks(2)), Ok(vec![[0; 16], [1; 16]])),
            (two(), read(CARD, StatusFlags::OK, blocks(1)), Err(BlockError::AnotherQuestion)),
            (two(), read(OTHER, StatusFlags::OK, blocks(2)), Err(BlockError::AnotherCard)),
            (two(), written(CARD, StatusFlags::OK), Err(BlockError::AnotherQuestion)),
            (
                two(),
                read(CARD, flags(refused), Vec::new()),
                Err(BlockError::Refused(flags(refused))),
            ),
            (write(), written(CARD, StatusFlags::OK), Ok(Vec::new())),
            (write(), written(OTHER, StatusFlags::OK), Err(BlockError::AnotherCard)),
            (write(), written(CARD, flags(refused)), Err(BlockError::Refused(flags(refused)))),
            (write(), read(CARD, StatusFlags::OK, blocks(1)), Err(BlockError::AnotherQuestion)),
        ];
        for (request, answer, expected) in rows {
            assert_eq!(request.outcome(&answer.encode().unwrap()), expected, "{answer:?}");
        }
        assert!(matches!(two().outcome(&[3, 7]), Err(BlockError::Nonsense(_))));
    }

    #[test]
    fn a_refusal_is_told_in_words_without_the_cards_number() {
        let rows = [
            (BlockError::NoCommand, "a FeliCa command holds 1 to 15 blocks, and 254 bytes in all"),
            (
                BlockError::Refused(StatusFlags([0x01, 0xA4])),
                "the card refused: 01 A4, wrong kind of service",
            ),
            (
                BlockError::Refused(StatusFlags([0xFF, 0xEE])),
                "the card refused: FF EE, not in the table of status flags",
            ),
        ];
        for (error, expected) in rows {
            assert_eq!(error.to_string(), expected);
        }
        let request = BlockRequest::write(CARD, [((0x1A8B, 0), *b"secret of a card")]).unwrap();
        let shown = format!("{request:?}");
        assert!(!shown.contains("115") && !shown.contains("4C"), "{shown}");
    }
}
