//! The panel through its router, on a real service: who is let in, and what pages hear.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, also outside of its #[test] function"
)]

mod access;
mod crowd;
mod house;
mod pairing;
mod people;
mod press;
mod stream;
