use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use super::{Capabilities, Endpoint, Interfaces, Speed, Status};
use crate::{DecodeError, Raw, cursor::Cursor};

/// The body of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The first packet of each side.
    Hello(Hello),
    /// The device is there. Its [`EndpointInfo`](Self::EndpointInfo) and
    /// [`InterfaceInfo`](Self::InterfaceInfo) came before.
    DeviceConnect(DeviceConnect),
    /// The device went. Nothing that is under way will be answered.
    DeviceDisconnect,
    /// The user forgot the device that went.
    DeviceDisconnectAck,
    /// Resets the device. Not answered.
    Reset,
    /// The interfaces.
    InterfaceInfo(Box<Interfaces>),
    /// The endpoints, each at its [`place`](Endpoint::place).
    EndpointInfo(Box<[Endpoint; 32]>),
    /// Chooses a configuration.
    SetConfiguration {
        /// Its number; 0 for none.
        configuration: u8,
    },
    /// Which one is it?
    GetConfiguration,
    /// The answer to both.
    ConfigurationStatus {
        /// How it went.
        status: Status,
        /// The configuration that is chosen.
        configuration: u8,
    },
    /// Chooses an alternate setting.
    SetAltSetting {
        /// Of which interface.
        interface: u8,
        /// Which.
        alt: u8,
    },
    /// Which one is it?
    GetAltSetting {
        /// Of which interface.
        interface: u8,
    },
    /// The answer to both.
    AltSettingStatus {
        /// How it went.
        status: Status,
        /// Of which interface.
        interface: u8,
        /// The setting that is chosen.
        alt: u8,
    },
    /// The transfer of this packet's id is not wanted any more. Answered by that transfer's own
    /// packet, as cancelled, unless it was done already.
    CancelDataPacket,
    /// The user does not want the device.
    FilterReject,
    /// Which devices the user wants; text with a 00 behind it.
    FilterFilter(Raw),
    /// A control transfer, or its outcome.
    Control(Control),
    /// A bulk transfer, or its outcome.
    Bulk(Bulk),
    /// A packet this crate has no type for: isochronous and interrupt transfers, bulk streams.
    Other {
        /// Its type.
        kind: u32,
        /// Its body.
        data: Raw,
    },
}

/// Who a side is and what it can do.
#[derive(Clone, PartialEq, Eq)]
pub struct Hello {
    /// Name and version, filled up with 00.
    pub version: [u8; 64],
    /// Bits, 32 in each word; the first word holds all that there are now. May be absent.
    pub capabilities: Vec<u32>,
}

impl Hello {
    /// A hello. Of the name 63 bytes are kept.
    #[must_use]
    pub fn new(name: &str, capabilities: Capabilities) -> Self {
        let mut version = [0; 64];
        version.iter_mut().take(63).zip(name.bytes()).for_each(|(place, byte)| *place = byte);
        Self { version, capabilities: [capabilities.0].to_vec() }
    }

    /// What the side can do.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        Capabilities(self.capabilities.first().copied().unwrap_or(0))
    }
}

impl fmt::Debug for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.version.split(|byte| *byte == 0).next().unwrap_or_default();
        let capabilities = self.capabilities().0;
        write!(f, "Hello(\"{}\", capabilities {capabilities:02X})", name.escape_ascii())
    }
}

/// What device it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceConnect {
    /// How fast.
    pub speed: Speed,
    /// Class of the whole device; 00 where each interface has its own.
    pub class: u8,
    /// Subclass.
    pub subclass: u8,
    /// Protocol.
    pub protocol: u8,
    /// Who made it.
    pub vendor_id: u16,
    /// Which product.
    pub product_id: u16,
    /// Release number in binary coded decimals; 0 where
    /// [`Capabilities::CONNECT_DEVICE_VERSION`] is not agreed.
    pub device_version: u16,
}

/// A control transfer, or its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// 80 inwards, 00 outwards.
    pub endpoint: u8,
    /// bRequest.
    pub request: u8,
    /// bmRequestType.
    pub request_type: u8,
    /// How it went.
    pub status: Status,
    /// wValue.
    pub value: u16,
    /// wIndex.
    pub index: u16,
    /// wLength: how many bytes are wanted or sent; in an outcome, how many there were.
    pub length: u16,
    /// Either nothing or `length` bytes.
    pub data: Raw,
}

/// A bulk transfer, or its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bulk {
    /// Address of the endpoint, 80 inwards.
    pub endpoint: u8,
    /// How it went.
    pub status: Status,
    /// How many bytes are wanted or sent; in an outcome, how many there were.
    pub length: u32,
    /// 0 where the endpoint has no streams.
    pub stream_id: u32,
    /// Either nothing or `length` bytes.
    pub data: Raw,
}

