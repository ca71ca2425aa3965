use std::{
    collections::{HashMap, HashSet},
    future::Future,
    net::IpAddr,
    sync::Arc,
};

use kazasu_hal::{Event, EventKind, ReaderName, StationName};
use kazasu_registration::{
    Altered, AuditEvent, AuditRecord, DeviceEvent, Effect, Input, PanelAction, Problem, Refused,
    Request, SessionView, Site, Station,
};
use tokio::{
    sync::{
        broadcast::{
            self,
            error::{RecvError, TryRecvError},
        },
        mpsc, oneshot, watch,
    },
    task::{AbortHandle, JoinError, JoinSet},
};

use crate::{
    ActError, Directory, Hasher, Store,
    asker::Asker,
    clock::{Clock, until},
    current::Alteration,
    log::Log,
    perform::Ports,
};

/// Something for a station, and where to say whether it counted.
pub(crate) struct Act {
    pub(crate) what: What,
    pub(crate) reply: oneshot::Sender<Result<(), ActError>>,
}

/// What happened.
pub(crate) enum What {
    /// Somebody acted on a page of this session.
    Panel { session: u64, action: PanelAction, from: Option<IpAddr> },
    /// The device around the reader reports.
    Device(DeviceEvent),
}

/// Pumps one station's machine: inputs in, effects out, view to the panels.
pub(crate) struct StationTask<S, D, H> {
    machine: Station,
    ports: Arc<Ports<S, D, H>>,
    log: Log,
    clock: Clock,
    name: StationName,
    /// The address of the page that acts now, where it is not on this machine.
    acting: Option<IpAddr>,
    /// The same of whoever typed the credentials that were checked last.
    typing: Option<IpAddr>,
    site: watch::Receiver<Arc<Site>>,
    alterations: broadcast::Receiver<Alteration>,
    view: watch::Sender<SessionView>,
    readers: HashSet<ReaderName>,
    effects: JoinSet<(Request, Input)>,
    /// Those that may be given up.
    pending: HashMap<Request, AbortHandle>,
}

impl<S: Store, D: Directory, H: Hasher> StationTask<S, D, H> {
    pub(crate) fn new(name: StationName, ports: Arc<Ports<S, D, H>>, log: Log) -> Self {
        let clock = log.clock().clone();
        let alterations = ports.current.alterations();
        let mut site = ports.current.subscribe();
        let machine = Station::new(name.clone(), Arc::clone(&site.borrow_and_update()));
        let view = watch::Sender::new(machine.view());
        Self {
            machine,
            ports,
            log,
            clock,
            name,
            acting: None,
            typing: None,
            site,
            alterations,
            view,
            readers: HashSet::new(),
            effects: JoinSet::new(),
            pending: HashMap::new(),
        }
    }

    pub(crate) fn view(&self) -> watch::Receiver<SessionView> {
        self.view.subscribe()
    }

