//! Driver and simulator joined in virtual time: [`Pair`] for the PN532, [`Rcs380Pair`] for the RC-S380.
//!
//! No clock, no thread, no file: minutes of polling pass in milliseconds, and the same seed gives
//! the same run. The line between the two takes its real time, and can lose, change and invent
//! bytes. For the service there is a [`ScriptedDirectory`].

mod directory;
pub mod floor;
mod pair;
mod rcs380;

pub use directory::{DirectoryFault, ScriptedDirectory};
pub use pair::{Damage, Pair};
pub use rcs380::{Rcs380Pair, Side};