/// Types of packets.
mod kind {
    pub(super) const HELLO: u32 = 0;
    pub(super) const DEVICE_CONNECT: u32 = 1;
    pub(super) const DEVICE_DISCONNECT: u32 = 2;
    pub(super) const RESET: u32 = 3;
    pub(super) const INTERFACE_INFO: u32 = 4;
    pub(super) const ENDPOINT_INFO: u32 = 5;
    pub(super) const SET_CONFIGURATION: u32 = 6;
    pub(super) const GET_CONFIGURATION: u32 = 7;
    pub(super) const CONFIGURATION_STATUS: u32 = 8;
    pub(super) const SET_ALT_SETTING: u32 = 9;
    pub(super) const GET_ALT_SETTING: u32 = 10;
    pub(super) const ALT_SETTING_STATUS: u32 = 11;
    pub(super) const CANCEL_DATA_PACKET: u32 = 21;
    pub(super) const FILTER_REJECT: u32 = 22;
    pub(super) const FILTER_FILTER: u32 = 23;
    pub(super) const DEVICE_DISCONNECT_ACK: u32 = 24;
    pub(super) const CONTROL: u32 = 100;
    pub(super) const BULK: u32 = 101;
}

impl Message {
    /// The packet's type.
    #[must_use]
    pub fn kind(&self) -> u32 {
        match self {
            Self::Hello(_) => kind::HELLO,
            Self::DeviceConnect(_) => kind::DEVICE_CONNECT,
            Self::DeviceDisconnect => kind::DEVICE_DISCONNECT,
            Self::DeviceDisconnectAck => kind::DEVICE_DISCONNECT_ACK,
            Self::Reset => kind::RESET,
            Self::InterfaceInfo(_) => kind::INTERFACE_INFO,
            Self::EndpointInfo(_) => kind::ENDPOINT_INFO,
            Self::SetConfiguration { .. } => kind::SET_CONFIGURATION,
            Self::GetConfiguration => kind::GET_CONFIGURATION,
            Self::ConfigurationStatus { .. } => kind::CONFIGURATION_STATUS,
            Self::SetAltSetting { .. } => kind::SET_ALT_SETTING,
            Self::GetAltSetting { .. } => kind::GET_ALT_SETTING,
            Self::AltSettingStatus { .. } => kind::ALT_SETTING_STATUS,
            Self::CancelDataPacket => kind::CANCEL_DATA_PACKET,
            Self::FilterReject => kind::FILTER_REJECT,
            Self::FilterFilter(_) => kind::FILTER_FILTER,
            Self::Control(_) => kind::CONTROL,
            Self::Bulk(_) => kind::BULK,
            Self::Other { kind, .. } => *kind,
        }
    }

