use std::time::Duration;

use kazasu_hal::{Fault, FaultKind, Filling};
use pcsc::Error;

use crate::{cause, identify::NoCard, worker::ReadError};

/// What it means that the way to pcscd broke. Whatever the code: the context is dead, since even
/// when pcscd is back an old one fails for ever while it says that it is valid.
pub(crate) fn service(error: Error) -> Fault {
    let why = error.to_string();
    match error {
        Error::NoAccess | Error::SecurityViolation => {
            Fault::new(FaultKind::PermissionDenied, cause::daemon_refuses(why))
        }
        _ => Fault::new(FaultKind::ServiceUnavailable, cause::daemon_away(why)),
    }
}

/// What it means that pcscd gives no context.
pub(crate) fn opening(error: Error) -> Fault {
    match error {
        // What pcscd says to a client of another version, and libpcsclite to a pcscd of one.
        Error::ServiceStopped | Error::UnsupportedFeature => {
            Fault::new(FaultKind::Unsupported, cause::daemon_other_version(error.to_string()))
        }
        error => service(error),
    }
}

/// pcscd and libpcsclite do not mean the same bytes.
pub(crate) fn misread() -> Fault {
    Fault::new(FaultKind::Unsupported, cause::daemon_misread())
}

/// pcscd says nothing any more.
pub(crate) fn frozen() -> Fault {
    Fault::new(FaultKind::Timeout, cause::daemon_frozen())
}

/// pcscd has answered, but its list of readers does not come, or not whole.
pub(crate) fn unlisted() -> Fault {
    Fault::new(FaultKind::Timeout, cause::daemon_lists_nothing())
}

/// A card in `reader` could not be read.
pub(crate) fn card(reader: &str, error: &ReadError) -> Fault {
    match error {
        ReadError::Pcsc(Error::SharingViolation) => {
            Fault::new(FaultKind::Busy, cause::card_held(reader))
        }
        _ if error.lasts() => {
            Fault::new(FaultKind::Unsupported, cause::card_numberless(reader, why(error)))
        }
        _ => Fault::new(FaultKind::Card, cause::card_unread(reader, why(error))),
    }
}

fn why(error: &ReadError) -> Filling {
    match error {
        ReadError::Pcsc(error) => error.to_string().into(),
        ReadError::Nothing => cause::nothing_read().into(),
        ReadError::Refused(status) => cause::refused(status.to_string()).into(),
    }
}

/// What was read is no identifier of a known technology.
pub(crate) fn unknown(reader: &str, len: usize, why: &NoCard) -> Fault {
    match why {
        NoCard::OfNoKind => Fault::new(FaultKind::Unsupported, cause::card_of_no_kind(reader, len)),
        NoCard::Impossible(error) => {
            Fault::new(FaultKind::Protocol, cause::card_misread(reader, error.to_string()))
        }
    }
}

/// A card does not let go of pcscd.
pub(crate) fn hanging(reader: &str, within: Duration) -> Fault {
    Fault::new(FaultKind::Timeout, cause::card_hangs(reader, within.as_secs()))
}

/// The system gives no thread for a reader.
pub(crate) fn no_thread(reader: &str, error: &str) -> Fault {
    Fault::new(FaultKind::Unsupported, cause::no_thread(reader, error))
}

#[cfg(test)]
mod tests {
    use kazasu_wire::apdu::StatusWord;

    use super::*;

    /// The cause decides what a field engineer is told to do.
    #[test]
    fn each_failure_has_its_kind() {
        use FaultKind::{
            Busy, Card, PermissionDenied, Protocol, ServiceUnavailable, Timeout, Unsupported,
        };
        let card = |error| card("A Reader", &error);
        let refused = |status| card(ReadError::Refused(StatusWord(status)));
        let impossible = kazasu_hal::Card::iso14443a(&[0; 4], None, None).unwrap_err();
        let rows = [
            (service(Error::NoAccess), PermissionDenied, "daemon-refuses"),
            (service(Error::SecurityViolation), PermissionDenied, "daemon-refuses"),
            (service(Error::NoService), ServiceUnavailable, "daemon-away"),
            (opening(Error::NoService), ServiceUnavailable, "daemon-away"),
            (opening(Error::NoAccess), PermissionDenied, "daemon-refuses"),
            (opening(Error::ServiceStopped), Unsupported, "daemon-other-version"),
            (opening(Error::UnsupportedFeature), Unsupported, "daemon-other-version"),
            (misread(), Unsupported, "daemon-misread"),
            (frozen(), Timeout, "daemon-frozen"),
            (unlisted(), Timeout, "daemon-lists-nothing"),
            (card(ReadError::Pcsc(Error::SharingViolation)), Busy, "card-held"),
            (card(ReadError::Pcsc(Error::RemovedCard)), Card, "card-unread"),
            (card(ReadError::Nothing), Card, "nothing-read"),
            (refused(0x6300), Card, "card-unread"),
            (refused(0x6A81), Unsupported, "card-numberless"),
            (unknown("A Reader", 8, &NoCard::OfNoKind), Unsupported, "bytes: 8"),
            (unknown("A Reader", 4, &NoCard::Impossible(impossible)), Protocol, "card-misread"),
            (hanging("A Reader", Duration::from_secs(2)), Timeout, "seconds: 2"),
        ];
        for (fault, kind, says) in rows {
            assert_eq!(fault.kind, kind, "{fault}");
            assert!(fault.to_string().contains(says), "{fault}");
        }
    }
}
