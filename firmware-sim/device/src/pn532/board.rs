use std::{collections::VecDeque, time::Duration};

use kazasu_wire::{pn532::BaudRate, sof::Frame};

use crate::line::Pace;

/// Bits of a byte on the line, with start and stop bit.
const BITS_PER_BYTE: u32 = 10;

/// What a cheap board, or the bridge before it, does to a good chip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Board {
    /// It hears nothing for so long behind the last byte of an answer.
    pub deaf: Duration,
    /// It looks at a command so long after it came.
    pub hold: Duration,
    /// Whatever it sends comes so much later.
    pub delay: Duration,
    /// Frames end without their last byte.
    pub cut: bool,
}

/// What is under way between chip and line, and what the board hears.
#[derive(Clone, Debug, Default)]
pub(super) struct Edge {
    pub(super) board: Board,
    /// Data of a command that is looked at later.
    pub(super) held: Option<(Duration, Vec<u8>)>,
    outputs: VecDeque<(Duration, Vec<u8>)>,
    deaf_until: Duration,
}

impl Edge {
    pub(super) fn on(board: Board) -> Self {
        Self { board, ..Self::default() }
    }

    /// Whether bytes that end now are lost.
    pub(super) fn misses(&self, now: Duration, bytes: usize, rate: BaudRate, pace: Pace) -> bool {
        now.saturating_sub(takes(bytes, rate, pace)) < self.deaf_until
    }

    pub(super) fn send(&mut self, now: Duration, mut bytes: Vec<u8>, rate: BaudRate, pace: Pace) {
        let is_answer = Frame::Ack.encode().is_ok_and(|ack| ack != bytes);
        if self.board.cut {
            bytes.pop();
        }
        let due = now.saturating_add(self.board.delay);
        if is_answer && !self.board.deaf.is_zero() {
            let sent = due.saturating_add(takes(bytes.len(), rate, pace));
            self.deaf_until = sent.saturating_add(self.board.deaf);
        }
        self.outputs.push_back((due, bytes));
    }

    pub(super) fn waiting(&self) -> usize {
        self.outputs.len()
    }

    pub(super) fn take(&mut self, now: Duration) -> Option<Vec<u8>> {
        let is_due = self.outputs.front().is_some_and(|(due, _)| *due <= now);
        if is_due { self.outputs.pop_front().map(|(_, bytes)| bytes) } else { None }
    }

    /// When it has something to do; nothing where all that is due was taken.
    pub(super) fn due(&self, now: Duration) -> Option<Duration> {
        let output = self.outputs.front().map(|(due, _)| *due).filter(|due| *due > now);
        let held = self.held.as_ref().map(|(due, _)| *due);
        [output, held].into_iter().flatten().min()
    }
}

fn takes(bytes: usize, rate: BaudRate, pace: Pace) -> Duration {
    let bits = u32::try_from(bytes).unwrap_or(u32::MAX).saturating_mul(BITS_PER_BYTE);
    match pace {
        Pace::Real => Duration::from_secs(1).saturating_mul(bits) / rate.bit_per_s(),
        Pace::Instant => Duration::ZERO,
    }
}
