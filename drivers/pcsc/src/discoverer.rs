use std::{
    collections::{HashMap, HashSet},
    ffi::CString,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use kazasu_hal::{
    Discoverer, Fault, FaultKind, Presence, REPORTS_MAX, Reader, ReaderInfo, ReaderName, visible,
};
use tokio::{
    sync::{Semaphore, mpsc, watch},
    task::JoinSet,
    time::timeout,
};

use crate::{
    cause, fault, presence,
    slot::Slot,
    status::{self, News, Picture},
    worker::Desk,
};

/// How many pictures may wait.
const PICTURES_MAX: usize = 4;
/// How long pcscd may say nothing: it is asked at least once a second.
const SILENCE_MAX: Duration = Duration::from_millis(3500);

/// All readers of the pcscd of this machine, or those whose name contains a text.
///
/// Which pcscd that is, libpcsclite decides once for each process: by `PCSCLITE_CSOCK_NAME`, else
/// the system's.
#[derive(Debug)]
pub struct PcscDiscoverer {
    selector: String,
    filter: String,
    threads: Threads,
}

/// Which threads may be started. Calls of pcscd's library cannot be given up: one that hangs keeps
/// its thread until it returns, and no second one is started for the same work meanwhile.
#[derive(Debug)]
struct Threads {
    /// One for the status of all readers.
    status: Arc<Semaphore>,
    /// One for each reader.
    desks: HashMap<CString, Desk>,
}

impl PcscDiscoverer {
    /// `name` is a part of a reader's PC/SC name; none stands for all readers.
    #[must_use]
    pub fn new(name: Option<String>) -> Self {
        let filter = name.unwrap_or_default();
        let selector = if filter.is_empty() { "pcsc".to_owned() } else { format!("pcsc:{filter}") };
        let threads = Threads { status: Arc::new(Semaphore::new(1)), desks: HashMap::new() };
        Self { selector, filter, threads }
    }
}

impl Discoverer for PcscDiscoverer {
    fn selector(&self) -> &str {
        &self.selector
    }

    fn run<'a>(
        &'a mut self,
        found: mpsc::Sender<Reader>,
    ) -> Pin<Box<dyn Future<Output = Fault> + Send + 'a>> {
        Box::pin(follow(&self.filter, &mut self.threads, found))
    }
}

async fn follow(filter: &str, threads: &mut Threads, found: mpsc::Sender<Reader>) -> Fault {
    let let_go = || Fault::new(FaultKind::ServiceUnavailable, cause::let_go());
    // Waits for the thread of an earlier run, if pcscd still holds it: as soon as that returns, the
    // readers are used again. That it hangs was told when it was left.
    let Ok(only_one) = Arc::clone(&threads.status).acquire_owned().await else { return let_go() };
    let (sender, mut news) = mpsc::channel(PICTURES_MAX);
    let filter = filter.to_owned();
    let opened = Arc::new(AtomicBool::new(false));
    let opens = Arc::clone(&opened);
    let watching = thread::Builder::new().name("pcsc-status".to_owned()).spawn(move || {
        status::watch(&filter, &sender, &opens);
        drop(only_one);
    });
    if let Err(error) = watching {
        return Fault::new(FaultKind::Unsupported, cause::no_status_thread(error.to_string()));
    }
    let mut readers =
        Readers { slots: HashMap::new(), tasks: JoinSet::new(), desks: &mut threads.desks };
    let mut seen = false;
    loop {
        match timeout(SILENCE_MAX, news.recv()).await {
            Ok(Some(News::Alive)) => {}
            Ok(Some(News::Picture(picture))) => {
                seen = true;
                if readers.show(picture, &found).await.is_err() {
                    return let_go();
                }
            }
            Ok(Some(News::Broken(fault))) => return fault,
            Ok(None) => return Fault::new(FaultKind::ServiceUnavailable, cause::watching_broke()),
            // What rests on the readers is not known any more: they are gone until it answers.
            Err(_) if !seen && opened.load(Ordering::Relaxed) => return fault::unlisted(),
            Err(_) => return fault::frozen(),
        }
    }
}

/// The readers that are there, each followed by a task. A task that has ended by itself, because
/// nobody listens, is not started again before the reader was away.
struct Readers<'a> {
    desks: &'a mut HashMap<CString, Desk>,
    slots: HashMap<CString, watch::Sender<Slot>>,
    /// Aborted when dropped.
    tasks: JoinSet<()>,
}

impl Readers<'_> {
    /// # Errors
    /// Nobody wants readers any more.
    async fn show(&mut self, picture: Picture, found: &mpsc::Sender<Reader>) -> Result<(), ()> {
        while self.tasks.try_join_next().is_some() {}
        let there: HashSet<_> = picture.iter().map(|(name, _)| name.clone()).collect();
        // Dropping its sender ends a reader's task, which closes the reader's channel.
        self.slots.retain(|name, _| there.contains(name));
        // What is stuck behind a reader that is gone is remembered, in case that comes back.
        self.desks.retain(|name, desk| there.contains(name) || !desk.is_free());
        for (name, slot) in picture {
            if let Some(shown) = self.slots.get(&name) {
                shown.send_if_modified(|shown| {
                    let modified = *shown != slot;
                    *shown = slot;
                    modified
                });
                continue;
            }
            let (slots, shown) = watch::channel(slot);
            let (sender, reports) = mpsc::channel(REPORTS_MAX);
            let model = visible(name.to_bytes());
            let info = ReaderInfo {
                name: ReaderName(format!("pcsc:{model}")),
                driver: "pcsc",
                model,
                presence: Presence::Reported,
            };
            // PC/SC readers take no requests yet.
            let (requests, _) = mpsc::channel(1);
            found.send(Reader { info, reports, requests }).await.map_err(|_| ())?;
            let desk = self.desks.entry(name.clone()).or_default().clone();
            self.tasks.spawn(presence::follow(name.clone(), shown, sender, desk));
            self.slots.insert(name, slots);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "discoverer_tests.rs"]
mod tests;
