use kazasu_registration::access::{
    AccessSettings, Additive, Area, AuthenticationMode, Diagnostic, JobKind, Lock, Person, Service,
    Subtractive, Who,
};

use crate::{
    Folder, FolderAction, Job, Phase, Place, PrintUserId, PrivatePrint, Sheet, SheetAction,
    job::checks, ownership, private_print,
};

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action<'a> {
    /// Open an area of the device.
    Open(Area),
    /// Enter the page of a service on the panel.
    Enter(Service),
    /// A job, at the phase it says.
    Run(Job),
    /// Run a diagnostic function.
    Diagnose(Diagnostic),
    /// Open a new folder.
    OpenFolder,
    /// Something with a folder. Printing out of it also takes a [`Job::stored`].
    Folder(&'a Folder, FolderAction),
    /// Make a new sheet, on its own or in order to link it to this folder.
    MakeSheet(Option<&'a Folder>),
    /// Something with a sheet.
    Sheet(&'a Sheet<'a>, SheetAction<'a>),
    /// Something with private prints.
    PrivatePrint(PrivatePrint<'a>),
    /// See or change a queued job or a stored document that is no private print; whose it is,
    /// `None` where nobody was identified when it was made.
    Listed(Option<&'a PrintUserId>),
}

/// Whether somebody may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Allow,
    /// No.
    Deny {
        /// Why it is denied.
        reason: Reason,
        /// Who refuses, and when.
        place: Place,
    },
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Locked: whoever signs in may.
    SignInNeeded,
    /// An accessory is fitted and not enabled.
    AccessoryNeeded,
    /// An agent refuses this user the device.
    DeviceRefused,
    /// The user's limits forbid the service.
    ServiceForbidden,
    /// The user's limits forbid the colour mode.
    ColourForbidden,
    /// The user's pages are used up.
    PagesUsedUp,
    /// General users print no reports here.
    ReportsForbidden,
    /// The device does not offer it.
    NotOffered,
    /// Administrators only.
    AdministratorsOnly,
    /// The service engineer only.
    EngineerOnly,
    /// It belongs to somebody else, or nobody may.
    NotYours,
    /// People who are not identified for good own nothing.
    OwnsNothing,
    /// The folder's password is due.
    FolderPasswordNeeded,
    /// Not without signing in: taking documents out of folders is restricted.
    OutputRestricted,
    /// Nothing here can be theirs, as they have no user ID.
    NoUserId,
    /// The document's password is due.
    DocumentPasswordNeeded,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 16] = [
        Self::SignInNeeded,
        Self::AccessoryNeeded,
        Self::DeviceRefused,
        Self::ServiceForbidden,
        Self::ColourForbidden,
        Self::PagesUsedUp,
        Self::ReportsForbidden,
        Self::NotOffered,
        Self::AdministratorsOnly,
        Self::EngineerOnly,
        Self::NotYours,
        Self::OwnsNothing,
        Self::FolderPasswordNeeded,
        Self::OutputRestricted,
        Self::NoUserId,
        Self::DocumentPasswordNeeded,
    ];

    /// The fixed word for scripts and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignInNeeded => "sign-in-needed",
            Self::AccessoryNeeded => "accessory-needed",
            Self::DeviceRefused => "device-refused",
            Self::ServiceForbidden => "service-forbidden",
            Self::ColourForbidden => "colour-forbidden",
            Self::PagesUsedUp => "pages-used-up",
            Self::ReportsForbidden => "reports-forbidden",
            Self::NotOffered => "not-offered",
            Self::AdministratorsOnly => "administrators-only",
            Self::EngineerOnly => "engineer-only",
            Self::NotYours => "not-yours",
            Self::OwnsNothing => "owns-nothing",
            Self::FolderPasswordNeeded => "folder-password-needed",
            Self::OutputRestricted => "output-restricted",
            Self::NoUserId => "no-user-id",
            Self::DocumentPasswordNeeded => "document-password-needed",
        }
    }
}

/// Decides whether somebody may do something (spec 30 sections 6 to 8).
#[must_use]
pub fn decide(who: &Who, what: Action<'_>, settings: &AccessSettings) -> Decision {
    let place = match what {
        Action::Run(job) => match job.phase {
            Phase::Before => Place::Panel,
            Phase::Start => Place::Start,
            Phase::Running => checks(job.service).running,
        },
        _ => Place::Panel,
    };
    match allowed(who, what, settings) {
        Ok(()) => Decision::Allow,
        Err(reason) => Decision::Deny { reason, place },
    }
}

