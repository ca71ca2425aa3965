//! PN532 readers: a session without I/O ([`Session`]) and the shell that runs it over a serial
//! port ([`UartDiscoverer`]) or any other stream ([`StreamDiscoverer`]).
//!
//! ```text
//! find, wake up -> which chip -> fast line -> settings -> field on -> round, round, round ...
//!                                                     requests -^            -> field off, slow line
//! a round: type B, type A, FeliCa at 212 kbit/s, FeliCa at 424 kbit/s; then one report
//! ```
//! The session says what answered, round after round. What counts as a tap, and that one FeliCa
//! card answers at both rates, is the runtime's business.

#![cfg_attr(not(feature = "shell"), no_std)]

extern crate alloc;

mod ask;
mod cause;
mod exchange;
mod job;
mod pace;
mod rates;
mod round;
mod session;
#[cfg(feature = "shell")]
mod stream;
#[cfg(feature = "shell")]
mod uart;

pub use cause::CAUSES;
pub use pace::Learned;
pub use session::{BAUD_DEFAULT, Session, Settings};
#[cfg(feature = "shell")]
pub use stream::StreamDiscoverer;
#[cfg(feature = "shell")]
pub use uart::UartDiscoverer;
