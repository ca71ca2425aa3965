use std::{
    collections::BTreeMap,
    net::IpAddr,
    time::{Duration, SystemTime},
};

use kazasu_hal::{CardIdentity, Mono, Now, StationName, words};

use super::{AuditEntry, AuditEvent, AuditRecord, Claimed};
use crate::{ErrorCode, Peer, UserId};

/// How often there may be a record of one source.
const EVERY: Duration = Duration::from_secs(60);
/// How many sources are counted each by itself; further ones share one record.
const SOURCES_MAX: usize = 256;
/// How many people one record names.
const NAMES_MAX: usize = 8;

words! {
    /// Why credentials were refused.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum RefusalKind {
        /// Nobody has that name.
        UnknownUser = "unknown-user",
        /// The password was wrong.
        WrongPassword = "wrong-password",
        /// It was right, of somebody who is no administrator.
        NotAdministrator = "not-administrator",
        /// Too many were wrong before: nobody looked at it.
        Locked = "locked",
        /// Too soon after the last one of the same person: nobody looked at it.
        TooSoon = "too-soon",
        /// Too many from there were wrong of late: nobody looked at it.
        Limited = "limited",
    }
}

impl RefusalKind {
    /// What a person was told.
    pub(super) fn code(self) -> Option<ErrorCode> {
        match self {
            Self::UnknownUser | Self::WrongPassword => Some(ErrorCode::SignInFailed),
            // It has an event of its own.
            Self::NotAdministrator => None,
            Self::Locked => Some(ErrorCode::LockedOut),
            Self::TooSoon | Self::Limited => Some(ErrorCode::TryLater),
        }
    }
}

/// Credentials that were refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// As whom.
    pub who: Claimed,
    /// The card that was to be registered or to sign in.
    pub card: Option<CardIdentity>,
    /// Why they were refused.
    pub kind: RefusalKind,
    /// The address, where it was not in front of the device.
    pub from: Option<IpAddr>,
}

impl Refused {
    /// In front of the device, since they were wrong.
    #[must_use]
    pub fn wrong(who: Claimed, card: Option<CardIdentity>) -> Self {
        let kind = match who {
            Claimed::Unknown => RefusalKind::UnknownUser,
            Claimed::User(_) | Claimed::Device(_) => RefusalKind::WrongPassword,
        };
        Self { who, card, kind, from: None }
    }
}

/// Several of one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusedMany {
    /// As whom, where all were the same.
    pub who: Option<Claimed>,
    /// The card, where all were the same.
    pub card: Option<CardIdentity>,
    /// From where, where it was one address or network.
    pub from: Option<Peer>,
    /// It was from more than one.
    pub from_several: bool,
    /// How many for each reason.
    pub kinds: BTreeMap<RefusalKind, u32>,
    /// Whom else they were about, as far as there is room.
    pub names: Vec<UserId>,
    /// There were more.
    pub others: bool,
    /// When the first was refused, and the last.
    pub within: Option<(SystemTime, SystemTime)>,
}

impl RefusedMany {
    /// How many.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.kinds.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    fn add(&mut self, at: SystemTime, refused: Refused) {
        let from = refused.from.map(Peer::from);
        match self.within {
            None => {
                self.within = Some((at, at));
                self.who = Some(refused.who.clone());
                self.card = refused.card;
                self.from = from;
            }
            Some((since, _)) => {
                self.within = Some((since, at));
                self.card = self.card.take().filter(|card| refused.card.as_ref() == Some(card));
                if self.from != from {
                    self.from_several = true;
                    self.from = None;
                }
                if !self.who.as_ref().is_some_and(|who| same(who, &refused.who)) {
                    let who = self.who.take();
                    who.into_iter().for_each(|who| self.name(who));
                    self.name(refused.who.clone());
                }
            }
        }
        let count = self.kinds.entry(refused.kind).or_default();
        *count = count.saturating_add(1);
    }

    /// Names one of several people.
    fn name(&mut self, who: Claimed) {
        match who {
            Claimed::User(user) if self.names.iter().any(|name| name.key() == user.key()) => {}
            Claimed::User(user) if self.names.len() < NAMES_MAX => self.names.push(user),
            Claimed::User(_) => self.others = true,
            // Who nobody is, the count of unknown ones says.
            Claimed::Unknown => {}
            Claimed::Device(_) => self.others = true,
        }
    }
}

