use std::collections::BTreeSet;

use super::*;

/// Where a setting stands in the place of another, or of none, nobody is told of it.
#[test]
fn every_setting_has_its_row_and_no_row_is_stale() {
    let keys: Vec<_> = Settings::default().list().into_iter().map(|s| s.key).collect();
    let mut rows: Vec<_> = SettingRow::all().map(|row| row.key.to_owned()).collect();
    rows.sort();
    assert_eq!(keys, rows);
    let texts: BTreeSet<_> = SettingRow::all().map(SettingRow::says).collect();
    assert_eq!(texts.len(), rows.len(), "a row says what another says");
}

#[test]
fn the_words_of_a_setting_are_all_it_takes() {
    let taken = |key: &str, value: &str| {
        let changed = Settings::default().changed([(key, value)]);
        // What cannot be together with the defaults is still a value of the setting.
        !matches!(changed, Err(ChangeError::Value { .. } | ChangeError::NoSuchKey(_)))
    };
    let said = |key: &str| {
        let error = Settings::default().changed([(key, "no-such-word")]).unwrap_err().to_string();
        error.matches('`').count() / 2
    };
    for row in SettingRow::all() {
        let words = match row.kind {
            Kind::Bool => &["true", "false"][..],
            Kind::Words(words) => words,
            Kind::Described(_) => continue,
        };
        for word in words {
            assert!(taken(row.key, word), "{}={word}", row.key);
        }
        assert!(!taken(row.key, "no-such-word"), "{}", row.key);
        if !matches!(row.kind, Kind::Bool) {
            // The error names the word that was given, then those it takes.
            assert_eq!(said(row.key), 1 + words.len(), "{}: {:?}", row.key, row.kind);
        }
    }
}

#[test]
fn a_name_in_an_open_place_has_the_row_of_the_place() {
    let locked = Settings::default().changed([("access.locks.copy", "locked-shown")]).unwrap();
    for setting in locked.list() {
        assert!(SettingRow::of(&setting.key).is_some(), "{}", setting.key);
    }
    assert!(SettingRow::of("no.such").is_none());
}

/// What is said of settings that cannot be together names settings that there are.
#[test]
fn rules_name_settings_of_the_table() {
    let broken = [
        ("sign-in.guests", "true"),
        ("administrator.id", "null"),
        ("card.enabled", "false"),
        ("sign-in.panel", "card-only"),
        ("capacity.records", "5"),
        ("password.max", "3"),
        ("access.private-print.receive.no-user-id", "private-print"),
    ];
    match Settings::default().changed(broken) {
        Err(ChangeError::Impossible(found)) => {
            assert_eq!(found.len(), 7, "{found:?}");
            for key in found.iter().flat_map(|found| found.keys) {
                assert!(SettingRow::of(key).is_some_and(|row| row.key == *key), "{key}");
            }
        }
        other => panic!("{other:?}"),
    }
}
