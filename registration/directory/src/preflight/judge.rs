//! What the answers mean: pure.

use std::{
    os::unix::fs::PermissionsExt,
    time::{Duration, SystemTime},
};

use kazasu_registration::{CardNumber, CardNumberRule};
use kazasu_service::DirectoryError;

use super::{Finding, SetupError, Severity};
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
                Finding::new(
                    "settings",
                    Severity::Error,
                    format!("{key} cannot be used (error {}).", error.code()),
                )
                .remedy(format!("Set {key} to {}.", broken.rule))
            })
            .collect(),
        SetupError::File(file) => {
            let what = format!(
                "The certificates in {} cannot be used: {}.",
                file.path.display(),
                file.why
            );
            vec![
                Finding::new("files", Severity::Error, what)
                    .remedy("Give a file of PEM certificates that this program may read."),
            ]
        }
    }
}

/// Who else may read the service account's password.
pub(super) fn password_file(config: &DirectoryConfig) -> Vec<Finding> {
    let Some(account) = &config.service_account else { return Vec::new() };
    let shown = account.password_file.display();
    let finding = match std::fs::metadata(&account.password_file) {
        Err(error) => Finding::new(
            "password-file",
            Severity::Error,
            format!("The password file {shown} cannot be read: {error}."),
        )
        .remedy("Write the service account's password into it."),
        Ok(file) if file.permissions().mode() & 0o077 != 0 => Finding::new(
            "password-file",
            Severity::Warning,
            format!("Others on this device may read the password file {shown}."),
        )
        .remedy(format!("chmod 600 {shown}")),
        Ok(_) => Finding::fine("password-file", format!("Only its owner reads {shown}.")),
    };
    vec![finding]
}

pub(super) fn unreachable(server: &Server, fault: Fault) -> Finding {
    let word = match fault {
        Fault::Unresolved => "name",
        Fault::Tls(_) => "certificate",
        _ => "connection",
    };
    let error = fault.at(server);
    Finding::new(word, Severity::Error, format!("{}.", error.message))
        .remedy(format!("Error {} tells more.", error.code))
}

pub(super) fn certificate(server: &Server, until: Option<SystemTime>, now: SystemTime) -> Finding {
    match until {
        Some(until) if until < now + SOON => {
            let days = until.duration_since(now).unwrap_or_default().as_secs() / (24 * 3600);
            let what = format!("The certificate of {server} ends in {days} days (fault 016-524).");
            Finding::new("certificate", Severity::Warning, what).remedy("Renew it.")
        }
        _ => Finding::fine(
            "certificate",
            format!("{server} is reached, and its certificate is good."),
        ),
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
        let seconds = apart.as_secs();
        let what = format!("The clocks of {server} and of this device are {seconds} s apart.");
        Finding::new("clock", Severity::Warning, what)
            .remedy("Let both take the time from the same server.")
    } else {
        Finding::fine("clock", format!("The clock of {server} agrees with this device's."))
    })
}

pub(super) fn failed(word: &'static str, error: &DirectoryError, remedy: &str) -> Finding {
    let what = format!("Error {}: {}.", error.code, error.message);
    Finding::new(word, Severity::Error, what).remedy(remedy)
}

