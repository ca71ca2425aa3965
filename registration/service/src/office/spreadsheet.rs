//! Cells that a spreadsheet would run instead of showing them.
//!
//! People choose their own names, and an administrator opens the list: `=HYPERLINK(..)` in a cell
//! is a program there. An apostrophe before it makes it a text; an import takes it away again.

use std::borrow::Cow;

/// What makes a text of a cell.
const TEXT: char = '\'';

/// The cell as an export writes it.
pub(super) fn shown(cell: &str) -> Cow<'_, str> {
    if runs(cell) { Cow::Owned(format!("{TEXT}{cell}")) } else { Cow::Borrowed(cell) }
}

/// The cell as it was before [`shown`].
pub(super) fn read(cell: &str) -> &str {
    match cell.strip_prefix(TEXT) {
        Some(rest) if runs(rest) => rest,
        _ => cell,
    }
}

/// Whether some spreadsheet takes this for more than text. Programs differ in what they skip before
/// the sign, so blanks, quotes and what cannot be seen count for nothing.
fn runs(cell: &str) -> bool {
    let blank = |sign: char| sign.is_whitespace() || sign.is_control() || is_unseen(sign);
    let quote = |sign: char| {
        matches!(sign, '"' | '\'' | '`' | '\u{2018}'..='\u{201F}' | '\u{FF02}' | '\u{FF07}')
    };
    // With our own mark before it too, or what it was before an export would not come back.
    if cell.trim_start_matches(TEXT).starts_with(['\t', '\r', '\n']) {
        return true;
    }
    let first = cell.chars().find(|sign| !blank(*sign) && !quote(*sign));
    first.is_some_and(|sign| {
        matches!(
            sign,
            // As typed, and in full width, which spreadsheets in Japan take for the same; the true
            // minus sign and the small forms are folded to them as well.
            '=' | '+'
                | '-'
                | '@'
                | '\u{FF1D}'
                | '\u{FF0B}'
                | '\u{FF0D}'
                | '\u{FF20}'
                | '\u{2212}'
                | '\u{FE62}'
                | '\u{FE63}'
                | '\u{FE66}'
                | '\u{FE6B}'
        )
    })
}

/// Format characters: they are there and nobody sees them.
fn is_unseen(sign: char) -> bool {
    matches!(
        sign,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_becomes_text_and_comes_back() {
        let runs = [
            "=1+1",
            "+81",
            "-1",
            "@SUM(A1)",
            "\tx",
            "\rx",
            "\nx",
            " =1",
            "\u{3000}=1",
            "\u{A0}=1",
            "'=1",
            "''=1",
            "\"=1",
            " ' =1",
            "\u{FF1D}1",
            "\u{FF0B}1",
            "\u{FF0D}1",
            "\u{FF20}a",
            "\u{200B}=1",
            "\u{202E}=1",
            "\u{FEFF}=1",
            "\u{2212}1",
            "=",
        ];
        for cell in runs {
            assert_eq!(shown(cell), format!("'{cell}"), "{cell:?}");
            assert_eq!(read(&shown(cell)), cell);
        }
        for cell in
            ["", "a=1", "tanaka", "'tanaka", "O'Neil", "a@example.org", "no-copy", "'", "1-2"]
        {
            assert_eq!((shown(cell).as_ref(), read(cell)), (cell, cell));
        }
    }

    proptest! {
        #[test]
        fn every_cell_comes_back(cell in "[ '\"=+@\t\r\u{FF1D}\u{200B}a-]{0,6}|\\PC{0,12}") {
            let there = shown(&cell);
            prop_assert_eq!(read(&there), cell.as_str());
            prop_assert!(!runs(&there) || there.starts_with(TEXT));
        }
    }
}
