//! The reader on USB, at the other end of usbredir.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, also outside of its #[test] function"
)]

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use kazasu_sim::{Rcs380, Seed, usb};
use kazasu_sim_serve::{Control as Lines, usbredir, usbredir_in_process};
use kazasu_wire::{
    sof::{Family, Frame},
    usbredir::{
        Bulk, Capabilities, Control, Decoder, Endpoint, EndpointKind, Hello, Message, Packet,
        Speed, Status,
    },
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};

/// Nothing here takes longer; only a failure waits for it.
const DEADLINE: Duration = Duration::from_secs(20);
const ALL: Capabilities = Capabilities::KNOWN;

async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.unwrap()
}

async fn tell(lines: &Lines, line: &str, answer: &str) {
    assert_eq!(soon(lines.tell(line)).await, answer, "{line}");
}

/// A simulator on a free port.
async fn serve() -> (SocketAddr, Lines, JoinHandle<()>) {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let (address, lines, run) = usbredir(any, Rcs380::new(Seed(1))).await.unwrap();
    (address, lines, tokio::spawn(async move { run.await.unwrap() }))
}

/// Whoever uses the device.
struct Peer<S> {
    stream: S,
    decoder: Decoder,
    agreed: Capabilities,
    last_id: u64,
}

impl Peer<TcpStream> {
    async fn connect(address: SocketAddr) -> Self {
        Self::on(TcpStream::connect(address).await.unwrap(), ALL).await
    }

    /// Connected, and the device is there.
    async fn there(address: SocketAddr) -> Self {
        let mut peer = Self::connect(address).await;
        peer.expect_device().await;
        peer
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    async fn on(stream: S, capabilities: Capabilities) -> Self {
        let decoder = Decoder::new(capabilities);
        let mut peer = Self { stream, decoder, agreed: Capabilities(0), last_id: 0 };
        peer.send(0, Message::Hello(Hello::new("test", capabilities))).await;
        assert!(matches!(peer.next().await.message, Message::Hello(_)));
        peer.agreed = peer.decoder.agreed().unwrap();
        peer
    }

    async fn send(&mut self, id: u64, message: Message) {
        let bytes = Packet { id, message }.encode(self.agreed).unwrap();
        self.stream.write_all(&bytes).await.unwrap();
    }

    /// The next packet; `None` at the end of the stream.
    async fn read(&mut self) -> Option<Packet> {
        let mut chunk = [0; 256];
        loop {
            if let Some(packet) = self.decoder.next_packet() {
                return Some(packet.unwrap());
            }
            match soon(self.stream.read(&mut chunk)).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.decoder.push(&chunk[..count]),
            }
        }
    }

    async fn next(&mut self) -> Packet {
        self.read().await.unwrap()
    }

    /// Sends a request and gives its answer, which has its id.
    async fn ask(&mut self, message: Message) -> Message {
        self.last_id += 1;
        let id = self.last_id;
        self.send(id, message).await;
        loop {
            let packet = self.next().await;
            // What is told without being asked for.
            if packet.id == 0 {
                assert!(matches!(
                    packet.message,
                    Message::EndpointInfo(_) | Message::InterfaceInfo(_)
                ));
                continue;
            }
            assert_eq!(packet.id, id);
            return packet.message;
        }
    }

    /// The device is announced.
    async fn expect_device(&mut self) {
        let Message::EndpointInfo(endpoints) = self.next().await.message else { panic!() };
        let bulk = endpoints[Endpoint::place(usb::IN)];
        assert_eq!((bulk.kind, bulk.max_packet_size), (EndpointKind::Bulk, 64));
        let bulk = endpoints[Endpoint::place(usb::OUT)];
        assert_eq!((bulk.kind, bulk.max_packet_size), (EndpointKind::Bulk, 64));
        let known = endpoints.iter().filter(|endpoint| endpoint.kind != EndpointKind::Absent);
        assert_eq!(known.count(), 4);
        let Message::InterfaceInfo(interfaces) = self.next().await.message else { panic!() };
        assert_eq!(interfaces.list().len(), 1);
        let Message::DeviceConnect(device) = self.next().await.message else { panic!() };
        assert_eq!((device.vendor_id, device.product_id), (0x054C, 0x06C3));
        assert_eq!((device.speed, device.device_version), (Speed::Full, 0x0111));
    }

    async fn bulk_out(&mut self, endpoint: u8, bytes: &[u8]) -> Status {
        let length = u32::try_from(bytes.len()).unwrap();
        match self.ask(bulk(endpoint, length, bytes)).await {
            Message::Bulk(done) if done.status == Status::SUCCESS => {
                assert_eq!((done.length, done.data.len()), (length, 0));
                done.status
            }
            Message::Bulk(done) => done.status,
            other => panic!("{other:?}"),
        }
    }

