//! The one gate that every check of a password passes (spec 40 section 3).

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kazasu_hal::{CardIdentity, Mono, StationName};
use kazasu_registration::{
    AuditEvent, AuditRecord, Barred, Claim, Claimed, ErrorCode, Fingerprint, Guessed, LockOut,
    LockOutLimits, TypedPassword, UserId, Verdict,
};
use tokio::{sync::OnceCell, time::sleep};

use crate::{Store, StoreError, clock::Clock, current::Current, perform::store_failed};

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
}

struct Counted {
    lock: LockOut,
    /// How long it takes to find a password wrong: half of it the last one, half those before.
    usual: Duration,
}

/// A password as it was typed, and as whose.
pub(crate) struct Guess<'a> {
    whom: Guessed,
    /// Who it would be to a directory, which may be asked too.
    also: Option<Guessed>,
    card: Option<CardIdentity>,
    typed: &'a TypedPassword,
}

impl<'a> Guess<'a> {
    /// Of a user's own password.
    pub(crate) fn user(user: UserId, typed: &'a TypedPassword) -> Self {
        Self { whom: Guessed::User(user), also: None, card: None, typed }
    }

    /// `None` where no password was typed: then nothing can be guessed.
    pub(crate) fn of(claim: &'a Claim, card: Option<CardIdentity>) -> Option<Self> {
        let mut also = None;
        let (whom, typed) = match claim {
            Claim::User(user, Some(typed)) => (Guessed::User(user.clone()), typed),
            // A directory takes an ID in any case; each way of writing it is the same person's.
            Claim::Directory(user, typed) => (Guessed::User(folded(user)), typed),
            Claim::Administrator(user, typed) => {
                also = Some(folded(user)).filter(|id| id != user).map(Guessed::User);
                (Guessed::User(user.clone()), typed)
            }
            Claim::Device(which, Some(typed)) => (Guessed::Device(*which), typed),
            Claim::User(_, None) | Claim::Device(_, None) => return None,
        };
        Some(Self { whom, also, card, typed })
    }
}

/// The user ID as guesses at a directory are counted.
pub(crate) fn folded(user: &UserId) -> UserId {
    UserId::new(&user.as_str().to_ascii_lowercase()).unwrap_or_else(|_| user.clone())
}

