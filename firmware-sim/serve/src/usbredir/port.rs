//! The side of usbredir that has the device, for one peer, without I/O.

use std::{collections::VecDeque, time::Duration};

use kazasu_sim::{Rcs380, Setup, usb};
use kazasu_wire::usbredir::{
    Bulk, Capabilities, Control, Decoder, DeviceConnect, Endpoint, EndpointKind, Hello, Interface,
    Interfaces, Message, Packet, PacketError, Speed, Status,
};

use crate::frame_log::{Direction, FrameLog};

/// Transfers from the device that a peer may have under way.
const READS_MAX: usize = 64;

/// What the peer may use.
const CAPABILITIES: Capabilities = Capabilities::CONNECT_DEVICE_VERSION
    .with(Capabilities::DEVICE_DISCONNECT_ACK)
    .with(Capabilities::EP_INFO_MAX_PACKET_SIZE)
    .with(Capabilities::IDS_64)
    .with(Capabilities::BULK_LENGTH_32);

pub(super) struct Port {
    decoder: Decoder,
    plugged: bool,
    stage: Stage,
    /// Ids and lengths of transfers from the device that nothing came for yet.
    reads: VecDeque<(u64, usize)>,
    out: Vec<u8>,
}

/// What the peer knows of the device.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing.
    Away,
    /// It may use it.
    There,
    /// It was told that it went, and has not said that it knows. What comes until then was meant
    /// for the device that went.
    Forgetting,
}

impl Port {
    pub(super) fn new(plugged: bool) -> Self {
        let decoder = Decoder::new(CAPABILITIES);
        let (stage, reads, out) = (Stage::Away, VecDeque::new(), Vec::new());
        let mut port = Self { decoder, plugged, stage, reads, out };
        port.say(0, Message::Hello(Hello::new("kazasu sim rcs380", CAPABILITIES)));
        port
    }

