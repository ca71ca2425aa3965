//! The on-screen keyboard: every printable ASCII sign.

use maud::{Markup, html};

use super::drawings;
use crate::edge::lang::Lang;

/// One row of keys: plain, with shift, and the signs, key by key.
type Row = [&'static str; 3];

const ROWS: [Row; 4] = [
    ["1234567890", "1234567890", "!@#$%^&*()"],
    ["qwertyuiop", "QWERTYUIOP", "-_=+[]{}\\|"],
    ["asdfghjkl", "ASDFGHJKL", ";:'\",.<>/"],
    ["zxcvbnm", "ZXCVBNM", "?`~"],
];

fn keys([plain, shift, signs]: Row) -> Markup {
    let mut signs = signs.chars();
    html! {
        @for (base, shifted) in plain.chars().zip(shift.chars()) {
            // Where the signs run out, the letter stays.
            @let sign = signs.next().unwrap_or(base);
            button.key type="button" data-base=(base) data-shift=(shifted) data-signs=(sign) { (base) }
        }
    }
}

/// The button that opens it.
pub(super) fn opener(lang: Lang) -> Markup {
    html! {
        button.keyboard-open #keyboard-open type="button" aria-expanded="false"
            aria-controls="keyboard" aria-label=(lang.text("keyboard"))
            title=(lang.text("keyboard")) { (drawings::keyboard()) }
    }
}

pub(super) fn keyboard(lang: Lang) -> Markup {
    let [digits, upper, home, lower] = ROWS;
    html! {
        div #keyboard role="group" aria-label=(lang.text("keyboard")) hidden {
            div.row { (keys(digits)) }
            div.row { (keys(upper)) }
            div.row.inset { (keys(home)) }
            div.row {
                button.key.wide type="button" data-layer="shift" aria-pressed="false" { (lang.text("key-shift")) }
                (keys(lower))
                button.key.wide type="button" data-does="backspace"
                    aria-label=(lang.text("key-backspace")) { (drawings::backspace()) }
            }
            div.row {
                button.key.wide type="button" data-layer="signs" aria-pressed="false" { (lang.text("key-symbols")) }
                button.key.wide type="button" data-does="close" { (lang.text("keyboard-close")) }
                button.key.space type="button" data-does="space" { (lang.text("key-space")) }
                button.key.enter type="button" data-does="enter" { (lang.text("key-enter")) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_printable_sign_is_on_the_keyboard() {
        let keys: BTreeSet<char> =
            ROWS.iter().flatten().flat_map(|row| row.chars()).chain([' ']).collect();
        assert_eq!(keys, (' '..='~').collect());
    }
}
