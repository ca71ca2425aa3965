//! What each kind of field of an event has to say.

use std::{net::IpAddr, time::SystemTime};

use kazasu_hal::{CardIdentity, ReaderName};
use serde_json::{Map, Value};

use super::{Claimed, Details, Folded, ReaderState, Refused, RefusedMany, export::utc};
use crate::{DeviceSecret, ErrorCode, JobReport, Limits, Role, UserId};

/// The longest name of a reader that is kept, in characters.
const READER_MAX: usize = 200;

/// A field of an event.
pub(super) trait Told {
    /// Whom it names.
    fn user(&self) -> Option<&UserId> {
        None
    }

    /// The card that it names.
    fn card(&self) -> Option<&CardIdentity> {
        None
    }

    /// Says what has no column of its own.
    fn tell(&self, name: &'static str, details: &mut Details);
}

impl Told for UserId {
    fn user(&self) -> Option<&UserId> {
        Some(self)
    }

    fn tell(&self, name: &'static str, details: &mut Details) {
        if name != "user" {
            details.put(name, self.as_str());
        }
    }
}

/// The store refers to its own record of the card.
impl Told for CardIdentity {
    fn card(&self) -> Option<&CardIdentity> {
        Some(self)
    }

    fn tell(&self, _: &'static str, _: &mut Details) {}
}

/// Of one that is there, what it says; of none, nothing.
impl<T: Told> Told for Option<T> {
    fn user(&self) -> Option<&UserId> {
        self.as_ref()?.user()
    }

    fn card(&self) -> Option<&CardIdentity> {
        self.as_ref()?.card()
    }

    fn tell(&self, name: &'static str, details: &mut Details) {
        if let Some(told) = self {
            told.tell(name, details);
        }
    }
}

impl Told for Claimed {
    fn user(&self) -> Option<&UserId> {
        match self {
            Self::User(user) => Some(user),
            Self::Unknown | Self::Device(_) => None,
        }
    }

    fn tell(&self, _: &'static str, details: &mut Details) {
        if let Self::Device(secret) = self {
            secret.tell("secret", details);
        }
    }
}

impl Told for Refused {
    fn user(&self) -> Option<&UserId> {
        self.who.user()
    }

    fn card(&self) -> Option<&CardIdentity> {
        self.card.as_ref()
    }

    fn tell(&self, _: &'static str, details: &mut Details) {
        self.who.tell("who", details);
        details.put("why", self.kind.as_str());
        self.from.tell("from", details);
    }
}

impl Told for Box<RefusedMany> {
    fn user(&self) -> Option<&UserId> {
        self.who.as_ref()?.user()
    }

    fn card(&self) -> Option<&CardIdentity> {
        self.card.as_ref()
    }

    fn tell(&self, _: &'static str, details: &mut Details) {
        self.who.tell("who", details);
        details.put("count", self.count());
        if let Some((since, until)) = self.within {
            since.tell("since", details);
            until.tell("until", details);
        }
        let kinds =
            self.kinds.iter().map(|(kind, count)| (kind.as_str().to_owned(), (*count).into()));
        details.put("why", kinds.collect::<Map<_, Value>>());
        if !self.names.is_empty() {
            let names: Vec<_> = self.names.iter().map(UserId::as_str).collect();
            details.put("names", names);
            self.others.tell("others", details);
        }
        match self.from {
            Some(from) => details.put("from", from.to_string()),
            None if self.from_several => self.from_several.tell("from_several", details),
            None => {}
        }
    }
}

impl Told for Folded {
    fn tell(&self, _: &'static str, details: &mut Details) {
        details.put("kind", self.kind.as_str());
        details.put("count", self.count);
        details.put("since", self.from.as_str());
        details.put("until", self.until.as_str());
    }
}

impl Told for ReaderName {
    fn tell(&self, name: &'static str, details: &mut Details) {
        let kept: String = self.0.chars().take(READER_MAX).collect();
        details.put(name, kept);
    }
}

/// The word says the rest.
impl Told for ReaderState {
    fn tell(&self, _: &'static str, details: &mut Details) {
        if let Self::Faulty(kind) = self {
            details.put("fault", kind.as_str());
        }
    }
}

/// The word says how it ended.
impl Told for JobReport {
    fn tell(&self, _: &'static str, details: &mut Details) {
        details.put("job", self.job.as_str());
    }
}

/// It has a column of its own.
impl Told for ErrorCode {
    fn tell(&self, _: &'static str, _: &mut Details) {}
}

impl Told for DeviceSecret {
    fn tell(&self, name: &'static str, details: &mut Details) {
        details.put(name, self.as_str());
    }
}

impl Told for Role {
    fn tell(&self, name: &'static str, details: &mut Details) {
        details.put(name, self.as_str());
    }
}

impl Told for Limits {
    fn tell(&self, name: &'static str, details: &mut Details) {
        let text = self.to_text();
        details.put(name, text.split_whitespace().collect::<Vec<_>>());
    }
}

impl Told for SystemTime {
    fn tell(&self, name: &'static str, details: &mut Details) {
        details.put(name, utc(*self));
    }
}

impl Told for IpAddr {
    fn tell(&self, name: &'static str, details: &mut Details) {
        details.put(name, self.to_string());
    }
}

impl Told for Vec<&'static str> {
    fn tell(&self, name: &'static str, details: &mut Details) {
        details.put(name, self.as_slice());
    }
}

macro_rules! as_they_are {
    ($($type:ty),*) => {$(
        impl Told for $type {
            fn tell(&self, name: &'static str, details: &mut Details) {
                details.put(name, self.clone());
            }
        }
    )*};
}

as_they_are!(bool, u32, u64, i64, String, Vec<String>);
