//! The registration page: two fields, the rules they keep, and the on-screen keyboard.

use std::sync::LazyLock;

use kazasu_registration::{Field, FieldError, Problem, Rule, TypedPassword, Unit, UserId};
use maud::{Markup, html};

use super::{drawings, pages::Screen};
use crate::lang::Lang;

/// Stands for the sign in a sentence that the page completes.
const SIGN_PLACE: &str = "\u{FFFC}";

/// How many full-width characters fit, at three bytes each.
const WIDE_BYTES: u16 = 3;

/// The signs that user IDs do not take, found by asking the type itself.
struct Refused {
    anywhere: String,
    first: String,
}

static USER_ID_REFUSES: LazyLock<Refused> = LazyLock::new(|| {
    let refuses = |text: String| UserId::new(&text).err().map(|FieldError { rule, .. }| rule);
    let signs = || (' '..='~').filter(|sign| !sign.is_ascii_alphanumeric());
    Refused {
        anywhere: signs()
            .filter(|sign| matches!(refuses(format!("a{sign}")), Some(Rule::Forbidden(_))))
            .collect(),
        first: signs()
            .filter(|sign| matches!(refuses(format!("{sign}a")), Some(Rule::FirstCharacter(_))))
            .collect(),
    }
});

/// What this rule asks for, in one sentence.
pub(super) fn rule_text(lang: Lang, rule: Rule) -> String {
    let sign = |key, sign: char| lang.text_with(key, [("sign", sign.to_string().into())]);
    match rule {
        Rule::Length { min, max, unit: Unit::Characters } => {
            lang.text_with("rule-length-characters", [("min", min.into()), ("max", max.into())])
        }
        Rule::Length { max, unit: Unit::Bytes, .. } => lang.text_with(
            "rule-length-bytes",
            [("max", max.into()), ("wide", (max / WIDE_BYTES).into())],
        ),
        Rule::PrintableAscii => lang.text("rule-printable-ascii"),
        Rule::OnlySpaces => lang.text("rule-only-spaces"),
        Rule::FirstCharacter(first) => sign("rule-first-character", first),
        Rule::Forbidden(forbidden) => sign("rule-forbidden", forbidden),
        Rule::Classes => lang.text("rule-classes"),
        Rule::Common => lang.text("rule-common"),
        Rule::OwnWords { least } => lang.text_with("rule-own-words", [("least", least.into())]),
        Rule::Reserved => lang.text("rule-reserved"),
        Rule::Taken => lang.text("rule-taken"),
    }
    .into_owned()
}

/// The body of the registration page.
pub(super) fn register(screen: Screen<'_>, user_id: &str, problem: Option<&Problem>) -> Markup {
    let lang = screen.lang;
    let broken = |field| {
        problem
            .and_then(|problem| problem.field)
            .filter(|(at, _)| *at == field)
            .map(|(_, rule)| rule_text(lang, rule))
    };
    let (user_id_broken, password_broken) = (broken(Field::UserId), broken(Field::Password));
    // After a refusal that names no field, the password is what has to be typed again.
    let password_next =
        password_broken.is_some() || (user_id_broken.is_none() && !user_id.is_empty());
    let user_id_max = UserId::MAX;
    let password_max = u16::from(TypedPassword::MAX);
    let say_length =
        |min: u16, max: u16| rule_text(lang, Rule::Length { min, max, unit: Unit::Characters });
    let say_sign = |key| lang.text_with(key, [("sign", SIGN_PLACE.into())]);
    html! {
        (screen.heading("register", problem))
        form method="post" action="/act" autocomplete="off" novalidate {
            (screen.hidden_fields())
            div.fields {
                div.field {
                    label for="user-id" { (lang.text("user-id")) }
                    input #user-id name="user_id" type="text" value=(user_id)
                        autocomplete="off" autocapitalize="none" autocorrect="off" spellcheck="false"
                        aria-describedby="user-id-rule user-id-broken"
                        aria-invalid=(user_id_broken.is_some())
                        data-max=(user_id_max) data-forbidden=(USER_ID_REFUSES.anywhere)
                        data-first=(USER_ID_REFUSES.first)
                        data-say-ascii=(rule_text(lang, Rule::PrintableAscii))
                        data-say-length=(say_length(1, user_id_max))
                        data-say-forbidden=(say_sign("rule-forbidden"))
                        data-say-first=(say_sign("rule-first-character"))
                        autofocus[!password_next] data-focus[!password_next];
                    p.broken #user-id-broken aria-live="polite" { (user_id_broken.unwrap_or_default()) }
                    p.rule #user-id-rule {
                        (lang.text_with("user-id-rule", [("min", 1.into()), ("max", user_id_max.into())]))
                    }
                }
                div.field {
                    label for="password" { (lang.text("password")) }
                    div.with-button {
                        input #password name="password" type="password" autocomplete="off"
                            aria-describedby="password-rule password-broken"
                            aria-invalid=(password_broken.is_some())
                            data-max=(password_max)
                            data-say-ascii=(rule_text(lang, Rule::PrintableAscii))
                            data-say-length=(say_length(0, password_max))
                            autofocus[password_next] data-focus[password_next];
                        button #show-password type="button" aria-pressed="false"
                            aria-label=(lang.text("show-password")) title=(lang.text("show-password")) {
                            (drawings::eye())
                        }
                    }
                    p.broken #password-broken aria-live="polite" { (password_broken.unwrap_or_default()) }
                    p.rule #password-rule { (lang.text("password-rule")) }
                }
            }
            div.buttons {
                button.first #submit name="do" value="submit" { (lang.text("submit")) }
                button name="do" value="cancel" { (lang.text("cancel")) }
                button.keyboard-open #keyboard-open type="button" aria-expanded="false"
                    aria-controls="keyboard" aria-label=(lang.text("keyboard"))
                    title=(lang.text("keyboard")) { (drawings::keyboard()) }
            }
        }
        (on_screen_keyboard(lang))
    }
}

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

