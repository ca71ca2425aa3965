//! The certificate that TLS is spoken with: a given one, or one of our own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use jiff::{ToSpan, Zoned};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, date_time_ymd};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use zeroize::Zeroizing;

use crate::config::TlsConfig;
use crate::owner::{DataFolder, write_whole};

/// How long our own certificate is valid.
const YEARS: i64 = 10;

/// A certificate chain and its key, in PEM.
pub(crate) struct Identity {
    pub(crate) chain: Vec<u8>,
    pub(crate) key: Zeroizing<Vec<u8>>,
}

impl Identity {
    /// The one that the configuration names; else our own, made at the first start: self-signed
    /// for these names, ECDSA P-256, kept in the data folder.
    pub(crate) fn load(
        config: &TlsConfig,
        folder: &DataFolder,
        names: Vec<String>,
    ) -> Result<Self> {
        match (&config.certificate, &config.key) {
            (Some(chain), Some(key)) => Self::read(chain, key),
            (None, None) => {
                let [chain, key] = own(folder);
                if !(chain.exists() && key.exists()) {
                    make(&chain, &key, names)?;
                }
                Self::read(&chain, &key)
            }
            _ => bail!("[tls] names a certificate without its key, or a key alone: name both"),
        }
    }

    fn read(chain: &Path, key: &Path) -> Result<Self> {
        let mode = fs::metadata(key)
            .with_context(|| format!("{} cannot be read", key.display()))?
            .permissions()
            .mode();
        ensure!(mode & 0o077 == 0, "others can read the key {}: chmod 600 it", key.display());
        let bytes = |path: &Path| {
            fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
        };
        Ok(Self { chain: bytes(chain)?, key: Zeroizing::new(bytes(key)?) })
    }

    /// The SHA-256 fingerprint of the certificate, as browsers and `openssl x509` show it.
    pub(crate) fn fingerprint(&self) -> Result<String> {
        let first = CertificateDer::from_pem_slice(&self.chain)
            .context("the certificate's file holds none in PEM")?;
        let bytes = Sha256::digest(&first);
        Ok(bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":"))
    }
}

fn own(folder: &DataFolder) -> [PathBuf; 2] {
    ["tls-certificate.pem", "tls-key.pem"].map(|name| folder.path().join(name))
}

fn make(chain: &Path, key: &Path, names: Vec<String>) -> Result<()> {
    let today = Zoned::now().date();
    let last = today.saturating_add(YEARS.years());
    let ymd = |date: jiff::civil::Date| {
        let unsigned = |part: i8| u8::try_from(part).unwrap_or(1);
        // No 29th of February: the year may have none.
        date_time_ymd(date.year().into(), unsigned(date.month()), unsigned(date.day()).min(28))
    };
    let failed = "the certificate cannot be made";
    let common = names.first().cloned().unwrap_or_else(|| "kazasu".to_owned());
    let mut params = CertificateParams::new(names).context(failed)?;
    params.distinguished_name.push(DnType::CommonName, common);
    // A clock that is a little behind must not refuse it.
    params.not_before = ymd(today.saturating_sub(1.day()));
    params.not_after = ymd(last);
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context(failed)?;
    let certificate = params.self_signed(&pair).context(failed)?;
    let write = |path: &Path, bytes: &[u8]| {
        write_whole(path, bytes).with_context(|| format!("{} cannot be written", path.display()))
    };
    // The key first: a certificate without its key would not be noticed.
    write(key, Zeroizing::new(pair.serialize_pem()).as_bytes())?;
    write(chain, certificate.pem().as_bytes())
}

/// What clients may call this machine: the address, its host name, and loopback.
pub(crate) fn names(address: IpAddr, allowed: &[String]) -> Vec<String> {
    let mut names = Vec::new();
    if let Ok(host) = nix::unistd::gethostname() {
        names.extend(host.into_string().ok());
    }
    names.extend(allowed.iter().cloned());
    if !address.is_unspecified() {
        names.push(address.to_string());
    }
    names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}
