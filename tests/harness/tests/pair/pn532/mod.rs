//! What is of the PN532 alone.

mod any_bytes;
mod boards;
mod cards;
mod clones;
mod faults;
mod latency;
mod line;
mod rates;
mod shell;
