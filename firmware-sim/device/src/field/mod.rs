//! The cards before the antenna, and what they hear and say together.

mod iso14443;
mod poll;
mod type_a;

pub(crate) use iso14443::TypeAHit;

use crate::{
    card::{Card, TypeAUid},
    felica,
};
use iso14443::Stage;

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

/// What a reader hears after it sent something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Nobody answers.
    Silence,
    /// Several answer at once, and not the same.
    Garbled,
    /// This.
    Answer {
        bytes: Vec<u8>,
        /// How many bits of the last byte count: 8, but in an anticollision.
        last_bits: u8,
    },
}

impl Heard {
    /// Whole bytes, or nothing.
    pub(crate) fn whole(answer: Option<Vec<u8>>) -> Self {
        answer.map_or(Self::Silence, |bytes| Self::Answer { bytes, last_bits: 8 })
    }

    /// What is heard of these answers, given at once.
    fn together(answers: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut answers = answers.into_iter();
        let first = answers.next();
        let others: Vec<_> = answers.collect();
        if others.iter().any(|other| Some(other) != first.as_ref()) {
            return Self::Garbled;
        }
        Self::whole(first)
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
    /// Drawn when it was put, or got power.
    random: [u8; 8],
    /// Of a FeliCa card, since it has power.
    session: felica::Session,
    /// Of an ISO/IEC 14443 card.
    stage: Stage,
    /// It says nothing until it loses power.
    silent: bool,
    /// It says nothing for a while.
    pauses: bool,
}

impl Present {
    fn is_quiet(&self) -> bool {
        self.silent || self.pauses
    }
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
        self.cards.push(Present {
            number: self.last_number,
            card,
            random,
            session: felica::Session::default(),
            stage: Stage::default(),
            silent: false,
            pauses: false,
        });
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

    /// Lets all cards fall silent until the field goes off, as worn ones and phones do. Says how
    /// many.
    pub fn hush(&mut self) -> usize {
        self.cards.iter_mut().for_each(|present| present.silent = true);
        self.cards.len()
    }

    /// Phones pause between answers, in which their type A goes on where they have both. Not told
    /// by anything but this.
    pub fn pause(&mut self, pauses: bool) {
        let is_felica = |present: &Present| matches!(present.card, Card::Felica(_));
        let any = self.cards.iter().any(is_felica);
        for present in &mut self.cards {
            present.pauses = pauses && (is_felica(present) || !any);
        }
    }

    /// The cards that may answer.
    fn awake(&mut self) -> impl Iterator<Item = &mut Present> {
        self.cards.iter_mut().filter(|present| !present.is_quiet())
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

    /// The field was switched off: the cards forget what they do without power.
    pub(crate) fn power_off(&mut self) {
        for present in &mut self.cards {
            present.session = felica::Session::default();
            present.stage = Stage::default();
            present.silent = false;
            if matches!(&present.card, Card::TypeA(card) if card.uid == TypeAUid::Anew) {
                present.random = self.seed.draw();
            }
        }
    }
}
