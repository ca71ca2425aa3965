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

/// From where a password is typed. Failures are counted for each way by itself, so that nobody on
/// the network can lock a person out who stands at the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// In front of the device: panel and card.
    AtDevice,
    /// Everything else.
    Network,
}

/// Failures in a row of one person, by way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// In front of the device.
    pub at_device: u8,
    /// From the network.
    pub network: u8,
}

/// How many failures in a row lock (S40-2-04, S40-2-05), and how many people are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockOutLimits {
    /// Users and cards.
    pub user: u8,
    /// The device's own passwords.
    pub device: u8,
    /// How many users and cards that failed are counted each by themselves. Further ones share one
    /// count, and nobody is forgotten for them.
    pub remembered: usize,
}

impl Default for LockOutLimits {
    fn default() -> Self {
        Self { user: 5, device: 5, remembered: 10_000 }
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
    /// So many others failed that new names share one count, which is full.
    Crowded {
        /// When the next one is let through; `None` for when an administrator unlocks all.
        until: Option<Mono>,
    },
}

/// How many names that share the common count are remembered on top, so that none of them gets
/// more attempts than the limit.
const LATE_MAX: usize = 1024;
/// The same wrong password within this time is a double press, not a guess.
const SAME_AGAIN: Duration = Duration::from_secs(60);
/// The first delay; it doubles with each failure.
const DELAY: Duration = Duration::from_secs(1);
/// How long the device's own passwords, and the common count, stay locked at first; it doubles
/// with each lock.
const REOPENS: Duration = Duration::from_secs(60);
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
    last_wrong: Option<Wrong>,
    /// It came when all places were taken: its attempts count for all that did.
    late: bool,
    /// There is such a person, as was found at the last failure.
    exists: bool,
}

#[derive(Clone, Copy, Debug)]
struct Wrong {
    typed: Fingerprint,
    exists: bool,
    at: Mono,
}

/// Failures in a row on one way, by whom they were about. A value: attempts are asked for and
/// reported.
///
/// Nobody who failed is ever forgotten to make room. Memory is bounded all the same: once as many
/// failed as are remembered, names that come new share one count with its delays and its lock.
/// That lock opens by itself, for one attempt at a time, and each of those who share it is counted
/// besides, so that waiting gives nobody more attempts at one name than the limit.
#[derive(Debug, Default)]
pub struct LockOut {
    limits: LockOutLimits,
    records: BTreeMap<Guessed, Record>,
    /// Of all that came when the places were taken.
    shared: Record,
}

impl LockOut {
    /// Nobody failed yet.
    #[must_use]
    pub fn new(limits: LockOutLimits) -> Self {
        Self { limits, ..Self::default() }
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
        let reopens = matches!(whom, Guessed::Device(_));
        let known = self.records.get(whom);
        if let Some(record) = known {
            record.check(now, limit, reopens)?;
        }
        // The device's own passwords are few: they always have a place.
        let late = !reopens
            && known.map_or(self.is_crowded(), |record| {
                // It gets a place of its own once there is one, and nothing of it is under way.
                record.late && (record.under_way > 0 || self.is_crowded())
            });
        if late {
            let places = self.limits.remembered.saturating_add(LATE_MAX);
            if known.is_none() && self.records.len() >= places {
                return Err(Barred::Crowded { until: None });
            }
            self.shared.check(now, limit, true).map_err(|barred| match barred {
                Barred::Locked { until } => Barred::Crowded { until },
                Barred::TooSoon { until } => Barred::Crowded { until: Some(until) },
                other => other,
            })?;
            self.shared.under_way = self.shared.under_way.saturating_add(1);
        }
        let record = self.records.entry(whom.clone()).or_default();
        record.late = late;
        record.under_way = record.under_way.saturating_add(1);
        Ok(())
    }

    /// Whether this very password was found wrong just now; then also whether there was such a
    /// person. Typing it again tells nothing new: it is no guess and need not be checked.
    #[must_use]
    pub fn known_wrong(&self, now: Mono, whom: &Guessed, typed: Fingerprint) -> Option<bool> {
        let wrong = self.records.get(whom)?.last_wrong?;
        (wrong.typed == typed && now < wrong.at.after(SAME_AGAIN)).then_some(wrong.exists)
    }

