//! What the reader tells about itself on USB.

use std::time::Duration;

use kazasu_sim::{Rcs380, Seed, Setup};

use crate::desk::{Desk, hex};

fn ask(reader: &mut Rcs380, request: [u8; 2], value: u16, index: u16, length: u16) -> String {
    let [request_type, request] = request;
    let setup = Setup { request_type, request, value, index, length };
    reader.control(&setup).map_or("stall".into(), |answer| hex(&answer))
}

#[test]
fn descriptors() {
    let mut reader = Rcs380::new(Seed(1));
    let mut check = |value, length, answer: &str| {
        assert_eq!(ask(&mut reader, [0x80, 6], value, 0, length), answer, "{value:04X}");
    };
    let device = "12 01 00 02 FF 00 00 40 4C 05 C3 06 11 01 01 02 04 01";
    check(0x0100, 18, device);
    check(0x0100, 64, device);
    check(0x0100, 8, &device[..23]);
    let endpoints = "07 05 02 02 40 00 00 07 05 81 02 40 00 00";
    let whole = format!("09 02 20 00 01 01 00 80 32 09 04 00 00 02 FF 00 00 00 {endpoints}");
    check(0x0200, 9, &whole[..26]);
    check(0x0200, 255, &whole);
    check(0x0300, 255, "04 03 09 04");
    check(0x0301, 255, "0A 03 53 00 4F 00 4E 00 59 00");
    check(0x0302, 255, "14 03 52 00 43 00 2D 00 53 00 33 00 38 00 30 00 2F 00 50 00");
    check(0x0304, 255, "10 03 30 00 30 00 30 00 30 00 30 00 30 00 31 00");
    for absent in [0x0303, 0x0305, 0x0101, 0x0201, 0x0600, 0x0700, 0x0000, 0xFFFF] {
        check(absent, 255, "stall");
    }
    // Another serial number, too long a one, none.
    let serial = |serial: &str| {
        let mut reader = Rcs380::new(Seed(1)).with_serial(serial);
        let device = ask(&mut reader, [0x80, 6], 0x0100, 0, 18);
        (device[48..50].to_owned(), ask(&mut reader, [0x80, 6], 0x0304, 0, 255))
    };
    assert_eq!(serial("A1"), ("04".into(), "06 03 41 00 31 00".into()));
    assert_eq!(serial("").0, "00");
    assert_eq!(serial("").1, "stall");
    assert_eq!(serial(&"9".repeat(99)).1.split(' ').count(), 62);
    assert_eq!(serial(&"🂡".repeat(99)).1.split(' ').count(), 62);
}

#[test]
fn requests_to_the_device() {
    let mut reader = Rcs380::new(Seed(1));
    let mut check = |request, value, index, answer: &str| {
        assert_eq!(
            ask(&mut reader, request, value, index, 2),
            answer,
            "{request:02X?} {value} {index}"
        );
    };
    check([0x80, 0x08], 0, 0, "01");
    check([0x80, 0x00], 0, 0, "00 00");
    check([0x81, 0x00], 0, 0, "00 00");
    check([0x82, 0x00], 0, 0x81, "00 00");
    check([0x82, 0x00], 0, 0x80, "00 00");
    check([0x82, 0x00], 0, 0x82, "stall");
    check([0x02, 0x01], 0, 0x02, "");
    check([0x02, 0x01], 1, 0x02, "stall");
    check([0x02, 0x01], 0, 0x01, "stall");
    check([0x81, 0x0A], 0, 0, "00");
    check([0x01, 0x0B], 0, 0, "");
    check([0x01, 0x0B], 1, 0, "stall");
    check([0x81, 0x0A], 0, 1, "stall");
    // Vendor requests, features.
    check([0xC0, 0x01], 0, 0, "stall");
    check([0x00, 0x03], 1, 0, "stall");
    check([0x00, 0x09], 2, 0, "stall");
    check([0x00, 0x09], 0x0101, 0, "stall");
    // Without a configuration there is no interface.
    check([0x00, 0x09], 0, 0, "");
    check([0x80, 0x08], 0, 0, "00");
    check([0x81, 0x0A], 0, 0, "stall");
    check([0x82, 0x00], 0, 0x81, "stall");
    check([0x00, 0x09], 1, 0, "");
    check([0x82, 0x00], 0, 0x81, "00 00");
}

#[test]
fn a_configuration_in_between_costs_a_frame() {
    let wait = Duration::from_millis(100);
    let configure = |desk: &mut Desk, number| {
        assert_eq!(ask(&mut desk.reader, [0x00, 0x09], number, 0, 0), "");
    };
    // Before the first transfer it is what every system does.
    let mut desk = Desk::new();
    configure(&mut desk, 1);
    assert_eq!(desk.ask("2A 01"), "2B 00");
    configure(&mut desk, 1);
    desk.send("20");
    let came = desk.pass(wait);
    assert_eq!(came.len(), 1, "the ACK is lost");
    assert_eq!(came[0].1[8..12], [0xD7, 0x21, 0x11, 0x01]);
    assert_eq!(desk.ask("20"), "21 11 01");
    // After a reset of the bus it is harmless again, and the reader begins anew.
    desk.reader.bus_reset();
    configure(&mut desk, 1);
    assert_eq!(desk.ask("06 00"), "07 07");
    // Without a configuration nobody listens.
    configure(&mut desk, 0);
    assert!(!desk.reader.is_configured());
    desk.send("20");
    assert_eq!(desk.pass(wait), []);
    desk.reader.power_cycle();
    assert!(desk.reader.is_configured());
    assert_eq!(desk.ask("20"), "21 11 01");
}
