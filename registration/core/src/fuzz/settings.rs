use super::{PLANTED, tells_nothing};
use crate::{ChangeError, Difference, Setting, Settings, Site};

/// Settings as a store keeps them, and changes of them as `kazasu config set` sends them: a
/// `key=value` on each line.
///
/// What is taken can be together, is stored and read as the same, and every setting that is listed
/// can be set to what it is, and back to its default.
pub fn settings(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Settings::from_json(text) {
        Ok(settings) => holds(&settings),
        Err(error) => says_where(&error),
    }
    let changes: Vec<_> = text.lines().filter_map(|line| line.split_once('=')).collect();
    match Settings::default().changed(changes.iter().copied()) {
        Ok(settings) => {
            holds(&settings);
            let changed = settings.differences(&Settings::default());
            let named = |one: &Difference| changes.iter().any(|(named, _)| *named == one.key);
            assert!(changed.iter().all(named), "{changed:?} of {changes:?}");
        }
        Err(error) => says_where(&error),
    }
    // A password that somebody takes for a setting is none, and is not shown.
    let key = changes.first().map_or(text, |(key, _)| key).replace(PLANTED, "");
    for key in ["password", "administrator.password", &format!("{key}.password")] {
        let refused = Settings::default().changed([(key, PLANTED)]).err();
        assert!(refused.is_some(), "{key} is a setting");
        refused.iter().for_each(|error| tells_nothing(error));
    }
}

fn holds(settings: &Settings) {
    assert_eq!(settings.check(), []);
    assert!(Site::new(settings.clone()).is_ok());
    let json = settings.to_json();
    assert_eq!(Settings::from_json(&json).as_ref(), Ok(settings), "{json}");

    // What was changed, and another one each time.
    let listed = settings.list();
    let other = json.bytes().map(usize::from).sum::<usize>() % listed.len().max(1);
    let changed = |at: usize, s: &Setting| at == other || s.value != s.default;
    let same = listed.iter().enumerate().filter(|(at, s)| changed(*at, s) && !s.value.is_object());
    let same: Vec<_> = same.map(|(_, s)| (s.key.as_str(), s.value.to_string())).collect();
    let again = settings.changed(same.iter().map(|(key, value)| (*key, value.as_str())));
    assert_eq!(again.as_ref(), Ok(settings), "{json}");

    let default = Settings::default();
    let differing = settings.differences(&default);
    let back = settings.changed(differing.iter().map(|one| (one.key.as_str(), "default")));
    assert_eq!(back, Ok(default), "{differing:?}");
}

/// An error names what is to be changed.
fn says_where(error: &ChangeError) {
    let text = error.to_string();
    let named = match error {
        ChangeError::NoSuchKey(key) => text.contains(&format!("{key:?}")),
        ChangeError::Value { key, why } => text.contains(key.as_str()) && !why.is_empty(),
        ChangeError::TooMany => true,
        ChangeError::Impossible(found) => {
            !found.is_empty() && found.iter().all(|f| f.keys.iter().all(|key| text.contains(key)))
        }
    };
    assert!(named, "{text}");
}
