//! The driver over usbredir, on real sockets of this machine.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use kazasu_hal::{FaultKind, FelicaBlock, Operation, Polling, Request};
use kazasu_rcs380::{UsbDiscoverer, UsbredirDiscoverer};
use kazasu_sim::{Rcs380, Seed};
use kazasu_sim_serve::{Control, usbredir};
use kazasu_wire::{
    port100::Command,
    sof::{Family, Frame, locate},
    usbredir::{Bulk, Capabilities, Decoder, Message, Packet, Status},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::shell::{PATIENCE, ended, found, next_cards, run};

const LOCAL: &str = "127.0.0.1:0";
/// What the driver can do.
const AGREED: Capabilities = Capabilities::CONNECT_DEVICE_VERSION
    .with(Capabilities::EP_INFO_MAX_PACKET_SIZE)
    .with(Capabilities::IDS_64)
    .with(Capabilities::BULK_LENGTH_32);

/// A simulated reader behind a port of this machine.
async fn served() -> (SocketAddr, Control) {
    let (address, control, reader) =
        usbredir(LOCAL.parse().unwrap(), Rcs380::new(Seed(1))).await.unwrap();
    tokio::spawn(reader);
    (address, control)
}

fn at(address: SocketAddr) -> UsbredirDiscoverer {
    UsbredirDiscoverer::new(address.to_string(), Polling::Normal)
}

#[tokio::test]
async fn a_reader_behind_usbredir_is_found_read_lost_and_found_again() {
    let (address, control) = served().await;
    let (mut reader, running) = found(at(address)).await;
    assert_eq!(reader.info.name.0, format!("rcs380:usbredir:{address}"));
    assert_eq!((reader.info.driver, &*reader.info.model), ("rcs380", "RC-S380/P firmware 1.11"));
    next_cards(&mut reader, &[]).await;
    let block = "30303132333435360000000000000000";
    let line = format!("put felica idm=012E4CE1000000A1 block=1A8B:00:{block}");
    assert!(control.tell(&line).await.starts_with("ok"));
    let cards = next_cards(&mut reader, &["felica 012E4CE1000000A1"]).await;

    let (reply, outcome) = oneshot::channel();
    let place = FelicaBlock { service: 0x1A8B, block: 0 };
    let (card, operation) = (cards[0].identity.clone(), Operation::FelicaRead(vec![place]));
    reader.requests.send(Request { card, operation, reply }).await.unwrap();
    let reading = tokio::spawn(async move { while reader.reports.recv().await.is_some() {} });
    let blocks = timeout(PATIENCE, outcome).await.unwrap().unwrap().unwrap();
    assert_eq!(blocks, [*b"00123456\0\0\0\0\0\0\0\0"]);

    // 20 times in the middle of whatever is going on.
    control.tell("fault unplug").await;
    let (fault, _) = ended(running).await;
    assert_eq!(fault.kind, FaultKind::Link, "{fault}");
    assert!(fault.to_string().contains("unplugged"), "{fault}");
    timeout(PATIENCE, reading).await.unwrap().unwrap();
    for at_byte in 0..20 {
        control.tell("plug").await;
        let (mut reader, running) = found(at(address)).await;
        next_cards(&mut reader, &["felica 012E4CE1000000A1"]).await;
        control.tell(&format!("fault unplug at={at_byte}")).await;
        let reading = tokio::spawn(async move { while reader.reports.recv().await.is_some() {} });
        assert_eq!(ended(running).await.0.kind, FaultKind::Link);
        timeout(PATIENCE, reading).await.unwrap().unwrap();
    }
}

/// What to do with a packet on its way.
type Meddle = Box<dyn FnMut(Way, &mut Packet) + Send>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    ToReader,
    ToDriver,
}

