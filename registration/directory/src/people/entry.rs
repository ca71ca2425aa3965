//! An entry of the directory, and the person it is.

use std::{fmt, time::SystemTime};

use kazasu_registration::{
    CardNumber, CardNumberRule, ErrorCode, MailAddress, UserId, UserName, tidied,
};
use kazasu_service::{DirectoryError, Person, Rights};
use ldap3::SearchEntry;

use crate::{
    config::{DirectoryConfig, Kind},
    fault::failed,
    wire::time::file_time,
};

/// What never changes about an entry, whatever it is called.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct EntryKey(Vec<u8>);

impl fmt::Debug for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EntryKey(..)")
    }
}

/// An entry with the attributes that were asked for. Its `Debug` shows nothing of them.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) dn: String,
    /// Names in lower case, and the values.
    attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entry(..)")
    }
}

impl From<SearchEntry> for Entry {
    fn from(entry: SearchEntry) -> Self {
        let texts = entry.attrs.into_iter().map(|(name, values)| {
            (name, values.into_iter().map(String::into_bytes).collect::<Vec<_>>())
        });
        // An attribute that has both kinds of values is among the binary ones, whole.
        let attributes = texts.chain(entry.bin_attrs);
        let attributes = attributes.map(|(name, values)| (name.to_ascii_lowercase(), values));
        Self { dn: entry.dn, attributes: attributes.collect() }
    }
}

impl Entry {
    /// The values of an attribute.
    pub(crate) fn values(&self, attribute: &str) -> &[Vec<u8>] {
        let found = self.attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute));
        found.map_or(&[], |(_, values)| values)
    }

    /// Its first value, where that is text.
    pub(crate) fn text(&self, attribute: &str) -> Option<&str> {
        std::str::from_utf8(self.values(attribute).first()?).ok()
    }

    /// All values that are text.
    pub(crate) fn texts(&self, attribute: &str) -> Vec<&str> {
        self.values(attribute).iter().filter_map(|value| std::str::from_utf8(value).ok()).collect()
    }

    pub(crate) fn key(&self, config: &DirectoryConfig) -> Result<EntryKey, DirectoryError> {
        let key = self.values(config.key()).first().filter(|key| !key.is_empty());
        key.map(|key| EntryKey(key.clone())).ok_or_else(|| {
            let what = format!("the entry shows no {}: set directory.attributes.key", config.key());
            failed(ErrorCode::DirectoryNoSuchAttribute, what)
        })
    }

    /// The card attribute's values: those that the site's rule can have made, and the others, which
    /// are telephone numbers and whatever else people keep there.
    pub(crate) fn cards(&self, config: &DirectoryConfig, rule: &CardNumberRule) -> Cards {
        let values = config.card().map_or(&[] as &[Vec<u8>], |card| self.values(card));
        let mut cards = Cards::default();
        for value in values {
            let text = std::str::from_utf8(value).ok();
            let number = text.and_then(|text| rule.reading(text));
            match number.filter(|number| !config.keyed || is_keyed(number)) {
                Some(number) => cards.ours.push(Card { number, value: value.clone() }),
                None => cards.foreign.push(value.clone()),
            }
        }
        cards
    }

    /// The person, by the rules of a registration, without what their groups say.
    pub(crate) fn person(
        &self,
        config: &DirectoryConfig,
        rule: &CardNumberRule,
    ) -> Result<Person, DirectoryError> {
        let broken = |attribute: &str, code, why: &dyn fmt::Display| {
            failed(code, format!("attribute {attribute} of the entry cannot be used: {why}"))
        };
        let id = self.text(config.user_id()).filter(|id| !id.is_empty()).ok_or_else(|| {
            let what = format!("the entry has no value in {}", config.user_id());
            failed(ErrorCode::DirectoryUserIdEmpty, what)
        })?;
        let id = UserId::new(&tidied(id))
            .map_err(|why| broken(config.user_id(), ErrorCode::UserIdRule, &why))?;
        let name = match self.text(config.name()).unwrap_or_default().trim() {
            "" => UserName::or_id("", &id).map(|name| (name, false)),
            text => UserName::shortened(text),
        };
        let (name, is_cut) =
            name.map_err(|why| broken(config.name(), ErrorCode::FieldRule, &why))?;
        if is_cut {
            tracing::info!(user = %id, "a name of the directory is too long here: its beginning is shown");
        }
        let mail = self.text(config.mail()).filter(|mail| !mail.is_empty());
        let mail = mail
            .map(MailAddress::new)
            .transpose()
            .map_err(|why| broken(config.mail(), ErrorCode::FieldRule, &why))?;
        let card = self.cards(config, rule).ours.into_iter().next().map(|card| card.number);
        Ok(Person { id, name, mail, card, rights: Rights::default() })
    }

    /// Whether the account may be used at all, for a sign-in that the server does not check: with
    /// a card alone. A password that has expired does no harm there.
    pub(crate) fn check_account(
        &self,
        config: &DirectoryConfig,
        now: SystemTime,
    ) -> Result<(), DirectoryError> {
        let refused = |code, what: &str| Err(failed(code, format!("the account {what}")));
        match config.kind {
            Kind::ActiveDirectory => {
                let number = |attribute| self.text(attribute).and_then(|text| text.parse().ok());
                let Some(control): Option<i64> = number(CONTROL) else {
                    let what = format!("does not show {CONTROL}: permit reading it");
                    return refused(ErrorCode::DirectoryPasswordUnreadable, &what);
                };
                let computed: i64 = number(CONTROL_COMPUTED).unwrap_or(0);
                let expires: i64 = number(EXPIRES).unwrap_or(0);
                if control & DISABLED != 0 {
                    refused(ErrorCode::DirectoryAccountDisabled, "is disabled")
                } else if file_time(expires).is_some_and(|end| end <= now) {
                    refused(ErrorCode::DirectoryAccountExpired, "has expired")
                } else if computed & LOCKED_OUT != 0 {
                    refused(ErrorCode::DirectoryAccountLocked, "is locked out")
                } else {
                    Ok(())
                }
            }
            Kind::Ldap => {
                if self.text(NETSCAPE_LOCK).is_some_and(|text| text.eq_ignore_ascii_case("true")) {
                    refused(ErrorCode::DirectoryAccountDisabled, "is disabled")
                } else if self.text(POLICY_LOCKED) == Some(LOCKED_FOR_GOOD) {
                    refused(ErrorCode::DirectoryAccountLocked, "is locked by an administrator")
                } else {
                    Ok(())
                }
            }
        }
    }
}

