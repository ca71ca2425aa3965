//! What an administrator decides: typed, checked together, known by dotted keys.

mod check;
mod keys;
mod values;

use serde::{Deserialize, Serialize};

pub use check::Impossible;
pub use keys::{ChangeError, Setting, security_setting};
pub use values::{
    Accessories, Accounting, AutoClear, AutoClearOutOfRange, Capacity, CardLinkMode, CardReader,
    FailuresMax, FailuresMaxOutOfRange, Method, OtherCard, PanelSignIn, Payment, Priority,
    Remembered, RememberedOutOfRange, ReservedIds, Source, Sources,
};

use crate::{
    AccessSettings, AuthenticationMode, CardNumberRule, Field, FieldError, Limits, LockOutLimits,
    PasswordProfile, Rule, UserId, UserName,
};

/// All settings of sign-in and registration (S10-2, spec 30 sections 2 to 5).
///
/// In JSON the field names are the keys, `sign-in.mode` for one; a key that is left out has its
/// default. Deserialising checks each value by itself, [`Settings::check`] all of them together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Who may sign in, and how.
    pub sign_in: SignIn,
    /// How cards are registered.
    pub registration: Registration,
    /// How cards are read and called.
    pub card: CardSettings,
    /// What provisional users are.
    pub provisional: ProvisionalSettings,
    /// What users who registered a card may do at first (S10-2-14).
    pub new_users: Limits,
    /// What users may change of their own record (S10-2-15).
    pub own_record: OwnRecordSettings,
    /// What new passwords have to be.
    pub password: PasswordSettings,
    /// How many wrong passwords are taken (spec 40 section 3).
    pub lock_out: LockOutSettings,
    /// What the audit log holds besides.
    pub audit: AuditSettings,
    /// How many records there may be.
    pub capacity: Capacity,
    /// What else is plugged in beside the reader.
    pub accessories: Accessories,
    /// The panel.
    pub panel: PanelSettings,
    /// The administrator built in.
    pub administrator: Administrator,
    /// User IDs that nobody may have (711).
    pub reserved_ids: ReservedIds,
    /// Who may use what.
    pub access: AccessSettings,
}

/// `sign-in`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SignIn {
    /// Who decides about users (S10-2-01, spec 30 section 2).
    pub mode: AuthenticationMode,
    /// Whether the panel asks for a password.
    pub panel_password: bool,
    /// Whether users can sign in at the panel too.
    pub panel: PanelSignIn,
    /// What another card does while somebody is signed in by card (S30-4-09).
    pub other_card: OtherCard,
    /// Whether the sign-in page shows by itself (S30-4-06).
    pub page_by_itself: bool,
    /// Whether guests may sign in (remote mode only).
    pub guests: bool,
}

impl Default for SignIn {
    fn default() -> Self {
        Self {
            mode: AuthenticationMode::Local,
            panel_password: true,
            panel: PanelSignIn::CardOrPanel,
            other_card: OtherCard::Ignored,
            page_by_itself: false,
            guests: false,
        }
    }
}

/// `registration`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Registration {
    /// Unknown cards become provisional users (S10-2-03).
    pub by_card: bool,
    /// The menu offers "register card" (S10-2-06).
    pub on_menu: bool,
    /// The page opens by itself when an unknown card signs in.
    pub opens_by_itself: bool,
    /// Who vouches for people (S10-2-10).
    pub sources: Sources,
    /// Which source the page shows first (S10-2-11).
    pub default_source: Source,
    /// Cards are matched to users (S10-2-12).
    pub card_matching: bool,
    /// An unknown card opens the page in remote mode (S10-2-13).
    pub at_external_sign_in: bool,
}

impl Default for Registration {
    fn default() -> Self {
        Self {
            by_card: true,
            on_menu: true,
            opens_by_itself: true,
            sources: Sources::Device,
            default_source: Source::Device,
            card_matching: true,
            at_external_sign_in: true,
        }
    }
}

/// `card`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CardSettings {
    /// Cards are used at all (S10-2-02).
    pub enabled: bool,
    /// Whether a card asks for a password (S10-2-04, S30-5-03).
    pub link_mode: CardLinkMode,
    /// What taking a card out means.
    pub reader: CardReader,
    /// What a site calls the number of a card (spec 60 section 1).
    pub number: CardNumberRule,
}

