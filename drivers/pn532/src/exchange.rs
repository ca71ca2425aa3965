use std::{collections::VecDeque, time::Duration};

use kazasu_hal::{Fault, FaultKind, Mono};
use kazasu_wire::{
    DecodeError,
    felica::{Polling, Request, SYSTEM_ANY, Slots},
    pn532::{Answer, Command, Initiator, Rate, RfItem, SamConfiguration, SamMode},
    sof::{Frame, FrameError, WAKE_UP},
};

use crate::session::Output;

/// How long the chip may take to acknowledge a command; it needs less than 15 ms, a USB serial
/// adapter adds up to 16 ms for each direction.
const ACK_WITHIN: Duration = Duration::from_millis(100);
/// How long a setting may take.
const SETTING_WITHIN: Duration = Duration::from_millis(200);
/// How long a bounded search may take. It is over in some 30 ms.
const SEARCH_WITHIN: Duration = Duration::from_millis(300);
/// How long the line is left alone after an abort, so that the rest of an answer drains away.
const SETTLE: Duration = Duration::from_millis(10);
/// How often a command is sent before the reader is given up.
const ATTEMPTS_MAX: u8 = 3;

/// AutoATR_RES without AutoRATS: a card that speaks ISO/IEC 14443-4 stays on the level below, where
/// it can be found again in the next round.
const PARAMETERS: u8 = 0x04;

/// What a session asks of the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    WakeUp,
    Firmware,
    Parameters,
    Retries,
    FieldOn,
    Felica(Rate, Slots),
    TypeA,
}

impl Ask {
    fn command(self, attempt: u8) -> Command {
        match self {
            // Boards differ in which length they answer, so the attempts alternate; the long form
            // is the one that microcontroller libraries use (time-out 1 s, interrupt line used).
            Self::WakeUp => Command::SamConfiguration(SamConfiguration {
                mode: SamMode::Normal,
                timeout_irq: (attempt % 2 == 1).then_some((0x14, Some(0x01))),
            }),
            Self::Firmware => Command::GetFirmwareVersion,
            Self::Parameters => Command::SetParameters(PARAMETERS),
            // The default is to search for ever. One retry: a type A card that is still selected
            // from the round before falls silent at the first request and answers the second.
            Self::Retries => Command::RfConfiguration(RfItem::MaxRetries {
                atr: 0,
                psl: 0,
                passive_activation: 1,
            }),
            Self::FieldOn => Command::RfConfiguration(RfItem::Field { auto_rfca: false, on: true }),
            Self::Felica(rate, slots) => Command::InListPassiveTarget {
                max_tg: 2,
                initiator: Initiator::Felica {
                    rate,
                    polling: Polling { system: SYSTEM_ANY, request: Request::SystemCode, slots },
                },
            },
            Self::TypeA => Command::InListPassiveTarget {
                max_tg: 2,
                initiator: Initiator::TypeA { uid: None },
            },
        }
    }

    fn answer_within(self) -> Duration {
        match self {
            Self::Felica(..) | Self::TypeA => SEARCH_WITHIN,
            _ => SETTING_WITHIN,
        }
    }

    /// The manual's name of the command.
    fn name(self) -> &'static str {
        match self {
            Self::WakeUp => "SAMConfiguration",
            Self::Firmware => "GetFirmwareVersion",
            Self::Parameters => "SetParameters",
            Self::Retries | Self::FieldOn => "RFConfiguration",
            Self::Felica(..) | Self::TypeA => "InListPassiveTarget",
        }
    }
}

/// Where a command stands.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Acknowledge { deadline: Mono },
    Answer { deadline: Mono },
    Settle { until: Mono },
}

/// One command on its way: sent, acknowledged, answered; aborted and sent again where that fails.
///
/// An answer counts only behind an acknowledgement. So what is left of an aborted command, which
/// comes before the acknowledgement of the next one, is never taken for the answer to that one.
#[derive(Debug)]
pub(crate) struct Exchange {
    ask: Ask,
    command: Command,
    /// Attempts that failed.
    failed: u8,
    /// Whether anything arrived that this command does not allow.
    disturbed: bool,
    phase: Phase,
}

impl Exchange {
    pub(crate) fn start(now: Mono, ask: Ask, out: &mut VecDeque<Output>) -> Self {
        let mut exchange = Self {
            ask,
            command: ask.command(0),
            failed: 0,
            disturbed: false,
            phase: Phase::Settle { until: now },
        };
        exchange.send(now, out);
        exchange
    }

    pub(crate) fn ask(&self) -> Ask {
        self.ask
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
                self.phase = Phase::Answer { deadline: now.after(self.ask.answer_within()) };
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
    /// Gives whether bytes that came until now belong to an attempt that is over.
    ///
    /// # Errors
    /// The last attempt failed.
    pub(crate) fn elapse(&mut self, now: Mono, out: &mut VecDeque<Output>) -> Result<bool, Fault> {
        if now < self.deadline() {
            return Ok(false);
        }
        match self.phase {
            Phase::Settle { .. } => {
                self.send(now, out);
                Ok(true)
            }
            Phase::Acknowledge { .. } | Phase::Answer { .. } => {
                self.fail(now, out)?;
                Ok(true)
            }
        }
    }

    /// The attempt is lost: stops the chip and lets the line settle.
    ///
    /// # Errors
    /// It was the last one.
    pub(crate) fn fail(&mut self, now: Mono, out: &mut VecDeque<Output>) -> Result<(), Fault> {
        self.failed = self.failed.saturating_add(1);
        if self.failed >= ATTEMPTS_MAX {
            return Err(self.fault());
        }
        // A frame that cannot be built is never sent; ACK always can.
        if let Ok(abort) = Frame::Ack.encode() {
            out.push_back(Output::Send(abort));
        }
        self.phase = Phase::Settle { until: now.after(SETTLE) };
        Ok(())
    }

    /// The answer came but is not what the command allows.
    pub(crate) fn disturb(&mut self) {
        self.disturbed = true;
    }

    fn send(&mut self, now: Mono, out: &mut VecDeque<Output>) {
        self.command = self.ask.command(self.failed);
        let mut bytes = Vec::new();
        if self.ask == Ask::WakeUp {
            bytes.extend(WAKE_UP);
        }
        if let Ok(frame) = Frame::Data(self.command.encode()).encode() {
            bytes.extend(frame);
        }
        out.push_back(Output::Send(bytes));
        self.phase = Phase::Acknowledge { deadline: now.after(ACK_WITHIN) };
    }

    fn fault(&self) -> Fault {
        let name = self.ask.name();
        match (self.disturbed, self.ask) {
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
                format!("the PN532 did not answer {name}, {ATTEMPTS_MAX} times in a row"),
            ),
        }
    }
}
