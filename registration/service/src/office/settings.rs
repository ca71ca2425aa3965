use std::{collections::BTreeSet, sync::Arc};

use kazasu_registration::{
    Altered, AuditEvent, CardNumberRule, Difference, Method, NumberKey, Settings, Site,
    security_setting,
};

use super::{AdminError, Matter, Office};
use crate::{
    Directory, Hasher, Loaded, SaveOutcome, SettingsToStore, Store, StoredSettings, perform::Ports,
};

/// Settings and their version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// Counts from 1; 0 where none were ever stored.
    pub version: u64,
    /// The settings.
    pub settings: Settings,
}

/// What a change of settings comes to, before it is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What is in force.
    pub before: Versioned,
    /// What will be.
    pub after: Settings,
    /// The settings that differ.
    pub changed: Vec<Difference>,
    /// Whether the key of the keyed card numbers is made for it.
    pub makes_key: bool,
    /// How many cards get another number.
    pub renumbered: u64,
    /// How many users are deleted, since the authentication mode changes from or to remote.
    pub deleted: u64,
}

/// What a change of the settings changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The version in force since.
    pub version: u64,
    /// The keys whose values differ; none: nothing was stored.
    pub keys: Vec<String>,
    /// How many cards got another number.
    pub renumbered: u64,
    /// How many users were deleted, since the authentication mode changed from or to remote.
    pub deleted: u64,
}

/// Settings.
impl<S: Store, D: Directory, H: Hasher> Office<'_, S, D, H> {
    /// The settings in force.
    ///
    /// # Errors
    /// [`AdminError::Stopped`].
    pub async fn settings(&self) -> Result<Versioned, AdminError> {
        let ports = self.may(Matter::Settings)?;
        let current = ports.current.read().await;
        Ok(Versioned { version: current.version, settings: current.site.settings.clone() })
    }

    /// Says in the log which security settings somebody is about to be shown (S40-4-05).
    ///
    /// # Errors
    /// 3025 where the log cannot say so: then nothing may be shown.
    pub async fn viewed(&self, keys: impl Iterator<Item = &str>) -> Result<(), AdminError> {
        let ports = self.may(Matter::Settings)?;
        let settings: BTreeSet<_> = keys.filter_map(security_setting).collect();
        if settings.is_empty() {
            return Ok(());
        }
        let settings = settings.into_iter().collect();
        let event = AuditEvent::SettingsViewed { settings };
        self.finish(async move { ports.record_audit(event).await }).await
    }

    /// The versions that are kept, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn settings_history(&self) -> Result<Vec<StoredSettings>, AdminError> {
        let ports = self.may(Matter::Settings)?;
        self.finish(async move { Ok(ports.store.settings_history().await?) }).await
    }

    /// What a change of settings, given by key and value, comes to, without a look at the records.
    /// Where a version is given, that one must be in force.
    ///
    /// # Errors
    /// No such key, or one twice; a value it cannot have; settings that cannot be together; another
    /// version; a key of the card numbers that is missing.
    pub async fn draft(
        &self,
        changes: &[(String, String)],
        expected: Option<u64>,
    ) -> Result<Plan, AdminError> {
        let ports = self.may(Matter::Settings)?;
        let current = ports.current.read().await;
        ports.draft(&current, changes, expected)
    }

    /// The same with what it does to the records. Stores nothing, and makes no key.
    ///
    /// # Errors
    /// The same; numbers that collide; the store's.
    pub async fn plan(&self, changes: Vec<(String, String)>) -> Result<Plan, AdminError> {
        let ports = self.may(Matter::Settings)?;
        self.finish(async move {
            let change = ports.current.change().await;
            let before = change.before();
            let mut plan = ports.draft(before, &changes, None)?;
            let mut settings = plan.after.clone();
            if plan.makes_key {
                // Its numbers cannot be tried before there is a key; that two of them meet is not to
                // be expected.
                settings.card.number = before.site.settings.card.number.clone();
            }
            let key = before.site.number_key.clone();
            let (tried, _) = ports.save(before, settings, key, true).await?;
            (plan.renumbered, plan.deleted) = (tried.renumbered, tried.deleted);
            if plan.makes_key {
                let users = ports.store.list_users().await?;
                let cards = users.iter().filter(|user| user.card.is_some()).count();
                plan.renumbered = u64::try_from(cards).unwrap_or(u64::MAX);
            }
            Ok(plan)
        })
        .await
    }

    /// Does what was planned, all at once: makes the key that is missing; cards get new numbers where
    /// the rule for them changes, and all stations go by the new settings from then on.
    ///
    /// # Errors
    /// Another version is in force by now; numbers that collide; the key's place; the store's.
    pub async fn commit(&self, plan: &Plan) -> Result<Changed, AdminError> {
        let ports = self.may(Matter::Settings)?;
        let Plan { before, after, makes_key, .. } = plan;
        let (planned, after, makes_key) = (before.version, after.clone(), *makes_key);
        self.finish(async move {
            let change = ports.current.change().await;
            let before = change.before();
            if before.version != planned {
                return Err(AdminError::Stale { version: before.version });
            }
            let key = match makes_key {
                true => Some(ports.make_number_key().await?),
                false => before.site.number_key.clone(),
            };
            let (changed, loaded) = ports.save(before, after, key, false).await?;
            if let Some(loaded) = loaded {
                change.done(loaded);
            }
            if changed.deleted > 0 {
                ports.current.altered(None, [Altered::Everything]);
            }
            Ok(changed)
        })
        .await
    }
}

