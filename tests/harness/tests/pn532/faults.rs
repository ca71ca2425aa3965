//! Every fault at every byte of every answer of one whole session.

use std::time::Duration;

use kazasu_hal::Mono;
use kazasu_harness::{Damage, Pair};

use crate::{
    ids, put,
    rates::settings,
    requests::{card, read},
};

const CARDS: [&str; 3] = [
    "felica idm=012E4CE1000000A1 sys=FE00 block=1A8B:00:30303132333435360000000000000000",
    "type-a uid=5AC1C2C3",
    "type-b pupi=5AB1B2B3",
];
const IDS: [&str; 3] = ["felica 012E4CE1000000A1", "iso14443a 5AC1C2C3", "iso14443b 5AB1B2B3"];
const BLOCK: [u8; 16] = *b"00123456\0\0\0\0\0\0\0\0";

/// Longer than three attempts of any command, twice: the answer that was hit, and one more.
const ATTACHED_WITHIN: Duration = Duration::from_millis(3500);
const REPLIED_WITHIN: Duration = Duration::from_millis(3500);
const CLOSED_WITHIN: Duration = Duration::from_secs(1);

fn sees_all(pair: &Pair) -> bool {
    pair.field().is_some_and(|cards| ids(cards) == IDS)
}

/// Opens, goes to a high rate, reads the cards, reads a block, reads the cards again, closes. Gives
/// how many bytes the chip sent. Panics where something hangs, or a card or block is a wrong one.
fn whole_session(name: &str, damage: Option<(u64, Damage)>) -> u64 {
    let mut pair = Pair::with(7, settings(&[921_600], u32::MAX));
    if let Some((byte, damage)) = damage {
        pair.damage(byte, damage);
    }
    for line in CARDS {
        put(&mut pair, line);
    }
    assert!(pair.run_until(Mono(ATTACHED_WITHIN), sees_all), "{name}: {:?}", pair.faults);

    let free = |pair: &Pair| pair.session().is_some_and(|session| session.takes_request());
    let end = pair.now().after(ATTACHED_WITHIN);
    assert!(pair.run_until(end, free), "{name}: {:?}", pair.faults);
    let (cuts, faults) = (pair.cuts, pair.faults.len());
    pair.request(&card(0xA1), &read(&[(0x1A8B, 0)]));
    // A reply, or the line is lost and the reply with it.
    let over =
        |pair: &Pair| !pair.replies.is_empty() || pair.cuts > cuts || pair.faults.len() > faults;
    let end = pair.now().after(REPLIED_WITHIN);
    assert!(pair.run_until(end, over), "{name}: {:?}", pair.faults);
    for blocks in pair.replies.iter().flatten() {
        assert_eq!(*blocks, [BLOCK], "{name}");
    }
    assert!(damage.is_some() || matches!(&pair.replies[..], [Ok(_)]), "{:?}", pair.replies);

    let seen = pair.reports.len();
    let again = |pair: &Pair| pair.reports.len() > seen && sees_all(pair);
    let end = pair.now().after(ATTACHED_WITHIN);
    assert!(pair.run_until(end, again), "{name}: {:?}", pair.faults);

    pair.close_session();
    let end = pair.now().after(CLOSED_WITHIN);
    assert!(pair.run_until(end, |pair| pair.session().is_none()), "{name}");
    for (_, report) in &pair.reports {
        if let kazasu_hal::Report::Field(cards) = report {
            assert!(ids(cards).iter().all(|id| IDS.contains(&id.as_str())), "{name}: {cards:?}");
        }
    }
    assert!(pair.attached.iter().all(|model| model == "PN532 firmware 1.6"), "{name}");
    pair.bytes_from_chip()
}

fn check(damage: Damage) {
    let bytes = whole_session("unharmed", None);
    assert!(bytes > 300, "{bytes}");
    for byte in 0..bytes {
        whole_session(&format!("{damage:?} at byte {byte}"), Some((byte, damage)));
    }
    println!("{damage:?}: {bytes} bytes, each in turn");
}

#[test]
fn drop_of_the_rest() {
    check(Damage::Drop);
}

#[test]
fn loss_of_a_byte() {
    check(Damage::Lose);
}

#[test]
fn corruption() {
    for bits in [0x01, 0x80, 0xFF] {
        check(Damage::Flip(bits));
    }
}

#[test]
fn lateness() {
    // Within what a command may take, beyond it, and beyond all its attempts.
    for late_ms in [30, 150, 350, 1500] {
        check(Damage::Late(Duration::from_millis(late_ms)));
    }
}

#[test]
fn nak() {
    check(Damage::Nak);
}

#[test]
fn garbage() {
    check(Damage::Garbage);
}

#[test]
fn a_line_that_breaks() {
    check(Damage::Cut);
}

#[test]
fn a_plug_that_is_pulled() {
    check(Damage::Unplug);
}
