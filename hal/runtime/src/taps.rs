use std::time::Duration;

use kazasu_hal::{Card, CardIdentity, EventKind, Mono, Presence, Stability, Technology};

use crate::TapSettings;

/// A card that was there for so long rests.
const RESTED: Duration = Duration::from_secs(1);

/// Tap semantics of one reader (spec 60 section 2): rounds in; `Presented`, `Confirmed`, `Removed`
/// and `Multiple` out. Pure.
///
/// `Presented` and `Removed` always alternate. A removal is told only once a new tap of the same
/// card would count, so that a card which flickers while it rests is one tap and stays "there".
#[derive(Debug)]
pub struct Taps {
    presence: Presence,
    settings: TapSettings,
    order: Vec<Technology>,
    field: Field,
}

/// What lies on a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lying {
    Nothing,
    One(CardIdentity),
    Several,
}

#[derive(Debug)]
enum Field {
    Empty,
    One(Resting),
    Several(Several),
}

/// The card that was presented and has not been removed.
#[derive(Debug)]
struct Resting {
    card: Card,
    since: Mono,
    confirmed: bool,
    missed: Missed,
    /// What the last reads gave, where that was another card, and how often in a row.
    other: Option<(CardIdentity, u32)>,
}

/// Several cards were there at `last`; `presented` is the one that was there before them.
#[derive(Debug)]
struct Several {
    presented: Option<Resting>,
    last: Mono,
    missed: Missed,
}

/// Rounds without an answer, and when the first of them was.
#[derive(Debug, Default)]
struct Missed {
    rounds: u32,
    first: Option<Mono>,
}

impl Missed {
    fn note(&mut self, now: Mono) {
        self.rounds = self.rounds.saturating_add(1);
        self.first.get_or_insert(now);
    }

    fn lasts(&self, now: Mono) -> Duration {
        self.first.map_or(Duration::ZERO, |first| now.since(first))
    }
}

impl Taps {
    /// An empty field.
    #[must_use]
    pub fn new(presence: Presence, settings: TapSettings) -> Self {
        Self { presence, settings, order: Vec::new(), field: Field::Empty }
    }

    /// Of cards of several technologies, the one that `order` names first counts, and the others are
    /// taken for further chips of the same card (spec 60 section 1).
    #[must_use]
    pub fn ordered(self, order: &[Technology]) -> Self {
        Self { order: order.to_vec(), ..self }
    }

    /// One finished round: every card that answered. Returns at most two taps.
    pub fn round(&mut self, now: Mono, cards: Vec<Card>) -> Vec<EventKind> {
        let mut cards = self.counting(distinct(cards));
        let several = EventKind::Multiple(technologies(&cards));
        let seen = if cards.len() > 1 { None } else { Some(cards.pop()) };
        let field = std::mem::replace(&mut self.field, Field::Empty);
        let (field, taps) = match (field, seen) {
            (Field::Empty, None) => (Field::Several(Several::at(now, None)), vec![several]),
            (Field::Empty, Some(None)) => (Field::Empty, Vec::new()),
            (Field::Empty, Some(Some(card))) => present(now, card),
            (Field::One(resting), None) => {
                (Field::Several(Several::at(now, Some(resting))), vec![several])
            }
            (Field::One(resting), Some(card)) => self.one(now, resting, card),
            (Field::Several(mut several), None) => {
                several.last = now;
                several.missed = Missed::default();
                (Field::Several(several), Vec::new())
            }
            (Field::Several(several), Some(card)) => self.several(now, several, card),
        };
        self.field = field;
        taps
    }

    /// The reader itself is gone, and with it whatever rested there.
    pub fn gone(&mut self) -> Option<EventKind> {
        match std::mem::replace(&mut self.field, Field::Empty) {
            Field::One(resting) => Some(EventKind::Removed(resting.card)),
            Field::Several(several) => several.presented.map(|r| EventKind::Removed(r.card)),
            Field::Empty => None,
        }
    }

    /// What lies on the reader, as far as it is known.
    pub(crate) fn lying(&self) -> Lying {
        match &self.field {
            Field::Empty => Lying::Nothing,
            Field::One(resting) => Lying::One(resting.card.identity.clone()),
            Field::Several(_) => Lying::Several,
        }
    }

    /// Leaves the chip that counts, where the others speak otherwise. Two of the same technology are
    /// two cards.
    fn counting(&self, cards: Vec<Card>) -> Vec<Card> {
        let of = |technology: &Technology| {
            cards.iter().filter(|card| card.identity.technology() == *technology).count()
        };
        let is_first = self.order.iter().find(|technology| of(technology) > 0).copied();
        match is_first {
            Some(first)
                if cards.len() > 1
                    && cards.iter().all(|card| of(&card.identity.technology()) == 1) =>
            {
                tracing::debug!(technologies = ?technologies(&cards), counts = %first, "one card of several chips");
                cards.into_iter().filter(|card| card.identity.technology() == first).collect()
            }
            _ => cards,
        }
    }

