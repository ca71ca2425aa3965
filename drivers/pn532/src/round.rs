use alloc::{collections::VecDeque, string::String, string::ToString, vec::Vec};
use core::fmt;

use kazasu_hal::{BadCardId, Card, CardIdentity, Fault, Mono, SystemCode, Technology};
use kazasu_wire::{
    felica::{Rate, Slots},
    pn532::Target,
};

use crate::ask::Ask;

/// How many rounds stay wide once there was a reason.
const WIDE_ROUNDS: u8 = 3;
/// Every how many rounds of an empty field one is wide.
const EMPTY_ROUNDS_WIDE: u8 = 4;

/// One way to look for cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    TypeA,
    TypeB,
    Felica(Rate),
}

impl Search {
    /// In the order of a round. FeliCa last, for two reasons. A round is told at its end, so the
    /// last search has the shortest way. And a phone that comes in the middle of a round is seen as
    /// a FeliCa card, never as a type A card with a made-up identifier alone.
    pub(crate) const ALL: [Self; 4] =
        [Self::TypeB, Self::TypeA, Self::Felica(Rate::R212), Self::Felica(Rate::R424)];

    pub(crate) fn ask(self, slots: Slots) -> Ask {
        match self {
            Self::TypeA => Ask::TypeA,
            Self::TypeB => Ask::TypeB,
            Self::Felica(rate) => Ask::Felica { rate, slots, system: SystemCode::ANY.0 },
        }
    }

    pub(crate) fn of(ask: &Ask) -> Option<Self> {
        match ask {
            Ask::TypeA => Some(Self::TypeA),
            Ask::TypeB => Some(Self::TypeB),
            Ask::Felica { rate, .. } => Some(Self::Felica(*rate)),
            _ => None,
        }
    }
}

/// One round: who answered so far, and what is still to be done.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) started: Mono,
    plan: VecDeque<Ask>,
    pub(crate) cards: Vec<Card>,
    /// What was wrong with an answer, in words.
    pub(crate) complaint: Option<String>,
    /// What the chip turned out not to do.
    pub(crate) faults: Vec<Fault>,
}

impl Round {
    pub(crate) fn start(now: Mono, plan: impl Iterator<Item = Ask>) -> Self {
        Self {
            started: now,
            plan: plan.collect(),
            cards: Vec::new(),
            complaint: None,
            faults: Vec::new(),
        }
    }

    pub(crate) fn next(&mut self) -> Option<Ask> {
        self.plan.pop_front()
    }

    pub(crate) fn complain(&mut self, error: &impl fmt::Display) {
        self.complaint = Some(error.to_string());
    }

    /// The chip cannot make type B cards answer again.
    pub(crate) fn leave_selected(&mut self) {
        self.plan.retain(|ask| !matches!(ask, Ask::Deselect | Ask::WakeTypeB));
    }

    /// Adds what one search found. With `reselects`, type B cards are made to answer again.
    pub(crate) fn add(&mut self, targets: Vec<Target>, reselects: bool) {
        for target in targets {
            if reselects && matches!(target, Target::TypeB(_)) {
                // The chip selected it, and a selected card does not answer the next search.
                self.plan.push_front(Ask::WakeTypeB);
                self.plan.push_front(Ask::Deselect);
            }
            match card(target) {
                Some(Ok(card)) => self.cards.push(card),
                Some(Err(error)) => self.complain(&error),
                None => {}
            }
        }
    }
}

fn card(target: Target) -> Option<Result<Card, BadCardId>> {
    match target {
        Target::Felica(card) => Some(Card::felica(
            &card.idm.0,
            SystemCode::ANY,
            Some(card.pmm.0),
            card.request_data.map(|data| SystemCode(u16::from_be_bytes(data))),
        )),
        Target::TypeA(card) => Some(Card::iso14443a(
            card.nfcid.as_bytes(),
            Some(card.sens_res.0),
            Some(card.sel_res.0),
        )),
        Target::TypeB(card) => {
            let [_, a, b, c, d, ..] = card.atqb;
            Some(Card::iso14443b(&[a, b, c, d]))
        }
        // Never asked for.
        Target::Jewel(_) | Target::Peer(_) => None,
    }
}

