use std::{collections::VecDeque, time::Duration};

use kazasu_hal::{Card, CardIdentity, Fault, Mono, Operation, Polling, Report};
use kazasu_rcs380::{Input, Output, Session};
use kazasu_sim::{Rcs380, Seed, usb};
use kazasu_wire::{
    port100::Command,
    sof::{Family, Frame, locate},
};

use crate::Damage;

/// Noise that looks like the start of a frame.
const GARBAGE: [u8; 6] = [0x55, 0x00, 0x00, 0xFF, 0x33, 0xA5];
/// How long the way stays down before it is opened anew, as the runtime does it.
const REOPEN_PAUSE: Duration = Duration::from_secs(1);
/// More steps than this without time passing is an endless loop.
const STEPS_AT_ONCE_MAX: u32 = 10_000;

/// Whose bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// From the host to the reader.
    Host,
    /// From the reader to the host.
    Reader,
}

/// An RC-S380 session and a simulated RC-S380, with USB transfers between them that can be lost,
/// changed, cut into two and held back. They keep their order, as on a bus.
#[derive(Debug)]
pub struct Rcs380Pair {
    /// The reader, to put cards on it.
    pub reader: Rcs380,
    /// Everything the session reported, with the time.
    pub reports: Vec<(Mono, Report)>,
    /// How often a session said that its reader can be used, and its firmware.
    pub attached: Vec<String>,
    /// Why sessions ended; a broken way is not among them.
    pub faults: Vec<Fault>,
    /// How often the way broke.
    pub cuts: u32,
    /// Outcomes of requests.
    pub replies: Vec<Result<Vec<[u8; 16]>, Fault>>,
    /// Every transfer of the host, with the time.
    pub sent: Vec<(Mono, Vec<u8>)>,
    now: Mono,
    /// `None` while the way is down, until `reopen_at`.
    session: Option<Session>,
    reopen_at: Mono,
    /// On their way to the host, in order.
    to_host: VecDeque<(Mono, Vec<u8>)>,
    /// Nothing arrives at the host before.
    held_until: Mono,
    bytes: [u64; 2],
    damage: Option<(Side, u64, Damage)>,
}