/// A port before the server that shows every packet to `meddle`.
async fn before(server: SocketAddr, meddle: Meddle) -> SocketAddr {
    let listener = TcpListener::bind(LOCAL).await.unwrap();
    let address = listener.local_addr().unwrap();
    let meddle = Arc::new(Mutex::new(meddle));
    tokio::spawn(async move {
        loop {
            let (driver, _) = listener.accept().await.unwrap();
            let reader = TcpStream::connect(server).await.unwrap();
            for stream in [&driver, &reader] {
                stream.set_nodelay(true).unwrap();
            }
            let (driver_read, driver_write) = driver.into_split();
            let (reader_read, reader_write) = reader.into_split();
            for (way, mut from, mut to) in [
                (Way::ToReader, driver_read, reader_write),
                (Way::ToDriver, reader_read, driver_write),
            ] {
                let meddle = Arc::clone(&meddle);
                tokio::spawn(async move {
                    let mut decoder = Decoder::new(AGREED);
                    let mut buffer = [0; 4096];
                    while let Ok(count @ 1..) = from.read(&mut buffer).await {
                        decoder.push(&buffer[..count]);
                        let mut out = Vec::new();
                        while let Some(packet) = decoder.next_packet() {
                            let mut packet = packet.unwrap();
                            (meddle.lock().unwrap())(way, &mut packet);
                            out.extend(packet.encode(AGREED).unwrap());
                        }
                        if to.write_all(&out).await.is_err() {
                            return;
                        }
                    }
                });
            }
        }
    });
    address
}

/// The command in a transfer to the reader.
fn command(packet: &Packet) -> Option<Command> {
    let Message::Bulk(Bulk { data, .. }) = &packet.message else { return None };
    match locate(Family::Port100, data).ok()?.frame {
        Frame::Data(data) => Command::decode(&data).ok(),
        _ => None,
    }
}

#[tokio::test]
async fn a_configured_device_keeps_its_configuration() {
    for (name, configuration, expected) in [("configured", 1, 0), ("not configured", 0, 1)] {
        let (server, _control) = served().await;
        let set = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&set);
        let mut told = false;
        let address = before(
            server,
            Box::new(move |_, packet| match &mut packet.message {
                Message::SetConfiguration { configuration: 1 } => *counted.lock().unwrap() += 1,
                Message::ConfigurationStatus { configuration: own, .. } if !told => {
                    told = true;
                    *own = configuration;
                }
                _ => {}
            }),
        )
        .await;
        let (mut reader, _running) = found(at(address)).await;
        next_cards(&mut reader, &[]).await;
        assert_eq!(*set.lock().unwrap(), expected, "{name}");
    }
}

#[tokio::test]
async fn a_halted_endpoint_is_cleared_but_not_for_ever() {
    // Which transfers are refused, in which direction; and whether the reader works on.
    let rows: [(&str, u8, usize, bool); 4] = [
        ("inwards, once", 0x81, 1, true),
        ("outwards, once", 0x02, 1, true),
        ("inwards, for ever", 0x81, usize::MAX, false),
        ("outwards, for ever", 0x02, usize::MAX, false),
    ];
    for (name, which, times, works) in rows {
        let (server, control) = served().await;
        let cleared = Arc::new(Mutex::new(0));
        let (counted, mut left, mut passed) = (Arc::clone(&cleared), times, 0);
        let mut lost = Vec::new();
        let address = before(
            server,
            Box::new(move |way, packet| match (way, &mut packet.message) {
                // The reader never gets it.
                (Way::ToReader, Message::Bulk(bulk)) if bulk.endpoint == which && which == 0x02 => {
                    passed += 1;
                    if passed > 30 && left > 0 {
                        left -= 1;
                        lost.push(packet.id);
                        bulk.data.0.fill(0);
                    }
                }
                (Way::ToDriver, Message::Bulk(bulk)) if bulk.endpoint == which && which == 0x81 => {
                    passed += 1;
                    if passed > 30 && left > 0 {
                        left -= 1;
                        let (status, length) = (Status::STALL, 0);
                        *bulk = Bulk { status, length, data: Vec::new().into(), ..bulk.clone() };
                    }
                }
                (Way::ToDriver, Message::Bulk(bulk)) if lost.contains(&packet.id) => {
                    bulk.status = Status::STALL;
                }
                (Way::ToReader, Message::Control(control)) if control.request == 1 => {
                    assert_eq!((control.request_type, control.value), (0x02, 0));
                    assert_eq!(control.index, u16::from(which));
                    *counted.lock().unwrap() += 1;
                }
                _ => {}
            }),
        )
        .await;
        let (mut found, running) = run(at(address));
        if works {
            let mut reader = timeout(PATIENCE, found.recv()).await.unwrap().unwrap();
            next_cards(&mut reader, &[]).await;
            while *cleared.lock().unwrap() == 0 {
                next_cards(&mut reader, &[]).await;
            }
            control.tell("put type-a uid=5AC1C2C3").await;
            next_cards(&mut reader, &["iso14443a 5AC1C2C3"]).await;
            assert_eq!(*cleared.lock().unwrap(), 1, "{name}");
        } else {
            let reading = tokio::spawn(async move {
                while let Some(mut reader) = found.recv().await {
                    while reader.reports.recv().await.is_some() {}
                }
            });
            let (fault, _) = ended(running).await;
            // Whoever loses patience first: the shell with the endpoint, or the session with the
            // reader.
            let kinds = [FaultKind::Link, FaultKind::Timeout];
            assert!(kinds.contains(&fault.kind), "{name}: {fault}");
            timeout(PATIENCE, reading).await.unwrap().unwrap();
            let times = *cleared.lock().unwrap();
            assert!((2..=8).contains(&times), "{name}: {times}");
        }
    }
}

