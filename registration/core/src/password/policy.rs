use std::{fmt, ops::RangeInclusive};

use kazasu_hal::words;
use serde::{Deserialize, Serialize};

use super::{PasswordOwner, guess};
use crate::{Rule, TypedPassword, Unit, rule::Text};

words! {
    /// What kind of password is asked for.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum PasswordProfile {
        /// A user of one device: 4 to 12 characters or none (S10-4-03).
        #[default]
        Device = "device",
        /// A user whom a group of devices shares: 4 to 12 characters (S10-4-03).
        Group = "group",
        /// A user of the directory: 1 to 127 characters (S10-4-04). A password that is kept as the
        /// device password too keeps that one's policy, which is narrower in every respect.
        Directory = "directory",
        /// Secure operation: 9 to 12 characters with letters, digits and signs (S10-4-05).
        Secure = "secure",
        /// NIST SP 800-63B-4, section 3.1.1: length and a list of what is guessed first, nothing about
        /// classes of characters.
        ///
        /// At least 15 characters. The 8 that the standard allows are for passwords that only ever
        /// count beside another factor. Here a password alone signs a person in at the panel, and a
        /// password alone makes a new card this person's, so it is a factor by itself.
        ///
        /// Printable ASCII with spaces, not Unicode: keyboards at devices have no more, and two
        /// keyboards may write the same accented letter as different bytes.
        Modern = "modern",
    }
}

/// What the settings may choose within a profile, in characters.
struct Bounds {
    min: u8,
    max: u8,
    min_setting: RangeInclusive<u8>,
    max_setting: RangeInclusive<u8>,
}

impl PasswordProfile {
    /// The longest length the settings of a device name.
    const SETTING_MAX: u8 = 63;

    fn bounds(self) -> Bounds {
        let any_min = 1..=Self::SETTING_MAX;
        let raised_max = 12..=Self::SETTING_MAX;
        match self {
            Self::Device => {
                Bounds { min: 4, max: 12, min_setting: any_min, max_setting: raised_max }
            }
            // What one device of a group accepts, the others have to accept too.
            Self::Group => Bounds { min: 4, max: 12, min_setting: any_min, max_setting: 12..=12 },
            // The directory made these passwords; nobody here may ask for longer ones.
            Self::Directory => Bounds {
                min: 1,
                max: TypedPassword::MAX,
                min_setting: 1..=1,
                max_setting: TypedPassword::MAX..=TypedPassword::MAX,
            },
            Self::Secure => {
                Bounds { min: 9, max: 12, min_setting: any_min, max_setting: raised_max }
            }
            // The standard wants a maximum of 64 or more.
            Self::Modern => Bounds {
                min: 15,
                max: TypedPassword::MAX,
                min_setting: any_min,
                max_setting: 64..=TypedPassword::MAX,
            },
        }
    }
}

impl fmt::Display for PasswordProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A combination of profile and lengths that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The minimum does not go with the profile.
    #[error(
        "a minimum of {min} characters does not go with the profile `{profile}`, which allows \
         {least} to {most}"
    )]
    Min {
        /// The profile.
        profile: PasswordProfile,
        /// What was set, in characters.
        min: u8,
        /// Lowest setting.
        least: u8,
        /// Highest setting.
        most: u8,
    },
    /// The maximum does not go with the profile.
    #[error(
        "a maximum of {max} characters does not go with the profile `{profile}`, which allows \
         {least} to {most}"
    )]
    Max {
        /// The profile.
        profile: PasswordProfile,
        /// What was set, in characters.
        max: u8,
        /// Lowest setting.
        least: u8,
        /// Highest setting.
        most: u8,
    },
    /// The minimum is above the maximum.
    #[error("a minimum of {min} characters is above the maximum of {max}")]
    Crossed {
        /// Shortest, in characters.
        min: u8,
        /// Longest, in characters.
        max: u8,
    },
}

