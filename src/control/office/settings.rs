use kazasu_hal::Mono;
use kazasu_registration::{
    CardNumberRule, ChangeError, Difference, ListedUser, Setting, SettingRow, Settings, UserKey,
};
use kazasu_service::{Changed, Plan, StoredSettings, Versioned};
use serde_json::Value;

use super::{Done, Office, Refused, advice};
use crate::control::host::{Lines, send};
use crate::lines::{
    ChangeLine, ChangedKey, ChangedLine, HistoryLine, LeftoversLine, SettingLine, SettingsJson,
    rfc3339,
};

const NUMBER: &str = "card.number";

/// Settings.
impl Office {
    pub(super) async fn show_settings(&self, keys: &[String], lines: &Lines) -> Done {
        let Versioned { version, settings } = self.wishes().settings().await?;
        let mut all = settings.list();
        let meant = |key: &str, asked: &str| {
            key.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        for asked in keys {
            if all.iter().any(|setting| meant(&setting.key, asked)) {
                continue;
            }
            // A name in an open place, `access.locks.copy` for one, is there once it is set.
            match settings.changed([(asked.as_str(), "default")]) {
                Err(error @ (ChangeError::NoSuchKey(_) | ChangeError::Value { .. })) => {
                    return Err(error.into());
                }
                _ => all.push(Setting {
                    key: asked.clone(),
                    value: Value::Null,
                    default: Value::Null,
                }),
            }
        }
        all.retain(|s| keys.is_empty() || keys.iter().any(|asked| meant(&s.key, asked)));
        self.wishes().viewed(all.iter().map(|setting| setting.key.as_str())).await?;
        for setting in all {
            let row = SettingRow::of(&setting.key);
            let line = SettingLine {
                changed: setting.value != setting.default,
                help: row.map(SettingRow::says).unwrap_or_default(),
                values: row.map(|row| row.kind.to_string()).unwrap_or_default(),
                row: row.map(|row| row.row).unwrap_or_default().to_owned(),
                key: setting.key,
                value: setting.value,
                default: setting.default,
                version,
            };
            if !send(lines, &line).await {
                break;
            }
        }
        Ok(())
    }

    pub(super) async fn read_settings(&self, lines: &Lines) -> Done {
        let Versioned { settings, .. } = self.wishes().settings().await?;
        send(lines, &SettingsJson { json: settings.to_json() }).await;
        Ok(())
    }

    pub(super) async fn check_settings(
        &self,
        changes: Vec<(String, String)>,
        lines: &Lines,
    ) -> Done {
        let start = self.service.stations().now().mono;
        let plan = self.wishes().plan(changes).await?;
        let line = self.told(&plan, None, start).await?;
        send(lines, &ChangeLine::Changed(line)).await;
        Ok(())
    }

    pub(super) async fn set_settings(
        &self,
        changes: Vec<(String, String)>,
        version: Option<u64>,
        lines: &Lines,
    ) -> Done {
        // What is told of the change is told of the version it was made from.
        let plan = self.wishes().draft(&changes, version).await?;
        let start = self.service.stations().now().mono;
        let done = self.wishes().commit(&plan).await?;
        let line = self.told(&plan, Some(&done), start).await?;
        send(lines, &ChangeLine::Changed(line)).await;
        Ok(())
    }

    /// What a change comes to, or came to where it is done.
    async fn told(
        &self,
        plan: &Plan,
        done: Option<&Changed>,
        start: Mono,
    ) -> Result<ChangedLine, Refused> {
        let settings = &plan.after;
        let took = self.service.stations().now().mono.since(start);
        let findings = settings.access.check(settings.sign_in.mode);
        let mut changed = difference(&plan.before.settings, settings);
        for change in &mut changed {
            let row = SettingRow::of(&change.key);
            change.means = row.and_then(|row| row.means).map(str::to_owned);
            if change.key == NUMBER && settings.card.number == CardNumberRule::Keyed {
                change.means = Some(format!(
                    "all cards get another number; the key for them is {}: keep a copy apart from \
                     this machine, since without it no card can be told any more",
                    self.folder.number_key_file().display()
                ));
            }
        }
        let mut warnings: Vec<_> = findings.iter().map(ToString::to_string).collect();
        if changed.iter().any(|change| change.key == NUMBER) {
            warnings.extend(short_cards(&settings.card.number));
        }
        // What was said when it was set is not said again at any other change.
        let about = ["registration.", "password.", "sign-in."];
        let is_about = |key: &str| about.iter().any(|place| key.starts_with(place));
        if changed.is_empty() || changed.iter().any(|change| is_about(&change.key)) {
            warnings.extend(advice::of_directory(settings, self.has_directory));
        }
        if done.is_none() {
            let users = self.wishes().list_users().await?;
            warnings.extend(LeftoversLine::new(&self.wishes().leftovers().await?).warning());
            if changed.is_empty() {
                warnings.extend(self.user_ids(settings, users).await?);
            }
        }
        Ok(ChangedLine {
            version: done.map_or(plan.before.version, |done| done.version),
            stored: done.is_some(),
            changed,
            warnings,
            renumbered: done.map_or(plan.renumbered, |done| done.renumbered),
            deleted: done.map_or(plan.deleted, |done| done.deleted),
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        })
    }

    /// What is wrong with stored user IDs.
    async fn user_ids(
        &self,
        settings: &Settings,
        users: Vec<ListedUser>,
    ) -> Result<Vec<String>, Refused> {
        let ids = users.into_iter().filter_map(|user| match user.key {
            UserKey::Registered(id) => Some(id),
            UserKey::Provisional(_) => None,
        });
        let cards = self.wishes().list_cards().await?;
        let numbers: Vec<_> = cards.into_iter().map(|(_, number)| number).collect();
        Ok(advice::of_user_ids(settings, &ids.collect::<Vec<_>>(), &numbers))
    }

    pub(super) async fn history(&self, lines: &Lines) -> Done {
        let versions = self.wishes().settings_history().await?;
        let mut older = versions.iter().skip(1);
        let changed: Vec<_> = versions.iter().map(|stored| steps(stored, older.next())).collect();
        let keys = changed.iter().flatten().flatten().map(|change| change.key.as_str());
        self.wishes().viewed(keys).await?;
        for (stored, changed) in versions.iter().zip(changed) {
            let line = HistoryLine { version: stored.version, at: rfc3339(stored.at), changed };
            if !send(lines, &line).await {
                break;
            }
        }
        Ok(())
    }
}

/// What differs, each without what a change of it means.
fn difference(from: &Settings, to: &Settings) -> Vec<ChangedKey> {
    let differences = from.differences(to).into_iter();
    let told = |Difference { key, from, to }| ChangedKey { key, from, to, means: None };
    differences.map(told).collect()
}

/// What a version changed; `None` where that is not known any more.
fn steps(stored: &StoredSettings, older: Option<&StoredSettings>) -> Option<Vec<ChangedKey>> {
    let before = match older {
        Some(older) => Settings::from_json(&older.json).ok()?,
        None if stored.version == 1 => Settings::default(),
        None => return None,
    };
    Some(difference(&before, &Settings::from_json(&stored.json).ok()?))
}

/// What an administrator should know of a rule that some cards are too short for.
fn short_cards(rule: &CardNumberRule) -> Option<String> {
    let lengths: Vec<_> = rule.too_short().iter().map(ToString::to_string).collect();
    if lengths.is_empty() {
        return None;
    }
    Some(format!(
        "cards whose identifier has {} bytes have no number under this rule: they are refused at the \
         reader (K21)",
        lengths.join(", ")
    ))
}
