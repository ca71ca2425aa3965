//! Rows of the specification that tests name.

use std::collections::{BTreeMap, BTreeSet};

use super::tests_of::Test;

/// Which files name which row.
pub(super) fn named<'a>(tests: &[Test<'a>]) -> BTreeMap<String, Vec<&'a str>> {
    let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for test in tests {
        for row in numbers(test.text) {
            found.entry(row).or_default().push(test.path);
        }
    }
    found
}

/// Tells the rows that nothing names, and the numbers in tests that are none of the rows although
/// their section is listed: those are slips of the pen.
pub(super) fn check(rows: &[(&str, &str)], named: &BTreeMap<String, Vec<&str>>) -> Vec<String> {
    let mut findings = Vec::new();
    for (row, words) in rows {
        if !named.contains_key(*row) {
            findings.push(format!("{row}: no test names it ({words})"));
        }
    }
    let section = |row: &str| row.rsplit_once('-').map(|(section, _)| section.to_owned());
    let sections: BTreeSet<_> = rows.iter().filter_map(|(row, _)| section(row)).collect();
    for (row, files) in named {
        let listed = rows.iter().any(|(other, _)| other == row);
        if !listed && section(row).is_some_and(|section| sections.contains(&section)) {
            findings.push(format!("{row}: there is no such row ({})", files.join(", ")));
        }
    }
    findings
}

/// Every row number in a text: `S`, chapter, section, row, as in S10-3.6-01.
fn numbers(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices('S') {
        let (before, rest) = (text.get(..at).unwrap_or_default(), text.get(at + 1..));
        if before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            continue;
        }
        let Some((chapter, rest)) = rest.and_then(|rest| rest.split_once('-')) else { continue };
        let Some((section, rest)) = rest.split_once('-') else { continue };
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (row, after) = rest.split_at_checked(end).unwrap_or_default();
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if digits(chapter)
            && section.split('.').all(digits)
            && digits(row)
            && !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        {
            found.insert(format!("S{chapter}-{section}-{row}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_number_is_found_exactly() {
        let rows: &[(&str, &[&str])] = &[
            ("// S30-4-11: a card", &["S30-4-11"]),
            ("(S10-3.6-01, S10-4-02)", &["S10-3.6-01", "S10-4-02"]),
            ("\"S30-4-01\"", &["S30-4-01"]),
            ("S10-4-01..09", &["S10-4-01"]),
            ("| S30-4-01; S30-4-03 |", &["S30-4-01", "S30-4-03"]),
            ("S30-4-1a XS30-4-02 _S30-4-03 S30-4 S30-4- S-4-01 S30--01", &[]),
            ("S S- S30-x-01 Say so - and - 01", &[]),
            ("S30-4-011", &["S30-4-011"]),
            ("これはS30-4-05です", &["S30-4-05"]),
            ("", &[]),
        ];
        for (text, expected) in rows {
            let found: Vec<_> = numbers(text).into_iter().collect();
            assert_eq!(found, *expected, "{text}");
        }
    }

    #[test]
    fn rows_without_a_test_and_numbers_without_a_row_are_told() {
        let rows = [("S30-4-01", "a card"), ("S30-4-02", "a password"), ("S30-5-01", "a panel")];
        let tests = [
            Test { path: "a_test.rs", text: "S30-4-01 S30-4-03 S60-2-01" },
            Test { path: "b_test.rs", text: "S30-4-01 and S30-5-01" },
        ];
        let named = named(&tests);
        assert_eq!(named.get("S30-4-01").unwrap(), &["a_test.rs", "b_test.rs"]);
        assert_eq!(
            check(&rows, &named),
            [
                "S30-4-02: no test names it (a password)",
                "S30-4-03: there is no such row (a_test.rs)",
            ]
        );
    }
}
