//! TLS: what is spoken, and what is said of those who could not.

use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kazasu_registration::AuditEvent;
use kazasu_service::Stations;
use kazasu_tls::Identity;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::edge::rate::RateLimit;

/// How long a handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How many failures are recorded at once, and then how often one more: nobody can push other
/// records out of the audit log by knocking.
const RECORDS: u32 = 10;
const RECORD_EVERY: Duration = Duration::from_secs(600);
/// The longest reason that is recorded, in characters.
const REASON_MAX: usize = 120;

/// TLS 1.3, and 1.2 with forward-secret AEAD suites (S40-2-08).
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    stations: Stations,
    failures: Arc<Mutex<Failures>>,
}

struct Failures {
    limit: RateLimit,
    untold: u32,
}

impl Tls {
    /// As this identity; `stations` records failures (S40-4-10).
    #[must_use]
    pub fn new(identity: &Identity, stations: Stations) -> Self {
        let mut config = kazasu_tls::server(identity);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let limit = RateLimit::new(RECORDS, RECORD_EVERY, stations.now().mono);
        Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            stations,
            failures: Arc::new(Mutex::new(Failures { limit, untold: 0 })),
        }
    }

    /// The other side's handshake; `None` where it failed.
    pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        peer: IpAddr,
    ) -> Option<TlsStream<S>> {
        match timeout(HANDSHAKE_TIMEOUT, self.acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!(%peer, %error, "a TLS handshake failed");
                // Whoever only looks whether somebody listens did not try to speak.
                if error.get_ref().is_some_and(|cause| cause.is::<rustls::Error>()) {
                    self.record(peer, &error.to_string()).await;
                }
                None
            }
            Err(_) => {
                tracing::debug!(%peer, "a TLS handshake took too long");
                None
            }
        }
    }

    async fn record(&self, peer: IpAddr, reason: &str) {
        let more = {
            let now = self.stations.now().mono;
            let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
            if !failures.limit.allows(now) {
                failures.untold = failures.untold.saturating_add(1);
                return;
            }
            std::mem::take(&mut failures.untold)
        };
        let reason = reason.chars().take(REASON_MAX).collect();
        let event = AuditEvent::TlsFailed { peer: peer.to_string(), reason, more };
        if let Err(error) = self.stations.record(None, event).await {
            tracing::error!(%error, "a failed TLS handshake could not be audited");
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(..)")
    }
}
