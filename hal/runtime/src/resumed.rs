//! Cards that rested on a reader when the reader was lost.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use kazasu_hal::{Card, CardIdentity, EventKind, Mono, ReaderName};

/// How long a reader may have been away. A hiccup, a reset, a restart of pcscd or an adapter that is
/// enumerated anew take less; who comes back after longer has to tap anew.
const AWAY_MAX: Duration = Duration::from_secs(10);
/// How long after a reader is back a card counts as one that was there all the while: the first read
/// of a PC/SC reader takes its time.
const FOUND_WITHIN: Duration = Duration::from_secs(1);
/// How many readers are remembered.
const READERS_MAX: usize = 64;

/// What rested on which reader, and when that was lost.
#[derive(Debug, Default)]
pub(crate) struct LeftLying(Mutex<HashMap<ReaderName, (CardIdentity, Mono)>>);

impl LeftLying {
    /// The reader is lost with a card on it.
    pub(crate) fn put(&self, now: Mono, reader: &ReaderName, card: &Card) {
        let mut cards = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cards.retain(|_, (_, lost)| now.since(*lost) <= AWAY_MAX);
        if cards.len() < READERS_MAX {
            cards.insert(reader.clone(), (card.identity.clone(), now));
        }
    }

    /// The reader is back.
    pub(crate) fn take(&self, now: Mono, reader: &ReaderName) -> Resuming {
        let mut cards = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = cards.remove(reader).filter(|(_, lost)| now.since(*lost) <= AWAY_MAX);
        Resuming { card: left.map(|(card, _)| card), until: now.after(FOUND_WITHIN) }
    }
}

/// The card that a reader which is back may still have.
#[derive(Debug)]
pub(crate) struct Resuming {
    card: Option<CardIdentity>,
    until: Mono,
}

impl Resuming {
    /// Tells a card that is still there from one that was presented. Whatever else happens first,
    /// the card was away.
    pub(crate) fn judge(&mut self, now: Mono, kind: EventKind) -> EventKind {
        match (self.card.take(), kind) {
            (Some(left), EventKind::Presented(card))
                if card.identity == left && now <= self.until =>
            {
                EventKind::Resumed(card)
            }
            (_, kind) => kind,
        }
    }
}
