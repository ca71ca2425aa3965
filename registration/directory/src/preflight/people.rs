//! What stands in people's entries: pure.

use std::collections::{BTreeSet, HashMap};

use kazasu_registration::{CardNumberRule, ErrorCode, NameKey, UserName};

use super::{Finding, Severity, cause};
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

    fn told(&self) -> (String, bool) {
        told(self.first.iter().map(String::as_str), self.count)
    }
}

/// The first names, and whether there are others: values that one person has several of are counted
/// too, so that the rest is no number of people.
fn told<'a>(names: impl Iterator<Item = &'a str>, count: usize) -> (String, bool) {
    let names: Vec<_> = names.take(NAMED_MAX).collect();
    (names.join(", "), count > names.len())
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
            findings.push(Finding::new("duplicates", Severity::Note, cause::cards_in_part()));
        }
        findings
    }

    fn names(&self, config: &DirectoryConfig) -> Vec<Finding> {
        let mut findings = Vec::new();
        let (id, name, mail) = (config.user_id(), config.name(), config.mail());
        if self.id_broken.any() {
            let (names, more) = self.id_broken.told();
            let cause = cause::ids_broken(self.id_broken.count, id, names, more);
            findings.push(Finding::new("user-ids", Severity::Warning, cause));
        }
        let mut same: Vec<_> = self.ids.values().filter(|named| named.count > 1).collect();
        same.sort_by(|a, b| a.first.cmp(&b.first));
        if !same.is_empty() {
            let names = same.iter().flat_map(|named| &named.first).map(String::as_str);
            let count = same.iter().map(|named| named.count).sum();
            let (names, more) = told(names, count);
            let cause = cause::ids_same(count, id, names, more);
            findings.push(Finding::new("user-ids", Severity::Error, cause));
        }
        if self.field_broken.any() {
            let (names, more) = self.field_broken.told();
            let cause = cause::fields_broken(self.field_broken.count, name, mail, names, more);
            findings.push(Finding::new("names", Severity::Warning, cause));
        }
        if self.cut.any() {
            let (names, more) = self.cut.told();
            let cause = cause::names_cut(self.cut.count, name, UserName::MAX, names, more);
            findings.push(Finding::new("names", Severity::Note, cause));
        }
        findings
    }

    fn cards(&self, card: &str, config: &DirectoryConfig, rule: &CardNumberRule) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut twice: Vec<_> = self.holders.values().filter(|named| named.count > 1).collect();
        twice.sort_by(|a, b| a.first.cmp(&b.first));
        findings.push(if twice.is_empty() {
            Finding::fine("duplicates", cause::cards_fine(self.holders.len()))
        } else {
            let names = twice.iter().flat_map(|named| &named.first).map(String::as_str);
            let (names, more) = told(names, twice.iter().map(|named| named.count).sum());
            let cause = cause::cards_twice(twice.len(), card, names, more);
            Finding::new("duplicates", Severity::Error, cause)
        });
        if self.foreign.any() {
            let (names, more) = self.foreign.told();
            let (count, rule) = (self.foreign.count, rule.to_string());
            let cause = match config.replace {
                Replace::CardNumbers => cause::foreign_kept(count, card, rule, names, more),
                Replace::Anything => cause::foreign_lost(count, card, rule, names, more),
            };
            findings.push(Finding::new("foreign", Severity::Warning, cause));
        }
        // Of eight random hex digits all are decimal once in 43 times.
        if self.telephones.any() && self.telephones.count * 4 > self.short_numbers {
            let (names, more) = self.telephones.told();
            let cause = cause::telephones(self.telephones.count, card, names, more);
            findings.push(Finding::new("telephones", Severity::Warning, cause));
        }
        findings
    }
}

#[cfg(test)]
#[path = "people_test.rs"]
mod tests;
