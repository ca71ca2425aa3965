//! Data objects of transparent exchange (PC/SC part 3 amendment 1): tag, length, value.

use alloc::vec::Vec;

use crate::{DecodeError, Raw, cursor::Cursor};

/// One data object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Object {
    /// One byte, or two where the low five bits of the first are all set.
    #[cfg_attr(feature = "serde", serde(with = "crate::hex::word"))]
    pub tag: u16,
    /// What it is about, in a few English words; empty where it is not known. Not encoded.
    #[cfg_attr(feature = "serde", serde(skip_deserializing))]
    pub name: &'static str,
    /// How many bytes the length takes: 1 to 127 in one, after 81 in one, after 82 in two.
    pub form: LengthForm,
    /// Value.
    pub value: Raw,
}

/// How a length is written. Readers take longer forms than needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum LengthForm {
    /// Up to 7F.
    Short,
    /// 81 and a byte.
    One,
    /// 82 and two bytes.
    Two,
}

/// Tags with a meaning.
const NAMES: [(u16, &str); 17] = [
    (0x0080, "version"),
    (0x0081, "start session"),
    (0x0082, "end session"),
    (0x0083, "field off"),
    (0x0084, "field on"),
    (0x008F, "protocol"),
    (0x0090, "flags"),
    (0x0091, "bits in the last byte to send"),
    (0x0092, "bits in the last byte received"),
    (0x0093, "transmit"),
    (0x0094, "receive"),
    (0x0095, "data to send"),
    (0x0096, "status of the answer"),
    (0x0097, "data received"),
    (0x00C0, "result"),
    (0x5F46, "timeout in microseconds"),
    (0xFF6E, "parameters"),
];

impl Object {
    /// An object with a length as short as it can be. `None` for more than 65 535 bytes.
    #[must_use]
    pub fn new(tag: u16, value: Raw) -> Option<Self> {
        let form = match value.len() {
            ..=0x7F => LengthForm::Short,
            0x80..=0xFF => LengthForm::One,
            0x100..=0xFFFF => LengthForm::Two,
            _ => return None,
        };
        Some(Self { tag, name: name(tag), form, value })
    }

    /// Writes objects one behind the other. `None` where a value is too long for its form.
    #[must_use]
    pub fn encode_all(objects: &[Self]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        for object in objects {
            match object.tag.to_be_bytes() {
                [0, tag] => out.push(tag),
                tag => out.extend(tag),
            }
            let len = u16::try_from(object.value.len()).ok()?;
            match object.form {
                LengthForm::Short => out.push(u8::try_from(len).ok().filter(|len| *len <= 0x7F)?),
                LengthForm::One => out.extend([0x81, u8::try_from(len).ok()?]),
                LengthForm::Two => {
                    out.push(0x82);
                    out.extend(len.to_be_bytes());
                }
            }
            out.extend_from_slice(&object.value);
        }
        Some(out)
    }

    /// Reads objects up to the end.
    ///
    /// # Errors
    /// A length that the bytes do not have, or in another form than those of [`LengthForm`].
    pub fn decode_all(bytes: &[u8]) -> Result<Vec<Self>, DecodeError> {
        let mut cursor = Cursor::new("data objects", bytes);
        let mut objects = Vec::new();
        while !cursor.is_empty() {
            objects.push(Self::read(&mut cursor)?);
        }
        Ok(objects)
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let first = cursor.value("a tag from 01", |tag| tag != 0)?;
        let second = if first & 0x1F == 0x1F { Some(cursor.u8()?) } else { None };
        let tag = second.map_or(u16::from(first), |second| u16::from_be_bytes([first, second]));
        let (form, len) = match cursor
            .value("a length below 80, or 81 or 82", |len| len <= 0x82 && len != 0x80)?
        {
            0x81 => (LengthForm::One, u16::from(cursor.u8()?)),
            0x82 => (LengthForm::Two, cursor.u16_be()?),
            len => (LengthForm::Short, u16::from(len)),
        };
        let value = cursor.bytes(usize::from(len))?.into();
        Ok(Self { tag, name: name(tag), form, value })
    }
}

fn name(tag: u16) -> &'static str {
    NAMES.into_iter().find(|(known, _)| *known == tag).map_or("", |(_, name)| name)
}
