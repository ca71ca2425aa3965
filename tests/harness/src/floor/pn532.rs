//! A search on a PN532 at a serial line, which is one command: the chip leads a card through its
//! anticollision by itself.

use std::time::Duration;

use super::{ACK_BYTES, BIT_212, Search, felica_frame};

/// Start, eight data bits, stop.
const BITS_PER_BYTE: u32 = 10;
/// Around the data of a frame: preamble, start code (2), length, its check, data check, postamble.
const ENVELOPE_BYTES: u32 = 7;
/// From the end of a polling to the end of its one slot: (512 + 256) x 64 cycles.
const ONE_SLOT: Duration = Duration::from_nanos(3_624_779);
/// A search for type A or B, found or not. An order of magnitude: nobody published a figure, the
/// simulator takes the same.
const ISO14443: Duration = Duration::from_millis(5);

pub(super) fn takes(search: Search, bit_per_s: u32, found: bool) -> Duration {
    let (command, answer, air) = match search {
        Search::TypeA => (4, 13, ISO14443),
        Search::TypeB => (5, 20, ISO14443),
        Search::Felica212 => (9, 24, polling(BIT_212)),
        Search::Felica424 => (9, 24, polling(BIT_212 / 2)),
    };
    let answer = if found { answer } else { 3 };
    uart(command + ENVELOPE_BYTES, bit_per_s)
        .saturating_add(air.max(uart(ACK_BYTES, bit_per_s)))
        .saturating_add(uart(answer + ENVELOPE_BYTES, bit_per_s))
}

/// A polling and its slot; with room for two cards the chip listens to the slot's end.
fn polling(bit: Duration) -> Duration {
    felica_frame(bit, 6).saturating_add(ONE_SLOT)
}

/// What bytes take on a line, 8N1.
fn uart(bytes: u32, bit_per_s: u32) -> Duration {
    Duration::from_secs(1).saturating_mul(bytes * BITS_PER_BYTE) / bit_per_s
}
