//! Golden bytes of others: every line decodes to what its source says, comes back through JSON byte
//! by byte, and is refused at the right place with any single bit of its checked part flipped.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, also outside of its #[test] function"
)]

mod answers;
mod flips;
#[cfg(feature = "serde")]
mod json;
mod lines;
mod mac;
mod usbredir;

use kazasu_wire::describe::decode;
use lines::check;

/// The files, and how many lines each has.
const FILES: [(&str, usize); 7] = [
    ("apdu", 22),
    ("atr", 8),
    ("ccid", 14),
    ("felica", 35),
    ("iso14443", 4),
    ("pn532", 69),
    ("port100", 42),
];

/// Lines that are no message of their dialect, and why.
const NOT_DECODED: [(&str, &str); 1] =
    [("HSU wake-up preamble", "noise on purpose: it wakes a chip up and holds no frame")];

#[test]
fn every_line() {
    for (name, count) in FILES {
        check(name, count, |line| {
            let guessed = decode(line.dialect, Some(line.dir), None, &line.bytes);
            if let Some((_, reason)) = NOT_DECODED.iter().find(|(what, _)| *what == line.meaning) {
                assert!(!line.checked && guessed.is_err(), "{reason}, but: {guessed:?}");
                return Ok(());
            }
            let told = decode(line.dialect, Some(line.dir), Some(line.envelope), &line.bytes);
            if guessed != told {
                return Err(format!("{guessed:?} without envelope, else {told:?}"));
            }
            let decoded = told.map_err(|error| error.to_string())?;
            match decoded.encode() {
                Ok(bytes) if bytes == line.bytes => Ok(()),
                other => Err(format!("became {other:02x?}")),
            }
        });
    }
}

/// Without a direction, too, what tells its own is read the same.
#[test]
fn speakers() {
    for (name, count) in [("ccid", 14), ("felica", 35), ("port100", 42)] {
        check(name, count, |line| {
            // An acknowledgement and an echo look the same from both sides.
            if line.meaning.starts_with("ACK") || line.meaning.starts_with("Echo") {
                return Ok(());
            }
            let decoded = decode(line.dialect, None, None, &line.bytes);
            match decoded.map(|decoded| decoded.dir) {
                Ok(dir) if dir == line.dir => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
    }
}
