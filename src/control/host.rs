//! Who carries a request out: the running service, or a command that owns the data folder itself.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use jiff::Timestamp;
use kazasu_hal::{Event, EventKind, ReaderName};
use kazasu_registration::{ListedUser, UserEntry, UserKey};
use kazasu_runtime::{EVENTS_MAX, Runtime, Stations, Way};
use kazasu_service::{Admin, AdminError, Service};
use kazasu_sim_serve::Control;
use kazasu_store::SqliteStore;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{End, Request};
use crate::cli::{Data, Place};
use crate::config::Config;
use crate::lines::{EventLine, Message, ReaderLine, UserLine};
use crate::owner::DataFolder;
use crate::selectors::discoverers;

/// How long a command that just opened the readers itself waits for the first to be found.
const SETTLE_MAX: Duration = Duration::from_secs(2);
/// No more readers turned up for this long: that is all of them.
const SETTLED_AFTER: Duration = Duration::from_millis(500);

type Lines = mpsc::Sender<Value>;

/// What requests are carried out with. Parts that a process does not have are `None`.
#[derive(Clone, Default)]
pub(crate) struct Host {
    readers: Option<Readers>,
    users: Option<Users>,
    panel: Option<String>,
    sim: Option<Control>,
}

#[derive(Clone)]
enum Users {
    Service(Service),
    Alone(Arc<Admin<SqliteStore>>),
}

#[derive(Clone)]
struct Readers {
    events: broadcast::Sender<Event>,
    ways: watch::Receiver<Vec<Way>>,
    stations: Stations,
    /// Opened just now, for this command: what is attached is still being found.
    fresh: Option<Arc<Runtime>>,
}

impl Host {
    /// The host of the running service.
    pub(crate) fn serving(
        service: Service,
        events: broadcast::Sender<Event>,
        ways: watch::Receiver<Vec<Way>>,
        stations: Stations,
        panel: String,
        sim: Option<Control>,
    ) -> Self {
        Self {
            readers: Some(Readers { events, ways, stations, fresh: None }),
            users: Some(Users::Service(service)),
            panel: Some(panel),
            sim,
        }
    }

    /// A host with the readers only, opened now. The caller owns the data folder.
    pub(crate) fn readers(place: &Place, folder: &DataFolder) -> Result<Self> {
        let config = Config::load(place.data.config.as_ref(), folder)?;
        let found = discoverers(&config.readers(&place.readers), config.polling())?;
        let stations = config.stations();
        let (events, _) = broadcast::channel(EVENTS_MAX);
        let runtime = Runtime::start(found, stations.clone(), config.taps(), &events);
        let ways = runtime.ways();
        let fresh = Some(Arc::new(runtime));
        Ok(Self { readers: Some(Readers { events, ways, stations, fresh }), ..Self::default() })
    }

    /// A host with the local records only, opened now. The caller owns the data folder.
    pub(crate) async fn records(data: &Data, folder: &DataFolder) -> Result<Self> {
        let settings = Config::load(data.config.as_ref(), folder)?.settings()?;
        let store = Arc::new(SqliteStore::open(folder.database())?);
        let users = Users::Alone(Arc::new(Admin::new(store, Arc::new(settings))));
        Ok(Self { users: Some(users), ..Self::default() })
    }

