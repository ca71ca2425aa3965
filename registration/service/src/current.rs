use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use kazasu_hal::{CardIdentity, StationName};
use kazasu_registration::{Altered, NumberKey, Settings, Site};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard, broadcast, watch};

use crate::{AdminError, Store};

/// The settings that a service or an administrator starts with.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Their version in the store; 0 where none were ever stored.
    pub version: u64,
    /// What the stations go by.
    pub site: Arc<Site>,
}

impl Loaded {
    /// Reads the settings of a store; the defaults where none were ever stored. `number_key` is
    /// for the keyed card number form.
    ///
    /// # Errors
    /// The store's; 707 where nobody can go by what is stored.
    pub async fn from_store<S: Store>(
        store: &S,
        number_key: Option<NumberKey>,
        has_directory: bool,
    ) -> Result<Self, AdminError> {
        let unreadable = |error: &dyn std::error::Error| AdminError::Unreadable(error.to_string());
        let stored = store.load_settings().await.map_err(|e| unreadable(&e))?;
        let (version, settings) = match stored {
            Some(stored) => {
                let settings = Settings::from_json(&stored.json).map_err(|e| unreadable(&e))?;
                (stored.version, settings)
            }
            None => (0, Settings::default()),
        };
        let site = Site::new(settings).map_err(|e| unreadable(&e))?;
        Ok(Self { version, site: Arc::new(Site { number_key, has_directory, ..site }) })
    }
}

/// A site whose settings were never stored.
impl From<Site> for Loaded {
    fn from(site: Site) -> Self {
        Self { version: 0, site: Arc::new(site) }
    }
}

/// How many changes of records may wait for one station; one that missed some is told that
/// everything changed.
const ALTERATIONS_MAX: usize = 64;

/// What changed at once, and the station at which it was done.
#[derive(Clone, Debug)]
pub(crate) struct Alteration {
    /// `None` where an administrator did it.
    pub(crate) at: Option<StationName>,
    pub(crate) what: Arc<[Altered]>,
}

/// The settings in force, for all who go by them; and what of the records changes under them.
///
/// Whoever stores a card's number reads it under the lock, and whoever changes the card number
/// rule holds the lock until all numbers are changed: no number of an old rule comes in late.
#[derive(Debug)]
pub(crate) struct Current {
    loaded: RwLock<Loaded>,
    told: watch::Sender<Arc<Site>>,
    altered: broadcast::Sender<Alteration>,
    in_use: Mutex<HashMap<StationName, Vec<CardIdentity>>>,
}

impl Current {
    pub(crate) fn new(loaded: Loaded) -> Self {
        let told = watch::Sender::new(Arc::clone(&loaded.site));
        let altered = broadcast::Sender::new(ALTERATIONS_MAX);
        Self { loaded: RwLock::new(loaded), told, altered, in_use: Mutex::default() }
    }

    pub(crate) fn site(&self) -> Arc<Site> {
        Arc::clone(&self.told.borrow())
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<Site>> {
        self.told.subscribe()
    }

    /// Notes whose cards are in use at a station.
    pub(crate) fn use_cards(&self, station: &StationName, cards: Vec<CardIdentity>) {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        if cards.is_empty() {
            in_use.remove(station);
        } else {
            in_use.insert(station.clone(), cards);
        }
    }

    /// The cards of people who are at a station now, and of whose jobs run.
    pub(crate) fn cards_in_use(&self) -> Vec<CardIdentity> {
        let in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        in_use.values().flatten().cloned().collect()
    }

    pub(crate) fn alterations(&self) -> broadcast::Receiver<Alteration> {
        self.altered.subscribe()
    }

    /// Tells every station that these records are not what they were; the one at which it was done
    /// knows.
    pub(crate) fn altered(&self, at: Option<StationName>, what: impl Into<Arc<[Altered]>>) {
        // Fails only where no station is there to hear of it.
        let _ = self.altered.send(Alteration { at, what: what.into() });
    }

    pub(crate) async fn read(&self) -> RwLockReadGuard<'_, Loaded> {
        self.loaded.read().await
    }

    pub(crate) async fn change(&self) -> Change<'_> {
        Change { loaded: self.loaded.write().await, told: &self.told }
    }
}

/// The one who may change the settings now.
pub(crate) struct Change<'a> {
    loaded: RwLockWriteGuard<'a, Loaded>,
    told: &'a watch::Sender<Arc<Site>>,
}

impl Change<'_> {
    pub(crate) fn before(&self) -> &Loaded {
        &self.loaded
    }

    /// What is stored counts from now on, everywhere.
    pub(crate) fn done(mut self, loaded: Loaded) {
        self.told.send_replace(Arc::clone(&loaded.site));
        *self.loaded = loaded;
    }
}
