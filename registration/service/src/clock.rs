use std::time::SystemTime;

use kazasu_hal::{Mono, Now};
use tokio::time::Instant;

/// The one place that reads the clocks.
///
/// Monotonic time is tokio's, so that it agrees with the timers and tests can move both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now() }
    }

    pub(crate) fn now(self) -> Now {
        Now { mono: Mono(self.start.elapsed()), wall: wall() }
    }

    /// The timer's instant for a moment of this clock.
    pub(crate) fn instant(self, at: Mono) -> Option<Instant> {
        self.start.checked_add(at.0)
    }
}

/// Calendar time.
#[expect(clippy::disallowed_methods, reason = "this is the adapter that reads the clock")]
pub(crate) fn wall() -> SystemTime {
    SystemTime::now()
}
