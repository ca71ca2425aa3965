//! One HTTP surface for people: so far the panel, a touch page beside the reader.
//!
//! ```text
//! browser -> connection -> headers, time limit -> host, origin -> pairing -> page, event stream, press
//!                                                                           |            |
//!                                                          SessionView <- Service <- PanelAction
//! ```
//! What is shared by all surfaces (connections, headers, origins, pairings, languages) is here; a
//! surface is a module. Pages are rendered on the server in one place each and pushed to the
//! browser; the script only swaps them in.

mod audit;
mod connection;
mod headers;
mod lang;
mod origin;
mod pairing;
mod panel;
mod rate;
mod refusal;
mod tls;

use std::time::Duration;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::Response,
};
use kazasu_service::Service;

use crate::{connection::Guest, pairing::Cookies, refusal::Asked};

pub use connection::serve;
pub use origin::AllowedHosts;
pub use pairing::{BadPairings, NoLink, PairedBrowser, Pairings};
pub use panel::{PanelConfig, ReaderPlace, SimControl};
pub use tls::Tls;

/// What holds for any bytes at all. The fuzz targets of `registration/fuzz` run these, and a test
/// runs them on what was found before.
#[cfg(any(test, fuzzing))]
pub mod fuzz {
    pub use crate::{audit::fuzz::login, panel::fuzz::press};
}

/// How long an answer may take, the sending of the form included. Event streams answer at once.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Everything that is served without TLS: the panel. What hands out the audit log says why not.
pub fn router(service: Service, config: PanelConfig) -> Router {
    let gate = Gate::new(&service, &config, false);
    let panel = panel::router(service, config, gate.cookies.clone());
    finished(panel.merge(audit::only_with_tls()), gate)
}

/// Everything that is served over TLS: the panel, and the audit log for administrators' scripts.
pub fn tls_router(service: Service, config: PanelConfig) -> Router {
    let audit = audit::router(service.clone(), config.allowed_hosts.clone());
    let gate = Gate::new(&service, &config, true);
    let panel = panel::router(service, config, gate.cookies.clone());
    finished(panel.merge(audit), gate).layer(middleware::map_response(headers::over_tls))
}

/// What tells paired browsers from others.
#[derive(Clone)]
struct Gate {
    service: Service,
    pairings: Pairings,
    cookies: Cookies,
}

impl Gate {
    fn new(service: &Service, config: &PanelConfig, over_tls: bool) -> Self {
        let cookies = Cookies::new(config.port, over_tls);
        Self { service: service.clone(), pairings: config.pairings.clone(), cookies }
    }
}

fn finished(router: Router, gate: Gate) -> Router {
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
    let now = gate.service.now();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_inputs() {
        kazasu_replay::found("forms", include_str!("../../fuzz/corpus/forms.txt"), fuzz::press);
        kazasu_replay::found("login", include_str!("../../fuzz/corpus/login.txt"), fuzz::login);
    }
}
