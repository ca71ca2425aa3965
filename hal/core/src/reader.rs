use std::{fmt, future::Future, pin::Pin, time::Duration};

use tokio::sync::{mpsc, oneshot};

use crate::{Card, CardIdentity};

/// A reader's stable name, in the form of the `--reader` option: `pn532:uart:/dev/ttyUSB0`,
/// `pcsc:ACS ACR1252 00 00`. The same across replugs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReaderName(pub String);

impl fmt::Display for ReaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who decides that a card left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The driver polls and reports each round; the runtime counts missed ones.
    Polled,
    /// The reader polls by itself and its word is final.
    Reported,
}

/// How often a driver that polls looks for cards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Polling {
    /// As often as a person feels no delay: at least 15 ms from one round to the next.
    #[default]
    Normal,
    /// With pauses, so that hardly any processor time is used: 150 ms from one round to the next.
    Economy,
}

impl Polling {
    /// From the start of a round to the start of the next one, at least. A round on a reader takes
    /// longer than 15 ms; one simulated without air time answers at once and would keep a processor
    /// busy.
    #[must_use]
    pub fn period(self) -> Duration {
        Duration::from_millis(match self {
            Self::Normal => 15,
            Self::Economy => 150,
        })
    }
}

/// What is known of a reader that is attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderInfo {
    /// Stable name.
    pub name: ReaderName,
    /// The driver that has it: `pn532`, `pcsc`.
    pub driver: &'static str,
    /// What the reader says it is (chip and firmware, or the system's name for it).
    pub model: String,
    /// Who decides that a card left.
    pub presence: Presence,
}

/// How many reports may wait for the runtime before a driver has to wait itself.
pub const REPORTS_MAX: usize = 16;

/// What a driver tells of one reader, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// One finished round: all cards that answered, each once per answer.
    ///
    /// Every report of a card is a fresh read after the card was selected anew, so two in a row
    /// confirm its identifier. A reader with [`Presence::Reported`] sends an empty field when the
    /// card left, and one between two presentations of the same card.
    Field(Vec<Card>),
    /// Something went wrong and the driver goes on. When it cannot, it ends instead.
    Fault(Fault),
}

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

/// How many requests may wait for a reader before who asks has to wait.
pub const REQUESTS_MAX: usize = 4;

/// Something that a reader is to do with a card, between two rounds.
#[derive(Debug)]
pub struct Request {
    /// With which card: another one that is there is left alone.
    pub card: CardIdentity,
    /// What.
    pub operation: Operation,
    /// Where the outcome goes: the blocks that were read, in the order asked for; none for a write.
    /// Dropped without an answer where the reader is lost meanwhile.
    pub reply: oneshot::Sender<Result<Vec<[u8; 16]>, Fault>>,
}

/// A block of a FeliCa card's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FelicaBlock {
    /// Service code, as a number (on the air its low byte comes first).
    pub service: u16,
    /// Number of the block in the service, from 0.
    pub block: u16,
}

/// What a reader can do with a card. `Debug` shows no data: they may hold a person's number.
#[derive(Clone, PartialEq, Eq)]
pub enum Operation {
    /// Read Without Encryption: of services that need no key. A command holds 1 to 15 blocks, and
    /// a card may take fewer.
    FelicaRead(Vec<FelicaBlock>),
    /// Write Without Encryption: all blocks, or none where the card refuses one.
    FelicaWrite(Vec<(FelicaBlock, [u8; 16])>),
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FelicaRead(blocks) => f.debug_tuple("FelicaRead").field(blocks).finish(),
            Self::FelicaWrite(writes) => {
                f.debug_list().entries(writes.iter().map(|(block, _)| block)).finish()
            }
        }
    }
}

/// Who or what is at fault, and so who has to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// No such device, port or service is there.
    NotFound,
    /// It is there, but this account may not open it.
    PermissionDenied,
    /// Another program holds it.
    Busy,
    /// The service in between (pcscd) is not running.
    ServiceUnavailable,
    /// The line to the reader broke: unplugged, closed, input/output error.
    Link,
    /// The reader did not answer in time.
    Timeout,
    /// The reader answered what its protocol does not allow.
    Protocol,
    /// A card is there but could not be read.
    Card,
    /// The reader or service cannot do what was asked of it.
    Unsupported,
}

impl FaultKind {
    /// The fixed word for scripts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::PermissionDenied => "permission-denied",
            Self::Busy => "busy",
            Self::ServiceUnavailable => "service-unavailable",
            Self::Link => "link",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol",
            Self::Card => "card",
            Self::Unsupported => "unsupported",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is wrong: names the thing, never a card number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// Who has to act.
    pub kind: FaultKind,
    /// What is wrong, in one English sentence for administrators.
    pub message: String,
}

impl Fault {
    /// A fault of this kind.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
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
