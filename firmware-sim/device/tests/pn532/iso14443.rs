//! Type A and B cards after they were found: at rest, gone, woken up, talked to.

use kazasu_wire::{
    iso14443a::crc_a,
    pn532::{Command, Initiator, RegisterWrite},
};

use crate::desk::{Desk, TYPE_A, hex};

const FOUR: &str = "put type-a uid=01020304";
const SEVEN: &str = "put type-a uid=04C0FFEE000001";
const ISO: &str = "put type-a uid=05060708 sak=20";
const B: &str = "put type-b pupi=01A2B3C4 app=4B223344";
const TYPE_B: Initiator = Initiator::TypeB { afi: 0, method: None };

#[test]
fn a_selected_card_misses_one_request_and_one_at_rest_all_of_them() {
    let mut desk = Desk::awake(&[FOUR, SEVEN]);
    let four = "1 01020304 0004 08";
    let seven = |tg| format!("{tg} 04C0FFEE000001 0044 00");
    // The first is put to rest so that the second can be found; the second is selected.
    assert_eq!(desk.list(2, TYPE_A).0, [four, &seven(2)]);
    assert_eq!(desk.list(2, TYPE_A).0.len(), 0);
    assert_eq!(desk.list(2, TYPE_A).0, [seven(1)]);
    // With one retry that is not seen from outside.
    desk.retries(1);
    assert_eq!(desk.list(2, TYPE_A).0, [seven(1)]);
    // Without power cards forget.
    desk.field(false);
    assert_eq!(desk.list(2, TYPE_A).0, [four, &seven(2)]);
    desk.control("take 1");
    desk.control(FOUR);
    // The one that is still selected falls back while the other is found alone.
    assert_eq!(desk.list(2, TYPE_A).0, [four]);
    assert_eq!(desk.list(2, TYPE_A).0, [seven(1)]);
    // InDeselect puts to rest, InSelect wakes up.
    desk.control("take 3");
    assert!(desk.ask(&Command::InDeselect(0)).is_some());
    assert_eq!(desk.list(2, TYPE_A).0.len(), 0);
    desk.field(false);
    assert_eq!(desk.list(1, TYPE_A).0, [seven(1)]);
    assert!(desk.ask(&Command::InDeselect(1)).is_some());
    assert!(desk.ask(&Command::InSelect(1)).is_some());
    assert_eq!(desk.thru("3003").len(), 32);
    // HLTA is not answered.
    assert_eq!(desk.thru("5000"), "Timeout");
    assert_eq!(desk.thru("3003"), "Timeout");
}

#[test]
fn pages_are_read_like_those_of_an_ultralight() {
    let mut desk = Desk::awake(&[SEVEN]);
    desk.retries(1);
    assert_eq!(desk.list(1, TYPE_A).0.len(), 1);
    let start = "04C0FFB3 EE000001 EF480000 E1100600".replace(' ', "");
    let zeros = "00".repeat(16);
    assert_eq!(desk.exchange("3000"), start);
    assert_eq!(desk.thru("3000"), start);
    assert_eq!(desk.exchange("3004"), ["0300FE00", &zeros[8..]].concat());
    assert_eq!(desk.exchange("300E"), [&zeros[..16], &start[..16]].concat());
    // What a card does not know sends it back to the start.
    for unknown in ["3010", "60", "A20400000000", "30"] {
        assert_eq!(desk.exchange(unknown), "Timeout", "{unknown}");
        assert_eq!(desk.thru("3000"), "Timeout", "{unknown}");
        // InDataExchange selects the target anew.
        assert_eq!(desk.exchange("3000"), start);
    }
    // Where the radio leaves the CRC to the host, it comes with the data and has to be sent.
    let registers = |value| {
        let write = |address| RegisterWrite { address, value };
        Command::WriteRegister(vec![write(0x6302), write(0x6303)])
    };
    assert!(desk.ask(&registers(0)).is_some());
    let with_crc = |bytes: &[u8]| hex(&[bytes, &crc_a(bytes)].concat());
    let read = desk.thru(&with_crc(&[0x30, 0x03]));
    assert_eq!(read, with_crc(&crate::desk::unhex(&["E1100600 0300FE00", &zeros[..16]].concat())));
    assert_eq!(desk.thru("3003"), "Timeout");
    // No such memory.
    let mut desk = Desk::awake(&[FOUR]);
    assert_eq!(desk.list(1, TYPE_A).0.len(), 1);
    assert_eq!(desk.exchange("3000"), "Timeout");
}

