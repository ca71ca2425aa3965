//! Bytes as hex digits, as card identifiers and keys are written.

/// The hex digits of bytes, in upper case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// The bytes of hex digits of either case; `None` for anything else.
pub(crate) fn unhex(hex: &str) -> Option<Vec<u8>> {
    if !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { return None };
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.iter().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_bytes_of_hex_digits() {
        for (hex, bytes) in [
            ("", Some(vec![])),
            ("01fE", Some(vec![0x01, 0xFE])),
            ("01f", None),
            ("+1", None),
            ("0g", None),
            ("あ", None),
        ] {
            assert_eq!(unhex(hex), bytes, "{hex}");
        }
    }
}
