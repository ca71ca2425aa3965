use alloc::vec::Vec;
use core::fmt;

use super::initiator::Initiator;
use crate::{
    DecodeError, Raw,
    cursor::Cursor,
    felica::{Idm, Pmm, PollingAnswer},
    iso14443a::{Atqa, Sak, Uid},
    raw::masked,
};

/// A FeliCa card that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FelicaTarget {
    /// The number that later commands call it by.
    pub tg: u8,
    /// Who.
    pub idm: Idm,
    /// Which kind.
    pub pmm: Pmm,
    /// What the polling asked for.
    #[cfg_attr(feature = "serde", serde(with = "crate::hex::option"))]
    pub request_data: Option<[u8; 2]>,
}

/// A type A card that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TypeATarget {
    /// The number that later commands call it by.
    pub tg: u8,
    /// ATQA; the chip gives its high byte first.
    #[doc(alias = "ATQA")]
    pub sens_res: Atqa,
    /// SAK of the last cascade level.
    #[doc(alias = "SAK")]
    pub sel_res: Sak,
    /// UID without cascade tags.
    #[doc(alias = "UID")]
    pub nfcid: Uid,
    /// ATS with its length byte; present where the card has one and the chip was told to ask for
    /// it (AutoRATS).
    pub ats: Option<Raw>,
}

/// A type B card that was found.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TypeBTarget {
    /// The number that later commands call it by.
    pub tg: u8,
    /// ATQB: `50`, PUPI (4), application data (4), protocol info (3).
    #[cfg_attr(feature = "serde", serde(with = "crate::hex::bytes"))]
    pub atqb: [u8; 12],
    /// Answer to ATTRIB, without its length byte.
    pub attrib_res: Raw,
}

impl fmt::Debug for TypeBTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [_, pupi @ .., _, _, _, _, _, _, _] = self.atqb;
        masked(f, "TypeBTarget", &pupi)
    }
}

/// A Jewel (Topaz) card that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct JewelTarget {
    /// The number that later commands call it by.
    pub tg: u8,
    /// ATQA; the chip gives its high byte first.
    pub sens_res: Atqa,
    /// Identifier.
    pub id: Raw,
}

/// A card that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Target {
    /// FeliCa.
    Felica(FelicaTarget),
    /// Type A.
    TypeA(TypeATarget),
    /// Type B.
    TypeB(TypeBTarget),
    /// Jewel.
    Jewel(JewelTarget),
    /// A peer (NFC-DEP), left as bytes; only InAutoPoll finds them.
    Peer(Raw),
}

/// Which layout target data have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    TypeA,
    Felica,
    TypeB,
    Jewel,
    Peer,
}

impl Layout {
    pub(super) fn of_initiator(initiator: &Initiator) -> Self {
        match initiator {
            Initiator::TypeA { .. } => Self::TypeA,
            Initiator::Felica { .. } => Self::Felica,
            Initiator::TypeB { .. } => Self::TypeB,
            Initiator::Jewel => Self::Jewel,
        }
    }

    /// Of a type in the answer to InAutoPoll.
    fn of_auto_poll(kind: u8) -> Self {
        match kind {
            0x00 | 0x10 | 0x20 => Self::TypeA,
            0x01 | 0x02 | 0x11 | 0x12 => Self::Felica,
            0x03 | 0x23 => Self::TypeB,
            0x04 => Self::Jewel,
            _ => Self::Peer,
        }
    }
}

