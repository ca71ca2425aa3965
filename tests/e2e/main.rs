//! The finished program against programs that others wrote: pcscd with vpcd, libnfc, Chromium, Samba.
//!
//! `guest` has a whole Linux in QEMU, with a kernel and a udevd that others built.
//!
//! `scripts/test oracles e2e guest` brings those and runs this. Each test starts its own daemons in its
//! own folder, and vpcd, which listens on every address, in a network namespace of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot go on ends with a panic"
)]

mod atr_list;
mod audit;
mod backup;
mod beside;
mod blocks;
mod card_rule;
mod colleague;
mod config;
mod crowd;
mod damaged;
mod decode;
mod durability;
mod faults;
mod flow;
mod flow_directory;
mod foreign;
mod foreign_rcs380;
mod guessing;
mod guest;
mod lockout;
mod log;
mod nfc_list;
mod old_version;
mod pairing;
mod panel;
mod panel_people;
mod pcscd;
mod power_cut;
mod private;
mod records;
mod recovery;
mod refusals;
mod support;
mod syslog;
mod taps;
mod touch;
mod unknown_cards;
mod users;
