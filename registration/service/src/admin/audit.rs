use std::{net::IpAddr, sync::Arc, time::Duration};

use kazasu_registration::{
    AuditEntry, AuditEvent, AuditRecord, Broken, Claim, Claimed, ClockWatch, DeviceSecret,
    ErrorCode, RefusalKind, Refused, Role, TypedPassword, UserId, Verdict, Whole,
};
use tokio::time::sleep;
use zeroize::Zeroizing;

use super::{Admin, AdminError};
use crate::{
    Hasher, NoDirectory, Refusal, Service, Store, Verifier,
    asker::Asker,
    perform::{Ports, was_guessed},
};

/// How often the clocks are compared.
const CLOCK_EVERY: Duration = Duration::from_secs(10);

/// An administrator, as who they are and the password they have at some moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who.
    pub who: Claimed,
    /// The key operator's user ID.
    called: Option<UserId>,
    verifier: Verifier,
}

impl<S: Store, H: Hasher> Admin<S, H> {
    /// Whether these are the credentials of an administrator: the key operator, or a user of that
    /// role with a password. Passes the same gate as every other sign-in; failures are audited.
    ///
    /// # Errors
    /// `K06` where they are not, whatever the reason; what the gate says; the store's.
    pub async fn check_administrator(
        &self,
        user: &str,
        password: Zeroizing<String>,
        from: IpAddr,
    ) -> Result<Claimed, Refusal> {
        let checked = self.administrator(user, password, from).await;
        if !was_guessed(&checked, |_| false) {
            self.guard.sources.admitted(from);
        }
        if let Ok(who) = &checked
            && self.current.site().settings.audit.sign_ins
        {
            let event = AuditEvent::SignedIn { who: who.clone(), card: None, from: Some(from) };
            self.record_audit(event).await.map_err(|error| log_failed(&error))?;
        }
        checked
    }

    async fn administrator(
        &self,
        user: &str,
        password: Zeroizing<String>,
        from: IpAddr,
    ) -> Result<Claimed, Refusal> {
        let wrong = |who| Refused { from: Some(from), ..Refused::wrong(who, None) };
        let (Ok(id), Ok(typed)) = (UserId::typed(user), TypedPassword::new(password)) else {
            // No user has such an ID, and nobody such a password.
            return Err(self.refused(wrong(Claimed::Unknown)).await);
        };
        let site = self.current.site();
        let operator = site.settings.administrator.id.as_ref();
        let device = operator.is_some_and(|operator| operator.key() == id.key());
        let (claim, who) = if device {
            let secret = DeviceSecret::KeyOperator;
            (Claim::Device(secret, Some(typed)), Claimed::Device(secret))
        } else {
            (Claim::User(id.clone(), Some(typed)), Claimed::User(id))
        };
        let ports = Ports {
            store: Arc::clone(&self.store),
            directory: Arc::new(NoDirectory),
            passwords: Arc::clone(&self.passwords),
            current: Arc::clone(&self.current),
            guard: Arc::clone(&self.guard),
            clock: self.clock.clone(),
        };
        match ports.verify(claim, None, Asker::Retrieval(from)).await? {
            Verdict::RightDevice => Ok(who),
            Verdict::Right(account) if account.role != Role::Administrator => {
                let kind = RefusalKind::NotAdministrator;
                let refused = Refused { kind, ..wrong(Claimed::User(account.id)) };
                Err(self.refused(refused).await)
            }
            // An administrator without a password is anybody.
            Verdict::Right(account) if !account.has_password => Err(self.refused(wrong(who)).await),
            Verdict::Right(_) => Ok(who),
            Verdict::UnknownUser => Err(self.refused(wrong(Claimed::Unknown)).await),
            Verdict::WrongPassword | Verdict::NotSetUp => Err(self.refused(wrong(who)).await),
        }
    }

