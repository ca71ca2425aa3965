//! What the tests vouch for: rows of the specification, and error codes.
//!
//! A row counts as tested where a test names its number. That a test with a number in it also
//! checks the row is for whoever reads it; that no row was forgotten is for this.

mod codes;
mod rows;
mod tests_of;

use std::{fs, path::Path};

use anyhow::{Context, Result};

use crate::tree;

/// The rows: number, then a few words.
const ROWS: &str = "scripts/xtask/spec-rows.txt";
/// The codes that nothing produces yet: code, then why.
pub(crate) const RESERVED: &str = "scripts/xtask/reserved-codes.txt";

/// Tells what no test vouches for; `Ok(false)` where there is any. `list` tells also, for each row,
/// which files name it.
///
/// # Errors
/// A list or file that cannot be read, and a list that says something twice.
pub(crate) fn check(root: &Path, list: bool, say: impl Fn(&str)) -> Result<bool> {
    let read = |path: &str| fs::read_to_string(root.join(path)).with_context(|| path.to_owned());
    let paths = tree::paths(root)?;
    let sources = tree::sources(root, &paths)?;
    let tests = tests_of::collect(&sources);
    let [rows, reserved] = [read(ROWS)?, read(RESERVED)?];
    let rows = parse(&rows).context(ROWS)?;
    let reserved = parse(&reserved).context(RESERVED)?;

    let named = rows::named(&tests);
    if list {
        for (row, words) in &rows {
            let files = named.get(*row).map_or_else(|| "-".to_owned(), |files| files.join(", "));
            say(&format!("{row}  {words}: {files}"));
        }
    }
    let mut findings = rows::check(&rows, &named);
    findings.extend(codes::check(&reserved, &codes::produced(&tests), &codes::sayable(&sources)));
    for finding in &findings {
        say(finding);
    }
    say(&format!(
        "spec: {} rows, {} error codes of which {} are reserved, {} to mend",
        rows.len(),
        codes::COUNT,
        reserved.len(),
        findings.len()
    ));
    Ok(findings.is_empty())
}

/// Lines of a word and what is said of it; `#` starts a comment.
pub(crate) fn parse(text: &str) -> Result<Vec<(&str, &str)>> {
    let mut entries: Vec<(&str, &str)> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (word, said) = line.split_once(' ').with_context(|| format!("{line}: and what?"))?;
        anyhow::ensure!(!entries.iter().any(|(other, _)| *other == word), "{word} stands twice");
        entries.push((word, said.trim()));
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_a_word_and_what_is_said_of_it() {
        let list = parse("# a comment\n\n001 later\nK01  much   later\n").unwrap();
        assert_eq!(list, [("001", "later"), ("K01", "much   later")]);
        assert!(parse("001\n").is_err(), "no reason");
        assert!(parse("001 a\n001 b\n").is_err(), "twice");
    }

    /// The lists as they stand; whether every row is named is for the command.
    #[test]
    fn this_repository_can_be_checked() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        check(root, true, |_| ()).unwrap();
    }
}
