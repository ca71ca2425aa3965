use std::{collections::VecDeque, time::Duration};

use kazasu_hal::{Card, CardIdentity, Fault, Mono, Operation, Report};
use kazasu_pn532::{Input, Output, Session, Settings};
use kazasu_sim::{Pn532, Seed};
use kazasu_wire::sof::Frame;

/// Bits of a byte on the line: 8N1.
const BITS_PER_BYTE: u32 = 10;
/// What a byte looks like to whoever expects another rate.
const NOISE: u8 = 0xF8;
/// Noise that looks like the start of a frame.
const GARBAGE: [u8; 6] = [0x55, 0x00, 0x00, 0xFF, 0x33, 0xA5];
/// Of a line that does not hold its rate, one byte in so many arrives changed.
const CHANGED_EVERY: usize = 5;
/// How long the line stays down before it is opened anew, as the runtime does it.
const REOPEN_PAUSE: Duration = Duration::from_secs(1);
/// More steps than this without time passing is an endless loop.
const STEPS_AT_ONCE_MAX: u32 = 10_000;

/// What happens to one byte on its way from the chip to the host.
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
    /// The line breaks before it: whatever is under way is lost, the host closes and opens anew.
    Cut,
    /// The same, and the chip loses power as well.
    Unplug,
}

/// A PN532 session and a simulated PN532, with a line between them.
#[derive(Debug)]
pub struct Pair {
    /// The chip, to put cards on it.
    pub chip: Pn532,
    /// Everything the session reported, with the time.
    pub reports: Vec<(Mono, Report)>,
    /// How often a session said that its reader can be used, and what it is.
    pub attached: Vec<String>,
    /// Why sessions ended; a broken line is not among them.
    pub faults: Vec<Fault>,
    /// How often the line broke.
    pub cuts: u32,
    /// Outcomes of requests.
    pub replies: Vec<Result<Vec<[u8; 16]>, Fault>>,
    /// The highest rate at which bytes arrive as they were sent, in bit/s.
    pub holds: u32,
    settings: Settings,
    /// The rate of the host's port, in bit/s.
    rate: u32,
    now: Mono,
    /// `None` while the line is down, until `reopen_at`.
    session: Option<Session>,
    reopen_at: Mono,
    to_chip: Line,
    to_host: Line,
    damage: Option<(u64, Damage)>,
}

/// One direction: what is under way, and when it arrives.
#[derive(Debug, Default)]
struct Line {
    under_way: VecDeque<UnderWay>,
    free_at: Mono,
    /// All bytes ever sent.
    sent: u64,
}

#[derive(Debug)]
struct UnderWay {
    due: Mono,
    /// At which it was sent, in bit/s.
    rate: u32,
    bytes: Vec<u8>,
}

impl Line {
    fn send(&mut self, now: Mono, rate: u32, bytes: Vec<u8>) {
        let bits = u32::try_from(bytes.len()).unwrap_or(u32::MAX).saturating_mul(BITS_PER_BYTE);
        let takes = Duration::from_secs(1).saturating_mul(bits) / rate;
        self.free_at = self.free_at.max(now).after(takes);
        self.sent = self.sent.saturating_add(bytes.len() as u64);
        self.under_way.push_back(UnderWay { due: self.free_at, rate, bytes });
    }

    fn due(&self) -> Option<Mono> {
        self.under_way.front().map(|under_way| under_way.due)
    }

    /// What has arrived, as one sees it who expects `rate`, on a line that holds `holds`.
    fn arrive(&mut self, rate: u32, holds: u32) -> Option<Vec<u8>> {
        let UnderWay { rate: sent_at, mut bytes, .. } = self.under_way.pop_front()?;
        if sent_at != rate {
            bytes.fill(NOISE);
        } else if rate > holds {
            bytes.iter_mut().step_by(CHANGED_EVERY).for_each(|byte| *byte ^= 0x10);
        }
        Some(bytes)
    }

    fn clear(&mut self) {
        self.under_way.clear();
        self.free_at = Mono::default();
    }
}

