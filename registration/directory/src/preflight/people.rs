//! What stands in people's entries: pure.

use std::collections::{BTreeSet, HashMap};

use kazasu_registration::{CardNumberRule, ErrorCode, NameKey, UserName};

use super::{Finding, Severity};
use crate::{
    config::{DirectoryConfig, Replace},
    people::entry::Entry,
};

/// So many people are named with what is wrong with their entries; the rest is counted.
const NAMED_MAX: usize = 5;

/// A rule that makes this writes four bytes in hex.
const EIGHT_HEX: &str = "ABCDEFAB";

/// Everybody who was looked at.
#[derive(Debug, Default)]
pub(super) struct People {
    holders: HashMap<String, Named>,
    ids: HashMap<NameKey, Named>,
    foreign: Named,
    /// Of four bytes, in hex; and those of them that have decimal digits alone.
    short_numbers: usize,
    telephones: Named,
    cut: Named,
    id_broken: Named,
    field_broken: Named,
    /// Whether everybody was looked at.
    pub(super) all: bool,
}

/// How many there are, and the user IDs of the first of them by name: a server gives its entries in
/// any order, and what is told of the same people is the same.
#[derive(Debug, Default)]
struct Named {
    count: usize,
    first: BTreeSet<String>,
}

impl Named {
    fn add(&mut self, who: &str) {
        self.count += 1;
        self.first.insert(who.to_owned());
        if self.first.len() > NAMED_MAX {
            self.first.pop_last();
        }
    }

    fn any(&self) -> bool {
        self.count > 0
    }

    fn list(&self) -> String {
        list(self.first.iter().map(String::as_str), self.count)
    }
}

/// `a, b and others`: values that one person has several of are counted too, so that the rest is
/// no number of people.
fn list<'a>(names: impl Iterator<Item = &'a str>, count: usize) -> String {
    let names: Vec<_> = names.take(NAMED_MAX).collect();
    let others = if count > names.len() { " and others" } else { "" };
    format!("{}{others}", names.join(", "))
}

impl People {
    pub(super) fn see(&mut self, entry: &Entry, config: &DirectoryConfig, rule: &CardNumberRule) {
        // As it is, but for what a terminal would take for more than text.
        let id = entry.text(config.user_id()).unwrap_or_default();
        let who: String = if id.is_empty() { entry.dn.as_str() } else { id }
            .chars()
            .map(|sign| if sign.is_control() { '?' } else { sign })
            .collect();
        if !id.is_empty() {
            self.ids.entry(NameKey::of(id)).or_default().add(&who);
        }
        let cards = entry.cards(config, rule);
        for _ in &cards.foreign {
            self.foreign.add(&who);
        }
        let mut ours = cards.ours;
        ours.sort_by(|a, b| a.number.cmp(&b.number));
        ours.dedup_by(|a, b| a.number == b.number);
        for card in ours {
            if card.value.len() == EIGHT_HEX.len() && rule.could_make(EIGHT_HEX) {
                self.short_numbers += 1;
                if card.value.iter().all(u8::is_ascii_digit) {
                    self.telephones.add(&who);
                }
            }
            self.holders.entry(card.number.as_str().to_owned()).or_default().add(&who);
        }
        match entry.person(config, rule) {
            Ok(_) => {
                let name = entry.text(config.name()).unwrap_or_default().trim();
                if name.len() > usize::from(UserName::MAX) {
                    self.cut.add(&who);
                }
            }
            Err(error) if error.code == ErrorCode::FieldRule => self.field_broken.add(&who),
            Err(_) => self.id_broken.add(&who),
        }
    }

    pub(super) fn judge(&self, config: &DirectoryConfig, rule: &CardNumberRule) -> Vec<Finding> {
        let mut findings = self.names(config);
        if let Some(card) = config.card() {
            findings.extend(self.cards(card, config, rule));
        }
        if !self.all {
            let what = "There are more entries than were looked at for duplicates.";
            findings.push(Finding::new("duplicates", Severity::Note, what));
        }
        findings
    }

