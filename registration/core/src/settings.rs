use std::time::Duration;

use crate::{Field, FieldError, Limits, PasswordPolicy, Rule, UserId, UserName};

/// What an administrator decides about registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// When a session that nobody touches ends by itself.
    pub auto_clear: AutoClear,
    /// Whether the registration page opens by itself when an unknown card signs in.
    pub open_registration: bool,
    /// How many records there may be.
    pub capacity: Capacity,
    /// Name of provisional users (S10-2-08): what administrators search for.
    pub provisional_name: UserName,
    /// What provisional users may do (S10-2-07).
    pub provisional_limits: Limits,
    /// User IDs that nobody may have (711).
    pub reserved: ReservedIds,
    /// How long new passwords have to be.
    pub password: PasswordPolicy,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            auto_clear: AutoClear::default(),
            open_registration: true,
            capacity: Capacity::default(),
            provisional_name: UserName::provisional(),
            provisional_limits: Limits::FORBID_ALL,
            reserved: ReservedIds::default(),
            password: PasswordPolicy::DEVICE,
        }
    }
}

/// How long a session stays without anybody acting: 10 to 900 seconds, 30 by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AutoClear(u16);

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

impl Default for AutoClear {
    fn default() -> Self {
        Self(30)
    }
}

/// How many records a store may hold (spec 10 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Most registered users.
    pub registered: u32,
    /// Most records, provisional ones included.
    pub records: u32,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { registered: 999, records: 1000 }
    }
}

/// User IDs that nobody may register, compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedIds(Vec<String>);

impl ReservedIds {
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
        if self.0.iter().any(|id| id.eq_ignore_ascii_case(user.as_str())) {
            return Err(FieldError { field: Field::UserId, rule: Rule::Reserved });
        }
        Ok(())
    }
}

impl Default for ReservedIds {
    /// The administrator, the engineer and the guest, under the names people and logs give them;
    /// `-` is how a log writes nobody.
    fn default() -> Self {
        let ids = ["administrator", "admin", "ko", "engineer", "service", "ce", "guest", "-"];
        Self(ids.map(str::to_owned).to_vec())
    }
}
