//! Damage on the way to the host.

use std::time::Duration;

use kazasu_sim::{Fault, FaultKind};

use crate::desk::{ACK, Desk, unhex};

const VERSION: [u8; 14] = [0, 0, 0xFF, 0xFF, 0xFF, 4, 0, 0xFC, 0xD7, 0x21, 0x11, 0x01, 0xF6, 0];
const LONG: Duration = Duration::from_secs(3);

fn transfers(desk: &mut Desk) -> Vec<Vec<u8>> {
    desk.send("20");
    desk.pass(LONG).into_iter().map(|(_, bytes)| bytes).collect()
}

#[test]
fn each_fault_does_what_it_says() {
    let check = |line: &str, expected: &[&[u8]]| {
        let mut desk = Desk::open(&[]);
        desk.control(line);
        assert_eq!(transfers(&mut desk), expected, "{line}");
        assert_eq!(transfers(&mut desk), [&ACK[..], &VERSION], "{line}: once");
    };
    let noise = unhex("55 00 80 00 FF 33 00 A5");
    let nack = unhex("00 00 FF FF 00 00");
    let with = |at: usize, byte| {
        let mut frame = VERSION;
        frame[at] = byte;
        frame
    };
    check("fault drop", &[&VERSION]);
    check("fault drop after=1", &[&ACK]);
    check("fault drop at=8", &[&ACK, &[&VERSION[..8], &VERSION[9..]].concat()]);
    check("fault corrupt", &[&unhex("00 00 FF 00 FE 00"), &VERSION]);
    check("fault corrupt after=1", &[&ACK, &with(12, 0xF7)]);
    check("fault corrupt at=10", &[&ACK, &with(10, 0x10)]);
    check("fault late at=8", &[&ACK, &VERSION[..8], &VERSION[8..]]);
    check("fault late", &[&VERSION, &ACK]);
    check("fault nak after=1", &[&ACK, &nack]);
    check("fault nak at=9", &[&ACK, &[&VERSION[..9], &nack].concat()]);
    check("fault garbage", &[&[&noise[..], &ACK].concat(), &VERSION]);
    check("fault garbage at=9", &[&ACK, &[&VERSION[..9], &noise, &VERSION[9..]].concat()]);
}

#[test]
fn what_is_late_is_a_second_and_a_half_late() {
    let mut desk = Desk::open(&[]);
    desk.control("fault late after=1");
    desk.send("20");
    let start = desk.now;
    let came = desk.pass(LONG);
    let at: Vec<_> = came.iter().map(|(at, _)| (*at - start).as_micros()).collect();
    assert_eq!(at, [250, 1_500_750]);
}

#[test]
fn a_plug_is_pulled_before_every_byte() {
    for at in 0..VERSION.len() {
        let mut desk = Desk::open(&[]);
        let fault = Fault { kind: FaultKind::Unplug, count: 1, at: Some(at), after: 1 };
        assert_eq!(desk.reader.set_fault(Some(fault)), 0);
        assert!(!desk.reader.poll_unplugged(desk.now));
        let came = transfers(&mut desk);
        let rest: &[&[u8]] = if at == 0 { &[&ACK] } else { &[&ACK, &VERSION[..at]] };
        assert_eq!(came, rest, "{at}");
        assert!(desk.reader.poll_unplugged(desk.now));
        assert!(!desk.reader.poll_unplugged(desk.now), "said once");
        desk.reader.power_cycle();
        assert_eq!(desk.ask("06 00"), "07 07", "it began anew");
        assert_eq!(transfers(&mut desk), [&ACK[..], &VERSION]);
    }
}

#[test]
fn nobody_has_to_take_what_comes() {
    let mut desk = Desk::open(&[]);
    for _ in 0..200 {
        desk.send("20");
        desk.now += Duration::from_millis(1);
        assert!(!desk.reader.poll_unplugged(desk.now));
        assert_eq!(desk.reader.poll_timeout().filter(|due| *due <= desk.now), None);
    }
    let came = desk.pass(LONG);
    assert_eq!(came.len(), 64);
    assert_eq!(desk.ask("20"), "21 11 01");
}
