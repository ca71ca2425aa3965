//! Tells one output each record, in their order, through outages.

use std::future::Future;
use std::io;
use std::time::Duration;

use kazasu_registration::{AuditEntry, AuditEvent};
use kazasu_service::{AdminError, Authority, Directory, Hasher, Service, Store};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::cursor::Cursor;

/// Between two tries to connect: at first, and at most.
const RETRY: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(60);
/// How many records are written at a time.
pub(crate) const BATCH: usize = 256;

/// Somebody outside who is told each record.
pub trait Output: Send + Sync {
    /// A connection to them.
    type Line: Line;

    /// What the log calls them, as in "the syslog collector".
    const NAME: &str;

    /// Reaches them, within a time that the output sets.
    fn connect(&self) -> impl Future<Output = io::Result<Self::Line>> + Send;

    /// What the audit log says where so many records were trimmed before they could be sent.
    fn lost(count: u64) -> AuditEvent;
}

/// A connection to an output.
pub trait Line: Send {
    /// Ends with the connection. May be dropped at any moment and asked again.
    fn gone(&mut self) -> impl Future<Output = io::Error> + Send;

    /// Writes these records, within a time that the output sets.
    fn write(&mut self, records: &[AuditEntry]) -> impl Future<Output = io::Result<()>> + Send;
}

/// The log that is told from.
pub trait Records: Send + Sync {
    /// The records behind this number; `None` where the service has ended.
    fn after(&self, id: u64) -> impl Future<Output = io::Result<Option<Vec<AuditEntry>>>> + Send;

    /// Adds a record.
    fn add(&self, event: AuditEvent) -> impl Future<Output = io::Result<()>> + Send;
}

impl<S: Store, D: Directory, H: Hasher> Records for Service<S, D, H> {
    async fn after(&self, id: u64) -> io::Result<Option<Vec<AuditEntry>>> {
        match self.office(&Authority::SERVICE).audit_after(id).await {
            Ok(records) => Ok(Some(records)),
            Err(AdminError::Stopped) => Ok(None),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    async fn add(&self, event: AuditEvent) -> io::Result<()> {
        self.office(&Authority::SERVICE).record_audit(event).await.map_err(io::Error::other)
    }
}

/// Tells `output` each record of `log` behind `cursor`, until the service stops. `newest` is the number
/// of the newest record.
///
/// Whoever takes records says nothing, so what was written counts as taken once the connection still
/// held afterwards; after it broke, the last records are sent once more.
pub async fn feed<O: Output>(
    output: O,
    log: impl Records,
    mut newest: watch::Receiver<u64>,
    cursor: Cursor,
) {
    let mut sent = cursor.read().min(*newest.borrow());
    let mut retry = RETRY;
    loop {
        if newest.wait_for(|newest| *newest > sent).await.is_err() {
            return;
        }
        match output.connect().await {
            Ok(line) => {
                retry = RETRY;
                let mut feed = Feed::<O, _> { line, log: &log, cursor: &cursor };
                match feed.run(&mut sent, &mut newest).await {
                    Ok(()) => return,
                    Err(error) => tracing::warn!(%error, "{} is gone", O::NAME),
                }
            }
            Err(error) => tracing::warn!(%error, "{} cannot be reached", O::NAME),
        }
        sleep(retry).await;
        retry = retry.saturating_mul(2).min(RETRY_MAX);
    }
}

/// What is told over one connection.
struct Feed<'a, O: Output, R> {
    line: O::Line,
    log: &'a R,
    cursor: &'a Cursor,
}

impl<O: Output, R: Records> Feed<'_, O, R> {
    /// Sends until the service stops (`Ok`) or the connection breaks; `sent` is then before what
    /// may not have arrived.
    async fn run(&mut self, sent: &mut u64, newest: &mut watch::Receiver<u64>) -> io::Result<()> {
        // Written, and not yet followed by a sign that the connection held.
        let mut written = *sent;
        loop {
            tokio::select! {
                error = self.line.gone() => return Err(error),
                more = newest.wait_for(|newest| *newest > written) => if more.is_err() {
                    return Ok(());
                },
            }
            let Some(records) = self.log.after(written).await? else { return Ok(()) };
            let first = records.first().map_or(written, |record| record.id);
            // The connection held until now, so what was written has arrived.
            *sent = written;
            let lost = first.saturating_sub(written).saturating_sub(1);
            if lost > 0 {
                *sent = first.saturating_sub(1);
                self.log.add(O::lost(lost)).await?;
            }
            self.cursor.write(*sent);
            for batch in records.chunks(BATCH) {
                self.line.write(batch).await?;
                written = batch.last().map_or(written, |record| record.id);
            }
        }
    }
}

#[cfg(test)]
#[path = "supervisor_test.rs"]
mod tests;
