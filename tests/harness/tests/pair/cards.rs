use std::time::Duration;

use kazasu_hal::{Card, Report, Stability, SystemCode, Technology};
use kazasu_harness::Pair;

use crate::{Reader, attached, card, ids, put, waits_until_seen};

pub(crate) const FELICA_A: &str = "felica idm=012E4CE1000000A1";
pub(crate) const FELICA_B: &str = "felica idm=012E4CE1000000B2";
pub(crate) const FOUR: &str = "type-a uid=5AC1C2C3 atqa=0004 sak=08";
pub(crate) const SEVEN: &str = "type-a uid=045A0102030405 atqa=0044 sak=00";
pub(crate) const DESFIRE: &str = "type-a uid=045A0102030406 atqa=0344 sak=20 ats=067577810280";
pub(crate) const TYPE_B: &str = "type-b pupi=5AB1B2B3";

on_each_reader!(
    what_is_put_is_what_is_reported,
    a_random_uid_stays_while_it_rests_and_is_another_one_each_time,
    two_felica_cards_are_told_apart_however_they_come,
    a_swap_between_two_rounds_shows_another_identifier,
);

/// Put, all at once or one after the other, and seen in each round with just these cards; taken,
/// seen no more.
pub(crate) fn check<L: Reader>(lines: &[&str], together: bool, expected: &[&Card]) {
    let expected: Vec<_> = expected.iter().copied().cloned().collect();
    let name = format!("{lines:?}, together: {together}");
    let mut pair = attached::<L>(1);
    assert_eq!(pair.field(), Some(&[][..]), "{name}, before");
    for line in lines {
        put(&mut pair, line);
        if !together {
            pair.run_for(L::A_MOMENT);
        }
    }
    // The round that runs may have seen some of them only.
    pair.run_for(L::A_MOMENT);
    let from = pair.now();
    pair.run_for(L::A_MOMENT * 10);
    let rounds = pair.rounds_since(from);
    assert!(rounds.len() >= L::ROUNDS_MIN, "{name}: {} rounds", rounds.len());
    for card in rounds.iter().copied().flatten() {
        assert!(expected.contains(card), "{name}: {card:?}");
    }
    let complete = rounds.iter().filter(|round| ids(round) == ids(&expected)).count();
    let slotted = |technology| {
        expected.iter().filter(|card| card.identity.technology() == technology).count() > 1
    };
    if slotted(Technology::Felica) || slotted(Technology::Iso14443b) {
        // Two may meet in a slot, now and then, but not twice in a row: two misses are what counts
        // as a removal.
        for card in &expected {
            let misses: Vec<_> = rounds.iter().map(|round| !round.contains(card)).collect();
            assert!(!misses.windows(2).any(|pair| pair == [true, true]), "{name}");
        }
        assert!(complete * 10 > rounds.len() * 9, "{name}: {complete} of {}", rounds.len());
    } else {
        assert_eq!(complete, rounds.len(), "{name}");
    }

    pair.link.field().take(None).unwrap();
    pair.run_for(L::A_MOMENT);
    let from = pair.now();
    pair.run_for(L::A_MOMENT);
    let rounds = pair.rounds_since(from);
    assert!(rounds.iter().all(|round| round.is_empty()), "{name}, after");
    assert!(rounds.len() >= L::EMPTY_ROUNDS, "{name}, after: {} rounds", rounds.len());
    assert_eq!(pair.faults, [], "{name}");
    assert!(pair.reports.iter().all(|(_, report)| matches!(report, Report::Field(_))), "{name}");
}

fn felica(last: u8, pmm: [u8; 8], answered: u16) -> Card {
    let idm = [0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, last];
    Card::felica(&idm, SystemCode::ANY, Some(pmm), Some(SystemCode(answered))).unwrap()
}

pub(crate) fn type_a(uid: &[u8], atqa: u16, sak: u8) -> Card {
    Card::iso14443a(uid, Some(atqa), Some(sak)).unwrap()
}

