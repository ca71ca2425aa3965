use core::time::Duration;

use kazasu_hal::{Fault, FaultKind, Mono};

use crate::{
    cause,
    exchange::{Exchange, Patience, Plan},
};

/// Pauses between an answer and the next command, the one after the other where one is not enough.
/// Behind an abort, a command comes 10 ms later, and that was always enough.
const PAUSES: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(10)];
/// So many commands in a row, each missed at the first attempt right behind an answer, are no noise.
const MISSED_MAX: u8 = 3;
/// So many that come late, in a row, are no accident.
const LATE_MIN: u8 = 3;
/// So many acknowledgements in time, in a row: the slow bridge is gone.
const QUICK_MAX: u8 = 64;

/// What one session on a line found out, for the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Learned {
    /// The highest rate that may be used, in bit/s.
    pub rate_max: u32,
    /// How long the chip needs between its answer and the next command.
    pub pause: Duration,
    /// Whether acknowledgements come late, as over a slow bridge.
    pub is_slow: bool,
}

impl Default for Learned {
    fn default() -> Self {
        Self { rate_max: u32::MAX, pause: Duration::ZERO, is_slow: false }
    }
}

/// How fast a chip on its line can be talked to, found by talking.
///
/// Some boards are deaf for a while behind each answer. To them every command is sent twice, and each
/// first time costs a tenth of a second. Others hang on bridges that hold everything back.
#[derive(Debug)]
pub(crate) struct Pace {
    /// As sessions before found it out.
    learned: Duration,
    /// In force.
    pause: Duration,
    /// In the opening each loss counts: a confirmation that is lost there loses the fast line.
    is_opening: bool,
    is_slow: bool,
    answered_at: Option<Mono>,
    /// Whether the command under way was sent right behind an answer.
    is_behind: bool,
    missed: u8,
    late: u8,
    quick: u8,
    untold: Option<Fault>,
}

impl Pace {
    pub(crate) fn new(learned: &Learned) -> Self {
        Self {
            learned: learned.pause,
            pause: learned.pause,
            is_opening: true,
            is_slow: learned.is_slow,
            answered_at: None,
            is_behind: false,
            missed: 0,
            // The one before told it.
            late: if learned.is_slow { LATE_MIN } else { 0 },
            quick: 0,
            untold: None,
        }
    }

    pub(crate) fn learned(&self, rate_max: u32) -> Learned {
        Learned { rate_max, pause: self.learned, is_slow: self.is_slow }
    }

    /// How long the line is left alone behind an answer.
    pub(crate) fn pause(&self) -> Duration {
        self.pause
    }

    /// A command is to be sent, or what has to be confirmed before it.
    pub(crate) fn plan(&mut self, now: Mono, plan: &mut Plan) {
        let first = plan.confirms.unwrap_or(plan.wait);
        let since = self.answered_at.take().map(|at| now.since(at).saturating_add(first));
        self.is_behind = since.is_some_and(|since| since <= self.pause);
        if plan.confirms.is_none()
            && let Some(left) = since.and_then(|since| self.pause.checked_sub(since))
        {
            plan.wait = plan.wait.saturating_add(left);
        }
        if self.is_slow {
            plan.patience = Patience::Always;
        }
    }

    /// A command was answered, maybe at a later attempt.
    pub(crate) fn answered(&mut self, now: Mono, exchange: &Exchange) {
        self.answered_at = Some(now);
        if let Some(took) = exchange.late_ack() {
            self.late(took);
        } else if self.is_slow {
            self.late = 0;
            self.quick = self.quick.saturating_add(1);
            self.is_slow = self.quick < QUICK_MAX;
        } else if exchange.missed() && self.is_behind {
            self.missed = self.missed.saturating_add(1);
            if self.is_opening || self.missed >= MISSED_MAX {
                self.lengthen();
            }
        } else if !exchange.stumbled() && self.is_behind {
            self.missed = 0;
        }
    }

    fn late(&mut self, took: Duration) {
        self.is_slow = true;
        self.quick = 0;
        self.late = self.late.saturating_add(1);
        // One may be late because this machine had something else to do.
        if self.late == LATE_MIN {
            self.untold = Some(Fault::new(FaultKind::Timeout, cause::line_slow(millis(took))));
        }
    }

    fn lengthen(&mut self) {
        self.missed = 0;
        let Some(pause) = PAUSES.into_iter().find(|pause| *pause > self.pause) else { return };
        self.pause = pause;
        if !self.is_opening {
            self.learned = pause;
            self.untold = Some(Fault::new(FaultKind::Timeout, cause::deaf(millis(pause))));
        }
    }

    /// The reader is open: what was tried for that has to show itself again.
    pub(crate) fn opened(&mut self) {
        self.is_opening = false;
        self.pause = self.learned;
        self.missed = 0;
    }

    /// What was found, once.
    pub(crate) fn tell(&mut self) -> Option<Fault> {
        self.untold.take()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