fn on_screen_keyboard(lang: Lang) -> Markup {
    let [digits, upper, home, lower] = ROWS;
    html! {
        div #keyboard role="group" aria-label=(lang.text("keyboard")) hidden {
            div.row {
                (keys(digits))
                button.key.wide type="button" data-does="backspace"
                    aria-label=(lang.text("key-backspace")) { (drawings::backspace()) }
            }
            div.row { (keys(upper)) }
            div.row {
                (keys(home))
                button.key.enter type="button" data-does="enter" { (lang.text("key-enter")) }
            }
            div.row {
                button.key.wide type="button" data-layer="shift" aria-pressed="false" { (lang.text("key-shift")) }
                (keys(lower))
                button.key.wide type="button" data-does="space" { (lang.text("key-space")) }
                button.key.wide type="button" data-layer="signs" aria-pressed="false" { (lang.text("key-symbols")) }
                button.key.wide type="button" data-does="close" { (lang.text("keyboard-close")) }
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

    #[test]
    fn the_page_knows_the_signs_that_user_ids_refuse() {
        assert_eq!(USER_ID_REFUSES.first, "'");
        let refused: BTreeSet<char> = USER_ID_REFUSES.anywhere.chars().collect();
        assert_eq!(refused, UserId::FORBIDDEN.chars().collect());
    }

    #[test]
    fn every_rule_has_a_sentence_with_its_values() {
        let rows = [
            (Rule::Length { min: 4, max: 12, unit: Unit::Characters }, vec!["4", "12"]),
            (Rule::Length { min: 1, max: 32, unit: Unit::Bytes }, vec!["32", "10"]),
            (Rule::PrintableAscii, vec![]),
            (Rule::OnlySpaces, vec![]),
            (Rule::FirstCharacter('\''), vec!["'"]),
            (Rule::Forbidden('['), vec!["["]),
            (Rule::Classes, vec![]),
            (Rule::Common, vec![]),
            (Rule::OwnWords { least: 8 }, vec!["8"]),
            (Rule::Reserved, vec![]),
            (Rule::Taken, vec![]),
        ];
        for lang in Lang::ALL {
            let mut sentences = BTreeSet::new();
            for (rule, values) in &rows {
                let sentence = rule_text(lang, *rule);
                for value in values {
                    assert!(sentence.contains(value), "{rule:?}: {sentence}");
                }
                assert!(!sentence.starts_with("rule-") && !sentence.contains('{'), "{sentence}");
                assert!(sentences.insert(sentence), "{rule:?} reads like another rule");
            }
        }
    }
}
