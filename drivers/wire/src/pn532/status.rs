use core::fmt;

/// The status byte of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Status(pub u8);

impl Status {
    /// No error, nothing to follow.
    pub const OK: Self = Self(0);

    /// A node address is in use (bit 7).
    #[must_use]
    pub fn has_nad(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// More data follow (bit 6).
    #[must_use]
    pub fn has_more(self) -> bool {
        self.0 & 0x40 != 0
    }

    /// What went wrong, if anything.
    #[must_use]
    pub fn code(self) -> StatusCode {
        StatusCode::from_byte(self.0 & 0x3F)
    }
}

impl From<StatusCode> for Status {
    fn from(code: StatusCode) -> Self {
        Self(code.byte())
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Status({:02X} {:?})", self.0, self.code())
    }
}

/// One table for both directions.
macro_rules! status_codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $byte:literal,)+) => {
        /// The error in a status byte.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum StatusCode {
            $($(#[doc = $doc])+ $name,)+
            /// Not in the manual.
            Other(u8),
        }

        impl StatusCode {
            /// The six bits of the status byte.
            #[must_use]
            pub fn byte(self) -> u8 {
                match self {
                    $(Self::$name => $byte,)+
                    Self::Other(byte) => byte,
                }
            }

            fn from_byte(byte: u8) -> Self {
                match byte {
                    $($byte => Self::$name,)+
                    _ => Self::Other(byte),
                }
            }
        }
    };
}

status_codes! {
    /// No error.
    Ok = 0x00,
    /// The target did not answer in time.
    Timeout = 0x01,
    /// CRC error on the air.
    Crc = 0x02,
    /// Parity error on the air.
    Parity = 0x03,
    /// Wrong bit count during anticollision.
    BitCount = 0x04,
    /// Framing error in a MIFARE exchange.
    MifareFraming = 0x05,
    /// Bits of two cards collided.
    BitCollision = 0x06,
    /// Communication buffer too small.
    BufferTooSmall = 0x07,
    /// The radio's buffer overflowed.
    RfBufferOverflow = 0x09,
    /// The peer did not switch its field on in time.
    FieldNotOn = 0x0A,
    /// Radio protocol error.
    RfProtocol = 0x0B,
    /// Too hot.
    Temperature = 0x0D,
    /// Internal buffer overflow.
    InternalBufferOverflow = 0x0E,
    /// Invalid parameter.
    InvalidParameter = 0x10,
    /// The initiator sent a command that is not supported.
    DepUnsupportedCommand = 0x12,
    /// The data do not match the protocol.
    DepFormat = 0x13,
    /// MIFARE authentication error.
    MifareAuthentication = 0x14,
    /// The check byte of the UID is wrong.
    UidCheck = 0x23,
    /// Invalid state of the device.
    DepState = 0x25,
    /// Not allowed in this configuration of the interface.
    NotAllowed = 0x26,
    /// Not possible in this context, as with a target that is not known.
    Context = 0x27,
    /// The initiator released the chip.
    Released = 0x29,
    /// Another type B card took the place of the expected one.
    TypeBCardChanged = 0x2A,
    /// The type B card is gone.
    TypeBCardGone = 0x2B,
    /// NFCID3 of initiator and target differ.
    Nfcid3Mismatch = 0x2C,
    /// Too much current.
    OverCurrent = 0x2D,
    /// The node address is missing.
    NadMissing = 0x2E,
}
