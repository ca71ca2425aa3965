use std::time::Duration;

use kazasu_hal::{Fault, FaultKind};
use pcsc::Error;

use crate::worker::ReadError;

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

/// A card in `reader` could not be read.
pub(crate) fn card(reader: &str, error: &ReadError) -> Fault {
    match error {
        ReadError::Pcsc(Error::SharingViolation) => Fault::new(
            FaultKind::Busy,
            format!("another program holds the card in {reader} for itself: close that program"),
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
pub(crate) fn unknown(reader: &str, len: usize) -> Fault {
    Fault::new(
        FaultKind::Unsupported,
        format!(
            "the card in {reader} is of no supported kind: its identifier has {len} bytes, and its \
             ATR does not go with that"
        ),
    )
}

/// A card does not let go of pcscd.
pub(crate) fn hanging(reader: &str, within: Duration) -> Fault {
    Fault::new(
        FaultKind::Timeout,
        format!("the card in {reader} did not answer within {} s: take it away", within.as_secs()),
    )
}

/// Too many cards in a row have hung.
pub(crate) fn given_up(reader: &str) -> Fault {
    Fault::new(
        FaultKind::Timeout,
        format!("{reader} hangs and is not used any longer: plug it in anew or restart pcscd"),
    )
}