/// Whether these are one, however the ID was typed.
fn same(one: &Claimed, other: &Claimed) -> bool {
    match (one, other) {
        (Claimed::User(one), Claimed::User(other)) => one.key() == other.key(),
        (one, other) => one == other,
    }
}

/// Whom a record names besides its user.
pub(super) fn names_in(entry: &AuditEntry) -> Vec<String> {
    let many = AuditEvent::SignInsFailed(Box::default()).word();
    let details = entry.details().filter(|_| entry.event == many);
    details.iter().flat_map(|details| details.texts("names")).map(str::to_owned).collect()
}

/// Where somebody is who types credentials.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Somewhere on the network.
    From(Peer),
    /// In front of the device.
    At(Option<StationName>),
}

/// Counts refused credentials, so that guessing makes one record a minute for each source, whatever
/// is wrong with what was typed. The first of a source is told at once.
#[derive(Debug)]
pub struct Refusals {
    most: usize,
    places: BTreeMap<Place, Held>,
    /// Of those that came when all places were taken.
    others: Held,
}

#[derive(Debug, Default)]
struct Held {
    /// The next record may be written then.
    quiet_until: Mono,
    /// Where all of it was.
    station: Option<StationName>,
    /// Not told yet.
    many: RefusedMany,
}

impl Default for Refusals {
    fn default() -> Self {
        Self::new(SOURCES_MAX)
    }
}

impl Refusals {
    /// Nobody was refused yet; at most so many sources are counted each by itself.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, places: BTreeMap::new(), others: Held::default() }
    }

    /// Takes note of somebody who was refused. What comes back is to be written now.
    pub fn refused(
        &mut self,
        now: Now,
        station: Option<&StationName>,
        refused: Refused,
    ) -> Option<AuditRecord> {
        let place = match refused.from {
            Some(from) => Place::From(from.into()),
            None => Place::At(station.cloned()),
        };
        let held = self.held(now.mono, place);
        if held.is_empty() && held.quiet_until <= now.mono {
            held.quiet_until = now.mono.after(EVERY);
            let event = AuditEvent::SignInFailed(refused);
            return Some(AuditRecord { at: now.wall, station: station.cloned(), event });
        }
        if held.is_empty() {
            held.station = station.cloned();
        }
        held.station = held.station.take().filter(|known| station == Some(known));
        held.many.add(now.wall, refused);
        None
    }

    /// When there is something to be told.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Mono> {
        let all = self.places.values().chain([&self.others]);
        all.filter(|held| !held.is_empty()).map(|held| held.quiet_until).min()
    }

    /// What is to be told now; come back until there is nothing.
    pub fn poll_output(&mut self, now: Now) -> Option<AuditRecord> {
        self.next(now, |held| held.quiet_until <= now.mono)
    }

    /// The same of all that is not told yet: nobody will come back.
    pub fn poll_rest(&mut self, now: Now) -> Option<AuditRecord> {
        self.next(now, |_| true)
    }

    fn next(&mut self, now: Now, is_due: impl Fn(&Held) -> bool) -> Option<AuditRecord> {
        let mut all = self.places.values_mut().chain([&mut self.others]);
        let held = all.find(|held| !held.is_empty() && is_due(held))?;
        held.quiet_until = now.mono.after(EVERY);
        let event = AuditEvent::SignInsFailed(Box::new(std::mem::take(&mut held.many)));
        Some(AuditRecord { at: now.wall, station: held.station.take(), event })
    }

    fn held(&mut self, now: Mono, place: Place) -> &mut Held {
        // Stations are few, and nobody on the network hides who stands before one.
        let is_station = matches!(place, Place::At(_));
        if !is_station && !self.places.contains_key(&place) && self.places.len() >= self.most {
            self.places.retain(|_, held| !held.is_empty() || held.quiet_until > now);
            if self.places.len() >= self.most {
                return &mut self.others;
            }
        }
        self.places.entry(place).or_default()
    }
}

impl Held {
    fn is_empty(&self) -> bool {
        self.many.within.is_none()
    }
}
