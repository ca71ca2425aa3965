//! What the answers mean: pure.

use std::{
    os::unix::fs::PermissionsExt,
    time::{Duration, SystemTime},
};

use kazasu_registration::{CardNumber, CardNumberRule};

use super::{Finding, SetupError, Severity, cause};
use crate::{
    config::DirectoryConfig,
    fault::Fault,
    people::schema::{self, Attribute},
    wire::{server::Server, tls::SOON},
};

/// Kerberos and tokens of one time fail beyond this.
const SKEW: Duration = Duration::from_secs(300);

pub(super) fn setup(error: &SetupError) -> Vec<Finding> {
    match error {
        SetupError::Config(broken) => broken
            .iter()
            .map(|broken| {
                let key = format!("directory.{}", broken.key);
                let cause = cause::setting(key, error.code().as_str(), broken.rule.as_str());
                Finding::new("settings", Severity::Error, cause)
            })
            .collect(),
        SetupError::File(file) => {
            let path = file.path.display().to_string();
            let cause = cause::certificates_unusable(path, file.why.to_string());
            vec![Finding::new("files", Severity::Error, cause)]
        }
    }
}

/// Who else may read the service account's password.
pub(super) fn password_file(config: &DirectoryConfig) -> Vec<Finding> {
    let Some(account) = &config.service_account else { return Vec::new() };
    let path = account.password_file.display().to_string();
    let (severity, cause) = match std::fs::metadata(&account.password_file) {
        Err(error) => (Severity::Error, cause::password_file_unreadable(path, error.to_string())),
        Ok(file) if file.permissions().mode() & 0o077 != 0 => {
            (Severity::Warning, cause::password_file_open(path))
        }
        Ok(_) => (Severity::Fine, cause::password_file_fine(path)),
    };
    vec![Finding::new("password-file", severity, cause)]
}

pub(super) fn unreachable(server: &Server, fault: Fault) -> Finding {
    let word = match fault {
        Fault::Unresolved => "name",
        Fault::Tls(_) => "certificate",
        _ => "connection",
    };
    let error = fault.at(server);
    Finding::new(word, Severity::Error, cause::unreachable(error.code.as_str(), error.message))
}

pub(super) fn certificate(server: &Server, until: Option<SystemTime>, now: SystemTime) -> Finding {
    match until {
        Some(until) if until < now + SOON => {
            let days = until.duration_since(now).unwrap_or_default().as_secs() / (24 * 3600);
            let ends = cause::certificate_ends(server.to_string(), days);
            Finding::new("certificate", Severity::Warning, ends)
        }
        _ => Finding::fine("certificate", cause::certificate_fine(server.to_string())),
    }
}

pub(super) fn clock(
    server: &Server,
    theirs: Option<SystemTime>,
    now: SystemTime,
) -> Option<Finding> {
    let theirs = theirs?;
    let apart = theirs.duration_since(now).or_else(|_| now.duration_since(theirs));
    let apart = apart.unwrap_or_default();
    Some(if apart > SKEW {
        let apart = cause::clock_apart(server.to_string(), apart.as_secs());
        Finding::new("clock", Severity::Warning, apart)
    } else {
        Finding::fine("clock", cause::clock_fine(server.to_string()))
    })
}

/// What the schema says about the attributes; `None` where it cannot be read.
pub(super) fn attributes(
    config: &DirectoryConfig,
    rule: &CardNumberRule,
    found: Option<&[Attribute]>,
) -> Vec<Finding> {
    let Some(found) = found else {
        return vec![Finding::new("schema", Severity::Note, cause::schema_hidden())];
    };
    let has = |name: &str| found.iter().find(|a| a.name.eq_ignore_ascii_case(name));
    let mut findings = Vec::new();
    for name in schema::in_use(config) {
        if has(name).is_none() {
            findings.push(Finding::new("schema", Severity::Error, cause::schema_lacks(name)));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::fine("schema", cause::schema_fine()));
    }
    let Some(card) = config.card() else {
        let none = cause::card_attribute_none();
        findings.push(Finding::new("card-attribute", Severity::Note, none));
        return findings;
    };
    if let Some(attribute) = has(card) {
        findings.extend(card_attribute(attribute, is_keyed(config, rule)));
    }
    findings
}

/// Whether numbers of cards say nothing about the cards.
fn is_keyed(config: &DirectoryConfig, rule: &CardNumberRule) -> bool {
    config.keyed || *rule == CardNumberRule::Keyed
}

fn card_attribute(attribute: &Attribute, is_keyed: bool) -> Vec<Finding> {
    /// Hex digits of the longest identifier of a card, 10 bytes.
    const PLAIN: u32 = 20;
    let name = attribute.name.as_str();
    let mut findings = Vec::new();
    if !attribute.text {
        let cause = cause::card_attribute_no_text(name);
        findings.push(Finding::new("card-attribute", Severity::Error, cause));
    }
    let needed = if is_keyed { u32::from(CardNumber::MAX) } else { PLAIN };
    findings.push(match attribute.max {
        Some(max) if max < needed => {
            Finding::new("card-length", Severity::Error, cause::card_too_long(name, max, needed))
        }
        _ => Finding::fine("card-length", cause::card_length_fine(name)),
    });
    findings.push(if attribute.single {
        Finding::fine("card-values", cause::card_values_one(name))
    } else {
        Finding::new("card-values", Severity::Note, cause::card_values_several(name))
    });
    let (severity, cause) = match attribute.indexed {
        Some(true) => (Severity::Fine, cause::card_index_fine(name)),
        Some(false) => (Severity::Warning, cause::card_index_missing(name)),
        None => (Severity::Note, cause::card_index_unknown(name)),
    };
    findings.push(Finding::new("card-index", severity, cause));
    findings
}

pub(super) fn group(key: &str, group: &str, is_there: bool) -> Finding {
    if is_there {
        return Finding::fine("group", cause::group_fine(key, group));
    }
    Finding::new("group", Severity::Error, cause::group_missing(key, group))
}

/// What is known of who may read and write card numbers; `None` for what is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rights {
    /// A person writes their own.
    pub(super) writes_own: Option<bool>,
    /// A person reads others'.
    pub(super) reads_others: Option<bool>,
    /// The service account writes others'.
    pub(super) service_writes: Option<bool>,
}

pub(super) fn rights(
    config: &DirectoryConfig,
    rule: &CardNumberRule,
    rights: Rights,
) -> Vec<Finding> {
    let is_keyed = is_keyed(config, rule);
    let Some(card) = config.card() else { return Vec::new() };
    let (severity, cause) = match rights.writes_own {
        Some(true) => (Severity::Fine, cause::write_own_fine(card)),
        Some(false) => (Severity::Error, cause::write_own_denied(card)),
        None => (Severity::Note, cause::write_own_untried(card)),
    };
    let mut findings = vec![Finding::new("write-own", severity, cause)];
    let (severity, cause) = match rights.reads_others {
        Some(false) => (Severity::Fine, cause::read_others_fine(card)),
        Some(true) if is_keyed => (Severity::Warning, cause::read_others_keyed(card)),
        Some(true) => (Severity::Warning, cause::read_others_plain(card)),
        None => (Severity::Note, cause::read_others_unknown(card)),
    };
    findings.push(Finding::new("read-others", severity, cause));
    findings.extend(rights.service_writes.map(|may| match may {
        true => Finding::fine("delete", cause::delete_fine(card)),
        false => Finding::new("delete", Severity::Note, cause::delete_denied(card)),
    }));
    findings
}

#[cfg(test)]
#[path = "judge_test.rs"]
mod tests;
