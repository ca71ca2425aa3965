//! Any bytes of any dialect as a value that shows every field, and back: what `kazasu decode` and
//! `kazasu encode` do, without their I/O.
//!
//! [`decode`] accepts nothing that [`Decoded::encode`] does not give back byte by byte.

mod envelope;
mod inside;
mod message;

use alloc::vec::Vec;

pub use envelope::{Envelope, EnvelopeKind, FrameParts};
pub use inside::Inside;
pub use message::Message;

use crate::{DecodeError, sof::FrameError};

/// In which protocol the bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Dialect {
    /// PN53x chips.
    Pn532,
    /// Sony Port-100.
    Port100,
    /// FeliCa.
    Felica,
    /// ISO/IEC 14443 types A and B, up to activation.
    Iso14443,
    /// APDUs of cards and readers.
    Apdu,
    /// Contactless ATRs.
    Atr,
    /// USB CCID.
    Ccid,
}

impl Dialect {
    /// All, by their names.
    pub const ALL: [(&'static str, Self); 7] = [
        ("pn532", Self::Pn532),
        ("port100", Self::Port100),
        ("felica", Self::Felica),
        ("iso14443", Self::Iso14443),
        ("apdu", Self::Apdu),
        ("atr", Self::Atr),
        ("ccid", Self::Ccid),
    ];
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Side {
    /// A host, to a reader or a card.
    Host,
    /// A reader, to its host or a card.
    Reader,
    /// A card.
    Card,
}

impl Side {
    /// All, by their names.
    pub const ALL: [(&'static str, Self); 3] =
        [("host", Self::Host), ("reader", Self::Reader), ("card", Self::Card)];
}

/// Why bytes were refused, or cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The envelope is broken.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The message is.
    #[error(transparent)]
    Message(#[from] DecodeError),
    /// The value has no bytes: a field is longer or larger than its place.
    #[error("a field does not fit its place")]
    Unencodable,
}

impl Error {
    /// The byte it names, counted from the first one that was given.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        match self {
            Self::Frame(error) => usize::try_from(error.offset()).ok(),
            Self::Message(error) => Some(error.offset()),
            Self::Unencodable => None,
        }
    }
}

/// Bytes with every field named.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Decoded {
    /// In which protocol.
    pub dialect: Dialect,
    /// Who speaks.
    pub dir: Side,
    /// What surrounds the message.
    pub envelope: Envelope,
    /// The message.
    pub message: Message,
    /// What the message's data say in the protocol that they carry. Shown only: the data
    /// themselves are encoded.
    #[cfg_attr(feature = "serde", serde(default, skip_deserializing))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub inside: Option<Inside>,
}

/// Reads bytes. Without `dir` the speaker is taken from the bytes where they tell, else the one
/// who asks; without `envelope`, the one that fits.
///
/// # Errors
/// What is wrong, and where.
pub fn decode(
    dialect: Dialect,
    dir: Option<Side>,
    envelope: Option<EnvelopeKind>,
    bytes: &[u8],
) -> Result<Decoded, Error> {
    let dir = dir.unwrap_or_else(|| message::speaker(dialect, bytes));
    let (envelope, payload, offset) = envelope::open(dialect, dir, envelope, bytes)?;
    let shift = |error: DecodeError| error.shifted(offset);
    let message = match payload {
        envelope::Payload::Bytes(bytes) => {
            Message::decode(dialect, dir, &envelope, bytes).map_err(shift)?
        }
        envelope::Payload::Data(data) => {
            Message::decode(dialect, dir, &envelope, &data).map_err(shift)?
        }
        envelope::Payload::Whole(message) => message,
    };
    let inside = Inside::of(&message);
    Ok(Decoded { dialect, dir, envelope, message, inside })
}

impl Decoded {
    /// The bytes. Lengths and checks are worked out anew; those in the envelope are shown only.
    ///
    /// # Errors
    /// A field does not fit its place.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        envelope::close(self.dialect, &self.envelope, &self.message)
    }
}
