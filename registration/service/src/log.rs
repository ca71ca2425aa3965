//! The way to the audit log for whoever has no store at hand.

use kazasu_hal::StationName;
use kazasu_registration::{AuditEvent, AuditRecord};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

use crate::{AdminError, StoreError, clock::Clock, ledger::Ledger};

/// How many audit records may wait for the store.
const AUDIT_MAX: usize = 256;

/// A record on its way.
pub(crate) struct ToWrite {
    pub(crate) record: AuditRecord,
    /// Who waits until it is written.
    pub(crate) told: Option<oneshot::Sender<Result<(), StoreError>>>,
}

/// The queue of [`keep`](crate::ledger::keep), which ends when nobody holds one of these any more.
#[derive(Clone)]
pub(crate) struct Log {
    clock: Clock,
    ledger: Arc<Ledger>,
    queue: mpsc::Sender<ToWrite>,
}

impl Log {
    pub(crate) fn new(clock: Clock, ledger: Arc<Ledger>) -> (Self, mpsc::Receiver<ToWrite>) {
        let (queue, records) = mpsc::channel(AUDIT_MAX);
        (Self { clock, ledger, queue }, records)
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// For whoever does not wait for it.
    pub(crate) fn tell(&self, record: AuditRecord) {
        let (at, event) = (record.at, record.event.word());
        if self.queue.try_send(ToWrite { record, told: None }).is_err() {
            tracing::error!(event, "an audit record was lost: queue full");
            self.ledger.lost(at);
        }
    }

    /// The same, dated now, of something at a station.
    pub(crate) fn tell_at(&self, (station, event): (StationName, AuditEvent)) {
        self.tell(AuditRecord { at: self.clock.wall(), station: Some(station), event });
    }

    pub(crate) fn for_surfaces(&self) -> SurfaceLog {
        SurfaceLog(self.queue.downgrade())
    }
}

/// The same for surfaces, which may outlive the service.
#[derive(Clone)]
pub(crate) struct SurfaceLog(mpsc::WeakSender<ToWrite>);

impl SurfaceLog {
    /// Returns when it is written.
    pub(crate) async fn write(&self, record: AuditRecord) -> Result<(), AdminError> {
        let (told, answer) = oneshot::channel();
        let queue = self.0.upgrade().ok_or(AdminError::Stopped)?;
        let entry = ToWrite { record, told: Some(told) };
        queue.send(entry).await.map_err(|_| AdminError::Stopped)?;
        drop(queue);
        Ok(answer.await.map_err(|_| AdminError::Stopped)??)
    }
}
