//! Prints the computed floor of our drivers' loop as JSON, times in milliseconds:
//! `floor pn532:BIT_PER_S|rcs380 felica|type-a|type-b`.
#![expect(clippy::print_stdout, reason = "a program for scripts/bench")]

use std::{process::ExitCode, time::Duration};

use kazasu_harness::floor::{ROUND, Search, Way, empty_round, quantile, waits};

fn way(name: &str) -> Option<Way> {
    if name == "rcs380" {
        return Some(Way::Rcs380);
    }
    let rate = name.strip_prefix("pn532:")?.parse().ok()?;
    (rate > 0).then_some(Way::Pn532(rate))
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let way = args.next().as_deref().and_then(way);
    let answers_to: &[Search] = match args.next().as_deref() {
        Some("felica") => &[Search::Felica212, Search::Felica424],
        Some("type-a") => &[Search::TypeA],
        Some("type-b") => &[Search::TypeB],
        _ => &[],
    };
    let (Some(way), false) = (way, answers_to.is_empty()) else {
        println!("usage: floor pn532:BIT_PER_S|rcs380 felica|type-a|type-b");
        return ExitCode::from(2);
    };
    let waits = waits(way, &ROUND, answers_to);
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let (p50, p99) = (ms(quantile(&waits, 0.5)), ms(quantile(&waits, 0.99)));
    let (commands, round) = empty_round(way, &ROUND);
    let round = ms(round);
    println!(
        "{{\"p50\": {p50:.3}, \"p99\": {p99:.3}, \"commands\": {commands}, \"round\": {round:.3}}}"
    );
    ExitCode::SUCCESS
}
