//! Answers to what cannot be answered: a page in the person's language, or a word for the script.

use std::time::Duration;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use kazasu_hal::Mono;

use super::{
    document::in_both_languages,
    lang::{self, Lang},
};

/// When to come again where all places are taken, in seconds.
const AGAIN_S: &str = "10";

/// How long to wait, in whole seconds, upwards: not too early. At least one.
pub(crate) fn retry_after(until: Option<Mono>, now: Mono) -> u64 {
    let wait = until.map_or(Duration::from_secs(1), |until| until.since(now));
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// Who asks, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    lang: Lang,
    /// The page's script: it wants no page.
    by_script: bool,
}

impl Asked {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let by_script = wants_fragment(headers);
        Self { lang: lang::wanted(headers), by_script }
    }

    /// The answer of this status. It says nothing of how the request was read.
    pub(crate) fn refusal(self, status: StatusCode) -> Response {
        let keys = match status {
            StatusCode::METHOD_NOT_ALLOWED => ["refused-method", "refused-method-do"],
            StatusCode::REQUEST_TIMEOUT => ["refused-late", "refused-late-do"],
            StatusCode::PAYLOAD_TOO_LARGE => ["refused-large", "refused-large-do"],
            status if status.is_server_error() => ["refused-service", "refused-service-do"],
            _ => ["refused-form", "refused-form-do"],
        };
        self.page(status, &keys)
    }

    /// The answer where all places are taken.
    pub(crate) fn full(self) -> Response {
        let page = self.page(StatusCode::SERVICE_UNAVAILABLE, &["full", "full-do"]);
        ([(header::RETRY_AFTER, AGAIN_S)], page).into_response()
    }

    fn page(self, status: StatusCode, keys: &[&str]) -> Response {
        if self.by_script {
            let word = keys.first().map(|key| self.lang.text(key)).unwrap_or_default();
            return (status, format!("{word}\n")).into_response();
        }
        refusal(status, self.lang, keys)
    }
}

/// Whether the page's script asks: it wants the screen alone, and no redirect.
pub(crate) fn wants_fragment(headers: &HeaderMap) -> bool {
    headers.contains_key("kazasu-fragment")
}

/// A page of this status that says these texts.
pub(crate) fn refusal(status: StatusCode, lang: Lang, keys: &[&str]) -> Response {
    (status, in_both_languages(lang, keys)).into_response()
}

/// Gives a page to refusals that have none. What a parser says of a request is for its log alone:
/// it can quote what was typed.
pub(crate) async fn in_words(request: Request, next: Next) -> Response {
    let asked = Asked::of(request.headers());
    let response = next.run(request).await;
    let status = response.status();
    let has_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if has_page || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let keep =
        |name| response.headers().get(&name).cloned().map(|value: HeaderValue| (name, value));
    let kept = [header::ALLOW, header::RETRY_AFTER].map(keep);
    let mut page = asked.refusal(status);
    page.headers_mut().extend(kept.into_iter().flatten());
    page
}
