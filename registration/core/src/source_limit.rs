//! Guessing from the network is slowed down by where it comes from, before it is counted by whom
//! it is about (spec 40 section 3).

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use kazasu_hal::Mono;

/// So many attempts of one source fail without a delay.
const FREE: u32 = 10;
/// The first delay; it doubles with each further attempt.
const DELAY: Duration = Duration::from_secs(1);
/// No delay grows beyond this many doublings: 64 seconds.
const DOUBLINGS_MAX: u32 = 6;
/// A source that was silent for so long is like one that never came.
const FORGOTTEN: Duration = Duration::from_secs(10 * 60);
/// How many sources are remembered; further ones share one count.
const SOURCES_MAX: usize = 4096;
/// How often it is looked, at most, who can be forgotten.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// Who is one on the network. Whoever has one IPv6 address has the whole network of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// An address.
    V4(Ipv4Addr),
    /// The upper half of the address.
    V6Network(u64),
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => address.fmt(f),
            Self::V6Network(upper) => {
                write!(f, "{}/64", Ipv6Addr::from_bits(u128::from(*upper) << 64))
            }
        }
    }
}

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            // The upper half: 64 bits fit.
            IpAddr::V6(address) => {
                Self::V6Network(u64::try_from(address.to_bits() >> 64).unwrap_or_default())
            }
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Record {
    /// Attempts that were let through and were not right, as far as is known.
    failures: u32,
    last: Mono,
}

/// How often each source was wrong of late. A value: attempts are asked for, right ones reported.
///
/// Memory is bounded, and the bound is no way around: when it is full, sources that come new share
/// one count.
#[derive(Debug)]
pub struct SourceLimit {
    most: usize,
    records: BTreeMap<Peer, Record>,
    shared: Record,
    swept: Mono,
}

impl Default for SourceLimit {
    fn default() -> Self {
        Self::new(SOURCES_MAX)
    }
}

impl SourceLimit {
    /// Nobody came yet; at most so many sources are each remembered by themselves.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, records: BTreeMap::new(), shared: Record::default(), swept: Mono::default() }
    }

    /// Whether an attempt from there may be made now. It counts as a failure at once, so that many
    /// at a time are no way around; [`succeeded`](Self::succeeded) takes that back.
    ///
    /// # Errors
    /// When the next one may be made.
    pub fn attempt(&mut self, now: Mono, from: IpAddr) -> Result<(), Mono> {
        self.record(now, from).attempt(now)
    }

    /// Whether an attempt from there may be made now; it is not made yet.
    ///
    /// # Errors
    /// When the next one may be made.
    pub fn check(&self, now: Mono, from: IpAddr) -> Result<(), Mono> {
        match self.records.get(&from.into()) {
            Some(record) => record.check(now),
            None if self.records.len() >= self.most => self.shared.check(now),
            None => Ok(()),
        }
    }

    /// The attempt was right, or nobody could say.
    pub fn succeeded(&mut self, from: IpAddr) {
        let record = self.records.get_mut(&from.into()).unwrap_or(&mut self.shared);
        record.failures = record.failures.saturating_sub(1);
    }

    fn record(&mut self, now: Mono, from: IpAddr) -> &mut Record {
        let source = Peer::from(from);
        if !self.records.contains_key(&source) && self.records.len() >= self.most {
            if now >= self.swept.after(SWEEP_EVERY) {
                self.swept = now;
                self.records.retain(|_, record| !record.is_over(now));
            }
            if self.records.len() >= self.most {
                return &mut self.shared;
            }
        }
        self.records.entry(source).or_default()
    }
}

impl Record {
    fn check(&self, now: Mono) -> Result<(), Mono> {
        if self.failures >= FREE && !self.is_over(now) {
            let doublings = (self.failures - FREE).min(DOUBLINGS_MAX);
            let until = self.last.after(DELAY.saturating_mul(1 << doublings));
            if now < until {
                return Err(until);
            }
        }
        Ok(())
    }

    fn attempt(&mut self, now: Mono) -> Result<(), Mono> {
        self.check(now)?;
        if self.is_over(now) {
            *self = Self::default();
        }
        self.failures = self.failures.saturating_add(1);
        self.last = now;
        Ok(())
    }

    fn is_over(&self, now: Mono) -> bool {
        now >= self.last.after(FORGOTTEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Mono {
        // Like a machine that runs for a while.
        Mono(Duration::from_secs(100_000 + seconds))
    }

    fn v4(last: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(0x0A00_0000 + last))
    }

    #[test]
    fn ten_are_free_then_the_delay_rises() {
        let mut limit = SourceLimit::default();
        for nth in 0..10 {
            assert_eq!(limit.attempt(at(0), v4(1)), Ok(()), "{nth}");
        }
        let mut now = 0;
        for wait in [1, 2, 4, 8, 16, 32, 64, 64, 64] {
            for _ in 0..1000 {
                assert_eq!(limit.check(at(now + wait - 1), v4(1)), Err(at(now + wait)));
                let told = limit.attempt(at(now + wait - 1), v4(1));
                assert_eq!(told, Err(at(now + wait)), "being refused costs nothing more");
            }
            now += wait;
            assert_eq!(limit.check(at(now), v4(1)), Ok(()), "after {wait} s");
            assert_eq!(limit.check(at(now), v4(1)), Ok(()), "asking is no attempt");
            assert_eq!(limit.attempt(at(now), v4(1)), Ok(()), "after {wait} s");
        }
        assert_eq!(limit.attempt(at(now), v4(2)), Ok(()), "nobody else waits");
        now += 600;
        for nth in 0..10 {
            assert_eq!(limit.attempt(at(now), v4(1)), Ok(()), "{nth}: long silent");
        }
    }

    #[test]
    fn whoever_is_right_never_waits() {
        let mut limit = SourceLimit::default();
        for nth in 0..1000 {
            assert_eq!(limit.attempt(at(0), v4(1)), Ok(()), "{nth}");
            limit.succeeded(v4(1));
        }
    }

    #[test]
    fn a_network_of_ipv6_is_one_source_and_so_is_an_ipv4_address_however_it_is_written() {
        let rows = [
            ("2001:db8::1", "2001:db8::ffff:0:2", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
        ];
        for (one, other, same) in rows {
            let mut limit = SourceLimit::default();
            for _ in 0..10 {
                limit.attempt(at(0), one.parse().unwrap()).unwrap();
            }
            let told = limit.attempt(at(0), other.parse().unwrap());
            assert_eq!(told.is_err(), same, "{one} {other}");
        }
    }

    #[test]
    fn it_is_called_what_it_is() {
        for (address, called) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:0:7::1", "2001:db8:0:7::/64"),
        ] {
            assert_eq!(Peer::from(address.parse::<IpAddr>().unwrap()).to_string(), called);
        }
    }

    #[test]
    fn a_full_memory_is_no_way_around() {
        let mut limit = SourceLimit::new(100);
        for _ in 0..10 {
            limit.attempt(at(0), v4(0)).unwrap();
        }
        let let_through =
            (1..1_000_000).filter(|n| limit.attempt(at(0), v4(n % 100_000)).is_ok()).count();
        assert_eq!(let_through, 99 * 10 + 10, "each that is remembered, and all others as one");
        assert!(limit.attempt(at(0), v4(0)).is_err() && limit.records.len() == 100);
        assert!(limit.check(at(0), v4(0)).is_err() && limit.check(at(0), v4(500_000)).is_err());
        // Those who went make room.
        assert_eq!(limit.attempt(at(601), v4(5000)), Ok(()));
        assert_eq!(limit.records.len(), 1);
    }
}
