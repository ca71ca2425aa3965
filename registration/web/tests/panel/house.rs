//! A service with one known user, a way to tap cards, and a browser's requests.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Request, Response, StatusCode, header},
};
use kazasu_hal::{
    Card, CardIdentity, Event, EventKind, Presence, ReaderInfo, ReaderName, StationName, SystemCode,
};
use kazasu_registration::{
    Account, AuditRecord, Binding, Capacity, CommitOutcome, ListedUser, LookUp, Provisional,
    ProvisionalOutcome, UserId, UserKey, UserName,
};
use kazasu_service::{AddOutcome, Credentials, Service, Store, StoreError, UserToStore};
use kazasu_web::{AllowedHosts, PanelConfig, PanelToken, ReaderPlace, SimControl, router};
use tokio::{sync::broadcast, time::timeout};
use tower::ServiceExt;

pub(crate) const TOKEN: &str = "test-token-0123456789";
pub(crate) const HOST: &str = "127.0.0.1:8080";
/// How long a test waits for what must come.
const DEADLINE: Duration = Duration::from_secs(10);

/// Taro's.
pub(crate) const KNOWN: [u8; 8] = [0x01, 0x2E, 0x4C, 0, 0, 0, 0, 0x0A];
pub(crate) const UNKNOWN: [u8; 8] = [0x01, 0x2E, 0x4C, 0, 0, 0, 0, 0x0B];

/// Knows Taro and his card, makes every provisional user and keeps nothing.
struct OneUser;

fn taro() -> Account {
    Account {
        id: UserId::new("taro").unwrap(),
        name: UserName::new("Taro & <Co>").unwrap(),
        card: Some(card(KNOWN).identity),
    }
}

impl Store for OneUser {
    async fn look_up(&self, card: CardIdentity) -> Result<LookUp, StoreError> {
        let known = taro().card.is_some_and(|known| known == card);
        Ok(if known { LookUp::Registered(taro()) } else { LookUp::Unknown })
    }
    async fn make_provisional(
        &self,
        _: Provisional,
        _: Capacity,
    ) -> Result<ProvisionalOutcome, StoreError> {
        Ok(ProvisionalOutcome::Made)
    }
    async fn credentials(&self, user: UserId) -> Result<Option<Credentials>, StoreError> {
        let known = user == taro().id;
        Ok(known.then(|| Credentials { account: taro(), verifier: None }))
    }
    async fn commit(&self, _: Binding) -> Result<CommitOutcome, StoreError> {
        Ok(CommitOutcome::Done)
    }
    async fn add_users(
        &self,
        _: Vec<UserToStore>,
        _: Capacity,
        _: SystemTime,
    ) -> Result<AddOutcome, StoreError> {
        Ok(AddOutcome::Full)
    }
    async fn list_users(&self) -> Result<Vec<ListedUser>, StoreError> {
        Ok(Vec::new())
    }
    async fn delete_user(&self, _: UserKey, _: SystemTime) -> Result<bool, StoreError> {
        Ok(false)
    }
    async fn append_audit(&self, _: AuditRecord) -> Result<(), StoreError> {
        Ok(())
    }
}

pub(crate) fn card(idm: [u8; 8]) -> Card {
    Card::felica(&idm, SystemCode::ANY, None, None).unwrap()
}

pub(crate) struct House {
    pub(crate) service: Service,
    pub(crate) router: Router,
    events: broadcast::Sender<Event>,
    /// What the simulator was told.
    pub(crate) told: Arc<Mutex<Vec<String>>>,
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(true)
    }

    pub(crate) fn with(simulated: bool) -> Self {
        let (events, incoming) = broadcast::channel(16);
        let stations = ["desk", "side door"].map(|name| StationName(name.into())).to_vec();
        let service =
            Service::start(Arc::new(OneUser), Arc::default(), stations, incoming.resubscribe());
        let told = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&told);
        let sim = SimControl::new(move |line| {
            log.lock().unwrap().push(line);
            async { "ok card 1".to_owned() }
        });
        let config = PanelConfig {
            token: PanelToken::new(TOKEN).unwrap(),
            allowed_hosts: AllowedHosts::new(HOST.parse().unwrap(), []),
            reader_place: ReaderPlace::Left,
            tap_sound: false,
            sim: simulated.then_some(sim),
        };
        Self { router: router(service.clone(), config), service, events, told }
    }

    /// Something happens at the reader of this station.
    pub(crate) fn happens(&self, station: &str, kind: EventKind) {
        self.events
            .send(Event {
                time: SystemTime::UNIX_EPOCH,
                reader: ReaderName("test".into()),
                station: StationName(station.into()),
                kind,
            })
            .unwrap();
    }

    pub(crate) fn attach(&self, station: &str) {
        self.happens(
            station,
            EventKind::Attached(ReaderInfo {
                name: ReaderName("test".into()),
                driver: "test",
                model: "test".into(),
                presence: Presence::Polled,
            }),
        );
    }

    /// A card is held until its identifier is confirmed.
    pub(crate) fn tap(&self, station: &str, idm: [u8; 8]) {
        self.happens(station, EventKind::Presented(card(idm)));
        self.happens(station, EventKind::Confirmed(card(idm)));
    }

    /// Sends a request that may lack anything.
    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        timeout(DEADLINE, self.router.clone().oneshot(request)).await.unwrap().unwrap()
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn ask(&self, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
        let (head, body) = self.send(request).await.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    /// A page as a browser with the cookie gets it.
    pub(crate) async fn page(&self, path: &str) -> String {
        let (status, _, body) = self.ask(get(path)).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    /// The page once it has this word; it is awaited, not slept for.
    pub(crate) async fn page_with(&self, station: &str, word: &str) -> String {
        let name = StationName(station.into());
        let mut view = self.service.view(&name).unwrap();
        let marked = format!("data-page=\"{word}\"");
        timeout(DEADLINE, async {
            loop {
                let page = self.page(&format!("/station/{}", station.replace(' ', "%20"))).await;
                if page.contains(&marked) {
                    break page;
                }
                view.changed().await.unwrap();
            }
        })
        .await
        .unwrap_or_else(|_| panic!("{station} never showed {word}"))
    }
}

pub(crate) fn cookie() -> String {
    format!("kazasu-panel={TOKEN}")
}

/// A request as a browser with the cookie sends it.
pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path)
        .header(header::HOST, HOST)
        .header(header::COOKIE, cookie())
        .header(header::ACCEPT_LANGUAGE, "en")
        .body(Body::empty())
        .unwrap()
}

/// A form as the page's script sends it.
pub(crate) fn post(path: &str, form: impl Into<Bytes>) -> Request<Body> {
    Request::post(path)
        .header(header::HOST, HOST)
        .header(header::COOKIE, cookie())
        .header(header::ORIGIN, format!("http://{HOST}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("kazasu-fragment", "1")
        .body(Body::from(form.into()))
        .unwrap()
}

/// The value of an attribute in this HTML.
pub(crate) fn attribute<'a>(html: &'a str, name: &str) -> &'a str {
    let start = html.split_once(&format!(" {name}=\"")).unwrap_or_else(|| panic!("{name}: {html}"));
    start.1.split('"').next().unwrap()
}

pub(crate) fn session(html: &str) -> u64 {
    attribute(html, "data-session").parse().unwrap()
}

/// Waits for what must come.
pub(crate) async fn in_time<T>(what: impl Future<Output = T>) -> T {
    timeout(DEADLINE, what).await.unwrap()
}
