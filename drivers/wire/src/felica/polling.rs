use alloc::vec::Vec;

use super::{Idm, Pmm, code};
use crate::{DecodeError, cursor::Cursor, slots::Slots};

/// What a polling asks for besides IDm and PMm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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

/// The polling command: who of this system is there?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Polling {
    /// System code, big-endian on the air; FF in either byte matches anything.
    #[cfg_attr(feature = "serde", serde(with = "crate::hex::word"))]
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
        [code::POLLING, high, low, self.request.code(), self.slots.tsn()]
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
        cursor.value("polling command 00", |code| code == code::POLLING)?;
        Self::read_tail(cursor)
    }

    /// What follows the command code.
    pub(super) fn read_tail(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let system = cursor.u16_be()?;
        let request = Request::from_code(cursor.u8()?);
        let tsn = cursor.value("TSN 00, 01, 03, 07 or 0F", |tsn| Slots::from_tsn(tsn).is_some())?;
        Ok(Self { system, request, slots: Slots::from_tsn(tsn).unwrap_or(Slots::One) })
    }
}

/// What a card answers to [`Polling`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PollingAnswer {
    /// Who.
    pub idm: Idm,
    /// Which kind.
    pub pmm: Pmm,
    /// What was asked for: a system code (big-endian), or performance bits; absent where nothing
    /// was asked or the chip does not know the request.
    #[cfg_attr(feature = "serde", serde(with = "crate::hex::option"))]
    pub request_data: Option<[u8; 2]>,
}

impl PollingAnswer {
    /// The whole answer: 18 bytes, or 20 with request data.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let data = self.request_data.as_ref().map_or(&[][..], |data| data);
        let len = if self.request_data.is_some() { 20 } else { 18 };
        [&[len, code::POLLING + 1], &self.idm.0[..], &self.pmm.0, data].concat()
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
        cursor.value("polling answer 01", |code| code == code::POLLING + 1)?;
        let (idm, pmm) = (Idm(cursor.array()?), Pmm(cursor.array()?));
        let request_data = if len == 20 { Some(cursor.array()?) } else { None };
        Ok(Self { idm, pmm, request_data })
    }
}
