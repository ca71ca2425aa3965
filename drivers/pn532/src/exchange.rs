use alloc::{collections::VecDeque, vec::Vec};
use core::time::Duration;

use kazasu_hal::{Fault, FaultKind, Mono};
use kazasu_link::Output;
use kazasu_wire::{
    DecodeError,
    pn532::{Answer, Command},
    sof::{Frame, FrameError, WAKE_UP},
};

use crate::{ask::Ask, cause};

/// How long the chip may take to acknowledge a command; it needs less than 15 ms, a USB serial
/// adapter adds up to 16 ms for each direction.
const ACK_WITHIN: Duration = Duration::from_millis(100);
/// The same where a bridge holds everything back. What an abort comes too late for is under way as long.
pub(crate) const LATE_ACK_WITHIN: Duration = Duration::from_millis(400);
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
    /// What came before is confirmed with an ACK first, this long after it, and the wait follows.
    pub(crate) confirms: Option<Duration>,
    /// How long acknowledgements may take.
    pub(crate) patience: Patience,
}

/// How long acknowledgements may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Patience {
    /// As a chip on its line needs at most.
    #[default]
    Usual,
    /// At the first attempt as long as a slow bridge may take.
    First,
    /// Always.
    Always,
}

impl From<Ask> for Plan {
    fn from(ask: Ask) -> Self {
        let patience = Patience::default();
        let wait = Duration::ZERO;
        Self { ask, attempts: ATTEMPTS_MAX, wait, line_rate: None, confirms: None, patience }
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
    /// Whether an answer was whole but for its last byte.
    unended: bool,
    /// Bytes that came, whatever they are.
    heard: u64,
    /// When the command was last sent.
    sent_at: Mono,
    /// Whether the first attempt was not even acknowledged.
    missed: bool,
    /// An acknowledgement that came later than usual took so long.
    late_ack: Option<Duration>,
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
            unended: false,
            heard: 0,
            sent_at: now,
            missed: false,
            late_ack: None,
            phase: Phase::Settle { until: now.after(plan.confirms.unwrap_or(plan.wait)) },
            plan,
        };
        if exchange.deadline() <= now {
            exchange.settled(now, out);
        }
        exchange
    }

    /// The line was left alone for long enough.
    fn settled(&mut self, now: Mono, out: &mut VecDeque<Output>) {
        if self.plan.confirms.take().is_some() {
            abort(out);
            self.phase = Phase::Settle { until: now.after(self.plan.wait) };
        } else {
            self.send(now, out);
        }
    }

    pub(crate) fn ask(&self) -> &Ask {
        &self.plan.ask
    }

    /// Whether an attempt failed, so that a card may have answered what nobody heard.
    pub(crate) fn stumbled(&self) -> bool {
        self.failed > 0
    }

    /// Whether the first attempt was not even acknowledged, as by a chip that was not yet listening.
    pub(crate) fn missed(&self) -> bool {
        self.missed
    }

    /// How long the acknowledgement took, where that was longer than usual.
    pub(crate) fn late_ack(&self) -> Option<Duration> {
        self.late_ack
    }

    /// Bytes came.
    pub(crate) fn hear(&mut self, count: usize) {
        self.heard = self.heard.saturating_add(count as u64);
    }

    /// An answer came whole but for its last byte.
    pub(crate) fn lacks_end(&mut self) {
        self.unended = true;
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
                let took = now.since(self.sent_at);
                self.late_ack = Some(took).filter(|took| *took > ACK_WITHIN).or(self.late_ack);
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
                self.settled(now, out);
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
        } else {
            self.missed |= self.failed == 1;
        }
        let last = self.failed >= self.plan.attempts;
        if last && self.unanswered < self.failed {
            return Err(self.fault());
        }
        abort(out);
        if last || self.error_frames >= ERROR_FRAMES_MAX {
            return Ok(Step::Refused);
        }
        // What a slow bridge still holds must not meet the next attempt.
        let is_slow = self.late_ack.is_some() || self.plan.patience == Patience::Always;
        let settle = if is_slow { LATE_ACK_WITHIN } else { SETTLE };
        self.phase = Phase::Settle { until: now.after(settle) };
        Ok(Step::Again)
    }

    fn ack_within(&self) -> Duration {
        let is_patient = match self.plan.patience {
            Patience::Usual => false,
            Patience::First => self.failed == 0,
            Patience::Always => true,
        };
        if is_patient { LATE_ACK_WITHIN } else { ACK_WITHIN }
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
        out.push_back(Output::Send(bytes.into()));
        self.sent_at = now;
        self.phase = Phase::Acknowledge { deadline: now.after(self.ack_within()) };
    }

    /// Why this is given up.
    pub(crate) fn fault(&self) -> Fault {
        let name = self.plan.ask.name();
        match (self.disturbed, &self.plan.ask) {
            _ if self.unended => Fault::new(FaultKind::Protocol, cause::answers_cut(name)),
            (true, _) => Fault::new(FaultKind::Protocol, cause::answers_wrongly(name)),
            (false, Ask::WakeUp) if self.unanswered > 0 => {
                Fault::new(FaultKind::Timeout, cause::only_acknowledges())
            }
            (false, Ask::WakeUp) if self.heard > 0 => {
                Fault::new(FaultKind::Timeout, cause::something_talks(self.heard))
            }
            (false, Ask::WakeUp) => Fault::new(FaultKind::Timeout, cause::nothing_answers()),
            (false, _) => Fault::new(FaultKind::Timeout, cause::silent(name, self.failed)),
        }
    }
}

/// Stops whatever the chip is doing. After the answer to SetSerialBaudRate it is what the chip
/// waits for.
pub(crate) fn abort(out: &mut VecDeque<Output>) {
    // A frame that cannot be built is never sent; ACK always can.
    if let Ok(ack) = Frame::Ack.encode() {
        out.push_back(Output::Send(ack.into()));
    }
}