    fn names(&self, config: &DirectoryConfig) -> Vec<Finding> {
        let mut findings = Vec::new();
        let (id, name, mail) = (config.user_id(), config.name(), config.mail());
        if self.id_broken.any() {
            let what = format!(
                "{} people have a user ID in {id} that cannot be used here, so they cannot sign in \
                 (122): {}.",
                self.id_broken.count,
                self.id_broken.list()
            );
            findings.push(Finding::new("user-ids", Severity::Warning, what).remedy(
                "Give them IDs of 1 to 32 letters, digits and signs of ASCII, or set \
                 directory.attributes.user_id to an attribute that has such.",
            ));
        }
        let mut same: Vec<_> = self.ids.values().filter(|named| named.count > 1).collect();
        same.sort_by(|a, b| a.first.cmp(&b.first));
        if !same.is_empty() {
            let names = same.iter().flat_map(|named| &named.first).map(String::as_str);
            let count = same.iter().map(|named| named.count).sum();
            let what = format!(
                "{count} people have a user ID in {id} that is somebody else's too, but for case, \
                 width or blanks: {}. This device takes them for one person.",
                list(names, count)
            );
            findings.push(
                Finding::new("user-ids", Severity::Error, what)
                    .remedy("Give each of them an ID of their own."),
            );
        }
        if self.field_broken.any() {
            let what = format!(
                "{} people have a {name} or {mail} that cannot be used here, so they cannot sign in \
                 (301): {}.",
                self.field_broken.count,
                self.field_broken.list()
            );
            findings.push(Finding::new("names", Severity::Warning, what).remedy(
                "Take line ends and other control characters out of the name, and give mail \
                 addresses of ASCII.",
            ));
        }
        if self.cut.any() {
            let what = format!(
                "{} people have a {name} of more than {} bytes; its beginning is shown: {}.",
                self.cut.count,
                UserName::MAX,
                self.cut.list()
            );
            findings.push(Finding::new("names", Severity::Note, what).remedy(
                "Set directory.attributes.name to an attribute of short names, if that does not do.",
            ));
        }
        findings
    }

    fn cards(&self, card: &str, config: &DirectoryConfig, rule: &CardNumberRule) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut twice: Vec<_> = self.holders.values().filter(|named| named.count > 1).collect();
        twice.sort_by(|a, b| a.first.cmp(&b.first));
        findings.push(if twice.is_empty() {
            let count = self.holders.len();
            Finding::fine("duplicates", format!("{count} card numbers, each in one entry."))
        } else {
            let names = twice.iter().flat_map(|named| &named.first).map(String::as_str);
            let count = twice.iter().map(|named| named.count).sum();
            let what = format!(
                "{} card numbers stand in several entries: those cards are refused (083). They are \
                 those of {}.",
                twice.len(),
                list(names, count)
            );
            Finding::new("duplicates", Severity::Error, what)
                .remedy(format!("Leave each value of {card} in one entry."))
        });
        if self.foreign.any() {
            let fate = match config.replace {
                Replace::CardNumbers => "They stay, and these people cannot register a card (065).",
                Replace::Anything => {
                    "They are lost when these people register a card, as directory.replace says."
                }
            };
            let what = format!(
                "{} values of {card} are no card numbers: the rule {rule} makes none of them. {fate} \
                 They are those of {}.",
                self.foreign.count,
                self.foreign.list()
            );
            let remedy = match config.replace {
                Replace::CardNumbers => {
                    "Choose an attribute that nobody uses; clear these values, if they are numbers \
                     of an older rule; or set directory.replace to anything, and they are \
                     overwritten."
                }
                Replace::Anything => "Choose an attribute that nobody uses, if they are of use.",
            };
            findings.push(Finding::new("foreign", Severity::Warning, what).remedy(remedy));
        }
        // Of eight random hex digits all are decimal once in 43 times.
        if self.telephones.any() && self.telephones.count * 4 > self.short_numbers {
            let what = format!(
                "{} values of {card} are eight digits, as card numbers seldom and telephone numbers \
                 often are; they would be replaced by a card. They are those of {}.",
                self.telephones.count,
                self.telephones.list()
            );
            findings.push(Finding::new("telephones", Severity::Warning, what).remedy(
                "Look at them. If they are no cards, choose an attribute that nobody uses.",
            ));
        }
        findings
    }
}

#[cfg(test)]
#[path = "people_test.rs"]
mod tests;
