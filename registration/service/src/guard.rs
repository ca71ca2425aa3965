//! The one gate that every check of a password passes (spec 40 section 3).

use std::{
    collections::BTreeSet,
    fmt,
    hash::{BuildHasher, RandomState},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kazasu_hal::{CardIdentity, Mono, StationName};
use kazasu_registration::{
    AuditEvent, AuditRecord, Barred, Claim, Claimed, ErrorCode, Failures, Fingerprint, Guessed,
    LockOut, LockOutLimits, Problem, RefusalKind, Refused, TypedPassword, UserId, Verdict, Way,
};
use tokio::{sync::OnceCell, time::sleep};

use crate::{
    Store, StoreError,
    asker::{Asker, Outcome},
    clock::Clock,
    current::Current,
    ledger::Ledger,
    perform::store_failed,
    sources::Sources,
};

/// What a wrong password is taken to cost before one was measured.
const USUAL_AT_FIRST: Duration = Duration::from_millis(50);
/// Nobody who is locked out waits longer, however slow the last check was.
const USUAL_MAX: Duration = Duration::from_secs(1);

/// Counts wrong passwords, wherever they are typed, and lets no more through than allowed.
pub(crate) struct Guard<S> {
    store: Arc<S>,
    current: Arc<Current>,
    clock: Clock,
    counted: Mutex<Counted>,
    /// Of this process alone.
    key: RandomState,
    /// What the store kept was taken over.
    restored: OnceCell<()>,
    /// Held while a count is read and stored, so that no older one is stored after it.
    storing: tokio::sync::Mutex<()>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) sources: Arc<Sources>,
}

struct Counted {
    at_device: LockOut,
    network: LockOut,
    /// How long it takes to find a password wrong: half of it the last one, half those before.
    usual: Duration,
}

impl Counted {
    fn on(&mut self, way: Way) -> &mut LockOut {
        match way {
            Way::AtDevice => &mut self.at_device,
            Way::Network => &mut self.network,
        }
    }

    fn failures(&self, whom: &Guessed) -> Failures {
        Failures { at_device: self.at_device.failures(whom), network: self.network.failures(whom) }
    }

    fn set_limits(&mut self, limits: LockOutLimits) {
        self.at_device.set_limits(limits);
        self.network.set_limits(limits);
    }

    fn locked(&self, now: Mono) -> BTreeSet<Guessed> {
        self.at_device.locked(now).chain(self.network.locked(now)).cloned().collect()
    }
}

/// Why something was refused, and until when where that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What a person is told.
    pub code: ErrorCode,
    /// When to try again.
    pub until: Option<Mono>,
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self { code, until: None }
    }
}

impl From<Refusal> for Problem {
    fn from(Refusal { code, until }: Refusal) -> Self {
        Self { until, ..Self::from(code) }
    }
}

/// A password as it was typed, and as whose.
pub(crate) struct Guess<'a> {
    whom: Guessed,
    /// Whose entry it is in a directory, which may know a person by several names.
    also: Option<Guessed>,
    card: Option<CardIdentity>,
    typed: &'a TypedPassword,
}

impl<'a> Guess<'a> {
    /// Of a user's own password.
    pub(crate) fn user(user: UserId, typed: &'a TypedPassword) -> Self {
        Self { whom: Guessed::User(user.folded()), also: None, card: None, typed }
    }

    /// `None` where no password was typed: then nothing can be guessed.
    pub(crate) fn of(claim: &'a Claim, card: Option<CardIdentity>) -> Option<Self> {
        let (whom, typed) = match claim {
            // Each way of writing an ID is the same person's.
            Claim::User(user, Some(typed))
            | Claim::Directory(user, typed)
            | Claim::Administrator(user, typed) => (Guessed::User(user.folded()), typed),
            Claim::Device(which, Some(typed)) => (Guessed::Device(*which), typed),
            Claim::User(_, None) | Claim::Device(_, None) => return None,
        };
        Some(Self { whom, also: None, card, typed })
    }

