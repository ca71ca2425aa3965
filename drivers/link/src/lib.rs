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

extern crate alloc;

mod blocks;
mod frames;
mod pump;
mod reader;
mod session;
mod traced;
mod way;

pub use blocks::Blocks;
pub use frames::Frames;
pub use pump::pump;
pub use reader::Label;
pub use session::{Input, Output, Reply, Session};
pub use traced::Traced;
pub use way::{Control, Direction, Way, WayError};
