mod guess;
mod policy;

use std::fmt;

use zeroize::Zeroizing;

pub use self::policy::{PasswordPolicy, PasswordProfile, PolicyError};
use crate::{Field, FieldError, Unit, rule::Text};

/// Whose password it is to be: what others know of this person, valid or not.
#[derive(Clone, Copy, Debug)]
pub struct PasswordOwner<'a> {
    /// User ID.
    pub user_id: &'a str,
    /// User name; may be empty.
    pub name: &'a str,
}

/// A new password that keeps the policy. Wiped when dropped; `Debug` shows nothing of it.
///
/// A user without a password is an `Option` that is `None`, never an empty password.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a password to set.
    ///
    /// # Errors
    /// The rule of the policy that it breaks.
    pub fn new(
        text: Zeroizing<String>,
        policy: PasswordPolicy,
        owner: PasswordOwner<'_>,
    ) -> Result<Self, FieldError> {
        policy.check(&text, owner).map_err(|rule| Field::Password.broke(rule))?;
        Ok(Self(text))
    }

    /// Takes the password of a new user, or none where the policy allows it.
    ///
    /// # Errors
    /// The rule of the policy that it breaks.
    pub fn or_none(
        text: Option<Zeroizing<String>>,
        policy: PasswordPolicy,
        owner: PasswordOwner<'_>,
    ) -> Result<Option<Self>, FieldError> {
        match text {
            Some(text) => Self::new(text, policy, owner).map(Some),
            None if policy.allows_none() => Ok(None),
            None => Err(Field::Password.broke(policy.length())),
        }
    }

    /// The password, for the hasher alone.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What a person typed to be verified. Wiped when dropped; `Debug` shows nothing of it.
///
/// Bounded, but not held to a policy: a minimum that is raised later locks nobody out.
#[derive(Clone)]
pub struct TypedPassword(Zeroizing<String>);

impl TypedPassword {
    /// The longest password of any kind of user, in characters (S10-4-04).
    pub const MAX: u8 = 127;

    /// Takes what was typed; empty for a user without a password.
    ///
    /// # Errors
    /// More than 127 characters, or others than printable ASCII.
    pub fn new(text: Zeroizing<String>) -> Result<Self, FieldError> {
        let rules = Text {
            min: 0,
            max: Self::MAX.into(),
            unit: Unit::Characters,
            ascii: true,
            may_be_spaces: true,
        };
        rules.check(&text).map_err(|rule| Field::Password.broke(rule))?;
        Ok(Self(text))
    }

    /// What was typed, for the hasher alone.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TypedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedPassword(..)")
    }
}

#[cfg(test)]
#[path = "password_test.rs"]
mod tests;
