//! Cards before the reader.

use std::time::Duration;

use crate::desk::{Desk, hex, unhex};
use kazasu_wire::{felica::frame::crc_f, iso14443a::crc_a, iso14443b::crc_b};

const FELICA: &str = "put felica idm=012E4CE100000001 sys=0003,FE00 \
                      block=1009:00:4B415A4153552D424C4F434B2D303030";
const FOUR: &str = "put type-a uid=01020304";
const SEVEN: &str = "put type-a uid=04C0FFEE000001";
const TEN: &str = "put type-a uid=04C0FFEE000001020304";
const ISO: &str = "put type-a uid=05060708 sak=20";
const B: &str = "put type-b pupi=01A2B3C4 app=4B223344";

const POLL: &str = "06 00 FFFF 01 00";
const NOTHING: &str = "status 80";
/// 11 and 31 ms, as nfcpy waits.
const F_TIME: u16 = 110;
const TIME: u16 = 310;

/// Selects a card as nfcpy does and gives ATQA, UID parts and SAKs.
fn select(desk: &mut Desk) -> String {
    desk.type_a();
    let mut said = vec![desk.comm(TIME, "26")];
    desk.set("04 01 07 08");
    for level in ["93", "95", "97"] {
        desk.set("01 00 02 00");
        let part = desk.comm(TIME, &format!("{level} 20"));
        desk.set("01 01 02 01");
        let Some(part) = part.strip_prefix("08 ") else { return said.join(", ") };
        let sak = desk.comm(TIME, &format!("{level} 70 {part}"));
        said.push(format!("{part} -> {sak}"));
        if sak != "08 04" {
            break;
        }
    }
    said.join(", ")
}

#[test]
fn felica_cards_answer_at_their_rates() {
    let mut desk = Desk::open(&[FELICA]);
    let answer = "08 14 01 01 2E 4C E1 00 00 00 01 01 20 22 04 27 67 4E FF 00 03";
    for speed in [1, 2] {
        desk.felica(speed);
        assert_eq!(desk.comm(F_TIME, POLL), answer);
        assert_eq!(desk.comm(F_TIME, "06 00 FE0F 00 00"), NOTHING);
        let common = desk.comm(F_TIME, "06 00 FE00 00 00");
        assert_eq!(common, "08 12 01 11 2E 4C E1 00 00 00 01 01 20 22 04 27 67 4E FF");
    }
    // Reading a block goes the same way.
    desk.comm(F_TIME, "06 00 0003 00 00");
    let read = desk.comm(F_TIME, "10 06 012E4CE100000001 01 0910 01 8000");
    let block = "4B 41 5A 41 53 55 2D 42 4C 4F 43 4B 2D 30 30 30";
    assert_eq!(read, format!("08 1D 07 01 2E 4C E1 00 00 00 01 00 00 01 {block}"));
    // Nothing shows its number to whoever prints the reader.
    desk.send("04 6E00 06 00 FFFF 01 00");
    desk.now += Duration::from_secs(1);
    assert!(!desk.reader.poll_unplugged(desk.now));
    let shown = format!("{:?}", desk.reader);
    assert!(shown.contains("[37 bytes]") && !shown.contains("46, 76, 225"), "{shown}");
    desk.pass(Duration::from_secs(1));
    // Another card, a length that is wrong, no command.
    assert_eq!(desk.comm(F_TIME, "10 06 012E4CE100000002 01 0910 01 8000"), NOTHING);
    assert_eq!(desk.comm(F_TIME, "07 00 FFFF 01 00"), NOTHING);
    assert_eq!(desk.comm(F_TIME, ""), NOTHING);
    // A card of one rate.
    let mut desk = Desk::open(&["put felica idm=012E4CE100000001 rate=424"]);
    desk.felica(1);
    assert_eq!(desk.comm(F_TIME, POLL), NOTHING);
    desk.felica(2);
    assert_ne!(desk.comm(F_TIME, POLL), NOTHING);
    // It goes.
    desk.control("take");
    assert_eq!(desk.comm(F_TIME, POLL), NOTHING);
}

#[test]
fn uids_of_each_length_come_level_by_level() {
    let check =
        |card: &str, said: &str| assert_eq!(select(&mut Desk::open(&[card])), said, "{card}");
    check(FOUR, "08 04 00, 01 02 03 04 04 -> 08 08");
    check(SEVEN, "08 44 00, 88 04 C0 FF B3 -> 08 04, EE 00 00 01 EF -> 08 00");
    check(
        TEN,
        "08 84 00, 88 04 C0 FF B3 -> 08 04, 88 EE 00 00 66 -> 08 04, 01 02 03 04 04 -> 08 00",
    );
    check(ISO, "08 04 00, 05 06 07 08 0C -> 08 20");
    check(B, "status 80");
    check(FELICA, "status 80");
}

