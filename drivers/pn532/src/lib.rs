//! PN532 readers: a session without I/O ([`Session`]) and the shell that runs it over a serial
//! port ([`UartDiscoverer`]) or any other stream ([`StreamDiscoverer`]).
//!
//! ```text
//! wake up -> which chip -> settings -> field on -> round, rest, round, rest ...
//! a round: FeliCa at 212 kbit/s, FeliCa at 424 kbit/s, type A at 106 kbit/s; then one report
//! ```
//! The session says what answered, round after round. What counts as a tap, and that one FeliCa
//! card answers at both rates, is the runtime's business.

mod exchange;
mod round;
mod session;
mod stream;
mod uart;

pub use session::{Input, Output, Session};
pub use stream::StreamDiscoverer;
pub use uart::{BAUD_DEFAULT, UartDiscoverer};
