//! How many cards that nobody knew make records at one station: an emulator that makes numbers up
//! fills no table.

use std::time::Duration;

use kazasu_hal::Mono;

const MINUTE: Duration = Duration::from_secs(60);

/// Counts new cards: as many as are allowed in a minute at once, and each place is free again after
/// its part of the minute.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NewCards {
    /// When all places would be free again.
    free_at: Option<Mono>,
    /// When the log said last that there are too many.
    logged: Option<Mono>,
}

impl NewCards {
    /// Whether one more may make a record; 0 is no limit.
    pub(super) fn take(&mut self, now: Mono, per_minute: u16) -> bool {
        if per_minute == 0 {
            return true;
        }
        let place = MINUTE / u32::from(per_minute);
        let free_at = self.free_at.filter(|at| *at > now).unwrap_or(now).after(place);
        if free_at > now.after(MINUTE) {
            return false;
        }
        self.free_at = Some(free_at);
        true
    }

    /// Whether the log is told that one was not let through: it would fill up instead of the
    /// records otherwise.
    pub(super) fn log(&mut self, now: Mono) -> bool {
        let logs = self.logged.is_none_or(|at| now >= at.after(MINUTE));
        if logs {
            self.logged = Some(now);
        }
        logs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_hears_of_it_once_a_minute() {
        let mut cards = NewCards::default();
        let rows = [(0, true), (0, false), (59_999, false), (60_000, true), (119_999, false)];
        for (ms, logs) in rows {
            assert_eq!(cards.log(Mono(Duration::from_millis(ms))), logs, "{ms}");
        }
    }

    #[test]
    fn a_burst_is_let_through_and_then_one_at_a_time() {
        let at = |ms| Mono(Duration::from_millis(ms));
        for per_minute in [1u16, 3, 10, 30, 600] {
            let mut cards = NewCards::default();
            let burst = (0..5000).filter(|_| cards.take(at(1000), per_minute)).count();
            assert_eq!(burst, usize::from(per_minute));
            let part = 60_000 / u64::from(per_minute);
            assert!(!cards.take(at(1000 + part - 1), per_minute), "{per_minute}");
            assert!(cards.take(at(1000 + part), per_minute), "{per_minute}");
            assert!(!cards.take(at(1000 + part), per_minute), "{per_minute}");
        }
        // Over an hour nobody gets more than the hour's share and the first burst.
        let mut cards = NewCards::default();
        let let_through = (0..3600).filter(|second| cards.take(at(second * 1000), 10)).count();
        assert!((600..=610).contains(&let_through), "{let_through}");
        assert!((0..5000).all(|_| cards.take(at(0), 0)));
    }
}
