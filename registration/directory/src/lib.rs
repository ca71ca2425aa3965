//! Active Directory and other LDAP servers behind the service's directory port.
//!
//! ```text
//! port: find, verify, write_card, remove_card
//!   -> client: list of servers, fail-over, bounded pool, the service account
//!     -> wire: connection: one operation at a time, each with a time-out (ldap3)
//!       -> guard: only sound messages pass -> TLS, verified always -> server
//! ```
//! `people` is what is asked and written about somebody, `wire` how it gets there, `preflight` whether
//! it would.
//!
//! What a server answers becomes an [`ErrorCode`](kazasu_registration::ErrorCode) in one table. No
//! password, card number or text of a server is in an error, a log or a `Debug`.
//!
//! Deliberately absent: connections without TLS, a switch that turns verification off, following
//! of referrals, binds that are repeated by themselves.

mod client;
mod config;
mod fault;
mod people;
mod port;
mod preflight;
mod wire;

pub use client::{Client, SetupError};
pub use config::{
    AttributesConfig, BindName, Broken, ClientCertificateConfig, DirectoryConfig, FeaturesConfig,
    GroupsConfig, Kind, Replace, ServiceAccountConfig,
};
pub use preflight::{CAUSES, Finding, Severity, Volunteer, preflight};
pub use wire::server::TlsMode;

/// What holds for any bytes at all. The fuzz target `directory` of `registration/fuzz` runs this,
/// and a test runs it on what was found before.
#[cfg(any(test, fuzzing))]
pub mod fuzz {
    pub use crate::wire::guard::fuzz::server;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_inputs() {
        kazasu_replay::found(
            "directory",
            include_str!("../../fuzz/corpus/directory.txt"),
            fuzz::server,
        );
    }
}
