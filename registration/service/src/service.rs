use std::{
    collections::BTreeMap,
    fmt,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use kazasu_hal::{Event, Now, StationName};
use kazasu_registration::{
    AuditEvent, AuditRecord, Claimed, DeviceEvent, PanelAction, ReaderWatch, RefusalKind, Refused,
    SessionView,
};
use tokio::{
    sync::{Mutex, broadcast, mpsc, oneshot, watch},
    task::JoinSet,
};

use crate::{
    Admin, Argon2id, Directory, Hasher, Loaded, Store, WallClock,
    clock::{Clock, until},
    current::Current,
    guard::{Guard, Refusal},
    ledger::{self, Ledger},
    leftovers,
    passwords::Passwords,
    perform::Ports,
    requests::{self, ADMIN_PARALLEL, AdminRequest, SIGN_INS_PARALLEL, administrate},
    sources::Sources,
    station::{Act, StationTask, What},
};

/// How many panel actions may wait for one station.
const ACTS_MAX: usize = 16;
/// How many reader events may wait for one station.
const EVENTS_MAX: usize = 64;
/// How many audit records may wait for the store.
const AUDIT_MAX: usize = 256;

/// Why an action on a page came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// No station of this name.
    #[error("no such station")]
    NoSuchStation,
    /// The page belongs to a session that is over.
    #[error("the session is over")]
    SessionOver,
    /// The service is shutting down.
    #[error("the service is stopping")]
    Stopped,
}

/// What a service works with, beside its records and its directory.
#[derive(Debug, Default)]
pub struct Means<H = Argon2id> {
    /// What hashes passwords.
    pub hasher: H,
    /// What records are dated by.
    pub wall_clock: WallClock,
}

/// The running service: one handle for every surface, cheap to clone.
#[derive(Clone)]
pub struct Service {
    shared: Arc<Shared>,
}

struct Shared {
    /// In the order given; few enough to search.
    stations: Vec<StationHandle>,
    admin: mpsc::Sender<AdminRequest>,
    sign_ins: mpsc::Sender<AdminRequest>,
    clock: Clock,
    compared: Arc<AtomicU64>,
    ledger: Arc<Ledger>,
    sources: Arc<Sources>,
    stop: watch::Sender<bool>,
    tasks: Mutex<JoinSet<()>>,
}

struct StationHandle {
    name: StationName,
    view: watch::Receiver<SessionView>,
    acts: mpsc::Sender<Act>,
}

impl Service {
    /// Starts a task for each station and one for administration. Call it inside a tokio runtime.
    /// `events` should have been subscribed before the readers started, so that none is missed.
    pub fn start<S: Store, D: Directory>(
        store: Arc<S>,
        directory: Arc<D>,
        loaded: Loaded,
        stations: Vec<StationName>,
        events: broadcast::Receiver<Event>,
    ) -> Self {
        let means = Means::<Argon2id>::default();
        Self::start_with(means, store, directory, loaded, stations, events)
    }

    /// The same with other means than the usual.
    pub fn start_with<S: Store, D: Directory, H: Hasher>(
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
        let (audit, records) = mpsc::channel(AUDIT_MAX);
        let mut tasks = JoinSet::new();
        let guard = Guard::new(Arc::clone(&store), Arc::clone(&current), clock.clone());
        let (ledger, sources) = (Arc::clone(&guard.ledger), Arc::clone(&guard.sources));
        tasks.spawn(ledger::keep(Arc::clone(&ledger), Arc::clone(&store), records));
        let ports = Arc::new(Ports {
            store: Arc::clone(&store),
            directory: Arc::clone(&directory),
            passwords: Arc::clone(&passwords),
            current: Arc::clone(&current),
            guard: Arc::new(guard),
            clock: clock.clone(),
        });
        let mut handles = Vec::with_capacity(stations.len());
        let mut routes = BTreeMap::new();
        for name in stations {
            let (acts, incoming) = mpsc::channel(ACTS_MAX);
            let ports = Arc::clone(&ports);
            let task = StationTask::new(name.clone(), ports, audit.clone(), clock.clone());
            let (route, heard) = mpsc::channel(EVENTS_MAX);
            routes.insert(name.clone(), route);
            handles.push(StationHandle { name, view: task.view(), acts });
            tasks.spawn(task.run(heard, incoming, stopping.clone()));
        }
        let log = AuditQueue { clock: clock.clone(), ledger: Arc::clone(&ledger), audit };
        tasks.spawn(route(events, routes, log.clone(), stopping.clone()));

        tasks.spawn(leftovers::expire(
            Arc::clone(&store),
            Arc::clone(&current),
            clock.clone(),
            stopping.clone(),
        ));
        let (admin, asked) = requests::queue();
        let (sign_ins, signing_in) = requests::queue();
        let guard = Arc::clone(&ports.guard);
        let office = Arc::new(Admin::beside(store, current, passwords, guard, clock.clone()));
        for (asked, parallel) in [(asked, ADMIN_PARALLEL), (signing_in, SIGN_INS_PARALLEL)] {
            let (office, directory) = (Arc::clone(&office), Arc::clone(&directory));
            let (stopping, log) = (stopping.clone(), log.clone());
            tasks.spawn(async move {
                administrate(office, directory, asked, parallel, stopping).await;
                // Whoever is refused until here is in the log.
                drop(log);
            });
        }
        drop(log);
        let tasks = Mutex::new(tasks);
        let stations = handles;
        let shared =
            Shared { stations, admin, sign_ins, clock, compared, ledger, sources, stop, tasks };
        Self { shared: Arc::new(shared) }
    }