impl<S: Store, D, H> Ports<S, D, H> {
    fn draft(
        &self,
        loaded: &Loaded,
        changes: &[(String, String)],
        expected: Option<u64>,
    ) -> Result<Plan, AdminError> {
        for (position, (key, _)) in changes.iter().enumerate() {
            if changes.iter().take(position).any(|(other, _)| other == key) {
                return Err(AdminError::Twice(key.clone()));
            }
        }
        let (version, before) = (loaded.version, &loaded.site.settings);
        let pairs = changes.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let after = before.changed(pairs)?;
        if expected.is_some_and(|expected| expected != version) {
            return Err(AdminError::Stale { version });
        }
        let keyed = |settings: &Settings| settings.card.number == CardNumberRule::Keyed;
        let is_asked = changes.is_empty() || changes.iter().any(|(key, _)| key == "card.number");
        let lacks_key = keyed(&after) && loaded.site.number_key.is_none();
        if lacks_key && keyed(before) && is_asked {
            // Another key would fit none of the numbers there are.
            return Err(AdminError::NumberKeyMissing(self.keys.place()));
        }
        Ok(Plan {
            changed: before.differences(&after),
            before: Versioned { version, settings: before.clone() },
            makes_key: lacks_key && !keyed(before),
            after,
            renumbered: 0,
            deleted: 0,
        })
    }

    async fn make_number_key(&self) -> Result<NumberKey, AdminError> {
        let keys = Arc::clone(&self.keys);
        let made = tokio::task::spawn_blocking(move || keys.number_key_or_new()).await;
        made.map_err(|error| AdminError::Internal(error.to_string()))?.map_err(AdminError::Key)
    }

    async fn save(
        &self,
        before: &Loaded,
        settings: Settings,
        number_key: Option<NumberKey>,
        try_only: bool,
    ) -> Result<(Changed, Option<Loaded>), AdminError> {
        let version = before.version;
        let old = &before.site.settings;
        let keys: Vec<_> = old.differences(&settings).into_iter().map(|one| one.key).collect();
        if settings == *old {
            return Ok((Changed { version, keys, renumbered: 0, deleted: 0 }, None));
        }
        let renumbers = settings.card.number != old.card.number;
        let external = |settings: &Settings| settings.method() == Method::External;
        let deletes_users = external(&settings) != external(old);
        let site = Arc::new(Site {
            number_key,
            has_directory: before.site.has_directory,
            ..Site::new(settings)?
        });
        let stored = SettingsToStore {
            expected: version,
            json: site.settings.to_json(),
            keys: keys.clone(),
            renumber: renumbers.then(|| Arc::clone(&site)),
            deletes_users,
            try_only,
            at: self.clock.wall(),
        };
        match self.store.save_settings(stored).await.map_err(AdminError::Unsaved)? {
            SaveOutcome::Saved { version, renumbered, deleted } => {
                let changed = Changed { version, keys, renumbered, deleted };
                Ok((changed, Some(Loaded { version, site })))
            }
            SaveOutcome::Stale { version } => Err(AdminError::Stale { version }),
            SaveOutcome::Collisions(collisions) => Err(AdminError::Collisions(collisions)),
        }
    }
}