#[test]
fn a_made_up_uid_stays_until_the_card_is_put_again() {
    let mut desk = Desk::open(&["put type-a uid=random"]);
    let first = select(&mut desk);
    assert!(first.starts_with("08 04 00, 08 "), "{first}");
    assert_eq!(desk.ask("06 00"), "07 00");
    assert_eq!(select(&mut desk), first);
    desk.control("take");
    desk.control("put type-a uid=random");
    assert_ne!(select(&mut desk), first);
}

#[test]
fn a_type_a_card_goes_from_stage_to_stage() {
    let mut desk = Desk::open(&[SEVEN]);
    assert!(select(&mut desk).ends_with("08 00"));
    // Selected: pages can be read. CRC comes and goes by the settings.
    let page = "08 E1 10 06 00 03 00 FE 00 00 00 00 00 00 00 00 00";
    assert_eq!(desk.comm(TIME, "30 03"), page);
    desk.set("01 00 02 00");
    let with_crc = |bytes: &[u8]| hex(&[bytes, &crc_a(bytes)].concat());
    let read = desk.comm(TIME, &with_crc(&[0x30, 0x03]));
    assert_eq!(read, format!("08 {}", with_crc(&unhex(page)[1..])));
    desk.set("01 01 02 01");
    // It takes a request for a mistake, and hears the next one.
    desk.type_a();
    assert_eq!(desk.comm(TIME, "26"), NOTHING);
    assert_eq!(desk.comm(TIME, "26"), "08 44 00");
    // So does one that is being selected.
    assert_eq!(desk.comm(TIME, "26"), NOTHING);
    assert_eq!(desk.comm(TIME, "26"), "08 44 00");
    desk.set("04 01 07 08");
    // Another level than its turn is, a UID that is not its own, a check byte that is wrong.
    assert_eq!(desk.comm(TIME, "95 20"), NOTHING);
    desk.set("01 01 02 01");
    assert_eq!(desk.comm(TIME, "93 70 88 04 C0 FF B2"), NOTHING);
    assert_eq!(desk.comm(TIME, "93 70 88 04 C0 FF B3"), NOTHING, "it fell back");
    desk.type_a();
    assert_eq!(desk.comm(TIME, "26"), "08 44 00");
    desk.set("04 01 07 08 01 01 02 01");
    assert_eq!(desk.comm(TIME, "93 70 88 04 C0 FF B3"), "08 04");
    assert_eq!(desk.comm(TIME, "30 03"), NOTHING, "half selected");
    // At rest: WUPA is heard, REQA is not.
    assert!(select(&mut desk).ends_with("08 00"));
    assert_eq!(desk.comm(TIME, "50 00"), NOTHING);
    desk.type_a();
    assert_eq!(desk.comm(TIME, "26"), NOTHING);
    assert_eq!(desk.comm(TIME, "52"), "08 44 00");
    // Without power it forgets that.
    desk.set("01 01 02 01 04 01 07 08");
    assert_eq!(desk.comm(TIME, "93 70 88 04 C0 FF B3"), "08 04");
    assert_eq!(desk.comm(TIME, "95 70 EE 00 00 01 EF"), "08 00");
    assert_eq!(desk.comm(TIME, "50 00"), NOTHING);
    desk.type_a();
    assert_eq!(desk.comm(TIME, "26"), NOTHING);
    assert_eq!(desk.ask("06 00"), "07 00");
    assert!(select(&mut desk).ends_with("08 00"));
}

#[test]
fn iso_dep_cards_speak_blocks() {
    let mut desk = Desk::open(&[ISO]);
    assert!(select(&mut desk).ends_with("08 20"));
    assert_eq!(desk.comm(TIME, "E0 80"), "08 05 78 80 70 02");
    assert_eq!(desk.comm(TIME, "02 00A4040000"), "08 02 6D 00");
    assert_eq!(desk.comm(TIME, "C2"), "08 C2");
    assert_eq!(desk.comm(TIME, "C2"), NOTHING);
}

