use proptest::prelude::*;

use super::*;
use crate::Rule;

const TANAKA: PasswordOwner<'_> = PasswordOwner { user_id: "tanaka.taro", name: "Tanaka Taro" };

fn policy(profile: PasswordProfile, min: Option<u8>, max: Option<u8>) -> PasswordPolicy {
    PasswordPolicy::new(profile, min, max).unwrap()
}

fn length(min: u16, max: u16) -> Rule {
    Rule::Length { min, max, unit: Unit::Characters }
}

fn broken(text: &str, policy: PasswordPolicy) -> Option<Rule> {
    let made = Password::new(text.to_owned().into(), policy, TANAKA);
    made.err().map(|error| {
        assert_eq!((error.field, error.code().as_str()), (Field::Password, "301"));
        error.rule
    })
}

fn check(policy: PasswordPolicy, rows: &[(&str, Option<Rule>)]) {
    for (text, expected) in rows {
        assert_eq!(broken(text, policy), *expected, "{text:?} under {policy:?}");
    }
}

/// S10-4-03, S10-4-04, S10-4-05: the lengths that each profile and the settings give.
#[test]
fn policies_are_what_profile_and_settings_give() {
    use PasswordProfile as P;
    let rows = [
        // S10-4-03: 4-12 or none; the minimum raises only; the maximum up to 63.
        (P::Device, None, None, (4, 12, true)),
        (P::Device, Some(1), None, (4, 12, false)),
        (P::Device, Some(4), None, (4, 12, false)),
        (P::Device, Some(12), None, (12, 12, false)),
        (P::Device, Some(63), Some(63), (63, 63, false)),
        (P::Device, None, Some(63), (4, 63, true)),
        (P::Device, None, Some(12), (4, 12, true)),
        (P::Group, None, None, (4, 12, false)),
        (P::Group, Some(9), Some(12), (9, 12, false)),
        (P::Directory, None, None, (1, 127, false)),
        (P::Directory, Some(1), Some(127), (1, 127, false)),
        (P::Secure, None, None, (9, 12, false)),
        (P::Secure, Some(4), None, (9, 12, false)),
        (P::Secure, Some(10), Some(20), (10, 20, false)),
        (P::Modern, None, None, (15, 127, false)),
        (P::Modern, Some(8), Some(64), (15, 64, false)),
        (P::Modern, Some(20), None, (20, 127, false)),
    ];
    for (profile, min, max, expected) in rows {
        let made = policy(profile, min, max);
        assert_eq!((made.min(), made.max(), made.allows_none()), expected, "{made:?}");
        assert_eq!(made.profile(), profile);
        let text = serde_json::to_string(&made).unwrap();
        assert_eq!(serde_json::from_str::<PasswordPolicy>(&text).unwrap(), made, "{text}");
        assert!(text.contains(profile.as_str()), "{text}");
    }
    assert_eq!(policy(P::default(), None, None), PasswordPolicy::DEVICE);
}

