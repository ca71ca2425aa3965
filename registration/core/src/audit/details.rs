//! What a record says besides whom it is about and why: fields with names.

use serde::Serialize;
use serde_json::{Map, Value};

/// What a record says besides: a JSON object. Never a card number, never what somebody typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Details(Map<String, Value>);

impl Details {
    /// Reads what [`Self::to_json`] wrote; `None` for what is no JSON object.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }

    /// For the store.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Nothing in it can fail to serialise.
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// A text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A count.
    #[must_use]
    pub fn count(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    /// Texts in a row; none where there are none.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        let all = self.0.get(name).and_then(Value::as_array);
        all.into_iter().flatten().filter_map(Value::as_str)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(super) fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }
}