#[test]
fn iso_dep_cards_speak_blocks() {
    let mut desk = Desk::awake(&[ISO]);
    desk.retries(1);
    assert_eq!(desk.list(1, TYPE_A).0, ["1 05060708 0004 20 0578807002"]);
    // The chip makes blocks of its own; the card knows no application.
    assert_eq!(desk.exchange("00A4040000"), "6D00");
    assert_eq!(desk.thru("0200A4040000"), "026D00");
    assert_eq!(desk.thru("0300A4040000"), "036D00");
    assert_eq!(desk.thru("12 00A4"), "A2", "chained");
    assert_eq!(desk.thru("B3"), "A3", "still there");
    assert_eq!(desk.thru("0A01 00A4040000"), "Timeout", "another card");
    // It hears no request, until it is deselected; then it rests.
    assert_eq!(desk.list(1, TYPE_A).0.len(), 0);
    assert_eq!(desk.thru("C2"), "C2");
    assert_eq!(desk.thru("C2"), "Timeout");
    desk.field(false);
    // RATS by the host.
    assert!(desk.ask(&Command::SetParameters(0)).is_some());
    assert_eq!(desk.list(1, TYPE_A).0, ["1 05060708 0004 20"]);
    assert_eq!(desk.thru("E083"), "0578807002");
    assert_eq!(desk.thru("0A03 00A4"), "0A036D00");
    assert_eq!(desk.thru("0200A4"), "Timeout", "card 0 is meant");
}

#[test]
fn type_b_cards_are_found_and_reset_as_nfcpy_does_it() {
    let atqb = "5001A2B3C44B223344008181";
    let mut desk = Desk::awake(&[B]);
    assert_eq!(desk.list(1, TYPE_B).0, [format!("1 {atqb} 01")]);
    assert_eq!(desk.exchange("00A4040000"), "6D00");
    // Active cards hear no request.
    assert_eq!(desk.list(1, TYPE_B).0.len(), 0);
    assert_eq!(desk.thru("050008"), "Timeout");
    assert_eq!(desk.thru("CA01"), "CA01");
    // At rest: REQB is not heard, WUPB is.
    assert_eq!(desk.thru("050000"), "Timeout");
    assert_eq!(desk.thru("050008"), atqb);
    assert_eq!(desk.thru("1D 01A2B3C5 00080100"), "Timeout", "another card");
    assert_eq!(desk.thru("1D 01A2B3C4 00080103"), "03");
    assert_eq!(desk.thru("0A03 00A4"), "0A036D00");
    assert_eq!(desk.thru("CA03"), "CA03");
    assert_eq!(desk.thru("050008"), atqb);
    assert_eq!(desk.thru("50 01A2B3C4"), "00");
    assert_eq!(desk.thru("050000"), "Timeout");
    // InRelease puts it to rest, where the chip finds it again.
    assert_eq!(desk.list(1, TYPE_B).0.len(), 1);
    assert!(desk.ask(&Command::InRelease(0)).is_some());
    assert_eq!(desk.list(1, TYPE_B).0.len(), 1);
    // Application families.
    let family = |afi| Initiator::TypeB { afi, method: Some(0) };
    desk.field(false);
    assert_eq!(desk.list(1, family(0x4A)).0.len(), 0);
    assert_eq!(desk.list(1, family(0x4B)).0.len(), 1);
    // Two cards: found one after the other, but not with one shout.
    desk.control("put type-b pupi=01A2B3C5");
    desk.field(false);
    assert_eq!(
        desk.list(2, TYPE_B).0,
        [format!("1 {atqb} 01"), "2 5001A2B3C500000000008181 02".into()]
    );
    desk.field(false);
    desk.field(true);
    assert_eq!(desk.thru("050008"), "Timeout");
    desk.control("take 2");
    assert_eq!(desk.thru("050008"), atqb);
    desk.field(false);
    assert_eq!(desk.thru("050008"), "Timeout");
    // Type A commands are nothing to it, nor the other way round.
    assert_eq!(desk.list(1, TYPE_A).0.len(), 0);
}
