use std::{collections::BTreeSet, fmt::Write, fs, path::Path};

use kazasu_registration::{ChangeError, Settings};

use super::*;
use crate::lines::shown;

#[test]
fn every_setting_has_its_line_and_no_line_is_stale() {
    let keys: Vec<_> = Settings::default().list().into_iter().map(|s| s.key).collect();
    let lines: Vec<_> = ALL.iter().map(|help| help.key.to_owned()).collect();
    assert_eq!(keys, lines);
    let texts: BTreeSet<_> = ALL.iter().map(|help| help.says).collect();
    assert_eq!(texts.len(), ALL.len(), "a line says what another says");
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
    for help in ALL {
        if help.values.starts_with('(') {
            continue;
        }
        let words: Vec<_> = help.values.split(", ").collect();
        for word in &words {
            assert!(taken(help.key, word), "{}={word}", help.key);
        }
        assert!(!taken(help.key, "no-such-word"), "{}", help.key);
        if help.values != BOOL {
            // The error names the word that was given, then those it takes.
            assert_eq!(said(help.key), 1 + words.len(), "{}: {:?}", help.key, help.values);
        }
    }
}

#[test]
fn a_name_in_an_open_place_has_the_help_of_the_place() {
    let locked = Settings::default().changed([("access.locks.copy", "locked-shown")]).unwrap();
    for setting in locked.list() {
        assert!(of(&setting.key).is_some(), "{}", setting.key);
    }
    assert!(of("no.such").is_none());
}

#[test]
fn what_does_nothing_is_told() {
    let check = |changes: &[(&str, &str)], says: &str| {
        let settings = Settings::default().changed(changes.iter().copied()).unwrap();
        let findings = settings.access.check(settings.sign_in.mode);
        let said: Vec<_> = findings.into_iter().map(warning).collect();
        assert!(said.iter().any(|text| text.contains(says)), "{changes:?}: {said:?}");
    };
    let off = [("sign-in.mode", "off"), ("registration.card-matching", "false")];
    check(&[("access.locks.colour-calibration", "locked-shown")], "locks.colour-calibration does");
    check(
        &[("access.folders.mailbox", "false"), ("access.locks.folder-operation", "locked-shown")],
        "not offered",
    );
    check(&[off[0], off[1], ("access.locks.copy", "locked-shown")], "sign-in.mode is off");
    check(
        &[("access.released-copy.black", "true"), ("access.locked-areas", "[\"all-services\"]")],
        "nobody gets at it",
    );
    check(
        &[
            ("access.accessory-control.by-service-access", "true"),
            ("access.accessory-control.copy", "true"),
        ],
        "beside it do nothing",
    );
    check(&[("access.private-print.typed-id-counts", "true")], "accounting-unverified");
    assert_eq!(Settings::default().access.check(Settings::default().sign_in.mode), []);
}

/// The page for people who read it without the program at hand.
fn page() -> String {
    let mut page = "# Settings\n\n\
        What an administrator decides about sign-in and registration. `kazasu config show` prints \
        the\nvalues in force, `kazasu config set KEY=VALUE...` changes them, all at once or none; \
        settings that\ncannot be together are refused with the reason. A change counts at once, \
        without a restart.\n\
        Listening address, readers, stations, taps and the panel's looks are in \
        [kazasu.toml](../kazasu.example.toml).\n\n\
        This page is made from the program's own table: `KAZASU_WRITE=1 cargo test -p kazasu \
        settings_help`\nwrites it anew.\n\n\
        | setting | values | default | what it says | requirement |\n\
        | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for setting in Settings::default().list() {
        let Help { key, values, says, row, .. } = of(&setting.key).unwrap();
        let values = values.trim_start_matches('(').trim_end_matches(')');
        let default = shown(&setting.default);
        writeln!(page, "| `{key}` | {values} | `{default}` | {says} | {row} |").unwrap();
    }
    page
}

#[test]
fn the_page_of_the_settings_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md");
    let page = page();
    if std::env::var_os("KAZASU_WRITE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &page).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(stored, page, "stale: KAZASU_WRITE=1 cargo test -p kazasu settings_help");
}
