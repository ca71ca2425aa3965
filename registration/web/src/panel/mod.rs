//! The panel: a touch page beside the reader, one for each station.

mod act;
mod assets;
mod drawings;
mod events;
mod field;
mod form;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod keyboard;
mod pages;
mod sim;

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Path, Query, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use kazasu_hal::{Mono, StationName};
use kazasu_registration::{AuditEvent, SessionView};
use kazasu_service::Stations;
use maud::Markup;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use tokio::sync::watch;

pub use sim::SimControl;

use self::pages::Screen;
use crate::edge::{
    connection::Addresses,
    lang::{self, Lang},
    origin::{self, AllowedHosts},
    pairing::{Browser, Came, Cookies, Pairings},
    rate::RateLimit,
    refusal::{in_words, refusal, wants_fragment},
};

/// The largest form: five fields and a few hidden ones, percent-encoded.
const BODY_MAX: usize = 4 * 1024;
/// How many credentials may be tried at once, and then how often one more.
const TRIES: u32 = 5;
const TRY_EVERY: Duration = Duration::from_secs(6);

/// On which side of the screen the reader stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReaderPlace {
    /// To the left of the screen.
    Left,
    /// To the right.
    Right,
    /// Below it.
    #[default]
    Below,
}

/// What a panel needs to know besides the stations.
#[derive(Clone, Debug)]
pub struct PanelConfig {
    /// Which browsers may see and use which station.
    pub pairings: Pairings,
    /// The port it listens on: cookies are named after it.
    pub port: u16,
    /// What the server is called.
    pub allowed_hosts: AllowedHosts,
    /// Where people find the reader.
    pub reader_place: ReaderPlace,
    /// Whether a tap sounds too.
    pub tap_sound: bool,
    /// The simulator, where the service runs one: the page then has buttons for it.
    pub sim: Option<SimControl>,
}

/// The part of the settings that pages show.
#[derive(Clone, Copy)]
struct Look {
    reader_place: ReaderPlace,
    tap_sound: bool,
    simulated: bool,
}

struct Shared {
    stations: Stations,
    config: PanelConfig,
    cookies: Cookies,
    /// The first one is the page at `/`.
    names: Vec<StationName>,
    tries: Mutex<HashMap<StationName, Tries>>,
}

/// How often credentials may be tried at a station. Pages elsewhere hold up nobody who stands before
/// the device.
struct Tries {
    here: RateLimit,
    elsewhere: RateLimit,
}

#[derive(Clone)]
struct Panel(Arc<Shared>);

impl Panel {
    fn new(stations: Stations, config: PanelConfig, cookies: Cookies) -> Self {
        let names = stations.names();
        let now = stations.now().mono;
        let limit = || RateLimit::new(TRIES, TRY_EVERY, now);
        let tries = || Tries { here: limit(), elsewhere: limit() };
        let tries = names.iter().map(|station| (station.clone(), tries())).collect();
        Self(Arc::new(Shared { stations, config, cookies, names, tries: Mutex::new(tries) }))
    }

    /// The station of this name, or the first one, with what it shows. For whoever is not paired with
    /// it there is none.
    fn station(
        &self,
        name: Option<&str>,
        browser: &Browser,
    ) -> Option<(StationName, watch::Receiver<SessionView>)> {
        let mut paired = self.0.names.iter().filter(|station| browser.number(station).is_some());
        let station = match name {
            Some(name) => paired.find(|station| station.0 == name),
            None => paired.next(),
        }?;
        Some((station.clone(), self.0.stations.view(station)?))
    }

    fn screen<'a>(&self, view: &'a SessionView, lang: Lang) -> Screen<'a> {
        let config = &self.0.config;
        let look = Look {
            reader_place: config.reader_place,
            tap_sound: config.tap_sound,
            simulated: config.sim.as_ref().is_some_and(|sim| *sim.station() == view.station),
        };
        Screen { view, lang, look, now: self.0.stations.now().mono }
    }

    /// Whether credentials may be tried at this station now; until when not, if not. `from` is where
    /// the page is, if it is not on this machine.
    async fn may_try(
        &self,
        station: &StationName,
        from: Option<IpAddr>,
        is_guess: bool,
    ) -> Result<(), Option<Mono>> {
        let stations = &self.0.stations;
        if let Some(from) = from.filter(|_| is_guess) {
            stations.may_type(from, station).await.map_err(|refusal| refusal.until)?;
        }
        let tried = {
            let mut tries = self.0.tries.lock().unwrap_or_else(PoisonError::into_inner);
            let limit = tries.get_mut(station).map(|tries| match from {
                None => &mut tries.here,
                Some(_) => &mut tries.elsewhere,
            });
            limit.map_or(Err(None), |limit| limit.attempt(stations.now().mono).map_err(Some))
        };
        if tried.is_err() && is_guess {
            stations.limited(Some(station), from).await;
        }
        tried
    }

    /// The address of a station's page.
    fn path(&self, station: &StationName, lang: Option<Lang>) -> String {
        let path = if self.0.names.first() == Some(station) {
            "/".to_owned()
        } else {
            format!("/station/{}", utf8_percent_encode(&station.0, NON_ALPHANUMERIC))
        };
        match lang {
            Some(lang) => format!("{path}?lang={}", lang.tag()),
            None => path,
        }
    }
}