impl Target {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Felica(target) => {
                let FelicaTarget { tg, idm, pmm, request_data } = target.clone();
                out.push(tg);
                out.extend(PollingAnswer { idm, pmm, request_data }.encode());
            }
            Self::TypeA(target) => {
                let uid = target.nfcid.as_bytes();
                out.push(target.tg);
                out.extend(target.sens_res.0.to_be_bytes());
                out.push(target.sel_res.0);
                push_length(out, uid);
                out.extend_from_slice(uid);
                out.extend_from_slice(target.ats.as_deref().unwrap_or_default());
            }
            Self::TypeB(target) => {
                out.push(target.tg);
                out.extend(target.atqb);
                push_length(out, &target.attrib_res);
                out.extend_from_slice(&target.attrib_res);
            }
            Self::Jewel(target) => {
                out.push(target.tg);
                out.extend(target.sens_res.0.to_be_bytes());
                out.extend_from_slice(&target.id);
            }
            Self::Peer(raw) => out.extend_from_slice(raw),
        }
    }

    /// Reads one target. A type A card that can have an ATS may come without one, if the chip was
    /// told not to ask; `with_ats` says which to assume.
    fn read(cursor: &mut Cursor<'_>, layout: Layout, with_ats: bool) -> Result<Self, DecodeError> {
        let number = |cursor: &mut Cursor<'_>| {
            cursor.value("target number 01 or 02", |tg| matches!(tg, 1 | 2))
        };
        Ok(match layout {
            Layout::Felica => {
                let tg = number(cursor)?;
                let PollingAnswer { idm, pmm, request_data } = PollingAnswer::read(cursor)?;
                Self::Felica(FelicaTarget { tg, idm, pmm, request_data })
            }
            Layout::TypeA => {
                let tg = number(cursor)?;
                let sens_res = Atqa(cursor.u16_be()?);
                let sel_res = Sak(cursor.u8()?);
                let offset = cursor.offset();
                let len = cursor.u8()?;
                let nfcid = Uid::new(cursor.bytes(usize::from(len))?)
                    .ok_or_else(|| cursor.refuse(offset, "a UID length of 04, 07 or 0A", len))?;
                let ats = if with_ats && sel_res.is_iso_dep() && !cursor.is_empty() {
                    let tl = cursor.value("an ATS length from 01", |tl| tl != 0)?;
                    let body = cursor.bytes(usize::from(tl).saturating_sub(1))?;
                    Some([&[tl], body].concat().into())
                } else {
                    None
                };
                Self::TypeA(TypeATarget { tg, sens_res, sel_res, nfcid, ats })
            }
            Layout::TypeB => {
                let tg = number(cursor)?;
                let atqb = cursor.array()?;
                let len = cursor.u8()?;
                let attrib_res = cursor.bytes(usize::from(len))?.into();
                Self::TypeB(TypeBTarget { tg, atqb, attrib_res })
            }
            Layout::Jewel => {
                let tg = number(cursor)?;
                let sens_res = Atqa(cursor.u16_be()?);
                Self::Jewel(JewelTarget { tg, sens_res, id: cursor.bytes(4)?.into() })
            }
            Layout::Peer => Self::Peer(cursor.rest()),
        })
    }

    /// Reads all that is left as `count` targets of the first layout that fits.
    pub(super) fn read_any(cursor: &Cursor<'_>, count: u8) -> Result<Vec<Self>, DecodeError> {
        // Those first that have a byte of their own to be told by.
        let layouts = [Layout::Felica, Layout::TypeB, Layout::Jewel];
        let special = layouts.into_iter().find_map(|layout| {
            let targets = Self::read_all(cursor, layout, count).ok()?;
            targets.iter().all(Self::is_plausible).then_some(targets)
        });
        special.map_or_else(|| Self::read_all(cursor, Layout::TypeA, count), Ok)
    }

    /// An ATQB begins with 50; a Jewel's ATQA is 0C00.
    fn is_plausible(&self) -> bool {
        match self {
            Self::TypeB(target) => target.atqb.starts_with(&[0x50]),
            Self::Jewel(target) => target.sens_res == Atqa(0x0C00),
            _ => true,
        }
    }

    /// Reads all that is left as `count` targets.
    pub(super) fn read_all(
        cursor: &Cursor<'_>,
        layout: Layout,
        count: u8,
    ) -> Result<Vec<Self>, DecodeError> {
        let attempt = |ats: [bool; 2]| {
            let mut cursor = cursor.clone();
            let targets = (0..count)
                .zip(ats)
                .map(|(_, with_ats)| Self::read(&mut cursor, layout, with_ats))
                .collect::<Result<_, _>>()?;
            cursor.end()?;
            Ok(targets)
        };
        // Whether the chip asks for ATS cannot be seen in an answer, so the reading that uses up
        // the bytes exactly counts; and an ATS may be missing for one card alone.
        attempt([true, true]).or_else(|error| {
            [[true, false], [false, true], [false, false]]
                .into_iter()
                .find_map(|ats| attempt(ats).ok())
                .ok_or(error)
        })
    }
}

/// What InAutoPoll found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AutoPollTarget {
    /// The type that matched, one of those asked for or a more special one.
    pub kind: u8,
    /// The card.
    pub target: Target,
}

impl AutoPollTarget {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let mut data = Vec::new();
        self.target.write(&mut data);
        out.push(self.kind);
        push_length(out, &data);
        out.extend(data);
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let kind = cursor.u8()?;
        let len = cursor.u8()?;
        let mut data = Cursor::new("InAutoPoll target", cursor.bytes(usize::from(len))?);
        let layout = Layout::of_auto_poll(kind);
        let target = Target::read(&mut data, layout, true)?;
        data.end()?;
        Ok(Self { kind, target })
    }
}

/// Lengths here come from parts that fit a frame, so they fit a byte or the frame is refused.
fn push_length(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
}
