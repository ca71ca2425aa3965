//! What stays inside its crate: modules by path; and how large the binary may be.

use super::{Finding, Source, product};

/// How many lines of `src/` may be built into the binary: arguments, configuration and wiring.
const SRC_LINES_MAX: usize = 7600;

/// Targets that take a module of the binary all the same: a program is nothing that one can depend on.
const OF_THE_BINARY: [&str; 2] =
    ["registration/fuzz/fuzz_targets/config.rs", "registration/fuzz/fuzz_targets/socket.rs"];

/// No module is taken from another crate's folder (`folders`, the root's is empty): that crate would
/// change under its feet, and no arrow between the two would be seen.
pub(super) fn paths(path: &str, text: &str, folders: &[&str]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Some(to) = line.trim().strip_prefix("#[path = \"").and_then(|l| l.strip_suffix("\"]"))
        else {
            continue;
        };
        let target = joined(path, to);
        let of = crate_of(&target, folders);
        let is_excepted = of.is_empty() && OF_THE_BINARY.contains(&path);
        if of != crate_of(path, folders) && !is_excepted {
            let message = format!("{target} belongs to another crate: depend on that one");
            findings.push(Finding::new(path, index + 1, "path", message));
        }
    }
    findings
}

/// `to`, seen from the folder of the file `from`.
fn joined(from: &str, to: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in to.split('/') {
        match part {
            ".." => {
                parts.pop();
            }
            "." => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The innermost crate's folder that a file is in.
fn crate_of<'a>(path: &str, folders: &[&'a str]) -> &'a str {
    let holds = |folder: &&&str| {
        folder.is_empty() || path.strip_prefix(**folder).is_some_and(|rest| rest.starts_with('/'))
    };
    folders.iter().filter(holds).max_by_key(|folder| folder.len()).copied().unwrap_or_default()
}

/// What the binary holds no surface but its own can reach: it stays small.
pub(super) fn size(sources: &[Source]) -> Vec<Finding> {
    let ours = sources.iter().filter(|s| s.path.starts_with("src/") && s.path.ends_with(".rs"));
    let lines: usize = ours.map(|s| product::lines(&s.path, &s.text).len()).sum();
    if lines <= SRC_LINES_MAX {
        return Vec::new();
    }
    let message = format!(
        "holds {lines} lines without its tests, and may hold {SRC_LINES_MAX}: what is a rule, a \
         message or a use case belongs to a library"
    );
    vec![Finding::new("src", 0, "size", message)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_by_path_stays_in_its_crate() {
        let folders = ["", "a", "a/fuzz", "ab"];
        let rows = [
            ("a/src/lib.rs", "m_test.rs", None),
            ("a/src/x/mod.rs", "../m.rs", None),
            ("a/fuzz/targets/t.rs", "../checks.rs", None),
            ("src/main.rs", "../tests/m.rs", None),
            ("a/tests/t.rs", "../fuzz/checks.rs", Some("a/fuzz/checks.rs")),
            ("a/fuzz/targets/t.rs", "../../src/m.rs", Some("a/src/m.rs")),
            ("a/src/lib.rs", "../../ab/src/m.rs", Some("ab/src/m.rs")),
            ("a/src/lib.rs", "../../src/m.rs", Some("src/m.rs")),
            (OF_THE_BINARY[0], "../../../src/m.rs", None),
            (OF_THE_BINARY[0], "../../../a/src/m.rs", Some("a/src/m.rs")),
        ];
        for (from, to, expected) in rows {
            let text = format!("mod a;\n    #[path = \"{to}\"]\n    mod b;\n");
            let found = paths(from, &text, &folders);
            let expected: Vec<_> = expected
                .iter()
                .map(|to| {
                    format!("{from}:2: path: {to} belongs to another crate: depend on that one")
                })
                .collect();
            assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn the_binary_stays_small() {
        let file = |path: &str, lines| Source { path: path.to_owned(), text: "x\n".repeat(lines) };
        let rows = [
            (vec![file("src/a.rs", SRC_LINES_MAX)], 0),
            (vec![file("src/a.rs", SRC_LINES_MAX), file("src/a_test.rs", 9)], 0),
            (vec![file("src/a.rs", SRC_LINES_MAX), file("hal/core/src/b.rs", 9)], 0),
            (vec![file("src/a.rs", SRC_LINES_MAX), file("src/b/c.rs", 1)], 1),
        ];
        for (sources, expected) in rows {
            assert_eq!(size(&sources).len(), expected);
        }
    }
}
