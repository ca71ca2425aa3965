//! Control lines: what they mean, and what is said about wrong ones.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, also outside of its #[test] function"
)]

use kazasu_sim::{CARDS_MAX, Card, Field, Line, Rates, Seed, TypeAUid, parse};

#[test]
fn lines() {
    let check = |line: &str, meaning: &str| {
        let shown = match parse(line).unwrap() {
            Line::Put(Card::Felica(card)) => format!(
                "{:02X?} {:02X?} {:04X?} {:?}",
                card.idm.0, card.pmm.0, card.systems, card.rates
            ),
            Line::Put(Card::TypeA(card)) => {
                let uid = match card.uid {
                    TypeAUid::Fixed(uid) => format!("{:02X?}", uid.as_bytes()),
                    TypeAUid::Random => "random".into(),
                };
                format!("{uid} {:?} {:?} {:02X?}", card.atqa, card.sak, card.ats.map(|ats| ats.0))
            }
            other => format!("{other:?}"),
        };
        assert_eq!(shown, meaning, "{line}");
    };
    check(
        "put felica idm=012e4ce100000001",
        "[01, 2E, 4C, E1, 00, 00, 00, 01] [01, 20, 22, 04, 27, 67, 4E, FF] [FE00] Both",
    );
    check(
        "  put  felica sys=0003,FE00 rate=424 pmm=0011223344556677 idm=012E4CE100000001 ",
        "[01, 2E, 4C, E1, 00, 00, 00, 01] [00, 11, 22, 33, 44, 55, 66, 77] [0003, FE00] R424",
    );
    check("put type-a uid=01020304", "[01, 02, 03, 04] Atqa(0004) Sak(08) None");
    check(
        "put type-a uid=01020304050607 sak=20",
        "[01, 02, 03, 04, 05, 06, 07] Atqa(0044) Sak(20) Some([05, 78, 80, 70, 02])",
    );
    check(
        "put type-a uid=01020304050607 atqa=0344 ats=0675778102AA",
        "[01, 02, 03, 04, 05, 06, 07] Atqa(0344) Sak(20) Some([06, 75, 77, 81, 02, AA])",
    );
    check("put type-a uid=random", "random Atqa(0004) Sak(08) None");
    check("take", "Take(None)");
    check("take 7", "Take(Some(7))");
    check("fault unplug", "Unplug");
    check("plug", "Plug");
    check("quit", "Quit");
    check("help", "Help");
    assert!(matches!(
        parse("put felica idm=012E4CE100000001 rate=212"),
        Ok(Line::Put(Card::Felica(card))) if card.rates == Rates::R212
    ));
}

