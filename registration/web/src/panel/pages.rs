//! What each page says: the one place where a view becomes HTML, for whole documents and for the
//! event stream.

use std::time::Duration;

use kazasu_hal::Mono;
use kazasu_registration::{ErrorCode, Notice, Page, Problem, SessionView};
use maud::{DOCTYPE, Markup, html};

use super::{Look, ReaderPlace, assets, drawings, form, sim};
use crate::lang::Lang;

/// One screen to draw.
#[derive(Clone, Copy)]
pub(super) struct Screen<'a> {
    pub(super) view: &'a SessionView,
    pub(super) lang: Lang,
    pub(super) look: Look,
    /// For how long the page stays, from now.
    pub(super) now: Mono,
}

impl Screen<'_> {
    /// The fixed word of the page, for styles, scripts and tests.
    pub(super) fn word(self) -> &'static str {
        match &self.view.page {
            Page::Idle => "idle",
            Page::Reading => "reading",
            Page::Provisional => "provisional",
            Page::Register { .. } => "register",
            Page::Checking => "checking",
            Page::ConfirmReplace => "confirm-replace",
            Page::Saving => "saving",
            Page::SignedIn { .. } => "signed-in",
            Page::Notice(Notice::Registered { .. }) => "notice-registered",
            Page::Notice(Notice::Problem(_)) => "notice-problem",
        }
    }

    /// Milliseconds until the page clears by itself; empty for never.
    pub(super) fn clears_ms(self) -> String {
        let left = |at: Mono| at.since(self.now).as_millis().to_string();
        self.view.clears_at.map(left).unwrap_or_default()
    }

    /// Everything that changes from page to page, in one element.
    pub(super) fn render(self) -> Markup {
        let lang = self.lang;
        let other = lang.other();
        html! {
            div #screen class=(if self.look.simulated { "has-sim" } else { "" }) lang=(lang.tag())
                data-page=(self.word()) data-station=(self.view.station) data-session=(self.view.session)
                data-clears=(self.clears_ms()) data-title=(lang.text("panel-title"))
                data-assets=(assets::VERSION) data-sound[self.look.tap_sound] {
                header.top {
                    @if let Some(name) = self.name() {
                        span.who { (drawings::person()) bdi data-name { (name) } }
                    } @else { span {} }
                    a.language #language href=(format!("?lang={}", other.tag())) hreflang=(other.tag())
                        lang=(other.tag()) { (other.text("language-name")) }
                }
                (self.main())
                main.refused #lost hidden {
                    section {
                        h1 data-say { (lang.text("lost")) }
                        p.then data-say { (lang.text("lost-hint")) }
                    }
                }
                @if self.look.simulated { (sim::strip(lang)) }
                div #clears hidden { p { (lang.text("clears-soon")) } div {} }
            }
        }
    }

    /// A signed-in person's name; nobody else's is shown.
    fn name(&self) -> Option<&str> {
        match &self.view.page {
            Page::SignedIn { name, .. } | Page::Notice(Notice::Registered { name }) => Some(name),
            _ => None,
        }
    }

    fn main(self) -> Markup {
        let class = match &self.view.page {
            Page::Register { .. } => "sheet",
            // The picture is on the side where the reader stands.
            Page::Idle if self.look.reader_place == ReaderPlace::Right => "mirrored",
            _ => "",
        };
        html! { main class=(class) data-page=(self.word()) { (self.body()) } }
    }

    fn body(self) -> Markup {
        let place = self.look.reader_place;
        match &self.view.page {
            Page::Idle if !self.view.reader_ready => self.sheet(
                drawings::reader_missing(),
                self.heading("reader-missing", None),
                self.then("reader-missing-hint"),
            ),
            Page::Idle => {
                let key = match place {
                    ReaderPlace::Left => "idle-left",
                    ReaderPlace::Right => "idle-right",
                    ReaderPlace::Below => "idle-below",
                };
                self.sheet(drawings::hold(place), self.heading(key, None), self.then("idle-hint"))
            }
            Page::Reading => self.sheet(
                drawings::busy(),
                self.heading("reading", None),
                self.then("reading-hint"),
            ),
            Page::Provisional => self.sheet(
                drawings::unknown_card(),
                self.heading("provisional", None),
                html! {
                    (self.then("provisional-hint"))
                    (self.buttons(&[("open", "provisional-register"), ("sign-out", "sign-out")], Some(0)))
                },
            ),
            Page::Register { user_id, problem } => form::register(self, user_id, problem.as_ref()),
            Page::Checking => self.sheet(
                drawings::busy(),
                self.heading("checking", None),
                html! {
                    div.late { (self.then("checking-device")) }
                    div.late { (self.buttons(&[("cancel", "cancel")], None)) }
                },
            ),
            Page::ConfirmReplace => self.sheet(
                drawings::two_cards(),
                self.heading("confirm-replace", None),
                html! {
                    (self.then("confirm-replace-hint"))
                    (self.buttons(&[("no", "confirm-no"), ("yes", "confirm-yes")], None))
                },
            ),
            Page::Saving => self.sheet(
                drawings::busy(),
                self.heading("saving", None),
                self.then("saving-hint"),
            ),
            Page::SignedIn { problem, .. } => self.sheet(
                if problem.is_some() { drawings::problem() } else { drawings::signed_in() },
                self.heading("signed-in", problem.as_ref()),
                html! {
                    @if problem.is_none() { (self.then("signed-in-hint")) }
                    (self.buttons(&[("sign-out", "sign-out")], Some(0)))
                },
            ),
            Page::Notice(Notice::Registered { .. }) => self.sheet(
                drawings::registered(),
                self.heading("registered", None),
                html! {
                    (self.then("registered-hint"))
                    (self.buttons(&[("cancel", "close")], Some(0)))
                },
            ),
            Page::Notice(Notice::Problem(problem)) => self.sheet(
                drawings::problem(),
                self.heading("", Some(problem)),
                self.buttons(&[("cancel", "close")], Some(0)),
            ),
        }
    }

    /// A picture beside words.
    fn sheet(self, picture: Markup, heading: Markup, below: Markup) -> Markup {
        html! { (picture) div.words { (heading) (below) } }
    }

    /// The main sentence: the page's own, or what happened and what to do about it.
    pub(super) fn heading(self, key: &str, problem: Option<&Problem>) -> Markup {
        html! {
            @match problem {
                None => h1 data-say { (self.lang.text(key)) },
                Some(problem) => (problem_text(self.lang, problem.code)),
            }
        }
    }

    fn then(self, key: &str) -> Markup {
        html! { p.then data-say { (self.lang.text(key)) } }
    }

    /// One or two buttons; the first has the focus, the one at `main` stands out.
    fn buttons(self, buttons: &[(&str, &str)], main: Option<usize>) -> Markup {
        html! {
            form.buttons method="post" action="/act" {
                (self.hidden_fields())
                @for (at, (action, key)) in buttons.iter().enumerate() {
                    button.first[main == Some(at)] name="do" value=(action) data-focus[at == 0] {
                        (self.lang.text(key))
                    }
                }
            }
        }
    }

    /// What every form carries: a press that comes late never acts on the next session.
    pub(super) fn hidden_fields(self) -> Markup {
        html! {
            input type="hidden" name="station" value=(self.view.station);
            input type="hidden" name="session" value=(self.view.session);
            input type="hidden" name="lang" value=(self.lang.tag());
        }
    }

    /// The whole document around the screen.
    pub(super) fn document(self) -> Markup {
        // Without JavaScript the page asks again by itself, but never while somebody types.
        let reload = (!matches!(self.view.page, Page::Register { .. })).then_some(RELOAD);
        let body = html! {
            p #say.unseen role="status" aria-live="polite" {}
            (self.render())
            script type="module" src="/panel.js" {}
        };
        document(self.lang, &self.lang.text("panel-title"), reload, &body)
    }
}

/// How often a page without JavaScript asks again.
const RELOAD: Duration = Duration::from_secs(2);

fn document(lang: Lang, title: &str, reload: Option<Duration>, body: &Markup) -> Markup {
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

/// What happened, what to do, and the code for the telephone.
fn problem_text(lang: Lang, code: ErrorCode) -> Markup {
    let text = |part: &str| lang.text(&format!("error-{}-{part}", code.as_str()));
    html! {
        h1 data-say { (text("what")) }
        p.then {
            span data-say { (text("do")) }
            " "
            span.code { (lang.text("code-label")) " " span data-code { (code.as_str()) } }
        }
    }
}

/// A page for somebody whose language is not known yet: both, the likely one first.
pub(super) fn in_both_languages(likely: Lang, keys: &[&str]) -> Markup {
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

#[cfg(test)]
#[path = "pages_test.rs"]
mod tests;
