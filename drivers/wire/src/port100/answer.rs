use alloc::vec::Vec;
use core::fmt;

use super::{CHIP_TO_HOST, code};
use crate::{DecodeError, Raw, cursor::Cursor};

/// What the chip says to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Answer {
    /// How it went.
    InSetRf(Status),
    /// How it went.
    InSetProtocol(Status),
    /// What the card said.
    InCommRf {
        /// How it went.
        status: CommStatus,
        /// Absent on an error.
        received: Option<Received>,
    },
    /// How it went.
    SwitchRf(Status),
    /// Will restart.
    ResetDevice,
    /// Firmware, in binary coded decimals: 11 01 is 1.11.
    GetFirmwareVersion {
        /// Behind the point.
        minor: u8,
        /// Before the point.
        major: u8,
    },
    /// Version of the product's data.
    GetPdDataVersion {
        /// Behind the point.
        minor: u8,
        /// Before the point.
        major: u8,
    },
    /// One bit for each command type, type 0 lowest; big-endian, unlike all other numbers.
    GetCommandType {
        /// The bits.
        mask: u64,
    },
    /// How it went.
    SetCommandType(Status),
    /// How it went.
    TgSetRf(Status),
    /// How it went.
    TgSetProtocol(Status),
    /// What an initiator said.
    TgCommRf {
        /// Type of modulation (0B to 0D), a byte of unknown meaning, what was activated.
        #[cfg_attr(feature = "serde", serde(with = "crate::hex::bytes"))]
        activation: [u8; 3],
        /// How it went.
        status: CommStatus,
        /// The bytes.
        data: Raw,
    },
    /// The answer to [`Command::Other`](super::Command::Other).
    Other {
        /// The code of the command.
        code: u8,
        /// What follows.
        data: Raw,
    },
}

/// What came over the air.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Received {
    /// Valid bits of the last byte; 8 in whole frames.
    pub valid_bits: u8,
    /// The bytes, without CRC where the chip checks it.
    pub data: Raw,
}

/// How a command went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Status(pub u8);

impl Status {
    /// Done.
    pub const OK: Self = Self(0x00);
    /// Wrong parameter.
    pub const PARAMETER: Self = Self(0x01);
    /// Not in this command type.
    pub const COMMAND_TYPE: Self = Self(0x07);
}

/// How an exchange over the air went: one bit for each error.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CommStatus(pub u32);

impl CommStatus {
    /// No error.
    pub const OK: Self = Self(0);
    /// The frame did not follow the protocol.
    pub const PROTOCOL: Self = Self(0x01);
    /// Parity error.
    pub const PARITY: Self = Self(0x02);
    /// CRC error.
    pub const CRC: Self = Self(0x04);
    /// Two cards answered at once.
    pub const COLLISION: Self = Self(0x08);
    /// More data than fit.
    pub const OVERFLOW: Self = Self(0x10);
    /// Too hot.
    pub const TEMPERATURE: Self = Self(0x40);
    /// No card answered in time.
    pub const RECEIVE_TIMEOUT: Self = Self(0x80);
    /// The field is off.
    pub const RF_OFF: Self = Self(0x400);
    /// Sending took too long.
    pub const TRANSMIT_TIMEOUT: Self = Self(0x800);
}

impl fmt::Debug for CommStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommStatus({:08X})", self.0)
    }
}

impl Answer {
    fn command_code(&self) -> u8 {
        match self {
            Self::InSetRf(_) => code::IN_SET_RF,
            Self::InSetProtocol(_) => code::IN_SET_PROTOCOL,
            Self::InCommRf { .. } => code::IN_COMM_RF,
            Self::SwitchRf(_) => code::SWITCH_RF,
            Self::ResetDevice => code::RESET_DEVICE,
            Self::GetFirmwareVersion { .. } => code::GET_FIRMWARE_VERSION,
            Self::GetPdDataVersion { .. } => code::GET_PD_DATA_VERSION,
            Self::GetCommandType { .. } => code::GET_COMMAND_TYPE,
            Self::SetCommandType(_) => code::SET_COMMAND_TYPE,
            Self::TgSetRf(_) => code::TG_SET_RF,
            Self::TgSetProtocol(_) => code::TG_SET_PROTOCOL,
            Self::TgCommRf { .. } => code::TG_COMM_RF,
            Self::Other { code, .. } => *code,
        }
    }

