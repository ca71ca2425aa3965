//! Start-of-frame frames, the envelope between a host and a PN53x chip or Sony's Port-100, the same
//! in both directions (NXP UM0701-02 section 6.2.1):
//!
//! ```text
//! normal    00 | 00 FF | LEN LCS             | data | DCS | 00
//! extended  00 | 00 FF | FF FF LENm LENl LCS | data | DCS | 00
//! ACK       00 | 00 FF | 00 FF | 00
//! NACK      00 | 00 FF | FF 00 | 00
//! error     00 | 00 FF | 01 FF | 7F | 81 | 00
//! ```
//! LEN counts the data; LEN + LCS and data + DCS are 0 modulo 256. Receivers skip anything before
//! `00 FF`, so leading zeros, wake-up bytes and line noise do no harm, and a missing postamble
//! does none either. Port-100 sends data in extended frames only, and LEN low byte first.

use alloc::{borrow::ToOwned, vec::Vec};
use core::fmt;

/// The longest data a frame may carry: direction byte, command code and 263 bytes.
pub const DATA_MAX: usize = 265;

/// The longest data in a frame of [`Family::Port100`].
pub const PORT100_DATA_MAX: usize = 1001;

/// How many bytes a [`Decoder`] keeps at most. What a single push brings beyond it pushes the
/// oldest bytes out, as an overrun of a serial port does.
pub const BUFFER_MAX: usize = 4096;

/// Wake-up noise for a serial chip that sleeps: it needs some edges, and time, before it listens.
pub const WAKE_UP: [u8; 16] = [0x55, 0x55, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

const START: [u8; 2] = [0x00, 0xFF];
const ACK: [u8; 2] = [0x00, 0xFF];
const NACK: [u8; 2] = [0xFF, 0x00];
const EXTENDED: [u8; 2] = [0xFF, 0xFF];
/// What stands in an error frame instead of a direction byte.
const SYNTAX_ERROR: u8 = 0x7F;

/// Whose frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// NXP PN531, PN532, PN533 and Sony RC-S956.
    #[default]
    Pn53x,
    /// Sony Port-100 (RC-S380).
    Port100,
}

impl Family {
    /// The longest data a frame may carry.
    #[must_use]
    pub fn data_max(self) -> usize {
        match self {
            Self::Pn53x => DATA_MAX,
            Self::Port100 => PORT100_DATA_MAX,
        }
    }

    /// LEN of an extended frame.
    fn extended_length(self, len: u16) -> [u8; 2] {
        match self {
            Self::Pn53x => len.to_be_bytes(),
            Self::Port100 => len.to_le_bytes(),
        }
    }

    fn length(self, len: &[u8]) -> usize {
        match (self, len) {
            (Self::Pn53x, [high, low]) => u16::from_be_bytes([*high, *low]).into(),
            (Self::Port100, [low, high]) => u16::from_le_bytes([*low, *high]).into(),
            (_, [len]) => usize::from(*len),
            _ => 0,
        }
    }
}

/// One frame.
#[derive(Clone, PartialEq, Eq)]
pub enum Frame {
    /// "I took your frame"; from a host also: stop what you are doing.
    Ack,
    /// "Send your last frame again."
    Nack,
    /// The chip does not know the command, or not in this length.
    Error,
    /// Direction byte, code and the rest: 1 to [`DATA_MAX`] bytes.
    Data(Vec<u8>),
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ack => f.write_str("Ack"),
            Self::Nack => f.write_str("Nack"),
            Self::Error => f.write_str("Error"),
            // Direction and code only: the rest may hold a card identifier.
            Self::Data(data) => match data.as_slice() {
                [direction, code, ..] => {
                    write!(f, "Data({direction:02X} {code:02X}, {} bytes)", data.len())
                }
                _ => write!(f, "Data({} bytes)", data.len()),
            },
        }
    }
}

