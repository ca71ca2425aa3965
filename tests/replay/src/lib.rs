//! What fuzzing found before (`scripts/soak`): inputs that broke a check once, or reached code that
//! no other one did. Each crate that has checks runs them on its own.

#![expect(clippy::unwrap_used, reason = "a test")]

/// Runs a check on each line of hex digits.
///
/// # Panics
/// The check does, or the lines are none.
pub fn found(name: &str, lines: &str, check: fn(&[u8])) {
    assert!(lines.lines().count() > 3, "{name}: lines are lost");
    for line in lines.lines() {
        check(&unhex(line));
    }
}

fn unhex(line: &str) -> Vec<u8> {
    let digits: Vec<u8> = line.chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
    let (pairs, rest) = digits.as_chunks::<2>();
    assert!(rest.is_empty(), "{line}");
    pairs.iter().map(|[high, low]| high << 4 | low).collect()
}