    /// What makes this the session of an administrator now; `None` where it is none any more.
    /// While it stays equal nobody took the account, the role or the password away.
    ///
    /// # Errors
    /// The store's.
    pub async fn standing(&self, who: &Claimed) -> Result<Option<Standing>, AdminError> {
        let verifier = match who {
            Claimed::Device(which) => self.store.secret(*which).await?,
            Claimed::User(id) => match self.store.credentials(id.clone()).await? {
                Some(stored) if stored.account.role == Role::Administrator => stored.verifier,
                _ => None,
            },
            _ => None,
        };
        let called = match who {
            Claimed::Device(_) => self.current.site().settings.administrator.id.clone(),
            _ => None,
        };
        Ok(verifier.map(|verifier| Standing { who: who.clone(), called, verifier }))
    }

    async fn refused(&self, refused: Refused) -> Refusal {
        let code = match self.guard.ledger.refused(None, refused) {
            None => ErrorCode::SignInFailed,
            Some(record) => match self.write_audit(record).await {
                Ok(()) => ErrorCode::SignInFailed,
                Err(error) => log_failed(&error),
            },
        };
        code.into()
    }

    /// Writes a record of something that changed no other record.
    ///
    /// # Errors
    /// The store's.
    pub async fn record_audit(&self, event: AuditEvent) -> Result<(), AdminError> {
        self.write_audit(AuditRecord { at: self.clock.wall(), station: None, event }).await
    }

    /// The same of a record that is made already.
    ///
    /// # Errors
    /// The store's.
    pub async fn write_audit(&self, record: AuditRecord) -> Result<(), AdminError> {
        Ok(self.guard.ledger.write(&*self.store, record).await?)
    }

    /// The whole log, oldest record first, with the record that it was handed out.
    ///
    /// # Errors
    /// The store's; 3025 where that record cannot be written.
    pub async fn export_audit(&self, to: Option<Claimed>) -> Result<Vec<AuditEntry>, AdminError> {
        self.record_audit(AuditEvent::LogExported { by: to }).await?;
        self.audit_after(0).await
    }

    /// The records with a higher number, oldest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn audit_after(&self, id: u64) -> Result<Vec<AuditEntry>, AdminError> {
        Ok(self.store.audit_log(id).await?)
    }

    /// Checks the log's chain. The inner error is what is wrong with the log.
    ///
    /// # Errors
    /// The store's.
    pub async fn verify_audit(&self) -> Result<Result<Whole, Vec<Broken>>, AdminError> {
        Ok(self.store.verify_audit().await?)
    }

    /// Records the start of a service, and what changed since the last one: the clock, the program
    /// (S40-4-01, S40-4-06, S40-4-07, S40-4-09). `boot` tells this run of the machine from others.
    ///
    /// # Errors
    /// The store's.
    pub async fn record_start(&self, version: &str, boot: &str) -> Result<(), AdminError> {
        let log = self.store.audit_log(0).await?;
        let last = log.last().map(|entry| entry.at);
        let started = log.iter().rfind(|entry| entry.event.starts_with("started-"));
        let before = started.and_then(|entry| entry.detail.as_deref()?.split_once(' '));
        let (version, boot) = (version.to_owned(), boot.to_owned());
        let warm = before.is_some_and(|(_, before)| before == boot);
        let updated = before.is_some_and(|(before, _)| before != version);
        let events = [
            started.is_none().then_some(AuditEvent::LogBegun),
            last.and_then(|last| ClockWatch::since(last, self.clock.wall())),
            updated.then(|| AuditEvent::SoftwareUpdated { version: version.clone() }),
            Some(AuditEvent::Started { warm, boot, version }),
        ];
        for event in events.into_iter().flatten() {
            self.record_audit(event).await?;
        }
        Ok(())
    }
}

fn log_failed(error: &AdminError) -> ErrorCode {
    tracing::error!(%error, "a sign-in could not be audited");
    error.code().unwrap_or(ErrorCode::AuditUnwritable)
}

impl Service {
    /// Records whenever the calendar clock is set (S40-4-09), until the service stops.
    pub async fn watch_clock(&self) {
        let mut watch = ClockWatch::new(self.now());
        loop {
            sleep(CLOCK_EVERY).await;
            if let Some(event) = watch.look(self.now()) {
                match self.record_audit(event).await {
                    Ok(()) => {}
                    Err(AdminError::Stopped) => return,
                    Err(error) => tracing::error!(%error, "a set clock could not be audited"),
                }
            }
        }
    }
}