impl Default for CardSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            link_mode: CardLinkMode::NoPassword,
            reader: CardReader::Contactless,
            number: CardNumberRule::default(),
        }
    }
}

/// `provisional`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProvisionalSettings {
    /// User name (S10-2-08): what administrators search for.
    pub name: UserName,
    /// What they may do (S10-2-07).
    pub limits: Limits,
    /// After how many hours one that nobody registered is deleted; 0 for never.
    pub keep_hours: u16,
    /// How many cards that nobody knew one station makes records of in a minute; 0 for any number.
    pub new_per_minute: u16,
}

impl Default for ProvisionalSettings {
    fn default() -> Self {
        Self {
            name: UserName::provisional(),
            limits: Limits::FORBID_ALL,
            keep_hours: 24,
            new_per_minute: 30,
        }
    }
}

/// `own-record`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct OwnRecordSettings {
    /// The display name.
    pub name: bool,
    /// The mail address.
    pub mail: bool,
    /// Whether users may unlink their own card.
    pub unlink_card: bool,
    /// Whether users whom no password signed in type theirs to change the mail address.
    pub ask_password: bool,
}

impl Default for OwnRecordSettings {
    fn default() -> Self {
        Self { name: true, mail: true, unlink_card: false, ask_password: true }
    }
}

/// `password`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PasswordSettings {
    /// Whose rules.
    pub profile: PasswordProfile,
    /// Shortest, in characters, where the profile leaves it open.
    pub min: Option<u8>,
    /// Longest, in characters, where the profile leaves it open.
    pub max: Option<u8>,
}

impl Default for PasswordSettings {
    fn default() -> Self {
        Self { profile: PasswordProfile::Device, min: None, max: None }
    }
}

/// `lock-out`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LockOutSettings {
    /// For a user, and for a card (S40-2-05).
    pub user: FailuresMax,
    /// For the device's own passwords (S40-2-04).
    pub administrator: FailuresMax,
    /// How many users and cards that failed are each counted by themselves, on each way.
    pub remembered: Remembered,
}

impl LockOutSettings {
    /// What the lock-out goes by.
    #[must_use]
    pub fn limits(&self) -> LockOutLimits {
        LockOutLimits {
            user: self.user.get(),
            device: self.administrator.get(),
            remembered: self.remembered.get(),
        }
    }
}

/// `audit`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AuditSettings {
    /// Whoever signs in is recorded, too.
    pub sign_ins: bool,
}

/// `panel`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PanelSettings {
    /// When a session that nobody touches ends by itself.
    pub auto_clear_s: AutoClear,
}

/// `administrator`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Administrator {
    /// The ID that the key operator signs in with; without one everybody is the key operator.
    pub id: Option<UserId>,
}

impl Default for Administrator {
    fn default() -> Self {
        Self { id: UserId::new("admin").ok() }
    }
}

impl Settings {
    /// How registration works under this authentication mode (S10-2-01).
    #[must_use]
    pub fn method(&self) -> Method {
        match self.sign_in.mode {
            AuthenticationMode::Local => Method::Local,
            AuthenticationMode::Remote => Method::External,
            AuthenticationMode::Off
            | AuthenticationMode::AccountingVerified
            | AuthenticationMode::AccountingUnverified => Method::None,
        }
    }

    /// Lets a user ID pass unless nobody may register it: the reserved ones and the key
    /// operator's (711).
    ///
    /// # Errors
    /// [`Rule::Reserved`].
    pub fn check_reserved(&self, user: &UserId) -> Result<(), FieldError> {
        if self.administrator.id.as_ref().is_some_and(|id| id.key() == user.key()) {
            return Err(FieldError { field: Field::UserId, rule: Rule::Reserved });
        }
        self.reserved_ids.check(user)
    }

    /// The sources that the registration page offers, the first one chosen. A directory is hidden
    /// where the device has none.
    #[must_use]
    pub fn offered_sources(&self, has_directory: bool) -> Vec<Source> {
        if self.method() == Method::External {
            return vec![Source::Directory];
        }
        let mut offered: Vec<_> = [Source::Device, Source::Directory]
            .into_iter()
            .filter(|source| self.registration.sources.holds(*source))
            .filter(|source| has_directory || *source == Source::Device)
            .collect();
        offered.sort_by_key(|source| *source != self.registration.default_source);
        offered
    }
}

#[cfg(test)]
#[path = "settings_test.rs"]
mod tests;