    async fn bulk_in(&mut self) -> Vec<u8> {
        match self.ask(bulk(usb::IN, 300, &[])).await {
            Message::Bulk(Bulk { status: Status::SUCCESS, length, data, .. }) => {
                assert_eq!(usize::try_from(length), Ok(data.len()));
                data.to_vec()
            }
            other => panic!("{other:?}"),
        }
    }

    /// A command and its answer, code first.
    async fn command(&mut self, command: &[u8]) -> Vec<u8> {
        assert_eq!(self.bulk_out(usb::OUT, &frame(command)).await, Status::SUCCESS);
        assert_eq!(self.bulk_in().await, [0, 0, 0xFF, 0, 0xFF, 0]);
        let answer = self.bulk_in().await;
        let found = kazasu_wire::sof::locate(Family::Port100, &answer).unwrap();
        let Frame::Data(data) = found.frame else { panic!("{answer:02X?}") };
        data[1..].to_vec()
    }

    async fn works(&mut self) {
        assert_eq!(self.command(&[0x20]).await, [0x21, 0x11, 0x01]);
    }

    async fn control(&mut self, request: [u8; 2], value: u16, index: u16, length: u16) -> Control {
        let [request_type, request] = request;
        let endpoint = request_type & 0x80;
        let (status, data) = (Status::SUCCESS, [][..].into());
        let asked = Control { endpoint, request, request_type, status, value, index, length, data };
        match self.ask(Message::Control(asked.clone())).await {
            Message::Control(done) => {
                let echo = (done.endpoint, done.request, done.request_type, done.value, done.index);
                assert_eq!(echo, (endpoint, request, request_type, value, index));
                done
            }
            other => panic!("{other:?}"),
        }
    }
}

fn frame(command: &[u8]) -> Vec<u8> {
    Frame::Data([&[0xD6], command].concat()).encode_for(Family::Port100).unwrap()
}

fn bulk(endpoint: u8, length: u32, bytes: &[u8]) -> Message {
    let (status, stream_id, data) = (Status::SUCCESS, 0, bytes.into());
    Message::Bulk(Bulk { endpoint, status, length, stream_id, data })
}

#[tokio::test]
async fn a_peer_uses_the_reader() {
    let (address, lines, run) = serve().await;
    let mut peer = Peer::there(address).await;
    peer.works().await;
    assert_eq!(peer.command(&[0x2A, 0x01]).await, [0x2B, 0x00]);

    let device = peer.control([0x80, 6], 0x0100, 0, 18).await;
    assert_eq!((device.status, device.length, device.data[8]), (Status::SUCCESS, 18, 0x4C));
    let short = peer.control([0x80, 6], 0x0100, 0, 8).await;
    assert_eq!((short.length, short.data.len()), (8, 8));
    let stalled = peer.control([0x80, 6], 0x0600, 0, 10).await;
    assert_eq!((stalled.status, stalled.length, stalled.data.len()), (Status::STALL, 0, 0));
    let cleared = peer.control([0x02, 1], 0, usb::IN.into(), 0).await;
    assert_eq!(cleared.status, Status::SUCCESS);

    let status =
        |configuration| Message::ConfigurationStatus { status: Status::SUCCESS, configuration };
    assert_eq!(peer.ask(Message::GetConfiguration).await, status(1));
    let alt = Message::AltSettingStatus { status: Status::SUCCESS, interface: 0, alt: 0 };
    assert_eq!(peer.ask(Message::GetAltSetting { interface: 0 }).await, alt);
    assert_eq!(peer.ask(Message::SetAltSetting { interface: 0, alt: 0 }).await, alt);
    let alt = Message::AltSettingStatus { status: Status::STALL, interface: 0, alt: 0 };
    assert_eq!(peer.ask(Message::SetAltSetting { interface: 0, alt: 1 }).await, alt);
    let refused = Message::ConfigurationStatus { status: Status::STALL, configuration: 1 };
    assert_eq!(peer.ask(Message::SetConfiguration { configuration: 2 }).await, refused);
    assert_eq!(peer.ask(Message::SetConfiguration { configuration: 0 }).await, status(0));
    assert_eq!(peer.bulk_out(usb::OUT, &frame(&[0x20])).await, Status::INVALID);
    peer.send(9, Message::Reset).await;
    assert_eq!(peer.ask(Message::SetConfiguration { configuration: 1 }).await, status(1));
    peer.works().await;
    assert_eq!(peer.command(&[0x06, 0x00]).await, [0x07, 0x07], "it was reset");

    // Endpoints that are not there, and bytes that are not there.
    assert_eq!(peer.bulk_out(0x01, &[0]).await, Status::INVALID);
    let nothing = bulk(usb::OUT, 3, &[]);
    let Message::Bulk(done) = peer.ask(nothing).await else { panic!() };
    assert_eq!(done.status, Status::INVALID);
    // What this device has no use for is passed over.
    peer.send(0, Message::FilterFilter(b"-1,-1,-1,-1,1\0"[..].into())).await;
    peer.send(3, Message::Other { kind: 15, data: [0x83][..].into() }).await;
    peer.works().await;

    tell(&lines, "quit", "ok quit").await;
    soon(run).await.unwrap();
    assert_eq!(peer.read().await, None);
}

