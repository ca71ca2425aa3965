//! What each page says: the one place where a view becomes HTML, for whole documents and for the
//! event stream.

use std::{borrow::Cow, time::Duration};

use kazasu_hal::Mono;
use kazasu_registration::{ErrorCode, Notice, Page, Problem, SessionView};
use maud::{Markup, html};

use super::{Look, ReaderPlace, assets, drawings, form, sim};
use crate::edge::{document::document, lang::Lang};

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
            Page::Idle { .. } => "idle",
            Page::Reading => "reading",
            Page::AskWho { .. } => "ask-who",
            Page::SignIn { .. } => "sign-in",
            Page::AskPassword { .. } => "ask-password",
            Page::NewPassword { .. } => "new-password",
            Page::Provisional { .. } => "provisional",
            Page::Register { .. } => "register",
            Page::Checking => "checking",
            Page::ConfirmReplace => "confirm-replace",
            Page::Saving => "saving",
            Page::SignedIn { .. } => "signed-in",
            Page::OwnRecord { .. } => "own-record",
            Page::Guest => "guest",
            Page::Administrator { .. } => "administrator",
            Page::EngineerPassword { .. } => "engineer-password",
            Page::Engineer => "engineer",
            Page::Notice(Notice::Registered { .. }) => "notice-registered",
            Page::Notice(Notice::Unlinked) => "notice-unlinked",
            Page::Notice(Notice::Problem(_)) => "notice-problem",
        }
    }

    /// Whether somebody types on this page.
    fn is_form(self) -> bool {
        matches!(
            self.view.page,
            Page::SignIn { .. }
                | Page::AskPassword { .. }
                | Page::NewPassword { .. }
                | Page::Register { .. }
                | Page::OwnRecord { .. }
                | Page::EngineerPassword { .. }
        )
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
                (self.quiet_keys())
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
            Page::SignedIn { name, .. } => name.as_deref(),
            Page::OwnRecord { record, .. } => Some(&record.name),
            Page::Notice(Notice::Registered { name }) => Some(name),
            _ => None,
        }
    }

    fn main(self) -> Markup {
        let class = match &self.view.page {
            _ if self.is_form() => "sheet",
            // The picture is on the side where the reader stands.
            Page::Idle { cards: true, .. } if self.look.reader_place == ReaderPlace::Right => {
                "mirrored"
            }
            _ => "",
        };
        html! { main class=(class) data-page=(self.word()) { (self.body()) } }
    }

    fn body(self) -> Markup {
        match &self.view.page {
            Page::Idle { cards, sign_in, paid, .. } => self.idle(*cards, *sign_in, *paid),
            Page::AskWho { guests } => self.ask_who(*guests),
            Page::SignIn { signs_in, user_id, asks_password, problem } => {
                form::sign_in(self, *signs_in, user_id, *asks_password, problem.as_ref())
            }
            Page::AskPassword { problem } => form::password(self, "ask-password", problem.as_ref()),
            Page::NewPassword { min, max, problem } => {
                form::new_password(self, (*min, *max), problem.as_ref())
            }
            Page::Register { user_id, sources, source, problem } => {
                form::register(self, user_id, (sources, *source), problem.as_ref())
            }
            Page::OwnRecord { record, problem } => form::own_record(self, record, problem.as_ref()),
            Page::EngineerPassword { problem } => {
                form::password(self, "engineer-password", problem.as_ref())
            }
            Page::Reading => self.plain(drawings::busy(), "reading", "reading-hint", &[]),
            Page::Saving => self.plain(drawings::busy(), "saving", "saving-hint", &[]),
            Page::Checking => self.sheet(
                drawings::busy(),
                self.heading("checking", None),
                html! {
                    div.late { (self.then("checking-hint")) }
                    div.late { (self.buttons(&[("cancel", "cancel")], None)) }
                },
            ),
            Page::Provisional { can_register: true } => self.plain(
                drawings::unknown_card(),
                "provisional",
                "provisional-hint",
                &[("open", "provisional-register"), SIGN_OUT],
            ),
            Page::Provisional { can_register: false } => self.plain(
                drawings::unknown_card(),
                "provisional",
                "provisional-closed",
                &[SIGN_OUT],
            ),
            Page::ConfirmReplace => self.sheet(
                drawings::two_cards(),
                self.heading("confirm-replace", None),
                html! {
                    (self.then("confirm-replace-hint"))
                    (self.buttons(&[("no", "confirm-no"), ("yes", "confirm-yes")], Some(0)))
                },
            ),
            Page::SignedIn { can_edit, can_sign_out, saved, problem, .. } => self.sheet(
                if problem.is_some() { drawings::problem() } else { drawings::signed_in() },
                self.heading(if *saved { "saved" } else { "signed-in" }, problem.as_ref()),
                html! {
                    @if problem.is_none() { (self.then("signed-in-hint")) }
                    @let offered = [(*can_sign_out, SIGN_OUT), (*can_edit, ("open-own", "edit-own"))];
                    @let buttons: Vec<_> =
                        offered.into_iter().filter(|(may, _)| *may).map(|(_, button)| button).collect();
                    (self.buttons(&buttons, Some(0)))
                },
            ),
            Page::Guest => {
                self.plain(drawings::signed_in(), "guest", "signed-in-hint", &[SIGN_OUT])
            }
            Page::Administrator { jobs_enabled } => {
                let hint =
                    if *jobs_enabled { "administrator-jobs" } else { "administrator-no-jobs" };
                self.plain(drawings::signed_in(), "administrator", hint, &[SIGN_OUT])
            }
            Page::Engineer => self.plain(
                drawings::service(),
                "engineer",
                "engineer-hint",
                &[("special-key", "engineer-leave")],
            ),
            Page::Notice(Notice::Registered { .. }) => {
                self.plain(drawings::registered(), "registered", "registered-hint", &[CLOSE])
            }
            Page::Notice(Notice::Unlinked) => {
                self.plain(drawings::unknown_card(), "unlinked", "unlinked-hint", &[CLOSE])
            }
            Page::Notice(Notice::Problem(problem)) => self.sheet(
                drawings::problem(),
                self.heading("", Some(problem)),
                self.buttons(&[CLOSE], Some(0)),
            ),
        }
    }

    fn idle(self, cards: bool, sign_in: bool, paid: bool) -> Markup {
        let sign_in_key = match (sign_in && !paid, cards) {
            (false, _) => None,
            (true, true) => Some("sign-in-without-card"),
            (true, false) => Some("sign-in"),
        };
        let place = self.look.reader_place;
        let code = self.view.reader_problem();
        let (picture, heading, then) = match place {
            _ if paid => (drawings::signed_in(), "idle-paid", "idle-paid-hint"),
            _ if !cards && sign_in => (drawings::who(), "idle-panel", "idle-panel-hint"),
            _ if !cards => (drawings::signed_in(), "idle-free", "idle-free-hint"),
            _ if code.is_some() => {
                (drawings::reader_missing(), "reader-missing", "reader-missing-hint")
            }
            ReaderPlace::Left => (drawings::hold(place), "idle-left", "idle-hint"),
            ReaderPlace::Right => (drawings::hold(place), "idle-right", "idle-hint"),
            ReaderPlace::Below => (drawings::hold(place), "idle-below", "idle-hint"),
        };
        self.sheet(
            picture,
            self.heading(heading, None),
            html! {
                p.then {
                    span data-say { (self.lang.text(then)) }
                    @if let Some(code) = code { " " (code_text(self.lang, code)) }
                }
                @if let Some(key) = sign_in_key {
                    form.buttons method="post" action="/act" {
                        (self.hidden_fields())
                        // Without the focus: a stray key must not open a page.
                        (self.button((AUTHENTICATION_KEY, key), false, false))
                    }
                }
            },
        )
    }

    fn ask_who(self, guests: bool) -> Markup {
        let buttons = [
            ("as-user", "as-user"),
            ("as-guest", "as-guest"),
            ("as-administrator", "as-administrator"),
            ("cancel", "cancel"),
        ];
        let offered: Vec<_> =
            buttons.into_iter().filter(|(action, _)| guests || *action != "as-guest").collect();
        self.sheet(drawings::who(), self.heading("ask-who", None), self.buttons(&offered, Some(0)))
    }

    /// What few people need, small and at the foot of the page: an administrator's way in where
    /// cards are the only one, another sign-in beside a card's, and the special key.
    fn quiet_keys(self) -> Markup {
        let (sign_in, special) = match &self.view.page {
            Page::Idle { sign_in: false, administrators: true, .. } => {
                (Some((AUTHENTICATION_KEY, "administrators")), true)
            }
            Page::Idle { .. } => (None, true),
            Page::SignedIn { can_switch: true, .. } => {
                (Some(("open-sign-in", "sign-in-instead")), false)
            }
            Page::SignIn { .. } | Page::AskWho { .. } => (None, true),
            _ => return html! {},
        };
        let label = self.lang.text("special-key");
        html! {
            form.quiet method="post" action="/act" {
                (self.hidden_fields())
                @if let Some(button) = sign_in { (self.button(button, false, false)) }
                @if special {
                    button #special-key name="do" value="special-key" aria-label=(label) title=(label) {
                        (drawings::wrench())
                    }
                }
            }
        }
    }

    /// A page of one sentence, one hint and its buttons, the first of which stands out.
    fn plain(self, picture: Markup, heading: &str, then: &str, buttons: &[(&str, &str)]) -> Markup {
        self.sheet(
            picture,
            self.heading(heading, None),
            html! {
                (self.then(then))
                @if !buttons.is_empty() { (self.buttons(buttons, Some(0))) }
            },
        )
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
                Some(problem) => (problem_text(self.lang, problem, self.now)),
            }
        }
    }

    pub(super) fn then(self, key: &str) -> Markup {
        html! { p.then data-say { (self.lang.text(key)) } }
    }

    /// A few buttons; the first has the focus, the one at `main` stands out.
    fn buttons(self, buttons: &[(&str, &str)], main: Option<usize>) -> Markup {
        html! {
            form.buttons method="post" action="/act" {
                (self.hidden_fields())
                @for (at, button) in buttons.iter().enumerate() {
                    (self.button(*button, main == Some(at), at == 0))
                }
            }
        }
    }

    /// A button that does this, under its fixed word.
    fn button(self, (action, key): (&str, &str), main: bool, focus: bool) -> Markup {
        html! {
            button.first[main] id=(action) name="do" value=(action) data-focus[focus] {
                (self.lang.text(key))
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
        let reload = (!self.is_form()).then_some(RELOAD);
        let body = html! {
            p #say.unseen role="status" aria-live="polite" {}
            (self.render())
            script type="module" src="/panel/main.js" {}
        };
        document(self.lang, &self.lang.text("panel-title"), reload, &body)
    }
}

/// Begins where nobody is signed in, and ends a session.
const AUTHENTICATION_KEY: &str = "authentication-key";
/// Buttons: fixed word and text.
const SIGN_OUT: (&str, &str) = (AUTHENTICATION_KEY, "sign-out");
const CLOSE: (&str, &str) = ("cancel", "close");

/// How often a page without JavaScript asks again.
const RELOAD: Duration = Duration::from_secs(2);

/// What happened, what to do, and the code for the telephone.
fn problem_text(lang: Lang, problem: &Problem, now: Mono) -> Markup {
    let code = problem.code;
    let text = |part: &str| lang.text(&format!("error-{}-{part}", code.as_str()));
    let wait = problem.until.map(|until| until.since(now)).filter(|wait| !wait.is_zero());
    html! {
        h1 data-say { (text("what")) }
        p.then.problem {
            span data-say { (wait.map_or_else(|| text("do"), |wait| waiting(lang, wait))) }
            " "
            (code_text(lang, code))
        }
    }
}

/// The code for the telephone.
fn code_text(lang: Lang, code: ErrorCode) -> Markup {
    html! { span.code { (lang.text("code-label")) " " span data-code { (code.as_str()) } } }
}

/// How long to wait, never too short.
fn waiting(lang: Lang, wait: Duration) -> Cow<'static, str> {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
    let (key, count) = match seconds {
        ..=1 => return lang.text("wait-second"),
        seconds if seconds < 2 * MINUTE => ("wait-seconds", seconds),
        seconds if seconds < 2 * HOUR => ("wait-minutes", seconds.div_ceil(MINUTE)),
        seconds => ("wait-hours", seconds.div_ceil(HOUR)),
    };
    lang.text_with(key, [("count", count.into())])
}

#[cfg(test)]
#[path = "pages_test.rs"]
mod tests;
