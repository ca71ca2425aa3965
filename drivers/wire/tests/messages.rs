//! Messages that no published line of the corpus holds: what their bytes are, both ways, and what
//! is refused.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, also outside of its #[test] function"
)]

use kazasu_wire::{
    DecodeError, apdu,
    apdu::tlv::{LengthForm, Object},
    ccid,
    felica::{self, Block, BlockElement, Flagged, Found, Idm, Reserved, StatusFlags},
    iso14443a::{self, Level, crc_a},
    iso14443b::{self, Pupi, Slots, crc_b, strip_crc_b},
    port100, sof,
};

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Both ways.
#[track_caller]
fn same<T: PartialEq + std::fmt::Debug>(
    hex: &str,
    value: T,
    encode: impl Fn(&T) -> Option<Vec<u8>>,
    decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
) {
    assert_eq!(encode(&value), Some(unhex(hex)), "{hex}");
    assert_eq!(decode(&unhex(hex)), Ok(value), "{hex}");
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, DecodeError>, reason: &str) {
    match result {
        Ok(value) => panic!("{value:?} instead of: {reason}"),
        Err(error) => assert_eq!(error.to_string(), reason),
    }
}

const IDM: Idm = Idm([0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, 7]);
const PUPI: Pupi = Pupi([1, 2, 3, 4]);

#[test]
fn felica_commands() {
    use felica::Command;
    let check = |hex: &str, command: Command| same(hex, command, Command::encode, Command::decode);
    let nodes = vec![0x090F, 0xFFFF];
    check("0F 02 012E4CE100000007 02 0F09 FFFF", Command::RequestService { idm: IDM, nodes });
    check("0A 04 012E4CE100000007", Command::RequestResponse { idm: IDM });
    check("0A 0C 012E4CE100000007", Command::RequestSystemCode { idm: IDM });
    check("0C 0A 012E4CE100000007 0201", Command::SearchServiceCode { idm: IDM, index: 0x0102 });
    let blocks = vec![
        BlockElement::new(0, 0x82),
        BlockElement::new(1, 0x1234),
        BlockElement { service: 15, access: 1, block: 5, long: true },
    ];
    let services = vec![0x000B, 0x1A8B];
    check(
        "18 06 012E4CE100000007 02 0B00 8B1A 03 8082 013412 1F0500",
        Command::ReadWithoutEncryption { idm: IDM, services, blocks },
    );
    let (first, second) = (Block([0x11; 16]), Block([0x22; 16]));
    let writes = vec![(BlockElement::new(0, 1), first), (BlockElement::new(0, 0x91), second)];
    check(
        &format!(
            "32 08 012E4CE100000007 01 0900 02 8001 8091 {}{}",
            "11".repeat(16),
            "22".repeat(16)
        ),
        Command::WriteWithoutEncryption { idm: IDM, services: vec![9], writes },
    );
    let nodes = vec![0x000B];
    check("0D 32 012E4CE100000007 01 0B00", Command::RequestServiceV2 { idm: IDM, nodes });
    let reserved = Reserved { idm: IDM, reserved: [0, 0] };
    check("0C 38 012E4CE100000007 0000", Command::GetSystemStatus(reserved));
    check("0C 3A 012E4CE100000007 0000", Command::RequestProductInformation(reserved));
    check("0C 3C 012E4CE100000007 0000", Command::RequestSpecificationVersion(reserved));
    check("0C 3E 012E4CE100000007 0000", Command::ResetMode(reserved));
    check("05 F0 00 AABB", Command::Echo(vec![0xAA, 0xBB].into()));
    check("04 10 0102", Command::Other { code: 0x10, data: vec![1, 2].into() });
}