#[test]
fn impossible_policies_name_both_values() {
    use PasswordProfile as P;
    let rows = [
        (P::Device, Some(0), None, ["of 0", "1 to 63"]),
        (P::Device, Some(64), Some(63), ["of 64", "1 to 63"]),
        (P::Device, Some(13), None, ["of 13", "of 12"]),
        (P::Device, Some(21), Some(20), ["of 21", "of 20"]),
        (P::Device, None, Some(11), ["of 11", "12 to 63"]),
        (P::Device, None, Some(64), ["of 64", "12 to 63"]),
        (P::Group, None, Some(13), ["of 13", "`group`"]),
        (P::Group, Some(13), None, ["of 13", "of 12"]),
        (P::Secure, Some(13), Some(12), ["of 13", "of 12"]),
        (P::Secure, None, Some(64), ["of 64", "`secure`"]),
        (P::Directory, Some(2), None, ["of 2", "`directory`"]),
        (P::Directory, None, Some(12), ["of 12", "`directory`"]),
        (P::Modern, None, Some(63), ["of 63", "64 to 127"]),
        (P::Modern, None, Some(128), ["of 128", "64 to 127"]),
    ];
    for (profile, min, max, parts) in rows {
        let refused = PasswordPolicy::new(profile, min, max).unwrap_err().to_string();
        for part in parts {
            assert!(refused.contains(part), "{profile} {min:?} {max:?}: {refused}");
        }
        let text = serde_json::json!({ "profile": profile.as_str(), "min": min, "max": max });
        let error = serde_json::from_value::<PasswordPolicy>(text).unwrap_err().to_string();
        assert!(error.contains(&refused), "{error}");
    }
    assert!(serde_json::from_str::<PasswordPolicy>(r#"{"minimum": 9}"#).is_err());
}

/// Every profile, setting and length: no combination that is accepted asks for the impossible.
#[test]
fn accepted_policies_leave_room() {
    use PasswordProfile as P;
    let settings = || (0..=u8::MAX).map(Some).chain([None]);
    for profile in [P::Device, P::Group, P::Directory, P::Secure, P::Modern] {
        for (min, max) in settings().flat_map(|min| settings().map(move |max| (min, max))) {
            if let Ok(made) = PasswordPolicy::new(profile, min, max) {
                assert!(1 <= made.min() && made.min() <= made.max(), "{made:?}");
                assert!(made.max() <= TypedPassword::MAX, "{made:?}");
                assert!(min.is_none_or(|min| made.min() >= min), "{made:?}");
            }
        }
    }
}

/// S10-4-03.
#[test]
fn device_passwords_keep_the_policy() {
    let l = Some(length(4, 12));
    check(
        PasswordPolicy::DEVICE,
        &[
            ("abcd", None),
            ("abcdefghijkl", None),
            ("a 'b\"~\\ ", None),
            ("", l),
            ("abc", l),
            ("abcdefghijklm", l),
            ("    ", Some(Rule::OnlySpaces)),
            ("p\u{e9}ssword", Some(Rule::PrintableAscii)),
            ("pass\tword", Some(Rule::PrintableAscii)),
            ("pass\u{7f}word", Some(Rule::PrintableAscii)),
        ],
    );
    let raised = policy(PasswordProfile::Device, Some(8), Some(20));
    let rows = [(7, Some(length(8, 20))), (8, None), (20, None), (21, Some(length(8, 20)))];
    for (len, expected) in rows {
        assert_eq!(broken(&"x".repeat(len), raised), expected, "{len}");
    }
}

/// S10-4-03, S10-4-04: none on a device without a minimum length, nowhere else.
#[test]
fn none_is_a_password_only_where_the_policy_says_so() {
    use PasswordProfile as P;
    let rows = [
        (policy(P::Device, None, None), None),
        (policy(P::Device, Some(4), None), Some(length(4, 12))),
        (policy(P::Group, None, None), Some(length(4, 12))),
        (policy(P::Directory, None, None), Some(length(1, 127))),
        (policy(P::Secure, None, None), Some(length(9, 12))),
        (policy(P::Modern, None, None), Some(length(15, 127))),
    ];
    for (policy, expected) in rows {
        let made = Password::or_none(None, policy, TANAKA);
        assert_eq!(made.as_ref().err().map(|error| error.rule), expected, "{policy:?}");
        assert!(made.is_err() || made.is_ok_and(|password| password.is_none()));
    }
    let typed = Some("abcd".to_owned().into());
    let made = Password::or_none(typed, PasswordPolicy::DEVICE, TANAKA).unwrap();
    assert_eq!(made.unwrap().reveal(), "abcd");
}

/// S10-4-04: 1 to 127 for the directory; kept on the device, the device's policy decides.
#[test]
fn directory_passwords_are_wide_and_kept_ones_are_not() {
    let directory = policy(PasswordProfile::Directory, None, None);
    let (longest, too_long) = ("x".repeat(127), "x".repeat(128));
    check(
        directory,
        &[
            ("x", None),
            (&longest, None),
            (" ", None),
            ("", Some(length(1, 127))),
            (&too_long, Some(length(1, 127))),
            ("\u{3042}", Some(Rule::PrintableAscii)),
        ],
    );
    for kept in [PasswordProfile::Device, PasswordProfile::Group] {
        let (kept, refused) = (policy(kept, None, None), Some(length(4, 12)));
        check(kept, &[("x", refused), (&longest, refused), ("abcd", None)]);
    }
}

proptest! {
    /// S10-4-04: "as well" needs no second look, since whatever another profile takes, the
    /// directory's takes too.
    #[test]
    fn whatever_a_profile_takes_the_directory_takes(text in "\\PC{0,20}|[ -~]{0,130}") {
        use PasswordProfile as P;
        let directory = policy(P::Directory, None, None);
        for profile in [P::Device, P::Group, P::Secure, P::Modern] {
            if broken(&text, policy(profile, None, None)).is_none() {
                prop_assert_eq!(broken(&text, directory), None);
            }
        }
    }
}

/// S10-4-05.
#[test]
fn secure_passwords_have_letters_digits_and_signs() {
    let (l, c) = (Some(length(9, 12)), Some(Rule::Classes));
    check(
        policy(PasswordProfile::Secure, None, None),
        &[
            ("abcdefg1!", None),
            ("ABC-12345678", None),
            ("1234567!a", None),
            ("abcdef1!", l),
            ("abcdefghij1!x", l),
            ("", l),
            ("abcdefgh1", c),
            ("abcdefgh!", c),
            ("12345678!", c),
            ("abcdefgh1 ", c),
            ("         ", Some(Rule::OnlySpaces)),
        ],
    );
}

#[test]
fn modern_passwords_are_long_and_not_the_first_guess() {
    let (l, common, own) =
        (Some(length(15, 127)), Some(Rule::Common), Some(Rule::OwnWords { least: 8 }));
    let (longest, too_long) = ("x1-".repeat(42) + "y", "x1-".repeat(43));
    check(
        policy(PasswordProfile::Modern, None, None),
        &[
            // No rule about classes, spaces allowed.
            ("correct horse battery staple", None),
            ("plumtreesnorewhen", None),
            ("PLUM TREES SNORE", None),
            ("tjq8 2v~9 xx0 4", None),
            ("plumtreessnore", l),
            ("Xk7!Xk7!Xk7!", l),
            (&too_long, l),
            ("               ", Some(Rule::OnlySpaces)),
            ("plum trees sn\u{f6}re", Some(Rule::PrintableAscii)),
            // The list, in any case; with a tail that adds nothing; one after the other.
            ("qwertyuiop12345", common),
            ("1QAZ2WSX3EDC4RFV", common),
            ("Password1234567", common),
            ("Password1234567890", common),
            ("qwertyuiopqwertyuiop", common),
            ("baseballfootball!", common),
            // The same from a listed word, but with enough of its own.
            ("Password1234, plum tree", None),
            // Repetitions and runs.
            ("aaaaaaaaaaaaaaa", common),
            ("!aaaaaaaaaaaaaab", common),
            ("aaaaaaaaa plumt", common),
            ("aaaaaaaa plumtr", None),
            ("0abcdefghijklmno", common),
            ("0abcdefgh, plum tree", None),
            ("abc!abc!abc!abc!", common),
            ("!!!!!!!!!!!!!!!!", common),
            ("123456789012345", common),
            ("abcdefghijklmno", common),
            ("zyxwvutsrqponml", common),
            (&longest, common),
            ("plum tree/plum tree/", None),
            // Own words: the ID, its parts, the name, the product.
            ("tanaka.taro12345", own),
            ("TarO-TANAKA-1234", own),
            ("tanakatanakatanaka", own),
            ("Kazasu Kazasu 123", own),
            ("kazasu-tanaka-taro", own),
            ("tanaka likes plums", None),
            ("kazasupassword12", common),
        ],
    );
}

#[test]
fn own_words_too_short_or_not_ascii_do_not_count() {
    let modern = policy(PasswordProfile::Modern, None, None);
    let rows = [
        ("al", "Al", "alalalalal plum al", None),
        // The whole word goes before its part, which would leave the rest of it.
        ("tanaka", "tanakatarou", "tanakatarou1234x", Some(Rule::OwnWords { least: 8 })),
        ("", "", "plumtrees snored", None),
        ("x", "田中太郎", "plumtrees snored", None),
        ("1234567", "", "1234567-1234567", Some(Rule::OwnWords { least: 8 })),
        ("1234567", "", "plum 1234567 trees", None),
        ("plum", "Trees Snored", "plumtrees snored", Some(Rule::OwnWords { least: 8 })),
    ];
    for (user_id, name, text, expected) in rows {
        let owner = PasswordOwner { user_id, name };
        let made = Password::new(text.to_owned().into(), modern, owner);
        assert_eq!(made.err().map(|error| error.rule), expected, "{user_id} {text}");
    }
}

/// The list is what the check expects: one password a line, none too short, lower case.
#[test]
fn the_list_of_common_passwords_is_whole() {
    let lines: Vec<&str> = include_str!("common.list").lines().collect();
    assert!(lines.len() > 15_000, "{}", lines.len());
    assert!(lines.is_sorted());
    for line in lines {
        let fits = line.len() >= 8 && line.bytes().all(|b| matches!(b, b'!'..=b'~'));
        assert!(fits && line == line.to_lowercase(), "{line:?}");
    }
}

proptest! {
    #[test]
    fn any_text_is_judged_without_a_panic(
        text in "\\PC{0,140}|[ab]{0,130}|[ -~]{0,130}", id in "\\PC{0,20}", name in "\\PC{0,20}"
    ) {
        use PasswordProfile as P;
        let owner = PasswordOwner { user_id: &id, name: &name };
        for profile in [P::Device, P::Group, P::Directory, P::Secure, P::Modern] {
            let policy = policy(profile, None, None);
            if let Ok(made) = Password::new(text.clone().into(), policy, owner) {
                prop_assert!((policy.min().into()..=policy.max().into()).contains(&made.reveal().len()));
            }
        }
    }
}

/// S10-4-03: a minimum that was raised later is no matter of sign-in.
#[test]
fn typed_passwords_are_bounded_only() {
    let rows = [(0, true), (1, true), (13, true), (127, true), (128, false), (100_000, false)];
    for (len, fine) in rows {
        assert_eq!(TypedPassword::new("x".repeat(len).into()).is_ok(), fine, "{len}");
    }
    assert!(TypedPassword::new("    ".to_owned().into()).is_ok());
    assert!(TypedPassword::new("\u{3042}".to_owned().into()).is_err());
}

#[test]
fn debug_output_shows_nothing() {
    let set = Password::new("hunter22".to_owned().into(), PasswordPolicy::DEVICE, TANAKA).unwrap();
    let typed = TypedPassword::new("hunter22".to_owned().into()).unwrap();
    assert!(!format!("{set:?}{typed:?}").contains("hunter"));
}
