//! Ways to readers, and the channels that each reader is reached by.

use std::{future::Future, pin::Pin};

use tokio::sync::{mpsc, oneshot};

use crate::{CardIdentity, Fault, Operation, ReaderInfo, Report};

/// How many reports may wait for the runtime before a driver has to wait itself.
pub const REPORTS_MAX: usize = 16;

/// How many requests may wait for a reader before who asks has to wait.
pub const REQUESTS_MAX: usize = 4;

/// A reader that a driver has opened. Its channel closing means: gone. Dropping it tells the
/// driver to let go of the reader.
#[derive(Debug)]
pub struct Reader {
    /// What it is.
    pub info: ReaderInfo,
    /// What it sees. Bounded by [`REPORTS_MAX`].
    pub reports: mpsc::Receiver<Report>,
    /// Where to ask for more than identifiers. Bounded by [`REQUESTS_MAX`]; closed where the driver
    /// takes no requests.
    pub requests: mpsc::Sender<Request>,
}

/// Something that a reader is to do with a card, between two rounds.
#[derive(Debug)]
pub struct Request {
    /// With which card: another one that is there is left alone.
    pub card: CardIdentity,
    /// What is asked for.
    pub operation: Operation,
    /// Where the outcome goes: the blocks that were read, in the order asked for; none for a write.
    /// Dropped without an answer where the reader is lost meanwhile.
    pub reply: oneshot::Sender<Result<Vec<[u8; 16]>, Fault>>,
}

/// A way to readers: one serial port, or one pcscd with all its readers.
///
/// The runtime supervises it: [`run`](Self::run) again, after a pause, whenever it ended. So a
/// driver holds no retry loop of its own.
pub trait Discoverer: Send + 'static {
    /// The `--reader` selector it stands for: `pn532:uart:/dev/ttyUSB0`, `pcsc`.
    fn selector(&self) -> &str;

    /// Opens the way and hands over each reader as soon as it can be used, until the way itself
    /// breaks; then all its readers' channels close and the fault says why. Dropping the future
    /// must let go of everything.
    fn run<'a>(
        &'a mut self,
        found: mpsc::Sender<Reader>,
    ) -> Pin<Box<dyn Future<Output = Fault> + Send + 'a>>;
}
