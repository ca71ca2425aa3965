use alloc::vec::Vec;

use super::{HOST_TO_CHIP, code, initiator::Initiator};
use crate::{DecodeError, Raw, cursor::Cursor};

/// What a host asks of the chip.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Command {
    /// Self tests; test 00 is an echo of everything from the test number on.
    Diagnose {
        /// NumTst.
        test: u8,
        /// Parameters.
        data: Raw,
    },
    /// Which chip, which firmware.
    GetFirmwareVersion,
    /// Last error, field, targets.
    GetGeneralStatus,
    /// Reads registers by address.
    ReadRegister(#[cfg_attr(feature = "serde", serde(with = "crate::hex::words"))] Vec<u16>),
    /// Writes registers.
    WriteRegister(Vec<RegisterWrite>),
    /// Changes the rate of a serial line, after the host has acknowledged the answer.
    SetSerialBaudRate(BaudRate),
    /// Flags: b0 NAD, b1 DID, b2 automatic ATR_RES, b4 automatic RATS, b5 card emulation, b6 no
    /// preamble and postamble. Default 14.
    SetParameters(u8),
    /// How a security module is wired; also what wakes a chip up for good.
    #[doc(alias = "SAMConfiguration")]
    SamConfiguration(SamConfiguration),
    /// Sleeps until one of the sources wakes it: b0 INT0, b1 INT1, b3 RF, b4 serial line, b5 SPI,
    /// b6 GPIO, b7 I2C.
    PowerDown {
        /// Sources.
        wake_up: u8,
        /// Whether the interrupt line tells of it.
        irq: Option<u8>,
    },
    /// Settings of the radio.
    #[doc(alias = "RFConfiguration")]
    RfConfiguration(RfItem),
    /// Finds and selects up to `max_tg` cards of one kind.
    InListPassiveTarget {
        /// MaxTg, 1 or 2.
        max_tg: u8,
        /// Which kind, and how to ask.
        initiator: Initiator,
    },
    /// Talks to a target in its own protocol.
    InDataExchange {
        /// The target's number.
        tg: u8,
        /// More data follow.
        more: bool,
        /// What to send.
        data: Raw,
    },
    /// Sends bytes as they are.
    InCommunicateThru(Raw),
    /// Deselects a target, 00 = all.
    InDeselect(u8),
    /// Forgets a target, 00 = all.
    InRelease(u8),
    /// Selects a target.
    InSelect(u8),
    /// Looks for several kinds in turn, by itself.
    InAutoPoll {
        /// How many times, FF = for ever.
        poll_nr: u8,
        /// How long one kind takes, in 150 ms.
        period: u8,
        /// 1 to 15 kinds.
        kinds: Vec<u8>,
    },
    /// A command this crate has no type for.
    Unknown {
        /// Its code.
        code: u8,
        /// What follows.
        data: Raw,
    },
}

/// One register and its new value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RegisterWrite {
    /// Address.
    #[cfg_attr(feature = "serde", serde(with = "crate::hex::word"))]
    pub address: u16,
    /// Value.
    pub value: u8,
}

/// Rates of a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum BaudRate {
    /// 9 600 bit/s.
    B9600,
    /// 19 200 bit/s.
    B19200,
    /// 38 400 bit/s.
    B38400,
    /// 57 600 bit/s.
    B57600,
    /// 115 200 bit/s, the rate after a reset.
    B115200,
    /// 230 400 bit/s.
    B230400,
    /// 460 800 bit/s.
    B460800,
    /// 921 600 bit/s.
    B921600,
    /// 1 288 000 bit/s.
    B1288000,
}

impl BaudRate {
    /// With their bits per second, in the order of their codes, from 00 on.
    const ALL: [(Self, u32); 9] = [
        (Self::B9600, 9_600),
        (Self::B19200, 19_200),
        (Self::B38400, 38_400),
        (Self::B57600, 57_600),
        (Self::B115200, 115_200),
        (Self::B230400, 230_400),
        (Self::B460800, 460_800),
        (Self::B921600, 921_600),
        (Self::B1288000, 1_288_000),
    ];

