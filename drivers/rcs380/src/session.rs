use alloc::{collections::VecDeque, string::String, vec::Vec};
use core::{mem, time::Duration};

use kazasu_hal::{CardIdentity, Fault, FaultKind, Mono, Operation, Polling, Silence};
use kazasu_link::{Blocks, Frames, Input, Output, Session as _};
use kazasu_wire::{
    port100::{Answer, Command},
    sof::{Family, Frame, FrameError},
};

mod stages;

use crate::{
    cause,
    exchange::{Exchange, Failure},
    job::Job,
    radio::Radio,
    round::{Crowd, Round},
    search::Technology,
};

/// After an abort: what is on its way comes and is thrown away.
const SETTLE: Duration = Duration::from_millis(10);
/// So many failures in a row, with nothing that worked between them, are the end.
const FAILURES_MAX: u8 = 4;

/// One life of an RC-S380, from opening it until the first fault that lasts.
///
/// Used as every [session](kazasu_link::Session) is. Begins to talk when it is made.
///
/// The way to the reader may lose, change or hold back anything but keeps the order. So whatever
/// went wrong, one command whose answer is like no other's brings both sides into step again: what
/// comes before that answer is old. Then the round begins anew, with the field off first, since
/// nobody knows where the cards stand.
#[derive(Debug)]
pub struct Session {
    frames: Frames,
    outputs: VecDeque<Output>,
    polling: Polling,
    stage: Stage,
    doing: Doing,
    failures: u8,
    radio: Radio,
    /// What the chip can look for, as far as is known.
    technologies: Vec<Technology>,
    /// The chip refused something, which may have been damaged on its way to it.
    refused: bool,
    crowd: Crowd,
    silence: Silence,
    /// Whether cards lose power before the next round.
    stale: bool,
    /// Waits for the end of the round.
    asked: Option<Job>,
    /// Rounds in a row in which somebody could not be read.
    garbled: u8,
    /// When something was last wrong with a card.
    complained: Option<Mono>,
}

/// What it is about.
#[derive(Debug)]
enum Stage {
    Opening(Opening),
    Polling(Round),
    Serving(Job),
    Resting,
    Closing,
    Ended,
}

/// What is known so far.
#[derive(Debug, Default)]
struct Opening {
    firmware: String,
    /// The chip knows command type 0 alone.
    old_commands: bool,
}

/// What it waits for.
#[derive(Debug)]
enum Doing {
    /// A command of the stage.
    Asking(Exchange),
    /// The command that brings both sides into step.
    Syncing(Exchange),
    /// Everything that comes is thrown away until then.
    Settling {
        until: Mono,
        then: Then,
    },
    /// The next round is not due.
    Pausing {
        until: Mono,
    },
    Nothing,
}

/// What follows a pause in which everything is thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// The stage goes on.
    Proceed,
    /// Both sides are brought into step.
    Sync,
}

impl Session {
    /// Begins to open the reader.
    #[must_use]
    pub fn new(now: Mono, polling: Polling) -> Self {
        let mut session = Self {
            frames: Frames::new(Family::Port100),
            outputs: VecDeque::new(),
            polling,
            stage: Stage::Opening(Opening::default()),
            doing: Doing::Nothing,
            failures: 0,
            radio: Radio::default(),
            technologies: Technology::ALL.to_vec(),
            refused: false,
            crowd: Crowd::default(),
            silence: Silence::default(),
            stale: false,
            asked: None,
            garbled: 0,
            complained: None,
        };
        // Whoever had the reader before may have left it in the middle of something.
        session.abort(now, Then::Proceed);
        session
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
        self.asked.is_none() && matches!(self.stage, Stage::Polling(_) | Stage::Resting)
    }

    fn request(&mut self, now: Mono, card: &CardIdentity, operation: &Operation) {
        let job = if self.takes_request() {
            Blocks::new(card, operation).map(Job::new)
        } else {
            Err(Blocks::busy())
        };
        match (job, &self.stage) {
            (Err(fault), _) => self.outputs.push_back(Output::Replied(Err(fault))),
            (Ok(job), Stage::Resting) => {
                self.stage = Stage::Serving(job);
                self.frames.forget();
                self.serve(now);
            }
            (Ok(job), _) => self.asked = Some(job),
        }
    }

