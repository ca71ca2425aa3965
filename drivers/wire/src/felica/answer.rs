use alloc::vec::Vec;
use core::fmt;

use super::{
    Block, Idm, PollingAnswer, code,
    command::{finish, idm, read_words, start, write_words},
};
use crate::{DecodeError, Raw, cursor::Cursor};

/// What a card answers. The code says to what, so no command is needed to read it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Answer {
    /// I am.
    Polling(PollingAnswer),
    /// Key versions in the order of the nodes; FFFF where there is no such node.
    RequestService {
        /// Who answers.
        idm: Idm,
        /// Key versions.
        #[cfg_attr(feature = "serde", serde(with = "crate::hex::words"))]
        key_versions: Vec<u16>,
    },
    /// Still here.
    RequestResponse {
        /// Who answers.
        idm: Idm,
        /// 0 to 3; 0 after power-up, others during authentication and issuance.
        mode: u8,
    },
    /// What was read.
    ReadWithoutEncryption {
        /// Who answers.
        idm: Idm,
        /// How it went.
        flags: StatusFlags,
        /// In the order of the block list; none, nor their count, where `flags` tell of an error.
        blocks: Vec<Block>,
    },
    /// Written, or not.
    WriteWithoutEncryption {
        /// Who answers.
        idm: Idm,
        /// How it went.
        flags: StatusFlags,
    },
    /// What stands at that place of the list.
    SearchServiceCode {
        /// Who answers.
        idm: Idm,
        /// An area or a service.
        found: Found,
    },
    /// The systems, system 0 first.
    RequestSystemCode {
        /// Who answers.
        idm: Idm,
        /// System codes.
        #[cfg_attr(feature = "serde", serde(with = "crate::hex::words"))]
        systems: Vec<u16>,
    },
    /// Kind of keys and their versions.
    RequestServiceV2(Flagged),
    /// State of the system.
    GetSystemStatus(Flagged),
    /// Maker's data of the chip.
    RequestProductInformation(Flagged),
    /// Versions of the specification.
    RequestSpecificationVersion(Flagged),
    /// Back in mode 0.
    ResetMode(Flagged),
    /// The bytes of the command.
    Echo(Raw),
    /// An answer this crate has no type for.
    Other {
        /// Its code.
        code: u8,
        /// What follows.
        data: Raw,
    },
}

/// An answer with status flags and data whose layout differs between generations of cards.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Flagged {
    /// Who answers.
    pub idm: Idm,
    /// How it went.
    pub flags: StatusFlags,
    /// What follows.
    pub data: Raw,
}

/// What SearchServiceCode found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Found {
    /// An area, from its code to the last code in it.
    Area {
        /// Code of the area.
        #[cfg_attr(feature = "serde", serde(with = "crate::hex::word"))]
        code: u16,
        /// Last code.
        #[cfg_attr(feature = "serde", serde(with = "crate::hex::word"))]
        end: u16,
    },
    /// A service; FFFF is the end of the list.
    Service(#[cfg_attr(feature = "serde", serde(with = "crate::hex::word"))] u16),
}

impl Found {
    /// The list ends before this place.
    pub const END: Self = Self::Service(0xFFFF);
}

/// Status flags 1 and 2.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StatusFlags(
    #[cfg_attr(feature = "serde", serde(with = "crate::hex::bytes"))] pub [u8; 2],
);

impl StatusFlags {
    /// Done.
    pub const OK: Self = Self([0, 0]);

    /// Whether the command was carried out.
    #[must_use]
    pub fn is_ok(self) -> bool {
        let Self([first, _]) = self;
        first == 0
    }

    /// What flag 2 says, in a few English words; `None` for values not in the table.
    #[must_use]
    pub fn meaning(self) -> Option<&'static str> {
        let Self([_, second]) = self;
        Some(match second {
            0x00 => "done",
            0x01 => "purse under or over its limits",
            0x02 => "cashback too large",
            0x70 => "memory error",
            0x71 => "memory near the end of its life",
            0xA1 => "wrong number of services",
            0xA2 => "wrong number of blocks",
            0xA3 => "no such place in the service list",
            0xA4 => "wrong kind of service",
            0xA5 => "access refused",
            0xA6 => "no such service",
            0xA7 => "wrong access mode",
            0xA8 => "no such block",
            0xA9 => "write failed",
            0xAC => "wrong parameter",
            0xAF => "too many blocks of a cyclic service",
            0xB1 => "authentication needed, or MAC wrong",
            0xB2 => "no challenge was written before",
            _ => return None,
        })
    }
}

impl fmt::Display for StatusFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([first, second]) = self;
        let meaning = self.meaning().unwrap_or("not in the table of status flags");
        write!(f, "{first:02X} {second:02X}, {meaning}")
    }
}

impl fmt::Debug for StatusFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([first, second]) = self;
        write!(f, "StatusFlags({first:02X} {second:02X})")
    }
}

