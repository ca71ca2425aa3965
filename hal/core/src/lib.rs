//! Cards, readers and the events between them: the words every other crate shares.
//!
//! ```text
//! driver --Report--> runtime --Event--> service, watchers
//! driver <-Request-- runtime <-ask-- whoever wants more of a card than its identifier
//! ```
//! A driver says what it sees ([`Report`]), round after round; the runtime alone decides what
//! counts as a tap ([`Event`]). Nothing here does I/O, reads a clock or knows a driver.
//!
#![cfg_attr(feature = "std", doc = include_str!("driver.md"))]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[macro_use]
mod words;

mod card;
mod cause;
#[cfg(feature = "std")]
mod discoverer;
#[cfg(feature = "std")]
mod event;
mod fault;
mod identifier;
mod reader;
mod request;
mod silence;
mod time;
mod visible;

pub use card::{BadCardId, Card, CardId, CardIdentity, Details, Stability, SystemCode, Technology};
pub use cause::{Cause, CauseRow, Filling};
#[cfg(feature = "std")]
pub use discoverer::{Discoverer, REPORTS_MAX, REQUESTS_MAX, Reader, Request};
#[cfg(feature = "std")]
pub use event::{Event, EventKind, StationName};
pub use fault::{Fault, FaultKind};
pub use identifier::Impossible;
pub use reader::{Polling, Presence, ReaderInfo, ReaderName, Report};
pub use request::{FelicaBlock, Operation};
pub use silence::Silence;
pub use time::Mono;
#[cfg(feature = "std")]
pub use time::Now;
pub use visible::visible;
