//! A chain as a site would have: a root, an authority below it, and servers' certificates.

use std::{fs, path::Path};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// What the server's certificate is to be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// As it should be.
    Good,
    /// Valid until years ago.
    Expired,
    /// Valid in years to come.
    NotYet,
    /// Valid for another name only.
    OtherName,
    /// Ends in ten days.
    EndsSoon,
}

/// The authority.
pub struct Pki {
    root_pem: String,
    chain_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Pki {
    /// A new one, that nobody trusts yet.
    #[must_use]
    pub fn new() -> Self {
        let authority = |name: &str| {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            params
        };
        let (root_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let root_params = authority("Kazasu test root");
        let root = root_params.self_signed(&root_key).unwrap();
        let params = authority("Kazasu test servers");
        let middle = params.signed_by(&key, &Issuer::new(root_params, root_key)).unwrap();
        Self { root_pem: root.pem(), chain_pem: middle.pem(), issuer: Issuer::new(params, key) }
    }

    /// The root certificate, for those who are to trust this authority.
    #[must_use]
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// Writes `cert.pem` (the chain) and `key.pem` for the server at `localhost` and `dc1.sim.test`.
    pub fn issue(&self, leaf: Leaf, folder: &Path) {
        let names: &[&str] = match leaf {
            Leaf::OtherName => &["other.test"],
            _ => &["dc1.sim.test", "localhost"],
        };
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, "dc1.sim.test");
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        match leaf {
            Leaf::Expired => {
                params.not_before = date_time_ymd(2020, 1, 1);
                params.not_after = date_time_ymd(2021, 1, 1);
            }
            Leaf::NotYet => params.not_before = date_time_ymd(2090, 1, 1),
            Leaf::EndsSoon => {
                // rcgen's own time type is not named here: the default begins in 1975.
                let day = std::time::Duration::from_secs(24 * 3600);
                #[expect(clippy::disallowed_methods, reason = "certificates end by the calendar")]
                let now = std::time::SystemTime::now();
                params.not_after = (now + 10 * day).into();
            }
            Leaf::Good | Leaf::OtherName => {}
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let chain = format!("{}{}", certificate.pem(), self.chain_pem);
        fs::write(folder.join("cert.pem"), chain).unwrap();
        fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
        fs::write(folder.join("ca.pem"), &self.root_pem).unwrap();
        // Samba refuses a key that others may read.
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(folder.join("key.pem"), private).unwrap();
    }
}

impl Default for Pki {
    fn default() -> Self {
        Self::new()
    }
}
