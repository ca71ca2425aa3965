//! `kazasu serve`: wires readers, registration, panel and socket together, and waits.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kazasu_hal::{Discoverer, Event};
use kazasu_pn532::StreamDiscoverer;
use kazasu_registration::CardNumberRule;
use kazasu_runtime::{EVENTS_MAX, Runtime, Way};
use kazasu_service::{NoDirectory, Service};
use kazasu_sim::{Pn532, Seed};
use kazasu_sim_serve::{Control, Script, in_process};
use kazasu_store::SqliteStore;
use kazasu_web::{AllowedHosts, PanelConfig, PanelToken, SimControl};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, oneshot, watch};

use super::asked_to_stop;
use crate::cli::Serve;
use crate::config::Config;
use crate::control::{self, End, Host, Office, nothing_found};
use crate::out::{Line, Out};
use crate::owner::DataFolder;
use crate::selectors::discoverers;

/// The selector of the simulated reader inside the service.
const SIM_SELECTOR: &str = "sim:pn532";
/// How long the parts may take to end; then they are cut off.
const SHUTDOWN_MAX: Duration = Duration::from_secs(5);
/// Without a reader for so long after the start, the log says what to do.
const HINT_AFTER: Duration = Duration::from_secs(3);

/// The ready line.
#[derive(Serialize)]
struct Ready {
    event: &'static str,
    panel: String,
    socket: String,
}

impl Line for Ready {
    fn text(&self) -> String {
        format!("ready panel={} socket={}", self.panel, self.socket)
    }
}

pub(crate) async fn run(serve: Serve, out: Out) -> Result<End> {
    let data = &serve.place.data;
    let folder = DataFolder::open(data.data.clone())?;
    let config = Config::load(serve.place.config.as_ref(), &folder)?;
    let listen = config.listen(serve.listen);
    ensure!(
        listen.ip().is_loopback() || serve.insecure_http,
        "listening on {listen} would send passwords over the network unprotected: choose an \
         address of 127.0.0.0/8, put a TLS proxy before it, or accept the risk with --insecure-http"
    );
    let selectors = config.readers(&serve.place.readers);
    let mut found = match (&serve.sim, selectors.is_empty()) {
        (Some(_), true) => Vec::new(),
        _ => discoverers(&selectors, config.polling())?,
    };
    // What only the owner may touch, from here on.
    let _owned = folder.lock()?;
    let token = folder.panel_token()?;
    let store = Arc::new(SqliteStore::open(folder.database())?);
    let directory = config.directory_client()?;
    let loaded = control::load(&folder, &store, directory.is_some()).await?;
    ensure!(
        loaded.site.settings.card.number != CardNumberRule::Keyed
            || loaded.site.number_key.is_some(),
        "the card number rule is `keyed`, and its key {} is missing: put the copy of it back; \
         where there is none, set another rule (kazasu card rule set digits=hex) and then `keyed` \
         again, which makes another key and other numbers",
        folder.number_key_file().display()
    );
    let listener = bind(listen).await?;
    let address = listener.local_addr().context("the panel's address")?;

    let stations = config.stations();
    let (events, first) = broadcast::channel::<Event>(EVENTS_MAX);
    let service = match directory {
        Some(client) => Service::start(store, Arc::new(client), loaded, stations.names(), first),
        None => Service::start(store, Arc::new(NoDirectory), loaded, stations.names(), first),
    };
    let sim = match &serve.sim {
        Some(script) => Some(simulate(script, &mut found)?),
        None => None,
    };
    let runtime = Runtime::start(found, stations.clone(), config.taps(), &events);

    let (stop, stopped) = oneshot::channel::<()>();
    let panel = PanelConfig {
        token: PanelToken::new(token.as_str())?,
        allowed_hosts: AllowedHosts::new(address, config.panel.allowed_hosts.clone()),
        reader_place: config.panel.reader_place.into(),
        tap_sound: config.panel.tap_sound,
        sim: sim.clone().map(|control| {
            SimControl::new(move |line| {
                let control = control.clone();
                async move { control.tell(&line).await }
            })
        }),
    };
    let router = kazasu_web::router(service.clone(), panel);
    let web = tokio::spawn(kazasu_web::serve(listener, router, async {
        // Stopped either way: by the word or by its sender going away.
        let _ = stopped.await;
    }));

    let panel = format!("http://{address}/?token={token}");
    let ways = runtime.ways();
    let office = Office::of(service.clone(), &folder);
    let host = Host::serving(office, events, ways.clone(), stations, panel.clone(), sim);
    let socket = tokio::spawn(control::serve(&folder, host)?);
    let hint = tokio::spawn(hint(ways));

    let ready = Ready { event: "ready", panel, socket: folder.socket().display().to_string() };
    out.line(&ready)?;
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        tracing::warn!(%error, "the service manager could not be told");
    }
    asked_to_stop().await?;

    tracing::info!("stopping");
    hint.abort();
    socket.abort();
    drop(stop);
    let ended = async {
        // An error here is a panic of the page's task, which was logged when it happened.
        let _ = web.await;
        runtime.close().await;
        service.shutdown().await;
    };
    if tokio::time::timeout(SHUTDOWN_MAX, ended).await.is_err() {
        tracing::warn!("some parts did not end in time and were cut off");
    }
    // Left behind, it would only be found dead and replaced at the next start.
    let _ = std::fs::remove_file(folder.socket());
    Ok(End::Done)
}

async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "the panel cannot listen on {address}; choose another address with --listen (port 0 \
             takes a free one)"
        )
    })
}

/// Starts a simulated PN532 in this process, and the script on it.
fn simulate(script: &Path, found: &mut Vec<Box<dyn Discoverer>>) -> Result<Control> {
    let script = Script::read(script)?;
    let (device, run) = in_process(Pn532::new(Seed(1)));
    let control = device.control().clone();
    tokio::spawn(run);
    found.push(Box::new(StreamDiscoverer::new(SIM_SELECTOR, move || {
        let device = device.clone();
        async move { device.connect().await }
    })));
    let told = control.clone();
    tokio::spawn(async move {
        script
            .play(&told, |answer| {
                if answer.starts_with("error ") {
                    tracing::warn!(answer, "the simulator refused a line of its script");
                }
            })
            .await;
    });
    Ok(control)
}

async fn hint(mut ways: watch::Receiver<Vec<Way>>) {
    let any = |ways: &Vec<Way>| ways.iter().any(|way| !way.readers.is_empty());
    if tokio::time::timeout(HINT_AFTER, ways.wait_for(any)).await.is_err() {
        tracing::warn!("{}", nothing_found(&ways.borrow()));
    }
}
