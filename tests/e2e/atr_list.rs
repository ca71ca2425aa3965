//! Every ATR that users of pcsc-tools have sent in, through the judge of the PC/SC driver.
//!
//! The list is under the GPL and stays where its package puts it. Ours says of each ATR of contactless
//! form, and of the forms that readers make up by themselves, how the card speaks:
//! `drivers/wire/corpus/atr-contactless.tsv`.

use std::{collections::BTreeMap, fs, path::Path};

use kazasu_hal::{Stability, Technology};

const OURS: &str = include_str!("../../drivers/wire/corpus/atr-contactless.tsv");
const INSTALLED: &str = "target/oracles/root/usr/share/pcsc/smartcard_list.txt";

/// Identifiers of every length that a reader gives, so of every technology.
const IDS: [&[u8]; 6] = [
    &[0x5A, 1, 2, 3],
    &[0x08, 1, 2, 3],
    &[0x04, 0xC0, 0xFF, 0xEE, 0, 0, 1],
    &[0x01, 0x2E, 0x4C, 0, 0, 0, 0, 1],
    &[0xE0, 0x04, 1, 2, 3, 4, 5, 6],
    &[0x04, 0xC0, 0xFF, 0xEE, 0, 0, 1, 2, 3, 4],
];

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    assert!(digits.len().is_multiple_of(2), "{text}");
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

/// The patterns of the list that stand for one ATR alone, and how many there are in all.
fn installed() -> (Vec<String>, usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(INSTALLED);
    let list = fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}: run scripts/oracles", path.display()));
    let list = String::from_utf8_lossy(&list).into_owned();
    let patterns = list.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_hexdigit()));
    let all: Vec<_> = patterns.map(|line| line.replace(' ', "").to_uppercase()).collect();
    let count = all.len();
    let literal = all.into_iter().filter(|line| line.chars().all(|c| c.is_ascii_hexdigit()));
    (literal.collect(), count)
}

fn seen(atr: &[u8], id: &[u8]) -> Option<(Technology, Stability)> {
    let card = kazasu_pcsc::card(atr, id, None).ok()?;
    Some((card.identity.technology(), card.identity.stability()))
}

/// What each of [`IDS`] is behind an ATR of this kind.
fn expected(kind: &str) -> [Option<(Technology, Stability)>; 6] {
    use {Stability as S, Technology as T};
    let a = Some((T::Iso14443a, S::Stable));
    let b = Some((T::Iso14443b, S::Unknown));
    let felica = Some((T::Felica, S::Stable));
    match kind {
        "felica" => [None, None, a, felica, felica, a],
        "a" => [a, Some((T::Iso14443a, S::Random)), a, None, None, a],
        // Type A has longer ones alone, and four bytes are not taken for what they may not be.
        "b" | "a-or-b" => [b, b, a, None, None, a],
        "b-storage" => [b, b, None, None, None, None],
        "unsaid" => [None, None, a, None, None, a],
        "none" => [None; 6],
        other => panic!("{other}"),
    }
}

#[test]
fn every_atr_is_what_it_is_and_no_other_one_is_a_stable_card() {
    let ours: BTreeMap<_, _> = OURS.lines().map(|line| line.split_once('\t').unwrap()).collect();
    let (list, patterns) = installed();
    assert!(patterns > 3_500 && list.len() > 3_000, "the list was not read: {patterns}");
    let mut met = 0;
    let mut others = 0;
    for text in &list {
        let atr = unhex(text);
        if ours.contains_key(text.as_str()) {
            met += 1;
            continue;
        }
        others += 1;
        // No new contactless form without an expectation of ours.
        assert!(!(text.starts_with("3B8") && text[4..].starts_with("8001")), "{text}");
        for id in IDS {
            assert_eq!(seen(&atr, id), None, "{text} {id:02X?}");
        }
    }
    eprintln!("{patterns} patterns, {} ATRs: {met} of ours, {others} others", list.len());
    assert!(met > 400 && others > 2_500, "{met} {others}");

    for (text, kind) in ours {
        let atr = unhex(text);
        // Readers that put the identifier into the ATR.
        let own: &[u8] = match &atr[..] {
            [0x3B, 0x8C, 0x80, 0x01, 0x50, pupi @ ..] => &pupi[..4],
            [0x3B, 0x09, 0x41, 0x04, uid @ ..] => &uid[..4],
            _ => &[],
        };
        // Some were sent in with their identifier made unrecognisable.
        if own.windows(2).all(|pair| pair[0] == pair[1]) {
            for (id, expected) in IDS.iter().zip(expected(kind)) {
                assert_eq!(seen(&atr, id), expected, "{text} {kind} {id:02X?}");
            }
        } else {
            let [expected, ..] = expected(kind);
            assert_eq!(seen(&atr, own), expected, "{text} {kind}");
        }
    }
}

#[test]
fn storage_cards_of_other_standards_are_refused() {
    // SS of PC/SC part 3: what four, seven and eight bytes are then.
    let rows = [
        (0x00, ["-", "a", "-"]),
        (0x01, ["a", "a", "-"]),
        (0x03, ["a", "a", "-"]),
        (0x05, ["b", "-", "-"]),
        (0x07, ["b", "-", "-"]),
        (0x09, ["-", "-", "-"]),
        (0x0C, ["-", "-", "-"]),
        (0x0D, ["-", "-", "-"]),
        (0x10, ["-", "-", "-"]),
        (0x11, ["-", "a", "f"]),
        (0x40, ["-", "-", "-"]),
        (0xFF, ["-", "-", "-"]),
    ];
    for (standard, kinds) in rows {
        let atr = kazasu_wire::atr::Atr::storage(standard, 0x0014).encode();
        for (id, kind) in [IDS[0], IDS[2], IDS[3]].into_iter().zip(kinds) {
            let expected = match kind {
                "a" => Some(Technology::Iso14443a),
                "b" => Some(Technology::Iso14443b),
                "f" => Some(Technology::Felica),
                _ => None,
            };
            let found = seen(&atr, id).map(|(technology, _)| technology);
            assert_eq!(found, expected, "SS {standard:02X} {id:02X?}");
        }
    }
}
