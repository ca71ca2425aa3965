//! Names that devices give themselves, as text that can be shown.

use alloc::string::String;
use core::fmt::Write;

/// The text of a name that came from a device: what a terminal or a reader's eye would act upon
/// (control, bidirectional and invisible characters) is shown as `\u{1B}`, bytes that are no UTF-8 as
/// `\xD8`, and the backslash as `\\`. Different names stay different.
#[must_use]
pub fn visible(name: &[u8]) -> String {
    let mut text = String::new();
    for chunk in name.utf8_chunks() {
        for c in chunk.valid().chars() {
            // Writing to a String cannot fail.
            let _ = match c {
                '\\' => write!(text, r"\\"),
                c if is_hidden(c) => write!(text, "\\u{{{:X}}}", u32::from(c)),
                c => write!(text, "{c}"),
            };
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02X}");
        }
    }
    text
}

/// Unicode categories Cc and, as far as they move or hide text, Cf, Zl and Zp.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E007F}'
        )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_shown_and_stay_different() {
        let rows: [(&[u8], &str); 14] = [
            (b"ACS ACR122U PICC Interface 00 00", "ACS ACR122U PICC Interface 00 00"),
            ("\u{FF20} Gemalto 00 00".as_bytes(), "\u{FF20} Gemalto 00 00"),
            ("カードリーダー".as_bytes(), "カードリーダー"),
            (b"Evil \x1b[2J\x1b]0;x\x07", r"Evil \u{1B}[2J\u{1B}]0;x\u{7}"),
            (b"two\nlines\r\t", r"two\u{A}lines\u{D}\u{9}"),
            ("abc\u{202E}def".as_bytes(), r"abc\u{202E}def"),
            ("a\u{2066}b\u{2069}".as_bytes(), r"a\u{2066}b\u{2069}"),
            ("a\u{9b}2J".as_bytes(), r"a\u{9B}2J"),
            ("a\u{2028}b".as_bytes(), r"a\u{2028}b"),
            (b"\xD8A Reader", r"\xD8A Reader"),
            (b"\xE5A Reader", r"\xE5A Reader"),
            (br"\xE5A Reader", r"\\xE5A Reader"),
            (b"\xFF\xFE", r"\xFF\xFE"),
            (b"", ""),
        ];
        for (name, expected) in rows {
            assert_eq!(visible(name), expected);
            assert!(!visible(name).chars().any(is_hidden));
        }
        let shown: BTreeSet<_> = (0..=u16::MAX).map(|n| visible(&n.to_be_bytes())).collect();
        assert_eq!(shown.len(), 1 << 16, "two names look the same");
    }
}
