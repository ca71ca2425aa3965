//! The audit log for scripts that collect it: sign in, download, sign out (spec 40 section 4).
//!
//! The script of the device's manual is the client to satisfy, so addresses, fields and encodings
//! are its own, and no token of a page goes with its requests. What a session may do is to
//! download the log.

mod credentials;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;

use std::{net::IpAddr, sync::Arc, time::SystemTime};

use axum::{
    Extension, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use jiff::tz::TimeZone;
use kazasu_hal::Mono;
use kazasu_registration::{Claimed, DateFormat, ErrorCode, Shown, manual};
use kazasu_service::{AdminError, Administrators, Directory, Refusal, Stations, Store};

use crate::edge::{
    connection::Addresses,
    origin::AllowedHosts,
    refusal::retry_after,
    sessions::{self, Sessions},
};

/// The largest form, in bytes: two fields in Base64.
const BODY_MAX: usize = 4 * 1024;

const LOGIN: &str = "/LOGIN.CMD";
const EXPORT: &str = "/ALOGEXPT.CMD";
const LOGOUT: &str = "/LOGOUT.CMD";

struct Shared<S, D> {
    administrators: Administrators<S, D>,
    /// What time it is there.
    stations: Stations,
    hosts: AllowedHosts,
    sessions: Sessions,
}

struct Audit<S, D>(Arc<Shared<S, D>>);

impl<S, D> Clone for Audit<S, D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The routes, over TLS.
pub(crate) fn router<S: Store, D: Directory>(
    administrators: Administrators<S, D>,
    stations: Stations,
    hosts: AllowedHosts,
) -> Router {
    let sessions = Sessions::default();
    let audit = Audit(Arc::new(Shared { administrators, stations, hosts, sessions }));
    Router::new()
        .route(LOGIN, post(login::<S, D>))
        .route(EXPORT, get(export::<S, D>))
        .route(LOGOUT, get(logout::<S, D>))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn_with_state(audit.clone(), only_under_our_name::<S, D>))
        .with_state(audit)
}

/// The same addresses without TLS.
pub(crate) fn only_with_tls() -> Router {
    const WHY: &str = "the audit log is handed out over HTTPS only: start the service with \
                       --tls-listen and use that address\n";
    let refuse = || async { refusal(StatusCode::FORBIDDEN, WHY) };
    Router::new().route(LOGIN, any(refuse)).route(EXPORT, any(refuse)).route(LOGOUT, any(refuse))
}

async fn only_under_our_name<S: Store, D: Directory>(
    State(audit): State<Audit<S, D>>,
    request: Request,
    next: Next,
) -> Response {
    if audit.0.hosts.has(request.headers()) {
        next.run(request).await
    } else {
        refusal(StatusCode::FORBIDDEN, "this server does not go by that name\n")
    }
}

async fn login<S: Store, D: Directory>(
    State(audit): State<Audit<S, D>>,
    Extension(Addresses { theirs: from, .. }): Extension<Addresses>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    // A page elsewhere could post a form; it cannot claim to be one of ours.
    if !came_from_us(&headers) {
        let why = "the header Referer has to name a page of this server: /home/index.html\n";
        return refusal(StatusCode::FORBIDDEN, why);
    }
    let Some(typed) = credentials::read(&body) else {
        let why = "NAME and PSW have to be there, in Base64, as UTF-8 or CP932 text\n";
        return refusal(StatusCode::BAD_REQUEST, why);
    };
    let shared = &audit.0;
    match shared.administrators.check(&typed.user, typed.password, from).await {
        Ok(who) => begin(shared, who).await,
        Err(refused) => failed(refused, shared.stations.now().mono),
    }
}

