//! `kazasu serve`: wires readers, registration, panel and socket together, and waits.

mod outputs;
mod readers;
mod stop;
mod store;
mod tls;
mod web;

use std::sync::Arc;

use anyhow::Result;
use kazasu_registration::AuditEvent;
use kazasu_runtime::Runtime;
use kazasu_service::Authority;
use serde::Serialize;

use self::{
    outputs::Outputs,
    readers::Readers,
    stop::Parts,
    store::Records,
    web::{Doors, TlsReady},
};
use crate::claim::Announced;
use crate::cli::Serve;
use crate::cmd::asked_to_stop;
use crate::config::Config;
use crate::control::{self, End, Host, Office, Panels};
use crate::out::{Line, Out};
use crate::owner::DataFolder;

/// The ready line.
#[derive(Serialize)]
struct Ready {
    event: &'static str,
    panel: String,
    socket: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<TlsReady>,
}

impl Line for Ready {
    fn text(&self) -> String {
        let tls = self
            .tls
            .as_ref()
            .map(|tls| format!(" tls-panel={} tls-fingerprint={}", tls.panel, tls.fingerprint));
        let tls = tls.unwrap_or_default();
        format!("ready panel={} socket={}{tls}", self.panel, self.socket)
    }
}

pub(crate) async fn run(serve: Serve, out: Out) -> Result<End> {
    let folder = DataFolder::open(serve.place.data.data.clone())?;
    let config = Config::load(serve.place.config.as_ref(), folder.config())?;
    let listen = web::plain(&config, &serve)?;
    let outputs = Outputs::find(&config)?;
    let readers = Readers::find(&config, &serve)?;
    // What only the owner may touch, from here on.
    let _announced = Announced::new(&folder).await?;
    let _owned = folder.lock_when_free().await?;
    folder.forget_panel_token();
    let pairings = folder.pairings()?;
    let records = Records::open(&folder, &config).await?;
    let has_directory = records.has_directory();
    let doors = Doors::open(listen, &config, &serve, &folder).await?;

    let mut parts = Parts::default();
    let stations = config.stations();
    let newest_audit = records.newest_audit();
    let runtime = Arc::new(Runtime::new(stations.clone(), config.taps()));
    let service = records.serve(&folder, stations.names(), runtime.subscribe()).await?;
    parts.closed_by("the service", {
        let service = service.clone();
        async move { service.shutdown().await }
    });
    let sim = readers.open(&runtime, serve.sim.as_deref())?;
    parts.closed_by("the readers", {
        let runtime = Arc::clone(&runtime);
        async move { runtime.close().await }
    });
    let buttons = sim.clone().map(|control| readers::buttons(control, &stations));
    let served = doors.start(&mut parts, &config, &service, pairings.clone(), buttons);
    outputs.start(&mut parts, &folder, &service, newest_audit);
    parts.start("the clock's watch", {
        let service = service.clone();
        async move { service.watch_clock().await }
    });
    let panels = Panels {
        stations: service.stations().clone(),
        pairings,
        address: served.panel.clone(),
        tls_address: served.tls.as_ref().map(|tls| tls.panel.clone()),
    };
    let office = Office::of(service.clone(), &folder, has_directory);
    let host = Host::serving(office, Arc::clone(&runtime), stations, panels, sim);
    parts.start("the socket", control::serve(&folder, host)?);
    parts.start("the hint", readers::hint(runtime.ways()));

    let socket = folder.socket().display().to_string();
    let ready = Ready { event: "ready", panel: served.panel, socket, tls: served.tls };
    // Whoever reads the ready line may end the service at once.
    let asked = asked_to_stop()?;
    tell_ready(out, ready);
    asked.await;

    tracing::info!("stopping");
    let log = service.office(&Authority::SERVICE);
    if let Err(error) = log.record_audit(AuditEvent::StopRequested).await {
        tracing::error!(%error, "the end of the service could not be audited");
    }
    parts.stop().await;
    // Left behind, it would only be found dead and replaced at the next start.
    let _ = std::fs::remove_file(folder.socket());
    Ok(End::Done)
}

/// Says that the service is ready, to whoever listens: it serves as well where nobody does.
fn tell_ready(out: Out, ready: Ready) {
    // Standard output may be a pipe that takes nothing.
    tokio::task::spawn_blocking(move || {
        if let Err(error) = out.line(&ready) {
            tracing::warn!(%error, "standard output does not take the line that says `ready`");
        }
    });
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        tracing::warn!(%error, "the service manager could not be told");
    }
}
