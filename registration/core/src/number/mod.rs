mod keyed;
mod learn;
mod reading;
mod rule;

use std::fmt;

use kazasu_hal::CardIdentity;

pub use self::{
    keyed::NumberKey,
    learn::{LearnError, Learned, learn},
    rule::{BadCardNumberRule, CardNumberRule, NumberError, PlainRule},
};
use crate::{Rule, rule::check_name};

/// The card ID string (S10-4-02): what a site calls the card's number. Derived from the identity,
/// never the identity itself.
///
/// Its `Debug` shows the last two characters only, and nothing of a short one; it has no
/// `Display`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CardNumber(String);

impl CardNumber {
    /// Longest, in characters.
    pub const MAX: u16 = 32;
    /// Signs that no card number contains.
    pub const FORBIDDEN: &str = "\"+;<>?[]`{|}:#()";

    /// The number that the rule gives which is set where nobody chose one: upper-case hex of the
    /// raw identifier.
    #[must_use]
    pub fn of(card: &CardIdentity) -> Self {
        Self(card.id().to_hex())
    }

    /// Reads a number that a store or a person gives back, as it stands; `None` unless it keeps
    /// the rule of S10-4-02.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::new(text).ok()
    }

    fn new(text: &str) -> Result<Self, Rule> {
        check_name(text, Self::MAX, Self::FORBIDDEN)?;
        Ok(Self(text.to_owned()))
    }

    /// Whether a text could be the hex form of an identifier: as many digits as 4, 7, 8 or 10
    /// bytes have.
    #[must_use]
    pub fn has_shape(text: &str) -> bool {
        matches!(text.len(), 8 | 14 | 16 | 20) && text.bytes().all(|b| b.is_ascii_hexdigit())
    }

    /// The number, unmasked: for the store and for administrators, never for logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last two characters, and nothing of a short one: for logs and lists.
    #[must_use]
    pub fn masked(&self) -> String {
        // Two characters of four would be half of it.
        let hidden = self.0.len().checked_sub(2).filter(|hidden| *hidden >= 4);
        let shown = hidden.and_then(|hidden| self.0.get(hidden..)).unwrap_or_default();
        format!("..{shown}")
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardNumber({})", self.masked())
    }
}

#[cfg(test)]
#[path = "number_test.rs"]
mod tests;
