use kazasu_hal::{SystemCode, Technology};
use proptest::prelude::*;
use zeroize::Zeroizing;

use super::*;
use crate::{Unit, UserId};

const FELICA: [u8; 8] = [0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, 0xAB];
const DOUBLE: [u8; 7] = [0x04, 0xC0, 0xFF, 0xEE, 0x05, 0x06, 0x07];
const SINGLE: [u8; 4] = [0x0A, 0xB0, 0x00, 0x01];

/// A card that sends these bytes: FeliCa where there are 8, else type A.
fn card(raw: &[u8]) -> CardIdentity {
    let technology = if raw.len() == 8 { Technology::Felica } else { Technology::Iso14443a };
    // Numbers are derived of whatever was stored, also of what no reader tells any more.
    CardIdentity::stored(technology, raw, None).unwrap()
}

fn rule(text: &str) -> CardNumberRule {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn numbers_are_upper_case_hex_where_nothing_is_set() {
    let rows: &[(&[u8], &str)] = &[
        (&FELICA, "012E4CE1000000AB"),
        (&SINGLE, "0AB00001"),
        (&DOUBLE, "04C0FFEE050607"),
        (&[4, 1, 2, 3, 4, 5, 6, 7, 8, 9], "04010203040506070809"),
    ];
    for (raw, text) in rows {
        let number = CardNumber::of(&card(raw));
        assert_eq!(number.as_str(), *text);
        assert!(CardNumber::has_shape(text));
        assert_eq!(CardNumber::from_text(text), Some(number.clone()));
        assert_eq!(CardNumberRule::default().number(&card(raw), None), Ok(number.clone()));
        assert_eq!(format!("{number:?}"), format!("CardNumber(..{})", &text[text.len() - 2..]));
    }
    for text in ["", "1234567", "123456789", "1234567g", "012E4CE1000000A\u{e9}"] {
        assert!(!CardNumber::has_shape(text), "{text}");
    }
    assert_eq!(format!("{:?}", CardNumber::from_text("12345")), "Some(CardNumber(..))");
    assert_eq!(format!("{:?}", CardNumber::from_text("123456")), "Some(CardNumber(..56))");
}

/// S10-4-02.
#[test]
fn a_text_is_a_card_number_by_the_rule() {
    let length = Some(Rule::Length { min: 1, max: 32, unit: Unit::Characters });
    let (longest, too_long) = ("7".repeat(32), "7".repeat(33));
    let mut rows = vec![
        ("1".to_owned(), None),
        ("abcDEF-01_@~!$%&^.".to_owned(), None),
        (" 7 ".to_owned(), None),
        ("7'".to_owned(), None),
        ("\\,*/=".to_owned(), None),
        (longest, None),
        (String::new(), length),
        (too_long, length),
        ("    ".to_owned(), Some(Rule::OnlySpaces)),
        ("'7".to_owned(), Some(Rule::FirstCharacter('\''))),
        ("7\u{e9}".to_owned(), Some(Rule::PrintableAscii)),
        ("7\u{a6}".to_owned(), Some(Rule::PrintableAscii)),
        ("7\n".to_owned(), Some(Rule::PrintableAscii)),
        ("7\u{7f}".to_owned(), Some(Rule::PrintableAscii)),
    ];
    rows.extend("\"+;<>?[]`{|}:#()".chars().map(|c| (format!("7{c}"), Some(Rule::Forbidden(c)))));
    assert_eq!(rows.len(), 30);
    for (text, broken) in rows {
        assert_eq!(CardNumber::new(&text).err(), broken, "{text:?}");
        let number = CardNumber::from_text(&text);
        assert_eq!(number.as_ref().map(CardNumber::as_str), broken.is_none().then_some(&*text));
    }
    // S10-4-01 forbids whatever S10-4-02 does.
    assert!(CardNumber::FORBIDDEN.chars().all(|sign| UserId::FORBIDDEN.contains(sign)));
}

#[test]
fn a_rule_gives_the_number_it_says() {
    let short = |needed, len| Err(NumberError::Short { needed, len });
    let long = Rule::Length { min: 1, max: 32, unit: Unit::Characters };
    let rows: &[(&str, &[u8], Result<&str, NumberError>)] = &[
        ("digits=hex", &DOUBLE, Ok("04C0FFEE050607")),
        ("digits=hex-lower", &DOUBLE, Ok("04c0ffee050607")),
        ("order=reversed", &SINGLE, Ok("0100B00A")),
        ("digits=decimal", &SINGLE, Ok("179306497")),
        ("digits=decimal width=10", &SINGLE, Ok("0179306497")),
        ("order=reversed digits=decimal width=10", &SINGLE, Ok("0016822282")),
        ("digits=decimal", &[0xFF; 10], Ok("1208925819614629174706175")),
        ("cut=0+4 digits=decimal", &DOUBLE, Ok("79757294")),
        ("cut=4+3 order=reversed", &DOUBLE, Ok("070605")),
        ("cut=7+1", &FELICA, Ok("AB")),
        ("cut=0+8", &FELICA, Ok("012E4CE1000000AB")),
        ("cut=0+8", &DOUBLE, short(8, 7)),
        ("cut=4+1", &SINGLE, short(5, 4)),
        ("width=10 prefix=EMP-", &SINGLE, Ok("EMP-000AB00001")),
        ("width=4", &SINGLE, Ok("0AB00001")),
        ("width=10 prefix=A b 1 ", &SINGLE, Ok("A b 1 000AB00001")),
        ("width=32", &SINGLE, Ok("0000000000000000000000000AB00001")),
        ("width=32 prefix=x", &SINGLE, Err(NumberError::Broken(long))),
        ("keyed", &SINGLE, Err(NumberError::NoKey)),
    ];
    for (text, raw, expected) in rows {
        let number = rule(text).number(&card(raw), None);
        assert_eq!(number.as_ref().map(CardNumber::as_str), expected.as_ref().copied(), "{text}");
    }
}

#[test]
fn rules_have_one_text_form() {
    let rows = [
        ("digits=hex", "digits=hex"),
        ("order=as-read", "digits=hex"),
        ("cut=0+4", "cut=0+4 digits=hex"),
        ("  width=010   digits=decimal ", "digits=decimal width=10"),
        ("width=0 digits=hex prefix=", "digits=hex"),
        (
            "digits=decimal order=reversed cut=1+2 prefix=a=b c",
            "cut=1+2 order=reversed digits=decimal prefix=a=b c",
        ),
        ("prefix=width=3", "digits=hex prefix=width=3"),
        (" keyed ", "keyed"),
    ];
    for (text, canonical) in rows {
        let parsed = rule(text);
        assert_eq!(parsed.to_string(), canonical, "{text}");
        assert_eq!(rule(canonical), parsed);
        let json = serde_json::to_string(&parsed).unwrap();
        assert_eq!(json, format!("{canonical:?}"));
        assert_eq!(serde_json::from_str::<CardNumberRule>(&json).unwrap(), parsed);
    }
    assert_eq!(CardNumberRule::default(), rule("digits=hex"));
}

#[test]
fn texts_that_are_no_rule_are_refused_with_the_part() {
    use BadCardNumberRule as Bad;
    let part = |word: &str| Bad::Part(word.to_owned());
    let rows = [
        ("", part("")),
        ("hex", part("hex")),
        ("digits=hex upper", part("upper")),
        ("upper digits=hex", part("upper")),
        ("Digits=hex", part("Digits")),
        ("digits=hex digits=hex", Bad::Twice("digits")),
        ("keyed digits=hex", Bad::KeyedAlone),
        ("digits=hex keyed", Bad::KeyedAlone),
        ("digits=hex keyed width=3", Bad::KeyedAlone),
        ("keyed prefix=A", Bad::KeyedAlone),
        ("prefix=[", Bad::Prefix(Rule::Forbidden('['))),
        ("prefix='", Bad::Prefix(Rule::FirstCharacter('\''))),
        ("prefix=\u{e9}", Bad::Prefix(Rule::PrintableAscii)),
    ];
    for (text, expected) in rows {
        assert_eq!(text.parse::<CardNumberRule>(), Err(expected), "{text}");
    }
    for (part, value) in [
        ("digits", "octal"),
        ("order", "backwards"),
        ("width", "33"),
        ("width", "-1"),
        ("cut", "4"),
        ("cut", "0+0"),
        ("cut", "0+11"),
        ("cut", "7+4"),
        ("cut", "255+255"),
    ] {
        let refused = format!("{part}={value}").parse::<CardNumberRule>();
        assert!(
            matches!(refused, Err(Bad::Value { part: p, value: v, .. }) if p == part && v == value)
        );
    }
    let long = format!("digits=hex{}", " ".repeat(CardNumberRule::TEXT_MAX));
    assert_eq!(long.parse::<CardNumberRule>(), Err(Bad::Long));
    assert!(serde_json::from_str::<CardNumberRule>("\"hex\"").is_err());
}

fn key(first: u8) -> NumberKey {
    let mut secret = [0; NumberKey::LEN];
    secret.iter_mut().zip(first..).for_each(|(to, from)| *to = from);
    NumberKey::new(Zeroizing::new(secret))
}

/// Known answers, computed with Python's `hmac`, of which this is the first:
///
/// ```text
/// python3 -c 'import hmac; print(hmac.new(bytes(range(32)),
///   b"felica\0" + bytes.fromhex("FFFF" "012E4CE1" "000000AB"), "sha256").hexdigest()[:32].upper())'
/// ```
#[test]
fn keyed_numbers_are_those_of_another_implementation() {
    let felica = |system| CardIdentity::new(Technology::Felica, &FELICA, Some(SystemCode(system)));
    let rows = [
        (0, card(&FELICA), "FC4B496FEBBAD6BF9069195A02288FE2"),
        (0, felica(0x0003).unwrap(), "D9E7C5265F55B924E6477F2D4292BB92"),
        (0, card(&SINGLE), "BB0156205BAD6338AB99DD3B6A05ECA9"),
        (
            0,
            CardIdentity::new(Technology::Iso14443b, &SINGLE, None).unwrap(),
            "05734189B260FF4D37B2A358E3DEE796",
        ),
        (32, card(&DOUBLE), "80B9F8C04CA9537E88D3E9BDE65BD8C9"),
    ];
    for (first, card, expected) in rows {
        let number = CardNumberRule::Keyed.number(&card, Some(&key(first))).unwrap();
        assert_eq!(number.as_str(), expected, "{card:?}");
        assert_eq!(CardNumber::from_text(expected), Some(number));
    }
    assert_eq!(format!("{:?}", key(0)), "NumberKey(..)");
}

/// What a card sends and the number the site knows it by.
type Sample<'a> = (&'a [u8], &'a str);

fn learned(samples: &[Sample<'_>]) -> Result<Vec<String>, LearnError> {
    let samples: Vec<_> = samples.iter().map(|(raw, number)| (card(raw), *number)).collect();
    Ok(match learn(&samples)? {
        Learned::One(rule) => vec![rule.to_string()],
        Learned::Ambiguous(rules) => {
            assert!(rules.len() > 1);
            rules.iter().map(ToString::to_string).collect()
        }
    })
}

#[test]
fn a_rule_is_learned_from_three_cards() {
    let rows: &[([Sample<'_>; 3], &[&str])] = &[
        // Bytes that differ from the first on: one answer.
        (
            [
                (&[0x1A, 2, 3, 4], "1A020304"),
                (&[0xB7, 9, 8, 7], "B7090807"),
                (&[0x54, 0xC, 0xD, 0xE], "540C0D0E"),
            ],
            &["digits=hex"],
        ),
        (
            [
                (&[0x1A, 2, 3, 4], "U0403021A"),
                (&[0xB7, 9, 8, 7], "U070809B7"),
                (&[0x54, 0xC, 0xD, 0xE], "U0E0D0C54"),
            ],
            &["order=reversed digits=hex prefix=U"],
        ),
        // Numbers of different lengths show that nothing is padded, ...
        (
            [(&[0, 0, 0, 4], "4"), (&[1, 0, 0, 0], "16777216"), (&[0xFE, 0, 0, 0], "4261412864")],
            &["digits=decimal"],
        ),
        // ... and where they are, how far.
        (
            [
                (&[0, 0, 0, 4], "0000000004"),
                (&[1, 0, 0, 0], "0016777216"),
                (&[0xFE, 0, 0, 0], "4261412864"),
            ],
            &["digits=decimal width=10"],
        ),
        (
            [
                (&[0, 0, 0, 4], "00000000000000000000000000000004"),
                (&[1, 0, 0, 0], "00000000000000000000000016777216"),
                (&[0xFE, 0, 0, 0], "00000000000000000000004261412864"),
            ],
            &["digits=decimal width=32"],
        ),
        // Two bytes that are the same on all three.
        (
            [(&[1, 0x0B, 0x0B, 2], "0B"), (&[1, 5, 5, 2], "05"), (&[3, 0xAA, 0xAA, 2], "AA")],
            &["cut=1+1 digits=hex", "cut=2+1 digits=hex"],
        ),
        // Cards of different lengths.
        (
            [(&SINGLE, "0AB00001"), (&DOUBLE, "04C0FFEE"), (&FELICA, "012E4CE1")],
            &["cut=0+4 digits=hex"],
        ),
    ];
    for (samples, expected) in rows {
        let rules = learned(samples).unwrap();
        assert_eq!(rules, *expected, "{samples:?}");
    }
}

#[test]
fn what_three_cards_leave_open_is_told() {
    // These cards share their first seven bytes, so they cannot tell bytes from a prefix.
    let ends = |last: u8| [0x01, 0x2E, 0x4C, 0xE1, 0x12, 0x34, 0x56, last];
    let (a, b, c) = (ends(0x1A), ends(0xB7), ends(0x5C));
    let samples: [Sample<'_>; 3] =
        [(&a, "012E4CE11234561A"), (&b, "012E4CE1123456B7"), (&c, "012E4CE11234565C")];
    let rules = learned(&samples).unwrap();
    assert_eq!(rules.len(), 8, "{rules:?}");
    assert_eq!(rules.first().unwrap(), "digits=hex");
    assert!(rules.contains(&"cut=2+6 digits=hex prefix=012E".to_owned()));
    // One more card that differs from its second byte on leaves less open, ...
    let more: Sample<'_> = (&[0x01, 2, 3, 4, 5, 6, 7, 8], "0102030405060708");
    let fewer = learned(&[samples.as_slice(), &[more]].concat()).unwrap();
    assert_eq!(fewer, ["digits=hex", "cut=1+7 digits=hex prefix=01"]);
    // ... and one that differs from the first on leaves nothing.
    let more: Sample<'_> = (&[0x21, 2, 3, 4, 5, 6, 7, 8], "2102030405060708");
    assert_eq!(learned(&[samples.as_slice(), &[more]].concat()).unwrap(), ["digits=hex"]);

    // No letter: upper and lower case are open. Ten digits each: so is padding.
    let plain: [Sample<'_>; 3] = [
        (&[0x11, 2, 3, 4], "11020304"),
        (&[0x22, 2, 3, 4], "22020304"),
        (&[0x33, 2, 3, 4], "33020304"),
    ];
    assert_eq!(learned(&plain).unwrap(), ["digits=hex", "digits=hex-lower"]);
    let ten: [Sample<'_>; 3] = [
        (&[0xF1, 2, 3, 4], "4043440900"),
        (&[0xA2, 2, 3, 4], "2718040836"),
        (&[0xC3, 2, 3, 4], "3271688964"),
    ];
    let rules = learned(&ten).unwrap();
    assert_eq!(rules.first().unwrap(), "digits=decimal");
    assert_eq!(rules.get(1).unwrap(), "digits=decimal width=10");
}

#[test]
fn samples_that_teach_nothing_are_refused() {
    let (a, b, c, d) = (SINGLE, [0x1A, 2, 3, 4], [0xB7, 2, 3, 4], [0x08, 2, 3, 4]);
    let first_byte_only = Rule::FirstCharacter('\'');
    let rows: &[(&[Sample<'_>], LearnError)] = &[
        (&[], LearnError::Count(0)),
        (&[(&a, "0AB00001"), (&b, "1A020304")], LearnError::Count(2)),
        (&[(a.as_slice(), "1"); 17], LearnError::Count(17)),
        (&[(&a, "1"), (&b, "2"), (&d, "3")], LearnError::Unstable(3)),
        (&[(&a, "1"), (&b, "2"), (&a, "3")], LearnError::SameCard(1, 3)),
        (&[(&a, "1"), (&b, "2"), (&c, "2")], LearnError::SameNumber(2, 3)),
        (&[(&a, "1"), (&b, "'2"), (&c, "3")], LearnError::NotANumber(2, first_byte_only)),
        (&[(&a, "0AB00001"), (&b, "1A020304"), (&c, "B7020305")], LearnError::NoRule),
        (&[(&a, "1"), (&b, "2"), (&c, "3")], LearnError::NoRule),
    ];
    for (samples, expected) in rows {
        assert_eq!(learned(samples).unwrap_err(), *expected, "{samples:?}");
    }
    let pupi = CardIdentity::new(Technology::Iso14443b, &SINGLE, None).unwrap();
    let samples = [(card(&b), "1"), (pupi, "2"), (card(&c), "3")];
    assert_eq!(learn(&samples), Err(LearnError::Unstable(2)));
    let keyed = [card(&a), card(&b), card(&c)].map(|card| {
        let number = CardNumberRule::Keyed.number(&card, Some(&key(0))).unwrap();
        (card, number)
    });
    let samples: Vec<_> = keyed.iter().map(|(card, n)| (card.clone(), n.as_str())).collect();
    assert_eq!(learn(&samples), Err(LearnError::NoRule));
}

fn any_rule() -> impl Strategy<Value = CardNumberRule> {
    let cut = (0..10_u8).prop_flat_map(|from| (Just(from), 1..=10 - from));
    let cut = prop_oneof![
        Just(String::new()),
        cut.prop_map(|(from, count)| format!("cut={from}+{count} "))
    ];
    let order = prop_oneof![Just(""), Just("order=reversed ")];
    let digits = prop_oneof![Just("hex"), Just("hex-lower"), Just("decimal")];
    let width = prop_oneof![Just(0_u8), 0..=32_u8];
    let prefix =
        prop_oneof![Just(String::new()), "[A-Za-z0-9 _.-]{1,6}", "0{1,6}", Just("01".to_owned()),];
    (cut, order, digits, width, prefix).prop_map(|(cut, order, digits, width, prefix)| {
        rule(&format!("{cut}{order}digits={digits} width={width} prefix={prefix}"))
    })
}

/// Four cards of one length, often with common bytes.
fn any_cards() -> impl Strategy<Value = [CardIdentity; 4]> {
    let byte = prop_oneof![any::<u8>(), prop::sample::select(vec![0_u8, 1, 4, 0x10, 0xFF])];
    let raw = prop::sample::select(vec![4_usize, 7, 8, 10]).prop_flat_map(move |len| {
        (prop::array::uniform4(prop::collection::vec(byte.clone(), len)), 0..len)
    });
    raw.prop_map(|(mut cards, shared)| {
        let [first, others @ ..] = &mut cards;
        for other in others {
            other[..shared].copy_from_slice(&first[..shared]);
        }
        cards.map(|raw| card(&raw))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn learning_finds_what_made_the_numbers(rule in any_rule(), cards in any_cards()) {
        let numbers: Vec<String> = cards
            .iter()
            .filter_map(|card| rule.number(card, None).ok())
            .map(|number| number.as_str().to_owned())
            .collect();
        prop_assume!(numbers.len() == cards.len());
        let samples: Vec<_> =
            cards.iter().cloned().zip(numbers.iter().map(String::as_str)).collect();
        let rules = match learn(&samples[..3]) {
            Ok(Learned::One(rule)) => vec![rule],
            Ok(Learned::Ambiguous(rules)) => {
                prop_assert!(rules.len() > 1);
                rules
            }
            Err(refused) => {
                let refusable = matches!(
                    refused,
                    LearnError::Unstable(_) | LearnError::SameCard(..) | LearnError::SameNumber(..)
                );
                prop_assert!(refusable, "{}: {}", rule, refused);
                return Ok(());
            }
        };
        let agrees = |candidate: &CardNumberRule, (card, number): &(CardIdentity, &str)| {
            candidate.number(card, None).is_ok_and(|made| made.as_str() == *number)
        };
        for candidate in &rules {
            prop_assert!(samples[..3].iter().all(|sample| agrees(candidate, sample)));
        }
        // One of them is the rule: the fourth card gets its number. Where there is one only, it
        // is this one.
        prop_assert!(rules.iter().any(|candidate| agrees(candidate, &samples[3])), "{}", rule);
    }

    #[test]
    fn any_text_is_judged_without_a_panic(
        text in "\\PC{0,140}|(cut|order|digits|width|prefix|keyed)(=| )[0-9+a-z ]{0,12}"
    ) {
        if let Ok(made) = text.parse::<CardNumberRule>() {
            prop_assert_eq!(made.to_string().parse(), Ok(made));
        }
        let _judged = CardNumber::from_text(&text);
    }

    /// S10-4-02: whatever comes out keeps the rule.
    #[test]
    fn a_derived_number_keeps_the_rule(rule in any_rule(), cards in any_cards()) {
        for card in &cards {
            if let Ok(number) = rule.number(card, None) {
                prop_assert_eq!(CardNumber::from_text(number.as_str()), Some(number));
            }
        }
    }

    /// Nothing that a rule made is ever taken for somebody's telephone number.
    #[test]
    fn what_was_made_could_be_made(rule in any_rule(), cards in any_cards(), blanks in " {0,3}") {
        let keyed = CardNumberRule::Keyed;
        for card in &cards {
            let plain = rule.number(card, None).ok().map(|number| (&rule, number));
            let keyed = keyed.number(card, Some(&key(7))).ok().map(|number| (&keyed, number));
            for (rule, number) in plain.into_iter().chain(keyed) {
                prop_assert!(rule.could_make(number.as_str()), "{}", rule);
                for text in [number.as_str().to_lowercase(), number.as_str().to_uppercase()] {
                    let text = format!("{blanks}{text}{blanks}");
                    prop_assert_eq!(rule.reading(&text), Some(number.clone()), "{}", rule);
                }
            }
        }
    }
}

#[test]
fn a_rule_says_which_cards_it_is_too_short_for() {
    let rows: [(&str, &[u8]); 6] = [
        ("cut=0+4", &[]),
        ("cut=0+7", &[4]),
        ("cut=1+7", &[4, 7]),
        ("cut=4+6", &[4, 7, 8]),
        ("keyed", &[]),
        ("prefix=K-", &[]),
    ];
    for (text, short) in rows {
        let rule: CardNumberRule = text.parse().unwrap();
        assert_eq!(rule.too_short(), short, "{text}");
        for len in [4u8, 7, 8, 10] {
            let raw: Vec<u8> = (1..=len).collect();
            if let Ok(card) = CardIdentity::new(Technology::Iso14443a, &raw, None)
                && rule != CardNumberRule::Keyed
            {
                let number = rule.number(&card, None);
                let is_short = matches!(number, Err(NumberError::Short { .. }));
                assert_eq!(is_short, short.contains(&len), "{text} {len}");
            }
        }
    }
}
