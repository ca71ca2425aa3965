use core::time::Duration;
#[cfg(feature = "std")]
use std::time::SystemTime;

/// Monotonic time since some fixed point of this process. Time-outs come from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mono(pub Duration);

impl Mono {
    /// The instant `wait` later; saturates instead of overflowing.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait))
    }

    /// How long ago `earlier` was; zero where it lies in the future.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Both clocks, read once by a shell and handed to a pure core.
///
/// Dates come from `wall`, which may jump; time-outs come from `mono`, which never does.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Monotonic time.
    pub mono: Mono,
    /// Calendar time.
    pub wall: SystemTime,
}