#[test]
fn felica_answers() {
    use felica::Answer;
    let check = |hex: &str, answer: Answer| same(hex, answer, Answer::encode, Answer::decode);
    let key_versions = vec![0x0001, 0xFFFF];
    check("0F 03 012E4CE100000007 02 0100 FFFF", Answer::RequestService { idm: IDM, key_versions });
    check("0B 05 012E4CE100000007 01", Answer::RequestResponse { idm: IDM, mode: 1 });
    let flags = StatusFlags([0x01, 0xB1]);
    check("0C 09 012E4CE100000007 01B1", Answer::WriteWithoutEncryption { idm: IDM, flags });
    let found = Found::END;
    check("0C 0B 012E4CE100000007 FFFF", Answer::SearchServiceCode { idm: IDM, found });
    let (flags, data) = (StatusFlags::OK, vec![0x41, 1, 0, 0].into());
    check(
        "10 33 012E4CE100000007 0000 41010000",
        Answer::RequestServiceV2(Flagged { idm: IDM, flags, data }),
    );
    let empty = || Flagged { idm: IDM, flags: StatusFlags::OK, data: vec![].into() };
    check("0C 39 012E4CE100000007 0000", Answer::GetSystemStatus(empty()));
    check("0C 3B 012E4CE100000007 0000", Answer::RequestProductInformation(empty()));
    check("0C 3D 012E4CE100000007 0000", Answer::RequestSpecificationVersion(empty()));
    check("0C 3F 012E4CE100000007 0000", Answer::ResetMode(empty()));

    let with_error = |blocks| {
        let flags = StatusFlags([1, 0xA8]);
        Answer::ReadWithoutEncryption { idm: IDM, flags, blocks }.encode()
    };
    assert_eq!(with_error(vec![]).map(|bytes| bytes.len()), Some(12));
    assert_eq!(with_error(vec![Block::default()]), None);
    assert_eq!(StatusFlags([1, 0xA8]).meaning(), Some("no such block"));
}

#[test]
fn felica_refusals() {
    let command = |hex: &str| felica::Command::decode(&unhex(hex));
    let answer = |hex: &str| felica::Answer::decode(&unhex(hex));
    refused(command(""), "FeliCa command ends at byte 0, 1 more expected");
    refused(
        command("0B 04 012E4CE100000007"),
        "FeliCa command: expected the length of the message at byte 0, found 0B",
    );
    refused(
        command("0A 05 012E4CE100000007"),
        "FeliCa command: expected the even code of a command at byte 1, found 05",
    );
    refused(
        answer("0A 04 012E4CE100000007"),
        "FeliCa answer: expected the odd code of an answer, or F0 at byte 1, found 04",
    );
    refused(
        command("0B 02 012E4CE100000007 00"),
        "FeliCa command: expected 1 to 32 nodes at byte 10, found 00",
    );
    refused(
        command("0B 06 012E4CE100000007 11"),
        "FeliCa command: expected 1 to 16 services at byte 10, found 11",
    );
    refused(
        command("0E 06 012E4CE100000007 01 0B00 00"),
        "FeliCa command: expected a block count from 01 at byte 13, found 00",
    );
    refused(
        command("0F 06 012E4CE100000007 01 0B00 01 80"),
        "FeliCa command ends at byte 15, 1 more expected",
    );
    refused(
        command("0B 04 012E4CE100000007 00"),
        "FeliCa command is complete at byte 10, but 1 more follow",
    );
    refused(
        answer("0D 07 012E4CE100000007 01A8 00"),
        "FeliCa answer is complete at byte 12, but 1 more follow",
    );
    refused(
        answer("10 07 012E4CE100000007 0000 01 000000"),
        "FeliCa answer ends at byte 16, 13 more expected",
    );
    refused(command("03 F0 01"), "FeliCa command: expected 00 of an echo at byte 2, found 01");

    // Elements that do not fit their bits are not sent as something else.
    let read = |element| felica::Command::ReadWithoutEncryption {
        idm: IDM,
        services: vec![0x0B],
        blocks: vec![element],
    };
    let fits = BlockElement::new(0, 0);
    assert!(read(fits).encode().is_some());
    assert_eq!(read(BlockElement { service: 16, ..fits }).encode(), None);
    assert_eq!(read(BlockElement { access: 8, ..fits }).encode(), None);
    assert_eq!(read(BlockElement { block: 0x100, ..fits }).encode(), None);
    assert_eq!(felica::Command::Echo(vec![0; 253].into()).encode(), None);
    assert!(felica::Command::Echo(vec![0; 252].into()).encode().is_some());
}

