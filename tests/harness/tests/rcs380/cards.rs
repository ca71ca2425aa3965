use std::time::Duration;

use kazasu_hal::{Card, FaultKind, Report, SystemCode};
use kazasu_harness::Rcs380Pair;

use crate::{A_MOMENT, attached, card, ids, put};

const FELICA_A: &str = "felica idm=012E4CE1000000A1";
const FELICA_B: &str = "felica idm=012E4CE1000000B2";
const PMM: [u8; 8] = [0x01, 0x20, 0x22, 0x04, 0x27, 0x67, 0x4E, 0xFF];

/// Put, seen in each round with just these cards; taken, seen no more.
fn check(lines: &[&str], expected: &[&Card]) {
    let expected: Vec<_> = expected.iter().map(|card| (*card).clone()).collect();
    let mut pair = attached(1);
    assert_eq!(pair.field(), Some(&[][..]), "{lines:?} before");
    for line in lines {
        put(&mut pair, line);
        // The round that runs may have seen some of them only.
        pair.run_for(A_MOMENT);
    }
    let from = pair.now();
    pair.run_for(A_MOMENT * 10);
    let rounds = pair.rounds_since(from);
    assert!(rounds.len() > 20, "{lines:?}: {} rounds in 5 s", rounds.len());
    for round in &rounds {
        for card in *round {
            assert!(expected.contains(card), "{lines:?}: {card:?}");
        }
    }
    let complete = rounds.iter().filter(|round| ids(round) == ids(&expected)).count();
    let slotted = |technology| {
        expected.iter().filter(|card| card.identity.technology() == technology).count() > 1
    };
    if slotted(kazasu_hal::Technology::Felica) || slotted(kazasu_hal::Technology::Iso14443b) {
        // Two may meet in a slot, now and then, but not twice in a row: two misses are what counts
        // as a removal.
        for card in &expected {
            let misses: Vec<_> = rounds.iter().map(|round| !round.contains(card)).collect();
            assert!(!misses.windows(2).any(|pair| pair == [true, true]), "{lines:?}");
        }
        assert!(complete * 10 > rounds.len() * 9, "{lines:?}: {complete} of {}", rounds.len());
    } else {
        assert_eq!(complete, rounds.len(), "{lines:?}");
    }

    pair.reader.field().take(None).unwrap();
    pair.run_for(A_MOMENT);
    let from = pair.now();
    pair.run_for(A_MOMENT);
    let rounds = pair.rounds_since(from);
    assert!(rounds.len() > 5 && rounds.iter().all(|round| round.is_empty()), "{lines:?} after");
    assert_eq!(pair.faults, [], "{lines:?}");
    assert!(pair.reports.iter().all(|(_, r)| matches!(r, Report::Field(_))), "{lines:?}");
}

fn felica(idm: &[u8; 8], pmm: [u8; 8], answered: u16) -> Card {
    Card::felica(idm, SystemCode::ANY, Some(pmm), Some(SystemCode(answered))).unwrap()
}

fn type_a(uid: &[u8], atqa: u16, sak: u8) -> Card {
    Card::iso14443a(uid, Some(atqa), Some(sak)).unwrap()
}

#[test]
fn what_is_put_is_what_is_reported() {
    let a = felica(&[0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, 0xA1], PMM, 0xFE00);
    let b = felica(&[0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, 0xB2], PMM, 0xFE00);
    let phone = [0x03, 0x16, 1, 2, 3, 4, 5, 6];
    let c = felica(&[0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, 0xC3], phone, 0x0003);
    let four = type_a(&[0x5A, 0xC1, 0xC2, 0xC3], 0x0004, 0x08);
    let seven = type_a(&[0x04, 0x5A, 1, 2, 3, 4, 5], 0x0044, 0x00);
    let ten = type_a(&[0x04, 0x5A, 1, 2, 3, 4, 5, 6, 7, 8], 0x0084, 0x00);
    let desfire = type_a(&[0x04, 0x5A, 1, 2, 3, 4, 6], 0x0344, 0x20);
    let b_card = Card::iso14443b(&[0x5A, 0xB1, 0xB2, 0xB3]).unwrap();
    let b_other = Card::iso14443b(&[0x5A, 0xB1, 0xB2, 0xB4]).unwrap();

    let four_line = "type-a uid=5AC1C2C3 atqa=0004 sak=08";
    let seven_line = "type-a uid=045A0102030405 atqa=0044 sak=00";
    let desfire_line = "type-a uid=045A0102030406 atqa=0344 sak=20 ats=067577810280";
    let rows: &[(&[&str], &[&Card])] = &[
        (&["felica idm=012E4CE1000000A1 rate=212"], &[&a]),
        (&["felica idm=012E4CE1000000A1 rate=424"], &[&a]),
        (&["felica idm=012E4CE1000000A1 rate=both"], &[&a]),
        (&["felica idm=012E4CE1000000C3 pmm=0316010203040506 sys=0003,FE00"], &[&c]),
        (&[four_line], &[&four]),
        (&[seven_line], &[&seven]),
        (&["type-a uid=045A0102030405060708 atqa=0084 sak=00"], &[&ten]),
        (&[desfire_line], &[&desfire]),
        (&["type-b pupi=5AB1B2B3"], &[&b_card]),
        (&["type-b pupi=5AB1B2B3", four_line], &[&b_card, &four]),
        (&["type-b pupi=5AB1B2B3", "felica idm=012E4CE1000000A1"], &[&b_card, &a]),
        (&["type-b pupi=5AB1B2B3", "type-b pupi=5AB1B2B4"], &[&b_card, &b_other]),
        (&[FELICA_A, four_line], &[&a, &four]),
        (&[FELICA_A, FELICA_B], &[&a, &b]),
        (
            &["felica idm=012E4CE1000000A1 rate=212", "felica idm=012E4CE1000000B2 rate=212"],
            &[&a, &b],
        ),
        (
            &["felica idm=012E4CE1000000A1 rate=212", "felica idm=012E4CE1000000B2 rate=424"],
            &[&a, &b],
        ),
    ];
    for (lines, expected) in rows {
        check(lines, expected);
    }
}

