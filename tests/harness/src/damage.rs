use std::time::Duration;

use kazasu_wire::sof::Frame;

/// Noise that looks like the start of a frame.
const GARBAGE: [u8; 6] = [0x55, 0x00, 0x00, 0xFF, 0x33, 0xA5];

/// What happens to one byte on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// It is lost.
    Lose,
    /// It is lost, and with it the rest of its frame.
    Drop,
    /// It is late by this much, and with it the rest of its frame.
    Late(Duration),
    /// A NACK comes instead of it and the rest of its frame.
    Nak,
    /// Noise comes before it.
    Garbage,
    /// It arrives with these bits turned over.
    Flip(u8),
    /// The way breaks before it: whatever is under way is lost, the host closes and opens anew.
    Cut,
    /// The same, and the reader loses power as well.
    Unplug,
}

/// What one side sends: how much it was so far, and what is to happen to it.
#[derive(Debug, Default)]
pub struct Traffic {
    sent: u64,
    damage: Option<(u64, Damage)>,
}

impl Traffic {
    /// How many bytes the side has sent so far, damaged or not.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Damages the byte of this number, counted over all bytes the side ever sends, from 0.
    pub fn damage(&mut self, byte: u64, damage: Damage) {
        self.damage = Some((byte, damage));
    }

    /// Counts `bytes`. If one of them is to be damaged, they end before it, and what arrives from
    /// there on is given instead: all the rest of them where it is late, nothing where the way
    /// breaks.
    pub(crate) fn pass(&mut self, bytes: &mut Vec<u8>) -> Option<(Damage, Vec<u8>)> {
        let first = self.sent;
        self.sent = first.saturating_add(bytes.len() as u64);
        let (byte, damage) = self.damage?;
        let index = usize::try_from(byte.checked_sub(first)?).ok()?;
        if index >= bytes.len() {
            return None;
        }
        self.damage = None;
        let mut rest = bytes.split_off(index);
        match damage {
            Damage::Lose => drop(rest.drain(..1)),
            Damage::Drop | Damage::Cut | Damage::Unplug => rest.clear(),
            Damage::Late(_) => {}
            Damage::Nak => rest = Frame::Nack.encode().unwrap_or_default(),
            Damage::Garbage => drop(rest.splice(..0, GARBAGE)),
            Damage::Flip(bits) => rest.iter_mut().take(1).for_each(|byte| *byte ^= bits),
        }
        Some((damage, rest))
    }
}
