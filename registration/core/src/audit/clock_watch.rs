use std::time::{Duration, SystemTime};

use kazasu_hal::{Mono, Now};

use super::AuditEvent;

/// Notices that the calendar clock was set: it then went on by another time than the other clock.
#[derive(Debug)]
pub struct ClockWatch {
    seen: Now,
}

impl ClockWatch {
    /// Less is the slow correction of a clock that is kept right, and no event.
    const TOLERANCE: Duration = Duration::from_secs(2);

    /// Begins now.
    #[must_use]
    pub fn new(now: Now) -> Self {
        Self { seen: now }
    }

    /// Looks at the clocks again. What was noticed is told once.
    pub fn look(&mut self, now: Now) -> Option<AuditEvent> {
        let Mono(before) = self.seen.mono;
        let passed = now.mono.0.saturating_sub(before);
        let expected = self.seen.wall.checked_add(passed)?;
        self.seen = now;
        adjusted(expected, now.wall)
    }

    /// The same at the start: the log's last record is no later than now.
    #[must_use]
    pub fn since(last: SystemTime, now: SystemTime) -> Option<AuditEvent> {
        if now < last { adjusted(last, now) } else { None }
    }
}

fn adjusted(expected: SystemTime, wall: SystemTime) -> Option<AuditEvent> {
    let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let (forward, by) = match wall.duration_since(expected) {
        Ok(by) => (true, by),
        Err(error) => (false, error.duration()),
    };
    let by_ms = if forward { millis(by) } else { millis(by).saturating_neg() };
    (by >= ClockWatch::TOLERANCE).then_some(AuditEvent::TimeAdjusted { by_ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mono_s: u64, wall_s: u64) -> Now {
        Now {
            mono: Mono(Duration::from_secs(mono_s)),
            wall: SystemTime::UNIX_EPOCH + Duration::from_secs(wall_s),
        }
    }

    /// S40-4-09.
    #[test]
    fn a_clock_that_was_set_is_noticed_once() {
        let mut watch = ClockWatch::new(at(0, 1_000));
        let rows = [
            (at(10, 1_010), None),
            // A second off, as a correction may be.
            (at(20, 1_021), None),
            (at(30, 4_631), Some(3_600_000)),
            (at(40, 4_641), None),
            (at(50, 51), Some(-4_600_000)),
            (at(60, 61), None),
        ];
        for (now, expected) in rows {
            let noticed = watch.look(now);
            let expected = expected.map(|by_ms| AuditEvent::TimeAdjusted { by_ms });
            assert_eq!(noticed, expected, "{now:?}");
        }
        let start = SystemTime::UNIX_EPOCH;
        let later = start + Duration::from_secs(60);
        assert_eq!(ClockWatch::since(start, later), None);
        let back = AuditEvent::TimeAdjusted { by_ms: -60_000 };
        assert_eq!(ClockWatch::since(later, start), Some(back));
    }
}
