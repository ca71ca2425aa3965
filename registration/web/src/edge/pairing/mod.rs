//! Pairings: a link pairs one browser with one station, once. The browser then carries a secret of
//! its own in a cookie, which is renewed by itself.

mod book;
mod cookie;

use std::{
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::http::{HeaderMap, HeaderValue};
use kazasu_hal::{Mono, Now, StationName};
use serde_json::Value;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use self::book::{Book, Paired, Pairing, Secret};
pub(crate) use self::{book::Known, cookie::Cookies};

/// The largest text that is read as pairings, in bytes.
const TEXT_MAX: usize = 1 << 20;

/// All pairings of a service. Clones are the same.
#[derive(Clone)]
pub struct Pairings(Arc<Shared>);

struct Shared {
    book: Mutex<Book>,
    save: Box<Save>,
    /// Held while something is changed and stored, so that the newest is stored last.
    saving: tokio::sync::Mutex<()>,
}

type Save = dyn Fn(&[u8]) -> io::Result<()> + Send + Sync;

/// A text that does not hold pairings.
#[derive(Debug, thiserror::Error)]
#[error("no list of paired browsers")]
pub struct BadPairings;

/// Why a link could not be made.
#[derive(Debug, thiserror::Error)]
pub enum NoLink {
    /// As many browsers as there may be are paired.
    #[error("{max} browsers are paired, and there may be no more: revoke one", max = book::PAIRED_MAX)]
    Full,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    NoRandom,
}

/// One paired browser.
#[derive(Clone, Debug)]
pub struct PairedBrowser {
    /// Its number.
    pub number: u32,
    /// Whose page it shows.
    pub station: StationName,
    /// What it is called.
    pub label: String,
    /// When it was paired.
    pub made: SystemTime,
    /// When it was here last, to the hour.
    pub seen: SystemTime,
}

/// A browser that comes with a link.
pub(crate) enum Came {
    /// It is paired with this station now, by this number, and shall carry this.
    Paired(StationName, u32, HeaderValue),
    /// The link is used, too old, or none.
    NoSuchLink,
    /// No more browsers can be paired.
    Full,
    /// It could not be stored.
    Failed,
}

/// The pairings that a browser showed, by their cookies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Browser(Vec<Known>);

impl Browser {
    /// The number of its pairing with this station.
    pub(crate) fn number(&self, station: &StationName) -> Option<u32> {
        self.0.iter().find(|known| known.station == *station).map(|known| known.number)
    }

    /// One number for all of it; `None` where it is not paired.
    pub(crate) fn any(&self) -> Option<u32> {
        self.0.iter().map(|known| known.number).min()
    }
}

impl Pairings {
    /// How long a link is good.
    pub const LINK_LASTS: Duration = book::LINK_LASTS;

    /// The pairings in the text that `save` stored last; none without a text.
    ///
    /// # Errors
    /// [`BadPairings`].
    pub fn new(
        text: Option<&[u8]>,
        save: impl Fn(&[u8]) -> io::Result<()> + Send + Sync + 'static,
    ) -> Result<Self, BadPairings> {
        let paired = match text {
            Some(text) if text.len() > TEXT_MAX => return Err(BadPairings),
            Some(text) => {
                let all: Vec<Value> = serde_json::from_slice(text).map_err(|_| BadPairings)?;
                let count = all.len();
                // One that cannot be read is paired anew, and the others stay as they are.
                let paired: Vec<Paired> =
                    all.into_iter().filter_map(|one| serde_json::from_value(one).ok()).collect();
                if let Some(lost @ 1..) = count.checked_sub(paired.len()) {
                    tracing::error!(
                        lost,
                        "paired browsers cannot be read and are paired no more: pair them anew \
                         (kazasu panel pair)"
                    );
                }
                paired
            }
            None => Vec::new(),
        };
        let (book, saving) = (Mutex::new(Book::of(paired)), tokio::sync::Mutex::default());
        Ok(Self(Arc::new(Shared { book, save: Box::new(save), saving })))
    }

    /// The last part of a link's path, good for [`Pairings::LINK_LASTS`] and for one browser, which
    /// is called `label` in lists, or else what it calls itself.
    ///
    /// # Errors
    /// [`NoLink`].
    pub fn link(
        &self,
        station: StationName,
        label: Option<String>,
        now: Mono,
    ) -> Result<Zeroizing<String>, NoLink> {
        let code = random().ok_or(NoLink::NoRandom)?;
        if self.book().link(&code, station, label, now) { Ok(code) } else { Err(NoLink::Full) }
    }

    /// All browsers.
    #[must_use]
    pub fn list(&self) -> Vec<PairedBrowser> {
        let when = |seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        let book = self.book();
        let browsers = book.paired().iter().map(|paired| PairedBrowser {
            number: paired.number,
            station: StationName(paired.station.clone()),
            label: paired.label.clone(),
            made: when(paired.made).unwrap_or(UNIX_EPOCH),
            seen: when(paired.seen).unwrap_or(UNIX_EPOCH),
        });
        browsers.collect()
    }

    /// Ends one pairing, or with `None` all of them and all links; which that were.
    ///
    /// # Errors
    /// It could not be stored, and nothing was changed.
    pub async fn revoke(&self, number: Option<u32>) -> io::Result<Vec<(u32, StationName)>> {
        let _saving = self.0.saving.lock().await;
        self.change(|book| book.revoke(number)).await
    }

    /// Whether this pairing still is one.
    pub(crate) fn is_paired(&self, number: u32) -> bool {
        self.book().is_paired(number)
    }

    /// Which pairings the request shows.
    pub(crate) fn know(&self, cookies: &Cookies, headers: &HeaderMap, now: Now) -> Browser {
        let shown = cookies.shown(headers);
        let mut book = self.book();
        let known = shown.into_iter().filter_map(|(number, secret)| book.know(number, secret, now));
        Browser(known.collect())
    }

    /// A browser comes with the code of a link.
    pub(crate) async fn pair(
        &self,
        code: &str,
        browser: &Browser,
        calls_itself: &str,
        cookies: &Cookies,
        now: Now,
    ) -> Came {
        let Some(secret) = random() else { return Came::Failed };
        let _saving = self.0.saving.lock().await;
        let Some(station) = self.book().station_of(code, now.mono).cloned() else {
            return Came::NoSuchLink;
        };
        let had = browser.number(&station);
        match self.change(|book| book.pair(code, &secret, had, calls_itself, now)).await {
            Ok(Pairing::Done(number, station)) => match cookies.set(&station, number, &secret) {
                Some(cookie) => Came::Paired(station, number, cookie),
                None => Came::Failed,
            },
            Ok(Pairing::NoSuchLink) => Came::NoSuchLink,
            Ok(Pairing::Full) => Came::Full,
            Err(error) => {
                tracing::error!(%error, "a paired browser could not be stored");
                Came::Failed
            }
        }
    }

    /// New secrets for pairings whose old ones are due, as cookies. What could not be stored is not
    /// handed out.
    pub(crate) async fn renew(
        &self,
        browser: &Browser,
        cookies: &Cookies,
        now: Now,
    ) -> Vec<HeaderValue> {
        if browser.0.iter().all(|known| !known.is_due && !known.is_news) {
            return Vec::new();
        }
        let _saving = self.0.saving.lock().await;
        let due: Vec<(&Known, Secret)> = browser
            .0
            .iter()
            .filter(|known| known.is_due)
            .filter_map(|known| Some((known, random()?)))
            .collect();
        let renewed = self.change(|book| {
            let fresh = due.iter().filter_map(|(known, fresh)| {
                let secret = book.renew(known.number, fresh, now)?;
                cookies.set(&known.station, known.number, &secret)
            });
            fresh.collect()
        });
        renewed.await.unwrap_or_else(|error| {
            tracing::error!(%error, "renewed pairings could not be stored");
            Vec::new()
        })
    }

    /// Changes the book and stores it; where that fails, nothing is changed. The caller holds
    /// `saving`.
    async fn change<T>(&self, change: impl FnOnce(&mut Book) -> T) -> io::Result<T> {
        let (before, done, text) = {
            let mut book = self.book();
            let before = book.clone();
            let done = change(&mut book);
            (before, done, serde_json::to_vec_pretty(book.paired()))
        };
        let shared = Arc::clone(&self.0);
        let saved = match text {
            Ok(text) => {
                spawn_blocking(move || (shared.save)(&text)).await.map_err(io::Error::other)
            }
            Err(error) => Ok(Err(error.into())),
        };
        match saved.flatten() {
            Ok(()) => Ok(done),
            Err(error) => {
                *self.book() = before;
                Err(error)
            }
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pairings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pairings(..)")
    }
}

/// 256 bits in hex; `None` where the system gives none.
fn random() -> Option<Secret> {
    let mut raw = Zeroizing::new([0; 32]);
    if let Err(error) = getrandom::fill(&mut *raw) {
        tracing::error!(%error, "no random numbers for a pairing");
        return None;
    }
    let mut text = Zeroizing::new(String::with_capacity(64));
    for byte in raw.iter() {
        text.push_str(&format!("{byte:02x}"));
    }
    Some(text)
}
