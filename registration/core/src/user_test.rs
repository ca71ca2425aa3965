use super::*;
use crate::{ReservedIds, Settings};

#[test]
fn features_allow_and_add_up() {
    let check = |features: &[&str], expected: Option<&str>| {
        let limits = Limits::allowing(features.iter().copied());
        assert_eq!(limits.map(Limits::to_text).as_deref(), expected, "{features:?}");
    };
    check(&[], Some("no-copy no-fax no-scan no-print"));
    check(&["copy", "print", "copy"], Some("no-fax no-scan"));
    check(&["copy", "fax", "scan", "print"], Some(""));
    check(&["copy", "colour"], None);
    let only = |word| Limits::allowing([word]).unwrap();
    assert_eq!(only("copy").or(only("fax")), Limits::allowing(["copy", "fax"]).unwrap());
    assert_eq!(only("scan").or(only("print")), Limits::allowing(["scan", "print"]).unwrap());
    assert_eq!(only("scan").or(Limits::FORBID_ALL), only("scan"));
}

#[test]
fn user_ids_keep_their_rules() {
    let length = Rule::Length { min: 1, max: 32, unit: Unit::Characters };
    let long = "x".repeat(33);
    let mut rows = vec![
        ("a", None),
        ("tanaka.taro-01_@example.jp", None),
        ("a b", None),
        ("o'neill", None),
        ("1234567", None),
        ("123456789", None),
        (&long[..32], None),
        ("", Some(length)),
        (&long, Some(length)),
        ("   ", Some(Rule::OnlySpaces)),
        ("'a", Some(Rule::FirstCharacter('\''))),
        ("田中", Some(Rule::PrintableAscii)),
        ("a\u{a6}b", Some(Rule::PrintableAscii)),
        ("a\nb", Some(Rule::PrintableAscii)),
        ("12345678", None),
        ("deadBEEF", None),
        ("b2103456", None),
        ("ee123456", None),
        (" a", Some(Rule::Blanks)),
        ("a ", Some(Rule::Blanks)),
        ("04010203040506", None),
        ("040102030405AF", None),
        ("012E4CE100000001", None),
        ("0401020304050607080F", None),
    ];
    let forbidden: Vec<_> = UserId::FORBIDDEN.chars().map(|c| (format!("a{c}b"), c)).collect();
    assert_eq!(forbidden.len(), 21);
    rows.extend(forbidden.iter().map(|(text, c)| (text.as_str(), Some(Rule::Forbidden(*c)))));
    for (text, broken) in rows {
        let made = UserId::new(text);
        assert_eq!(made.as_ref().err().map(|e| e.rule), broken, "{text:?}");
        if let Ok(id) = made {
            assert_eq!(id.as_str(), text);
        }
    }
}

#[test]
fn every_ascii_sign_is_either_allowed_or_forbidden_by_name() {
    for byte in 0..=0x7F_u8 {
        let sign = char::from(byte);
        let broken = UserId::new(&format!("a{sign}b")).err().map(|e| e.rule);
        let expected = match byte {
            0x20..=0x7E => UserId::FORBIDDEN.contains(sign).then_some(Rule::Forbidden(sign)),
            _ => Some(Rule::PrintableAscii),
        };
        assert_eq!(broken, expected, "{byte:02X}");
    }
}

#[test]
fn reserved_ids_are_refused_in_any_case() {
    let rows = [("administrator", true), ("GUEST", true), ("Ko", true), ("guest1", false)];
    for (text, refused) in rows {
        let checked = Settings::default().reserved_ids.check(&UserId::new(text).unwrap());
        assert_eq!(checked.is_err(), refused, "{text}");
    }
    let own = ReservedIds::new(vec!["boss".to_owned()]);
    assert!(own.check(&UserId::new("Boss").unwrap()).is_err());
    assert!(own.check(&UserId::new("guest").unwrap()).is_ok());
}

