use alloc::vec::Vec;

use super::Capabilities;
use crate::{DecodeError, cursor::Cursor};

/// How many interfaces, and how many endpoints, a device can have here.
const PLACES: usize = 32;

/// How fast a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// 1.5 Mbit/s.
    Low,
    /// 12 Mbit/s.
    Full,
    /// 480 Mbit/s.
    High,
    /// 5 Gbit/s.
    Super,
    /// Not known.
    Unknown,
}

impl Speed {
    const ALL: [(Self, u8); 5] =
        [(Self::Low, 0), (Self::Full, 1), (Self::High, 2), (Self::Super, 3), (Self::Unknown, 0xFF)];

    pub(super) fn byte(self) -> u8 {
        byte(&Self::ALL, self)
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        read(&Self::ALL, "a speed 00 to 03 or FF", cursor)
    }
}

/// What an endpoint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointKind {
    /// Requests to the device itself.
    Control,
    /// A steady stream.
    Isochronous,
    /// Data in any amount.
    Bulk,
    /// Small news.
    Interrupt,
    /// There is no such endpoint.
    Absent,
}

impl EndpointKind {
    const ALL: [(Self, u8); 5] = [
        (Self::Control, 0),
        (Self::Isochronous, 1),
        (Self::Bulk, 2),
        (Self::Interrupt, 3),
        (Self::Absent, 0xFF),
    ];
}

fn byte<T: Copy + PartialEq>(all: &[(T, u8)], value: T) -> u8 {
    all.iter().find(|(known, _)| *known == value).map_or(0xFF, |(_, byte)| *byte)
}

fn read<T: Copy>(
    all: &[(T, u8)],
    expected: &'static str,
    cursor: &mut Cursor<'_>,
) -> Result<T, DecodeError> {
    let offset = cursor.offset();
    let found = cursor.u8()?;
    let known = all.iter().find(|(_, byte)| *byte == found);
    known.map(|(value, _)| *value).ok_or_else(|| cursor.refuse(offset, expected, found))
}

/// One endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// What it is for.
    pub kind: EndpointKind,
    /// How often it is asked, as its descriptor says.
    pub interval: u8,
    /// Of which interface.
    pub interface: u8,
    /// In bytes; 0 where [`Capabilities::EP_INFO_MAX_PACKET_SIZE`] is not agreed.
    pub max_packet_size: u16,
}

impl Endpoint {
    /// No endpoint.
    pub const ABSENT: Self =
        Self { kind: EndpointKind::Absent, interval: 0, interface: 0, max_packet_size: 0 };

    /// A table with these endpoints, each given with its address.
    #[must_use]
    pub fn table(endpoints: &[(u8, Self)]) -> [Self; PLACES] {
        let mut table = [Self::ABSENT; PLACES];
        for (address, endpoint) in endpoints {
            if let Some(place) = table.get_mut(Self::place(*address)) {
                *place = *endpoint;
            }
        }
        table
    }

    /// Where an endpoint stands in the table: outwards first, inwards (80 in the address) from 16.
    #[must_use]
    pub fn place(address: u8) -> usize {
        usize::from(address & 0x0F | (address & 0x80) >> 3)
    }

    pub(super) fn write_all(table: &[Self; PLACES], agreed: Capabilities, out: &mut Vec<u8>) {
        out.extend(table.iter().map(|endpoint| byte(&EndpointKind::ALL, endpoint.kind)));
        out.extend(table.iter().map(|endpoint| endpoint.interval));
        out.extend(table.iter().map(|endpoint| endpoint.interface));
        if agreed.has(Capabilities::EP_INFO_MAX_PACKET_SIZE) {
            out.extend(table.iter().flat_map(|endpoint| endpoint.max_packet_size.to_le_bytes()));
        }
    }

    pub(super) fn read_all(
        cursor: &mut Cursor<'_>,
        agreed: Capabilities,
    ) -> Result<[Self; PLACES], DecodeError> {
        let mut table = [Self::ABSENT; PLACES];
        for endpoint in &mut table {
            endpoint.kind = read(&EndpointKind::ALL, "a kind 00 to 03 or FF", cursor)?;
        }
        for endpoint in &mut table {
            endpoint.interval = cursor.u8()?;
        }
        for endpoint in &mut table {
            endpoint.interface = cursor.u8()?;
        }
        if agreed.has(Capabilities::EP_INFO_MAX_PACKET_SIZE) {
            for endpoint in &mut table {
                endpoint.max_packet_size = cursor.u16_le()?;
            }
        }
        Ok(table)
    }
}

/// One interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its number.
    pub number: u8,
    /// Class; FF is the vendor's own.
    pub class: u8,
    /// Subclass.
    pub subclass: u8,
    /// Protocol.
    pub protocol: u8,
}

/// The interfaces of a device.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Interfaces {
    count: u32,
    /// Those behind the first `count` mean nothing, but are what the sender wrote.
    table: [Interface; PLACES],
}

impl Interfaces {
    /// These, or the first 32 of them.
    #[must_use]
    pub fn new(interfaces: &[Interface]) -> Self {
        let mut table = [Interface::default(); PLACES];
        table.iter_mut().zip(interfaces).for_each(|(place, interface)| *place = *interface);
        let count = interfaces.len().min(PLACES).try_into().unwrap_or_default();
        Self { count, table }
    }

    /// All of them.
    #[must_use]
    pub fn list(&self) -> &[Interface] {
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        self.table.get(..count).unwrap_or(&self.table)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.count.to_le_bytes());
        out.extend(self.table.iter().map(|interface| interface.number));
        out.extend(self.table.iter().map(|interface| interface.class));
        out.extend(self.table.iter().map(|interface| interface.subclass));
        out.extend(self.table.iter().map(|interface| interface.protocol));
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let fits = |low: u8| usize::from(low) <= PLACES;
        let low = cursor.value("at most 20 interfaces", fits)?;
        for _ in 0..3 {
            cursor.value("at most 20 interfaces", |high| high == 0)?;
        }
        let mut table = [Interface::default(); PLACES];
        for interface in &mut table {
            interface.number = cursor.u8()?;
        }
        for interface in &mut table {
            interface.class = cursor.u8()?;
        }
        for interface in &mut table {
            interface.subclass = cursor.u8()?;
        }
        for interface in &mut table {
            interface.protocol = cursor.u8()?;
        }
        Ok(Self { count: low.into(), table })
    }
}

impl core::fmt::Debug for Interfaces {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.list()).finish()
    }
}
