use alloc::vec::Vec;

use crate::{DecodeError, cursor::Cursor};

/// One table for both directions.
macro_rules! keys {
    ($($(#[doc = $doc:literal])+ $name:ident = $byte:literal,)+) => {
        /// What a setting of InSetProtocol is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[non_exhaustive]
        pub enum Key {
            $($(#[doc = $doc])+ $name,)+
            /// Not known.
            Other(u8),
        }

        impl Key {
            /// The byte of a frame.
            #[must_use]
            pub fn byte(self) -> u8 {
                match self {
                    $(Self::$name => $byte,)+
                    Self::Other(byte) => byte,
                }
            }

            /// Reads the byte.
            #[must_use]
            pub fn from_byte(byte: u8) -> Self {
                match byte {
                    $($byte => Self::$name,)+
                    _ => Self::Other(byte),
                }
            }
        }
    };
}

keys! {
    /// Time between switching the field on and sending; the unit is not known.
    InitialGuardTime = 0x00,
    /// 1 adds the CRC of the current modulation, 2 CRC_B.
    AddCrc = 0x01,
    /// 1 checks the CRC, 2 as CRC_B.
    CheckCrc = 0x02,
    /// Several cards at once.
    MultiCard = 0x03,
    /// Adds parity bits.
    AddParity = 0x04,
    /// Checks parity bits.
    CheckParity = 0x05,
    /// Anticollision bit by bit.
    BitwiseAnticollision = 0x06,
    /// Bits of the last byte: 8, or 7 for a short frame.
    LastByteBitCount = 0x07,
    /// MIFARE cipher.
    Crypto1 = 0x08,
    /// Adds the start of a type B frame.
    AddSof = 0x09,
    /// Checks it.
    CheckSof = 0x0A,
    /// Adds the end of a type B frame.
    AddEof = 0x0B,
    /// Checks it.
    CheckEof = 0x0C,
    /// Time after sending in which nothing is received.
    DeafTime = 0x0E,
    /// Goes on receiving.
    ContinuousReceive = 0x0F,
    /// Shortest frame then.
    ContinuousReceiveMinimum = 0x10,
    /// Delay between request and answer of type 1 tags.
    Type1Delay = 0x11,
    /// Looks for a foreign field before switching on.
    Rfca = 0x12,
    /// Guard time.
    GuardTime = 0x13,
}

/// One setting and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Setting {
    /// Which.
    pub key: Key,
    /// Value.
    pub value: u8,
}

impl Setting {
    pub(super) fn read_all(cursor: &mut Cursor<'_>) -> Result<Vec<Self>, DecodeError> {
        let mut settings = Vec::new();
        while !cursor.is_empty() {
            let [key, value] = cursor.array()?;
            settings.push(Self { key: Key::from_byte(key), value });
        }
        Ok(settings)
    }

    pub(super) fn write_all(settings: &[Self], out: &mut Vec<u8>) {
        out.extend(settings.iter().flat_map(|setting| [setting.key.byte(), setting.value]));
    }
}
