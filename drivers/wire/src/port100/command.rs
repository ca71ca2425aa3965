use alloc::vec::Vec;

use super::{HOST_TO_CHIP, Setting, code};
use crate::{DecodeError, Raw, cursor::Cursor};

/// What a host asks of the chip.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Command {
    /// Modulation as initiator. Puts the protocol settings back to what the chip starts with.
    InSetRf(Modulation),
    /// Protocol settings as initiator; their order does not matter.
    InSetProtocol(Vec<Setting>),
    /// Sends to a card and waits for its answer.
    InCommRf {
        /// How long to wait, in 0.1 ms.
        timeout: u16,
        /// What to send; a FeliCa message with its length byte.
        data: Raw,
    },
    /// Switches the field.
    SwitchRf {
        /// On or off.
        on: bool,
    },
    /// Restarts the chip after it has answered and the host has acknowledged.
    ResetDevice {
        /// After how many milliseconds.
        delay: u16,
    },
    /// Which firmware.
    GetFirmwareVersion {
        /// Of which part of it, 60, 61 or 80; mostly absent.
        part: Option<u8>,
    },
    /// Version of the data that Sony sets for each product.
    GetPdDataVersion,
    /// Which command types does it know?
    GetCommandType,
    /// Chooses a command type.
    SetCommandType(u8),
    /// Modulation as target.
    TgSetRf(#[cfg_attr(feature = "serde", serde(with = "crate::hex::bytes"))] [u8; 2]),
    /// Protocol settings as target: pairs of key and value.
    TgSetProtocol(Raw),
    /// Waits for an initiator, or answers one.
    TgCommRf(TgCommRf),
    /// A command this crate has no type for.
    Other {
        /// Its code.
        code: u8,
        /// What follows.
        data: Raw,
    },
}

/// How to modulate, in each direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Modulation {
    /// Setting of the transmitter.
    pub tx: u8,
    /// Its speed and type: 1 212F, 2 424F, 3 106A, 4 212A, 5 424A, 7 106B, 8 212B, 9 424B.
    pub tx_speed: u8,
    /// Setting of the receiver, mostly 0F.
    pub rx: u8,
    /// Its speed and type.
    pub rx_speed: u8,
}

impl Modulation {
    /// FeliCa at 212 kbit/s.
    pub const F212: Self = Self::symmetric(0x01, 0x01);
    /// FeliCa at 424 kbit/s.
    pub const F424: Self = Self::symmetric(0x01, 0x02);
    /// Type A at 106 kbit/s.
    pub const A106: Self = Self::symmetric(0x02, 0x03);
    /// Type B at 106 kbit/s.
    pub const B106: Self = Self::symmetric(0x03, 0x07);

    const fn symmetric(tx: u8, speed: u8) -> Self {
        Self { tx, tx_speed: speed, rx: 0x0F, rx_speed: speed }
    }
}

/// Parameters of TgCommRF.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TgCommRf {
    /// Guard time.
    pub guard_time: u16,
    /// How long sending may take.
    pub send_timeout: u16,
    /// Whether any modulation may activate it.
    pub mdaa: u8,
    /// Type A: SENS_RES (2), NFCID1 (3), SEL_RES (1).
    pub nfca: Raw,
    /// FeliCa: IDm (8), PMm (8), system code (2).
    pub nfcf: Raw,
    /// Starts in HALT.
    pub halted: u8,
    /// Answers RATS by itself.
    pub arae: u8,
    /// How long to wait, in milliseconds.
    pub receive_timeout: u16,
    /// What to send first.
    pub data: Raw,
}

/// Lengths of [`TgCommRf::nfca`] and [`TgCommRf::nfcf`].
const NFCA: usize = 6;
const NFCF: usize = 18;

