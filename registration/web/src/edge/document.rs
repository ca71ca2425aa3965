//! The document around whatever a page shows.

use std::time::Duration;

use maud::{DOCTYPE, Markup, html};

use super::lang::Lang;

/// Everything but the body; `reload` is how often a browser without JavaScript asks again.
pub(crate) fn document(lang: Lang, title: &str, reload: Option<Duration>, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" href="/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/panel.css";
                @if let Some(every) = reload {
                    noscript { meta http-equiv="refresh" content=(every.as_secs()); }
                }
            }
            body { (body) }
        }
    }
}

/// A page for somebody whose language is not known yet: both, the likely one first.
pub(crate) fn in_both_languages(likely: Lang, keys: &[&str]) -> Markup {
    let [title, sentences @ ..] = keys else { return html! {} };
    let body = html! {
        main.refused {
            @for lang in [likely, likely.other()] {
                section lang=(lang.tag()) {
                    h1 { (lang.text(title)) }
                    @for key in sentences { p.then { (lang.text(key)) } }
                    p { a href="/" { (lang.text("refused-again")) } }
                }
            }
        }
    };
    document(likely, &likely.text("panel-title"), None, &body)
}
