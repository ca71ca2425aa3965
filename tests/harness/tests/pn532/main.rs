//! The PN532 driver against the simulated PN532.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that panics has failed"
)]

mod any_bytes;
mod cards;
mod clones;
mod faults;
mod latency;
mod line;
mod rates;
mod requests;
mod shell;

use std::time::Duration;

use kazasu_hal::Card;
use kazasu_harness::Pair;

/// Longer than any round.
const A_MOMENT: Duration = Duration::from_millis(300);

/// What a control line puts.
fn card(line: &str) -> kazasu_sim::Card {
    match kazasu_sim::parse(&format!("put {line}")) {
        Ok(kazasu_sim::Line::Put(card)) => card,
        other => panic!("{line}: {other:?}"),
    }
}

/// Puts what a control line says.
fn put(pair: &mut Pair, line: &str) -> u32 {
    pair.chip.field().put(card(line)).unwrap()
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

/// A pair whose reader is up.
fn attached(seed: u64) -> Pair {
    let mut pair = Pair::new(seed);
    let end = pair.now().after(Duration::from_secs(1));
    assert!(pair.run_until(end, |pair| pair.field().is_some()), "{:?}", pair.faults);
    assert_eq!(pair.attached, ["PN532 firmware 1.6"]);
    pair
}
