//! Commands and transfers, without cards.

use std::time::Duration;

use crate::desk::{ACK, Desk, hex, unhex};

#[test]
fn the_opening_of_a_real_reader() {
    // What nfcpy and a reader with firmware 1.11 said to each other (the log of nfcpy issue 11).
    let mut desk = Desk::new();
    desk.bytes(&ACK);
    assert_eq!(desk.pass(Duration::from_millis(10)), []);
    let mut check = |sent: &str, answer: &str| {
        desk.bytes(&unhex(sent));
        let came = desk.pass(Duration::from_millis(10));
        let came: Vec<_> = came.iter().map(|(_, bytes)| hex(bytes).replace(' ', "")).collect();
        assert_eq!(came, ["0000ff00ff00", answer].map(str::to_uppercase), "{sent}");
    };
    check("0000ffffff0300fdd62a01ff00", "0000ffffff0300fdd72b00fe00");
    check("0000ffffff0200fed6200a00", "0000ffffff0400fcd7211101f600");
    check("0000ffffff0200fed6220800", "0000ffffff0400fcd72300010500");
    check("0000ffffff0300fdd606002400", "0000ffffff0300fdd707002200");
}

#[test]
fn each_command_is_answered() {
    let mut desk = Desk::open(&[]);
    let mut check =
        |command: &str, answer: &str| assert_eq!(desk.ask(command), answer, "{command}");
    check("20", "21 11 01");
    check("20 60", "21 11 01");
    check("22", "23 00 01");
    check("28", "29 00 00 00 00 00 00 00 03");
    check("2A 00", "2B 00");
    check("2A 02", "2B 01");
    check("2A FF", "2B 01");
    check("06 01", "07 00");
    check("06 00", "07 00");
    check("40 08 0B", "41 00");
    check("42 00 01 01 01 02 07", "43 00");
    check("30 00", "31 01");
    check("32", "33 01");
    // What nobody knows, and what has a wrong length or value.
    for unknown in ["10", "24", "34", "F0 00", "06 02", "06", "2A", "00 01 01 0F", "02 00", "04 00"]
    {
        check(unknown, "error");
    }
    // Each modulation; directions may differ in speed.
    for (tx, speed) in [(1, 1), (1, 2), (2, 3), (4, 4), (5, 5), (3, 7), (3, 8), (3, 9)] {
        check(&format!("00 {tx:02X} {speed:02X} 0F {speed:02X}"), "01 00");
        check(&format!("00 {tx:02X} {speed:02X} 0F 04"), "01 00");
        check(&format!("00 {tx:02X} {speed:02X} 0E {speed:02X}"), "01 01");
        check(&format!("00 {tx:02X} {speed:02X} 0F 06"), "01 01");
        check(&format!("00 06 {speed:02X} 0F {speed:02X}"), "01 01");
    }
    // Any value of a known setting, in any order; no other setting.
    check("02 13 FF 00 12 00 FF", "03 00");
    check("02 0D 00", "03 01");
    check("02 14 00", "03 01");
}

#[test]
fn without_a_command_type_there_is_no_radio() {
    let mut desk = Desk::new();
    let mut check =
        |command: &str, answer: &str| assert_eq!(desk.ask(command), answer, "{command}");
    check("20", "21 11 01");
    check("28", "29 00 00 00 00 00 00 00 03");
    for command in ["00 01 01 0F 01", "02 00 18", "06 00", "40 08 0B", "42 00 01"] {
        let code = u8::from_str_radix(&command[..2], 16).unwrap();
        check(command, &format!("{:02X} 07", code + 1));
    }
    check("2A 02", "2B 01");
    check("06 00", "07 07");
    check("2A 00", "2B 00");
    check("06 00", "07 00");
}

#[test]
fn a_host_acknowledges_to_stop_what_runs() {
    let mut desk = Desk::open(&[]);
    desk.felica(1);
    let wait = Duration::from_millis(500);
    // Nobody answers within a second.
    let poll = "04 10 27 06 00 FF FF 00 00";
    desk.send(poll);
    assert_eq!(desk.pass(wait).len(), 1, "its ACK");
    desk.bytes(&ACK);
    assert_eq!(desk.pass(4 * wait), []);
    assert_eq!(desk.ask("20"), "21 11 01");
    // A command that comes in between is lost.
    desk.send(poll);
    desk.send("20");
    let came = desk.pass(4 * wait);
    assert_eq!(came.len(), 2, "{came:02X?}");
    assert_eq!(hex(&came[1].1[8..14]), "D7 05 80 00 00 00");
    // What waits for the host already is not taken back.
    desk.send("20");
    desk.reader.bulk_in(desk.now + wait, 0);
    desk.now += wait;
    desk.bytes(&ACK);
    let came = desk.pass(wait);
    assert_eq!(came.iter().map(|(_, bytes)| bytes.len()).collect::<Vec<_>>(), [6, 14]);
}