fn what_is_put_is_what_is_reported<L: Reader>() {
    let pmm = [0x01, 0x20, 0x22, 0x04, 0x27, 0x67, 0x4E, 0xFF];
    let (a, b) = (felica(0xA1, pmm, 0xFE00), felica(0xB2, pmm, 0xFE00));
    let phone = felica(0xC3, [0x03, 0x16, 1, 2, 3, 4, 5, 6], 0x0003);
    let four = type_a(&[0x5A, 0xC1, 0xC2, 0xC3], 0x0004, 0x08);
    let seven = type_a(&[0x04, 0x5A, 1, 2, 3, 4, 5], 0x0044, 0x00);
    let ten = type_a(&[0x04, 0x5A, 1, 2, 3, 4, 5, 6, 7, 8], 0x0084, 0x00);
    let desfire = type_a(&[0x04, 0x5A, 1, 2, 3, 4, 6], 0x0344, 0x20);
    let type_b = Card::iso14443b(&[0x5A, 0xB1, 0xB2, 0xB3]).unwrap();

    let a_212 = "felica idm=012E4CE1000000A1 rate=212";
    let b_212 = "felica idm=012E4CE1000000B2 rate=212";
    let rows: &[(&[&str], &[&Card])] = &[
        (&[a_212], &[&a]),
        (&["felica idm=012E4CE1000000A1 rate=424"], &[&a]),
        (&["felica idm=012E4CE1000000A1 rate=both"], &[&a]),
        (&["felica idm=012E4CE1000000C3 pmm=0316010203040506 sys=0003,FE00"], &[&phone]),
        (&[FOUR], &[&four]),
        (&[SEVEN], &[&seven]),
        (&["type-a uid=045A0102030405060708 atqa=0084 sak=00"], &[&ten]),
        (&[DESFIRE], &[&desfire]),
        (&[TYPE_B], &[&type_b]),
        (&[TYPE_B, FOUR], &[&type_b, &four]),
        (&[TYPE_B, FELICA_A], &[&type_b, &a]),
        (&[FELICA_A, FOUR], &[&a, &four]),
        (&[FELICA_A, FELICA_B], &[&a, &b]),
        (&[a_212, b_212], &[&a, &b]),
        (&[a_212, "felica idm=012E4CE1000000B2 rate=424"], &[&a, &b]),
    ];
    for (lines, expected) in rows {
        check::<L>(lines, true, expected);
        if lines.len() > 1 {
            check::<L>(lines, false, expected);
        }
    }
}

fn a_random_uid_stays_while_it_rests_and_is_another_one_each_time<L: Reader>() {
    let mut pair = attached::<L>(3);
    let mut seen = Vec::new();
    for _ in 0..5 {
        put(&mut pair, "type-a uid=random");
        pair.run_for(L::A_MOMENT);
        let cards = pair.field().unwrap().to_vec();
        assert_eq!(cards[0].identity.stability(), Stability::Random);
        let from = pair.now();
        pair.run_for(L::A_MOMENT);
        assert!(pair.rounds_since(from).iter().all(|round| ids(round) == ids(&cards)));
        seen.extend(ids(&cards));
        pair.link.field().take(None).unwrap();
        pair.run_for(L::A_MOMENT);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

fn two_felica_cards_are_told_apart_however_they_come<L: Reader>() {
    // From many points of a round. Before, none of them is told alone, unless it was there alone.
    let waits = |laid_down: &dyn Fn(&mut Pair<L>)| {
        waits_until_seen(attached, (100, Duration::from_micros(700)), laid_down, 2)
    };
    let together = waits(&|pair| {
        put(pair, FELICA_A);
        put(pair, FELICA_B);
    });
    let one_after_the_other = waits(&|pair| {
        put(pair, FELICA_A);
        pair.run_for(L::A_MOMENT);
        put(pair, FELICA_B);
    });
    for (name, waits, limit_ms) in
        [("together", together, 400), ("one after the other", one_after_the_other, 700)]
    {
        println!("{name}: median {:?}, longest {:?}", waits[50], waits[99]);
        assert!(waits[99].as_millis() <= limit_ms, "{name}: {waits:?}");
    }
}

fn a_swap_between_two_rounds_shows_another_identifier<L: Reader>() {
    for (first, second, id) in [
        (FELICA_A, FELICA_B, "felica 012E4CE1000000B2"),
        ("type-a uid=5AC1C2C3", "type-a uid=5AC1C2C4", "iso14443a 5AC1C2C4"),
        ("type-b pupi=5AB1B2B3", "type-b pupi=5AB1B2B4", "iso14443b 5AB1B2B4"),
    ] {
        let mut pair = attached::<L>(5);
        put(&mut pair, first);
        pair.run_for(L::A_MOMENT);
        pair.link.field().take(None).unwrap();
        pair.link.field().put(card(second)).unwrap();
        pair.run_for(L::A_MOMENT);
        assert_eq!(ids(pair.field().unwrap()), [id]);
    }
}
