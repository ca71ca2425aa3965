//! usbredir packets: bytes worked out by hand from the protocol's description, refusals, and any
//! values there and back.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, also outside of its #[test] function"
)]

use kazasu_wire::usbredir::{
    BODY_MAX, Bulk, Capabilities, Control, Decoder, DeviceConnect, Endpoint, EndpointKind, Hello,
    Interface, Interfaces, Message, Packet, Speed, Status,
};
use proptest::{collection::vec, prelude::*};

const NONE: Capabilities = Capabilities(0);
const ALL: Capabilities = Capabilities::KNOWN;

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.split_whitespace().collect();
    let digits = digits.concat();
    let pairs = (0..digits.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn hello(capabilities: Capabilities) -> Vec<u8> {
    let message = Message::Hello(Hello::new("test", capabilities));
    Packet { id: 0, message }.encode(ALL).unwrap()
}

/// A decoder that has agreed about `capabilities`.
fn decoder(capabilities: Capabilities) -> Decoder {
    let mut decoder = Decoder::new(ALL);
    decoder.push(&hello(capabilities));
    assert!(matches!(decoder.next_packet(), Some(Ok(_))));
    assert_eq!(decoder.agreed(), Some(capabilities.agreed(ALL)));
    decoder
}

/// These bytes are this packet, and the other way round.
fn check(capabilities: Capabilities, bytes: &str, id: u64, message: &Message) {
    let (bytes, packet) = (unhex(bytes), Packet { id, message: message.clone() });
    assert_eq!(packet.encode(capabilities).as_deref(), Some(&bytes[..]), "{message:?}");
    let mut decoder = decoder(capabilities);
    // Nothing comes before the last byte.
    for byte in &bytes {
        assert_eq!(decoder.next_packet(), None, "{message:?}");
        decoder.push(&[*byte]);
    }
    assert_eq!(decoder.next_packet(), Some(Ok(packet)));
    assert_eq!(decoder.next_packet(), None);
}

#[test]
fn bytes_of_packets() {
    // Ids of four bytes and short lengths without capabilities.
    let status = Status::SUCCESS;
    check(NONE, "02000000 00000000 00000000", 0, &Message::DeviceDisconnect);
    check(ALL, "02000000 00000000 0000000000000000", 0, &Message::DeviceDisconnect);
    check(ALL, "18000000 00000000 0000000000000000", 0, &Message::DeviceDisconnectAck);
    check(NONE, "03000000 00000000 01000000", 1, &Message::Reset);
    check(ALL, "15000000 00000000 0807060504030201", 0x0102_0304_0506_0708, &{
        Message::CancelDataPacket
    });
    check(NONE, "16000000 00000000 00000000", 0, &Message::FilterReject);
    let rules = Message::FilterFilter(b"-1,-1,-1,-1,1\0"[..].into());
    check(NONE, "17000000 0E000000 00000000 2D312C2D312C2D312C2D312C3100", 0, &rules);
    let set = Message::SetConfiguration { configuration: 1 };
    check(NONE, "06000000 01000000 02000000 01", 2, &set);
    check(NONE, "07000000 00000000 02000000", 2, &Message::GetConfiguration);
    let told = Message::ConfigurationStatus { status, configuration: 1 };
    check(NONE, "08000000 02000000 02000000 0001", 2, &told);
    let set = Message::SetAltSetting { interface: 1, alt: 2 };
    check(NONE, "09000000 02000000 03000000 0102", 3, &set);
    check(NONE, "0A000000 01000000 03000000 01", 3, &Message::GetAltSetting { interface: 1 });
    let told = Message::AltSettingStatus { status: Status::STALL, interface: 1, alt: 2 };
    check(NONE, "0B000000 03000000 03000000 040102", 3, &told);
    let other = Message::Other { kind: 103, data: [0x81, 0, 1, 0, 7][..].into() };
    check(NONE, "67000000 05000000 09000000 8100010007", 9, &other);

    let device = |device_version| {
        Message::DeviceConnect(DeviceConnect {
            speed: Speed::Full,
            class: 0,
            subclass: 0,
            protocol: 0,
            vendor_id: 0x054C,
            product_id: 0x06C3,
            device_version,
        })
    };
    check(NONE, "01000000 08000000 00000000 01000000 4C05 C306", 0, &device(0));
    let bytes = "01000000 0A000000 0000000000000000 01000000 4C05 C306 1101";
    check(ALL, bytes, 0, &device(0x0111));

    let control = |endpoint, data: &[u8], length| {
        Message::Control(Control {
            endpoint,
            request: 6,
            request_type: 0x80,
            status,
            value: 0x0100,
            index: 0,
            length,
            data: data.into(),
        })
    };
    let asked = "64000000 0A000000 05000000 80 06 80 00 0001 0000 1200";
    check(NONE, asked, 5, &control(0x80, &[], 18));
    let told = "64000000 0C000000 05000000 80 06 80 00 0001 0000 0200 1201";
    check(NONE, told, 5, &control(0x80, &[0x12, 0x01], 2));

    let bulk = |endpoint, data: &[u8], length| {
        let stream_id = 0;
        Message::Bulk(Bulk { endpoint, status, length, stream_id, data: data.into() })
    };
    let sent = "65000000 0E000000 06000000 02 00 0600 00000000 0000FF00FF00";
    check(NONE, sent, 6, &bulk(2, &[0, 0, 0xFF, 0, 0xFF, 0], 6));
    let wanted = "65000000 0A000000 0700000000000000 81 00 0000 00000000 0100";
    check(ALL, wanted, 7, &bulk(0x81, &[], 0x1_0000));
}

#[test]
fn tables_of_a_device() {
    let interface = Interface { number: 0, class: 0xFF, subclass: 1, protocol: 2 };
    let interfaces = Interfaces::new(&[interface]);
    assert_eq!(interfaces.list(), [interface]);
    assert_eq!(Interfaces::new(&[interface; 40]).list().len(), 32);
    let zeros = |count| "00".repeat(count);
    let bytes = format!(
        "04000000 84000000 00000000 01000000 {} FF{} 01{} 02{}",
        zeros(32),
        zeros(31),
        zeros(31),
        zeros(31)
    );
    check(NONE, &bytes, 0, &Message::InterfaceInfo(Box::new(interfaces)));

    let endpoint =
        |kind, max_packet_size| Endpoint { kind, interval: 0, interface: 0, max_packet_size };
    let table = |size| {
        Message::EndpointInfo(Box::new(Endpoint::table(&[
            (0x00, endpoint(EndpointKind::Control, size)),
            (0x80, endpoint(EndpointKind::Control, size)),
            (0x02, endpoint(EndpointKind::Bulk, size)),
            (
                0x81,
                Endpoint { interval: 3, interface: 1, ..endpoint(EndpointKind::Interrupt, size) },
            ),
        ])))
    };
    let (ff, zero) = (|count| "FF".repeat(count), "0000");
    let kinds = format!("00FF02{} 0003{}", ff(13), ff(14));
    let rest = format!("{}03{} {}01{}", zeros(17), zeros(14), zeros(17), zeros(14));
    check(NONE, &format!("05000000 60000000 00000000 {kinds} {rest}"), 0, &table(0));
    let sizes = format!("4000{zero}4000{}40004000{}", zero.repeat(13), zero.repeat(14));
    let bytes = format!("05000000 A0000000 0000000000000000 {kinds} {rest} {sizes}");
    check(ALL, &bytes, 0, &table(64));
}

#[test]
fn a_hello_decides_about_what_follows() {
    let mut decoder = Decoder::new(Capabilities::IDS_64.with(Capabilities::FILTER));
    assert_eq!(decoder.agreed(), None);
    // Capabilities that nobody knows here change nothing; words behind the first are kept.
    let said = Hello { capabilities: vec![0xFFFF_FFFF, 7], ..Hello::new("peer 1.0", NONE) };
    let packet = Packet { id: 0, message: Message::Hello(said) };
    let mut bytes = packet.encode(ALL).unwrap();
    assert_eq!(bytes.len(), 12 + 64 + 8);
    bytes.extend(unhex("03000000 00000000 0100000000000000"));
    decoder.push(&bytes);
    assert_eq!(decoder.next_packet(), Some(Ok(packet.clone())));
    let agreed = Capabilities::IDS_64.with(Capabilities::FILTER);
    assert_eq!(decoder.agreed(), Some(agreed));
    assert_eq!(decoder.next_packet(), Some(Ok(Packet { id: 1, message: Message::Reset })));
    let shown = format!("{:?}", packet.message);
    assert_eq!(shown, r#"Hello(Hello("peer 1.0", capabilities FFFFFFFF))"#);
    // The first version had none at all.
    let mut decoder = Decoder::new(ALL);
    let old = Message::Hello(Hello { capabilities: Vec::new(), ..Hello::new("old", NONE) });
    decoder.push(&Packet { id: 0, message: old }.encode(NONE).unwrap());
    assert!(decoder.next_packet().unwrap().is_ok());
    assert_eq!(decoder.agreed(), Some(NONE));
    assert_eq!(Hello::new(&"x".repeat(100), NONE).version[62..], [b'x', 0]);
}

#[test]
fn what_is_no_packet_ends_the_stream() {
    let check = |before: &[u8], bytes: &str, error: &str| {
        let mut decoder = Decoder::new(ALL);
        decoder.push(before);
        while !before.is_empty() && decoder.agreed().is_none() {
            assert!(decoder.next_packet().unwrap().is_ok());
        }
        decoder.push(&unhex(bytes));
        let found = decoder.next_packet().unwrap().unwrap_err();
        assert_eq!(found.to_string(), error);
        decoder.push(&hello(ALL));
        assert_eq!(decoder.next_packet(), None);
    };
    let (none, old) = (&[][..], &hello(NONE)[..]);
    check(none, "0300000000000000", "a hello expected first, found a packet of type 3");
    check(
        none,
        "48545450 2F312E31",
        &format!(
            "a body of {} bytes, more than the {BODY_MAX} that a packet may have",
            0x312E_312F
        ),
    );
    check(
        none,
        "00000000 01000200",
        "a body of 131073 bytes, more than the 131072 that a packet may have",
    );
    check(
        none,
        "00000000 01000000 00000000 00",
        "type 0: usbredir packet ends at byte 1, 63 more expected",
    );
    check(old, "00000000 40000000", "a second hello");
    check(
        old,
        "06000000 00000000 00000000",
        "type 6: usbredir packet ends at byte 0, 1 more expected",
    );
    check(
        old,
        "03000000 01000000 00000000 00",
        "type 3: usbredir packet is complete at byte 0, but 1 more follow",
    );
    check(
        old,
        "65000000 0A000000 00000000 02 00 0300 00000000 0000",
        "type 101: usbredir packet ends at byte 10, 1 more expected",
    );
    check(
        old,
        "65000000 0A000000 00000000 02 00 0100 00000000 0000",
        "type 101: usbredir packet is complete at byte 9, but 1 more follow",
    );
    check(
        old,
        "01000000 08000000 00000000 04000000 4C05C306",
        "type 1: usbredir packet: expected a speed 00 to 03 or FF at byte 0, found 04",
    );
    let count = format!("04000000 84000000 00000000 21000000 {}", "00".repeat(128));
    let error = "type 4: usbredir packet: expected at most 20 interfaces at byte 0, found 21";
    check(old, &count, error);
    let kind = format!("05000000 60000000 00000000 04 {}", "00".repeat(95));
    let error = "type 5: usbredir packet: expected a kind 00 to 03 or FF at byte 0, found 04";
    check(old, &kind, error);
}

#[test]
fn what_does_not_fit_is_not_encoded() {
    let bulk = |length, data: Vec<u8>| {
        let (status, stream_id) = (Status::SUCCESS, 0);
        Message::Bulk(Bulk { endpoint: 2, status, length, stream_id, data: data.into() })
    };
    let check = |agreed, id, message: Message, fits: bool| {
        assert_eq!(Packet { id, message }.encode(agreed).is_some(), fits);
    };
    check(NONE, 0, bulk(0xFFFF, vec![0; 0xFFFF]), true);
    check(NONE, 0, bulk(0x1_0000, Vec::new()), false);
    check(ALL, 0, bulk(0x1_0000, Vec::new()), true);
    check(ALL, 0, bulk(2, vec![0; 3]), false);
    check(ALL, 0, bulk(0x2_0000, vec![0; 0x2_0000]), false);
    check(NONE, u64::MAX, Message::Reset, false);
    check(ALL, u64::MAX, Message::Reset, true);
    // Its header is always the short one.
    check(ALL, u64::MAX, Message::Hello(Hello::new("", ALL)), false);
}

fn message() -> impl Strategy<Value = Message> {
    let (byte, word) = (any::<u8>(), any::<u16>());
    let transfer =
        (any::<[u8; 4]>(), any::<[u16; 3]>(), any::<u32>(), vec(byte, 0..200), any::<bool>());
    let transfer =
        transfer.prop_map(|([a, b, c, d], [value, index, length], stream_id, data, control)| {
            let (data, long) = (data, u32::from(length));
            let len = u32::try_from(data.len()).unwrap();
            if control {
                let length = if data.is_empty() { length } else { u16::try_from(len).unwrap() };
                Message::Control(Control {
                    endpoint: a,
                    request: b,
                    request_type: c,
                    status: Status(d),
                    value,
                    index,
                    length,
                    data: data.into(),
                })
            } else {
                let length = if data.is_empty() { long } else { len };
                Message::Bulk(Bulk {
                    endpoint: a,
                    status: Status(b),
                    length,
                    stream_id,
                    data: data.into(),
                })
            }
        });
    prop_oneof![
        4 => transfer,
        1 => byte.prop_map(|configuration| Message::SetConfiguration { configuration }),
        1 => (200..u32::MAX, vec(byte, 0..50))
            .prop_map(|(kind, data)| Message::Other { kind, data: data.into() }),
        1 => word.prop_map(|word| {
            let [interface, alt] = word.to_le_bytes();
            Message::AltSettingStatus { status: Status::INVALID, interface, alt }
        }),
        1 => Just(Message::CancelDataPacket),
    ]
}

proptest! {
    #[test]
    fn packets_come_back_however_the_bytes_arrive(
        messages in vec((any::<u32>(), message()), 0..8),
        capabilities in any::<u32>().prop_map(Capabilities),
        size in 1..40_usize,
    ) {
        let sent: Vec<_> =
            messages.into_iter().map(|(id, message)| Packet { id: id.into(), message }).collect();
        let agreed = capabilities.agreed(ALL);
        let bytes: Vec<u8> = sent.iter().flat_map(|packet| packet.encode(agreed).unwrap()).collect();
        let mut decoder = decoder(capabilities);
        let mut found = Vec::new();
        for piece in bytes.chunks(size) {
            decoder.push(piece);
            while let Some(packet) = decoder.next_packet() {
                found.push(packet.unwrap());
            }
        }
        prop_assert_eq!(found, sent);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..300), kind in 0..110_u8) {
        let mut decoder = decoder(Capabilities::IDS_64);
        let mut head = vec![kind, 0, 0, 0, u8::try_from(bytes.len() % 256).unwrap(), 0, 0, 0];
        head.extend([0; 8]);
        decoder.push(&[head, bytes].concat());
        for _ in 0..100 {
            let Some(packet) = decoder.next_packet() else { return Ok(()) };
            let Ok(packet) = packet else { continue };
            prop_assert!(packet.encode(decoder.agreed().unwrap()).is_some());
        }
        prop_assert!(false, "packets use up bytes");
    }
}
