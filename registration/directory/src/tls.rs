//! TLS: what is trusted, the handshake, and what its failures mean. Verification is never off.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use kazasu_tls::{BadFile, Identity, client, roots_of, system_roots};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, Error, SignatureScheme,
    client::ResolvesClientCert, sign::CertifiedKey,
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    ber::{self, Reader},
    config::DirectoryConfig,
    fault::Fault,
    server::Server,
};

/// Sooner than this an end of validity is worth a warning (fault 016-524).
pub(crate) const SOON: Duration = Duration::from_secs(30 * 24 * 3600);

/// Why a handshake or a protected connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TlsFault {
    /// The server wants a certificate, and none is set or it does not like ours.
    ClientCertificate,
    /// The chain does not end at a trusted certificate.
    Untrusted,
    /// The certificate, or one above it, has expired.
    Expired,
    /// The certificate is not valid yet: most often this device's clock is slow.
    NotYetValid,
    /// The certificate is another name's.
    Name,
    /// Anything else.
    Other,
}

impl TlsFault {
    /// The fault's number in logs (spec 40: 016-522 to 016-527).
    pub(crate) fn number(self) -> &'static str {
        match self {
            Self::ClientCertificate => "016-522",
            Self::Untrusted => "016-523",
            Self::Expired | Self::NotYetValid => "016-525",
            Self::Name => "016-526",
            Self::Other => "016-527",
        }
    }

    fn of(error: &Error) -> Self {
        match error {
            Error::InvalidCertificate(error) => match error {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    Self::Expired
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    Self::NotYetValid
                }
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => Self::Name,
                _ => Self::Untrusted,
            },
            // What a server says about the certificate of the other side, ours.
            Error::AlertReceived(
                AlertDescription::CertificateRequired
                | AlertDescription::NoCertificate
                | AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA
                | AlertDescription::AccessDenied,
            ) => Self::ClientCertificate,
            _ => Self::Other,
        }
    }
}

impl Fault {
    /// What an error of a protected stream is: TLS's, or the end of the connection.
    pub(crate) fn of_io(error: &io::Error) -> Self {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        tls.map_or(Self::Lost, |error| Self::Tls(TlsFault::of(error)))
    }

    /// The same, before the first answer of a server that had asked for a certificate.
    pub(crate) fn after_asking(self, asked: bool) -> Self {
        match self {
            Self::Lost | Self::Tls(TlsFault::Other) if asked => {
                Self::Tls(TlsFault::ClientCertificate)
            }
            fault => fault,
        }
    }
}

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
    crate::entry::generalized_time(&text)
}

#[cfg(test)]
#[path = "tls_test.rs"]
mod tests;