/// Whether a service is shown at all: not while it is hidden and this person would have to sign in.
#[must_use]
pub fn is_shown(who: &Who, service: Service, settings: &AccessSettings) -> bool {
    settings.lock(service) != Lock::LockedHidden
        || enter(who, service, settings) != Err(Reason::SignInNeeded)
}

fn allowed(who: &Who, what: Action<'_>, settings: &AccessSettings) -> Result<(), Reason> {
    // Nobody starts these, so no lock holds them.
    if let Action::Sheet(sheet, action @ SheetAction::RunByItself) = what {
        return ownership::sheet(who, sheet, action, settings.folders);
    }
    if who.is_refused_the_device() {
        return Err(Reason::DeviceRefused);
    }
    reach(who, what, settings)?;
    match what {
        Action::Open(area) => open(who, area, settings),
        Action::Enter(service) => enter(who, service, settings),
        Action::Run(job) => run(who, &job, settings),
        Action::Diagnose(diagnostic) => match who.person {
            Person::Engineer => Ok(()),
            _ if settings.administrator_diagnostics.contains(&diagnostic) => {
                who.is_administrator().then_some(()).ok_or(Reason::AdministratorsOnly)
            }
            _ => Err(Reason::EngineerOnly),
        },
        Action::OpenFolder => ownership::open_folder(who, settings.folders),
        Action::Folder(folder, action) => ownership::folder(who, folder, action, settings.folders),
        Action::MakeSheet(folder) => ownership::make_sheet(who, folder, settings.folders),
        Action::Sheet(sheet, action) => ownership::sheet(who, sheet, action, settings.folders),
        Action::PrivatePrint(action) => private_print::decide(who, action, settings),
        Action::Listed(owner) => listed(who, owner, settings),
    }
}

/// Whether the lock of all services lets somebody through to what they want.
fn reach(who: &Who, what: Action<'_>, settings: &AccessSettings) -> Result<(), Reason> {
    let is_limited = match what {
        Action::Open(_) => return Ok(()),
        Action::Enter(service) => service.kind().is_some(),
        Action::Run(job) => job.kind.is_some(),
        _ => false,
    };
    open(who, Area::AllServices, settings)?;
    // Past the lock, limits say what a card is worth that nobody registered: jobs, nothing else.
    let locked = settings.locked_areas.contains(&Area::AllServices);
    match who.person {
        Person::Provisional { .. } if locked && !is_limited => Err(Reason::SignInNeeded),
        _ => Ok(()),
    }
}

/// Signing in opens an area; in mode off, where users cannot, an additive accessory stands in.
/// Payment opens none (S30-6-03), and a card that nobody registered opens the services only.
fn open(who: &Who, area: Area, settings: &AccessSettings) -> Result<(), Reason> {
    let opens = match who.person {
        Person::Provisional { .. } => who.is_signed_in() && area == Area::AllServices,
        _ => {
            who.is_signed_in()
                || who.sign_in.mode == AuthenticationMode::Off && who.additive_enabled()
        }
    };
    let locked = settings.locked_areas.contains(&area);
    if opens || !locked { Ok(()) } else { Err(Reason::SignInNeeded) }
}

fn enter(who: &Who, service: Service, settings: &AccessSettings) -> Result<(), Reason> {
    let enters = |service| run(who, &Job::new(service, Phase::Before), settings);
    // Fax and internet fax share a page.
    match service {
        Service::Fax => {
            enters(Service::Fax).or_else(|no| enters(Service::InternetFax).map_err(|_| no))
        }
        Service::InternetFax => {
            enters(Service::InternetFax).or_else(|no| enters(Service::Fax).map_err(|_| no))
        }
        _ => enters(service),
    }
}

fn run(who: &Who, job: &Job, settings: &AccessSettings) -> Result<(), Reason> {
    match job.service {
        Service::Report if !settings.user_reports && !who.is_administrator() => {
            return Err(Reason::ReportsForbidden);
        }
        Service::Report => return report_accessory(who, job),
        Service::ColourCalibration if who.person == Person::Engineer => {
            return report_accessory(who, job);
        }
        Service::ColourCalibration => return Ok(()),
        Service::Diagnostics => {
            return match who.person {
                Person::Engineer => Ok(()),
                _ if settings.administrator_diagnostics.is_empty() => Err(Reason::EngineerOnly),
                _ if who.is_administrator() => Ok(()),
                _ => Err(Reason::AdministratorsOnly),
            };
        }
        Service::FolderOperation if !settings.folders.mailbox && !settings.folders.copy_resave => {
            return Err(Reason::NotOffered);
        }
        Service::BmlinksScan | Service::BmlinksPullPrint => {
            run(who, &Job::new(Service::BmlinksMenu, job.phase), settings)?;
        }
        _ => {}
    }
    let released = is_released(job, settings);
    if !released && settings.lock(job.service) != Lock::Unlocked && !opens_locks(who) {
        return Err(Reason::SignInNeeded);
    }
    limits(who, job, released, settings)?;
    if !released && job.phase >= Phase::Start {
        job_accessory(who, job, settings)?;
    }
    Ok(())
}

