use alloc::vec::Vec;
use core::fmt;

use super::{Capabilities, Message};
use crate::{DecodeError, cursor::Cursor};

/// The longest body that is taken: the longest control transfer, or bulk transfers as long as
/// anybody needs for a card reader.
pub const BODY_MAX: usize = 1 << 17;

/// Type and length, without the id.
const HEAD: usize = 8;

/// A message and the number that its answer will have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Of a request: any. Of an answer: that of the request. Of anything else: 0.
    pub id: u64,
    /// What it says.
    pub message: Message,
}

impl Packet {
    /// The bytes, with what both sides can do. `None` where a length does not fit: that of the body
    /// [`BODY_MAX`], that of a transfer its bytes, or either or the id the width that was agreed.
    #[must_use]
    pub fn encode(&self, agreed: Capabilities) -> Option<Vec<u8>> {
        let body = self.message.encode(agreed)?;
        if body.len() > BODY_MAX {
            return None;
        }
        let mut out = self.message.kind().to_le_bytes().to_vec();
        out.extend(u32::try_from(body.len()).ok()?.to_le_bytes());
        if wide(&self.message, agreed) {
            out.extend(self.id.to_le_bytes());
        } else {
            out.extend(u32::try_from(self.id).ok()?.to_le_bytes());
        }
        out.extend(body);
        Some(out)
    }
}

/// Whether the id of such a packet has eight bytes.
fn wide(message: &Message, agreed: Capabilities) -> bool {
    agreed.has(Capabilities::IDS_64) && !matches!(message, Message::Hello(_))
}

/// Why bytes are no packet. The stream is of no use from then on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// The body is not what its type wants. Offsets count from its first byte.
    #[error("type {kind}: {error}")]
    Body {
        /// Type of the packet.
        kind: u32,
        /// What is wrong.
        error: DecodeError,
    },
    /// A packet is too long.
    #[error("a body of {length} bytes, more than the {BODY_MAX} that a packet may have")]
    TooLong {
        /// How many.
        length: usize,
    },
    /// Something else came before the hello.
    #[error("a hello expected first, found a packet of type {kind}")]
    NoHello {
        /// Its type.
        kind: u32,
    },
    /// The hello came again.
    #[error("a second hello")]
    SecondHello,
}

/// Takes bytes as they come from the other side and gives the packets in them.
///
/// Call [`next_packet`](Self::next_packet) until it gives `None` after each push: then less than a
/// packet of [`BODY_MAX`] is kept.
#[derive(Clone)]
pub struct Decoder {
    own: Capabilities,
    agreed: Option<Capabilities>,
    buffer: Vec<u8>,
    broken: bool,
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decoder({} bytes, agreed {:?})", self.buffer.len(), self.agreed)
    }
}

impl Decoder {
    /// A decoder for a side whose own hello tells these.
    #[must_use]
    pub fn new(own: Capabilities) -> Self {
        Self { own, agreed: None, buffer: Vec::new(), broken: false }
    }

    /// What both sides can do; `None` until the other side's hello came.
    #[must_use]
    pub fn agreed(&self) -> Option<Capabilities> {
        self.agreed
    }

    /// Appends what came.
    pub fn push(&mut self, bytes: &[u8]) {
        if !self.broken {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next packet; `None` until more bytes come. After an error nothing comes any more.
    pub fn next_packet(&mut self) -> Option<Result<Packet, PacketError>> {
        let next = self.take();
        if next.is_err() {
            self.broken = true;
            self.buffer = Vec::new();
        }
        next.transpose()
    }

    fn take(&mut self) -> Result<Option<Packet>, PacketError> {
        let agreed = self.agreed.unwrap_or_default();
        let id_length = if agreed.has(Capabilities::IDS_64) { 8 } else { 4 };
        let mut cursor = Cursor::new("usbredir header", &self.buffer);
        let Ok(kind) = cursor.array().map(u32::from_le_bytes) else { return Ok(None) };
        let Ok(length) = cursor.array().map(u32::from_le_bytes) else { return Ok(None) };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        // Before the rest is waited for: noise would announce four gigabytes.
        match (kind, self.agreed) {
            _ if length > BODY_MAX => return Err(PacketError::TooLong { length }),
            (0, Some(_)) => return Err(PacketError::SecondHello),
            (1.., None) => return Err(PacketError::NoHello { kind }),
            _ => {}
        }
        let Ok(id) = cursor.bytes(id_length) else { return Ok(None) };
        let id = id.iter().rev().fold(0_u64, |id, byte| id << 8 | u64::from(*byte));
        let Ok(body) = cursor.bytes(length) else { return Ok(None) };
        let message = Message::decode(kind, body, agreed)
            .map_err(|error| PacketError::Body { kind, error })?;
        if let Message::Hello(hello) = &message {
            self.agreed = Some(self.own.agreed(hello.capabilities()));
        }
        self.buffer.drain(..HEAD.saturating_add(id_length).saturating_add(length));
        Ok(Some(Packet { id, message }))
    }
}
