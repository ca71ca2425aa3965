//! usbredir, version 0.7: a USB device at one end of a byte stream, whoever uses it at the other.
//! QEMU's `usb-redir` device speaks it as the side that uses the device.
//!
//! ```text
//! packet    type (4) | length of the body (4) | id (4, or 8 where agreed) | body
//! device    hello, then: EndpointInfo, InterfaceInfo, DeviceConnect ... DeviceDisconnect
//! user      hello, then: Reset, SetConfiguration, Control, Bulk ... each answered with its id
//! ```
//! All numbers are little-endian. The length does not count the header. Both sides begin with a
//! [`Hello`], whose header is always the short one; what both of them can do is agreed from then on
//! and decides about lengths, so nothing else may be sent before the other side's hello came.
//!
//! A transfer to the device carries its bytes on the way there, one from the device on the way
//! back; the other packet of the two has a length and no bytes.

mod decoder;
mod message;
mod table;

pub use decoder::{BODY_MAX, Decoder, Packet, PacketError};
pub use message::{Bulk, Control, DeviceConnect, Hello, Message};
pub use table::{Endpoint, EndpointKind, Interface, Interfaces, Speed};

/// What a side can do: one bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(pub u32);

impl Capabilities {
    /// [`DeviceConnect`] tells the device's release number.
    pub const CONNECT_DEVICE_VERSION: Self = Self(1 << 1);
    /// Rules for which devices are wanted.
    pub const FILTER: Self = Self(1 << 2);
    /// The user says when it forgot a device that went; the next one may come only then.
    pub const DEVICE_DISCONNECT_ACK: Self = Self(1 << 3);
    /// [`Message::EndpointInfo`] tells packet sizes. QEMU's xHCI insists on it.
    pub const EP_INFO_MAX_PACKET_SIZE: Self = Self(1 << 4);
    /// Ids have 8 bytes. QEMU's xHCI insists on it.
    pub const IDS_64: Self = Self(1 << 5);
    /// Bulk transfers may be longer than 65 535 bytes. QEMU's xHCI insists on it.
    pub const BULK_LENGTH_32: Self = Self(1 << 6);

    /// All those above: whose packets can be read and written here.
    pub const KNOWN: Self = Self(0b0111_1110);

    /// These and those.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both sides can do and this module knows.
    #[must_use]
    pub const fn agreed(self, other: Self) -> Self {
        Self(self.0 & other.0 & Self::KNOWN.0)
    }

    /// Whether all of `other` is among these.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// How a request went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Status(pub u8);

impl Status {
    /// Done. Requests carry it too.
    pub const SUCCESS: Self = Self(0);
    /// Was cancelled.
    pub const CANCELLED: Self = Self(1);
    /// No such endpoint, or a length that makes no sense.
    pub const INVALID: Self = Self(2);
    /// The device is in trouble.
    pub const IO_ERROR: Self = Self(3);
    /// The device refused.
    pub const STALL: Self = Self(4);
    /// Took too long.
    pub const TIMEOUT: Self = Self(5);
    /// The device sent more than was asked for.
    pub const BABBLE: Self = Self(6);
}
