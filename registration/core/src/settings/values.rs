//! Values that settings can have.

use std::time::Duration;

use kazasu_hal::words;
use serde::{Deserialize, Serialize};

use crate::{Field, FieldError, NameKey, Rule, UserId};

/// How a card becomes somebody's (S10-2-01).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The device decides.
    Local,
    /// A directory decides.
    External,
    /// Nobody can register a card in this mode.
    None,
}

words! {
    /// Who vouches for a person while a card is being bound (S10-2-10).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Source {
        /// A user record of the device.
        #[default]
        Device = "device",
        /// Active Directory or another LDAP directory.
        Directory = "directory",
    }
}

words! {
    /// Which sources the registration page offers.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Sources {
        /// The device's records.
        Device = "device",
        /// A directory.
        Directory = "directory",
        /// Either; the person chooses.
        Both = "both",
    }
}

impl Sources {
    /// Whether this source is among them.
    #[must_use]
    pub fn holds(self, source: Source) -> bool {
        matches!(
            (self, source),
            (Self::Both, _) | (Self::Device, Source::Device) | (Self::Directory, Source::Directory)
        )
    }
}

words! {
    /// Whether a card asks for a password (S10-2-04).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum CardLinkMode {
        /// The card is enough.
        NoPassword = "no-password",
        /// The card and a password.
        Password = "password",
    }
}

words! {
    /// What kind of reader the station has: what taking a card away means (spec 30 section 3).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum CardReader {
        /// A card is held for a moment: taking it away ends nothing.
        Contactless = "contactless",
        /// A card stays in the slot: pulling it out signs out.
        Contact = "contact",
    }
}

words! {
    /// Whether users sign in with their card only.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum PanelSignIn {
        /// The panel signs in administrators only.
        CardOnly = "card-only",
        /// Users can type their ID instead.
        CardOrPanel = "card-or-panel",
    }
}

words! {
    /// What another card does while a contactless card's owner is signed in (S30-4-09).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum OtherCard {
        /// Nothing.
        Ignored = "ignored",
        /// Its owner takes over.
        SwitchesUser = "switches-user",
    }
}

words! {
    /// What is counted (S10-2-05).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Accounting {
        /// Nothing.
        Off = "off",
        /// By the device.
        Local = "local",
        /// By a server.
        Network = "network",
    }
}

words! {
    /// A subtractive accessory: pays, and tells nothing about who does (spec 30 section 3).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Payment {
        /// None is fitted.
        None = "none",
        /// A coin box or a dispenser of prepaid cards.
        Fitted = "fitted",
    }
}

words! {
    /// Which of two accessories goes first.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Priority {
        /// The card.
        Card = "card",
        /// The payment.
        Payment = "payment",
    }
}

/// How long a session stays without anybody acting: 10 to 900 seconds, 30 by default (S40-2-15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct AutoClear(pub(super) u16);

/// An auto clear time outside 10 to 900 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("auto clear of {0} s: allowed are 10 to 900 s")]
pub struct AutoClearOutOfRange(pub u16);

impl AutoClear {
    /// Takes seconds.
    ///
    /// # Errors
    /// Outside 10 to 900.
    pub fn from_secs(seconds: u16) -> Result<Self, AutoClearOutOfRange> {
        match seconds {
            10..=900 => Ok(Self(seconds)),
            _ => Err(AutoClearOutOfRange(seconds)),
        }
    }

    /// The time as a duration.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl TryFrom<u16> for AutoClear {
    type Error = AutoClearOutOfRange;

    fn try_from(seconds: u16) -> Result<Self, Self::Error> {
        Self::from_secs(seconds)
    }
}

impl From<AutoClear> for u16 {
    fn from(time: AutoClear) -> Self {
        time.0
    }
}

/// How many wrong passwords in a row lock: 1 to 10, 5 by default (S40-2-04, S40-2-05).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct FailuresMax(pub(super) u8);

/// A number of wrong passwords outside 1 to 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} wrong passwords: allowed are 1 to 10")]
pub struct FailuresMaxOutOfRange(pub u8);

impl FailuresMax {
    /// The number.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for FailuresMax {
    type Error = FailuresMaxOutOfRange;

    fn try_from(count: u8) -> Result<Self, Self::Error> {
        match count {
            1..=10 => Ok(Self(count)),
            _ => Err(FailuresMaxOutOfRange(count)),
        }
    }
}

impl From<FailuresMax> for u8 {
    fn from(count: FailuresMax) -> Self {
        count.0
    }
}

/// How many people who typed wrong passwords are each counted by themselves, on each way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Remembered(pub(super) u32);

/// A number of people outside 1 to 100,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} people who are remembered: allowed are 1 to 100000")]
pub struct RememberedOutOfRange(pub u32);

impl Remembered {
    /// The number.
    #[must_use]
    pub fn get(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl TryFrom<u32> for Remembered {
    type Error = RememberedOutOfRange;

    fn try_from(count: u32) -> Result<Self, Self::Error> {
        match count {
            1..=100_000 => Ok(Self(count)),
            _ => Err(RememberedOutOfRange(count)),
        }
    }
}

impl From<Remembered> for u32 {
    fn from(count: Remembered) -> Self {
        count.0
    }
}

/// User IDs that nobody may register, however they are spelled ([`NameKey`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReservedIds(Vec<String>);

impl ReservedIds {
    /// The administrator, the engineer and the guest, under the names people and logs give them;
    /// `-` is how a log writes nobody.
    pub(super) fn of_the_device() -> Self {
        let ids = ["administrator", "admin", "ko", "engineer", "service", "ce", "guest", "-"];
        Self(ids.map(str::to_owned).to_vec())
    }

    /// These instead of the default ones.
    #[must_use]
    pub fn new(ids: Vec<String>) -> Self {
        Self(ids)
    }

    /// Lets a user ID pass unless it is reserved.
    ///
    /// # Errors
    /// [`Rule::Reserved`].
    pub fn check(&self, user: &UserId) -> Result<(), FieldError> {
        let key = user.key();
        if self.0.iter().any(|id| NameKey::of(id) == key) {
            return Err(FieldError { field: Field::UserId, rule: Rule::Reserved });
        }
        Ok(())
    }
}
