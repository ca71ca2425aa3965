//! FeliCa cards in the field.

use kazasu_wire::felica::{Answer, Command, Polling, PollingAnswer, Rate};

use super::{Field, Heard};
use crate::card::Card;

/// A FeliCa card's answer, in its time slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FelicaHit {
    pub(crate) number: u32,
    pub(crate) slot: u8,
    pub(crate) answer: PollingAnswer,
}

impl Field {
    /// The answers that can be read after this polling, in the order of their slots. Each card
    /// draws a slot; where two share one, neither can be read.
    pub(crate) fn poll_felica(&mut self, rate: Rate, polling: &Polling) -> Vec<FelicaHit> {
        let mut answers = self.answers(rate, polling);
        let slots: Vec<_> = answers.iter().map(|hit| hit.slot).collect();
        answers.retain(|hit| slots.iter().filter(|slot| **slot == hit.slot).count() == 1);
        answers
    }

    /// What is heard first after this polling, and in which slot: for a reader that listens once.
    pub(crate) fn hear_polling(&mut self, rate: Rate, polling: &Polling) -> (u8, Heard) {
        let answers = self.answers(rate, polling);
        let slot = answers.first().map_or(0, |first| first.slot);
        let first = answers.iter().take_while(|hit| hit.slot == slot);
        (slot, Heard::together(first.map(|hit| hit.answer.encode())))
    }

    /// All answers, in the order of their slots.
    fn answers(&mut self, rate: Rate, polling: &Polling) -> Vec<FelicaHit> {
        let Self { seed, cards, .. } = self;
        let mut answers: Vec<_> = cards
            .iter_mut()
            .filter_map(|present| {
                let Card::Felica(card) = &present.card else { return None };
                if present.is_quiet() {
                    return None;
                }
                let (system, answer) = card.answer(rate, polling)?;
                present.session.system = system;
                let [drawn, ..] = seed.draw();
                // TSN is the number of slots, a power of two, less one.
                let slot = drawn & polling.slots.tsn();
                Some(FelicaHit { number: present.number, slot, answer })
            })
            .collect();
        answers.sort_by_key(|hit| hit.slot);
        answers
    }

    /// The answer to any other command; `None` where no card answers, or two at once.
    pub(crate) fn ask_felica(&mut self, rate: Rate, command: &Command) -> Option<Answer> {
        let mut answers = self.awake().filter_map(|present| match &mut present.card {
            Card::Felica(card) if card.rates.has(rate) => {
                card.respond(&mut present.session, command)
            }
            _ => None,
        });
        let first = answers.next()?;
        answers.next().is_none().then_some(first)
    }
}
