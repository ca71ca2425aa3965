//! The rules of input, one table for each row of spec 10 section 4, through the types that every
//! caller passes.

use zeroize::Zeroizing;

use crate::*;

fn length(min: u16, max: u16, unit: Unit) -> Option<Rule> {
    Some(Rule::Length { min, max, unit })
}

/// Each row: a text, and the rule and code it is refused with.
fn check<T>(
    make: impl Fn(&str) -> Result<T, FieldError>,
    field: Field,
    rows: &[(&str, Option<Rule>, &str)],
) {
    for (text, broken, code) in rows {
        match make(text) {
            Ok(_) => assert_eq!((*broken, *code), (None, ""), "{field}: {text:?}"),
            Err(error) => {
                let found = (error.field, Some(error.rule), error.code().as_str());
                assert_eq!(found, (field, *broken, *code), "{text:?}");
            }
        }
    }
}

fn password(
    profile: PasswordProfile,
    min: Option<u8>,
    max: Option<u8>,
) -> impl Fn(&str) -> Result<Password, FieldError> {
    let policy = PasswordPolicy::new(profile, min, max).unwrap();
    let owner = PasswordOwner { user_id: "tanaka", name: "Tanaka" };
    move |text| Password::new(Zeroizing::new(text.to_owned()), policy, owner)
}

#[test]
fn s10_4_01_user_id() {
    // S10-4-01
    let (fits, long) = ("x".repeat(32), "x".repeat(33));
    let reserved = Some(Rule::Reserved);
    let mut rows = vec![
        ("a", None, ""),
        (&fits, None, ""),
        ("o'neill", None, ""),
        ("", length(1, 32, Unit::Characters), "122"),
        (&long, length(1, 32, Unit::Characters), "122"),
        ("  ", Some(Rule::OnlySpaces), "122"),
        ("'a", Some(Rule::FirstCharacter('\'')), "122"),
        ("a\u{a6}", Some(Rule::PrintableAscii), "122"),
        ("b2103456", None, ""),
        (" a", Some(Rule::Blanks), "122"),
        ("a ", Some(Rule::Blanks), "122"),
        ("GUEST", reserved, "711"),
        ("Guest", reserved, "711"),
        ("ko", reserved, "711"),
        ("ce", reserved, "711"),
    ];
    let signs: Vec<_> =
        "\"+;<>?[]`{|}:#()\\,*/=".chars().map(|sign| (format!("a{sign}"), sign)).collect();
    assert_eq!(signs.len(), 21);
    rows.extend(signs.iter().map(|(text, c)| (text.as_str(), Some(Rule::Forbidden(*c)), "122")));
    let checked = |text: &str| {
        let id = UserId::new(text)?;
        Settings::default().check_reserved(&id).map(|()| id)
    };
    check(checked, Field::UserId, &rows);
}

#[test]
fn s10_4_02_card_id() {
    // S10-4-02
    let (fits, long) = ("7".repeat(32), "7".repeat(33));
    let mut rows = vec![("7", true), (&fits, true), ("7'\\,*/=", true), ("", false)];
    rows.extend([(long.as_str(), false), ("  ", false), ("'7", false), ("7\u{a6}", false)]);
    let signs: Vec<_> = "\"+;<>?[]`{|}:#()".chars().map(|sign| format!("7{sign}")).collect();
    assert_eq!(signs.len(), 16);
    rows.extend(signs.iter().map(|text| (text.as_str(), false)));
    for (text, fine) in rows {
        assert_eq!(CardNumber::from_text(text).is_some(), fine, "{text:?}");
    }
}