    /// Field off.
    fn close(&mut self, now: Mono) {
        if !matches!(self.stage, Stage::Ended | Stage::Closing) {
            self.stage = Stage::Closing;
            self.abort(now, Then::Proceed);
        }
    }

    fn abandon(&mut self) {
        self.stage = Stage::Ended;
        self.doing = Doing::Nothing;
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Mono> {
        match &self.doing {
            Doing::Asking(exchange) | Doing::Syncing(exchange) => Some(exchange.deadline()),
            Doing::Settling { until, .. } | Doing::Pausing { until } => Some(*until),
            Doing::Nothing => None,
        }
    }
}

impl Session {
    fn try_handle(&mut self, now: Mono, input: Input<'_>) -> Result<(), Fault> {
        if let Input::Bytes(bytes) = input {
            let mut bytes = bytes;
            while let Some(frame) = self.frames.next(&mut bytes) {
                self.frame(now, frame)?;
            }
        }
        self.elapse(now)
    }

    fn frame(&mut self, now: Mono, frame: Result<Frame, FrameError>) -> Result<(), Fault> {
        let (Doing::Asking(exchange) | Doing::Syncing(exchange)) = &mut self.doing else {
            return Ok(());
        };
        match exchange.frame(now, frame) {
            None => Ok(()),
            Some(Ok(answer)) => self.answered(now, answer),
            Some(Err(failure)) => self.fail(now, failure),
        }
    }

    fn elapse(&mut self, now: Mono) -> Result<(), Fault> {
        match self.doing {
            Doing::Asking(ref exchange) | Doing::Syncing(ref exchange) => {
                exchange.elapse(now).map_or(Ok(()), |failure| self.fail(now, failure))
            }
            Doing::Settling { until, then } if until <= now => {
                self.frames.forget();
                match then {
                    Then::Proceed => self.proceed(now),
                    Then::Sync => {
                        let command = Command::GetFirmwareVersion { part: None };
                        self.doing = Doing::Syncing(self.send(now, command));
                        Ok(())
                    }
                }
            }
            Doing::Pausing { until } if until <= now => {
                self.frames.forget();
                self.start_round(now)
            }
            Doing::Settling { .. } | Doing::Pausing { .. } | Doing::Nothing => Ok(()),
        }
    }

    fn answered(&mut self, now: Mono, answer: Answer) -> Result<(), Fault> {
        match mem::replace(&mut self.doing, Doing::Nothing) {
            Doing::Asking(exchange) => self.take(now, &exchange.command, answer),
            Doing::Syncing(_) => self.resume(now),
            Doing::Settling { .. } | Doing::Pausing { .. } | Doing::Nothing => Ok(()),
        }
    }

    /// A command was lost: stops the chip and begins anew.
    ///
    /// # Errors
    /// That was tried often enough.
    fn fail(&mut self, now: Mono, failure: Failure) -> Result<(), Fault> {
        self.failures = self.failures.saturating_add(1);
        self.radio.forget();
        let then = match (&self.stage, failure) {
            (Stage::Closing, _) => {
                self.abort(now, Then::Proceed);
                self.abandon();
                return Ok(());
            }
            (_, Failure::Silent) if self.failures >= FAILURES_MAX => {
                return Err(Fault::new(FaultKind::Timeout, cause::silent()));
            }
            (_, Failure::Nonsense) if self.failures >= FAILURES_MAX => {
                return Err(Fault::new(FaultKind::Protocol, cause::answers_wrongly()));
            }
            // The opening's first command serves as well as any.
            (Stage::Opening(_), _) => Then::Proceed,
            _ => Then::Sync,
        };
        if let Stage::Opening(opening) = &mut self.stage {
            *opening = Opening::default();
        }
        self.abort(now, then);
        Ok(())
    }

    /// Stops whatever the chip is doing, and lets go by what it still says.
    fn abort(&mut self, now: Mono, then: Then) {
        // A frame that cannot be built is never sent; ACK always can.
        if let Ok(ack) = Frame::Ack.encode() {
            self.outputs.push_back(Output::Send(ack.into()));
        }
        self.doing = Doing::Settling { until: now.after(SETTLE), then };
    }

    fn send(&mut self, now: Mono, command: Command) -> Exchange {
        let (exchange, frame) = Exchange::start(now, command);
        self.outputs.push_back(Output::Send(frame.into()));
        exchange
    }

    fn ask(&mut self, now: Mono, command: Command) {
        self.doing = Doing::Asking(self.send(now, command));
    }
}