impl Pair {
    /// A chip that just got power, and a session that begins to wake it up.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with(seed, Settings::default())
    }

    /// The same, on a line with these settings.
    #[must_use]
    pub fn with(seed: u64, settings: Settings) -> Self {
        let now = Mono::default();
        let mut pair = Self {
            chip: Pn532::new(Seed(seed)),
            reports: Vec::new(),
            attached: Vec::new(),
            faults: Vec::new(),
            cuts: 0,
            replies: Vec::new(),
            holds: u32::MAX,
            rate: settings.rate,
            settings,
            now,
            session: None,
            reopen_at: now,
            to_chip: Line::default(),
            to_host: Line::default(),
            damage: None,
        };
        pair.open();
        pair
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Mono {
        self.now
    }

    /// The rates of the host's port and of the chip, in bit/s.
    #[must_use]
    pub fn rates(&self) -> (u32, u32) {
        (self.rate, self.chip.baud_rate().bit_per_s())
    }

    /// How the line is used.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The session, while the line is up and it has not ended.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref().filter(|session| session.poll_timeout().is_some())
    }

    /// Asks the session for something.
    pub fn request(&mut self, card: &CardIdentity, operation: &Operation) {
        if let Some(session) = &mut self.session {
            session.request(self.now, card, operation);
            self.take_from_session();
        }
    }

    /// Lets the session close the chip. The line stays closed.
    pub fn close_session(&mut self) {
        if let Some(session) = &mut self.session {
            session.close(self.now);
            self.take_from_session();
        }
    }

    /// The host is killed, without a chance to close anything, and started again.
    pub fn kill(&mut self) {
        self.close();
    }

    /// How many bytes the chip has sent so far.
    #[must_use]
    pub fn bytes_from_chip(&self) -> u64 {
        self.to_host.sent
    }

    /// Damages the byte of this number, counted over all bytes the chip ever sends, from 0.
    pub fn damage(&mut self, byte: u64, damage: Damage) {
        self.damage = Some((byte, damage));
    }

    /// Lets bytes arrive at the host that the chip never sent.
    pub fn invent(&mut self, bytes: &[u8]) {
        let bytes = bytes.to_vec();
        self.to_host.under_way.push_back(UnderWay { due: self.now, rate: self.rate, bytes });
        // Bytes under way stay in the order in which they arrive.
        self.to_host.under_way.make_contiguous().sort_by_key(|under_way| under_way.due);
    }

    /// Lets time pass.
    pub fn run_for(&mut self, time: Duration) {
        let end = self.now.after(time);
        self.run_until(end, |_| false);
    }

    /// Lets time pass until `done`, or until `end`. Whether it is done.
    pub fn run_until(&mut self, end: Mono, done: impl Fn(&Self) -> bool) -> bool {
        let mut steps_at_once = 0_u32;
        while !done(self) {
            let Some(next) = self.next().filter(|next| *next <= end) else {
                self.now = self.now.max(end);
                return false;
            };
            steps_at_once = if next > self.now { 0 } else { steps_at_once.saturating_add(1) };
            assert!(steps_at_once < STEPS_AT_ONCE_MAX, "no time passes at {:?}", self.now);
            self.now = self.now.max(next);
            self.step();
        }
        true
    }

    /// The cards of the last finished round.
    #[must_use]
    pub fn field(&self) -> Option<&[Card]> {
        self.reports.iter().rev().find_map(|(_, report)| match report {
            Report::Field(cards) => Some(cards.as_slice()),
            Report::Fault(_) => None,
        })
    }

    /// Everything that rounds saw since `from`.
    #[must_use]
    pub fn rounds_since(&self, from: Mono) -> Vec<&[Card]> {
        let reports = self.reports.iter().filter(|(at, _)| *at >= from);
        reports
            .filter_map(|(_, report)| match report {
                Report::Field(cards) => Some(cards.as_slice()),
                Report::Fault(_) => None,
            })
            .collect()
    }

    /// When something happens next, if anything does.
    fn next(&self) -> Option<Mono> {
        let session = match &self.session {
            Some(session) => session.poll_timeout(),
            None => Some(self.reopen_at),
        };
        let chip = self.chip.poll_timeout().map(Mono);
        let times = [session, chip, self.to_chip.due(), self.to_host.due()];
        times.into_iter().flatten().min()
    }

    fn step(&mut self) {
        let now = self.now;
        if self.session.is_none() && self.reopen_at <= now {
            self.open();
        }
        while self.to_chip.due().is_some_and(|due| due <= now) {
            let rate = self.chip.baud_rate().bit_per_s();
            if let Some(bytes) = self.to_chip.arrive(rate, self.holds) {
                self.chip.handle(now.0, kazasu_sim::Input::Bytes(&bytes));
                self.take_from_chip();
            }
        }
        if self.chip.poll_timeout().is_some_and(|due| due <= now.0) {
            self.chip.handle(now.0, kazasu_sim::Input::Timeout);
            self.take_from_chip();
        }
        while self.to_host.due().is_some_and(|due| due <= now) {
            if let Some(bytes) = self.to_host.arrive(self.rate, self.holds) {
                self.tell_session(Input::Bytes(&bytes));
            }
        }
        let timeout = self.session.as_ref().and_then(Session::poll_timeout);
        if timeout.is_some_and(|due| due <= now) {
            self.tell_session(Input::Timeout);
        }
    }

    fn open(&mut self) {
        self.rate = self.settings.rate;
        self.session = Some(Session::new(self.now, &self.settings));
        self.take_from_session();
    }

    fn close(&mut self) {
        self.session = None;
        self.reopen_at = self.now.after(REOPEN_PAUSE);
        self.to_chip.clear();
        self.to_host.clear();
    }

    fn tell_session(&mut self, input: Input<'_>) {
        let Some(session) = &mut self.session else { return };
        let handled = session.handle(self.now, input);
        self.settings.rate_max = session.rate_max();
        self.take_from_session();
        if let Err(fault) = handled {
            self.faults.push(fault);
            self.close();
        }
    }

    fn take_from_session(&mut self) {
        let Some(session) = &mut self.session else { return };
        while let Some(output) = session.poll_output() {
            match output {
                Output::Send(bytes) => self.to_chip.send(self.now, self.rate, bytes),
                Output::SetRate(rate) => self.rate = rate,
                Output::Replied(outcome) => self.replies.push(outcome),
                Output::Attached(model) => self.attached.push(model),
                Output::Report(report) => self.reports.push((self.now, report)),
            }
        }
    }

    fn take_from_chip(&mut self) {
        while let Some(mut bytes) = self.chip.poll_output() {
            let rate = self.chip.baud_rate().bit_per_s();
            let first = self.to_host.sent;
            let index = self.damage.and_then(|(byte, damage)| {
                let index = usize::try_from(byte.checked_sub(first)?).ok()?;
                (index < bytes.len()).then_some((index, damage))
            });
            let Some((index, damage)) = index else {
                self.to_host.send(self.now, rate, bytes);
                continue;
            };
            self.damage = None;
            let mut late = Duration::ZERO;
            let mut rest = bytes.split_off(index);
            match damage {
                Damage::Lose => drop(rest.drain(..1)),
                Damage::Drop => rest.clear(),
                Damage::Late(by) => late = by,
                Damage::Nak => rest = Frame::Nack.encode().unwrap_or_default(),
                Damage::Garbage => drop(rest.splice(..0, GARBAGE)),
                Damage::Flip(bits) => rest.iter_mut().take(1).for_each(|byte| *byte ^= bits),
                Damage::Cut | Damage::Unplug => {
                    self.tell_session(Input::Bytes(&bytes));
                    self.cuts = self.cuts.saturating_add(1);
                    self.close();
                    if damage == Damage::Unplug {
                        self.chip.power_cycle();
                    }
                    return;
                }
            }
            self.to_host.send(self.now, rate, bytes);
            let free_at = self.to_host.free_at;
            self.to_host.send(self.now.after(late), rate, rest);
            if !late.is_zero() {
                // What the chip sends meanwhile overtakes it, as if an adapter held it back.
                self.to_host.free_at = free_at;
            }
            self.to_host.under_way.make_contiguous().sort_by_key(|under_way| under_way.due);
            self.to_host.sent = self.to_host.sent.max(first.saturating_add(index as u64 + 1));
        }
    }
}
