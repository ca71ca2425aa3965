//! What people press.

use axum::{
    Extension,
    extract::{Form, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use kazasu_hal::Mono;
use kazasu_registration::{ErrorCode, Page, PanelAction, Problem, SignInAs, Source, TypedRecord};
use kazasu_service::ActError;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{Panel, no_such_panel, redirect, shown};
use crate::edge::{
    connection::Addresses,
    lang::{self, Lang},
    pairing::Browser,
    refusal::{retry_after, wants_fragment},
};

/// How much of a typed user ID is shown again, in characters: more than any valid one.
pub(super) const KEPT: usize = 64;

/// One press of a button, with whatever its form holds. No `Debug`: it holds passwords.
#[derive(Deserialize)]
pub(super) struct Press {
    station: String,
    session: u64,
    #[serde(rename = "do")]
    button: Button,
    lang: Option<String>,
    #[serde(default)]
    source: Source,
    #[serde(default)]
    user_id: String,
    #[serde(default)]
    password: Zeroizing<String>,
    #[serde(default)]
    password_again: Zeroizing<String>,
    #[serde(default)]
    current_password: Zeroizing<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    mail: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Button {
    AuthenticationKey,
    SpecialKey,
    OpenSignIn,
    AsUser,
    AsGuest,
    AsAdministrator,
    SignIn,
    Password,
    NewPassword,
    Open,
    Submit,
    Yes,
    No,
    OpenOwn,
    SaveOwn,
    Unlink,
    Cancel,
    Touch,
}

impl Press {
    /// Whether a password is sent with it: such presses are limited, so that nobody can try
    /// passwords one after the other.
    fn tries_a_password(&self) -> bool {
        match self.button {
            Button::SignIn | Button::Password | Button::NewPassword | Button::Submit => true,
            Button::SaveOwn => [&self.current_password, &self.password, &self.password_again]
                .iter()
                .any(|typed| !typed.is_empty()),
            _ => false,
        }
    }

    /// Whether that password is to be compared with one that somebody has.
    fn guesses(&self) -> bool {
        match self.button {
            Button::NewPassword => false,
            Button::SaveOwn => !self.current_password.is_empty(),
            _ => self.tries_a_password(),
        }
    }

    pub(super) fn action(self) -> PanelAction {
        match self.button {
            Button::AuthenticationKey => PanelAction::AuthenticationKey,
            Button::SpecialKey => PanelAction::SpecialKey,
            Button::OpenSignIn => PanelAction::OpenSignIn,
            Button::AsUser => PanelAction::SignInAs(SignInAs::User),
            Button::AsGuest => PanelAction::SignInAs(SignInAs::Guest),
            Button::AsAdministrator => PanelAction::SignInAs(SignInAs::Administrator),
            Button::SignIn => {
                PanelAction::SignIn { user_id: self.user_id, password: self.password }
            }
            Button::Password => PanelAction::Password(self.password),
            Button::NewPassword => {
                PanelAction::NewPassword { first: self.password, again: self.password_again }
            }
            Button::Open => PanelAction::OpenRegistration,
            Button::Submit => PanelAction::Submit {
                source: self.source,
                user_id: self.user_id,
                password: self.password,
            },
            Button::Yes => PanelAction::Confirm(true),
            Button::No => PanelAction::Confirm(false),
            Button::OpenOwn => PanelAction::OpenOwnRecord,
            Button::SaveOwn => PanelAction::SaveOwn(TypedRecord {
                name: self.name,
                mail: self.mail,
                current: self.current_password,
                new: self.password,
                again: self.password_again,
            }),
            Button::Unlink => PanelAction::UnlinkCard,
            Button::Cancel => PanelAction::Cancel,
            Button::Touch => PanelAction::Touch,
        }
    }

    /// The page that the press came from, with the news that it is too early to try again.
    pub(super) fn too_early(&self, page: &mut Page, until: Option<Mono>) {
        let kept = || self.user_id.chars().take(KEPT).collect();
        let problem = match page {
            Page::Register { user_id, sources, source, problem } => {
                *user_id = kept();
                if sources.contains(&self.source) {
                    *source = self.source;
                }
                problem
            }
            Page::SignIn { user_id, problem, .. } => {
                *user_id = kept();
                problem
            }
            Page::AskPassword { problem }
            | Page::NewPassword { problem, .. }
            | Page::OwnRecord { problem, .. }
            | Page::EngineerPassword { problem } => problem,
            _ => return,
        };
        *problem = Some(Problem { until, ..ErrorCode::TryLater.into() });
    }
}

pub(super) async fn act(
    State(panel): State<Panel>,
    Extension(browser): Extension<Browser>,
    addresses: Option<Extension<Addresses>>,
    headers: HeaderMap,
    Form(press): Form<Press>,
) -> Response {
    let lang = press.lang.as_deref().and_then(Lang::from_tag);
    let Some((station, view)) = panel.station(Some(&press.station), &browser) else {
        return no_such_panel(lang.unwrap_or_else(|| lang::wanted(&headers)));
    };
    let from = addresses.and_then(|Extension(addresses)| addresses.elsewhere());
    let tried = match press.tries_a_password() {
        true => panel.may_try(&station, from, press.guesses()).await,
        false => Ok(()),
    };
    if let Err(until) = tried {
        let mut view = view.borrow().clone();
        // What was typed belongs to the session it was typed in.
        if view.session == press.session {
            press.too_early(&mut view.page, until);
        }
        let lang = lang.unwrap_or_else(|| lang::wanted(&headers));
        let body = shown(panel.screen(&view, lang), &headers);
        let after = retry_after(until, panel.0.stations.now().mono);
        let after = [(header::RETRY_AFTER, HeaderValue::from(after))];
        return (StatusCode::TOO_MANY_REQUESTS, after, body).into_response();
    }
    match panel.0.stations.act_from(&station, press.session, press.action(), from).await {
        // A press on a page that is over is no fault: the page that is due follows.
        Ok(()) | Err(ActError::SessionOver) => {}
        Err(error @ (ActError::Stopped | ActError::NoSuchStation)) => {
            tracing::warn!(%station, %error, "a press was not taken");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    }
    // The page's script hears what came of it from its event stream.
    if wants_fragment(&headers) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        redirect(&panel.path(&station, lang))
    }
}

/// A press on the simulator's strip.
#[derive(Deserialize)]
pub(super) struct SimPress {
    card: String,
}

pub(super) async fn sim(
    State(panel): State<Panel>,
    Extension(browser): Extension<Browser>,
    headers: HeaderMap,
    Form(press): Form<SimPress>,
) -> Response {
    let answer = match &panel.0.config.sim {
        Some(sim) if browser.number(sim.station()).is_some() => sim.press(&press.card).await,
        _ => None,
    };
    match answer {
        None => no_such_panel(lang::wanted(&headers)),
        Some(answer) if wants_fragment(&headers) => answer.into_response(),
        Some(_) => redirect("/"),
    }
}
