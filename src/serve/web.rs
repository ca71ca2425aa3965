//! The panel and what else is served, plain and over TLS.

use std::io;
use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use kazasu_tls::Identity;
use kazasu_web::{AllowedHosts, Pairings, PanelConfig, SimControl, Tls};
use serde::Serialize;
use tokio::net::TcpListener;

use super::stop::Parts;
use super::tls;
use crate::cli::Serve;
use crate::config::Config;
use crate::control::Service;
use crate::owner::DataFolder;

/// Addresses that are listened on.
pub(super) struct Doors {
    plain: Door,
    tls: Option<(Door, Identity)>,
}

struct Door {
    listener: TcpListener,
    address: SocketAddr,
}

/// Where the panel is, for whoever is told that the service is ready.
pub(super) struct Served {
    pub(super) panel: String,
    pub(super) tls: Option<TlsReady>,
}

/// The panel over TLS, and the fingerprint of the certificate.
#[derive(Serialize)]
pub(super) struct TlsReady {
    pub(super) panel: String,
    pub(super) fingerprint: String,
}

/// Where the panel is to be served without TLS: only where nobody else can listen, unless it is said
/// that this may be.
pub(super) fn plain(config: &Config, serve: &Serve) -> Result<SocketAddr> {
    let listen = config.listen(serve.listen);
    ensure!(
        listen.ip().is_loopback() || serve.insecure_http,
        "listening on {listen} would send passwords over the network unprotected: choose an \
         address of 127.0.0.0/8, put a TLS proxy before it, or accept the risk with --insecure-http"
    );
    Ok(listen)
}

impl Doors {
    /// Listens there, and over TLS where that is wanted.
    pub(super) async fn open(
        plain: SocketAddr,
        config: &Config,
        serve: &Serve,
        folder: &DataFolder,
    ) -> Result<Self> {
        let plain = Door::open(plain).await?;
        let tls = match config.tls_listen(serve.tls_listen) {
            Some(listen) => {
                let door = Door::open(listen).await?;
                let names = tls::names(door.address.ip(), &config.panel.allowed_hosts);
                Some((door, tls::load(&config.tls, folder, names)?))
            }
            None => None,
        };
        Ok(Self { plain, tls })
    }

    /// Serves.
    pub(super) fn start(
        self,
        parts: &mut Parts,
        config: &Config,
        service: &Service,
        pairings: Pairings,
        sim: Option<SimControl>,
    ) -> Served {
        let panel_at = |address: SocketAddr| PanelConfig {
            pairings: pairings.clone(),
            port: address.port(),
            allowed_hosts: AllowedHosts::new(address, config.panel.allowed_hosts.clone()),
            reader_place: config.panel.reader_place,
            tap_sound: config.panel.tap_sound,
            sim: sim.clone(),
        };
        let stations = service.stations();
        let tls = self.tls.map(|(Door { listener, address }, identity)| {
            let tls = Tls::new(&identity, stations.clone());
            let router = kazasu_web::tls_router(
                stations.clone(),
                service.administrators(),
                panel_at(address),
            );
            parts.start_told("the panel over TLS", |told| {
                kazasu_web::serve(listener, router, Some(tls), told.wait())
            });
            let panel = format!("https://{address}/");
            TlsReady { panel, fingerprint: identity.fingerprint() }
        });
        let Door { listener, address } = self.plain;
        let router = kazasu_web::router(stations.clone(), panel_at(address));
        parts
            .start_told("the panel", |told| kazasu_web::serve(listener, router, None, told.wait()));
        Served { panel: format!("http://{address}/"), tls }
    }
}

impl Door {
    async fn open(address: SocketAddr) -> Result<Self> {
        let opened = async {
            let listener = TcpListener::bind(address).await?;
            let address = listener.local_addr()?;
            Ok::<_, io::Error>(Self { listener, address })
        };
        opened.await.with_context(|| {
            format!(
                "the panel cannot listen on {address}; choose another address with --listen or \
                 --tls-listen (port 0 takes a free one)"
            )
        })
    }
}
