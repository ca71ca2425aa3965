//! Identifiers that no card has. A failing reader, a bad line or a program in between gives them, and
//! each of them would make one person of everybody.
//!
//! Sources: ISO/IEC 14443-3 section 6.5.4 (UID contents, cascade tag, BCC), JIS X 6319-4 (IDm).

use core::fmt;

use crate::Technology;

/// First byte of a level of anticollision that is not the last one: more of the UID follows.
const CASCADE_TAG: u8 = 0x88;

/// Why an identifier cannot be that of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impossible {
    /// Every byte is 00.
    Zeros,
    /// Every byte is FF.
    Ones,
    /// One or two bytes, again and again.
    Repeated,
    /// Four bytes that begin with the cascade tag 88: half of a longer UID.
    Half,
    /// A cascade tag stands in it: it was put together wrongly.
    CascadeTag,
    /// The check byte of anticollision (BCC) stands behind it.
    CheckByte,
}

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zeros => "all its bytes are 00",
            Self::Ones => "all its bytes are FF",
            Self::Repeated => "the same bytes again and again",
            Self::Half => "half of a longer one: it begins with the cascade tag 88",
            Self::CascadeTag => "it holds the cascade tag 88",
            Self::CheckByte => "a check byte (BCC) is part of it",
        })
    }
}

impl Impossible {
    /// What is wrong with an identifier, whatever its length; `None` where nothing is.
    #[must_use]
    pub fn of(technology: Technology, raw: &[u8]) -> Option<Self> {
        let all = |byte| !raw.is_empty() && raw.iter().all(|b| *b == byte);
        if all(0x00) {
            return Some(Self::Zeros);
        }
        if all(0xFF) {
            return Some(Self::Ones);
        }
        if technology == Technology::Iso14443a
            && let Some(why) = type_a(raw)
        {
            return Some(why);
        }
        is_repeated(raw).then_some(Self::Repeated)
    }
}

fn type_a(raw: &[u8]) -> Option<Impossible> {
    match raw {
        [CASCADE_TAG, _, _, _] => Some(Impossible::Half),
        // CT, UID0 to UID2, BCC is a whole first level. Whatever else begins with a tag was put
        // together from levels without taking it out, and so was what has one where the second level
        // begins: ISO/IEC 14443-3 keeps 88 from being UID3 for that very reason.
        [CASCADE_TAG, ..] if raw.len() > 4 => Some(Impossible::CascadeTag),
        [_, _, _, CASCADE_TAG, ..] if matches!(raw.len(), 7 | 10) => Some(Impossible::CascadeTag),
        // A last level of four bytes and the XOR of them.
        [.., a, b, c, d, bcc] if matches!(raw.len(), 5 | 8 | 11) && a ^ b ^ c ^ d == *bcc => {
            Some(Impossible::CheckByte)
        }
        _ => None,
    }
}

