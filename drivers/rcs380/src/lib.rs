//! Sony RC-S380 readers: a session without I/O ([`Session`]) and the shells that run it over USB
//! ([`UsbDiscoverer`]) or over usbredir ([`UsbredirDiscoverer`]).
//!
//! ```text
//! abort -> command type -> firmware -> field off -> round, round, round ...
//!                                          requests -^                  -> field off
//! a round: type B, type A, FeliCa at 212 kbit/s, FeliCa at 424 kbit/s; then one report
//! a call to cards: modulation and protocol settings where they change; then the call
//! ```
//! The chip is a radio: which cards are there, their anticollision and selection are the host's
//! business, and so the session's. What counts as a tap is the runtime's.

#![cfg_attr(not(feature = "shell"), no_std)]

extern crate alloc;

mod cause;
mod devices;
#[cfg(feature = "shell")]
mod drive;
mod exchange;
mod job;
mod radio;
mod round;
mod search;
mod session;
#[cfg(feature = "shell")]
mod usb;
#[cfg(feature = "shell")]
mod usbredir;

pub use cause::CAUSES;
pub use devices::{KERNEL_MODULE, PRODUCTS, Product};
pub use session::Session;
#[cfg(feature = "shell")]
pub use usb::UsbDiscoverer;
#[cfg(feature = "shell")]
pub use usbredir::UsbredirDiscoverer;
