use alloc::{collections::VecDeque, string::String, vec::Vec};
use core::mem;

use kazasu_hal::{CardIdentity, Fault, FaultKind, Mono, Operation, Polling, Silence};
use kazasu_link::{Blocks, Frames, Input, Output};
use kazasu_wire::{
    DecodeError,
    felica::Slots,
    pn532::Answer,
    sof::{Family, Frame, FrameError},
};

mod stages;

use crate::{
    ask::Ask,
    cause,
    exchange::{Exchange, LATE_ACK_WITHIN, Patience, Plan, SETTLE, Step, abort},
    job::Job,
    pace::{Learned, Pace},
    rates::Rates,
    round::{Crowd, Round, Search},
};

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

/// One life of a PN532 on a line, from waking it up until the first fault that lasts.
///
/// Used as every [session](kazasu_link::Session) is. Begins to talk when it is made.
#[derive(Debug)]
pub struct Session {
    frames: Frames,
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
            frames: Frames::new(Family::Pn53x),
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

    /// What is known of the line by now: the next session on it need not find it out again.
    #[must_use]
    pub fn learned(&self) -> Learned {
        self.pace.learned(self.rates.max())
    }
}

impl kazasu_link::Session for Session {
    fn handle(&mut self, now: Mono, input: Input<'_>) -> Result<(), Fault> {
        let handled = self.try_handle(now, input);
        if handled.is_err() {
            self.abandon();
        }
        handled
    }

    fn takes_request(&self) -> bool {
        self.asked.is_none() && matches!(self.stage, Stage::Polling(_) | Stage::Resting { .. })
    }

    fn request(&mut self, now: Mono, card: &CardIdentity, operation: &Operation) {
        let job = if self.takes_request() {
            Blocks::new(card, operation).map(Job::new)
        } else {
            Err(Blocks::busy())
        };
        match (job, &self.stage) {
            (Err(fault), _) => self.outputs.push_back(Output::Replied(Err(fault))),
            (Ok(job), Stage::Resting { slots, .. }) => {
                let slots = *slots;
                self.frames.forget();
                self.serve(now, job, slots);
            }
            (Ok(job), _) => self.asked = Some(job),
        }
    }

    /// Field off, and back to the rate at which the next host looks for the chip.
    fn close(&mut self, now: Mono) {
        if matches!(self.stage, Stage::Ended | Stage::Closing) {
            return;
        }
        self.stage = Stage::Closing;
        abort(&mut self.outputs);
        let wait = SETTLE;
        self.start(now, Plan { attempts: 1, wait, ..Ask::Field(false).into() });
    }

    fn abandon(&mut self) {
        self.stage = Stage::Ended;
        self.exchange = None;
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Mono> {
        match (&self.exchange, &self.stage) {
            (Some(exchange), _) => Some(exchange.deadline()),
            (None, Stage::Resting { until, .. }) => Some(*until),
            (None, _) => None,
        }
    }
}

impl Session {
    fn try_handle(&mut self, now: Mono, input: Input<'_>) -> Result<(), Fault> {
        if let Input::Bytes(bytes) = input {
            if let Some(exchange) = &mut self.exchange {
                exchange.hear(bytes.len());
            }
            let mut bytes = bytes;
            while let Some(frame) = self.frames.next(&mut bytes) {
                self.frame(now, frame)?;
            }
        }
        self.elapse(now)
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
            if self.frames.lacks_end() && exchange.deadline() <= now {
                exchange.lacks_end();
            }
            let step = exchange.elapse(now, &mut self.outputs);
            return self.stepped(now, step);
        }
        if let Stage::Resting { until, slots } = self.stage
            && until <= now
        {
            self.frames.forget();
            return self.start_round(now, slots);
        }
        Ok(())
    }

    fn stepped(&mut self, now: Mono, step: Result<Step, Fault>) -> Result<(), Fault> {
        match step {
            Ok(Step::Waits) => Ok(()),
            Ok(Step::Again) => {
                self.frames.forget();
                Ok(())
            }
            Ok(Step::Refused) => {
                self.frames.forget();
                let fault =
                    self.exchange.as_ref().map(|exchange| match exchange.ask().lost_without() {
                        Some(lost) => {
                            let name = exchange.ask().name();
                            Fault::new(FaultKind::Unsupported, cause::unknown_command(name, lost))
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
