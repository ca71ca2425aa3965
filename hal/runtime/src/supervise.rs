use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kazasu_hal::{Discoverer, Event, EventKind, Fault, Reader, ReaderInfo, ReaderName, Report};
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinSet};

use crate::clock::Clock;
use crate::requests::Desks;
use crate::resumed::LeftLying;
use crate::{Events, Stations, TapSettings, Taps, Way};

/// Pause before a way that ended at once is tried again; doubled at each failure.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// The longest pause. A reader must work within 3 s of being reachable again, however long it was
/// away; opening it takes well under 1 s.
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// Readers that a discoverer may have found before they are taken up.
const FOUND_MAX: usize = 8;

/// What all supervisors of a runtime share.
#[derive(Clone, Debug)]
pub(crate) struct Shared(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    stations: Stations,
    settings: TapSettings,
    events: Events,
    ways: watch::Sender<Vec<Way>>,
    clock: Clock,
    left_lying: LeftLying,
    desks: Desks,
}

impl Shared {
    pub(crate) fn new(stations: Stations, settings: TapSettings) -> Self {
        Self(Arc::new(Inner {
            stations,
            settings,
            events: Events::new(),
            ways: watch::Sender::new(Vec::new()),
            clock: Clock::new(),
            left_lying: LeftLying::default(),
            desks: Desks::default(),
        }))
    }

    pub(crate) fn events(&self) -> &Events {
        &self.0.events
    }

    pub(crate) fn ways(&self) -> watch::Receiver<Vec<Way>> {
        self.0.ways.subscribe()
    }

    pub(crate) fn desks(&self) -> &Desks {
        &self.0.desks
    }

    /// Lists one more way, and gives its number.
    pub(crate) fn list(&self, selector: &str) -> usize {
        let mut index = 0;
        self.0.ways.send_modify(|ways| {
            index = ways.len();
            let (selector, readers) = (selector.to_owned(), Vec::new());
            ways.push(Way { selector, fault: None, readers });
        });
        index
    }

    fn publish(&self, reader: &ReaderName, selector: &str, kind: EventKind) {
        let Inner { stations, events, clock, .. } = &*self.0;
        match &kind {
            EventKind::Fault(fault) => tracing::warn!(%reader, kind = %fault.kind, "{fault}"),
            EventKind::Attached(info) => tracing::info!(%reader, model = info.model, "attached"),
            EventKind::Detached => tracing::info!(%reader, "detached"),
            EventKind::Presented(card) => {
                tracing::debug!(%reader, technology = %card.identity.technology(), "presented");
            }
            EventKind::Resumed(_) => tracing::debug!(%reader, "the card is still there"),
            EventKind::Confirmed(_) => tracing::debug!(%reader, "read twice"),
            EventKind::Removed(_) => tracing::debug!(%reader, "removed"),
            EventKind::Multiple(technologies) => {
                tracing::debug!(%reader, ?technologies, "several cards");
            }
            other => tracing::debug!(%reader, "{}", other.word()),
        }
        let station = stations.of(reader, selector).clone();
        events.publish(Event { time: clock.now().wall, reader: reader.clone(), station, kind });
    }

    fn change(&self, index: usize, change: impl FnOnce(&mut Way)) {
        self.0.ways.send_modify(|ways| {
            if let Some(way) = ways.get_mut(index) {
                change(way);
            }
        });
    }
}

