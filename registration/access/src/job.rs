use kazasu_registration::access::{Colour, JobKind, Service};

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// On the panel, not started.
    Before,
    /// About to start.
    Start,
    /// Running: before each page.
    Running,
}

/// Who refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The panel, before there is a job.
    Panel,
    /// The controller: the job does not start.
    Start,
    /// The controller: the job does not go on.
    Continue,
    /// The controller: the job is aborted.
    Abort,
}

/// A job, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    pub(crate) service: Service,
    pub(crate) kind: Option<JobKind>,
    pub(crate) phase: Phase,
    pub(crate) colour: Option<Colour>,
    pub(crate) pages: Option<u32>,
}

impl Job {
    /// A job of this service.
    #[must_use]
    pub fn new(service: Service, phase: Phase) -> Self {
        Self { service, kind: service.kind(), phase, colour: None, pages: None }
    }

    /// The print of a stored document that counts as this kind: a stored copy is a copy, a
    /// received fax is a fax.
    #[must_use]
    pub fn stored(kind: JobKind, phase: Phase) -> Self {
        Self { kind: Some(kind), ..Self::new(Service::StoredPrint, phase) }
    }

    /// A part of a job flow.
    #[must_use]
    pub fn flow_part(kind: JobKind, phase: Phase) -> Self {
        Self { kind: Some(kind), ..Self::new(Service::JobFlow, phase) }
    }

    /// The same job with what is known of it. `pages`: before it starts all of them, while it runs
    /// those that were made and the one to come.
    #[must_use]
    pub fn known(self, colour: Option<Colour>, pages: Option<u32>) -> Self {
        Self { colour, pages, ..self }
    }
}

/// From when on each limit is looked at; later phases look again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checks {
    pub(crate) service: Phase,
    pub(crate) colour: Phase,
    pub(crate) pages: Phase,
    pub(crate) running: Place,
}

/// From when on a user's limits are looked at, and how a job of this service that runs is refused.
pub(crate) fn checks(service: Service) -> Checks {
    let panel_then_controller = Checks {
        service: Phase::Before,
        colour: Phase::Before,
        pages: Phase::Start,
        running: Place::Continue,
    };
    match service {
        Service::Print | Service::StoredPrint | Service::JobFlow | Service::BmlinksPullPrint => {
            Checks {
                service: Phase::Start,
                colour: Phase::Start,
                pages: Phase::Start,
                running: Place::Abort,
            }
        }
        // Faxes and menus have a service only.
        _ => panel_then_controller,
    }
}