#[test]
fn wrong_lines() {
    let check = |line: &str, reason: &str| {
        let error = parse(line).unwrap_err().to_string();
        assert_eq!(error, reason, "{line}");
        assert!(!error.contains('\n'));
        // The example in it works.
        let example = error.rsplit("as in: ").next().unwrap();
        assert!(parse(example).is_ok(), "{example}");
    };
    const F: &str = ", as in: put felica idm=012E4C0000000001 sys=FE00 rate=both";
    const A: &str = ", as in: put type-a uid=04A1B2C3D4E580 sak=00";
    const ALL: &str = "known: put, take, fault, plug, quit, help, as in: take";
    check("", &format!("\"\" is unknown here; {ALL}"));
    check("putt x", &format!("\"putt\" is unknown here; {ALL}"));
    check("a\u{7}b", &format!("\"a\\u{{7}}b\" is unknown here; {ALL}"));
    check("put", &format!("\"\" is unknown here; known: felica, type-a{F}"));
    check("put type-b", &format!("\"type-b\" is unknown here; known: felica, type-a{F}"));
    check("put felica", &format!("idm: 16 hex digits{F}"));
    check("put felica idm=01", &format!("idm: 16 hex digits{F}"));
    check("put felica idm=012E4CE10000000G", &format!("idm: 16 hex digits{F}"));
    check("put felica idm=+12E4CE100000001", &format!("idm: 16 hex digits{F}"));
    check("put felica idm=012E4CE10000000\u{e9}", &format!("idm: 16 hex digits{F}"));
    check("put felica idm=012E4CE100000001 idm=012E4CE100000001", &format!("idm: only once{F}"));
    // An identifier without its key is not repeated.
    check(
        "put felica 012E4CE100000001",
        &format!("\"(hex digits)\" is unknown here; known: idm, pmm, sys, rate{F}"),
    );
    check(
        "put felica uid=01020304",
        &format!("\"uid\" is unknown here; known: idm, pmm, sys, rate{F}"),
    );
    let sys = "sys: 1 to 16 codes of 4 hex digits with commas between";
    check("put felica idm=012E4CE100000001 sys=", &format!("{sys}{F}"));
    check("put felica idm=012E4CE100000001 sys=0003,", &format!("{sys}{F}"));
    let many = ["0003"; 17].join(",");
    check(&format!("put felica idm=012E4CE100000001 sys={many}"), &format!("{sys}{F}"));
    check("put felica idm=012E4CE100000001 rate=106", &format!("rate: 212, 424 or both{F}"));
    check("put type-a", &format!("uid: 8, 14 or 20 hex digits, or random{A}"));
    check("put type-a uid=0102030405", &format!("uid: 8, 14 or 20 hex digits, or random{A}"));
    let sak = "sak: 2 hex digits without bit 04, and with bit 20 where there is an ats";
    check("put type-a uid=01020304 sak=04", &format!("{sak}{A}"));
    check("put type-a uid=01020304 sak=08 ats=0578807002", &format!("{sak}{A}"));
    let ats = "ats: hex digits of a whole ATS, its length byte first";
    check("put type-a uid=01020304 ats=0678807002", &format!("{ats}{A}"));
    check("put type-a uid=01020304 ats=", &format!("{ats}{A}"));
    check("put type-a uid=01020304 atqa=44", &format!("atqa: 4 hex digits{A}"));
    let take = "take: the number that put answered, or nothing for all cards, as in: take 1";
    check("take one", take);
    check("take 1 2", "\"2\" is unknown here; known: nothing more, as in: take");
    check("quit now", "\"now\" is unknown here; known: nothing more, as in: take");
    check("fault", "\"\" is unknown here; known: unplug, as in: fault unplug");
    check("fault drop", "\"drop\" is unknown here; known: unplug, as in: fault unplug");
    check(&"x".repeat(1025), "line: at most 1024 bytes, as in: take");
    check(&"x".repeat(1024), &format!("\"{}\" is unknown here; {ALL}", "x".repeat(24)));
}

#[test]
fn the_field_has_room_for_so_many_and_numbers_them() {
    let mut field = Field::new(Seed(1), usize::MAX);
    let Ok(Line::Put(card)) = parse("put felica idm=012E4CE100000001") else { panic!() };
    for number in 1..=u32::try_from(CARDS_MAX).unwrap() {
        assert_eq!(field.put(card.clone()), Ok(number));
    }
    let full = field.put(card.clone()).unwrap_err().to_string();
    assert_eq!(full, "put: 16 card(s) at most; take one first, as in: take");
    assert_eq!(field.take(Some(3)), Ok(vec![3]));
    let absent = field.take(Some(3)).unwrap_err().to_string();
    assert!(absent.starts_with("take: no card 3 is there (there are: 1, 2, 4, "), "{absent}");
    // Numbers are not used twice.
    assert_eq!(field.put(card), Ok(17));
    assert_eq!(field.take(None).map(|taken| taken.len()), Ok(16));
    assert!(field.is_empty());
    assert_eq!(field.take(None), Ok(vec![]));
    let absent = field.take(Some(3)).unwrap_err().to_string();
    assert_eq!(absent, "take: no card 3 is there (there are: none), as in: take");
}
