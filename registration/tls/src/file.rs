//! Files of certificates and keys, in PEM.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rustls::pki_types::{CertificateDer, pem::PemObject};
use zeroize::Zeroizing;

/// A file of certificates or of a key that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {why}", .path.display())]
pub struct BadFile {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with a file, each with the words of who noticed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The system does not give it.
    #[error("it cannot be read: {0}")]
    Unread(String),
    /// It is no PEM, or damaged.
    #[error("it is no PEM file: {0}")]
    NoPem(String),
    /// It is PEM of something else.
    #[error("no certificate in it (PEM: BEGIN CERTIFICATE)")]
    NoCertificate,
    /// A certificate in it cannot be one that others are checked with.
    #[error("a certificate in it cannot be trusted: {0}")]
    NoRoot(String),
    /// There is no key in it.
    #[error("no private key in it: {0}")]
    NoKey(String),
    /// The key is of a kind that nobody signs with, or another certificate's.
    #[error("certificate and key do not go together: {0}")]
    NoPair(String),
}

impl BadFile {
    pub(crate) fn new(path: &Path, why: Why) -> Self {
        Self { path: path.to_owned(), why }
    }
}

/// The file's bytes, wiped when they are dropped: there may be a key among them.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, BadFile> {
    let bytes = fs::read(path);
    bytes.map(Zeroizing::new).map_err(|error| BadFile::new(path, Why::Unread(error.to_string())))
}

/// The certificates of a file; at least one.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, BadFile> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    let found = found.map_err(|error| BadFile::new(path, Why::NoPem(error.to_string())))?;
    if found.is_empty() {
        return Err(BadFile::new(path, Why::NoCertificate));
    }
    Ok(found)
}
