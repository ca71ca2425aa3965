//! What is in FeliCa cards.

use kazasu_wire::felica::{Block, Rate, Slots, mac};

use crate::desk::{Desk, felica, hex, unhex};

const IDM: &str = "012E4CE100000001";
const CARD: &str = "put felica idm=012E4CE100000001 sys=0003,FE00 \
                    block=1009:01:000102030405060708090A0B0C0D0E0F \
                    block=100B:02:101112131415161718191A1B1C1D1E1F \
                    block=1008:00:303132333435363738393A3B3C3D3E3F \
                    block=090F:02:202122232425262728292A2B2C2D2E2F \
                    block=090D:00:404142434445464748494A4B4C4D4E4F \
                    block=FE00/1A8B:00:505152535455565758595A5B5C5D5E5F";

/// A card that was found, at 212 kbit/s.
fn found(line: &str) -> Desk {
    let mut desk = Desk::awake(&[line]);
    assert_eq!(desk.list(1, felica(Rate::R212, Slots::One)).0.len(), 1);
    desk
}

/// A command to the card and the answer to it, both without length byte and IDm.
fn ask(desk: &mut Desk, code: &str, rest: &str) -> String {
    ask_as(desk, IDM, code, rest)
}

fn ask_as(desk: &mut Desk, idm: &str, code: &str, rest: &str) -> String {
    let body = unhex(&[code, idm, rest].join(" "));
    let answer = desk.thru(&format!("{:02X} {}", body.len() + 1, hex(&body)));
    // Length byte and IDm are right, where there is an answer.
    let Some(bare) = answer.get(20..).filter(|_| answer != "Timeout") else { return answer };
    assert_eq!(usize::from_str_radix(&answer[..2], 16).unwrap() * 2, answer.len(), "{answer}");
    assert_eq!(answer[4..20], *idm, "{answer}");
    [&answer[2..4], bare].concat()
}

fn ramp(first: u8) -> String {
    (first..first + 16).map(|byte| format!("{byte:02X}")).collect()
}

#[test]
fn systems_services_and_blocks() {
    let mut desk = found(CARD);
    let desk = &mut desk;
    assert_eq!(ask(desk, "04", ""), "0500");
    assert_eq!(ask(desk, "0C", ""), "0D020003FE00");
    // 1009, 1008, no such service, the root area, the system.
    assert_eq!(
        ask(desk, "02", "05 0910 0810 0A10 0000 FFFF"),
        ["0305", "0000", "0000", "FFFF", "0000", "0000"].concat()
    );
    assert_eq!(ask(desk, "02", "00"), "Timeout");
    let list: Vec<_> = (0..8).map(|index| ask(desk, "0A", &format!("{index:02X}00"))).collect();
    let listed = ["0000FEFF", "0D09", "0F09", "0810", "0910", "0B10", "FFFF", "FFFF"];
    assert_eq!(list, listed.map(|code| format!("0B{code}")));

    let zeros = "00".repeat(16);
    let check = |desk: &mut Desk, what: &str, list: &str, expected: &str| {
        assert_eq!(ask(desk, "06", list), format!("07{expected}"), "{what}");
    };
    let blocks = |blocks: &[&str]| format!("0000{:02X}{}", blocks.len(), blocks.concat());
    check(
        desk,
        "random",
        "01 0910 03 8000 8001 8002",
        &blocks(&[&ramp(0x30), &ramp(0), &ramp(0x10)]),
    );
    check(desk, "read only, long element", "01 0B10 01 00 0200", &blocks(&[&ramp(0x10)]));
    check(desk, "two services", "02 0B10 0F09 02 8102 8001", &blocks(&[&ramp(0x20), &ramp(0)]));
    check(desk, "cyclic", "01 0F09 02 8000 8001", &blocks(&[&ramp(0x40), &zeros]));
    check(desk, "past the end", "01 0910 02 8000 8003", "02A8");
    check(desk, "no such service", "01 4910 01 8000", "01A6");
    check(desk, "with key", "01 0810 01 8000", "01A5");
    check(desk, "an area", "01 0000 01 8000", "01A4");
    check(desk, "no such place", "01 0910 01 8100", "01A3");
    check(desk, "cashback", "01 0910 01 9000", "01A7");
    check(desk, "13 blocks", &format!("01 0910 0D {}", "8000".repeat(13)), "FFA2");
    check(desk, "of the other system", "01 8B1A 01 8000", "01A6");
    // Silence: authentication, another IDm, a wrong length.
    assert_eq!(ask(desk, "10", "00"), "Timeout");
    assert_eq!(ask_as(desk, "012E4CE100000002", "04", ""), "Timeout");
    assert_eq!(ask(desk, "04", "00"), "Timeout");
    assert_eq!(desk.thru("0B 04 01 2E4CE1 00000001"), "Timeout");
    // The same in the protocol of the target.
    assert_eq!(desk.exchange(&format!("0A04{IDM}")), format!("0B05{IDM}00"));
    assert_eq!(desk.exchange(&format!("0A04{}", IDM.replace("01", "02"))), "Timeout");
}

