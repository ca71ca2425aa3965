use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use kazasu_registration::{ErrorCode, WhoActs};

use super::*;

fn keys(lang: Lang) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for line in lang.sources().into_iter().flat_map(str::lines) {
        // Parts of a message are indented.
        if line.starts_with(' ') {
            continue;
        }
        let Some((key, _)) = line.split_once(" = ") else { continue };
        assert!(keys.insert(key.to_owned()), "{} says {key} twice", lang.tag());
    }
    keys
}

#[test]
fn both_languages_read_without_errors_and_have_the_same_keys() {
    for lang in Lang::ALL {
        for source in lang.sources() {
            assert!(FluentResource::try_new(source.to_owned()).is_ok(), "{}", lang.tag());
        }
        for key in keys(lang) {
            assert!(lang.texts().has_message(&key), "{} {key}", lang.tag());
        }
    }
    assert_eq!(keys(Lang::Ja), keys(Lang::En));
    assert!(keys(Lang::Ja).len() > 50);
}

#[test]
fn no_text_is_left_that_no_page_uses() {
    fn sources(folder: &Path, into: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, into);
            } else if !path.to_string_lossy().ends_with("_test.rs") {
                into.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut code = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/src"), &mut code);
    for key in keys(Lang::En) {
        // That no sentence lacks its cause is held where all rooms are known: in the program.
        let used = key.starts_with("error-")
            || Lang::causes().any(|cause| cause == key)
            || code.contains(&format!("\"{key}\""));
        assert!(used, "{key} is not used");
    }
}

#[test]
fn the_browser_chooses_the_language() {
    let rows = [
        (None, Lang::Ja),
        (Some("ja"), Lang::Ja),
        (Some("en-GB,en;q=0.9"), Lang::En),
        (Some("en;q=0.5, ja-JP;q=0.8"), Lang::Ja),
        (Some("de-DE,de;q=0.9,ja;q=0.2"), Lang::Ja),
        (Some("de"), Lang::En),
        (Some("ja;q=0, en;q=0.1"), Lang::En),
        (Some("*"), Lang::En),
        (Some(";;,,q=;"), Lang::En),
    ];
    for (wish, expected) in rows {
        assert_eq!(Lang::from_accept_language(wish), expected, "{wish:?}");
    }
}

#[test]
fn the_surroundings_of_a_command_choose_the_language() {
    let rows: [([Option<&str>; 3], Lang); 10] = [
        ([None, None, None], Lang::En),
        ([None, None, Some("ja_JP.UTF-8")], Lang::Ja),
        ([None, None, Some("ja")], Lang::Ja),
        ([None, None, Some("C.UTF-8")], Lang::En),
        ([Some("C.UTF-8"), None, Some("ja_JP.UTF-8")], Lang::En),
        ([Some(""), None, Some("ja_JP.eucJP")], Lang::Ja),
        ([Some("ja_JP@x"), Some("en_GB"), Some("en_GB")], Lang::Ja),
        ([None, Some("en_GB"), Some("ja_JP")], Lang::En),
        ([None, None, Some("de_DE.UTF-8")], Lang::En),
        ([None, None, Some("japan")], Lang::En),
    ];
    for (variables, expected) in rows {
        assert_eq!(Lang::of_locale(variables), expected, "{variables:?}");
    }
}

#[test]
fn a_cause_is_told_with_what_is_behind_it() {
    let behind = Cause { word: "preflight-base-fine", places: Vec::new() };
    let places = vec![("path", "/x".into()), ("why", behind.into())];
    let cause = Cause { word: "preflight-password-file-unreadable", places };
    let told = Lang::En.what(&cause);
    assert!(told.starts_with("The password file /x cannot be read: There are people"), "{told}");
    assert!(Lang::En.advice(&cause).unwrap().starts_with("Write the service account's"));
    assert!(Lang::Ja.what(&cause).contains("/x"), "{}", Lang::Ja.what(&cause));
    let fine = Cause { word: "preflight-base-fine", places: Vec::new() };
    assert_eq!(Lang::Ja.advice(&fine), None);
    assert_eq!(Lang::En.told(&fine), Lang::En.what(&fine));
}

#[test]
fn what_to_do_is_told_behind_what_happened_also_where_only_what_is_behind_has_any() {
    let behind = Cause { word: "pcsc-daemon-frozen", places: Vec::new() };
    let places = vec![("reader", "pcsc".into()), ("fault", behind.into())];
    let cause = Cause { word: "link-of-reader", places };
    let expected = "pcsc: pcscd does not answer: its readers are used again as soon as it does; where \
                    that does not come, `systemctl restart pcscd`";
    assert_eq!(Lang::En.told(&cause), expected);
    let told = Lang::Ja.told(&cause);
    assert!(told.starts_with("pcsc：") && told.contains("。"), "{told}");
    assert!(told.contains("`systemctl restart pcscd`"), "{told}");
}

