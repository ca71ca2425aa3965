use std::time::Duration;

use kazasu_harness::{Pair, Serial};
use kazasu_pn532::{BAUD_DEFAULT, Learned, Settings};
use kazasu_wire::sof::Frame;

use crate::{put, sees};

const HIGH: [u32; 3] = [921_600, 460_800, 230_400];
const CARD: &str = "felica idm=012E4CE1000000A1";

/// A port that can be set to these rates, and may be up to `rate_max`.
pub(super) fn settings(rates: &[u32], rate_max: u32) -> Settings {
    let learned = Learned { rate_max, ..Learned::default() };
    Settings { rates: rates.to_vec(), learned, ..Settings::default() }
}

fn sees_card(pair: &Pair<Serial>) -> bool {
    sees(pair, &["felica 012E4CE1000000A1"])
}

/// The line ends up at `expected`, within `within` of virtual time, and cards are read there.
fn check(name: &str, mut pair: Pair<Serial>, expected: u32, within: Duration) -> Pair<Serial> {
    put(&mut pair, CARD);
    let end = pair.now().after(within);
    assert!(pair.run_until(end, sees_card), "{name}: {:?} at {:?}", pair.faults, pair.link.rates());
    assert_eq!(pair.link.rates(), (expected, expected), "{name}");
    pair
}

#[test]
fn the_line_runs_at_the_highest_rate_that_chip_and_port_hold() {
    let rows: [(&str, &[u32], u32, u32, u32); 7] = [
        ("a line without a rate", &[], u32::MAX, u32::MAX, BAUD_DEFAULT),
        ("a good line", &HIGH, u32::MAX, u32::MAX, 921_600),
        ("a port that is slower", &HIGH[1..], u32::MAX, u32::MAX, 460_800),
        ("held back by the setting", &HIGH, 300_000, u32::MAX, 230_400),
        ("not to be changed", &HIGH, BAUD_DEFAULT, u32::MAX, BAUD_DEFAULT),
        ("a cable that holds 500 kbit/s", &HIGH, u32::MAX, 500_000, 460_800),
        ("a cable that holds nothing more", &HIGH, u32::MAX, BAUD_DEFAULT, BAUD_DEFAULT),
    ];
    for (name, rates, rate_max, holds, expected) in rows {
        let mut pair = Pair::with(3, settings(rates, rate_max));
        pair.link.holds = holds;
        // A rate that the chip took and the line does not hold leaves it where nothing arrives
        // unchanged; only a new start of the chip helps there.
        if holds < u32::MAX {
            for _ in 0..10 {
                pair.run_for(Duration::from_millis(1500));
                if pair.link.rates().1 > holds {
                    pair.link.chip.power_cycle();
                }
            }
        }
        check(name, pair, expected, Duration::from_secs(4));
    }
}

#[test]
fn a_chip_that_a_killed_host_left_at_a_high_rate_is_found_again() {
    for left_at in HIGH {
        let mut pair = Pair::with(5, settings(&HIGH, left_at));
        pair = check("before", pair, left_at, Duration::from_secs(1));
        pair.link.chip.field().take(None).unwrap();
        pair.run_for(Duration::from_millis(100));
        let attached = pair.attached.len();
        pair.kill();
        // The pause before the line is opened anew, then three calls at 115200.
        let back = |pair: &Pair<Serial>| pair.attached.len() > attached;
        let end = pair.now().after(Duration::from_millis(2300));
        assert!(pair.run_until(end, back), "{left_at}: {:?}", pair.faults);
        check("after", pair, left_at, Duration::from_secs(1));
    }
}

#[test]
fn a_session_that_is_closed_leaves_the_chip_as_it_was_found() {
    for rates in [&HIGH[..], &[]] {
        let pair = Pair::with(7, settings(rates, u32::MAX));
        let expected = rates.first().copied().unwrap_or(BAUD_DEFAULT);
        let mut pair = check("open", pair, expected, Duration::from_secs(1));
        // In the middle of whatever the round is doing.
        for phase in 0..60 {
            let mut pair = check("again", reopened(&mut pair), expected, Duration::from_secs(1));
            pair.run_for(Duration::from_micros(500 * phase));
            let start = pair.now();
            pair.close_session();
            let ended = |pair: &Pair<Serial>| pair.session().is_none();
            let end = start.after(Duration::from_millis(100));
            assert!(pair.run_until(end, ended), "{phase}");
            pair.run_for(Duration::from_millis(5));
            assert_eq!(pair.link.rates().1, BAUD_DEFAULT, "{phase}");
            assert_eq!(drivers_on(&mut pair), 0, "{phase}");
        }
    }
}

/// The same settings, from the start.
fn reopened(pair: &mut Pair<Serial>) -> Pair<Serial> {
    Pair::with(7, pair.settings())
}

/// Which of the two antenna drivers are on, as the chip itself says (register 6304).
fn drivers_on(pair: &mut Pair<Serial>) -> u8 {
    let ask = Frame::Data(vec![0xD4, 0x06, 0x63, 0x04]).encode().unwrap();
    let mut now = pair.now().0;
    let mut answers = Vec::new();
    pair.link.chip.handle(now, kazasu_sim::Input::Bytes(&ask));
    while let Some(due) = pair.link.chip.poll_timeout() {
        now = now.max(due);
        pair.link.chip.handle(now, kazasu_sim::Input::Timeout);
        answers.extend(std::iter::from_fn(|| pair.link.chip.poll_output()).flatten());
    }
    let at = answers.windows(2).position(|bytes| bytes == [0xD5, 0x07]).unwrap();
    answers[at + 2] & 0x03
}
