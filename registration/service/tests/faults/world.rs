//! A service with one station and one person, in which whatever the service calls can fail.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use kazasu_hal::{Card, Event, EventKind, ReaderName, StationName, SystemCode};
use kazasu_ports::{Faulty, FaultyDirectory, FaultyHasher, Plan};
use kazasu_registration::{
    AuditEntry, Page, SessionView, Settings, Site, UserEntry, UserId, UserKey, UserName,
};
use kazasu_service::{
    Authority, Loaded, Means, NoKeys, PanelAction, Person, Rights, Service, Store, WallClock,
};
use tokio::{
    sync::{broadcast, watch},
    time::{sleep, timeout},
};

use crate::{Keeper, PASSWORD, USER};

/// Longer than any deadline of a station.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct World<S> {
    pub(crate) plan: Arc<Plan>,
    pub(crate) service: Service<Faulty<S>, FaultyDirectory, FaultyHasher>,
    store: Arc<Faulty<S>>,
    directory: Arc<FaultyDirectory>,
    keeper: Keeper,
    events: broadcast::Sender<Event>,
}

/// What the store says of the person and of what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Records {
    /// The last digits of the person's card.
    pub(crate) card: Option<String>,
    /// Cards that are nobody's yet.
    pub(crate) leftovers: usize,
    /// Audit records of cards that became the person's.
    pub(crate) bindings: usize,
    /// Audit records of cards that may have become the person's.
    pub(crate) unknown: usize,
    /// Audit records of copies from the directory.
    pub(crate) copies: usize,
    /// Audit records of provisional users.
    pub(crate) provisionals: usize,
}

fn desk() -> StationName {
    StationName("desk".to_owned())
}

impl<S: Store> World<S> {
    /// One in which the person is known there.
    pub(crate) async fn start(store: S, keeper: Keeper) -> Self {
        let plan = Arc::new(Plan::new());
        let store = Arc::new(Faulty::new(store, &plan));
        let directory = Arc::new(FaultyDirectory::new(&plan));
        let (events, heard) = broadcast::channel(64);
        let settings = Settings::default().changed(keeper.settings()).unwrap();
        let site = Site { has_directory: true, ..Site::new(settings).unwrap() };
        let dates = Arc::clone(&plan);
        let service = Service::start_with(
            Means {
                hasher: FaultyHasher(Arc::clone(&plan)),
                wall_clock: WallClock::new(move || dates.date()),
                keys: Arc::new(NoKeys),
            },
            Arc::clone(&store),
            Arc::clone(&directory),
            Loaded::from(site),
            vec![desk()],
            heard,
        );
        if keeper == Keeper::Device {
            let entry = UserEntry {
                user_id: USER.to_owned(),
                password: Some(PASSWORD.to_owned().into()),
                ..UserEntry::default()
            };
            service.office(&Authority::OWNER).add_user(entry).await.unwrap();
        } else {
            let id = UserId::new(USER).unwrap();
            let name = UserName::new(USER).unwrap();
            let rights = Rights::default();
            let person = Person { id: id.clone(), name, mail: None, card: None, rights };
            directory.directory.add(id, PASSWORD, person);
        }
        Self { plan, service, store, directory, keeper, events }
    }

    fn view(&self) -> watch::Receiver<SessionView> {
        self.service.stations().view(&desk()).unwrap()
    }

    pub(crate) fn tap(&self, n: u8) {
        let card = [0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, n];
        let card = Card::felica(&card, SystemCode::ANY, None, None).unwrap();
        for kind in [EventKind::Presented(card.clone()), EventKind::Confirmed(card)] {
            let reader = ReaderName("reader".to_owned());
            let time = SystemTime::UNIX_EPOCH;
            self.events.send(Event { time, reader, station: desk(), kind }).unwrap();
        }
    }

    /// The page that somebody sees who waits while something is being done.
    pub(crate) async fn settled(&self) -> Page {
        let still = |page: &Page| {
            matches!(page, Page::Idle { .. } | Page::Reading | Page::Checking | Page::Saving)
        };
        self.wait("settled", |page| !still(page)).await
    }

    /// Waits while what was pressed is being checked or saved.
    pub(crate) async fn checked(&self) {
        let still = |page: &Page| matches!(page, Page::Checking | Page::Saving);
        self.wait("checked", |page| !still(page)).await;
    }

    async fn wait(&self, what: &str, page: impl Fn(&Page) -> bool) -> Page {
        let mut view = self.view();
        match timeout(PATIENCE, view.wait_for(|view| page(&view.page))).await {
            Ok(view) => view.unwrap().page.clone(),
            Err(_) => panic!("{what}: {:?}", self.view().borrow().page),
        }
    }

    pub(crate) async fn act(&self, action: PanelAction) {
        let session = self.view().borrow().session;
        self.service.stations().act(&desk(), session, action).await.unwrap();
    }

    pub(crate) async fn pass(&self, millis: u64) {
        sleep(Duration::from_millis(millis)).await;
    }

    /// Ends the session, whatever it shows.
    pub(crate) async fn leave(&self) {
        for action in [PanelAction::Cancel, PanelAction::AuthenticationKey] {
            if !matches!(self.view().borrow().page, Page::Idle { .. }) {
                self.act(action).await;
            }
        }
        self.wait("idle", |page| matches!(page, Page::Idle { .. })).await;
    }

    /// The page goes by itself where nobody does anything.
    pub(crate) async fn clears(&self) {
        self.wait("cleared", |page| matches!(page, Page::Idle { .. })).await;
    }

    pub(crate) async fn log(&self) -> Vec<AuditEntry> {
        self.store.store.audit_log(0).await.unwrap()
    }

    pub(crate) async fn records(&self) -> Records {
        // Past the plan.
        let store = &self.store.store;
        let short = |number: &str| number.trim_start_matches("012E4CE1000000").to_owned();
        let users = store.list_users().await.unwrap();
        let numbers = |wanted: fn(&UserKey) -> bool| -> Vec<String> {
            let found = users.iter().filter(|user| wanted(&user.listed.key));
            let numbers = found.filter_map(|user| user.card.as_ref());
            numbers.map(|n| short(n.as_str())).collect()
        };
        let mut theirs = numbers(|key| matches!(key, UserKey::Registered(_)));
        if self.keeper == Keeper::Entry {
            assert_eq!(users.len(), 0);
            let card = self.directory.directory.card_of(&UserId::new(USER).unwrap());
            theirs.extend(card.map(|number| short(number.as_str())));
        }
        assert!(theirs.len() <= 1, "{theirs:?}");
        store.verify_audit().await.unwrap().unwrap();
        let log = self.log().await;
        let count = |words: &[&str]| log.iter().filter(|e| words.contains(&&*e.event)).count();
        Records {
            card: theirs.pop(),
            leftovers: numbers(|key| matches!(key, UserKey::Provisional(_))).len(),
            bindings: count(&["card-bound", "card-replaced", "card-written", "card-rewritten"]),
            unknown: count(&["card-write-unknown"]),
            copies: count(&["user-copied"]),
            provisionals: count(&["provisional-made"]),
        }
    }

    pub(crate) async fn end(self) {
        // A call that is never answered may keep it, as the binary does no longer than this.
        let _ = timeout(Duration::from_secs(5), self.service.shutdown()).await;
    }
}
