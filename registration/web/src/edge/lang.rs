//! The language that a browser asks for.

use axum::http::{HeaderMap, header::ACCEPT_LANGUAGE};

pub(crate) use kazasu_texts::Lang;

/// By the browser's wish.
pub(crate) fn wanted(headers: &HeaderMap) -> Lang {
    Lang::from_accept_language(headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()))
}
