//! A directory of several servers, with a bounded number of connections to it.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kazasu_registration::ErrorCode;
use kazasu_service::DirectoryError;
use kazasu_tls::BadFile;
use ldap3::Scope;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout},
};
use zeroize::Zeroizing;

use crate::{
    config::{Broken, DirectoryConfig},
    fault::{Fault, failed},
    people::{entry::Entry, schema::KnownAttributes},
    wire::{
        connection::{Bind, Connection, Dial, Query, password_from},
        result::Step,
        server::Server,
        tls::{SOON, Tls},
    },
};

/// Connections of the service account that wait for their next use, and how long.
const IDLE_MAX: usize = 4;
const IDLE: Duration = Duration::from_secs(60);

/// How long a refused password of the service account is not tried again while its file is the
/// same: a domain that locks accounts after a few failures must not lock this one.
const REFUSED: Duration = Duration::from_secs(600);

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Values that break rules.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Config(Vec<Broken>),
    /// A certificate file.
    #[error("directory: {0}")]
    File(#[from] BadFile),
}

impl SetupError {
    /// The catalogue's code: 004 for servers, 002 for anything else.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Config(broken) if broken.iter().any(|broken| broken.key == "servers") => {
                ErrorCode::DirectoryAddressWrong
            }
            Self::Config(_) | Self::File(_) => ErrorCode::DirectorySettingsIncomplete,
        }
    }
}

/// The client: implements the service's directory port.
pub struct Client {
    pub(crate) config: DirectoryConfig,
    servers: Vec<Server>,
    pub(crate) dial: Dial,
    /// Where the last connection succeeded: asked first, so that one that hangs is waited for once.
    preferred: AtomicUsize,
    slots: Semaphore,
    idle: Mutex<Vec<Idle>>,
    refused: Mutex<Option<Refused>>,
    /// Held while the service account signs in: with a wrong password one attempt is made, however
    /// many people wait.
    signing_in: tokio::sync::Mutex<()>,
    pub(crate) known: KnownAttributes,
}

struct Idle {
    connection: Connection,
    server: usize,
    since: Instant,
}

struct Refused {
    password: Zeroizing<String>,
    at: Instant,
}

/// A connection, its server and its place in the bound.
pub(crate) struct Lease<'a> {
    pub(crate) connection: Connection,
    pub(crate) server: usize,
    reused: bool,
    slot: SemaphorePermit<'a>,
}

/// A fault and where it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) server: Option<usize>,
    pub(crate) fault: Fault,
}

