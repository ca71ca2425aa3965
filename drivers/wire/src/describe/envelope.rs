use alloc::vec::Vec;

use super::{Dialect, Error, Message, Side};
use crate::{
    DecodeError, Raw,
    felica::frame,
    iso14443a, iso14443b,
    sof::{self, Family, Frame},
};

/// Kinds of envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EnvelopeKind {
    /// Start code, length, checks.
    Frame,
    /// The data of such a frame alone.
    Payload,
    /// FeliCa with its length byte and nothing else.
    Len,
    /// With a CRC, and sync bytes before it.
    Crc,
    /// Four bytes of an identifier and their BCC.
    Bcc,
    /// Nothing.
    Bare,
}

impl EnvelopeKind {
    /// All, by their names; `none` is another word for `bare`.
    pub const ALL: [(&'static str, Self); 7] = [
        ("frame", Self::Frame),
        ("payload", Self::Payload),
        ("len", Self::Len),
        ("crc", Self::Crc),
        ("bcc", Self::Bcc),
        ("bare", Self::Bare),
        ("none", Self::Bare),
    ];
}

/// What surrounds a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Envelope {
    /// Start code, length, checks.
    Frame(FrameParts),
    /// Nothing but what the dialect's messages have themselves.
    Bare,
    /// CRC_F, CRC_A or CRC_B.
    Crc {
        /// Whether FeliCa sync bytes come first.
        sync: bool,
        /// Type B's CRC in the dialect of both types.
        type_b: bool,
        /// The CRC. Shown only.
        #[cfg_attr(feature = "serde", serde(default))]
        crc: Raw,
    },
    /// BCC behind four bytes of an identifier.
    Bcc {
        /// The check byte. Shown only.
        #[cfg_attr(feature = "serde", serde(default))]
        bcc: u8,
    },
}

/// Parts of a start-of-frame frame besides its data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FrameParts {
    /// What comes before the start code 00 FF.
    pub before: Raw,
    /// A length in the extended form.
    pub extended: bool,
    /// How many bytes of data. Shown only, as are both checks.
    #[cfg_attr(feature = "serde", serde(default))]
    pub length: usize,
    /// Check of the length.
    #[cfg_attr(feature = "serde", serde(default))]
    pub length_check: Option<u8>,
    /// Check of the data.
    #[cfg_attr(feature = "serde", serde(default))]
    pub data_check: Option<u8>,
    /// Postamble: 00 or nothing.
    pub after: Raw,
}

/// What is in an envelope.
pub(super) enum Payload<'a> {
    Bytes(&'a [u8]),
    Data(Vec<u8>),
    /// A frame that is a message by itself.
    Whole(Message),
}

pub(super) fn family(dialect: Dialect) -> Family {
    if dialect == Dialect::Port100 { Family::Port100 } else { Family::Pn53x }
}

/// The envelope, what is in it, and where that begins.
pub(super) fn open(
    dialect: Dialect,
    dir: Side,
    kind: Option<EnvelopeKind>,
    bytes: &[u8],
) -> Result<(Envelope, Payload<'_>, usize), Error> {
    let bare = |bytes| Ok((Envelope::Bare, Payload::Bytes(bytes), 0));
    match (dialect, kind) {
        (Dialect::Pn532 | Dialect::Port100, None | Some(EnvelopeKind::Frame)) => {
            open_frame(dialect, bytes)
        }
        (Dialect::Felica, Some(EnvelopeKind::Crc)) => open_felica(bytes),
        (Dialect::Felica, None) if !has_own_length(bytes) => open_felica(bytes),
        (Dialect::Iso14443, Some(EnvelopeKind::Bcc)) => open_bcc(bytes),
        (Dialect::Iso14443, Some(EnvelopeKind::Crc)) => open_crc(bytes),
        (Dialect::Iso14443, None) => match guess(dir, bytes) {
            EnvelopeKind::Bcc => open_bcc(bytes),
            EnvelopeKind::Crc => open_crc(bytes),
            _ => bare(bytes),
        },
        _ => bare(bytes),
    }
}

fn open_frame(dialect: Dialect, bytes: &[u8]) -> Result<(Envelope, Payload<'_>, usize), Error> {
    let located = sof::locate(family(dialect), bytes)?;
    let (_, after) = bytes.split_at_checked(located.end).unwrap_or_default();
    let (before, _) = bytes.split_at_checked(located.start).unwrap_or_default();
    if !matches!(after, [] | [0]) {
        let offset = located.end.saturating_add(usize::from(after.starts_with(&[0])));
        let extra = bytes.len().saturating_sub(offset);
        return Err(DecodeError::Trailing { what: "frame", offset, extra }.into());
    }
    let mut parts = FrameParts {
        before: before.into(),
        extended: located.extended,
        length: 0,
        length_check: None,
        data_check: None,
        after: after.into(),
    };
    let header: usize = if located.extended { 7 } else { 4 };
    let payload = match located.frame {
        Frame::Ack => Payload::Whole(Message::Ack),
        Frame::Nack => Payload::Whole(Message::Nack),
        Frame::Error => Payload::Whole(Message::SyntaxError),
        Frame::Data(ref data) => Payload::Data(data.clone()),
    };
    let start = located.start.saturating_add(header);
    if matches!(located.frame, Frame::Data(_) | Frame::Error) {
        parts.length = located.end.saturating_sub(start).saturating_sub(1);
        parts.length_check = bytes.get(start.saturating_sub(1)).copied();
        parts.data_check = bytes.get(located.end.saturating_sub(1)).copied();
    }
    Ok((Envelope::Frame(parts), payload, start))
}

