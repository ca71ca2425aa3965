//! Supervises readers and turns what they see into clean tap events.
//!
//! ```text
//! Discoverer --Reader--> supervise --Report--> Taps --Event--> service, watchers
//! ```
//! Knows no driver: it is handed a list of [`Discoverer`]s. It alone decides when a way to readers
//! is opened again, and what counts as a tap.

mod clock;
mod events;
mod resumed;
mod settings;
mod stations;
mod supervise;
mod taps;

use kazasu_hal::{Discoverer, Event, Fault, ReaderInfo};
use tokio::sync::{broadcast, watch};
use tokio::{sync::Mutex, task::JoinSet};

pub use events::Events;
pub use settings::TapSettings;
pub use stations::Stations;
pub use taps::{Tap, Taps};

/// How many events a slow listener may fall behind before it is told that it missed some.
pub const EVENTS_MAX: usize = 1024;

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
    events: Events,
    ways: watch::Receiver<Vec<Way>>,
}

impl Runtime {
    /// Starts to supervise `discoverers`. Subscribe to `events` before, so as not to miss the
    /// first ones. Must be called inside a tokio runtime.
    #[must_use]
    pub fn start(
        discoverers: Vec<Box<dyn Discoverer>>,
        stations: Stations,
        settings: TapSettings,
        events: &broadcast::Sender<Event>,
    ) -> Self {
        let ways = discoverers
            .iter()
            .map(|d| Way { selector: d.selector().to_owned(), fault: None, readers: Vec::new() })
            .collect();
        let (ways_tx, ways) = watch::channel(ways);
        let events = Events::new(events.clone());
        let shared = supervise::Shared::new(stations, settings, events.clone(), ways_tx);
        let mut tasks = JoinSet::new();
        for (index, discoverer) in discoverers.into_iter().enumerate() {
            tasks.spawn(supervise::supervise(index, discoverer, shared.clone()));
        }
        Self { tasks: Mutex::new(tasks), events, ways }
    }

    /// Lets go of every reader and waits until each was left as it was found, as far as its driver
    /// can do that without waiting for the reader.
    pub async fn close(&self) {
        self.tasks.lock().await.shutdown().await;
    }

    /// The events, for whoever comes later.
    #[must_use]
    pub fn events(&self) -> Events {
        self.events.clone()
    }

    /// All ways to readers and what is attached to them; changes are announced.
    #[must_use]
    pub fn ways(&self) -> watch::Receiver<Vec<Way>> {
        self.ways.clone()
    }
}
