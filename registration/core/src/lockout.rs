//! Guessing must not work, and an outage must not lock anybody out (spec 40 section 3).

use std::{collections::BTreeMap, time::Duration};

use kazasu_hal::{CardIdentity, Mono};

use crate::{DeviceSecret, UserId};

/// Whom guesses are counted for. Unknown user IDs count like known ones, so that nobody learns
/// which exist.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guessed {
    /// A user ID as typed.
    User(UserId),
    /// A card: whoever types beside it, under whatever user ID.
    Card(CardIdentity),
    /// One of the device's own passwords.
    Device(DeviceSecret),
}

/// How many failures in a row lock (S40-2-04, S40-2-05).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockOutLimits {
    /// Users and cards.
    pub user: u8,
    /// The device's own passwords.
    pub device: u8,
}

impl Default for LockOutLimits {
    fn default() -> Self {
        Self { user: 5, device: 5 }
    }
}

/// What a password looked like, so that the same one again is told: a keyed hash made with a key
/// of this process alone. Says nothing to whoever reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub u64);

/// Why an attempt is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barred {
    /// Too many failures; `None` for until an administrator unlocks.
    Locked {
        /// When it opens by itself.
        until: Option<Mono>,
    },
    /// Too soon after the last failure.
    TooSoon {
        /// When to try again.
        until: Mono,
    },
    /// As many attempts are under way as may still fail.
    Busy,
}

/// How many identities are remembered; the ones least recently guessed go first. A lock is kept
/// as long as there are others to forget.
const REMEMBERED_MAX: usize = 10_000;
/// The same wrong password within this time is a double press, not a guess.
const SAME_AGAIN: Duration = Duration::from_secs(60);
/// The first delay; it doubles with each failure.
const DELAY: Duration = Duration::from_secs(1);
/// How long the device's own passwords stay locked at first; it doubles with each lock.
const DEVICE_LOCK: Duration = Duration::from_secs(60);
/// No delay and no lock grows beyond this many doublings.
const DOUBLINGS_MAX: u32 = 10;

#[derive(Debug, Default)]
struct Record {
    failures: u8,
    /// Attempts whose outcome is not known yet.
    under_way: u8,
    /// How often the lock closed.
    locks: u32,
    /// When it failed last.
    last: Mono,
    /// When it was tried last: what is forgotten goes by this.
    touched: Mono,
    last_wrong: Option<Fingerprint>,
}

/// Failures in a row, by whom they were about. A value: attempts are asked for and reported.
#[derive(Debug, Default)]
pub struct LockOut {
    limits: LockOutLimits,
    records: BTreeMap<Guessed, Record>,
}

impl LockOut {
    /// Nobody failed yet.
    #[must_use]
    pub fn new(limits: LockOutLimits) -> Self {
        Self { limits, records: BTreeMap::new() }
    }

    /// Takes other limits; failures so far count on.
    pub fn set_limits(&mut self, limits: LockOutLimits) {
        self.limits = limits;
    }

    /// Whether an attempt may be made now. Where it may, exactly one of [`failed`](Self::failed),
    /// [`succeeded`](Self::succeeded) and [`given_up`](Self::given_up) must follow.
    ///
    /// # Errors
    /// Why not.
    pub fn attempt(&mut self, now: Mono, whom: &Guessed) -> Result<(), Barred> {
        let limit = self.limit(whom);
        if let Some(record) = self.records.get(whom) {
            record.check(now, whom, limit)?;
        }
        self.make_room();
        let record = self.records.entry(whom.clone()).or_default();
        record.under_way = record.under_way.saturating_add(1);
        record.touched = now;
        Ok(())
    }

    /// The password was wrong. Says whether this closed the lock.
    pub fn failed(&mut self, now: Mono, whom: &Guessed, typed: Fingerprint) -> bool {
        let limit = self.limit(whom);
        let record = self.records.entry(whom.clone()).or_default();
        record.under_way = record.under_way.saturating_sub(1);
        let same = record.last_wrong == Some(typed) && now < record.last.after(SAME_AGAIN);
        record.last = now;
        record.last_wrong = Some(typed);
        if same {
            return false;
        }
        record.failures = record.failures.saturating_add(1);
        let closes = record.failures >= limit;
        if closes {
            record.locks = record.locks.saturating_add(1);
        }
        closes
    }