async fn begin<S: Store, D: Directory>(shared: &Shared<S, D>, who: Claimed) -> Response {
    let now = shared.stations.now().mono;
    let standing = match shared.administrators.standing(who).await {
        Ok(Some(standing)) => standing,
        // Taken away in this very moment.
        Ok(None) => return failed(ErrorCode::SignInFailed.into(), now),
        Err(error) => {
            return failed(error.code().unwrap_or(ErrorCode::Internal).into(), now);
        }
    };
    match shared.sessions.begin(standing, now) {
        Some(cookie) => (StatusCode::OK, [(header::SET_COOKIE, cookie)], "OK\n").into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Nothing tells a wrong ID from a wrong password, or either from somebody who is no administrator.
fn failed(Refusal { code, until }: Refusal, now: Mono) -> Response {
    let status = match code {
        ErrorCode::SignInFailed | ErrorCode::LockedOut => StatusCode::FORBIDDEN,
        ErrorCode::TryLater => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    // A lock looks like a wrong password: also when it opens would tell whose it is.
    if status == StatusCode::FORBIDDEN {
        return refusal(status, &refused(ErrorCode::SignInFailed));
    }
    let mut response = refusal(status, &refused(code));
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, retry_after(until, now).into());
    }
    response
}

fn refused(code: ErrorCode) -> String {
    format!("refused (code {})\n", code.as_str())
}

async fn export<S: Store, D: Directory>(
    State(audit): State<Audit<S, D>>,
    Extension(Addresses { ours: address, .. }): Extension<Addresses>,
    headers: HeaderMap,
) -> Response {
    let shared = &audit.0;
    let Some(standing) = shared.sessions.who(&headers, shared.stations.now().mono) else {
        return refusal(StatusCode::FORBIDDEN, "sign in first\n");
    };
    // The account, its role and its password are what they were, or the session is over.
    match shared.administrators.standing(standing.who().clone()).await {
        Ok(now) if now.as_ref() == Some(&standing) => {}
        Ok(_) => {
            shared.sessions.end(&headers);
            return refusal(StatusCode::FORBIDDEN, "sign in first\n");
        }
        Err(error) => return not_handed_out(&error),
    }
    match shared.administrators.office(&standing).export_audit().await {
        Ok(entries) => {
            let shown = shown(address, shared.stations.now().wall);
            let headers = [
                (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"auditlog.txt\""),
            ];
            (headers, manual(&entries, &shown)).into_response()
        }
        Err(error) => not_handed_out(&error),
    }
}

fn not_handed_out(error: &AdminError) -> Response {
    tracing::error!(%error, "the audit log could not be handed out");
    let code = error.code().map_or("909", ErrorCode::as_str);
    let why = format!("the audit log cannot be handed out (code {code})\n");
    refusal(StatusCode::INTERNAL_SERVER_ERROR, &why)
}

fn shown(address: IpAddr, now: SystemTime) -> Shown {
    Shown { address, zone: TimeZone::system(), now, dates: DateFormat::default() }
}

async fn logout<S: Store, D: Directory>(
    State(audit): State<Audit<S, D>>,
    headers: HeaderMap,
) -> Response {
    audit.0.sessions.end(&headers);
    ([(header::SET_COOKIE, sessions::ENDED)], "OK\n").into_response()
}

/// Whether the page that is said to have sent this is one of this server's.
fn came_from_us(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(referer), Some(host)) = (text(header::REFERER), text(header::HOST)) else {
        return false;
    };
    let authority = referer.strip_prefix("https://").and_then(|rest| rest.split('/').next());
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

fn refusal(status: StatusCode, why: &str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], why.to_owned()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_are_a_referer() {
        let rows = [
            (Some("https://127.0.0.1/home/index.html"), "127.0.0.1", true),
            (Some("https://printer:8443/home/index.html"), "Printer:8443", true),
            (Some("https://127.0.0.1"), "127.0.0.1", true),
            (Some("http://127.0.0.1/home/index.html"), "127.0.0.1", false),
            (Some("https://elsewhere.example/127.0.0.1"), "127.0.0.1", false),
            (Some("https://127.0.0.1.elsewhere.example/"), "127.0.0.1", false),
            (Some("https://127.0.0.1:8443/"), "127.0.0.1", false),
            (Some(""), "", false),
            (None, "127.0.0.1", false),
        ];
        for (referer, host, expected) in rows {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            if let Some(referer) = referer {
                headers.insert(header::REFERER, referer.parse().unwrap());
            }
            assert_eq!(came_from_us(&headers), expected, "{referer:?} {host}");
        }
    }
}
