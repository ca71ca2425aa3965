//! A running service, its readers, its panels.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use kazasu_hal::{Card, Event, EventKind, ReaderName, StationName, SystemCode};
use kazasu_ports::ScriptedDirectory;
use kazasu_registration::{
    CardNumber, ErrorCode, MailAddress, Notice, NumberKey, Page, Problem, SessionView, Settings,
    SignInAs, Site, Source, UserEntry, UserId, UserKey, UserName,
};
use kazasu_service::{
    AdminError, Argon2id, Authority, Changed, Directory, KeyError, Keys, Loaded, Means,
    NoDirectory, Office, PanelAction, Person, Plan, Rights, Service, Store, WallClock,
};
use kazasu_sqlite::SqliteStore;
use kazasu_store_contract::Memory;
use tempfile::TempDir;
use tokio::{
    sync::{broadcast, watch},
    time::{Instant, advance, pause, resume, sleep, timeout},
};

/// Where the audit log is retrieved from.
pub(crate) const RETRIEVAL: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// The service of a world.
pub(crate) type Served<S> = Service<S, ScriptedDirectory>;

/// Two stations, `desk` and `door`, over a store and a directory.
pub(crate) struct World<S> {
    pub(crate) service: Served<S>,
    pub(crate) store: Arc<S>,
    pub(crate) directory: Arc<ScriptedDirectory>,
    pub(crate) events: broadcast::Sender<Event>,
    /// Goes last.
    _folder: Option<TempDir>,
}

/// When the worlds begin, after 1970.
const MADE: Duration = Duration::from_secs(1_790_000_000);
const STATIONS: [&str; 2] = ["desk", "door"];

pub(crate) fn station(name: &str) -> StationName {
    StationName(name.to_owned())
}

pub(crate) fn card(n: u8) -> Card {
    Card::felica(&[0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, n], SystemCode::ANY, None, None).unwrap()
}

pub(crate) fn number(n: u8) -> CardNumber {
    CardNumber::of(&card(n).identity)
}

pub(crate) fn id(text: &str) -> UserId {
    UserId::new(text).unwrap()
}

pub(crate) fn key(text: &str) -> UserKey {
    id(text).into()
}

pub(crate) fn entry(user_id: &str, password: &str) -> UserEntry {
    UserEntry {
        user_id: user_id.to_owned(),
        password: Some(password.to_owned().into()),
        ..UserEntry::default()
    }
}

pub(crate) fn submit_to(source: Source, user_id: &str, password: &str) -> PanelAction {
    let (user_id, password) = (user_id.to_owned(), password.to_owned().into());
    PanelAction::Submit { source, user_id, password }
}

pub(crate) fn submit(user_id: &str, password: &str) -> PanelAction {
    submit_to(Source::Device, user_id, password)
}

pub(crate) fn registered(page: &Page) -> bool {
    matches!(page, Page::Notice(Notice::Registered { .. }))
}

pub(crate) fn idle(page: &Page) -> bool {
    matches!(page, Page::Idle { .. })
}

/// The default settings with some changed.
pub(crate) fn with(changes: &[(&str, &str)]) -> Settings {
    Settings::default().changed(changes.iter().copied()).unwrap()
}

/// The same as an administrator types them.
pub(crate) fn changes(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}

impl World<Memory> {
    pub(crate) fn memory(settings: Settings) -> Self {
        Self::start(Memory::new(), settings, None)
    }

    /// The calendar keeps pace with the time of the test, wherever that stands still or is skipped.
    pub(crate) fn in_step(settings: Settings) -> Self {
        let start = Instant::now();
        let wall_clock = WallClock::new(move || SystemTime::UNIX_EPOCH + MADE + start.elapsed());
        Self::start_at(Memory::new(), settings, None, wall_clock)
    }
}

impl World<SqliteStore> {
    pub(crate) fn sqlite(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("kazasu.db")).unwrap();
        Self::start(store, settings, Some(folder))
    }
}

fn serve<S: Store>(
    store: &Arc<S>,
    directory: &Arc<ScriptedDirectory>,
    settings: Settings,
    stations: &[&str],
    wall_clock: WallClock,
) -> (broadcast::Sender<Event>, Served<S>) {
    let (events, heard) = broadcast::channel(64);
    let site = Site { has_directory: true, ..Site::new(settings).unwrap() };
    let service = Service::start_with(
        Means {
            wall_clock,
            keys: Arc::new(KeyInMemory::default()),
            ..Means::<Argon2id>::default()
        },
        Arc::clone(store),
        Arc::clone(directory),
        Loaded::from(site),
        stations.iter().map(|name| station(name)).collect(),
        heard,
    );
    (events, service)
}

