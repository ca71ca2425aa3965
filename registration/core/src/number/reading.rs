use super::{
    CardNumber, CardNumberRule, NumberKey, PlainRule,
    rule::{Cut, Digits},
};

impl CardNumberRule {
    /// Whether a text can be a number that this rule made, of whatever card; see
    /// [`reading`](Self::reading).
    #[must_use]
    pub fn could_make(&self, text: &str) -> bool {
        self.reading(text).is_some()
    }

    /// The number that a text is under this rule, spelled as the rule spells it; `None` where no
    /// card has it, such as for a telephone number. Case and blanks at the ends do not count:
    /// directories compare without them, and people copy numbers by hand.
    #[must_use]
    pub fn reading(&self, text: &str) -> Option<CardNumber> {
        let text = text.trim_matches(' ');
        let number = match self {
            Self::Plain(rule) => rule.reading(text)?,
            Self::Keyed => {
                let is_whole = text.len() == NumberKey::DIGITS && is_hex(text);
                is_whole.then(|| text.to_ascii_uppercase())?
            }
        };
        CardNumber::from_text(&number)
    }
}

impl PlainRule {
    fn reading(&self, text: &str) -> Option<String> {
        let wanted = self.prefix.trim_start_matches(' ');
        let (prefix, digits) = text.split_at_checked(wanted.len())?;
        if !prefix.eq_ignore_ascii_case(wanted) {
            return None;
        }
        let digits = match self.digits {
            Digits::Hex if is_hex(digits) => digits.to_ascii_uppercase(),
            Digits::HexLower if is_hex(digits) => digits.to_ascii_lowercase(),
            Digits::Decimal if digits.bytes().all(|b| b.is_ascii_digit()) => digits.to_owned(),
            _ => return None,
        };
        let width = usize::from(self.width);
        let is_made = self.lengths().any(|len| match self.digits {
            Digits::Hex | Digits::HexLower => is_padded_hex(&digits, 2 * usize::from(len), width),
            Digits::Decimal => is_padded_decimal(&digits, len, width),
        });
        is_made.then(|| format!("{}{digits}", self.prefix))
    }

    /// How many bytes there can be left to be written down.
    fn lengths(&self) -> impl Iterator<Item = u8> {
        let (cut, all) = match self.cut {
            Some(Cut { count, .. }) => (Some(count), [].as_slice()),
            None => (None, CardNumberRule::LENGTHS.as_slice()),
        };
        cut.into_iter().chain(all.iter().copied())
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// As many digits as there are, and zeros before them up to the width.
fn is_padded_hex(digits: &str, len: usize, width: usize) -> bool {
    let zeros = width.saturating_sub(len);
    digits.len() == len + zeros && digits.bytes().take(zeros).all(|b| b == b'0')
}

/// A number of so many bytes, with zeros before it up to the width and no further.
fn is_padded_decimal(digits: &str, len: u8, width: usize) -> bool {
    let Ok(value) = digits.parse::<u128>() else { return false };
    let fits = value.checked_shr(8 * u32::from(len)) == Some(0);
    fits && digits == format!("{value:0>width$}")
}

#[cfg(test)]
#[path = "reading_test.rs"]
mod tests;
