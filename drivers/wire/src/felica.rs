//! FeliCa polling (JIS X 6319-4 section 6.4.2), as readers hand it over: a frame begins with its
//! length byte, which counts itself; sync bytes and CRC stay in the reader.

use alloc::vec::Vec;
use core::fmt;

use crate::{DecodeError, cursor::Cursor, raw::masked};

const POLLING: u8 = 0x00;
const POLLING_ANSWER: u8 = 0x01;

/// The system code that every card answers, as its system 0.
pub const SYSTEM_ANY: u16 = 0xFFFF;

/// Manufacture ID. Its high nibble is the number of the system on the card. `Debug` masks it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Idm(pub [u8; 8]);

impl fmt::Debug for Idm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        masked(f, "Idm", &self.0)
    }
}

/// Manufacture parameters: byte 1 is the IC type, bytes 2 to 7 are maximum response times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pmm(pub [u8; 8]);

/// What a polling asks for besides IDm and PMm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// 00: nothing.
    None,
    /// 01: the system code that answers.
    SystemCode,
    /// 02: the rates the card can speak.
    Performance,
    /// Any other code; cards answer it as 00.
    Other(u8),
}

impl Request {
    /// The byte on the air.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::SystemCode => 1,
            Self::Performance => 2,
            Self::Other(code) => code,
        }
    }

    /// Reads the byte.
    #[must_use]
    pub fn from_code(code: u8) -> Self {
        match code {
            0 => Self::None,
            1 => Self::SystemCode,
            2 => Self::Performance,
            _ => Self::Other(code),
        }
    }
}

/// In how many time slots cards may answer. Each card draws one; two in one slot destroy each
/// other's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slots {
    /// TSN 00.
    One,
    /// TSN 01.
    Two,
    /// TSN 03.
    Four,
    /// TSN 07.
    Eight,
    /// TSN 0F.
    Sixteen,
}

impl Slots {
    const ALL: [Self; 5] = [Self::One, Self::Two, Self::Four, Self::Eight, Self::Sixteen];

    /// How many slots.
    #[must_use]
    pub fn count(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
            Self::Sixteen => 16,
        }
    }

    /// TSN, the byte on the air.
    #[must_use]
    pub fn tsn(self) -> u8 {
        self.count().saturating_sub(1)
    }

    fn from_tsn(tsn: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|slots| slots.tsn() == tsn)
    }
}

/// The polling command: who of this system is there?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Polling {
    /// System code, big-endian on the air; FF in either byte matches anything.
    pub system: u16,
    /// What else to answer.
    pub request: Request,
    /// In how many slots.
    pub slots: Slots,
}

impl Polling {
    /// The command without its length byte: what a PN532 wants as initiator data.
    #[must_use]
    pub fn encode_bare(&self) -> [u8; 5] {
        let [high, low] = self.system.to_be_bytes();
        [POLLING, high, low, self.request.code(), self.slots.tsn()]
    }

    /// The whole command.
    #[must_use]
    pub fn encode(&self) -> [u8; 6] {
        let [code, high, low, request, tsn] = self.encode_bare();
        [6, code, high, low, request, tsn]
    }

    /// Reads the command without its length byte.
    ///
    /// # Errors
    /// Another length than 5, another command, or a TSN that does not exist.
    pub fn decode_bare(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new("polling", bytes);
        let polling = Self::read(&mut cursor)?;
        cursor.end()?;
        Ok(polling)
    }

    /// Reads the whole command.
    ///
    /// # Errors
    /// Another length than 6, another command, or a TSN that does not exist.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new("polling", bytes);
        cursor.value("length 06", |len| len == 6)?;
        let polling = Self::read(&mut cursor)?;
        cursor.end()?;
        Ok(polling)
    }

    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        cursor.value("polling command 00", |code| code == POLLING)?;
        let system = cursor.u16_be()?;
        let request = Request::from_code(cursor.u8()?);
        let tsn = cursor.value("TSN 00, 01, 03, 07 or 0F", |tsn| Slots::from_tsn(tsn).is_some())?;
        Ok(Self { system, request, slots: Slots::from_tsn(tsn).unwrap_or(Slots::One) })
    }
}

/// What a card answers to [`Polling`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollingAnswer {
    /// Who.
    pub idm: Idm,
    /// Which kind.
    pub pmm: Pmm,
    /// What was asked for: a system code (big-endian), or performance bits; absent where nothing
    /// was asked or the chip does not know the request.
    pub request_data: Option<[u8; 2]>,
}

impl PollingAnswer {
    /// The whole answer: 18 bytes, or 20 with request data.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let data = self.request_data.as_ref().map_or(&[][..], |data| data);
        let len = if self.request_data.is_some() { 20 } else { 18 };
        [&[len, POLLING_ANSWER], &self.idm.0[..], &self.pmm.0, data].concat()
    }

    /// Reads the whole answer.
    ///
    /// # Errors
    /// Another length than 18 or 20, or another answer.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new("polling answer", bytes);
        let answer = Self::read(&mut cursor)?;
        cursor.end()?;
        Ok(answer)
    }

    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let len = cursor.value("length 12 or 14", |len| matches!(len, 18 | 20))?;
        cursor.value("polling answer 01", |code| code == POLLING_ANSWER)?;
        let (idm, pmm) = (Idm(cursor.array()?), Pmm(cursor.array()?));
        let request_data = if len == 20 { Some(cursor.array()?) } else { None };
        Ok(Self { idm, pmm, request_data })
    }
}
