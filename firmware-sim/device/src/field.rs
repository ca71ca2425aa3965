use kazasu_wire::{
    Raw,
    felica::{Polling, PollingAnswer},
    iso14443a::{Atqa, Sak, Uid},
    pn532::Rate,
};

use crate::card::{Card, TypeAUid};

/// How many cards fit before an antenna.
pub const CARDS_MAX: usize = 16;

/// Where everything comes from that a real card draws at random: time slots and random UIDs. The
/// same seed gives the same run (SplitMix64).
#[derive(Clone, Debug)]
pub struct Seed(pub u64);

impl Seed {
    fn draw(&mut self) -> [u8; 8] {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31).to_le_bytes()
    }
}

/// The cards before the antenna.
#[derive(Clone, Debug)]
pub struct Field {
    seed: Seed,
    capacity: usize,
    cards: Vec<Present>,
    /// Of the card put last; cards are numbered from 1.
    last_number: u32,
}

#[derive(Clone, Debug)]
struct Present {
    number: u32,
    card: Card,
    /// Drawn when it was put.
    random: [u8; 8],
}

/// A FeliCa card's answer, in its time slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FelicaHit {
    pub(crate) number: u32,
    pub(crate) slot: u8,
    pub(crate) answer: PollingAnswer,
}

/// A type A card that was selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypeAHit {
    pub(crate) number: u32,
    pub(crate) uid: Uid,
    pub(crate) atqa: Atqa,
    pub(crate) sak: Sak,
    pub(crate) ats: Option<Raw>,
}

/// Why a card cannot be put or taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// No room.
    #[error("put: {capacity} card(s) at most; take one first, as in: take")]
    Full {
        /// How many fit.
        capacity: usize,
    },
    /// No such card.
    #[error("take: no card {number} is there (there are: {present}), as in: take")]
    Absent {
        /// Which was to be taken.
        number: u32,
        /// The numbers that are there.
        present: String,
    },
}

impl Field {
    /// An empty field with room for `capacity` cards, [`CARDS_MAX`] at most.
    #[must_use]
    pub fn new(seed: Seed, capacity: usize) -> Self {
        Self { seed, capacity: capacity.min(CARDS_MAX), cards: Vec::new(), last_number: 0 }
    }

    /// Puts a card, and says which number it is taken by.
    ///
    /// # Errors
    /// The field is full.
    pub fn put(&mut self, card: Card) -> Result<u32, FieldError> {
        if self.cards.len() >= self.capacity {
            return Err(FieldError::Full { capacity: self.capacity });
        }
        self.last_number = self.last_number.wrapping_add(1);
        let random = self.seed.draw();
        self.cards.push(Present { number: self.last_number, card, random });
        Ok(self.last_number)
    }

    /// Takes one card, or all without a number, and says which.
    ///
    /// # Errors
    /// There is no card of this number.
    pub fn take(&mut self, number: Option<u32>) -> Result<Vec<u32>, FieldError> {
        let Some(number) = number else {
            return Ok(self.cards.drain(..).map(|present| present.number).collect());
        };
        let before = self.cards.len();
        self.cards.retain(|present| present.number != number);
        if self.cards.len() < before {
            return Ok(vec![number]);
        }
        let present: Vec<_> = self.cards.iter().map(|present| present.number.to_string()).collect();
        let present = if present.is_empty() { "none".into() } else { present.join(", ") };
        Err(FieldError::Absent { number, present })
    }

    /// Whether nothing is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cards.is_empty()
    }

    /// Whether this card is still there.
    pub(crate) fn holds(&self, number: u32) -> bool {
        self.cards.iter().any(|present| present.number == number)
    }

    /// The card put first.
    pub(crate) fn first(&self) -> Option<&Card> {
        self.cards.first().map(|present| &present.card)
    }

    /// The answers that can be read after this polling, in the order of their slots. Each card
    /// draws a slot; where two share one, neither can be read.
    pub(crate) fn poll_felica(&mut self, rate: Rate, polling: &Polling) -> Vec<FelicaHit> {
        let Self { seed, cards, .. } = self;
        let mut answers: Vec<_> = cards
            .iter()
            .filter_map(|present| match &present.card {
                Card::Felica(card) => {
                    let answer = card.answer(rate, polling)?;
                    let [drawn, ..] = seed.draw();
                    // TSN is the number of slots, a power of two, less one.
                    let slot = drawn & polling.slots.tsn();
                    Some(FelicaHit { number: present.number, slot, answer })
                }
                Card::TypeA(_) => None,
            })
            .collect();
        let slots: Vec<_> = answers.iter().map(|hit| hit.slot).collect();
        answers.retain(|hit| slots.iter().filter(|slot| **slot == hit.slot).count() == 1);
        answers.sort_by_key(|hit| hit.slot);
        answers
    }

    /// The type A cards, as anticollision finds one after the other. Cards with the same UID cannot
    /// be told apart, so they are found as one.
    pub(crate) fn select_type_a(&self, only: Option<Uid>) -> Vec<TypeAHit> {
        let mut hits = Vec::<TypeAHit>::new();
        for Present { number, card, random } in &self.cards {
            let Card::TypeA(card) = card else { continue };
            let Some(uid) = uid(card.uid, *random) else { continue };
            let wanted = only.is_none_or(|only| only == uid);
            if wanted && hits.iter().all(|hit| hit.uid != uid) {
                let ats = card.ats.clone().filter(|_| card.sak.is_iso_dep());
                hits.push(TypeAHit { number: *number, uid, atqa: card.atqa, sak: card.sak, ats });
            }
        }
        hits
    }
}

fn uid(uid: TypeAUid, [a, b, c, ..]: [u8; 8]) -> Option<Uid> {
    match uid {
        TypeAUid::Fixed(uid) => Some(uid),
        // 08 marks a single-size UID as made up.
        TypeAUid::Random => Uid::new(&[0x08, a, b, c]),
    }
}
