//! The panel's address, and which browsers are paired with which stations.

use kazasu_hal::StationName;
use kazasu_registration::AuditEvent;
use kazasu_service::Stations;
use kazasu_web::Pairings;

use super::host::{Lines, say, send};
use super::{End, Request};
use crate::lines::{PanelLine, PanelLink, rfc3339};

/// What the running service knows of panels.
#[derive(Clone)]
pub(crate) struct Panels {
    pub(crate) stations: Stations,
    pub(crate) pairings: Pairings,
    /// `http://.../`
    pub(crate) address: String,
    /// `https://.../`
    pub(crate) tls_address: Option<String>,
}

impl Panels {
    /// Carries out what is asked of panels.
    pub(super) async fn carry_out(&self, request: Request, lines: &Lines) -> End {
        match request {
            Request::PanelPair { station, label } => self.pair(station, label, lines).await,
            Request::PanelList => self.list(lines).await,
            Request::PanelRevoke { number } => self.revoke(number, lines).await,
            _ => say(lines, &self.address).await,
        }
    }

    async fn pair(&self, station: Option<String>, label: Option<String>, lines: &Lines) -> End {
        let stations = self.stations.names();
        let wanted = match &station {
            Some(name) => stations.iter().find(|station| station.0 == *name),
            None => stations.first(),
        };
        let Some(StationName(station)) = wanted.cloned() else {
            let names: Vec<_> = stations.iter().map(ToString::to_string).collect();
            let missing = station.unwrap_or_default();
            return End::No(format!(
                "there is no station {missing}; there are: {}",
                names.join(", ")
            ));
        };
        let now = self.stations.now().mono;
        let code = match self.pairings.link(StationName(station.clone()), label, now) {
            Ok(code) => code,
            Err(error) => {
                return End::No(format!(
                    "no browser can be paired: {error} (kazasu panel list, kazasu panel revoke)"
                ));
            }
        };
        // A link that the log does not know is handed to nobody.
        let made = AuditEvent::PanelLinkMade;
        if let Err(error) = self.stations.record(Some(StationName(station.clone())), made).await {
            return End::Error(format!("no link was made: {error}"));
        }
        let link = |address: &str| format!("{address}pair/{}", *code);
        let line = PanelLink {
            link: link(&self.address),
            tls_link: self.tls_address.as_deref().map(link),
            station,
            good_for_s: Pairings::LINK_LASTS.as_secs(),
        };
        send(lines, &line).await;
        End::Done
    }

    async fn list(&self, lines: &Lines) -> End {
        let browsers = self.pairings.list();
        if browsers.is_empty() {
            return End::No("no browser is paired: kazasu panel pair makes a link".to_owned());
        }
        for browser in browsers {
            let line = PanelLine {
                number: browser.number,
                station: browser.station.0,
                label: browser.label,
                paired: rfc3339(browser.made),
                seen: rfc3339(browser.seen),
            };
            if !send(lines, &line).await {
                break;
            }
        }
        End::Done
    }

    async fn revoke(&self, number: Option<u32>, lines: &Lines) -> End {
        let revoked = match self.pairings.revoke(number).await {
            Ok(revoked) => revoked,
            Err(error) => {
                return End::Error(format!(
                    "nothing was changed: the list of paired browsers cannot be stored ({error})"
                ));
            }
        };
        let count = revoked.len();
        for (number, station) in revoked {
            let event = AuditEvent::PanelRevoked { number };
            // Nobody stays paired because the log is full: it counts what it could not take.
            if let Err(error) = self.stations.record(Some(station), event).await {
                tracing::error!(%error, number, "a revoked browser could not be audited");
            }
        }
        match (count, number) {
            (0, Some(number)) => {
                End::No(format!("no browser {number} is paired (kazasu panel list)"))
            }
            (1, Some(number)) => say(lines, &format!("browser {number} is paired no more")).await,
            (count, _) => say(lines, &format!("{count} browsers are paired no more")).await,
        }
    }
}