    /// The rate of so many bits per second.
    #[must_use]
    pub fn from_bit_per_s(bit_per_s: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, b)| *b == bit_per_s).map(|(rate, _)| rate)
    }

    /// Bits per second.
    #[must_use]
    pub fn bit_per_s(self) -> u32 {
        Self::ALL.into_iter().find(|(rate, _)| *rate == self).map_or(115_200, |(_, b)| b)
    }

    fn code(self) -> u8 {
        (0..).zip(Self::ALL).find(|(_, (rate, _))| *rate == self).map_or(0, |(code, _)| code)
    }
}

/// The three lengths in which hosts send SAMConfiguration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SamConfiguration {
    /// Mode.
    pub mode: SamMode,
    /// Time-out in 50 ms, in virtual card mode only; then whether the interrupt line is used.
    pub timeout_irq: Option<(u8, Option<u8>)>,
}

/// How a security module is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SamMode {
    /// Not at all.
    Normal,
    /// As a virtual card.
    VirtualCard,
    /// As a wired card.
    WiredCard,
    /// As both.
    DualCard,
}

impl SamMode {
    fn code(self) -> u8 {
        match self {
            Self::Normal => 1,
            Self::VirtualCard => 2,
            Self::WiredCard => 3,
            Self::DualCard => 4,
        }
    }
}

/// One item of RFConfiguration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RfItem {
    /// 01.
    Field {
        /// Looks for a foreign field before switching on.
        auto_rfca: bool,
        /// Whether the field is on.
        on: bool,
    },
    /// 02. Time-outs are codes: 0 is none, n is 100 µs doubled n-1 times.
    Timings {
        /// Reserved.
        rfu: u8,
        /// For ATR_RES.
        atr_res: u8,
        /// For everything else.
        retry: u8,
    },
    /// 05. How often the chip tries again; FF = for ever.
    MaxRetries {
        /// For ATR_REQ.
        atr: u8,
        /// For PSL_REQ.
        psl: u8,
        /// For InListPassiveTarget.
        passive_activation: u8,
    },
    /// Any other: retries of a data exchange (04), analogue settings (0A to 0D).
    Other {
        /// The item's number.
        item: u8,
        /// Its data.
        data: Raw,
    },
}

