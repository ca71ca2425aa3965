//! What the audit log is told later than it happened: refused sign-ins, counted by the minute, and
//! how many records found no room.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use kazasu_hal::{Mono, StationName};
use kazasu_registration::{AuditEvent, AuditRecord, Refusals, Refused};
use tokio::sync::{Notify, mpsc};

use crate::{
    Store, StoreError,
    clock::{Clock, until},
    log::ToWrite,
};

/// How often it is tried whether there is room again.
const TRY_AGAIN: Duration = Duration::from_secs(60);

/// Counts what is not written yet.
pub(crate) struct Ledger {
    clock: Clock,
    kept: Mutex<Kept>,
    /// There is something that has its time.
    wake: Notify,
    /// Held while something is written, so that a gap stands before what came after it.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Kept {
    refusals: Refusals,
    gap: Option<Gap>,
}

/// Records that could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    count: u64,
    since: SystemTime,
    until: SystemTime,
    try_again: Mono,
}

impl Ledger {
    pub(crate) fn new(clock: Clock) -> Self {
        let (kept, wake, writing) = Default::default();
        Self { clock, kept, wake, writing }
    }

    /// Somebody was refused. What comes back is to be written now, the rest is written by
    /// [`keep`].
    pub(crate) fn refused(
        &self,
        station: Option<&StationName>,
        refused: Refused,
    ) -> Option<AuditRecord> {
        let told = self.kept().refusals.refused(self.clock.now(), station, refused);
        if told.is_none() {
            self.wake.notify_one();
        }
        told
    }

    /// This record will not be written: the log says that, once it can.
    pub(crate) fn lost(&self, at: SystemTime) {
        let try_again = self.clock.mono().after(TRY_AGAIN);
        let mut kept = self.kept();
        kept.gap = Some(match kept.gap {
            None => Gap { count: 1, since: at, until: at, try_again },
            Some(gap) => Gap { count: gap.count.saturating_add(1), until: at, try_again, ..gap },
        });
        drop(kept);
        self.wake.notify_one();
    }

    /// Writes a record of something that changed no other record. Where that is not possible, it
    /// is counted.
    pub(crate) async fn write(
        &self,
        store: &impl Store,
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        let at = record.at;
        let _turn = self.writing.lock().await;
        let written = match self.close_gap(store).await {
            Ok(()) => store.append_audit(record).await,
            Err(error) => Err(error),
        };
        if written.is_err() {
            self.lost(at);
        }
        written
    }

    /// Tells how many records are missing, where some are.
    async fn close_gap(&self, store: &impl Store) -> Result<(), StoreError> {
        let Some(gap) = self.kept().gap else { return Ok(()) };
        let Gap { count, since, until, .. } = gap;
        let event = AuditEvent::LogGap { count, since, until };
        store.append_audit(AuditRecord { at: self.clock.wall(), station: None, event }).await?;
        let mut kept = self.kept();
        // What was lost meanwhile is told the next time.
        kept.gap = kept.gap.and_then(|now| {
            let count = now.count.saturating_sub(count);
            (count > 0).then_some(Gap { count, since: until, ..now })
        });
        Ok(())
    }

    /// What a minute came to, and the gap where it is time to try again.
    async fn tell_due(&self, store: &impl Store) {
        while let Some(record) = self.due() {
            self.write_or_say(store, record).await;
        }
        let now = self.clock.mono();
        if self.kept().gap.is_some_and(|gap| gap.try_again <= now) {
            let _turn = self.writing.lock().await;
            if self.close_gap(store).await.is_err()
                && let Some(gap) = &mut self.kept().gap
            {
                gap.try_again = now.after(TRY_AGAIN);
            }
        }
    }

    /// What has its time. The calendar is asked for that alone, and not each time that somebody looks.
    fn due(&self) -> Option<AuditRecord> {
        let mono = self.clock.mono();
        let mut kept = self.kept();
        if kept.refusals.poll_timeout().is_none_or(|at| at > mono) {
            return None;
        }
        kept.refusals.poll_output(self.clock.now())
    }

    fn rest(&self) -> Option<AuditRecord> {
        self.kept().refusals.poll_rest(self.clock.now())
    }

    pub(crate) async fn write_or_say(&self, store: &impl Store, record: AuditRecord) {
        let event = record.event.word();
        if let Err(error) = self.write(store, record).await {
            tracing::error!(event, %error, "an audit record was lost");
        }
    }

    fn poll_timeout(&self) -> Option<Mono> {
        let kept = self.kept();
        let gap = kept.gap.map(|gap| gap.try_again);
        [kept.refusals.poll_timeout(), gap].into_iter().flatten().min()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing panics while it is locked, and each call leaves it whole.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes the audit records that belong to no other change, one after the other, and what the ledger
/// counts, until nobody can send one any more; then the rest.
pub(crate) async fn keep<S: Store>(
    ledger: Arc<Ledger>,
    store: Arc<S>,
    mut records: mpsc::Receiver<ToWrite>,
) {
    loop {
        ledger.tell_due(&*store).await;
        let timer = ledger.poll_timeout().and_then(|at| ledger.clock.instant(at));
        tokio::select! {
            record = records.recv() => match record {
                Some(ToWrite { record, told: None }) => ledger.write_or_say(&*store, record).await,
                Some(ToWrite { record, told: Some(told) }) => {
                    // Whoever is told may have gone.
                    drop(told.send(ledger.write(&*store, record).await));
                }
                None => break,
            },
            () = ledger.wake.notified() => {}
            () = until(timer) => {}
        }
    }
    while let Some(record) = ledger.rest() {
        ledger.write_or_say(&*store, record).await;
    }
    let _turn = ledger.writing.lock().await;
    if let Err(error) = ledger.close_gap(&*store).await {
        tracing::error!(%error, "the audit log does not say how many of its records were lost");
    }
}
