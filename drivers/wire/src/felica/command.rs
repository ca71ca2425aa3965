use alloc::vec::Vec;
use core::fmt;

use super::{Idm, Polling, code};
use crate::{DecodeError, Raw, cursor::Cursor};

/// What a reader asks of a card. All but polling and echo name the card that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Command {
    /// Who of this system is there?
    Polling(Polling),
    /// Which of these services and areas exist, and the versions of their keys. FFFF is the system.
    RequestService {
        /// Who is meant.
        idm: Idm,
        /// 1 to 32 codes.
        #[cfg_attr(feature = "serde", serde(with = "crate::hex::words"))]
        nodes: Vec<u16>,
    },
    /// Is it still there, and in which mode?
    RequestResponse {
        /// Who is meant.
        idm: Idm,
    },
    /// Reads blocks of services that need no key.
    ReadWithoutEncryption {
        /// Who is meant.
        idm: Idm,
        /// Service codes.
        #[cfg_attr(feature = "serde", serde(with = "crate::hex::words"))]
        services: Vec<u16>,
        /// Which blocks, in this order.
        blocks: Vec<BlockElement>,
    },
    /// Writes blocks of services that need no key: all of them, or none where one is refused.
    WriteWithoutEncryption {
        /// Who is meant.
        idm: Idm,
        /// Service codes.
        #[cfg_attr(feature = "serde", serde(with = "crate::hex::words"))]
        services: Vec<u16>,
        /// Which blocks, and what to write there.
        writes: Vec<(BlockElement, Block)>,
    },
    /// The area or service at this place of the system's list, from 0.
    SearchServiceCode {
        /// Who is meant.
        idm: Idm,
        /// Place in the list.
        index: u16,
    },
    /// Which systems are on the card?
    RequestSystemCode {
        /// Who is meant.
        idm: Idm,
    },
    /// As RequestService, with the kind of key (cards with AES).
    RequestServiceV2 {
        /// Who is meant.
        idm: Idm,
        /// 1 to 32 codes.
        #[cfg_attr(feature = "serde", serde(with = "crate::hex::words"))]
        nodes: Vec<u16>,
    },
    /// State of the system (cards with AES).
    GetSystemStatus(Reserved),
    /// Maker's data of the chip.
    RequestProductInformation(Reserved),
    /// Versions of the specification that the card follows.
    RequestSpecificationVersion(Reserved),
    /// Back to mode 0 (cards with AES).
    ResetMode(Reserved),
    /// The card sends the same bytes back.
    Echo(Raw),
    /// A command this crate has no type for, such as authentication.
    Other {
        /// Its code.
        code: u8,
        /// What follows.
        data: Raw,
    },
}

/// A command that carries two reserved bytes and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Reserved {
    /// Who is meant.
    pub idm: Idm,
    /// 0000.
    #[cfg_attr(feature = "serde", serde(with = "crate::hex::bytes"))]
    pub reserved: [u8; 2],
}

/// 16 bytes of a card's memory. `Debug` does not show them: they may hold a person's number.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Block(#[cfg_attr(feature = "serde", serde(with = "crate::hex::bytes"))] pub [u8; 16]);

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Block")
    }
}

/// An element of a block list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BlockElement {
    /// Place of the service in the service list of the same command, 0 to 15.
    pub service: u8,
    /// Access mode, 0 to 7: 0 is normal, 1 is cashback of a purse.
    pub access: u8,
    /// Block number.
    pub block: u16,
    /// Three bytes instead of two. Without it a number above FF does not fit.
    pub long: bool,
}

impl BlockElement {
    /// Normal access, in as few bytes as the number needs.
    #[must_use]
    pub fn new(service: u8, block: u16) -> Self {
        Self { service, access: 0, block, long: block > 0xFF }
    }

    fn write(self, out: &mut Vec<u8>) -> Option<()> {
        if self.service > 0x0F || self.access > 0x07 {
            return None;
        }
        let head = self.access << 4 | self.service;
        if self.long {
            out.push(head);
            out.extend(self.block.to_le_bytes());
        } else {
            out.extend([0x80 | head, u8::try_from(self.block).ok()?]);
        }
        Some(())
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let head = cursor.u8()?;
        let long = head & 0x80 == 0;
        let block = if long { cursor.u16_le()? } else { cursor.u8()?.into() };
        Ok(Self { service: head & 0x0F, access: head >> 4 & 0x07, block, long })
    }
}

