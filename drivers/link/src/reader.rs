use kazasu_hal::{
    CardIdentity, Operation, Presence, REPORTS_MAX, REQUESTS_MAX, Reader, ReaderInfo, ReaderName,
    Report, Request,
};
use tokio::sync::{mpsc, oneshot};

use crate::Reply;

/// Which reader this is, for whoever uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Stable name.
    pub name: String,
    /// The driver.
    pub driver: &'static str,
    /// What stands on it, before what the session says that it is.
    pub product: Option<&'static str>,
    /// What else is to be known, behind that.
    pub note: Option<String>,
    /// Whether it is one of several behind one selector: what its session complains about has its
    /// name before it then.
    pub is_one_of_several: bool,
}

impl Label {
    /// A reader that its selector names, and its session alone describes.
    pub fn new(driver: &'static str, name: impl Into<String>) -> Self {
        Self { name: name.into(), driver, product: None, note: None, is_one_of_several: false }
    }

    fn info(&self, model: &str) -> ReaderInfo {
        let product = self.product.map(|product| format!("{product} ")).unwrap_or_default();
        let note = self.note.as_ref().map(|note| format!(", {note}")).unwrap_or_default();
        ReaderInfo {
            name: ReaderName(self.name.clone()),
            driver: self.driver,
            model: format!("{product}{model}{note}"),
            presence: Presence::Polled,
        }
    }
}

/// What a driver holds of a reader that it handed over: the other ends of its channels.
#[derive(Debug)]
pub(crate) struct Held {
    reports: mpsc::Sender<Report>,
    requests: mpsc::Receiver<Request>,
    /// Where the outcome of the request under way goes.
    waiting: Option<oneshot::Sender<Reply>>,
}

impl Held {
    /// A reader that its session calls `model`, and what its driver holds of it.
    pub(crate) fn new(label: &Label, model: &str) -> (Reader, Self) {
        let (sender, reports) = mpsc::channel(REPORTS_MAX);
        let (requests, receiver) = mpsc::channel(REQUESTS_MAX);
        let reader = Reader { info: label.info(model), reports, requests };
        (reader, Self { reports: sender, requests: receiver, waiting: None })
    }

    /// Tells what the reader saw; whether anybody listens.
    pub(crate) async fn report(&self, report: Report) -> bool {
        self.reports.send(report).await.is_ok()
    }

    /// The next request, whose outcome [`reply`](Self::reply) takes. Never comes where nobody can
    /// ask any more.
    pub(crate) async fn request(&mut self) -> (CardIdentity, Operation) {
        while let Some(Request { card, operation, reply }) = self.requests.recv().await {
            // What nobody waits for any more is not begun.
            if !reply.is_closed() {
                self.waiting = Some(reply);
                return (card, operation);
            }
        }
        std::future::pending().await
    }

    /// The outcome of the request under way.
    pub(crate) fn reply(&mut self, outcome: Reply) {
        if let Some(reply) = self.waiting.take() {
            // Whoever asked may have lost interest.
            let _ = reply.send(outcome);
        }
    }
}
