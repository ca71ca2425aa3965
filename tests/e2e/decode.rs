//! `decode` and `encode` as people run them: every recorded frame, there and back.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use crate::support::{json, kazasu, run};

/// The recorded frames that are frames, grouped by what `decode` has to be told about them.
fn recorded() -> BTreeMap<[String; 3], Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("drivers/wire/corpus");
    let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for file in ["apdu", "atr", "ccid", "felica", "iso14443", "pn532", "port100"] {
        let text = fs::read_to_string(folder.join(file).with_extension("jsonl")).unwrap();
        for line in text.lines().map(json).filter(|line| line["checked"] == Value::Bool(true)) {
            let word = |key: &str| line[key].as_str().unwrap().to_owned();
            let dir = word("dir").split_once("->").map_or(String::new(), |(from, _)| from.into());
            groups.entry([word("dialect"), dir, word("envelope")]).or_default().push(word("hex"));
        }
    }
    groups
}

#[test]
fn what_decode_prints_encode_turns_back_into_the_same_bytes() {
    let mut frames = 0;
    for ([dialect, dir, envelope], hex) in recorded() {
        let mut args = vec!["--dialect", &dialect, "--envelope", &envelope];
        if ["host", "reader", "card"].contains(&dir.as_str()) {
            args.extend(["--dir", &dir]);
        }
        let mut command = kazasu(["decode", "--json"]);
        command.args(&args);
        let decoded = run(command, &hex.join("\n"));
        assert_eq!(decoded.code, Some(0), "{args:?}: {decoded:#?}");
        let encoded = run(kazasu(["encode"]), &decoded.stdout);
        assert_eq!(encoded.code, Some(0), "{args:?}: {encoded:#?}");
        assert_eq!(encoded.stdout.to_lowercase().lines().collect::<Vec<_>>(), hex, "{args:?}");
        frames += hex.len();
    }
    assert!(frames > 100, "{frames} frames");
}

#[test]
fn a_broken_frame_ends_with_2_and_names_the_byte() {
    let rows = [
        ("pn532", "0000FF06FAD50332010607E900", "byte 11"),
        ("felica", "0600FFFF", "byte 0"),
        ("atr", "3B", "byte 1"),
    ];
    for (dialect, hex, place) in rows {
        let broken = run(kazasu(["decode", "--dialect", dialect, hex]), "");
        assert_eq!(broken.code, Some(2), "{broken:#?}");
        assert!(broken.stderr.contains(place), "{hex}: {broken:#?}");
        assert_eq!(broken.stdout, "");
    }
    // Several on standard input: each bad line is told with its number, the others are decoded.
    let mixed = run(kazasu(["decode", "--dialect", "felica"]), "0600FFFF0100\n0600FFFF\n");
    assert_eq!(mixed.code, Some(2), "{mixed:#?}");
    assert!(mixed.stdout.contains("Polling") && mixed.stdout.contains("line 2"), "{mixed:#?}");
}