impl Command {
    /// The card that is meant; none for polling and echo, and for commands without a type.
    #[must_use]
    pub fn idm(&self) -> Option<Idm> {
        match self {
            Self::Polling(_) | Self::Echo(_) | Self::Other { .. } => None,
            Self::RequestService { idm, .. }
            | Self::RequestResponse { idm }
            | Self::ReadWithoutEncryption { idm, .. }
            | Self::WriteWithoutEncryption { idm, .. }
            | Self::SearchServiceCode { idm, .. }
            | Self::RequestSystemCode { idm }
            | Self::RequestServiceV2 { idm, .. }
            | Self::GetSystemStatus(Reserved { idm, .. })
            | Self::RequestProductInformation(Reserved { idm, .. })
            | Self::RequestSpecificationVersion(Reserved { idm, .. })
            | Self::ResetMode(Reserved { idm, .. }) => Some(*idm),
        }
    }

    /// The whole command, length byte first. `None` where it is longer than 255 bytes, or a block
    /// element does not fit its bits.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        let mut out = [0].to_vec();
        let mut start = |code: u8, idm: &Idm| {
            out.push(code);
            out.extend(idm.0);
        };
        match self {
            Self::Polling(polling) => out.extend(polling.encode_bare()),
            Self::RequestService { idm, nodes } => {
                start(code::REQUEST_SERVICE, idm);
                write_words(&mut out, nodes)?;
            }
            Self::RequestServiceV2 { idm, nodes } => {
                start(code::REQUEST_SERVICE_V2, idm);
                write_words(&mut out, nodes)?;
            }
            Self::RequestResponse { idm } => start(code::REQUEST_RESPONSE, idm),
            Self::ReadWithoutEncryption { idm, services, blocks } => {
                start(code::READ_WITHOUT_ENCRYPTION, idm);
                write_words(&mut out, services)?;
                out.push(u8::try_from(blocks.len()).ok()?);
                for block in blocks {
                    block.write(&mut out)?;
                }
            }
            Self::WriteWithoutEncryption { idm, services, writes } => {
                start(code::WRITE_WITHOUT_ENCRYPTION, idm);
                write_words(&mut out, services)?;
                out.push(u8::try_from(writes.len()).ok()?);
                for (block, _) in writes {
                    block.write(&mut out)?;
                }
                out.extend(writes.iter().flat_map(|(_, data)| data.0));
            }
            Self::SearchServiceCode { idm, index } => {
                start(code::SEARCH_SERVICE_CODE, idm);
                out.extend(index.to_le_bytes());
            }
            Self::RequestSystemCode { idm } => start(code::REQUEST_SYSTEM_CODE, idm),
            Self::GetSystemStatus(Reserved { idm, reserved }) => {
                start(code::GET_SYSTEM_STATUS, idm);
                out.extend(reserved);
            }
            Self::RequestProductInformation(Reserved { idm, reserved }) => {
                start(code::REQUEST_PRODUCT_INFORMATION, idm);
                out.extend(reserved);
            }
            Self::RequestSpecificationVersion(Reserved { idm, reserved }) => {
                start(code::REQUEST_SPECIFICATION_VERSION, idm);
                out.extend(reserved);
            }
            Self::ResetMode(Reserved { idm, reserved }) => {
                start(code::RESET_MODE, idm);
                out.extend(reserved);
            }
            Self::Echo(data) => {
                out.extend([code::ECHO, 0]);
                out.extend_from_slice(data);
            }
            Self::Other { code, data } => {
                out.push(*code);
                out.extend_from_slice(data);
            }
        }
        finish(out)
    }

    /// Reads a whole command, length byte first.
    ///
    /// # Errors
    /// A length byte that does not fit, the odd code of an answer, or a length or value that the
    /// command does not allow.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = start("FeliCa command", bytes)?;
        let code = cursor.value("the even code of a command", |code| code & 1 == 0)?;
        let command = match code {
            code::POLLING => Self::Polling(Polling::read_tail(&mut cursor)?),
            code::REQUEST_SERVICE => {
                Self::RequestService { idm: idm(&mut cursor)?, nodes: read_nodes(&mut cursor)? }
            }
            code::REQUEST_SERVICE_V2 => {
                Self::RequestServiceV2 { idm: idm(&mut cursor)?, nodes: read_nodes(&mut cursor)? }
            }
            code::REQUEST_RESPONSE => Self::RequestResponse { idm: idm(&mut cursor)? },
            code::READ_WITHOUT_ENCRYPTION => {
                let (idm, services) = (idm(&mut cursor)?, read_services(&mut cursor)?);
                let blocks = read_blocks(&mut cursor)?;
                Self::ReadWithoutEncryption { idm, services, blocks }
            }
            code::WRITE_WITHOUT_ENCRYPTION => {
                let (idm, services) = (idm(&mut cursor)?, read_services(&mut cursor)?);
                let writes = read_blocks(&mut cursor)?
                    .into_iter()
                    .map(|block| Ok((block, Block(cursor.array()?))))
                    .collect::<Result<_, _>>()?;
                Self::WriteWithoutEncryption { idm, services, writes }
            }
            code::SEARCH_SERVICE_CODE => {
                Self::SearchServiceCode { idm: idm(&mut cursor)?, index: cursor.u16_le()? }
            }
            code::REQUEST_SYSTEM_CODE => Self::RequestSystemCode { idm: idm(&mut cursor)? },
            code::GET_SYSTEM_STATUS => Self::GetSystemStatus(Reserved::read(&mut cursor)?),
            code::REQUEST_PRODUCT_INFORMATION => {
                Self::RequestProductInformation(Reserved::read(&mut cursor)?)
            }
            code::REQUEST_SPECIFICATION_VERSION => {
                Self::RequestSpecificationVersion(Reserved::read(&mut cursor)?)
            }
            code::RESET_MODE => Self::ResetMode(Reserved::read(&mut cursor)?),
            code::ECHO => {
                cursor.value("00 of an echo", |byte| byte == 0)?;
                Self::Echo(cursor.rest())
            }
            _ => Self::Other { code, data: cursor.rest() },
        };
        cursor.end()?;
        Ok(command)
    }
}

