//! A service on a store of its own, a way to tap cards, and a browser's requests.

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
    Card, Event, EventKind, Presence, ReaderInfo, ReaderName, StationName, SystemCode,
};
use kazasu_registration::{
    Binding, CommitOutcome, DeviceSecret, Keep, Settings, Site, UserEntry, UserId,
};
use kazasu_service::{Authority, NoDirectory, Service, Store};
use kazasu_sqlite::SqliteStore;
use kazasu_web::{AllowedHosts, Pairings, PanelConfig, ReaderPlace, SimControl, router};
use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::{sync::broadcast, time::timeout};
use tower::ServiceExt;

/// What a browser carries that is paired with both stations.
pub(crate) const SECRET: &str = "test-secret-0123456789";
pub(crate) const HOST: &str = "127.0.0.1:8080";
/// How long a test waits for what must come.
const DEADLINE: Duration = Duration::from_secs(10);

/// Taro's.
pub(crate) const KNOWN: [u8; 8] = [0x01, 0x2E, 0x4C, 0, 0, 0, 0, 0x0A];
pub(crate) const UNKNOWN: [u8; 8] = [0x01, 0x2E, 0x4C, 0, 0, 0, 0, 0x0B];

/// Hanako's, who has no card.
pub(crate) const PASSWORD: &str = "Red horse 7";

pub(crate) fn card(idm: [u8; 8]) -> Card {
    Card::felica(&idm, SystemCode::ANY, None, None).unwrap()
}

pub(crate) struct House {
    pub(crate) service: Service<SqliteStore, NoDirectory>,
    pub(crate) router: Router,
    config: PanelConfig,
    events: broadcast::Sender<Event>,
    /// What the simulator was told.
    pub(crate) told: Arc<Mutex<Vec<String>>>,
    _folder: TempDir,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(true).await
    }

    pub(crate) async fn with(simulated: bool) -> Self {
        Self::at(Site::new(Settings::default()).unwrap(), simulated).await
    }

    /// With these browsers and no others.
    pub(crate) async fn with_pairings(pairings: Pairings) -> Self {
        let house = Self::new().await;
        let config = PanelConfig { pairings, ..house.config.clone() };
        Self { router: router(house.service.stations().clone(), config.clone()), config, ..house }
    }

    /// Two stations. Taro has a card and no password, Hanako a password and no card.
    pub(crate) async fn at(site: Site, simulated: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(folder.path().join("panel.db")).unwrap());
        let (events, incoming) = broadcast::channel(16);
        let stations = ["desk", "side door"].map(|name| StationName(name.into())).to_vec();
        let service = Service::start(
            Arc::clone(&store),
            Arc::new(NoDirectory),
            site.clone().into(),
            stations.clone(),
            incoming,
        );
        for (user_id, name, password) in
            [("taro", "Taro & <Co>", None), ("hanako", "Hanako", Some(PASSWORD))]
        {
            let password = password.map(|text| text.to_owned().into());
            let (user_id, name) = (user_id.to_owned(), name.to_owned());
            let entry = UserEntry { user_id, name, password, ..UserEntry::default() };
            service.office(&Authority::OWNER).add_user(entry).await.unwrap();
        }
        let known = card(KNOWN).identity;
        let bound = store.commit(Binding {
            number: site.number(&known).unwrap(),
            card: known,
            user: UserId::new("taro").unwrap(),
            replaces: None,
            keep: Keep::Record,
            station: stations[0].clone(),
            at: SystemTime::UNIX_EPOCH,
        });
        assert_eq!(bound.await.unwrap(), CommitOutcome::Done);
        let told = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&told);
        let sim = SimControl::new(StationName("desk".into()), move |line| {
            log.lock().unwrap().push(line);
            async { "ok card 1".to_owned() }
        });
        let config = PanelConfig {
            pairings: pairings(),
            port: 8080,
            allowed_hosts: AllowedHosts::new(HOST.parse().unwrap(), []),
            reader_place: ReaderPlace::Left,
            tap_sound: false,
            sim: simulated.then_some(sim),
        };
        let router = router(service.stations().clone(), config.clone());
        Self { config, router, service, events, told, _folder: folder }
    }

    /// Which browsers are paired.
    pub(crate) fn pairings(&self) -> &Pairings {
        &self.config.pairings
    }

    /// The panel's configuration under other names.
    pub(crate) fn config(&self, allowed_hosts: AllowedHosts) -> PanelConfig {
        PanelConfig { allowed_hosts, ..self.config.clone() }
    }

    /// Changes settings, as an administrator does.
    pub(crate) async fn set(&self, changes: &[(&str, &str)]) {
        let changes: Vec<_> =
            changes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let office = self.service.office(&Authority::OWNER);
        let plan = office.draft(&changes, None).await.unwrap();
        office.commit(&plan).await.unwrap();
    }

    /// Sets one of the device's own passwords to [`PASSWORD`].
    pub(crate) async fn set_secret(&self, which: DeviceSecret) {
        self.service
            .office(&Authority::OWNER)
            .set_secret(which, Some(PASSWORD.to_owned().into()))
            .await
            .unwrap();
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

    /// Presses a button of the desk's page `on` and gives the page `then` that follows.
    pub(crate) async fn press(&self, on: &str, form: &str, then: &str) -> String {
        let shown = self.page_with("desk", on).await;
        let form = format!("station=desk&session={}&lang=en&{form}", session(&shown));
        let (status, _, body) = self.ask(post("/act", form.clone())).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{form}: {body}");
        self.page_with("desk", then).await
    }

    /// The page once it has this word; it is awaited, not slept for.
    pub(crate) async fn page_with(&self, station: &str, word: &str) -> String {
        self.page_saying(station, &format!("data-page=\"{word}\"")).await
    }

    /// The page once this is on it.
    pub(crate) async fn page_saying(&self, station: &str, words: &str) -> String {
        let name = StationName(station.into());
        let mut view = self.service.stations().view(&name).unwrap();
        let path = format!("/station/{}?lang=en", station.replace(' ', "%20"));
        timeout(DEADLINE, async {
            loop {
                let page = self.page(&path).await;
                if page.contains(words) {
                    break page;
                }
                view.changed().await.unwrap();
            }
        })
        .await
        .unwrap_or_else(|_| panic!("{station} never showed {words}"))
    }
}

pub(crate) fn cookie() -> String {
    format!("kazasu-panel-8080-a=1.{SECRET}; kazasu-panel-8080-b=2.{SECRET}")
}

/// Two pairings of one browser, as they are stored.
#[expect(clippy::disallowed_methods, reason = "older secrets would be renewed")]
fn pairings() -> Pairings {
    let hash: String = Sha256::digest(SECRET).iter().map(|byte| format!("{byte:02x}")).collect();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let stored: Vec<_> = [(1, "desk"), (2, "side door")]
        .map(|(number, station)| {
            json!({ "number": number, "station": station, "label": "test", "made": now, "seen": now,
                "secrets": [{ "hash": hash, "made": now }] })
        })
        .into();
    Pairings::new(Some(json!(stored).to_string().as_bytes()), |_| Ok(())).unwrap()
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
