//! Every fault at every byte of every transfer of one whole session, in both directions.

use std::time::Duration;

use kazasu_hal::{FaultKind, Mono, Report};
use kazasu_harness::{Damage, Rcs380Pair, Side};
use kazasu_wire::port100::Command;
use proptest::prelude::*;

use crate::{
    A_MOMENT, attached, ids, put,
    requests::{card, read},
};

const CARDS: [&str; 3] = [
    "felica idm=012E4CE1000000A1 sys=FE00 block=1A8B:00:30303132333435360000000000000000",
    "type-a uid=045A0102030405 atqa=0044 sak=00",
    "type-b pupi=5AB1B2B3",
];
const IDS: [&str; 3] =
    ["felica 012E4CE1000000A1", "iso14443a 045A0102030405", "iso14443b 5AB1B2B3"];
const BLOCK: [u8; 16] = *b"00123456\0\0\0\0\0\0\0\0";

/// Four failures in a row end a session; 1 s later it begins anew.
const ATTACHED_WITHIN: Duration = Duration::from_millis(3500);
const REPLIED_WITHIN: Duration = Duration::from_millis(3500);
const CLOSED_WITHIN: Duration = Duration::from_secs(1);

fn sees_all(pair: &Rcs380Pair) -> bool {
    pair.field().is_some_and(|cards| cards.len() >= IDS.len() && ids(cards) == IDS)
}

/// Opens, reads the cards, reads a block, reads the cards again, closes. Gives how many bytes a side
/// had sent when the block was there, before the closing, and at the end. Panics where something
/// hangs, or a card or block is a wrong one.
fn whole_session(name: &str, side: Side, damage: Option<(u64, Damage)>) -> [u64; 3] {
    let mut pair = Rcs380Pair::new(7);
    if let Some((byte, damage)) = damage {
        pair.damage(side, byte, damage);
    }
    for line in CARDS {
        put(&mut pair, line);
    }
    assert!(pair.run_until(Mono(ATTACHED_WITHIN), sees_all), "{name}: {:?}", pair.faults);

    let free = |pair: &Rcs380Pair| pair.session().is_some_and(|session| session.takes_request());
    let end = pair.now().after(ATTACHED_WITHIN);
    assert!(pair.run_until(end, free), "{name}: {:?}", pair.faults);
    let (cuts, faults) = (pair.cuts, pair.faults.len());
    pair.request(&card(0xA1), &read(&[(0x1A8B, 0)]));
    // A reply, or the way is lost and the reply with it.
    let over = |pair: &Rcs380Pair| {
        !pair.replies.is_empty() || pair.cuts > cuts || pair.faults.len() > faults
    };
    let end = pair.now().after(REPLIED_WITHIN);
    assert!(pair.run_until(end, over), "{name}: {:?}", pair.faults);
    for blocks in pair.replies.iter().flatten() {
        assert_eq!(*blocks, [BLOCK], "{name}");
    }
    assert!(damage.is_some() || matches!(&pair.replies[..], [Ok(_)]), "{:?}", pair.replies);

    let replied = pair.bytes_from(side);

    let seen = pair.reports.len();
    let again = |pair: &Rcs380Pair| pair.reports.len() > seen && sees_all(pair);
    let end = pair.now().after(ATTACHED_WITHIN);
    assert!(pair.run_until(end, again), "{name}: {:?}", pair.faults);

    let closing = pair.bytes_from(side);
    pair.close_session();
    let end = pair.now().after(CLOSED_WITHIN);
    assert!(pair.run_until(end, |pair| pair.session().is_none()), "{name}");
    for (_, report) in &pair.reports {
        if let Report::Field(cards) = report {
            assert!(ids(cards).iter().all(|id| IDS.contains(&id.as_str())), "{name}: {cards:?}");
        }
    }
    assert!(pair.attached.iter().all(|firmware| firmware == "firmware 1.11"), "{name}");
    // One fault is none that lasts, unless the answer is late by more than a session waits.
    let lasts = matches!(damage, Some((_, Damage::Late(by))) if by > Duration::from_millis(700));
    assert!(lasts || pair.faults.is_empty(), "{name}: {:?}", pair.faults);
    [replied, closing, pair.bytes_from(side)]
}

fn check(damage: Damage, sides: &[Side]) {
    for side in sides {
        let [replied, closing, end] = whole_session("unharmed", *side, None);
        assert!(replied > 800 && closing < end, "{replied} {closing} {end}");
        // The cards are read again as they were before.
        for byte in (0..replied).chain(closing..end) {
            let name = format!("{damage:?} at byte {byte} of {side:?}");
            whole_session(&name, *side, Some((byte, damage)));
        }
        println!("{damage:?}: {} bytes of {side:?}, each in turn", replied + end - closing);
    }
}

