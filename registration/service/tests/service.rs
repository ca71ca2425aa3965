//! The running service over a store in memory, in virtual time.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod memory;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use kazasu_hal::{
    Card, Event, EventKind, Fault, FaultKind, Presence, ReaderInfo, ReaderName, StationName,
    SystemCode,
};
use kazasu_registration::{
    Capacity, ErrorCode, Notice, Page, Problem, SessionView, Settings, UserEntry, UserKey,
};
use kazasu_service::{
    ActError, Admin, AdminError, BadLine, ImportError, LineProblem, PanelAction, Service,
    StoreError, StoreErrorKind,
};
use memory::Memory;
use tokio::{
    sync::{broadcast, watch},
    time::timeout,
};

struct World {
    service: Service,
    store: Arc<Memory>,
    events: broadcast::Sender<Event>,
}

fn station(name: &str) -> StationName {
    StationName(name.to_owned())
}

fn card(n: u8) -> Card {
    Card::felica(&[0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, n], SystemCode::ANY, None, None).unwrap()
}

fn entry(user_id: &str, password: &str) -> UserEntry {
    UserEntry {
        user_id: user_id.to_owned(),
        password: Some(password.to_owned().into()),
        ..UserEntry::default()
    }
}

fn submit(user_id: &str, password: &str) -> PanelAction {
    PanelAction::Submit { user_id: user_id.to_owned(), password: password.to_owned().into() }
}

impl World {
    fn new(settings: Settings) -> Self {
        let store = Arc::new(Memory::new());
        let (events, heard) = broadcast::channel(64);
        let stations = vec![station("desk"), station("door")];
        let service = Service::start(Arc::clone(&store), Arc::new(settings), stations, heard);
        Self { service, store, events }
    }

    async fn with_user(user_id: &str, password: &str) -> Self {
        let world = Self::new(Settings::default());
        world.service.add_user(entry(user_id, password)).await.unwrap();
        world
    }

    fn event_at(&self, name: &str, reader: &str, kind: EventKind) {
        let reader = ReaderName(reader.to_owned());
        let time = SystemTime::UNIX_EPOCH;
        self.events.send(Event { time, reader, station: station(name), kind }).unwrap();
    }

    fn tap_at(&self, name: &str, n: u8) {
        self.event_at(name, "reader", EventKind::Presented(card(n)));
        self.event_at(name, "reader", EventKind::Confirmed(card(n)));
    }

    fn view(&self, name: &str) -> watch::Receiver<SessionView> {
        self.service.view(&station(name)).unwrap()
    }

    /// Waits until a station shows such a page; less long than any timer of a session.
    async fn shows(&self, name: &str, what: &str, page: impl Fn(&Page) -> bool) -> Page {
        let mut view = self.view(name);
        let waited = timeout(Duration::from_secs(5), view.wait_for(|v| page(&v.page))).await;
        match waited {
            Ok(view) => view.unwrap().page.clone(),
            Err(_) => panic!("{what}: {name} shows {:?}", self.view(name).borrow().page),
        }
    }

    async fn form(&self, name: &str) {
        self.shows(name, "form", |page| matches!(page, Page::Register { .. })).await;
    }

    async fn shows_code(&self, name: &str, wanted: ErrorCode) {
        let shown = |page: &Page| match page {
            Page::Notice(Notice::Problem(Problem { code, .. }))
            | Page::Register { problem: Some(Problem { code, .. }), .. } => *code == wanted,
            _ => false,
        };
        self.shows(name, wanted.as_str(), shown).await;
    }

    async fn act(&self, name: &str, action: PanelAction) {
        let session = self.view(name).borrow().session;
        self.service.act(&station(name), session, action).await.unwrap();
    }
}

fn registered(page: &Page) -> bool {
    matches!(page, Page::Notice(Notice::Registered { .. }))
}

