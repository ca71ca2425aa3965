//! `[directory]` of the configuration file.

use std::{path::PathBuf, time::Duration};

use kazasu_registration::Limits;
use serde::{Deserialize, Deserializer, de::Error};

use crate::{
    people::names,
    wire::server::{Server, TlsMode},
};

/// Which directory, how to reach it, and what to read and write there.
///
/// ```toml
#[doc = include_str!("../example.toml")]
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryConfig {
    /// `false` keeps the section without using it: every call is refused with 089.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What kind of directory it is: decides defaults and how the state of an account is read.
    pub kind: Kind,
    /// Servers in order of preference, `HOST` or `HOST:PORT`; 1 to 8. The host has to be a name
    /// that the server's certificate carries.
    pub servers: Vec<String>,
    /// How TLS begins. There is no way without it.
    #[serde(default)]
    pub tls: TlsMode,
    /// Certificates (PEM) to trust; without it, those that the system trusts.
    pub ca_file: Option<PathBuf>,
    /// This device's own certificate and key (PEM), for servers that ask for one.
    pub client_certificate: Option<ClientCertificateConfig>,
    /// The entry below which people are.
    pub base_dn: String,
    /// How the typed ID becomes the name that is sent to the server.
    pub bind_name: BindName,
    /// The account that looks up cards.
    pub service_account: Option<ServiceAccountConfig>,
    /// Where things stand in a person's entry.
    #[serde(default)]
    pub attributes: AttributesConfig,
    /// Which entries are people: an LDAP filter. By default what fits [`Kind`].
    pub person_filter: Option<String>,
    /// What to do with a value of the card attribute that is no card number of this site.
    #[serde(default)]
    pub replace: Replace,
    /// Whether the site's card numbers are keyed: then everything but 32 upper-case hex digits in
    /// the card attribute is not ours.
    #[serde(default)]
    pub keyed: bool,
    /// What memberships of groups mean.
    #[serde(default)]
    pub groups: GroupsConfig,
    /// Longest time for a connection, its TLS handshake included: 100 to 30000 ms.
    #[serde(default = "connect_timeout_ms")]
    pub connect_timeout_ms: u64,
    /// Longest time for one answer of the server: 100 to 30000 ms.
    #[serde(default = "answer_timeout_ms")]
    pub answer_timeout_ms: u64,
    /// Most connections at a time: 1 to 64.
    #[serde(default = "max_connections")]
    pub max_connections: usize,
}

/// Kinds of directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Active Directory: Windows or Samba.
    ActiveDirectory,
    /// Any other LDAP server.
    Ldap,
}

/// A certificate to show to servers that ask for one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCertificateConfig {
    /// The certificate and those between it and its root (PEM).
    pub certificate_file: PathBuf,
    /// Its private key (PEM).
    pub key_file: PathBuf,
}

/// How the typed ID becomes the name of a simple bind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BindName {
    /// `ID@SUFFIX`, a user principal name: Active Directory only.
    UpnSuffix(String),
    /// A distinguished name in which `{}` stands for the ID.
    DnTemplate(String),
    /// The name of the one entry whose attribute has the ID; the service account looks it up.
    SearchAttribute(String),
}

/// The account that looks up cards, and deletes them for an administrator.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccountConfig {
    /// Its bind name: a distinguished name, or with Active Directory `NAME@SUFFIX`.
    pub name: String,
    /// A file that holds its password and nothing else; one line end at its end does not count.
    pub password_file: PathBuf,
}

/// Names of attributes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttributesConfig {
    /// The user ID: `sAMAccountName`, elsewhere `uid`.
    pub user_id: Option<String>,
    /// The user name: `displayName`.
    pub name: Option<String>,
    /// The mail address: `mail`.
    pub mail: Option<String>,
    /// The card number. No default: which one is safe is the site's decision.
    pub card: Option<String>,
    /// What never changes about an entry: `objectGUID`, elsewhere `entryUUID`.
    pub key: Option<String>,
}