/// A message whose length byte counts all there is has no CRC behind it.
fn has_own_length(bytes: &[u8]) -> bool {
    let without_crc = |first: u8| bytes.len().checked_sub(2) != Some(first.into());
    !bytes.starts_with(&frame::SYNC) && bytes.first().is_none_or(|first| without_crc(*first))
}

fn open_felica(bytes: &[u8]) -> Result<(Envelope, Payload<'_>, usize), Error> {
    let (sync, rest, offset) = match bytes.strip_prefix(&frame::SYNC) {
        Some(rest) => (true, rest, frame::SYNC.len()),
        None => (false, bytes, 0),
    };
    let message = frame::strip_crc_f(rest).map_err(|error| error.shifted(offset))?;
    let crc = frame::crc_f(message)[..].into();
    Ok((Envelope::Crc { sync, type_b: false, crc }, Payload::Bytes(message), offset))
}

fn open_bcc(bytes: &[u8]) -> Result<(Envelope, Payload<'_>, usize), Error> {
    let level = iso14443a::decode_level(bytes)?;
    let bcc = iso14443a::bcc(level);
    Ok((Envelope::Bcc { bcc }, Payload::Data(level.to_vec()), 0))
}

fn open_crc(bytes: &[u8]) -> Result<(Envelope, Payload<'_>, usize), Error> {
    let (type_b, body) = match (iso14443a::strip_crc_a(bytes), iso14443b::strip_crc_b(bytes)) {
        (Ok(body), _) => (false, body),
        (_, Ok(body)) => (true, body),
        // Neither fits: which one was meant shows in the first byte alone.
        (_, Err(error)) if matches!(bytes.first(), Some(0x05 | 0x1D)) => return Err(error.into()),
        (_, Err(error)) if bytes.starts_with(&[0x50]) && bytes.len() > 4 => {
            return Err(error.into());
        }
        (Err(error), _) => return Err(error.into()),
    };
    let crc = if type_b { iso14443b::crc_b(body) } else { iso14443a::crc_a(body) };
    Ok((Envelope::Crc { sync: false, type_b, crc: crc[..].into() }, Payload::Bytes(body), 0))
}

/// The envelope of bytes on the air, by their first byte and length.
fn guess(dir: Side, bytes: &[u8]) -> EnvelopeKind {
    let crc = |with_crc: bool| if with_crc { EnvelopeKind::Crc } else { EnvelopeKind::Bare };
    let len = bytes.len();
    match (dir, bytes) {
        (Side::Card, [0x50, ..]) if len >= 12 => crc(len >= 14),
        (Side::Card, [_, _, _, _, _]) if iso14443a::strip_crc_a(bytes).is_err() => {
            EnvelopeKind::Bcc
        }
        (Side::Card, [tl, ..]) => crc(len >= 3 && usize::from(*tl) != len),
        (_, [0x93 | 0x95 | 0x97, 0x70, ..]) => crc(len > 7),
        (_, [0x93 | 0x95 | 0x97, ..]) => EnvelopeKind::Bare,
        (_, [0x05, ..]) => crc(len > 3),
        (_, [0x1D, ..]) => crc(len > 9),
        (_, [0x50, 0x00, ..]) if len <= 4 => crc(len > 2),
        (_, [0x50, ..]) => crc(len > 5),
        (_, [0xE0, ..]) => crc(len > 2),
        _ => crc(len > 2),
    }
}

/// Puts a message into its envelope.
pub(super) fn close(
    dialect: Dialect,
    envelope: &Envelope,
    message: &Message,
) -> Result<Vec<u8>, Error> {
    match envelope {
        Envelope::Frame(parts) => {
            let frame = match message {
                Message::Ack => Frame::Ack,
                Message::Nack => Frame::Nack,
                Message::SyntaxError => Frame::Error,
                _ => Frame::Data(message.encode().ok_or(Error::Unencodable)?),
            };
            let whole = frame.encode_as(family(dialect), parts.extended)?;
            // Without the one byte of preamble and of postamble.
            let frame = whole.get(1..whole.len().saturating_sub(1)).unwrap_or_default();
            Ok([&parts.before[..], frame, &parts.after].concat())
        }
        Envelope::Bare => message.encode().ok_or(Error::Unencodable),
        Envelope::Crc { sync, type_b, .. } => {
            let body = message.encode().ok_or(Error::Unencodable)?;
            let crc = match (dialect, type_b) {
                (Dialect::Felica, _) => frame::crc_f(&body),
                (_, false) => iso14443a::crc_a(&body),
                (_, true) => iso14443b::crc_b(&body),
            };
            let sync = if *sync { &frame::SYNC[..] } else { &[] };
            Ok([sync, &body, &crc].concat())
        }
        Envelope::Bcc { .. } => {
            let body = message.encode().ok_or(Error::Unencodable)?;
            let level = body.first_chunk::<4>().ok_or(Error::Unencodable)?;
            Ok([&body[..], &[iso14443a::bcc(*level)]].concat())
        }
    }
}
