use std::{fmt, time::SystemTime};

use kazasu_hal::words;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    CardNumber, Field, FieldError, NameKey, Password, PasswordOwner, Rule, Site, Unit,
    name::beginning,
    rule::{Text, check_name},
    tidied,
};

/// The name a registered person signs in with (S10-4-01), as it is spelled. Two that differ in case
/// or blanks alone are equal by their [`key`](UserId::key) only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserId(String);

impl UserId {
    /// Longest, in characters.
    pub const MAX: u16 = 32;
    /// Signs that no user ID contains.
    pub const FORBIDDEN: &str = "\"+;<>?[]`{|}:#()\\,*/=";

    /// Takes the user ID of a new user. Reserved words are the settings' matter
    /// ([`ReservedIds`](crate::ReservedIds)), the numbers of cards the store's.
    ///
    /// # Errors
    /// The rule it breaks.
    pub fn new(text: &str) -> Result<Self, FieldError> {
        let id = Self::stored(text)?;
        if text.trim().len() != text.len() {
            return Err(Field::UserId.broke(Rule::Blanks));
        }
        Ok(id)
    }

    /// Takes an ID back that was stored: those of older versions may begin or end with a blank.
    ///
    /// # Errors
    /// The rule it breaks.
    pub fn stored(text: &str) -> Result<Self, FieldError> {
        check_name(text, Self::MAX, Self::FORBIDDEN).map_err(|rule| Field::UserId.broke(rule))?;
        Ok(Self(text.to_owned()))
    }

    /// Takes what somebody typed to be found by: as it is where an ID may be spelled so, else
    /// [`tidied`].
    ///
    /// # Errors
    /// The rule it breaks however it is tidied.
    pub fn typed(text: &str) -> Result<Self, FieldError> {
        Self::stored(text).or_else(|broken| match tidied(text).as_str() {
            "" => Err(broken),
            tidied => Self::stored(tidied),
        })
    }

    /// Takes what somebody typed to be found by in a directory: `DOMAIN\name`, which other programs
    /// ask for, is the name. The yen sign is the backslash of Japanese keyboards.
    ///
    /// # Errors
    /// The rule it breaks.
    pub fn typed_at_directory(text: &str) -> Result<Self, FieldError> {
        let seen = tidied(text);
        match seen.rsplit_once(['\\', '\u{A5}']) {
            Some((domain, name)) if !domain.is_empty() => Self::typed(name),
            _ => Self::typed(text),
        }
    }

    /// What all spellings of this ID have in common.
    #[must_use]
    pub fn key(&self) -> NameKey {
        NameKey::of(&self.0)
    }

    /// The ID in the one spelling that wrong passwords are counted by, whichever was typed.
    #[must_use]
    pub fn folded(&self) -> Self {
        Self(self.key().as_str().to_owned())
    }

    /// The ID without blanks that nobody means, its case kept: for whoever compares for itself.
    #[must_use]
    pub fn tidied(&self) -> Self {
        Self(tidied(&self.0))
    }

    /// The ID.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for UserId {
    type Error = FieldError;

    fn try_from(text: String) -> Result<Self, FieldError> {
        Self::stored(&text)
    }
}

impl From<UserId> for String {
    fn from(id: UserId) -> Self {
        id.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a record is found by: a person's user ID, or the card number of a provisional user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UserKey {
    /// A person.
    Registered(UserId),
    /// A card that nobody has registered yet.
    Provisional(CardNumber),
}

impl UserKey {
    /// What a typed text can mean, the person first: most texts that can be a user ID can be a card
    /// number too, depending on the site's rule. Hex digits are read in upper case as well, which
    /// is how the rule writes them that is set where nobody chose one.
    #[must_use]
    pub fn readings(text: &str) -> Vec<Self> {
        let person = UserId::typed(text).ok().map(Self::Registered);
        let upper = Some(text.to_ascii_uppercase())
            .filter(|upper| CardNumber::has_shape(text) && upper != text);
        let cards = [Some(text), upper.as_deref()].into_iter().flatten();
        let cards = cards.filter_map(CardNumber::from_text).map(Self::Provisional);
        person.into_iter().chain(cards).collect()
    }

    /// The text: for the store and for administrators, never for logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Registered(id) => id.as_str(),
            Self::Provisional(number) => number.as_str(),
        }
    }
}

impl From<UserId> for UserKey {
    fn from(id: UserId) -> Self {
        Self::Registered(id)
    }
}

/// The name shown to people (S10-4-06): 1 to 32 bytes of UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(String);