/// Opens one way again and again, and takes up the readers it finds.
pub(crate) async fn supervise(index: usize, mut discoverer: Box<dyn Discoverer>, shared: Shared) {
    let selector: Arc<str> = discoverer.selector().into();
    let mut pause = PAUSE_MIN;
    let mut told: Option<Fault> = None;
    loop {
        let (found_tx, found) = mpsc::channel(FOUND_MAX);
        let (fault, found_any) = {
            let run = discoverer.run(found_tx);
            take_up(index, &selector, run, found, &shared).await
        };
        if found_any {
            pause = PAUSE_MIN;
            told = None;
        }
        shared.change(index, |way| way.fault = Some(fault.clone()));
        // A way that stays closed is told once, not once a second.
        if told.as_ref() != Some(&fault) {
            let name = ReaderName(selector.to_string());
            shared.publish(&name, &selector, EventKind::Fault(fault.clone()));
            told = Some(fault);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Runs one opening of a way to its end. Every reader found is pumped in a task of its own, so
/// that none blocks another; all have ended (and said so) when this returns.
async fn take_up(
    index: usize,
    selector: &Arc<str>,
    mut run: std::pin::Pin<Box<dyn Future<Output = Fault> + Send + '_>>,
    mut found: mpsc::Receiver<Reader>,
    shared: &Shared,
) -> (Fault, bool) {
    let mut pumps = JoinSet::new();
    let mut names: HashMap<Id, ReaderName> = HashMap::new();
    let mut found_any = false;
    let fault = loop {
        tokio::select! {
            fault = &mut run => break fault,
            Some(reader) = found.recv() => {
                found_any = true;
                let name = reader.info.name.clone();
                shared.change(index, |way| attach(way, &reader.info));
                let task = pumps.spawn(pump(reader, Arc::clone(selector), shared.clone()));
                names.insert(task.id(), name);
            }
            Some(ended) = pumps.join_next_with_id() => {
                forget(index, &mut names, ended, shared);
            }
        }
    };
    // Letting go of the way closes its readers' channels, which ends the pumps.
    drop(run);
    drop(found);
    while let Some(ended) = pumps.join_next_with_id().await {
        forget(index, &mut names, ended, shared);
    }
    (fault, found_any)
}

fn attach(way: &mut Way, info: &ReaderInfo) {
    way.fault = None;
    way.readers.retain(|r| r.name != info.name);
    way.readers.push(info.clone());
}

fn forget(
    index: usize,
    names: &mut HashMap<Id, ReaderName>,
    ended: Result<(Id, ()), tokio::task::JoinError>,
    shared: &Shared,
) {
    let id = match &ended {
        Ok((id, ())) => *id,
        Err(error) => error.id(),
    };
    if let Some(name) = names.remove(&id) {
        // A reader that came back before its old pump ended is listed anew under the same name.
        if !names.values().any(|n| *n == name) {
            shared.change(index, |way| way.readers.retain(|r| r.name != name));
        }
    }
}

/// One reader from attach to detach.
async fn pump(reader: Reader, selector: Arc<str>, shared: Shared) {
    let Reader { info, mut reports, requests } = reader;
    let station = shared.0.stations.of(&info.name, &selector);
    let order = shared.0.stations.order(station);
    let mut taps = Taps::new(info.presence, shared.0.settings).ordered(order);
    let publish = |kind| shared.publish(&info.name, &selector, kind);
    let desk = shared.0.desks.open(&info.name, requests);
    publish(EventKind::Attached(info.clone()));
    let mono = || shared.0.clock.now().mono;
    let mut resuming = shared.0.left_lying.take(mono(), &info.name);
    while let Some(report) = reports.recv().await {
        match report {
            Report::Field(cards) => {
                let now = mono();
                let told = taps.round(now, cards);
                // Whoever hears of a card can ask for more of it at once.
                desk.lies(taps.lying());
                told.into_iter().map(|kind| resuming.judge(now, kind)).for_each(publish);
            }
            Report::Fault(fault) => publish(EventKind::Fault(fault)),
        }
    }
    drop(desk);
    let gone = taps.gone();
    if let Some(EventKind::Removed(card)) = &gone {
        shared.0.left_lying.put(mono(), &info.name, card);
    }
    gone.into_iter().for_each(publish);
    publish(EventKind::Detached);
}

#[cfg(test)]
#[path = "supervise_tests.rs"]
mod tests;
