use std::{
    collections::{HashMap, HashSet},
    ffi::CString,
    future::Future,
    pin::Pin,
    thread,
};

use kazasu_hal::{
    Discoverer, Fault, FaultKind, Presence, REPORTS_MAX, Reader, ReaderInfo, ReaderName,
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use crate::{
    presence,
    slot::Slot,
    status::{self, Picture},
};

/// How many pictures may wait.
const PICTURES_MAX: usize = 4;

/// All readers of the pcscd of this machine, or those whose name contains a text.
///
/// Which pcscd that is, libpcsclite decides once for each process: by `PCSCLITE_CSOCK_NAME`, else
/// the system's.
#[derive(Debug)]
pub struct PcscDiscoverer {
    selector: String,
    filter: String,
}

impl PcscDiscoverer {
    /// `name` is a part of a reader's PC/SC name; none stands for all readers.
    #[must_use]
    pub fn new(name: Option<String>) -> Self {
        let filter = name.unwrap_or_default();
        let selector = if filter.is_empty() { "pcsc".to_owned() } else { format!("pcsc:{filter}") };
        Self { selector, filter }
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
        Box::pin(follow(&self.filter, found))
    }
}

async fn follow(filter: &str, found: mpsc::Sender<Reader>) -> Fault {
    let (sender, mut pictures) = mpsc::channel(PICTURES_MAX);
    let filter = filter.to_owned();
    let watching = thread::Builder::new()
        .name("pcsc-status".to_owned())
        .spawn(move || status::watch(&filter, &sender));
    if let Err(error) = watching {
        let text = format!("no thread can be started for PC/SC: {error}");
        return Fault::new(FaultKind::Unsupported, text);
    }
    let mut readers = Readers::default();
    loop {
        match pictures.recv().await {
            Some(Ok(picture)) => {
                if readers.show(picture, &found).await.is_err() {
                    return Fault::new(FaultKind::ServiceUnavailable, "PC/SC was let go");
                }
            }
            Some(Err(fault)) => return fault,
            None => {
                let text = "watching the PC/SC readers broke down: this is a defect, report it";
                return Fault::new(FaultKind::ServiceUnavailable, text);
            }
        }
    }
}

/// The readers that are there, each followed by a task. A task that has ended by itself, because
/// nobody listens or its reader hangs, is not started again before the reader was away.
#[derive(Default)]
struct Readers {
    slots: HashMap<CString, watch::Sender<Slot>>,
    /// Aborted when dropped.
    tasks: JoinSet<()>,
}

impl Readers {
    /// # Errors
    /// Nobody wants readers any more.
    async fn show(&mut self, picture: Picture, found: &mpsc::Sender<Reader>) -> Result<(), ()> {
        while self.tasks.try_join_next().is_some() {}
        let there: HashSet<_> = picture.iter().map(|(name, _)| name.clone()).collect();
        // Dropping its sender ends a reader's task, which closes the reader's channel.
        self.slots.retain(|name, _| there.contains(name));
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
            let model = name.to_string_lossy().into_owned();
            let info = ReaderInfo {
                name: ReaderName(format!("pcsc:{model}")),
                driver: "pcsc",
                model,
                presence: Presence::Reported,
            };
            // PC/SC readers take no requests yet.
            let (requests, _) = mpsc::channel(1);
            found.send(Reader { info, reports, requests }).await.map_err(|_| ())?;
            self.tasks.spawn(presence::follow(name.clone(), shown, sender));
            self.slots.insert(name, slots);
        }
        Ok(())
    }
}
