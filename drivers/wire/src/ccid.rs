//! Bulk messages of USB CCID readers (USB CCID revision 1.1 section 6), both directions: a header
//! of ten bytes, whose length field is little-endian, and data.

use alloc::vec::Vec;

use crate::{DecodeError, Raw, cursor::Cursor};

/// The longest data of a message: an extended APDU of 65 535 bytes with its header and lengths.
pub const DATA_MAX: u32 = 65_544;

/// Message codes.
mod code {
    pub(super) const SET_PARAMETERS: u8 = 0x61;
    pub(super) const ICC_POWER_ON: u8 = 0x62;
    pub(super) const ICC_POWER_OFF: u8 = 0x63;
    pub(super) const GET_SLOT_STATUS: u8 = 0x65;
    pub(super) const ESCAPE: u8 = 0x6B;
    pub(super) const GET_PARAMETERS: u8 = 0x6C;
    pub(super) const RESET_PARAMETERS: u8 = 0x6D;
    pub(super) const XFR_BLOCK: u8 = 0x6F;
    pub(super) const ABORT: u8 = 0x72;
    pub(super) const DATA_BLOCK: u8 = 0x80;
    pub(super) const SLOT_STATUS: u8 = 0x81;
    pub(super) const PARAMETERS: u8 = 0x82;
    pub(super) const ESCAPE_ANSWER: u8 = 0x83;
    pub(super) const DATA_RATE_AND_CLOCK: u8 = 0x84;
    /// Codes from here on are a reader's.
    pub(super) const FIRST_ANSWER: u8 = 0x80;
}

/// What a host sends to a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Command {
    /// Which slot, from 0.
    pub slot: u8,
    /// The number that the answer repeats.
    pub seq: u8,
    /// What to do.
    pub request: Request,
    /// What goes with it: an APDU, a reader's own command, parameters; mostly none.
    pub data: Raw,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Request {
    /// Powers the card.
    IccPowerOn {
        /// 0 automatic, 1 5 V, 2 3 V, 3 1.8 V.
        power_select: u8,
    },
    /// Takes the power away.
    IccPowerOff,
    /// Is a card there?
    GetSlotStatus,
    /// Passes data to the card.
    XfrBlock {
        /// Extends the waiting time of the block.
        bwi: u8,
        /// Place in a chain; 0 where the message is whole.
        level: u16,
    },
    /// Passes data to the reader itself.
    Escape,
    /// Asks for the protocol's parameters.
    GetParameters,
    /// Puts them back.
    ResetParameters,
    /// Sets them.
    SetParameters {
        /// 0 T=0, 1 T=1.
        protocol: u8,
    },
    /// Gives up the current command.
    Abort,
    /// A command this crate has no type for.
    Other {
        /// Its code.
        code: u8,
        /// Bytes 7 to 9.
        #[cfg_attr(feature = "serde", serde(with = "crate::hex::bytes"))]
        parameters: [u8; 3],
    },
}

impl Request {
    /// Code, and bytes 7 to 9.
    fn encode(self) -> (u8, [u8; 3]) {
        match self {
            Self::IccPowerOn { power_select } => (code::ICC_POWER_ON, [power_select, 0, 0]),
            Self::IccPowerOff => (code::ICC_POWER_OFF, [0; 3]),
            Self::GetSlotStatus => (code::GET_SLOT_STATUS, [0; 3]),
            Self::XfrBlock { bwi, level } => {
                let [low, high] = level.to_le_bytes();
                (code::XFR_BLOCK, [bwi, low, high])
            }
            Self::Escape => (code::ESCAPE, [0; 3]),
            Self::GetParameters => (code::GET_PARAMETERS, [0; 3]),
            Self::ResetParameters => (code::RESET_PARAMETERS, [0; 3]),
            Self::SetParameters { protocol } => (code::SET_PARAMETERS, [protocol, 0, 0]),
            Self::Abort => (code::ABORT, [0; 3]),
            Self::Other { code, parameters } => (code, parameters),
        }
    }

    fn decode(code: u8, parameters: [u8; 3]) -> Self {
        match (code, parameters) {
            (code::ICC_POWER_ON, [power_select, 0, 0]) => Self::IccPowerOn { power_select },
            (code::ICC_POWER_OFF, [0, 0, 0]) => Self::IccPowerOff,
            (code::GET_SLOT_STATUS, [0, 0, 0]) => Self::GetSlotStatus,
            (code::XFR_BLOCK, [bwi, low, high]) => {
                Self::XfrBlock { bwi, level: u16::from_le_bytes([low, high]) }
            }
            (code::ESCAPE, [0, 0, 0]) => Self::Escape,
            (code::GET_PARAMETERS, [0, 0, 0]) => Self::GetParameters,
            (code::RESET_PARAMETERS, [0, 0, 0]) => Self::ResetParameters,
            (code::SET_PARAMETERS, [protocol, 0, 0]) => Self::SetParameters { protocol },
            (code::ABORT, [0, 0, 0]) => Self::Abort,
            _ => Self::Other { code, parameters },
        }
    }
}

impl Command {
    /// The bytes. `None` where the data are longer than [`DATA_MAX`].
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        let (code, parameters) = self.request.encode();
        let header = Header { code, slot: self.slot, seq: self.seq, parameters };
        header.encode(&self.data)
    }

    /// Reads the bytes. Reserved bytes that are not 0 make the request [`Request::Other`].
    ///
    /// # Errors
    /// A length field that does not fit, or the code of an answer.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new("CCID command", bytes);
        let (header, data) =
            Header::read(&mut cursor, "a code below 80", |code| code < code::FIRST_ANSWER)?;
        let Header { code, slot, seq, parameters } = header;
        Ok(Self { slot, seq, request: Request::decode(code, parameters), data })
    }
}

