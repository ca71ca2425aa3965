use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use kazasu_hal::{Event, StationName};
use kazasu_registration::{ClockWatch, ReaderWatch};
use tokio::{
    sync::{broadcast, mpsc, watch},
    task::JoinSet,
    time::sleep,
};

use crate::{
    AdminError, Argon2id, Authority, Directory, Hasher, Keys, Loaded, NoKeys, Office, Stations,
    Store, WallClock,
    begun::Begun,
    clock::{Clock, until},
    current::Current,
    guard::Guard,
    ledger, leftovers,
    log::Log,
    passwords::Passwords,
    perform::Ports,
    station::StationTask,
    stations::StationHandle,
};

/// How many panel actions may wait for one station.
const ACTS_MAX: usize = 16;
/// How many reader events may wait for one station.
const EVENTS_MAX: usize = 64;
/// How many wishes are worked on at a time.
const WISHES_PARALLEL: usize = 4;
/// The same of those who sign in from the network, who keep no administrator waiting. Most of them
/// only wait, so that nobody learns anything from the time.
const SIGN_INS_PARALLEL: usize = 8;
/// How often the clocks are compared.
const CLOCK_EVERY: Duration = Duration::from_secs(10);

/// What a service works with, beside its records and its directory.
#[derive(Debug)]
pub struct Means<H = Argon2id> {
    /// What hashes passwords.
    pub hasher: H,
    /// What records are dated by.
    pub wall_clock: WallClock,
    /// Where keys are kept.
    pub keys: Arc<dyn Keys>,
}

impl<H: Default> Default for Means<H> {
    fn default() -> Self {
        Self { hasher: H::default(), wall_clock: WallClock::default(), keys: Arc::new(NoKeys) }
    }
}

/// The running service, cheap to clone. Surfaces get what they need of it: a panel
/// [`Service::stations`], whoever administers [`Service::office`].
pub struct Service<S, D, H = Argon2id>(Arc<Shared<S, D, H>>);

struct Shared<S, D, H> {
    stations: Stations,
    /// `None` once the service ends: then nobody holds the store any more.
    ports: Mutex<Option<Arc<Ports<S, D, H>>>>,
    wishes: Begun,
    sign_ins: Begun,
    log: Mutex<Option<Log>>,
    compared: Arc<AtomicU64>,
    stop: watch::Sender<bool>,
    tasks: tokio::sync::Mutex<JoinSet<()>>,
}

impl<S: Store, D: Directory> Service<S, D> {
    /// Starts a task for each station. Call it inside a tokio runtime. `events` should have been
    /// subscribed before the readers started, so that none is missed.
    pub fn start(
        store: Arc<S>,
        directory: Arc<D>,
        loaded: Loaded,
        stations: Vec<StationName>,
        events: broadcast::Receiver<Event>,
    ) -> Self {
        Self::start_with(Means::default(), store, directory, loaded, stations, events)
    }
}

impl<S: Store, D: Directory, H: Hasher> Service<S, D, H> {
    /// The same with other means than the usual.
    pub fn start_with(
        means: Means<H>,
        store: Arc<S>,
        directory: Arc<D>,
        loaded: Loaded,
        stations: Vec<StationName>,
        events: broadcast::Receiver<Event>,
    ) -> Self {
        let clock = Clock::new(means.wall_clock);
        let passwords = Arc::new(Passwords::new(means.hasher));
        let compared = passwords.compared();
        let current = Arc::new(Current::new(loaded));
        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let guard = Guard::new(Arc::clone(&store), Arc::clone(&current), clock.clone());
        let (ledger, sources) = (Arc::clone(&guard.ledger), Arc::clone(&guard.sources));
        let (log, records) = Log::new(clock.clone(), Arc::clone(&ledger));
        tasks.spawn(ledger::keep(Arc::clone(&ledger), Arc::clone(&store), records));
        let ports = Arc::new(Ports {
            store: Arc::clone(&store),
            directory,
            passwords,
            current: Arc::clone(&current),
            guard: Arc::new(guard),
            clock: clock.clone(),
            keys: means.keys,
        });
        let mut handles = Vec::with_capacity(stations.len());
        let mut routes = BTreeMap::new();
        for name in stations {
            let (acts, incoming) = mpsc::channel(ACTS_MAX);
            let task = StationTask::new(name.clone(), Arc::clone(&ports), log.clone());
            let (route, heard) = mpsc::channel(EVENTS_MAX);
            routes.insert(name.clone(), route);
            handles.push(StationHandle { name, view: task.view(), acts });
            tasks.spawn(task.run(heard, incoming, stopping.clone()));
        }
        tasks.spawn(route(events, routes, log.clone(), stopping.clone()));
        tasks.spawn(leftovers::expire(store, current, clock.clone(), stopping));
        let stations = Stations::new(handles, clock, ledger, sources, log.for_surfaces());
        Self(Arc::new(Shared {
            stations,
            ports: Mutex::new(Some(ports)),
            wishes: Begun::new(WISHES_PARALLEL),
            sign_ins: Begun::new(SIGN_INS_PARALLEL),
            log: Mutex::new(Some(log)),
            compared,
            stop,
            tasks: tokio::sync::Mutex::new(tasks),
        }))
    }

