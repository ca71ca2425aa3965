//! Driver and simulator joined in virtual time: [`Pair`].
//!
//! No clock, no thread, no file: minutes of polling pass in milliseconds, and the same seed gives
//! the same run. The line between the two takes its real time, and can lose, change and invent
//! bytes.

pub mod floor;
mod pair;

pub use pair::{Damage, Pair};