/// The two sentences of a code.
fn sentences(lang: Lang, code: ErrorCode) -> [String; 2] {
    ["what", "do"].map(|part| lang.text(&format!("error-{code}-{part}")).into_owned())
}

/// Both languages are written for every code, and nothing else stands beside them.
#[test]
fn every_code_has_its_texts_and_every_text_its_code() {
    let wanted: BTreeSet<String> = ErrorCode::ALL
        .iter()
        .flat_map(|code| ["what", "do"].map(|part| format!("error-{code}-{part}")))
        .collect();
    for lang in Lang::ALL {
        let [_, catalogue, ..] = lang.sources();
        let written = catalogue.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys: BTreeSet<String> =
            written.map(|line| line.split_once(" = ").unwrap().0.to_owned()).collect();
        assert_eq!(keys, wanted, "{}", lang.tag());
    }
}

#[test]
fn no_two_codes_read_the_same() {
    for lang in Lang::ALL {
        let mut seen = BTreeMap::new();
        for code in ErrorCode::ALL {
            let [what, _] = sentences(lang, code);
            if let Some(other) = seen.insert(what, code) {
                panic!("{code} reads like {other} in {}", lang.tag());
            }
        }
    }
}

/// The panel shows them in large type: short, whole sentences, and no marks of the file format.
#[test]
fn the_texts_of_codes_are_short_whole_sentences() {
    for lang in Lang::ALL {
        let (what_max, do_max, stop) = match lang {
            Lang::Ja => (36, 72, '。'),
            Lang::En => (72, 124, '.'),
        };
        for code in ErrorCode::ALL {
            let [what, then] = sentences(lang, code);
            let long = [what.chars().count() > what_max, then.chars().count() > do_max];
            assert_eq!(long, [false; 2], "{code} {}: {what} {then}", lang.tag());
            assert!(!what.ends_with(stop) && then.ends_with(stop), "{code}: {what} {then}");
            for text in [&what, &then] {
                assert!(!text.contains(['{', '}', '\n', '\t']), "{code}: {text}");
                let japanese = !text.is_ascii();
                assert_eq!(japanese, lang == Lang::Ja, "{code}: {text}");
            }
        }
    }
}

/// Whoever can put it right is the one the person is sent to.
#[test]
fn the_texts_name_somebody_who_can_act() {
    let names = |lang, who| -> &[&str] {
        match (lang, who) {
            (_, WhoActs::Person) => &[],
            (Lang::En, WhoActs::Administrator) => {
                &["person in charge", "whoever manages the cards"]
            }
            (Lang::Ja, WhoActs::Administrator) => &["担当者", "カードの管理者"],
            (Lang::En, WhoActs::Directory) => &["whoever manages the directory"],
            (Lang::Ja, WhoActs::Directory) => &["認証サーバーの管理者"],
            (Lang::En, WhoActs::Network) => &["whoever looks after the network"],
            (Lang::Ja, WhoActs::Network) => &["ネットワークの担当者"],
        }
    };
    for lang in Lang::ALL {
        for code in ErrorCode::ALL {
            let [_, then] = sentences(lang, code);
            let by_themselves = code.who_acts().contains(&WhoActs::Person);
            let named =
                code.who_acts().iter().flat_map(|who| names(lang, *who)).any(|n| then.contains(n));
            assert!(by_themselves || named, "{code} {}: {then}", lang.tag());
        }
    }
}

/// A wrong user ID reads like a wrong password, and nothing tells which of them it was.
#[test]
fn no_text_reveals_whether_a_user_id_exists() {
    let telling = [
        "unknown",
        "no such",
        "not exist",
        "not found",
        "no user",
        "存在",
        "見つか",
        "ありません",
        "未登録",
        "登録されて",
    ];
    let refusals = [
        ErrorCode::WrongCredentials,
        ErrorCode::DirectoryWrongCredentials,
        ErrorCode::GroupSignInFailed,
        ErrorCode::SignInFailed,
        ErrorCode::LockedOut,
        ErrorCode::DirectoryAccountLocked,
    ];
    for lang in Lang::ALL {
        let [id, password] = match lang {
            Lang::Ja => ["利用者ID", "パスワード"],
            Lang::En => ["user ID", "password"],
        };
        for code in refusals {
            let [what, then] = sentences(lang, code);
            let lower = what.to_lowercase();
            let named = [id, password].map(|word| lower.contains(&word.to_lowercase()));
            assert!(named[0] == named[1], "{code}: {what:?} names one of the two");
            for text in [what, then] {
                for word in telling {
                    assert!(!text.contains(word), "{code}: {text:?} says {word:?}");
                }
            }
        }
    }
}
