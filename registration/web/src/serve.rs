//! Connections: how many at once, how long each may keep silent, with TLS and without.

use std::{future::Future, io, net::IpAddr, sync::Arc, time::Duration};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::sleep,
};

use crate::tls::Tls;

/// A panel needs two; the rest is for several panels and reloads.
const CONNECTIONS_MAX: usize = 128;
/// How long a browser may take to send the head of a request, or to send none on an open
/// connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Largest head of a request, in bytes.
const HEAD_MAX: usize = 16 * 1024;
/// After the system refused a connection (out of file handles), wait before asking again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The address of this side of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OurAddress(pub(crate) IpAddr);

/// Serves HTTP on the listener, over TLS where that is given, until `shutdown` is done. Open event
/// streams are cut then: their pages say by themselves that the service is gone.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Tls>,
    shutdown: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
            Ok::<_, io::Error>((listener.accept().await?.0, place))
        };
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = accepted => match accepted {
                Ok((stream, place)) => {
                    let (router, tls) = (router.clone(), tls.clone());
                    connections.spawn(async move {
                        greet(stream, tls, router).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    connections.shutdown().await;
}

async fn greet(stream: TcpStream, tls: Option<Tls>, router: Router) {
    // Events are small and wanted at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let Ok(ours) = stream.local_addr() else { return };
    let router = router.layer(Extension(OurAddress(ours.ip().to_canonical())));
    match tls {
        None => talk(stream, router).await,
        Some(tls) => {
            if let Some(stream) = tls.accept(stream).await {
                talk(stream, router).await;
            }
        }
    }
}

async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin, router: Router) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended");
    }
}
