//! One HTTP surface for people: so far the panel, a touch page beside the reader.
//!
//! ```text
//! browser -> connection -> headers, time limit -> host, origin -> pairing -> page, event stream, press
//!                                                                           |            |
//!                                                          SessionView <- Stations <- PanelAction
//! ```
//! What is shared by all surfaces (connections, headers, origins, pairings, languages) is `edge`, which
//! knows none of them; a surface is a folder: `panel`, and `collect`, where scripts fetch the audit log. Pages are rendered on the server in one place each and pushed to the
//! browser; the script only swaps them in.

mod collect;
mod edge;
mod panel;

use axum::{Router, middleware};
use kazasu_service::{Administrators, Directory, Stations, Store};

use crate::edge::{Gate, finished, headers, pairing::Cookies};

pub use edge::{
    connection::serve,
    origin::AllowedHosts,
    pairing::{BadPairings, NoLink, PairedBrowser, Pairings},
    tls::Tls,
};
pub use panel::{PanelConfig, ReaderPlace, SimControl};

/// What holds for any bytes at all. The fuzz targets of `registration/fuzz` run these, and a test
/// runs them on what was found before.
#[cfg(any(test, fuzzing))]
pub mod fuzz {
    pub use crate::{collect::fuzz::login, panel::fuzz::press};
}

/// Everything that is served without TLS: the panel. What hands out the audit log says why not.
pub fn router(stations: Stations, config: PanelConfig) -> Router {
    let gate = Gate::new(&stations, &config.pairings, Cookies::new(config.port, false));
    let panel = panel::router(stations, config, gate.cookies.clone());
    finished(panel.merge(collect::only_with_tls()), gate)
}

/// Everything that is served over TLS: the panel, and the audit log for administrators' scripts.
pub fn tls_router<S: Store, D: Directory>(
    stations: Stations,
    administrators: Administrators<S, D>,
    config: PanelConfig,
) -> Router {
    let hosts = config.allowed_hosts.clone();
    let audit = collect::router(administrators, stations.clone(), hosts);
    let gate = Gate::new(&stations, &config.pairings, Cookies::new(config.port, true));
    let panel = panel::router(stations, config, gate.cookies.clone());
    finished(panel.merge(audit), gate).layer(middleware::map_response(headers::over_tls))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_inputs() {
        kazasu_replay::found("forms", include_str!("../../fuzz/corpus/forms.txt"), fuzz::press);
        kazasu_replay::found("login", include_str!("../../fuzz/corpus/login.txt"), fuzz::login);
    }
}