#[test]
fn type_a() {
    use iso14443a::Command;
    let check = |hex: &str, crc: bool, command: Command| {
        assert_eq!(command.has_crc(), crc, "{hex}");
        same(hex, command, Command::encode, Command::decode);
    };
    check("26", false, Command::Reqa);
    check("52", false, Command::Wupa);
    let whole = Command::Anticollision { level: Level::One, nvb: 0x20, bits: vec![].into() };
    check("93 20", false, whole);
    let odd = Command::Anticollision { level: Level::Two, nvb: 0x43, bits: vec![1, 2, 3].into() };
    check("95 43 010203", false, odd);
    let select = Command::Select { level: Level::Three, uid: [1, 2, 3, 4], bcc: 4 };
    check("97 70 01020304 04", true, select);
    check("50 00", true, Command::Halt);
    check("E0 81", true, Command::Rats { fsdi: 8, cid: 1 });
    // The examples of the standard.
    assert_eq!(crc_a(&[0, 0]), [0xA0, 0x1E]);
    assert_eq!(crc_a(&[0x12, 0x34]), [0x26, 0xCF]);

    let command = |hex: &str| Command::decode(&unhex(hex));
    refused(
        command("93 21"),
        "type A command: expected NVB 70, or one that fits the bits at byte 1, found 21",
    );
    refused(command("50 01"), "type A command: expected 00 of HLTA at byte 1, found 01");
    refused(
        command("27"),
        "type A command: expected 26, 52, 50, 93, 95, 97 or E0 at byte 0, found 27",
    );
    refused(command("93 70 01020304"), "type A command ends at byte 6, 1 more expected");
    assert_eq!(Command::Rats { fsdi: 16, cid: 0 }.encode(), None);
}

#[test]
fn type_b() {
    use iso14443b::{Atqb, AttribAnswer, Command};
    let check = |hex: &str, command: Command| same(hex, command, Command::encode, Command::decode);
    let request = |wake_up, extended, slots| Command::Request { afi: 0, wake_up, extended, slots };
    check("05 00 00", request(false, false, Slots::One));
    check("05 00 08", request(true, false, Slots::One));
    check("05 00 10", request(false, true, Slots::One));
    check("05 00 1C", request(true, true, Slots::Sixteen));
    check("15", Command::SlotMarker { slot: 2 });
    check("F5", Command::SlotMarker { slot: 16 });
    let param = [0, 8, 1, 0];
    let attrib = Command::Attrib { pupi: PUPI, param, higher_layer: vec![].into() };
    check("1D 01020304 00080100", attrib);
    check("50 01020304", Command::Halt { pupi: PUPI });

    let (application_data, protocol_info) = ([5, 6, 7, 8], [0x00, 0x81, 0xC1]);
    let atqb = Atqb { pupi: PUPI, application_data, protocol_info, extended: None };
    assert!(atqb.is_iso_dep());
    same("50 01020304 05060708 0081C1", atqb, |a| Some(a.encode()), Atqb::decode);
    let extended = Atqb { extended: Some(0x20), protocol_info: [0, 0x80, 0xC1], ..atqb };
    assert!(!extended.is_iso_dep());
    same("50 01020304 05060708 0080C1 20", extended, |a| Some(a.encode()), Atqb::decode);
    let answer = AttribAnswer { mbli: 3, cid: 1, higher_layer: vec![].into() };
    same("31", answer, AttribAnswer::encode, AttribAnswer::decode);
    assert_eq!(format!("{atqb:?}").matches("Pupi(..04)").count(), 1);

    // The examples of the standard, and the two requests that every reader sends.
    for (bytes, crc) in [
        ("000000", [0xCC, 0xC6]),
        ("0FAAFF", [0xFC, 0xD1]),
        ("0A123456", [0x2C, 0xF6]),
        ("050000", [0x71, 0xFF]),
        ("050008", [0x39, 0x73]),
    ] {
        assert_eq!(crc_b(&unhex(bytes)), crc, "{bytes}");
    }
    refused(strip_crc_b(&unhex("05000071FE")), "CRC_B: check byte FF expected at byte 4, found FE");
    refused(strip_crc_b(&[1]), "CRC_B ends at byte 1, 1 more expected");

    let command = |hex: &str| Command::decode(&unhex(hex));
    refused(
        command("05 00 05"),
        "type B command: expected a slot count 0 to 4 with flags 08 and 10 at byte 2, found 05",
    );
    refused(command("50 0102"), "type B command ends at byte 3, 2 more expected");
    refused(
        command("16"),
        "type B command: expected 05, 1D, 50 or a slot marker n5 at byte 0, found 16",
    );
    refused(Atqb::decode(&[0x51; 12]), "ATQB: expected 50 at byte 0, found 51");
    for slot in [0, 1, 17] {
        assert_eq!(Command::SlotMarker { slot }.encode(), None, "{slot}");
    }
    let wide = AttribAnswer { mbli: 16, cid: 0, higher_layer: vec![].into() };
    assert_eq!(wide.encode(), None);
}