#[test]
fn a_polling_selects_the_system() {
    let mut desk = found(CARD);
    let other = "112E4CE100000001";
    assert_eq!(ask_as(&mut desk, other, "04", ""), "Timeout");
    assert!(desk.thru("0600FE000000").starts_with("1201112E4CE100000001"));
    assert_eq!(
        ask_as(&mut desk, other, "06", "01 8B1A 01 8000"),
        format!("07000001{}", ramp(0x50))
    );
    assert_eq!(ask_as(&mut desk, other, "0A", "0100"), "0B8B1A");
    assert_eq!(ask(&mut desk, "04", ""), "Timeout");
    // A search by the chip is a polling as well; so is power.
    assert_eq!(desk.list(1, felica(Rate::R424, Slots::One)).0.len(), 1);
    assert_eq!(ask(&mut desk, "04", ""), "0500");
    assert!(desk.thru("0600FE000000").starts_with("1201112E4C"));
    desk.field(false);
    desk.field(true);
    assert_eq!(ask(&mut desk, "04", ""), "0500");
    // Two cards with one number destroy each other's answer.
    desk.control(CARD);
    assert_eq!(ask(&mut desk, "04", ""), "Timeout");
}

#[test]
fn writing_is_all_or_nothing() {
    let mut desk = found(CARD);
    let desk = &mut desk;
    let read = |desk: &mut Desk, list: &str| ask(desk, "06", list).split_off(8);
    let (new, newer) = (ramp(0x60), ramp(0x70));
    assert_eq!(ask(desk, "08", &format!("01 0910 02 8000 8003 {new}{new}")), "0902A8");
    assert_eq!(read(desk, "01 0910 01 8000"), ramp(0x30));
    assert_eq!(ask(desk, "08", &format!("01 0910 02 8000 8002 {new}{newer}")), "090000");
    assert_eq!(
        read(desk, "01 0B10 03 8000 8001 8002"),
        [&new, &ramp(0), &newer].map(String::as_str).concat()
    );
    assert_eq!(ask(desk, "08", &format!("01 0B10 01 8000 {new}")), "0901A5");
    // Cyclic: the newest is block 0, the oldest falls out; a repeated command changes nothing.
    let two = format!("01 0D09 02 8000 8000 {new}{newer}");
    for _ in 0..2 {
        assert_eq!(ask(desk, "08", &two), "090000");
        let all = [&newer, &new, &ramp(0x40)].map(String::as_str).concat();
        assert_eq!(read(desk, "01 0F09 03 8000 8001 8002"), all);
    }
    assert_eq!(ask(desk, "08", &format!("01 0D09 01 8001 {new}")), "0901A8");
    assert_eq!(
        ask(desk, "08", &format!("01 0D09 04 {} {}", "8000".repeat(4), new.repeat(4))),
        "09FFAF"
    );
    // What was written outlasts the power.
    desk.field(false);
    desk.field(true);
    assert_eq!(read(desk, "01 0910 01 8000"), new);
}

/// The card key of LITE, as nfcpy's tests have it.
const KEY: [u8; 16] = [
    0x37, 0x36, 0x35, 0x34, 0x33, 0x32, 0x31, 0x30, 0x66, 0x65, 0x64, 0x63, 0x62, 0x61, 0x39, 0x38,
];
const LITE: &str = "put felica idm=012E4CE100000001 pmm=00F1000000014300 \
                    ck=37363534333231306665646362613938 \
                    block=0009:05:505152535455565758595A5B5C5D5E5F";
