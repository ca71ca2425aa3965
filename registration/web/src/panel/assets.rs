//! The page's own files, compiled in.

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

const STYLES: &str = include_str!("../../assets/panel.css");
const ICON: &str = include_str!("../../assets/icon.svg");

/// The modules of the page's script, by the names under which they import each other.
const SCRIPTS: [(&str, &str); 11] = [
    ("main.js", include_str!("../../assets/panel/main.js")),
    ("clears.js", include_str!("../../assets/panel/clears.js")),
    ("fields.js", include_str!("../../assets/panel/fields.js")),
    ("hints.js", include_str!("../../assets/panel/hints.js")),
    ("keyboard.js", include_str!("../../assets/panel/keyboard.js")),
    ("language.js", include_str!("../../assets/panel/language.js")),
    ("press.js", include_str!("../../assets/panel/press.js")),
    ("record.js", include_str!("../../assets/panel/record.js")),
    ("screens.js", include_str!("../../assets/panel/screens.js")),
    ("stream.js", include_str!("../../assets/panel/stream.js")),
    ("touch.js", include_str!("../../assets/panel/touch.js")),
];

/// Tells a page that was loaded from an older service to load itself again.
pub(super) const VERSION: u64 = {
    let mut hash = fnv1a(0xCBF2_9CE4_8422_2325, STYLES);
    let mut rest: &[(&str, &str)] = &SCRIPTS;
    while let [(_, text), others @ ..] = rest {
        hash = fnv1a(hash, text);
        rest = others;
    }
    hash
};

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

pub(super) async fn script(Path(name): Path<String>) -> Response {
    match SCRIPTS.iter().find(|(file, _)| *file == name) {
        Some((_, text)) => {
            ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], *text).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub(super) async fn icon() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml")], ICON)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::*;

    #[test]
    fn the_page_stays_small_and_loads_nothing_from_elsewhere() {
        // A screen with its keyboard adds less than 20 kB (tested with the pages).
        let files: Vec<&str> =
            SCRIPTS.map(|(_, text)| text).into_iter().chain([STYLES, ICON]).collect();
        assert!(files.iter().map(|text| text.len()).sum::<usize>() < 60_000);
        for text in files {
            let outside = text.replace("http://www.w3.org/2000/svg", "");
            assert!(
                !outside.contains("http") && !outside.contains("@import"),
                "names another site"
            );
        }
    }

    /// A module that is missing here would leave the whole page without its script.
    #[test]
    fn every_module_is_served_and_imports_only_those_that_are() {
        let served: BTreeSet<String> = SCRIPTS.iter().map(|(name, _)| (*name).to_owned()).collect();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/panel");
        let there = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let there: BTreeSet<String> = there.map(|name| name.into_string().unwrap()).collect();
        assert_eq!(served, there);
        let mut imported = BTreeSet::from(["main.js".to_owned()]);
        for (file, text) in SCRIPTS {
            for line in text.lines().filter(|line| line.contains("\"./")) {
                let name = line.split("\"./").nth(1).and_then(|rest| rest.split('"').next());
                let name = name.unwrap().to_owned();
                assert!(served.contains(&name), "{file} imports {name}");
                imported.insert(name);
            }
        }
        assert_eq!(imported, served, "nobody imports the others");
    }
}