/// Changes settings as a command does.
pub(crate) async fn apply(
    office: &Office<'_, impl Store, impl Directory>,
    changes: Vec<(String, String)>,
    expected: Option<u64>,
) -> Result<Changed, AdminError> {
    office.commit(&office.draft(&changes, expected).await?).await
}

/// What a check of such a change says.
pub(crate) async fn planned(
    office: &Office<'_, impl Store, impl Directory>,
    changes: Vec<(String, String)>,
) -> Result<Changed, AdminError> {
    let Plan { before, changed, renumbered, deleted, .. } = office.plan(changes).await?;
    let version = before.version + u64::from(!changed.is_empty());
    let keys = changed.into_iter().map(|change| change.key).collect();
    Ok(Changed { version, keys, renumbered, deleted })
}

/// Keeps a key as the data folder does.
#[derive(Debug, Default)]
pub(crate) struct KeyInMemory(pub(crate) Mutex<Option<NumberKey>>);

impl Keys for KeyInMemory {
    fn number_key_or_new(&self) -> Result<NumberKey, KeyError> {
        let key = || NumberKey::new([1; NumberKey::LEN].into());
        Ok(self.0.lock().unwrap().get_or_insert_with(key).clone())
    }

    fn place(&self) -> String {
        "in memory".to_owned()
    }
}

/// A service without stations, such as a command starts where none runs.
pub(crate) fn alone<S: Store>(store: &Arc<S>, loaded: Loaded) -> Service<S, NoDirectory> {
    let (_, heard) = broadcast::channel(1);
    Service::start(Arc::clone(store), Arc::new(NoDirectory), loaded, Vec::new(), heard)
}

impl<S: Store> World<S> {
    fn start(store: S, settings: Settings, folder: Option<TempDir>) -> Self {
        Self::start_at(store, settings, folder, WallClock::default())
    }

    fn start_at(
        store: S,
        settings: Settings,
        folder: Option<TempDir>,
        wall_clock: WallClock,
    ) -> Self {
        let store = Arc::new(store);
        let directory = Arc::new(ScriptedDirectory::new());
        let (events, service) = serve(&store, &directory, settings, &STATIONS, wall_clock);
        Self { service, store, directory, events, _folder: folder }
    }

    /// Ends the service and starts another on the same store.
    pub(crate) async fn restart(&mut self, settings: Settings) {
        self.restart_at(settings, &STATIONS).await;
    }

    /// The same with other stations.
    pub(crate) async fn restart_at(&mut self, settings: Settings, stations: &[&str]) {
        self.service.shutdown().await;
        (self.events, self.service) =
            serve(&self.store, &self.directory, settings, stations, WallClock::default());
    }

