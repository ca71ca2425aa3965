//! ATRs that PC/SC readers make up for contactless cards, which have none (PC/SC part 3 section
//! 3.1.3.2.3): `3B 8n 80 01`, n historical bytes, TCK.
//!
//! What the historical bytes are depends on the card:
//!
//! | card | historical bytes |
//! | --- | --- |
//! | storage card | `80 4F 0C A0 00 00 03 06 SS NN NN 00 00 00 00`: standard and card name |
//! | ISO/IEC 14443-4 type A | those of its ATS |
//! | ISO/IEC 14443-4 type B | application data (4), protocol info (3), MBLI (1) |

use alloc::vec::Vec;

use crate::{DecodeError, Raw, cursor::Cursor};

/// `80 4F 0C` and the application identifier of the PC/SC workgroup.
const STORAGE: [u8; 8] = [0x80, 0x4F, 0x0C, 0xA0, 0x00, 0x00, 0x03, 0x06];
const STANDARD_A3: u8 = 0x03;
const STANDARD_FELICA: u8 = 0x11;
const NAME_FELICA: u16 = 0x003B;
/// TS, TD1, TD2 of every contactless ATR.
const TS: u8 = 0x3B;
const TD1: u8 = 0x80;
const TD2: u8 = 0x01;
/// First byte of an ATQB.
const ATQB: u8 = 0x50;

/// How the card behind the ATR speaks, as far as the ATR tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Technology {
    /// FeliCa.
    Felica,
    /// ISO/IEC 14443 type A.
    TypeA,
    /// ISO/IEC 14443 type B, or type A whose historical bytes read like those of type B.
    TypeB,
    /// ISO/IEC 14443, and nothing tells A from B.
    TypeAOrB,
    /// A contactless card, and nothing else is said.
    Unsaid,
}

/// How the card speaks whose ATR is `atr` and whose identifier is `id`; `None` for cards of other
/// standards, contact cards and forms that nobody has described.
///
/// Besides the standard's form it knows what readers make up by themselves. Where the ATR holds an
/// identifier, that has to be `id`:
///
/// | ATR | reader | card |
/// | --- | --- | --- |
/// | `3B 8C 80 01 04 43 FD`, IDm, time-out, TCK | SCL3711, SCM3712 | FeliCa |
/// | `3B 8C 80 01 50`, PUPI, application data, protocol info, TCK | SCL3711, ACR1222L | type B |
/// | `3B 88 80 01 50`, application data, protocol info, TCK | those with acsccid, PUPI left out | type B |
/// | `3B Fn 91 00 FF 91 81 71 xx 40 00 41`, SAK, ..., TCK | SCL01x | type A |
/// | the same with `42` | SCL01x | type B |
/// | `3B 09 41 04`, UID, `00 00`, SAK | older than the standard | type A |
/// | `3B 00` | ACR122U that was given nothing | unsaid |
#[must_use]
pub fn technology(atr: &[u8], id: &[u8]) -> Option<Technology> {
    if let Ok(atr) = Atr::decode(atr) {
        return match atr.historical[..] {
            [0x04, 0x43, 0xFD, ref idm @ .., _] if idm.len() == 8 => {
                (idm == id).then_some(Technology::Felica)
            }
            _ => atr.technology(),
        };
    }
    if let Some((kind, _)) = scl01x(atr) {
        return kind;
    }
    match atr {
        [TS, 0x09, 0x41, 0x04, uid @ .., 0, 0, _sak] if uid == id => Some(Technology::TypeA),
        [TS, 0x00] => Some(Technology::Unsaid),
        _ => None,
    }
}

/// Technology and SAK behind an ATR of SCM's SCL01x: `3B Fn 91 00 FF 91 81 71 xx 40 00`, n
/// historical bytes, TCK. The first of them is 41 for type A, with the SAK behind it, and 42 for
/// type B; 0A stands for cards that are neither of the two for sure.
fn scl01x(atr: &[u8]) -> Option<(Option<Technology>, Option<u8>)> {
    let [TS, t0, 0x91, 0x00, 0xFF, 0x91, 0x81, 0x71, _, 0x40, 0x00, historical @ .., found] = atr
    else {
        return None;
    };
    let whole = *t0 & 0xF0 == 0xF0
        && historical.len() == usize::from(*t0 & 0x0F)
        && tck(atr.get(..atr.len().saturating_sub(1)).unwrap_or_default()) == *found;
    Some(match historical {
        [0x41, sak, ..] if whole => (Some(Technology::TypeA), Some(*sak)),
        [0x42, ..] if whole => (Some(Technology::TypeB), None),
        _ => (None, None),
    })
}

/// The SAK of a type A card, where the reader put it into the ATR.
#[must_use]
pub fn sak(atr: &[u8]) -> Option<u8> {
    match Atr::decode(atr) {
        Ok(atr) => atr.sak(),
        Err(_) => scl01x(atr)?.1,
    }
}

/// An ATR of a contactless card.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Atr {
    historical: Raw,
}

impl Atr {
    /// A storage card: standard SS and card name NN.
    #[must_use]
    pub fn storage(standard: u8, name: u16) -> Self {
        let [high, low] = name.to_be_bytes();
        Self { historical: [&STORAGE[..], &[standard, high, low, 0, 0, 0, 0]].concat().into() }
    }

    /// A FeliCa card, in the words of the standard (Sony, ACS ACR1252).
    #[must_use]
    pub fn felica() -> Self {
        Self::storage(STANDARD_FELICA, NAME_FELICA)
    }