/// Whether values of the card attribute that are not ours are replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Replace {
    /// Only card numbers are; anything else is refused (065).
    #[default]
    CardNumbers,
    /// Whatever stands there is.
    Anything,
}

/// Groups by their distinguished names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupsConfig {
    /// Only members of this group may use the device.
    pub device: Option<String>,
    /// Its members are administrators.
    pub administrators: Option<String>,
    /// Its members administer accounting.
    pub account_administrators: Option<String>,
    /// What members of groups may do; at most 32. Whoever is in several may do what any of them
    /// allows, whoever is in none what new users may (`new-users` of the settings).
    pub features: Vec<FeaturesConfig>,
}

/// What members of a group may do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeaturesConfig {
    /// The group.
    pub group: String,
    /// A list of `copy`, `fax`, `scan`, `print`.
    #[serde(deserialize_with = "features")]
    pub allow: Limits,
}

fn features<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Limits, D::Error> {
    let words = Vec::<String>::deserialize(deserializer)?;
    Limits::allowing(words.iter().map(String::as_str))
        .ok_or_else(|| D::Error::custom("a list of \"copy\", \"fax\", \"scan\", \"print\""))
}

/// Each is asked for at each sign-in.
const FEATURES_MAX: usize = 32;

impl GroupsConfig {
    pub(crate) fn is_empty(&self) -> bool {
        let Self { device, administrators, account_administrators, features } = self;
        device.is_none()
            && administrators.is_none()
            && account_administrators.is_none()
            && features.is_empty()
    }

    /// Every group with the key that names it.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Self { device, administrators, account_administrators, features } = self;
        let single = [
            ("groups.device", device),
            ("groups.administrators", administrators),
            ("groups.account_administrators", account_administrators),
        ];
        let single = single.into_iter().filter_map(|(key, group)| Some((key, group.as_deref()?)));
        single.chain(features.iter().map(|of_group| ("groups.features", of_group.group.as_str())))
    }
}

/// A key of the section and the rule that its value breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("directory.{key}: {rule}")]
pub struct Broken {
    /// The key below `directory`.
    pub key: &'static str,
    /// What it has to be.
    pub rule: String,
}

fn yes() -> bool {
    true
}

fn connect_timeout_ms() -> u64 {
    2000
}

fn answer_timeout_ms() -> u64 {
    5000
}

fn max_connections() -> usize {
    16
}

/// Longest name or filter, in bytes.
const TEXT_MAX: usize = 1024;

