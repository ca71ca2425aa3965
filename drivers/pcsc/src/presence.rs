use std::{convert::Infallible, ffi::CString, sync::Arc, time::Duration};

use kazasu_hal::{Card, Fault, FaultKind, Report};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, timeout, timeout_at},
};

use crate::{
    fault, identify,
    slot::Slot,
    worker::{Job, ReadError, Reading, Worker},
};

/// How long a card may take to be read: connecting, two commands, and a reset before them.
const READ_WITHIN: Duration = Duration::from_secs(2);
/// How often a read is tried while the card rests there.
const READS_MAX: u8 = 5;
/// Between two tries. Together they outlast the 400 ms in which pcscd may not have seen yet that
/// the card left; then the failure was the removal and no fault.
const READ_PAUSE: Duration = Duration::from_millis(200);
/// How long a card may be without an ATR before that is a fault: powering up takes its time.
const MUTE_PATIENCE: Duration = Duration::from_millis(1500);
/// How long after our own reset a card that seems to have left and come is still the same
/// presentation. With some readers the field drops at a reset and pcscd takes note of it.
const RESET_GRACE: Duration = Duration::from_millis(600);
/// How many workers of one reader may hang at a time before the reader is given up.
const STUCK_MAX: usize = 4;

/// Why a reader is not followed any longer: it or its listener is gone, or it was given up.
struct End;

/// Reads every card that is presented to one reader and tells when it left. Returns when the
/// reader's slot is no longer shown, when nobody listens, or when the reader hangs for good.
pub(crate) async fn follow(
    reader: CString,
    slots: watch::Receiver<Slot>,
    reports: mpsc::Sender<Report>,
) {
    let name = reader.to_string_lossy().into_owned();
    let alive = Arc::new(());
    let follower = Follower { reader, name, slots, reports: reports.clone(), worker: None, alive };
    tokio::select! {
        _end = follower.run() => {}
        () = reports.closed() => {}
    }
}

struct Follower {
    reader: CString,
    name: String,
    slots: watch::Receiver<Slot>,
    reports: mpsc::Sender<Report>,
    worker: Option<Worker>,
    /// Held by every worker thread that has not ended.
    alive: Arc<()>,
}

impl Follower {
    async fn run(mut self) -> Result<Infallible, End> {
        loop {
            let slot = self.slots.borrow_and_update().clone();
            match &slot {
                Slot::Empty => {}
                Slot::Mute { .. } => {
                    if self.stays(MUTE_PATIENCE, |now| *now == slot).await? {
                        let text = format!(
                            "the card in {} does not answer: take it away and hold it there again",
                            self.name
                        );
                        self.fault(Fault::new(FaultKind::Card, text)).await?;
                    }
                }
                Slot::Card { atr, .. } => self.presented(&slot, atr).await?,
            }
            self.slots.wait_for(|now| *now != slot).await.map_err(|_| End)?;
        }
    }

    /// From a card that is there until it has left.
    async fn presented(&mut self, slot: &Slot, atr: &[u8]) -> Result<(), End> {
        let Some(card) = self.read(slot, atr, false).await? else {
            return self.left(slot).await;
        };
        self.report(Report::Field(vec![card.clone()])).await?;

        let again = self.read(slot, atr, true).await?;
        let grace = Instant::now() + RESET_GRACE;
        let confirmed = again.as_ref().map(|again| again.identity == card.identity);
        match confirmed {
            Some(true) => self.report(Report::Field(vec![card.clone()])).await?,
            Some(false) => {
                let text = format!(
                    "the card in {} gave another identifier after a reset: take it away and hold \
                     it there again",
                    self.name
                );
                self.fault(Fault::new(FaultKind::Card, text)).await?;
            }
            None => {}
        }

        self.left(slot).await?;
        if let Some(slot) = self.returned(grace, &card).await? {
            // Selected anew by our reset, read anew: that confirms the card, too.
            if confirmed.is_none() {
                self.report(Report::Field(vec![card])).await?;
            }
            self.left(&slot).await?;
        }
        self.report(Report::Field(Vec::new())).await
    }

    /// Waits until the presentation that `slot` shows is over.
    async fn left(&mut self, slot: &Slot) -> Result<(), End> {
        self.slots.wait_for(|now| !now.continues(slot)).await.map(|_| ()).map_err(|_| End)
    }

