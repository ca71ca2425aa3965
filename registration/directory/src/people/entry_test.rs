use std::collections::HashMap;

use super::*;
use crate::wire::time::generalized_time;

fn config(lines: &str) -> DirectoryConfig {
    toml::from_str(&format!(
        "servers = ['x']\nbase_dn = 'dc=x'\nbind_name.dn_template = 'uid={{}}'\n\
         attributes.card = 'pager'\n{lines}"
    ))
    .unwrap()
}

fn entry(attributes: &[(&str, &[&str])]) -> Entry {
    let texts = attributes.iter().map(|(name, values)| {
        ((*name).to_owned(), values.iter().map(|value| (*value).to_owned()).collect())
    });
    SearchEntry { dn: "uid=x".to_owned(), attrs: texts.collect(), bin_attrs: HashMap::new() }.into()
}

#[test]
fn people_keep_the_rules_of_records() {
    let config = config("kind = 'ldap'");
    let check = |attributes: &[(&str, &[&str])], expected: Result<(&str, &str), ErrorCode>| {
        let person = entry(attributes).person(&config, &CardNumberRule::default());
        let got = person.as_ref().map(|p| (p.id.as_str(), p.name.as_str())).map_err(|e| e.code);
        assert_eq!(got, expected, "{attributes:?}");
    };
    check(&[("UID", &["alice"]), ("DisplayName", &["Alice A"])], Ok(("alice", "Alice A")));
    check(&[("uid", &["alice"])], Ok(("alice", "alice")));
    check(&[], Err(ErrorCode::DirectoryUserIdEmpty));
    check(&[("uid", &[""])], Err(ErrorCode::DirectoryUserIdEmpty));
    check(&[("uid", &["a=b"])], Err(ErrorCode::UserIdRule));
    check(
        &[("uid", &["a"]), ("displayname", &["0123456789012345678901234567890123"])],
        Ok(("a", "01234567890123456789012345678901")),
    );
    check(&[("uid", &[" alice "])], Ok(("alice", "alice")));
    check(
        &[("uid", &["a"]), ("displayname", &["株式会社例 営業部 田中太郎"])],
        Ok(("a", "株式会社例 営業部 田中")),
    );
    check(&[("uid", &["a"]), ("displayname", &["a\nb"])], Err(ErrorCode::FieldRule));
    check(&[("uid", &["a"]), ("mail", &["\u{e9}@x"])], Err(ErrorCode::FieldRule));
    let mail = entry(&[("uid", &["a"]), ("mail", &["", "b@x"])])
        .person(&config, &CardNumberRule::default())
        .unwrap()
        .mail;
    assert_eq!(mail, None);
}

/// Whatever tells an entry from its neighbour has to be there.
#[test]
fn an_entry_without_a_key_is_nobodys() {
    let config = config("kind = 'ldap'");
    let key = |entry: &Entry| entry.key(&config).map_err(|error| error.code);
    let none = Err(ErrorCode::DirectoryNoSuchAttribute);
    assert_eq!(key(&entry(&[("uid", &["a"])])), none);
    assert_eq!(key(&entry(&[("entryuuid", &[])])), none);
    assert_eq!(key(&entry(&[("entryuuid", &[""])])), none);
    let own = key(&entry(&[("entryuuid", &["1"])]));
    assert!(own.is_ok() && own != key(&entry(&[("entryuuid", &["2"])])));
}

#[test]
fn values_that_are_ours() {
    let keyed = "0123456789ABCDEF0123456789ABCDEF";
    let check = |lines: &str, rule: &str, values: &[&str], ours: &[&str], foreign: usize| {
        let rule = rule.parse().unwrap();
        let cards = entry(&[("pager", values)]).cards(&config(lines), &rule);
        let found: Vec<&str> = cards.ours.iter().map(|card| card.number.as_str()).collect();
        assert_eq!((found.as_slice(), cards.foreign.len()), (ours, foreign), "{lines} {values:?}");
    };
    let plain = "kind = 'ldap'";
    check(plain, "digits=hex", &[], &[], 0);
    let phones = ["+81 3", "x", "090-1234-5678", "0312345678", "ext. 4711", "1.23E+15", keyed];
    check(plain, "digits=hex", &phones, &[], phones.len());
    let card = "012E4CE100000001";
    check(plain, "digits=hex", &[&phones[..], &[card]].concat(), &[card], phones.len());
    check(plain, "digits=hex", &["012e4ce100000001 "], &[card], 0);
    check(
        plain,
        "digits=decimal",
        &[card, "0312345678", "85072452804743169"],
        &["85072452804743169"],
        2,
    );
    check(plain, "keyed", &[card, keyed, &keyed.to_lowercase()], &[keyed, keyed], 1);
    let with_key = "kind = 'ldap'\nkeyed = true";
    check(with_key, "keyed", &[card, keyed], &[keyed], 1);
    check(with_key, "digits=hex", &[card, keyed], &[], 2);
}

