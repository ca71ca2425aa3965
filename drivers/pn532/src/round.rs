use std::time::Duration;

use kazasu_hal::{BadCardId, Card, CardIdentity, Mono, SystemCode, Technology};
use kazasu_wire::{
    felica::Slots,
    pn532::{Rate, Target},
};

use crate::exchange::Ask;

/// From the start of a round to the start of the next one, at least. A round on a real chip takes
/// longer; a simulated one answers at once and would keep a processor busy.
pub(crate) const PERIOD_MIN: Duration = Duration::from_millis(25);

/// How many rounds stay wide once there was a reason.
const WIDE_ROUNDS: u8 = 3;
/// Every how many rounds of an empty field one is wide.
const EMPTY_ROUNDS_WIDE: u8 = 4;

/// One round: who answered so far.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) started: Mono,
    slots: Slots,
    pub(crate) cards: Vec<Card>,
    /// What was wrong with an answer, in words.
    pub(crate) complaint: Option<String>,
}

impl Round {
    pub(crate) fn start(now: Mono, slots: Slots) -> Self {
        Self { started: now, slots, cards: Vec::new(), complaint: None }
    }

    /// FeliCa first: a phone that has both would otherwise be taken as a type A card with a random
    /// identifier.
    pub(crate) fn first(&self) -> Ask {
        Ask::Felica(Rate::R212, self.slots)
    }

    pub(crate) fn next(&self, ask: Ask) -> Option<Ask> {
        match ask {
            Ask::Felica(Rate::R212, slots) => Some(Ask::Felica(Rate::R424, slots)),
            Ask::Felica(Rate::R424, _) => Some(Ask::TypeA),
            _ => None,
        }
    }

    /// Adds what one search found.
    pub(crate) fn add(&mut self, targets: Vec<Target>) {
        for target in targets {
            match card(target) {
                Some(Ok(card)) => self.cards.push(card),
                Some(Err(error)) => self.complaint = Some(error.to_string()),
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
        // Never asked for.
        Target::TypeB(_) | Target::Jewel(_) | Target::Peer(_) => None,
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
        let looks_again = self.empty_rounds == EMPTY_ROUNDS_WIDE - 1;
        present.retain(|card| card.technology() == Technology::Felica);
        self.felica = present;
        match (self.wide_left > 0 || looks_again, missed && was_wide) {
            (_, true) => Slots::Sixteen,
            (true, false) => Slots::Four,
            (false, false) => Slots::One,
        }
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