/// Decides in how many time slots FeliCa cards may answer in the next round.
///
/// Two cards in one slot destroy each other's answer, so with one slot two cards look like none.
/// But each slot costs 1.2 ms, twice a round. So one slot is the rule, four the exception: behind a
/// round that missed a FeliCa card, while there is more than one card, and now and then in an empty
/// field, since two cards laid down together were never seen one by one. It stays four for some
/// rounds; and because two cards meet in one of four slots too, and must not count as removed for
/// that, a card missed among four slots is looked for among sixteen.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    felica: Vec<CardIdentity>,
    wide_left: u8,
    empty_rounds: u8,
    /// Rounds in which FeliCa cards may destroy each other's answers.
    felica_left: u8,
    type_a_left: u8,
    several_type_a: bool,
}

impl Crowd {
    pub(crate) fn after(&mut self, cards: &[Card]) -> Slots {
        let mut present: Vec<_> = cards.iter().map(|card| card.identity.clone()).collect();
        present.sort_unstable();
        present.dedup();
        let was_wide = self.wide_left > 0;
        let missed = self.felica.iter().any(|card| !present.contains(card));
        self.wide_left = if missed || present.len() > 1 {
            WIDE_ROUNDS
        } else {
            self.wide_left.saturating_sub(1)
        };
        self.empty_rounds =
            if present.is_empty() { (self.empty_rounds + 1) % EMPTY_ROUNDS_WIDE } else { 0 };
        let type_a = |card: &&CardIdentity| card.technology() == Technology::Iso14443a;
        let type_a = present.iter().filter(type_a).count();
        self.several_type_a = type_a > 1;
        self.type_a_left =
            if type_a > 0 { WIDE_ROUNDS } else { self.type_a_left.saturating_sub(1) };
        let looks_again = self.empty_rounds == EMPTY_ROUNDS_WIDE - 1;
        present.retain(|card| card.technology() == Technology::Felica);
        self.felica_left = if missed || present.len() > 1 {
            WIDE_ROUNDS
        } else {
            self.felica_left.saturating_sub(1)
        };
        self.felica = present;
        match (self.wide_left > 0 || looks_again, missed && was_wide) {
            (_, true) => Slots::Sixteen,
            (true, false) => Slots::Four,
            (false, false) => Slots::One,
        }
    }

    /// How often the chip repeats a search that found nothing. A type A card that is still selected
    /// from the round before falls silent at the first request and answers the second, and FeliCa
    /// cards that met in a slot draw another one. Otherwise a second try only makes each round twice
    /// as long.
    pub(crate) fn retries(&self) -> u8 {
        u8::from(self.felica_left > 0 || self.type_a_left > 0 && !self.several_type_a)
    }

    /// Whether the cards must lose power before the next round: of several type A cards the chip
    /// puts all but one to rest, where they hear no request.
    pub(crate) fn resets(&self) -> bool {
        self.several_type_a
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_wide_only_with_a_reason() {
        let felica =
            |n| Card::felica(&[1, 0x2E, 0, 0, 0, 0, 0, n], SystemCode::ANY, None, None).unwrap();
        let type_a = Card::iso14443a(&[4, 1, 2, 3, 4, 5, 6], None, None).unwrap();
        let (one, two) = (felica(1), felica(2));
        // What each round saw, and how many slots the round behind it has: 1 (.), 4 (w), 16 (W).
        let rows: &[(&str, Vec<Vec<&Card>>, &str)] = &[
            ("every fourth round of an empty field", vec![vec![]; 8], "..w...w."),
            ("one card at rest, seen at both rates", vec![vec![&one, &one]; 6], "......"),
            ("a type A card that is missed", vec![vec![&type_a], vec![]], ".."),
            ("a FeliCa card that left", vec![vec![&one], vec![], vec![], vec![], vec![]], ".www."),
            ("a missed one that is back", vec![vec![&one], vec![], vec![&one], vec![&one]], ".www"),
            ("two cards", vec![vec![&one, &two], vec![], vec![&one, &two]], "wWw"),
            ("two technologies", vec![vec![&one, &type_a], vec![&one, &type_a]], "ww"),
            (
                "one of two left",
                vec![vec![&one, &two], vec![&one], vec![&one], vec![&one], vec![&one]],
                "wWww.",
            ),
        ];
        for (name, rounds, expected) in rows {
            let mut crowd = Crowd::default();
            let slots: String = rounds
                .iter()
                .map(|cards| {
                    let cards: Vec<_> = cards.iter().map(|card| (*card).clone()).collect();
                    match crowd.after(&cards) {
                        Slots::One => '.',
                        Slots::Four => 'w',
                        _ => 'W',
                    }
                })
                .collect();
            assert_eq!(slots, *expected, "{name}");
        }
    }
}