#[tokio::test]
async fn transfers_wait_and_can_be_cancelled() {
    let (address, _lines, _run) = serve().await;
    let mut peer = Peer::there(address).await;
    // Two wait; the first is cancelled, the second gets what comes.
    peer.send(101, bulk(usb::IN, 300, &[])).await;
    peer.send(102, bulk(usb::IN, 300, &[])).await;
    peer.send(101, Message::CancelDataPacket).await;
    let Packet { id: 101, message: Message::Bulk(done) } = peer.next().await else { panic!() };
    assert_eq!((done.status, done.length), (Status::CANCELLED, 0));
    // One that is not there any more is not answered.
    peer.send(101, Message::CancelDataPacket).await;
    peer.send(103, bulk(usb::OUT, 13, &frame(&[0x06, 0x00])[..13])).await;
    let Packet { id: 103, .. } = peer.next().await else { panic!() };
    let Packet { id: 102, message: Message::Bulk(done) } = peer.next().await else { panic!() };
    assert_eq!(done.data[..], [0, 0, 0xFF, 0, 0xFF, 0]);
    let answer = peer.bulk_in().await;
    assert_eq!(answer[8..11], [0xD7, 0x07, 0x07]);
    // A long one comes in pieces where the peer asks for them.
    peer.bulk_out(usb::OUT, &frame(&[0x20])).await;
    assert_eq!(peer.bulk_in().await.len(), 6);
    let Message::Bulk(first) = peer.ask(bulk(usb::IN, 5, &[])).await else { panic!() };
    assert_eq!((first.length, &first.data[..]), (5, &[0, 0, 0xFF, 0xFF, 0xFF][..]));
    assert_eq!(peer.bulk_in().await.len(), 9);
    // More than 64 at once are refused.
    for id in 200..265 {
        peer.send(id, bulk(usb::IN, 300, &[])).await;
    }
    let Packet { id: 264, message: Message::Bulk(done) } = peer.next().await else { panic!() };
    assert_eq!(done.status, Status::INVALID);
    // A reset forgets all of them.
    peer.send(0, Message::Reset).await;
    peer.works().await;
}

#[tokio::test]
async fn one_peer_at_a_time() {
    let (address, lines, _run) = serve().await;
    let mut peer = Peer::there(address).await;
    peer.command(&[0x2A, 0x01]).await;
    // A second one is turned away at once, the first goes on.
    let mut second = TcpStream::connect(address).await.unwrap();
    assert!(matches!(soon(second.read(&mut [0])).await, Ok(0) | Err(_)));
    peer.works().await;
    drop(peer);
    // The next one finds the reader as it was left: it has had power all along.
    let mut peer = Peer::there(address).await;
    assert_eq!(peer.command(&[0x06, 0x00]).await, [0x07, 0x00]);
    drop(peer);
    // Whoever speaks something else is thrown out.
    let mut other = TcpStream::connect(address).await.unwrap();
    other.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut said = Vec::new();
    let _ = soon(other.read_to_end(&mut said)).await;
    assert!(said.len() <= 12 + 68, "a hello at most: {said:02X?}");
    Peer::there(address).await.works().await;
    // Another one cannot have the port.
    let taken = usbredir(address, Rcs380::new(Seed(1))).await.err().unwrap().to_string();
    assert!(taken.starts_with(&format!("cannot listen at {address}: ")), "{taken}");
    tell(&lines, "put felica idm=012E4CE100000001", "ok card 1").await;
    tell(&lines, "pace instant", "ok pace instant").await;
    tell(&lines, "fault drop 3", "ok fault armed; the one before had 0 to go").await;
    tell(&lines, "fault off", "ok fault off; the one before had 3 to go").await;
    tell(&lines, "take", "ok took card 1").await;
    tell(&lines, "plug", "error plug: it is plugged in; fault unplug").await;
}

