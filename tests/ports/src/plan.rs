//! What goes wrong, and when: one plan for store, directory, hasher and clock.

use std::{
    sync::{Mutex, MutexGuard},
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing happens, and that is said.
    Refused,
    /// Nothing happens, and nobody can tell.
    UnknownBefore,
    /// It happens, and nobody can tell.
    UnknownAfter,
    /// Nothing happens, and no answer comes.
    SilentBefore,
    /// It happens, and no answer comes.
    SilentAfter,
    /// It happens, and the answer is that nothing did: what no store may do.
    Lies,
    /// No memory, or no random numbers.
    Exhausted,
    /// What is stored is no hash.
    Damaged,
    /// The clock is set back a day.
    DayBack,
    /// The clock is set ahead ten years.
    TenYearsAhead,
    /// The clock shows a time before 1970 from now on, as one without a battery does.
    Before1970,
    /// The clock stands still.
    Stands,
}
use Fault::{
    Before1970, Damaged, DayBack, Exhausted, Refused, SilentAfter, SilentBefore, Stands,
    TenYearsAhead, UnknownAfter, UnknownBefore,
};

/// What a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reads records of the store, or entries of the directory.
    Reads,
    /// Changes records.
    Writes,
    /// Changes an entry of the directory, which ends every call by itself.
    WritesEntry,
    /// Hashes or compares a password.
    Hashes,
    /// Reads the calendar clock.
    Dates,
}

impl Kind {
    /// All that can go wrong. Silence is for tests whose time is virtual.
    pub fn faults(self, is_virtual: bool) -> &'static [Fault] {
        match (self, is_virtual) {
            (Self::Reads, true) => &[Refused, SilentBefore],
            (Self::Reads, false) => &[Refused],
            (Self::Writes, true) => {
                &[Refused, UnknownBefore, UnknownAfter, SilentBefore, SilentAfter]
            }
            (Self::Writes | Self::WritesEntry, _) => &[Refused, UnknownBefore, UnknownAfter],
            (Self::Hashes, true) => &[Exhausted, Damaged, SilentBefore],
            (Self::Hashes, false) => &[Exhausted, Damaged],
            (Self::Dates, _) => &[DayBack, TenYearsAhead, Before1970, Stands],
        }
    }

    /// What goes wrong together with another call of this kind: everything, but on a disk, where
    /// each run takes its time, a date goes wrong beside what is written there and nothing else.
    pub fn paired(self, other: Self, is_virtual: bool) -> &'static [Fault] {
        match (self, is_virtual) {
            (Self::Dates, false) if other == Self::Writes => &[DayBack],
            (Self::Dates, false) => &[],
            _ => self.faults(is_virtual),
        }
    }
}

/// A call, and what it was.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The function of the port.
    pub name: &'static str,
    /// What it does.
    pub kind: Kind,
}

/// What happens to whom, and what the calendar clock shows.
pub struct Plan {
    state: Mutex<State>,
    start: Instant,
}

#[derive(Default)]
struct State {
    /// Which call goes wrong how; calls count from 0.
    faults: Vec<(usize, Fault)>,
    calls: Vec<Call>,
    /// How many of the faults came to pass.
    met: usize,
    clock: Setting,
}

#[derive(Clone, Copy, Default)]
enum Setting {
    #[default]
    Right,
    /// It was set while it showed the first time, to the second.
    Set(SystemTime, SystemTime),
    Stands(SystemTime),
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// In 2033.
const BEGIN: Duration = Duration::from_secs(2_000_000_000);

impl Default for Plan {
    fn default() -> Self {
        Self::new()
    }
}

impl Plan {
    /// Nothing goes wrong.
    #[must_use]
    pub fn new() -> Self {
        Self { state: Mutex::default(), start: Instant::now() }
    }

    /// What goes wrong from now on; the clock is right until then.
    pub fn fail(&self, faults: &[(usize, Fault)]) {
        *self.state() = State { faults: faults.to_vec(), ..State::default() };
    }

    /// The calls since the last plan was made, and how many of its faults came to pass.
    pub fn met(&self) -> (Vec<Call>, usize) {
        let state = self.state();
        (state.calls.clone(), state.met)
    }

    /// The next call, and what goes wrong with it.
    pub fn next(&self, kind: Kind, name: &'static str) -> Option<Fault> {
        let mut state = self.state();
        let number = state.calls.len();
        state.calls.push(Call { name, kind });
        let (_, fault) = *state.faults.iter().find(|(call, _)| *call == number)?;
        let is_possible = kind.faults(true).contains(&fault) || fault == Fault::Lies;
        state.met += usize::from(is_possible);
        is_possible.then_some(fault)
    }

    /// What the calendar clock shows.
    pub fn date(&self) -> SystemTime {
        let fault = self.next(Kind::Dates, "date");
        let right = SystemTime::UNIX_EPOCH + BEGIN + self.start.elapsed();
        let mut state = self.state();
        state.clock = match fault {
            Some(DayBack) => Setting::Set(right, right - DAY),
            Some(TenYearsAhead) => Setting::Set(right, right + 3652 * DAY),
            Some(Before1970) => Setting::Set(right, SystemTime::UNIX_EPOCH - DAY),
            Some(Stands) => Setting::Stands(right),
            _ => state.clock,
        };
        match state.clock {
            Setting::Right => right,
            Setting::Set(from, to) => to + right.duration_since(from).unwrap(),
            Setting::Stands(at) => at,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}