#[test]
fn s10_4_03_password_of_a_device_user() {
    use PasswordProfile::{Device, Group, Secure};
    // S10-4-03
    let of = |min, max| length(min, max, Unit::Characters);
    let long = "x".repeat(63);
    let rows = [
        ("a b~", None, ""),
        ("abcdefghijkl", None, ""),
        ("abc", of(4, 12), "301"),
        ("abcdefghijklm", of(4, 12), "301"),
        ("", of(4, 12), "301"),
        ("     ", Some(Rule::OnlySpaces), "301"),
        ("abc\u{e9}", Some(Rule::PrintableAscii), "301"),
    ];
    check(password(Device, None, None), Field::Password, &rows);
    check(password(Group, None, None), Field::Password, &rows);
    let raised = [("abcdefg", of(8, 63), "301"), ("abcdefgh", None, ""), (&long, None, "")];
    check(password(Device, Some(8), Some(63)), Field::Password, &raised);
    let secure_group = [("abcdef1!", of(9, 12), "301"), ("abcdefghij1!", None, "")];
    check(password(Secure, None, Some(12)), Field::Password, &secure_group);
    for (min, max) in [(Some(0), None), (Some(64), None), (None, Some(64)), (Some(13), None)] {
        assert!(PasswordPolicy::new(Device, min, max).is_err(), "{min:?} {max:?}");
    }
    assert!(PasswordPolicy::new(Group, None, Some(13)).is_err());

    let none = |profile, min| {
        let password = PasswordSettings { profile, min, max: None };
        let site = Site::new(Settings { password, ..Settings::default() }).unwrap();
        let entry = UserEntry { user_id: "tanaka".into(), ..UserEntry::default() };
        NewUser::check(entry, &site)
    };
    assert!(none(Device, None).is_ok());
    for (profile, min) in [(Device, Some(4)), (Group, None), (Secure, None)] {
        let refused = none(profile, min).unwrap_err();
        assert!(matches!(
            refused.as_slice(),
            [FieldError { field: Field::Password, rule: Rule::Length { .. } }]
        ));
    }
}

#[test]
fn s10_4_04_password_of_a_directory_user() {
    use PasswordProfile::{Device, Directory, Group};
    // S10-4-04
    let of = |min, max| length(min, max, Unit::Characters);
    let (fits, long) = ("x".repeat(127), "x".repeat(128));
    let rows = [
        ("x", None, ""),
        (fits.as_str(), None, ""),
        ("", of(1, 127), "301"),
        (&long, of(1, 127), "301"),
        ("\u{3042}", Some(Rule::PrintableAscii), "301"),
    ];
    check(password(Directory, None, None), Field::Password, &rows);
    let kept = [("x", of(4, 12), "301"), (&fits, of(4, 12), "301"), ("abcd", None, "")];
    check(password(Device, None, None), Field::Password, &kept);
    check(password(Group, None, None), Field::Password, &kept);
}

#[test]
fn s10_4_05_password_in_secure_operation() {
    // S10-4-05
    let rows = [
        ("abcdefg1!", None, ""),
        ("abcdef1!", length(9, 12, Unit::Characters), "301"),
        ("abcdefghi!", Some(Rule::Classes), "301"),
        ("abcdefghi1", Some(Rule::Classes), "301"),
        ("12345678!", Some(Rule::Classes), "301"),
    ];
    check(password(PasswordProfile::Secure, None, None), Field::Password, &rows);
}

#[test]
fn s10_4_06_user_name() {
    // S10-4-06
    let (fits, long) = ("田".repeat(10) + "ab", "田".repeat(10) + "abc");
    let rows = [
        (fits.as_str(), None, ""),
        (&long, length(1, 32, Unit::Bytes), "301"),
        (" ", Some(Rule::OnlySpaces), "301"),
        ("a\u{7}b", Some(Rule::Forbidden('\u{7}')), "301"),
    ];
    check(UserName::new, Field::UserName, &rows);
    let id = UserId::new("tanaka").unwrap();
    assert_eq!(UserName::or_id("", &id).unwrap().as_str(), "tanaka");
}

#[test]
fn s10_4_07_mail_address() {
    // S10-4-07
    let (fits, long) = ("x".repeat(128), "x".repeat(129));
    let rows = [
        (fits.as_str(), None, ""),
        (&long, length(1, 128, Unit::Characters), "301"),
        ("田@example.jp", Some(Rule::PrintableAscii), "301"),
    ];
    check(MailAddress::new, Field::Mail, &rows);
}

#[test]
fn s10_4_08_role() {
    // S10-4-08
    assert_eq!(Role::default(), Role::General);
    let words = ["general", "administrator", "account-administrator"];
    for word in words {
        assert_eq!(Role::from_word(word).map(Role::as_str), Some(word));
    }
    assert_eq!(Role::from_word("root"), None);
}

#[test]
fn s10_4_09_feature_limits() {
    // S10-4-09
    let Limits { copy, print, scan, fax } = Limits::ALLOW_ALL;
    assert_eq!([copy, print, scan, fax], [true; 4]);
    // Not so for a card that nobody has registered.
    assert_eq!(Settings::default().provisional.limits, Limits::FORBID_ALL);
}
