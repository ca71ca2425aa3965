use std::ffi::CString;

use crate::{
    fault,
    presence::{Again, Cards, Failure},
    worker::{Desk, Job, ReadError, Reading, Worker},
};

/// The way to the cards in one reader: its worker, and the one place for that.
pub(crate) struct Line {
    reader: CString,
    name: String,
    desk: Desk,
    worker: Option<Worker>,
    /// Why there is none.
    no_thread: Option<String>,
}

impl Line {
    pub(crate) fn new(reader: CString, desk: Desk) -> Self {
        let name = kazasu_hal::visible(reader.to_bytes());
        Self { reader, name, desk, worker: None, no_thread: None }
    }
}

impl Cards for Line {
    async fn ready(&mut self) {
        if self.worker.is_some() {
            return;
        }
        let Some(place) = self.desk.take().await else { return };
        match Worker::start(self.reader.clone(), place) {
            Ok(worker) => self.worker = Some(worker),
            Err(error) => self.no_thread = Some(error.to_string()),
        }
    }

    async fn ask(&mut self, job: Job) -> Result<Reading, Failure> {
        let Some(worker) = self.worker.take() else {
            let error = self.no_thread.take().unwrap_or_default();
            return Err(Failure {
                fault: fault::no_thread(&self.name, &error),
                again: Again::Soon,
            });
        };
        let answer = worker.order(job).await;
        match answer {
            Ok(reading) => {
                self.worker = Some(worker);
                reading.map_err(|error| Failure {
                    fault: fault::card(&self.name, &error),
                    again: if error.lasts() { Again::Never } else { Again::Soon },
                })
            }
            // The thread broke down; the next try has a new one.
            Err(_) => {
                let fault = fault::card(&self.name, &ReadError::Nothing);
                Err(Failure { fault, again: Again::Soon })
            }
        }
    }
}
