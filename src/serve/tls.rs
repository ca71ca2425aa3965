//! The certificate that TLS is spoken with: a given one, or one of our own.

use std::collections::HashSet;
use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use jiff::Zoned;
use kazasu_tls::{Identity, self_signed};

use crate::config::TlsConfig;
use crate::owner::{DataFolder, write_whole};

/// The one that the configuration names; else our own, made at the first start for these names and
/// kept in the data folder.
pub(crate) fn load(
    config: &TlsConfig,
    folder: &DataFolder,
    names: Vec<String>,
) -> Result<Identity> {
    match (&config.certificate, &config.key) {
        (Some(chain), Some(key)) => read(chain, key),
        (None, None) => {
            let [chain, key] =
                ["tls-certificate.pem", "tls-key.pem"].map(|name| folder.path().join(name));
            if !(chain.exists() && key.exists()) {
                let made = self_signed(names, Zoned::now().date())
                    .context("the certificate cannot be made")?;
                // The key first: a certificate without its key would not be noticed.
                for (path, text) in [(&key, &*made.key), (&chain, &made.chain)] {
                    write_whole(path, text.as_bytes())
                        .with_context(|| format!("{} cannot be written", path.display()))?;
                }
            }
            read(&chain, &key)
        }
        _ => bail!("[tls] names a certificate without its key, or a key alone: name both"),
    }
}

fn read(chain: &Path, key: &Path) -> Result<Identity> {
    let mode = fs::metadata(key)
        .with_context(|| format!("{} cannot be read", key.display()))?
        .permissions()
        .mode();
    ensure!(mode & 0o077 == 0, "others can read the key {}: chmod 600 it", key.display());
    Ok(Identity::read(chain, key)?)
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
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}