    /// Counted for this person too: whose entry a directory takes the typed ID for.
    pub(crate) fn entry_of(mut self, user: Option<UserId>) -> Self {
        let user = user.map(|user| Guessed::User(user.folded()));
        self.also = user.filter(|user| *user != self.whom);
        self
    }
}

impl<S: Store> Guard<S> {
    /// Lets a password be checked. Dropping what comes back without
    /// [`settled`](Attempt::settled) counts nothing.
    ///
    /// # Errors
    /// K12 where too many were wrong, after the time that another wrong one would have taken; 3065
    /// where it is too soon after the last, or too many are being checked; the store's.
    pub(crate) async fn attempt<'a>(
        &'a self,
        guess: Guess<'_>,
        asker: Asker<'a>,
    ) -> Result<Turn<'a, S>, Refusal> {
        self.restore().await.map_err(store_failed)?;
        let typed = Fingerprint(self.key.hash_one((&guess.whom, guess.typed.reveal())));
        let card = guess.card.clone().map(Guessed::Card);
        let subjects = [Some(guess.whom.clone()), guess.also, card];
        let subjects: Vec<_> = subjects.into_iter().flatten().collect();
        let barred = match self.begin(subjects, typed, asker) {
            Ok(turn @ Turn::Check(_)) => return Ok(turn),
            Ok(turn @ Turn::KnownWrong(_)) => {
                self.take_the_usual_time().await;
                return Ok(turn);
            }
            Err(barred) => barred,
        };
        let (kind, code, until) = match barred {
            Barred::Locked { until } => {
                self.take_the_usual_time().await;
                (RefusalKind::Locked, ErrorCode::LockedOut, until)
            }
            Barred::TooSoon { until } => (RefusalKind::TooSoon, ErrorCode::TryLater, Some(until)),
            Barred::Crowded { until } => (RefusalKind::TooSoon, ErrorCode::TryLater, until),
            Barred::Busy => (RefusalKind::TooSoon, ErrorCode::TryLater, None),
        };
        let who = self.claimed(&guess.whom, asker);
        let refused = Refused { who, card: guess.card, kind, from: asker.from() };
        if let Some(record) = self.ledger.refused(asker.station(), refused) {
            self.ledger.write_or_say(&*self.store, record).await;
        }
        Err(Refusal { code, until })
    }

    /// How the log calls whoever is not let through: what was typed for nobody is not kept.
    fn claimed(&self, whom: &Guessed, asker: Asker<'_>) -> Claimed {
        match whom {
            Guessed::User(user) if self.counted().on(asker.way()).exists(whom) => {
                Claimed::User(user.clone())
            }
            Guessed::Device(which) => Claimed::Device(*which),
            Guessed::User(_) | Guessed::Card(_) => Claimed::Unknown,
        }
    }

    async fn take_the_usual_time(&self) {
        let usual = self.counted().usual;
        sleep(usual).await;
    }

    /// Who is locked now.
    pub(crate) async fn locked(&self) -> Result<Vec<Guessed>, StoreError> {
        self.restore().await?;
        let now = self.now();
        let mut counted = self.counted();
        counted.set_limits(self.limits());
        Ok(counted.locked(now).into_iter().collect())
    }

    /// An administrator opens these locks; each is logged, or else stays closed.
    pub(crate) async fn unlock(&self, whom: &[Guessed]) -> Result<(), StoreError> {
        for whom in whom {
            let (who, card) = match whom {
                Guessed::User(user) => (Claimed::User(user.clone()), None),
                Guessed::Card(card) => (Claimed::Unknown, Some(card.clone())),
                Guessed::Device(which) => (Claimed::Device(*which), None),
            };
            let record = self.record(None, AuditEvent::Unlocked { who, card });
            self.open(whom, Some(record)).await?;
        }
        Ok(())
    }

    /// An administrator opens all locks, and has those forgotten who fill the memory. Which they
    /// were is not logged: a user ID that nobody has may be a password that somebody typed into
    /// the wrong field.
    pub(crate) async fn unlock_all(&self) -> Result<u64, StoreError> {
        let locked = self.locked().await?;
        let crowds = {
            let counted = self.counted();
            [&counted.at_device, &counted.network]
                .into_iter()
                .filter(|lock| lock.is_crowded())
                .count()
        };
        let count = u64::try_from(locked.len().saturating_add(crowds)).unwrap_or(u64::MAX);
        if count > 0 {
            let record = self.record(None, AuditEvent::AllUnlocked { count });
            self.ledger.write(&*self.store, record).await?;
        }
        for whom in &locked {
            self.open(whom, None).await?;
        }
        let mut counted = self.counted();
        counted.at_device.disperse();
        counted.network.disperse();
        Ok(count)
    }

    async fn open(&self, whom: &Guessed, audit: Option<AuditRecord>) -> Result<(), StoreError> {
        let _turn = self.storing.lock().await;
        match (whom, audit) {
            (Guessed::User(user), audit) => {
                self.store.save_failures(user.clone(), Failures::default(), audit).await?;
            }
            (_, Some(audit)) => self.ledger.write(&*self.store, audit).await?,
            (_, None) => {}
        }
        let mut counted = self.counted();
        counted.at_device.unlock(whom);
        counted.network.unlock(whom);
        Ok(())
    }

    async fn restore(&self) -> Result<(), StoreError> {
        let restored = self.restored.get_or_try_init(|| async {
            let kept = self.store.failures().await?;
            let mut counted = self.counted();
            for (user, failures) in kept {
                counted.at_device.restore(user.folded(), failures.at_device);
                counted.network.restore(user.folded(), failures.network);
            }
            Ok(())
        });
        restored.await.copied()
    }

    /// Stores how many passwords were wrong, and writes the record. The answer is true without it.
    async fn keep(&self, whom: &Guessed, audit: Option<AuditRecord>) {
        let _turn = self.storing.lock().await;
        let stored = match (whom, audit) {
            (Guessed::User(user), audit) => {
                let failures = self.counted().failures(whom);
                let at = audit.as_ref().map(|audit| audit.at);
                let saved = self.store.save_failures(user.clone(), failures, audit).await;
                if saved.is_err() {
                    at.into_iter().for_each(|at| self.ledger.lost(at));
                }
                saved
            }
            (_, Some(audit)) => self.ledger.write(&*self.store, audit).await,
            (_, None) => Ok(()),
        };
        if let Err(error) = stored {
            tracing::error!(%error, "wrong passwords are counted, but a restart would forget them");
        }
    }
}