    /// What an administrator beside the device is given.
    pub(crate) fn office(&self) -> Office<'_, S, ScriptedDirectory> {
        self.service.office(&Authority::OWNER)
    }

    pub(crate) async fn add(&self, user_id: &str, password: &str) {
        self.office().add_user(entry(user_id, password)).await.unwrap();
    }

    /// Somebody in the directory, who types `user_id` in capitals.
    pub(crate) fn add_to_directory(&self, user_id: &str, password: &str) {
        self.add_to_directory_as(&user_id.to_uppercase(), user_id, password);
    }

    /// Somebody who types this and is called that by the directory.
    pub(crate) fn add_to_directory_as(&self, typed: &str, user_id: &str, password: &str) {
        let person = Person {
            id: id(user_id),
            name: UserName::new(&format!("{user_id} D")).unwrap(),
            mail: MailAddress::new(&format!("{user_id}@example.jp")).ok(),
            card: None,
            rights: Rights::default(),
        };
        self.directory.add(id(typed), password, person);
    }

    pub(crate) fn event_at(&self, name: &str, reader: &str, kind: EventKind) {
        let reader = ReaderName(reader.to_owned());
        let time = SystemTime::UNIX_EPOCH;
        self.events.send(Event { time, reader, station: station(name), kind }).unwrap();
    }

    pub(crate) fn tap_at(&self, name: &str, n: u8) {
        self.event_at(name, "reader", EventKind::Presented(card(n)));
        self.event_at(name, "reader", EventKind::Confirmed(card(n)));
    }

    pub(crate) fn tap(&self, n: u8) {
        self.tap_at("desk", n);
    }

    pub(crate) fn view(&self, name: &str) -> watch::Receiver<SessionView> {
        self.service.stations().view(&station(name)).unwrap()
    }

    /// Waits until a station shows such a page; less long than any timer of a session.
    pub(crate) async fn shows(&self, name: &str, what: &str, page: impl Fn(&Page) -> bool) -> Page {
        let mut view = self.view(name);
        let waited = timeout(Duration::from_secs(6), view.wait_for(|v| page(&v.page))).await;
        match waited {
            Ok(view) => view.unwrap().page.clone(),
            Err(_) => panic!("{what}: {name} shows {:?}", self.view(name).borrow().page),
        }
    }

    pub(crate) async fn form_at(&self, name: &str) {
        self.shows(name, "form", |page| matches!(page, Page::Register { .. })).await;
    }

    pub(crate) async fn form(&self) {
        self.form_at("desk").await;
    }

    pub(crate) async fn registered(&self) {
        self.shows("desk", "registered", registered).await;
    }

    pub(crate) async fn idle(&self) {
        self.shows("desk", "idle", idle).await;
    }

    /// Who is signed in at the desk by now.
    pub(crate) async fn signed_in(&self) -> Option<String> {
        let signed_in = |page: &Page| matches!(page, Page::SignedIn { .. });
        match self.shows("desk", "signed in", signed_in).await {
            Page::SignedIn { name, .. } => name,
            _ => None,
        }
    }

    pub(crate) async fn shows_code(&self, name: &str, wanted: ErrorCode) {
        let shown = |page: &Page| code(page) == Some(wanted);
        self.shows(name, wanted.as_str(), shown).await;
    }

    pub(crate) async fn code(&self, wanted: ErrorCode) {
        self.shows_code("desk", wanted).await;
    }

    pub(crate) async fn act_at(&self, name: &str, action: PanelAction) {
        let session = self.view(name).borrow().session;
        self.service.stations().act(&station(name), session, action).await.unwrap();
    }

    pub(crate) async fn act(&self, action: PanelAction) {
        self.act_at("desk", action).await;
    }

    /// Types something until it is not too soon after wrong passwords any more; the page that
    /// answers it.
    pub(crate) async fn patiently(&self, action: PanelAction) -> Page {
        for _ in 0..200 {
            self.act(action.clone()).await;
            let page = self.shows("desk", "answer", |page| *page != Page::Checking).await;
            if code(&page) != Some(ErrorCode::TryLater) {
                return page;
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("too soon for too long");
    }

    /// Lets time pass. Nobody waits for it: where the store's thread keeps time from standing still,
    /// the clock is moved on.
    pub(crate) async fn later(&self, time: Duration) {
        if self._folder.is_none() {
            return sleep(time).await;
        }
        pause();
        advance(time).await;
        resume();
    }

    /// A card from its tap to the notice that it is registered.
    pub(crate) async fn register(&self, n: u8, user_id: &str, password: &str) {
        self.register_by(n, submit(user_id, password)).await;
    }

    pub(crate) async fn register_by(&self, n: u8, submit: PanelAction) {
        self.tap(n);
        self.form().await;
        self.act(submit).await;
        self.registered().await;
    }

    /// Types ID and password on the sign-in page.
    pub(crate) async fn sign_in(&self, signs_in: SignInAs, user_id: &str, password: &str) {
        self.sign_in_at("desk", signs_in, user_id, password).await;
    }

    pub(crate) async fn sign_in_at(
        &self,
        name: &str,
        signs_in: SignInAs,
        user_id: &str,
        password: &str,
    ) {
        let page_opened = |page: &Page| matches!(page, Page::SignIn { .. } | Page::AskWho { .. });
        if !page_opened(&self.view(name).borrow().page.clone()) {
            self.act_at(name, PanelAction::AuthenticationKey).await;
        }
        self.shows(name, "sign-in page", page_opened).await;
        self.act_at(name, PanelAction::SignInAs(signs_in)).await;
        let (user_id, password) = (user_id.to_owned(), password.to_owned().into());
        self.act_at(name, PanelAction::SignIn { user_id, password }).await;
    }

    pub(crate) async fn sign_out(&self) {
        self.act(PanelAction::AuthenticationKey).await;
        self.idle().await;
    }

    /// Whose the cards are: `tanaka ..01`, a leftover as `- ..01`, sorted.
    pub(crate) async fn cards(&self) -> Vec<String> {
        let cards = self.office().list_cards().await.unwrap();
        let mut lines: Vec<_> = cards
            .iter()
            .map(|(key, number)| {
                let who = match key {
                    UserKey::Registered(id) => id.as_str(),
                    UserKey::Provisional(_) => "-",
                };
                format!("{who} {}", number.as_str().trim_start_matches("012E4CE1000000"))
            })
            .collect();
        lines.sort();
        lines
    }
}

/// The code that a page shows.
pub(crate) fn code(page: &Page) -> Option<ErrorCode> {
    match page {
        Page::Notice(Notice::Problem(problem)) => Some(problem.code),
        Page::SignIn { problem, .. }
        | Page::AskPassword { problem }
        | Page::NewPassword { problem, .. }
        | Page::Register { problem, .. }
        | Page::SignedIn { problem, .. }
        | Page::OwnRecord { problem, .. }
        | Page::EngineerPassword { problem } => problem.as_ref().map(|Problem { code, .. }| *code),
        _ => None,
    }
}
