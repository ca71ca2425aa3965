//! Driver and simulator joined in virtual time: [`Pair`], over a [`Serial`] line for the PN532, over
//! [`Usb`] for the RC-S380.
//!
//! No clock, no thread, no file: minutes of polling pass in milliseconds, and the same seed gives
//! the same run. The way between the two takes its time, and can lose, change and invent bytes.

mod damage;
pub mod floor;
mod pair;
mod serial;
mod usb;

pub use damage::{Damage, Traffic};
pub use pair::{Broken, Link, Pair};
pub use serial::Serial;
pub use usb::{Side, Usb};

/// What the README shows compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
