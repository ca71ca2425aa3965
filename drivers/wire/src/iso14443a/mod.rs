//! ISO/IEC 14443 type A: identifiers and their cascade levels (part 3 section 6), ATS (part 4
//! section 5.2), CRC_A.

mod command;

use alloc::vec::Vec;
use core::fmt;

pub use command::{Command, Level};

use crate::{
    DecodeError, Raw,
    cursor::{self, Cursor},
    raw::masked,
};

/// Stands before the first three bytes of a level whose identifier goes on in the next.
const CASCADE_TAG: u8 = 0x88;

/// A UID of 4, 7 or 10 bytes, in the order the card sends it, without cascade tags. `Debug` masks
/// it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid {
    len: u8,
    bytes: [u8; 10],
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        masked(f, "Uid", self.as_bytes())
    }
}

impl Uid {
    /// `None` unless there are 4, 7 or 10 bytes.
    #[must_use]
    pub fn new(uid: &[u8]) -> Option<Self> {
        let mut bytes = [0; 10];
        bytes.get_mut(..uid.len())?.copy_from_slice(uid);
        let len = u8::try_from(uid.len()).ok().filter(|len| matches!(len, 4 | 7 | 10))?;
        Some(Self { len, bytes })
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// The four bytes of each cascade level, with cascade tags: one level for 4 bytes, two for 7,
    /// three for 10.
    #[must_use]
    pub fn levels(&self) -> Vec<[u8; 4]> {
        let [a, b, c, d, e, f, g, h, i, j] = self.bytes;
        match self.len {
            4 => [[a, b, c, d]].to_vec(),
            7 => [[CASCADE_TAG, a, b, c], [d, e, f, g]].to_vec(),
            _ => [[CASCADE_TAG, a, b, c], [CASCADE_TAG, d, e, f], [g, h, i, j]].to_vec(),
        }
    }

    /// Puts the levels together again.
    ///
    /// # Errors
    /// No level or more than three, or a cascade tag missing before the last one.
    pub fn from_levels(levels: &[[u8; 4]]) -> Result<Self, DecodeError> {
        Self::read(&mut Cursor::new("UID levels", levels.as_flattened()))
    }

    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let mut uid = Vec::new();
        loop {
            let offset = cursor.offset();
            let [first, rest @ ..] = cursor.array::<4>()?;
            if cursor.is_empty() {
                uid.push(first);
                uid.extend(rest);
            } else if first == CASCADE_TAG && uid.len() < 6 {
                uid.extend(rest);
                continue;
            }
            let expected = "cascade tag 88 before the last of at most three levels";
            return Self::new(&uid).ok_or_else(|| cursor.refuse(offset, expected, first));
        }
    }
}

/// BCC: the check byte that a card sends after the four bytes of a level.
#[must_use]
pub fn bcc(level: [u8; 4]) -> u8 {
    level.into_iter().fold(0, |sum, byte| sum ^ byte)
}

/// Reads an anticollision answer: four bytes and BCC.
///
/// # Errors
/// Another length than 5, or a BCC that does not fit.
pub fn decode_level(bytes: &[u8]) -> Result<[u8; 4], DecodeError> {
    let mut cursor = Cursor::new("cascade level", bytes);
    let level = cursor.array()?;
    let found = cursor.u8()?;
    cursor.end()?;
    let expected = bcc(level);
    if found == expected {
        Ok(level)
    } else {
        Err(DecodeError::Check { what: "BCC", offset: 4, expected, found })
    }
}

/// Answer to request, as a number: DESFire is 0x0344. On the air the low byte comes first; a PN532
/// gives the high byte first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Atqa(#[cfg_attr(feature = "serde", serde(with = "crate::hex::word"))] pub u16);

impl fmt::Debug for Atqa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Atqa({:04X})", self.0)
    }
}

/// Select acknowledge.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Sak(pub u8);

impl fmt::Debug for Sak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sak({:02X})", self.0)
    }
}

impl Sak {
    /// The UID goes on in the next cascade level.
    #[must_use]
    pub fn is_cascade(self) -> bool {
        self.0 & 0x04 != 0
    }

    /// The card speaks ISO/IEC 14443-4, so it has an ATS.
    #[must_use]
    pub fn is_iso_dep(self) -> bool {
        self.0 & 0x20 != 0
    }
}

/// Answer to select: what an ISO/IEC 14443-4 card can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ats {
    /// T0 without the bits that say which bytes follow: b4 to b1 are FSCI. Absent where the ATS is
    /// its length byte alone; then there is nothing else either.
    pub fsci: Option<u8>,
    /// Rates.
    pub ta1: Option<u8>,
    /// Frame waiting time and start-up guard time.
    pub tb1: Option<u8>,
    /// NAD and CID support.
    pub tc1: Option<u8>,
    /// Historical bytes: the card's own words.
    pub historical: Raw,
}

impl Ats {
    /// The bytes, length byte TL first. `None` where they do not fit one length byte, or where
    /// there is no T0 but something that needs one.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        let interface = [(0x10, self.ta1), (0x20, self.tb1), (0x40, self.tc1)];
        match self.fsci {
            Some(fsci) => {
                let follow = interface
                    .iter()
                    .filter(|(_, byte)| byte.is_some())
                    .fold(0, |bits, (bit, _)| bits | bit);
                body.push(fsci & 0x8F | follow);
                body.extend(interface.iter().filter_map(|(_, byte)| *byte));
                body.extend_from_slice(&self.historical);
            }
            None if !self.historical.is_empty() || interface.iter().any(|i| i.1.is_some()) => {
                return None;
            }
            None => {}
        }
        let length = u8::try_from(body.len().checked_add(1)?).ok()?;
        body.insert(0, length);
        Some(body)
    }

    /// Reads the bytes, length byte TL first.
    ///
    /// # Errors
    /// TL does not fit the bytes, or T0 announces more than there is.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new("ATS", bytes);
        let length = bytes.len();
        cursor.value("the length of the ATS", |tl| usize::from(tl) == length)?;
        let Some(t0) = cursor.optional() else { return Ok(Self::default()) };
        let mut announced = |bit: u8| if t0 & bit != 0 { cursor.u8().map(Some) } else { Ok(None) };
        let (ta1, tb1, tc1) = (announced(0x10)?, announced(0x20)?, announced(0x40)?);
        Ok(Self { fsci: Some(t0 & 0x8F), ta1, tb1, tc1, historical: cursor.rest() })
    }
}

/// CRC_A over `bytes`, in air order (low byte first): polynomial 8408 reflected, start 6363.
#[must_use]
pub fn crc_a(bytes: &[u8]) -> [u8; 2] {
    cursor::crc_reflected(0x6363, bytes).to_le_bytes()
}

/// Takes CRC_A off the end of a frame.
///
/// # Errors
/// Fewer than two bytes, or a CRC that does not fit.
pub fn strip_crc_a(frame: &[u8]) -> Result<&[u8], DecodeError> {
    cursor::strip_crc("CRC_A", frame, crc_a)
}
