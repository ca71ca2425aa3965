use std::{collections::VecDeque, io, thread, time::Duration};

use bytes::{Buf, Bytes, BytesMut};
use kazasu_hal::{Cause, Fault, FaultKind, Filling};
use kazasu_link::{Control as Asked, Direction, Way, WayError};
use kazasu_wire::{
    Raw,
    usbredir::{
        Bulk, Capabilities, Control, Decoder, Endpoint, EndpointKind, Hello, Message, Packet,
        Status,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::{Instant, timeout_at},
};

use crate::{Product, cause};

/// How long the server may take to accept the connection and say who it is.
const HELLO_WITHIN: Duration = Duration::from_secs(20);
/// How long it may take to hold out a device; then the connection is made anew, lest a server that
/// went without a word is waited for.
const DEVICE_WITHIN: Duration = Duration::from_secs(20);
/// How long the device may take over a request that is not a transfer.
const REQUEST_WITHIN: Duration = Duration::from_secs(2);
/// How many packets from the reader are waited for at once.
const PACKETS: usize = 4;
/// The size of a packet where the server does not tell.
const PACKET_DEFAULT: u16 = 64;
/// Bytes that may wait for the server before it counts as gone.
const UNSENT_MAX: usize = 1 << 16;
/// How much is read at once.
const READ_MAX: usize = 4096;
/// How long to wait before looking again, while nothing can be awaited.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// ENDPOINT_HALT and CLEAR_FEATURE, sent to an endpoint (USB 2.0 section 9.4.1).
const ENDPOINT_HALT: u16 = 0;
const CLEAR_FEATURE: u8 = 0x01;
const TO_ENDPOINT: u8 = 0x02;

/// What this side can do.
const OWN: Capabilities = Capabilities::CONNECT_DEVICE_VERSION
    .with(Capabilities::EP_INFO_MAX_PACKET_SIZE)
    .with(Capabilities::IDS_64)
    .with(Capabilities::BULK_LENGTH_32);

/// A reader that a usbredir server holds out.
pub(super) struct UsbredirPipe {
    read: OwnedReadHalf,
    write: OwnedWriteHalf,
    /// Not with the server yet.
    unsent: BytesMut,
    link: Link,
}

/// What the two sides have told each other. Knows no connection.
#[derive(Debug)]
struct Link {
    decoder: Decoder,
    last_id: u64,
    device: Device,
    /// Ids of the packets from the reader that are waited for.
    awaited: Vec<u64>,
    received: VecDeque<Result<Bytes, WayError>>,
    /// Ids of the other requests under way, and how they went.
    requests: Vec<(u64, Option<Message>)>,
    /// Why nothing more will come.
    closed: Option<Filling>,
}

/// What is known of the device.
#[derive(Debug, Default)]
struct Device {
    /// Its numbers, once it is there.
    ids: Option<(u16, u16)>,
    bulk_in: u8,
    bulk_out: u8,
    packet_in: u16,
    packet_out: u16,
}

impl Link {
    fn new() -> Self {
        Self {
            decoder: Decoder::new(OWN),
            last_id: 0,
            device: Device::default(),
            awaited: Vec::new(),
            received: VecDeque::new(),
            requests: Vec::new(),
            closed: None,
        }
    }

    fn close(&mut self, why: impl Into<Filling>) {
        self.closed.get_or_insert(why.into());
    }

    /// The bytes of a message under a new number.
    fn encode(&mut self, message: Message) -> (u64, Vec<u8>) {
        self.last_id = self.last_id.wrapping_add(1);
        let packet = Packet { id: self.last_id, message };
        let bytes = packet.encode(self.decoder.agreed().unwrap_or_default());
        if bytes.is_none() {
            self.close(cause::packet_unwritten());
        }
        (self.last_id, bytes.unwrap_or_default())
    }

    fn heard(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
        while let Some(packet) = self.decoder.next_packet() {
            match packet {
                Ok(packet) => self.packet(packet),
                Err(error) => self.close(cause::server_other_protocol(error.to_string())),
            }
        }
    }

    fn packet(&mut self, Packet { id, message }: Packet) {
        match message {
            Message::EndpointInfo(endpoints) => self.device.endpoints(&endpoints),
            Message::DeviceConnect(device) => {
                self.device.ids = Some((device.vendor_id, device.product_id));
            }
            Message::DeviceDisconnect => self.close(cause::unplugged()),
            Message::Bulk(bulk) if bulk.endpoint == self.device.bulk_in => {
                let Some(at) = self.awaited.iter().position(|awaited| *awaited == id) else {
                    return;
                };
                self.awaited.swap_remove(at);
                match outcome(bulk.status, Direction::In) {
                    // It was cancelled, or nothing came in the server's time.
                    Ok(()) if bulk.data.is_empty() => {}
                    Ok(()) => self.received.push_back(Ok(bulk.data.0.into())),
                    Err(error) => self.received.push_back(Err(error)),
                }
            }
            message => {
                let request = self.requests.iter_mut().find(|(request, _)| *request == id);
                if let Some((_, answer)) = request {
                    *answer = Some(message);
                }
            }
        }
    }

    /// The answer to a request, once it is there.
    fn answer(&mut self, id: u64) -> Option<Message> {
        let at = self.requests.iter().position(|(own, answer)| *own == id && answer.is_some())?;
        self.requests.swap_remove(at).1
    }

    /// Requests for packets from the reader, as many as are missing.
    fn await_packets(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self.awaited.len() < PACKETS && self.closed.is_none() {
            let (id, request) = self.encode(Message::Bulk(Bulk {
                endpoint: self.device.bulk_in,
                status: Status::SUCCESS,
                length: self.device.packet_in.into(),
                stream_id: 0,
                data: Raw::default(),
            }));
            self.awaited.push(id);
            bytes.extend(request);
        }
        bytes
    }

    /// A transfer to the reader; behind one that fills its last packet an empty one shows its end.
    fn transfer(&mut self, bytes: &[u8]) -> (u64, Vec<u8>) {
        let bulk = |data: &[u8], endpoint| {
            Message::Bulk(Bulk {
                endpoint,
                status: Status::SUCCESS,
                length: u32::try_from(data.len()).unwrap_or(u32::MAX),
                stream_id: 0,
                data: Raw::from(data),
            })
        };
        let endpoint = self.device.bulk_out;
        let (mut id, mut out) = self.encode(bulk(bytes, endpoint));
        let packet = usize::from(self.device.packet_out);
        if bytes.len().checked_rem(packet) == Some(0) {
            let (end, more) = self.encode(bulk(&[], endpoint));
            out.extend(more);
            id = end;
        }
        (id, out)
    }
}

impl Device {
    /// Drivers in the open take the first of each.
    fn endpoints(&mut self, table: &[Endpoint; 32]) {
        let first = |inwards: u8| {
            let mut addresses = (0..16).map(|number| number | inwards);
            addresses.find_map(|address| {
                let endpoint = table.get(Endpoint::place(address))?;
                let size = match endpoint.max_packet_size {
                    0 => PACKET_DEFAULT,
                    size => size,
                };
                (endpoint.kind == EndpointKind::Bulk).then_some((address, size))
            })
        };
        (self.bulk_in, self.packet_in) = first(0x80).unwrap_or_default();
        (self.bulk_out, self.packet_out) = first(0).unwrap_or_default();
    }
}

fn outcome(status: Status, which: Direction) -> Result<(), WayError> {
    match status {
        Status::SUCCESS | Status::CANCELLED | Status::TIMEOUT => Ok(()),
        Status::STALL => Err(WayError::Stalled(which)),
        Status(status) => Err(WayError::closed(cause::transfer_failed(status))),
    }
}

impl UsbredirPipe {
    /// Connects, and waits until the server holds out an RC-S380.
    pub(super) async fn open(address: &str) -> Result<(Self, Product), Fault> {
        let end = Instant::now() + HELLO_WITHIN;
        let stream = match timeout_at(end, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                let cause = cause::no_server(address, error.to_string());
                return Err(Fault::new(FaultKind::NotFound, cause));
            }
            Err(_) => return Err(late(cause::server_not_there(address))),
        };
        // A command is waited for.
        let _ = stream.set_nodelay(true);
        let (read, write) = stream.into_split();
        let mut pipe = Self { read, write, unsent: BytesMut::new(), link: Link::new() };
        let lost = |error| match error {
            WayError::Closed(why) => Fault::new(FaultKind::Link, cause::server_lost(address, why)),
            WayError::Stalled(_) => Fault::new(FaultKind::Protocol, cause::server_refuses(address)),
        };
        let hello = Message::Hello(Hello::new("kazasu", OWN));
        let (_, hello) = pipe.link.encode(hello);
        pipe.queue(&hello);
        let greeted = pipe.until(|link| link.decoder.agreed().map(|_| ()));
        timeout_at(end, greeted)
            .await
            .map_err(|_| late(cause::server_says_nothing(address)))?
            .map_err(lost)?;

        let device = pipe.until(|link| link.device.ids);
        let (vendor, product) = timeout_at(Instant::now() + DEVICE_WITHIN, device)
            .await
            .map_err(|_| Fault::new(FaultKind::NotFound, cause::server_empty(address)))?
            .map_err(lost)?;
        let Some(known) = Product::of(vendor, product) else {
            let device = format!("{vendor:04x}:{product:04x}");
            let cause = cause::server_other_device(address, device);
            return Err(Fault::new(FaultKind::Unsupported, cause));
        };
        if (pipe.link.device.bulk_in, pipe.link.device.bulk_out) == (0, 0) {
            let cause = cause::server_no_endpoints(address);
            return Err(Fault::new(FaultKind::Unsupported, cause));
        }
        pipe.configure().await.map_err(lost)?;
        Ok((pipe, known))
    }

    /// A device that has a configuration keeps it: setting it anew would put its endpoints back,
    /// and the reader out of step.
    async fn configure(&mut self) -> Result<(), WayError> {
        let answer = self.request(Message::GetConfiguration).await?;
        if let Message::ConfigurationStatus { configuration: 0, .. } = answer {
            self.request(Message::SetConfiguration { configuration: 1 }).await?;
        }
        Ok(())
    }

    fn queue(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
        if self.unsent.len() > UNSENT_MAX {
            self.link.close(cause::server_full());
        }
    }

    /// Sends a request and waits for its answer.
    async fn request(&mut self, message: Message) -> Result<Message, WayError> {
        let (id, bytes) = self.link.encode(message);
        self.answer(id, &bytes).await
    }

    async fn answer(&mut self, id: u64, bytes: &[u8]) -> Result<Message, WayError> {
        self.link.requests.push((id, None));
        self.queue(bytes);
        let end = Instant::now() + REQUEST_WITHIN;
        match timeout_at(end, self.until(|link| link.answer(id))).await {
            Ok(answer) => answer,
            Err(_) => {
                let why = cause::server_silent();
                self.link.close(why.clone());
                Err(WayError::closed(why))
            }
        }
    }

    /// Writes and reads until the link has something. Losing interest loses nothing.
    async fn until<T>(&mut self, ready: impl Fn(&mut Link) -> Option<T>) -> Result<T, WayError> {
        let mut buffer = [0; READ_MAX];
        loop {
            if let Some(ready) = ready(&mut self.link) {
                return Ok(ready);
            }
            if let Some(why) = &self.link.closed {
                return Err(WayError::Closed(why.clone()));
            }
            let done = tokio::select! {
                read = self.read.read(&mut buffer) => read.map(|count| {
                    match buffer.get(..count) {
                        Some([]) | None => self.link.close(cause::server_closed()),
                        Some(bytes) => self.link.heard(bytes),
                    }
                }),
                written = self.write.write(&self.unsent), if !self.unsent.is_empty() => {
                    written.map(|count| self.unsent.advance(count.min(self.unsent.len())))
                }
            };
            if let Err(error) = done {
                self.link.close(error.to_string());
            }
        }
    }

    /// Writes and reads what can be done at once.
    fn turn_now(&mut self) {
        let blocked = |error: &io::Error| error.kind() == io::ErrorKind::WouldBlock;
        match self.write.try_write(&self.unsent) {
            Ok(count) => self.unsent.advance(count.min(self.unsent.len())),
            Err(error) if blocked(&error) => {}
            Err(error) => self.link.close(error.to_string()),
        }
        let mut buffer = [0; READ_MAX];
        match self.read.try_read(&mut buffer) {
            Ok(0) => self.link.close(cause::server_closed()),
            Ok(count) => self.link.heard(buffer.get(..count).unwrap_or_default()),
            Err(error) if blocked(&error) => {}
            Err(error) => self.link.close(error.to_string()),
        }
    }
}