/// Attributes that tell the state of an account: [MS-ADTS] section 2.2.16 and section 3.1.1.4.5.17.
const CONTROL: &str = "userAccountControl";
const CONTROL_COMPUTED: &str = "msDS-User-Account-Control-Computed";
const EXPIRES: &str = "accountExpires";
const DISABLED: i64 = 0x2;
const LOCKED_OUT: i64 = 0x10;
/// 389 Directory Server's.
const NETSCAPE_LOCK: &str = "nsAccountLock";
/// OpenLDAP's password policy; other times are of locks that end by themselves.
const POLICY_LOCKED: &str = "pwdAccountLockedTime";
const LOCKED_FOR_GOOD: &str = "000001010000Z";

/// Who the entry is to the server's access control.
pub(crate) const SID: &str = "objectSid";

/// Everything that is read of a person's entry.
pub(crate) fn attributes(config: &DirectoryConfig) -> Vec<String> {
    let own = [config.user_id(), config.name(), config.mail(), config.key()];
    let state: &[&str] = match config.kind {
        Kind::ActiveDirectory => &[CONTROL, CONTROL_COMPUTED, EXPIRES, SID],
        Kind::Ldap => &[NETSCAPE_LOCK, POLICY_LOCKED],
    };
    own.into_iter().chain(config.card()).chain(state.iter().copied()).map(str::to_owned).collect()
}

/// What stands in a card attribute.
#[derive(Clone, Default)]
pub(crate) struct Cards {
    pub(crate) ours: Vec<Card>,
    pub(crate) foreign: Vec<Vec<u8>>,
}

/// A value that is a card number.
#[derive(Clone)]
pub(crate) struct Card {
    /// As the site's rule spells it.
    pub(crate) number: CardNumber,
    /// As it stands there: case and blanks may differ.
    pub(crate) value: Vec<u8>,
}

impl Cards {
    pub(crate) fn has(&self, number: &CardNumber, rule: &CardNumberRule) -> bool {
        let number = rule.reading(number.as_str());
        self.ours.iter().any(|card| Some(&card.number) == number.as_ref())
    }
}

/// Whether a number could be of the keyed form.
pub(crate) fn is_keyed(number: &CardNumber) -> bool {
    let text = number.as_str().as_bytes();
    text.len() == 32 && text.iter().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'))
}

#[cfg(test)]
#[path = "entry_test.rs"]
mod tests;
