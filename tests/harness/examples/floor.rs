//! Prints the computed floor of the driver's loop in milliseconds, as JSON:
//! `floor BIT_PER_S felica|type-a|type-b`.
#![expect(clippy::print_stdout, reason = "a program for scripts/bench")]

use std::process::ExitCode;

use kazasu_harness::floor::{ROUND, Search, quantile, waits};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let rate = args.next().and_then(|rate| rate.parse().ok()).filter(|rate| *rate > 0);
    let answers_to: &[Search] = match args.next().as_deref() {
        Some("felica") => &[Search::Felica212, Search::Felica424],
        Some("type-a") => &[Search::TypeA],
        Some("type-b") => &[Search::TypeB],
        _ => &[],
    };
    let (Some(rate), false) = (rate, answers_to.is_empty()) else {
        println!("usage: floor BIT_PER_S felica|type-a|type-b");
        return ExitCode::from(2);
    };
    let waits = waits(rate, &ROUND, answers_to);
    let ms = |share| quantile(&waits, share).as_secs_f64() * 1000.0;
    println!("{{\"p50\": {:.3}, \"p99\": {:.3}}}", ms(0.5), ms(0.99));
    ExitCode::SUCCESS
}
