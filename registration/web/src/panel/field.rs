//! Text fields: what they ask for, the rules they keep, and what is said where one is broken.

use std::sync::LazyLock;

use kazasu_registration::{
    Field, FieldError, MailAddress, Problem, Rule, TypedPassword, Unit, UserId, UserName,
};
use maud::{Markup, html};

use super::drawings;
use crate::edge::lang::Lang;

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
        Rule::Blanks => lang.text("rule-blanks"),
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

/// The rule that this field broke, in one sentence.
pub(super) fn broken(lang: Lang, problem: Option<&Problem>, field: Field) -> Option<String> {
    let (at, rule) = problem?.field?;
    (at == field).then(|| rule_text(lang, rule))
}

/// What a field takes.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    UserId,
    /// A password that exists.
    Password,
    /// A password to be set: shortest and longest.
    NewPassword((u8, u8)),
    /// The same as another field, once more.
    Again(&'static str),
    Name,
    Mail,
}

impl Takes {
    fn is_secret(self) -> bool {
        matches!(self, Self::Password | Self::NewPassword(_) | Self::Again(_))
    }

    /// Shortest and longest, in characters, or bytes for a name.
    fn length(self) -> (u16, u16) {
        match self {
            Self::UserId => (1, UserId::MAX),
            Self::NewPassword((min, max)) => (min.into(), max.into()),
            Self::Password | Self::Again(_) => (0, TypedPassword::MAX.into()),
            Self::Name => (0, UserName::MAX),
            Self::Mail => (0, MailAddress::MAX),
        }
    }

    fn unit(self) -> Unit {
        match self {
            Self::Name => Unit::Bytes,
            _ => Unit::Characters,
        }
    }

    /// The line below the field.
    fn rule(self, lang: Lang) -> String {
        let (min, max) = self.length();
        let places = || [("min", min.into()), ("max", max.into())];
        match self {
            Self::UserId | Self::NewPassword(_) => lang.text_with("rule-signs-from-to", places()),
            Self::Password => lang.text("rule-signs"),
            Self::Again(_) => lang.text("password-again-rule"),
            Self::Mail => lang.text_with("rule-signs-up-to", places()),
            Self::Name => lang.text_with(
                "rule-free-up-to",
                [("max", max.into()), ("wide", (max / WIDE_BYTES).into())],
            ),
        }
        .into_owned()
    }
}

/// A text field of a form.
pub(super) struct TextField<'a> {
    /// For styles, scripts and tests.
    pub(super) id: &'static str,
    /// What it is called in the form that is sent.
    pub(super) name: &'static str,
    /// What people read above it.
    pub(super) label: String,
    pub(super) takes: Takes,
    /// What stands in it; never a password.
    pub(super) value: &'a str,
    /// The rule that was broken.
    pub(super) broken: Option<String>,
    pub(super) focus: bool,
    /// Has the button that shows the form's passwords while it is held.
    pub(super) eye: bool,
}

impl TextField<'_> {
    pub(super) fn draw(&self, lang: Lang) -> Markup {
        let (min, max) = self.takes.length();
        let unit = self.takes.unit();
        let secret = self.takes.is_secret();
        let ids = matches!(self.takes, Takes::UserId);
        let same_as = match self.takes {
            Takes::Again(other) => Some(other),
            _ => None,
        };
        let ascii = unit == Unit::Characters;
        let say_sign = |key| lang.text_with(key, [("sign", SIGN_PLACE.into())]);
        let (rule_id, broken_id) = (format!("{}-rule", self.id), format!("{}-broken", self.id));
        html! {
            div.field {
                label for=(self.id) { (self.label) }
                div.with-button {
                    input id=(self.id) name=(self.name) type=(if secret { "password" } else { "text" })
                        value=[(!secret).then_some(self.value)]
                        autocomplete="off" autocapitalize="none" autocorrect="off" spellcheck="false"
                        aria-describedby={ (rule_id) " " (broken_id) }
                        aria-invalid=(self.broken.is_some())
                        data-secret[secret] data-max=(max) data-bytes[!ascii]
                        data-forbidden=[ids.then_some(&USER_ID_REFUSES.anywhere)]
                        data-first=[ids.then_some(&USER_ID_REFUSES.first)]
                        data-same-as=[same_as]
                        data-say-ascii=[ascii.then(|| rule_text(lang, Rule::PrintableAscii))]
                        data-say-length=(rule_text(lang, Rule::Length { min, max, unit }))
                        data-say-forbidden=[ids.then(|| say_sign("rule-forbidden"))]
                        data-say-first=[ids.then(|| say_sign("rule-first-character"))]
                        data-say-same=[same_as.map(|_| lang.text("passwords-differ"))]
                        autofocus[self.focus] data-focus[self.focus];
                    @if self.eye { (show_password(lang)) }
                }
                p.broken id=(broken_id) aria-live="polite" { (self.broken.as_deref().unwrap_or_default()) }
                p.rule id=(rule_id) { (self.takes.rule(lang)) }
            }
        }
    }
}

fn show_password(lang: Lang) -> Markup {
    html! {
        button #show-password type="button" aria-pressed="false"
            aria-label=(lang.text("show-password")) title=(lang.text("show-password")) {
            (drawings::eye())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

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
            (Rule::Blanks, vec![]),
            (Rule::FirstCharacter('\''), vec!["'"]),
            (Rule::Forbidden('['), vec!["["]),
            (Rule::Classes, vec![]),
            (Rule::Common, vec![]),
            (Rule::OwnWords { least: 6 }, vec!["6"]),
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

    #[test]
    fn a_field_tells_the_length_that_its_type_takes() {
        // What it takes, shortest, longest, and what people read.
        let rows = [
            (Takes::UserId, "1", "32"),
            (Takes::NewPassword((9, 63)), "9", "63"),
            (Takes::Name, "32", "10"),
            (Takes::Mail, "", "128"),
        ];
        for lang in Lang::ALL {
            for (takes, first, second) in rows {
                let rule = takes.rule(lang);
                assert!(rule.contains(first) && rule.contains(second), "{rule}");
            }
        }
    }
}
