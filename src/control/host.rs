//! Who carries a request out: the running service, or a command that owns the data folder itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use jiff::Timestamp;
use kazasu_hal::{Cause, Event, EventKind, ReaderName};
use kazasu_runtime::{Runtime, Stations, Way};
use kazasu_sim_serve::Control;
use kazasu_texts::Lang;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{End, Office, Panels, Request, blocks, cause};
use crate::cli::Place;
use crate::config::Config;
use crate::lines::{EventLine, Message, ReaderLine};
use crate::owner::DataFolder;
use crate::selectors::discoverers;

/// How long a command that just opened the readers itself waits for the first to be found.
const SETTLE_MAX: Duration = Duration::from_secs(2);
/// No more readers turned up for this long: that is all of them.
const SETTLED_AFTER: Duration = Duration::from_millis(500);

pub(super) type Lines = mpsc::Sender<Value>;

/// What requests are carried out with. Parts that a process does not have are `None`.
#[derive(Clone, Default)]
pub(crate) struct Host {
    readers: Option<Readers>,
    office: Option<Office>,
    panels: Option<Panels>,
    sim: Option<Control>,
}

#[derive(Clone)]
struct Readers {
    runtime: Arc<Runtime>,
    stations: Stations,
    /// Opened just now, for this command: what is attached is still being found.
    fresh: bool,
}

impl Host {
    /// The host of the running service.
    pub(crate) fn serving(
        office: Office,
        runtime: Arc<Runtime>,
        stations: Stations,
        panels: Panels,
        sim: Option<Control>,
    ) -> Self {
        Self {
            readers: Some(Readers { runtime, stations, fresh: false }),
            office: Some(office),
            panels: Some(panels),
            sim,
        }
    }

    /// A host with the readers only, opened now. The caller owns the data folder.
    pub(crate) fn readers(place: &Place, folder: &DataFolder) -> Result<Self> {
        let config = Config::load(place.config.as_ref(), folder.config())?;
        let found = discoverers(&config.readers(&place.readers), config.polling())?;
        let stations = config.stations();
        let runtime = Arc::new(Runtime::new(stations.clone(), config.taps()));
        runtime.open(found);
        Ok(Self { readers: Some(Readers { runtime, stations, fresh: true }), ..Self::default() })
    }

    /// A host with the local records and settings only, opened now. The caller owns the data
    /// folder.
    pub(crate) async fn records(folder: &DataFolder) -> Result<Self> {
        Ok(Self { office: Some(Office::open(folder, None).await?), ..Self::default() })
    }

    /// The same with the directory of this configuration file. The caller owns the data folder.
    pub(crate) async fn directory(config: Option<&PathBuf>, folder: &DataFolder) -> Result<Self> {
        let directory = Config::load(config, folder.config())?.directory_client()?;
        Ok(Self { office: Some(Office::open(folder, directory).await?), ..Self::default() })
    }

    /// Lets go of what this process opened for one request.
    pub(crate) async fn close(&self) {
        if let Some(office) = &self.office {
            office.close().await;
        }
        if let Some(Readers { runtime, fresh: true, .. }) = &self.readers {
            runtime.close().await;
        }
    }

    /// Carries out one request. Dropping the future gives it up.
    pub(crate) async fn carry_out(&self, request: Request, lines: Lines) -> End {
        let done = match request {
            Request::Watch { lang } => match &self.readers {
                Some(readers) => return readers.watch(lang.lang(), &lines).await,
                None => None,
            },
            Request::Readers { lang } => match &self.readers {
                Some(readers) => return readers.list(lang.lang(), &lines).await,
                None => None,
            },
            Request::CardRead { readers: wanted, service, blocks, wait_s, lang } => {
                match &self.readers {
                    Some(readers) => {
                        let runtime = &readers.runtime;
                        let places = (service, &*blocks);
                        return match blocks::read(runtime, &wanted, places, wait_s, &lines).await {
                            Ok(()) => End::Done,
                            Err(failed) => failed.end(lang.lang()),
                        };
                    }
                    None => None,
                }
            }
            request @ (Request::Panel
            | Request::PanelPair { .. }
            | Request::PanelList
            | Request::PanelRevoke { .. }) => match &self.panels {
                Some(panels) => Some(panels.carry_out(request, &lines).await),
                None => None,
            },
            Request::Sim { line } => return self.sim(&line, &lines).await,
            request => match &self.office {
                Some(office) => Some(office.carry_out(request, &lines).await),
                None => None,
            },
        };
        done.unwrap_or_else(|| End::Error("this process does not serve that request".to_owned()))
    }

    async fn sim(&self, line: &str, lines: &Lines) -> End {
        let Some(sim) = &self.sim else {
            return End::No(
                "the service has no simulated reader: start it with `kazasu serve --sim FILE`"
                    .to_owned(),
            );
        };
        let answer = sim.tell(line).await;
        match answer.strip_prefix("error ") {
            Some(error) => End::Error(error.to_owned()),
            None => say(lines, &answer).await,
        }
    }
}