impl<S> Guard<S> {
    pub(crate) fn new(store: Arc<S>, current: Arc<Current>, clock: Clock) -> Self {
        let limits = LockOutLimits::default();
        Self {
            ledger: Arc::new(Ledger::new(clock.clone())),
            sources: Arc::new(Sources::new(clock.clone())),
            store,
            current,
            clock,
            counted: Mutex::new(Counted {
                at_device: LockOut::new(limits),
                network: LockOut::new(limits),
                usual: USUAL_AT_FIRST,
            }),
            key: RandomState::new(),
            restored: OnceCell::new(),
            storing: tokio::sync::Mutex::new(()),
        }
    }

    /// Passwords or people changed: what was wrong a moment ago may be right.
    pub(crate) fn forget_wrong(&self) {
        let mut counted = self.counted();
        counted.at_device.forget_wrong();
        counted.network.forget_wrong();
    }

    fn begin<'a>(
        &'a self,
        subjects: Vec<Guessed>,
        typed: Fingerprint,
        asker: Asker<'a>,
    ) -> Result<Turn<'a, S>, Barred> {
        let now = self.now();
        let mut counted = self.counted();
        counted.set_limits(self.limits());
        let lock = counted.on(asker.way());
        for (position, whom) in subjects.iter().enumerate() {
            if let Err(barred) = lock.attempt(now, whom) {
                for begun in subjects.iter().take(position) {
                    lock.given_up(begun);
                }
                return Err(barred);
            }
        }
        let known = subjects.first().and_then(|whom| lock.known_wrong(now, whom, typed));
        if let Some(exists) = known {
            subjects.iter().for_each(|whom| lock.given_up(whom));
            return Ok(Turn::KnownWrong(match exists {
                true => Verdict::WrongPassword,
                false => Verdict::UnknownUser,
            }));
        }
        Ok(Turn::Check(Attempt { guard: self, subjects, typed, asker, began: now }))
    }

    fn limits(&self) -> LockOutLimits {
        self.current.site().settings.lock_out.limits()
    }

    fn now(&self) -> Mono {
        self.clock.mono()
    }

    fn record(&self, station: Option<&StationName>, event: AuditEvent) -> AuditRecord {
        AuditRecord { at: self.clock.wall(), station: station.cloned(), event }
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        // Nothing panics while it is locked, and each call leaves it whole.
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> fmt::Debug for Guard<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // User IDs that nobody has are in it.
        f.write_str("Guard(..)")
    }
}