/// What the schema says about the attributes; `None` where it cannot be read.
pub(super) fn attributes(
    config: &DirectoryConfig,
    rule: &CardNumberRule,
    found: Option<&[Attribute]>,
) -> Vec<Finding> {
    let Some(found) = found else {
        let what = "The server does not show its schema, so the attributes were not looked at.";
        return vec![Finding::new("schema", Severity::Note, what)];
    };
    let has = |name: &str| found.iter().find(|a| a.name.eq_ignore_ascii_case(name));
    let mut findings = Vec::new();
    for name in schema::in_use(config) {
        if has(name).is_none() {
            let what = format!("There is no attribute {name} in the schema.");
            findings.push(
                Finding::new("schema", Severity::Error, what)
                    .remedy("Correct directory.attributes, or extend the schema."),
            );
        }
    }
    if findings.is_empty() {
        findings.push(Finding::fine("schema", "The schema has all attributes."));
    }
    let Some(card) = config.card() else {
        let what = "No attribute is set for card numbers: they cannot be kept in the directory.";
        findings.push(
            Finding::new("card-attribute", Severity::Note, what)
                .remedy("Set directory.attributes.card, if they are to be."),
        );
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
    let name = &attribute.name;
    let mut findings = Vec::new();
    if !attribute.text {
        let what = format!("Values of {name} are not text, so it cannot hold card numbers.");
        findings.push(
            Finding::new("card-attribute", Severity::Error, what)
                .remedy("Choose another attribute."),
        );
    }
    let needed = if is_keyed { u32::from(CardNumber::MAX) } else { PLAIN };
    match attribute.max {
        Some(max) if max < needed => {
            let what = format!("{name} holds {max} characters, card numbers have up to {needed}.");
            findings.push(
                Finding::new("card-length", Severity::Error, what)
                    .remedy("Choose a longer attribute, or a shorter rule of card numbers."),
            );
        }
        _ => findings.push(Finding::fine("card-length", format!("{name} is long enough."))),
    }
    findings.push(if attribute.single {
        Finding::fine("card-values", format!("{name} has one value, so a person has one card."))
    } else {
        let what =
            format!("{name} can have several values; registering a card leaves one of them.");
        Finding::new("card-values", Severity::Note, what)
    });
    findings.push(match attribute.indexed {
        Some(true) => Finding::fine("card-index", format!("{name} is indexed.")),
        Some(false) => Finding::new(
            "card-index",
            Severity::Warning,
            format!("{name} is not indexed: each tap reads through the whole directory."),
        )
        .remedy("Index the attribute (searchFlags), or choose one that is."),
        None => Finding::new(
            "card-index",
            Severity::Note,
            format!("The server does not tell whether {name} is indexed."),
        )
        .remedy("Make sure that it has an equality index."),
    });
    findings
}

pub(super) fn group(key: &str, group: &str, is_there: bool) -> Finding {
    if is_there {
        return Finding::fine("group", format!("directory.{key}: {group} is there."));
    }
    let what = format!("directory.{key}: {group} is not in the directory, as far as may be seen.");
    Finding::new("group", Severity::Error, what).remedy("Correct it, or permit reading the group.")
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
    let mut findings = Vec::new();
    findings.push(match rights.writes_own {
        Some(true) => Finding::fine("write-own", format!("People may write their own {card}.")),
        Some(false) => Finding::new(
            "write-own",
            Severity::Error,
            format!("People may not write their own {card}, so they cannot register a card (050)."),
        )
        .remedy(format!("Grant SELF read and write on {card}.")),
        None => Finding::new(
            "write-own",
            Severity::Note,
            format!("Whether people may write their own {card} was not tried."),
        )
        .remedy("Run the check with a person's ID and password."),
    });
    match rights.reads_others {
        Some(false) => {
            findings
                .push(Finding::fine("read-others", format!("People do not see others' {card}.")));
        }
        Some(true) => {
            let what = if is_keyed {
                format!(
                    "Anybody can read others' {card}. No card can be made from it, but anybody who \
                     may write it can block a colleague's card with a copy (083)."
                )
            } else {
                format!(
                    "Anybody can read others' {card}, and cards with such numbers can be made; \
                     anybody who may write it can block a colleague's card with a copy (083)."
                )
            };
            let mut remedy =
                format!("Deny reading {card} to everybody but SELF and the service account");
            if !is_keyed {
                remedy.push_str(
                    ", and choose keyed card numbers (card.number=keyed, directory.keyed)",
                );
            }
            remedy.push('.');
            findings.push(Finding::new("read-others", Severity::Warning, what).remedy(remedy));
        }
        None => findings.push(
            Finding::new(
                "read-others",
                Severity::Note,
                format!("Whether people see others' {card} could not be told."),
            )
            .remedy("Run the check with a person's ID, once somebody has a card."),
        ),
    }
    match rights.service_writes {
        Some(true) => findings.push(Finding::fine(
            "delete",
            format!(
                "The service account may write people's {card}: administrators can delete cards."
            ),
        )),
        Some(false) => findings.push(
            Finding::new(
                "delete",
                Severity::Note,
                format!("The service account may not write people's {card}."),
            )
            .remedy("Delete cards with the directory's own tools, or grant it."),
        ),
        None => {}
    }
    findings
}

#[cfg(test)]
#[path = "judge_test.rs"]
mod tests;
