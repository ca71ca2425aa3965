use std::time::Duration;

use kazasu_harness::{
    Pair,
    floor::{ROUND, Search, Way, quantile, waits},
};

use crate::{put, rates::settings};

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
            let mut taken: Vec<_> = (0..400)
                .map(|step| {
                    let mut pair = Pair::with(step, settings(&[921_600], rate));
                    let end = pair.now().after(Duration::from_secs(1));
                    assert!(pair.run_until(end, |pair| pair.field().is_some()));
                    // Over some six rounds, each in another phase.
                    pair.run_for(Duration::from_micros(410 * step));
                    let start = pair.now();
                    put(&mut pair, line);
                    let end = start.after(Duration::from_secs(1));
                    let seen = |pair: &Pair| !pair.field().unwrap().is_empty();
                    assert!(pair.run_until(end, seen), "{line}");
                    pair.now().since(start)
                })
                .collect();
            taken.sort_unstable();
            let floor = waits(Way::Pn532(rate), &ROUND, answers_to);
            let (median, bound) = (quantile(&taken, 0.5), quantile(&floor, 0.5));
            let p99 = quantile(&taken, 0.99);
            println!("{rate}, {line}: median {median:?}, floor {bound:?}, p99 {p99:?}");
            assert!(median <= bound.mul_f64(1.3), "{rate}, {line}: {median:?}, floor {bound:?}");
            assert!(median >= bound.mul_f64(0.9), "{rate}, {line}: {median:?}, floor {bound:?}");
        }
    }
}
