use std::fmt;

use kazasu_hal::CardIdentity;

/// The card ID string (S10-4-02): what a site calls the card's number. Derived from the identity,
/// never the identity itself.
///
/// Its `Debug` shows the last two digits only; it has no `Display`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CardNumber(String);

impl CardNumber {
    /// Derives the number: upper-case hex of the raw identifier.
    #[must_use]
    pub fn of(card: &CardIdentity) -> Self {
        Self(card.id().to_hex())
    }

    /// Reads a number that a store or a person gives back; `None` unless it has the shape.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::has_shape(text).then(|| Self(text.to_ascii_uppercase()))
    }

    /// Whether a text could be a card number: as many hex digits as identifiers of 4, 7, 8 or
    /// 10 bytes have.
    #[must_use]
    pub fn has_shape(text: &str) -> bool {
        matches!(text.len(), 8 | 14 | 16 | 20) && text.bytes().all(|b| b.is_ascii_hexdigit())
    }

    /// The number, unmasked: for the store and for administrators, never for logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.get(self.0.len().saturating_sub(2)..).unwrap_or_default();
        write!(f, "CardNumber(..{shown})")
    }
}

#[cfg(test)]
mod tests {
    use kazasu_hal::Technology;

    use super::*;

    #[test]
    fn numbers_are_upper_case_hex_and_have_the_shape_that_is_reserved() {
        let rows: &[(Technology, &[u8], &str)] = &[
            (Technology::Felica, &[0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, 0xAB], "012E4CE1000000AB"),
            (Technology::Iso14443a, &[0x0A, 0xB0, 0, 1], "0AB00001"),
            (Technology::Iso14443a, &[4, 1, 2, 3, 4, 5, 0xFF], "040102030405FF"),
            (Technology::Iso14443a, &[4, 1, 2, 3, 4, 5, 6, 7, 8, 9], "04010203040506070809"),
        ];
        for (technology, raw, text) in rows {
            let number = CardNumber::of(&CardIdentity::new(*technology, raw, None).unwrap());
            assert_eq!(number.as_str(), *text);
            assert_eq!(CardNumber::from_text(&text.to_lowercase()), Some(number.clone()));
            assert_eq!(format!("{number:?}"), format!("CardNumber(..{})", &text[text.len() - 2..]));
        }
        for text in ["", "1234567", "123456789", "1234567g", "012E4CE1000000A\u{e9}"] {
            assert_eq!(CardNumber::from_text(text), None, "{text}");
        }
    }
}
