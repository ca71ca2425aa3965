//! Every fault at every byte of every transfer of one whole session, in both directions.

use std::time::Duration;

use kazasu_hal::FaultKind;
use kazasu_harness::{Damage, Pair, Side, Usb};
use kazasu_wire::port100::Command;
use proptest::prelude::*;

use crate::{
    Reader, attached, ids, noise, put,
    whole_session::{CARDS, CLOSED_WITHIN, IDS, sees_all, whole_session},
};

/// Gives how many bytes the side had sent when the block was there, before the closing, and at the
/// end.
fn session(name: &str, side: Side, damage: Option<(u64, Damage)>) -> [u64; 3] {
    let mut pair = Pair::<Usb>::new(7);
    if let Some((byte, damage)) = damage {
        pair.link.traffic(side).damage(byte, damage);
    }
    let sent = |link: &mut Usb| link.traffic(side).sent();
    let bytes = whole_session(name, &mut pair, damage.is_some(), sent);
    // One fault is none that lasts, unless the answer is late by more than a session waits.
    let lasts = matches!(damage, Some((_, Damage::Late(by))) if by > Duration::from_millis(700));
    assert!(lasts || pair.faults.is_empty(), "{name}: {:?}", pair.faults);
    bytes
}

fn check(damage: Damage, sides: &[Side]) {
    for side in sides {
        let [replied, closing, end] = session("unharmed", *side, None);
        assert!(replied > 800 && closing < end, "{replied} {closing} {end}");
        // The cards are read again as they were before.
        for byte in (0..replied).chain(closing..end) {
            let name = format!("{damage:?} at byte {byte} of {side:?}");
            session(&name, *side, Some((byte, damage)));
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
        let mut pair = attached::<Usb>(step);
        for line in CARDS {
            put(&mut pair, line);
        }
        pair.run_for(Usb::A_MOMENT + Duration::from_micros(170 * step));
        let killed = pair.now();
        pair.kill();
        let again = |pair: &Pair<Usb>| pair.attached.len() == 2 && sees_all(pair);
        let end = killed.after(Duration::from_millis(1300));
        assert!(pair.run_until(end, again), "{step}: {:?}", pair.faults);
        assert!(pair.rounds_since(killed).iter().all(|round| ids(round) == IDS), "{step}");
        assert_eq!(pair.faults, [], "{step}");
    }
}

#[test]
fn a_reader_that_falls_silent_is_given_up_in_time() {
    let mut pair = attached::<Usb>(9);
    pair.link.reader.set_fault(Some(kazasu_sim::Fault {
        kind: kazasu_sim::FaultKind::Drop,
        count: 30,
        at: None,
        after: 0,
    }));
    let start = pair.now();
    assert!(pair.run_until(start.after(Duration::from_secs(20)), |pair| pair.attached.len() == 2));
    let kinds: Vec<_> = pair.faults.iter().map(|fault| fault.kind).collect();
    // Thirty frames are lost: each session gives up behind its attempts, and the fifth works.
    assert_eq!(kinds, [FaultKind::Timeout; 4], "{:?}", pair.faults);
    let first = pair.link.sent.iter().filter(|(at, _)| *at > start).map(|(at, _)| *at);
    println!("{} faults, back after {:?}", kinds.len(), pair.now().since(start));
    let sent = first.count();
    assert!(sent <= 36, "{sent} commands");
    assert!(pair.now().since(start) < Duration::from_secs(9), "{:?}", pair.now());
}

#[test]
fn the_field_is_off_behind_a_closed_session() {
    let mut pair = attached::<Usb>(9);
    put(&mut pair, CARDS[0]);
    for step in 0..40 {
        pair.run_for(Duration::from_micros(900 * step));
        let before = pair.now();
        pair.close_session();
        let end = before.after(CLOSED_WITHIN);
        assert!(pair.run_until(end, |pair| pair.session().is_none()), "{step}");
        assert!(pair.now().since(before) < Duration::from_millis(100), "{step}");
        let commands = pair.link.commands_since(before);
        assert_eq!(commands.last(), Some(&Command::SwitchRf { on: false }), "{step}");
        pair.kill();
        let attached = pair.attached.len();
        let end = pair.now().after(Duration::from_secs(2));
        assert!(pair.run_until(end, |pair| pair.attached.len() > attached), "{step}");
    }
    assert_eq!(pair.faults, []);
}

proptest! {
    #[test]
    fn a_card_is_seen_after_noise(
        seed in any::<u64>(),
        noise in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 0..80), 0_u64..80),
            1..20,
        ),
    ) {
        noise::a_card_is_seen_after::<Usb>(seed, noise)?;
    }
}