impl Client {
    /// Checks the configuration and reads the certificates that it names. Blocks for as long as
    /// that takes; no server is asked.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn new(config: DirectoryConfig) -> Result<Self, SetupError> {
        let broken = config.check();
        if !broken.is_empty() {
            return Err(SetupError::Config(broken));
        }
        let dial = Dial {
            tls: Tls::new(&config)?,
            mode: config.tls,
            connect_timeout: config.connect_timeout(),
            answer_timeout: config.answer_timeout(),
        };
        Ok(Self {
            servers: config.servers(),
            dial,
            preferred: AtomicUsize::new(0),
            slots: Semaphore::new(config.max_connections),
            idle: Mutex::default(),
            refused: Mutex::default(),
            signing_in: tokio::sync::Mutex::default(),
            known: KnownAttributes::default(),
            config,
        })
    }

    pub(crate) fn servers(&self) -> &[Server] {
        &self.servers
    }

    pub(crate) fn error(&self, failure: Failure) -> DirectoryError {
        match failure.server.and_then(|server| self.servers.get(server)) {
            Some(server) => failure.fault.at(server),
            None => failure.fault.at(&"directory"),
        }
    }

    pub(crate) fn check_enabled(&self) -> Result<(), DirectoryError> {
        if self.config.enabled {
            return Ok(());
        }
        Err(failed(ErrorCode::DirectoryProfileDisabled, "directory.enabled is false"))
    }

    /// A new connection to the first server that can be had.
    pub(crate) async fn connect(&self) -> Result<Lease<'_>, Failure> {
        let slot = self.slot().await?;
        let first = self.preferred.load(Ordering::Relaxed);
        let count = self.servers.len();
        let mut failure: Option<Failure> = None;
        for index in (0..count).map(|offset| (first + offset) % count) {
            match self.open(index).await {
                Ok(connection) => {
                    self.preferred.store(index, Ordering::Relaxed);
                    return Ok(Lease { connection, server: index, reused: false, slot });
                }
                Err(fault) => {
                    failure = Some(worse(failure, Failure { server: Some(index), fault }));
                }
            }
        }
        Err(failure.unwrap_or(Failure { server: None, fault: Fault::Unresolved }))
    }

    /// A new connection to this very server.
    pub(crate) async fn connect_to(&self, server: usize) -> Result<Lease<'_>, Failure> {
        let slot = self.slot().await?;
        let opened = self.open(server).await;
        let connection = opened.map_err(|fault| Failure { server: Some(server), fault })?;
        Ok(Lease { connection, server, reused: false, slot })
    }

    /// How long somebody waits for others.
    fn patience(&self) -> Duration {
        self.dial.connect_timeout + self.dial.answer_timeout
    }

    async fn slot(&self) -> Result<SemaphorePermit<'_>, Failure> {
        let crowded = Failure { server: None, fault: Fault::Crowded };
        timeout(self.patience(), self.slots.acquire())
            .await
            .map_err(|_| crowded)?
            .map_err(|_| crowded)
    }

    async fn open(&self, index: usize) -> Result<Connection, Fault> {
        let Some(server) = self.servers.get(index) else { return Err(Fault::Unresolved) };
        let opened = Connection::open(server, &self.dial).await;
        match &opened {
            Err(fault) => {
                tracing::warn!(%server, code = %fault.code(), "{}", fault.at(server).message);
            }
            Ok(connection) => {
                #[expect(clippy::disallowed_methods, reason = "certificates end by the calendar")]
                let soon = std::time::SystemTime::now() + SOON;
                if connection.certificate_until.is_some_and(|until| until < soon) {
                    let fault = "016-524";
                    tracing::warn!(%server, fault, "the server's certificate will expire soon");
                }
            }
        }
        opened
    }

    /// A connection on which the service account is signed in: a waiting one, or a new one.
    pub(crate) async fn service(&self) -> Result<Lease<'_>, DirectoryError> {
        let slot = self.slot().await.map_err(|failure| self.error(failure))?;
        while let Some(mut idle) = self.take_idle() {
            if idle.since.elapsed() < IDLE && !idle.connection.is_over() {
                let Idle { connection, server, .. } = idle;
                return Ok(Lease { connection, server, reused: true, slot });
            }
        }
        drop(slot);
        self.new_service().await
    }

    /// A new connection on which the service account is signed in.
    async fn new_service(&self) -> Result<Lease<'_>, DirectoryError> {
        let Some(account) = &self.config.service_account else {
            let what = "directory.service_account is not set: it looks up cards";
            return Err(failed(ErrorCode::DirectorySettingsIncomplete, what));
        };
        let fail = |server, fault| self.error(Failure { server, fault });
        let password = password_from(&account.password_file)
            .ok_or_else(|| fail(None, Fault::ServicePasswordUnreadable))?;
        let waited = timeout(self.patience(), self.signing_in.lock()).await;
        let _one_at_a_time = waited.map_err(|_| fail(None, Fault::Crowded))?;
        if self.was_refused(&password) {
            return Err(fail(None, Fault::ServiceAccountRefused));
        }
        let mut lease = self.connect().await.map_err(|failure| self.error(failure))?;
        let server = Some(lease.server);
        let bound = lease.connection.bind(&account.name, &password).await;
        match bound.map_err(|fault| fail(server, fault))? {
            Bind::Right => Ok(lease),
            Bind::Refused(code) => {
                if code.code == 49 {
                    *lock(&self.refused) = Some(Refused { password, at: Instant::now() });
                }
                Err(fail(server, Fault::Answered(Step::ServiceBind, code)))
            }
        }
    }

    fn was_refused(&self, password: &str) -> bool {
        let mut refused = lock(&self.refused);
        if refused.as_ref().is_some_and(|r| *r.password != *password || r.at.elapsed() > REFUSED) {
            *refused = None;
        }
        refused.is_some()
    }

    fn take_idle(&self) -> Option<Idle> {
        lock(&self.idle).pop()
    }

    /// Keeps a connection for the next one who needs the service account.
    pub(crate) fn give_back(&self, lease: Lease<'_>) {
        let Lease { connection, server, slot, .. } = lease;
        let mut idle = lock(&self.idle);
        if idle.len() < IDLE_MAX {
            idle.push(Idle { connection, server, since: Instant::now() });
        }
        drop(slot);
    }

    /// Looks up entries below the base with the service account. A connection that ended while it
    /// waited is replaced once: nothing is lost by asking again.
    pub(crate) async fn service_search(
        &self,
        filter: &str,
        attributes: &[String],
        max: usize,
    ) -> Result<Vec<Entry>, DirectoryError> {
        let base = self.config.base_dn.as_str();
        let query = || Query { base, scope: Scope::Subtree, filter, attributes, max };
        let mut lease = self.service().await?;
        let mut found = lease.connection.search(query()).await;
        if lease.reused && matches!(found, Err(Fault::Lost | Fault::Notice(_))) {
            // Before the next one is opened: it may need this one's place.
            drop(lease);
            lock(&self.idle).clear();
            lease = self.new_service().await?;
            found = lease.connection.search(query()).await;
        }
        let server = Some(lease.server);
        let entries = found.map_err(|fault| self.error(Failure { server, fault }))?;
        self.give_back(lease);
        Ok(entries)
    }
}

/// Which of the failures of several servers is told: what an administrator can act on goes before
/// "not there", and otherwise the first one.
fn worse(first: Option<Failure>, next: Failure) -> Failure {
    first.filter(|first| first.fault.is_telling() || !next.fault.is_telling()).unwrap_or(next)
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("servers", &self.servers).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing panics while it is locked, and what it holds has no half-made states.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::TlsFault;

    #[test]
    fn what_can_be_mended_is_told_before_what_is_merely_away() {
        let told = |faults: &[Fault]| {
            let failures = faults.iter().enumerate();
            let failures = failures.map(|(at, fault)| Failure { server: Some(at), fault: *fault });
            failures.fold(None, |first, next| Some(worse(first, next))).and_then(|f| f.server)
        };
        let certificate = Fault::Tls(TlsFault::Untrusted);
        let expired = Fault::Tls(TlsFault::Expired);
        let rows: &[(&[Fault], usize)] = &[
            (&[certificate, Fault::Refused], 0),
            (&[Fault::Refused, certificate], 1),
            (&[Fault::TimedOut, certificate, Fault::Lost], 1),
            (&[certificate, expired], 0),
            (&[Fault::Refused, Fault::TimedOut], 0),
            (&[Fault::Unresolved, Fault::Refused, certificate, Fault::Refused], 2),
        ];
        for (faults, expected) in rows {
            assert_eq!(told(faults), Some(*expected), "{faults:?}");
        }
    }
}