    /// Carries out one request. Dropping the future gives it up.
    pub(crate) async fn carry_out(&self, request: Request, lines: Lines) -> End {
        let done = match request {
            Request::Watch => match &self.readers {
                Some(readers) => return readers.watch(&lines).await,
                None => None,
            },
            Request::Readers => match &self.readers {
                Some(readers) => return readers.list(&lines).await,
                None => None,
            },
            Request::Panel => match &self.panel {
                Some(panel) => Some(say(&lines, panel).await),
                None => None,
            },
            Request::Sim { line } => return self.sim(&line, &lines).await,
            request => match &self.users {
                Some(users) => Some(users.carry_out(request, &lines).await),
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
    async fn watch(&self, lines: &Lines) -> End {
        // Listening first, then looking at what is there: what changes in between is heard, and
        // told once.
        let mut events = self.events.subscribe();
        let there = self.ways.borrow().clone();
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
                if !send_event(lines, &self.event(&reader, way, kind.clone())).await {
                    return End::Done;
                }
                told.push((reader, kind));
            }
        }
        loop {
            match events.recv().await {
                Ok(event) => {
                    let again = |(reader, kind): &(ReaderName, EventKind)| {
                        *reader == event.reader && *kind == event.kind
                    };
                    if let Some(at) = told.iter().position(again) {
                        told.swap_remove(at);
                        continue;
                    }
                    if !send_event(lines, &event).await {
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

    async fn list(&self, lines: &Lines) -> End {
        let mut ways = self.ways.clone();
        if self.fresh.is_some() {
            let known =
                |ways: &Vec<Way>| ways.iter().all(|w| w.fault.is_some() || !w.readers.is_empty());
            // Not all found in time: then the rest is shown as it stands.
            let _ = timeout(SETTLE_MAX, ways.wait_for(known)).await;
            while let Ok(Ok(())) = timeout(SETTLED_AFTER, ways.changed()).await {}
        }
        let ways = ways.borrow().clone();
        for line in ways.iter().flat_map(ReaderLine::of) {
            if !send(lines, &line).await {
                return End::Done;
            }
        }
        if ways.iter().any(|way| !way.readers.is_empty()) {
            return End::Done;
        }
        End::No(nothing_found(&ways))
    }
}

/// What to say where no reader is attached.
pub(crate) fn nothing_found(ways: &[Way]) -> String {
    let looked: Vec<&str> = ways.iter().map(|w| w.selector.as_str()).collect();
    format!(
        "no reader is attached; looked for: {}. Plug one in, name a serial one with \
         --reader pn532:uart:PATH, or try `kazasu serve --sim FILE`",
        looked.join(", ")
    )
}

impl Users {
    async fn carry_out(&self, request: Request, lines: &Lines) -> End {
        let done = match request {
            Request::UserAdd { user_id, name, mail, password } => {
                let text = format!("added {user_id}");
                let entry = UserEntry { user_id, name, mail, password };
                self.add(entry).await.map(|()| text)
            }
            Request::UserImport { csv } => {
                self.import(csv).await.map(|count| format!("{count} users added"))
            }
            Request::UserDelete { user_id } => {
                let mut done = Err(AdminError::NoSuchUser);
                for key in UserKey::readings(&user_id) {
                    done = self.delete(&key).await.map(|()| "deleted".to_owned());
                    if done != Err(AdminError::NoSuchUser) {
                        break;
                    }
                }
                done
            }
            Request::UserList => match self.list().await {
                Ok(users) => {
                    for user in users {
                        if !send(lines, &user_line(&user)).await {
                            break;
                        }
                    }
                    return End::Done;
                }
                Err(error) => Err(error),
            },
            _ => return End::Error("this process does not serve that request".to_owned()),
        };
        match done {
            Ok(text) => say(lines, &text).await,
            Err(AdminError::NoSuchUser) => End::No(AdminError::NoSuchUser.to_string()),
            Err(error) => match error.code() {
                Some(code) => End::Error(format!("{error} (code {})", code.as_str())),
                None => End::Error(error.to_string()),
            },
        }
    }

    async fn add(&self, entry: UserEntry) -> Result<(), AdminError> {
        match self {
            Self::Service(service) => service.add_user(entry).await,
            Self::Alone(admin) => admin.add_user(entry).await,
        }
    }

    async fn import(&self, csv: Zeroizing<Vec<u8>>) -> Result<usize, AdminError> {
        match self {
            Self::Service(service) => service.import_users(csv).await,
            Self::Alone(admin) => admin.import_users(&csv).await,
        }
    }

    async fn delete(&self, key: &UserKey) -> Result<(), AdminError> {
        match self {
            Self::Service(service) => service.delete_user(key).await,
            Self::Alone(admin) => admin.delete_user(key).await,
        }
    }

    async fn list(&self) -> Result<Vec<ListedUser>, AdminError> {
        match self {
            Self::Service(service) => service.list_users().await,
            Self::Alone(admin) => admin.list_users().await,
        }
    }
}

fn user_line(user: &ListedUser) -> UserLine {
    let kind = match user.key {
        UserKey::Registered(_) => "registered",
        UserKey::Provisional(_) => "provisional",
    };
    UserLine {
        user_id: user.key.as_str().to_owned(),
        name: user.name.as_str().to_owned(),
        mail: user.mail.as_ref().map(|m| m.as_str().to_owned()).unwrap_or_default(),
        kind: kind.to_owned(),
        has_card: user.has_card,
    }
}

async fn send_event(lines: &Lines, event: &Event) -> bool {
    match EventLine::new(event) {
        Some(line) => send(lines, &line).await,
        None => true,
    }
}

async fn say(lines: &Lines, text: &str) -> End {
    send(lines, &Message { message: text.to_owned() }).await;
    End::Done
}

/// `false` where nobody listens any more.
async fn send(lines: &Lines, line: &impl Serialize) -> bool {
    match serde_json::to_value(line) {
        Ok(value) => lines.send(value).await.is_ok(),
        Err(error) => {
            tracing::error!(%error, "a line could not be made");
            false
        }
    }
}
