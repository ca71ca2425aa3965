//! Connections: how many at once, how long each may keep silent, with TLS and without.

mod patient;
mod places;

use std::{
    collections::HashMap,
    future::{Future, pending},
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinSet,
    time::sleep,
};

pub(crate) use self::patient::Patient;
use self::places::{Place, Places};
use crate::edge::tls::Tls;

/// How long a browser may take to send the head of a request, or to send none on an open
/// connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest head of a request, in bytes.
const HEAD_MAX: usize = 16 * 1024;
/// How long somebody may stand at the door: a handshake and one request.
const DOOR_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a connection lasts that never showed the cookie of a paired browser.
const STRANGER_TIMEOUT: Duration = Duration::from_secs(60);
/// After the system refused a connection (out of file handles), wait before asking again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The two sides of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub(crate) ours: IpAddr,
    pub(crate) theirs: IpAddr,
}

impl Addresses {
    /// The other side's, where it is not on this machine: there stands the device.
    pub(crate) fn elsewhere(self) -> Option<IpAddr> {
        Some(self.theirs).filter(|theirs| !theirs.is_loopback() && *theirs != self.ours)
    }
}

/// One connection and its place. The requests that come over it carry a copy of this.
#[derive(Clone)]
pub(crate) struct Guest {
    number: u64,
    house: Arc<House>,
    thrown_out: Arc<Notify>,
}

/// Who is connected to one listener.
#[derive(Default)]
struct House(Mutex<Guests>);

#[derive(Default)]
struct Guests {
    places: Places,
    exits: HashMap<u64, Arc<Notify>>,
}

impl House {
    fn guests(&self) -> MutexGuard<'_, Guests> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn welcome(self: &Arc<Self>, peer: IpAddr) -> Guest {
        let mut guests = self.guests();
        let came = guests.places.come(peer);
        if let Some(exit) = came.instead_of.and_then(|gone| guests.exits.remove(&gone)) {
            exit.notify_one();
        }
        let thrown_out = Arc::new(Notify::new());
        guests.exits.insert(came.number, Arc::clone(&thrown_out));
        if came.place == Place::Door {
            tracing::debug!(%peer, "no place for a connection: it may show that it is paired");
        }
        Guest { number: came.number, house: Arc::clone(self), thrown_out }
    }
}

impl Guest {
    /// Whether a request of this connection is answered: with this pairing, or with none.
    pub(crate) fn may_stay(&self, pairing: Option<u32>) -> bool {
        let mut guests = self.house.guests();
        match pairing {
            Some(pairing) => guests.places.is_paired(self.number, pairing),
            None => guests.places.place(self.number).is_some_and(|place| place != Place::Door),
        }
    }

    fn place(&self) -> Option<Place> {
        self.house.guests().places.place(self.number)
    }

    fn leave(&self) {
        let mut guests = self.house.guests();
        guests.places.leave(self.number);
        guests.exits.remove(&self.number);
    }

    /// Ends when the connection has to.
    async fn until_gone(&self) {
        let time_is_up = async {
            sleep(DOOR_TIMEOUT).await;
            if self.place() != Some(Place::Door) {
                sleep(STRANGER_TIMEOUT.saturating_sub(DOOR_TIMEOUT)).await;
                if matches!(self.place(), Some(Place::Paired(_))) {
                    pending().await
                }
            }
        };
        tokio::select! {
            () = self.thrown_out.notified() => {}
            () = time_is_up => {}
        }
    }
}

/// Serves HTTP on the listener, over TLS where that is given, until `shutdown` is done. Open event
/// streams are cut then: their pages say by themselves that the service is gone.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Tls>,
    shutdown: impl Future<Output = ()>,
) {
    let house = Arc::new(House::default());
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let guest = house.welcome(peer.ip().to_canonical());
                    let (router, tls) = (router.clone(), tls.clone());
                    connections.spawn(async move {
                        tokio::select! {
                            () = greet(stream, peer, tls, router, &guest) => {}
                            () = guest.until_gone() => {}
                        }
                        guest.leave();
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

async fn greet(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<Tls>,
    router: Router,
    guest: &Guest,
) {
    // Events are small and wanted at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let Ok(ours) = stream.local_addr() else { return };
    let [ours, theirs] = [ours, peer].map(|address| address.ip().to_canonical());
    let router =
        router.layer(Extension(Addresses { ours, theirs })).layer(Extension(guest.clone()));
    let stream = Patient::new(stream);
    match tls {
        None => talk(stream, router).await,
        Some(tls) => {
            if let Some(stream) = tls.accept(stream, peer.ip().to_canonical()).await {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Who connects to an address of this machine from it stands before the device.
    #[test]
    fn elsewhere_is_another_machine() {
        let rows = [
            ("127.0.0.1", "127.0.0.1", false),
            ("192.0.2.1", "127.0.0.2", false),
            ("192.0.2.1", "192.0.2.1", false),
            ("192.0.2.1", "192.0.2.2", true),
            ("::1", "::1", false),
            ("2001:db8::1", "2001:db8::1", false),
            ("2001:db8::1", "2001:db8::2", true),
        ];
        for (ours, theirs, expected) in rows {
            let [ours, their] = [ours, theirs].map(|address| address.parse::<IpAddr>().unwrap());
            let addresses = Addresses { ours, theirs: their };
            assert_eq!(addresses.elsewhere(), expected.then_some(their), "{addresses:?}");
        }
    }
}
