//! What was begun is finished, whether or not somebody still waits for it.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::{Semaphore, oneshot},
    task::JoinSet,
};

/// Works that go on without whoever asked for them, so many at a time.
pub(crate) struct Begun {
    places: Arc<Semaphore>,
    running: Mutex<JoinSet<()>>,
}

impl Begun {
    pub(crate) fn new(most: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(most)), running: Mutex::default() }
    }

    /// Does this once there is a place for it; `None` where all ends. Whoever does not wait for the
    /// place takes the work back, whoever does not wait for the end does not.
    pub(crate) async fn finish<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        let (done, answer) = oneshot::channel();
        self.spawn(async move {
            let result = work.await;
            drop(place);
            // An answer that nobody waits for any more is no fault: the work is done all the same.
            drop(done.send(result));
        });
        answer.await.ok()
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut running = self.running();
        while running.try_join_next().is_some() {}
        // Closed under this lock: nothing begins behind the end.
        if !self.places.is_closed() {
            running.spawn(work);
        }
    }

    /// Cuts off what runs, and lets nothing begin any more.
    pub(crate) async fn end(&self) {
        let mut running = {
            let mut running = self.running();
            self.places.close();
            mem::take(&mut *running)
        };
        running.shutdown().await;
    }

    fn running(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