#[test]
fn port_100() {
    use port100::{Answer, CommStatus, Command, TgCommRf};
    let command = |hex: &str, command: Command| {
        same(hex, command, |c| Some(c.encode()), Command::decode);
    };
    command("D6 12 F401", Command::ResetDevice { delay: 500 });
    command("D6 20 60", Command::GetFirmwareVersion { part: Some(0x60) });
    command("D6 28", Command::GetCommandType);
    command("D6 40 080B", Command::TgSetRf([0x08, 0x0B]));
    command("D6 42 0001 0101", Command::TgSetProtocol(unhex("00010101").into()));
    command("D6 34 07", Command::Other { code: 0x34, data: vec![7].into() });
    let listen = TgCommRf {
        guard_time: 1,
        send_timeout: 0xFFFF,
        mdaa: 1,
        nfca: vec![0xA1; 6].into(),
        nfcf: vec![0xF1; 18].into(),
        halted: 0,
        arae: 2,
        receive_timeout: 0x03E8,
        data: vec![9].into(),
    };
    command(
        &format!("D6 48 0100 FFFF 01 {} {} 00 02 E803 09", "A1".repeat(6), "F1".repeat(18)),
        Command::TgCommRf(listen),
    );

    let answer =
        |hex: &str, answer: Answer| same(hex, answer, |a| Some(a.encode()), Answer::decode);
    answer("D7 13", Answer::ResetDevice);
    answer("D7 29 00000000 00000003", Answer::GetCommandType { mask: 3 });
    let (activation, status) = ([0x0B, 0, 3], CommStatus::RF_OFF);
    let data = vec![0x60].into();
    answer("D7 49 0B0003 00040000 60", Answer::TgCommRf { activation, status, data });
    answer("D7 35 01", Answer::Other { code: 0x34, data: vec![1].into() });

    let decode = |hex: &str| Command::decode(&unhex(hex));
    refused(decode("D7 28"), "Port-100 command: expected direction D6 at byte 0, found D7");
    refused(decode("D6 06 02"), "Port-100 command: expected 00 or 01 at byte 2, found 02");
    refused(decode("D6 02 00"), "Port-100 command ends at byte 3, 1 more expected");
    refused(decode("D6 28 00"), "Port-100 command is complete at byte 2, but 1 more follow");
    refused(
        Answer::decode(&unhex("D7 28")),
        "Port-100 answer: expected an odd code at byte 1, found 28",
    );
    refused(
        Answer::decode(&unhex("D7 05 800000")),
        "Port-100 answer ends at byte 5, 1 more expected",
    );
}