/// What a reader sends to a host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Answer {
    /// Which slot.
    pub slot: u8,
    /// The number of the command.
    pub seq: u8,
    /// Of the card and of the command.
    pub status: SlotStatus,
    /// Why the command failed; of no meaning where it did not.
    pub error: u8,
    /// To what, and the last byte of the header.
    pub response: Response,
    /// What goes with it.
    pub data: Raw,
}

/// To what kind of command an answer belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Response {
    /// An ATR, or what the card said.
    DataBlock {
        /// Place in a chain; 0 where the message is whole.
        chain: u8,
    },
    /// Is a card there.
    SlotStatus {
        /// 0 running, 1 to 3 stopped.
        clock: u8,
    },
    /// The protocol's parameters.
    Parameters {
        /// 0 T=0, 1 T=1.
        protocol: u8,
    },
    /// What the reader itself said.
    Escape {
        /// Reserved.
        reserved: u8,
    },
    /// Data rate and clock frequency.
    DataRateAndClock {
        /// Reserved.
        reserved: u8,
    },
    /// An answer this crate has no type for.
    Other {
        /// Its code.
        code: u8,
        /// Byte 9.
        last: u8,
    },
}

impl Response {
    fn encode(self) -> (u8, u8) {
        match self {
            Self::DataBlock { chain } => (code::DATA_BLOCK, chain),
            Self::SlotStatus { clock } => (code::SLOT_STATUS, clock),
            Self::Parameters { protocol } => (code::PARAMETERS, protocol),
            Self::Escape { reserved } => (code::ESCAPE_ANSWER, reserved),
            Self::DataRateAndClock { reserved } => (code::DATA_RATE_AND_CLOCK, reserved),
            Self::Other { code, last } => (code, last),
        }
    }

    fn decode(code: u8, last: u8) -> Self {
        match code {
            code::DATA_BLOCK => Self::DataBlock { chain: last },
            code::SLOT_STATUS => Self::SlotStatus { clock: last },
            code::PARAMETERS => Self::Parameters { protocol: last },
            code::ESCAPE_ANSWER => Self::Escape { reserved: last },
            code::DATA_RATE_AND_CLOCK => Self::DataRateAndClock { reserved: last },
            _ => Self::Other { code, last },
        }
    }
}

/// Bits 1 and 0: the card; bits 7 and 6: the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SlotStatus(pub u8);

impl SlotStatus {
    /// Whether a card is there, powered or not.
    #[must_use]
    pub fn has_card(self) -> bool {
        self.0 & 0x03 < 2
    }

    /// The command failed; the error byte says why.
    #[must_use]
    pub fn is_failed(self) -> bool {
        self.0 & 0xC0 == 0x40
    }

    /// The reader needs more time: another answer follows.
    #[must_use]
    pub fn is_time_extension(self) -> bool {
        self.0 & 0xC0 == 0x80
    }
}

impl Answer {
    /// The bytes. `None` where the data are longer than [`DATA_MAX`].
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        let (code, last) = self.response.encode();
        let parameters = [self.status.0, self.error, last];
        Header { code, slot: self.slot, seq: self.seq, parameters }.encode(&self.data)
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// A length field that does not fit, or the code of a command.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new("CCID answer", bytes);
        let (header, data) =
            Header::read(&mut cursor, "a code from 80", |code| code >= code::FIRST_ANSWER)?;
        let Header { code, slot, seq, parameters: [status, error, last] } = header;
        let (status, response) = (SlotStatus(status), Response::decode(code, last));
        Ok(Self { slot, seq, status, error, response, data })
    }
}

/// Ten bytes, without the length.
struct Header {
    code: u8,
    slot: u8,
    seq: u8,
    parameters: [u8; 3],
}

impl Header {
    fn encode(&self, data: &[u8]) -> Option<Vec<u8>> {
        let len = u32::try_from(data.len()).ok().filter(|len| *len <= DATA_MAX)?.to_le_bytes();
        Some([&[self.code], &len[..], &[self.slot, self.seq], &self.parameters, data].concat())
    }

    /// The header and all data behind it.
    fn read(
        cursor: &mut Cursor<'_>,
        expected: &'static str,
        fits: impl FnOnce(u8) -> bool,
    ) -> Result<(Self, Raw), DecodeError> {
        let code = cursor.value(expected, fits)?;
        let offset = cursor.offset();
        let length: [u8; 4] = cursor.array()?;
        let [slot, seq] = cursor.array()?;
        let parameters = cursor.array()?;
        let data = cursor.rest();
        let is = u32::try_from(data.len()).ok().filter(|len| *len <= DATA_MAX);
        let differs = is.map(u32::to_le_bytes).map(|is| is.into_iter().zip(length).enumerate());
        let wrong = differs.and_then(|mut pairs| pairs.find(|(_, (is, says))| is != says));
        if let Some((index, (_, found))) = wrong {
            let offset = offset.saturating_add(index);
            return Err(cursor.refuse(offset, "the length of the data, low byte first", found));
        }
        if is.is_none() {
            let [found, ..] = length;
            return Err(cursor.refuse(offset, "data of at most 65544 bytes", found));
        }
        Ok((Self { code, slot, seq, parameters }, data))
    }
}
