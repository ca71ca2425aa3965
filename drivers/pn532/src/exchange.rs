use std::{collections::VecDeque, time::Duration};

use kazasu_hal::{Fault, FaultKind, Mono};
use kazasu_wire::{
    DecodeError,
    pn532::{Answer, Command},
    sof::{Frame, FrameError, WAKE_UP},
};

use crate::{ask::Ask, session::Output};

/// How long the chip may take to acknowledge a command; it needs less than 15 ms, a USB serial
/// adapter adds up to 16 ms for each direction.
const ACK_WITHIN: Duration = Duration::from_millis(100);
/// How long the line is left alone after an abort, so that the rest of an answer drains away.
pub(crate) const SETTLE: Duration = Duration::from_millis(10);
/// How often a command is sent before the reader is given up.
const ATTEMPTS_MAX: u8 = 3;
/// After so many error frames a chip does not know the command. Noise cannot make two of them.
const ERROR_FRAMES_MAX: u8 = 2;

/// Where a command stands.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Acknowledge { deadline: Mono },
    Answer { deadline: Mono },
    Settle { until: Mono },
}

/// How a command is to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) ask: Ask,
    /// How often at most.
    pub(crate) attempts: u8,
    /// How long the line is left alone before the first time.
    pub(crate) wait: Duration,
    /// The rate the line is set to before the first time, in bit/s.
    pub(crate) line_rate: Option<u32>,
}

impl From<Ask> for Plan {
    fn from(ask: Ask) -> Self {
        Self { ask, attempts: ATTEMPTS_MAX, wait: Duration::ZERO, line_rate: None }
    }
}

/// What came of the time that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Waits,
    /// What came until now belongs to an attempt that is over.
    Again,
    /// The chip is there, but does not do this.
    Refused,
}

/// One command on its way: sent, acknowledged, answered; aborted and sent again where that fails.
///
/// An answer counts only behind an acknowledgement. So what is left of an aborted command, which
/// comes before the acknowledgement of the next one, is never taken for the answer to that one.
#[derive(Debug)]
pub(crate) struct Exchange {
    plan: Plan,
    command: Command,
    /// Attempts that failed.
    failed: u8,
    /// Those of them that were acknowledged: the chip was there.
    unanswered: u8,
    error_frames: u8,
    /// Whether anything arrived that this command does not allow.
    disturbed: bool,
    phase: Phase,
}

impl Exchange {
    pub(crate) fn start(now: Mono, plan: Plan, out: &mut VecDeque<Output>) -> Self {
        let mut exchange = Self {
            command: plan.ask.command(0),
            failed: 0,
            unanswered: 0,
            error_frames: 0,
            disturbed: false,
            phase: Phase::Settle { until: now.after(plan.wait) },
            plan,
        };
        if exchange.plan.wait.is_zero() {
            exchange.send(now, out);
        }
        exchange
    }

    pub(crate) fn ask(&self) -> &Ask {
        &self.plan.ask
    }

    /// Whether an attempt failed, so that a card may have answered what nobody heard.
    pub(crate) fn stumbled(&self) -> bool {
        self.failed > 0
    }

    pub(crate) fn deadline(&self) -> Mono {
        match self.phase {
            Phase::Acknowledge { deadline } | Phase::Answer { deadline } => deadline,
            Phase::Settle { until } => until,
        }
    }

    /// Takes a frame; gives the answer once it is complete, or what is wrong with it.
    pub(crate) fn frame(
        &mut self,
        now: Mono,
        frame: Result<Frame, FrameError>,
    ) -> Option<Result<Answer, DecodeError>> {
        match (self.phase, frame) {
            (Phase::Acknowledge { .. }, Ok(Frame::Ack)) => {
                let deadline = now.after(self.plan.ask.answer_within());
                self.phase = Phase::Answer { deadline };
                None
            }
            (Phase::Answer { .. }, Ok(Frame::Data(data))) => {
                match Answer::decode(&self.command, &data) {
                    // Another direction or the answer to another command: not for us.
                    Err(DecodeError::Value { offset: 0 | 1, .. }) => None,
                    answer => Some(answer),
                }
            }
            // The chip does not know the command in this form: no answer will follow.
            (Phase::Answer { .. }, Ok(Frame::Error)) => {
                self.disturbed = true;
                self.error_frames = self.error_frames.saturating_add(1);
                self.phase = Phase::Answer { deadline: now };
                None
            }
            (Phase::Acknowledge { .. } | Phase::Answer { .. }, Err(_)) => {
                self.disturbed = true;
                None
            }
            _ => None,
        }
    }

