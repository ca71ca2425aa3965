//! Each audit record to a collector: RFC 5424 messages over TLS (RFC 5425) or TCP, each with its length
//! before it. The protocol has no acknowledgement: the collector tells records that come twice by
//! their `id`.

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kazasu_registration::{AuditEntry, AuditEvent, ErrorCode, Syslog, syslog_line};
use kazasu_tls::{BadFile, client, roots_of};
use rustls::pki_types::{InvalidDnsNameError, ServerName};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::supervisor::{Line, Output};

/// How long connecting, or the collector's taking of records, may last.
const PATIENCE: Duration = Duration::from_secs(10);

/// `[syslog]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SyslogConfig {
    /// `tls://HOST:PORT` or `tcp://HOST:PORT`.
    pub to: Option<String>,
    /// What the collector's certificate is checked with, in PEM.
    pub ca: Option<PathBuf>,
}

/// Why there cannot be a collector as the configuration says.
#[derive(Debug, thiserror::Error)]
pub enum BadSyslog {
    /// Not a place.
    #[error("[syslog] to is tls://HOST:PORT or tcp://HOST:PORT")]
    Place,
    /// A name that no certificate has.
    #[error("[syslog] to: {0}")]
    Name(#[from] InvalidDnsNameError),
    /// TLS, and nothing to check the collector with.
    #[error("[syslog] ca is missing: name the certificate that the collector's is checked with")]
    NoCa,
    /// Something to check with, and no TLS.
    #[error("[syslog] ca is for tls:// only")]
    CaWithoutTls,
    /// What is to be checked with cannot be used.
    #[error("[syslog] ca: {0}")]
    Ca(#[from] BadFile),
}

/// Where to.
pub struct Collector {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    from: Arc<Syslog>,
}

impl Collector {
    /// The one of the configuration, if any; `device` is what the collector calls this device.
    ///
    /// # Errors
    /// [`BadSyslog`].
    pub fn new(config: &SyslogConfig, device: String) -> Result<Option<Self>, BadSyslog> {
        let Some(to) = &config.to else { return Ok(None) };
        let (scheme, place) = to.split_once("://").ok_or(BadSyslog::Place)?;
        let (host, port) = place.rsplit_once(':').ok_or(BadSyslog::Place)?;
        let host = host.trim_matches(['[', ']']).to_owned();
        let port = port.parse().map_err(|_| BadSyslog::Place)?;
        let tls = match (scheme, &config.ca) {
            ("tcp", None) => None,
            ("tls", Some(ca)) => {
                let connector = TlsConnector::from(Arc::new(client(roots_of(ca)?)));
                Some((connector, ServerName::try_from(host.clone())?))
            }
            ("tls", None) => return Err(BadSyslog::NoCa),
            ("tcp", Some(_)) => return Err(BadSyslog::CaWithoutTls),
            _ => return Err(BadSyslog::Place),
        };
        Ok(Some(Self { host, port, tls, from: Arc::new(Syslog { host: device }) }))
    }
}

impl Output for Collector {
    type Line = Messages;

    const NAME: &str = "the syslog collector";

    async fn connect(&self) -> io::Result<Messages> {
        let connected = async {
            let places = lookup_host((self.host.as_str(), self.port)).await;
            let places: Vec<_> = places.map_err(|error| no_address(&self.host, error))?.collect();
            let stream = TcpStream::connect(places.as_slice()).await?;
            stream.set_nodelay(true)?;
            Ok::<Box<dyn Stream>, io::Error>(match &self.tls {
                None => Box::new(stream),
                Some((connector, name)) => Box::new(connector.connect(name.clone(), stream).await?),
            })
        };
        let stream = in_time(connected).await?;
        Ok(Messages { stream, from: Arc::clone(&self.from) })
    }

    fn lost(count: u64) -> AuditEvent {
        AuditEvent::SyslogLost { count }
    }
}

fn no_address(host: &str, error: io::Error) -> io::Error {
    let code = ErrorCode::NameResolution;
    io::Error::new(error.kind(), format!("{host} has no address ({code}): {error}"))
}

async fn in_time<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(PATIENCE, work).await.map_err(|_| io::Error::from(ErrorKind::TimedOut))?
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A connection to the collector.
pub struct Messages {
    stream: Box<dyn Stream>,
    from: Arc<Syslog>,
}

impl Line for Messages {
    async fn gone(&mut self) -> io::Error {
        let mut heard = [0; 64];
        loop {
            match self.stream.read(&mut heard).await {
                Ok(0) => return ErrorKind::ConnectionAborted.into(),
                // A collector says nothing; what it says all the same means nothing.
                Ok(_) => {}
                Err(error) => return error,
            }
        }
    }

    async fn write(&mut self, records: &[AuditEntry]) -> io::Result<()> {
        let mut text = String::new();
        for record in records {
            let message = syslog_line(record, &self.from);
            text.push_str(&format!("{} {message}", message.len()));
        }
        in_time(async {
            self.stream.write_all(text.as_bytes()).await?;
            self.stream.flush().await
        })
        .await
    }
}
