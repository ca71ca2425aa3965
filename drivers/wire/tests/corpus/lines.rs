use std::path::Path;

use kazasu_wire::describe::{Dialect, EnvelopeKind, Side};
use serde_json::Value;

/// One line of a corpus file.
pub(crate) struct Line {
    pub(crate) dialect: Dialect,
    pub(crate) dir: Side,
    pub(crate) envelope: EnvelopeKind,
    pub(crate) bytes: Vec<u8>,
    pub(crate) meaning: String,
    pub(crate) checked: bool,
    pub(crate) answers: Option<Vec<u8>>,
    pub(crate) is: Option<String>,
    #[cfg(feature = "serde")]
    pub(crate) identifiers: Vec<String>,
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
    assert!(digits.len() % 2 == 0, "{text}");
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The objects of a file.
pub(crate) fn values(name: &str) -> Vec<Value> {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name).with_extension("jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    let parse = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap();
        for provenance in ["source", "device", "kind"] {
            let known = value[provenance].as_str().is_some_and(|text| !text.is_empty());
            assert!(known, "{line}");
        }
        value
    };
    text.lines().map(parse).collect()
}

fn named<T: Copy>(all: &[(&str, T)], name: &str) -> T {
    all.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name}")).1
}

fn line(value: &Value) -> Line {
    let field = |key: &str| value[key].as_str().map(str::to_owned);
    let speaker = field("dir").unwrap();
    Line {
        dialect: named(&Dialect::ALL, &field("dialect").unwrap()),
        dir: named(&Side::ALL, speaker.split('-').next().unwrap()),
        envelope: named(&EnvelopeKind::ALL, &field("envelope").unwrap()),
        bytes: unhex(&field("hex").unwrap()),
        meaning: field("meaning").unwrap(),
        checked: value["checked"].as_bool().unwrap(),
        answers: field("answers").map(|hex| unhex(&hex)),
        is: field("is"),
        #[cfg(feature = "serde")]
        identifiers: (value["identifiers"].as_array().into_iter().flatten())
            .map(|id| id.as_str().unwrap().to_owned())
            .collect(),
    }
}

/// Runs `row` on each line and wants exactly `count` of them, so that a lost line is noticed.
pub(crate) fn check(name: &str, count: usize, row: impl Fn(&Line) -> Result<(), String>) {
    let lines: Vec<_> = values(name).iter().map(line).collect();
    assert_eq!(lines.len(), count, "{name}");
    for line in lines {
        if let Err(reason) = row(&line) {
            panic!("{name}: {}: {reason}", line.meaning);
        }
    }
}