/// A copy in a colour mode that is released (S30-6-01, S30-6-07). Its page can be entered for the
/// sake of any such mode.
fn is_released(job: &Job, settings: &AccessSettings) -> bool {
    let released = settings.released_copy;
    job.service == Service::Copy
        && match job.colour {
            Some(colour) => released.cover(colour),
            None => job.phase == Phase::Before && (released.black || released.colour),
        }
}

/// What opens the lock of a service: signing in, or in mode off, where users cannot, any accessory.
fn opens_locks(who: &Who) -> bool {
    who.is_signed_in()
        || who.sign_in.mode == AuthenticationMode::Off
            && (who.additive_enabled() || who.accessories.subtractive == Subtractive::Enabled)
}

fn limits(who: &Who, job: &Job, released: bool, settings: &AccessSettings) -> Result<(), Reason> {
    let Some(limits) = who.limits() else { return Ok(()) };
    if !settings.limits_act(job.service, job.kind) {
        return Ok(());
    }
    let service = settings.folders.followed(job.service);
    let checks = checks(job.service);
    let Some(kind) = job.kind.or(service.kind()) else {
        return match service {
            Service::BmlinksMenu if !limits.bmlinks_menu => Err(Reason::ServiceForbidden),
            // Limits name no other such service, and nobody knows whose card it is.
            _ if matches!(who.person, Person::Provisional { .. }) => Err(Reason::ServiceForbidden),
            _ => Ok(()),
        };
    };
    if !released && job.phase >= checks.service && !limits.allow(kind) {
        return Err(Reason::ServiceForbidden);
    }
    // Folder operation that follows copy needs no accounting: it has no kind of its own.
    let Some(of_kind) = job.kind.and_then(|kind| limits.of(kind)) else { return Ok(()) };
    if let Some(colour) = job.colour
        && !released
        && job.phase >= checks.colour
        && !of_kind.colours.cover(colour)
    {
        return Err(Reason::ColourForbidden);
    }
    match of_kind.pages_left {
        // Of a job that does not tell its pages, one page is sure.
        Some(left) if job.phase >= checks.pages && job.pages.unwrap_or(1) > left => {
            Err(Reason::PagesUsedUp)
        }
        _ => Ok(()),
    }
}

/// Reports need an accessory that is fitted to be enabled, whoever prints them and whatever the
/// flags say.
fn report_accessory(who: &Who, job: &Job) -> Result<(), Reason> {
    if job.phase >= Phase::Start { accessory(who, true) } else { Ok(()) }
}

fn job_accessory(who: &Who, job: &Job, settings: &AccessSettings) -> Result<(), Reason> {
    let control = settings.accessory_control;
    let controlled = match job.kind {
        _ if control.by_service_access => false,
        Some(JobKind::Copy) => control.copy,
        Some(JobKind::Print) => control.print,
        Some(JobKind::Scan | JobKind::Fax | JobKind::InternetFax) => control.scan_fax,
        None => false,
    };
    let takes_payment = matches!(job.kind, Some(JobKind::Copy | JobKind::Print));
    if controlled { accessory(who, takes_payment) } else { Ok(()) }
}

/// Nothing fitted asks for nothing; of two, one is enough. Payment never gates faxes and scans.
fn accessory(who: &Who, takes_payment: bool) -> Result<(), Reason> {
    let additive_fitted = who.accessories.additive != Additive::Absent;
    let payment_fitted = takes_payment && who.accessories.subtractive != Subtractive::Absent;
    let paid = takes_payment && who.accessories.subtractive == Subtractive::Enabled;
    if !(additive_fitted || payment_fitted) || who.additive_enabled() || paid {
        return Ok(());
    }
    Err(Reason::AccessoryNeeded)
}

/// Owner and administrators (S30-6-08). What nobody was identified for is open to all where nobody
/// ever is.
fn listed(who: &Who, owner: Option<&PrintUserId>, settings: &AccessSettings) -> Result<(), Reason> {
    let mine = match owner {
        Some(owner) => private_print::my_user_id(who, settings).as_ref() == Some(owner),
        None => !who.sign_in.mode.identifies(),
    };
    if mine || who.is_administrator() { Ok(()) } else { Err(Reason::NotYours) }
}

#[cfg(test)]
#[path = "decide_test.rs"]
mod tests;