    /// The password was right: nothing is held against anybody any more.
    pub fn succeeded(&mut self, whom: &Guessed) {
        self.records.remove(whom);
    }

    /// Nobody said whether it was right: the store or the directory did not answer, or nobody
    /// waited. That is no failure.
    pub fn given_up(&mut self, whom: &Guessed) {
        if let Some(record) = self.records.get_mut(whom) {
            record.under_way = record.under_way.saturating_sub(1);
            if record.failures == 0 && record.under_way == 0 {
                self.records.remove(whom);
            }
        }
    }

    /// An administrator unlocks. `false` where nothing was locked.
    pub fn unlock(&mut self, whom: &Guessed) -> bool {
        let limit = self.limit(whom);
        self.records.remove(whom).is_some_and(|record| record.failures >= limit)
    }

    /// Who is locked now.
    pub fn locked(&self, now: Mono) -> impl Iterator<Item = &Guessed> {
        let locked = move |(whom, record): &(&Guessed, &Record)| {
            matches!(record.check(now, whom, self.limit(whom)), Err(Barred::Locked { .. }))
        };
        self.records.iter().filter(locked).map(|(whom, _)| whom)
    }

    /// Failures in a row so far, for the store to keep over a restart.
    #[must_use]
    pub fn failures(&self, whom: &Guessed) -> u8 {
        self.records.get(whom).map_or(0, |record| record.failures)
    }

    /// What a store kept. The device's own passwords are open again after a restart, so nothing is
    /// kept of them.
    pub fn restore(&mut self, user: UserId, failures: u8) {
        let record = Record { failures, ..Record::default() };
        self.records.insert(Guessed::User(user), record);
    }

    fn limit(&self, whom: &Guessed) -> u8 {
        match whom {
            Guessed::User(_) | Guessed::Card(_) => self.limits.user,
            Guessed::Device(_) => self.limits.device,
        }
    }

    fn make_room(&mut self) {
        while self.records.len() >= REMEMBERED_MAX {
            let oldest = self
                .records
                .iter()
                .filter(|(_, record)| record.under_way == 0)
                .min_by_key(|(whom, record)| (record.failures >= self.limit(whom), record.touched))
                .map(|(whom, _)| whom.clone());
            match oldest {
                Some(whom) => drop(self.records.remove(&whom)),
                None => return,
            }
        }
    }
}

impl Record {
    fn check(&self, now: Mono, whom: &Guessed, limit: u8) -> Result<(), Barred> {
        if self.failures >= limit {
            // People wait for an administrator, the administrator for the clock.
            let until = match whom {
                Guessed::Device(_) => {
                    let times = self.locks.saturating_sub(1).min(DOUBLINGS_MAX);
                    Some(self.last.after(DEVICE_LOCK.saturating_mul(1 << times)))
                }
                Guessed::User(_) | Guessed::Card(_) => None,
            };
            if until.is_none_or(|until| now < until) {
                return Err(Barred::Locked { until });
            }
            // Open again for one attempt: the next failure closes it for twice as long.
            return if self.under_way == 0 { Ok(()) } else { Err(Barred::Busy) };
        }
        if self.failures.saturating_add(self.under_way) >= limit {
            return Err(Barred::Busy);
        }
        let until = self.last.after(self.delay());
        if self.failures > 1 && now < until {
            return Err(Barred::TooSoon { until });
        }
        Ok(())
    }

    /// A first slip costs nothing.
    fn delay(&self) -> Duration {
        let doublings = u32::from(self.failures.saturating_sub(2)).min(DOUBLINGS_MAX);
        DELAY.saturating_mul(1 << doublings)
    }
}

#[cfg(test)]
#[path = "lockout_test.rs"]
mod tests;
