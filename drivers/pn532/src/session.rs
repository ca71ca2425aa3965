use std::{collections::VecDeque, mem, time::Duration};

use kazasu_hal::{CardIdentity, Fault, FaultKind, Mono, Operation, Polling, Report, Silence};
use kazasu_wire::{
    DecodeError,
    felica::Slots,
    pn532::Answer,
    sof::{Decoder, Frame, FrameError},
};

mod stages;

use crate::{
    ask::Ask,
    exchange::{Exchange, LATE_ACK_WITHIN, Patience, Plan, SETTLE, Step, abort},
    job::Job,
    pace::Pace,
    rates::Rates,
    round::{Crowd, Round, Search},
};

/// The last byte of every frame.
const POSTAMBLE: u8 = 0x00;
/// How often the chip is called at a rate where a killed host may have left it.
const ATTEMPTS_ELSEWHERE: u8 = 2;

/// The rate of a PN532 after a reset, in bit/s; 8 data bits, no parity, 1 stop bit.
pub const BAUD_DEFAULT: u32 = 115_200;

/// How a session uses its line and its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The rate the line has when the session begins, in bit/s.
    pub rate: u32,
    /// Rates above it that the line can be set to, the highest first; none where it has no rate.
    pub rates: Vec<u32>,
    /// What sessions on this line found out.
    pub learned: Learned,
    /// How often to look for cards.
    pub polling: Polling,
}

impl Default for Settings {
    fn default() -> Self {
        let (rates, learned, polling) = (Vec::new(), Learned::default(), Polling::default());
        Self { rate: BAUD_DEFAULT, rates, learned, polling }
    }
}

/// What one session on a line found out, for the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Learned {
    /// The highest rate that may be used, in bit/s.
    pub rate_max: u32,
    /// How long the chip needs between its answer and the next command.
    pub pause: Duration,
    /// Whether acknowledgements come late, as over a slow bridge.
    pub is_slow: bool,
}

impl Default for Learned {
    fn default() -> Self {
        Self { rate_max: u32::MAX, pause: Duration::ZERO, is_slow: false }
    }
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Bytes came over the line.
    Bytes(&'a [u8]),
    /// The time of [`Session::poll_timeout`] has come.
    Timeout,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Write these bytes to the line.
    Send(Vec<u8>),
    /// Set the line to this rate, in bit/s. What was to be sent before it has gone.
    SetRate(u32),
    /// The reader can be used: chip and firmware. Comes once, before the first report.
    Attached(String),
    /// What the reader saw.
    Report(Report),
    /// The outcome of a request; the blocks that were read.
    Replied(Result<Vec<[u8; 16]>, Fault>),
}

/// One life of a PN532 on a line, from waking it up until the first fault that lasts.
///
/// Feed it with [`handle`](Self::handle), then take all of [`poll_output`](Self::poll_output), then
/// wait for bytes until [`poll_timeout`](Self::poll_timeout). Begins to talk when it is made.
#[derive(Debug)]
pub struct Session {
    decoder: Decoder,
    /// A frame whose postamble is still to come.
    complete: Option<Frame>,
    outputs: VecDeque<Output>,
    /// The command under way, in every stage but Resting and Ended.
    exchange: Option<Exchange>,
    stage: Stage,
    rates: Rates,
    pace: Pace,
    polling: Polling,
    /// What the chip can look for, as far as is known.
    searches: Vec<Search>,
    /// Whether it can make type B cards answer again.
    reselects: bool,
    crowd: Crowd,
    silence: Silence,
    /// What the chip was told last.
    retries: u8,
    /// Whether a card may be left selected, which then hears no request: cards lose power before
    /// the next round.
    stale: bool,
    /// Whether the chip was called with patience.
    waited: bool,
    /// Waits for the end of the round.
    asked: Option<Job>,
    /// When an answer was last wrong.
    complained: Option<Mono>,
}

#[derive(Debug)]
enum Stage {
    Opening(Opening),
    Polling(Round),
    Serving(Job, Slots),
    Resting { until: Mono, slots: Slots },
    Closing,
    Ended,
}

/// Waking up and setting up.
#[derive(Debug, Default)]
struct Opening {
    /// The name once it is known.
    model: String,
    /// What the chip cannot do; told once the reader is attached.
    missing: Vec<Fault>,
}

/// How a command ended.
enum Outcome {
    Answer(Answer),
    /// The answer is not what the command allows.
    Wrong(DecodeError),
    /// The chip does not know the command.
    Refused(Fault),
}

impl Session {
    /// Wakes the chip up.
    #[must_use]
    pub fn new(now: Mono, settings: &Settings) -> Self {
        let mut session = Self {
            decoder: Decoder::new(),
            complete: None,
            outputs: VecDeque::new(),
            exchange: None,
            stage: Stage::Opening(Opening::default()),
            rates: Rates::new(settings.rate, &settings.rates, settings.learned.rate_max),
            pace: Pace::new(&settings.learned),
            polling: settings.polling,
            searches: Search::ALL.to_vec(),
            reselects: true,
            crowd: Crowd::default(),
            silence: Silence::default(),
            retries: 0,
            stale: false,
            waited: false,
            asked: None,
            complained: None,
        };
        session.call(now);
        session
    }