/// What a new password has to be. Changing it never affects a password that exists
/// ([`TypedPassword`] is bounded only).
///
/// Serialised as the settings it was made of: `{"profile": "device", "min": null, "max": null}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct PasswordPolicy {
    profile: PasswordProfile,
    min: Option<u8>,
    max: Option<u8>,
}

/// The settings, before anybody looked whether they go together.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    #[serde(default)]
    profile: PasswordProfile,
    #[serde(default)]
    min: Option<u8>,
    #[serde(default)]
    max: Option<u8>,
}

impl TryFrom<Parts> for PasswordPolicy {
    type Error = PolicyError;

    fn try_from(Parts { profile, min, max }: Parts) -> Result<Self, PolicyError> {
        Self::new(profile, min, max)
    }
}

impl From<PasswordPolicy> for Parts {
    fn from(PasswordPolicy { profile, min, max }: PasswordPolicy) -> Self {
        Self { profile, min, max }
    }
}

impl PasswordPolicy {
    /// Users of one device, nothing set: 4 to 12 characters or none (S10-4-03).
    pub const DEVICE: Self = Self { profile: PasswordProfile::Device, min: None, max: None };

    /// A profile with the settings for length, in characters. `min` is the minimum length setting:
    /// off, or 1 to 63, which raises what the profile asks for and never lowers it. `max` raises
    /// the longest, where the profile lets it.
    ///
    /// # Errors
    /// The two values that do not go together.
    pub fn new(
        profile: PasswordProfile,
        min: Option<u8>,
        max: Option<u8>,
    ) -> Result<Self, PolicyError> {
        let bounds = profile.bounds();
        if let Some(min) = min.filter(|min| !bounds.min_setting.contains(min)) {
            let (least, most) = bounds.min_setting.into_inner();
            return Err(PolicyError::Min { profile, min, least, most });
        }
        if let Some(max) = max.filter(|max| !bounds.max_setting.contains(max)) {
            let (least, most) = bounds.max_setting.into_inner();
            return Err(PolicyError::Max { profile, max, least, most });
        }
        let policy = Self { profile, min, max };
        match (policy.min(), policy.max()) {
            (min, max) if min > max => Err(PolicyError::Crossed { min, max }),
            _ => Ok(policy),
        }
    }

    /// The profile.
    #[must_use]
    pub fn profile(self) -> PasswordProfile {
        self.profile
    }

    /// Shortest new password, in characters.
    #[must_use]
    pub fn min(self) -> u8 {
        let least = self.profile.bounds().min;
        self.min.map_or(least, |min| min.max(least))
    }

    /// Longest new password, in characters.
    #[must_use]
    pub fn max(self) -> u8 {
        self.max.unwrap_or(self.profile.bounds().max)
    }

    /// Whether a user may be registered without a password: on a device where no minimum length is
    /// set, and nowhere else. A group lets a password be removed later.
    #[must_use]
    pub fn allows_none(self) -> bool {
        self.profile == PasswordProfile::Device && self.min.is_none()
    }

    pub(super) fn length(self) -> Rule {
        Rule::Length { min: self.min().into(), max: self.max().into(), unit: Unit::Characters }
    }

    pub(super) fn check(self, text: &str, owner: PasswordOwner<'_>) -> Result<(), Rule> {
        let rules = Text {
            min: self.min().into(),
            max: self.max().into(),
            unit: Unit::Characters,
            ascii: true,
            may_be_spaces: self.profile == PasswordProfile::Directory,
        };
        rules.check(text)?;
        match self.profile {
            PasswordProfile::Device | PasswordProfile::Group | PasswordProfile::Directory => Ok(()),
            PasswordProfile::Secure => all_classes(text),
            PasswordProfile::Modern => guess::check(text, owner),
        }
    }
}

/// Letters, digits and signs (S10-4-05). A space is none of them.
fn all_classes(text: &str) -> Result<(), Rule> {
    let classes = [u8::is_ascii_alphabetic, u8::is_ascii_digit, u8::is_ascii_punctuation]
        .map(|class| text.bytes().any(|byte| class(&byte)));
    if classes == [true; 3] { Ok(()) } else { Err(Rule::Classes) }
}