#[test]
fn names_are_counted_in_bytes() {
    let length = Rule::Length { min: 1, max: 32, unit: Unit::Bytes };
    let rows = [
        ("x".repeat(32), None),
        ("x".repeat(33), Some(length)),
        ("田".repeat(10), None),
        ("田".repeat(11), Some(length)),
        (String::new(), Some(length)),
        ("\u{3000}".to_owned(), Some(Rule::OnlySpaces)),
        ("a\tb".to_owned(), Some(Rule::Forbidden('\t'))),
    ];
    for (text, broken) in rows {
        assert_eq!(UserName::new(&text).err().map(|e| e.rule), broken, "{text:?}");
    }
    let id = UserId::new("tanaka").unwrap();
    assert_eq!(UserName::or_id("", &id).unwrap().as_str(), "tanaka");
    assert!(UserName::new(UserName::provisional().as_str()).is_ok());
}

#[test]
fn mail_addresses_are_bounded_ascii() {
    let rows = [
        ("a@example.jp".to_owned(), true),
        ("x".repeat(128), true),
        ("x".repeat(129), false),
        (String::new(), false),
        (" ".to_owned(), false),
        ("田@example.jp".to_owned(), false),
    ];
    for (text, fine) in rows {
        assert_eq!(MailAddress::new(&text).is_ok(), fine, "{text:?}");
    }
}

#[test]
fn a_new_user_names_every_field_that_is_wrong() {
    let entry = |user_id: &str, name: &str, mail: &str, password: Option<&str>| UserEntry {
        user_id: user_id.to_owned(),
        name: name.to_owned(),
        mail: mail.to_owned(),
        password: password.map(|text| text.to_owned().into()),
    };
    let long = "x".repeat(200);
    let rows = [
        (entry("tanaka", "", "", None), vec![]),
        (entry("tanaka", "田中", "t@example.jp", Some("abcd")), vec![]),
        (entry("tanaka", "", "", Some("")), vec![(Field::Password, "301")]),
        (entry("guest", "", "", None), vec![(Field::UserId, "711")]),
        (entry("", "", "", None), vec![(Field::UserId, "122")]),
        (
            entry("a:b", &long, &long, Some(&long)),
            vec![
                (Field::UserId, "122"),
                (Field::UserName, "301"),
                (Field::Mail, "301"),
                (Field::Password, "301"),
            ],
        ),
    ];
    let site = Site::new(Settings::default()).unwrap();
    for (entry, broken) in rows {
        let shown = format!("{entry:?}");
        let errors = NewUser::check(entry, &site).err().unwrap_or_default();
        let errors: Vec<_> = errors.iter().map(|e| (e.field, e.code().as_str())).collect();
        assert_eq!(errors, broken, "{shown}");
    }
}

#[test]
fn a_typed_text_can_mean_a_person_or_a_card_or_both() {
    let rows = [
        ("tanaka", "person=tanaka card=tanaka"),
        ("012e4ce100000001", "person=012e4ce100000001 card=012e4ce100000001 card=012E4CE100000001"),
        ("DEADBEEF", "person=DEADBEEF card=DEADBEEF"),
        ("12345678", "person=12345678 card=12345678"),
        ("a,b", "card=a,b"),
        ("a:b", ""),
    ];
    for (text, expected) in rows {
        let readings = UserKey::readings(text);
        let words = readings.iter().map(|key| match key {
            UserKey::Registered(id) => format!("person={id}"),
            UserKey::Provisional(number) => format!("card={}", number.as_str()),
        });
        assert_eq!(words.collect::<Vec<_>>().join(" "), expected, "{text}");
    }
}

