use alloc::vec::Vec;

use super::{
    CHIP_TO_HOST, Status, code,
    command::Command,
    target::{AutoPollTarget, Layout, Target},
};
use crate::{DecodeError, Raw, cursor::Cursor};

/// What the chip says to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Answer {
    /// Result of a test; of test 00 the echo, test number included.
    Diagnose(Raw),
    /// Which chip, which firmware: a PN532 of version 1.6 says 32 01 06 07.
    GetFirmwareVersion {
        /// Chip: 32 is a PN532.
        ic: u8,
        /// Major version.
        version: u8,
        /// Minor version.
        revision: u8,
        /// b0 type A, b1 type B, b2 ISO/IEC 18092.
        support: u8,
    },
    /// Last error, field, targets.
    GetGeneralStatus {
        /// Last error.
        error: Status,
        /// Whether a foreign field is there.
        foreign_field: bool,
        /// Targets that are known, at most two.
        targets: Vec<TargetStatus>,
        /// State of the security module.
        sam: u8,
    },
    /// Values in the order of the addresses.
    ReadRegister(Raw),
    /// Done.
    WriteRegister,
    /// Done; in effect after the host's ACK.
    SetSerialBaudRate,
    /// Done.
    SetParameters,
    /// Done.
    SamConfiguration,
    /// Sleeps from now on.
    PowerDown(Status),
    /// Done.
    RfConfiguration,
    /// Cards that were found, at most two.
    InListPassiveTarget(Vec<Target>),
    /// What the target said.
    InDataExchange {
        /// How it went.
        status: Status,
        /// The bytes; none on an error.
        data: Raw,
    },
    /// What was received.
    InCommunicateThru {
        /// How it went.
        status: Status,
        /// The bytes; none on an error.
        data: Raw,
    },
    /// How it went.
    InDeselect(Status),
    /// How it went.
    InRelease(Status),
    /// How it went.
    InSelect(Status),
    /// Cards that were found, at most two.
    InAutoPoll(Vec<AutoPollTarget>),
    /// The answer to [`Command::Unknown`].
    Unknown {
        /// The code of the command.
        code: u8,
        /// What follows.
        data: Raw,
    },
}

/// A target in the answer to GetGeneralStatus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TargetStatus {
    /// Its number.
    pub tg: u8,
    /// Rate in reception: 0, 1, 2 = 106, 212, 424 kbit/s.
    pub br_rx: u8,
    /// Rate in transmission.
    pub br_tx: u8,
    /// Modulation: 00 type A or B, 10 FeliCa, 01 active mode, 02 Jewel.
    pub modulation: u8,
}

/// How many targets a PN532 can hold.
const TARGETS_MAX: u8 = 2;

impl Answer {
    fn command_code(&self) -> u8 {
        match self {
            Self::Diagnose(_) => code::DIAGNOSE,
            Self::GetFirmwareVersion { .. } => code::GET_FIRMWARE_VERSION,
            Self::GetGeneralStatus { .. } => code::GET_GENERAL_STATUS,
            Self::ReadRegister(_) => code::READ_REGISTER,
            Self::WriteRegister => code::WRITE_REGISTER,
            Self::SetSerialBaudRate => code::SET_SERIAL_BAUD_RATE,
            Self::SetParameters => code::SET_PARAMETERS,
            Self::SamConfiguration => code::SAM_CONFIGURATION,
            Self::PowerDown(_) => code::POWER_DOWN,
            Self::RfConfiguration => code::RF_CONFIGURATION,
            Self::InListPassiveTarget(_) => code::IN_LIST_PASSIVE_TARGET,
            Self::InDataExchange { .. } => code::IN_DATA_EXCHANGE,
            Self::InCommunicateThru { .. } => code::IN_COMMUNICATE_THRU,
            Self::InDeselect(_) => code::IN_DESELECT,
            Self::InRelease(_) => code::IN_RELEASE,
            Self::InSelect(_) => code::IN_SELECT,
            Self::InAutoPoll(_) => code::IN_AUTO_POLL,
            Self::Unknown { code, .. } => *code,
        }
    }

