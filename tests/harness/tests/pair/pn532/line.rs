use std::{ops::Range, time::Duration};

use kazasu_hal::{FaultKind, Mono};
use kazasu_harness::{Damage, Pair, Serial};

use crate::{attached, ids, put};

const CARDS: [&str; 2] = ["felica idm=012E4CE1000000A1", "type-a uid=5AC1C2C3"];

fn sees_both(pair: &Pair<Serial>) -> bool {
    pair.field().is_some_and(|cards| ids(cards).len() == 2)
}

/// A pair with both cards on the reader, before it was opened.
fn fresh() -> Pair<Serial> {
    let mut pair = Pair::new(7);
    for line in CARDS {
        put(&mut pair, line);
    }
    pair
}

/// The bytes of the answers to the opening and to the first two rounds.
fn bytes_of_opening_and_rounds() -> Range<u64> {
    let mut pair = fresh();
    let two = |pair: &Pair<Serial>| pair.rounds_since(Mono::default()).len() == 2;
    assert!(pair.run_until(Mono(Duration::from_secs(1)), two));
    0..pair.link.from_chip.sent()
}

/// Damages each byte in turn. Both cards are seen again within `within` of it, with the line
/// broken `cuts` times and no fault.
fn check(damage: Damage, within: Duration, cuts: u32) {
    let bytes = bytes_of_opening_and_rounds();
    assert!(bytes.end > 200, "{bytes:?}");
    for byte in bytes {
        let mut pair = fresh();
        pair.link.from_chip.damage(byte, damage);
        let hit = |pair: &Pair<Serial>| pair.link.from_chip.sent() > byte || pair.cuts > 0;
        assert!(pair.run_until(Mono(Duration::from_secs(1)), hit), "{damage:?} at {byte}");
        let start = pair.now();
        let seen = pair.reports.len();
        // A round of both that was finished after the damage.
        let again = |pair: &Pair<Serial>| pair.reports.len() > seen && sees_both(pair);
        let name = format!("{damage:?} at byte {byte}");
        assert!(pair.run_until(start.after(within), again), "{name}: {:?}", pair.faults);
        assert_eq!(pair.cuts, cuts, "{name}");
        assert_eq!(pair.faults, [], "{name}");
        assert!(pair.attached.iter().all(|model| model == "PN532 firmware 1.6"), "{name}");
    }
}

#[test]
fn a_byte_that_is_lost_costs_one_attempt() {
    check(Damage::Lose, Duration::from_millis(500), 0);
}

#[test]
fn a_byte_that_is_changed_costs_one_attempt() {
    for bits in [0x01, 0x80, 0xFF] {
        check(Damage::Flip(bits), Duration::from_millis(800), 0);
    }
}

#[test]
fn a_line_that_breaks_at_any_byte_is_opened_anew() {
    // The pause of 1 s before it is opened anew, and 300 ms.
    check(Damage::Cut, Duration::from_millis(1300), 1);
}

#[test]
fn a_reader_that_is_pulled_at_any_byte_comes_back() {
    check(Damage::Unplug, Duration::from_millis(1300), 1);
}

#[test]
fn a_reader_that_falls_silent_is_given_up_in_time() {
    let mut pair = attached::<Serial>(9);
    // Asleep, the chip takes the next frames as noise: as silent as an unplugged one whose line
    // stays open.
    pair.link.chip.power_cycle();
    let start = pair.now();
    assert!(pair.run_until(start.after(Duration::from_secs(3)), |pair| pair.attached.len() == 2));
    let kinds: Vec<_> = pair.faults.iter().map(|fault| fault.kind).collect();
    assert!(kinds.iter().all(|kind| *kind == FaultKind::Timeout), "{:?}", pair.faults);
    println!("back after {:?}", pair.now().since(start));
}

#[test]
fn rounds_keep_their_pace() {
    let mut pair = attached::<Serial>(11);
    let from = pair.now();
    pair.run_for(Duration::from_secs(60));
    let rounds = pair.rounds_since(from).len();
    // 25 ms at least between two starts.
    assert!((600..=2400).contains(&rounds), "{rounds} rounds in a minute");
    println!("{} ms a round", 60_000 / rounds);
}

#[test]
fn a_sleeping_chip_is_woken_by_the_first_attempt() {
    let pair = attached::<Serial>(13);
    // Each attempt that fails costs 100 ms.
    assert!(pair.now() < Mono(Duration::from_millis(95)), "{:?}", pair.now());
}

#[test]
fn noise_that_announces_a_long_frame_costs_one_attempt() {
    // The beginning of a frame of 265 bytes.
    let noise = [0x00, 0xFF, 0xFF, 0xFF, 0x01, 0x09, 0xF6];
    for step in 0..100 {
        let mut pair = attached::<Serial>(step);
        pair.run_for(Duration::from_micros(step * 500));
        pair.invent(&noise);
        put(&mut pair, CARDS[0]);
        let end = pair.now().after(Duration::from_millis(500));
        let seen = |pair: &Pair<Serial>| pair.field().is_some_and(|cards| !cards.is_empty());
        assert!(pair.run_until(end, seen), "{step}: {:?}", pair.faults);
        assert_eq!(pair.faults, [], "{step}");
    }
}
