//! What drivers with a session share, so that each has to bring two things: what it says
//! ([`Session`]) and what its reader hangs on ([`Way`]).
//!
//! ```text
//! Session <--Input-- pump <--bytes---- Way    a serial port, two USB endpoints, a socket
//!         --Output->      --bytes, Control->
//!                    reports, requests: the two ends of a Reader
//! ```
//! A session is a value without I/O and clock; [`pump`] is the one loop that runs it. Who wants to
//! see what passes puts [`Traced`] around a way.

#![cfg_attr(not(feature = "shell"), no_std)]

extern crate alloc;

mod blocks;
mod cause;
mod frames;
#[cfg(feature = "shell")]
mod pump;
#[cfg(feature = "shell")]
mod reader;
mod session;
#[cfg(feature = "shell")]
mod traced;
#[cfg(feature = "shell")]
mod way;

pub use blocks::Blocks;
pub use cause::CAUSES;
pub use frames::Frames;
#[cfg(feature = "shell")]
pub use pump::pump;
#[cfg(feature = "shell")]
pub use reader::Label;
pub use session::{Input, Output, Reply, Session};
#[cfg(feature = "shell")]
pub use traced::Traced;
#[cfg(feature = "shell")]
pub use way::{Control, Direction, Way, WayError};
