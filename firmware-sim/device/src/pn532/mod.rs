//! An NXP PN532 on a serial line, as its hosts see it (NXP UM0701-02). Bytes in, bytes out; time
//! comes in.
//!
//! What real chips do where the manual leaves it open is taken from what libnfc, nfcpy and Arduino
//! libraries rely on. Not simulated: NFC-DEP, target modes, Jewel cards, GPIO.

mod board;
mod execute;
mod radio;
mod registers;

use std::time::Duration;

use kazasu_wire::{
    pn532::{Answer, BaudRate, Command, Initiator},
    sof::{Decoder, Frame},
};

use crate::{
    field::{CARDS_MAX, Field, Seed},
    line::Pace,
};
pub use board::Board;
use board::Edge;
use radio::Found;
use registers::Registers;

/// How many bytes of noise wake the chip up: it counts edges on its line.
const WAKE_UP_BYTES: usize = 5;
/// How long the chip takes for a command that needs no radio.
const COMMAND_TIME: Duration = Duration::from_micros(500);
/// What anything takes at [`Pace::Instant`]: as little as keeps the clock going.
const AT_ONCE: Duration = Duration::from_micros(1);
/// A frame whose bytes stop coming for this long is given up: one byte takes 0.09 ms, and USB
/// adapters hold bytes back for 16 ms.
const BYTE_GAP_MAX: Duration = Duration::from_millis(50);
/// Frames that wait for a host which does not take them.
const OUTPUTS_MAX: usize = 64;

/// What happens to the chip.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Bytes came from the host.
    Bytes(&'a [u8]),
    /// The time that [`Pn532::poll_timeout`] asked for has come.
    Timeout,
}

/// The chip and the cards before its antenna. Times are since any fixed point.
#[derive(Clone, Debug)]
pub struct Pn532 {
    field: Field,
    pace: Pace,
    power: Power,
    /// Of the line.
    baud_rate: BaudRate,
    /// Told, but the host has not taken the answer yet.
    next_baud_rate: Option<BaudRate>,
    activity: Activity,
    settings: Settings,
    registers: Registers,
    targets: Vec<Found>,
    decoder: Decoder,
    last_byte_at: Duration,
    last_answer: Option<Vec<u8>>,
    now: Duration,
    edge: Edge,
}

#[derive(Clone, Debug)]
enum Power {
    /// Since it got power or was told to sleep. Counts the noise that came since.
    Asleep {
        noise: usize,
        last: u8,
    },
    Awake,
}

#[derive(Clone, Debug)]
struct Settings {
    /// SetParameters: the chip asks type A cards for their ATS.
    auto_rats: bool,
    field_on: bool,
    /// MxRtyPassiveActivation, `None` = for ever.
    passive_retries: Option<u8>,
    /// How long a card may take for an exchange, `None` = for ever.
    exchange_time: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            auto_rats: true,
            field_on: false,
            passive_retries: None,
            exchange_time: registers::timeout(0x0A),
        }
    }
}

/// What the chip is doing.
#[derive(Clone, Debug)]
enum Activity {
    Idle,
    Answering(Answering),
    Listing(Listing),
    AutoPolling(AutoPolling),
}

/// The outcome is known and is told when its time has come.
#[derive(Clone, Debug)]
struct Answering {
    /// `None` = never: only an abort ends it.
    due: Option<Duration>,
    /// `None` = the error frame.
    answer: Option<Answer>,
    then: Then,
}

/// What follows an answer.
#[derive(Clone, Copy, Debug)]
enum Then {
    Nothing,
    Sleep,
    ChangeRate(BaudRate),
}

/// InListPassiveTarget, one try after the other.
#[derive(Clone, Debug)]
struct Listing {
    initiator: Initiator,
    max_tg: usize,
    /// After this one; `None` = for ever.
    tries_left: Option<u8>,
    found: Vec<Found>,
    /// When this try is over.
    due: Duration,
}

/// InAutoPoll: each kind in turn, for one period each.
#[derive(Clone, Debug)]
struct AutoPolling {
    kinds: Vec<u8>,
    /// Which of them.
    turn: usize,
    /// After this one; `None` = for ever.
    rounds_left: Option<u8>,
    period: Duration,
    found: Vec<(u8, Found)>,
    /// When what was found is told, or else the next kind's turn comes.
    due: Duration,
}

