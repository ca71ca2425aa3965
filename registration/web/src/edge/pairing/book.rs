//! Which browsers are paired with which stations: pure.
//!
//! A link is good once and for a while. What the browser carries from then on is a secret of its own,
//! of which only the hash is kept. It is renewed now and then: the new secret counts from its first
//! use on, and the old one for a moment beyond, for requests that are on their way.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kazasu_hal::{Mono, Now, StationName};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// How long a link is good.
pub(super) const LINK_LASTS: Duration = Duration::from_secs(15 * 60);
/// Links at once; the oldest goes first.
const LINKS_MAX: usize = 16;
/// Browsers at once.
pub(super) const PAIRED_MAX: usize = 64;
/// Secrets of one browser: the one in use, and some that were offered and may have got lost.
const SECRETS_MAX: usize = 4;
/// How old a secret is when it is renewed.
const RENEW_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a secret counts after a newer one was used, and how long one is offered again rather
/// than yet another.
const GRACE: Duration = Duration::from_secs(60);
/// How exact is what is stored of when a browser was here.
const SEEN_EVERY: Duration = Duration::from_secs(60 * 60);
/// What is kept of what a browser calls itself, in characters.
const LABEL_MAX: usize = 60;

/// 256 random bits in hex.
pub(super) type Secret = Zeroizing<String>;

/// One browser and one station.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Paired {
    pub(super) number: u32,
    pub(super) station: String,
    pub(super) label: String,
    /// Seconds since 1970.
    pub(super) made: u64,
    pub(super) seen: u64,
    secrets: Vec<Kept>,
}

/// A secret, of which the browser alone has the text.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    /// SHA-256, in hex.
    hash: String,
    made: u64,
    /// Until when it counts, where a newer one was used.
    #[serde(skip)]
    ends: Option<Mono>,
    /// The text, for as long as it is offered.
    #[serde(skip)]
    offered: Option<(Secret, Mono)>,
}

#[derive(Clone)]
struct Link {
    hash: String,
    station: StationName,
    label: Option<String>,
    until: Mono,
}

/// A browser that was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// The pairing's number.
    pub(crate) number: u32,
    pub(crate) station: StationName,
    /// Whether its secret is old.
    pub(super) is_due: bool,
    /// Whether something changed that should be stored.
    pub(super) is_news: bool,
}

/// What became of a link.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pairing {
    Done(u32, StationName),
    /// Used, expired, or never made.
    NoSuchLink,
    /// [`PAIRED_MAX`] browsers are paired.
    Full,
}

#[derive(Clone, Default)]
pub(super) struct Book {
    links: Vec<Link>,
    paired: Vec<Paired>,
}

impl Book {
    pub(super) fn of(paired: Vec<Paired>) -> Self {
        Self { links: Vec::new(), paired }
    }

    pub(super) fn paired(&self) -> &[Paired] {
        &self.paired
    }

    /// A fresh link for this station. What is paired by it is called `label`, or what the browser
    /// calls itself. `false` where no more browsers can be paired.
    pub(super) fn link(
        &mut self,
        code: &str,
        station: StationName,
        label: Option<String>,
        now: Mono,
    ) -> bool {
        if self.paired.len() >= PAIRED_MAX {
            return false;
        }
        self.links.retain(|link| link.until > now);
        if self.links.len() >= LINKS_MAX {
            self.links.remove(0);
        }
        let until = now.after(LINK_LASTS);
        self.links.push(Link { hash: hash(code), station, label, until });
        true
    }

    /// The station of a link that is good.
    pub(super) fn station_of(&self, code: &str, now: Mono) -> Option<&StationName> {
        self.link_of(code, now).and_then(|at| self.links.get(at)).map(|link| &link.station)
    }

    fn link_of(&self, code: &str, now: Mono) -> Option<usize> {
        let hash = hash(code);
        self.links.iter().position(|link| link.until > now && same(&link.hash, &hash))
    }

