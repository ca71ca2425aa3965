use std::{
    future::{Future, ready},
    time::Duration,
};

use bytes::Bytes;
use kazasu_hal::Filling;

use crate::cause;

/// Which of the two directions of a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the reader.
    In,
    /// To the reader.
    Out,
}

/// What else than bytes a way can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Set the line to this rate, in bit/s.
    SetRate(u32),
    /// Clear a halted endpoint. What was under way there is lost.
    ClearHalt(Direction),
}

/// Why bytes did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WayError {
    /// The reader or the way to it is gone; why, in a few words.
    Closed(Filling),
    /// The endpoint is halted, until that is cleared.
    Stalled(Direction),
}

impl WayError {
    /// The way is gone.
    pub fn closed(why: impl Into<Filling>) -> Self {
        Self::Closed(why.into())
    }
}

/// What a reader hangs on.
pub trait Way: Send {
    /// Sends these bytes, in one piece where the way has pieces, and shows the reader where it ends.
    fn send(&mut self, bytes: Bytes) -> impl Future<Output = Result<(), WayError>> + Send;

    /// What comes next from the reader. Losing interest loses nothing.
    fn receive(&mut self) -> impl Future<Output = Result<Bytes, WayError>> + Send;

    /// Does what is no byte. Most ways have nothing of the kind.
    fn control(&mut self, _: Control) -> impl Future<Output = Result<(), WayError>> + Send {
        ready(Err(WayError::closed(cause::no_control())))
    }

    /// As [`send`](Self::send), to leave the reader in order where nothing can be awaited: blocks a
    /// little at most. Whether it went; it does not where the other end sees that the way is closed,
    /// and puts the reader in order itself.
    fn send_now(&mut self, _: Bytes) -> bool {
        false
    }

    /// As [`receive`](Self::receive), where nothing can be awaited: blocks so long. `None` when
    /// nothing came.
    ///
    /// # Errors
    /// Nothing will come any more.
    fn receive_now(&mut self, _: Duration) -> Result<Option<Bytes>, WayError> {
        Err(WayError::closed(cause::no_waiting()))
    }
}
