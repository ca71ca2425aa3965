//! Registers: memory that keeps what hosts write, but for the few that mirror the radio.

use std::{collections::BTreeMap, time::Duration};

use kazasu_wire::felica::Rate;

const TX_MODE: u16 = 0x6302;
const RX_MODE: u16 = 0x6303;
/// Bits 1 and 0: field on.
const TX_CONTROL: u16 = 0x6304;
/// In TxMode and RxMode.
const CRC: u8 = 0x80;
const FIFO_DATA: u16 = 0x6339;
/// What stands in the FIFO when nothing answered REQA; nfcpy asks for it.
const REQA: u8 = 0x26;

/// How the radio speaks (TxMode, RxMode).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    TypeA,
    TypeB,
    Felica(Rate),
    Other,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Registers(BTreeMap<u16, u8>);

impl Registers {
    pub(super) fn read(&self, address: u16, field_on: bool) -> u8 {
        let value = self.0.get(&address).copied().unwrap_or(0);
        match address {
            TX_CONTROL if field_on => value | 0x03,
            TX_CONTROL => value & !0x03,
            _ => value,
        }
    }

    pub(super) fn write(&mut self, address: u16, value: u8) {
        self.0.insert(address, value);
    }

    pub(super) fn nothing_answered_reqa(&mut self) {
        self.write(FIFO_DATA, REQA);
    }

    pub(super) fn set_framing(&mut self, framing: Framing) {
        // Bit 7 CRC, bits 6 to 4 rate, bits 1 and 0 framing.
        let mode = match framing {
            Framing::TypeA => 0x80,
            Framing::TypeB => 0x83,
            Framing::Felica(Rate::R212) => 0x92,
            Framing::Felica(Rate::R424) => 0xA2,
            Framing::Other => return,
        };
        self.write(TX_MODE, mode);
        self.write(RX_MODE, mode);
    }

    /// Whether the radio adds the CRC to what it sends.
    pub(super) fn adds_crc(&self) -> bool {
        self.read(TX_MODE, false) & CRC != 0
    }

    /// Whether the radio checks the CRC of what it receives, and takes it off.
    pub(super) fn checks_crc(&self) -> bool {
        self.read(RX_MODE, false) & CRC != 0
    }

    pub(super) fn framing(&self) -> Framing {
        match self.read(TX_MODE, false) & 0x73 {
            0x00 => Framing::TypeA,
            0x03 => Framing::TypeB,
            0x12 => Framing::Felica(Rate::R212),
            0x22 => Framing::Felica(Rate::R424),
            _ => Framing::Other,
        }
    }
}

/// A time-out code: 0 is none, else 100 µs doubled n - 1 times.
pub(super) fn timeout(code: u8) -> Option<Duration> {
    let doublings = code.checked_sub(1)?.min(15);
    Some(Duration::from_micros(100_u64 << doublings))
}