const BOTH: &[Side] = &[Side::Host, Side::Reader];
const ANSWERS: &[Side] = &[Side::Reader];

#[test]
fn drop_of_the_rest_of_a_transfer() {
    check(Damage::Drop, BOTH);
}

#[test]
fn loss_of_a_byte() {
    check(Damage::Lose, BOTH);
}

#[test]
fn corruption() {
    check(Damage::Flip(0x01), BOTH);
    check(Damage::Flip(0xFF), ANSWERS);
}

#[test]
fn a_transfer_that_comes_in_two() {
    // The second part follows at once, or later than a command may take.
    for late_ms in [0, 300] {
        check(Damage::Late(Duration::from_millis(late_ms)), ANSWERS);
    }
}

#[test]
fn a_transfer_that_is_later_than_a_session_waits() {
    check(Damage::Late(Duration::from_millis(1500)), ANSWERS);
}

#[test]
fn nak() {
    check(Damage::Nak, ANSWERS);
}

#[test]
fn garbage() {
    check(Damage::Garbage, ANSWERS);
}

#[test]
fn a_way_that_breaks() {
    check(Damage::Cut, ANSWERS);
}

#[test]
fn a_plug_that_is_pulled() {
    check(Damage::Unplug, ANSWERS);
}

#[test]
fn a_killed_host_leaves_nothing_that_disturbs_the_next_one() {
    // In every state of a round, with a command under way.
    for step in 0..300 {
        let mut pair = attached(step);
        for line in CARDS {
            put(&mut pair, line);
        }
        pair.run_for(A_MOMENT + Duration::from_micros(170 * step));
        let killed = pair.now();
        pair.kill();
        let again = |pair: &Rcs380Pair| pair.attached.len() == 2 && sees_all(pair);
        let end = killed.after(Duration::from_millis(1300));
        assert!(pair.run_until(end, again), "{step}: {:?}", pair.faults);
        assert!(pair.rounds_since(killed).iter().all(|round| ids(round) == IDS), "{step}");
        assert_eq!(pair.faults, [], "{step}");
    }
}

#[test]
fn a_reader_that_falls_silent_is_given_up_in_time() {
    let mut pair = attached(9);
    pair.reader.set_fault(Some(kazasu_sim::Fault {
        kind: kazasu_sim::FaultKind::Drop,
        count: 30,
        at: None,
        after: 0,
    }));
    let start = pair.now();
    assert!(pair.run_until(start.after(Duration::from_secs(20)), |pair| pair.attached.len() == 2));
    let kinds: Vec<_> = pair.faults.iter().map(|fault| fault.kind).collect();
    assert!(!kinds.is_empty(), "{kinds:?}");
    assert!(kinds.iter().all(|kind| *kind == FaultKind::Timeout), "{:?}", pair.faults);
    let first = pair.sent.iter().filter(|(at, _)| *at > start).map(|(at, _)| *at);
    println!("{} faults, back after {:?}", kinds.len(), pair.now().since(start));
    assert!(first.count() < 200);
}

#[test]
fn the_field_is_off_behind_a_closed_session() {
    let mut pair = attached(9);
    put(&mut pair, CARDS[0]);
    for step in 0..40 {
        pair.run_for(Duration::from_micros(900 * step));
        let before = pair.now();
        pair.close_session();
        let end = before.after(CLOSED_WITHIN);
        assert!(pair.run_until(end, |pair| pair.session().is_none()), "{step}");
        assert!(pair.now().since(before) < Duration::from_millis(100), "{step}");
        let commands = pair.commands_since(before);
        assert_eq!(commands.last(), Some(&Command::SwitchRf { on: false }), "{step}");
        pair.kill();
        let attached = pair.attached.len();
        let end = pair.now().after(Duration::from_secs(2));
        assert!(pair.run_until(end, |pair| pair.attached.len() > attached), "{step}");
    }
    assert_eq!(pair.faults, []);
}

proptest! {
    /// A way that was noisy for a while is no reason not to see a card after it.
    #[test]
    fn a_card_is_seen_after_noise(
        seed in any::<u64>(),
        noise in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 0..80), 0_u64..80),
            1..20,
        ),
    ) {
        let mut pair = attached(seed);
        for (bytes, wait) in noise {
            pair.invent(&bytes);
            pair.run_for(Duration::from_millis(wait));
        }
        put(&mut pair, "felica idm=012E4CE1000000A1");
        let end = pair.now().after(Duration::from_secs(3));
        let seen = |pair: &Rcs380Pair| {
            pair.field().is_some_and(|cards| ids(cards) == ["felica 012E4CE1000000A1"])
        };
        prop_assert!(pair.run_until(end, seen), "{:?}", pair.faults);
        pair.run_for(A_MOMENT);
        prop_assert!(seen(&pair));
    }
}
