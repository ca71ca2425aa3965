//! The serial line between a chip and its host: how long bytes take, and what happens to them on
//! their way.

use std::{collections::VecDeque, time::Duration};

use crate::{
    Board, Fault, Field, Input, Pn532,
    fault::{self, LATE, Piece},
};

/// Bits of a byte on the line, with start and stop bit.
const BITS_PER_BYTE: u32 = 10;
/// How many bytes from the host wait at most; further ones are lost, as in a port's buffer.
const WAITING_MAX: usize = 4096;

/// How fast a simulator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As a chip on a serial line with cards in the air.
    Real,
    /// Answers come at once.
    Instant,
}

/// What comes out of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Bytes for the host.
    Bytes(Vec<u8>),
    /// A [`Fault`] pulled the plug: the host loses its line.
    Unplugged,
}

/// A chip at the end of its line. Driven like the chip itself.
#[derive(Clone, Debug)]
pub struct SerialLine {
    chip: Pn532,
    pace: Pace,
    fault: Option<Fault>,
    to_chip: VecDeque<(Duration, Vec<u8>)>,
    /// When the last byte to the chip has arrived.
    to_chip_free_at: Duration,
    /// By time.
    to_host: VecDeque<(Duration, Happening)>,
    to_host_free_at: Duration,
    now: Duration,
}

impl SerialLine {
    /// A line at real pace.
    #[must_use]
    pub fn new(chip: Pn532) -> Self {
        let mut line = Self {
            chip,
            pace: Pace::Real,
            fault: None,
            to_chip: VecDeque::new(),
            to_chip_free_at: Duration::ZERO,
            to_host: VecDeque::new(),
            to_host_free_at: Duration::ZERO,
            now: Duration::ZERO,
        };
        line.set_pace(Pace::Real);
        line
    }

    /// The cards before the chip's antenna.
    pub fn field(&mut self) -> &mut Field {
        self.chip.field()
    }

    /// How fast line, chip and air are from now on.
    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
        self.chip.set_pace(pace);
    }

    /// What the board does to the chip from now on.
    pub fn set_board(&mut self, board: Board) {
        self.chip.set_board(board);
    }

    /// What goes wrong from now on. Says how many frames an earlier fault had still to hit.
    pub fn set_fault(&mut self, fault: Option<Fault>) -> u32 {
        let before = std::mem::replace(&mut self.fault, fault);
        before.map_or(0, |before| before.count)
    }

    /// The host closed the line, or opened it anew: what is under way is lost.
    pub fn clear(&mut self) {
        self.to_chip.clear();
        self.to_chip_free_at = Duration::ZERO;
        self.to_host.clear();
        self.to_host_free_at = Duration::ZERO;
    }

    /// The chip lost power and got it again, with all that was under way lost.
    pub fn power_cycle(&mut self) {
        self.clear();
        self.chip.power_cycle();
    }

    /// How many bytes the line takes from the host now.
    #[must_use]
    pub fn room(&self) -> usize {
        let waiting = self.to_chip.iter().map(|(_, bytes)| bytes.len());
        WAITING_MAX.saturating_sub(waiting.fold(0, usize::saturating_add))
    }

    /// Tells the line what happened and when. Times must not go backwards.
    pub fn handle(&mut self, now: Duration, input: Input<'_>) {
        self.advance(now);
        if let Input::Bytes(bytes) = input {
            let bytes = bytes.get(..bytes.len().min(self.room())).unwrap_or_default();
            if !bytes.is_empty() {
                let arrival = self.to_chip_free_at.max(now).saturating_add(self.takes(bytes.len()));
                self.to_chip_free_at = arrival;
                self.to_chip.push_back((arrival, bytes.to_vec()));
            }
            self.advance(now);
        }
    }

    /// What has come out by now.
    pub fn poll_output(&mut self) -> Option<Happening> {
        let now = self.now;
        take_due(&mut self.to_host, now)
    }

    /// When to call [`handle`](Self::handle) next, even if nothing happens.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let to_host = self.to_host.front().map(|(at, _)| *at);
        [self.next(), to_host].into_iter().flatten().min()
    }

    /// When something happens to the chip next.
    fn next(&self) -> Option<Duration> {
        let arrival = self.to_chip.front().map(|(at, _)| *at);
        [arrival, self.chip.poll_timeout()].into_iter().flatten().min()
    }

    /// Lets happen what is due, each at its own time.
    fn advance(&mut self, now: Duration) {
        while let Some(at) = self.next().filter(|at| *at <= now) {
            let at = at.max(self.now);
            self.now = at;
            match take_due(&mut self.to_chip, at) {
                Some(bytes) => self.chip.handle(at, Input::Bytes(&bytes)),
                None => self.chip.handle(at, Input::Timeout),
            }
            while let Some(frame) = self.chip.poll_output() {
                self.pass_on(at, frame);
            }
        }
        self.now = self.now.max(now);
    }

    /// Sends the chip's frame on its way, whole or not.
    fn pass_on(&mut self, at: Duration, frame: Vec<u8>) {
        for piece in fault::strike(&mut self.fault, frame) {
            match piece {
                Piece::InTime(bytes) => self.send(at, Duration::ZERO, bytes),
                Piece::Late(bytes) => self.send(at, LATE, bytes),
                Piece::Unplug => self.queue(self.to_host_free_at.max(at), Happening::Unplugged),
            }
        }
    }

    /// A frame is handed over as a whole when its last byte would have arrived.
    fn send(&mut self, at: Duration, late: Duration, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let arrival = self
            .to_host_free_at
            .max(at)
            .saturating_add(late)
            .saturating_add(self.takes(bytes.len()));
        // What is late lets others overtake it.
        if late.is_zero() {
            self.to_host_free_at = arrival;
        }
        self.queue(arrival, Happening::Bytes(bytes));
    }

    fn queue(&mut self, at: Duration, happening: Happening) {
        let place = self.to_host.partition_point(|(other, _)| *other <= at);
        self.to_host.insert(place, (at, happening));
    }

    /// How long so many bytes take on the line.
    fn takes(&self, bytes: usize) -> Duration {
        let bits = u32::try_from(bytes).unwrap_or(u32::MAX).saturating_mul(BITS_PER_BYTE);
        match self.pace {
            Pace::Real => {
                Duration::from_secs(1).saturating_mul(bits) / self.chip.baud_rate().bit_per_s()
            }
            Pace::Instant => Duration::ZERO,
        }
    }
}

/// Takes the first of a queue, if its time has come.
fn take_due<T>(queue: &mut VecDeque<(Duration, T)>, now: Duration) -> Option<T> {
    let due = queue.front().is_some_and(|(at, _)| *at <= now);
    if due { queue.pop_front().map(|(_, item)| item) } else { None }
}
