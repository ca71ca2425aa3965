use kazasu_registration::ErrorCode as E;

use super::*;

/// Faults of TLS have their number in what administrators read: 016-522 to 016-527.
#[test]
fn each_fault_has_its_code_and_its_number() {
    let rows = [
        (Fault::Unresolved, E::DirectoryUnreachable, "DNS"),
        (Fault::Refused, E::DirectoryUnreachable, "port"),
        (Fault::Lost, E::DirectoryUnreachable, "closed"),
        (Fault::TimedOut, E::DirectoryTimeout, "in time"),
        (Fault::Malformed, E::DirectoryMalformedAnswer, "no LDAP"),
        (Fault::Tls(TlsFault::ClientCertificate), E::DirectoryClientCertificate, "016-522"),
        (Fault::Tls(TlsFault::Untrusted), E::DirectoryCertificateUntrusted, "016-523"),
        (Fault::Tls(TlsFault::Expired), E::DirectoryCertificateExpired, "016-525"),
        (Fault::Tls(TlsFault::NotYetValid), E::DirectoryCertificateExpired, "clock"),
        (Fault::Tls(TlsFault::Name), E::DirectoryCertificateName, "016-526"),
        (Fault::Tls(TlsFault::Other), E::DirectoryOther, "016-527"),
        (Fault::StartTls(ResultCode::new(2, "")), E::DirectoryMechanismUnsupported, "result 2"),
        (Fault::StartTls(ResultCode::new(52, "")), E::DirectoryUnavailable, "result 52"),
        (Fault::Notice(ResultCode::new(52, "")), E::DirectoryUnavailable, "result 52"),
        (Fault::Notice(ResultCode::new(0, "")), E::DirectoryUnreachable, "result 0"),
        (Fault::TooMany, E::DirectorySizeLimit, "entries"),
        (Fault::Crowded, E::TryLater, "max_connections"),
        (Fault::ServiceAccountRefused, E::DirectoryServiceAccount, "password file"),
        (Fault::ServicePasswordUnreadable, E::DirectoryServiceAccount, "password file"),
        (
            Fault::Answered(Step::Bind, ResultCode::new(49, "data 533, secret words")),
            E::DirectoryAccountDisabled,
            "the bind failed (result 49, data 533)",
        ),
    ];
    for (fault, code, says) in rows {
        let error = fault.at(&"dc1:636");
        assert_eq!(error.code, code, "{fault:?}");
        assert!(error.message.starts_with("dc1:636: "), "{}", error.message);
        assert!(error.message.contains(says), "{fault:?}: {}", error.message);
        assert!(!format!("{error:?} {fault:?}").contains("secret"), "{fault:?}");
    }
}

#[test]
fn what_handshakes_fail_over() {
    let rows = [
        (Error::InvalidCertificate(CertificateError::Expired), "016-525"),
        (Error::InvalidCertificate(CertificateError::NotValidYet), "016-525"),
        (Error::InvalidCertificate(CertificateError::UnknownIssuer), "016-523"),
        (Error::InvalidCertificate(CertificateError::BadSignature), "016-523"),
        (Error::InvalidCertificate(CertificateError::Revoked), "016-523"),
        (Error::InvalidCertificate(CertificateError::NotValidForName), "016-526"),
        (Error::AlertReceived(AlertDescription::CertificateRequired), "016-522"),
        (Error::AlertReceived(AlertDescription::UnknownCA), "016-522"),
        (Error::AlertReceived(AlertDescription::HandshakeFailure), "016-527"),
        (Error::HandshakeNotComplete, "016-527"),
    ];
    for (error, number) in rows {
        assert_eq!(TlsFault::of(&error).number(), number, "{error:?}");
    }
    let tls = io::Error::other(Error::HandshakeNotComplete);
    assert_eq!(Fault::of_io(&tls), Fault::Tls(TlsFault::Other));
    let ended = io::Error::from(io::ErrorKind::UnexpectedEof);
    assert_eq!(Fault::of_io(&ended), Fault::Lost);
    assert_eq!(Fault::Lost.after_asking(true), Fault::Tls(TlsFault::ClientCertificate));
    assert_eq!(Fault::Lost.after_asking(false), Fault::Lost);
}