fn late(cause: Cause) -> Fault {
    Fault::new(FaultKind::Timeout, cause)
}

impl Way for UsbredirPipe {
    async fn send(&mut self, bytes: Bytes) -> Result<(), WayError> {
        let (id, bytes) = self.link.transfer(&bytes);
        match self.answer(id, &bytes).await? {
            Message::Bulk(bulk) => outcome(bulk.status, Direction::Out),
            _ => Err(WayError::closed(cause::server_other_answer())),
        }
    }

    async fn receive(&mut self) -> Result<Bytes, WayError> {
        loop {
            // Requests that came back empty are made anew.
            let bytes = self.link.await_packets();
            self.queue(&bytes);
            let next = |link: &mut Link| match link.received.pop_front() {
                None if link.closed.is_none() && link.awaited.len() < PACKETS => Some(None),
                None => None,
                received => Some(received),
            };
            if let Some(received) = self.until(next).await? {
                return received;
            }
        }
    }

    async fn control(&mut self, control: Asked) -> Result<(), WayError> {
        let which = match control {
            Asked::ClearHalt(which) => which,
            Asked::SetRate(_) => return Err(WayError::closed(cause::no_rate())),
        };
        let endpoint = match which {
            Direction::In => {
                self.link.received.retain(Result::is_ok);
                self.link.device.bulk_in
            }
            Direction::Out => self.link.device.bulk_out,
        };
        let answer = self
            .request(Message::Control(Control {
                endpoint: 0,
                request: CLEAR_FEATURE,
                request_type: TO_ENDPOINT,
                status: Status::SUCCESS,
                value: ENDPOINT_HALT,
                index: endpoint.into(),
                length: 0,
                data: Raw::default(),
            }))
            .await?;
        match answer {
            Message::Control(control) => outcome(control.status, which),
            _ => Err(WayError::closed(cause::server_other_answer())),
        }
    }

    fn send_now(&mut self, bytes: Bytes) -> bool {
        // How it went is told when nobody asks any more.
        let (_, bytes) = self.link.transfer(&bytes);
        self.queue(&bytes);
        self.turn_now();
        self.link.closed.is_none()
    }

    #[expect(clippy::disallowed_methods, reason = "an adapter, where nothing can be awaited")]
    fn receive_now(&mut self, within: Duration) -> Result<Option<Bytes>, WayError> {
        let start = std::time::Instant::now();
        loop {
            let bytes = self.link.await_packets();
            self.queue(&bytes);
            self.turn_now();
            if let Some(received) = self.link.received.pop_front() {
                return received.map(Some);
            }
            if let Some(why) = &self.link.closed {
                return Err(WayError::Closed(why.clone()));
            }
            if start.elapsed() >= within {
                return Ok(None);
            }
            thread::sleep(LOOK_AGAIN);
        }
    }
}
