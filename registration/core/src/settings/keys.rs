//! Settings by their dotted keys: what `kazasu config` shows and changes.

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::{Map, Value};

use super::{Impossible, SettingRow, Settings, table};
use crate::access;

/// One setting and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The dotted key.
    pub key: String,
    /// The value in force.
    pub value: Value,
    /// What it is without anybody changing it.
    pub default: Value,
}

/// A setting that has another value in another version; null where it is not there.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The dotted key.
    pub key: String,
    /// The value in the one.
    pub from: Value,
    /// The value in the other.
    pub to: Value,
}

/// A change that is refused; nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// No such key.
    #[error("there is no setting {0:?} (kazasu config show lists all)")]
    NoSuchKey(String),
    /// A value that the setting cannot have.
    #[error("{key}: {why}")]
    Value {
        /// The dotted key.
        key: String,
        /// What it can be.
        why: String,
    },
    /// More changes at once than there can be reason for.
    #[error("more than {} changes at once", Settings::CHANGES_MAX)]
    TooMany,
    /// Settings that cannot be together.
    #[error("{}", join(.0))]
    Impossible(Vec<Impossible>),
}

fn join(found: &[Impossible]) -> String {
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Which of the security settings a key belongs to, if any: looking at one is audited, and so is
/// changing it by that name (S40-4-05). They are those that keep people out, or what is kept from
/// them: a key, or the first words of several (spec 40 section 2, as far as it is a setting here).
#[must_use]
pub fn security_setting(key: &str) -> Option<&'static str> {
    let under = |name: &str| {
        key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    SettingRow::all().filter_map(|row| row.audited).find(|name| under(name))
}

/// A value as people type it behind `KEY=`: what [`Settings::changed`] takes for it.
#[must_use]
pub fn as_typed(value: &Value) -> String {
    match value {
        // A text that would be read as something else stands in quotes.
        Value::String(text)
            if !text.is_empty()
                && text != "default"
                && serde_json::from_str::<Value>(text).is_err() =>
        {
            text.clone()
        }
        value => value.to_string(),
    }
}

impl SettingRow {
    /// The whole table.
    pub(super) fn all() -> impl Iterator<Item = &'static Self> {
        let sections = table::SECTIONS.iter().chain(table::LIMITS).chain(access::SECTIONS);
        sections.copied().flatten().chain(access::COLOURS)
    }

    /// The row of a setting; for a name in an open place, such as `access.locks.copy`, the place's.
    #[must_use]
    pub fn of(key: &str) -> Option<&'static Self> {
        let own = Self::all().find(|row| row.key == key);
        own.or_else(|| key.rsplit_once('.').and_then(|(place, _)| Self::of(place)))
    }
}

/// What [`Settings::list`] and places without fixed names are compared with.
static DEFAULT: LazyLock<Value> = LazyLock::new(|| Settings::default().document());

impl Settings {
    /// Most changes at once: each is checked by itself, and others wait meanwhile.
    pub const CHANGES_MAX: usize = 500;

    /// Reads what [`Settings::to_json`] wrote. Keys that are left out have their defaults.
    ///
    /// # Errors
    /// Unknown keys, values that a setting cannot have, impossible combinations.
    pub fn from_json(text: &str) -> Result<Self, ChangeError> {
        let value = |why: serde_json::Error| ChangeError::Value {
            key: "settings".to_owned(),
            why: why.to_string(),
        };
        let settings: Self = serde_json::from_str(text).map_err(value)?;
        settings.possible()
    }