impl Command {
    /// The command's code: the second byte.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::Diagnose { .. } => code::DIAGNOSE,
            Self::GetFirmwareVersion => code::GET_FIRMWARE_VERSION,
            Self::GetGeneralStatus => code::GET_GENERAL_STATUS,
            Self::ReadRegister(_) => code::READ_REGISTER,
            Self::WriteRegister(_) => code::WRITE_REGISTER,
            Self::SetSerialBaudRate(_) => code::SET_SERIAL_BAUD_RATE,
            Self::SetParameters(_) => code::SET_PARAMETERS,
            Self::SamConfiguration(_) => code::SAM_CONFIGURATION,
            Self::PowerDown { .. } => code::POWER_DOWN,
            Self::RfConfiguration(_) => code::RF_CONFIGURATION,
            Self::InListPassiveTarget { .. } => code::IN_LIST_PASSIVE_TARGET,
            Self::InDataExchange { .. } => code::IN_DATA_EXCHANGE,
            Self::InCommunicateThru(_) => code::IN_COMMUNICATE_THRU,
            Self::InDeselect(_) => code::IN_DESELECT,
            Self::InRelease(_) => code::IN_RELEASE,
            Self::InSelect(_) => code::IN_SELECT,
            Self::InAutoPoll { .. } => code::IN_AUTO_POLL,
            Self::Unknown { code, .. } => *code,
        }
    }

    /// Some command with this code, to read an answer by whose command is not known.
    pub(super) fn with_code(code: u8) -> Self {
        let data = Raw::default();
        match code {
            code::DIAGNOSE => Self::Diagnose { test: 0, data },
            code::GET_FIRMWARE_VERSION => Self::GetFirmwareVersion,
            code::GET_GENERAL_STATUS => Self::GetGeneralStatus,
            code::WRITE_REGISTER => Self::WriteRegister(Vec::new()),
            code::SET_SERIAL_BAUD_RATE => Self::SetSerialBaudRate(BaudRate::B115200),
            code::SET_PARAMETERS => Self::SetParameters(0),
            code::SAM_CONFIGURATION => Self::SamConfiguration(SamConfiguration {
                mode: SamMode::Normal,
                timeout_irq: None,
            }),
            code::POWER_DOWN => Self::PowerDown { wake_up: 0, irq: None },
            code::RF_CONFIGURATION => {
                Self::RfConfiguration(RfItem::Field { auto_rfca: false, on: false })
            }
            code::IN_DATA_EXCHANGE => Self::InDataExchange { tg: 0, more: false, data },
            code::IN_COMMUNICATE_THRU => Self::InCommunicateThru(data),
            code::IN_DESELECT => Self::InDeselect(0),
            code::IN_RELEASE => Self::InRelease(0),
            code::IN_SELECT => Self::InSelect(0),
            code::IN_AUTO_POLL => Self::InAutoPoll { poll_nr: 1, period: 1, kinds: Vec::new() },
            code => Self::Unknown { code, data },
        }
    }

    /// The data of its frame, D4 first.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = [HOST_TO_CHIP, self.code()].to_vec();
        match self {
            Self::GetFirmwareVersion | Self::GetGeneralStatus => {}
            Self::Diagnose { test, data } => {
                out.push(*test);
                out.extend_from_slice(data);
            }
            Self::ReadRegister(addresses) => {
                out.extend(addresses.iter().flat_map(|address| address.to_be_bytes()));
            }
            Self::WriteRegister(writes) => {
                for RegisterWrite { address, value } in writes {
                    out.extend(address.to_be_bytes());
                    out.push(*value);
                }
            }
            Self::SetSerialBaudRate(rate) => out.push(rate.code()),
            Self::SetParameters(flags) => out.push(*flags),
            Self::SamConfiguration(SamConfiguration { mode, timeout_irq }) => {
                out.push(mode.code());
                if let Some((timeout, irq)) = timeout_irq {
                    out.push(*timeout);
                    out.extend(irq);
                }
            }
            Self::PowerDown { wake_up, irq } => {
                out.push(*wake_up);
                out.extend(irq);
            }
            Self::RfConfiguration(item) => item.write(&mut out),
            Self::InListPassiveTarget { max_tg, initiator } => {
                out.push(*max_tg);
                initiator.write(&mut out);
            }
            Self::InDataExchange { tg, more, data } => {
                out.push(tg | if *more { MORE } else { 0 });
                out.extend_from_slice(data);
            }
            Self::InDeselect(tg) | Self::InRelease(tg) | Self::InSelect(tg) => out.push(*tg),
            Self::InAutoPoll { poll_nr, period, kinds } => {
                out.extend([*poll_nr, *period]);
                out.extend_from_slice(kinds);
            }
            Self::InCommunicateThru(data) | Self::Unknown { data, .. } => {
                out.extend_from_slice(data);
            }
        }
        out
    }

    /// Reads the data of a frame, D4 first. A code without a type here becomes
    /// [`Command::Unknown`].
    ///
    /// # Errors
    /// Another direction, or a length or value that the command does not allow.
    pub fn decode(data: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new("PN532 command", data);
        cursor.value("direction D4", |byte| byte == HOST_TO_CHIP)?;
        let code = cursor.u8()?;
        let command = match code {
            code::DIAGNOSE => Self::Diagnose { test: cursor.u8()?, data: cursor.rest() },
            code::GET_FIRMWARE_VERSION => Self::GetFirmwareVersion,
            code::GET_GENERAL_STATUS => Self::GetGeneralStatus,
            code::READ_REGISTER => Self::ReadRegister(many(&mut cursor, |cursor| cursor.u16_be())?),
            code::WRITE_REGISTER => Self::WriteRegister(many(&mut cursor, |cursor| {
                Ok(RegisterWrite { address: cursor.u16_be()?, value: cursor.u8()? })
            })?),
            code::SET_SERIAL_BAUD_RATE => {
                let rate = cursor.value("a rate from 00 to 08", |code| code <= 8)?;
                let rate = BaudRate::ALL.get(usize::from(rate)).map(|(rate, _)| *rate);
                Self::SetSerialBaudRate(rate.unwrap_or(BaudRate::B115200))
            }
            code::SET_PARAMETERS => Self::SetParameters(cursor.u8()?),
            code::SAM_CONFIGURATION => {
                let mode = match cursor.value("a mode from 01 to 04", |m| (1..=4).contains(&m))? {
                    2 => SamMode::VirtualCard,
                    3 => SamMode::WiredCard,
                    4 => SamMode::DualCard,
                    _ => SamMode::Normal,
                };
                let timeout_irq = cursor.optional().map(|timeout| (timeout, cursor.optional()));
                Self::SamConfiguration(SamConfiguration { mode, timeout_irq })
            }
            code::POWER_DOWN => Self::PowerDown { wake_up: cursor.u8()?, irq: cursor.optional() },
            code::RF_CONFIGURATION => Self::RfConfiguration(RfItem::read(&mut cursor)?),
            code::IN_LIST_PASSIVE_TARGET => Self::InListPassiveTarget {
                max_tg: cursor.value("MaxTg 01 or 02", |max| matches!(max, 1 | 2))?,
                initiator: Initiator::read(&mut cursor)?,
            },
            code::IN_DATA_EXCHANGE => {
                let tg = cursor.u8()?;
                Self::InDataExchange { tg: tg & !MORE, more: tg & MORE != 0, data: cursor.rest() }
            }
            code::IN_COMMUNICATE_THRU => Self::InCommunicateThru(cursor.rest()),
            code::IN_DESELECT => Self::InDeselect(cursor.u8()?),
            code::IN_RELEASE => Self::InRelease(cursor.u8()?),
            code::IN_SELECT => Self::InSelect(cursor.u8()?),
            code::IN_AUTO_POLL => {
                let poll_nr = cursor.value("PollNr from 01", |count| count != 0)?;
                let period = cursor.value("a period from 01 to 0F", |p| (1..=15).contains(&p))?;
                let mut kinds = [cursor.u8()?].to_vec();
                while kinds.len() < KINDS_MAX && !cursor.is_empty() {
                    kinds.push(cursor.u8()?);
                }
                Self::InAutoPoll { poll_nr, period, kinds }
            }
            _ => Self::Unknown { code, data: cursor.rest() },
        };
        cursor.end()?;
        Ok(command)
    }
}