#[test]
fn two_type_a_cards_collide_and_can_be_told_apart_by_their_bits() {
    // 01 02 03 04 and 01 02 13 04 differ from bit 4 of the third byte on.
    let mut desk = Desk::open(&[FOUR, "put type-a uid=01021304"]);
    desk.type_a();
    // The same ATQA, so nobody sees that there are two.
    assert_eq!(desk.comm(TIME, "26"), "08 04 00");
    desk.set("04 01 07 08");
    let collision = "status 8";
    assert_eq!(desk.comm(TIME, "93 20"), collision);
    assert_eq!(desk.comm(TIME, "93 40 01 02"), collision);
    assert_eq!(desk.comm(TIME, "93 50 01 02 13"), "08 04 14");
    // Four bits of a byte: the last byte has as many.
    desk.set("07 04");
    assert_eq!(desk.comm(TIME, "93 44 01 02 03"), collision);
    desk.set("07 05");
    // The three bits left of 03, and two bytes: packed from the lowest bit.
    assert_eq!(desk.comm(TIME, "93 45 01 02 03"), "03 20 20 00");
    assert_eq!(desk.comm(TIME, "93 45 01 02 13"), "03 20 A0 00");
    desk.set("07 08");
    desk.set("01 01 02 01");
    assert_eq!(desk.comm(TIME, "93 70 01 02 13 04 14"), "08 08");
    assert_eq!(desk.comm(TIME, "50 00"), NOTHING);
    // A count of bits that is not what was sent sends cards back to the start.
    desk.type_a();
    assert_eq!(desk.comm(TIME, "26"), "08 04 00");
    desk.set("04 01 07 05");
    assert_eq!(desk.comm(TIME, "93 44 01 02 03"), NOTHING);
    assert_eq!(desk.comm(TIME, "93 45 01 02 03"), NOTHING);
    // With that one at rest the other is alone.
    assert_eq!(select(&mut desk), "08 04 00, 01 02 03 04 04 -> 08 08");
    // Cards that differ in their ATQA collide at once; the same card twice is one.
    let mut desk = Desk::open(&[FOUR, SEVEN]);
    assert_eq!(select(&mut desk), collision);
    let mut desk = Desk::open(&[FOUR, FOUR]);
    assert_eq!(select(&mut desk), "08 04 00, 01 02 03 04 04 -> 08 08");
}

#[test]
fn type_b_cards_are_found_woken_and_talked_to() {
    let atqb = "08 50 01 A2 B3 C4 4B 22 33 44 00 81 81";
    let mut desk = Desk::open(&[B]);
    desk.type_b();
    assert_eq!(desk.comm(TIME, "05 00 10"), atqb);
    assert_eq!(desk.comm(TIME, "05 4A 00"), NOTHING, "another family");
    assert_eq!(desk.comm(TIME, "05 4B 00"), atqb);
    assert_eq!(desk.comm(TIME, "1D 01A2B3C4 00080100"), "08 00");
    assert_eq!(desk.comm(TIME, "05 00 10"), NOTHING, "it speaks blocks");
    assert_eq!(desk.comm(TIME, "02 00A4040000"), "08 02 6D 00");
    assert_eq!(desk.comm(TIME, "C2"), "08 C2");
    assert_eq!(desk.comm(TIME, "05 00 00"), NOTHING, "at rest");
    assert_eq!(desk.comm(TIME, "05 00 08"), atqb);
    assert_eq!(desk.comm(TIME, "50 01A2B3C4"), "08 00");
    // Two at once cannot be read.
    desk.control("put type-b pupi=01A2B3C5");
    assert_eq!(desk.comm(TIME, "05 00 08"), "status 4");
    desk.control("take 1");
    assert_eq!(desk.comm(TIME, "05 00 08"), "08 50 01 A2 B3 C5 00 00 00 00 00 81 81");
}

#[test]
fn two_felica_cards_take_turns_in_slots() {
    let mut desk = Desk::open(&[FELICA, "put felica idm=012E4CE100000002"]);
    desk.felica(1);
    // In a single slot both answer at once.
    for _ in 0..5 {
        assert_eq!(desk.comm(F_TIME, POLL), "status 4");
    }
    // In sixteen the first one is heard, mostly the only one there.
    let heard: Vec<_> = (0..40).map(|_| desk.comm(250, "06 00 FFFF 00 0F")).collect();
    let count = |found: &str| heard.iter().filter(|said| said.starts_with(found)).count();
    let (one, other) =
        (count("08 12 01 01 2E 4C E1 00 00 00 01"), count("08 12 01 01 2E 4C E1 00 00 00 02"));
    assert!(one > 5 && other > 5 && one + other + count("status 4") == 40, "{heard:#?}");
    // Who does not wait for the last slot misses cards.
    let mut desk = Desk::open(&[FELICA]);
    desk.felica(1);
    let heard: Vec<_> = (0..40).map(|_| desk.comm(100, "06 00 FFFF 00 0F")).collect();
    let missed = heard.iter().filter(|said| *said == NOTHING).count();
    assert!((5..40).contains(&missed), "{heard:#?}");
}

