//! What no driver can beat: the times that a loop of searches takes on the air and on the line,
//! and how long a card waits in it.
//!
//! ```text
//! loop:   | B | A | F 212 | F 424 | B | A | F 212 | F 424 | ...
//! card:         ^ comes             event: at the end of the round that found it ^
//! ```
//! A round is told as a whole, so that two cards are never told one by one. A search takes the
//! command's bytes, then the acknowledgement's or the air time, whichever is longer (the chip sends
//! the one while it does the other), then the answer's bytes.

use std::time::Duration;

/// Start, eight data bits, stop.
const BITS_PER_BYTE: u32 = 10;
/// Around the data of a frame: preamble, start code (2), length, its check, data check, postamble.
const ENVELOPE_BYTES: u32 = 7;
const ACK_BYTES: u32 = 6;
/// How finely the arrival of a card is varied.
const ARRIVALS: u32 = 10_000;

/// FeliCa at 212 kbit/s: a bit is 64 cycles of 13.56 MHz.
const BIT_212: Duration = Duration::from_nanos(4_720);
/// Preamble, sync and CRC around a FeliCa frame.
const FELICA_ENVELOPE_BYTES: u32 = 10;
/// From the end of a polling to the end of its one slot: (512 + 256) x 64 cycles.
const ONE_SLOT: Duration = Duration::from_nanos(3_624_779);
/// A polling with its length byte.
const POLLING_BYTES: u32 = 6;
/// A search for type A or B, found or not. An order of magnitude: nobody published a figure, the
/// simulator takes the same.
const ISO14443: Duration = Duration::from_millis(5);

/// A way to look for cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// Type A at 106 kbit/s.
    TypeA,
    /// Type B at 106 kbit/s.
    TypeB,
    /// FeliCa at 212 kbit/s, one slot, system code asked for.
    Felica212,
    /// FeliCa at 424 kbit/s.
    Felica424,
}

/// What a round of the PN532 driver looks for, in its order.
pub const ROUND: [Search; 4] = [Search::TypeB, Search::TypeA, Search::Felica212, Search::Felica424];

impl Search {
    /// What one search takes on a line of `bit_per_s`, with a card or without.
    #[must_use]
    pub fn takes(self, bit_per_s: u32, found: bool) -> Duration {
        let (command, answer, air) = match self {
            Self::TypeA => (4, 13, ISO14443),
            Self::TypeB => (5, 20, ISO14443),
            Self::Felica212 => (9, 24, polling(BIT_212)),
            Self::Felica424 => (9, 24, polling(BIT_212 / 2)),
        };
        let answer = if found { answer } else { 3 };
        uart(command + ENVELOPE_BYTES, bit_per_s)
            .saturating_add(air.max(uart(ACK_BYTES, bit_per_s)))
            .saturating_add(uart(answer + ENVELOPE_BYTES, bit_per_s))
    }
}

/// A polling and its slot; with room for two cards the chip listens to the slot's end.
fn polling(bit: Duration) -> Duration {
    bit.saturating_mul((POLLING_BYTES + FELICA_ENVELOPE_BYTES) * 8).saturating_add(ONE_SLOT)
}

/// What bytes take on a line, 8N1.
#[must_use]
pub fn uart(bytes: u32, bit_per_s: u32) -> Duration {
    Duration::from_secs(1).saturating_mul(bytes * BITS_PER_BYTE) / bit_per_s
}

/// From the moment a card could first answer until the end of the round that found it, for a card
/// that comes at any time with the same probability: the waits in ascending order.
///
/// `round` is what a round looks for, in its order; `answers_to` what the card answers to. Nothing
/// else takes time: no chip that thinks, no pause, no host.
#[must_use]
pub fn waits(bit_per_s: u32, round: &[Search], answers_to: &[Search]) -> Vec<Duration> {
    let takes = |search: &Search, found| search.takes(bit_per_s, found);
    let length: Duration = round.iter().map(|search| takes(search, false)).sum();
    let mut waits: Vec<_> = (0..ARRIVALS)
        .map(|arrival| {
            let arrival = length.saturating_mul(arrival) / ARRIVALS;
            // This round, then the next one, until one of them finds it.
            let mut now = Duration::ZERO;
            loop {
                let mut found = false;
                for search in round {
                    let here = now >= arrival && answers_to.contains(search);
                    found |= here;
                    now = now.saturating_add(takes(search, here));
                }
                if found || now > length.saturating_mul(4) {
                    return now.saturating_sub(arrival);
                }
            }
        })
        .collect();
    waits.sort_unstable();
    waits
}

/// The value below which this share of the ascending `waits` lies: 0.5 is the median.
#[must_use]
pub fn quantile(waits: &[Duration], share: f64) -> Duration {
    let last = waits.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index of a short list"
    )]
    let index = (last as f64 * share.clamp(0.0, 1.0)).round() as usize;
    waits.get(index).copied().unwrap_or_default()
}