    /// A type A storage card by its SAK, in the words of the standard where it has one for it,
    /// else in those of the ACS ACR122 family (`FF`, SAK).
    #[must_use]
    pub fn type_a_storage(sak: u8) -> Self {
        let name = match sak {
            0x08 => 0x0001,
            0x18 => 0x0002,
            0x00 => 0x0003,
            0x09 => 0x0026,
            _ => u16::from_be_bytes([0xFF, sak]),
        };
        Self::storage(STANDARD_A3, name)
    }

    /// An ISO/IEC 14443-4 type A card with the historical bytes of its ATS, of which 15 fit.
    #[must_use]
    pub fn iso_dep_a(historical: &[u8]) -> Self {
        Self { historical: historical.get(..15).unwrap_or(historical).into() }
    }

    /// An ISO/IEC 14443-4 type B card: ATQB's application data and protocol info, and the maximum
    /// buffer length index of its answer to ATTRIB.
    #[must_use]
    pub fn iso_dep_b(application_data: [u8; 4], protocol_info: [u8; 3], mbli: u8) -> Self {
        let tail = [mbli << 4];
        Self { historical: [&application_data[..], &protocol_info, &tail].concat().into() }
    }

    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let count = self.historical.iter().take(15).fold(0_u8, |count, _| count.saturating_add(1));
        let mut bytes = [TS, 0x80 | count, TD1, TD2].to_vec();
        bytes.extend(self.historical.iter().take(15));
        bytes.push(tck(&bytes));
        bytes
    }

    /// Reads a contactless ATR.
    ///
    /// # Errors
    /// Another form than `3B 8n 80 01`, a length that does not fit, or a wrong TCK.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new("contactless ATR", bytes);
        cursor.value("TS 3B", |ts| ts == TS)?;
        let t0 = cursor.value("T0 80 to 8F", |t0| t0 & 0xF0 == 0x80)?;
        cursor.value("TD1 80", |td1| td1 == TD1)?;
        cursor.value("TD2 01", |td2| td2 == TD2)?;
        let historical = cursor.bytes(usize::from(t0 & 0x0F))?;
        let offset = cursor.offset();
        let found = cursor.u8()?;
        cursor.end()?;
        let expected = tck(bytes.get(..offset).unwrap_or_default());
        if found != expected {
            return Err(DecodeError::Check { what: "TCK", offset, expected, found });
        }
        Ok(Self { historical: historical.into() })
    }

    /// Standard SS and name NN of a storage card.
    #[must_use]
    pub fn storage_card(&self) -> Option<(u8, u16)> {
        match self.historical.strip_prefix(&STORAGE)? {
            [standard, high, low, ..] => Some((*standard, u16::from_be_bytes([*high, *low]))),
            _ => None,
        }
    }

    /// The SAK, where a reader of the ACS ACR122 family put it into the card name.
    #[must_use]
    pub fn sak(&self) -> Option<u8> {
        match self.storage_card()? {
            (STANDARD_A3, name) if name >> 8 == 0xFF => name.to_be_bytes().last().copied(),
            _ => None,
        }
    }

    /// How the card speaks; `None` for storage cards of other standards.
    ///
    /// Nothing in an ISO/IEC 14443-4 ATR says A or B, so what fits both is taken for type B, the more
    /// careful reading, for that is no identity: eight historical bytes that read as type B, which
    /// some texts of type A cards do, too (`SmartApp`), and a whole ATQB.
    #[must_use]
    pub fn technology(&self) -> Option<Technology> {
        if let Some((standard, name)) = self.storage_card() {
            return match (standard, name) {
                (STANDARD_FELICA, _) | (_, NAME_FELICA) => Some(Technology::Felica),
                // ACR122 family: FeliCa at 212 and 424 kbit/s under the type A standard.
                (STANDARD_A3, 0xF011 | 0xF012) => Some(Technology::Felica),
                (0x00, _) => Some(Technology::Unsaid),
                (0x01..=0x03, _) => Some(Technology::TypeA),
                (0x05..=0x07, _) => Some(Technology::TypeB),
                _ => None,
            };
        }
        Some(match self.historical[..] {
            [] => Technology::TypeAOrB,
            [_, _, _, _, _, frame_and_protocol, _, mbli]
                if is_type_b(frame_and_protocol) && mbli & 0x0F == 0 =>
            {
                Technology::TypeB
            }
            // A whole ATQB, with the fourth byte of protocol info or without.
            [ATQB, _, _, _, _, _, _, _, _, _, _, _]
            | [ATQB, _, _, _, _, _, _, _, _, _, _, _, _] => Technology::TypeB,
            // An ATQB whose PUPI was left out.
            [ATQB, _, _, _, _, _, frame_and_protocol, _] if is_type_b(frame_and_protocol) => {
                Technology::TypeB
            }
            _ => Technology::TypeA,
        })
    }
}

/// Whether the second byte of protocol info can be this: a frame size that there is (index up to 12)
/// and, of the low half, bit 1 for ISO/IEC 14443-4 and bit 4 always 0. Bits 2 and 3 vary from card to
/// card (81, 83, 87; ISO/IEC 14443-3 section 7.9.4).
fn is_type_b(frame_and_protocol: u8) -> bool {
    frame_and_protocol & 0x09 == 0x01 && frame_and_protocol >> 4 <= 12
}

/// XOR of everything after TS.
fn tck(bytes: &[u8]) -> u8 {
    bytes.iter().skip(1).fold(0, |sum, byte| sum ^ byte)
}
