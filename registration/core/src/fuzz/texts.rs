use kazasu_hal::{CardIdentity, Technology};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::{PLANTED, tells_nothing};
use crate::{
    CardNumber, CardNumberRule, DeviceEvent, DeviceSecret, Limits, MailAddress, NameKey, NewUser,
    Password, PasswordOwner, PasswordPolicy, PasswordProfile, Role, Settings, Site, Source,
    TypedPassword, UserEntry, UserId, UserKey, UserName,
};

/// What people, imports and stores give as text: user ID, name, mail address, card number, number
/// rule, password, fixed words.
///
/// What is taken is shown and read back as it was; what is refused is not shown.
pub fn texts(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if text.contains(PLANTED) {
        return;
    }
    names(text);
    passwords(text);
    words(text);
    rule(text);
    entry(text);
}

fn names(text: &str) {
    let planted = format!("{text}{PLANTED}");
    match UserId::new(text) {
        Ok(id) => {
            assert_eq!(id.as_str(), text);
            assert_eq!(UserKey::readings(text).first(), Some(&UserKey::Registered(id.clone())));
            comes_back(&id);
            assert_eq!(UserName::or_id("", &id).map(String::from).as_deref(), Ok(text));
        }
        Err(error) => tells_nothing(&error),
    }
    for key in UserKey::readings(text) {
        assert_eq!(NameKey::of(key.as_str()), NameKey::of(text), "{text:?}");
    }
    match UserName::new(text) {
        Ok(name) => {
            assert_eq!(name.as_str(), text);
            comes_back(&name);
        }
        Err(error) => tells_nothing(&error),
    }
    match MailAddress::new(text) {
        Ok(mail) => assert_eq!(mail.as_str(), text),
        Err(error) => tells_nothing(&error),
    }
    for error in [
        UserId::new(&planted).err(),
        UserName::new(&planted).err(),
        MailAddress::new(&planted).err(),
    ] {
        error.iter().for_each(|error| tells_nothing(error));
    }
    if let Some(number) = CardNumber::from_text(text) {
        assert_eq!(number.as_str(), text);
        let masked = number.masked();
        let shown = masked.strip_prefix("..").unwrap_or(&masked);
        assert!(text.ends_with(shown) && shown.len() * 3 <= text.len(), "{masked}");
        assert_eq!(format!("{number:?}"), format!("CardNumber({masked})"));
    }
}

/// JSON of a value is read as the same value.
#[track_caller]
fn comes_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let json = serde_json::to_string(value).unwrap_or_default();
    assert_eq!(serde_json::from_str(&json).ok().as_ref(), Some(value), "{json}");
}

fn passwords(text: &str) {
    let secret = |text: &str| Zeroizing::new(text.to_owned());
    let planted = format!("{text}{PLANTED}");
    for profile in [PasswordProfile::Device, PasswordProfile::Directory, PasswordProfile::Secure] {
        let Ok(policy) = PasswordPolicy::new(profile, None, None) else { continue };
        let owner = PasswordOwner { user_id: text, name: "" };
        for typed in [text, &planted] {
            match Password::new(secret(typed), policy, owner) {
                Ok(password) => {
                    assert_eq!(password.reveal(), typed);
                    assert_eq!(format!("{password:?}"), "Password(..)");
                }
                Err(error) => tells_nothing(&error),
            }
        }
    }
    match TypedPassword::new(secret(&planted)) {
        Ok(password) => assert_eq!(format!("{password:?}"), "TypedPassword(..)"),
        Err(error) => tells_nothing(&error),
    }
}

/// Fixed words: what is known is known under this word alone.
fn words(text: &str) {
    let words = [
        Role::from_word(text).map(Role::as_str),
        Source::from_word(text).map(Source::as_str),
        DeviceSecret::from_word(text).map(DeviceSecret::as_str),
        DeviceEvent::from_word(text).map(DeviceEvent::as_str),
    ];
    for word in words.into_iter().flatten() {
        assert_eq!(word, text);
    }
    if let Some(limits) = Limits::from_text(text) {
        assert_eq!(Limits::from_text(&limits.to_text()), Some(limits));
    }
}

fn rule(text: &str) {
    let Ok(rule) = text.parse::<CardNumberRule>() else { return };
    let shown = rule.to_string();
    assert!(shown.len() <= CardNumberRule::TEXT_MAX, "{shown}");
    assert_eq!(shown.parse(), Ok(rule.clone()), "{shown}");
    comes_back(&rule);
    let uid = [0x04, 0xC0, 0xFF, 0xEE, 0, 1, 2, 3, 4, 5];
    for uid in [4, 7, 10].into_iter().filter_map(|len| uid.get(..len)) {
        let Ok(card) = CardIdentity::new(Technology::Iso14443a, uid, None) else { continue };
        match rule.number(&card, None) {
            Ok(number) => assert_eq!(CardNumber::from_text(number.as_str()), Some(number)),
            Err(error) => tells_nothing(&error),
        }
    }
}

/// A new user: a field a line.
fn entry(text: &str) {
    let mut lines = text.split('\n').map(str::to_owned);
    let mut next = || lines.next().unwrap_or_default();
    let entry = UserEntry {
        user_id: next(),
        name: next(),
        mail: next(),
        password: Some(Zeroizing::new(format!("{}{PLANTED}", next()))),
    };
    let shown = format!("{entry:?}");
    assert!(!shown.contains(PLANTED), "{shown}");
    let Ok(site) = Site::new(Settings::default()) else { return };
    match NewUser::check(entry, &site) {
        Ok(user) => assert!(!format!("{user:?}").contains(PLANTED)),
        Err(errors) => {
            assert!(!errors.is_empty());
            errors.iter().for_each(|error| tells_nothing(error));
        }
    }
}