impl Answer {
    /// The whole answer, length byte first. `None` where it is longer than 255 bytes, or where
    /// blocks come with an error.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        let mut out = [0].to_vec();
        let mut start = |code: u8, idm: &Idm| {
            out.push(code.wrapping_add(1));
            out.extend(idm.0);
        };
        match self {
            Self::Polling(answer) => return Some(answer.encode()),
            Self::RequestService { idm, key_versions } => {
                start(code::REQUEST_SERVICE, idm);
                write_words(&mut out, key_versions)?;
            }
            Self::RequestResponse { idm, mode } => {
                start(code::REQUEST_RESPONSE, idm);
                out.push(*mode);
            }
            Self::ReadWithoutEncryption { idm, flags, blocks } => {
                start(code::READ_WITHOUT_ENCRYPTION, idm);
                out.extend(flags.0);
                if flags.is_ok() {
                    out.push(u8::try_from(blocks.len()).ok()?);
                    out.extend(blocks.iter().flat_map(|block| block.0));
                } else if !blocks.is_empty() {
                    return None;
                }
            }
            Self::WriteWithoutEncryption { idm, flags } => {
                start(code::WRITE_WITHOUT_ENCRYPTION, idm);
                out.extend(flags.0);
            }
            Self::SearchServiceCode { idm, found } => {
                start(code::SEARCH_SERVICE_CODE, idm);
                match found {
                    Found::Area { code, end } => {
                        out.extend([*code, *end].into_iter().flat_map(u16::to_le_bytes));
                    }
                    Found::Service(code) => out.extend(code.to_le_bytes()),
                }
            }
            Self::RequestSystemCode { idm, systems } => {
                start(code::REQUEST_SYSTEM_CODE, idm);
                out.push(u8::try_from(systems.len()).ok()?);
                out.extend(systems.iter().flat_map(|system| system.to_be_bytes()));
            }
            Self::RequestServiceV2(answer) => answer.write(&mut out, code::REQUEST_SERVICE_V2),
            Self::GetSystemStatus(answer) => answer.write(&mut out, code::GET_SYSTEM_STATUS),
            Self::RequestProductInformation(answer) => {
                answer.write(&mut out, code::REQUEST_PRODUCT_INFORMATION);
            }
            Self::RequestSpecificationVersion(answer) => {
                answer.write(&mut out, code::REQUEST_SPECIFICATION_VERSION);
            }
            Self::ResetMode(answer) => answer.write(&mut out, code::RESET_MODE),
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

    /// Reads a whole answer, length byte first.
    ///
    /// # Errors
    /// A length byte that does not fit, the even code of a command, or a length or value that the
    /// answer does not allow.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = start("FeliCa answer", bytes)?;
        let code = cursor.value("the odd code of an answer, or F0", |code| {
            code & 1 == 1 || code == code::ECHO
        })?;
        // The table is of commands; an echo alone has the same code in both directions.
        let answer = match code.wrapping_sub(1) {
            code::POLLING => Self::Polling(PollingAnswer::decode(bytes)?),
            code::REQUEST_SERVICE => {
                let (idm, count) = (idm(&mut cursor)?, cursor.u8()?);
                Self::RequestService { idm, key_versions: read_words(&mut cursor, count)? }
            }
            code::REQUEST_RESPONSE => {
                Self::RequestResponse { idm: idm(&mut cursor)?, mode: cursor.u8()? }
            }
            code::READ_WITHOUT_ENCRYPTION => {
                let (idm, flags) = (idm(&mut cursor)?, StatusFlags(cursor.array()?));
                let count = if flags.is_ok() { cursor.u8()? } else { 0 };
                let blocks =
                    (0..count).map(|_| cursor.array().map(Block)).collect::<Result<_, _>>()?;
                Self::ReadWithoutEncryption { idm, flags, blocks }
            }
            code::WRITE_WITHOUT_ENCRYPTION => Self::WriteWithoutEncryption {
                idm: idm(&mut cursor)?,
                flags: StatusFlags(cursor.array()?),
            },
            code::SEARCH_SERVICE_CODE => {
                let (idm, code) = (idm(&mut cursor)?, cursor.u16_le()?);
                let found = if cursor.is_empty() {
                    Found::Service(code)
                } else {
                    Found::Area { code, end: cursor.u16_le()? }
                };
                Self::SearchServiceCode { idm, found }
            }
            code::REQUEST_SYSTEM_CODE => {
                let (idm, count) = (idm(&mut cursor)?, cursor.u8()?);
                let systems = (0..count).map(|_| cursor.u16_be()).collect::<Result<_, _>>()?;
                Self::RequestSystemCode { idm, systems }
            }
            code::REQUEST_SERVICE_V2 => Self::RequestServiceV2(Flagged::read(&mut cursor)?),
            code::GET_SYSTEM_STATUS => Self::GetSystemStatus(Flagged::read(&mut cursor)?),
            code::REQUEST_PRODUCT_INFORMATION => {
                Self::RequestProductInformation(Flagged::read(&mut cursor)?)
            }
            code::REQUEST_SPECIFICATION_VERSION => {
                Self::RequestSpecificationVersion(Flagged::read(&mut cursor)?)
            }
            code::RESET_MODE => Self::ResetMode(Flagged::read(&mut cursor)?),
            _ if code == code::ECHO => {
                cursor.value("00 of an echo", |byte| byte == 0)?;
                Self::Echo(cursor.rest())
            }
            _ => Self::Other { code, data: cursor.rest() },
        };
        if !matches!(answer, Self::Polling(_)) {
            cursor.end()?;
        }
        Ok(answer)
    }
}

impl Flagged {
    fn write(&self, out: &mut Vec<u8>, code: u8) {
        out.push(code.wrapping_add(1));
        out.extend(self.idm.0);
        out.extend(self.flags.0);
        out.extend_from_slice(&self.data);
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let (idm, flags) = (idm(cursor)?, StatusFlags(cursor.array()?));
        Ok(Self { idm, flags, data: cursor.rest() })
    }
}