impl UserName {
    /// Longest, in bytes.
    pub const MAX: u16 = 32;

    const RULES: Text =
        Text { min: 1, max: Self::MAX, unit: Unit::Bytes, ascii: false, may_be_spaces: false };

    /// Takes a name.
    ///
    /// # Errors
    /// The rule it breaks.
    pub fn new(text: &str) -> Result<Self, FieldError> {
        Self::RULES.check(text).map_err(|rule| Field::UserName.broke(rule))?;
        Ok(Self(text.to_owned()))
    }

    /// Takes a name that somebody typed, which may have been left empty: what nobody sees in it, such
    /// as a sign that turns the direction of writing, is refused. Names that are stored, or a
    /// directory's, are taken with it.
    ///
    /// # Errors
    /// The rule it breaks.
    pub fn typed_or_id(text: &str, id: &UserId) -> Result<Self, FieldError> {
        match text.chars().find(|sign| is_unseen(*sign)) {
            Some(sign) => Err(Field::UserName.broke(Rule::Forbidden(sign))),
            None => Self::or_id(text, id),
        }
    }

    /// The name with what nobody sees in it shown as `\u{202e}`.
    #[must_use]
    pub fn shown(&self) -> String {
        let mut text = String::with_capacity(self.0.len());
        for sign in self.0.chars() {
            if is_unseen(sign) {
                text.extend(sign.escape_unicode());
            } else {
                text.push(sign);
            }
        }
        text
    }

    /// Takes a name that may have been left empty: then it is a copy of the user ID.
    ///
    /// # Errors
    /// The rule it breaks.
    pub fn or_id(text: &str, id: &UserId) -> Result<Self, FieldError> {
        if text.is_empty() { Ok(Self(id.as_str().to_owned())) } else { Self::new(text) }
    }

    /// The longest beginning of a name that is not too long, cut between two characters, and
    /// whether anything was cut off: what a directory calls a person may be as long as it likes.
    ///
    /// # Errors
    /// The rule it breaks, however short it is.
    pub fn shortened(text: &str) -> Result<(Self, bool), FieldError> {
        let (kept, is_cut) = beginning(text, Self::MAX.into());
        Ok((Self::new(kept)?, is_cut))
    }

    /// The default name of provisional users: "provisionally registered user" in Japanese.
    pub(crate) fn provisional() -> Self {
        Self("仮登録ユーザー".to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Format characters that people neither see nor mean: marks that turn the direction of writing, line
/// and paragraph separators, blanks without width, tags. Joiners stay, since scripts need them.
fn is_unseen(sign: char) -> bool {
    matches!(
        sign,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
            | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}'
    )
}

impl TryFrom<String> for UserName {
    type Error = FieldError;

    fn try_from(text: String) -> Result<Self, FieldError> {
        Self::new(&text)
    }
}

impl From<UserName> for String {
    fn from(name: UserName) -> Self {
        name.0
    }
}

/// A mail address (S10-4-07): 1 to 128 printable ASCII characters. Its form is not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailAddress(String);

impl MailAddress {
    /// Longest, in characters.
    pub const MAX: u16 = 128;

    /// Takes an address.
    ///
    /// # Errors
    /// The rule it breaks.
    pub fn new(text: &str) -> Result<Self, FieldError> {
        let rules = Text {
            min: 1,
            max: Self::MAX,
            unit: Unit::Characters,
            ascii: true,
            may_be_spaces: false,
        };
        rules.check(text).map_err(|rule| Field::Mail.broke(rule))?;
        Ok(Self(text.to_owned()))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a user may do with the device besides signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// May copy.
    pub copy: bool,
    /// May fax.
    pub fax: bool,
    /// May scan.
    pub scan: bool,
    /// May print.
    pub print: bool,
}

impl Default for Limits {
    /// S10-4-09: not limited.
    fn default() -> Self {
        Self::ALLOW_ALL
    }
}

impl Limits {
    /// Nothing: provisional users, so that a lost card nobody registered is worth nothing.
    pub const FORBID_ALL: Self = Self { copy: false, fax: false, scan: false, print: false };
    /// Everything: registered users (S10-4-09).
    pub const ALLOW_ALL: Self = Self { copy: true, fax: true, scan: true, print: true };

    /// These features and no others: `copy`, `fax`, `scan`, `print`; `None` for any other word.
    #[must_use]
    pub fn allowing<'a>(features: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        features.into_iter().try_fold(Self::FORBID_ALL, |limits, feature| match feature {
            "copy" => Some(Self { copy: true, ..limits }),
            "fax" => Some(Self { fax: true, ..limits }),
            "scan" => Some(Self { scan: true, ..limits }),
            "print" => Some(Self { print: true, ..limits }),
            _ => None,
        })
    }