    /// The stations, and nothing else of the service: what a panel gets.
    #[must_use]
    pub fn stations(&self) -> &Stations {
        &self.0.stations
    }

    /// Where wishes of this authority are carried out.
    #[must_use]
    pub fn office(&self, authority: &Authority) -> Office<'_, S, D, H> {
        Office::new(self, authority.clone())
    }

    /// How many typed passwords were compared with a stored one since the start; those that the
    /// lock-out refused were not.
    #[must_use]
    pub fn passwords_compared(&self) -> u64 {
        self.0.compared.load(Ordering::Relaxed)
    }

    /// Records whenever the calendar clock is set (S40-4-09), until the service stops.
    pub async fn watch_clock(&self) {
        let mut watch = ClockWatch::new(self.stations().now());
        loop {
            sleep(CLOCK_EVERY).await;
            if let Some(event) = watch.look(self.stations().now()) {
                match self.office(&Authority::SERVICE).record_audit(event).await {
                    Ok(()) => {}
                    Err(AdminError::Stopped) => return,
                    Err(error) => tracing::error!(%error, "a set clock could not be audited"),
                }
            }
        }
    }

    /// Ends every task and waits for them; audit records that are queued are written first.
    /// Calls that come later get `Stopped`.
    pub async fn shutdown(&self) {
        self.0.stop.send_replace(true);
        self.0.wishes.end().await;
        self.0.sign_ins.end().await;
        drop(self.0.ports.lock().unwrap_or_else(PoisonError::into_inner).take());
        // Whoever was refused until here is in the log.
        drop(self.0.log.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut tasks = self.0.tasks.lock().await;
        while tasks.join_next().await.is_some() {}
    }

    pub(crate) fn ports(&self) -> Result<Arc<Ports<S, D, H>>, AdminError> {
        let ports = self.0.ports.lock().unwrap_or_else(PoisonError::into_inner);
        ports.clone().ok_or(AdminError::Stopped)
    }

    /// Finishes what was begun, whether or not it is waited for.
    pub(crate) async fn finish<T: Send + 'static>(
        &self,
        wish: impl Future<Output = Result<T, AdminError>> + Send + 'static,
    ) -> Result<T, AdminError> {
        self.0.wishes.finish(wish).await.ok_or(AdminError::Stopped)?
    }

    /// The same for a sign-in from the network; `None` where the service ends.
    pub(crate) async fn finish_sign_in<T: Send + 'static>(
        &self,
        check: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.0.sign_ins.finish(check).await
    }
}

impl<S, D, H> Clone for Service<S, D, H> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S, D, H> fmt::Debug for Service<S, D, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("stations", &self.0.stations).finish_non_exhaustive()
    }
}

/// Brings each event to its station, and has the log told of what becomes of readers. Ends with the
/// readers or the service.
async fn route(
    mut events: broadcast::Receiver<Event>,
    routes: BTreeMap<StationName, mpsc::Sender<Event>>,
    log: Log,
    mut stop: watch::Receiver<bool>,
) {
    let clock = log.clock();
    let mut watch = ReaderWatch::default();
    loop {
        while let Some(told) = watch.poll_output(clock.mono()) {
            log.tell_at(told);
        }
        let timer = watch.poll_timeout().and_then(|at| clock.instant(at));
        let event = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            event = events.recv() => event,
            () = until(timer) => continue,
        };
        match event {
            Ok(event) => {
                watch.heard(clock.mono(), &event);
                if let Some(station) = routes.get(&event.station) {
                    // Fails only where the station's task has ended with the service.
                    let _ = station.send(event).await;
                }
            }
            Err(broadcast::error::RecvError::Lagged(count)) => {
                tracing::warn!(count, "reader events were lost: this machine is too slow");
            }
            Err(broadcast::error::RecvError::Closed) => break,
        }
    }
    while let Some(told) = watch.poll_rest() {
        log.tell_at(told);
    }
}
