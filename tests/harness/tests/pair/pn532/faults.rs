//! Every fault at every byte of every answer of one whole session.

use std::time::Duration;

use kazasu_harness::{Damage, Pair, Serial};

use super::rates::settings;
use crate::whole_session::whole_session;

/// At a high rate. Gives how many bytes the chip sent.
fn session(name: &str, damage: Option<(u64, Damage)>) -> u64 {
    let mut pair = Pair::with(7, settings(&[921_600], u32::MAX));
    if let Some((byte, damage)) = damage {
        pair.link.from_chip.damage(byte, damage);
    }
    let sent = |link: &mut Serial| link.from_chip.sent();
    let [_, _, end] = whole_session(name, &mut pair, damage.is_some(), sent);
    end
}

fn check(damage: Damage) {
    let bytes = session("unharmed", None);
    assert!(bytes > 300, "{bytes}");
    for byte in 0..bytes {
        session(&format!("{damage:?} at byte {byte}"), Some((byte, damage)));
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
