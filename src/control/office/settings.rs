use std::collections::BTreeSet;

use kazasu_hal::Mono;
use kazasu_registration::{
    AuditEvent, CardNumberRule, ChangeError, Difference, ListedUser, Setting, SettingRow, Settings,
    UserKey, security_setting,
};
use kazasu_service::{Authority, Changed, StoredSettings, Versioned};
use serde_json::Value;

use super::{Done, Office, Refused, advice};
use crate::control::End;
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
        self.viewed(all.iter().map(|setting| setting.key.as_str())).await?;
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

    /// Nothing of a security setting is shown before the log says so (S40-4-05).
    async fn viewed(&self, keys: impl Iterator<Item = &str>) -> Done {
        let settings: BTreeSet<_> = keys.filter_map(security_setting).collect();
        if !settings.is_empty() {
            let settings = settings.into_iter().collect();
            self.service
                .office(&Authority::SERVICE)
                .record_audit(AuditEvent::SettingsViewed { settings })
                .await?;
        }
        Ok(())
    }

    pub(super) async fn check_settings(&self, changes: &[(String, String)], lines: &Lines) -> Done {
        let before = self.wishes().settings().await?;
        let settings = changed(&before.settings, changes)?;
        let start = self.service.stations().now().mono;
        if self.wants_key(&before.settings, &settings, changes).await? {
            // Its numbers cannot be tried before there is a key, which a check does not make;
            // that two of them meet is not to be expected.
            let others: Vec<_> = changes.iter().filter(|(key, _)| key != NUMBER).cloned().collect();
            let done = self.wishes().check_settings(others).await?;
            let cards = self.wishes().list_cards().await?.len();
            let renumbered = u64::try_from(cards).unwrap_or(u64::MAX);
            let done = Changed { renumbered, ..done };
            return self.changed(&before, &settings, done, start, false, lines).await;
        }
        let done = self.wishes().check_settings(changes.to_vec()).await?;
        self.changed(&before, &settings, done, start, false, lines).await
    }

    pub(super) async fn set_settings(
        &self,
        changes: Vec<(String, String)>,
        version: Option<u64>,
        lines: &Lines,
    ) -> Done {
        let before = self.wishes().settings().await?;
        let settings = changed(&before.settings, &changes)?;
        if version.is_none_or(|version| version == before.version)
            && self.wants_key(&before.settings, &settings, &changes).await?
        {
            self.wishes().set_number_key(self.folder.number_key_or_new()?).await?;
        }
        let start = self.service.stations().now().mono;
        // What is told of the change is told of the version it was made from.
        let expected = Some(version.unwrap_or(before.version));
        let done = self.wishes().change_settings(changes, expected).await?;
        self.changed(&before, &settings, done, start, true, lines).await
    }

    async fn changed(
        &self,
        before: &Versioned,
        settings: &Settings,
        done: Changed,
        start: Mono,
        stored: bool,
        lines: &Lines,
    ) -> Done {
        let took = self.service.stations().now().mono.since(start);
        let findings = settings.access.check(settings.sign_in.mode);
        let mut changed = difference(&before.settings, settings);
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
        if !stored {
            let users = self.wishes().list_users().await?;
            warnings.extend(LeftoversLine::new(&self.wishes().leftovers().await?).warning());
            if changed.is_empty() {
                warnings.extend(self.user_ids(settings, users).await?);
            }
        }
        let line = ChangedLine {
            version: if stored { done.version } else { before.version },
            stored,
            changed,
            warnings,
            renumbered: done.renumbered,
            deleted: done.deleted,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        };
        send(lines, &ChangeLine::Changed(line)).await;
        Ok(())
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

    /// Whether the key of the keyed card numbers has to be made. Where it is missing although the
    /// rule is the keyed one already, another key would fit none of the numbers there are.
    async fn wants_key(
        &self,
        before: &Settings,
        settings: &Settings,
        changes: &[(String, String)],
    ) -> Result<bool, Refused> {
        let keyed = |settings: &Settings| settings.card.number == CardNumberRule::Keyed;
        if !keyed(settings) || self.wishes().has_number_key().await? {
            return Ok(false);
        }
        let is_asked = changes.is_empty() || changes.iter().any(|(key, _)| key == NUMBER);
        if keyed(before) && is_asked {
            return Err(Refused::End(End::No(format!(
                "the card number rule is `keyed` already, and its key {} is missing: put the copy \
                 of it back; where there is none, set another rule first, then `keyed` makes \
                 another key",
                self.folder.number_key_file().display()
            ))));
        }
        Ok(!keyed(before))
    }

    pub(super) async fn history(&self, lines: &Lines) -> Done {
        let versions = self.wishes().settings_history().await?;
        let mut older = versions.iter().skip(1);
        let changed: Vec<_> = versions.iter().map(|stored| steps(stored, older.next())).collect();
        let keys = changed.iter().flatten().flatten().map(|change| change.key.as_str());
        self.viewed(keys).await?;
        for (stored, changed) in versions.iter().zip(changed) {
            let line = HistoryLine { version: stored.version, at: rfc3339(stored.at), changed };
            if !send(lines, &line).await {
                break;
            }
        }
        Ok(())
    }
}

/// These settings with the changes; each key may be there once.
fn changed(settings: &Settings, changes: &[(String, String)]) -> Result<Settings, Refused> {
    for (position, (key, _)) in changes.iter().enumerate() {
        if changes.iter().take(position).any(|(other, _)| other == key) {
            return Err(Refused::End(End::Error(format!("{key} is there twice: say it once"))));
        }
    }
    let pairs = changes.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    Ok(settings.changed(pairs)?)
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