    /// The body's bytes. `None` where bytes and length of a transfer do not go together, or it is
    /// longer than was agreed.
    pub(super) fn encode(&self, agreed: Capabilities) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        match self {
            Self::Hello(Hello { version, capabilities }) => {
                out.extend(version);
                out.extend(capabilities.iter().flat_map(|word| word.to_le_bytes()));
            }
            Self::DeviceConnect(device) => {
                let DeviceConnect { speed, class, subclass, protocol, .. } = *device;
                out.extend([speed.byte(), class, subclass, protocol]);
                out.extend(device.vendor_id.to_le_bytes());
                out.extend(device.product_id.to_le_bytes());
                if agreed.has(Capabilities::CONNECT_DEVICE_VERSION) {
                    out.extend(device.device_version.to_le_bytes());
                }
            }
            Self::InterfaceInfo(interfaces) => interfaces.write(&mut out),
            Self::EndpointInfo(table) => Endpoint::write_all(table, agreed, &mut out),
            Self::SetConfiguration { configuration } => out.push(*configuration),
            Self::ConfigurationStatus { status, configuration } => {
                out.extend([status.0, *configuration]);
            }
            Self::SetAltSetting { interface, alt } => out.extend([*interface, *alt]),
            Self::GetAltSetting { interface } => out.push(*interface),
            Self::AltSettingStatus { status, interface, alt } => {
                out.extend([status.0, *interface, *alt]);
            }
            Self::Control(control) => {
                let Control { endpoint, request, request_type, status, .. } = *control;
                out.extend([endpoint, request, request_type, status.0]);
                for number in [control.value, control.index, control.length] {
                    out.extend(number.to_le_bytes());
                }
                out.extend_from_slice(fitting(&control.data, control.length.into())?);
            }
            Self::Bulk(bulk) => {
                let [a, b, high @ ..] = bulk.length.to_le_bytes();
                out.extend([bulk.endpoint, bulk.status.0, a, b]);
                out.extend(bulk.stream_id.to_le_bytes());
                if agreed.has(Capabilities::BULK_LENGTH_32) {
                    out.extend(high);
                } else if high != [0, 0] {
                    return None;
                }
                out.extend_from_slice(fitting(&bulk.data, bulk.length)?);
            }
            Self::FilterFilter(data) | Self::Other { data, .. } => out.extend_from_slice(data),
            Self::DeviceDisconnect
            | Self::DeviceDisconnectAck
            | Self::Reset
            | Self::GetConfiguration
            | Self::CancelDataPacket
            | Self::FilterReject => {}
        }
        Some(out)
    }

    /// Reads the body of a packet of this type.
    pub(super) fn decode(
        kind: u32,
        body: &[u8],
        agreed: Capabilities,
    ) -> Result<Self, DecodeError> {
        let cursor = &mut Cursor::new("usbredir packet", body);
        let status = |cursor: &mut Cursor<'_>| cursor.u8().map(Status);
        let message = match kind {
            kind::HELLO => {
                let version = cursor.array()?;
                let mut capabilities = Vec::new();
                while !cursor.is_empty() {
                    capabilities.push(cursor.array().map(u32::from_le_bytes)?);
                }
                Self::Hello(Hello { version, capabilities })
            }
            kind::DEVICE_CONNECT => Self::DeviceConnect(DeviceConnect {
                speed: Speed::read(cursor)?,
                class: cursor.u8()?,
                subclass: cursor.u8()?,
                protocol: cursor.u8()?,
                vendor_id: cursor.u16_le()?,
                product_id: cursor.u16_le()?,
                device_version: if agreed.has(Capabilities::CONNECT_DEVICE_VERSION) {
                    cursor.u16_le()?
                } else {
                    0
                },
            }),
            kind::DEVICE_DISCONNECT => Self::DeviceDisconnect,
            kind::DEVICE_DISCONNECT_ACK => Self::DeviceDisconnectAck,
            kind::RESET => Self::Reset,
            kind::INTERFACE_INFO => Self::InterfaceInfo(Box::new(Interfaces::read(cursor)?)),
            kind::ENDPOINT_INFO => {
                Self::EndpointInfo(Box::new(Endpoint::read_all(cursor, agreed)?))
            }
            kind::SET_CONFIGURATION => Self::SetConfiguration { configuration: cursor.u8()? },
            kind::GET_CONFIGURATION => Self::GetConfiguration,
            kind::CONFIGURATION_STATUS => {
                let status = status(cursor)?;
                Self::ConfigurationStatus { status, configuration: cursor.u8()? }
            }
            kind::SET_ALT_SETTING => {
                let [interface, alt] = cursor.array()?;
                Self::SetAltSetting { interface, alt }
            }
            kind::GET_ALT_SETTING => Self::GetAltSetting { interface: cursor.u8()? },
            kind::ALT_SETTING_STATUS => {
                let status = status(cursor)?;
                let [interface, alt] = cursor.array()?;
                Self::AltSettingStatus { status, interface, alt }
            }
            kind::CANCEL_DATA_PACKET => Self::CancelDataPacket,
            kind::FILTER_REJECT => Self::FilterReject,
            kind::FILTER_FILTER => Self::FilterFilter(cursor.rest()),
            kind::CONTROL => {
                let [endpoint, request, request_type] = cursor.array()?;
                let status = status(cursor)?;
                let (value, index) = (cursor.u16_le()?, cursor.u16_le()?);
                let length = cursor.u16_le()?;
                let data = transferred(cursor, length.into())?;
                Self::Control(Control {
                    endpoint,
                    request,
                    request_type,
                    status,
                    value,
                    index,
                    length,
                    data,
                })
            }
            kind::BULK => {
                let endpoint = cursor.u8()?;
                let status = status(cursor)?;
                let low = cursor.u16_le()?;
                let stream_id = cursor.array().map(u32::from_le_bytes)?;
                let wide = agreed.has(Capabilities::BULK_LENGTH_32);
                let high = if wide { cursor.u16_le()? } else { 0 };
                let length = u32::from(high) << 16 | u32::from(low);
                let data = transferred(cursor, length)?;
                Self::Bulk(Bulk { endpoint, status, length, stream_id, data })
            }
            kind => Self::Other { kind, data: cursor.rest() },
        };
        cursor.end()?;
        Ok(message)
    }
}

/// The bytes of a transfer of this length, if they are none or that many.
fn fitting(data: &[u8], length: u32) -> Option<&[u8]> {
    let fits = data.is_empty() || u32::try_from(data.len()) == Ok(length);
    fits.then_some(data)
}

/// None, or as many bytes as the transfer's length says.
fn transferred(cursor: &mut Cursor<'_>, length: u32) -> Result<Raw, DecodeError> {
    if cursor.is_empty() {
        return Ok(Raw::default());
    }
    cursor.bytes(usize::try_from(length).unwrap_or(usize::MAX)).map(Raw::from)
}