/// What becomes of a password that was typed.
pub(crate) enum Turn<'a, S> {
    /// It may be checked.
    Check(Attempt<'a, S>),
    /// It was found wrong a moment ago, and is wrong again: neither the hasher nor a directory,
    /// which counts for itself, need be asked.
    KnownWrong(Verdict),
}

/// A password that may be checked. Dropped without a verdict it was none: the store or the
/// directory failed, or nobody waits any more.
pub(crate) struct Attempt<'a, S> {
    guard: &'a Guard<S>,
    subjects: Vec<Guessed>,
    typed: Fingerprint,
    asker: Asker<'a>,
    began: Mono,
}

impl<S: Store> Attempt<'_, S> {
    /// The password was checked.
    pub(crate) async fn settled(mut self, verdict: &Verdict) {
        match self.asker.outcome(verdict) {
            Outcome::Right => self.succeeded().await,
            Outcome::Wrong { exists } => self.failed(exists).await,
            Outcome::Nothing => {}
        }
    }

    async fn succeeded(&mut self) {
        let subjects = mem::take(&mut self.subjects);
        let mut stored = Vec::new();
        {
            let mut counted = self.guard.counted();
            let lock = counted.on(self.asker.way());
            for whom in subjects {
                if lock.failures(&whom) > 0 {
                    stored.push(whom.clone());
                }
                lock.succeeded(&whom);
            }
        }
        for whom in &stored {
            self.guard.keep(whom, None).await;
        }
    }

    async fn failed(&mut self, exists: bool) {
        let guard = self.guard;
        // Counted before anything is waited for: whoever hangs up now has guessed all the same.
        let failed = self.count(exists);
        let who = match failed.first() {
            Some((Guessed::Device(which), _)) => Claimed::Device(*which),
            Some((Guessed::User(user), _)) if exists => Claimed::User(user.clone()),
            _ => Claimed::Unknown,
        };
        for (whom, closed) in &failed {
            let card = match whom {
                Guessed::Card(card) => Some(card.clone()),
                Guessed::User(_) | Guessed::Device(_) => None,
            };
            let event = AuditEvent::Locked { who: who.clone(), card, from: self.asker.from() };
            guard.keep(whom, closed.then(|| guard.record(self.asker.station(), event))).await;
        }
        let took = guard.now().since(self.began);
        let mut counted = guard.counted();
        counted.usual = counted.usual.saturating_add(took).min(USUAL_MAX.saturating_mul(2)) / 2;
    }
}

impl<S> Attempt<'_, S> {
    /// One wrong password more, and whether it closed the lock.
    fn count(&mut self, exists: bool) -> Vec<(Guessed, bool)> {
        let now = self.guard.now();
        let mut counted = self.guard.counted();
        let lock = counted.on(self.asker.way());
        let fail = |whom: Guessed| {
            let closed = lock.failed(now, &whom, self.typed, exists);
            (whom, closed)
        };
        mem::take(&mut self.subjects).into_iter().map(fail).collect()
    }
}

impl<S> Drop for Attempt<'_, S> {
    fn drop(&mut self) {
        if self.subjects.is_empty() {
            return;
        }
        let mut counted = self.guard.counted();
        let lock = counted.on(self.asker.way());
        for whom in &self.subjects {
            lock.given_up(whom);
        }
    }
}

#[cfg(test)]
#[path = "guard_test.rs"]
mod tests;
