//! `kazasu serve`: wires readers, registration, panel and socket together, and waits.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kazasu_hal::{Discoverer, ReaderName};
use kazasu_outputs::{Collector, Cursor, feed};
use kazasu_pn532::StreamDiscoverer;
use kazasu_registration::{AuditEvent, CardNumberRule};
use kazasu_runtime::{Runtime, Way};
use kazasu_service::{Authority, Means, Store};
use kazasu_sim::{Pn532, Seed};
use kazasu_sim_serve::{Control, Script, in_process};
use kazasu_sqlite::SqliteStore;
use kazasu_web::{AllowedHosts, PanelConfig, SimControl, Tls};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::asked_to_stop;
use crate::claim::Announced;
use crate::cli::Serve;
use crate::config::Config;
use crate::control::{self, End, Host, Office, Panels, Service, nothing_found};
use crate::out::{Line, Out};
use crate::owner::DataFolder;
use crate::selectors::discoverers;
use crate::tls;

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
    /// The panel over TLS, and the fingerprint of the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<TlsReady>,
}

#[derive(Serialize)]
struct TlsReady {
    panel: String,
    fingerprint: String,
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
    let data = &serve.place.data;
    let folder = DataFolder::open(data.data.clone())?;
    let config = Config::load(serve.place.config.as_ref(), folder.config())?;
    let listen = config.listen(serve.listen);
    ensure!(
        listen.ip().is_loopback() || serve.insecure_http,
        "listening on {listen} would send passwords over the network unprotected: choose an \
         address of 127.0.0.0/8, put a TLS proxy before it, or accept the risk with --insecure-http"
    );
    let device = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    let collector = Collector::new(&config.syslog, device.unwrap_or_default())?;
    let selectors = config.readers(&serve.place.readers);
    let mut found = match (&serve.sim, selectors.is_empty()) {
        (Some(_), true) => Vec::new(),
        _ => discoverers(&selectors, config.polling())?,
    };
    // What only the owner may touch, from here on.
    let _announced = Announced::new(&folder).await?;
    let _owned = folder.lock_when_free().await?;
    folder.forget_panel_token();
    let pairings = folder.pairings()?;
    let store = Arc::new(SqliteStore::open(folder.database())?);
    let directory = config.directory_client()?;
    let has_directory = directory.is_some();
    let loaded = control::load(&folder, &store, directory.is_some()).await?;
    ensure!(
        loaded.site.settings.card.number != CardNumberRule::Keyed
            || loaded.site.number_key.is_some(),
        "the card number rule is `keyed`, and its key {} is missing: put the copy of it back; \
         where there is none, set another rule (kazasu card rule set digits=hex) and then `keyed` \
         again, which makes another key and other numbers",
        folder.number_key_file().display()
    );
    let (listener, address) = bind(listen).await?;
    let tls = match config.tls_listen(serve.tls_listen) {
        Some(listen) => {
            let (listener, address) = bind(listen).await?;
            let names = tls::names(address.ip(), &config.panel.allowed_hosts);
            Some((listener, address, tls::load(&config.tls, &folder, names)?))
        }
        None => None,
    };

    let stations = config.stations();
    let newest_audit = store.follow_audit();
    let runtime = Arc::new(Runtime::new(stations.clone(), config.taps()));
    let first = runtime.subscribe();
    let means = Means { keys: Arc::new(folder.clone()), ..Means::default() };
    let directory = Arc::new(directory);
    let service = Service::start_with(means, store, directory, loaded, stations.names(), first);
    // Before anything happens that is recorded, too.
    let log = service.office(&Authority::SERVICE);
    log.record_start(env!("CARGO_PKG_VERSION"), &boot()?).await?;
    let sim = match &serve.sim {
        Some(script) => Some(simulate(script, &mut found)?),
        None => None,
    };
    runtime.open(found);

