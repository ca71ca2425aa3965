use std::time::Duration;

use kazasu_hal::{Card, SystemCode};

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
    }
    // The round that runs may have seen some of them only.
    pair.run_for(A_MOMENT);
    let from = pair.now();
    pair.run_for(A_MOMENT * 10);
    let rounds = pair.rounds_since(from);
    assert!(rounds.len() > 40, "{lines:?}: {} rounds in 3 s", rounds.len());
    for round in &rounds {
        for card in *round {
            assert!(expected.contains(card), "{lines:?}: {card:?}");
        }
    }
    let complete = rounds.iter().filter(|round| ids(round) == ids(&expected)).count();
    if expected.len() <= 1 || expected.iter().any(|card| card.identity.system().is_none()) {
        assert_eq!(complete, rounds.len(), "{lines:?}");
    } else {
        // Two FeliCa cards may meet in a slot, now and then, but not twice in a row: two misses
        // are what counts as a removal.
        for card in &expected {
            let misses: Vec<_> = rounds.iter().map(|round| !round.contains(card)).collect();
            assert!(!misses.windows(2).any(|pair| pair == [true, true]), "{lines:?}");
        }
        assert!(complete * 10 > rounds.len() * 9, "{lines:?}: {complete} of {}", rounds.len());
    }

    pair.chip.field().take(None).unwrap();
    pair.run_for(A_MOMENT);
    let from = pair.now();
    pair.run_for(A_MOMENT);
    let rounds = pair.rounds_since(from);
    assert!(rounds.len() > 5 && rounds.iter().all(|round| round.is_empty()), "{lines:?} after");
    assert_eq!(pair.faults, [], "{lines:?}");
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
    let four_line = "type-a uid=5AC1C2C3 atqa=0004 sak=08";
    let seven_line = "type-a uid=045A0102030405 atqa=0044 sak=00";
    let desfire_line = "type-a uid=045A0102030406 atqa=0344 sak=20 ats=067577810280";
    let rows: &[(&[&str], &[&Card])] = &[
        (&["felica idm=012E4CE1000000A1 rate=212"], &[&a]),
        (&["felica idm=012E4CE1000000A1 rate=424"], &[&a]),
        (&["felica idm=012E4CE1000000A1 rate=both"], &[&a]),
        (&["felica idm=012E4CE1000000C3 pmm=0316010203040506 sys=0003,FE00"], &[&c]),
        (&[four_line], &[&four]),
        (&["type-b pupi=5AB1B2B3"], &[&b_card]),
        (&["type-b pupi=5AB1B2B3", four_line], &[&b_card, &four]),
        (&["type-b pupi=5AB1B2B3", "felica idm=012E4CE1000000A1"], &[&b_card, &a]),
        (&[seven_line], &[&seven]),
        (&["type-a uid=045A0102030405060708 atqa=0084 sak=00"], &[&ten]),
        (&[desfire_line], &[&desfire]),
        (&[four_line, seven_line], &[&four, &seven]),
        (&[desfire_line, seven_line], &[&desfire, &seven]),
        (&[FELICA_A, four_line], &[&a, &four]),
        (&[FELICA_A, FELICA_B], &[&a, &b]),
        (
            &["felica idm=012E4CE1000000A1 rate=212", "felica idm=012E4CE1000000B2 rate=212"],
            &[&a, &b],
        ),
    ];
    for (lines, expected) in rows {
        check(lines, expected);
    }
}

#[test]
fn a_random_uid_is_another_one_each_time() {
    let mut pair = attached(3);
    let mut seen = Vec::new();
    for _ in 0..5 {
        put(&mut pair, "type-a uid=random");
        pair.run_for(A_MOMENT);
        let cards = pair.field().unwrap().to_vec();
        assert_eq!(cards[0].identity.stability(), kazasu_hal::Stability::Random);
        seen.extend(ids(&cards));
        pair.chip.field().take(None).unwrap();
        pair.run_for(A_MOMENT);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

/// How long until the reader has seen both, in milliseconds, from many points of a round.
fn time_to_see_both(laid_down: impl Fn(&mut kazasu_harness::Pair)) -> Vec<u128> {
    (0..100)
        .map(|seed| {
            let mut pair = attached(seed);
            pair.run_for(Duration::from_micros(700 * seed));
            laid_down(&mut pair);
            let start = pair.now();
            let end = start.after(Duration::from_secs(2));
            let both = |pair: &kazasu_harness::Pair| {
                pair.field().is_some_and(|cards| ids(cards).len() == 2)
            };
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
        assert!(times[99] <= limit, "{name}: {times:?}");
    }
}

#[test]
fn one_card_is_seen_within_the_time_people_do_not_feel() {
    for line in [FELICA_A, "felica idm=012E4CE1000000A1 rate=424", "type-a uid=5AC1C2C3"] {
        let mut times: Vec<_> = (0..200)
            .map(|step| {
                let mut pair = attached(step);
                // Every phase of a round.
                pair.run_for(Duration::from_micros(350 * step));
                let start = pair.now();
                put(&mut pair, line);
                let end = start.after(Duration::from_secs(1));
                assert!(pair.run_until(end, |pair| !pair.field().unwrap().is_empty()), "{line}");
                pair.now().since(start)
            })
            .collect();
        times.sort_unstable();
        let (median, p99) = (times[100], times[198]);
        println!("{line}: median {median:?}, p99 {p99:?}");
        // Spec 60 section 3 aims at 60 ms, at the pace of the air and of a line of 115200 bit/s.
        assert!(p99 < Duration::from_millis(60), "{line}: median {median:?}, p99 {p99:?}");
    }
}

#[test]
fn a_swap_between_two_rounds_shows_another_identifier() {
    let mut pair = attached(5);
    put(&mut pair, FELICA_A);
    pair.run_for(A_MOMENT);
    pair.chip.field().take(None).unwrap();
    pair.chip.field().put(card(FELICA_B)).unwrap();
    let from = pair.now();
    pair.run_for(A_MOMENT);
    let rounds: Vec<_> = pair.rounds_since(from).into_iter().map(ids).collect();
    assert_eq!(rounds.last().unwrap(), &["felica 012E4CE1000000B2"]);
}
