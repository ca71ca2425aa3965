//! Who we are: a certificate chain and its key, given or made.

use std::{fmt, path::Path, sync::Arc};

use jiff::{ToSpan, civil::Date};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, date_time_ymd};
use rustls::{
    pki_types::{PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::file::{BadFile, Why, certificates, read};

/// How long our own certificate is valid.
const YEARS: i64 = 10;

/// A certificate chain and the key that goes with it.
#[derive(Clone)]
pub struct Identity(Arc<CertifiedKey>);

impl Identity {
    /// Reads both files, in PEM.
    ///
    /// # Errors
    /// [`BadFile`], which names the one to mend.
    pub fn read(chain_file: &Path, key_file: &Path) -> Result<Self, BadFile> {
        let chain = certificates(chain_file)?;
        let key = PrivateKeyDer::from_pem_slice(&read(key_file)?)
            .map_err(|error| BadFile::new(key_file, Why::NoKey(error.to_string())))?;
        let pair = CertifiedKey::from_der(chain, key, &crate::provider())
            .map_err(|error| BadFile::new(chain_file, Why::NoPair(error.to_string())))?;
        Ok(Self(Arc::new(pair)))
    }

    /// The form in which rustls takes it.
    #[must_use]
    pub fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0)
    }

    /// The SHA-256 fingerprint of the certificate, as browsers and `openssl x509` show it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let first = self.0.cert.first().map_or(&[][..], |certificate| certificate);
        let bytes = Sha256::digest(first);
        bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.fingerprint())
    }
}

/// A certificate that was just made and its key, in PEM.
pub struct SelfSigned {
    /// The certificate.
    pub chain: String,
    /// Its key.
    pub key: Zeroizing<String>,
}

/// Makes a self-signed certificate for these names, ECDSA P-256, that is good from the day before
/// `today` for ten years; the first name is also its common name.
///
/// # Errors
/// A name that no certificate can carry, or a system without random numbers.
pub fn self_signed(names: Vec<String>, today: Date) -> Result<SelfSigned, rcgen::Error> {
    let ymd = |date: Date| {
        let unsigned = |part: i8| u8::try_from(part).unwrap_or(1);
        // No 29th of February: the year may have none.
        date_time_ymd(date.year().into(), unsigned(date.month()), unsigned(date.day()).min(28))
    };
    let common = names.first().cloned().unwrap_or_else(|| "kazasu".to_owned());
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, common);
    // A clock that is a little behind must not refuse it.
    params.not_before = ymd(today.saturating_sub(1.day()));
    params.not_after = ymd(today.saturating_add(YEARS.years()));
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let chain = params.self_signed(&pair)?.pem();
    Ok(SelfSigned { chain, key: Zeroizing::new(pair.serialize_pem()) })
}