impl Pn532 {
    /// A chip that just got power: asleep, field off, no cards.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self::with_field(Field::new(seed, CARDS_MAX), Pace::Real, Board::default())
    }

    fn with_field(mut field: Field, pace: Pace, board: Board) -> Self {
        field.power_off();
        Self {
            field,
            pace,
            baud_rate: BaudRate::B115200,
            next_baud_rate: None,
            power: Power::Asleep { noise: 0, last: 0xFF },
            activity: Activity::Idle,
            settings: Settings::default(),
            registers: Registers::default(),
            targets: Vec::new(),
            decoder: Decoder::new(),
            last_byte_at: Duration::ZERO,
            last_answer: None,
            now: Duration::ZERO,
            edge: Edge::on(board),
        }
    }

    /// The cards before the antenna: put and take them here, at any time.
    pub fn field(&mut self) -> &mut Field {
        &mut self.field
    }

    /// The chip lost power and got it again. The cards are still where they were.
    pub fn power_cycle(&mut self) {
        *self = Self::with_field(self.field.clone(), self.pace, self.edge.board);
    }

    /// How fast the chip and the air are from now on. Times that the host asks for stay as they
    /// are: those of InAutoPoll, of searches without an end and of cards that do not answer.
    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// What the board does to the chip from now on.
    pub fn set_board(&mut self, board: Board) {
        self.edge.board = board;
    }

    /// The rate that the chip expects on its line.
    #[must_use]
    pub fn baud_rate(&self) -> BaudRate {
        self.baud_rate
    }

    /// How long something takes that would really take `time`.
    fn takes(&self, time: Duration) -> Duration {
        match self.pace {
            Pace::Real => time,
            Pace::Instant => AT_ONCE,
        }
    }

    /// Tells the chip what happened and when. Times must not go backwards.
    pub fn handle(&mut self, now: Duration, input: Input<'_>) {
        self.now = now;
        self.advance(now);
        match input {
            Input::Timeout => {}
            Input::Bytes(bytes) => self.receive(now, bytes),
        }
    }

    /// The next bytes to the host.
    pub fn poll_output(&mut self) -> Option<Vec<u8>> {
        self.edge.take(self.now)
    }

    /// When to call [`handle`](Self::handle) next, even if nothing happens.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        [self.due(), self.edge.due(self.now)].into_iter().flatten().min()
    }

    /// When the chip has something to do.
    fn due(&self) -> Option<Duration> {
        match &self.activity {
            Activity::Idle => None,
            Activity::Answering(answering) => answering.due,
            Activity::Listing(listing) => Some(listing.due),
            Activity::AutoPolling(polling) => Some(polling.due),
        }
    }

    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        if self.edge.misses(now, bytes.len(), self.baud_rate, self.pace) {
            return;
        }
        if now.saturating_sub(self.last_byte_at) > BYTE_GAP_MAX {
            self.decoder.clear();
        }
        self.last_byte_at = now;
        let bytes = match &mut self.power {
            Power::Awake => bytes,
            Power::Asleep { noise, last } => {
                let start = bytes.iter().position(|byte| {
                    let start = (*last, *byte) == (0x00, 0xFF);
                    *last = *byte;
                    if !start {
                        *noise = noise.saturating_add(1);
                    }
                    start
                });
                let Some(start) = start else { return };
                // The frame's own 00 does not count.
                let awake_in_time = *noise > WAKE_UP_BYTES;
                self.power = Power::Awake;
                self.decoder.clear();
                if !awake_in_time {
                    // The frame woke the chip up and is lost.
                    return;
                }
                self.decoder.push(&[0x00]);
                bytes.get(start..).unwrap_or_default()
            }
        };
        for chunk in bytes.chunks(kazasu_wire::sof::DATA_MAX) {
            self.decoder.push(chunk);
            while let Some(frame) = self.decoder.next_frame() {
                // A damaged frame gets no answer at all; the host will miss its ACK.
                if let Ok(frame) = frame {
                    self.accept(now, frame);
                }
            }
        }
    }

    fn accept(&mut self, now: Duration, frame: Frame) {
        // The manual has the host's ACK switch the rate. A host that closes its side of a terminal
        // right behind the ACK may have thrown that away, so whatever it sends next counts as well.
        if let Some(rate) = self.next_baud_rate.take() {
            self.baud_rate = rate;
        }
        match frame {
            Frame::Error => {}
            // Whatever runs is over, without an answer.
            Frame::Ack => {
                self.activity = Activity::Idle;
                self.edge.held = None;
            }
            Frame::Nack => {
                if let Some(answer) = self.last_answer.clone() {
                    self.output(answer);
                }
            }
            Frame::Data(data) if self.edge.board.hold.is_zero() => self.command(now, &data),
            Frame::Data(data) => {
                self.edge.held = Some((now.saturating_add(self.edge.board.hold), data));
            }
        }
    }

    fn command(&mut self, now: Duration, data: &[u8]) {
        self.send(&Frame::Ack);
        self.activity = match Command::decode(data) {
            Ok(command) => self.execute(now, command),
            Err(_) => self.syntax_error(now),
        };
    }

    fn output(&mut self, bytes: Vec<u8>) {
        if self.edge.waiting() < OUTPUTS_MAX {
            self.edge.send(self.now, bytes, self.baud_rate, self.pace);
        }
    }

    fn send(&mut self, frame: &Frame) {
        // Answers are built from parts that fit; what does not is a command echoed back in full.
        let bytes = frame.encode().or_else(|_| Frame::Error.encode()).unwrap_or_default();
        if *frame != Frame::Ack {
            self.last_answer = Some(bytes.clone());
        }
        self.output(bytes);
    }

    /// Does what is due.
    fn advance(&mut self, now: Duration) {
        if let Some((_, data)) = self.edge.held.take_if(|(due, _)| *due <= now) {
            self.command(now, &data);
        }
        if self.due().is_none_or(|due| due > now) {
            return;
        }
        match std::mem::replace(&mut self.activity, Activity::Idle) {
            Activity::Idle => {}
            Activity::Answering(Answering { answer, then, .. }) => {
                let frame = answer.map_or(Frame::Error, |answer| Frame::Data(answer.encode()));
                self.send(&frame);
                match then {
                    Then::Nothing => {}
                    Then::Sleep => self.sleep(),
                    Then::ChangeRate(rate) => self.next_baud_rate = Some(rate),
                }
            }
            Activity::Listing(listing) => self.listed(now, listing),
            Activity::AutoPolling(polling) => self.auto_polled(now, polling),
        }
    }

    fn listed(&mut self, now: Duration, listing: Listing) {
        let Listing { initiator, max_tg, tries_left, found, .. } = listing;
        if found.is_empty() && tries_left != Some(0) {
            let tries_left = tries_left.map(|tries| tries.saturating_sub(1));
            self.activity = self.list(now, initiator, max_tg, tries_left);
            return;
        }
        let targets = found.iter().map(|found| found.target.clone()).collect();
        self.targets = found;
        self.send(&Frame::Data(Answer::InListPassiveTarget(targets).encode()));
    }

    /// Field on or off. Without it the cards have no power.
    fn set_field(&mut self, on: bool) {
        self.settings.field_on = on;
        if !on {
            self.field.power_off();
        }
    }

    fn sleep(&mut self) {
        self.power = Power::Asleep { noise: 0, last: 0xFF };
        self.set_field(false);
        self.targets.clear();
        self.decoder.clear();
    }

    fn answer(&self, now: Duration, answer: Answer) -> Activity {
        self.after(now, Some(self.takes(COMMAND_TIME)), answer)
    }

    fn syntax_error(&self, now: Duration) -> Activity {
        let due = Some(now.saturating_add(self.takes(COMMAND_TIME)));
        Activity::Answering(Answering { due, answer: None, then: Then::Nothing })
    }

    /// Without a time the answer never comes.
    fn after(&self, now: Duration, takes: Option<Duration>, answer: Answer) -> Activity {
        let due = takes.map(|takes| now.saturating_add(takes));
        Activity::Answering(Answering { due, answer: Some(answer), then: Then::Nothing })
    }
}
