use std::time::Duration;

use kazasu_registration::{UserKey, as_typed};
use kazasu_service::Collision;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::out::Line;

/// All settings, as they are stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SettingsJson {
    pub(crate) json: String,
}

/// One setting.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SettingLine {
    pub(crate) key: String,
    pub(crate) value: Value,
    pub(crate) default: Value,
    /// Whether it differs from the default.
    pub(crate) changed: bool,
    pub(crate) help: String,
    /// What it can be.
    pub(crate) values: String,
    /// The paragraph of the requirements.
    pub(crate) row: String,
    /// The version of the settings, all of them.
    pub(crate) version: u64,
}

impl Line for SettingLine {
    fn text(&self) -> String {
        let mark = if self.changed { '*' } else { ' ' };
        let value = as_typed(&self.value);
        let mut text = format!("{mark} {:38} {value:14} {}", self.key, self.help);
        if self.changed {
            text += &format!("; default {}", as_typed(&self.default));
        }
        text + &format!(" [{}]", self.row)
    }
}

/// A setting that a change changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ChangedKey {
    pub(crate) key: String,
    pub(crate) from: Value,
    pub(crate) to: Value,
    /// What else that means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) means: Option<String>,
}

/// What a change of the settings changed, or would.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ChangedLine {
    /// The version in force; a change that was only checked leaves it.
    pub(crate) version: u64,
    /// Whether it is stored.
    pub(crate) stored: bool,
    pub(crate) changed: Vec<ChangedKey>,
    /// What can be together and yet does nothing.
    pub(crate) warnings: Vec<String>,
    /// How many cards get another number.
    pub(crate) renumbered: u64,
    /// How many users are deleted.
    pub(crate) deleted: u64,
    /// How long it took, in milliseconds.
    pub(crate) took_ms: u64,
}

impl Line for ChangedLine {
    fn text(&self) -> String {
        let mut lines = Vec::new();
        for ChangedKey { key, from, to, means } in &self.changed {
            lines.push(format!("{key}: {} -> {}", as_typed(from), as_typed(to)));
            lines.extend(means.iter().map(|means| format!("  {means}")));
        }
        lines.extend(self.warnings.iter().map(|warning| format!("warning: {warning}")));
        let done = if self.stored { "" } else { "would be " };
        if self.renumbered > 0 {
            let took = Duration::from_millis(self.took_ms).as_secs_f64();
            lines.push(format!("{} cards {done}renumbered, in {took:.1} s", self.renumbered));
        }
        if self.deleted > 0 {
            lines.push(format!("{} users {done}deleted", self.deleted));
        }
        let version = self.version;
        lines.push(match (self.changed.is_empty(), self.stored) {
            (true, _) => format!("nothing changes; version {version} is in order"),
            (false, true) => format!("stored as version {version}"),
            (false, false) => format!("possible; nothing was stored, version {version} stays"),
        });
        lines.join("\n")
    }
}

/// A number that several cards would share, or cards that would have none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CollisionLine {
    /// `null` where the rule makes no number.
    number: Option<String>,
    /// Whose cards they are, by user ID; provisional users by their card number.
    users: Vec<String>,
}

impl CollisionLine {
    pub(crate) fn new(collision: &Collision) -> Self {
        Self {
            number: collision.number.as_ref().map(|number| number.as_str().to_owned()),
            users: collision.users.iter().map(UserKey::as_str).map(str::to_owned).collect(),
        }
    }
}

impl Line for CollisionLine {
    fn text(&self) -> String {
        let users = self.users.join(", ");
        match &self.number {
            Some(number) => format!("{number} would be the number of: {users}"),
            None => format!("no number for the card of: {users}"),
        }
    }
}

/// What comes of a change.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum ChangeLine {
    Changed(ChangedLine),
    Collision(CollisionLine),
}

impl Line for ChangeLine {
    fn text(&self) -> String {
        match self {
            Self::Changed(line) => line.text(),
            Self::Collision(line) => line.text(),
        }
    }
}

/// One version of the settings that is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct HistoryLine {
    pub(crate) version: u64,
    /// Since when it counts or counted: RFC 3339, UTC.
    pub(crate) at: String,
    /// What it changed; `null` where that is not known any more.
    pub(crate) changed: Option<Vec<ChangedKey>>,
}

impl Line for HistoryLine {
    fn text(&self) -> String {
        let mut text = format!("version {}  {}", self.version, self.at);
        match &self.changed {
            None => text += "\n  what was before is not kept",
            Some(changed) => {
                for ChangedKey { key, from, to, .. } in changed {
                    text += &format!("\n  {key}: {} -> {}", as_typed(from), as_typed(to));
                }
            }
        }
        text
    }
}

/// A card number rule and what it makes of some cards.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RuleLine {
    pub(crate) rule: String,
    pub(crate) examples: Vec<Example>,
    /// Where the key of the keyed form is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
}

/// What a rule makes of one card.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Example {
    /// The identifier in hex.
    pub(crate) card: String,
    /// `null` where the rule makes no number of it.
    pub(crate) number: Option<String>,
    /// Why it makes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

impl Line for RuleLine {
    fn text(&self) -> String {
        let mut text = self.rule.clone();
        for Example { card, number, why } in &self.examples {
            text += &match (number, why) {
                (Some(number), _) => format!("\n  {card:20}  {number}"),
                (None, why) => {
                    format!("\n  {card:20}  no number: {}", why.as_deref().unwrap_or_default())
                }
            };
        }
        if let Some(key) = &self.key {
            text += &format!(
                "\nThe key is {key}. Keep a copy apart from this machine: without it no card can \
                 be told any more."
            );
        }
        text
    }
}