    /// A browser comes with a link, and gets this secret. Pairings that it had with the same station
    /// (`instead_of`) end.
    pub(super) fn pair(
        &mut self,
        code: &str,
        secret: &str,
        instead_of: Option<u32>,
        calls_itself: &str,
        now: Now,
    ) -> Pairing {
        let Some(at) = self.link_of(code, now.mono) else { return Pairing::NoSuchLink };
        let others = self.paired.iter().filter(|paired| Some(paired.number) != instead_of).count();
        if others >= PAIRED_MAX {
            return Pairing::Full;
        }
        self.paired.retain(|paired| Some(paired.number) != instead_of);
        let link = self.links.remove(at);
        let newest = self.paired.iter().map(|paired| paired.number).max().unwrap_or(0);
        // A number that was just ended is not given again at once.
        let number = newest.max(instead_of.unwrap_or(0)).saturating_add(1);
        let made = seconds(now.wall);
        let label = plain(link.label.as_deref().unwrap_or(calls_itself));
        let secrets = vec![Kept { hash: hash(secret), made, ends: None, offered: None }];
        let station = link.station.0.clone();
        self.paired.push(Paired { number, station, label, made, seen: made, secrets });
        Pairing::Done(number, link.station)
    }

    /// Who carries this secret of this pairing.
    pub(super) fn know(&mut self, number: u32, secret: &str, now: Now) -> Option<Known> {
        let paired = self.paired.iter_mut().find(|paired| paired.number == number)?;
        paired.secrets.retain(|kept| kept.ends.is_none_or(|ends| ends > now.mono));
        let hash = hash(secret);
        let used = paired.secrets.iter().position(|kept| same(&kept.hash, &hash))?;
        let wall = seconds(now.wall);
        let is_first_use = paired
            .secrets
            .iter_mut()
            .take(used)
            .filter(|older| older.ends.is_none())
            .map(|older| older.ends = Some(now.mono.after(GRACE)))
            .count()
            > 0;
        let older = |than: Duration, when: u64| wall.abs_diff(when) > than.as_secs();
        let is_news = is_first_use || older(SEEN_EVERY, paired.seen);
        if is_news {
            paired.seen = wall;
        }
        let is_due = paired.secrets.get(used).is_some_and(|kept| {
            kept.ends.is_none() && wall > kept.made && older(RENEW_AFTER, kept.made)
        });
        let station = StationName(paired.station.clone());
        Some(Known { number, station, is_due, is_news })
    }

    /// The secret that this browser shall carry next: `fresh`, or one that is on its way already.
    pub(super) fn renew(&mut self, number: u32, fresh: &Secret, now: Now) -> Option<Secret> {
        let paired = self.paired.iter_mut().find(|paired| paired.number == number)?;
        if let Some((offered, until)) = paired.secrets.last().and_then(|kept| kept.offered.as_ref())
            && *until > now.mono
        {
            return Some(offered.clone());
        }
        if paired.secrets.len() >= SECRETS_MAX {
            // The first is in use, unless a newer one is; of those behind it none was used.
            let first_ends = paired.secrets.first().is_some_and(|kept| kept.ends.is_some());
            paired.secrets.remove(usize::from(!first_ends));
        }
        for kept in &mut paired.secrets {
            kept.offered = None;
        }
        paired.secrets.push(Kept {
            hash: hash(fresh),
            made: seconds(now.wall),
            ends: None,
            offered: Some((fresh.clone(), now.mono.after(GRACE))),
        });
        Some(fresh.clone())
    }

    pub(super) fn is_paired(&self, number: u32) -> bool {
        self.paired.iter().any(|paired| paired.number == number)
    }

    /// Ends one pairing, or all: which.
    pub(super) fn revoke(&mut self, number: Option<u32>) -> Vec<(u32, StationName)> {
        let is_one = |paired: &mut Paired| number.is_none_or(|number| number == paired.number);
        let gone = self.paired.extract_if(.., is_one);
        let gone = gone.map(|paired| (paired.number, StationName(paired.station))).collect();
        if number.is_none() {
            self.links.clear();
        }
        gone
    }
}

pub(super) fn hash(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

fn seconds(wall: SystemTime) -> u64 {
    wall.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Printable and short: it is shown on terminals.
fn plain(label: &str) -> String {
    let signs = label.chars().filter(|sign| !sign.is_control() && !is_invisible(*sign));
    signs.take(LABEL_MAX).collect()
}

/// Marks that turn or hide the text around them.
fn is_invisible(sign: char) -> bool {
    matches!(sign, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

#[cfg(test)]
#[path = "book_test.rs"]
mod tests;