    /// Whether `card` is there again by `grace`, and what its slot shows then.
    async fn returned(&mut self, grace: Instant, card: &Card) -> Result<Option<Slot>, End> {
        let is_card = |now: &Slot| matches!(now, Slot::Card { .. });
        let slot = match timeout_at(grace, self.slots.wait_for(is_card)).await {
            // At once even when it is too late for that: so the time is looked at as well.
            Ok(slot) if Instant::now() < grace => slot.map_err(|_| End)?.clone(),
            Ok(_) | Err(_) => return Ok(None),
        };
        let Slot::Card { atr, .. } = &slot else { return Ok(None) };
        let again = self.read(&slot, atr, false).await?;
        Ok(again.filter(|again| again.identity == card.identity).map(|_| slot))
    }

    /// Reads the card that `slot` shows. `None` where it left meanwhile, or a fault was reported.
    async fn read(&mut self, slot: &Slot, atr: &[u8], reset: bool) -> Result<Option<Card>, End> {
        let mut fault = None;
        for _ in 0..READS_MAX {
            match self.ask(Job { atr: atr.to_vec(), reset }).await? {
                Ok(Reading { id, pmm }) => {
                    let card = identify::card(atr, &id, pmm);
                    if card.is_none() {
                        self.fault(fault::unknown(&self.name, id.len())).await?;
                    }
                    return Ok(card);
                }
                Err(Failure { fault: why, lasting: true }) => {
                    self.fault(why).await?;
                    return Ok(None);
                }
                Err(Failure { fault: why, lasting: false }) => fault = Some(why),
            }
            if !self.stays(READ_PAUSE, |now| now.continues(slot)).await? {
                return Ok(None);
            }
        }
        if let Some(fault) = fault {
            self.fault(fault).await?;
        }
        Ok(None)
    }

    /// Has the worker do one job; leaves it behind if it takes too long.
    async fn ask(&mut self, job: Job) -> Result<Result<Reading, Failure>, End> {
        let worker = match self.worker.take() {
            Some(worker) => worker,
            None => match Worker::start(self.reader.clone(), Arc::clone(&self.alive)) {
                Ok(worker) => worker,
                Err(error) => {
                    let text = format!("no thread can be started for {}: {error}", self.name);
                    self.fault(Fault::new(FaultKind::Unsupported, text)).await?;
                    return Err(End);
                }
            },
        };
        match timeout(READ_WITHIN, worker.order(job)).await {
            Ok(Ok(reading)) => {
                self.worker = Some(worker);
                Ok(reading.map_err(|error| Failure::of(&self.name, error)))
            }
            // The thread broke down; the next try has a new one.
            Ok(Err(_)) => {
                let fault = fault::card(&self.name, &ReadError::Nothing);
                Ok(Err(Failure { fault, lasting: false }))
            }
            Err(_) => {
                drop(worker);
                let fault = fault::hanging(&self.name, READ_WITHIN);
                // One holder is this follower.
                if Arc::strong_count(&self.alive).saturating_sub(1) >= STUCK_MAX {
                    self.fault(fault).await?;
                    self.fault(fault::given_up(&self.name)).await?;
                    return Err(End);
                }
                Ok(Err(Failure { fault, lasting: true }))
            }
        }
    }

    /// Whether the slot shows the same all the while.
    async fn stays(&mut self, wait: Duration, same: impl Fn(&Slot) -> bool) -> Result<bool, End> {
        match timeout(wait, self.slots.wait_for(|now| !same(now))).await {
            Err(_) => Ok(true),
            Ok(Ok(_)) => Ok(false),
            Ok(Err(_)) => Err(End),
        }
    }

    async fn fault(&self, fault: Fault) -> Result<(), End> {
        self.report(Report::Fault(fault)).await
    }

    async fn report(&self, report: Report) -> Result<(), End> {
        self.reports.send(report).await.map_err(|_| End)
    }
}

/// Why a read gave nothing, and whether trying again is pointless.
struct Failure {
    fault: Fault,
    lasting: bool,
}

impl Failure {
    fn of(reader: &str, error: ReadError) -> Self {
        Self { fault: fault::card(reader, &error), lasting: error.lasts() }
    }
}
