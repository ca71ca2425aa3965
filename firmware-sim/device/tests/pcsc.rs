//! What a PC/SC reader makes of the virtual cards.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, also outside of its #[test] function"
)]

use kazasu_sim::{Line, PcscCard, Seed, parse};
use kazasu_wire::atr::{Atr, Technology};

fn reader(line: &str) -> PcscCard {
    let mut reader = PcscCard::new(Seed(1));
    match parse(line).unwrap() {
        Line::Put(card) => assert_eq!(reader.field().put(card), Ok(1)),
        other => panic!("{other:?}"),
    }
    reader
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[test]
fn atr_and_data() {
    let check = |line: &str, atr: &str, technology, uid: &str, historical: &str| {
        let reader = reader(line);
        let bytes = reader.atr().unwrap();
        assert_eq!(hex(&bytes), atr, "{line}");
        assert_eq!(Atr::decode(&bytes).unwrap().technology(), Some(technology), "{line}");
        assert_eq!(hex(&reader.transmit(&[0xFF, 0xCA, 0, 0, 0])), uid, "{line}");
        assert_eq!(hex(&reader.transmit(&[0xFF, 0xCA, 1, 0, 0])), historical, "{line}");
    };
    use Technology::{Felica, TypeA, TypeAOrB, TypeB};
    check(
        "put felica idm=012E4CE100000001 pmm=0011223344556677 sys=0003,FE00",
        "3B8F8001804F0CA0000003061100 3B0000000042".replace(' ', "").as_str(),
        Felica,
        "012E4CE1000000019000",
        "00112233445566779000",
    );
    check(
        "put type-a uid=01020304",
        "3B8F8001804F0CA000000306030001000000006A",
        TypeA,
        "010203049000",
        "6A81",
    );
    check(
        "put type-a uid=04112233445566",
        "3B8F8001804F0CA0000003060300030000000068",
        TypeA,
        "041122334455669000",
        "6A81",
    );
    check(
        "put type-a uid=04112233445566778899 sak=28",
        "3B80800101",
        // Nothing in it tells A from B: the length of the identifier does.
        TypeAOrB,
        "041122334455667788999000",
        "9000",
    );
    check(
        "put type-a uid=04112233445566 atqa=0344 sak=20 ats=067577810280",
        "3B8180018080",
        TypeA,
        "041122334455669000",
        "809000",
    );
    check(
        "put type-b pupi=01A2B3C4 app=4B223344",
        "3B8880014B2233440081810017",
        TypeB,
        "01A2B3C49000",
        "6A81",
    );
}

#[test]
fn other_commands() {
    let reader = reader("put type-a uid=01020304");
    let check = |apdu: &[u8], response: &str| {
        assert_eq!(hex(&reader.transmit(apdu)), response, "{apdu:02X?}");
    };
    check(&[0xFF, 0xCA, 0, 0], "010203049000");
    check(&[0xFF, 0xCA, 0, 0, 4], "010203049000");
    check(&[0xFF, 0xCA, 0, 0, 3], "6C04");
    check(&[0xFF, 0xCA, 0, 0, 9], "010203046282");
    check(&[0xFF, 0xCA, 2, 0, 0], "6A81");
    check(&[0xFF, 0xCA, 0, 1, 0], "6A81");
    check(&[0xFF, 0xB0, 0, 4, 16], "6D00");
    check(&[0x00, 0xA4, 4, 0, 1, 0xD2], "6D00");
    check(&[0xFF, 0xCA, 0], "6700");
    check(&[], "6700");
    check(&[0x00, 0xA4, 4, 0, 9, 0xD2], "6700");
}

#[test]
fn one_card_at_most() {
    let mut one = reader("put type-a uid=random");
    let Ok(Line::Put(second)) = parse("put type-a uid=random") else { panic!() };
    let error = one.field().put(second.clone()).unwrap_err().to_string();
    assert_eq!(error, "put: 1 card(s) at most; take one first, as in: take");
    let uid = one.transmit(&[0xFF, 0xCA, 0, 0, 0]);
    assert_eq!((uid.len(), uid[0]), (6, 0x08));
    assert_eq!(one.transmit(&[0xFF, 0xCA, 0, 0, 0]), uid);
    one.field().take(None).unwrap();
    assert_eq!((one.atr(), hex(&one.transmit(&[0xFF, 0xCA, 0, 0, 0]))), (None, "6A81".into()));
    one.field().put(second).unwrap();
    assert_ne!(one.transmit(&[0xFF, 0xCA, 0, 0, 0]), uid);
}
