//! What the other commands do.

use std::time::Duration;

use kazasu_wire::{
    felica::{Rate, Slots},
    pn532::{Answer, Command, RfItem, StatusCode},
    sof::Frame,
};

use crate::desk::{Desk, MS, TYPE_A, describe, felica, polling};

#[test]
fn auto_poll_takes_its_periods() {
    let poll =
        |poll_nr, kinds: &[u8]| Command::InAutoPoll { poll_nr, period: 2, kinds: kinds.into() };
    let run = |desk: &mut Desk, command: &Command, wait: Duration| {
        let sent = desk.now;
        desk.send(command);
        let came = desk.pass(wait);
        assert_eq!(came[0].1, Frame::Ack);
        came.get(1).map(|(at, frame)| {
            let Frame::Data(data) = frame else { panic!("{frame:?}") };
            let answer = Answer::decode(command, data).unwrap();
            let Answer::InAutoPoll(targets) = answer else { panic!("{answer:?}") };
            let targets: Vec<_> = targets.iter().map(|t| (t.kind, describe(&t.target))).collect();
            ((*at - sent).as_millis(), targets)
        })
    };
    let mut desk = Desk::awake(&[]);
    // 3 rounds of 2 kinds of 300 ms.
    let nothing = run(&mut desk, &poll(3, &[0x10, 0x11]), 10_000 * MS);
    assert_eq!(nothing, Some((1800, vec![])));
    // For ever, until an abort.
    assert_eq!(run(&mut desk, &poll(0xFF, &[0x00]), 3_600_000 * MS), None);
    desk.bytes(&Frame::Ack.encode().unwrap());
    assert_eq!(desk.pass(10_000 * MS), []);

    let check = |line: &str, kind: u8, found: Option<(u8, &str)>| {
        let mut desk = Desk::awake(&[line]);
        let (_, targets) = run(&mut desk, &poll(1, &[kind]), 10_000 * MS).unwrap();
        let found: Vec<_> = found.iter().map(|(kind, text)| (*kind, (*text).to_owned())).collect();
        assert_eq!(targets, found, "{line}, kind {kind:02X}");
    };
    let plain = "put type-a uid=01020304";
    let iso = "put type-a uid=01020304 sak=20";
    let felica = "put felica idm=012E4CE100000001 rate=424";
    let felica_found = "1 012E4CE100000001 0120220427674EFF FE00";
    check(plain, 0x00, Some((0x10, "1 01020304 0004 08")));
    check(plain, 0x10, Some((0x10, "1 01020304 0004 08")));
    check(plain, 0x20, None);
    check(iso, 0x00, Some((0x20, "1 01020304 0004 20 0578807002")));
    check(iso, 0x10, None);
    check(felica, 0x02, Some((0x12, felica_found)));
    check(felica, 0x12, Some((0x12, felica_found)));
    check(felica, 0x11, None);
    check(felica, 0x40, None);
    check(felica, 0x03, None);
    let type_b = "put type-b pupi=01A2B3C4";
    let type_b_found = "1 5001A2B3C400000000008181 01";
    check(type_b, 0x03, Some((0x23, type_b_found)));
    check(type_b, 0x23, Some((0x23, type_b_found)));
    check(type_b, 0x20, None);
}

