use std::{
    fs, mem,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::{Zoned, civil::date};
use rustls::{
    CertificateError, ClientConnection, Error, ProtocolVersion, ServerConnection,
    pki_types::ServerName,
};
use tempfile::TempDir;

use super::*;

/// A folder with `NAME.pem` and `NAME.key` of each; `later` is of a day on which few years have one.
fn made(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let day = if *name == "later" { date(2128, 2, 29) } else { Zoned::now().date() };
        let made = self_signed(vec![format!("{name}.test")], day).unwrap();
        fs::write(folder.path().join(format!("{name}.pem")), made.chain).unwrap();
        fs::write(folder.path().join(format!("{name}.key")), made.key.as_bytes()).unwrap();
    }
    folder
}

fn files(folder: &Path, chain: &str, key: &str) -> (PathBuf, PathBuf) {
    (folder.join(format!("{chain}.pem")), folder.join(format!("{key}.key")))
}

fn identity(folder: &Path, name: &str) -> Identity {
    let (chain, key) = files(folder, name, name);
    Identity::read(&chain, &key).unwrap()
}

/// What comes of a handshake of both configurations, without a network.
fn shake(client: ClientConfig, server: ServerConfig, name: &str) -> Result<ProtocolVersion, Error> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    let mut wire = Vec::new();
    while client.is_handshaking() || server.is_handshaking() {
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut mem::take(&mut wire).as_slice()).unwrap();
        server.process_new_packets()?;
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut mem::take(&mut wire).as_slice()).unwrap();
        client.process_new_packets()?;
    }
    Ok(client.protocol_version().unwrap())
}

#[test]
fn the_one_that_is_trusted_and_named_is_spoken_with() {
    let folder = made(&["right", "wrong", "later"]);
    let trusting = |name: &str| client(roots_of(&files(folder.path(), name, name).0).unwrap());
    let trusted = || trusting("right");
    let of = |name: &str| server(&identity(folder.path(), name));
    assert_eq!(shake(trusted(), of("right"), "right.test"), Ok(ProtocolVersion::TLSv1_3));
    let refused = shake(trusted(), of("wrong"), "wrong.test").unwrap_err();
    assert_eq!(refused, Error::InvalidCertificate(CertificateError::UnknownIssuer));
    let refused = shake(trusted(), of("right"), "wrong.test").unwrap_err();
    assert!(
        matches!(
            &refused,
            Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })
        ),
        "{refused:?}"
    );
    let refused = shake(trusting("later"), of("later"), "later.test").unwrap_err();
    assert!(
        matches!(&refused, Error::InvalidCertificate(CertificateError::NotValidYetContext { .. })),
        "{refused:?}"
    );
    // Who trusts the system's roots trusts nobody who signed himself.
    let refused = shake(client(system_roots()), of("right"), "right.test").unwrap_err();
    assert_eq!(refused, Error::InvalidCertificate(CertificateError::UnknownIssuer));
}

#[test]
fn who_speaks_the_version_before_is_spoken_with() {
    let folder = made(&["right"]);
    let roots = roots_of(&files(folder.path(), "right", "right").0).unwrap();
    let old = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let spoken = shake(old, server(&identity(folder.path(), "right")), "right.test");
    assert_eq!(spoken, Ok(ProtocolVersion::TLSv1_2));
}

#[test]
fn files_that_cannot_be_used() {
    let folder = made(&["right", "wrong"]);
    let cut = "-----BEGIN CERTIFICATE-----\nAAAA\n";
    let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (name, text) in [("none.pem", ""), ("cut.pem", cut), ("empty.pem", empty), ("no.key", "")] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let rows = [
        ("missing", "right", "missing.pem: it cannot be read: "),
        ("none", "right", "none.pem: no certificate in it (PEM: BEGIN CERTIFICATE)"),
        ("cut", "right", "cut.pem: it is no PEM file: "),
        ("right", "missing", "missing.key: it cannot be read: "),
        ("right", "no", "no.key: no private key in it: "),
        ("right", "wrong", "right.pem: certificate and key do not go together: "),
    ];
    for (chain, key, expected) in rows {
        let (chain, key) = files(folder.path(), chain, key);
        let refused = Identity::read(&chain, &key).unwrap_err().to_string();
        assert!(refused.contains(&format!("/{expected}")), "{expected}: {refused}");
    }
    let refused = roots_of(&folder.path().join("empty.pem")).unwrap_err().to_string();
    assert!(refused.contains("/empty.pem: a certificate in it cannot be trusted: "), "{refused}");
}

#[test]
fn an_identity_is_told_by_its_fingerprint_alone() {
    let folder = made(&["right", "wrong"]);
    let [right, wrong] = ["right", "wrong"].map(|name| identity(folder.path(), name));
    let shown = right.fingerprint();
    assert_eq!(shown.len(), 32 * 3 - 1);
    assert!(shown.split(':').all(|byte| u8::from_str_radix(byte, 16).is_ok()), "{shown}");
    assert_ne!(shown, wrong.fingerprint());
    assert_eq!(shown, identity(folder.path(), "right").fingerprint());
    assert_eq!(format!("{right:?}"), format!("Identity({shown})"));
}
