//! Simulated reader firmware and virtual cards, as values: no I/O, no clock, no randomness.
//!
//! ```text
//! control line -> parse -> Field (cards) <- Pn532 (a chip) <- SerialLine (time, damage)
//!                                        <- Rcs380 (a reader on USB)
//!                                        <- PcscCard (behind a reader)
//! ```
//! A device is driven in the one shape that drivers have too: what happened goes in together with
//! the time, bytes come out, and it says when it wants to be called again. So a driver and a device
//! can be joined in virtual time.

mod air;
mod card;
mod control;
mod fault;
mod felica;
mod field;
mod line;
mod pcsc;
mod pn532;
mod rcs380;

pub use card::{Card, FelicaCard, Rates, TypeACard, TypeAUid, TypeBCard};
pub use control::{BadLine, HELP, Line, parse};
pub use fault::{Fault, FaultKind};
pub use felica::{LiteS, Memory, Standard};
pub use field::{CARDS_MAX, Field, FieldError, Seed};
pub use line::{Happening, Pace, SerialLine};
pub use pcsc::PcscCard;
pub use pn532::{Board, Input, Pn532};
pub use rcs380::{Rcs380, Setup, usb};