    fn one(&self, now: Mono, mut resting: Resting, seen: Option<Card>) -> (Field, Vec<EventKind>) {
        match seen {
            Some(card) if card.identity == resting.card.identity => {
                resting.missed = Missed::default();
                // Equal to the one before it, or the first behind another one: a chip that misreads
                // every second time gives equal ones, too, but not in a row.
                let in_a_row = resting.other.take().is_none();
                if resting.confirmed || !in_a_row {
                    return (Field::One(resting), Vec::new());
                }
                resting.confirmed = true;
                let confirmed = EventKind::Confirmed(resting.card.clone());
                (Field::One(resting), vec![confirmed])
            }
            // A phone pauses, and its made-up type A UID goes on answering: nobody else is there.
            Some(other) if resting.card.is_mobile_felica() && is_made_up(&other) => {
                self.one(now, resting, None)
            }
            Some(other) => {
                resting.missed.note(now);
                // Another card is there: nobody is waiting for this one to come back. But one read
                // alone may be wrong, and two wrong ones differ.
                let before = resting.other.take().filter(|(card, _)| *card == other.identity);
                let reads = before.map_or(0, |(_, reads)| reads).saturating_add(1);
                resting.other = Some((other.identity.clone(), reads));
                // Against a card that was confirmed, another one needs a read more than to be that.
                let is_there = reads >= 2 + u32::from(resting.confirmed);
                if self.presence == Presence::Reported
                    || is_there && self.enough_rounds(&resting.missed)
                {
                    let removed = EventKind::Removed(resting.card);
                    let (field, mut taps) = present(now, other);
                    taps.insert(0, removed);
                    return (field, taps);
                }
                (Field::One(resting), Vec::new())
            }
            None => {
                resting.missed.note(now);
                if self.left(now, &resting.missed, Some(&resting)) {
                    return (Field::Empty, vec![EventKind::Removed(resting.card)]);
                }
                (Field::One(resting), Vec::new())
            }
        }
    }

    fn several(
        &self,
        now: Mono,
        mut several: Several,
        seen: Option<Card>,
    ) -> (Field, Vec<EventKind>) {
        let Some(card) = seen else {
            several.missed.note(now);
            if self.left(now, &several.missed, several.presented.as_ref()) {
                let taps =
                    several.presented.into_iter().map(|r| EventKind::Removed(r.card)).collect();
                return (Field::Empty, taps);
            }
            return (Field::Several(several), Vec::new());
        };
        several.missed = Missed::default();
        // A card that answers alone for one round may only have been quicker than its neighbour.
        let settled = self.presence == Presence::Reported
            || now.since(several.last) >= self.settings.settle_after_multiple;
        if !settled {
            return (Field::Several(several), Vec::new());
        }
        match several.presented {
            Some(resting) if resting.card.identity == card.identity => {
                (Field::One(resting), Vec::new())
            }
            presented => {
                let (field, mut taps) = present(now, card);
                if let Some(resting) = presented {
                    taps.insert(0, EventKind::Removed(resting.card));
                }
                (field, taps)
            }
        }
    }

    fn enough_rounds(&self, missed: &Missed) -> bool {
        self.presence == Presence::Reported || missed.rounds >= self.settings.missed_polls
    }

    fn left(&self, now: Mono, missed: &Missed, card: Option<&Resting>) -> bool {
        let TapSettings { second_tap_after, rested_second_tap_after, .. } = self.settings;
        let rested =
            |card: &Resting| missed.first.is_some_and(|first| first.since(card.since) >= RESTED);
        let wait = match card {
            Some(resting) if resting.card.is_mobile_felica() => {
                self.settings.mobile_second_tap_after
            }
            Some(resting) if rested(resting) => rested_second_tap_after.max(second_tap_after),
            _ => second_tap_after,
        };
        self.presence == Presence::Reported
            || (self.enough_rounds(missed) && missed.lasts(now) >= wait)
    }
}

impl Several {
    fn at(now: Mono, presented: Option<Resting>) -> Self {
        Self { presented, last: now, missed: Missed::default() }
    }
}

fn present(now: Mono, card: Card) -> (Field, Vec<EventKind>) {
    let missed = Missed::default();
    let resting = Resting { card: card.clone(), since: now, confirmed: false, missed, other: None };
    (Field::One(resting), vec![EventKind::Presented(card)])
}

/// How the cards speak, for who has to find out why there are several.
fn technologies(cards: &[Card]) -> Vec<Technology> {
    let mut technologies: Vec<_> = cards.iter().map(|card| card.identity.technology()).collect();
    technologies.sort_unstable();
    technologies
}

/// Whether it is what phones tell readers of type A.
fn is_made_up(card: &Card) -> bool {
    card.identity.technology() == Technology::Iso14443a
        && card.identity.stability() == Stability::Random
}

/// One entry for each card: a FeliCa card that answered at both speeds is one card, and a phone's
/// made-up type A UID beside its FeliCa answer is the same phone.
fn distinct(cards: Vec<Card>) -> Vec<Card> {
    let phone = cards.iter().any(Card::is_mobile_felica);
    let mut kept: Vec<Card> = Vec::new();
    for card in cards {
        let shadow = phone && is_made_up(&card);
        if !shadow && !kept.iter().any(|k| k.identity == card.identity) {
            kept.push(card);
        }
    }
    kept
}

#[cfg(test)]
#[path = "taps_tests.rs"]
mod tests;
