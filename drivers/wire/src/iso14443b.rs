//! ISO/IEC 14443 type B: finding and selecting a card (part 3 section 7), CRC_B. Messages stand
//! here without their CRC.

use alloc::vec::Vec;
use core::fmt;

pub use crate::slots::Slots;
use crate::{
    DecodeError, Raw,
    cursor::{self, Cursor},
    raw::masked,
};

const REQUEST: u8 = 0x05;
const ATQB: u8 = 0x50;
const ATTRIB: u8 = 0x1D;
const HALT: u8 = 0x50;
/// In PARAM of a request.
const WAKE_UP: u8 = 0x08;
const EXTENDED: u8 = 0x10;

/// Pseudo-unique identifier. Most cards draw it anew at each activation. `Debug` masks it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pupi(#[cfg_attr(feature = "serde", serde(with = "crate::hex::bytes"))] pub [u8; 4]);

impl fmt::Debug for Pupi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        masked(f, "Pupi", &self.0)
    }
}

/// What a reader sends before a card is selected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Command {
    /// REQB and WUPB: who is there? Each card draws a slot.
    Request {
        /// Application family; 00 is any.
        afi: u8,
        /// WUPB: cards in HALT answer too.
        wake_up: bool,
        /// The reader takes an extended ATQB.
        extended: bool,
        /// In how many slots.
        slots: Slots,
    },
    /// Begins slot 2 to 16.
    SlotMarker {
        /// Its number, 2 to 16.
        slot: u8,
    },
    /// Selects a card.
    Attrib {
        /// Which.
        pupi: Pupi,
        /// Frame sizes, rates, protocol, CID.
        #[cfg_attr(feature = "serde", serde(with = "crate::hex::bytes"))]
        param: [u8; 4],
        /// Higher layer command, mostly none.
        higher_layer: Raw,
    },
    /// Sends a card to HALT.
    Halt {
        /// Which.
        pupi: Pupi,
    },
}

impl Command {
    /// The bytes. `None` for a slot marker that does not exist.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        Some(match self {
            Self::Request { afi, wake_up, extended, slots } => {
                let wake_up = if *wake_up { WAKE_UP } else { 0 };
                let extended = if *extended { EXTENDED } else { 0 };
                [REQUEST, *afi, slots.exponent() | wake_up | extended].to_vec()
            }
            Self::SlotMarker { slot: slot @ 2..=16 } => [(slot - 1) << 4 | REQUEST].to_vec(),
            Self::SlotMarker { .. } => return None,
            Self::Attrib { pupi, param, higher_layer } => {
                [&[ATTRIB], &pupi.0[..], param, higher_layer].concat()
            }
            Self::Halt { pupi } => [&[HALT], &pupi.0[..]].concat(),
        })
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// Another command, or a length or value that it does not allow.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new("type B command", bytes);
        let head = cursor.value("05, 1D, 50 or a slot marker n5", |head| {
            matches!(head, REQUEST | ATTRIB | HALT) || head & 0x0F == REQUEST
        })?;
        let command = match head {
            REQUEST => {
                let afi = cursor.u8()?;
                let known = |param: u8| Slots::from_exponent(param & !(WAKE_UP | EXTENDED));
                let param = cursor.value("a slot count 0 to 4 with flags 08 and 10", |param| {
                    known(param).is_some()
                })?;
                Self::Request {
                    afi,
                    wake_up: param & WAKE_UP != 0,
                    extended: param & EXTENDED != 0,
                    slots: known(param).unwrap_or(Slots::One),
                }
            }
            ATTRIB => Self::Attrib {
                pupi: Pupi(cursor.array()?),
                param: cursor.array()?,
                higher_layer: cursor.rest(),
            },
            HALT => Self::Halt { pupi: Pupi(cursor.array()?) },
            marker => Self::SlotMarker { slot: (marker >> 4).saturating_add(1) },
        };
        cursor.end()?;
        Ok(command)
    }
}

/// Answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Atqb {
    /// Who.
    pub pupi: Pupi,
    /// Application data.
    #[cfg_attr(feature = "serde", serde(with = "crate::hex::bytes"))]
    pub application_data: [u8; 4],
    /// Rates; frame size and protocol type; waiting time and options.
    #[cfg_attr(feature = "serde", serde(with = "crate::hex::bytes"))]
    pub protocol_info: [u8; 3],
    /// Fourth byte of the protocol info, in an extended ATQB.
    pub extended: Option<u8>,
}

impl Atqb {
    /// The bytes: 12, or 13 if extended.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes =
            [&[ATQB], &self.pupi.0[..], &self.application_data, &self.protocol_info].concat();
        bytes.extend(self.extended);
        bytes
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// Another length than 12 or 13, or another first byte than 50.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new("ATQB", bytes);
        cursor.value("50", |head| head == ATQB)?;
        let atqb = Self {
            pupi: Pupi(cursor.array()?),
            application_data: cursor.array()?,
            protocol_info: cursor.array()?,
            extended: cursor.optional(),
        };
        cursor.end()?;
        Ok(atqb)
    }

    /// Whether the card speaks ISO/IEC 14443-4.
    #[must_use]
    pub fn is_iso_dep(&self) -> bool {
        let [_, frame_and_protocol, _] = self.protocol_info;
        frame_and_protocol & 1 != 0
    }
}

/// Answer to ATTRIB; to HALT the same with zeros alone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AttribAnswer {
    /// Maximum buffer length index, 0 to 15.
    pub mbli: u8,
    /// The CID that was given, 0 to 15.
    pub cid: u8,
    /// Higher layer answer, mostly none.
    pub higher_layer: Raw,
}

impl AttribAnswer {
    /// The bytes. `None` where an index does not fit four bits.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        if self.mbli > 0x0F || self.cid > 0x0F {
            return None;
        }
        Some([&[self.mbli << 4 | self.cid], &self.higher_layer[..]].concat())
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// No byte at all.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new("answer to ATTRIB", bytes);
        let head = cursor.u8()?;
        Ok(Self { mbli: head >> 4, cid: head & 0x0F, higher_layer: cursor.rest() })
    }
}

/// CRC_B over `bytes`, in air order (low byte first): polynomial 8408 reflected, start FFFF,
/// inverted.
#[must_use]
pub fn crc_b(bytes: &[u8]) -> [u8; 2] {
    (!cursor::crc_reflected(0xFFFF, bytes)).to_le_bytes()
}

/// Takes CRC_B off the end of a frame.
///
/// # Errors
/// Fewer than two bytes, or a CRC that does not fit.
pub fn strip_crc_b(frame: &[u8]) -> Result<&[u8], DecodeError> {
    cursor::strip_crc("CRC_B", frame, crc_b)
}