/// Why a frame is none. Offsets count all bytes that the decoder was ever given, from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// LCS does not fit LEN.
    #[error("length check {expected:02X} expected at byte {offset}, found {found:02X}")]
    LengthCheck {
        /// Where LCS is.
        offset: u64,
        /// What LEN gives.
        expected: u8,
        /// What stands there.
        found: u8,
    },
    /// DCS does not fit the data.
    #[error("data check {expected:02X} expected at byte {offset}, found {found:02X}")]
    DataCheck {
        /// Where DCS is.
        offset: u64,
        /// What the data give.
        expected: u8,
        /// What stands there.
        found: u8,
    },
    /// LEN is 0 or more than the chip takes.
    #[error("a length of 1 to {max} expected at byte {offset}, found {len}")]
    Length {
        /// Where LEN is; 0 when encoding.
        offset: u64,
        /// The longest that is allowed.
        max: usize,
        /// What it says.
        len: usize,
    },
    /// There is no start code.
    #[error("start code 00 FF expected before byte {offset}")]
    Start {
        /// Where the bytes end.
        offset: u64,
    },
    /// The bytes end within a frame.
    #[error("frame ends at byte {offset}, at least {missing} more expected")]
    Short {
        /// Where the bytes end.
        offset: u64,
        /// How many more are needed.
        missing: usize,
    },
}

/// What brings the sum of all bytes to 0 modulo 256.
fn check(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)).wrapping_neg()
}

impl FrameError {
    /// The place it names.
    #[must_use]
    pub fn offset(&self) -> u64 {
        match self {
            Self::LengthCheck { offset, .. }
            | Self::DataCheck { offset, .. }
            | Self::Length { offset, .. }
            | Self::Start { offset }
            | Self::Short { offset, .. } => *offset,
        }
    }
}

impl Frame {
    /// The bytes on the line to a PN53x: one preamble 00, one postamble 00. Data of up to 255 bytes
    /// go into a normal frame.
    ///
    /// # Errors
    /// [`FrameError::Length`] where data are empty or too long.
    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        self.encode_for(Family::Pn53x)
    }

    /// As [`encode`](Self::encode), for either family. Port-100's data frames are always extended.
    ///
    /// # Errors
    /// [`FrameError::Length`] where data are empty or too long.
    pub fn encode_for(&self, family: Family) -> Result<Vec<u8>, FrameError> {
        self.encode_as(family, family == Family::Port100 && matches!(self, Self::Data(_)))
    }

    /// As [`encode_for`](Self::encode_for), but `extended` says whether a frame is extended that
    /// need not be.
    ///
    /// # Errors
    /// [`FrameError::Length`] where data are empty or too long.
    pub fn encode_as(&self, family: Family, extended: bool) -> Result<Vec<u8>, FrameError> {
        let data = match self {
            Self::Ack => return Ok([&[0], &START[..], &ACK, &[0]].concat()),
            Self::Nack => return Ok([&[0], &START[..], &NACK, &[0]].concat()),
            Self::Error => &[SYNTAX_ERROR][..],
            Self::Data(data) => data,
        };
        let (max, len) = (family.data_max(), data.len());
        let wrong = FrameError::Length { offset: 0, max, len };
        if !(1..=max).contains(&len) {
            return Err(wrong);
        }
        let extended = extended || len > 0xFF;
        let len = u16::try_from(len).map_err(|_| wrong)?;
        let length = if extended {
            let len = family.extended_length(len);
            [&EXTENDED[..], &len, &[check(&len)]].concat()
        } else {
            let [_, len] = len.to_be_bytes();
            [len, len.wrapping_neg()].to_vec()
        };
        Ok([&[0], &START[..], &length, data, &[check(data), 0]].concat())
    }
}

/// The first frame in some bytes, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Where its start code begins.
    pub start: usize,
    /// The frame.
    pub frame: Frame,
    /// Whether its length has the extended form.
    pub extended: bool,
    /// Where it ends: behind its last check, before the postamble.
    pub end: usize,
}

/// Finds the first frame in bytes that are all there is.
///
/// # Errors
/// There is no frame, or the first is broken or not complete.
pub fn locate(family: Family, bytes: &[u8]) -> Result<Located, FrameError> {
    let length = bytes.len() as u64;
    let start = bytes.windows(START.len()).position(|window| window == START);
    let start = start.ok_or(FrameError::Start { offset: length })?;
    let (_, rest) = bytes.split_at_checked(start).unwrap_or_default();
    match parse(family, rest, start as u64) {
        Parsed::Incomplete(missing) => Err(FrameError::Short { offset: length, missing }),
        Parsed::Bad(error, _) => Err(error),
        Parsed::Frame(frame, len) => {
            let extended = rest.get(2..4) == Some(&EXTENDED);
            Ok(Located { start, frame, extended, end: start.saturating_add(len) })
        }
    }
}