/// The panel's routes with their own checks.
pub(crate) fn router(stations: Stations, config: PanelConfig, cookies: Cookies) -> Router {
    let panel = Panel::new(stations, config, cookies);
    let pages = Router::new()
        .route("/", get(default_page))
        .route("/station/{name}", get(station_page))
        .route("/events", get(events::events))
        .route("/act", post(act::act))
        .route("/sim", post(act::sim))
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn(in_words))
        .layer(middleware::from_fn(only_paired));
    let link = Router::new()
        .route("/pair/{code}", get(pair).head(no_page))
        .layer(middleware::from_fn(in_words));
    Router::new()
        .route("/panel.css", get(assets::styles))
        .route("/panel/{file}", get(assets::script))
        .route("/icon.svg", get(assets::icon))
        .merge(pages)
        .merge(link)
        .layer(middleware::from_fn_with_state(panel.clone(), only_from_here))
        .with_state(panel)
}

#[derive(Default, Deserialize)]
struct PageQuery {
    lang: Option<String>,
}

impl PageQuery {
    fn lang(&self) -> Option<Lang> {
        Lang::from_tag(self.lang.as_deref()?)
    }
}

async fn default_page(
    State(panel): State<Panel>,
    Extension(browser): Extension<Browser>,
    Query(query): Query<PageQuery>,
    headers: HeaderMap,
) -> Response {
    page(&panel, None, &browser, &query, &headers)
}

async fn station_page(
    State(panel): State<Panel>,
    Extension(browser): Extension<Browser>,
    Path(name): Path<String>,
    Query(query): Query<PageQuery>,
    headers: HeaderMap,
) -> Response {
    page(&panel, Some(&name), &browser, &query, &headers)
}

fn page(
    panel: &Panel,
    name: Option<&str>,
    browser: &Browser,
    query: &PageQuery,
    headers: &HeaderMap,
) -> Response {
    let lang = query.lang().unwrap_or_else(|| lang::wanted(headers));
    let Some((_, view)) = panel.station(name, browser) else { return no_such_panel(lang) };
    let view = view.borrow().clone();
    panel.screen(&view, lang).document().into_response()
}

async fn not_found(headers: HeaderMap) -> Response {
    no_such_panel(lang::wanted(&headers))
}

fn no_such_panel(lang: Lang) -> Response {
    refusal(StatusCode::NOT_FOUND, lang, &["not-found", "not-found-do"])
}

/// Nobody but our own pages, under our own name.
async fn only_from_here(State(panel): State<Panel>, request: Request, next: Next) -> Response {
    if !panel.0.config.allowed_hosts.has(request.headers()) {
        return (StatusCode::FORBIDDEN, "this server does not go by that name\n").into_response();
    }
    if !origin::may_act(request.method(), request.headers()) {
        return (StatusCode::FORBIDDEN, "only pages of this server may do that\n").into_response();
    }
    next.run(request).await
}

/// Nothing of any station for a browser that is paired with none.
async fn only_paired(
    Extension(browser): Extension<Browser>,
    request: Request,
    next: Next,
) -> Response {
    if browser.any().is_some() {
        return next.run(request).await;
    }
    let lang = lang::wanted(request.headers());
    let keys = ["refused-title", "refused-what", "refused-do"];
    refusal(StatusCode::FORBIDDEN, lang, &keys)
}

/// A browser that comes with a link is paired with its station, and the address bar no longer shows
/// the link.
async fn pair(
    State(panel): State<Panel>,
    Extension(browser): Extension<Browser>,
    Path(code): Path<String>,
    Query(query): Query<PageQuery>,
    addresses: Option<Extension<Addresses>>,
    headers: HeaderMap,
) -> Response {
    let lang = query.lang().unwrap_or_else(|| lang::wanted(&headers));
    if is_only_a_look(&headers) {
        return no_page().await;
    }
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let calls_itself = text(header::USER_AGENT).unwrap_or_default();
    let Shared { config, cookies, stations, .. } = &*panel.0;
    match config.pairings.pair(&code, &browser, calls_itself, cookies, stations.now()).await {
        Came::Paired(station, number, cookie) => {
            let from = addresses.map_or(Ipv4Addr::LOCALHOST.into(), |Extension(it)| it.theirs);
            let paired = AuditEvent::PanelPaired { number, from };
            // The link that made it possible is in the log.
            if let Err(error) = stations.record(Some(station.clone()), paired).await {
                tracing::error!(%error, number, "a paired browser could not be audited");
            }
            let mut response = redirect(&panel.path(&station, query.lang()));
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            response
        }
        // A kiosk that starts with the link by which it was paired once.
        Came::NoSuchLink if browser.any().is_some() => redirect("/"),
        Came::NoSuchLink => refusal(StatusCode::FORBIDDEN, lang, &["link-used", "link-used-do"]),
        Came::Full => refusal(StatusCode::FORBIDDEN, lang, &["link-full", "link-full-do"]),
        Came::Failed => {
            let keys = ["refused-service", "refused-service-do"];
            refusal(StatusCode::SERVICE_UNAVAILABLE, lang, &keys)
        }
    }
}

/// Looking at a link ahead of time, as some browsers and mail servers do, does not use it up.
async fn no_page() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

fn is_only_a_look(headers: &HeaderMap) -> bool {
    ["purpose", "sec-purpose", "x-moz"].iter().any(|name| {
        let value = headers.get(HeaderName::from_static(name));
        value.and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("prefetch"))
    })
}

fn redirect(to: &str) -> Response {
    match HeaderValue::try_from(to) {
        Ok(to) => (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// A screen, alone or in its document.
fn shown(screen: Screen<'_>, headers: &HeaderMap) -> Markup {
    if wants_fragment(headers) { screen.render() } else { screen.document() }
}