#[test]
fn what_nobody_sees_is_no_part_of_a_typed_name() {
    let id = UserId::new("tanaka").unwrap();
    for sign in [
        '\u{202E}',
        '\u{202A}',
        '\u{2066}',
        '\u{2069}',
        '\u{200E}',
        '\u{200F}',
        '\u{61C}',
        '\u{2028}',
        '\u{200B}',
        '\u{FEFF}',
        '\u{AD}',
        '\u{E0041}',
    ] {
        let text = format!("a{sign}nimda");
        let error = UserName::typed_or_id(&text, &id).unwrap_err();
        assert_eq!(error, Field::UserName.broke(Rule::Forbidden(sign)));
        // One that is stored, or comes from a directory, can be read and is shown for what it is.
        let stored = UserName::new(&text).unwrap();
        assert_eq!(stored.shown(), format!("a{}nimda", sign.escape_unicode()));
    }
    for text in [
        "",
        "Tanaka Tar\u{F4}",
        "\u{7530}\u{4E2D}\u{3000}\u{592A}\u{90CE}",
        "a\u{200D}b",
        "\u{5E9}\u{5DC}",
    ] {
        assert!(UserName::typed_or_id(text, &id).is_ok(), "{text:?}");
    }
}

#[test]
fn what_is_typed_finds_the_id_however_it_is_spelled() {
    let check = |text: &str, expected: Option<&str>| {
        let typed = UserId::typed(text).ok();
        assert_eq!(typed.as_ref().map(UserId::as_str), expected, "{text:?}");
    };
    // As it is where an ID may be spelled so: an exact spelling wins.
    check("alice", Some("alice"));
    check("Alice ", Some("Alice "));
    check("ａｌｉｃｅ", Some("alice"));
    check("\u{3000}ｂ２１０３４５６\u{200B}", Some("b2103456"));
    check("田中", None);
    check("＃", None);
    let broken = |text: &str| UserId::typed(text).err().map(|error| error.rule);
    assert_eq!(broken("  "), Some(Rule::OnlySpaces));
    assert_eq!(broken("a＃"), Some(Rule::Forbidden('#')));
    let folded = ["alice", "ALICE ", "  Alice"].map(|t| UserId::typed(t).unwrap().folded());
    assert_eq!(folded.map(String::from), ["alice"; 3]);
    assert_eq!(UserId::stored(" a  b ").unwrap().tidied().as_str(), "a b");
    // Stored ones stay what they are.
    assert_eq!(serde_json::from_str::<UserId>("\"a \"").unwrap().as_str(), "a ");
}

#[test]
fn a_domain_before_a_name_is_left_out_where_a_directory_is_asked() {
    let check = |text: &str, expected: Option<&str>| {
        let typed = UserId::typed_at_directory(text).ok();
        assert_eq!(typed.as_ref().map(UserId::as_str), expected, "{text:?}");
    };
    check("SIM\\alice", Some("alice"));
    check("SIM¥alice", Some("alice"));
    check("ＳＩＭ＼ａｌｉｃｅ", Some("alice"));
    check("alice@sim.test", Some("alice@sim.test"));
    check("\\alice", None);
    check("SIM\\", None);
    check("SIM\\a*", None);
}

#[test]
fn a_long_name_is_cut_between_two_characters() {
    let check = |text: &str, expected: &str, cut: bool| {
        let (name, was) = UserName::shortened(text).unwrap();
        assert_eq!((name.as_str(), was), (expected, cut), "{text:?}");
    };
    check("Tanaka", "Tanaka", false);
    check("株式会社例 営業部 田中太郎", "株式会社例 営業部 田中", true);
    check("Christopher Bartholomew-Montgomery", "Christopher Bartholomew-Montgome", true);
    check(&"x".repeat(32), &"x".repeat(32), false);
    check(&format!("{}é", "x".repeat(31)), &"x".repeat(31), true);
    // The accent would stand alone on the other side.
    check(&format!("{}e\u{301}", "x".repeat(31)), &"x".repeat(31), true);
    check(&format!("{}か\u{3099}", "x".repeat(29)), &"x".repeat(29), true);
    assert!(UserName::shortened("a\nb").is_err());
    assert!(UserName::shortened("").is_err());
}