/// Takes bytes as they come and gives the frames in them.
///
/// Call [`next_frame`](Self::next_frame) until it gives `None` after each push.
///
/// Behind a wrong length check the search goes on right after the start code; behind a wrong data
/// check after the frame, since the length is sound and data can look like a start code (polling
/// for system FFFF does). A byte lost from the data then costs the postamble, not the next frame.
/// Where noise announced a long frame, only the passing of time tells that it never comes: see
/// [`clear`](Self::clear).
#[derive(Clone, Default)]
pub struct Decoder {
    family: Family,
    buffer: Vec<u8>,
    /// Of the first byte in `buffer`.
    offset: u64,
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decoder({} bytes at {})", self.buffer.len(), self.offset)
    }
}

/// What the buffer begins with, once a start code leads it.
enum Parsed {
    /// At least so many bytes are missing.
    Incomplete(usize),
    /// The frame and its length in bytes, start code included.
    Frame(Frame, usize),
    /// What is wrong, and how many bytes to skip.
    Bad(FrameError, usize),
}

impl Decoder {
    /// An empty decoder, for a PN53x.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty decoder, for either family.
    #[must_use]
    pub fn for_family(family: Family) -> Self {
        Self { family, ..Self::default() }
    }

    /// Appends what came over the line.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        self.drop_front(self.buffer.len().saturating_sub(BUFFER_MAX));
    }

    /// Forgets a frame that has begun: for who waited for its end in vain.
    pub fn clear(&mut self) {
        self.drop_front(self.buffer.len());
    }

    /// The next frame or what was wrong with it; `None` until more bytes come.
    pub fn next_frame(&mut self) -> Option<Result<Frame, FrameError>> {
        let start = self.buffer.windows(START.len()).position(|window| window == START);
        let Some(start) = start else {
            // A last 00 may be half of a start code.
            let keep = usize::from(self.buffer.last() == Some(&START[0]));
            self.drop_front(self.buffer.len().saturating_sub(keep));
            return None;
        };
        self.drop_front(start);
        match parse(self.family, &self.buffer, self.offset) {
            Parsed::Incomplete(_) => None,
            Parsed::Frame(frame, len) => {
                self.drop_front(len);
                Some(Ok(frame))
            }
            Parsed::Bad(error, len) => {
                self.drop_front(len);
                Some(Err(error))
            }
        }
    }

    fn drop_front(&mut self, count: usize) {
        self.buffer.drain(..count.min(self.buffer.len()));
        self.offset = self.offset.saturating_add(count as u64);
    }
}

fn parse(family: Family, buffer: &[u8], base: u64) -> Parsed {
    let at = |index: usize| base.saturating_add(index as u64);
    let missing = |whole: usize| Parsed::Incomplete(whole.saturating_sub(buffer.len()));
    let Some(&[first, second]) = buffer.get(2..4).and_then(<[u8]>::first_chunk) else {
        return missing(4);
    };
    // Where LEN begins and how many bytes it has; LCS follows.
    let (start, count) = match [first, second] {
        ACK => return Parsed::Frame(Frame::Ack, 4),
        NACK => return Parsed::Frame(Frame::Nack, 4),
        EXTENDED => (4, 2),
        _ => (2, 1),
    };
    let header = buffer.get(start..).and_then(|header| header.split_at_checked(count));
    let Some((len, [lcs, body @ ..])) = header else {
        return missing(start.saturating_add(count).saturating_add(1));
    };
    if *lcs != check(len) {
        let (expected, found) = (check(len), *lcs);
        let offset = at(start.saturating_add(count));
        return Parsed::Bad(FrameError::LengthCheck { offset, expected, found }, START.len());
    }
    let (len, max) = (family.length(len), family.data_max());
    if !(1..=max).contains(&len) {
        return Parsed::Bad(FrameError::Length { offset: at(start), max, len }, START.len());
    }
    let end = start.saturating_add(count).saturating_add(len).saturating_add(1);
    let whole = end.saturating_add(1);
    let Some((data, [dcs, ..])) = body.split_at_checked(len) else { return missing(whole) };
    if *dcs != check(data) {
        let (expected, found) = (check(data), *dcs);
        return Parsed::Bad(FrameError::DataCheck { offset: at(end), expected, found }, whole);
    }
    let frame = if data == [SYNTAX_ERROR] { Frame::Error } else { Frame::Data(data.to_owned()) };
    Parsed::Frame(frame, whole)
}
