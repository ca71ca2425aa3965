//! The only place of this crate that reads clocks.

use std::time::SystemTime;

use kazasu_hal::{Mono, Now};
use tokio::time::Instant;

/// Both clocks of this machine. Monotonic time is tokio's, so that tests can drive it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now() }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock adapter")]
    pub(crate) fn now(self) -> Now {
        Now { mono: Mono(self.start.elapsed()), wall: SystemTime::now() }
    }
}
