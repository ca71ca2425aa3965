//! Active Directory and other LDAP servers behind the service's directory port.
//!
//! ```text
//! port: find, verify, write_card, remove_card
//!   -> client: list of servers, fail-over, bounded pool, the service account
//!     -> connection: one operation at a time, each with a time-out (ldap3)
//!       -> guard: only sound messages pass -> TLS, verified always -> server
//! ```
//! What a server answers becomes an [`ErrorCode`](kazasu_registration::ErrorCode) in one table. No
//! password, card number or text of a server is in an error, a log or a `Debug`.
//!
//! Deliberately absent: connections without TLS, a switch that turns verification off, following
//! of referrals, binds that are repeated by themselves.

mod ber;
mod client;
mod config;
mod connection;
mod entry;
mod fault;
mod groups;
mod guard;
mod names;
mod port;
mod preflight;
mod remove;
mod result;
mod schema;
mod server;
mod sign_in;
mod tls;
mod write;

pub use client::{Client, SetupError};
pub use config::{
    AttributesConfig, BindName, Broken, ClientCertificateConfig, DirectoryConfig, FeaturesConfig,
    GroupsConfig, Kind, Replace, ServiceAccountConfig, TlsMode,
};
pub use preflight::{Finding, Severity, Volunteer, preflight};

/// What holds for any bytes at all. The fuzz target `directory` of `registration/fuzz` runs this,
/// and a test runs it on what was found before.
#[cfg(any(test, fuzzing))]
pub mod fuzz {
    pub use crate::guard::fuzz::server;
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
