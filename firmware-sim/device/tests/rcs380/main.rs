//! The reader on USB, as a host meets it, in virtual time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, also outside of its #[test] function"
)]

mod any_bytes;
mod cards;
mod commands;
mod descriptors;
mod desk;
mod faults;