    /// The password was wrong; `exists` says whether there is such a person. Says whether this
    /// closed the lock.
    pub fn failed(&mut self, now: Mono, whom: &Guessed, typed: Fingerprint, exists: bool) -> bool {
        let limit = self.limit(whom);
        let same = self.known_wrong(now, whom, typed).is_some();
        let record = self.records.entry(whom.clone()).or_default();
        let late = record.late && record.under_way > 0;
        record.last_wrong = Some(Wrong { typed, exists, at: now });
        record.exists = exists;
        let closed = record.fail(now, limit, same);
        if late {
            let _ = self.shared.fail(now, self.limits.user, same);
        }
        closed
    }

    /// The password was right: nothing is held against anybody any more. What others failed, who
    /// share one count, stays: whoever has a password of their own could wipe it out.
    pub fn succeeded(&mut self, whom: &Guessed) {
        if let Some(record) = self.records.remove(whom)
            && record.late
        {
            self.shared.under_way = self.shared.under_way.saturating_sub(record.under_way);
        }
    }

    /// Nobody said whether it was right: the store or the directory did not answer, or nobody
    /// waited. That is no failure.
    pub fn given_up(&mut self, whom: &Guessed) {
        let Some(record) = self.records.get_mut(whom) else { return };
        if record.late && record.under_way > 0 {
            self.shared.under_way = self.shared.under_way.saturating_sub(1);
        }
        record.under_way = record.under_way.saturating_sub(1);
        if record.failures == 0 && record.under_way == 0 {
            self.records.remove(whom);
        }
    }

    /// An administrator unlocks. `false` where nothing was locked.
    pub fn unlock(&mut self, whom: &Guessed) -> bool {
        let limit = self.limit(whom);
        let locked = self.failures(whom) >= limit;
        self.succeeded(whom);
        locked
    }

    /// An administrator opens what so many closed together; `false` where new names are counted
    /// each by itself anyway.
    pub fn disperse(&mut self) -> bool {
        let crowded = self.is_crowded();
        if crowded {
            *self = Self::new(self.limits);
        }
        crowded
    }

    /// Passwords were set: what was wrong a moment ago may be right.
    pub fn forget_wrong(&mut self) {
        for record in self.records.values_mut() {
            record.last_wrong = None;
        }
    }

    /// Who is locked now.
    pub fn locked(&self, now: Mono) -> impl Iterator<Item = &Guessed> {
        let locked = move |(whom, record): &(&Guessed, &Record)| {
            let reopens = matches!(whom, Guessed::Device(_));
            let barred = record.check(now, self.limit(whom), reopens);
            matches!(barred, Err(Barred::Locked { .. }))
        };
        self.records.iter().filter(locked).map(|(whom, _)| whom)
    }

    /// Whether new names share one count, since so many failed.
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        self.records.len() >= self.limits.remembered
    }

    /// Failures in a row so far, for the store to keep over a restart.
    #[must_use]
    pub fn failures(&self, whom: &Guessed) -> u8 {
        self.records.get(whom).map_or(0, |record| record.failures)
    }

    /// Whether there was such a person when a password was wrong last; `false` where none was.
    #[must_use]
    pub fn exists(&self, whom: &Guessed) -> bool {
        self.records.get(whom).is_some_and(|record| record.exists)
    }

    /// What a store kept of a user. The device's own passwords are open again after a restart, so
    /// nothing is kept of them.
    pub fn restore(&mut self, user: UserId, failures: u8) {
        if failures > 0 {
            let record = Record { failures, exists: true, ..Record::default() };
            self.records.insert(Guessed::User(user), record);
        }
    }

    fn limit(&self, whom: &Guessed) -> u8 {
        match whom {
            Guessed::User(_) | Guessed::Card(_) => self.limits.user,
            Guessed::Device(_) => self.limits.device,
        }
    }
}

impl Record {
    fn check(&self, now: Mono, limit: u8, reopens: bool) -> Result<(), Barred> {
        if self.failures >= limit {
            // People wait for an administrator, the administrator for the clock.
            let until = reopens.then(|| {
                let times = self.locks.saturating_sub(1).min(DOUBLINGS_MAX);
                self.last.after(REOPENS.saturating_mul(1 << times))
            });
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

    /// One failure more, unless it is the same again. Says whether this closed the lock.
    fn fail(&mut self, now: Mono, limit: u8, same: bool) -> bool {
        self.under_way = self.under_way.saturating_sub(1);
        self.last = now;
        if same {
            return false;
        }
        self.failures = self.failures.saturating_add(1);
        let closes = self.failures >= limit;
        if closes {
            self.locks = self.locks.saturating_add(1);
        }
        closes
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
