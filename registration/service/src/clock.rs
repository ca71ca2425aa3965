use std::{fmt, future::pending, sync::Arc, time::SystemTime};

use kazasu_hal::{Mono, Now};
use tokio::time::{Instant, sleep_until};

/// The calendar clock. Whoever administers the machine sets it at will, forward and back.
#[derive(Clone)]
pub struct WallClock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl WallClock {
    /// A clock that shows what `read` returns.
    pub fn new(read: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.0)()
    }
}

/// The machine's own.
impl Default for WallClock {
    fn default() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the adapter that reads the clock")]
        Self::new(SystemTime::now)
    }
}

impl fmt::Debug for WallClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WallClock(..)")
    }
}

/// The one place that reads the clocks.
///
/// Monotonic time is tokio's, so that it agrees with the timers and tests can move both.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    start: Instant,
    wall: WallClock,
}

impl Clock {
    pub(crate) fn new(wall: WallClock) -> Self {
        Self { start: Instant::now(), wall }
    }

    pub(crate) fn now(&self) -> Now {
        Now { mono: self.mono(), wall: self.wall() }
    }

    /// What deadlines and lock-outs go by: nobody can set it.
    pub(crate) fn mono(&self) -> Mono {
        Mono(self.start.elapsed())
    }

    /// Calendar time, for records alone.
    pub(crate) fn wall(&self) -> SystemTime {
        self.wall.now()
    }

    /// The timer's instant for a moment of this clock.
    pub(crate) fn instant(&self, at: Mono) -> Option<Instant> {
        self.start.checked_add(at.0)
    }
}

/// Waits for a timer; for ever where there is none.
pub(crate) async fn until(timer: Option<Instant>) {
    match timer {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}
