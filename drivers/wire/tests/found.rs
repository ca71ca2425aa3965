//! What fuzzing found before (`scripts/soak`): inputs that broke a decoder once, or reached code
//! that no other one did.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may panic, also outside of its #[test] function"
)]

#[path = "../fuzz/checks.rs"]
mod checks;

use std::path::Path;

fn unhex(line: &str) -> Vec<u8> {
    let digits: Vec<u8> = line.chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
    let (pairs, rest) = digits.as_chunks::<2>();
    assert!(rest.is_empty(), "{line}");
    pairs.iter().map(|[high, low]| high << 4 | low).collect()
}

#[test]
fn found_inputs() {
    for (name, _) in checks::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/found");
        let text = std::fs::read_to_string(folder.join(name).with_extension("txt")).unwrap();
        assert!(text.lines().count() > 3, "{name}: lines are lost");
        for line in text.lines() {
            checks::run(name, &unhex(line));
        }
    }
}
