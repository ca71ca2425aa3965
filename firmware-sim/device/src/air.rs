//! How long things take on the air, from the carrier frequency of 13.56 MHz.

use std::time::Duration;

use kazasu_wire::felica::Rate;

/// From the end of a polling to the first slot: 512 x 64 cycles.
const FIRST_SLOT: Duration = Duration::from_nanos(2_416_519);
/// One slot: 256 x 64 cycles.
const SLOT: Duration = Duration::from_nanos(1_208_260);
/// Preamble, sync and CRC around a FeliCa frame.
const FELICA_ENVELOPE_BYTES: u32 = 10;
const POLLING_BYTES: u32 = 6;
/// An activation of type A or B, and also waiting for one in vain: the radio waits longer than the
/// cards need. A measured order of magnitude, nobody published a figure.
pub(crate) const ISO14443: Duration = Duration::from_millis(5);
/// From field on to the first command, so that cards have power.
pub(crate) const FIELD_ON: Duration = Duration::from_millis(5);

/// What a card needs to think about a command: that of a FeliCa for reading a block, of an ISO/IEC
/// 14443 card the shortest frame waiting time.
pub(crate) const THINKING: Duration = Duration::from_micros(302);
/// A byte at 106 kbit/s with its parity or start and stop bits, rounded up.
const BYTE_106: Duration = Duration::from_micros(95);

/// From the end of a FeliCa polling until the answer in this slot (from 0) begins.
pub(crate) fn until_slot(slot: u8) -> Duration {
    FIRST_SLOT.saturating_add(SLOT.saturating_mul(slot.into()))
}

fn frame(rate: Rate, bytes: u32) -> Duration {
    let bit = match rate {
        Rate::R212 => Duration::from_nanos(4_720),
        Rate::R424 => Duration::from_nanos(2_360),
    };
    bit.saturating_mul(bytes.saturating_add(FELICA_ENVELOPE_BYTES).saturating_mul(8))
}

/// A FeliCa polling until all its slots are over.
pub(crate) fn polling_miss(rate: Rate, slots: u8) -> Duration {
    frame(rate, POLLING_BYTES).saturating_add(until_slot(slots))
}

/// A FeliCa polling until the answer in this slot (from 0) is over.
pub(crate) fn polling_hit(rate: Rate, slot: u8, answer_bytes: usize) -> Duration {
    polling_miss(rate, slot).saturating_add(felica_message(rate, answer_bytes))
}

/// A FeliCa command and its answer, both without preamble, sync and CRC.
pub(crate) fn felica(rate: Rate, command_bytes: usize, answer_bytes: usize) -> Duration {
    let answer = felica_message(rate, answer_bytes);
    felica_message(rate, command_bytes).saturating_add(THINKING).saturating_add(answer)
}

/// A FeliCa message on its way, without preamble, sync and CRC.
pub(crate) fn felica_message(rate: Rate, bytes: usize) -> Duration {
    frame(rate, u32::try_from(bytes).unwrap_or(u32::MAX))
}

/// So many bytes at 106 kbit/s, CRC among them.
pub(crate) fn bytes_106(bytes: usize) -> Duration {
    BYTE_106.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX))
}

/// An exchange with an ISO/IEC 14443 card at 106 kbit/s; two bytes of CRC go with each frame.
pub(crate) fn iso14443(command_bytes: usize, answer_bytes: usize) -> Duration {
    let bytes = command_bytes.saturating_add(answer_bytes).saturating_add(4);
    bytes_106(bytes).saturating_add(THINKING)
}
