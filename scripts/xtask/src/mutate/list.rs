//! What is broken.

use anyhow::{Result, bail, ensure};

use super::LIST;

/// One way to break something.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mutation<'a> {
    /// Its place in the whole list, from one.
    pub(super) number: usize,
    pub(super) chapter: &'a str,
    pub(super) file: &'a str,
    pub(super) what: &'a str,
    /// Stands once in the file: what goes before the place, the place, what comes behind.
    pub(super) find: [&'a str; 3],
    pub(super) replace: &'a str,
}

/// Reads `file ;; what it breaks ;; find ;; replace`, one a line, below `[chapter]`; `#` starts a
/// comment. What is replaced is a whole expression, or whole statements with their semicolon; where
/// that alone does not stand once in the file, `find` has it between « and » and tells what is beside
/// it. A line break in the file is `\n` here.
///
/// # Errors
/// Names the line that is none.
pub(super) fn parse<'a>(text: &'a str, chapters: &[&str]) -> Result<Vec<Mutation<'a>>> {
    let mut chapter = None;
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            ensure!(chapters.contains(&name), "{LIST}: no chapter {name:?} is known");
            chapter = Some(name);
            continue;
        }
        let parts: Vec<&str> = line.split(" ;; ").collect();
        let ([file, what, find, replace], Some(chapter)) = (parts.as_slice(), chapter) else {
            bail!("{LIST}: wanted is `file ;; what ;; find ;; replace`, not {line:?}");
        };
        let find = match find.split_once('«') {
            None => ["", find, ""],
            Some((before, rest)) => match rest.split_once('»') {
                Some((place, behind)) => [before, place, behind],
                None => bail!("{LIST}: « without » in {line:?}"),
            },
        };
        let number = found.len() + 1;
        found.push(Mutation { number, chapter, file, what, find, replace });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_four_parts() {
        let text = "# a comment\n[a]\n\na.rs ;; what ;; x | 1 ;; x & 1\n[b]\nb.rs ;; w ;; if «y» {} ;; z\n";
        let list = parse(text, &["a", "b"]).unwrap();
        let short: Vec<_> = list.iter().map(|m| (m.number, m.chapter, m.find, m.replace)).collect();
        let expected = [(1, "a", ["", "x | 1", ""], "x & 1"), (2, "b", ["if ", "y", " {}"], "z")];
        assert_eq!(short, expected);
        for wrong in
            ["[a]\na.rs ;; what ;; x", "a.rs ;; w ;; x ;; y", "[c]", "[a]\na ;; w ;; «x ;; y"]
        {
            assert!(parse(wrong, &["a"]).is_err(), "{wrong}");
        }
    }
}