    /// The data of its frame, D5 first.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = [CHIP_TO_HOST, self.command_code().wrapping_add(1)].to_vec();
        match self {
            Self::WriteRegister
            | Self::SetSerialBaudRate
            | Self::SetParameters
            | Self::SamConfiguration
            | Self::RfConfiguration => {}
            Self::Diagnose(data) | Self::ReadRegister(data) | Self::Unknown { data, .. } => {
                out.extend_from_slice(data);
            }
            Self::GetFirmwareVersion { ic, version, revision, support } => {
                out.extend([ic, version, revision, support]);
            }
            Self::GetGeneralStatus { error, foreign_field, targets, sam } => {
                out.extend([error.0, u8::from(*foreign_field), count(targets)]);
                for target in targets {
                    out.extend([target.tg, target.br_rx, target.br_tx, target.modulation]);
                }
                out.push(*sam);
            }
            Self::InListPassiveTarget(targets) => {
                out.push(count(targets));
                targets.iter().for_each(|target| target.write(&mut out));
            }
            Self::InDataExchange { status, data } | Self::InCommunicateThru { status, data } => {
                out.push(status.0);
                out.extend_from_slice(data);
            }
            Self::PowerDown(status)
            | Self::InDeselect(status)
            | Self::InRelease(status)
            | Self::InSelect(status) => out.push(status.0),
            Self::InAutoPoll(targets) => {
                out.push(count(targets));
                targets.iter().for_each(|target| target.write(&mut out));
            }
        }
        out
    }

    /// Reads the data of a frame, D5 first, without knowing the command. The code tells which one
    /// it was. Targets of InListPassiveTarget are taken for the first of FeliCa, type B, Jewel and
    /// type A that they can be.
    ///
    /// # Errors
    /// Another direction, or a length or value that the answer does not allow.
    pub fn decode_alone(data: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new("PN532 answer", data);
        cursor.value("direction D5", |byte| byte == CHIP_TO_HOST)?;
        let code = cursor.value("an odd code", |code| code & 1 == 1)?.wrapping_sub(1);
        if code == code::IN_LIST_PASSIVE_TARGET {
            let count = target_count(&mut cursor)?;
            return Target::read_any(&cursor, count).map(Self::InListPassiveTarget);
        }
        if code == code::READ_REGISTER {
            return Ok(Self::ReadRegister(cursor.rest()));
        }
        Self::decode(&Command::with_code(code), data)
    }

    /// Reads the data of a frame, D5 first, as the answer to `command`.
    ///
    /// # Errors
    /// Another direction, the answer to another command (a [`DecodeError::Value`] at byte 1), or a
    /// length or value that the answer does not allow.
    pub fn decode(command: &Command, data: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new("PN532 answer", data);
        cursor.value("direction D5", |byte| byte == CHIP_TO_HOST)?;
        let code = command.code();
        cursor.value("the command's code plus one", |byte| byte == code.wrapping_add(1))?;
        let answer = match command {
            Command::Diagnose { .. } => Self::Diagnose(cursor.rest()),
            Command::GetFirmwareVersion => {
                let [ic, version, revision, support] = cursor.array()?;
                Self::GetFirmwareVersion { ic, version, revision, support }
            }
            Command::GetGeneralStatus => {
                let error = Status(cursor.u8()?);
                let foreign_field = cursor.value("field 00 or 01", |field| field <= 1)? == 1;
                let targets = (0..target_count(&mut cursor)?).map(|_| {
                    let [tg, br_rx, br_tx, modulation] = cursor.array()?;
                    Ok(TargetStatus { tg, br_rx, br_tx, modulation })
                });
                let targets = targets.collect::<Result<_, _>>()?;
                Self::GetGeneralStatus { error, foreign_field, targets, sam: cursor.u8()? }
            }
            Command::ReadRegister(addresses) => {
                Self::ReadRegister(cursor.bytes(addresses.len())?.into())
            }
            Command::WriteRegister(_) => Self::WriteRegister,
            Command::SetSerialBaudRate(_) => Self::SetSerialBaudRate,
            Command::SetParameters(_) => Self::SetParameters,
            Command::SamConfiguration(_) => Self::SamConfiguration,
            Command::PowerDown { .. } => Self::PowerDown(Status(cursor.u8()?)),
            Command::RfConfiguration(_) => Self::RfConfiguration,
            Command::InListPassiveTarget { initiator, .. } => {
                let count = target_count(&mut cursor)?;
                let layout = Layout::of_initiator(initiator);
                return Target::read_all(&cursor, layout, count).map(Self::InListPassiveTarget);
            }
            Command::InDataExchange { .. } => {
                Self::InDataExchange { status: Status(cursor.u8()?), data: cursor.rest() }
            }
            Command::InCommunicateThru(_) => {
                Self::InCommunicateThru { status: Status(cursor.u8()?), data: cursor.rest() }
            }
            Command::InDeselect(_) => Self::InDeselect(Status(cursor.u8()?)),
            Command::InRelease(_) => Self::InRelease(Status(cursor.u8()?)),
            Command::InSelect(_) => Self::InSelect(Status(cursor.u8()?)),
            Command::InAutoPoll { .. } => {
                let targets = (0..target_count(&mut cursor)?)
                    .map(|_| AutoPollTarget::read(&mut cursor))
                    .collect::<Result<_, _>>()?;
                Self::InAutoPoll(targets)
            }
            Command::Unknown { .. } => Self::Unknown { code, data: cursor.rest() },
        };
        cursor.end()?;
        Ok(answer)
    }
}

fn target_count(cursor: &mut Cursor<'_>) -> Result<u8, DecodeError> {
    cursor.value("at most 02 targets", |count| count <= TARGETS_MAX)
}

fn count<T>(targets: &[T]) -> u8 {
    u8::try_from(targets.len()).unwrap_or(u8::MAX)
}
