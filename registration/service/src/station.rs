use std::{collections::HashSet, sync::Arc};

use kazasu_hal::{Event, EventKind, ReaderName, StationName};
use kazasu_registration::{
    AuditRecord, Effect, ErrorCode, Input, PanelAction, Request, SessionView, Settings, Station,
    TypedPassword, UserId, Verdict,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{AbortHandle, JoinError, JoinSet},
    time::sleep_until,
};

use crate::{ActError, Store, StoreError, clock::Clock, hasher::Hasher};

/// What a panel did, and where to say whether it counted.
pub(crate) struct Act {
    pub(crate) session: u64,
    pub(crate) action: PanelAction,
    pub(crate) reply: oneshot::Sender<Result<(), ActError>>,
}

/// What a station's task needs from outside.
pub(crate) struct Ports<S> {
    pub(crate) store: Arc<S>,
    pub(crate) hasher: Hasher,
    pub(crate) audit: mpsc::Sender<AuditRecord>,
    pub(crate) clock: Clock,
}

/// Pumps one station's machine: inputs in, effects out, view to the panels.
pub(crate) struct StationTask<S> {
    machine: Station,
    ports: Ports<S>,
    name: StationName,
    view: watch::Sender<SessionView>,
    readers: HashSet<ReaderName>,
    effects: JoinSet<Input>,
    /// The last request that may be given up.
    pending: Option<(Request, AbortHandle)>,
}

impl<S: Store> StationTask<S> {
    pub(crate) fn new(name: StationName, settings: Arc<Settings>, ports: Ports<S>) -> Self {
        let machine = Station::new(name.clone(), settings);
        let view = watch::Sender::new(machine.view());
        Self {
            machine,
            ports,
            name,
            view,
            readers: HashSet::new(),
            effects: JoinSet::new(),
            pending: None,
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
            let timer = self.machine.poll_timeout().and_then(|at| self.ports.clock.instant(at));
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
                () = async {
                    match timer {
                        Some(at) => sleep_until(at).await,
                        None => std::future::pending().await,
                    }
                } => self.input(Input::Tick),
            }
        }
        // What was asked of the store happens whole or not at all, whoever waits for the answer.
        self.effects.shutdown().await;
    }

    fn completed(&mut self, done: Result<Input, JoinError>) {
        match done {
            Ok(input) => self.input(input),
            Err(error) if error.is_cancelled() => {}
            // The machine's own deadline brings it back.
            Err(error) => tracing::error!(station = %self.name, %error, "an effect failed"),
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
            EventKind::Removed(_) => self.input(Input::CardRemoved),
            EventKind::Multiple => self.input(Input::MultipleCards),
            EventKind::Attached(_) | EventKind::Detached | EventKind::Fault(_) => {}
        }
    }

    fn act(&mut self, act: Act) {
        let Act { session, action, reply } = act;
        let answer = if session == self.machine.view().session {
            self.input(Input::Panel { session, action });
            Ok(())
        } else {
            Err(ActError::SessionOver)
        };
        // Whoever asked may have gone: a closed page is no fault.
        let _ = reply.send(answer);
    }

    fn input(&mut self, input: Input) {
        self.machine.handle(self.ports.clock.now(), input);
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
        let store = Arc::clone(&self.ports.store);
        match effect {
            Effect::LookUp(request, card) => {
                let answer = async move {
                    Input::LookedUp(request, store.look_up(card).await.map_err(report))
                };
                self.pending = Some((request, self.effects.spawn(answer)));
            }
            Effect::MakeProvisional(request, provisional, capacity) => {
                let answer = async move {
                    let made = store.make_provisional(provisional, capacity).await;
                    Input::ProvisionalMade(request, made.map_err(report))
                };
                self.pending = Some((request, self.effects.spawn(answer)));
            }
            Effect::Verify(request, user, typed) => {
                let hasher = self.ports.hasher.clone();
                let answer = async move {
                    Input::Verified(request, verify(&*store, &hasher, user, typed).await)
                };
                self.pending = Some((request, self.effects.spawn(answer)));
            }
            Effect::Commit(request, binding) => {
                self.effects.spawn(async move {
                    Input::Committed(request, store.commit(binding).await.map_err(report))
                });
            }
            Effect::Abandon(request) => {
                if let Some((_, task)) = self.pending.take_if(|(number, _)| *number == request) {
                    task.abort();
                }
            }
            Effect::Audit(record) => {
                if self.ports.audit.try_send(record).is_err() {
                    tracing::error!(station = %self.name, "an audit record was lost: queue full");
                }
            }
        }
    }
}

async fn verify<S: Store>(
    store: &S,
    hasher: &Hasher,
    user: UserId,
    typed: TypedPassword,
) -> Result<Verdict, ErrorCode> {
    let stored = store.credentials(user).await.map_err(report)?;
    hasher.verify(typed, stored).await.map_err(|error| {
        tracing::error!(%error, "credentials cannot be verified");
        ErrorCode::Internal
    })
}

fn report(error: StoreError) -> ErrorCode {
    let code = error.code();
    tracing::error!(%code, %error, "the store failed");
    code
}

/// Writes the audit records that belong to no other change, one after the other, until nobody
/// can send one any more.
pub(crate) async fn write_audit<S: Store>(store: Arc<S>, mut records: mpsc::Receiver<AuditRecord>) {
    while let Some(record) = records.recv().await {
        let event = record.event.word();
        if let Err(error) = store.append_audit(record).await {
            tracing::error!(event, %error, "an audit record was lost");
        }
    }
}