    /// Takes in what happened. Deadlines are looked at in any case, after the bytes: an answer that
    /// is here counts, however late it is read.
    ///
    /// # Errors
    /// The reader does not answer or is not a PN532. The session has ended; open the line anew.
    pub fn handle(&mut self, now: Mono, input: Input<'_>) -> Result<(), Fault> {
        let handled = self.try_handle(now, input);
        if handled.is_err() {
            self.abandon();
        }
        handled
    }

    /// What is known of the line by now: the next session on it need not find it out again.
    #[must_use]
    pub fn learned(&self) -> Learned {
        self.pace.learned(self.rates.max())
    }

    /// Whether it can take a request now.
    #[must_use]
    pub fn takes_request(&self) -> bool {
        self.asked.is_none() && matches!(self.stage, Stage::Polling(_) | Stage::Resting { .. })
    }

    /// Does something with a card once the round is over, then replies once. Call it only where it
    /// [takes a request](Self::takes_request); otherwise the reply is that it does not.
    pub fn request(&mut self, now: Mono, card: &CardIdentity, operation: &Operation) {
        let job = if self.takes_request() {
            Job::new(card, operation)
        } else {
            Err(Fault::new(FaultKind::Busy, "the reader has something else to do"))
        };
        match (job, &self.stage) {
            (Err(fault), _) => self.outputs.push_back(Output::Replied(Err(fault))),
            (Ok(job), Stage::Resting { slots, .. }) => {
                let slots = *slots;
                self.forget();
                self.serve(now, job, slots);
            }
            (Ok(job), _) => self.asked = Some(job),
        }
    }

    /// Lets go of the chip: field off, and back to the rate at which the next host looks for it.
    /// The session ends by itself, within a second.
    pub fn close(&mut self, now: Mono) {
        if matches!(self.stage, Stage::Ended | Stage::Closing) {
            return;
        }
        self.stage = Stage::Closing;
        abort(&mut self.outputs);
        let wait = SETTLE;
        self.start(now, Plan { attempts: 1, wait, ..Ask::Field(false).into() });
    }

    /// The line is gone: the session ends at once.
    pub fn abandon(&mut self) {
        self.stage = Stage::Ended;
        self.exchange = None;
    }

    /// The next thing to do; all of them before the next input. What is to be sent comes before
    /// what is to be reported, so that a listener who makes the caller wait does not use up the time
    /// that the chip has for its answer.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`handle`](Self::handle) at the latest; `None` when the session has ended.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Mono> {
        match (&self.exchange, &self.stage) {
            (Some(exchange), _) => Some(exchange.deadline()),
            (None, Stage::Resting { until, .. }) => Some(*until),
            (None, _) => None,
        }
    }

    fn try_handle(&mut self, now: Mono, input: Input<'_>) -> Result<(), Fault> {
        if let Input::Bytes(bytes) = input {
            if let Some(exchange) = &mut self.exchange {
                exchange.hear(bytes.len());
            }
            for byte in bytes {
                self.byte(now, *byte)?;
            }
        }
        self.elapse(now)
    }

    /// A frame with data counts once its postamble is there. Without that rule, a byte 00 that is
    /// lost on the line would go unnoticed: the sum stays right, and what follows moves up.
    fn byte(&mut self, now: Mono, byte: u8) -> Result<(), Fault> {
        if let Some(frame) = self.complete.take()
            && byte == POSTAMBLE
        {
            self.frame(now, Ok(frame))?;
        }
        self.decoder.push(&[byte]);
        while let Some(frame) = self.decoder.next_frame() {
            match frame {
                Ok(frame @ Frame::Data(_)) => self.complete = Some(frame),
                frame => self.frame(now, frame)?,
            }
        }
        Ok(())
    }

    /// What came until now belongs to nothing.
    fn forget(&mut self) {
        self.decoder.clear();
        self.complete = None;
    }

