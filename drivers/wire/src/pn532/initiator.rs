use alloc::vec::Vec;

use crate::{
    DecodeError,
    cursor::Cursor,
    felica::{Polling, Rate},
    iso14443a::Uid,
};

/// Which kind of card to look for (BrTy), and how.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Initiator {
    /// 00: type A at 106 kbit/s.
    TypeA {
        /// Only this card.
        uid: Option<Uid>,
    },
    /// 01, 02: FeliCa.
    Felica {
        /// At which rate.
        rate: Rate,
        /// How to ask.
        polling: Polling,
    },
    /// 03: type B at 106 kbit/s.
    TypeB {
        /// Application family.
        afi: u8,
        /// b0: probabilistic instead of time slots.
        method: Option<u8>,
    },
    /// 04: Jewel (Topaz).
    Jewel,
}

impl Initiator {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::TypeA { uid } => {
                out.push(0x00);
                out.extend(uid.iter().flat_map(|uid| uid.levels().into_iter().flatten()));
            }
            Self::Felica { rate, polling } => {
                out.push(match rate {
                    Rate::R212 => 0x01,
                    Rate::R424 => 0x02,
                });
                out.extend(polling.encode_bare());
            }
            Self::TypeB { afi, method } => {
                out.extend([0x03, *afi]);
                out.extend(method);
            }
            Self::Jewel => out.push(0x04),
        }
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(match cursor.value("BrTy 00 to 04", |br_ty| br_ty <= 4)? {
            0x00 if cursor.is_empty() => Self::TypeA { uid: None },
            0x00 => Self::TypeA { uid: Some(Uid::read(cursor)?) },
            0x01 => Self::Felica { rate: Rate::R212, polling: Polling::read(cursor)? },
            0x02 => Self::Felica { rate: Rate::R424, polling: Polling::read(cursor)? },
            0x03 => Self::TypeB { afi: cursor.u8()?, method: cursor.optional() },
            _ => Self::Jewel,
        })
    }
}
