//! What is on the air around a message: six bytes 00 and sync bytes before it, CRC_F behind it
//! (JIS X 6319-4 section 6.2). Readers add and strip all of it.

use crate::{DecodeError, cursor};

/// Sync bytes. They are not covered by the CRC.
pub const SYNC: [u8; 2] = [0xB2, 0x4D];

/// CRC_F over a message with its length byte, in air order (high byte first): polynomial 1021,
/// start 0000.
#[must_use]
pub fn crc_f(message: &[u8]) -> [u8; 2] {
    message
        .iter()
        .fold(0_u16, |crc, byte| {
            (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
            })
        })
        .to_be_bytes()
}

/// Takes CRC_F off the end of a message.
///
/// # Errors
/// Fewer than two bytes, or a CRC that does not fit.
pub fn strip_crc_f(frame: &[u8]) -> Result<&[u8], DecodeError> {
    cursor::strip_crc("CRC_F", frame, crc_f)
}