impl DirectoryConfig {
    /// Everything that is wrong with the values, without looking at files or the network.
    #[must_use]
    pub fn check(&self) -> Vec<Broken> {
        let mut found = Vec::new();
        let mut rule = |broken: bool, key, rule: &str| {
            if broken {
                found.push(Broken { key, rule: rule.to_owned() });
            }
        };
        rule(!(1..=8).contains(&self.servers.len()), "servers", "1 to 8 servers");
        rule(
            self.servers.iter().any(|text| Server::parse(text, self.tls).is_none()),
            "servers",
            "each is HOST or HOST:PORT, without ldap:// before it; an IPv6 address in brackets",
        );
        rule(!is_text(&self.base_dn), "base_dn", "the distinguished name below which people are");
        match &self.bind_name {
            BindName::UpnSuffix(suffix) => {
                rule(
                    self.kind != Kind::ActiveDirectory,
                    "bind_name",
                    "upn_suffix is for active-directory: choose dn_template or search_attribute",
                );
                rule(
                    !is_text(suffix) || suffix.contains(|c: char| c == '@' || c.is_whitespace()),
                    "bind_name",
                    "upn_suffix is what stands behind the @, without it: example.jp",
                );
            }
            BindName::DnTemplate(template) => {
                rule(
                    !is_text(template) || template.matches("{}").count() != 1,
                    "bind_name",
                    "dn_template has {} once, where the ID goes: uid={},ou=people,dc=example,dc=jp",
                );
                // Or people could sign in whose cards nobody looks for.
                rule(
                    !names::is_below(template, &self.base_dn),
                    "bind_name",
                    "dn_template ends with base_dn",
                );
            }
            BindName::SearchAttribute(attribute) => {
                rule(!is_attribute(attribute), "bind_name", ATTRIBUTE);
                rule(
                    self.service_account.is_none(),
                    "service_account",
                    "search_attribute needs an account that searches",
                );
            }
        }
        rule(
            self.service_account.as_ref().is_some_and(|account| !is_text(&account.name)),
            "service_account",
            "name is the account's bind name",
        );
        let AttributesConfig { user_id, name, mail, card, key } = &self.attributes;
        for (attribute, at) in [
            (user_id, "attributes.user_id"),
            (name, "attributes.name"),
            (mail, "attributes.mail"),
            (card, "attributes.card"),
            (key, "attributes.key"),
        ] {
            rule(attribute.as_ref().is_some_and(|text| !is_attribute(text)), at, ATTRIBUTE);
        }
        let in_use = [self.user_id(), self.name(), self.mail(), self.key()];
        rule(
            card.as_ref().is_some_and(|card| in_use.iter().any(|a| a.eq_ignore_ascii_case(card))),
            "attributes.card",
            "an attribute of its own, that holds nothing else",
        );
        rule(
            !is_text(self.person_filter()) || !names::is_filter(self.person_filter()),
            "person_filter",
            "an LDAP filter: (objectClass=person)",
        );
        for (at, group) in self.groups.all() {
            rule(!is_text(group), at, "the distinguished name of a group");
        }
        rule(
            self.groups.features.len() > FEATURES_MAX,
            "groups.features",
            "at most 32 groups: each is asked for at each sign-in",
        );
        for (ms, at) in [
            (self.connect_timeout_ms, "connect_timeout_ms"),
            (self.answer_timeout_ms, "answer_timeout_ms"),
        ] {
            rule(!(100..=30_000).contains(&ms), at, "100 to 30000 ms");
        }
        rule(!(1..=64).contains(&self.max_connections), "max_connections", "1 to 64");
        found
    }

    pub(crate) fn servers(&self) -> Vec<Server> {
        self.servers.iter().filter_map(|text| Server::parse(text, self.tls)).collect()
    }

    pub(crate) fn user_id(&self) -> &str {
        self.attributes.user_id.as_deref().unwrap_or(match self.kind {
            Kind::ActiveDirectory => "sAMAccountName",
            Kind::Ldap => "uid",
        })
    }

    pub(crate) fn name(&self) -> &str {
        self.attributes.name.as_deref().unwrap_or("displayName")
    }

    pub(crate) fn mail(&self) -> &str {
        self.attributes.mail.as_deref().unwrap_or("mail")
    }

    pub(crate) fn card(&self) -> Option<&str> {
        self.attributes.card.as_deref()
    }

    pub(crate) fn key(&self) -> &str {
        self.attributes.key.as_deref().unwrap_or(match self.kind {
            Kind::ActiveDirectory => "objectGUID",
            Kind::Ldap => "entryUUID",
        })
    }

    pub(crate) fn person_filter(&self) -> &str {
        self.person_filter.as_deref().unwrap_or(match self.kind {
            Kind::ActiveDirectory => "(&(objectCategory=person)(objectClass=user))",
            Kind::Ldap => "(objectClass=person)",
        })
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    pub(crate) fn answer_timeout(&self) -> Duration {
        Duration::from_millis(self.answer_timeout_ms)
    }
}

const ATTRIBUTE: &str = "an attribute's name: letters, digits and -, a letter first, at most 64";

fn is_attribute(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= TEXT_MAX && !text.contains(char::is_control)
}

#[cfg(test)]
#[path = "config_test.rs"]
mod tests;