const CHALLENGE: [u8; 16] = [7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8];

fn write(desk: &mut Desk, block: u8, data: &[u8; 16]) -> String {
    ask(desk, "08", &format!("01 0900 01 80{block:02X} {}", hex(data)))
}

fn write_with_mac(desk: &mut Desk, keys: &mac::Session, block: u8, data: &[u8; 16]) -> String {
    let counter = unhex(&ask(desk, "06", "01 0B00 01 8090")[8..14]);
    let code = keys.mac_a_write([counter[0], counter[1], counter[2]], block, &Block(*data));
    let tail = [&code[..], &counter, &[0; 5]].concat();
    let list = format!("01 0900 02 80{block:02X} 8091 {} {}", hex(data), hex(&tail));
    ask(desk, "08", &list)
}

#[test]
fn lite_s_blocks_and_codes() {
    let mut desk = found(LITE);
    let desk = &mut desk;
    let check = |desk: &mut Desk, list: &str, expected: &str| {
        assert_eq!(ask(desk, "06", list), format!("07{expected}"), "{list}");
    };
    let zeros = "00".repeat(16);
    check(desk, "01 0B00 02 8005 8006", &format!("000002{}{zeros}", ramp(0x50)));
    check(desk, "01 0900 01 8083", &format!("000001{IDM}00F1000000014300"));
    check(desk, "01 0B00 01 8085", &format!("00000188B4{}", &zeros[4..]));
    check(desk, "01 0B00 05 8000 8001 8002 8003 8004", "FFA2");
    check(desk, "01 0B10 01 8000", "01A6");
    check(desk, "02 0B00 0900 01 8000", "FFA1");
    check(desk, "01 0B00 01 800F", "01A8");
    check(desk, "01 0B00 01 8080", "01A5");
    check(desk, "01 0B00 01 8087", "01A5");
    // A code needs a challenge, and something to stand for.
    check(desk, "01 0B00 02 8005 8091", "02B2");
    check(desk, "01 0B00 02 8005 8081", "02B2");
    assert_eq!(write(desk, 0x80, &CHALLENGE), "090000");
    check(desk, "01 0B00 01 8091", "01A5");
    check(desk, "01 0B00 02 8081 8005", "01A5");
    let keys = mac::Session::new(&Block(KEY), &Block(CHALLENGE));
    // The known answer for a block of zeros, as nfcpy's tests have it.
    let known = [0xCC, 0x97, 0xF1, 0xB9, 0x7B, 0x8B, 0xBC, 0x79];
    check(desk, "01 0B00 02 8000 8081", &format!("000002{zeros}{}{}", hex(&known), &zeros[..16]));
    let block = Block(unhex(&ramp(0x50)).try_into().unwrap());
    let code = keys.mac_a_read(&[(5, block)]).unwrap();
    check(
        desk,
        "01 0B00 02 8005 8091",
        &format!("000002{}{}{}", ramp(0x50), hex(&code), &zeros[..16]),
    );
    // Without power the challenge is forgotten.
    desk.field(false);
    desk.field(true);
    check(desk, "01 0B00 02 8005 8091", "02B2");
    // Lite cards know nothing else.
    assert_eq!(ask(desk, "0C", ""), "Timeout");
}

