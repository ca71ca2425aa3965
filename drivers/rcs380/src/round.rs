use alloc::{collections::VecDeque, format, vec::Vec};
use core::mem;

use kazasu_hal::{self as hal, Card, CardIdentity, Cause, Fault, Mono};
use kazasu_wire::{iso14443a::Uid, port100::CommStatus};

use crate::{
    cause,
    radio::{Call, Heard},
    search::{Hint, Kind, Search, Slotted, Technology, TypeA},
};

/// One round: who answered so far, and who is still to be called.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) started: Mono,
    searches: VecDeque<(Technology, Search)>,
    pub(crate) cards: Vec<Card>,
    /// Somebody answered who could not be read.
    pub(crate) garbled: bool,
    /// What was wrong.
    pub(crate) complaint: Option<Cause>,
    /// What the chip turned out not to do.
    pub(crate) faults: Vec<Fault>,
}

impl Round {
    pub(crate) fn start(now: Mono, technologies: &[Technology], crowd: &Crowd) -> Self {
        let search = |technology: &Technology| (*technology, crowd.search(*technology));
        Self {
            started: now,
            searches: technologies.iter().map(search).collect(),
            cards: Vec::new(),
            garbled: false,
            complaint: None,
            faults: Vec::new(),
        }
    }

    /// What to say next; `None` when the round is over.
    pub(crate) fn call(&mut self) -> Option<Call> {
        while let Some((_, search)) = self.searches.front() {
            if let Some(call) = search.call() {
                return Some(call);
            }
            if let Some((_, search)) = self.searches.pop_front() {
                let found = search.found();
                self.garbled |= found.garbled && found.cards.len() < 2;
                self.cards.extend(found.cards);
                if let Some(error) = found.complaint {
                    self.complaint = Some(cause::card_wrong(error));
                }
            }
        }
        None
    }

    pub(crate) fn heard(&mut self, heard: &Heard) {
        if let Heard::Failed(status) = heard {
            self.complaint = Some(match *status {
                CommStatus::TEMPERATURE => cause::hot(),
                status => cause::unsent(format!("{status:?}")),
            });
        }
        if let Some((_, search)) = self.searches.front_mut() {
            search.heard(heard);
        }
    }

    /// The chip does not do what the current search needs.
    pub(crate) fn refuse(&mut self) -> Option<Technology> {
        self.searches.pop_front().map(|(technology, _)| technology)
    }
}

/// How many rounds go on looking for several cards once there was a reason.
const WIDE_ROUNDS: u8 = 2;
/// Every how many rounds of an empty field one looks twice.
const EMPTY_ROUNDS: u8 = 4;

/// Who was there in the round before, and so how closely to look in the next one.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    present: Vec<CardIdentity>,
    felica_left: u8,
    type_b_left: u8,
    empty_rounds: u8,
    garbled: bool,
}

impl Crowd {
    pub(crate) fn after(&mut self, cards: &[Card], garbled: bool) {
        self.garbled = garbled;
        let mut present: Vec<_> = cards.iter().map(|card| card.identity.clone()).collect();
        present.sort_unstable();
        present.dedup();
        let before = mem::replace(&mut self.present, present);
        self.felica_left = self.left(&before, hal::Technology::Felica, self.felica_left);
        self.type_b_left = self.left(&before, hal::Technology::Iso14443b, self.type_b_left);
        let empty = self.present.is_empty();
        self.empty_rounds =
            if empty { self.empty_rounds.wrapping_add(1) % EMPTY_ROUNDS } else { 0 };
    }

    /// For how many more rounds several cards of one technology are looked for.
    fn left(&self, before: &[CardIdentity], technology: hal::Technology, left: u8) -> u8 {
        let of = |card: &&CardIdentity| card.technology() == technology;
        let missed = before.iter().filter(of).any(|card| !self.present.contains(card));
        if missed || self.present.iter().filter(of).count() > 1 {
            WIDE_ROUNDS
        } else {
            left.saturating_sub(1)
        }
    }

    fn search(&self, technology: Technology) -> Search {
        let (kind, left) = match technology {
            Technology::TypeA => {
                let of = |card: &&CardIdentity| card.technology() == hal::Technology::Iso14443a;
                let known = self.present.iter().filter(of);
                let known: Vec<_> =
                    known.filter_map(|card| Uid::new(card.id().as_bytes())).collect();
                let again = self.garbled || !known.is_empty();
                return Search::TypeA(TypeA::new(known, again));
            }
            Technology::TypeB => (Kind::TypeB, self.type_b_left),
            Technology::Felica(rate) => (Kind::Felica(rate), self.felica_left),
        };
        let hint = match (left, self.empty_rounds) {
            (1.., _) => Hint::Somebody,
            (0, empty) if empty == EMPTY_ROUNDS - 1 => Hint::Perhaps,
            (0, _) => Hint::Nobody,
        };
        Search::Slotted(Slotted::new(kind, hint))
    }
}

#[cfg(test)]
mod tests {
    use kazasu_hal::SystemCode;
    use kazasu_wire::felica::Rate;

    use super::*;

    fn felica(last: u8) -> Card {
        let idm = [0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, last];
        Card::felica(&idm, SystemCode::ANY, None, None).unwrap()
    }

    fn type_b(last: u8) -> Card {
        Card::iso14443b(&[0x5A, 0xB1, 0xB2, last]).unwrap()
    }

    /// For how many more rounds several cards are looked for, FeliCa and type B.
    fn left(rounds: &[Vec<Card>]) -> (u8, u8) {
        let mut crowd = Crowd::default();
        for cards in rounds {
            crowd.after(cards, false);
        }
        (crowd.felica_left, crowd.type_b_left)
    }

    #[test]
    fn a_card_that_is_missed_is_looked_for_among_several() {
        let (f, b) = (felica, type_b);
        let rows = [
            ("one that rests", vec![vec![f(1)], vec![f(1)]], (0, 0)),
            ("it is missed", vec![vec![f(1)], vec![]], (WIDE_ROUNDS, 0)),
            ("another is there instead", vec![vec![f(1)], vec![f(2)]], (WIDE_ROUNDS, 0)),
            ("one of two is missed", vec![vec![f(1), f(2)], vec![f(1)]], (WIDE_ROUNDS, 0)),
            ("and stays away", vec![vec![f(1)], vec![], vec![]], (WIDE_ROUNDS - 1, 0)),
            ("one of type B", vec![vec![b(1)], vec![]], (0, WIDE_ROUNDS)),
            ("two of type B", vec![vec![b(1), b(2)], vec![b(2)]], (0, WIDE_ROUNDS)),
            ("nobody was there", vec![vec![], vec![]], (0, 0)),
        ];
        for (name, rounds, expected) in rows {
            assert_eq!(left(&rounds), expected, "{name}");
        }
        let mut crowd = Crowd::default();
        crowd.after(&[felica(1)], false);
        crowd.after(&[], false);
        let search = crowd.search(Technology::Felica(Rate::R212));
        let expected = Slotted::new(Kind::Felica(Rate::R212), Hint::Somebody);
        assert_eq!(format!("{search:?}"), format!("{:?}", Search::Slotted(expected)));
    }
}
