//! When two texts name the same person.
//!
//! A person types `Tanaka ` where `tanaka` is stored, an input method makes full-width letters of
//! it, and a directory takes all of them for one. So one function says what is the same, for
//! whatever looks a person up, counts wrong passwords, or wants an ID to be unique.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// What all spellings of one person's ID have in common. Never shown: see the spelling that is
/// stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(String);

impl NameKey {
    /// The key of a text, whatever stands in it.
    #[must_use]
    pub fn of(text: &str) -> Self {
        // By way of the upper case, so that letters which differ in one case alone are the same.
        let cased = tidied(text)
            .chars()
            .flat_map(char::to_uppercase)
            .flat_map(char::to_lowercase)
            .collect::<String>();
        Self(tidied(&cased))
    }

    /// The key, for the store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A typed text without what nobody sees or means: blanks at both ends, more than one between two
/// words, invisible characters, full width (Unicode's compatibility forms). This is how directories
/// prepare a name before they compare it (RFC 4518 sections 2.2, 2.3 and 2.6.1); case is kept.
#[must_use]
pub fn tidied(text: &str) -> String {
    let seen: String = text.chars().filter(|sign| !is_ignored(*sign)).nfkc().collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The longest beginning of a text that has no more bytes than this, cut between two characters as
/// people see them, and whether anything was cut off.
pub(crate) fn beginning(text: &str, max: usize) -> (&str, bool) {
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let end = ends.take_while(|end| *end <= max).last().unwrap_or_default();
    let Some((mut kept, rest)) = text.split_at_checked(end) else { return (text, false) };
    if rest.is_empty() {
        return (text, false);
    }
    // A mark or a joiner belongs to the character before it, which goes with it.
    if rest.chars().next().is_some_and(is_joined) {
        let base = kept.char_indices().rev().find(|(_, sign)| !is_joined(*sign));
        kept = base.and_then(|(at, _)| kept.get(..at)).unwrap_or(kept);
    }
    (kept.trim_end(), true)
}

/// Whether a sign only changes the one before it: a combining mark, a variation, a joiner, the
/// colour of a skin.
fn is_joined(sign: char) -> bool {
    is_combining_mark(sign)
        || matches!(sign, '\u{200D}' | '\u{FE00}'..='\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}'
            | '\u{E0100}'..='\u{E01EF}')
}

/// What RFC 4518 section 2.2 maps to nothing.
fn is_ignored(sign: char) -> bool {
    let is_format = matches!(sign,
        '\u{AD}' | '\u{34F}' | '\u{6DD}' | '\u{70F}' | '\u{1806}' | '\u{180B}'..='\u{180E}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFC}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0001}' | '\u{E0020}'..='\u{E007F}'
        | '\u{E0100}'..='\u{E01EF}');
    is_format || (sign.is_control() && !sign.is_whitespace())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_name() {
        let same = [
            "alice",
            "Alice",
            "ALICE",
            " alice",
            "alice  ",
            "\talice\n",
            "\u{3000}alice\u{3000}",
            "\u{A0}alice",
            "ａｌｉｃｅ",
            "ＡＬＩＣＥ",
            "ali\u{200B}ce",
            "\u{FEFF}alice",
            "ali\u{AD}ce",
            "\u{202E}alice",
            "ali\0ce",
            "𝐚𝐥𝐢𝐜𝐞",
        ];
        for text in same {
            assert_eq!(NameKey::of(text).as_str(), "alice", "{text:?}");
        }
        assert_eq!(tidied(" Ａlice\u{3000}\u{3000}Ｂ "), "Alice B");
        assert_eq!(NameKey::of("b２１０３４５６"), NameKey::of("B2103456"));
        assert_eq!(NameKey::of("a   b"), NameKey::of("a b"));
        // One letter or two, composed or not, half width or full.
        assert_eq!(NameKey::of("mu\u{308}ller"), NameKey::of("MÜLLER"));
        assert_eq!(NameKey::of("ﾀﾅｶ"), NameKey::of("タナカ"));
        assert_eq!(NameKey::of("ΣΑΣ"), NameKey::of("σας"));
    }

    #[test]
    fn other_names() {
        let names =
            ["alice", "alices", "al ice", "alic", "a1ice", "älice", "alice@x", "", "00123", "123"];
        for (at, one) in names.iter().enumerate() {
            for other in names.iter().skip(at + 1) {
                assert_ne!(NameKey::of(one), NameKey::of(other), "{one:?} {other:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(text in "\\PC{0,20}|[ -~\u{FF01}-\u{FF5E}\\s]{0,40}") {
            let key = NameKey::of(&text);
            prop_assert_eq!(&NameKey::of(key.as_str()), &key);
            prop_assert_eq!(NameKey::of(&tidied(&text)), key);
        }

        #[test]
        fn blanks_case_and_width_make_nobody_else(
            id in "[!-~]{1,8}( [!-~]{1,8})?",
            blanks in "[ \t\u{3000}\u{A0}]{0,5}",
            wide in proptest::collection::vec(any::<bool>(), 20),
        ) {
            let spelled: String = id.chars().zip(wide.iter().cycle()).map(|(sign, wide)| match sign {
                '!'..='~' if *wide => {
                    char::from_u32(u32::from(sign) + 0xFEE0).unwrap_or(sign)
                }
                sign => sign.to_ascii_uppercase(),
            }).collect();
            let spelled = format!("{blanks}{spelled}{blanks}").replace(' ', "  ");
            prop_assert_eq!(NameKey::of(&spelled), NameKey::of(&id));
        }
    }
}
