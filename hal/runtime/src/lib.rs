//! Supervises readers and turns what they see into clean tap events.
//!
//! ```text
//! Discoverer --Reader--> supervise --Report--> Taps --Event--> service, watchers
//!                 driver <-Request-- Runtime::request
//! ```
//! Knows no driver: it is handed a list of [`Discoverer`]s. It alone decides when a way to readers
//! is opened again, and what counts as a tap.

mod cause;
mod clock;
mod events;
mod requests;
mod resumed;
mod settings;
mod stations;
mod supervise;
mod taps;

use std::{
    mem,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use kazasu_hal::{Discoverer, Event, Fault, Operation, ReaderInfo, ReaderName};
use tokio::{
    sync::{broadcast, watch},
    task::JoinSet,
};

pub use cause::CAUSES;
pub use events::Events;
pub use requests::{Answer, RequestError};
pub use settings::TapSettings;
pub use stations::Stations;
pub use taps::Taps;

/// One way to readers, as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The selector of its discoverer.
    pub selector: String,
    /// Why it is closed at the moment, if it is; it is tried again by itself.
    pub fault: Option<Fault>,
    /// The readers that can be used through it.
    pub readers: Vec<ReaderInfo>,
}

/// The running supervisors. Dropping it lets go of every reader at some time;
/// [`Runtime::close`] waits for it.
#[derive(Debug)]
pub struct Runtime {
    tasks: Mutex<JoinSet<()>>,
    shared: supervise::Shared,
}

impl Default for Runtime {
    /// One station has all readers, and taps are what the specification calls taps.
    fn default() -> Self {
        Self::new(Stations::default(), TapSettings::default())
    }
}

impl Runtime {
    /// Knows no way to readers yet. [Subscribe](Self::subscribe) before [opening](Self::open) one, so
    /// as not to miss the first events.
    #[must_use]
    pub fn new(stations: Stations, settings: TapSettings) -> Self {
        let shared = supervise::Shared::new(stations, settings);
        Self { tasks: Mutex::new(JoinSet::new()), shared }
    }

    /// Supervises these ways from now on, beside those of before. Must be called inside a tokio
    /// runtime.
    pub fn open(&self, discoverers: Vec<Box<dyn Discoverer>>) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        for discoverer in discoverers {
            let index = self.shared.list(discoverer.selector());
            tasks.spawn(supervise::supervise(index, discoverer, self.shared.clone()));
        }
    }

    /// Lets go of every reader and waits until each was left as it was found, as far as its driver
    /// can do that without waiting for the reader.
    pub async fn close(&self) {
        let tasks = mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        { tasks }.shutdown().await;
    }

    /// The events from now on. Whoever falls behind by more than 1,024 is told how many were missed.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.shared.events().subscribe()
    }

    /// The events, for whoever comes later.
    #[must_use]
    pub fn events(&self) -> Events {
        self.shared.events().clone()
    }

    /// All ways to readers and what is attached to them; changes are announced.
    #[must_use]
    pub fn ways(&self) -> watch::Receiver<Vec<Way>> {
        self.shared.ways()
    }

    /// Has a reader do this with the card that lies there, between two rounds: taps go on meanwhile.
    ///
    /// After `within`, or once the future is dropped, nobody waits any more; a request that is on its
    /// way by then may still be carried out, so a write that is late may have been written.
    ///
    /// # Errors
    /// Why there is no answer. Nothing was written then, but with [`RequestError::Late`],
    /// [`RequestError::ReaderLost`] and [`RequestError::Refused`], where nobody knows.
    pub async fn request(
        &self,
        reader: &ReaderName,
        operation: Operation,
        within: Duration,
    ) -> Result<Answer, RequestError> {
        let (card, outcome) = self.shared.desks().hand_in(reader, operation)?;
        let came = tokio::time::timeout(within, outcome).await;
        requests::answer(card, came.map_err(|_| RequestError::Late)?)
    }
}
