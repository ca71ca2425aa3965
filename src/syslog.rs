//! Sends each audit record to a collector: RFC 5424 messages over TLS (RFC 5425) or TCP, each with
//! its length before it.
//!
//! The queue is the log itself: what was sent last is kept beside it, and after an outage or a
//! restart sending goes on from there. Only records that the log trimmed meanwhile are lost, and
//! the log says so. The protocol has no acknowledgement: after a connection broke, the last
//! records are sent once more, and the collector tells them by their `id`.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kazasu_registration::{AuditEvent, Syslog, syslog_line};
use kazasu_service::{AdminError, Service};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;

use crate::config::SyslogConfig;
use crate::owner::DataFolder;

/// How long connecting, or the collector's taking of records, may last.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two tries to connect: at first, and at most.
const RETRY: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(60);
/// How many records are written at a time.
const BATCH: usize = 256;
/// The length of a number in the file, in digits.
const DIGITS: usize = 20;

/// Where to.
pub(crate) struct Collector {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Collector {
    /// The one of the configuration, if any.
    pub(crate) fn new(config: &SyslogConfig) -> Result<Option<Self>> {
        let Some(to) = &config.to else { return Ok(None) };
        let shape = "[syslog] to is tls://HOST:PORT or tcp://HOST:PORT";
        let (scheme, place) = to.split_once("://").context(shape)?;
        let (host, port) = place.rsplit_once(':').context(shape)?;
        let host = host.trim_matches(['[', ']']).to_owned();
        let port = port.parse().context(shape)?;
        let tls = match (scheme, &config.ca) {
            ("tcp", None) => None,
            ("tls", Some(ca)) => {
                let config = kazasu_tls::client(kazasu_tls::roots_of(ca)?);
                let connector = TlsConnector::from(Arc::new(config));
                Some((connector, ServerName::try_from(host.clone())?))
            }
            ("tls", None) => bail!(
                "[syslog] ca is missing: name the certificate that the collector's is checked with"
            ),
            ("tcp", Some(_)) => bail!("[syslog] ca is for tls:// only"),
            _ => bail!("{shape}"),
        };
        Ok(Some(Self { host, port, tls }))
    }

    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        let connected = async {
            let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
            stream.set_nodelay(true)?;
            Ok::<Box<dyn Stream>, io::Error>(match &self.tls {
                None => Box::new(stream),
                Some((connector, name)) => Box::new(connector.connect(name.clone(), stream).await?),
            })
        };
        timeout(PATIENCE, connected).await.map_err(|_| io::Error::from(ErrorKind::TimedOut))?
    }
}

/// Which record was sent last.
struct Sent(PathBuf);

impl Sent {
    fn read(&self) -> u64 {
        // Missing or damaged: everything is sent again, which loses nothing.
        let text = std::fs::read_to_string(&self.0).unwrap_or_default();
        text.trim().parse().unwrap_or(0)
    }

    fn write(&self, id: u64) {
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&self.0)
            .and_then(|file| file.write_all_at(format!("{id:0DIGITS$}\n").as_bytes(), 0));
        if let Err(error) = written {
            tracing::warn!(%error, "{} cannot be written", self.0.display());
        }
    }
}

/// Sends until the service stops.
pub(crate) async fn send(
    collector: Collector,
    service: Service,
    mut newest: watch::Receiver<u64>,
    folder: DataFolder,
) {
    let file = Sent(folder.path().join("syslog.sent"));
    let mut sent = file.read().min(*newest.borrow());
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    let from = Syslog { host: host.unwrap_or_default() };
    let mut retry = RETRY;
    loop {
        if newest.wait_for(|newest| *newest > sent).await.is_err() {
            return;
        }
        match collector.connect().await {
            Ok(stream) => {
                retry = RETRY;
                let mut line = Line { stream, service: &service, from: &from, file: &file };
                match line.feed(&mut sent, &mut newest).await {
                    Ok(()) => return,
                    Err(error) => tracing::warn!(%error, "the syslog collector is gone"),
                }
            }
            Err(error) => tracing::warn!(%error, "the syslog collector cannot be reached"),
        }
        sleep(retry).await;
        retry = retry.saturating_mul(2).min(RETRY_MAX);
    }
}

/// A connection.
struct Line<'a> {
    stream: Box<dyn Stream>,
    service: &'a Service,
    from: &'a Syslog,
    file: &'a Sent,
}

impl Line<'_> {
    /// Sends until the service stops (`Ok`) or the connection breaks; `sent` is then before what
    /// may not have arrived.
    async fn feed(&mut self, sent: &mut u64, newest: &mut watch::Receiver<u64>) -> io::Result<()> {
        // Written, and not yet followed by a sign that the connection held.
        let mut written = *sent;
        let mut heard = [0; 64];
        loop {
            tokio::select! {
                n = self.stream.read(&mut heard) => match n? {
                    0 => return Err(ErrorKind::ConnectionAborted.into()),
                    // A collector says nothing; what it says all the same means nothing.
                    _ => continue,
                },
                more = newest.wait_for(|newest| *newest > written) => if more.is_err() {
                    return Ok(());
                },
            }
            let entries = match self.service.audit_after(written).await {
                Ok(entries) => entries,
                Err(AdminError::Stopped) => return Ok(()),
                Err(error) => return Err(io::Error::other(error)),
            };
            let first = entries.first().map_or(written, |entry| entry.id);
            // The connection held until now, so what was written has arrived.
            *sent = written;
            let lost = first.saturating_sub(written).saturating_sub(1);
            if lost > 0 {
                *sent = first.saturating_sub(1);
                let event = AuditEvent::SyslogLost { count: lost };
                self.service.record_audit(event).await.map_err(io::Error::other)?;
            }
            self.file.write(*sent);
            for batch in entries.chunks(BATCH) {
                let mut text = String::new();
                for entry in batch {
                    let message = syslog_line(entry, self.from);
                    text.push_str(&format!("{} {message}", message.len()));
                    written = entry.id;
                }
                let taken = async {
                    self.stream.write_all(text.as_bytes()).await?;
                    self.stream.flush().await
                };
                timeout(PATIENCE, taken)
                    .await
                    .map_err(|_| io::Error::from(ErrorKind::TimedOut))??;
            }
        }
    }
}
