use alloc::vec::Vec;

use crate::{DecodeError, Raw, cursor::Cursor};

const REQA: u8 = 0x26;
const WUPA: u8 = 0x52;
const HALT: [u8; 2] = [0x50, 0x00];
const RATS: u8 = 0xE0;
/// NVB of SELECT: two bytes and all 40 bits of the level.
const NVB_SELECT: u8 = 0x70;

/// What a reader sends before a card is activated; here without CRC_A.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Command {
    /// Who is there? A short frame of 7 bits without CRC.
    Reqa,
    /// As REQA, and cards in HALT answer too.
    Wupa,
    /// Who begins with these bits? Has no CRC.
    Anticollision {
        /// Cascade level.
        level: Level,
        /// Number of valid bits: whole bytes in the high nibble, from 2; bits in the low one.
        nvb: u8,
        /// The bits that are known already.
        bits: Raw,
    },
    /// Selects a card or, with a cascade tag, its next level.
    Select {
        /// Cascade level.
        level: Level,
        /// Four bytes of the identifier.
        #[cfg_attr(feature = "serde", serde(with = "crate::hex::bytes"))]
        uid: [u8; 4],
        /// Check byte of those; sent as it stands here.
        bcc: u8,
    },
    /// Sends the selected card to HALT.
    Halt,
    /// Asks for the ATS.
    Rats {
        /// Frame size that the reader takes, as an index: high nibble.
        fsdi: u8,
        /// The number that later frames call the card by: low nibble.
        cid: u8,
    },
}

/// Which four bytes of an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Level {
    /// First (93).
    One,
    /// Second (95), of identifiers with 7 or 10 bytes.
    Two,
    /// Third (97), of identifiers with 10 bytes.
    Three,
}

impl Level {
    const ALL: [(Self, u8); 3] = [(Self::One, 0x93), (Self::Two, 0x95), (Self::Three, 0x97)];

    fn code(self) -> u8 {
        Self::ALL.into_iter().find(|(level, _)| *level == self).map_or(0, |(_, code)| code)
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == code).map(|(level, _)| level)
    }
}

impl Command {
    /// Whether the command goes over the air with a CRC_A.
    #[must_use]
    pub fn has_crc(&self) -> bool {
        matches!(self, Self::Select { .. } | Self::Halt | Self::Rats { .. })
    }

    /// The bytes. `None` where NVB does not fit the bits, or an index does not fit four bits.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        Some(match self {
            Self::Reqa => [REQA].to_vec(),
            Self::Wupa => [WUPA].to_vec(),
            Self::Anticollision { level, nvb, bits } => {
                if !nvb_fits(*nvb, bits.len()) {
                    return None;
                }
                [&[level.code(), *nvb], &bits[..]].concat()
            }
            Self::Select { level, uid, bcc } => {
                [&[level.code(), NVB_SELECT], &uid[..], &[*bcc]].concat()
            }
            Self::Halt => HALT.to_vec(),
            Self::Rats { fsdi, cid } if *fsdi <= 0x0F && *cid <= 0x0F => {
                [RATS, fsdi << 4 | cid].to_vec()
            }
            Self::Rats { .. } => return None,
        })
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// Another command, or a length or value that it does not allow. A BCC is not checked: who
    /// plays a card has to see wrong ones.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new("type A command", bytes);
        let [halt, _] = HALT;
        let head = cursor.value("26, 52, 50, 93, 95, 97 or E0", |head| {
            [REQA, WUPA, halt, RATS].contains(&head) || Level::from_code(head).is_some()
        })?;
        let command = match (head, Level::from_code(head)) {
            (REQA, _) => Self::Reqa,
            (WUPA, _) => Self::Wupa,
            (_, Some(level)) => {
                let known = bytes.len().saturating_sub(2);
                let nvb = cursor.value("NVB 70, or one that fits the bits", |nvb| {
                    nvb == NVB_SELECT || nvb_fits(nvb, known)
                })?;
                if nvb == NVB_SELECT {
                    Self::Select { level, uid: cursor.array()?, bcc: cursor.u8()? }
                } else {
                    Self::Anticollision { level, nvb, bits: cursor.rest() }
                }
            }
            (RATS, _) => {
                let param = cursor.u8()?;
                Self::Rats { fsdi: param >> 4, cid: param & 0x0F }
            }
            _ => {
                cursor.value("00 of HLTA", |byte| byte == 0)?;
                Self::Halt
            }
        };
        cursor.end()?;
        Ok(command)
    }
}

/// Whether so many bytes of known bits go with NVB: 20 to 67, at most seven odd bits.
fn nvb_fits(nvb: u8, bytes: usize) -> bool {
    let (whole, odd) = (nvb >> 4, nvb & 0x0F);
    let known = usize::from(whole).saturating_sub(2).saturating_add(usize::from(odd > 0));
    (2..=6).contains(&whole) && odd <= 7 && known == bytes
}
