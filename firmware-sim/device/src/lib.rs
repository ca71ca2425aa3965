//! Simulated reader firmware and virtual cards, as values: no I/O, no clock, no randomness.
//!
//! ```text
//! control line -> parse -> Field (cards) <- Pn532 (a chip) <- SerialLine (time, damage, trace)
//!                                        <- PcscCard (behind a reader)
//! ```
//! A device is driven in the one shape that drivers have too: what happened goes in together with
//! the time, bytes come out, and it says when it wants to be called again. So a driver and a device
//! can be joined in virtual time.

mod card;
mod control;
mod felica;
mod field;
mod line;
mod pcsc;
mod pn532;

pub use card::{Card, FelicaCard, Rates, TypeACard, TypeAUid, TypeBCard};
pub use control::{BadLine, HELP, Line, parse};
pub use felica::{LiteS, Memory, Standard};
pub use field::{CARDS_MAX, Field, FieldError, Seed};
pub use line::{Fault, FaultKind, Happening, Pace, SerialLine};
pub use pcsc::PcscCard;
pub use pn532::{Input, Pn532};