/// What is taken out of an entry is the value as it stands there.
#[test]
fn a_value_is_kept_as_it_stands() {
    let rule = CardNumberRule::default();
    let cards = entry(&[("pager", &["012e4ce100000001 "])]).cards(&config("kind = 'ldap'"), &rule);
    let values: Vec<_> = cards.ours.iter().map(|card| card.value.as_slice()).collect();
    assert_eq!(values, [b"012e4ce100000001 "]);
    assert!(cards.has(&CardNumber::from_text("012E4CE100000001").unwrap(), &rule));
}

#[test]
fn accounts_that_a_card_does_not_open() {
    let windows = config("kind = 'active-directory'");
    let other = config("kind = 'ldap'");
    let now = generalized_time("20260101000000Z").unwrap();
    let check = |config: &DirectoryConfig, attributes: &[(&str, &[&str])], expected| {
        let got = entry(attributes).check_account(config, now).map_err(|error| error.code);
        assert_eq!(got, expected, "{attributes:?}");
    };
    fn control<'a>(value: &'a [&'a str]) -> (&'a str, &'a [&'a str]) {
        ("userAccountControl", value)
    }
    check(&windows, &[control(&["512"])], Ok(()));
    check(&windows, &[], Err(ErrorCode::DirectoryPasswordUnreadable));
    check(&windows, &[control(&["x"])], Err(ErrorCode::DirectoryPasswordUnreadable));
    check(&windows, &[control(&["514"])], Err(ErrorCode::DirectoryAccountDisabled));
    let expires: &[(&str, Result<(), ErrorCode>)] = &[
        ("0", Ok(())),
        ("9223372036854775807", Ok(())),
        ("-1", Ok(())),
        ("134117856000000000", Ok(())), // 2026-01-02
        ("134116992000000000", Err(ErrorCode::DirectoryAccountExpired)), // 2026-01-01
        ("1", Err(ErrorCode::DirectoryAccountExpired)),
    ];
    for (ticks, expected) in expires {
        check(&windows, &[control(&["512"]), ("accountExpires", &[ticks])], *expected);
    }
    let computed = "msDS-User-Account-Control-Computed";
    check(
        &windows,
        &[control(&["512"]), (computed, &["16"])],
        Err(ErrorCode::DirectoryAccountLocked),
    );
    // An old password is no matter here.
    check(&windows, &[control(&["512"]), (computed, &["8388608"])], Ok(()));
    check(&other, &[], Ok(()));
    check(&other, &[("nsAccountLock", &["TRUE"])], Err(ErrorCode::DirectoryAccountDisabled));
    check(
        &other,
        &[("pwdAccountLockedTime", &["000001010000Z"])],
        Err(ErrorCode::DirectoryAccountLocked),
    );
    check(&other, &[("pwdAccountLockedTime", &["20251231235959Z"])], Ok(()));
}

#[test]
fn debug_shows_nothing_of_an_entry() {
    let shown = format!("{:?}", entry(&[("pager", &["012E4CE100000001"])]));
    assert_eq!(shown, "Entry(..)");
}

#[test]
fn keyed_numbers_are_32_digits() {
    let keyed = "0123456789ABCDEF0123456789ABCDEF";
    let rows = [
        (keyed.to_owned(), true),
        (keyed.replace('F', "G"), false),
        (keyed.to_lowercase(), false),
        (keyed[1..].to_owned(), false),
        ("012E4CE100000001".to_owned(), false),
    ];
    for (text, expected) in rows {
        assert_eq!(is_keyed(&CardNumber::from_text(&text).unwrap()), expected, "{text}");
    }
}