    let (stop, stopped) = watch::channel(());
    let panel = PanelConfig {
        pairings: pairings.clone(),
        port: address.port(),
        allowed_hosts: AllowedHosts::new(address, config.panel.allowed_hosts.clone()),
        reader_place: config.panel.reader_place.into(),
        tap_sound: config.panel.tap_sound,
        sim: sim.clone().map(|control| {
            let station = stations.of(&ReaderName(SIM_SELECTOR.to_owned()), SIM_SELECTOR).clone();
            SimControl::new(station, move |line| {
                let control = control.clone();
                async move { control.tell(&line).await }
            })
        }),
    };
    let until_stop = || {
        let mut stopped = stopped.clone();
        async move {
            // Ends when the sender goes away.
            let _ = stopped.changed().await;
        }
    };
    let (tls_ready, tls_web) = match tls {
        Some((listener, address, identity)) => {
            let hosts = AllowedHosts::new(address, config.panel.allowed_hosts.clone());
            let panel = PanelConfig { allowed_hosts: hosts, port: address.port(), ..panel.clone() };
            let tls = Tls::new(&identity, service.stations().clone());
            let router =
                kazasu_web::tls_router(service.stations().clone(), service.administrators(), panel);
            let web = kazasu_web::serve(listener, router, Some(tls), until_stop());
            let panel = format!("https://{address}/");
            let ready = TlsReady { panel, fingerprint: identity.fingerprint() };
            (Some(ready), Some(tokio::spawn(web)))
        }
        None => (None, None),
    };
    let router = kazasu_web::router(service.stations().clone(), panel);
    let web = tokio::spawn(kazasu_web::serve(listener, router, None, until_stop()));

    let syslog = collector.map(|collector| {
        let cursor = Cursor::new(folder.path().join("syslog.sent"));
        tokio::spawn(feed(collector, service.clone(), newest_audit, cursor))
    });
    let clock_watch = tokio::spawn({
        let service = service.clone();
        async move { service.watch_clock().await }
    });

    let panel = format!("http://{address}/");
    let panels = Panels {
        stations: service.stations().clone(),
        pairings,
        address: panel.clone(),
        tls_address: tls_ready.as_ref().map(|tls| tls.panel.clone()),
    };
    let office = Office::of(service.clone(), &folder, has_directory);
    let host = Host::serving(office, Arc::clone(&runtime), stations, panels, sim);
    let socket = tokio::spawn(control::serve(&folder, host)?);
    let hint = tokio::spawn(hint(runtime.ways()));

    let socket_path = folder.socket().display().to_string();
    let ready = Ready { event: "ready", panel, socket: socket_path, tls: tls_ready };
    // Whoever reads the ready line may end the service at once.
    let asked = asked_to_stop()?;
    tell_ready(out, ready);
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        tracing::warn!(%error, "the service manager could not be told");
    }
    asked.await;

    tracing::info!("stopping");
    if let Err(error) = log.record_audit(AuditEvent::StopRequested).await {
        tracing::error!(%error, "the end of the service could not be audited");
    }
    clock_watch.abort();
    if let Some(syslog) = syslog {
        // What is not sent yet is sent after the next start.
        syslog.abort();
    }
    hint.abort();
    socket.abort();
    drop(stop);
    let ended = async {
        // An error here is a panic of the page's task, which was logged when it happened.
        let _ = web.await;
        if let Some(web) = tls_web {
            let _ = web.await;
        }
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

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let bound = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok::<_, io::Error>((listener, address))
    };
    bound.await.with_context(|| {
        format!(
            "the panel cannot listen on {address}; choose another address with --listen or \
             --tls-listen (port 0 takes a free one)"
        )
    })
}

/// Says that the service is ready, to whoever listens: it serves as well where nobody does.
fn tell_ready(out: Out, ready: Ready) {
    // Standard output may be a pipe that takes nothing.
    tokio::task::spawn_blocking(move || {
        if let Err(error) = out.line(&ready) {
            tracing::warn!(%error, "standard output does not take the line that says `ready`");
        }
    });
}

/// What the kernel calls this run of the machine; it differs after each boot. Where that is hidden, as
/// by systemd's `ProcSubset=pid`, a name of its own: each start then counts as one after a boot.
fn boot() -> Result<String> {
    const FILE: &str = "/proc/sys/kernel/random/boot_id";
    match std::fs::read_to_string(FILE) {
        Ok(id) => Ok(id.trim().to_owned()),
        Err(error) => {
            tracing::warn!(
                %error,
                "{FILE} cannot be read (with ProcSubset=pid it is hidden): the audit log calls each \
                 start of the service a cold one"
            );
            let mut raw = [0; 16];
            getrandom::fill(&mut raw).context("the system gives no random numbers")?;
            Ok(raw.iter().map(|byte| format!("{byte:02x}")).collect())
        }
    }
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