impl Command {
    fn code(&self) -> u8 {
        match self {
            Self::InSetRf(_) => code::IN_SET_RF,
            Self::InSetProtocol(_) => code::IN_SET_PROTOCOL,
            Self::InCommRf { .. } => code::IN_COMM_RF,
            Self::SwitchRf { .. } => code::SWITCH_RF,
            Self::ResetDevice { .. } => code::RESET_DEVICE,
            Self::GetFirmwareVersion { .. } => code::GET_FIRMWARE_VERSION,
            Self::GetPdDataVersion => code::GET_PD_DATA_VERSION,
            Self::GetCommandType => code::GET_COMMAND_TYPE,
            Self::SetCommandType(_) => code::SET_COMMAND_TYPE,
            Self::TgSetRf(_) => code::TG_SET_RF,
            Self::TgSetProtocol(_) => code::TG_SET_PROTOCOL,
            Self::TgCommRf(_) => code::TG_COMM_RF,
            Self::Other { code, .. } => *code,
        }
    }

    /// The data of its frame, D6 first.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = [HOST_TO_CHIP, self.code()].to_vec();
        match self {
            Self::InSetRf(Modulation { tx, tx_speed, rx, rx_speed }) => {
                out.extend([tx, tx_speed, rx, rx_speed]);
            }
            Self::InSetProtocol(settings) => Setting::write_all(settings, &mut out),
            Self::InCommRf { timeout, data } => {
                out.extend(timeout.to_le_bytes());
                out.extend_from_slice(data);
            }
            Self::SwitchRf { on } => out.push(u8::from(*on)),
            Self::ResetDevice { delay } => out.extend(delay.to_le_bytes()),
            Self::GetFirmwareVersion { part } => out.extend(part),
            Self::GetPdDataVersion | Self::GetCommandType => {}
            Self::SetCommandType(which) => out.push(*which),
            Self::TgSetRf(modulation) => out.extend(modulation),
            Self::TgCommRf(comm) => {
                out.extend(comm.guard_time.to_le_bytes());
                out.extend(comm.send_timeout.to_le_bytes());
                out.push(comm.mdaa);
                out.extend_from_slice(&comm.nfca);
                out.extend_from_slice(&comm.nfcf);
                out.extend([comm.halted, comm.arae]);
                out.extend(comm.receive_timeout.to_le_bytes());
                out.extend_from_slice(&comm.data);
            }
            Self::TgSetProtocol(data) | Self::Other { data, .. } => out.extend_from_slice(data),
        }
        out
    }

    /// Reads the data of a frame, D6 first.
    ///
    /// # Errors
    /// Another direction, or a length or value that the command does not allow.
    pub fn decode(data: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new("Port-100 command", data);
        cursor.value("direction D6", |byte| byte == HOST_TO_CHIP)?;
        let command = match cursor.u8()? {
            code::IN_SET_RF => {
                let [tx, tx_speed, rx, rx_speed] = cursor.array()?;
                Self::InSetRf(Modulation { tx, tx_speed, rx, rx_speed })
            }
            code::IN_SET_PROTOCOL => Self::InSetProtocol(Setting::read_all(&mut cursor)?),
            code::IN_COMM_RF => Self::InCommRf { timeout: cursor.u16_le()?, data: cursor.rest() },
            code::SWITCH_RF => Self::SwitchRf { on: cursor.value("00 or 01", |on| on <= 1)? == 1 },
            code::RESET_DEVICE => Self::ResetDevice { delay: cursor.u16_le()? },
            code::GET_FIRMWARE_VERSION => Self::GetFirmwareVersion { part: cursor.optional() },
            code::GET_PD_DATA_VERSION => Self::GetPdDataVersion,
            code::GET_COMMAND_TYPE => Self::GetCommandType,
            code::SET_COMMAND_TYPE => Self::SetCommandType(cursor.u8()?),
            code::TG_SET_RF => Self::TgSetRf(cursor.array()?),
            code::TG_SET_PROTOCOL => Self::TgSetProtocol(cursor.rest()),
            code::TG_COMM_RF => Self::TgCommRf(TgCommRf {
                guard_time: cursor.u16_le()?,
                send_timeout: cursor.u16_le()?,
                mdaa: cursor.u8()?,
                nfca: cursor.bytes(NFCA)?.into(),
                nfcf: cursor.bytes(NFCF)?.into(),
                halted: cursor.u8()?,
                arae: cursor.u8()?,
                receive_timeout: cursor.u16_le()?,
                data: cursor.rest(),
            }),
            code => Self::Other { code, data: cursor.rest() },
        };
        cursor.end()?;
        Ok(command)
    }
}
