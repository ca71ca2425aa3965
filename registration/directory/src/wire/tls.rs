//! TLS: what is trusted, and the handshake. Verification is never off.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use kazasu_tls::{BadFile, Identity, client, roots_of, system_roots};
use rustls::{ClientConfig, SignatureScheme, client::ResolvesClientCert, sign::CertifiedKey};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    config::DirectoryConfig,
    fault::{Fault, TlsFault},
    wire::{
        ber::{self, Reader},
        server::Server,
        time::generalized_time,
    },
};

/// Sooner than this an end of validity is worth a warning (fault 016-524).
pub(crate) const SOON: Duration = Duration::from_secs(30 * 24 * 3600);

/// Ready to shake hands with any of the servers.
#[derive(Clone)]
pub(crate) struct Tls {
    config: ClientConfig,
    own: Option<Arc<CertifiedKey>>,
}

/// Gives our certificate, if any, and notes that the server asked for one: some servers close the
/// connection over it without a word.
#[derive(Debug)]
struct Own {
    key: Option<Arc<CertifiedKey>>,
    asked: Arc<AtomicBool>,
}

impl ResolvesClientCert for Own {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// A stream that the handshake is done on.
pub(crate) struct Protected {
    pub(crate) stream: TlsStream<TcpStream>,
    /// Whether the server asked for a certificate.
    pub(crate) asked: bool,
}

impl Tls {
    /// Reads the files that the configuration names. Blocks for as long as that takes.
    pub(crate) fn new(config: &DirectoryConfig) -> Result<Self, BadFile> {
        let roots = match &config.ca_file {
            Some(path) => roots_of(path)?,
            None => system_roots(),
        };
        let own = match &config.client_certificate {
            None => None,
            Some(own) => Some(Identity::read(&own.certificate_file, &own.key_file)?.certified()),
        };
        Ok(Self { config: client(roots), own })
    }

    /// Shakes hands with the server at the other end.
    pub(crate) async fn connect(
        &self,
        server: &Server,
        stream: TcpStream,
    ) -> Result<Protected, Fault> {
        let name = server.tls_name().ok_or(Fault::Tls(TlsFault::Name))?;
        let asked = Arc::new(AtomicBool::new(false));
        let mut config = self.config.clone();
        config.client_auth_cert_resolver =
            Arc::new(Own { key: self.own.clone(), asked: Arc::clone(&asked) });
        let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        let asked = asked.load(Ordering::Relaxed);
        match connected.map_err(|error| Fault::of_io(&error)) {
            Ok(stream) => Ok(Protected { stream, asked }),
            Err(fault) => Err(fault.after_asking(asked)),
        }
    }
}

/// Until when the server's certificate is valid; `None` where that cannot be read.
pub(crate) fn valid_until(stream: &TlsStream<TcpStream>) -> Option<SystemTime> {
    not_after(stream.get_ref().1.peer_certificates()?.first()?)
}

/// `notAfter` of an X.509 certificate (RFC 5280 section 4.1.2.5).
fn not_after(der: &[u8]) -> Option<SystemTime> {
    const VERSION: u8 = 0xA0;
    let mut certificate = Reader::new(Reader::new(der).expect(ber::SEQUENCE)?);
    let mut body = Reader::new(certificate.expect(ber::SEQUENCE)?);
    // Absent in version 1.
    let _ = body.expect(VERSION);
    body.expect(ber::INTEGER)?;
    body.expect(ber::SEQUENCE)?;
    body.expect(ber::SEQUENCE)?;
    let mut validity = Reader::new(body.expect(ber::SEQUENCE)?);
    validity.next()?;
    let end = validity.next()?;
    time(end.tag, std::str::from_utf8(end.content).ok()?)
}

/// A time of a certificate: `YYMMDDHHMMSSZ` (1950 to 2049) or `YYYYMMDDHHMMSSZ`.
fn time(tag: u8, text: &str) -> Option<SystemTime> {
    const UTC_TIME: u8 = 0x17;
    let text = match tag {
        UTC_TIME if text >= "5" => format!("19{text}"),
        UTC_TIME => format!("20{text}"),
        _ => text.to_owned(),
    };
    generalized_time(&text)
}

#[cfg(test)]
#[path = "tls_test.rs"]
mod tests;
