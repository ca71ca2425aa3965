//! What TLS is spoken with, by whoever serves and whoever asks: the provider, the versions, what is
//! trusted, and who we are. Verification is never off.
//!
//! What a failed handshake means is said by whoever shook hands: a directory has codes for it, the
//! web's edge a record.

mod file;
mod identity;
mod roots;

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion,
    crypto::{CryptoProvider, ring},
    sign::SingleCertAndKey,
    version::{TLS12, TLS13},
};

pub use file::{BadFile, Why};
pub use identity::{Identity, SelfSigned, self_signed};
pub use roots::{roots_of, system_roots};

/// TLS 1.3, and 1.2 with forward-secret AEAD suites, which are the only ones there (S40-2-08).
const VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];
const SPOKEN: &str = "ring has suites for both versions";

/// Named and not installed for the whole process: nobody else's choice can get between.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// For whoever asks: servers whose chain ends at one of these roots, and whose name is the one asked
/// for.
#[must_use]
#[expect(clippy::expect_used, reason = "fails for a provider without suites; a test tries ours")]
pub fn client(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(VERSIONS)
        .expect(SPOKEN)
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// For whoever serves, as this identity.
#[must_use]
#[expect(clippy::expect_used, reason = "fails for a provider without suites; a test tries ours")]
pub fn server(identity: &Identity) -> ServerConfig {
    ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(VERSIONS)
        .expect(SPOKEN)
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(identity.certified())))
}

#[cfg(test)]
mod tests;