    /// The stations, in the order given: the first one is where a panel starts.
    #[must_use]
    pub fn stations(&self) -> Vec<StationName> {
        self.shared.stations.iter().map(|s| s.name.clone()).collect()
    }

    /// What a panel may show of a station, now and whenever it changes.
    #[must_use]
    pub fn view(&self, station: &StationName) -> Option<watch::Receiver<SessionView>> {
        Some(self.station(station)?.view.clone())
    }

    /// The clock that [`SessionView::clears_at`] is measured by.
    #[must_use]
    pub fn now(&self) -> Now {
        self.shared.clock.now()
    }

    /// How many typed passwords were compared with a stored one since the start; those that the
    /// lock-out refused were not.
    #[must_use]
    pub fn passwords_compared(&self) -> u64 {
        self.shared.compared.load(Ordering::Relaxed)
    }

    /// Passes on what a person did on a page that showed `session`. When it returns, the view
    /// shows what came of it.
    ///
    /// # Errors
    /// [`ActError`]; what the machine refuses is shown on the page instead.
    pub async fn act(
        &self,
        station: &StationName,
        session: u64,
        action: PanelAction,
    ) -> Result<(), ActError> {
        self.act_from(station, session, action, None).await
    }

    /// The same from a page that is not on this machine, at this address.
    ///
    /// # Errors
    /// [`ActError`].
    pub async fn act_from(
        &self,
        station: &StationName,
        session: u64,
        action: PanelAction,
        from: Option<IpAddr>,
    ) -> Result<(), ActError> {
        self.tell(station, What::Panel { session, action, from }).await
    }

    /// Whether somebody at this address may type a password now. Each is counted when it is checked.
    ///
    /// # Errors
    /// 3065 where too many from there were wrong of late, and until when.
    pub async fn may_type(&self, from: IpAddr, station: &StationName) -> Result<(), Refusal> {
        let Err(refusal) = self.shared.sources.check(from) else { return Ok(()) };
        self.limited(Some(station), Some(from)).await;
        Err(refusal)
    }

    /// Lets somebody at this address try a password, before it is looked at. It counts as wrong until
    /// it was found right.
    pub(crate) async fn admit(&self, from: IpAddr) -> Result<(), Refusal> {
        let Err(refusal) = self.shared.sources.admit(from) else { return Ok(()) };
        self.limited(None, Some(from)).await;
        Err(refusal)
    }

    /// Somebody typed a password, and it was not looked at: there were too many. The log says so.
    pub async fn limited(&self, station: Option<&StationName>, from: Option<IpAddr>) {
        let (who, kind) = (Claimed::Unknown, RefusalKind::Limited);
        let refused = Refused { who, card: None, kind, from };
        if let Some(record) = self.shared.ledger.refused(station, refused)
            && let Err(error) = self.write_audit(record).await
        {
            tracing::error!(%error, "a sign-in that was refused could not be audited");
        }
    }

    /// Passes on what the device around a station's reader reports. When it returns, the view
    /// shows what came of it.
    ///
    /// # Errors
    /// [`ActError`], never `SessionOver`.
    pub async fn device(&self, station: &StationName, event: DeviceEvent) -> Result<(), ActError> {
        self.tell(station, What::Device(event)).await
    }

    async fn tell(&self, station: &StationName, what: What) -> Result<(), ActError> {
        let handle = self.station(station).ok_or(ActError::NoSuchStation)?;
        let (reply, answer) = oneshot::channel();
        handle.acts.send(Act { what, reply }).await.map_err(|_| ActError::Stopped)?;
        answer.await.map_err(|_| ActError::Stopped)?
    }

    /// Ends every task and waits for them; audit records that are queued are written first.
    /// Calls that come later get `Stopped`.
    pub async fn shutdown(&self) {
        self.shared.stop.send_replace(true);
        let mut tasks = self.shared.tasks.lock().await;
        while tasks.join_next().await.is_some() {}
    }

    fn station(&self, name: &StationName) -> Option<&StationHandle> {
        self.shared.stations.iter().find(|s| s.name == *name)
    }

    pub(crate) fn admin(&self) -> &mpsc::Sender<AdminRequest> {
        &self.shared.admin
    }

    pub(crate) fn sign_ins(&self) -> &mpsc::Sender<AdminRequest> {
        &self.shared.sign_ins
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("stations", &self.stations()).finish_non_exhaustive()
    }
}

/// Brings each event to its station, and has the log told of what becomes of readers. Ends with the
/// readers or the service.
async fn route(
    mut events: broadcast::Receiver<Event>,
    routes: BTreeMap<StationName, mpsc::Sender<Event>>,
    log: AuditQueue,
    mut stop: watch::Receiver<bool>,
) {
    let clock = &log.clock;
    let mut watch = ReaderWatch::default();
    loop {
        while let Some(told) = watch.poll_output(clock.mono()) {
            log.write(told);
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
        log.write(told);
    }
}

/// The way to the log for whoever does not wait for it.
#[derive(Clone)]
struct AuditQueue {
    clock: Clock,
    ledger: Arc<Ledger>,
    audit: mpsc::Sender<AuditRecord>,
}

impl AuditQueue {
    fn write(&self, (station, event): (StationName, AuditEvent)) {
        let at = self.clock.wall();
        if self.audit.try_send(AuditRecord { at, station: Some(station), event }).is_err() {
            tracing::error!("an audit record of a reader was lost: queue full");
            self.ledger.lost(at);
        }
    }
}
