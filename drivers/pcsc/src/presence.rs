use std::{convert::Infallible, ffi::CString, time::Duration};

use kazasu_hal::{Card, Fault, FaultKind, Report, Stability, visible};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, timeout, timeout_at},
};

use crate::{
    cause, fault, identify,
    line::Line,
    slot::Slot,
    worker::{Desk, Job, Reading},
};

/// How long a card may take to be read: connecting, two commands, and a reset before them.
const READ_WITHIN: Duration = Duration::from_secs(2);
/// How often a read is tried before that is told.
const READS_MAX: u8 = 5;
/// Between two tries. Together they outlast the 400 ms in which pcscd may not have seen yet that
/// the card left; then the failure was the removal and no fault.
const READ_PAUSE: Duration = Duration::from_millis(200);
/// After so many tries the card gets power anew before each: some fall silent until then.
const COLD_AFTER: u8 = 2;
/// Between two tries after that, as long as the card rests there: another program may hold it.
const SLOW_PAUSE: Duration = Duration::from_secs(1);
/// How long a card may be without an ATR before that is a fault: powering up takes its time.
const MUTE_PATIENCE: Duration = Duration::from_millis(1500);
/// How long after our own reset a card that seems to have left and come is still the same
/// presentation. With some readers the field drops at a reset and pcscd takes note of it.
const RESET_GRACE: Duration = Duration::from_millis(600);
/// Why a reader is not followed any longer: it or its listener is gone.
#[derive(Debug)]
struct End;

/// Whoever reads the card in one reader.
pub(crate) trait Cards {
    /// Waits until a card can be asked: that may be long, while an earlier question hangs.
    async fn ready(&mut self);

    /// Reads the card. Dropping this leaves the question behind.
    async fn ask(&mut self, job: Job) -> Result<Reading, Failure>;
}

/// Why a read gave nothing.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) fault: Fault,
    pub(crate) again: Again,
}

/// Whether to try again while the card rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// It may have been chance, or another program.
    Soon,
    /// It can only fail in the same way.
    Never,
}

/// Reads every card that is presented to one reader and tells when it left. Returns when the
/// reader's slot is no longer shown, or when nobody listens.
pub(crate) async fn follow(
    reader: CString,
    slots: watch::Receiver<Slot>,
    reports: mpsc::Sender<Report>,
    desk: Desk,
) {
    let name = visible(reader.to_bytes());
    let cards = Line::new(reader, desk);
    let follower = Follower { name, slots, reports: reports.clone(), cards };
    tokio::select! {
        _end = follower.run() => {}
        () = reports.closed() => {}
    }
}

struct Follower<C> {
    name: String,
    slots: watch::Receiver<Slot>,
    reports: mpsc::Sender<Report>,
    cards: C,
}

impl<C: Cards> Follower<C> {
    async fn run(mut self) -> Result<Infallible, End> {
        loop {
            let slot = self.slots.borrow_and_update().clone();
            match &slot {
                Slot::Empty => {}
                Slot::Mute { .. } => {
                    if self.stays(MUTE_PATIENCE, |now| *now == slot).await? {
                        let mute = cause::card_mute(self.name.as_str());
                        self.fault(Fault::new(FaultKind::Card, mute)).await?;
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
            // A card that makes its identifier up anew is expected to; holding it there again cannot
            // help. It stays unconfirmed, and so unbound.
            Some(false) if !is_expected_to_last(&card) => {}
            Some(false) => {
                let changed = cause::card_changed(self.name.as_str());
                self.fault(Fault::new(FaultKind::Card, changed)).await?;
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
        let again = self.try_read(&slot, atr, false, Some(READS_MAX)).await?;
        Ok(again.filter(|again| again.identity == card.identity).map(|_| slot))
    }

    /// Reads the card that `slot` shows, trying as long as it rests there. `None` where it left, or
    /// cannot be read; that was reported.
    async fn read(&mut self, slot: &Slot, atr: &[u8], reset: bool) -> Result<Option<Card>, End> {
        self.try_read(slot, atr, reset, None).await
    }

    /// The same with a bound for the tries.
    async fn try_read(
        &mut self,
        slot: &Slot,
        atr: &[u8],
        reset: bool,
        tries: Option<u8>,
    ) -> Result<Option<Card>, End> {
        let mut told = None;
        let mut failed: u8 = 0;
        while tries.is_none_or(|tries| failed < tries) {
            if !self.ready(slot, &mut told).await? {
                return Ok(None);
            }
            let job = Job { atr: atr.to_vec(), reset, cold: failed >= COLD_AFTER };
            let asked = timeout(READ_WITHIN, self.cards.ask(job)).await;
            failed = failed.saturating_add(1);
            let (fault, pause) = match asked {
                Ok(Ok(Reading { id, pmm })) => {
                    return match identify::card(atr, &id, pmm) {
                        Ok(card) => Ok(Some(card)),
                        Err(why) => {
                            self.fault(fault::unknown(&self.name, id.len(), &why)).await?;
                            Ok(None)
                        }
                    };
                }
                Ok(Err(Failure { fault, again: Again::Never })) => {
                    self.fault(fault).await?;
                    return Ok(None);
                }
                Ok(Err(Failure { again: Again::Soon, .. })) if failed < READS_MAX => {
                    (None, READ_PAUSE)
                }
                Ok(Err(Failure { fault, again: Again::Soon })) => (Some(fault), SLOW_PAUSE),
                Err(_) => (Some(fault::hanging(&self.name, READ_WITHIN)), READ_PAUSE),
            };
            if let Some(fault) = fault {
                self.tell(fault, &mut told).await?;
            }
            if !self.stays(pause, |now| now.continues(slot)).await? {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Waits until the card can be asked; `false` where it left before.
    async fn ready(&mut self, slot: &Slot, told: &mut Option<Fault>) -> Result<bool, End> {
        if timeout(READ_WITHIN, self.cards.ready()).await.is_ok() {
            return Ok(true);
        }
        // An earlier card hangs, or pcscd does.
        self.tell(fault::hanging(&self.name, READ_WITHIN), told).await?;
        tokio::select! {
            () = self.cards.ready() => Ok(true),
            left = self.slots.wait_for(|now| !now.continues(slot)) => {
                left.map(|_| false).map_err(|_| End)
            }
        }
    }

    /// Tells a fault unless it was the last that was told.
    async fn tell(&self, fault: Fault, told: &mut Option<Fault>) -> Result<(), End> {
        if told.as_ref() == Some(&fault) {
            return Ok(());
        }
        *told = Some(fault.clone());
        self.fault(fault).await
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

/// Whether the card is expected to give the same identifier after a reset.
fn is_expected_to_last(card: &Card) -> bool {
    card.identity.stability() == Stability::Stable
}

#[cfg(test)]
#[path = "presence_tests.rs"]
mod tests;
