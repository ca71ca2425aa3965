use std::{collections::VecDeque, time::Duration};

use kazasu_hal::{Card, Fault, Mono, Report};
use kazasu_pn532::{Input, Output, Session};
use kazasu_sim::{Pn532, Seed};

/// What one byte takes at 115200 bit/s, 8N1.
const BYTE_TIME: Duration = Duration::from_nanos(86_806);
/// How long the line stays down before it is opened anew, as the runtime does it.
const REOPEN_PAUSE: Duration = Duration::from_secs(1);
/// More steps than this without time passing is an endless loop.
const STEPS_AT_ONCE_MAX: u32 = 10_000;

/// What happens to one byte on its way from the chip to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// It is lost.
    Lose,
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
    under_way: VecDeque<(Mono, Vec<u8>)>,
    free_at: Mono,
    /// All bytes ever sent.
    sent: u64,
}

impl Line {
    fn send(&mut self, now: Mono, bytes: Vec<u8>) {
        let takes = BYTE_TIME.saturating_mul(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.free_at = self.free_at.max(now).after(takes);
        self.sent = self.sent.saturating_add(bytes.len() as u64);
        self.under_way.push_back((self.free_at, bytes));
    }

    fn due(&self) -> Option<Mono> {
        self.under_way.front().map(|(at, _)| *at)
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
        let now = Mono::default();
        let mut pair = Self {
            chip: Pn532::new(Seed(seed)),
            reports: Vec::new(),
            attached: Vec::new(),
            faults: Vec::new(),
            cuts: 0,
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
        self.to_host.under_way.push_back((self.now, bytes.to_vec()));
        // Bytes under way stay in the order in which they arrive.
        self.to_host.under_way.make_contiguous().sort_by_key(|(at, _)| *at);
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
            let next = self.next();
            if next > end {
                self.now = self.now.max(end);
                return false;
            }
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

    /// When something happens next.
    fn next(&self) -> Mono {
        let session = match &self.session {
            Some(session) => session.poll_timeout(),
            None => Some(self.reopen_at),
        };
        let chip = self.chip.poll_timeout().map(Mono);
        let times = [session, chip, self.to_chip.due(), self.to_host.due()];
        times.into_iter().flatten().min().unwrap_or(self.reopen_at)
    }

    fn step(&mut self) {
        let now = self.now;
        if self.session.is_none() && self.reopen_at <= now {
            self.open();
        }
        while self.to_chip.due().is_some_and(|due| due <= now) {
            if let Some((_, bytes)) = self.to_chip.under_way.pop_front() {
                self.chip.handle(now.0, kazasu_sim::Input::Bytes(&bytes));
                self.take_from_chip();
            }
        }
        if self.chip.poll_timeout().is_some_and(|due| due <= now.0) {
            self.chip.handle(now.0, kazasu_sim::Input::Timeout);
            self.take_from_chip();
        }
        while self.to_host.due().is_some_and(|due| due <= now) {
            if let Some((_, bytes)) = self.to_host.under_way.pop_front() {
                self.tell_session(Input::Bytes(&bytes));
            }
        }
        let timeout = self.session.as_ref().and_then(Session::poll_timeout);
        if timeout.is_some_and(|due| due <= now) {
            self.tell_session(Input::Timeout);
        }
    }

    fn open(&mut self) {
        self.session = Some(Session::new(self.now));
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
                Output::Send(bytes) => self.to_chip.send(self.now, bytes),
                Output::Attached(model) => self.attached.push(model),
                Output::Report(report) => self.reports.push((self.now, report)),
            }
        }
    }

    fn take_from_chip(&mut self) {
        while let Some(mut bytes) = self.chip.poll_output() {
            let first = self.to_host.sent;
            let index = self.damage.and_then(|(byte, damage)| {
                let index = usize::try_from(byte.checked_sub(first)?).ok()?;
                (index < bytes.len()).then_some((index, damage))
            });
            let Some((index, damage)) = index else {
                self.to_host.send(self.now, bytes);
                continue;
            };
            self.damage = None;
            match damage {
                Damage::Lose => {
                    bytes.remove(index);
                    self.to_host.send(self.now, bytes);
                    self.to_host.sent = self.to_host.sent.saturating_add(1);
                }
                Damage::Flip(bits) => {
                    bytes.iter_mut().skip(index).take(1).for_each(|byte| *byte ^= bits);
                    self.to_host.send(self.now, bytes);
                }
                Damage::Cut | Damage::Unplug => {
                    bytes.truncate(index);
                    self.tell_session(Input::Bytes(&bytes));
                    self.cuts = self.cuts.saturating_add(1);
                    self.close();
                    if damage == Damage::Unplug {
                        self.chip.power_cycle();
                    }
                }
            }
        }
    }
}