impl Rcs380Pair {
    /// A reader that was just plugged in, and a session that begins to open it.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let now = Mono::default();
        let mut pair = Self {
            reader: Rcs380::new(Seed(seed)),
            reports: Vec::new(),
            attached: Vec::new(),
            faults: Vec::new(),
            cuts: 0,
            replies: Vec::new(),
            sent: Vec::new(),
            now,
            session: None,
            reopen_at: now,
            to_host: VecDeque::new(),
            held_until: now,
            bytes: [0; 2],
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

    /// The session, while the way is up and it has not ended.
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

    /// Lets the session close the reader. The way stays closed.
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

    /// How many bytes this side has sent so far.
    #[must_use]
    pub fn bytes_from(&self, side: Side) -> u64 {
        let [host, reader] = self.bytes;
        match side {
            Side::Host => host,
            Side::Reader => reader,
        }
    }

    /// Damages the byte of this number, counted over all bytes the side ever sends, from 0.
    pub fn damage(&mut self, side: Side, byte: u64, damage: Damage) {
        self.damage = Some((side, byte, damage));
    }

    /// Lets a transfer arrive at the host that the reader never sent.
    pub fn invent(&mut self, bytes: &[u8]) {
        self.to_host.push_back((self.now.max(self.held_until), bytes.to_vec()));
    }

    /// The commands that the host sent since then, in order; aborts are not among them.
    #[must_use]
    pub fn commands_since(&self, from: Mono) -> Vec<Command> {
        let sent = self.sent.iter().filter(|(at, _)| *at >= from);
        let command = |(_, bytes): &(Mono, Vec<u8>)| match locate(Family::Port100, bytes) {
            Ok(found) => match found.frame {
                Frame::Data(data) => Command::decode(&data).ok(),
                _ => None,
            },
            Err(_) => None,
        };
        sent.filter_map(command).collect()
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
        let reader = self.reader.poll_timeout().map(Mono);
        let transfer = self.to_host.front().map(|(due, _)| *due);
        [session, reader, transfer].into_iter().flatten().min()
    }

    fn step(&mut self) {
        let now = self.now;
        if self.session.is_none() && self.reopen_at <= now {
            self.open();
        }
        self.take_from_reader();
        while self.to_host.front().is_some_and(|(due, _)| *due <= now) {
            if let Some((_, bytes)) = self.to_host.pop_front() {
                self.tell_session(Input::Bytes(&bytes));
            }
        }
        let timeout = self.session.as_ref().and_then(Session::poll_timeout);
        if timeout.is_some_and(|due| due <= now) {
            self.tell_session(Input::Timeout);
        }
    }

    fn open(&mut self) {
        self.session = Some(Session::new(self.now, Polling::Normal));
        self.take_from_session();
    }

    fn close(&mut self) {
        self.session = None;
        self.reopen_at = self.now.after(REOPEN_PAUSE);
        self.to_host.clear();
        self.held_until = self.now;
    }

    fn cut(&mut self, damage: Damage) {
        self.cuts = self.cuts.saturating_add(1);
        self.close();
        if damage == Damage::Unplug {
            self.reader.power_cycle();
        }
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
        while let Some(output) = self.session.as_mut().and_then(Session::poll_output) {
            match output {
                Output::Send(bytes) => {
                    self.sent.push((self.now, bytes.clone()));
                    self.transfer(Side::Host, bytes);
                }
                Output::Replied(outcome) => self.replies.push(outcome),
                Output::Attached(firmware) => self.attached.push(firmware),
                Output::Report(report) => self.reports.push((self.now, report)),
            }
        }
    }

    /// The host waits for packets all the time.
    fn take_from_reader(&mut self) {
        while let Some(bytes) = self.reader.bulk_in(self.now.0, usb::PACKET) {
            if self.session.is_none() {
                return;
            }
            self.transfer(Side::Reader, bytes);
        }
    }

    /// A transfer on its way, whole or not.
    fn transfer(&mut self, side: Side, mut bytes: Vec<u8>) {
        let [host, reader] = &mut self.bytes;
        let count = match side {
            Side::Host => host,
            Side::Reader => reader,
        };
        let first = *count;
        *count = count.saturating_add(bytes.len() as u64);
        let hit = self.damage.filter(|(of, ..)| *of == side).and_then(|(_, byte, damage)| {
            let index = usize::try_from(byte.checked_sub(first)?).ok()?;
            (index < bytes.len()).then_some((index, damage))
        });
        let Some((index, damage)) = hit else { return self.arrive(side, bytes) };
        self.damage = None;
        let mut rest = bytes.split_off(index);
        match damage {
            Damage::Lose => drop(rest.drain(..1)),
            Damage::Drop => rest.clear(),
            Damage::Late(by) => {
                self.arrive(side, bytes);
                self.held_until = self.now.after(by);
                return self.arrive(side, rest);
            }
            Damage::Nak => rest = Frame::Nack.encode().unwrap_or_default(),
            Damage::Garbage => drop(rest.splice(..0, GARBAGE)),
            Damage::Flip(bits) => rest.iter_mut().take(1).for_each(|byte| *byte ^= bits),
            Damage::Cut | Damage::Unplug => {
                self.arrive(side, bytes);
                return self.cut(damage);
            }
        }
        bytes.extend(rest);
        self.arrive(side, bytes);
    }

    fn arrive(&mut self, side: Side, bytes: Vec<u8>) {
        match side {
            Side::Host => self.reader.bulk_out(self.now.0, &bytes),
            Side::Reader => self.to_host.push_back((self.now.max(self.held_until), bytes)),
        }
    }
}
