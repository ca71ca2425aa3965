//! One flipped bit, at every place that a check covers.

use kazasu_wire::{
    describe::{Dialect, EnvelopeKind, decode},
    felica::frame::{SYNC, crc_f},
    iso14443a::crc_a,
};

use crate::lines::{Line, check};

/// Where the damage at `place` has to be noticed, by the rules of the envelope; `None` where no
/// check covers the byte. `broken` are the bytes with the damage.
fn noticed_at(line: &Line, broken: &[u8], place: usize) -> Option<usize> {
    let bytes = &line.bytes;
    let last = bytes.len() - 1;
    match (line.dialect, line.envelope) {
        (Dialect::Pn532 | Dialect::Port100, EnvelopeKind::Frame) => {
            let head = bytes.windows(2).position(|pair| pair == [0x00, 0xFF]).unwrap() + 2;
            let (length_check, data) = match bytes[head..head + 2] {
                // Acknowledgements have no check.
                [0x00, 0xFF] | [0xFF, 0x00] => return None,
                [0xFF, 0xFF] => (head + 4, head + 5),
                _ => (head + 1, head + 2),
            };
            match place {
                // It reads as an ACK now, and the rest should not be there.
                _ if broken[head..head + 2] == [0x00, 0xFF] => Some(head + 2),
                _ if (head..=length_check).contains(&place) => {
                    let extended = length_check == head + 4;
                    (!extended || place >= head + 2).then_some(length_check)
                }
                _ if (data..last).contains(&place) => Some(last - 1),
                _ => None,
            }
        }
        (Dialect::Felica, EnvelopeKind::Crc) => {
            let start = if bytes.starts_with(&SYNC) { SYNC.len() } else { 0 };
            (place >= start).then(|| first_wrong(broken, start, crc_f))
        }
        (Dialect::Iso14443, EnvelopeKind::Crc) => Some(first_wrong(broken, 0, crc_a)),
        (Dialect::Iso14443, EnvelopeKind::Bcc) => Some(last),
        (Dialect::Felica, EnvelopeKind::Len) => (place == 0).then_some(0),
        (Dialect::Ccid, _) => (1..5).contains(&place).then_some(place),
        (Dialect::Atr, _) => Some(match place {
            0 | 2 | 3 => place,
            1 if broken[1] & 0xF0 != 0x80 => 1,
            // Another number of historical bytes: too many, or bytes are left.
            1 => (usize::from(broken[1] & 0x0F) + 5).min(bytes.len()),
            _ => last,
        }),
        _ => None,
    }
}

fn first_wrong(broken: &[u8], start: usize, crc: fn(&[u8]) -> [u8; 2]) -> usize {
    let at = broken.len() - 2;
    if crc(&broken[start..at])[0] == broken[at] { at + 1 } else { at }
}

#[test]
fn are_refused_at_the_right_place() {
    // How many flips each file gives, so that no rule above stops looking.
    let tables = [
        ("apdu", 22, 0),
        ("atr", 8, 1_056),
        ("ccid", 14, 448),
        ("felica", 35, 1_288),
        ("iso14443", 4, 104),
        ("pn532", 69, 4_840),
        ("port100", 42, 4_920),
    ];
    for (name, count, flips) in tables {
        let seen = std::cell::Cell::new(0);
        check(name, count, |line| {
            for bit in 0..line.bytes.len() * 8 {
                let mut broken = line.bytes.clone();
                broken[bit / 8] ^= 1 << (bit % 8);
                let Some(offset) = noticed_at(line, &broken, bit / 8) else { continue };
                seen.set(seen.get() + 1);
                let found = decode(line.dialect, Some(line.dir), Some(line.envelope), &broken);
                match found {
                    Err(error) if error.offset() == Some(offset) => {}
                    other => {
                        return Err(format!("bit {bit}: {other:?} instead of byte {offset}"));
                    }
                }
                // Nor is it let through where the envelope has to be guessed.
                let guessed = decode(line.dialect, Some(line.dir), None, &broken);
                if guessed.is_ok() {
                    return Err(format!("bit {bit}: {guessed:?} without envelope"));
                }
            }
            Ok(())
        });
        assert_eq!(seen.get(), flips, "{name}");
    }
}
