//! Readers at USB ports of this machine.

mod holder;
mod names;
mod pipe;

use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
    time::Duration,
};

use futures_util::{Stream, StreamExt};
use kazasu_hal::{Discoverer, Fault, Polling, Reader};
use kazasu_link::Label;
use nusb::{DeviceId, DeviceInfo};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use self::{
    names::{Marks, Named},
    pipe::NusbPipe,
};
use crate::{Product, drive::drive};

/// How often to look, besides listening to what the system tells: it tells nothing where udev does
/// not run.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long after a reader failed it is looked at again. One that was unplugged is gone from the
/// system's list by then.
const LOOK_AGAIN: Duration = Duration::from_millis(300);

/// All RC-S380 at USB ports of this machine, or one of them.
#[derive(Debug)]
pub struct UsbDiscoverer {
    selector: String,
    mark: Option<String>,
    polling: Polling,
}

impl UsbDiscoverer {
    /// `mark` is the serial number of the reader that is meant, or the place where it is plugged in
    /// (`1-2.3`); none stands for all.
    #[must_use]
    pub fn new(mark: Option<String>, polling: Polling) -> Self {
        let selector = mark.as_ref().map_or("rcs380".to_owned(), |mark| format!("rcs380:{mark}"));
        Self { selector, mark, polling }
    }
}

impl Discoverer for UsbDiscoverer {
    fn selector(&self) -> &str {
        &self.selector
    }

    fn run<'a>(
        &'a mut self,
        found: mpsc::Sender<Reader>,
    ) -> Pin<Box<dyn Future<Output = Fault> + Send + 'a>> {
        Box::pin(follow(self.mark.as_deref(), self.polling, found))
    }
}

/// A reader that is there.
struct Seen {
    info: DeviceInfo,
    product: Product,
    named: Named,
}

/// A reader that is used.
struct Used {
    name: String,
    session: Pin<Box<dyn Future<Output = Fault> + Send>>,
}

/// The readers that are used, and those that failed and are looked at again.
#[derive(Default)]
struct Readers {
    used: HashMap<DeviceId, Used>,
    failed: HashMap<DeviceId, (Fault, Instant)>,
    /// What was logged of each: one that stays closed is told once, not at each look.
    told: HashMap<DeviceId, Fault>,
}

/// Follows the readers that come and go.
async fn follow(mark: Option<&str>, polling: Polling, found: mpsc::Sender<Reader>) -> Fault {
    // Listening first, so that nothing is missed between looking and listening.
    let mut news = nusb::watch_devices().ok();
    let mut pause = interval(LOOK_EVERY);
    pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut readers = Readers::default();
    // The system may take its time over a device that is just coming up, and the readers at work
    // must not wait for that.
    let mut looking = None;
    let mut again = false;
    loop {
        if again && looking.is_none() {
            again = false;
            looking = Some(Box::pin(list(mark)));
        }
        let due = readers.due();
        let listed = poll_fn(|context| match &mut looking {
            Some(looking) => looking.as_mut().poll(context),
            None => Poll::Pending,
        });
        tokio::select! {
            (id, fault) = readers.first_ended() => {
                if found.is_closed() {
                    return fault;
                }
                readers.failed.insert(id, (fault, Instant::now() + LOOK_AGAIN));
            }
            there = listed => {
                looking = None;
                let used = |seen| open(seen, polling, found.clone());
                if let Some(fault) = readers.show(there, used) {
                    return fault;
                }
            }
            () = due => again = true,
            () = told(&mut news) => again = true,
            _ = pause.tick() => again = true,
        }
    }
}

impl Readers {
    /// Takes up those that came, and drops those that went. Gives a fault where the last one that is
    /// there cannot be used; one that fails beside others that work is tried again, so that it does
    /// not take them along.
    fn show<F>(&mut self, there: Vec<Seen>, drive: impl Fn(Seen) -> F) -> Option<Fault>
    where
        F: Future<Output = Fault> + Send + 'static,
    {
        let find = |id: &DeviceId| there.iter().find(|seen| seen.info.id() == *id);
        // A reader that is named differently from now on is used anew, under its new name.
        self.used.retain(|id, used| find(id).is_some_and(|seen| seen.named.name == used.name));
        self.failed.retain(|id, _| find(id).is_some());
        self.told.retain(|id, _| find(id).is_some());
        let now = Instant::now();
        let due = self.failed.extract_if(|_, (_, at)| *at <= now);
        for (id, (fault, _)) in due {
            if self.used.is_empty() {
                return Some(fault);
            }
            if self.told.get(&id) != Some(&fault) {
                tracing::warn!(kind = %fault.kind, "{fault}");
                self.told.insert(id, fault);
            }
        }
        for seen in there {
            let id = seen.info.id();
            if !self.used.contains_key(&id) && !self.failed.contains_key(&id) {
                let name = seen.named.name.clone();
                self.used.insert(id, Used { name, session: Box::pin(drive(seen)) });
            }
        }
        None
    }

    /// The session that ends first. It is used no more.
    async fn first_ended(&mut self) -> (DeviceId, Fault) {
        let (id, fault) = poll_fn(|context| {
            let ended = self.used.iter_mut().find_map(|(id, used)| {
                match used.session.as_mut().poll(context) {
                    Poll::Ready(fault) => Some((*id, fault)),
                    Poll::Pending => None,
                }
            });
            ended.map_or(Poll::Pending, Poll::Ready)
        })
        .await;
        self.used.remove(&id);
        (id, fault)
    }

    /// The time to look again at a reader that failed.
    fn due(&self) -> impl Future<Output = ()> + use<> {
        let at = self.failed.values().map(|(_, at)| *at).min();
        async move {
            match at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        }
    }
}

/// One reader, until it ends.
async fn open(seen: Seen, polling: Polling, found: mpsc::Sender<Reader>) -> Fault {
    let Seen { info, product, named: Named { name, note } } = seen;
    match NusbPipe::open(&info).await {
        Ok(pipe) => {
            let label = Label {
                product: Some(product.name),
                note: Some(note),
                is_one_of_several: true,
                ..Label::new("rcs380", name)
            };
            drive(&label, pipe, polling, &found).await
        }
        Err(fault) => fault,
    }
}

/// The system told that a device came or went.
async fn told(news: &mut Option<impl Stream + Unpin>) {
    match news {
        Some(news) => drop(news.next().await),
        None => std::future::pending().await,
    }
}

/// The readers that are meant and there. A machine without USB has none.
async fn list(mark: Option<&str>) -> Vec<Seen> {
    let Ok(devices) = nusb::list_devices().await else { return Vec::new() };
    let readers: Vec<_> = devices
        .filter_map(|info| {
            let product = Product::of(info.vendor_id(), info.product_id())?;
            let port = info.sysfs_path().file_name()?.to_string_lossy().into_owned();
            let serial = info.serial_number().map(str::to_owned);
            Some((info, product, Marks { serial, port }))
        })
        .collect();
    let all: Vec<_> = readers.iter().map(|(_, _, marks)| marks.clone()).collect();
    readers
        .into_iter()
        .filter(|(_, _, marks)| mark.is_none_or(|mark| marks.is_meant(mark)))
        .map(|(info, product, marks)| Seen { info, product, named: marks.named(&all) })
        .collect()
}
