use std::sync::Arc;

use kazasu_registration::{
    Altered, DeviceSecret, Method, NumberKey, Password, PasswordOwner, Settings, Site,
};
use zeroize::Zeroizing;

use super::{Admin, AdminError};
use crate::{
    Hasher, Loaded, SaveOutcome, SettingsToStore, Store, StoredSettings, current::Change,
    perform::may_have_happened,
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

impl<S: Store, H: Hasher> Admin<S, H> {
    /// The settings in force.
    pub async fn settings(&self) -> Versioned {
        let current = self.current.read().await;
        Versioned { version: current.version, settings: current.site.settings.clone() }
    }

    /// The versions that are kept, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn settings_history(&self) -> Result<Vec<StoredSettings>, AdminError> {
        Ok(self.store.settings_history().await?)
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
        let change = self.current.change().await;
        let (changed, loaded) = self.save(&change, &changes, expected, false).await?;
        if let Some(loaded) = loaded {
            change.done(loaded);
        }
        if changed.deleted > 0 {
            self.current.altered(None, [Altered::Everything]);
        }
        Ok(changed)
    }

    /// What [`Admin::change_settings`] would answer. Stores nothing.
    ///
    /// # Errors
    /// The same.
    pub async fn check_settings(
        &self,
        changes: Vec<(String, String)>,
    ) -> Result<Changed, AdminError> {
        let change = self.current.change().await;
        Ok(self.save(&change, &changes, None, true).await?.0)
    }

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

    /// Whether the keyed card number form has its key.
    pub async fn has_number_key(&self) -> bool {
        self.current.read().await.site.number_key.is_some()
    }

    /// Gives the keyed card number form its key. Keeping it is the caller's matter.
    ///
    /// # Errors
    /// There is one already.
    pub async fn set_number_key(&self, key: NumberKey) -> Result<(), AdminError> {
        let change = self.current.change().await;
        let before = change.before();
        if before.site.number_key.is_some() {
            return Err(AdminError::NumberKeySet);
        }
        let site = Site { number_key: Some(key), ..Site::clone(&before.site) };
        let loaded = Loaded { version: before.version, site: Arc::new(site) };
        change.done(loaded);
        Ok(())
    }

    /// Sets or removes one of the device's own passwords.
    ///
    /// # Errors
    /// The rule it breaks; the store's.
    pub async fn set_secret(
        &self,
        which: DeviceSecret,
        password: Option<Zeroizing<String>>,
    ) -> Result<(), AdminError> {
        let verifier = match password {
            None => None,
            Some(password) => {
                let site = self.current.site();
                let administrator = site.settings.administrator.id.as_ref();
                let user_id = match (which, administrator) {
                    (DeviceSecret::KeyOperator, Some(id)) => id.as_str(),
                    _ => which.as_str(),
                };
                let owner = PasswordOwner { user_id, name: which.as_str() };
                let password = Password::new(password, site.password, owner)
                    .map_err(|error| AdminError::Fields(vec![error]))?;
                Some(self.passwords.hash(password).await?)
            }
        };
        let set = self.store.set_secret(which, verifier, self.clock.wall()).await;
        self.guard.forget_wrong();
        if may_have_happened(&set, |()| true) {
            self.current.altered(None, [Altered::Secret(which)]);
        }
        Ok(set?)
    }
}
