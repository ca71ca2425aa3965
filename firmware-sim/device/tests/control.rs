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
                    TypeAUid::Anew => "anew".into(),
                };
                format!("{uid} {:?} {:?} {:02X?}", card.atqa, card.sak, card.ats.map(|ats| ats.0))
            }
            Line::Put(Card::TypeB(card)) => format!("{card:?}"),
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
    check(
        "put type-b pupi=01a2b3c4 app=4B000000",
        "TypeBCard { pupi: Pupi(..C4), application_data: [75, 0, 0, 0], protocol_info: [0, 129, 129] }",
    );
    check("fault unplug", "Unplug");
    check(
        "fault unplug at=3",
        "Fault(Some(Fault { kind: Unplug, count: 1, at: Some(3), after: 0 }))",
    );
    check("fault drop", "Fault(Some(Fault { kind: Drop, count: 1, at: None, after: 0 }))");
    check(
        "fault corrupt 3 after=7 at=5",
        "Fault(Some(Fault { kind: Corrupt, count: 3, at: Some(5), after: 7 }))",
    );
    check("fault off", "Fault(None)");
    check("pace real", "Pace(Real)");
    check("pace instant", "Pace(Instant)");
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
    const ALL: &str = "known: put, take, hush, fault, pace, board, plug, quit, help, as in: take";
    check("", &format!("\"\" is unknown here; {ALL}"));
    check("putt x", &format!("\"putt\" is unknown here; {ALL}"));
    check("a\u{7}b", &format!("\"a\\u{{7}}b\" is unknown here; {ALL}"));
    check("put", &format!("\"\" is unknown here; known: felica, type-a, type-b{F}"));
    check("put type-c", &format!("\"type-c\" is unknown here; known: felica, type-a, type-b{F}"));
    check("put felica", &format!("idm: 16 hex digits{F}"));
    check("put felica idm=01", &format!("idm: 16 hex digits{F}"));
    check("put felica idm=012E4CE10000000G", &format!("idm: 16 hex digits{F}"));
    check("put felica idm=+12E4CE100000001", &format!("idm: 16 hex digits{F}"));
    check("put felica idm=012E4CE10000000\u{e9}", &format!("idm: 16 hex digits{F}"));
    check("put felica idm=012E4CE100000001 idm=012E4CE100000001", &format!("idm: only once{F}"));
    // An identifier without its key is not repeated.
    check(
        "put felica 012E4CE100000001",
        &format!("\"(hex digits)\" is unknown here; known: idm, pmm, sys, rate, block, ck{F}"),
    );
    check(
        "put felica uid=01020304",
        &format!("\"uid\" is unknown here; known: idm, pmm, sys, rate, block, ck{F}"),
    );
    let sys = "sys: 1 to 16 codes of 4 hex digits with commas between";
    check("put felica idm=012E4CE100000001 sys=", &format!("{sys}{F}"));
    check("put felica idm=012E4CE100000001 sys=0003,", &format!("{sys}{F}"));
    let many = ["0003"; 17].join(",");
    check(&format!("put felica idm=012E4CE100000001 sys={many}"), &format!("{sys}{F}"));
    check("put felica idm=012E4CE100000001 rate=106", &format!("rate: 212, 424 or both{F}"));
    check("put type-a", &format!("uid: 8, 14 or 20 hex digits, random or anew{A}"));
    check("put type-a uid=0102030405", &format!("uid: 8, 14 or 20 hex digits, random or anew{A}"));
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
    const KINDS: &str = "known: drop, corrupt, late, nak, garbage, unplug, off";
    const FAULT: &str = ", as in: fault corrupt 3 at=5";
    check("fault", &format!("\"\" is unknown here; {KINDS}{FAULT}"));
    check("fault drip", &format!("\"drip\" is unknown here; {KINDS}{FAULT}"));
    check("fault drop 0", &format!("fault: how many frames, 1 to 1000000{FAULT}"));
    check("fault drop at=-1", &format!("at: which byte of the frame, from 0{FAULT}"));
    check("fault drop 1 2", &format!("\"2\" is unknown here; known: at, after{FAULT}"));
    check(
        "fault late after=1000001",
        &format!("after: how many frames pass first, to 1000000{FAULT}"),
    );
    check("fault off 1", "\"1\" is unknown here; known: nothing more, as in: fault off");
    const BOARD: &str = ", as in: board deaf=1";
    check("board deaf=10001", &format!("deaf: milliseconds, 0 to 10000{BOARD}"));
    check("board end=none", &format!("end: cut or whole{BOARD}"));
    check("board x", &format!("\"x\" is unknown here; known: deaf, hold, delay, end{BOARD}"));
    check("pace", "\"\" is unknown here; known: real, instant, as in: pace real");
    check("pace real fast", "\"fast\" is unknown here; known: nothing more, as in: take");
    const B: &str = ", as in: put type-b pupi=01A2B3C4 app=00000000 info=008181";
    check("put type-b", &format!("pupi: 8 hex digits{B}"));
    check("put type-b pupi=01A2B3", &format!("pupi: 8 hex digits{B}"));
    let info = "info: 6 hex digits, with bit 01 and without bit 08 in the second byte";
    check("put type-b pupi=01A2B3C4 info=008081", &format!("{info}{B}"));
    let card = "put felica idm=012E4CE100000001";
    let block = ", as in: put felica idm=012E4C0000000001 \
                 block=FE00/1A8B:00:30303132333435360000000000000000";
    let shape = "block: [SYSTEM/]SERVICE:NUMBER:DATA in 4, 2 and 32 hex digits";
    let zeros = "00".repeat(16);
    for wrong in ["1A8B", "1A8B:00", "1A8B:00:00", "FE00/1A8B:0:00", "1A8B:100:00"] {
        check(&format!("{card} block={wrong}"), &format!("{shape}{F}"));
    }
    let place = "block: a system of the card, and the code of a random or cyclic service";
    for wrong in [format!("0003/1A8B:00:{zeros}"), format!("1A97:00:{zeros}")] {
        check(&format!("{card} block={wrong}"), &format!("{place}{block}"));
    }
    check(
        &format!("{card} ck={zeros}"),
        &format!("ck: only a Lite-S card has a card key: pmm=00F1...{block}"),
    );
    let lite = "put felica idm=012E4CE100000001 pmm=00F1000000014300";
    let user = "block: a Lite-S card has blocks 00 to 0D, of service 0009";
    for wrong in
        [format!("0009:0E:{zeros}"), format!("1009:00:{zeros}"), format!("FE00/0009:00:{zeros}")]
    {
        check(&format!("{lite} block={wrong}"), &format!("{user}{block}"));
    }
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
