//! The RC-S380 driver against the simulated RC-S380.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that panics has failed"
)]

mod cards;
mod faults;
mod opening;
mod pace;
mod requests;
mod same_card;
mod shell;

use std::time::Duration;

use kazasu_hal::Card;
use kazasu_harness::Rcs380Pair;

/// Longer than any round.
const A_MOMENT: Duration = Duration::from_millis(500);

/// What a control line puts.
fn card(line: &str) -> kazasu_sim::Card {
    match kazasu_sim::parse(&format!("put {line}")) {
        Ok(kazasu_sim::Line::Put(card)) => card,
        other => panic!("{line}: {other:?}"),
    }
}

/// Puts what a control line says.
fn put(pair: &mut Rcs380Pair, line: &str) -> u32 {
    pair.reader.field().put(card(line)).unwrap()
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
fn attached(seed: u64) -> Rcs380Pair {
    let mut pair = Rcs380Pair::new(seed);
    let end = pair.now().after(Duration::from_secs(1));
    assert!(pair.run_until(end, |pair| pair.field().is_some()), "{:?}", pair.faults);
    assert_eq!(pair.attached, ["firmware 1.11"]);
    pair
}
