//! What no driver can beat: the times that a loop of searches takes on the air and on the way to the
//! reader, and how long a card waits in it.
//!
//! ```text
//! loop:   | B | A | F 212 | F 424 | B | A | F 212 | F 424 | ...
//! card:         ^ comes             event: at the end of the round that found it ^
//! ```
//! A round is told as a whole, so that two cards are never told one by one. A search is one command
//! or several. A command takes its bytes, then the acknowledgement's or the air time, whichever is
//! longer (the chip sends the one while it does the other), then the answer's bytes.

mod pn532;
mod rcs380;

use std::time::Duration;

/// An acknowledgement, on both kinds of readers.
const ACK_BYTES: u32 = 6;
/// How finely the arrival of a card is varied.
const ARRIVALS: u32 = 10_000;
/// FeliCa at 212 kbit/s: a bit is 64 cycles of 13.56 MHz.
const BIT_212: Duration = Duration::from_nanos(4_720);
/// Preamble, sync and CRC around a FeliCa frame.
const FELICA_ENVELOPE_BYTES: u32 = 10;

/// A reader and the way to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A PN532 on a serial line of so many bit/s.
    Pn532(u32),
    /// An RC-S380 on a full-speed USB bus.
    Rcs380,
}

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

/// What a round of our drivers looks for, in its order.
pub const ROUND: [Search; 4] = [Search::TypeB, Search::TypeA, Search::Felica212, Search::Felica424];

impl Search {
    /// What one search takes, with a card (one of type A has a UID of 4 bytes) or without.
    #[must_use]
    pub fn takes(self, way: Way, found: bool) -> Duration {
        match way {
            Way::Pn532(bit_per_s) => pn532::takes(self, bit_per_s, found),
            Way::Rcs380 => rcs380::takes(self, found),
        }
    }

    /// How many commands that is.
    #[must_use]
    pub fn commands(self, way: Way, found: bool) -> usize {
        match way {
            Way::Pn532(_) => 1,
            Way::Rcs380 => rcs380::commands(self, found),
        }
    }
}

/// A FeliCa message of so many bytes, its length byte among them, on the air.
fn felica_frame(bit: Duration, bytes: u32) -> Duration {
    bit.saturating_mul((bytes + FELICA_ENVELOPE_BYTES) * 8)
}

/// How many commands a round is, and what it takes, where nobody is.
#[must_use]
pub fn empty_round(way: Way, round: &[Search]) -> (usize, Duration) {
    let commands = round.iter().map(|search| search.commands(way, false)).sum();
    (commands, round.iter().map(|search| search.takes(way, false)).sum())
}

/// From the moment a card could first answer until the end of the round that found it, for a card
/// that comes at any time with the same probability: the waits in ascending order.
///
/// `round` is what a round looks for, in its order; `answers_to` what the card answers to. Nothing
/// else takes time: no chip that thinks, no pause, no host.
#[must_use]
pub fn waits(way: Way, round: &[Search], answers_to: &[Search]) -> Vec<Duration> {
    let (_, length) = empty_round(way, round);
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
                    now = now.saturating_add(search.takes(way, here));
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
