//! The page's own files, compiled in.

use axum::{http::header, response::IntoResponse};

const STYLES: &str = include_str!("../../assets/panel.css");
const SCRIPT: &str = include_str!("../../assets/panel.js");
const TYPING: &str = include_str!("../../assets/typing.js");
const TOUCH: &str = include_str!("../../assets/touch.js");
const ICON: &str = include_str!("../../assets/icon.svg");

/// Tells a page that was loaded from an older service to load itself again.
pub(super) const VERSION: u64 =
    fnv1a(fnv1a(fnv1a(fnv1a(0xCBF2_9CE4_8422_2325, STYLES), SCRIPT), TYPING), TOUCH);

const fn fnv1a(mut hash: u64, text: &str) -> u64 {
    let mut rest = text.as_bytes();
    while let [byte, others @ ..] = rest {
        hash = (hash ^ *byte as u64).wrapping_mul(0x0100_0000_01B3);
        rest = others;
    }
    hash
}

pub(super) async fn styles() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLES)
}

pub(super) async fn script() -> impl IntoResponse {
    javascript(SCRIPT)
}

pub(super) async fn typing() -> impl IntoResponse {
    javascript(TYPING)
}

pub(super) async fn touch() -> impl IntoResponse {
    javascript(TOUCH)
}

fn javascript(text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], text)
}

pub(super) async fn icon() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml")], ICON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_stays_small_and_loads_nothing_from_elsewhere() {
        // A screen with its keyboard adds less than 20 kB (tested with the pages).
        let files = [STYLES, SCRIPT, TYPING, TOUCH, ICON];
        assert!(files.map(str::len).iter().sum::<usize>() < 60_000);
        for text in files {
            let outside = text.replace("http://www.w3.org/2000/svg", "");
            assert!(
                !outside.contains("http") && !outside.contains("@import"),
                "names another site"
            );
        }
    }
}
