use std::collections::{BTreeMap, BTreeSet};

use kazasu_hal::words;
use serde::{Deserialize, Serialize};

use super::{ColourModes, JobKind, Service};

/// What an administrator decides about access (spec 30 sections 6 to 8). Everything is open by
/// default (S40-2-06).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AccessSettings {
    /// Locks of single services; what is not named is unlocked.
    pub locks: BTreeMap<Service, Lock>,
    /// Whole areas that are locked.
    pub locked_areas: BTreeSet<Area>,
    /// Colour modes of copies that are released for everyone.
    pub released_copy: ColourModes,
    /// Which jobs need an accessory that is enabled, where one is fitted.
    pub accessory_control: AccessoryControl,
    /// Whether general users may print reports (S40-2-20).
    pub user_reports: bool,
    /// Diagnostics that administrators may run too; all others are the engineer's.
    pub administrator_diagnostics: BTreeSet<Diagnostic>,
    /// Folders.
    pub folders: FolderSettings,
    /// Private print.
    pub private_print: PrivatePrintSettings,
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self {
            locks: BTreeMap::new(),
            locked_areas: BTreeSet::new(),
            released_copy: ColourModes::NONE,
            accessory_control: AccessoryControl::default(),
            user_reports: true,
            administrator_diagnostics: BTreeSet::new(),
            folders: FolderSettings::default(),
            private_print: PrivatePrintSettings::default(),
        }
    }
}

impl AccessSettings {
    /// The lock that acts on a service. Where folders are not offered but the copy server's
    /// re-save folder is, folder operation has copy's (S30-6-05).
    #[must_use]
    pub fn lock(&self, service: Service) -> Lock {
        self.locks.get(&self.folders.followed(service)).copied().unwrap_or_default()
    }

    /// Whether access to a service is restricted, by its own lock or with all services.
    #[must_use]
    pub fn restricts(&self, service: Service) -> bool {
        self.lock(service) != Lock::Unlocked || self.locked_areas.contains(&Area::AllServices)
    }

    /// Whether users' limits act on jobs of this service that count as its usual kind: only where
    /// access is restricted.
    #[must_use]
    pub fn limits_act_on(&self, service: Service) -> bool {
        self.limits_act(service, service.kind())
    }

    /// Stored documents and flows are no way round the lock of the services that make the same kind
    /// of job.
    pub(super) fn limits_act(&self, service: Service, kind: Option<JobKind>) -> bool {
        let indirect = matches!(service, Service::StoredPrint | Service::JobFlow);
        let like_it = |other: Service| kind.is_some() && other.kind() == kind;
        self.restricts(service)
            || indirect
                && Service::ALL.into_iter().any(|other| like_it(other) && self.restricts(other))
    }
}

words! {
    /// The lock of a service.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Lock {
        /// Open to everyone.
        #[default]
        Unlocked = "unlocked",
        /// Asks to sign in.
        LockedShown = "locked-shown",
        /// Asks to sign in, and is not shown before.
        LockedHidden = "locked-hidden",
    }
}

words! {
    /// A part of the device that can be locked as a whole.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Area {
        /// The settings of the device.
        Setup = "setup",
        /// Machine status.
        MachineStatus = "machine-status",
        /// All services.
        AllServices = "all-services",
    }
}

/// Which jobs need an accessory that is enabled (S30-6-02).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AccessoryControl {
    /// Copies.
    pub copy: bool,
    /// Prints.
    pub print: bool,
    /// Scans and faxes: additive accessories only, payment never gates these.
    pub scan_fax: bool,
    /// The locks decide instead of the three above.
    pub by_service_access: bool,
}

words! {
    /// A diagnostic function.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Diagnostic {
        /// Diagnosis of the fax line.
        Fax = "fax",
        /// Printing of test patterns.
        TestPattern = "test-pattern",
        /// Moving single parts.
        ComponentControl = "component-control",
    }
}

/// Which folders there are, and what people who are not signed in may take out of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct FolderSettings {
    /// Mailbox folders are offered.
    pub mailbox: bool,
    /// The copy server's re-save folder is offered.
    pub copy_resave: bool,
    /// Without signing in nothing is printed from folders.
    pub restrict_unauthenticated_print: bool,
    /// Without signing in nothing is put out from folders as a file.
    pub restrict_unauthenticated_output: bool,
}

impl FolderSettings {
    /// The service whose access a service follows.
    pub(super) fn followed(self, service: Service) -> Service {
        match service {
            Service::FolderOperation if !self.mailbox && self.copy_resave => Service::Copy,
            other => other,
        }
    }
}

impl Default for FolderSettings {
    fn default() -> Self {
        Self {
            mailbox: true,
            copy_resave: false,
            restrict_unauthenticated_print: false,
            restrict_unauthenticated_output: false,
        }
    }
}

/// Private print (spec 30 section 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PrivatePrintSettings {
    /// An ID that was typed and never verified counts as one's own (S30-8-04).
    pub typed_id_counts: bool,
    /// People who are not signed in get at documents with owner and password.
    pub combined_secure_print: bool,
    /// What becomes of print jobs that arrive.
    pub receive: ReceiveControl,
}

/// What becomes of a print job that arrives (S40-2-21).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReceiveControl {
    /// Its user ID and password are right.
    pub signed_in: Receive,
    /// They are wrong.
    pub failed: Receive,
    /// It names nobody.
    pub no_user_id: Receive,
}

impl ReceiveControl {
    /// The secure profile's.
    pub const SECURE: Self = Self {
        signed_in: Receive::PrivatePrint,
        failed: Receive::Delete,
        no_user_id: Receive::Delete,
    };
}

words! {
    /// One of the things that can become of a job.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Receive {
        /// It is printed if access to printing allows it.
        #[default]
        Print = "print",
        /// It is stored for its owner.
        PrivatePrint = "private-print",
        /// It is deleted.
        Delete = "delete",
    }
}