#[test]
fn ccid_messages() {
    use ccid::{Answer, Command, Request, Response, SlotStatus};
    let command = |hex: &str, request, data: &[u8]| {
        let command = Command { slot: 1, seq: 2, request, data: data.into() };
        same(hex, command, Command::encode, Command::decode);
    };
    command("63 00000000 01 02 000000", Request::IccPowerOff, &[]);
    command("65 00000000 01 02 000000", Request::GetSlotStatus, &[]);
    command("6F 01000000 01 02 03 0400 AA", Request::XfrBlock { bwi: 3, level: 4 }, &[0xAA]);
    command("6C 00000000 01 02 000000", Request::GetParameters, &[]);
    command("6D 00000000 01 02 000000", Request::ResetParameters, &[]);
    command("61 00000000 01 02 010000", Request::SetParameters { protocol: 1 }, &[]);
    command("72 00000000 01 02 000000", Request::Abort, &[]);
    let other = Request::Other { code: 0x65, parameters: [0, 0, 1] };
    command("65 00000000 01 02 000001", other, &[]);

    let answer = |hex: &str, status, error, response| {
        let answer = Answer {
            slot: 1,
            seq: 2,
            status: SlotStatus(status),
            error,
            response,
            data: vec![].into(),
        };
        same(hex, answer, Answer::encode, Answer::decode);
    };
    answer("81 00000000 01 02 42 FE 03", 0x42, 0xFE, Response::SlotStatus { clock: 3 });
    answer("82 00000000 01 02 00 00 01", 0, 0, Response::Parameters { protocol: 1 });
    answer("83 00000000 01 02 80 01 00", 0x80, 1, Response::Escape { reserved: 0 });
    answer("84 00000000 01 02 00 00 00", 0, 0, Response::DataRateAndClock { reserved: 0 });
    answer("85 00000000 01 02 00 00 09", 0, 0, Response::Other { code: 0x85, last: 9 });
    for (byte, card, failed, more) in [
        (0x00, true, false, false),
        (0x01, true, false, false),
        (0x42, false, true, false),
        (0x80, true, false, true),
    ] {
        let status = SlotStatus(byte);
        let found = (status.has_card(), status.is_failed(), status.is_time_extension());
        assert_eq!(found, (card, failed, more), "{byte:02X}");
    }

    let decode = |hex: &str| Command::decode(&unhex(hex));
    refused(decode("80"), "CCID command: expected a code below 80 at byte 0, found 80");
    refused(decode("63 0000"), "CCID command ends at byte 3, 2 more expected");
    refused(
        decode("63 00000100 01 02 000000"),
        "CCID command: expected the length of the data, low byte first at byte 3, found 01",
    );
    refused(Answer::decode(&[0x63]), "CCID answer: expected a code from 80 at byte 0, found 63");
}

