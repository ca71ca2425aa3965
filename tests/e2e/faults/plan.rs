//! Which calls fail in which run, and how many of the runs are made.

use std::{
    any::Any,
    collections::BTreeMap,
    env, fmt,
    hash::{BuildHasher, RandomState},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
    thread,
};

use super::calls::{faults_of, numbered, target};
use crate::support::{Call, Injection};

/// So many runs are made at random where nothing else is said.
const SAMPLE: usize = 24;
/// Runs at once: each waits for the disk and for the other program most of the time.
const AT_ONCE: usize = 4;

/// What somebody does.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Journey {
    /// Registers the first card.
    Card,
    /// The same with a password.
    Password,
    /// Has another card by now.
    Replacement,
    /// Registers when SQLite's log is full, so that it is moved into the database.
    Checkpoint,
}

impl Journey {
    const ALL: [Self; 4] = [Self::Card, Self::Password, Self::Replacement, Self::Checkpoint];
}

/// Who makes the calls.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Thread {
    /// Database and the end of the audit log.
    Store,
    /// Panel and commands.
    Sockets,
}

impl Thread {
    pub(super) const ALL: [Self; 2] = [Self::Store, Self::Sockets];
}

/// What comes after the fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    /// The service is killed at once.
    Kill,
    /// It goes on, and is killed later.
    GoOn,
}

/// A call that fails.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    thread: Thread,
    call: String,
    nth: usize,
    pub(super) fault: &'static str,
}

impl Fault {
    /// What of these strace has to do to a thread. The same call twice fails in the same way.
    pub(super) fn injections(faults: &[Self], thread: Thread) -> Vec<Injection> {
        let mut injections: Vec<Injection> = Vec::new();
        for fault in faults.iter().filter(|fault| fault.thread == thread) {
            match injections.iter_mut().find(|other| other.call == fault.call) {
                Some(other) => {
                    other.nth.push(fault.nth);
                    other.nth.sort_unstable();
                }
                None => injections.push(Injection {
                    call: fault.call.clone(),
                    fault: fault.fault,
                    nth: vec![fault.nth],
                }),
            }
        }
        injections
    }
}

/// One run.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) journey: Journey,
    pub(super) faults: Vec<Fault>,
    pub(super) end: End,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:", self.journey)?;
        for Fault { thread, call, nth, fault } in &self.faults {
            write!(f, " {thread:?} {call} {nth} {fault},")?;
        }
        write!(f, " {:?}", self.end)
    }
}

/// A call that can fail, and with what.
struct Point {
    thread: Thread,
    call: String,
    nth: usize,
    faults: &'static [&'static str],
    /// What it is done to; calls that follow each other and are alike in this are alike.
    to: String,
}

impl Point {
    fn fault(&self, turn: usize) -> Option<Fault> {
        let fault = self.faults.get(turn % self.faults.len())?;
        Some(Fault { thread: self.thread, call: self.call.clone(), nth: self.nth, fault })
    }
}

fn points(thread: Thread, calls: &[Call]) -> Vec<Point> {
    let point = |(nth, call): (usize, &Call)| Point {
        thread,
        call: call.name.clone(),
        nth,
        faults: faults_of(call),
        to: target(call),
    };
    numbered(calls).into_iter().map(point).filter(|point| !point.faults.is_empty()).collect()
}

/// Every run: each call with each of its errors in the first journey, with one of them in turn in
/// the others; then pairs of calls of the first journey. `clean` lists the calls of a journey.
pub(super) fn singles_and_pairs(clean: impl Fn(Journey, Thread) -> Vec<Call>) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut first = Vec::new();
    for journey in Journey::ALL {
        let points: Vec<Point> = Thread::ALL
            .into_iter()
            .flat_map(|thread| points(thread, &clean(journey, thread)))
            .collect();
        let calls = points.len();
        let before = runs.len();
        for (turn, point) in points.iter().enumerate() {
            let first = journey == Journey::Card;
            let ends = [End::Kill, End::GoOn];
            let (every, ends) = match (first, turn % 2) {
                (true, _) => (point.faults.len(), ends.as_slice()),
                (false, odd) => (1, &ends[odd..=odd]),
            };
            for fault in (turn..turn + every).filter_map(|turn| point.fault(turn)) {
                for end in ends.iter().copied() {
                    runs.push(Run { journey, faults: vec![fault.clone()], end });
                }
            }
        }
        eprintln!("{journey:?}: {calls} calls, {} runs in which one fails", runs.len() - before);
        if journey == Journey::Card {
            first = points;
        }
    }
    let apart = representatives(first);
    let before = runs.len();
    for (turn, one) in apart.iter().enumerate() {
        for (more, other) in apart.iter().enumerate().skip(turn + 1) {
            // What the first one changes, the number of a lock changes with it; and a lock that is
            // given back cannot fail.
            if other.call == "fcntl" && one.thread == other.thread {
                continue;
            }
            let end = if (turn + more) % 2 == 0 { End::Kill } else { End::GoOn };
            let both = [one.fault(turn + more), other.fault(more)];
            let faults = both.into_iter().flatten().collect();
            runs.push(Run { journey: Journey::Card, faults, end });
        }
    }
    eprintln!("{} calls apart, {} runs in which two fail", apart.len(), runs.len() - before);
    runs
}

