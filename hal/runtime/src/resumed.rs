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

#[cfg(test)]
mod tests {
    use kazasu_hal::SystemCode;

    use super::*;

    fn at(millis: u64) -> Mono {
        Mono(Duration::from_millis(millis))
    }

    fn card(n: u8) -> Card {
        Card::felica(&[1, 0x2E, 0x4C, 0, 0, 0, 0, n], SystemCode::ANY, None, None).unwrap()
    }

    fn reader(n: u8) -> ReaderName {
        ReaderName(format!("pcsc:{n}"))
    }

    /// A reader is lost at 0 with card 1 on it, is back at `back`, and shows cards at their times:
    /// which of them resumed.
    fn resumed(back: u64, shown: &[(u64, u8)]) -> Vec<bool> {
        let left = LeftLying::default();
        left.put(at(0), &reader(1), &card(1));
        let mut resuming = left.take(at(back), &reader(1));
        let judged = shown
            .iter()
            .map(|(millis, n)| resuming.judge(at(*millis), EventKind::Presented(card(*n))));
        judged.map(|kind| matches!(kind, EventKind::Resumed(_))).collect()
    }

    #[test]
    fn a_card_resumes_where_its_reader_was_away_for_a_moment() {
        // When the reader was back, what it saw at which moment, and which of that counts as resumed.
        type Row<'a> = (u64, &'a [(u64, u8)], &'a [bool]);
        let rows: [Row<'_>; 8] = [
            (500, &[(510, 1)], &[true]),
            (10_000, &[(10_000, 1)], &[true]),
            (10_001, &[(10_001, 1)], &[false]),
            (500, &[(1500, 1)], &[true]),
            (500, &[(1501, 1)], &[false]),
            (500, &[(510, 2)], &[false]),
            // Who was there in between took the first one's place.
            (500, &[(510, 2), (520, 1)], &[false, false]),
            (500, &[(510, 1), (520, 1)], &[true, false]),
        ];
        for (back, shown, expected) in rows {
            assert_eq!(resumed(back, shown), expected, "{back} {shown:?}");
        }
    }

    #[test]
    fn a_reader_has_its_own_card_and_once() {
        let left = LeftLying::default();
        left.put(at(0), &reader(1), &card(1));
        let judge = |n| {
            let kind = EventKind::Presented(card(1));
            matches!(left.take(at(10), &reader(n)).judge(at(20), kind), EventKind::Resumed(_))
        };
        assert_eq!([judge(2), judge(1), judge(1)], [false, true, false]);
        let mut resuming = left.take(at(10), &reader(1));
        assert_eq!(resuming.judge(at(10), EventKind::Detached), EventKind::Detached);
    }

    /// Readers whose names change at each insertion cannot fill the memory for long.
    #[test]
    fn few_readers_are_remembered() {
        let left = LeftLying::default();
        for n in 0..=255 {
            left.put(at(0), &reader(n), &card(n));
        }
        assert_eq!(left.0.lock().unwrap().len(), READERS_MAX);
        left.put(at(10_001), &reader(255), &card(255));
        assert_eq!(left.0.lock().unwrap().len(), 1);
    }
}