#[test]
fn commands_to_a_reader() {
    use apdu::Pseudo;
    let check = |hex: &str, pseudo: Option<Pseudo>| {
        assert_eq!(apdu::Command::decode(&unhex(hex)).unwrap().pseudo(), pseudo, "{hex}");
    };
    check("FF CA 01 00 00", Some(Pseudo::GetData { which: 1 }));
    check("FF 82 00 01 06 FFFFFFFFFFFF", Some(Pseudo::LoadKey { place: 1 }));
    let authenticate = Pseudo::Authenticate { block: 0x0104, kind: 0x60, place: 1 };
    check("FF 86 00 00 05 01 01 04 60 01", Some(authenticate));
    check(
        "FF D6 00 04 02 AABB",
        Some(Pseudo::UpdateBinary { block: 4, data: vec![0xAA, 0xBB].into() }),
    );
    let timing = vec![2, 1, 1, 0].into();
    check("FF 00 40 0F 04 02010100", Some(Pseudo::LedAndBuzzer { state: 0x0F, timing }));
    check("FF 00 41 02 00", Some(Pseudo::SetTimeout { steps: 2 }));
    check("FF 00 48 00 00", Some(Pseudo::GetFirmware));
    check("FF 00 50 00 00", Some(Pseudo::GetPiccParameter));
    check("FF 00 51 7F 00", Some(Pseudo::SetPiccParameter { bits: 0x7F }));
    check("FF 00 52 FF 00", Some(Pseudo::SetBuzzer { on: 0xFF }));
    let objects = unhex("5F46 04 A0860100").into();
    check("FF C2 00 01 07 5F46 04 A0860100 00", Some(Pseudo::Transparent { step: 1, objects }));
    check("00 CA 00 00 00", None);
    check("FF C2 00 03 02 8100", None);

    let rcs300 = |hex: &str| apdu::Command::decode_rcs300(&unhex(hex));
    let found = rcs300("FF 50 00 01 00 0002 8100 000000").unwrap();
    assert_eq!(
        found.pseudo(),
        Some(Pseudo::Transparent { step: 1, objects: vec![0x81, 0].into() })
    );
    refused(
        rcs300("FF 50 00 01 02 8100"),
        "RC-S300 command: expected 00 before an extended length at byte 4, found 02",
    );
    refused(
        rcs300("FF 50 00 01 00 0002 8100 0000"),
        "RC-S300 command ends at byte 11, 1 more expected",
    );
    refused(rcs300("FF 50 00 00 00"), "RC-S300 command: expected FF 50 00 01 at byte 0, found FF");
}

#[test]
fn data_objects() {
    let check = |hex: &str, tag, form, len| {
        let objects = Object::decode_all(&unhex(hex)).unwrap();
        let [object] = &objects[..] else { panic!("{hex}: {objects:?}") };
        assert_eq!((object.tag, object.form, object.value.len()), (tag, form, len), "{hex}");
        assert_eq!(Object::encode_all(&objects), Some(unhex(hex)), "{hex}");
    };
    check("81 00", 0x81, LengthForm::Short, 0);
    check("C0 03 009000", 0xC0, LengthForm::Short, 3);
    check("5F46 04 A0860100", 0x5F46, LengthForm::Short, 4);
    check("97 81 01 AA", 0x97, LengthForm::One, 1);
    check("97 82 0001 AA", 0x97, LengthForm::Two, 1);

    let new = |len: usize| Object::new(0x95, vec![0; len].into()).map(|object| object.form);
    assert_eq!(new(0x7F), Some(LengthForm::Short));
    assert_eq!(new(0x80), Some(LengthForm::One));
    assert_eq!(new(0x100), Some(LengthForm::Two));
    assert_eq!(new(0x1_0000), None);
    let too_long =
        Object { form: LengthForm::Short, ..Object::new(0x95, vec![0; 128].into()).unwrap() };
    assert_eq!(Object::encode_all(&[too_long]), None);

    let decode = |hex: &str| Object::decode_all(&unhex(hex));
    refused(decode("00 00"), "data objects: expected a tag from 01 at byte 0, found 00");
    refused(
        decode("81 83"),
        "data objects: expected a length below 80, or 81 or 82 at byte 1, found 83",
    );
    refused(decode("81 02 AA"), "data objects ends at byte 3, 1 more expected");
    refused(decode("5F"), "data objects ends at byte 1, 1 more expected");
}

/// The extended frame of PN53x: the length high byte first, its checksum over both bytes.
#[test]
fn a_long_frame() {
    let data: Vec<u8> = (0..0x0103).map(|n| n as u8).collect();
    let sum = data.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    let head = [0x00, 0x00, 0xFF, 0xFF, 0xFF, 0x01, 0x03, 0xFC];
    let bytes = [&head[..], &data, &[sum.wrapping_neg(), 0x00]].concat();
    assert_eq!(sof::Frame::Data(data.clone()).encode(), Ok(bytes.clone()));
    let mut decoder = sof::Decoder::new();
    decoder.push(&bytes);
    assert_eq!(decoder.next_frame(), Some(Ok(sof::Frame::Data(data))));
}
