//! The directory client against OpenLDAP and Samba, which `scripts/oracles` brings.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends with a panic"
)]

mod logs;
mod phones;
mod preflight;
mod recorded;
mod samba;
mod slapd;
mod slapd_remove;
mod slapd_write;
mod sources;
mod support;
