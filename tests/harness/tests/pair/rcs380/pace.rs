//! How many commands a round takes, and how long a card waits.

use std::time::Duration;

use kazasu_harness::{
    Pair, Usb,
    floor::{ROUND, Search, Way, quantile, waits},
};
use kazasu_wire::port100::Command;

use crate::{Reader, attached, put, waits_until_seen};

#[test]
fn an_unchanged_round_takes_the_same_few_commands() {
    // For each technology: InSetRF, InSetProtocol and the call. A type A card: three calls more and
    // three changes of settings, and a second request; every fourth round of an empty field calls
    // three more times, at the price of one command each.
    let rows: [(&str, &str, usize); 7] = [
        ("nobody", "", 12),
        ("FeliCa", "felica idm=012E4CE1000000A1", 12),
        ("type B", "type-b pupi=5AB1B2B3", 12),
        ("type A, 4 bytes", "type-a uid=5AC1C2C3", 19),
        ("type A, 7 bytes", "type-a uid=045A0102030405 atqa=0044 sak=00", 23),
        ("type A, 10 bytes", "type-a uid=045A0102030405060708 atqa=0084 sak=00", 27),
        ("FeliCa at 424 kbit/s alone", "felica idm=012E4CE1000000A1 rate=424", 12),
    ];
    for (name, line, expected) in rows {
        let mut pair = attached::<Usb>(1);
        if !line.is_empty() {
            put(&mut pair, line);
            pair.run_for(Usb::A_MOMENT * 4);
        }
        let (from, before) = (pair.now(), pair.reports.len());
        pair.run_for(Usb::A_MOMENT * 4);
        let (rounds, commands) = (pair.reports.len() - before, pair.link.commands_since(from));
        let calls = commands.iter().filter(|c| matches!(c, Command::InCommRf { .. })).count();
        println!(
            "{name}: {} commands in {rounds} rounds, {calls} of them calls; {} ms a round",
            commands.len(),
            2000 / rounds
        );
        let expected = expected * rounds + if line.is_empty() { rounds.div_ceil(4) * 3 } else { 0 };
        assert!(commands.len().abs_diff(expected) <= 27, "{name}: {} {expected}", commands.len());
    }
}

#[test]
fn one_card_is_seen_within_the_time_people_do_not_feel() {
    let both = &ROUND[2..];
    // The driver waits longer for a card than the card may take, and the simulated chip takes its
    // time for each command: how often the floor that may be, at most.
    let rows: [(&str, &[Search], f64); 5] = [
        ("felica idm=012E4CE1000000A1", both, 2.5),
        ("felica idm=012E4CE1000000A1 rate=424", &[Search::Felica424], 3.1),
        ("type-a uid=5AC1C2C3", &[Search::TypeA], 4.2),
        ("type-a uid=045A0102030405 atqa=0044 sak=00", &[Search::TypeA], 4.5),
        ("type-b pupi=5AB1B2B3", &[Search::TypeB], 4.5),
    ];
    for (line, answers_to, most) in rows {
        // Every phase of a round.
        let phases = (200, Duration::from_micros(350));
        let times = waits_until_seen(attached::<Usb>, phases, |pair| put(pair, line), 1);
        let (median, p99) = (quantile(&times, 0.5), quantile(&times, 0.99));
        let floor = quantile(&waits(Way::Rcs380, &ROUND, answers_to), 0.5);
        println!("{line}: median {median:?}, floor {floor:?}, p99 {p99:?}");
        assert!(p99 < Duration::from_millis(100), "{line}: median {median:?}, p99 {p99:?}");
        assert!(median >= floor, "{line}: {median:?} {floor:?}");
        assert!(median <= floor.mul_f64(most), "{line}: {median:?} {floor:?}");
    }
}

#[test]
fn the_floor_counts_the_commands_that_the_driver_sends() {
    let rows: [(&str, &[Search]); 4] = [
        ("", &[]),
        ("felica idm=012E4CE1000000A1", &ROUND[2..]),
        ("type-a uid=5AC1C2C3", &[Search::TypeA]),
        ("type-b pupi=5AB1B2B3", &[Search::TypeB]),
    ];
    for (line, answers_to) in rows {
        let mut pair = attached::<Usb>(1);
        if !line.is_empty() {
            put(&mut pair, line);
        }
        // Two more round ends: between them lies one round.
        pair.run_for(Usb::A_MOMENT);
        let next = |pair: &mut Pair<Usb>| {
            let (end, before) = (pair.now().after(Usb::A_MOMENT), pair.reports.len());
            assert!(pair.run_until(end, |pair| pair.reports.len() > before), "{line}");
            pair.link.sent.len()
        };
        let rounds: Vec<_> = (0..5).map(|_| next(&mut pair)).collect();
        let fewest = rounds.windows(2).map(|ends| ends[1] - ends[0]).min();
        let counted = ROUND.iter().map(|search| {
            let found = answers_to.contains(search);
            search.commands(Way::Rcs380, found)
        });
        assert_eq!(fewest, Some(counted.sum()), "{line}");
    }
}
