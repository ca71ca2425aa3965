use std::collections::HashSet;

use kazasu_hal::{CardIdentity, Technology};

use super::*;

fn rule(text: &str) -> CardNumberRule {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn what_the_rule_cannot_have_made_is_no_number() {
    let keyed = "0123456789ABCDEF0123456789ABCDEF";
    let rows: [(&str, &[&str], &[&str]); 8] = [
        (
            "digits=hex",
            &[
                "0AB00001",
                "04C0FFEE050607",
                "012E4CE1000000AB",
                "04010203040506070809",
                "012e4ce1000000ab",
                " 012E4CE1000000AB  ",
            ],
            &[
                "",
                " ",
                "x",
                "090-1234-5678",
                "0312345678",
                "03-1234-5678",
                "09012345678",
                "ext. 4711",
                "1.23E+15",
                "+81 3 0000 0000",
                "81312345678",
                "4711",
                "0AB0001",
                "0AB000010",
                "0AB0000G",
                "0AB0 0001",
                "01:2E:4C:E1:00:00:00:AB",
                "0x0AB00001",
                "ＡＢ００００１１",
                keyed,
            ],
        ),
        (
            "digits=hex width=24",
            &["00000000000000000AB00001"],
            &["0AB00001", "10000000000000000AB00001"],
        ),
        ("digits=hex-lower", &["0ab00001", "0AB00001"], &["0ab0001"]),
        (
            "digits=decimal",
            &["0", "179306497", "4294967296", "1208925819614629174706175"],
            &[
                "0179306497",
                "0312345678",
                "03-1234-5678",
                "090 1234 5678",
                "A",
                "+1",
                "1208925819614629174706176",
            ],
        ),
        (
            "cut=0+4 digits=decimal width=10",
            &["0179306497", "0312345678", "4294967295"],
            &["179306497", "4294967296", "9012345678", "00179306497", "09012345678"],
        ),
        ("cut=1+3", &["AB00AB"], &["0AB00001", "0312345678", "AB00A"]),
        ("prefix=K-", &["K-0AB00001", "k-0ab00001"], &["0AB00001", "K-", "K-0312345678", "K"]),
        ("keyed", &[keyed, "0123456789abcdef0123456789abcdef"], &["0AB00001", "0312345678", ""]),
    ];
    for (text, made, others) in rows {
        let rule = rule(text);
        for number in made {
            assert!(rule.could_make(number), "{text} makes {number:?}");
        }
        for other in others {
            assert!(!rule.could_make(other), "{text} never makes {other:?}");
        }
    }
}

#[test]
fn a_number_is_read_as_the_rule_spells_it() {
    let rows = [
        ("digits=hex", "012e4ce1000000ab ", "012E4CE1000000AB"),
        ("digits=hex-lower", "012E4CE1000000AB", "012e4ce1000000ab"),
        ("prefix=K-", " k-0ab00001", "K-0AB00001"),
        ("digits=decimal", " 179306497", "179306497"),
        ("keyed", "0123456789abcdef0123456789abcdef", "0123456789ABCDEF0123456789ABCDEF"),
    ];
    for (text, typed, expected) in rows {
        assert_eq!(rule(text).reading(typed), CardNumber::from_text(expected), "{text} {typed}");
    }
}

/// Of one byte there are few enough to look at every number and at every short text.
#[test]
fn exactly_the_numbers_of_all_cards_are_read() {
    let signs = || "0123456789ABF-".chars();
    let two: Vec<_> = signs().flat_map(|a| signs().map(move |b| format!("{a}{b}"))).collect();
    let three = two.iter().flat_map(|text| signs().map(move |sign| format!("{text}{sign}")));
    let texts: Vec<String> =
        signs().map(String::from).chain(two.clone()).chain(three).chain([String::new()]).collect();
    for text in
        ["cut=3+1", "cut=3+1 width=3", "cut=3+1 digits=decimal", "cut=3+1 digits=decimal width=2"]
    {
        let rule = rule(text);
        let made: HashSet<_> = (0..=0xFF)
            .map(|last| {
                let card = CardIdentity::stored(Technology::Iso14443a, &[4, 1, 2, last], None);
                rule.number(&card.unwrap(), None).unwrap().as_str().to_owned()
            })
            .collect();
        assert!(made.iter().all(|number| rule.could_make(number)), "{text}");
        for other in &texts {
            assert_eq!(rule.could_make(other), made.contains(other), "{text} {other:?}");
        }
    }
}
