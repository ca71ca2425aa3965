use std::time::Duration;

use kazasu_hal::{Fault, FaultKind};
use pcsc::Error;

use crate::{identify::NoCard, worker::ReadError};

/// What it means that the way to pcscd broke. Whatever the code: the context is dead, since even
/// when pcscd is back an old one fails for ever while it says that it is valid.
pub(crate) fn service(error: Error) -> Fault {
    match error {
        Error::NoAccess | Error::SecurityViolation => Fault::new(
            FaultKind::PermissionDenied,
            format!(
                "pcscd refuses this account ({error}): allow it org.debian.pcsc-lite.access_pcsc \
                 in a polkit rule"
            ),
        ),
        _ => Fault::new(
            FaultKind::ServiceUnavailable,
            format!(
                "pcscd does not answer ({error}): start it with `systemctl start pcscd.socket`, or \
                 install the package pcscd"
            ),
        ),
    }
}

/// What it means that pcscd gives no context.
pub(crate) fn opening(error: Error) -> Fault {
    match error {
        // What pcscd says to a client of another version, and libpcsclite to a pcscd of one.
        Error::ServiceStopped | Error::UnsupportedFeature => Fault::new(
            FaultKind::Unsupported,
            format!(
                "pcscd speaks another version of its protocol than the libpcsclite of this program \
                 ({error}): have the same version of pcsc-lite on both sides, as on the host and \
                 in the container"
            ),
        ),
        error => service(error),
    }
}

/// pcscd and libpcsclite do not mean the same bytes.
pub(crate) fn misread() -> Fault {
    Fault::new(
        FaultKind::Unsupported,
        "what pcscd answers cannot be read: pcscd and the libpcsclite of this program are of \
         different builds, as for another number of readers; have the same package of pcsc-lite on \
         both sides, as on the host and in the container",
    )
}

/// pcscd says nothing any more.
pub(crate) fn frozen() -> Fault {
    Fault::new(
        FaultKind::Timeout,
        "pcscd does not answer: its readers are used again as soon as it does; where that does not \
         come, `systemctl restart pcscd`",
    )
}

/// pcscd has answered, but its list of readers does not come, or not whole.
pub(crate) fn unlisted() -> Fault {
    Fault::new(
        FaultKind::Timeout,
        "pcscd does not say which readers there are: it hangs (`systemctl restart pcscd`), or it \
         is of another build than the libpcsclite of this program, for fewer readers: have the \
         same package of pcsc-lite on both sides, as on the host and in the container",
    )
}

/// A card in `reader` could not be read.
pub(crate) fn card(reader: &str, error: &ReadError) -> Fault {
    match error {
        ReadError::Pcsc(Error::SharingViolation) => Fault::new(
            FaultKind::Busy,
            format!(
                "another program holds the card in {reader} for itself: it is read when that \
                 program lets go of it; close it, if the card may be needed here"
            ),
        ),
        _ if error.lasts() => Fault::new(
            FaultKind::Unsupported,
            format!("the card in {reader} has no contactless identifier ({error})"),
        ),
        _ => Fault::new(
            FaultKind::Card,
            format!("the card in {reader} could not be read ({error}): hold it there again"),
        ),
    }
}

/// What was read is no identifier of a known technology.
pub(crate) fn unknown(reader: &str, len: usize, why: &NoCard) -> Fault {
    match why {
        NoCard::OfNoKind => Fault::new(
            FaultKind::Unsupported,
            format!(
                "the card in {reader} is of no supported kind: its identifier has {len} bytes, and \
                 its ATR does not go with that"
            ),
        ),
        NoCard::Impossible(error) => Fault::new(
            FaultKind::Protocol,
            format!("the card in {reader} was read wrongly: {error}"),
        ),
    }
}

/// A card does not let go of pcscd.
pub(crate) fn hanging(reader: &str, within: Duration) -> Fault {
    Fault::new(
        FaultKind::Timeout,
        format!(
            "the card in {reader} did not answer within {} s: it is asked again as soon as pcscd \
             lets go of it",
            within.as_secs()
        ),
    )
}

/// The system gives no thread for a reader.
pub(crate) fn no_thread(reader: &str, error: &str) -> Fault {
    let text = format!("no thread can be started for {reader}: {error}");
    Fault::new(FaultKind::Unsupported, text)
}

#[cfg(test)]
mod tests {
    use kazasu_wire::apdu::StatusWord;

    use super::*;

    /// The kind decides what a field engineer is told to do.
    #[test]
    fn each_failure_has_its_kind() {
        use FaultKind::{
            Busy, Card, PermissionDenied, Protocol, ServiceUnavailable, Timeout, Unsupported,
        };
        let card = |error| card("A Reader", &error);
        let refused = |status| card(ReadError::Refused(StatusWord(status)));
        let impossible = kazasu_hal::Card::iso14443a(&[0; 4], None, None).unwrap_err();
        let rows = [
            (service(Error::NoAccess), PermissionDenied, "polkit"),
            (service(Error::SecurityViolation), PermissionDenied, "polkit"),
            (service(Error::NoService), ServiceUnavailable, "systemctl start pcscd.socket"),
            (opening(Error::NoService), ServiceUnavailable, "systemctl start pcscd.socket"),
            (opening(Error::NoAccess), PermissionDenied, "polkit"),
            (opening(Error::ServiceStopped), Unsupported, "version"),
            (opening(Error::UnsupportedFeature), Unsupported, "version"),
            (misread(), Unsupported, "builds"),
            (frozen(), Timeout, "systemctl restart pcscd"),
            (unlisted(), Timeout, "systemctl restart pcscd"),
            (card(ReadError::Pcsc(Error::SharingViolation)), Busy, "another program"),
            (card(ReadError::Pcsc(Error::RemovedCard)), Card, "again"),
            (card(ReadError::Nothing), Card, "again"),
            (refused(0x6300), Card, "again"),
            (refused(0x6A81), Unsupported, "no contactless identifier"),
            (unknown("A Reader", 8, &NoCard::OfNoKind), Unsupported, "8 bytes"),
            (unknown("A Reader", 4, &NoCard::Impossible(impossible)), Protocol, "wrongly"),
            (hanging("A Reader", Duration::from_secs(2)), Timeout, "2 s"),
        ];
        for (fault, kind, says) in rows {
            assert_eq!(fault.kind, kind, "{fault}");
            assert!(fault.to_string().contains(says), "{fault}");
        }
    }
}
