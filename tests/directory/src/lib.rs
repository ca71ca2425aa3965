//! Real directory servers for tests: OpenLDAP's slapd, and Samba as an Active Directory domain
//! controller. `scripts/oracles` brings them.
//!
//! Each server runs in a network of its own, where its ports are free and nobody else can reach
//! them. A socket in the file system leads out, and a [`Relay`] from there to a port of loopback; it
//! can fail on demand. Whatever is wrong with a server ends the test: a missing one is a failure,
//! never a skip.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on ends with a panic"
)]

mod endless;
mod pki;
mod recorded;
mod relay;
mod room;
mod samba;
mod site;
mod slapd;

pub use endless::{Endless, Flood};
pub use pki::{Leaf, Pki};
pub use recorded::Recorded;
pub use relay::{Relay, Trouble};
pub use room::{Resident, Room, wait_until};
pub use samba::Samba;
pub use site::Site;
pub use slapd::{Person, Slapd};
