use alloc::{string::String, vec::Vec};

use bytes::Bytes;
use kazasu_hal::{CardIdentity, Fault, Mono, Operation, Report};

/// The outcome of a request: the blocks that were read, none for a write.
pub type Reply = Result<Vec<[u8; 16]>, Fault>;

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Bytes came from the reader: a frame, several, or a part of one.
    Bytes(&'a [u8]),
    /// The time of [`Session::poll_timeout`] has come.
    Timeout,
}

/// What to do. Exhaustive on purpose, as [`Input`] is: whoever drives a session has to do all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send these bytes to the reader, in one piece where the way has pieces.
    Send(Bytes),
    /// Set the line to this rate, in bit/s. What was to be sent before it has gone.
    SetRate(u32),
    /// The reader can be used, and what it is. Comes once, before the first report.
    Attached(String),
    /// What the reader saw.
    Report(Report),
    /// The outcome of a request.
    Replied(Reply),
}

/// One life of a reader, from opening it until the first fault that lasts.
///
/// Feed it with [`handle`](Self::handle), then take all of [`poll_output`](Self::poll_output), then
/// wait for bytes until [`poll_timeout`](Self::poll_timeout). It begins to talk when it is made.
pub trait Session {
    /// Takes in what happened. Deadlines are looked at in any case, after the bytes: an answer that
    /// is here counts, however late it is read.
    ///
    /// # Errors
    /// The reader does not answer, or not as one that this session is for. The session has ended;
    /// open the way anew.
    fn handle(&mut self, now: Mono, input: Input<'_>) -> Result<(), Fault>;

    /// The next thing to do; all of them before the next input. What is to be sent comes before
    /// what is to be reported, so that a listener who makes the caller wait does not use up the time
    /// that the reader has for its answer.
    fn poll_output(&mut self) -> Option<Output>;

    /// When to call [`handle`](Self::handle) at the latest; `None` when the session has ended.
    fn poll_timeout(&self) -> Option<Mono>;

    /// Whether it can take a request now.
    fn takes_request(&self) -> bool;

    /// Does something with a card once the round is over, then replies once. Call it only where it
    /// [takes a request](Self::takes_request); otherwise the reply is that it does not.
    fn request(&mut self, now: Mono, card: &CardIdentity, operation: &Operation);

    /// Lets go of the reader, and leaves it as the next host looks for it. The session ends by
    /// itself, within a second.
    fn close(&mut self, now: Mono);

    /// The way is gone: the session ends at once.
    fn abandon(&mut self);
}