/// How many kinds InAutoPoll takes.
const KINDS_MAX: usize = 15;

/// In InDataExchange's target number: more data follow.
const MORE: u8 = 0x40;

/// At least one item, up to the end.
fn many<T>(
    cursor: &mut Cursor<'_>,
    read: impl Fn(&mut Cursor<'_>) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let mut items = [read(cursor)?].into_iter().collect::<Vec<_>>();
    while !cursor.is_empty() {
        items.push(read(cursor)?);
    }
    Ok(items)
}

impl RfItem {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Field { auto_rfca, on } => {
                out.extend([0x01, u8::from(*auto_rfca) << 1 | u8::from(*on)]);
            }
            Self::Timings { rfu, atr_res, retry } => out.extend([0x02, *rfu, *atr_res, *retry]),
            Self::MaxRetries { atr, psl, passive_activation } => {
                out.extend([0x05, *atr, *psl, *passive_activation]);
            }
            Self::Other { item, data } => {
                out.push(*item);
                out.extend_from_slice(data);
            }
        }
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(match cursor.u8()? {
            0x01 => {
                let bits = cursor.value("bits 00 to 03", |bits| bits <= 3)?;
                Self::Field { auto_rfca: bits & 2 != 0, on: bits & 1 != 0 }
            }
            0x02 => {
                let [rfu, atr_res, retry] = cursor.array()?;
                Self::Timings { rfu, atr_res, retry }
            }
            0x05 => {
                let [atr, psl, passive_activation] = cursor.array()?;
                Self::MaxRetries { atr, psl, passive_activation }
            }
            item => Self::Other { item, data: cursor.rest() },
        })
    }
}