#[test]
fn a_restart_comes_after_the_host_acknowledged() {
    let mut desk = Desk::open(&["put felica idm=012E4CE100000001"]);
    assert_eq!(desk.ask("12 64 00"), "13");
    // Until then it takes no other command.
    desk.send("20");
    assert_eq!(desk.pass(Duration::from_secs(1)), []);
    desk.bytes(&ACK);
    desk.pass(Duration::from_millis(99));
    desk.send("20");
    assert_eq!(desk.pass(Duration::from_secs(1)), []);
    assert_eq!(desk.ask("06 00"), "07 07", "it began anew");
    // None is possible, too.
    assert_eq!(desk.ask("12 00 00"), "13");
    desk.bytes(&ACK);
    desk.pass(Duration::from_millis(1));
    assert_eq!(desk.ask("20"), "21 11 01");
}

#[test]
fn targets_stay_alone() {
    let mut desk = Desk::open(&[]);
    let nothing = "00".repeat(6 + 18);
    let comm = format!("48 0000 FFFF 00 {nothing} 00 00 6400");
    let (answer, time) = desk.timed(&comm);
    assert_eq!(answer, "49 00 00 00 80 00 00 00");
    assert_eq!(time, 100_250);
}

#[test]
fn messages_end_with_a_short_packet() {
    let mut desk = Desk::open(&[]);
    // A frame of 64 bytes: the chip waits until it is told that nothing follows.
    let command = [unhex("D6 04 00 00"), vec![0x55; 64 - 10 - 4]].concat();
    let frame = kazasu_wire::sof::Frame::Data(command);
    let frame = frame.encode_for(kazasu_wire::sof::Family::Port100).unwrap();
    assert_eq!(frame.len(), 64);
    desk.reader.bulk_out(desk.now, &frame);
    assert_eq!(desk.pass(Duration::from_secs(1)), []);
    desk.reader.bulk_out(desk.now, &[]);
    assert_eq!(desk.pass(Duration::from_secs(1)).len(), 2);
    // In several transfers: whole packets, then the rest.
    let command = [unhex("D6 04 00 00"), vec![0x55; 100]].concat();
    let frame = kazasu_wire::sof::Frame::Data(command);
    let frame = frame.encode_for(kazasu_wire::sof::Family::Port100).unwrap();
    desk.reader.bulk_out(desk.now, &frame[..64]);
    desk.reader.bulk_out(desk.now, &frame[64..]);
    assert_eq!(desk.pass(Duration::from_secs(1)).len(), 2);
    // An empty one alone says nothing; noise and damaged frames are not answered.
    desk.reader.bulk_out(desk.now, &[]);
    for bytes in ["00", "55 55 55", "00 00 FF FF FF 02 00 FE D6 20 0B 00", "00 00 FF FF FF 02 00"] {
        desk.bytes(&unhex(bytes));
        assert_eq!(desk.pass(Duration::from_secs(1)), [], "{bytes}");
    }
    // Other frames than commands and ACK neither.
    for bytes in ["00 00 FF FF 00 00", "00 00 FF 01 FF 7F 81 00"] {
        desk.bytes(&unhex(bytes));
        assert_eq!(desk.pass(Duration::from_secs(1)), [], "{bytes}");
    }
    // A message without an end is not kept for ever.
    for _ in 0..100 {
        desk.reader.bulk_out(desk.now, &[0x55; 64]);
    }
    desk.reader.bulk_out(desk.now, &[]);
    assert_eq!(desk.ask("20"), "21 11 01");
}

#[test]
fn a_host_may_take_an_answer_in_pieces() {
    let mut desk = Desk::open(&[]);
    desk.send("20");
    desk.now += Duration::from_secs(1);
    let mut take = |max| desk.reader.bulk_in(desk.now, max).map(|bytes| hex(&bytes));
    assert_eq!(take(6).unwrap(), "00 00 FF 00 FF 00");
    assert_eq!(take(5).unwrap(), "00 00 FF FF FF");
    assert_eq!(take(0).unwrap(), "");
    assert_eq!(take(64).unwrap(), "04 00 FC D7 21 11 01 F6 00");
    assert_eq!(take(64), None);
}

#[test]
fn commands_take_their_time() {
    let mut desk = Desk::open(&[]);
    // Both ways on the bus, and half a millisecond in between.
    assert_eq!(desk.timed("20"), ("21 11 01".into(), 750));
    desk.control("pace instant");
    assert_eq!(desk.timed("20"), ("21 11 01".into(), 2));
    // How long to wait is up to the host.
    desk.felica(1);
    assert_eq!(desk.timed("04 64 00 06 00 FF FF 00 00"), ("05 80 00 00 00".into(), 10_002));
}
