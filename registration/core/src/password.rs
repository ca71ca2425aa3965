use std::fmt;

use zeroize::Zeroizing;

use crate::{Field, FieldError, Unit, rule::Text};

/// How long a new password has to be. Changing it never affects a password that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    min: u8,
    max: u8,
}

impl PasswordPolicy {
    /// Device users: 4 to 12 characters (S10-4-03), what a group of devices accepts too.
    pub const DEVICE: Self = Self { min: 4, max: 12 };

    /// Shortest new password, in characters.
    #[must_use]
    pub fn min(self) -> u8 {
        self.min
    }

    /// Longest new password, in characters.
    #[must_use]
    pub fn max(self) -> u8 {
        self.max
    }
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
    /// The rule of S10-4-03 that it breaks.
    pub fn new(text: Zeroizing<String>, policy: PasswordPolicy) -> Result<Self, FieldError> {
        check(&text, policy.min, policy.max, false)?;
        Ok(Self(text))
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
        check(&text, 0, Self::MAX, true)?;
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

fn check(text: &str, min: u8, max: u8, may_be_spaces: bool) -> Result<(), FieldError> {
    let rules = Text {
        field: Field::Password,
        min: min.into(),
        max: max.into(),
        unit: Unit::Characters,
        ascii: true,
        may_be_spaces,
    };
    rules.check(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rule;

    const LENGTH: Rule = Rule::Length { min: 4, max: 12, unit: Unit::Characters };

    #[test]
    fn new_passwords_keep_the_policy() {
        let rows = [
            ("abcd", None),
            ("abcdefghijkl", None),
            ("a 'b\"~\\ ", None),
            ("", Some(LENGTH)),
            ("abc", Some(LENGTH)),
            ("abcdefghijklm", Some(LENGTH)),
            ("    ", Some(Rule::OnlySpaces)),
            ("p\u{e9}ssword", Some(Rule::PrintableAscii)),
            ("pass\tword", Some(Rule::PrintableAscii)),
            ("pass\u{7f}word", Some(Rule::PrintableAscii)),
        ];
        for (text, broken) in rows {
            let made = Password::new(text.to_owned().into(), PasswordPolicy::DEVICE);
            assert_eq!(made.err().map(|e| e.rule), broken, "{text:?}");
        }
    }

    #[test]
    fn typed_passwords_are_bounded_only() {
        let rows = [(0, true), (1, true), (13, true), (127, true), (128, false), (100_000, false)];
        for (len, fine) in rows {
            assert_eq!(TypedPassword::new("x".repeat(len).into()).is_ok(), fine, "{len}");
        }
        assert!(TypedPassword::new("    ".to_owned().into()).is_ok());
        assert!(TypedPassword::new("\u{3042}".to_owned().into()).is_err());
    }

    #[test]
    fn debug_output_shows_nothing() {
        let set = Password::new("hunter22".to_owned().into(), PasswordPolicy::DEVICE).unwrap();
        let typed = TypedPassword::new("hunter22".to_owned().into()).unwrap();
        assert!(!format!("{set:?}{typed:?}").contains("hunter"));
    }
}