#[tokio::test]
async fn the_device_goes_and_comes_back() {
    let (address, lines, _run) = serve().await;
    let mut peer = Peer::there(address).await;
    peer.command(&[0x2A, 0x01]).await;
    peer.send(50, bulk(usb::IN, 300, &[])).await;
    tell(&lines, "fault unplug", "ok unplugged").await;
    assert_eq!(peer.next().await.message, Message::DeviceDisconnect);
    tell(&lines, "fault unplug", "error fault unplug: it is unplugged; plug").await;
    tell(&lines, "plug", "ok plugged").await;
    // What was meant for the device that went does not reach the new one.
    peer.send(51, bulk(usb::OUT, 12, &frame(&[0x20]))).await;
    peer.send(0, Message::DeviceDisconnectAck).await;
    peer.expect_device().await;
    assert_eq!(peer.command(&[0x06, 0x00]).await, [0x07, 0x07], "it lost its power");
    // While it is away a peer waits for it.
    tell(&lines, "fault unplug", "ok unplugged").await;
    drop(peer);
    let mut peer = Peer::connect(address).await;
    tell(&lines, "plug", "ok plugged").await;
    peer.expect_device().await;
    peer.works().await;
    // A peer that never says that it forgot the device is told at once.
    drop(peer);
    let without = Capabilities(ALL.0 & !Capabilities::DEVICE_DISCONNECT_ACK.0);
    let mut peer = Peer::on(TcpStream::connect(address).await.unwrap(), without).await;
    peer.expect_device().await;
    tell(&lines, "fault unplug", "ok unplugged").await;
    tell(&lines, "plug", "ok plugged").await;
    assert_eq!(peer.next().await.message, Message::DeviceDisconnect);
    peer.expect_device().await;
    peer.works().await;
}

#[tokio::test]
async fn the_plug_is_pulled_in_the_middle_of_transfers() {
    let (address, lines, _run) = serve().await;
    let mut peer = Peer::there(address).await;
    for at in 0..14 {
        let line = format!("fault unplug 1 at={at} after=1");
        tell(&lines, &line, "ok fault armed; the one before had 0 to go").await;
        peer.send(1000, bulk(usb::IN, 300, &[])).await;
        peer.send(1001, bulk(usb::IN, 300, &[])).await;
        peer.send(1002, bulk(usb::OUT, 12, &frame(&[0x20]))).await;
        let lengths = [(1002, 12), (1000, 6), (1001, at)];
        for (id, length) in lengths.into_iter().take(if at == 0 { 2 } else { 3 }) {
            let Packet { id: found, message: Message::Bulk(done) } = peer.next().await else {
                panic!("{at}")
            };
            assert_eq!((found, usize::try_from(done.length)), (id, Ok(length)), "{at}");
        }
        assert_eq!(peer.next().await.message, Message::DeviceDisconnect, "{at}");
        peer.send(0, Message::DeviceDisconnectAck).await;
        tell(&lines, "plug", "ok plugged").await;
        peer.expect_device().await;
        peer.works().await;
    }
}

#[tokio::test(start_paused = true)]
async fn in_this_process_by_the_clock_of_the_runtime() {
    let (reader, run) = usbredir_in_process(Rcs380::new(Seed(1)));
    let run = tokio::spawn(run);
    tell(reader.control(), "put felica idm=012E4CE100000001", "ok card 1").await;
    let mut peer = Peer::on(reader.connect().await.unwrap(), ALL).await;
    peer.expect_device().await;
    let busy = reader.connect().await.err().unwrap();
    assert_eq!(busy.kind(), std::io::ErrorKind::ResourceBusy);
    peer.command(&[0x2A, 0x01]).await;
    peer.command(&[0x00, 0x01, 0x01, 0x0F, 0x01]).await;
    peer.command(&[0x02, 0x01, 0x01, 0x02, 0x01, 0x07, 0x08]).await;
    let found = peer.command(&[0x04, 0x6E, 0x00, 0x06, 0x00, 0xFF, 0xFF, 0x00, 0x00]).await;
    assert_eq!(found[6..11], [0x12, 0x01, 0x01, 0x2E, 0x4C]);
    drop(peer);
    let mut peer = Peer::on(reader.connect().await.unwrap(), ALL).await;
    peer.expect_device().await;
    peer.works().await;
    drop(reader);
    soon(run).await.unwrap();
    assert_eq!(peer.read().await, None);
}
