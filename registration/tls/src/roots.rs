//! What is trusted.

use std::{mem, path::Path};

use rustls::RootCertStore;

use crate::file::{BadFile, Why, certificates};

/// The certificates of a file, and nothing else.
///
/// # Errors
/// [`BadFile`].
pub fn roots_of(path: &Path) -> Result<RootCertStore, BadFile> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        let added = roots.add(certificate);
        added.map_err(|error| BadFile::new(path, Why::NoRoot(error.to_string())))?;
    }
    Ok(roots)
}

/// What the system trusts. Without any the first handshake says that nothing is trusted.
#[must_use]
pub fn system_roots() -> RootCertStore {
    let mut found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Systems carry old roots that no verifier takes any more; the others count.
    roots.add_parsable_certificates(mem::take(&mut found.certs));
    roots
}