#[test]
fn lite_s_rules_for_writing() {
    let mut desk = found(LITE);
    let desk = &mut desk;
    let counter = |desk: &mut Desk| ask(desk, "06", "01 0B00 01 8090")[8..14].to_owned();
    let (one, state) = ([1; 16], {
        let mut state = [0; 16];
        state[0] = 1;
        state
    });
    assert_eq!(write(desk, 0x00, &one), "090000");
    assert_eq!(counter(desk), "010000");
    for fixed in [0x81, 0x83, 0x85, 0x90, 0x91] {
        assert_eq!(write(desk, fixed, &one), "0901A5", "{fixed:02X}");
    }
    assert_eq!(write(desk, 0x0F, &one), "0901A8");
    // The register counts down only, and begins at 0.
    assert_eq!(write(desk, 0x0E, &one), "0901A5");
    assert_eq!(write(desk, 0x0E, &[0; 16]), "090000");
    assert_eq!(write(desk, 0x92, &state), "0901B1", "with MAC only");
    let keys = mac::Session::new(&Block(KEY), &Block(CHALLENGE));
    assert_eq!(write_with_mac(desk, &keys, 0x92, &state), "0902B2", "no challenge yet");
    assert_eq!(write(desk, 0x80, &CHALLENGE), "090000");
    let wrong = mac::Session::new(&Block([0; 16]), &Block(CHALLENGE));
    assert_eq!(write_with_mac(desk, &wrong, 0x92, &state), "0902B1");
    assert_eq!(ask(desk, "06", "01 0B00 01 8092")[8..10], *"00");
    assert_eq!(counter(desk), "020000", "what is refused is not counted");
    assert_eq!(write_with_mac(desk, &keys, 0x92, &state), "090000");
    assert_eq!(ask(desk, "06", "01 0B00 01 8092")[8..10], *"01");
    assert_eq!(counter(desk), "030000");

    // Block 0 read-only; 1 is read and written by who knows the key, 2 written with MAC.
    let mut rules = [0; 16];
    rules[..6].copy_from_slice(&[0xFE, 0xFF, 0xFF, 0, 7, 1]);
    (rules[6], rules[8], rules[10]) = (2, 2, 4);
    assert_eq!(write(desk, 0x88, &rules), "090000");
    assert_eq!(write(desk, 0x00, &one), "0901A5");
    assert_eq!(write(desk, 0x01, &one), "090000", "this reader has shown that it knows the key");
    assert_eq!(write(desk, 0x02, &one), "0901B1");
    assert_eq!(write_with_mac(desk, &keys, 0x02, &one), "090000");
    // Locked for ever: counting begins anew, the key can be changed with MAC alone.
    rules[2] = 0;
    assert_eq!(write(desk, 0x88, &rules), "090000");
    assert_eq!(counter(desk), "000000");
    for locked in [0x82, 0x84, 0x86, 0x87, 0x88] {
        assert_eq!(write(desk, locked, &one), "0901A5", "{locked:02X}");
    }
    assert_eq!(write_with_mac(desk, &keys, 0x87, &one), "090000");
    // Another power cycle: who has shown nothing reads nothing of block 1.
    desk.field(false);
    desk.field(true);
    assert_eq!(ask(desk, "06", "01 0B00 02 8000 8001"), "0702B1");
    assert_eq!(write(desk, 0x01, &one), "0901B1");
    // The new key is the one that counts.
    assert_eq!(write(desk, 0x80, &CHALLENGE), "090000");
    assert_eq!(write_with_mac(desk, &keys, 0x92, &state), "0902B1");
    let keys = mac::Session::new(&Block(one), &Block(CHALLENGE));
    assert_eq!(write_with_mac(desk, &keys, 0x92, &state), "090000");
}

/// A Lite-S that was made an NDEF card answers for that system too, and as the same card.
#[test]
fn a_lite_s_that_is_an_ndef_card_answers_as_one() {
    let mut desk = found("put felica idm=012E4CE100000001 pmm=00F1000000014300");
    let desk = &mut desk;
    let ndef = "060012FC0000";
    assert_eq!(desk.thru(ndef), "Timeout");
    let rest = "00".repeat(11);
    let configured = |sys_op: &str| format!("01 0900 01 8088 FFFFFF{sys_op}07{rest}");
    assert_eq!(ask(desk, "08", &configured("01")), "090000");
    assert!(desk.thru(ndef).starts_with(&format!("1201{IDM}")));
    assert_eq!(ask(desk, "06", "01 0B00 01 8000"), format!("07000001{}", "00".repeat(16)));
    assert!(desk.thru("060088B40000").starts_with(&format!("1201{IDM}")));
    assert_eq!(ask(desk, "08", &configured("00")), "090000");
    assert_eq!(desk.thru(ndef), "Timeout");
}

/// Its systems are one card's: no IDm of another number.
#[test]
fn a_lite_s_has_one_idm() {
    let mut desk = found("put felica idm=012E4CE100000001 pmm=00F1000000014300 sys=88B4,12FC");
    for system in ["88B4", "12FC"] {
        assert!(desk.thru(&format!("0600{system}0000")).starts_with(&format!("1201{IDM}")));
    }
}
