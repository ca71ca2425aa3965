use std::{net::IpAddr, sync::Arc};

use kazasu_hal::{Now, StationName};
use kazasu_registration::{
    AuditEvent, AuditRecord, Claimed, DeviceEvent, PanelAction, RefusalKind, Refused, SessionView,
};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    AdminError,
    clock::Clock,
    guard::Refusal,
    ledger::Ledger,
    log::SurfaceLog,
    sources::Sources,
    station::{Act, What},
};

/// Why an action on a page came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// No station of this name.
    #[error("no such station")]
    NoSuchStation,
    /// The page belongs to a session that is over.
    #[error("the session is over")]
    SessionOver,
    /// The service is shutting down.
    #[error("the service is stopping")]
    Stopped,
}

/// What people at the readers see and do, and the record of it: all that a panel gets of the
/// service. Cheap to clone.
#[derive(Clone)]
pub struct Stations(Arc<Shared>);

struct Shared {
    /// In the order given; few enough to search.
    all: Vec<StationHandle>,
    clock: Clock,
    ledger: Arc<Ledger>,
    sources: Arc<Sources>,
    log: SurfaceLog,
}

pub(crate) struct StationHandle {
    pub(crate) name: StationName,
    pub(crate) view: watch::Receiver<SessionView>,
    pub(crate) acts: mpsc::Sender<Act>,
}

impl Stations {
    pub(crate) fn new(
        all: Vec<StationHandle>,
        clock: Clock,
        ledger: Arc<Ledger>,
        sources: Arc<Sources>,
        log: SurfaceLog,
    ) -> Self {
        Self(Arc::new(Shared { all, clock, ledger, sources, log }))
    }

    /// Their names, in the order given: the first one is where a panel starts.
    #[must_use]
    pub fn names(&self) -> Vec<StationName> {
        self.0.all.iter().map(|station| station.name.clone()).collect()
    }

    /// What a panel may show of a station, now and whenever it changes.
    #[must_use]
    pub fn view(&self, station: &StationName) -> Option<watch::Receiver<SessionView>> {
        Some(self.station(station)?.view.clone())
    }

    /// The clock that [`SessionView::clears_at`] is measured by.
    #[must_use]
    pub fn now(&self) -> Now {
        self.0.clock.now()
    }

    /// Passes on what a person did on a page that showed `session`. When it returns, the view
    /// shows what came of it.
    ///
    /// # Errors
    /// [`ActError`]; what the machine refuses is shown on the page instead.
    pub async fn act(
        &self,
        station: &StationName,
        session: u64,
        action: PanelAction,
    ) -> Result<(), ActError> {
        self.act_from(station, session, action, None).await
    }

    /// The same from a page that is not on this machine, at this address.
    ///
    /// # Errors
    /// [`ActError`].
    pub async fn act_from(
        &self,
        station: &StationName,
        session: u64,
        action: PanelAction,
        from: Option<IpAddr>,
    ) -> Result<(), ActError> {
        self.tell(station, What::Panel { session, action, from }).await
    }

    /// Passes on what the device around a station's reader reports. When it returns, the view
    /// shows what came of it.
    ///
    /// # Errors
    /// [`ActError`], never `SessionOver`.
    pub async fn device(&self, station: &StationName, event: DeviceEvent) -> Result<(), ActError> {
        self.tell(station, What::Device(event)).await
    }

    /// Whether somebody at this address may type a password now. Each is counted when it is checked.
    ///
    /// # Errors
    /// 3065 where too many from there were wrong of late, and until when.
    pub async fn may_type(&self, from: IpAddr, station: &StationName) -> Result<(), Refusal> {
        let Err(refusal) = self.0.sources.check(from) else { return Ok(()) };
        self.limited(Some(station), Some(from)).await;
        Err(refusal)
    }

    /// Lets somebody at this address try a password, before it is looked at. It counts as wrong until
    /// it was found right.
    pub(crate) async fn admit(&self, from: IpAddr) -> Result<(), Refusal> {
        let Err(refusal) = self.0.sources.admit(from) else { return Ok(()) };
        self.limited(None, Some(from)).await;
        Err(refusal)
    }

    /// Somebody typed a password, and it was not looked at: there were too many. The log says so.
    pub async fn limited(&self, station: Option<&StationName>, from: Option<IpAddr>) {
        let (who, kind) = (Claimed::Unknown, RefusalKind::Limited);
        let refused = Refused { who, card: None, kind, from };
        if let Some(record) = self.0.ledger.refused(station, refused)
            && let Err(error) = self.0.log.write(record).await
        {
            tracing::error!(%error, "a sign-in that was refused could not be audited");
        }
    }

    /// Writes an audit record of a surface, at a station or at none.
    ///
    /// # Errors
    /// The store's; [`AdminError::Stopped`].
    pub async fn record(
        &self,
        station: Option<StationName>,
        event: AuditEvent,
    ) -> Result<(), AdminError> {
        self.0.log.write(AuditRecord { at: self.0.clock.wall(), station, event }).await
    }

    async fn tell(&self, station: &StationName, what: What) -> Result<(), ActError> {
        let handle = self.station(station).ok_or(ActError::NoSuchStation)?;
        let (reply, answer) = oneshot::channel();
        handle.acts.send(Act { what, reply }).await.map_err(|_| ActError::Stopped)?;
        answer.await.map_err(|_| ActError::Stopped)?
    }

    fn station(&self, name: &StationName) -> Option<&StationHandle> {
        self.0.all.iter().find(|station| station.name == *name)
    }
}

impl std::fmt::Debug for Stations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Stations").field(&self.names()).finish()
    }
}