impl<S: Store> Guard<S> {
    /// Lets a password be checked. Dropping what comes back without
    /// [`settled`](Attempt::settled) counts nothing.
    ///
    /// # Errors
    /// K12 where too many were wrong, after the time that another wrong one would have taken; 3065
    /// where it is too soon after the last, or too many are being checked; the store's.
    pub(crate) async fn attempt(&self, guess: Guess<'_>) -> Result<Attempt<'_, S>, ErrorCode> {
        self.restore().await.map_err(store_failed)?;
        let typed = Fingerprint(self.key.hash_one((&guess.whom, guess.typed.reveal())));
        let card = guess.card.map(Guessed::Card);
        let subjects = [Some(guess.whom), guess.also, card];
        let subjects: Vec<_> = subjects.into_iter().flatten().collect();
        match self.begin(subjects, typed) {
            Ok(attempt) => Ok(attempt),
            Err(Barred::TooSoon { .. } | Barred::Busy) => Err(ErrorCode::TryLater),
            Err(Barred::Locked { .. }) => {
                let usual = self.counted().usual;
                sleep(usual).await;
                Err(ErrorCode::LockedOut)
            }
        }
    }

    /// Who is locked now.
    pub(crate) async fn locked(&self) -> Result<Vec<Guessed>, StoreError> {
        self.restore().await?;
        let now = self.now();
        let mut counted = self.counted();
        counted.lock.set_limits(self.limits());
        Ok(counted.lock.locked(now).cloned().collect())
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

    /// An administrator opens all locks. Which they were is not logged: a user ID that nobody has
    /// may be a password that somebody typed into the wrong field.
    pub(crate) async fn unlock_all(&self) -> Result<u64, StoreError> {
        let locked = self.locked().await?;
        let count = u64::try_from(locked.len()).unwrap_or(u64::MAX);
        if count > 0 {
            let record = self.record(None, AuditEvent::AllUnlocked { count });
            self.store.append_audit(record).await?;
        }
        for whom in &locked {
            self.open(whom, None).await?;
        }
        Ok(count)
    }

    async fn open(&self, whom: &Guessed, audit: Option<AuditRecord>) -> Result<(), StoreError> {
        let _turn = self.storing.lock().await;
        match (whom, audit) {
            (Guessed::User(user), audit) => {
                self.store.save_failures(user.clone(), 0, audit).await?;
            }
            (_, Some(audit)) => self.store.append_audit(audit).await?,
            (_, None) => {}
        }
        self.counted().lock.unlock(whom);
        Ok(())
    }

    async fn restore(&self) -> Result<(), StoreError> {
        let restored = self.restored.get_or_try_init(|| async {
            let kept = self.store.failures().await?;
            let mut counted = self.counted();
            for (user, failures) in kept {
                counted.lock.restore(user, failures);
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
                let failures = self.counted().lock.failures(whom);
                self.store.save_failures(user.clone(), failures, audit).await
            }
            (_, Some(audit)) => self.store.append_audit(audit).await,
            (_, None) => Ok(()),
        };
        if let Err(error) = stored {
            tracing::error!(%error, "wrong passwords are counted, but a restart would forget them");
        }
    }
}

impl<S> Guard<S> {
    pub(crate) fn new(store: Arc<S>, current: Arc<Current>, clock: Clock) -> Self {
        let lock = LockOut::new(LockOutLimits::default());
        Self {
            store,
            current,
            clock,
            counted: Mutex::new(Counted { lock, usual: USUAL_AT_FIRST }),
            key: RandomState::new(),
            restored: OnceCell::new(),
            storing: tokio::sync::Mutex::new(()),
        }
    }

    fn begin(&self, subjects: Vec<Guessed>, typed: Fingerprint) -> Result<Attempt<'_, S>, Barred> {
        let now = self.now();
        let mut counted = self.counted();
        counted.lock.set_limits(self.limits());
        for (position, whom) in subjects.iter().enumerate() {
            if let Err(barred) = counted.lock.attempt(now, whom) {
                for begun in subjects.iter().take(position) {
                    counted.lock.given_up(begun);
                }
                return Err(barred);
            }
        }
        Ok(Attempt { guard: self, subjects, typed, began: now })
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

/// A password that may be checked. Dropped without a verdict it was none: the store or the
/// directory failed, or nobody waits any more.
pub(crate) struct Attempt<'a, S> {
    guard: &'a Guard<S>,
    subjects: Vec<Guessed>,
    typed: Fingerprint,
    began: Mono,
}

impl<S: Store> Attempt<'_, S> {
    /// The password was checked.
    pub(crate) async fn settled(mut self, verdict: &Verdict, station: Option<&StationName>) {
        match verdict {
            Verdict::Right(_) | Verdict::RightDevice => self.succeeded().await,
            Verdict::WrongPassword => self.failed(true, station).await,
            Verdict::UnknownUser => self.failed(false, station).await,
            Verdict::NotSetUp => {}
        }
    }

    async fn succeeded(&mut self) {
        let subjects = mem::take(&mut self.subjects);
        let mut stored = Vec::new();
        {
            let mut counted = self.guard.counted();
            for whom in subjects {
                if counted.lock.failures(&whom) > 0 {
                    stored.push(whom.clone());
                }
                counted.lock.succeeded(&whom);
            }
        }
        for whom in &stored {
            self.guard.keep(whom, None).await;
        }
    }

    async fn failed(&mut self, exists: bool, station: Option<&StationName>) {
        let guard = self.guard;
        // Counted before anything is waited for: whoever hangs up now has guessed all the same.
        let failed = self.count();
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
            let event = AuditEvent::Locked { who: who.clone(), card };
            guard.keep(whom, closed.then(|| guard.record(station, event))).await;
        }
        let took = guard.now().since(self.began);
        let mut counted = guard.counted();
        counted.usual = counted.usual.saturating_add(took).min(USUAL_MAX.saturating_mul(2)) / 2;
    }
}

impl<S> Attempt<'_, S> {
    /// One wrong password more, and whether it closed the lock.
    fn count(&mut self) -> Vec<(Guessed, bool)> {
        let now = self.guard.now();
        let mut counted = self.guard.counted();
        let fail = |whom: Guessed| {
            let closed = counted.lock.failed(now, &whom, self.typed);
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
        for whom in &self.subjects {
            counted.lock.given_up(whom);
        }
    }
}

#[cfg(test)]
#[path = "guard_test.rs"]
mod tests;