impl Reserved {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(Self { idm: idm(cursor)?, reserved: cursor.array()? })
    }
}

/// A cursor behind the length byte, which has to fit.
pub(super) fn start<'a>(what: &'static str, bytes: &'a [u8]) -> Result<Cursor<'a>, DecodeError> {
    let mut cursor = Cursor::new(what, bytes);
    cursor.value("the length of the message", |len| usize::from(len) == bytes.len())?;
    Ok(cursor)
}

/// Puts the length where `out` holds its place.
pub(super) fn finish(mut out: Vec<u8>) -> Option<Vec<u8>> {
    let len = u8::try_from(out.len()).ok()?;
    *out.first_mut()? = len;
    Some(out)
}

pub(super) fn idm(cursor: &mut Cursor<'_>) -> Result<Idm, DecodeError> {
    cursor.array().map(Idm)
}

/// A count and as many codes, low byte first.
pub(super) fn write_words(out: &mut Vec<u8>, words: &[u16]) -> Option<()> {
    out.push(u8::try_from(words.len()).ok()?);
    out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    Some(())
}

pub(super) fn read_words(cursor: &mut Cursor<'_>, count: u8) -> Result<Vec<u16>, DecodeError> {
    (0..count).map(|_| cursor.u16_le()).collect()
}

fn read_nodes(cursor: &mut Cursor<'_>) -> Result<Vec<u16>, DecodeError> {
    let count = cursor.value("1 to 32 nodes", |count| (1..=32).contains(&count))?;
    read_words(cursor, count)
}

fn read_services(cursor: &mut Cursor<'_>) -> Result<Vec<u16>, DecodeError> {
    let count = cursor.value("1 to 16 services", |count| (1..=16).contains(&count))?;
    read_words(cursor, count)
}

fn read_blocks(cursor: &mut Cursor<'_>) -> Result<Vec<BlockElement>, DecodeError> {
    let count = cursor.value("a block count from 01", |count| count != 0)?;
    (0..count).map(|_| BlockElement::read(cursor)).collect()
}
