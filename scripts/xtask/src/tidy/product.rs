//! What of a Rust file is built into the product: neither tests nor checks for any bytes.

/// The file's lines and their numbers, from 1; none of a file that is a test as a whole.
///
/// An inline module of tests goes to its brace at the line's start, as rustfmt writes it.
pub(super) fn lines<'a>(path: &str, text: &'a str) -> Vec<(usize, &'a str)> {
    if is_test(path) {
        return Vec::new();
    }
    let mut lines = Vec::new();
    let mut all = text.lines().enumerate().peekable();
    while let Some((index, line)) = all.next() {
        if !matches!(line.trim(), "#[cfg(test)]" | "#[cfg(any(test, fuzzing))]") {
            lines.push((index + 1, line));
            continue;
        }
        // What the attribute stands before goes with it, other attributes between them too.
        let indent = line.len() - line.trim_start().len();
        for (_, line) in all.by_ref() {
            let ends = line.len() - line.trim_start().len() == indent
                && (line.trim_end().ends_with([';', '}']) || line.trim() == "}");
            if ends {
                break;
            }
        }
    }
    lines
}

/// Files whose names say that they are built for tests or fuzz targets alone.
fn is_test(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.strip_suffix(".rs").unwrap_or(name);
    stem == "fuzz"
        || ["_test", "_tests", "_fuzz"].iter().any(|end| stem.ends_with(end))
        || folders.split('/').any(|folder| matches!(folder, "tests" | "fuzz" | "fuzz_targets"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_checks_are_left_out() {
        let text = "a\n#[cfg(test)]\nmod tests {\n    b\n}\nc\n#[cfg(test)]\n#[path = \"x\"]\nmod d;\n\
                    impl E {\n    #[cfg(any(test, fuzzing))]\n    fn f() {\n        g\n    }\n    h\n}\n";
        let rows: &[(&str, &[&str])] = &[
            ("hal/core/src/a.rs", &["a", "c", "impl E {", "    h", "}"]),
            ("hal/core/src/a_test.rs", &[]),
            ("hal/core/tests/a.rs", &[]),
            ("hal/core/src/fuzz/a.rs", &[]),
            ("hal/core/src/fuzz.rs", &[]),
        ];
        for (path, expected) in rows {
            let found: Vec<_> = lines(path, text).into_iter().map(|(_, line)| line).collect();
            assert_eq!(found, *expected, "{path}");
        }
        assert_eq!(lines("a.rs", text)[1], (6, "c"));
    }
}