    pub(crate) async fn run(
        mut self,
        mut events: mpsc::Receiver<Event>,
        mut acts: mpsc::Receiver<Act>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut listening = true;
        loop {
            let timer = self.machine.poll_timeout().and_then(|at| self.clock.instant(at));
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                Some(done) = self.effects.join_next() => self.completed(done),
                event = events.recv(), if listening => match event {
                    Some(event) => self.heard(event),
                    None => {
                        listening = false;
                        self.readers.clear();
                        self.input(Input::ReaderReady(false));
                    }
                },
                Some(act) = acts.recv() => self.act(act),
                Ok(()) = self.site.changed() => self.settle(),
                heard = self.alterations.recv() => self.altered(heard.map_err(|error| match error {
                    RecvError::Lagged(count) => TryRecvError::Lagged(count),
                    RecvError::Closed => TryRecvError::Closed,
                })),
                () = until(timer) => self.input(Input::Tick),
            }
        }
        // What was asked of the store happens whole or not at all, whoever waits for the answer.
        self.effects.shutdown().await;
    }

    fn completed(&mut self, done: Result<(Request, Input), JoinError>) {
        match done {
            Ok((request, input)) => {
                self.pending.remove(&request);
                self.input(input);
            }
            Err(error) if error.is_cancelled() => {}
            Err(error) => {
                // The machine's own deadline brings it back.
                tracing::error!(station = %self.name, %error, "an effect failed");
                self.pending.retain(|_, task| !task.is_finished());
            }
        }
    }

    fn heard(&mut self, event: Event) {
        let had_reader = !self.readers.is_empty();
        match &event.kind {
            EventKind::Detached => {
                self.readers.remove(&event.reader);
            }
            EventKind::Fault(_) => {}
            // Whatever speaks of cards is attached, even where the news of it was lost.
            _ => {
                self.readers.insert(event.reader);
            }
        }
        let has_reader = !self.readers.is_empty();
        if has_reader != had_reader {
            self.input(Input::ReaderReady(has_reader));
        }
        match event.kind {
            EventKind::Presented(card) => self.input(Input::CardPresented(card.identity)),
            EventKind::Confirmed(card) => self.input(Input::CardConfirmed(card.identity)),
            EventKind::Removed(card) => self.input(Input::CardRemoved(card.identity)),
            EventKind::Multiple(_) => self.input(Input::MultipleCards),
            // Of the reader alone; and a tap that `Resumed` was told before the reader was lost.
            _ => {}
        }
    }

    fn act(&mut self, act: Act) {
        let answer = match act.what {
            What::Panel { session, action, from } if session == self.machine.view().session => {
                self.acting = from;
                self.input(Input::Panel { session, action });
                self.acting = None;
                Ok(())
            }
            What::Panel { .. } => Err(ActError::SessionOver),
            What::Device(event) => {
                self.input(Input::Device(event));
                Ok(())
            }
        };
        // Whoever asked may have gone: a closed page is no fault.
        let _ = act.reply.send(answer);
    }

    fn input(&mut self, input: Input) {
        // Whatever comes after a change of the settings is judged by the new ones.
        if self.site.has_changed().unwrap_or(false) {
            self.settle();
        }
        // And after a change of somebody's record, by what they are now.
        loop {
            match self.alterations.try_recv() {
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                heard => self.altered(heard),
            }
        }
        self.machine.handle(self.clock.now(), input);
        self.follow();
    }

    fn altered(&mut self, heard: Result<Alteration, TryRecvError>) {
        let what = match heard {
            Ok(Alteration { at, .. }) if at.as_ref() == Some(&self.name) => return,
            Ok(Alteration { what, .. }) => what,
            Err(TryRecvError::Lagged(_)) => Arc::from([Altered::Everything]),
            Err(TryRecvError::Empty | TryRecvError::Closed) => return,
        };
        for altered in what.iter() {
            self.machine.handle(self.clock.now(), Input::Altered(altered.clone()));
        }
        self.follow();
    }

    fn settle(&mut self) {
        let site = Arc::clone(&self.site.borrow_and_update());
        self.machine.handle(self.clock.now(), Input::Site(site));
        self.follow();
    }

    /// Does what the machine wants done and shows what it shows.
    fn follow(&mut self) {
        // Before anything is asked about them.
        self.ports.current.use_cards(&self.name, self.machine.cards_in_use());
        while let Some(effect) = self.machine.poll_output() {
            self.perform(effect);
        }
        let view = self.machine.view();
        self.view.send_if_modified(|shown| {
            let changed = *shown != view;
            *shown = view;
            changed
        });
    }

    fn perform(&mut self, effect: Effect) {
        let ports = Arc::clone(&self.ports);
        match effect {
            Effect::LookUp(request, card) => self
                .begin(request, async move { Input::LookedUp(request, ports.look_up(card).await) }),
            Effect::MakeProvisional(request, provisional, capacity) => {
                self.begin(request, async move {
                    let made = ports.make_provisional(provisional, capacity).await;
                    Input::ProvisionalMade(request, made)
                });
            }
            Effect::Verify(request, claim, card) => {
                let station = self.name.clone();
                let from = self.acting;
                self.typing = from;
                self.begin(request, async move {
                    let verdict = ports.verify(claim, card, Asker::Panel(&station, from)).await;
                    Input::Verified(request, verdict.map_err(Problem::from))
                });
            }
            Effect::Commit(request, binding) => {
                self.effects.spawn(async move {
                    (request, Input::Committed(request, ports.commit(binding).await))
                });
            }
            Effect::SaveOwn(request, change) => {
                let from = self.acting;
                self.effects.spawn(async move {
                    (
                        request,
                        Input::OwnSaved(
                            request,
                            ports.save_own(change, from).await.map_err(Problem::from),
                        ),
                    )
                });
            }
            Effect::Abandon(request) => {
                if let Some(task) = self.pending.remove(&request) {
                    task.abort();
                }
            }
            Effect::Audit(record) => self.audit(record),
        }
    }

    fn audit(&self, mut record: AuditRecord) {
        let ledger = &self.ports.guard.ledger;
        match &mut record.event {
            AuditEvent::SignInFailed(refused) => {
                let refused = Refused { from: self.typing, ..refused.clone() };
                match ledger.refused(record.station.as_ref(), refused) {
                    Some(told) => record = told,
                    None => return,
                }
            }
            // A card is held where the device is.
            AuditEvent::SignedIn { from, card: None, .. } => *from = self.typing,
            _ => {}
        }
        self.log.tell(record);
    }

    /// Begins what may be given up.
    fn begin(&mut self, request: Request, answer: impl Future<Output = Input> + Send + 'static) {
        let task = self.effects.spawn(async move { (request, answer.await) });
        self.pending.insert(request, task);
    }
}
