//! How often something may be tried.

use std::time::Duration;

use kazasu_hal::Mono;

/// A token bucket: `burst` tries at once, then one each `every`.
#[derive(Debug)]
pub(crate) struct RateLimit {
    burst: u32,
    every: Duration,
    left: u32,
    counted: Mono,
}

impl RateLimit {
    pub(crate) fn new(burst: u32, every: Duration, now: Mono) -> Self {
        Self { burst, every, left: burst, counted: now }
    }

    /// Whether one more try is due now; counts it if so.
    pub(crate) fn allows(&mut self, now: Mono) -> bool {
        self.attempt(now).is_ok()
    }

    /// The same; when the next one is due, if none is.
    pub(crate) fn attempt(&mut self, now: Mono) -> Result<(), Mono> {
        while self.left < self.burst && now.since(self.counted) >= self.every {
            self.left += 1;
            self.counted = self.counted.after(self.every);
        }
        if self.left == self.burst {
            self.counted = now;
        }
        if self.left == 0 {
            return Err(self.counted.after(self.every));
        }
        self.left = self.left.saturating_sub(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_one_by_one() {
        let mut limit = RateLimit::new(2, Duration::from_secs(6), Mono::default());
        let rows = [
            (0, true),
            (0, true),
            (0, false),
            (5, false),
            (6, true),
            (6, false),
            (11, false),
            (12, true),
            // A long pause fills the bucket, not more.
            (1_000, true),
            (1_000, true),
            (1_005, false),
            (1_006, true),
            (1_006, false),
        ];
        for (row, (at_s, expected)) in rows.into_iter().enumerate() {
            let now = Mono(Duration::from_secs(at_s));
            let told = limit.attempt(now);
            assert_eq!(told.is_ok(), expected, "row {row}, second {at_s}");
            if let Err(until) = told {
                assert!(until > now && until <= now.after(limit.every), "row {row}");
            }
        }
    }
}
