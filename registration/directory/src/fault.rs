//! Everything that can go wrong between us and a directory, each with its code and its sentence.

use std::{fmt::Display, io};

use kazasu_registration::ErrorCode;
use kazasu_service::DirectoryError;
use rustls::{AlertDescription, CertificateError, Error};

use crate::wire::result::{ResultCode, Step};

/// Why a handshake or a protected connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TlsFault {
    /// The server wants a certificate, and none is set or it does not like ours.
    ClientCertificate,
    /// The chain does not end at a trusted certificate.
    Untrusted,
    /// The certificate, or one above it, has expired.
    Expired,
    /// The certificate is not valid yet: most often this device's clock is slow.
    NotYetValid,
    /// The certificate is another name's.
    Name,
    /// Anything else.
    Other,
}

impl TlsFault {
    /// The fault's number in logs (spec 40: 016-522 to 016-527).
    pub(crate) fn number(self) -> &'static str {
        match self {
            Self::ClientCertificate => "016-522",
            Self::Untrusted => "016-523",
            Self::Expired | Self::NotYetValid => "016-525",
            Self::Name => "016-526",
            Self::Other => "016-527",
        }
    }

    fn of(error: &Error) -> Self {
        match error {
            Error::InvalidCertificate(error) => match error {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    Self::Expired
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    Self::NotYetValid
                }
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => Self::Name,
                _ => Self::Untrusted,
            },
            // What a server says about the certificate of the other side, ours.
            Error::AlertReceived(
                AlertDescription::CertificateRequired
                | AlertDescription::NoCertificate
                | AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA
                | AlertDescription::AccessDenied,
            ) => Self::ClientCertificate,
            _ => Self::Other,
        }
    }
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The server's name has no address.
    Unresolved,
    /// Nothing listens there, or nothing lets us through.
    Refused,
    /// No answer in time.
    TimedOut,
    /// The connection ended before an answer.
    Lost,
    /// An answer that is none.
    Malformed,
    /// TLS.
    Tls(TlsFault),
    /// The server does not begin TLS.
    StartTls(ResultCode),
    /// The server ended the connection and said why.
    Notice(ResultCode),
    /// The server answered with an error.
    Answered(Step, ResultCode),
    /// More entries than were asked for.
    TooMany,
    /// More people at a time than there are connections.
    Crowded,
    /// The service account's password was refused before and is still the same.
    ServiceAccountRefused,
    /// The service account's password cannot be read from its file.
    ServicePasswordUnreadable,
}

impl Fault {
    /// What an error of a protected stream is: TLS's, or the end of the connection.
    pub(crate) fn of_io(error: &io::Error) -> Self {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        tls.map_or(Self::Lost, |error| Self::Tls(TlsFault::of(error)))
    }

    /// The same, before the first answer of a server that had asked for a certificate.
    pub(crate) fn after_asking(self, asked: bool) -> Self {
        match self {
            Self::Lost | Self::Tls(TlsFault::Other) if asked => {
                Self::Tls(TlsFault::ClientCertificate)
            }
            fault => fault,
        }
    }

    /// The catalogue's code.
    pub(crate) fn code(self) -> ErrorCode {
        use ErrorCode as E;
        match self {
            Self::Unresolved | Self::Refused | Self::Lost => E::DirectoryUnreachable,
            Self::TimedOut => E::DirectoryTimeout,
            Self::Malformed => E::DirectoryMalformedAnswer,
            Self::Tls(TlsFault::ClientCertificate) => E::DirectoryClientCertificate,
            Self::Tls(TlsFault::Untrusted) => E::DirectoryCertificateUntrusted,
            Self::Tls(TlsFault::Expired | TlsFault::NotYetValid) => E::DirectoryCertificateExpired,
            Self::Tls(TlsFault::Name) => E::DirectoryCertificateName,
            Self::Tls(TlsFault::Other) => E::DirectoryOther,
            Self::StartTls(result) => match result.code {
                1 | 2 => E::DirectoryMechanismUnsupported,
                _ => result.error(Step::Search),
            },
            // A notice without an error in it still ends everything.
            Self::Notice(result) if result.is_success() => E::DirectoryUnreachable,
            Self::Notice(result) => result.error(Step::Search),
            Self::Answered(step, result) => result.error(step),
            Self::TooMany => E::DirectorySizeLimit,
            Self::Crowded => E::TryLater,
            Self::ServiceAccountRefused | Self::ServicePasswordUnreadable => {
                E::DirectoryServiceAccount
            }
        }
    }

    /// Whether it tells more than that a server is not there: with several servers, that is what
    /// an administrator has to hear.
    pub(crate) fn is_telling(self) -> bool {
        !matches!(self, Self::Unresolved | Self::Refused | Self::TimedOut | Self::Lost)
    }

    fn what(self) -> String {
        match self {
            Self::Unresolved => "its name has no address; check servers and the DNS".to_owned(),
            Self::Refused => "it cannot be reached; check server, port and network".to_owned(),
            Self::TimedOut => "it did not answer in time".to_owned(),
            Self::Lost => "it closed the connection before it answered".to_owned(),
            Self::Malformed => "its answer is no LDAP; check server and port".to_owned(),
            Self::Tls(fault) => {
                let what = match fault {
                    TlsFault::ClientCertificate => {
                        "it asks for a certificate of this device; set client_certificate"
                    }
                    TlsFault::Untrusted => {
                        "its certificate is not trusted; put its root certificate into ca_file"
                    }
                    TlsFault::Expired => "its certificate has expired; renew it",
                    TlsFault::NotYetValid => {
                        "its certificate is not valid yet; check this device's clock"
                    }
                    TlsFault::Name => {
                        "its certificate is for another name; put that name into servers"
                    }
                    TlsFault::Other => "TLS failed; check port and tls",
                };
                format!("{what} (fault {})", fault.number())
            }
            Self::StartTls(result) => format!("it does not begin TLS (result {})", result.code),
            Self::Notice(result) => format!("it ended the connection (result {})", result.code),
            Self::Answered(step, result) => {
                let data = result.data.map(|data| format!(", data {data:x}")).unwrap_or_default();
                format!("{} failed (result {}{data})", step.as_str(), result.code)
            }
            Self::TooMany => "it answered with more entries than can be".to_owned(),
            Self::Crowded => "too many connections are in use; raise max_connections".to_owned(),
            Self::ServiceAccountRefused => {
                "it refused the service account; correct the password file".to_owned()
            }
            Self::ServicePasswordUnreadable => {
                "the service account's password file cannot be read, or is empty".to_owned()
            }
        }
    }

    /// The error of a port call.
    pub(crate) fn at(self, server: &impl Display) -> DirectoryError {
        DirectoryError { code: self.code(), message: format!("{server}: {}", self.what()) }
    }
}

/// An error that is about the configuration or an entry, not about a server's answer.
pub(crate) fn failed(code: ErrorCode, message: impl Into<String>) -> DirectoryError {
    DirectoryError { code, message: message.into() }
}

#[cfg(test)]
#[path = "fault_test.rs"]
mod tests;
