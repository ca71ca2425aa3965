use kazasu_registration::{AuditEntry, AuditEvent, AuditRecord, Broken, ClockWatch, Whole};

use super::{AdminError, Matter, Office};
use crate::{Directory, Hasher, Store, perform::Ports};

/// The audit log.
impl<S: Store, D: Directory, H: Hasher> Office<'_, S, D, H> {
    /// The whole log, oldest record first, with the record that it was handed out, and to whom.
    ///
    /// # Errors
    /// The store's; 3025 where that record cannot be written.
    pub async fn export_audit(&self) -> Result<Vec<AuditEntry>, AdminError> {
        let ports = self.may(Matter::LogExport)?;
        let by = self.authority.who().cloned();
        self.finish(async move {
            ports.record_audit(AuditEvent::LogExported { by }).await?;
            Ok(ports.store.audit_log(0).await?)
        })
        .await
    }

    /// Checks the log's chain. The inner error is what is wrong with the log.
    ///
    /// # Errors
    /// The store's.
    pub async fn verify_audit(&self) -> Result<Result<Whole, Vec<Broken>>, AdminError> {
        let ports = self.may(Matter::LogCheck)?;
        self.finish(async move { Ok(ports.store.verify_audit().await?) }).await
    }

    /// The records with a higher number, oldest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn audit_after(&self, id: u64) -> Result<Vec<AuditEntry>, AdminError> {
        let ports = self.may(Matter::LogKeeping)?;
        self.finish(async move { Ok(ports.store.audit_log(id).await?) }).await
    }

    /// Writes a record of something that changed no other record.
    ///
    /// # Errors
    /// The store's.
    pub async fn record_audit(&self, event: AuditEvent) -> Result<(), AdminError> {
        let ports = self.may(Matter::LogKeeping)?;
        self.finish(async move { ports.record_audit(event).await }).await
    }

    /// Records the start of a service, and what changed since the last one: the clock, the program
    /// (S40-4-01, S40-4-06, S40-4-07, S40-4-09). `boot` tells this run of the machine from others.
    ///
    /// # Errors
    /// The store's.
    pub async fn record_start(&self, version: &str, boot: &str) -> Result<(), AdminError> {
        let ports = self.may(Matter::LogKeeping)?;
        let (version, boot) = (version.to_owned(), boot.to_owned());
        self.finish(async move {
            let started =
                |warm| AuditEvent::Started { warm, boot: boot.clone(), version: version.clone() };
            let last = ports.store.newest_audit(None).await?.map(|entry| entry.at);
            let mut before = None;
            for warm in [false, true] {
                let found = ports.store.newest_audit(Some(started(warm).word())).await?;
                before = before.into_iter().chain(found).max_by_key(|entry: &AuditEntry| entry.id);
            }
            let is = |entry: &AuditEntry, name: &str, text: &str| {
                entry.details().is_some_and(|details| details.text(name) == Some(text))
            };
            let warm = before.as_ref().is_some_and(|before| is(before, "boot", &boot));
            // A record without fields is an older program's.
            let updated = before.as_ref().is_some_and(|before| !is(before, "version", &version));
            let events = [
                before.is_none().then_some(AuditEvent::LogBegun),
                last.and_then(|last| ClockWatch::since(last, ports.clock.wall())),
                updated.then(|| AuditEvent::SoftwareUpdated { version: version.clone() }),
                Some(started(warm)),
            ];
            for event in events.into_iter().flatten() {
                ports.record_audit(event).await?;
            }
            Ok(())
        })
        .await
    }
}

impl<S: Store, D, H> Ports<S, D, H> {
    /// Writes a record of something that changed no other record.
    pub(super) async fn record_audit(&self, event: AuditEvent) -> Result<(), AdminError> {
        self.write_audit(AuditRecord { at: self.clock.wall(), station: None, event }).await
    }

    pub(super) async fn write_audit(&self, record: AuditRecord) -> Result<(), AdminError> {
        Ok(self.guard.ledger.write(&*self.store, record).await?)
    }
}