#[test]
fn a_type_a_card_beside_one_that_rests_is_read() {
    for (first, second) in [
        ("type-a uid=5AC1C2C3", "type-a uid=5AC1C2C4"),
        ("type-a uid=5AC1C2C3", "type-a uid=045A0102030405"),
        (
            "type-a uid=045A0102030405 atqa=0044 sak=00",
            "type-a uid=045A0102030406 atqa=0344 sak=20",
        ),
    ] {
        let mut pair = attached(4);
        put(&mut pair, first);
        pair.run_for(A_MOMENT);
        put(&mut pair, second);
        pair.run_for(A_MOMENT);
        let from = pair.now();
        pair.run_for(A_MOMENT * 4);
        let rounds = pair.rounds_since(from);
        assert!(rounds.len() > 10 && rounds.iter().all(|r| ids(r).len() == 2), "{first} {second}");
        assert_eq!(pair.faults, []);
    }
}

#[test]
fn type_a_cards_that_were_never_apart_are_not_presented_and_told() {
    let mut pair = attached(4);
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
fn a_random_uid_stays_while_it_rests_and_is_another_one_each_time() {
    let mut pair = attached(3);
    let mut seen = Vec::new();
    for _ in 0..5 {
        put(&mut pair, "type-a uid=random");
        pair.run_for(A_MOMENT);
        let cards = pair.field().unwrap().to_vec();
        assert_eq!(cards[0].identity.stability(), kazasu_hal::Stability::Random);
        let from = pair.now();
        pair.run_for(A_MOMENT);
        assert!(pair.rounds_since(from).iter().all(|round| ids(round) == ids(&cards)));
        seen.extend(ids(&cards));
        pair.reader.field().take(None).unwrap();
        pair.run_for(A_MOMENT);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

/// How long until the reader has seen both, in milliseconds, from many points of a round. Before,
/// none of them is told alone, unless it was there alone.
fn time_to_see_both(laid_down: impl Fn(&mut Rcs380Pair)) -> Vec<u128> {
    (0..100)
        .map(|seed| {
            let mut pair = attached(seed);
            pair.run_for(Duration::from_micros(700 * seed));
            laid_down(&mut pair);
            let start = pair.now();
            let end = start.after(Duration::from_secs(2));
            let both = |pair: &Rcs380Pair| pair.field().is_some_and(|cards| ids(cards).len() == 2);
            assert!(pair.run_until(end, both), "seed {seed}: {:?}", pair.field());
            pair.now().since(start).as_millis()
        })
        .collect()
}

#[test]
fn two_felica_cards_are_told_apart_however_they_come() {
    let together = time_to_see_both(|pair| {
        put(pair, FELICA_A);
        put(pair, FELICA_B);
    });
    let one_after_the_other = time_to_see_both(|pair| {
        put(pair, FELICA_A);
        pair.run_for(A_MOMENT);
        put(pair, FELICA_B);
    });
    for (name, mut times, limit) in
        [("together", together, 400), ("one after the other", one_after_the_other, 700)]
    {
        times.sort_unstable();
        println!("{name}: median {} ms, longest {} ms", times[50], times[99]);
        assert!(times[99] <= limit, "{name}: {times:?}");
    }
}

#[test]
fn two_felica_cards_laid_down_together_are_never_told_as_one() {
    let mut alone = 0;
    for seed in 0..200 {
        let mut pair = attached(seed);
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

#[test]
fn a_swap_between_two_rounds_shows_another_identifier() {
    for (first, second, id) in [
        (FELICA_A, FELICA_B, "felica 012E4CE1000000B2"),
        ("type-a uid=5AC1C2C3", "type-a uid=5AC1C2C4", "iso14443a 5AC1C2C4"),
        ("type-b pupi=5AB1B2B3", "type-b pupi=5AB1B2B4", "iso14443b 5AB1B2B4"),
    ] {
        let mut pair = attached(5);
        put(&mut pair, first);
        pair.run_for(A_MOMENT);
        pair.reader.field().take(None).unwrap();
        pair.reader.field().put(card(second)).unwrap();
        pair.run_for(A_MOMENT);
        assert_eq!(ids(pair.field().unwrap()), [id]);
    }
}
