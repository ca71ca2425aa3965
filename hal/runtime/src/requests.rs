//! What is asked of readers, and what becomes of it.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use kazasu_hal::{CardIdentity, Cause, Fault, FaultKind, Operation, ReaderName, Request};
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot::{self, error::RecvError},
};

use crate::{cause, taps::Lying};

/// What a card answered. `Debug` shows no data: they may hold a person's number.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// Which card it was.
    pub card: CardIdentity,
    /// The blocks that were read, in the order asked for; none for a write.
    pub blocks: Vec<[u8; 16]>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { card, blocks } = self;
        f.debug_struct("Answer").field("card", card).field("blocks", &blocks.len()).finish()
    }
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// No reader of this name is attached.
    NoReader,
    /// A card lies there, and the driver of this reader takes no requests.
    NoRequests,
    /// No card lies there.
    NoCard,
    /// Several cards lie there: none of them is meant.
    SeveralCards,
    /// As many requests as may wait are waiting: later there is room again.
    Busy,
    /// The time is over.
    Late,
    /// The reader was lost before it answered.
    ReaderLost,
    /// The card left before it was asked.
    CardLost,
    /// Card or reader said no, or what cannot be understood.
    Refused(Fault),
}

impl RequestError {
    /// The same, to be told.
    #[must_use]
    pub fn cause(self) -> Cause {
        match self {
            Self::NoReader => cause::no_reader(),
            Self::NoRequests => cause::no_requests(),
            Self::NoCard => cause::no_card(),
            Self::SeveralCards => cause::several_cards(),
            Self::Busy => cause::busy(),
            Self::Late => cause::late(),
            Self::ReaderLost => cause::reader_lost(),
            Self::CardLost => cause::card_lost(),
            Self::Refused(fault) => fault.cause,
        }
    }
}

/// Where each reader that is attached takes requests.
#[derive(Debug, Default)]
pub(crate) struct Desks(Mutex<BTreeMap<ReaderName, Entry>>);

#[derive(Debug)]
struct Entry {
    requests: mpsc::Sender<Request>,
    /// Whether its driver ever took any.
    takes: bool,
    lying: Lying,
}

/// One reader's desk, until dropped.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    desks: &'a Desks,
    reader: &'a ReaderName,
    requests: mpsc::Sender<Request>,
}

/// Where an outcome comes.
type Outcome = Result<Vec<[u8; 16]>, Fault>;

impl Desks {
    /// Opens the desk of a reader that is attached.
    pub(crate) fn open<'a>(
        &'a self,
        reader: &'a ReaderName,
        requests: mpsc::Sender<Request>,
    ) -> Desk<'a> {
        let takes = !requests.is_closed();
        let entry = Entry { requests: requests.clone(), takes, lying: Lying::Nothing };
        self.entries().insert(reader.clone(), entry);
        Desk { desks: self, reader, requests }
    }

    /// Hands a request in, for the card that lies there; which one that is, and where its outcome
    /// comes.
    pub(crate) fn hand_in(
        &self,
        reader: &ReaderName,
        operation: Operation,
    ) -> Result<(CardIdentity, oneshot::Receiver<Outcome>), RequestError> {
        let entries = self.entries();
        let Entry { requests, takes, lying } = entries.get(reader).ok_or(RequestError::NoReader)?;
        let card = match lying {
            Lying::One(card) => card.clone(),
            Lying::Nothing => return Err(RequestError::NoCard),
            Lying::Several => return Err(RequestError::SeveralCards),
        };
        if !takes {
            return Err(RequestError::NoRequests);
        }
        let (reply, outcome) = oneshot::channel();
        match requests.try_send(Request { card: card.clone(), operation, reply }) {
            Ok(()) => Ok((card, outcome)),
            Err(TrySendError::Full(_)) => Err(RequestError::Busy),
            Err(TrySendError::Closed(_)) => Err(RequestError::ReaderLost),
        }
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<ReaderName, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk<'_> {
    /// What lies on the reader now.
    pub(crate) fn lies(&self, lying: Lying) {
        let mut entries = self.desks.entries();
        let entry = entries.get_mut(self.reader);
        if let Some(entry) = entry.filter(|entry| entry.requests.same_channel(&self.requests)) {
            entry.lying = lying;
        }
    }
}

impl Drop for Desk<'_> {
    fn drop(&mut self) {
        let mut entries = self.desks.entries();
        // A reader that came back before its old pump ended has a new desk under the same name.
        if entries.get(self.reader).is_some_and(|e| e.requests.same_channel(&self.requests)) {
            entries.remove(self.reader);
        }
    }
}

/// What came of a request to this card.
pub(crate) fn answer(
    card: CardIdentity,
    came: Result<Outcome, RecvError>,
) -> Result<Answer, RequestError> {
    match came {
        Ok(Ok(blocks)) => Ok(Answer { card, blocks }),
        Ok(Err(fault)) if fault.kind == FaultKind::CardGone => Err(RequestError::CardLost),
        Ok(Err(fault)) => Err(RequestError::Refused(fault)),
        Err(_) => Err(RequestError::ReaderLost),
    }
}

#[cfg(test)]
#[path = "requests_tests.rs"]
mod tests;