    /// Bytes for the peer; whoever sends some takes them away.
    pub(super) fn waiting(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    pub(super) fn plug(&mut self) {
        self.plugged = true;
        self.announce();
    }

    pub(super) fn unplug(&mut self) {
        self.plugged = false;
        if self.stage == Stage::There {
            self.reads.clear();
            self.say(0, Message::DeviceDisconnect);
            let agreed = self.decoder.agreed().unwrap_or_default();
            let acknowledged = agreed.has(Capabilities::DEVICE_DISCONNECT_ACK);
            self.stage = if acknowledged { Stage::Forgetting } else { Stage::Away };
        }
    }

    /// Takes what came from the peer.
    pub(super) fn receive(
        &mut self,
        now: Duration,
        device: &mut Rcs380,
        mut log: Option<&mut FrameLog>,
        bytes: &[u8],
    ) -> Result<(), PacketError> {
        self.decoder.push(bytes);
        while let Some(packet) = self.decoder.next_packet() {
            let Packet { id, message } = packet?;
            match (message, self.stage) {
                (Message::Hello(hello), _) => {
                    tracing::debug!(?hello, "a peer");
                    self.announce();
                }
                (Message::DeviceDisconnectAck, Stage::Forgetting) => {
                    self.stage = Stage::Away;
                    self.announce();
                }
                (message, Stage::There) => {
                    self.request(now, device, log.as_deref_mut(), id, message)
                }
                (_, Stage::Away | Stage::Forgetting) => {}
            }
        }
        Ok(())
    }

    /// Gives the peer what the device has for it by now.
    pub(super) fn deliver(
        &mut self,
        now: Duration,
        device: &mut Rcs380,
        mut log: Option<&mut FrameLog>,
    ) {
        while let Some((id, max)) = self.reads.front().copied() {
            let Some(bytes) = device.bulk_in(now, max) else { return };
            if let Some(log) = &mut log {
                log.write(now, Direction::FromChip, &bytes);
            }
            self.reads.pop_front();
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            self.done(id, usb::IN, Status::SUCCESS, length, bytes);
        }
    }

    /// Tells the peer of the device, where it is there and the peer knows nothing of one.
    fn announce(&mut self) {
        if self.plugged && self.stage == Stage::Away && self.decoder.agreed().is_some() {
            self.stage = Stage::There;
            self.describe();
            self.say(
                0,
                Message::DeviceConnect(DeviceConnect {
                    speed: Speed::Full,
                    class: usb::CLASS,
                    subclass: 0,
                    protocol: 0,
                    vendor_id: usb::VENDOR,
                    product_id: usb::PRODUCT,
                    device_version: usb::DEVICE_VERSION,
                }),
            );
        }
    }

    fn describe(&mut self) {
        let max_packet_size = u16::try_from(usb::PACKET).unwrap_or_default();
        let endpoint = |address, kind| {
            (address, Endpoint { kind, interval: 0, interface: 0, max_packet_size })
        };
        let endpoints = Endpoint::table(&[
            endpoint(0x00, EndpointKind::Control),
            endpoint(0x80, EndpointKind::Control),
            endpoint(usb::OUT, EndpointKind::Bulk),
            endpoint(usb::IN, EndpointKind::Bulk),
        ]);
        let interface = Interface { number: 0, class: usb::CLASS, subclass: 0, protocol: 0 };
        self.say(0, Message::EndpointInfo(Box::new(endpoints)));
        self.say(0, Message::InterfaceInfo(Box::new(Interfaces::new(&[interface]))));
    }

    fn request(
        &mut self,
        now: Duration,
        device: &mut Rcs380,
        log: Option<&mut FrameLog>,
        id: u64,
        message: Message,
    ) {
        match message {
            Message::Reset => {
                self.reads.clear();
                device.bus_reset();
            }
            Message::SetConfiguration { configuration } => {
                let status = status(device.control(&outwards(0x00, 0x09, configuration, 0)));
                self.describe();
                let configuration = read_byte(device, 0x80, 0x08, 0);
                self.say(id, Message::ConfigurationStatus { status, configuration });
            }
            Message::GetConfiguration => {
                let configuration = read_byte(device, 0x80, 0x08, 0);
                let status = Status::SUCCESS;
                self.say(id, Message::ConfigurationStatus { status, configuration });
            }
            Message::SetAltSetting { interface, alt } => {
                let status = status(device.control(&outwards(0x01, 0x0B, alt, interface)));
                let alt = read_byte(device, 0x81, 0x0A, interface);
                self.say(id, Message::AltSettingStatus { status, interface, alt });
            }
            Message::GetAltSetting { interface } => {
                let alt = read_byte(device, 0x81, 0x0A, interface);
                let status = Status::SUCCESS;
                self.say(id, Message::AltSettingStatus { status, interface, alt });
            }
            Message::CancelDataPacket => {
                let before = self.reads.len();
                self.reads.retain(|(other, _)| *other != id);
                if self.reads.len() < before {
                    self.done(id, usb::IN, Status::CANCELLED, 0, Vec::new());
                }
            }
            Message::Control(control) => self.control(device, id, control),
            Message::Bulk(Bulk { endpoint, length, data, .. }) => {
                let has_all = u32::try_from(data.len()) == Ok(length);
                match endpoint {
                    usb::OUT if device.is_configured() && has_all => {
                        if let Some(log) = log {
                            log.write(now, Direction::FromHost, &data);
                        }
                        device.bulk_out(now, &data);
                        self.done(id, endpoint, Status::SUCCESS, length, Vec::new());
                    }
                    usb::IN if device.is_configured() && self.reads.len() < READS_MAX => {
                        let length = usize::try_from(length).unwrap_or(usize::MAX);
                        self.reads.push_back((id, length));
                    }
                    _ => self.done(id, endpoint, Status::INVALID, 0, Vec::new()),
                }
            }
            // What the other side of the protocol says, and what this device has no use for.
            other => tracing::debug!(kind = other.kind(), "not for this device"),
        }
    }

    fn control(&mut self, device: &mut Rcs380, id: u64, control: Control) {
        let Control { request, request_type, value, index, length, .. } = control;
        let answer = device.control(&Setup { request_type, request, value, index, length });
        let inwards = request_type & 0x80 != 0;
        let (status, length, data) = match answer {
            None => (Status::STALL, 0, Vec::new()),
            Some(_) if !inwards => (Status::SUCCESS, length, Vec::new()),
            Some(data) => (Status::SUCCESS, u16::try_from(data.len()).unwrap_or(u16::MAX), data),
        };
        let data = data.into();
        self.say(id, Message::Control(Control { status, length, data, ..control }));
    }

    fn done(&mut self, id: u64, endpoint: u8, status: Status, length: u32, data: Vec<u8>) {
        let data = data.into();
        self.say(id, Message::Bulk(Bulk { endpoint, status, length, stream_id: 0, data }));
    }

    fn say(&mut self, id: u64, message: Message) {
        let agreed = self.decoder.agreed().unwrap_or_default();
        // All that is said here is short enough.
        self.out.extend(Packet { id, message }.encode(agreed).unwrap_or_default());
    }
}

fn status(answer: Option<Vec<u8>>) -> Status {
    if answer.is_some() { Status::SUCCESS } else { Status::STALL }
}

fn outwards(request_type: u8, request: u8, value: u8, index: u8) -> Setup {
    Setup { request_type, request, value: value.into(), index: index.into(), length: 0 }
}

/// A request of one byte; 0 where it is refused.
fn read_byte(device: &mut Rcs380, request_type: u8, request: u8, index: u8) -> u8 {
    let setup = Setup { request_type, request, value: 0, index: index.into(), length: 1 };
    let answer = device.control(&setup).unwrap_or_default();
    answer.first().copied().unwrap_or_default()
}
