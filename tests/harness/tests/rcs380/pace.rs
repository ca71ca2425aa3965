//! How many commands a round takes, and how long a card waits.

use std::time::Duration;

use kazasu_wire::port100::Command;

use crate::{A_MOMENT, attached, put};

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
        let mut pair = attached(1);
        if !line.is_empty() {
            put(&mut pair, line);
            pair.run_for(A_MOMENT * 4);
        }
        let (from, before) = (pair.now(), pair.reports.len());
        pair.run_for(A_MOMENT * 4);
        let (rounds, commands) = (pair.reports.len() - before, pair.commands_since(from));
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
    for line in [
        "felica idm=012E4CE1000000A1",
        "felica idm=012E4CE1000000A1 rate=424",
        "type-a uid=5AC1C2C3",
        "type-a uid=045A0102030405 atqa=0044 sak=00",
        "type-b pupi=5AB1B2B3",
    ] {
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
        assert!(p99 < Duration::from_millis(100), "{line}: median {median:?}, p99 {p99:?}");
    }
}
