use std::sync::Arc;

use kazasu_registration::{Altered, Method, NumberKey, Settings, Site};

use super::{AdminError, Matter, Office};
use crate::{
    Directory, Hasher, Loaded, SaveOutcome, SettingsToStore, Store, StoredSettings,
    current::Change, perform::Ports,
};

/// Settings and their version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// Counts from 1; 0 where none were ever stored.
    pub version: u64,
    /// The settings.
    pub settings: Settings,
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

    /// The versions that are kept, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn settings_history(&self) -> Result<Vec<StoredSettings>, AdminError> {
        let ports = self.may(Matter::Settings)?;
        self.finish(async move { Ok(ports.store.settings_history().await?) }).await
    }

    /// Changes settings, given by key and value, all at once; cards get new numbers where the
    /// rule for them changes, and all stations go by the new settings from then on. Where a
    /// version is given, that one must be in force.
    ///
    /// # Errors
    /// No such key, a value it cannot have, settings that cannot be together; another version;
    /// numbers that collide; the store's.
    pub async fn change_settings(
        &self,
        changes: Vec<(String, String)>,
        expected: Option<u64>,
    ) -> Result<Changed, AdminError> {
        let ports = self.may(Matter::Settings)?;
        self.finish(async move {
            let change = ports.current.change().await;
            let (changed, loaded) = ports.save(&change, &changes, expected, false).await?;
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

    /// What [`Office::change_settings`] would answer. Stores nothing.
    ///
    /// # Errors
    /// The same.
    pub async fn check_settings(
        &self,
        changes: Vec<(String, String)>,
    ) -> Result<Changed, AdminError> {
        let ports = self.may(Matter::Settings)?;
        self.finish(async move {
            let change = ports.current.change().await;
            Ok(ports.save(&change, &changes, None, true).await?.0)
        })
        .await
    }

    /// Whether the keyed card number form has its key.
    ///
    /// # Errors
    /// [`AdminError::Stopped`].
    pub async fn has_number_key(&self) -> Result<bool, AdminError> {
        let ports = self.may(Matter::Settings)?;
        let current = ports.current.read().await;
        Ok(current.site.number_key.is_some())
    }

    /// Gives the keyed card number form its key. Keeping it is the caller's matter.
    ///
    /// # Errors
    /// There is one already.
    pub async fn set_number_key(&self, key: NumberKey) -> Result<(), AdminError> {
        let ports = self.may(Matter::Settings)?;
        let change = ports.current.change().await;
        let before = change.before();
        if before.site.number_key.is_some() {
            return Err(AdminError::NumberKeySet);
        }
        let site = Site { number_key: Some(key), ..Site::clone(&before.site) };
        let loaded = Loaded { version: before.version, site: Arc::new(site) };
        change.done(loaded);
        Ok(())
    }
}

impl<S: Store, D, H> Ports<S, D, H> {
    async fn save(
        &self,
        change: &Change<'_>,
        changes: &[(String, String)],
        expected: Option<u64>,
        try_only: bool,
    ) -> Result<(Changed, Option<Loaded>), AdminError> {
        let before = change.before();
        let version = before.version;
        if expected.is_some_and(|expected| expected != version) {
            return Err(AdminError::Stale { version });
        }
        let old = &before.site.settings;
        let pairs = changes.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let settings = old.changed(pairs)?;
        let keys: Vec<_> = old.differences(&settings).into_iter().map(|one| one.key).collect();
        if settings == *old {
            return Ok((Changed { version, keys, renumbered: 0, deleted: 0 }, None));
        }
        let renumbers = settings.card.number != old.card.number;
        let external = |settings: &Settings| settings.method() == Method::External;
        let deletes_users = external(&settings) != external(old);
        let site = Arc::new(Site {
            number_key: before.site.number_key.clone(),
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
