use std::time::Duration;

use kazasu_hal::{Card, FaultKind, Report};
use kazasu_harness::Usb;

use crate::{
    Reader, attached,
    cards::{FELICA_A, FELICA_B, SEVEN, TYPE_B, check},
    ids, put,
};

const A_MOMENT: Duration = Usb::A_MOMENT;

#[test]
fn two_type_b_cards_are_both_reported() {
    let [one, other] = [0xB3, 0xB4].map(|last| Card::iso14443b(&[0x5A, 0xB1, 0xB2, last]).unwrap());
    for together in [true, false] {
        check::<Usb>(&[TYPE_B, "type-b pupi=5AB1B2B4"], together, &[&one, &other]);
    }
}

#[test]
fn a_type_a_card_beside_one_that_rests_is_read() {
    for (first, second) in [
        ("type-a uid=5AC1C2C3", "type-a uid=5AC1C2C4"),
        ("type-a uid=5AC1C2C3", "type-a uid=045A0102030405"),
        (SEVEN, "type-a uid=045A0102030406 atqa=0344 sak=20"),
    ] {
        let mut pair = attached::<Usb>(4);
        put(&mut pair, first);
        pair.run_for(A_MOMENT);
        put(&mut pair, second);
        pair.run_for(A_MOMENT);
        let from = pair.now();
        pair.run_for(A_MOMENT * 4);
        let rounds = pair.rounds_since(from);
        assert!(rounds.iter().all(|round| ids(round).len() == 2), "{first} {second}");
        assert!(rounds.len() >= 37, "{first} {second}: {} rounds", rounds.len());
        assert_eq!(pair.faults, []);
    }
}

#[test]
fn type_a_cards_that_were_never_apart_are_not_presented_and_told() {
    let mut pair = attached::<Usb>(4);
    put(&mut pair, "type-a uid=5AC1C2C3");
    put(&mut pair, "type-a uid=5AC1C2C4");
    pair.run_for(A_MOMENT * 4);
    assert!(pair.rounds_since(Default::default()).iter().all(|round| round.is_empty()));
    let faults = pair.reports.iter().filter_map(|(_, report)| match report {
        Report::Fault(fault) => Some(fault.kind),
        Report::Field(_) => None,
    });
    assert_eq!(faults.collect::<Vec<_>>(), [FaultKind::Card]);
    assert_eq!(pair.faults, []);
}

#[test]
fn two_felica_cards_laid_down_together_are_never_told_as_one() {
    let mut alone = 0;
    for seed in 0..200 {
        let mut pair = attached::<Usb>(seed);
        pair.run_for(Duration::from_micros(350 * seed));
        put(&mut pair, FELICA_A);
        put(&mut pair, FELICA_B);
        let start = pair.now();
        let end = start.after(Duration::from_secs(2));
        assert!(pair.run_until(end, |pair| !pair.field().unwrap().is_empty()), "{seed}");
        alone += usize::from(ids(pair.field().unwrap()).len() == 1);
    }
    assert_eq!(alone, 0);
}