    /// The data of its frame, D7 first.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = [CHIP_TO_HOST, self.command_code().wrapping_add(1)].to_vec();
        match self {
            Self::InSetRf(status)
            | Self::InSetProtocol(status)
            | Self::SwitchRf(status)
            | Self::SetCommandType(status)
            | Self::TgSetRf(status)
            | Self::TgSetProtocol(status) => out.push(status.0),
            Self::InCommRf { status, received } => {
                out.extend(status.0.to_le_bytes());
                if let Some(Received { valid_bits, data }) = received {
                    out.push(*valid_bits);
                    out.extend_from_slice(data);
                }
            }
            Self::ResetDevice => {}
            Self::GetFirmwareVersion { minor, major } | Self::GetPdDataVersion { minor, major } => {
                out.extend([minor, major]);
            }
            Self::GetCommandType { mask } => out.extend(mask.to_be_bytes()),
            Self::TgCommRf { activation, status, data } => {
                out.extend(activation);
                out.extend(status.0.to_le_bytes());
                out.extend_from_slice(data);
            }
            Self::Other { data, .. } => out.extend_from_slice(data),
        }
        out
    }

    /// Reads the data of a frame, D7 first.
    ///
    /// # Errors
    /// Another direction, an even code, or a length that the answer does not allow.
    pub fn decode(data: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new("Port-100 answer", data);
        cursor.value("direction D7", |byte| byte == CHIP_TO_HOST)?;
        let code = cursor.value("an odd code", |code| code & 1 == 1)?.wrapping_sub(1);
        let status = |cursor: &mut Cursor<'_>| cursor.u8().map(Status);
        let comm = |cursor: &mut Cursor<'_>| cursor.array().map(u32::from_le_bytes).map(CommStatus);
        let answer = match code {
            code::IN_SET_RF => Self::InSetRf(status(&mut cursor)?),
            code::IN_SET_PROTOCOL => Self::InSetProtocol(status(&mut cursor)?),
            code::IN_COMM_RF => {
                let status = comm(&mut cursor)?;
                let received = cursor
                    .optional()
                    .map(|valid_bits| Received { valid_bits, data: cursor.rest() });
                Self::InCommRf { status, received }
            }
            code::SWITCH_RF => Self::SwitchRf(status(&mut cursor)?),
            code::RESET_DEVICE => Self::ResetDevice,
            code::GET_FIRMWARE_VERSION => {
                let [minor, major] = cursor.array()?;
                Self::GetFirmwareVersion { minor, major }
            }
            code::GET_PD_DATA_VERSION => {
                let [minor, major] = cursor.array()?;
                Self::GetPdDataVersion { minor, major }
            }
            code::GET_COMMAND_TYPE => {
                Self::GetCommandType { mask: cursor.array().map(u64::from_be_bytes)? }
            }
            code::SET_COMMAND_TYPE => Self::SetCommandType(status(&mut cursor)?),
            code::TG_SET_RF => Self::TgSetRf(status(&mut cursor)?),
            code::TG_SET_PROTOCOL => Self::TgSetProtocol(status(&mut cursor)?),
            code::TG_COMM_RF => Self::TgCommRf {
                activation: cursor.array()?,
                status: comm(&mut cursor)?,
                data: cursor.rest(),
            },
            code => Self::Other { code, data: cursor.rest() },
        };
        cursor.end()?;
        Ok(answer)
    }
}
