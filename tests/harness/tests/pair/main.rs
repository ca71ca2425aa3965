//! Each driver against the simulated reader it is for.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that panics has failed"
)]

/// Each of these functions as a test of each reader.
macro_rules! on_each_reader {
    ($($test:ident),+ $(,)?) => {
        mod pn532 {
            $(#[test] fn $test() { super::$test::<kazasu_harness::Serial>(); })+
        }
        mod rcs380 {
            $(#[test] fn $test() { super::$test::<kazasu_harness::Usb>(); })+
        }
    };
}

mod cards;
mod noise;
mod pn532;
mod rcs380;
mod requests;
mod runtime;
mod same_card;
mod shell;
mod silence;
mod whole_session;

use std::time::Duration;

use kazasu_hal::{Card, Fault, Mono};
use kazasu_harness::{Link, Pair, Serial, Usb};
use kazasu_link::{Input, Session};

/// What the tests know of a reader.
trait Reader: Link {
    /// Longer than any round.
    const A_MOMENT: Duration;
    /// So many rounds are finished in ten moments, at least: with two type A cards, which lose power
    /// before each.
    const ROUNDS_MIN: usize;
    /// So many in one moment, whatever lies there.
    const ROUNDS_IN_A_MOMENT: usize;
    /// So many in a moment of an empty field.
    const EMPTY_ROUNDS: usize;
    /// What a session says that its reader is.
    const MODEL: &str;
}

impl Reader for Serial {
    const A_MOMENT: Duration = Duration::from_millis(300);
    const ROUNDS_MIN: usize = 45;
    const ROUNDS_IN_A_MOMENT: usize = 5;
    const EMPTY_ROUNDS: usize = 9;
    const MODEL: &str = "PN532 firmware 1.6";
}

impl Reader for Usb {
    const A_MOMENT: Duration = Duration::from_millis(500);
    const ROUNDS_MIN: usize = 70;
    const ROUNDS_IN_A_MOMENT: usize = 8;
    const EMPTY_ROUNDS: usize = 13;
    const MODEL: &str = "firmware 1.11";
}

/// What a control line puts.
fn card(line: &str) -> kazasu_sim::Card {
    match kazasu_sim::parse(&format!("put {line}")) {
        Ok(kazasu_sim::Line::Put(card)) => card,
        other => panic!("{line}: {other:?}"),
    }
}

/// Puts what a control line says.
fn put<L: Link>(pair: &mut Pair<L>, line: &str) {
    pair.link.field().put(card(line)).unwrap();
}

/// Technology and identifier of each card, sorted, each once.
fn ids(cards: &[Card]) -> Vec<String> {
    let mut ids: Vec<_> = cards
        .iter()
        .map(|card| format!("{} {}", card.identity.technology(), card.identity.id().to_hex()))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Whether the last round saw just these.
fn sees<L: Link>(pair: &Pair<L>, expected: &[&str]) -> bool {
    pair.field().is_some_and(|cards| ids(cards) == expected)
}

/// A pair whose reader is up.
fn attached<L: Reader>(seed: u64) -> Pair<L> {
    let pair = up(Pair::new(seed));
    assert_eq!(pair.attached, [L::MODEL]);
    pair
}

/// The same pair, once its reader is up.
fn up<L: Link>(mut pair: Pair<L>) -> Pair<L> {
    let end = pair.now().after(Duration::from_secs(1));
    assert!(pair.run_until(end, |pair| pair.field().is_some()), "{:?}", pair.faults);
    pair
}

/// How long it takes, in ascending order, from when `laid_down` is done until so many cards are
/// seen, on `count` readers of which each is in another phase of its round, `apart` from the one
/// before.
fn waits_until_seen<L: Link>(
    fresh: impl Fn(u64) -> Pair<L>,
    (count, apart): (u32, Duration),
    laid_down: impl Fn(&mut Pair<L>),
    cards: usize,
) -> Vec<Duration> {
    let mut waits: Vec<_> = (0..count)
        .map(|step| {
            let mut pair = fresh(u64::from(step));
            pair.run_for(apart * step);
            laid_down(&mut pair);
            let start = pair.now();
            let seen = |pair: &Pair<L>| pair.field().is_some_and(|seen| ids(seen).len() == cards);
            assert!(pair.run_until(start.after(Duration::from_secs(1)), seen), "step {step}");
            pair.now().since(start)
        })
        .collect();
    waits.sort_unstable();
    waits
}

/// Tells a session what came, or else that its time has come.
fn feed(session: &mut impl Session, now: &mut Mono, bytes: &[u8]) -> Result<(), Fault> {
    if bytes.is_empty() {
        *now = session.poll_timeout().unwrap();
        session.handle(*now, Input::Timeout)
    } else {
        session.handle(*now, Input::Bytes(bytes))
    }
}
