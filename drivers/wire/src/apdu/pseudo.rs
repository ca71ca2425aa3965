//! Commands of class FF, which a reader answers itself (PC/SC part 3 section 3.2, and what makers
//! added).

use super::{Command, READER_CLASS};
use crate::Raw;

const MANAGE: u8 = 0x00;

/// What a command of class FF asks of the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Pseudo {
    /// `FF CA`: 00 UID, PUPI or IDm; 01 historical bytes; Sony has more.
    GetData {
        /// Which.
        which: u8,
    },
    /// `FF 82`: puts a key into the reader. The key is not shown.
    LoadKey {
        /// Place of the key.
        place: u8,
    },
    /// `FF 86`: authenticates to a MIFARE sector.
    Authenticate {
        /// Block.
        block: u16,
        /// 60 key A, 61 key B.
        kind: u8,
        /// Place of the key.
        place: u8,
    },
    /// `FF A4 00 01`: which FeliCa service the next reads and writes mean (Sony).
    SelectService(#[cfg_attr(feature = "serde", serde(with = "crate::hex::word"))] u16),
    /// `FF B0`: reads a block.
    ReadBinary {
        /// Block.
        block: u16,
    },
    /// `FF D6`: writes a block.
    UpdateBinary {
        /// Block.
        block: u16,
        /// New content.
        data: Raw,
    },
    /// `FF 00 00 00`: to the reader's own chip, D4 first (ACR122), or to the card as it is.
    Tunnel(Raw),
    /// `FF 00 40`: lamps and buzzer (ACR122).
    LedAndBuzzer {
        /// What becomes of the lamps.
        state: u8,
        /// Two durations in 100 ms, repetitions, buzzer.
        timing: Raw,
    },
    /// `FF 00 41`: how long to wait for the chip (ACR122).
    SetTimeout {
        /// In 5 s.
        steps: u8,
    },
    /// `FF 00 48`: firmware version as text (ACR122).
    GetFirmware,
    /// `FF 00 50`: which cards are looked for (ACR122).
    GetPiccParameter,
    /// `FF 00 51`: b7 by itself, b6 with ATS, b5 every 250 ms, b4 F424, b3 F212, b2 Topaz, b1 B,
    /// b0 A (ACR122).
    SetPiccParameter {
        /// The bits.
        bits: u8,
    },
    /// `FF 00 52`: whether a card makes it beep (ACR122).
    SetBuzzer {
        /// 00 off, FF on.
        on: u8,
    },
    /// `FF C2` (PC/SC) and `FF 50` (RC-S300): transparent exchange.
    Transparent {
        /// 00 manage session, 01 transceive, 02 switch protocol.
        step: u8,
        /// Data objects, as [`tlv`](super::tlv) reads them.
        objects: Raw,
    },
}

impl Command {
    /// What the command asks of the reader, where it is one of those.
    #[must_use]
    pub fn pseudo(&self) -> Option<Pseudo> {
        let block = u16::from_be_bytes([self.p1, self.p2]);
        if self.cla != READER_CLASS {
            return None;
        }
        Some(match (self.ins, self.p1, self.p2, &self.data[..]) {
            (0xCA, which, 0, []) => Pseudo::GetData { which },
            (0x82, _, place, [_, ..]) => Pseudo::LoadKey { place },
            (0x86, 0, 0, &[1, high, low, kind, place]) => {
                Pseudo::Authenticate { block: u16::from_be_bytes([high, low]), kind, place }
            }
            (0xA4, 0, 1, &[low, high]) => Pseudo::SelectService(u16::from_le_bytes([low, high])),
            (0xB0, _, _, []) => Pseudo::ReadBinary { block },
            (0xD6, _, _, [_, ..]) => Pseudo::UpdateBinary { block, data: self.data.clone() },
            (0x00, 0x00, 0x00, [_, ..]) => Pseudo::Tunnel(self.data.clone()),
            (0x00, 0x40, state, [_, _, _, _]) => {
                Pseudo::LedAndBuzzer { state, timing: self.data.clone() }
            }
            (0x00, 0x41, steps, []) => Pseudo::SetTimeout { steps },
            (0x00, 0x48, 0x00, []) => Pseudo::GetFirmware,
            (0x00, 0x50, 0x00, []) => Pseudo::GetPiccParameter,
            (0x00, 0x51, bits, []) => Pseudo::SetPiccParameter { bits },
            (0x00, 0x52, on, []) => Pseudo::SetBuzzer { on },
            (0xC2 | 0x50, MANAGE, step @ 0..=2, [_, ..]) => {
                Pseudo::Transparent { step, objects: self.data.clone() }
            }
            _ => return None,
        })
    }
}
