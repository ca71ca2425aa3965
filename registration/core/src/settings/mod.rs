//! What an administrator decides: typed, checked together, known by dotted keys.

mod check;
mod keys;
mod row;
mod table;
mod values;

pub use check::Impossible;
pub use keys::{ChangeError, Difference, Setting, as_typed, security_setting};
pub use row::{Kind, SettingRow};
pub(crate) use row::{rows, settings};
pub use table::{
    Accessories, Administrator, AuditSettings, Capacity, CardSettings, LockOutSettings,
    OwnRecordSettings, PanelSettings, PasswordSettings, ProvisionalSettings, Registration,
    Settings, SignIn,
};
pub use values::{
    Accounting, AutoClear, AutoClearOutOfRange, CardLinkMode, CardReader, FailuresMax,
    FailuresMaxOutOfRange, Method, OtherCard, PanelSignIn, Payment, Priority, Remembered,
    RememberedOutOfRange, ReservedIds, Source, Sources,
};

use crate::{AuthenticationMode, Field, FieldError, LockOutLimits, Rule, UserId};

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

#[cfg(test)]
mod table_test;
