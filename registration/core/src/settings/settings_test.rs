use super::*;
use crate::{Accounting as Counts, CardLinkMode::Password as CardPassword, Limits};

/// What a change says: nothing where it is fine, else part of the reason.
fn check(row: &str, changes: &[(&str, &str)], says: &str) {
    let changed = Settings::default().changed(changes.iter().copied());
    let said = changed.as_ref().err().map(ToString::to_string).unwrap_or_default();
    assert_eq!(said.is_empty(), says.is_empty(), "{row}: {changes:?}: {said}");
    assert!(said.contains(says), "{row}: {said}");
}

fn differing(from: &Settings, to: &Settings) -> Vec<String> {
    from.differences(to).into_iter().map(|one| one.key).collect()
}

#[test]
fn rows_of_spec_10_section_2() {
    let off = ("registration.card-matching", "false");
    // Cards are registered under two modes only.
    check("S10-2-01", &[("sign-in.mode", "remote")], "");
    for mode in ["off", "accounting-verified", "accounting-unverified"] {
        check("S10-2-01", &[("sign-in.mode", mode)], "local and remote only");
        check("S10-2-12", &[("sign-in.mode", mode), off], "");
    }
    check("S10-2-02", &[("card.enabled", "false")], "registration needs cards");
    check("S10-2-02", &[("card.enabled", "false"), off], "");
    check("S10-2-03", &[("registration.by-card", "false")], "provisional users");
    check("S10-2-03", &[("registration.by-card", "false"), ("registration.on-menu", "false")], "");
    check("S10-2-04", &[("card.link-mode", "password")], "");
    let remote = ("sign-in.mode", "remote");
    check("S10-2-04", &[("card.link-mode", "password"), remote], "without a password");
    for (accounting, says) in [("off", ""), ("local", ""), ("network", "by itself")] {
        check("S10-2-05", &[("accessories.accounting", accounting)], says);
        check("S10-2-05", &[("accessories.accounting", accounting), remote], "");
    }
    check("S10-2-06", &[("registration.on-menu", "false")], "");
    check("S10-2-07", &[("provisional.limits.copy", "true")], "");
    check("S10-2-08", &[("provisional.name", "Unregistered card")], "");
    check("S10-2-08", &[("provisional.name", "")], "name");
    check("S10-2-09", &[("administrator.id", "null")], "everybody is one");
    check("S10-2-09", &[("administrator.id", "null"), ("sign-in.mode", "off"), off], "");
    for (sources, default, says) in [
        ("device", "device", ""),
        ("directory", "directory", ""),
        ("both", "directory", ""),
        ("directory", "device", "one of those offered"),
        ("device", "directory", "one of those offered"),
    ] {
        let row = "S10-2-10, S10-2-11";
        let default = ("registration.default-source", default);
        check(row, &[("registration.sources", sources), default], says);
    }
    check("S10-2-13", &[("registration.at-external-sign-in", "false"), remote], "");
    check("S10-2-14", &[("new-users.fax", "false")], "");
    check("S10-2-15", &[("own-record.unlink-card", "true"), ("own-record.name", "false")], "");
}

#[test]
fn defaults_are_what_the_rows_recommend() {
    let settings = Settings::default();
    assert_eq!(settings.check(), []);
    assert_eq!(settings.method(), Method::Local, "S10-2-01");
    let registration = &settings.registration;
    assert!(settings.card.enabled && registration.by_card, "S10-2-02, S10-2-03");
    assert_ne!(settings.card.link_mode, CardPassword, "S10-2-04");
    assert_eq!(settings.accessories.accounting, Counts::Off, "S10-2-05");
    assert!(registration.on_menu && registration.card_matching, "S10-2-06, S10-2-12");
    assert_eq!(settings.provisional.limits, Limits::FORBID_ALL, "S10-2-07");
    assert_eq!(settings.provisional.name.as_str(), "仮登録ユーザー", "S10-2-08");
    assert_eq!(settings.new_users, Limits::ALLOW_ALL, "S10-2-14");
}

#[test]
fn sources_are_offered_in_order_and_hidden_where_there_is_no_directory() {
    let both = |default: &str| {
        let changes = [("registration.sources", "both"), ("registration.default-source", default)];
        Settings::default().changed(changes).unwrap()
    };
    use Source::{Device, Directory};
    assert_eq!(both("device").offered_sources(true), [Device, Directory], "S10-2-10");
    assert_eq!(both("directory").offered_sources(true), [Directory, Device], "S10-2-11");
    assert_eq!(both("directory").offered_sources(false), [Device], "S10-2-10");
    let remote = Settings::default().changed([("sign-in.mode", "remote")]).unwrap();
    assert_eq!(remote.offered_sources(true), [Directory]);
}

