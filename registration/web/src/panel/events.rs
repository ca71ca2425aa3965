//! The stream that keeps a page up to date: `screen` with a whole screen, `clears` where only the
//! time changed (so that nobody who types is disturbed), and `ping` each second, by whose absence
//! the page knows that the service is lost.

use std::{convert::Infallible, time::Duration};

use axum::{
    Extension,
    extract::{Query, State},
    http::{HeaderMap, HeaderName},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use futures_util::stream;
use kazasu_registration::SessionView;
use serde::Deserialize;
use tokio::{sync::watch, time::timeout};

use super::{Panel, no_such_panel};
use crate::edge::{
    lang::{self, Lang},
    pairing::Browser,
};

const PING: Duration = Duration::from_secs(1);
/// Browsers pass over an event without data.
const PING_DATA: &str = ".";
/// How soon a browser comes back after the stream broke.
const RETRY: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
pub(super) struct FeedQuery {
    station: Option<String>,
    lang: Option<String>,
}

pub(super) async fn events(
    State(panel): State<Panel>,
    Extension(browser): Extension<Browser>,
    Query(query): Query<FeedQuery>,
    headers: HeaderMap,
) -> Response {
    let lang = query.lang.as_deref().and_then(Lang::from_tag);
    let lang = lang.unwrap_or_else(|| lang::wanted(&headers));
    let found = panel.station(query.station.as_deref(), &browser);
    let paired = found.and_then(|(station, view)| Some((browser.number(&station)?, view)));
    let Some((pairing, view)) = paired else {
        return no_such_panel(lang);
    };
    let feed = Feed { panel, pairing, view, lang, shown: None };
    let events = stream::unfold(feed, |mut feed| async move {
        let event = feed.next().await?;
        Some((Ok::<_, Infallible>(event), feed))
    });
    // A reverse proxy in between must not collect the events.
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    (unbuffered, Sse::new(events)).into_response()
}

/// What one open page has seen.
struct Feed {
    panel: Panel,
    pairing: u32,
    view: watch::Receiver<SessionView>,
    lang: Lang,
    shown: Option<SessionView>,
}

impl Feed {
    /// The next event; `None` when the service or the pairing ends.
    async fn next(&mut self) -> Option<Event> {
        let event = self.wait().await?;
        self.panel.0.config.pairings.is_paired(self.pairing).then_some(event)
    }

    async fn wait(&mut self) -> Option<Event> {
        while self.shown.is_some() {
            match timeout(PING, self.view.changed()).await {
                Err(_) => return Some(Event::default().event("ping").data(PING_DATA)),
                Ok(Err(_)) => return None,
                Ok(Ok(())) => {}
            }
            // A view that was set anew without a change is nothing to tell.
            if self.shown.as_ref() != Some(&*self.view.borrow()) {
                break;
            }
        }
        let view = self.view.borrow_and_update().clone();
        let screen = self.panel.screen(&view, self.lang);
        let event = if self.shown.as_ref().is_some_and(|shown| only_time_differs(shown, &view)) {
            Event::default().event("clears").data(screen.clears_ms())
        } else {
            // Event streams cannot carry a carriage return, HTML can spell it.
            let html = screen.render().into_string().replace('\r', "&#13;");
            Event::default().event("screen").retry(RETRY).data(html)
        };
        self.shown = Some(view);
        Some(event)
    }
}

/// Whether all there is to tell is another time at which the page clears.
fn only_time_differs(a: &SessionView, b: &SessionView) -> bool {
    b.clears_at.is_some()
        && SessionView { clears_at: None, ..a.clone() }
            == SessionView { clears_at: None, ..b.clone() }
}
