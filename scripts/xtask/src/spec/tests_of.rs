//! Which part of a tree is test.

use std::collections::BTreeSet;

use crate::tree::Source;

/// A file's test, or the part of it that is one; with it the tables that tests walk.
pub(super) struct Test<'a> {
    pub(super) path: &'a str,
    pub(super) text: &'a str,
}

/// Every test of the tree, and every document that a test includes: there stand the rows that it
/// walks. The chores' own tests are no tests of the product.
pub(super) fn collect(sources: &[Source]) -> Vec<Test<'_>> {
    let mut tests: Vec<Test<'_>> = sources
        .iter()
        .filter_map(|source| Some(Test { path: &source.path, text: test_in(source)? }))
        .collect();
    let included: BTreeSet<String> = tests.iter().flat_map(|test| included(test)).collect();
    let tables = sources.iter().filter(|s| s.path.ends_with(".md") && included.contains(&s.path));
    tests.extend(tables.map(|source| Test { path: &source.path, text: &source.text }));
    tests
}

/// The part of a Rust file that is test.
fn test_in(source: &Source) -> Option<&str> {
    let path = source.path.as_str();
    if !path.ends_with(".rs") || path.starts_with("scripts/") {
        return None;
    }
    let in_tests = path.starts_with("tests/") || path.contains("/tests/");
    if in_tests || path.ends_with("_test.rs") {
        return Some(&source.text);
    }
    let (_, rest) = source.text.split_once("\n#[cfg(test)]\nmod tests {\n")?;
    // As rustfmt leaves it, the first line that is only a closing bracket ends the module.
    Some(rest.split_once("\n}\n").map_or(rest, |(inside, _)| inside))
}

/// The part of a Rust file that is no test; `None` where all of it is.
pub(super) fn product_in(source: &Source) -> Option<&str> {
    match test_in(source) {
        None => Some(&source.text),
        Some(test) if test.len() == source.text.len() => None,
        Some(_) => source.text.split("\n#[cfg(test)]\nmod tests {\n").next(),
    }
}

/// The files that a test takes in by `include_str!`, relative to the repository.
fn included(test: &Test<'_>) -> Vec<String> {
    let arguments = test.text.split("include_str!(\"").skip(1);
    arguments.filter_map(|rest| resolve(test.path, rest.split_once('"')?.0)).collect()
}

/// A path as written in `from`, seen from the repository; `None` where it leads out of it.
fn resolve(from: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in relative.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.into(), text: text.into() }
    }

    #[test]
    fn only_tests_count_and_the_tables_that_they_walk() {
        let inline =
            "fn code() {} // not this\n\n#[cfg(test)]\nmod tests {\n    inside\n}\nafter\n";
        let rows: &[(&str, &str, Option<&str>)] = &[
            ("a/src/x.rs", "fn code() {}\n", None),
            ("a/src/x.rs", inline, Some("    inside")),
            ("a/src/x_test.rs", "all", Some("all")),
            ("a/tests/x.rs", "all", Some("all")),
            ("a/tests/deep/mod.rs", "all", Some("all")),
            ("tests/e2e/main.rs", "all", Some("all")),
            ("tests/e2e/data.txt", "all", None),
            ("scripts/xtask/src/y_test.rs", "all", None),
            ("docs/x.md", "all", None),
        ];
        for (path, text, expected) in rows {
            let sources = [source(path, text)];
            let texts: Vec<_> = collect(&sources).iter().map(|test| test.text).collect();
            assert_eq!(texts, expected.iter().copied().collect::<Vec<_>>(), "{path}");
        }
    }

    #[test]
    fn a_table_counts_only_where_a_test_includes_it() {
        let walks = "include_str!(\"../table.md\") include_str!(\"./near.md\")";
        let sources = [
            source("a/src/near.md", "not this one"),
            source("a/src/deep/near.md", "near"),
            source("a/src/deep/walk_test.rs", walks),
            source("a/src/table.md", "rows"),
            source("a/src/shown.rs", "include_str!(\"shown.md\")"),
            source("a/src/shown.md", "not this one either"),
        ];
        let paths: Vec<_> = collect(&sources).iter().map(|test| test.path).collect();
        assert_eq!(paths, ["a/src/deep/walk_test.rs", "a/src/deep/near.md", "a/src/table.md"]);
    }

    #[test]
    fn a_path_is_seen_from_the_file_that_says_it() {
        for (from, relative, expected) in [
            ("a/b/c.rs", "d.md", Some("a/b/d.md")),
            ("a/b/c.rs", "../d.md", Some("a/d.md")),
            ("c.rs", "../d.md", None),
        ] {
            assert_eq!(resolve(from, relative).as_deref(), expected, "{from} {relative}");
        }
    }
}