#[test]
fn changes_that_cannot_be_name_the_key_and_the_rule() {
    let rows: &[(&[(&str, &str)], &str)] = &[
        (&[("sign-in", "x")], "no setting \"sign-in\""),
        (&[("sign-in.mood", "off")], "no setting \"sign-in.mood\""),
        (&[("sign-in.mode", "lokal")], "sign-in.mode: unknown variant `lokal`"),
        (&[("panel.auto-clear-s", "9")], "allowed are 10 to 900 s"),
        (&[("panel.auto-clear-s", "1000")], "allowed are 10 to 900 s"),
        (&[("capacity.registered", "1000")], "fewer users than records"),
        (&[("password.max", "3")], "password.profile"),
        (&[("card.number", "digits=octal")], "card.number"),
        (&[("sign-in.guests", "true")], "guests are for the remote mode"),
        (&[("accessories.payment", "fitted"), ("sign-in.mode", "remote")], ""),
        (
            &[
                ("accessories.payment", "fitted"),
                ("sign-in.mode", "remote"),
                ("accessories.accounting", "local"),
            ],
            "needs accounting off",
        ),
        (
            &[
                ("accessories.payment", "fitted"),
                ("sign-in.mode", "remote"),
                ("card.reader", "contact"),
            ],
            "contactless reader only",
        ),
        (
            &[
                ("sign-in.panel", "card-only"),
                ("card.enabled", "false"),
                ("registration.card-matching", "false"),
            ],
            "nobody could sign in",
        ),
    ];
    for (changes, says) in rows {
        check("", changes, says);
    }
    // All that is wrong is told at once.
    let changes = [("sign-in.mode", "off"), ("capacity.records", "5")];
    match Settings::default().changed(changes) {
        Err(ChangeError::Impossible(found)) => assert_eq!(found.len(), 2, "{found:?}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn keys_values_and_json_go_both_ways() {
    let settings = Settings::default()
        .changed([("panel.auto-clear-s", "60"), ("provisional.name", "x"), ("password.min", "6")])
        .unwrap();
    assert_eq!(Settings::from_json(&settings.to_json()), Ok(settings.clone()));
    assert_eq!(Settings::from_json("{}"), Ok(Settings::default()));
    assert!(Settings::from_json("{\"x\":1}").is_err());
    let named = Settings::default().changed([("administrator.id", "1234")]).unwrap();
    assert_eq!(named.administrator.id.as_ref().map(|id| id.as_str()), Some("1234"));
    let keys = differing(&Settings::default(), &settings);
    assert_eq!(keys, ["panel.auto-clear-s", "password.min", "provisional.name"]);
    let back = settings.changed(keys.iter().map(|key| (key.as_str(), "default"))).unwrap();
    assert_eq!(back, Settings::default());
    // Every key that is listed can be set to what it is.
    for setting in settings.list() {
        let text = setting.value.to_string();
        assert_eq!(
            settings.changed([(setting.key.as_str(), text.as_str())]),
            Ok(settings.clone()),
            "{}",
            setting.key
        );
    }
}

#[test]
fn locks_of_services_are_set_by_name() {
    let locked = Settings::default()
        .changed([("access.locks.copy", "locked-shown"), ("access.locks.fax", "locked-hidden")])
        .unwrap();
    assert_eq!(locked.access.locks.len(), 2);
    let keys = differing(&Settings::default(), &locked);
    assert_eq!(keys, ["access.locks.copy", "access.locks.fax"]);
    let one = locked.changed([("access.locks.copy", "default")]).unwrap();
    assert_eq!(one.access.locks.len(), 1);
    assert_eq!(differing(&locked, &one), ["access.locks.copy"], "what is gone differs, too");
    assert_eq!(one.changed([("access.locks", "{}")]), Ok(Settings::default()));
    assert!(Settings::default().list().iter().any(|setting| setting.key == "access.locks"));
    check("", &[("access.locks.coffee", "locked-shown")], "access.locks.coffee: unknown variant");
    check("", &[("access.locks.copy", "shut")], "unknown variant `shut`");
    let receive = "access.private-print.receive.no-user-id";
    check("", &[(receive, "private-print")], "no owner to keep it for");
}

/// S40-4-05: each is there, and a name that only begins like one is none.
#[test]
fn security_settings_are_known_by_their_names() {
    let keys: Vec<_> = Settings::default().list().into_iter().map(|setting| setting.key).collect();
    let names = [
        "access",
        "administrator",
        "audit",
        "card.link-mode",
        "lock-out",
        "panel.auto-clear-s",
        "password",
        "sign-in",
    ];
    for name in names {
        assert!(keys.iter().any(|key| security_setting(key) == Some(name)), "{name}");
    }
    let rows = [
        ("lock-out.user", Some("lock-out")),
        ("access.locks.copy", Some("access")),
        ("card.link-mode", Some("card.link-mode")),
        ("card.enabled", None),
        ("password-of-somebody", None),
        ("panel.auto-clear-s", Some("panel.auto-clear-s")),
        ("provisional.name", None),
        ("", None),
    ];
    for (key, expected) in rows {
        assert_eq!(security_setting(key), expected, "{key}");
    }
}

/// Whoever sends a million keeps everybody else from changing one.
#[test]
fn changes_at_once_are_bounded() {
    let many = |count| std::iter::repeat_n(("panel.auto-clear-s", "60"), count);
    let default = Settings::default();
    assert!(default.changed(many(Settings::CHANGES_MAX)).is_ok());
    let refused = default.changed(many(Settings::CHANGES_MAX + 1)).unwrap_err();
    assert_eq!(refused.to_string(), "more than 500 changes at once");
}

#[test]
fn every_value_is_shown_as_it_can_be_typed() {
    let odd = [
        ("provisional.name", "\"default\""),
        ("administrator.id", "\"1234\""),
        ("reserved-ids", "[\"a b\",\"null\"]"),
        ("card.number", "digits=decimal prefix=A "),
        ("password.min", "8"),
    ];
    for settings in [Settings::default(), Settings::default().changed(odd).unwrap()] {
        for setting in settings.list() {
            let text = as_typed(&setting.value);
            let again = settings.changed([(setting.key.as_str(), text.as_str())]).unwrap();
            assert_eq!(again, settings, "{}={text}", setting.key);
        }
    }
}
