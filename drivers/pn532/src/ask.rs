use core::time::Duration;

use kazasu_hal::Cause;
use kazasu_wire::{
    Raw,
    felica::{Polling, Rate, Request, Slots},
    iso14443b,
    pn532::{BaudRate, Command, Initiator, RfItem, SamConfiguration, SamMode},
};

use crate::cause;

/// How long a setting may take.
const SETTING_WITHIN: Duration = Duration::from_millis(200);
/// How long a bounded search, or an exchange with a card, may take. It is over in some 30 ms; an
/// exchange that a card does not answer, in 51 ms.
const RADIO_WITHIN: Duration = Duration::from_millis(300);

/// From field on until cards have power and listen, and from field off until they have forgotten.
const FIELD_GUARD: Duration = Duration::from_millis(5);

/// AutoATR_RES without AutoRATS: a card that speaks ISO/IEC 14443-4 stays on the level below, where
/// it can be found again in the next round.
const PARAMETERS: u8 = 0x04;
/// S(DESELECT) of ISO/IEC 14443-4 to CID 1, which a PN532 gives to type B cards.
const DESELECT: [u8; 2] = [0xCA, 0x01];

/// What a session asks of the chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    WakeUp,
    Firmware,
    /// A serial rate, in bit/s.
    LineRate(u32),
    Parameters,
    /// How often a search that found nothing is repeated by the chip.
    Retries(u8),
    Field(bool),
    TypeA,
    TypeB,
    Felica {
        rate: Rate,
        slots: Slots,
        system: u16,
    },
    /// Lets the type B card that was just found go to HALT.
    Deselect,
    /// Wakes type B cards from HALT, so that the next search finds them again.
    WakeTypeB,
    /// Hands a message to the card of this number.
    Transfer {
        tg: u8,
        message: Raw,
    },
}

impl Ask {
    pub(crate) fn command(&self, attempt: u8) -> Command {
        match self {
            // Boards differ in which length they answer, so the attempts alternate; the long form
            // is the one that microcontroller libraries use (time-out 1 s, interrupt line used).
            Self::WakeUp => Command::SamConfiguration(SamConfiguration {
                mode: SamMode::Normal,
                timeout_irq: (attempt % 2 == 1).then_some((0x14, Some(0x01))),
            }),
            Self::Firmware => Command::GetFirmwareVersion,
            Self::LineRate(rate) => Command::SetSerialBaudRate(
                BaudRate::from_bit_per_s(*rate).unwrap_or(BaudRate::B115200),
            ),
            Self::Parameters => Command::SetParameters(PARAMETERS),
            // The default is to search for ever.
            Self::Retries(passive_activation) => Command::RfConfiguration(RfItem::MaxRetries {
                atr: 0,
                psl: 0,
                passive_activation: *passive_activation,
            }),
            Self::Field(on) => {
                Command::RfConfiguration(RfItem::Field { auto_rfca: false, on: *on })
            }
            Self::Felica { rate, slots, system } => list(
                2,
                Initiator::Felica {
                    rate: *rate,
                    polling: Polling {
                        system: *system,
                        request: Request::SystemCode,
                        slots: *slots,
                    },
                },
            ),
            Self::TypeA => list(2, Initiator::TypeA { uid: None }),
            // All families, by time slots. One card: the chip holds one of this kind.
            Self::TypeB => list(1, Initiator::TypeB { afi: 0, method: None }),
            Self::Deselect => Command::InCommunicateThru(Raw::from(&DESELECT[..])),
            Self::WakeTypeB => {
                let wake_up = iso14443b::Command::Request {
                    afi: 0,
                    wake_up: true,
                    extended: false,
                    slots: Slots::One,
                };
                Command::InCommunicateThru(wake_up.encode().unwrap_or_default().into())
            }
            Self::Transfer { tg, message } => {
                Command::InDataExchange { tg: *tg, more: false, data: message.clone() }
            }
        }
    }

    pub(crate) fn answer_within(&self) -> Duration {
        match self {
            Self::Felica { .. }
            | Self::TypeA
            | Self::TypeB
            | Self::Deselect
            | Self::WakeTypeB
            | Self::Transfer { .. } => RADIO_WITHIN,
            _ => SETTING_WITHIN,
        }
    }

    /// How long nothing else may follow.
    pub(crate) fn guard(&self) -> Duration {
        match self {
            Self::Field(_) => FIELD_GUARD,
            _ => Duration::ZERO,
        }
    }

    /// The manual's name of the command.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::WakeUp => "SAMConfiguration",
            Self::Firmware => "GetFirmwareVersion",
            Self::LineRate(_) => "SetSerialBaudRate",
            Self::Parameters => "SetParameters",
            Self::Retries(_) | Self::Field(_) => "RFConfiguration",
            Self::Felica { .. } | Self::TypeA | Self::TypeB => "InListPassiveTarget",
            Self::Deselect | Self::WakeTypeB => "InCommunicateThru",
            Self::Transfer { .. } => "InDataExchange",
        }
    }

    /// What a chip that does not know the command cannot do; `None` where nothing works without.
    pub(crate) fn lost_without(&self) -> Option<Cause> {
        Some(match self {
            Self::LineRate(_) => cause::lost_rate(),
            Self::Parameters => cause::lost_iso_dep(),
            Self::TypeA => cause::lost_type_a(),
            Self::TypeB => cause::lost_type_b(),
            Self::Felica { rate: Rate::R212, .. } => cause::lost_felica_212(),
            Self::Felica { rate: Rate::R424, .. } => cause::lost_felica_424(),
            Self::Deselect | Self::WakeTypeB => cause::lost_type_b_again(),
            Self::Transfer { .. } => cause::lost_memory(),
            Self::WakeUp | Self::Firmware | Self::Retries(_) | Self::Field(_) => return None,
        })
    }
}

fn list(max_tg: u8, initiator: Initiator) -> Command {
    Command::InListPassiveTarget { max_tg, initiator }
}
