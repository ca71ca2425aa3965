use std::collections::{BTreeMap, BTreeSet};

use kazasu_hal::words;
use serde::{Deserialize, Serialize};

use super::{ColourModes, JobKind, Service};
use crate::settings::{
    Kind::{Bool, Described, Words},
    SettingRow, rows, settings,
};

const ACCESS: SettingRow = SettingRow::NEW.audited("access").waits();

settings! {
    /// What an administrator decides about access (spec 30 sections 6 to 8). Everything is open by
    /// default (S40-2-06).
    struct AccessSettings in "access.", ACCESS => {
        locks "locks": BTreeMap<Service, Lock> = BTreeMap::new(),
            Described("access.locks.SERVICE: unlocked, locked-shown, locked-hidden"),
            "spec 30 section 6",
            "locks of single services, such as access.locks.copy; what is not named is unlocked";
        locked_areas "locked-areas": BTreeSet<Area> = BTreeSet::new(),
            Described("list of setup, machine-status, all-services"), "S40-2-06",
            "areas that are locked as a whole";
        user_reports "user-reports": bool = true,
            Bool, "S40-2-20", "general users may print reports";
        administrator_diagnostics "administrator-diagnostics": BTreeSet<Diagnostic> = BTreeSet::new(),
            Described("list of fax, test-pattern, component-control"), "S30-6-04",
            "diagnostics that administrators may run too, not the engineer alone";
    } with {
        released_copy "released-copy": ColourModes = ColourModes::NONE;
        accessory_control "accessory-control": AccessoryControl = AccessoryControl::default();
        folders "folders": FolderSettings = FolderSettings::default();
        private_print "private-print": PrivatePrintSettings = PrivatePrintSettings::default();
    }

    /// Which jobs need an accessory that is enabled (S30-6-02). Payment never gates scans and faxes.
    #[derive(Copy)]
    struct AccessoryControl in "access.accessory-control.", ACCESS => {
        copy "copy": bool = false,
            Bool, "S30-6-02", "copies need an accessory that is enabled, where one is fitted";
        print "print": bool = false,
            Bool, "S30-6-02", "prints need an accessory that is enabled, where one is fitted";
        scan_fax "scan-fax": bool = false,
            Bool, "S30-6-02",
            "scans and faxes need a card or another accessory that is no payment";
        by_service_access "by-service-access": bool = false,
            Bool, "S30-6-02",
            "the locks of services decide whether jobs need an accessory, not the three settings here";
    }

    /// Which folders there are, and what people who are not signed in may take out of them.
    #[derive(Copy)]
    struct FolderSettings in "access.folders.", ACCESS => {
        mailbox "mailbox": bool = true, Bool, "S30-6-05", "mailbox folders are offered";
        copy_resave "copy-resave": bool = false,
            Bool, "S30-6-05", "the folder for saving copies again is offered";
        restrict_unauthenticated_print "restrict-unauthenticated-print": bool = false,
            Bool, "spec 30 section 7", "who is not signed in prints nothing from folders";
        restrict_unauthenticated_output "restrict-unauthenticated-output": bool = false,
            Bool, "spec 30 section 7", "who is not signed in gets no files out of folders";
    }

    /// Private print (spec 30 section 8).
    #[derive(Copy)]
    struct PrivatePrintSettings in "access.private-print.", ACCESS => {
        typed_id_counts "typed-id-counts": bool = false,
            Bool, "S30-8-04", "an ID that was typed and never verified counts as one's own";
        combined_secure_print "combined-secure-print": bool = false,
            Bool, "spec 30 section 8",
            "who is not signed in gets at documents with owner and password";
    } with {
        receive "receive": ReceiveControl = ReceiveControl::default();
    }

    /// What becomes of a print job that arrives (S40-2-21).
    #[derive(Copy)]
    struct ReceiveControl in "access.private-print.receive.", ACCESS => {
        signed_in "signed-in": Receive = Receive::Print,
            Words(&Receive::WORDS), "S40-2-21",
            "what becomes of a print job whose user ID and password are right";
        failed "failed": Receive = Receive::Print,
            Words(&Receive::WORDS), "S40-2-21",
            "what becomes of a print job whose user ID or password is wrong";
        no_user_id "no-user-id": Receive = Receive::Print,
            Described("print or delete"), "S40-2-21",
            "what becomes of a print job that names nobody";
    }
}

/// The colours are a value of accounts, too.
pub(crate) const COLOURS: &[SettingRow] = rows! { "access.released-copy.", ACCESS => {
    "black", Bool, "S30-6-01", "black and white copies are released for everyone";
    "colour", Bool, "S30-6-01", "colour copies are released for everyone";
}};

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
    #[must_use]
    pub fn limits_act(&self, service: Service, kind: Option<JobKind>) -> bool {
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

impl FolderSettings {
    /// The service whose access a service follows.
    #[must_use]
    pub fn followed(self, service: Service) -> Service {
        match service {
            Service::FolderOperation if !self.mailbox && self.copy_resave => Service::Copy,
            other => other,
        }
    }
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
