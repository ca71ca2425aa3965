use alloc::vec::Vec;
use core::time::Duration;

use kazasu_hal::Mono;
use kazasu_wire::{
    DecodeError,
    port100::{Answer, Command},
    sof::{Family, Frame, FrameError},
};

/// How long the chip may take to acknowledge a command. It takes a few milliseconds; a busy USB
/// controller, or one that is simulated, some more.
const ACK_WITHIN: Duration = Duration::from_millis(250);
/// How long it may take to answer, on top of the time that cards have.
const ANSWER_WITHIN: Duration = Duration::from_millis(250);

/// Where a command stands.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Acknowledge,
    Answer,
}

/// How an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nothing came, or not all of it.
    Silent,
    /// Something came that the protocol does not allow.
    Nonsense,
}

/// One command on its way: sent, acknowledged, answered.
///
/// An answer counts only behind an acknowledgement and with the code of this command.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) command: Command,
    phase: Phase,
    deadline: Mono,
    disturbed: bool,
}

impl Exchange {
    /// The exchange, and the frame to send.
    pub(crate) fn start(now: Mono, command: Command) -> (Self, Vec<u8>) {
        // All commands of this driver fit into a frame.
        let frame = Frame::Data(command.encode()).encode_for(Family::Port100).unwrap_or_default();
        let deadline = now.after(ACK_WITHIN);
        (Self { command, phase: Phase::Acknowledge, deadline, disturbed: false }, frame)
    }

    pub(crate) fn deadline(&self) -> Mono {
        self.deadline
    }

    /// How it failed, if its time is over.
    pub(crate) fn elapse(&self, now: Mono) -> Option<Failure> {
        let failure = if self.disturbed { Failure::Nonsense } else { Failure::Silent };
        (self.deadline <= now).then_some(failure)
    }

    /// Takes a frame; gives the answer once it is complete, or how it failed.
    pub(crate) fn frame(
        &mut self,
        now: Mono,
        frame: Result<Frame, FrameError>,
    ) -> Option<Result<Answer, Failure>> {
        match (self.phase, frame) {
            (Phase::Acknowledge, Ok(Frame::Ack)) => {
                let cards = match self.command {
                    Command::InCommRf { timeout, .. } => {
                        Duration::from_micros(100).saturating_mul(timeout.into())
                    }
                    _ => Duration::ZERO,
                };
                self.phase = Phase::Answer;
                self.deadline = now.after(ANSWER_WITHIN).after(cards);
                None
            }
            (Phase::Answer, Ok(Frame::Data(data))) => match Answer::decode(&data) {
                Ok(answer) if self.answers(&data) => Some(Ok(answer)),
                // The answer to an earlier command, whose host did not wait for it.
                Ok(_) | Err(DecodeError::Value { offset: 0 | 1, .. }) => None,
                Err(_) if self.answers(&data) => Some(Err(Failure::Nonsense)),
                Err(_) => None,
            },
            (_, Ok(Frame::Error | Frame::Nack)) => Some(Err(Failure::Nonsense)),
            (_, Err(_)) => {
                self.disturbed = true;
                None
            }
            _ => None,
        }
    }

    /// Whether data begins with the code of the answer to this command.
    fn answers(&self, data: &[u8]) -> bool {
        let code = |bytes: &[u8]| bytes.get(1).copied();
        code(data) == code(&self.command.encode()).map(|code| code.wrapping_add(1))
    }
}