#[test]
fn exchanges() {
    let mut desk = Desk::awake(&["put felica idm=012E4CE100000001"]);
    let poll = polling(0xFFFF, Slots::One).encode();
    let thru = Command::InCommunicateThru(poll[..].into());
    let to = |tg| Command::InDataExchange { tg, more: false, data: poll[..].into() };
    let outcome = |answer: Option<Answer>| match answer.unwrap() {
        Answer::InCommunicateThru { status, data } | Answer::InDataExchange { status, data } => {
            (status.code(), data.len())
        }
        other => panic!("{other:?}"),
    };
    // Field off and no framing set; then no target of this number.
    assert_eq!(outcome(desk.ask(&thru)), (StatusCode::Timeout, 0));
    assert_eq!(outcome(desk.ask(&to(1))), (StatusCode::Context, 0));
    assert_eq!(desk.list(1, felica(Rate::R212, Slots::One)).0.len(), 1);
    assert_eq!(outcome(desk.ask(&thru)), (StatusCode::Ok, 20));
    assert_eq!(outcome(desk.ask(&to(1))), (StatusCode::Ok, 20));
    assert_eq!(outcome(desk.ask(&to(2))), (StatusCode::Context, 0));
    // What no virtual card understands.
    let other = Command::InCommunicateThru([3, 0, 0][..].into());
    assert_eq!(outcome(desk.ask(&other)), (StatusCode::Timeout, 0));
    desk.field(false);
    assert_eq!(outcome(desk.ask(&thru)), (StatusCode::Timeout, 0));
    desk.field(true);
    desk.control("take");
    assert_eq!(outcome(desk.ask(&to(1))), (StatusCode::Timeout, 0));
    // Released, it is no target any more.
    let status = |answer: Option<Answer>| match answer.unwrap() {
        Answer::InRelease(status) | Answer::InDeselect(status) | Answer::InSelect(status) => {
            status.code()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(status(desk.ask(&Command::InSelect(1))), StatusCode::Ok);
    assert_eq!(status(desk.ask(&Command::InDeselect(2))), StatusCode::Context);
    assert_eq!(status(desk.ask(&Command::InRelease(1))), StatusCode::Ok);
    assert_eq!(status(desk.ask(&Command::InRelease(1))), StatusCode::Context);
    assert_eq!(status(desk.ask(&Command::InDeselect(0))), StatusCode::Ok);
    assert_eq!(outcome(desk.ask(&to(1))), (StatusCode::Context, 0));
    // Without a time-out only an abort ends the wait.
    let timings = RfItem::Timings { rfu: 0, atr_res: 0x0B, retry: 0 };
    assert!(desk.ask(&Command::RfConfiguration(timings)).is_some());
    desk.send(&thru);
    assert_eq!(desk.pass(3_600_000 * MS).len(), 1);
}

#[test]
fn commands_without_the_radio() {
    #[track_caller]
    fn check(desk: &mut Desk, request: &[u8], answer: Option<&[u8]>) {
        let came = {
            desk.bytes(&Frame::Data(request.to_vec()).encode().unwrap());
            desk.pass(100 * MS)
        };
        let want = answer.map_or(Frame::Error, |answer| Frame::Data(answer.to_vec()));
        let came: Vec<_> = came.into_iter().map(|(_, frame)| frame).collect();
        assert_eq!(came, [Frame::Ack, want.clone()], "{request:02X?}");
        // The last answer again.
        desk.bytes(&Frame::Nack.encode().unwrap());
        let came: Vec<_> = desk.pass(100 * MS).into_iter().map(|(_, frame)| frame).collect();
        assert_eq!(came, [want], "{request:02X?}");
    }
    let desk = &mut Desk::awake(&[]);
    let echo = [&[0xD4, 0x00, 0x00][..], &[0xA5; 262]].concat();
    let echoed = [&[0xD5, 0x01, 0x00][..], &[0xA5; 262]].concat();
    check(desk, &echo, Some(&echoed));
    check(desk, &[0xD4, 0x00, 0x01], Some(&[0xD5, 0x01, 0x00]));
    check(desk, &[0xD4, 0x00, 0x06], Some(&[0xD5, 0x01, 0x01]));
    check(desk, &[0xD4, 0x00, 0x09], None);
    check(desk, &[0xD4, 0x00, 0x01, 0x00], None);
    // All of 128 pollings fail without a card; of the other rate, with one.
    check(desk, &[0xD4, 0x00, 0x04, 0x01], Some(&[0xD5, 0x01, 128]));
    desk.control("put felica idm=012E4CE100000001 rate=424");
    check(desk, &[0xD4, 0x00, 0x04, 0x01], Some(&[0xD5, 0x01, 128]));
    check(desk, &[0xD4, 0x00, 0x04, 0x02], Some(&[0xD5, 0x01, 0]));
    check(desk, &[0xD4, 0x00, 0x04, 0x03], None);
    desk.control("take");
    check(desk, &[0xD4, 0x00, 0x07, 0x2B], Some(&[0xD5, 0x01, 0x00]));
    // The echo by radio never answers; the next command ends it.
    desk.bytes(&Frame::Data(vec![0xD4, 0x00, 0x05, 0, 0, 0]).encode().unwrap());
    assert_eq!(desk.pass(3_600_000 * MS).len(), 1);
    check(desk, &[0xD4, 0x02], Some(&[0xD5, 0x03, 0x32, 0x01, 0x06, 0x07]));
    check(desk, &[0xD4, 0x02, 0x00], None);
    check(desk, &[0xD4, 0x04], Some(&[0xD5, 0x05, 0x00, 0x00, 0x00, 0x80]));
    check(desk, &[0xD4, 0x06, 0x63, 0x3D], Some(&[0xD5, 0x07, 0x00]));
    check(desk, &[0xD4, 0x08, 0x63, 0x3D, 0x17, 0x63, 0x05, 0x40], Some(&[0xD5, 0x09]));
    check(desk, &[0xD4, 0x06, 0x63, 0x05, 0x63, 0x3D], Some(&[0xD5, 0x07, 0x40, 0x17]));
    check(desk, &[0xD4, 0x10, 0x07], Some(&[0xD5, 0x11]));
    check(desk, &[0xD4, 0x12, 0x14], Some(&[0xD5, 0x13]));
    check(desk, &[0xD4, 0x14, 0x01], Some(&[0xD5, 0x15]));
    check(desk, &[0xD4, 0x14, 0x01, 0x00, 0x00], Some(&[0xD5, 0x15]));
    check(desk, &[0xD4, 0x14, 0x01, 0x14, 0x01], Some(&[0xD5, 0x15]));
    check(desk, &[0xD4, 0x32, 0x04, 0x00], Some(&[0xD5, 0x33]));
    check(desk, &[0xD4, 0x32, 0x04], None);
    check(desk, &[0xD4, 0x32, 0x77], None);
    check(desk, &[0xD4, 0x99, 0x00], None);
    check(desk, &[0xD5, 0x02], None);
    check(desk, &[0xD4, 0x4A, 0x01, 0x01], None);
    // TxControl mirrors the field; the FIFO shows REQA when no type A card answered.
    check(desk, &[0xD4, 0x06, 0x63, 0x04], Some(&[0xD5, 0x07, 0x00]));
    assert_eq!(desk.list(1, TYPE_A).0.len(), 0);
    check(desk, &[0xD4, 0x06, 0x63, 0x04, 0x63, 0x39], Some(&[0xD5, 0x07, 0x03, 0x26]));
    // Without AutoRATS no ATS is asked for.
    desk.control("put type-a uid=01020304 sak=20");
    check(desk, &[0xD4, 0x12, 0x00], Some(&[0xD5, 0x13]));
    assert_eq!(desk.list(1, TYPE_A).0, ["1 01020304 0004 20"]);
    check(desk, &[0xD4, 0x04], Some(&[0xD5, 0x05, 0, 0, 1, 1, 0, 0, 0, 0x80]));
    check(desk, &[0xD4, 0x00, 0x06], Some(&[0xD5, 0x01, 0x00]));
}
