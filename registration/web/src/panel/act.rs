//! What people press.

use axum::{
    extract::{Form, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use kazasu_registration::{ErrorCode, Page, PanelAction};
use kazasu_service::ActError;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{Panel, no_such_panel, redirect, shown, wants_fragment};
use crate::lang::Lang;

/// How much of a typed user ID is shown again, in characters: more than any valid one.
const KEPT: usize = 64;

/// One press of a button. No `Debug`: it holds a password.
#[derive(Deserialize)]
pub(super) struct Press {
    station: String,
    session: u64,
    #[serde(rename = "do")]
    button: Button,
    lang: Option<String>,
    #[serde(default)]
    user_id: String,
    #[serde(default)]
    password: Zeroizing<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Button {
    Open,
    Submit,
    Yes,
    No,
    Cancel,
    SignOut,
    Touch,
}

pub(super) async fn act(
    State(panel): State<Panel>,
    headers: HeaderMap,
    Form(press): Form<Press>,
) -> Response {
    let lang = press.lang.as_deref().and_then(Lang::from_tag);
    let Some((station, view)) = panel.station(Some(&press.station)) else {
        return no_such_panel(lang.unwrap_or_else(|| Lang::from_headers(&headers)));
    };
    let action = match press.button {
        Button::Open => PanelAction::OpenRegistration,
        Button::Submit if !panel.may_try(&station) => {
            let mut view = view.borrow().clone();
            if let Page::Register { user_id, problem } = &mut view.page {
                *user_id = press.user_id.chars().take(KEPT).collect();
                *problem = Some(ErrorCode::TryLater.into());
            }
            let lang = lang.unwrap_or_else(|| Lang::from_headers(&headers));
            let body = shown(panel.screen(&view, lang), &headers);
            return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "6")], body)
                .into_response();
        }
        Button::Submit => PanelAction::Submit { user_id: press.user_id, password: press.password },
        Button::Yes => PanelAction::Confirm(true),
        Button::No => PanelAction::Confirm(false),
        Button::Cancel => PanelAction::Cancel,
        Button::SignOut => PanelAction::SignOut,
        Button::Touch => PanelAction::Touch,
    };
    match panel.0.service.act(&station, press.session, action).await {
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
    headers: HeaderMap,
    Form(press): Form<SimPress>,
) -> Response {
    let answer = match &panel.0.config.sim {
        Some(sim) => sim.press(&press.card).await,
        None => None,
    };
    match answer {
        None => no_such_panel(Lang::from_headers(&headers)),
        Some(answer) if wants_fragment(&headers) => answer.into_response(),
        Some(_) => redirect("/"),
    }
}