#[test]
fn settings_do_not_outlive_a_new_modulation() {
    let check = |command: &str, answer: &str| {
        let mut desk = Desk::open(&[FELICA]);
        desk.felica(1);
        assert_ne!(desk.comm(F_TIME, POLL), NOTHING);
        assert_eq!(desk.ask(command), answer);
        assert_eq!(desk.comm(F_TIME, POLL), NOTHING, "{command}");
        desk.set("01 01 02 01 07 08");
        assert_ne!(desk.comm(F_TIME, POLL), NOTHING, "{command}");
    };
    check("00 01 01 0F 01", "01 00");
    check("06 01", "07 00");
    check("06 00", "07 00");
    check("2A 01", "2B 00");
    // What is refused changes nothing.
    let mut desk = Desk::open(&[FELICA]);
    desk.felica(1);
    assert_eq!(desk.ask("00 09 01 0F 01"), "01 01");
    assert_eq!(desk.ask("2A 09"), "2B 01");
    assert_eq!(desk.ask("02 01 00 20 00"), "03 01");
    assert_ne!(desk.comm(F_TIME, POLL), NOTHING);
    // Nor is there a modulation to begin with.
    let mut desk = Desk::open(&[FELICA]);
    desk.set("01 01 02 01 07 08");
    assert_eq!(desk.comm(F_TIME, POLL), NOTHING);
}

#[test]
fn a_missing_setting_is_a_missing_card() {
    let check = |mode: fn(&mut Desk), sent: &str, settings: &str, answer: &str| {
        let mut desk = Desk::open(&[FELICA, FOUR, B]);
        mode(&mut desk);
        desk.set(settings);
        assert_eq!(desk.comm(TIME, sent), answer, "{settings}");
    };
    let felica: fn(&mut Desk) = |desk| desk.felica(1);
    check(felica, POLL, "07 07", NOTHING);
    check(felica, POLL, "08 01", NOTHING);
    check(felica, POLL, "01 00", NOTHING);
    check(felica, POLL, "01 02", NOTHING);
    // The host may put CRCs where they belong; and one that is checked as another fails.
    let poll = unhex(POLL);
    check(felica, &hex(&[&poll[..], &crc_f(&poll)].concat()), "01 00 02 02", "status 4");
    let type_a: fn(&mut Desk) = Desk::type_a;
    check(type_a, "26", "07 08", NOTHING);
    check(type_a, "26", "01 01", NOTHING);
    check(type_a, "26", "08 01", NOTHING);
    check(type_a, "26", "02 01", "status 4");
    // Where parity is not checked it comes along: 04 00 with a bit behind each.
    check(type_a, "26", "05 00", "02 04 00 02");
    let type_b: fn(&mut Desk) = Desk::type_b;
    for setting in ["09 00", "0A 00", "0B 00", "0C 00", "01 00"] {
        check(type_b, "05 00 10", setting, NOTHING);
    }
    let atqb = unhex("50 01A2B3C4 4B223344 008181");
    let atqb = [&atqb[..], &crc_b(&atqb)].concat();
    check(type_b, "05 00 10", "02 00", &format!("08 {}", hex(&atqb)));
    // Bits of a whole frame go with parity.
    let mut desk = Desk::open(&[FOUR]);
    desk.type_a();
    assert_eq!(desk.comm(TIME, "26"), "08 04 00");
    desk.set("07 08");
    assert_eq!(desk.comm(TIME, "93 20"), NOTHING);
    desk.set("04 01");
    assert_eq!(desk.comm(TIME, "93 20"), "08 01 02 03 04 04");
}

#[test]
fn the_air_takes_its_time() {
    let mut desk = Desk::open(&[FELICA, SEVEN]);
    desk.felica(1);
    // 750 us for the bus and chip are part of other commands; an exchange has the bus alone.
    let micros = |desk: &mut Desk, command: &str| desk.timed(command).1;
    // 16 bytes there, 2.4 ms until the slot, 30 bytes back, at 37.76 us a byte.
    assert_eq!(micros(&mut desk, "04 6E00 06 00 FFFF 01 00"), 250 + 604 + 2416 + 1132 + 1);
    // Nobody: the whole time-out of 11 ms behind the command.
    assert_eq!(micros(&mut desk, "04 6E00 06 00 FE0F 01 00"), 250 + 604 + 11_000);
    // Cards that come out of the cold get 5 ms first.
    assert_eq!(desk.ask("06 00"), "07 00");
    desk.set("01 01 02 01 07 08");
    assert_eq!(micros(&mut desk, "04 6E00 06 00 FE0F 01 00"), 5000 + 250 + 604 + 11_000);
    assert_eq!(micros(&mut desk, "04 6E00 06 00 FE0F 01 00"), 250 + 604 + 11_000);
    // Type A at 95 us a byte; a card thinks for 302 us.
    desk.type_a();
    assert_eq!(micros(&mut desk, "04 3601 26"), 250 + 95 + 302 + 190);
    // No time to wait is not enough for anybody.
    desk.type_a();
    assert_eq!(desk.comm(0, "52"), NOTHING);
}