/// Dropping the future is how a runtime lets go; the reader runs on another thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_is_let_go_is_left_with_its_field_off() {
    for by_reader in [false, true] {
        let (server, _control) = served().await;
        let (last, mut lasts) = mpsc::unbounded_channel();
        let address = before(
            server,
            Box::new(move |way, packet| {
                if let (Way::ToReader, Some(command)) = (way, command(packet)) {
                    let _ = last.send(command);
                }
            }),
        )
        .await;
        let (mut reader, running) = found(at(address)).await;
        next_cards(&mut reader, &[]).await;
        while lasts.try_recv().is_ok() {}
        if by_reader {
            drop(reader);
            let (fault, _) = ended(running).await;
            assert!(fault.to_string().contains("let-go"), "{fault}");
        } else {
            running.abort();
            assert!(timeout(PATIENCE, running).await.unwrap().unwrap_err().is_cancelled());
        }
        let off =
            async { while lasts.recv().await.unwrap() != (Command::SwitchRf { on: false }) {} };
        timeout(PATIENCE, off).await.unwrap();
    }
}

/// A server that says these bytes to whoever comes, and nothing more.
async fn saying(bytes: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind(LOCAL).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let bytes = bytes.clone();
            tokio::spawn(async move {
                let _ = stream.write_all(&bytes).await;
                while stream.read(&mut [0; 64]).await.is_ok_and(|count| count > 0) {}
            });
        }
    });
    address
}

/// Time runs by itself wherever everybody waits, so that the longest time-outs take no time.
#[tokio::test(start_paused = true)]
async fn servers_that_are_of_no_use_are_named() {
    let closed = {
        let listener = TcpListener::bind(LOCAL).await.unwrap();
        listener.local_addr().unwrap()
    };
    let (away, control) = served().await;
    control.tell("fault unplug").await;
    let (server, _control) = served().await;
    let stranger = before(
        server,
        Box::new(|_, packet| {
            if let Message::DeviceConnect(device) = &mut packet.message {
                device.product_id = 0x02E1;
            }
        }),
    )
    .await;
    let rows = [
        ("nobody listens", closed, FaultKind::NotFound),
        ("no device", away, FaultKind::NotFound),
        ("another device", stranger, FaultKind::Unsupported),
        ("a silent server", saying(Vec::new()).await, FaultKind::Timeout),
        (
            "a web server",
            saying(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await,
            FaultKind::Link,
        ),
    ];
    for (name, address, kind) in rows {
        let (_found, running) = run(at(address));
        let fault = timeout(Duration::from_secs(60), running).await.unwrap().unwrap().0;
        assert_eq!(fault.kind, kind, "{name}: {fault}");
        assert!(fault.to_string().contains(&address.to_string()), "{name}: {fault}");
    }
}

/// A machine without USB, as in a container, has no readers, and that is no fault.
#[tokio::test(start_paused = true)]
async fn without_readers_usb_is_searched_on() {
    let (mut found, running) =
        run(UsbDiscoverer::new(Some("no such serial number".to_owned()), Polling::Normal));
    assert!(timeout(Duration::from_secs(60), found.recv()).await.is_err());
    assert!(!running.is_finished());
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
}
