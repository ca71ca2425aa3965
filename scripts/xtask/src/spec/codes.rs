//! Error codes that tests produce, and those that are kept for later.

use std::collections::BTreeSet;

use kazasu_registration::ErrorCode;

use super::tests_of::{Test, product_in};
use crate::tree::Source;

/// How many codes there are.
pub(super) const COUNT: usize = ErrorCode::ALL.len();

/// Where tests run what produces codes.
const PRODUCING: [&str; 3] = ["registration/", "tests/e2e/", "tests/directory/"];
/// What only draws or lists whatever code it is given.
const SHOWING: [&str; 2] = ["registration/core/src/code/", "registration/web/src/"];

/// The codes that tests name: by variant, quoted as people see it, or as a cell of a table.
pub(super) fn produced(tests: &[Test<'_>]) -> BTreeSet<&'static str> {
    let within = |path: &str, folders: &[&str]| folders.iter().any(|at| path.starts_with(at));
    let mut found = BTreeSet::new();
    for test in tests {
        if within(test.path, &PRODUCING) && !within(test.path, &SHOWING) {
            found.extend(
                ErrorCode::ALL
                    .into_iter()
                    .filter(|code| names(test, *code))
                    .map(|code| code.as_str()),
            );
        }
    }
    found
}

/// The codes that the product itself names somewhere: only what it can say can be produced. A test
/// that lists a code is no producer.
pub(super) fn sayable(sources: &[Source]) -> BTreeSet<&'static str> {
    let says = |source: &&Source| {
        let path = source.path.as_str();
        path.ends_with(".rs")
            && (path.starts_with("registration/") || path.starts_with("src/"))
            && !SHOWING.iter().any(|at| path.starts_with(at))
    };
    let texts: Vec<_> = sources.iter().filter(says).filter_map(product_in).collect();
    // Rooms with long tables of them import it by a shorter name.
    // Faults of TLS stand there by their numbers.
    let said = |code: &ErrorCode| {
        texts.iter().any(|text| {
            ["Code", "E"].iter().any(|name| has_variant(text, name, *code))
                || text.contains(&format!("\"{code}\""))
        })
    };
    ErrorCode::ALL.into_iter().filter(said).map(ErrorCode::as_str).collect()
}

fn has_variant(text: &str, called: &str, code: ErrorCode) -> bool {
    let variant = format!("{called}::{code:?}");
    text.match_indices(&variant).any(|(at, _)| {
        let after = text.get(at + variant.len()..).unwrap_or_default();
        !after.starts_with(|c: char| c.is_ascii_alphanumeric())
    })
}

fn names(test: &Test<'_>, code: ErrorCode) -> bool {
    if test.path.ends_with(".md") {
        let rows = test.text.lines().filter(|line| line.starts_with('|'));
        let mut words = rows.flat_map(|row| row.split(['|', ',', ';']));
        return words.any(|word| word.trim() == code.as_str());
    }
    has_variant(test.text, "ErrorCode", code) || test.text.contains(&format!("\"{code}\""))
}

/// Tells the codes that are neither produced by a test nor reserved, or both; and those that tests
/// name though the product cannot say them.
pub(super) fn check(
    reserved: &[(&str, &str)],
    produced: &BTreeSet<&str>,
    sayable: &BTreeSet<&str>,
) -> Vec<String> {
    let mut findings = Vec::new();
    for code in ErrorCode::ALL {
        let reason = reserved.iter().find(|(other, _)| *other == code.as_str());
        let can_be = sayable.contains(code.as_str());
        match (produced.contains(code.as_str()) && can_be, reason) {
            (true, Some(_)) => {
                findings.push(format!("{code} ({code:?}): is reserved, and a test produces it"));
            }
            (false, None) if !can_be => findings.push(format!(
                "{code} ({code:?}): nothing in the product produces it, and it is not reserved"
            )),
            (false, None) => findings.push(format!(
                "{code} ({code:?}): no test produces it, and it is not reserved ({})",
                code.cause()
            )),
            _ => {}
        }
    }
    for (code, _) in reserved {
        if !ErrorCode::ALL.iter().any(|known| known.as_str() == *code) {
            findings.push(format!("{code}: is reserved, and there is no such code"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_named_by_variant_quoted_or_in_a_table() {
        let rows: &[(&str, &str, &[&str])] = &[
            ("registration/service/tests/a.rs", "Some(ErrorCode::Full)", &["K01"]),
            ("registration/service/tests/a.rs", "code(taken), Some(\"122\")", &["122"]),
            ("tests/e2e/a.rs", "wait_for_code(\"016-522\")", &["016-522"]),
            (
                "registration/core/src/a_table.md",
                "| C04 | Nobody | K04 | 702, 201 |",
                &["201", "702", "K04"],
            ),
            ("registration/core/src/a_table.md", "Code 201 says", &[]),
            ("registration/service/tests/a.rs", "ErrorCode::StoreFullest", &[]),
            ("registration/service/tests/a.rs", "port 201, not \"2010\"", &[]),
            ("registration/core/src/code/mod.rs", "ErrorCode::Full", &[]),
            ("registration/web/src/panel/pages_test.rs", "ErrorCode::Full", &[]),
            ("drivers/pcsc/tests/a.rs", "ErrorCode::Full", &[]),
        ];
        for (path, text, expected) in rows {
            let found: Vec<_> = produced(&[Test { path, text }]).into_iter().collect();
            assert_eq!(found, *expected, "{path}: {text}");
        }
    }

    #[test]
    fn a_tests_mention_makes_no_producer() {
        let rows = [
            ("registration/core/src/a.rs", "ErrorCode::Full", true),
            ("src/a.rs", "fn a() { ErrorCode::Full }\n", true),
            (
                "registration/core/src/a.rs",
                "\n#[cfg(test)]\nmod tests {\n    ErrorCode::Full\n}\n",
                false,
            ),
            ("registration/core/src/a_test.rs", "ErrorCode::Full", false),
            ("registration/service/tests/a.rs", "ErrorCode::Full", false),
            ("tests/directory/tests/e2e/sources.rs", "ErrorCode::Full", false),
            ("registration/core/src/code/mod.rs", "ErrorCode::Full", false),
            ("registration/core/src/a.rs", "ErrorCode::FullText", false),
        ];
        for (path, text, expected) in rows {
            let source = Source { path: path.into(), text: text.into() };
            assert_eq!(sayable(&[source]).contains("K01"), expected, "{path}: {text}");
        }
    }

    #[test]
    fn each_code_is_produced_or_reserved_and_not_both() {
        let all: BTreeSet<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert!(check(&[], &all, &all).is_empty());
        let mut unsaid = all.clone();
        unsaid.remove("033");
        assert_eq!(
            check(&[], &all, &unsaid),
            [
                "033 (DirectorySettingsChanged): nothing in the product produces it, and it is not reserved"
            ]
        );
        assert!(check(&[("033", "later")], &all, &unsaid).is_empty());
        let mut some = all.clone();
        some.remove("K01");
        some.remove("250");
        let findings = check(&[("250", "later"), ("201", "later"), ("999", "later")], &some, &all);
        assert_eq!(
            findings,
            [
                "201 (WrongCredentials): is reserved, and a test produces it",
                "K01 (Full): no test produces it, and it is not reserved (Registrations are full.)",
                "999: is reserved, and there is no such code",
            ]
        );
    }
}
