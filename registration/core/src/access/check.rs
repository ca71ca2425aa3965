use std::fmt;

use super::{
    AccessSettings, Area, AuthenticationMode, ColourModes, JobLimits, Lock, Receive, Service,
    UserLimits,
};

/// Something about access settings that an administrator should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A lock on a service that never asks anybody to sign in.
    LockAsksNobody(Service),
    /// A lock on a service that has another's, or is not offered.
    LockIgnored(Service),
    /// Something is locked and authentication is off: only an accessory or an administrator opens
    /// it.
    LockedWithoutSignIn,
    /// A released copy colour, while all services are locked: nobody gets at it.
    ReleasedBehindLock,
    /// Accessory flags, while the locks decide instead of them.
    FlagsIgnored,
    /// Typed IDs count, in a mode that verifies IDs or has none.
    TypedIdsNeverUsed,
    /// A user's limit on a service to which access is not restricted, or in a mode without such
    /// limits.
    LimitActsOnNothing(Service),
    /// Jobs that name nobody are to be stored for their owner.
    PrivatePrintForNobody,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It can be meant so.
    Warning,
    /// It cannot work: refused.
    Impossible,
}

impl Finding {
    /// How bad it is.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::PrivatePrintForNobody => Severity::Impossible,
            _ => Severity::Warning,
        }
    }

    /// The fixed word for scripts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LockAsksNobody(_) => "lock-asks-nobody",
            Self::LockIgnored(_) => "lock-ignored",
            Self::LockedWithoutSignIn => "locked-without-sign-in",
            Self::ReleasedBehindLock => "released-behind-lock",
            Self::FlagsIgnored => "flags-ignored",
            Self::TypedIdsNeverUsed => "typed-ids-never-used",
            Self::LimitActsOnNothing(_) => "limit-acts-on-nothing",
            Self::PrivatePrintForNobody => "private-print-for-nobody",
        }
    }

    /// The service it is about.
    #[must_use]
    pub fn service(self) -> Option<Service> {
        match self {
            Self::LockAsksNobody(service)
            | Self::LockIgnored(service)
            | Self::LimitActsOnNothing(service) => Some(service),
            _ => None,
        }
    }
}

/// What an administrator is told.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LockAsksNobody(service) => write!(
                f,
                "access.locks.{} does nothing: this service never asks to sign in",
                word(*service)
            ),
            Self::LockIgnored(service) => write!(
                f,
                "access.locks.{} does nothing: the service is not offered, or has the lock of \
                 another one",
                word(*service)
            ),
            Self::LockedWithoutSignIn => f.write_str(
                "something is locked while sign-in.mode is off: only an accessory or an \
                 administrator opens it",
            ),
            Self::ReleasedBehindLock => f.write_str(
                "a copy colour is released, but all services are locked: nobody gets at it",
            ),
            Self::FlagsIgnored => f.write_str(
                "access.accessory-control.by-service-access is on: copy, print and scan-fax \
                 beside it do nothing",
            ),
            Self::TypedIdsNeverUsed => f.write_str(
                "access.private-print.typed-id-counts does nothing unless sign-in.mode is \
                 accounting-unverified",
            ),
            Self::LimitActsOnNothing(service) => write!(
                f,
                "a limit on {} does nothing: access to it is not restricted",
                word(*service)
            ),
            Self::PrivatePrintForNobody => {
                f.write_str("a print job that names nobody has no owner to keep it for")
            }
        }
    }
}

/// The service's word, as it stands in keys.
fn word(service: Service) -> String {
    match serde_json::to_value(service) {
        Ok(serde_json::Value::String(word)) => word,
        _ => format!("{service:?}"),
    }
}

impl AccessSettings {
    /// What does not fit together in this mode.
    #[must_use]
    pub fn check(&self, mode: AuthenticationMode) -> Vec<Finding> {
        let mut findings = Vec::new();
        let folders_offered = self.folders.mailbox || self.folders.copy_resave;
        for (&service, _) in self.locks.iter().filter(|(_, lock)| **lock != Lock::Unlocked) {
            if !service.lock_acts() {
                findings.push(Finding::LockAsksNobody(service));
            } else if self.folders.followed(service) != service
                || service == Service::FolderOperation && !folders_offered
            {
                findings.push(Finding::LockIgnored(service));
            }
        }
        let locked = Service::ALL
            .into_iter()
            .any(|service| service.lock_acts() && self.lock(service) != Lock::Unlocked);
        let flags = self.accessory_control;
        let rules = [
            (
                mode == AuthenticationMode::Off && (locked || !self.locked_areas.is_empty()),
                Finding::LockedWithoutSignIn,
            ),
            (
                self.released_copy != ColourModes::NONE
                    && self.locked_areas.contains(&Area::AllServices),
                Finding::ReleasedBehindLock,
            ),
            (
                flags.by_service_access && (flags.copy || flags.print || flags.scan_fax),
                Finding::FlagsIgnored,
            ),
            (
                self.private_print.typed_id_counts
                    && mode != AuthenticationMode::AccountingUnverified,
                Finding::TypedIdsNeverUsed,
            ),
            (
                self.private_print.receive.no_user_id == Receive::PrivatePrint,
                Finding::PrivatePrintForNobody,
            ),
        ];
        findings.extend(rules.into_iter().filter(|(applies, _)| *applies).map(|(_, f)| f));
        findings
    }

    /// The services on which these limits act on nothing. `exist`: whether there are limits at all
    /// ([`SignIn::has_user_limits`](super::SignIn::has_user_limits)); those of provisional users
    /// always exist.
    #[must_use]
    pub fn check_limits(&self, limits: &UserLimits, exist: bool) -> Vec<Finding> {
        let limited = |service: Service| match (service, service.kind()) {
            (Service::BmlinksMenu, _) => !limits.bmlinks_menu,
            (_, Some(kind)) => {
                !limits.allow(kind) || limits.of(kind).is_some_and(|of| of != JobLimits::NONE)
            }
            (_, None) => false,
        };
        Service::ALL
            .into_iter()
            .filter(|service| limited(*service) && !(exist && self.limits_act_on(*service)))
            .map(Finding::LimitActsOnNothing)
            .collect()
    }
}

#[cfg(test)]
#[path = "check_test.rs"]
mod tests;
