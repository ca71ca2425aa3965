use std::{
    ffi::{CStr, CString},
    io,
    sync::{Arc, mpsc},
    thread,
};

use kazasu_wire::{
    DecodeError,
    apdu::{GetData, Response, StatusWord},
};
use pcsc::{Context, Disposition, Error, Protocols, Scope, ShareMode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::identify;

/// The longest short response: 256 bytes and SW1 SW2.
const RESPONSE_MAX: usize = 258;

/// What a card said.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Its identifier.
    pub(crate) id: Vec<u8>,
    /// Of a FeliCa card, where the reader gives it.
    pub(crate) pmm: Option<[u8; 8]>,
}

/// Why a card was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    Pcsc(Error),
    /// pcscd calls it a success, but nothing was received: the card left meanwhile.
    Nothing,
    Refused(StatusWord),
}

impl From<Error> for ReadError {
    fn from(error: Error) -> Self {
        Self::Pcsc(error)
    }
}

impl ReadError {
    /// Whether another try can only fail in the same way.
    pub(crate) fn lasts(self) -> bool {
        match self {
            Self::Refused(status) => status != StatusWord::FAILED,
            Self::Pcsc(_) | Self::Nothing => false,
        }
    }
}

/// Which card to read, and how.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// Its ATR, to tell what else to ask.
    pub(crate) atr: Vec<u8>,
    /// Reset it first, so that it is selected anew and the reader cannot answer from memory.
    pub(crate) reset: bool,
    /// Take its power away first: what fell silent may speak then.
    pub(crate) cold: bool,
}

type Order = (Job, oneshot::Sender<Result<Reading, ReadError>>);

/// The one place at which a reader's worker sits. It is taken until the thread has ended, however
/// long a call keeps it, and whoever else wants it waits for that.
#[derive(Clone, Debug)]
pub(crate) struct Desk(Arc<Semaphore>);

impl Default for Desk {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Desk {
    /// Takes the place as soon as it is free; `None` never comes, since nobody closes it.
    pub(crate) async fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).acquire_owned().await.ok()
    }

    /// Whether no thread is there.
    pub(crate) fn is_free(&self) -> bool {
        self.0.available_permits() > 0
    }
}

/// A thread with a pcscd context of its own, which reads the cards in one reader. Dropping this
/// ends the thread as soon as its call returns; that may be never, as long as a card hangs.
#[derive(Debug)]
pub(crate) struct Worker {
    orders: mpsc::Sender<Order>,
}

impl Worker {
    /// Starts the thread, which holds its `place` until it has ended.
    pub(crate) fn start(reader: CString, place: OwnedSemaphorePermit) -> io::Result<Self> {
        let (orders, received) = mpsc::channel::<Order>();
        thread::Builder::new().name("pcsc-worker".to_owned()).spawn(move || {
            let mut context = None;
            for (job, answer) in received {
                // Nobody waits any more: what was asked for is over.
                if answer.is_closed() {
                    continue;
                }
                let reading = perform(&mut context, &reader, &job);
                if matches!(reading, Err(ReadError::Pcsc(_))) {
                    // A context that failed once may fail for ever.
                    context = None;
                }
                // Nobody waits any more when it took too long.
                let _ = answer.send(reading);
            }
            drop(context);
            drop(place);
        })?;
        Ok(Self { orders })
    }

    /// Hands over a job. The receiver fails at once where the thread has ended.
    pub(crate) fn order(&self, job: Job) -> oneshot::Receiver<Result<Reading, ReadError>> {
        let (answer, receiver) = oneshot::channel();
        // Where the thread has ended, the answer's sender comes back and is dropped here.
        let _ = self.orders.send((job, answer));
        receiver
    }
}

fn perform(context: &mut Option<Context>, reader: &CStr, job: &Job) -> Result<Reading, ReadError> {
    let context = match context {
        Some(context) => context,
        None => context.insert(Context::establish(Scope::System)?),
    };
    let mut card = context.connect(reader, ShareMode::Shared, Protocols::ANY)?;
    let mut read = || -> Result<Reading, ReadError> {
        let first = match job {
            Job { cold: true, .. } => Some(Disposition::UnpowerCard),
            Job { reset: true, .. } => Some(Disposition::ResetCard),
            _ => None,
        };
        if let Some(first) = first {
            card.reconnect(ShareMode::Shared, Protocols::ANY, first)?;
        }
        let id = ask(&card, GetData::Uid)?;
        // PMm is for display: a reader that does not give it is fine.
        let pmm = if identify::is_felica(&job.atr, &id) {
            ask(&card, GetData::Historical).ok().and_then(|pmm| pmm.try_into().ok())
        } else {
            None
        };
        Ok(Reading { id, pmm })
    };
    let reading = read();
    // Dropping a connection would reset the card, under the feet of other programs.
    match card.disconnect(Disposition::LeaveCard) {
        Ok(()) => {}
        Err((card, _)) => drop(card),
    }
    reading
}

fn ask(card: &pcsc::Card, which: GetData) -> Result<Vec<u8>, ReadError> {
    let Some(command) = which.command().encode() else { return Err(ReadError::Nothing) };
    let mut buffer = [0; RESPONSE_MAX];
    let response = Response::decode(card.transmit(&command, &mut buffer)?)
        .map_err(|_: DecodeError| ReadError::Nothing)?;
    if response.status == StatusWord::OK {
        Ok(response.data.to_vec())
    } else {
        Err(ReadError::Refused(response.status))
    }
}