#[tokio::test(start_paused = true)]
async fn a_card_is_registered_and_signs_in_at_the_next_tap() {
    let world = World::with_user("tanaka", "sesame").await;
    world.tap_at("desk", 1);
    world.form("desk").await;
    world.act("desk", submit("tanaka", "sesame")).await;
    world.shows("desk", "registered", registered).await;
    assert_eq!(world.store.card_of("tanaka"), Some(card(1).identity));
    world.tap_at("desk", 1);
    let page = world.shows("desk", "signed in", |p| matches!(p, Page::SignedIn { .. })).await;
    assert_eq!(page, Page::SignedIn { name: "tanaka".to_owned(), problem: None });
    assert_eq!(world.store.audit(), ["provisional-made", "card-bound"]);
    // The other station saw nothing of it.
    assert_eq!(world.view("door").borrow().page, Page::Idle);
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_bind_nothing_and_are_logged() {
    let world = World::with_user("tanaka", "sesame").await;
    world.tap_at("desk", 1);
    world.form("desk").await;
    for (user, password) in [("tanaka", "Sesame"), ("tanaka", ""), ("nobody", "sesame")] {
        world.act("desk", submit(user, password)).await;
        world.shows_code("desk", ErrorCode::WrongCredentials).await;
    }
    assert_eq!(world.store.card_of("tanaka"), None);
    world.service.shutdown().await;
    let failed = ["sign-in-failed tanaka", "sign-in-failed tanaka", "sign-in-failed -"];
    assert_eq!(world.store.audit().get(1..), Some(failed.map(str::to_owned).as_slice()));
}

#[tokio::test(start_paused = true)]
async fn a_password_that_turns_out_right_after_the_person_left_binds_nothing() {
    let world = World::with_user("tanaka", "sesame").await;
    for action in [PanelAction::Cancel, PanelAction::SignOut] {
        world.tap_at("desk", 1);
        world.form("desk").await;
        world.store.hold(true);
        world.act("desk", submit("tanaka", "sesame")).await;
        world.shows("desk", "checking", |page| *page == Page::Checking).await;
        world.act("desk", action).await;
        world.act("desk", PanelAction::SignOut).await;
        world.store.hold(false);
        // Long enough for every answer to come in and every page to clear.
        tokio::time::sleep(Duration::from_secs(120)).await;
        assert_eq!(world.view("desk").borrow().page, Page::Idle);
        assert_eq!(world.store.card_of("tanaka"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn two_stations_at_once_and_the_later_one_asks_before_it_replaces() {
    let world = World::with_user("tanaka", "sesame").await;
    world.tap_at("desk", 1);
    world.tap_at("door", 2);
    world.form("desk").await;
    world.form("door").await;
    world.act("desk", submit("tanaka", "sesame")).await;
    world.act("door", submit("tanaka", "sesame")).await;
    let settled = |page: &Page| registered(page) || *page == Page::ConfirmReplace;
    let pages = [
        world.shows("desk", "settled", settled).await,
        world.shows("door", "settled", settled).await,
    ];
    assert_eq!(pages.iter().filter(|page| registered(page)).count(), 1, "{pages:?}");
    let (later, n) = if registered(&pages[0]) { ("door", 2) } else { ("desk", 1) };
    world.act(later, PanelAction::Confirm(true)).await;
    world.shows(later, "registered", registered).await;
    assert_eq!(world.store.card_of("tanaka"), Some(card(n).identity));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_shown_by_its_code() {
    let rows = [
        (StoreErrorKind::Busy, ErrorCode::TryLater),
        (StoreErrorKind::ReadOnly, ErrorCode::StoreFull),
        (StoreErrorKind::Full, ErrorCode::StoreFull),
        (StoreErrorKind::Damaged, ErrorCode::StoreUnavailable),
        (StoreErrorKind::Unavailable, ErrorCode::StoreUnavailable),
        (StoreErrorKind::NotCommitted, ErrorCode::NotCommitted),
    ];
    let world = World::with_user("tanaka", "sesame").await;
    for (kind, code) in rows {
        world.store.fail(Some(StoreError::new(kind, "broken")));
        world.tap_at("desk", 1);
        world.shows_code("desk", code).await;
        world.act("desk", PanelAction::Cancel).await;
        world.store.fail(None);
    }
    // A commit that fails: the person is told, nothing is bound.
    world.tap_at("desk", 1);
    world.form("desk").await;
    world.store.hold(true);
    world.act("desk", submit("tanaka", "sesame")).await;
    world.store.fail(Some(StoreError::new(StoreErrorKind::NotCommitted, "broken")));
    world.store.hold(false);
    world.shows_code("desk", ErrorCode::NotCommitted).await;
    assert_eq!(world.store.card_of("tanaka"), None);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_does_not_block_the_station() {
    let world = World::new(Settings::default());
    world.store.hold(true);
    world.tap_at("desk", 1);
    world.shows("desk", "reading", |page| *page == Page::Reading).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    world.shows_code("desk", ErrorCode::TryLater).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_nobody_touches_ends_by_itself() {
    let world = World::new(Settings::default());
    world.tap_at("desk", 1);
    world.form("desk").await;
    let clears_at = world.view("desk").borrow().clears_at.unwrap();
    assert!(clears_at.since(world.service.now().mono) <= Duration::from_secs(30));
    tokio::time::sleep(Duration::from_secs(29)).await;
    world.act("desk", PanelAction::Touch).await;
    tokio::time::sleep(Duration::from_secs(29)).await;
    world.form("desk").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    world.shows_code("desk", ErrorCode::SessionEnded).await;
    tokio::time::sleep(Duration::from_secs(9)).await;
    world.shows("desk", "idle", |page| *page == Page::Idle).await;
}

#[tokio::test(start_paused = true)]
async fn readers_are_counted() {
    let world = World::new(Settings::default());
    let attached = |reader: &str| {
        EventKind::Attached(ReaderInfo {
            name: ReaderName(reader.to_owned()),
            driver: "test",
            model: String::new(),
            presence: Presence::Polled,
        })
    };
    let fault = || EventKind::Fault(Fault::new(FaultKind::Link, "gone"));
    let rows = [
        ("fault before anything", "a", fault(), false),
        ("first", "a", attached("a"), true),
        ("second", "b", attached("b"), true),
        ("one leaves", "a", EventKind::Detached, true),
        ("a fault is no end", "b", fault(), true),
        ("the other leaves", "b", EventKind::Detached, false),
        ("a card says its reader is there", "c", EventKind::Removed(card(1)), true),
    ];
    let mut view = world.view("desk");
    for (name, reader, kind, ready) in rows {
        world.event_at("desk", reader, kind);
        let waited = timeout(Duration::from_secs(5), view.wait_for(|v| v.reader_ready == ready));
        assert!(waited.await.is_ok(), "{name}");
        // Nothing that is still on its way changes it.
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(world.view("desk").borrow().reader_ready, ready, "{name}");
    }
    assert!(!world.view("door").borrow().reader_ready);
    drop(world.events);
    let waited = timeout(Duration::from_secs(5), view.wait_for(|v| !v.reader_ready));
    assert!(waited.await.is_ok(), "no reader without events");
}

#[tokio::test(start_paused = true)]
async fn late_presses_and_strangers_are_told_so() {
    let world = World::new(Settings::default());
    world.tap_at("desk", 1);
    world.form("desk").await;
    let session = world.view("desk").borrow().session;
    let act = |name: &str, session| {
        let (service, name) = (world.service.clone(), station(name));
        async move { service.act(&name, session, PanelAction::SignOut).await }
    };
    assert_eq!(act("attic", session).await, Err(ActError::NoSuchStation));
    assert_eq!(act("desk", session - 1).await, Err(ActError::SessionOver));
    world.form("desk").await;
    assert_eq!(act("desk", session).await, Ok(()));
    assert_eq!(world.view("desk").borrow().page, Page::Idle);
    world.service.shutdown().await;
    assert_eq!(act("desk", session).await, Err(ActError::Stopped));
    assert_eq!(world.service.list_users().await, Err(AdminError::Stopped));
}

#[tokio::test(start_paused = true)]
async fn administration_goes_through_the_same_rules() {
    let settings =
        Settings { capacity: Capacity { registered: 3, records: 4 }, ..Settings::default() };
    let world = World::new(settings);
    let service = &world.service;
    let import = |csv: &str| service.import_users(csv.as_bytes().to_vec().into());
    let code = |error: AdminError| error.code().map(ErrorCode::as_str);

    service.add_user(entry("tanaka", "sesame")).await.unwrap();
    let taken = service.add_user(entry("tanaka", "sesame")).await.unwrap_err();
    assert_eq!(taken.to_string(), "user_id is taken");
    assert_eq!(code(taken), Some("122"));
    assert_eq!(code(service.add_user(entry("guest", "sesame")).await.unwrap_err()), Some("711"));
    assert_eq!(code(service.add_user(entry("x", "")).await.unwrap_err()), Some("301"));

    match import("user_id\nsuzuki\ntanaka\n").await {
        Err(AdminError::Import(ImportError::Lines { bad, more: 0 })) => {
            assert!(matches!(bad[..], [BadLine { line: 3, problem: LineProblem::Field(_) }]));
        }
        other => panic!("{other:?}"),
    }
    for csv in ["user_id\na\nb\nc\nd\n", "user_id\na\nb\nc\n"] {
        assert_eq!(import(csv).await, Err(AdminError::Full), "{csv:?}");
    }
    assert_eq!(import("user_id,password\nsuzuki,open\nsato,\n").await, Ok(2));
    let listed: Vec<_> =
        service.list_users().await.unwrap().iter().map(|u| u.key.as_str().to_owned()).collect();
    assert_eq!(listed, ["sato", "suzuki", "tanaka"]);

    // An imported password works, and so does none.
    for (n, user, password) in [(1, "suzuki", "open"), (2, "sato", "")] {
        world.tap_at("desk", n);
        world.form("desk").await;
        world.act("desk", submit(user, password)).await;
        world.shows("desk", user, registered).await;
    }
    let key = UserKey::readings("suzuki").remove(0);
    assert_eq!(service.delete_user(&key).await, Ok(()));
    assert_eq!(service.delete_user(&key).await, Err(AdminError::NoSuchUser));
    // Commands without a service work on the store alone, under the same rules.
    let admin = Admin::new(Arc::clone(&world.store), Arc::new(Settings::default()));
    assert_eq!(admin.list_users().await.unwrap().len(), 2);
    assert_eq!(code(admin.add_user(entry("a:b", "sesame")).await.unwrap_err()), Some("122"));
}