/// Of calls that do the same to the same thing the first and the last.
fn representatives(points: Vec<Point>) -> Vec<Point> {
    let mut ends: BTreeMap<(Thread, String, String), (usize, usize)> = BTreeMap::new();
    let key = |point: &Point| (point.thread, point.call.clone(), point.to.clone());
    for (at, point) in points.iter().enumerate() {
        ends.entry(key(point)).and_modify(|(_, last)| *last = at).or_insert((at, at));
    }
    let is_end = |at: usize| ends.values().any(|(first, last)| at == *first || at == *last);
    points.into_iter().enumerate().filter(|(at, _)| is_end(*at)).map(|(_, point)| point).collect()
}

/// Makes the runs that `KAZASU_FAULTS` says: `all`, those whose description contains it, or as many
/// at random; `KAZASU_SEED` repeats such a choice.
pub(super) fn run_chosen<R: fmt::Display + Send>(
    what: &str,
    runs: Vec<R>,
    one: impl Fn(&R) -> (usize, String) + Sync,
) {
    let wanted = env::var("KAZASU_FAULTS").unwrap_or_else(|_| SAMPLE.to_string());
    let seed = env::var("KAZASU_SEED")
        .map_or_else(|_| RandomState::new().hash_one(what), |seed| seed.parse().unwrap());
    let all = runs.len();
    let chosen: Vec<R> = match wanted.parse::<usize>() {
        Ok(count) => {
            let mut runs: Vec<(u64, R)> =
                (1_u64..).map(|n| mixed(seed.wrapping_add(n))).zip(runs).collect();
            runs.sort_by_key(|(key, _)| *key);
            runs.into_iter().map(|(_, run)| run).take(count).collect()
        }
        Err(_) if wanted == "all" => runs,
        Err(_) => runs.into_iter().filter(|run| run.to_string().contains(&wanted)).collect(),
    };
    eprintln!("{what}: {} of {all} runs, KAZASU_SEED={seed}", chosen.len());
    run_all(chosen, one);
}

/// Makes these runs; `one` tells how many of its faults happened and what came of it. Fails at the
/// end where one failed.
pub(super) fn run_all<R: fmt::Display + Send>(
    runs: Vec<R>,
    one: impl Fn(&R) -> (usize, String) + Sync,
) {
    let (count, came, failed) = (runs.len(), Mutex::default(), Mutex::default());
    let queue = Mutex::new(runs.into_iter());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(run) = queue.lock().unwrap().next() else { return };
                    match catch_unwind(AssertUnwindSafe(|| one(&run))) {
                        Ok(end) => {
                            let mut came: std::sync::MutexGuard<'_, BTreeMap<_, usize>> =
                                came.lock().unwrap();
                            *came.entry(end).or_default() += 1;
                        }
                        Err(why) => {
                            let why = format!("{run}: {}", said(why.as_ref()));
                            eprintln!("FAILED {why}");
                            let mut failed: std::sync::MutexGuard<'_, Vec<String>> =
                                failed.lock().unwrap();
                            failed.push(why);
                        }
                    }
                }
            });
        }
    });
    for ((met, word), count) in came.into_inner().unwrap() {
        eprintln!("{count} runs with {met} faults met: {word}");
    }
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {count} runs failed:\n{}", failed.len(), failed.join("\n"));
}

/// SplitMix64.
fn mixed(seed: u64) -> u64 {
    let z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The words of a panic.
fn said(why: &(dyn Any + Send)) -> &str {
    match (why.downcast_ref::<String>(), why.downcast_ref::<&str>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "a panic",
    }
}
