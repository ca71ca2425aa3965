//! Short APDUs (ISO/IEC 7816-4 section 5) and what PC/SC part 3 adds for contactless readers.

mod pseudo;
pub mod tlv;

use alloc::vec::Vec;
use core::fmt;

pub use pseudo::Pseudo;

use crate::{DecodeError, Raw, cursor::Cursor};

/// The class that PC/SC readers answer themselves instead of passing it to the card.
const READER_CLASS: u8 = 0xFF;
const GET_DATA: u8 = 0xCA;

/// A command to a card or, with class FF, to the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Command {
    /// Class.
    pub cla: u8,
    /// Instruction.
    pub ins: u8,
    /// Parameter 1.
    pub p1: u8,
    /// Parameter 2.
    pub p2: u8,
    /// Up to 255 bytes; none means that there is no length byte for them either.
    pub data: Raw,
    /// How many bytes may come back; 0 stands for 256. Absent means: none are wanted.
    pub le: Option<u8>,
}

/// What `GET DATA` (PC/SC part 3 section 3.2.2.1.3) asks of a contactless reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum GetData {
    /// UID, PUPI or IDm.
    Uid,
    /// Historical bytes of the ATS; many readers give a FeliCa card's PMm here.
    Historical,
}

impl GetData {
    /// The command.
    #[must_use]
    pub fn command(self) -> Command {
        let p1 = match self {
            Self::Uid => 0,
            Self::Historical => 1,
        };
        Command { cla: READER_CLASS, ins: GET_DATA, p1, p2: 0, data: Raw::default(), le: Some(0) }
    }
}

impl Command {
    /// Reads the form in which RC-S300 takes data objects (`FF 50 00 01`): an extended length
    /// behind the header, and three bytes 00 at the end, which are no Le of any standard.
    ///
    /// # Errors
    /// Another command, or lengths that do not fit.
    pub fn decode_rcs300(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new("RC-S300 command", bytes);
        let [cla, ins, p1, p2] = cursor.array()?;
        if [cla, ins, p1, p2] != [READER_CLASS, 0x50, 0, 1] {
            return Err(cursor.refuse(0, "FF 50 00 01", cla));
        }
        cursor.value("00 before an extended length", |byte| byte == 0)?;
        let length = cursor.u16_be()?;
        let data = cursor.bytes(usize::from(length))?.into();
        for _ in 0..3 {
            cursor.value("00 at the end", |byte| byte == 0)?;
        }
        cursor.end()?;
        Ok(Self { cla, ins, p1, p2, data, le: Some(0) })
    }

    /// The bytes. `None` where the data are longer than 255 bytes.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        let mut bytes = [self.cla, self.ins, self.p1, self.p2].to_vec();
        if !self.data.is_empty() {
            bytes.push(u8::try_from(self.data.len()).ok()?);
            bytes.extend_from_slice(&self.data);
        }
        bytes.extend(self.le);
        Some(bytes)
    }

    /// Reads a short APDU.
    ///
    /// # Errors
    /// Fewer than 4 bytes, or a length that the bytes do not have (extended lengths too).
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new("command APDU", bytes);
        let [cla, ins, p1, p2] = cursor.array()?;
        let (mut data, mut le) = (Raw::default(), None);
        match bytes.len() {
            4 => {}
            5 => le = Some(cursor.u8()?),
            _ => {
                let length = cursor.value("a data length from 01", |length| length != 0)?;
                data = cursor.bytes(usize::from(length))?.into();
                le = cursor.optional();
                cursor.end()?;
            }
        }
        Ok(Self { cla, ins, p1, p2, data, le })
    }

    /// Whether this is a `GET DATA` for the reader, in whatever length is wanted back.
    #[must_use]
    pub fn get_data(&self) -> Option<GetData> {
        [GetData::Uid, GetData::Historical].into_iter().find(|which| {
            let command = which.command();
            (self.cla, self.ins, self.p1, self.p2)
                == (command.cla, command.ins, command.p1, command.p2)
                && self.data.is_empty()
        })
    }
}

/// SW1 SW2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StatusWord(#[cfg_attr(feature = "serde", serde(with = "crate::hex::word"))] pub u16);

impl StatusWord {
    /// Done.
    pub const OK: Self = Self(0x9000);
    /// The reader got nothing from the card.
    pub const FAILED: Self = Self(0x6300);
    /// Wrong length.
    pub const LENGTH: Self = Self(0x6700);
    /// Function not supported.
    pub const UNSUPPORTED: Self = Self(0x6A81);
    /// Wrong parameters P1 P2.
    pub const PARAMETERS: Self = Self(0x6B00);
    /// Unknown instruction.
    pub const INSTRUCTION: Self = Self(0x6D00);
    /// Unknown class.
    pub const CLASS: Self = Self(0x6E00);

    /// What it says, in a few English words; `None` for words not in the table.
    #[must_use]
    pub fn meaning(self) -> Option<&'static str> {
        Some(match self {
            Self::OK => "done",
            Self::FAILED => "operation failed",
            Self::LENGTH => "wrong length",
            Self(0x6800 | 0x6A81) => "function not supported",
            Self(0x6982) => "access refused",
            Self(0x6985) => "conditions of use not satisfied",
            Self(0x6986) => "no file selected",
            Self(0x6A82) => "file not found",
            Self::PARAMETERS => "wrong parameters",
            Self::INSTRUCTION => "unknown instruction",
            Self::CLASS => "unknown class",
            Self(0x6F00) => "unknown error",
            _ => return None,
        })
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)?;
        match self.meaning() {
            Some(meaning) => write!(f, " ({meaning})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StatusWord({:04X})", self.0)
    }
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Response {
    /// Up to 256 bytes.
    pub data: Raw,
    /// How it went.
    pub status: StatusWord,
}

impl Response {
    /// A status word alone.
    #[must_use]
    pub fn status(status: StatusWord) -> Self {
        Self { data: Raw::default(), status }
    }

    /// Data and 9000.
    #[must_use]
    pub fn data(data: &[u8]) -> Self {
        Self { data: data.into(), status: StatusWord::OK }
    }

    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        [&self.data[..], &self.status.0.to_be_bytes()].concat()
    }

    /// Reads a response.
    ///
    /// # Errors
    /// Fewer than two bytes: what pcscd hands over, as a success, when the card left meanwhile.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let Some((data, status)) = bytes.split_last_chunk::<2>() else {
            let missing = 2_usize.saturating_sub(bytes.len());
            return Err(DecodeError::Short { what: "response APDU", offset: bytes.len(), missing });
        };
        Ok(Self { data: data.into(), status: StatusWord(u16::from_be_bytes(*status)) })
    }
}