    /// Aborts and sends again what took too long.
    ///
    /// # Errors
    /// The last attempt failed, and the chip did not even acknowledge each.
    pub(crate) fn elapse(&mut self, now: Mono, out: &mut VecDeque<Output>) -> Result<Step, Fault> {
        if now < self.deadline() {
            return Ok(Step::Waits);
        }
        match self.phase {
            Phase::Settle { .. } => {
                self.send(now, out);
                Ok(Step::Again)
            }
            Phase::Acknowledge { .. } | Phase::Answer { .. } => self.fail(now, out),
        }
    }

    /// The attempt is lost: stops the chip and lets the line settle.
    ///
    /// # Errors
    /// It was the last one, and the chip did not even acknowledge each.
    fn fail(&mut self, now: Mono, out: &mut VecDeque<Output>) -> Result<Step, Fault> {
        self.failed = self.failed.saturating_add(1);
        if matches!(self.phase, Phase::Answer { .. }) {
            self.unanswered = self.unanswered.saturating_add(1);
        }
        let last = self.failed >= self.plan.attempts;
        if last && self.unanswered < self.failed {
            return Err(self.fault());
        }
        abort(out);
        if last || self.error_frames >= ERROR_FRAMES_MAX {
            return Ok(Step::Refused);
        }
        self.phase = Phase::Settle { until: now.after(SETTLE) };
        Ok(Step::Again)
    }

    /// The answer came but is not what the command allows.
    ///
    /// # Errors
    /// It was the last attempt, and the chip did not even acknowledge each.
    pub(crate) fn wrong(&mut self, now: Mono, out: &mut VecDeque<Output>) -> Result<Step, Fault> {
        self.disturbed = true;
        self.fail(now, out)
    }

    fn send(&mut self, now: Mono, out: &mut VecDeque<Output>) {
        if let Some(rate) = self.plan.line_rate.take() {
            out.push_back(Output::SetRate(rate));
        }
        self.command = self.plan.ask.command(self.failed);
        let mut bytes = Vec::new();
        if self.plan.ask == Ask::WakeUp {
            bytes.extend(WAKE_UP);
        }
        if let Ok(frame) = Frame::Data(self.command.encode()).encode() {
            bytes.extend(frame);
        }
        out.push_back(Output::Send(bytes));
        self.phase = Phase::Acknowledge { deadline: now.after(ACK_WITHIN) };
    }

    /// Why this is given up.
    pub(crate) fn fault(&self) -> Fault {
        let name = self.plan.ask.name();
        match (self.disturbed, &self.plan.ask) {
            (true, _) => Fault::new(
                FaultKind::Protocol,
                format!("the PN532 answered {name} with something its protocol does not allow"),
            ),
            (false, Ask::WakeUp) => Fault::new(
                FaultKind::Timeout,
                "nothing answers on this line: check that a PN532 is connected, that its switches \
                 select UART (HSU) and that the rate is right",
            ),
            (false, _) => Fault::new(
                FaultKind::Timeout,
                format!("the PN532 did not answer {name}, {} times in a row", self.failed),
            ),
        }
    }
}

/// Stops whatever the chip is doing. After the answer to SetSerialBaudRate it is what the chip
/// waits for.
pub(crate) fn abort(out: &mut VecDeque<Output>) {
    // A frame that cannot be built is never sent; ACK always can.
    if let Ok(ack) = Frame::Ack.encode() {
        out.push_back(Output::Send(ack));
    }
}
