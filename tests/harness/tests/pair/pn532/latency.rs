use std::time::Duration;

use kazasu_harness::{
    Pair, Serial,
    floor::{ROUND, Search, Way, quantile, waits},
};

use super::rates::settings;
use crate::{attached, cards::FELICA_A, put, up, waits_until_seen};

#[test]
fn a_card_waits_hardly_longer_than_air_and_line_take() {
    let both = &ROUND[2..];
    let rows: [(&str, &[Search]); 5] = [
        ("felica idm=012E4CE1000000A1", both),
        ("felica idm=012E4CE1000000A1 rate=212", &[Search::Felica212]),
        ("felica idm=012E4CE1000000A1 rate=424", &[Search::Felica424]),
        ("type-a uid=5AC1C2C3", &[Search::TypeA]),
        ("type-b pupi=5AB1B2B3", &[Search::TypeB]),
    ];
    for rate in [115_200, 921_600] {
        for (line, answers_to) in rows {
            // Over some six rounds.
            let phases = (400, Duration::from_micros(410));
            let fresh = |seed| up(Pair::with(seed, settings(&[921_600], rate)));
            let taken = waits_until_seen(fresh, phases, |pair| put(pair, line), 1);
            let floor = waits(Way::Pn532(rate), &ROUND, answers_to);
            let (median, bound) = (quantile(&taken, 0.5), quantile(&floor, 0.5));
            let p99 = quantile(&taken, 0.99);
            println!("{rate}, {line}: median {median:?}, floor {bound:?}, p99 {p99:?}");
            assert!(median <= bound.mul_f64(1.3), "{rate}, {line}: {median:?}, floor {bound:?}");
            assert!(median >= bound.mul_f64(0.9), "{rate}, {line}: {median:?}, floor {bound:?}");
        }
    }
}

#[test]
fn one_card_is_seen_within_the_time_people_do_not_feel() {
    for line in [FELICA_A, "felica idm=012E4CE1000000A1 rate=424", "type-a uid=5AC1C2C3"] {
        // Every phase of a round.
        let phases = (200, Duration::from_micros(350));
        let times = waits_until_seen(attached::<Serial>, phases, |pair| put(pair, line), 1);
        let (median, p99) = (times[100], times[198]);
        println!("{line}: median {median:?}, p99 {p99:?}");
        // Spec 60 section 3 aims at 60 ms, at the pace of the air and of a line of 115200 bit/s.
        assert!(p99 < Duration::from_millis(60), "{line}: median {median:?}, p99 {p99:?}");
    }
}