impl Readers {
    async fn watch(&self, lang: Lang, lines: &Lines) -> End {
        // Listening first, then looking at what is there: what changes in between is heard, and
        // told once.
        let (resting, mut events) = self.runtime.events().follow();
        let there = self.runtime.ways().borrow().clone();
        let mut told = Vec::new();
        for way in &there {
            let attached = way
                .readers
                .iter()
                .map(|info| (info.name.clone(), EventKind::Attached(info.clone())));
            let closed = way
                .fault
                .iter()
                .map(|fault| (ReaderName(way.selector.clone()), EventKind::Fault(fault.clone())));
            for (reader, kind) in attached.chain(closed) {
                if !send_event(lines, &self.event(&reader, way, kind.clone()), lang).await {
                    return End::Done;
                }
                told.push((reader, kind));
            }
        }
        for event in &resting {
            if !send(lines, &EventLine::new(event, lang).of_before()).await {
                return End::Done;
            }
        }
        loop {
            match events.recv().await {
                Ok(event) => {
                    if is_told(&mut told, &event) {
                        continue;
                    }
                    if !send_event(lines, &event, lang).await {
                        return End::Done;
                    }
                }
                Err(RecvError::Closed) => return End::Done,
                Err(RecvError::Lagged(count)) => {
                    return End::Error(format!(
                        "{count} events were lost, since this command read them too slowly: \
                         start it again"
                    ));
                }
            }
        }
    }

    fn event(&self, reader: &ReaderName, way: &Way, kind: EventKind) -> Event {
        let station = self.stations.of(reader, &way.selector).clone();
        Event { time: SystemTime::from(Timestamp::now()), reader: reader.clone(), station, kind }
    }

    async fn list(&self, lang: Lang, lines: &Lines) -> End {
        let mut ways = self.runtime.ways();
        if self.fresh {
            let known =
                |ways: &Vec<Way>| ways.iter().all(|w| w.fault.is_some() || !w.readers.is_empty());
            // Not all found in time: then the rest is shown as it stands.
            let _ = timeout(SETTLE_MAX, ways.wait_for(known)).await;
            while let Ok(Ok(())) = timeout(SETTLED_AFTER, ways.changed()).await {}
        }
        let ways = ways.borrow().clone();
        for line in ways.iter().flat_map(|way| ReaderLine::of(way, lang)) {
            if !send(lines, &line).await {
                return End::Done;
            }
        }
        if ways.iter().any(|way| !way.readers.is_empty()) {
            return End::Done;
        }
        End::No(lang.told(&nothing_found(&ways)))
    }
}

/// Whether this was told of what is there. Only the first event of a reader can be; later the same
/// may happen again.
fn is_told(told: &mut Vec<(ReaderName, EventKind)>, event: &Event) -> bool {
    let again = told.iter().any(|(reader, kind)| *reader == event.reader && *kind == event.kind);
    let attached = matches!(event.kind, EventKind::Attached(_));
    // A way on which a reader was found is not closed any more.
    let over = |kind: &EventKind| attached && matches!(kind, EventKind::Fault(_));
    told.retain(|(reader, kind)| *reader != event.reader && !over(kind));
    again
}

/// What to say where no reader is attached.
pub(crate) fn nothing_found(ways: &[Way]) -> Cause {
    let looked: Vec<&str> = ways.iter().map(|w| w.selector.as_str()).collect();
    cause::no_reader(looked.join(", "))
}

async fn send_event(lines: &Lines, event: &Event, lang: Lang) -> bool {
    send(lines, &EventLine::new(event, lang)).await
}

pub(super) async fn say(lines: &Lines, text: &str) -> End {
    send(lines, &Message { message: text.to_owned() }).await;
    End::Done
}

/// `false` where nobody listens any more.
pub(super) async fn send(lines: &Lines, line: &impl Serialize) -> bool {
    match serde_json::to_value(line) {
        Ok(value) => lines.send(value).await.is_ok(),
        Err(error) => {
            tracing::error!(%error, "a line could not be made");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use kazasu_hal::{Fault, FaultKind};

    use super::*;

    /// A reader that goes and comes is told again, a way that closes once more too.
    #[test]
    fn only_what_is_there_already_is_told_once() {
        let reader = |name: &str| ReaderName(name.to_owned());
        let attached = |name: &str| {
            let presence = kazasu_hal::Presence::Reported;
            let model = "a model".to_owned();
            let info =
                kazasu_hal::ReaderInfo { name: reader(name), driver: "pcsc", model, presence };
            (reader(name), EventKind::Attached(info))
        };
        let fault = || {
            let fault = Fault::new(FaultKind::ServiceUnavailable, cause::no_reader("pcsc"));
            (reader("pcsc"), EventKind::Fault(fault))
        };
        let detached = |name: &str| (reader(name), EventKind::Detached);
        let mut told = vec![attached("a"), attached("b")];
        let rows = [
            (attached("a"), true),
            (attached("a"), false),
            (detached("b"), false),
            (attached("b"), false),
        ];
        let station = kazasu_hal::StationName("main".to_owned());
        let row = |told: &mut Vec<_>, (reader, kind), expected| {
            let (time, station) = (SystemTime::UNIX_EPOCH, station.clone());
            let event = Event { time, reader, station, kind };
            assert_eq!(is_told(told, &event), expected, "{event:?}");
        };
        for (event, expected) in rows {
            row(&mut told, event, expected);
        }
        let mut told = vec![fault(), attached("c")];
        row(&mut told, fault(), true);
        let mut told = vec![fault()];
        row(&mut told, attached("a"), false);
        row(&mut told, fault(), false);
    }
}
