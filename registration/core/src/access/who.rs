use super::{AuthenticationMode, ColourModes, JobKind, SignIn};
use crate::{CardNumber, Limits, UserId};

/// Whoever wants something of the device, and how things stand around the panel.
///
/// For a job that runs already this is the person who started it, though signed out by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The person.
    pub person: Person,
    /// How people sign in here.
    pub sign_in: SignIn,
    /// What is fitted beside the panel and whether it is enabled.
    pub accessories: Accessories,
}

/// Who is signed in (spec 30 section 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Person {
    /// Nobody. In mode off this is every general user.
    Nobody,
    /// A guest; remote mode only.
    Guest,
    /// A general user whose ID was not verified (network accounting).
    Unidentified {
        /// The ID typed at sign-in.
        typed: Option<UserId>,
    },
    /// A card that nobody has registered yet.
    Provisional {
        /// The card.
        card: CardNumber,
        /// What such users may do.
        limits: UserLimits,
    },
    /// A general user who is known.
    Identified {
        /// Who the user is.
        id: UserId,
        /// What this user may do.
        limits: UserLimits,
        /// An agent refused this user the device. Counts in remote mode with an agent only.
        device_refused: bool,
    },
    /// A user who was given the role of an administrator.
    Administrator(UserId),
    /// The key operator. Where no administrator ID is set, everybody in mode off.
    KeyOperator,
    /// The service engineer.
    Engineer,
}

impl Who {
    /// Key operator, added administrator or service engineer.
    #[must_use]
    pub fn is_administrator(&self) -> bool {
        matches!(self.person, Person::KeyOperator | Person::Administrator(_) | Person::Engineer)
    }

    /// Whether anybody at all is signed in. In mode off only administrators can be.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        match self.person {
            Person::Nobody => false,
            Person::Guest => self.sign_in.mode == AuthenticationMode::Remote,
            Person::Unidentified { .. }
            | Person::Provisional { .. }
            | Person::Identified { .. } => self.sign_in.mode != AuthenticationMode::Off,
            Person::Administrator(_) | Person::KeyOperator | Person::Engineer => true,
        }
    }

    /// The user record of an identified general user or added administrator.
    #[must_use]
    pub fn identified(&self) -> Option<&UserId> {
        match &self.person {
            Person::Identified { id, .. } | Person::Administrator(id)
                if self.sign_in.mode.identifies() =>
            {
                Some(id)
            }
            _ => None,
        }
    }

    /// Whether an agent refused this user the device (S30-6-06).
    #[must_use]
    pub fn is_refused_the_device(&self) -> bool {
        matches!(self.person, Person::Identified { device_refused: true, .. })
            && self.sign_in.mode == AuthenticationMode::Remote
            && self.sign_in.has_user_limits()
    }

    /// The limits of this user, where limits exist. Those of a provisional user always do, since
    /// any card makes one.
    #[must_use]
    pub fn limits(&self) -> Option<&UserLimits> {
        match &self.person {
            Person::Provisional { limits, .. } => Some(limits),
            Person::Identified { limits, .. } if self.sign_in.has_user_limits() => Some(limits),
            _ => None,
        }
    }

    /// Whether an additive accessory is enabled. Someone who signs in at the panel enables it too;
    /// an administrator does not (spec 30 section 3).
    #[must_use]
    pub fn additive_enabled(&self) -> bool {
        match &self.accessories.additive {
            Additive::Absent => false,
            Additive::Contact { enabled: true } | Additive::Contactless(Some(_)) => true,
            Additive::Contact { enabled: false } | Additive::Contactless(None) => {
                self.is_signed_in() && !self.is_administrator()
            }
        }
    }
}

/// What a user may do (spec 30 section 6). Acts only where access to the service is restricted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserLimits {
    /// Copy, fax, scan, print at all.
    pub services: Limits,
    /// Internet fax.
    pub internet_fax: bool,
    /// The BMLinkS menu.
    pub bmlinks_menu: bool,
    /// What of copying.
    pub copy: JobLimits,
    /// What of scanning.
    pub scan: JobLimits,
    /// What of printing.
    pub print: JobLimits,
}

impl From<Limits> for UserLimits {
    /// Internet fax goes with fax; the BMLinkS menu is open, since what it leads to has limits of
    /// its own.
    fn from(services: Limits) -> Self {
        Self {
            services,
            internet_fax: services.fax,
            bmlinks_menu: true,
            copy: JobLimits::NONE,
            scan: JobLimits::NONE,
            print: JobLimits::NONE,
        }
    }
}

impl UserLimits {
    /// Whether jobs of this kind are allowed at all.
    #[must_use]
    pub fn allow(&self, kind: JobKind) -> bool {
        match kind {
            JobKind::Copy => self.services.copy,
            JobKind::Fax => self.services.fax,
            JobKind::InternetFax => self.internet_fax,
            JobKind::Scan => self.services.scan,
            JobKind::Print => self.services.print,
        }
    }

    /// Colours and pages for jobs of this kind; faxes have none.
    #[must_use]
    pub fn of(&self, kind: JobKind) -> Option<JobLimits> {
        match kind {
            JobKind::Copy => Some(self.copy),
            JobKind::Scan => Some(self.scan),
            JobKind::Print => Some(self.print),
            JobKind::Fax | JobKind::InternetFax => None,
        }
    }
}

/// Colours and pages of one kind of job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobLimits {
    /// The colour modes allowed.
    pub colours: ColourModes,
    /// Pages still to be used; `None` for no limit.
    pub pages_left: Option<u32>,
}

impl JobLimits {
    /// No limit.
    pub const NONE: Self = Self { colours: ColourModes::BOTH, pages_left: None };
}

/// What is fitted beside the panel (spec 30 section 3). Whichever is enabled first blocks the
/// other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accessories {
    /// Stands in for authentication.
    pub additive: Additive,
    /// Takes payment.
    pub subtractive: Subtractive,
}

/// An accessory that stands in for authentication.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Additive {
    /// None fitted.
    #[default]
    Absent,
    /// A contact card reader.
    Contact {
        /// A card is in.
        enabled: bool,
    },
    /// A contactless reader, and the card that enabled it.
    Contactless(Option<CardNumber>),
}

/// An accessory that takes payment and knows nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subtractive {
    /// None fitted.
    #[default]
    Absent,
    /// No credit.
    Disabled,
    /// Credit lasts.
    Enabled,
}
