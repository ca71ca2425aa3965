//! What every surface stands on: connections, headers, origins, pairings, sessions, languages. It knows
//! no surface.

pub(crate) mod connection;
pub(crate) mod document;
pub(crate) mod headers;
pub(crate) mod lang;
pub(crate) mod origin;
pub(crate) mod pairing;
pub(crate) mod rate;
pub(crate) mod refusal;
pub(crate) mod sessions;
pub(crate) mod tls;

use std::time::Duration;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::Response,
};
use kazasu_service::Stations;

use self::{
    connection::Guest,
    pairing::{Cookies, Pairings},
    refusal::Asked,
};

/// How long an answer may take, the sending of the form included. Event streams answer at once.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// What tells paired browsers from others.
#[derive(Clone)]
pub(crate) struct Gate {
    stations: Stations,
    pairings: Pairings,
    pub(crate) cookies: Cookies,
}

impl Gate {
    pub(crate) fn new(stations: &Stations, pairings: &Pairings, cookies: Cookies) -> Self {
        Self { stations: stations.clone(), pairings: pairings.clone(), cookies }
    }
}

/// What every answer of every surface passes through.
pub(crate) fn finished(router: Router, gate: Gate) -> Router {
    router
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn_with_state(gate, admit))
        .layer(middleware::from_fn(headers::secure))
}

async fn in_time(request: Request, next: Next) -> Response {
    let asked = Asked::of(request.headers());
    match tokio::time::timeout(ANSWER_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => asked.refusal(StatusCode::REQUEST_TIMEOUT),
    }
}

/// Sees which pairings a browser shows. Whoever has no place and shows none is told that all is
/// taken.
async fn admit(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let now = gate.stations.now();
    let browser = gate.pairings.know(&gate.cookies, request.headers(), now);
    let guest = request.extensions().get::<Guest>();
    if guest.is_none_or(|guest| guest.may_stay(browser.any())) {
        request.extensions_mut().insert(browser.clone());
        let mut response = next.run(request).await;
        for cookie in gate.pairings.renew(&browser, &gate.cookies, now).await {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        return response;
    }
    let mut response = Asked::of(request.headers()).full();
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}