    /// The whole of it as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.document().to_string()
    }

    /// Every setting by its key, in a fixed order.
    #[must_use]
    pub fn list(&self) -> Vec<Setting> {
        let mut now = Vec::new();
        flatten("", &self.document(), &mut now);
        let mut default = Vec::new();
        flatten("", &DEFAULT, &mut default);
        now.into_iter()
            .map(|(key, value)| {
                let default = default.iter().find(|(known, _)| *known == key);
                let default = default.map_or(Value::Null, |(_, value)| value.clone());
                Setting { key, value, default }
            })
            .collect()
    }

    /// These settings with some changed, all at once. A value is JSON, or else taken as text;
    /// `default` is the default.
    ///
    /// # Errors
    /// See [`ChangeError`].
    pub fn changed<'a>(
        &self,
        changes: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ChangeError> {
        let mut settings = self.clone();
        for (at, (key, text)) in changes.into_iter().enumerate() {
            if at == Self::CHANGES_MAX {
                return Err(ChangeError::TooMany);
            }
            settings = settings.with(key, text)?;
        }
        settings.possible()
    }

    /// What differs in another version of the settings, by key.
    #[must_use]
    pub fn differences(&self, to: &Self) -> Vec<Difference> {
        let mut all = BTreeMap::<_, (Value, Value)>::new();
        // That an open place is empty shows in the names that it lacks.
        let values = |list: Vec<Setting>| list.into_iter().filter(|s| !s.value.is_object());
        values(self.list()).for_each(|s| all.entry(s.key).or_default().0 = s.value);
        values(to.list()).for_each(|s| all.entry(s.key).or_default().1 = s.value);
        let all = all.into_iter().map(|(key, (from, to))| Difference { key, from, to });
        all.filter(|one| one.from != one.to).collect()
    }

    fn with(&self, key: &str, text: &str) -> Result<Self, ChangeError> {
        if text == "default" {
            return self.with_value(key, find(&DEFAULT, key).cloned());
        }
        let as_text = || self.with_value(key, Some(Value::String(text.to_owned())));
        match serde_json::from_str(text) {
            // Digits can be a name, too.
            Ok(value) => {
                self.with_value(key, Some(value)).or_else(|error| as_text().or(Err(error)))
            }
            Err(_) => as_text(),
        }
    }

    fn with_value(&self, key: &str, value: Option<Value>) -> Result<Self, ChangeError> {
        let mut document = self.document();
        put(&mut document, key, value).ok_or_else(|| ChangeError::NoSuchKey(key.to_owned()))?;
        serde_json::from_value(document)
            .map_err(|error| ChangeError::Value { key: key.to_owned(), why: error.to_string() })
    }

    fn possible(self) -> Result<Self, ChangeError> {
        let found = self.check();
        if found.is_empty() { Ok(self) } else { Err(ChangeError::Impossible(found)) }
    }

    fn document(&self) -> Value {
        // Nothing in it can fail to serialise: no map with other keys than text.
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// A place whose names are not fixed: nothing is in it by default.
fn is_open(key: &str) -> bool {
    find(&DEFAULT, key).is_some_and(|value| value.as_object().is_some_and(Map::is_empty))
}

/// Settings are objects within objects; whatever else stands there is a value.
fn flatten(prefix: &str, value: &Value, into: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                flatten(&key, value, into);
            }
        }
        value => into.push((prefix.to_owned(), value.clone())),
    }
}

fn find<'a>(document: &'a Value, key: &str) -> Option<&'a Value> {
    key.split('.').try_fold(document, |at, name| at.get(name))
}

fn find_mut<'a>(document: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    key.split('.').try_fold(document, |at, name| at.as_object_mut()?.get_mut(name))
}

/// Puts a value where this key is; `None` for the value takes a name out of an open place. `None`
/// where there is no such key.
fn put(document: &mut Value, key: &str, value: Option<Value>) -> Option<()> {
    if let Some((place, name)) = key.rsplit_once('.')
        && is_open(place)
    {
        let fields = find_mut(document, place)?.as_object_mut()?;
        match value {
            Some(value) => drop(fields.insert(name.to_owned(), value)),
            None => drop(fields.remove(name)),
        }
        return Some(());
    }
    let found = find_mut(document, key)?;
    if found.is_object() && !is_open(key) {
        return None;
    }
    *found = value?;
    Some(())
}