    fn frame(&mut self, now: Mono, frame: Result<Frame, FrameError>) -> Result<(), Fault> {
        let Some(exchange) = &mut self.exchange else { return Ok(()) };
        match exchange.frame(now, frame) {
            None => Ok(()),
            Some(Ok(answer)) => self.proceed(now, Outcome::Answer(answer)),
            // Before the first round there is nobody to tell and nothing to go on with.
            Some(Err(_)) if matches!(self.stage, Stage::Opening(_) | Stage::Closing) => {
                let step = exchange.wrong(now, &mut self.outputs);
                self.stepped(now, step)
            }
            Some(Err(error)) => self.proceed(now, Outcome::Wrong(error)),
        }
    }

    fn elapse(&mut self, now: Mono) -> Result<(), Fault> {
        if let Some(exchange) = &mut self.exchange {
            if self.complete.is_some() && exchange.deadline() <= now {
                exchange.lacks_end();
            }
            let step = exchange.elapse(now, &mut self.outputs);
            return self.stepped(now, step);
        }
        if let Stage::Resting { until, slots } = self.stage
            && until <= now
        {
            self.forget();
            return self.start_round(now, slots);
        }
        Ok(())
    }

    fn stepped(&mut self, now: Mono, step: Result<Step, Fault>) -> Result<(), Fault> {
        match step {
            Ok(Step::Waits) => Ok(()),
            Ok(Step::Again) => {
                self.forget();
                Ok(())
            }
            Ok(Step::Refused) => {
                self.forget();
                let fault =
                    self.exchange.as_ref().map(|exchange| match exchange.ask().lost_without() {
                        Some(lost) => {
                            let name = exchange.ask().name();
                            let message = format!("this PN532 does not do {name}: {lost}");
                            Fault::new(FaultKind::Unsupported, message)
                        }
                        None => exchange.fault(),
                    });
                fault.map_or(Ok(()), |fault| self.proceed(now, Outcome::Refused(fault)))
            }
            Err(fault) => self.lost(now, fault),
        }
    }

    /// The chip does not answer any more, or not yet.
    fn lost(&mut self, now: Mono, fault: Fault) -> Result<(), Fault> {
        let ask = self.exchange.take().map(|exchange| exchange.ask().clone());
        if matches!(self.stage, Stage::Closing) {
            self.closed(now, ask.as_ref(), false);
            return Ok(());
        }
        let called = matches!(self.stage, Stage::Opening(_))
            && match ask {
                Some(Ask::WakeUp) => self.call(now),
                Some(Ask::Firmware) => self.rates.lost() && self.call(now),
                _ => false,
            };
        if called { Ok(()) } else { Err(fault) }
    }

    fn proceed(&mut self, now: Mono, outcome: Outcome) -> Result<(), Fault> {
        let Some(exchange) = self.exchange.take() else { return Ok(()) };
        let ask = exchange.ask().clone();
        if matches!(outcome, Outcome::Answer(_)) {
            self.pace.answered(now, &exchange);
        }
        self.stale |= exchange.stumbled() || !matches!(outcome, Outcome::Answer(_));
        match mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Opening(opening) => self.opened(now, &ask, outcome, opening),
            Stage::Polling(round) => self.polled(now, &ask, outcome, round),
            Stage::Serving(job, slots) => self.served(now, &ask, outcome, job, slots),
            Stage::Closing => {
                self.stage = Stage::Closing;
                self.closed(now, Some(&ask), matches!(outcome, Outcome::Answer(_)));
                Ok(())
            }
            Stage::Resting { .. } | Stage::Ended => Ok(()),
        }
    }

    /// Calls the chip where it was not looked for yet; says whether there is such a place.
    fn call(&mut self, now: Mono) -> bool {
        let (place, patience) = match self.rates.next_place() {
            Some(place) => (place, Patience::Usual),
            // Where nothing answers, it may be something that answers late.
            None if !mem::replace(&mut self.waited, true) => (self.rates.base(), Patience::First),
            None => return false,
        };
        let moved = place != self.rates.current();
        self.rates.set(place);
        let mut plan = Plan::from(Ask::WakeUp);
        plan.patience = patience;
        if patience == Patience::First {
            // Behind whatever is still under way, or its acknowledgement would be taken for this one's.
            (plan.attempts, plan.wait) = (1, LATE_ACK_WITHIN);
        } else if place != self.rates.base() {
            plan.attempts = ATTEMPTS_ELSEWHERE;
        }
        if moved {
            (plan.wait, plan.line_rate) = (plan.wait.max(SETTLE), Some(place));
        }
        self.start(now, plan);
        true
    }

    fn start(&mut self, now: Mono, mut plan: Plan) {
        self.pace.plan(now, &mut plan);
        self.exchange = Some(Exchange::start(now, plan, &mut self.outputs));
    }
}