    /// What at least one of the two allows.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            copy: self.copy || other.copy,
            fax: self.fax || other.fax,
            scan: self.scan || other.scan,
            print: self.print || other.print,
        }
    }
}

impl Limits {
    fn words(self) -> [(&'static str, bool); 4] {
        [
            ("no-copy", self.copy),
            ("no-fax", self.fax),
            ("no-scan", self.scan),
            ("no-print", self.print),
        ]
    }

    /// The text form: what is forbidden, `no-copy no-print`; empty where nothing is.
    #[must_use]
    pub fn to_text(self) -> String {
        let forbidden = self.words().into_iter().filter(|(_, may)| !may).map(|(word, _)| word);
        forbidden.collect::<Vec<_>>().join(" ")
    }

    /// Reads the text form back; `None` for any other word.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        text.split_whitespace().try_fold(Self::ALLOW_ALL, |limits, word| match word {
            "no-copy" => Some(Self { copy: false, ..limits }),
            "no-fax" => Some(Self { fax: false, ..limits }),
            "no-scan" => Some(Self { scan: false, ..limits }),
            "no-print" => Some(Self { print: false, ..limits }),
            _ => None,
        })
    }
}

words! {
    /// What a user is to the device (S10-4-08).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum Role {
        /// Uses it.
        #[default]
        General = "general",
        /// Administers it.
        Administrator = "administrator",
        /// Administers accounting only.
        AccountAdministrator = "account-administrator",
    }
}

/// A new user as an administrator typed it or an import held it: not checked yet.
#[derive(Clone, Default)]
pub struct UserEntry {
    /// User ID.
    pub user_id: String,
    /// User name; empty for a copy of the user ID.
    pub name: String,
    /// Mail address; empty for none.
    pub mail: String,
    /// Password; `None` for a user who has none. An empty one is refused.
    pub password: Option<Zeroizing<String>>,
}

impl fmt::Debug for UserEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserEntry")
            .field("user_id", &self.user_id)
            .field("name", &self.name)
            .field("mail", &self.mail)
            .finish_non_exhaustive()
    }
}

/// A new user that keeps every rule.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// User ID.
    pub id: UserId,
    /// User name.
    pub name: UserName,
    /// Mail address.
    pub mail: Option<MailAddress>,
    /// Password; `None` for none.
    pub password: Option<Password>,
}

impl NewUser {
    /// Checks an entry.
    ///
    /// # Errors
    /// Every field that breaks a rule, with the first rule it breaks.
    pub fn check(entry: UserEntry, site: &Site) -> Result<Self, Vec<FieldError>> {
        let mut broken = Vec::new();
        let id = note(&mut broken, {
            UserId::new(&entry.user_id)
                .and_then(|id| site.settings.check_reserved(&id).map(|()| id))
        });
        let name = match &id {
            Some(id) => note(&mut broken, UserName::typed_or_id(&entry.name, id)),
            // Without an ID nothing comes of it, but a name that is wrong too is told at once.
            None if entry.name.is_empty() => None,
            None => note(&mut broken, UserName::new(&entry.name)),
        };
        let mail = match entry.mail.as_str() {
            "" => Some(None),
            text => note(&mut broken, MailAddress::new(text).map(Some)),
        };
        let owner = PasswordOwner { user_id: &entry.user_id, name: &entry.name };
        let password = note(&mut broken, Password::or_none(entry.password, site.password, owner));
        match (id, name, mail, password) {
            (Some(id), Some(name), Some(mail), Some(password)) => {
                Ok(Self { id, name, mail, password })
            }
            _ => Err(broken),
        }
    }
}

fn note<T>(broken: &mut Vec<FieldError>, made: Result<T, FieldError>) -> Option<T> {
    made.map_err(|error| broken.push(error)).ok()
}

/// A record as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedUser {
    /// What it is found by.
    pub key: UserKey,
    /// User name.
    pub name: UserName,
    /// Mail address.
    pub mail: Option<MailAddress>,
    /// Role.
    pub role: Role,
    /// What the user may do.
    pub limits: Limits,
    /// Whether a card is bound to the record.
    pub has_card: bool,
    /// Since when the record exists, to the millisecond.
    pub created_at: SystemTime,
}

#[cfg(test)]
#[path = "user_test.rs"]
mod tests;
