use crate::Raw;

/// Why bytes are not the message they should be. Offsets count from the first byte of the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The message ends too early.
    #[error("{what} ends at byte {offset}, {missing} more expected")]
    Short {
        /// The message or field.
        what: &'static str,
        /// Where the bytes ran out.
        offset: usize,
        /// How many more bytes were needed there.
        missing: usize,
    },
    /// The message is over but bytes follow.
    #[error("{what} is complete at byte {offset}, but {extra} more follow")]
    Trailing {
        /// The message.
        what: &'static str,
        /// Where it was complete.
        offset: usize,
        /// How many bytes follow.
        extra: usize,
    },
    /// A byte has a value that the message does not allow.
    #[error("{what}: expected {expected} at byte {offset}, found {found:02X}")]
    Value {
        /// The message or field.
        what: &'static str,
        /// Where the byte is.
        offset: usize,
        /// What is allowed there.
        expected: &'static str,
        /// What stands there.
        found: u8,
    },
    /// A check byte does not match what it covers.
    #[error("{what}: check byte {expected:02X} expected at byte {offset}, found {found:02X}")]
    Check {
        /// The check.
        what: &'static str,
        /// Where the check byte is.
        offset: usize,
        /// What the covered bytes give.
        expected: u8,
        /// What stands there.
        found: u8,
    },
}

impl DecodeError {
    /// The place it names.
    #[must_use]
    pub fn offset(&self) -> usize {
        match self {
            Self::Short { offset, .. }
            | Self::Trailing { offset, .. }
            | Self::Value { offset, .. }
            | Self::Check { offset, .. } => *offset,
        }
    }

    /// The same, in bytes that begin so much earlier.
    pub(crate) fn shifted(mut self, by: usize) -> Self {
        match &mut self {
            Self::Short { offset, .. }
            | Self::Trailing { offset, .. }
            | Self::Value { offset, .. }
            | Self::Check { offset, .. } => *offset = offset.saturating_add(by),
        }
        self
    }
}

/// Walks over a message and says where it went wrong.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    what: &'static str,
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(what: &'static str, bytes: &'a [u8]) -> Self {
        Self { what, rest: bytes, offset: 0 }
    }

    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let Some((head, tail)) = self.rest.split_at_checked(count) else {
            return Err(DecodeError::Short {
                what: self.what,
                offset: self.offset.saturating_add(self.rest.len()),
                missing: count.saturating_sub(self.rest.len()),
            });
        };
        self.rest = tail;
        self.offset = self.offset.saturating_add(count);
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    pub(crate) fn u16_le(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u16_be(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    /// The next byte, if there is one: for the tails that a sender may leave out.
    pub(crate) fn optional(&mut self) -> Option<u8> {
        self.u8().ok()
    }

    pub(crate) fn rest(&mut self) -> Raw {
        let rest = Raw::from(self.rest);
        self.offset = self.offset.saturating_add(self.rest.len());
        self.rest = &[];
        rest
    }

    /// The next byte, which has to satisfy `fits`.
    pub(crate) fn value(
        &mut self,
        expected: &'static str,
        fits: impl FnOnce(u8) -> bool,
    ) -> Result<u8, DecodeError> {
        let offset = self.offset;
        let found = self.u8()?;
        if fits(found) { Ok(found) } else { Err(self.refuse(offset, expected, found)) }
    }

    pub(crate) fn refuse(&self, offset: usize, expected: &'static str, found: u8) -> DecodeError {
        DecodeError::Value { what: self.what, offset, expected, found }
    }

    pub(crate) fn end(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(DecodeError::Trailing { what: self.what, offset: self.offset, extra: self.rest.len() })
    }
}

/// Takes a CRC of two bytes off the end of a frame; `what` names it.
pub(crate) fn strip_crc<'a>(
    what: &'static str,
    frame: &'a [u8],
    crc: impl FnOnce(&[u8]) -> [u8; 2],
) -> Result<&'a [u8], DecodeError> {
    let Some((body, found)) = frame.split_last_chunk::<2>() else {
        let missing = 2_usize.saturating_sub(frame.len());
        return Err(DecodeError::Short { what, offset: frame.len(), missing });
    };
    let wrong = crc(body).into_iter().zip(*found).enumerate().find(|(_, (want, is))| want != is);
    match wrong {
        None => Ok(body),
        Some((index, (expected, found))) => {
            let offset = body.len().saturating_add(index);
            Err(DecodeError::Check { what, offset, expected, found })
        }
    }
}

/// The CRC of ISO/IEC 14443: polynomial 8408, bits reflected.
pub(crate) fn crc_reflected(start: u16, bytes: &[u8]) -> u16 {
    bytes.iter().fold(start, |crc, byte| {
        (0..8).fold(
            crc ^ u16::from(*byte),
            |crc, _| {
                if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0x8408 }
            },
        )
    })
}
