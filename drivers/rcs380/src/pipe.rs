use std::{future::Future, time::Duration};

/// Which of the two endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the reader.
    In,
    /// To the reader.
    Out,
}

/// Why a transfer did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PipeError {
    /// The reader or the way to it is gone; why, in a few words.
    Closed(String),
    /// The endpoint is halted, until that is cleared.
    Stalled(Direction),
}

/// The two bulk endpoints of a reader.
pub(crate) trait UsbPipe: Send {
    /// Sends one transfer, and shows the reader where it ends.
    fn send(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), PipeError>> + Send;

    /// What comes next from the reader: at most a packet, so that a transfer which fills its last
    /// packet needs no empty one behind it. Losing interest loses nothing.
    fn receive(&mut self) -> impl Future<Output = Result<Vec<u8>, PipeError>> + Send;

    /// Clears a halted endpoint. What was under way there is lost.
    fn clear_halt(
        &mut self,
        which: Direction,
    ) -> impl Future<Output = Result<(), PipeError>> + Send;

    /// As [`send`](Self::send) where nothing can be awaited: blocks a little at most. Whether it
    /// went.
    fn send_now(&mut self, bytes: &[u8]) -> bool;

    /// As [`receive`](Self::receive) where nothing can be awaited: blocks so long. `None` when
    /// nothing came.
    ///
    /// # Errors
    /// Nothing will come any more.
    fn receive_now(&mut self, within: Duration) -> Result<Option<Vec<u8>>, PipeError>;
}