/// One byte all through; two in turn where there are so many that chance does not make them.
fn is_repeated(raw: &[u8]) -> bool {
    let repeats = |period: usize| raw.iter().zip(raw.iter().skip(period)).all(|(a, b)| a == b);
    raw.len() > 1 && repeats(1) || raw.len() >= 7 && repeats(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BadCardId, CardIdentity, Stability, SystemCode};

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<_> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
        digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
    }

    const F: Technology = Technology::Felica;
    const A: Technology = Technology::Iso14443a;
    const B: Technology = Technology::Iso14443b;

    #[test]
    fn identifiers_that_cannot_be_are_refused_with_the_reason() {
        use Impossible::{CascadeTag, CheckByte, Half, Ones, Repeated, Zeros};
        let rows = [
            (A, "00000000", Zeros),
            (A, "00000000 000000", Zeros),
            (A, "00000000 00000000 0000", Zeros),
            (B, "00000000", Zeros),
            (F, "00000000 00000000", Zeros),
            (A, "FFFFFFFF", Ones),
            (A, "FFFFFFFF FFFFFF", Ones),
            (A, "FFFFFFFF FFFFFFFF FFFF", Ones),
            (B, "FFFFFFFF", Ones),
            (F, "FFFFFFFF FFFFFFFF", Ones),
            (A, "88040506", Half),
            (A, "8804C0FF", Half),
            (A, "88010203", Half),
            // a dead bus that repeats the tag is half of nothing
            (A, "88888888", Half),
            (A, "8804C0FF EE0000", CascadeTag),
            (A, "04C0FF88 EE0000", CascadeTag),
            (A, "88040506 07080910 1112", CascadeTag),
            (A, "04050688 07080910 1112", CascadeTag),
            // a whole first level, check byte and all
            (A, "88046E51 B3", CascadeTag),
            (A, "8804C0FF EE000102", CascadeTag),
            (A, "01020304 04", CheckByte),
            (A, "DD17380A F8", CheckByte),
            (A, "04C0FFEE 010203EE", CheckByte),
            (A, "01010101", Repeated),
            (A, "AAAAAAAA", Repeated),
            (A, "04040404 040404", Repeated),
            (A, "55AA55AA 55AA55", Repeated),
            (A, "FF00FF00 FF00FF00 FF00", Repeated),
            (B, "7F7F7F7F", Repeated),
            (F, "01010101 01010101", Repeated),
            (F, "FF00FF00 FF00FF00", Repeated),
        ];
        for (technology, hex, why) in rows {
            let raw = bytes(hex);
            assert_eq!(Impossible::of(technology, &raw), Some(why), "{technology} {hex}");
            let error = CardIdentity::new(technology, &raw, None).unwrap_err();
            assert_eq!(error, BadCardId::Impossible { technology, why }, "{technology} {hex}");
            let told = error.to_string();
            assert!(told.contains(&why.to_string()), "{told}");
            // The reason names no identifier.
            assert!(!told.contains(&hex.replace(' ', "")[..6]), "{told}");
        }
    }

    #[test]
    fn identifiers_that_look_like_those_are_cards() {
        let rows = [
            // S60-1-01
            (F, "012E4C00 00000000", Stability::Stable),
            (F, "01020304 05060708", Stability::Stable),
            (F, "88010203 04050607", Stability::Stable),
            (F, "01FE0000 00000001", Stability::Random),
            // S60-1-02
            (A, "01020304", Stability::Stable),
            (A, "00000001", Stability::Stable),
            (A, "DEADDEAD", Stability::Stable),
            (A, "04880506", Stability::Stable),
            (A, "04050688", Stability::Stable),
            (A, "08888888", Stability::Random),
            (A, "04C0FFEE 880000", Stability::Stable),
            (A, "048800FF EE0000", Stability::Stable),
            (A, "5F010203 040506", Stability::Stable),
            // re-used numbers of four bytes
            (A, "0F010203", Stability::Unknown),
            (A, "5F010203", Stability::Unknown),
            (A, "FF010203", Stability::Unknown),
            (A, "8F010203", Stability::Unknown),
            // S60-1-03
            (B, "88010203", Stability::Unknown),
        ];
        for (technology, hex, stability) in rows {
            let identity = CardIdentity::new(technology, &bytes(hex), None).unwrap();
            assert_eq!(identity.stability(), stability, "{technology} {hex}");
        }
    }

    #[test]
    fn what_was_stored_once_can_be_read_and_is_not_trusted() {
        let system = Some(SystemCode::ANY);
        for (technology, hex) in [(A, "00000000"), (A, "88010203"), (F, "FFFFFFFF FFFFFFFF")] {
            let stored = CardIdentity::stored(technology, &bytes(hex), system).unwrap();
            assert_eq!(stored.stability(), Stability::Unknown, "{hex}");
        }
        assert!(CardIdentity::stored(A, &bytes("0102030405"), None).is_err());
        let whole = bytes("04C0FFEE 000001");
        assert_eq!(
            CardIdentity::stored(A, &whole, None),
            CardIdentity::new(A, &whole, None),
            "what can be is the same either way"
        );
    }
}
