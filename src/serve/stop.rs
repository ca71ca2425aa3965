//! The parts of the service, and how they end.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::watch;

/// How long the parts may take to end; then they are cut off.
const SHUTDOWN_MAX: Duration = Duration::from_secs(5);

/// One part: how it is told to end, and what waits until it has.
struct Part {
    name: &'static str,
    tell: Box<dyn FnOnce() + Send>,
    ended: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// What runs, in the order in which it was started: each may use what was started before.
#[derive(Default)]
pub(super) struct Parts(Vec<Part>);

impl Parts {
    /// Starts work that may be cut off at any moment.
    pub(super) fn start(
        &mut self,
        name: &'static str,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        let task = tokio::spawn(work);
        let handle = task.abort_handle();
        // An error is that it was cut off, or a panic, which was logged when it happened.
        self.add(name, move || handle.abort(), async move { drop(task.await) });
    }

    /// Starts work that ends by itself, in its own time, once it is told to.
    pub(super) fn start_told<W: Future<Output = ()> + Send + 'static>(
        &mut self,
        name: &'static str,
        work: impl FnOnce(Told) -> W,
    ) {
        let (stop, told) = watch::channel(());
        let task = tokio::spawn(work(Told(told)));
        self.add(name, move || drop(stop), async move { drop(task.await) });
    }

    /// Something that runs already, and ends by this.
    pub(super) fn closed_by(
        &mut self,
        name: &'static str,
        close: impl Future<Output = ()> + Send + 'static,
    ) {
        self.add(name, || {}, close);
    }

    fn add(
        &mut self,
        name: &'static str,
        tell: impl FnOnce() + Send + 'static,
        ended: impl Future<Output = ()> + Send + 'static,
    ) {
        self.0.push(Part { name, tell: Box::new(tell), ended: Box::pin(ended) });
    }

    /// Tells all of them, and waits for each: what was started last ends first.
    pub(super) async fn stop(self) {
        if let Err(slow) = self.stop_within(SHUTDOWN_MAX).await {
            tracing::warn!("some parts did not end in time and were cut off, from {slow} on");
        }
    }

    /// The same; an error is the part that did not end.
    async fn stop_within(self, time: Duration) -> Result<(), &'static str> {
        let mut waiting = Vec::new();
        for Part { name, tell, ended } in self.0.into_iter().rev() {
            tell();
            waiting.push((name, ended));
        }
        let mut slow = "";
        let all = async {
            for (name, ended) in waiting {
                slow = name;
                ended.await;
            }
        };
        tokio::time::timeout(time, all).await.map_err(|_| slow)
    }
}

/// Tells a part that it is to end.
pub(super) struct Told(watch::Receiver<()>);

impl Told {
    /// Ends when the part is to.
    pub(super) async fn wait(mut self) {
        // Nothing is ever sent: the sender goes away.
        let _ = self.0.changed().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn all_are_told_at_once_and_the_last_one_ends_first() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let note = |what: &'static str| {
            let seen = Arc::clone(&seen);
            move || seen.lock().unwrap().push(what)
        };
        let mut parts = Parts::default();
        let (closed, first, second) = (note("closed"), note("first"), note("second"));
        let (first_is_told, told_first) = oneshot::channel();
        parts.closed_by("the store", async move { closed() });
        parts.start_told("the page", |told| async move {
            told.wait().await;
            first();
            first_is_told.send(()).unwrap();
        });
        // Ends once the other was told, for which nobody may have waited for this one.
        parts.start_told("the other page", |told| async move {
            told.wait().await;
            told_first.await.unwrap();
            second();
        });
        parts.start("a clock", std::future::pending());
        assert_eq!(parts.stop_within(SHUTDOWN_MAX).await, Ok(()));
        assert_eq!(*seen.lock().unwrap(), ["first", "second", "closed"]);
    }

    #[tokio::test]
    async fn a_part_that_does_not_end_is_not_waited_for() {
        let mut parts = Parts::default();
        parts.closed_by("a part that hangs", std::future::pending());
        parts.closed_by("another one", async {});
        assert_eq!(parts.stop_within(Duration::ZERO).await, Err("a part that hangs"));
    }
}
