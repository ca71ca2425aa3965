//! The chip, as a host meets it, in virtual time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, also outside of its #[test] function"
)]

mod cards;
mod commands;
mod desk;
mod iso14443;
mod line;
mod memory;
