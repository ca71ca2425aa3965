//! Every public function of a library is called by something that is no test.
//!
//! By names, so that a name that is used anywhere is taken for a caller: what this finds is uncalled,
//! and not all that is uncalled is found. Examples and the programs in documentation are callers.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Source, product};

/// Functions that nothing calls, each with the reason why it is there.
pub(super) const LIST: &str = "scripts/xtask/uncalled.txt";

/// Checks the libraries, whose folders these are, against all sources.
pub(super) fn check(sources: &[Source], libraries: &[&str], list: &str) -> Vec<Finding> {
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    let mut public = Vec::new();
    for source in sources.iter().filter(|source| source.path.ends_with(".rs")) {
        let is_library = libraries.iter().any(|folder| {
            source.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with("/src/"))
        });
        let mut in_program = false;
        for (number, line) in product::lines(&source.path, &source.text) {
            let Some(code) = code(line, &mut in_program) else { continue };
            let mut before = "";
            for word in code.split(|c: char| !c.is_alphanumeric() && c != '_') {
                match before {
                    "fn" if is_library && code.trim_start().starts_with("pub ") => {
                        public.push((source, number, word));
                    }
                    "fn" => {}
                    _ => *uses.entry(word).or_default() += 1,
                }
                before = word;
            }
        }
    }
    let excepted: BTreeMap<(&str, &str), usize> = exceptions(list);
    let mut met = BTreeSet::new();
    let mut findings = Vec::new();
    for (source, number, name) in public {
        if uses.contains_key(name) {
            continue;
        }
        if excepted.contains_key(&(source.path.as_str(), name)) {
            met.insert((source.path.as_str(), name));
            continue;
        }
        let message =
            format!("nothing but tests calls {name}: let it go, or say in {LIST} why not");
        findings.push(Finding::new(&source.path, number, "uncalled", message));
    }
    for (entry, line) in excepted.iter().filter(|(entry, _)| !met.contains(*entry)) {
        let message = format!("{} is called, or is no public function of {}", entry.1, entry.0);
        findings.push(Finding::new(LIST, *line, "uncalled", message));
    }
    findings
}

/// File and name of each line `FILE NAME ;; reason`, and the line's number.
fn exceptions(list: &str) -> BTreeMap<(&str, &str), usize> {
    let entries = list.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
    entries
        .filter_map(|(index, line)| {
            let (what, reason) = line.split_once(" ;; ")?;
            let (file, name) = what.split_once(' ')?;
            (!reason.trim().is_empty()).then_some(((file, name), index + 1))
        })
        .collect()
}

/// What of a line is code: not its comment, but a program that stands in one.
fn code<'a>(line: &'a str, in_program: &mut bool) -> Option<&'a str> {
    let text = line.trim_start();
    let Some(comment) = text.strip_prefix("///").or_else(|| text.strip_prefix("//!")) else {
        *in_program = false;
        return (!text.starts_with("//")).then_some(line);
    };
    if comment.trim_start().starts_with("```") {
        // ```text is a drawing.
        *in_program = !*in_program && comment.trim() != "```text";
        return None;
    }
    in_program.then_some(comment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)], list: &str) -> Vec<String> {
        let source = |(path, text): &(&str, &str)| Source {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        let sources: Vec<_> = files.iter().map(source).collect();
        let findings = check(&sources, &["hal/core", "drivers/wire"], list);
        findings.iter().map(|f| format!("{}:{} {}", f.path, f.line, f.message)).collect()
    }

    #[test]
    fn a_public_function_has_a_caller_that_is_no_test() {
        const A: &str = "hal/core/src/a.rs";
        const MINE: &str = "impl X {\n    pub const fn mine() {}\n}\n";
        let uncalled =
            format!("{A}:2 nothing but tests calls mine: let it go, or say in {LIST} why not");
        let called: &[(&str, &str)] = &[
            ("hal/core/src/b.rs", "fn f() { X::mine(); }\n"),
            ("hal/core/src/b.rs", "//! ```\n//! X::mine();\n//! ```\n"),
            ("hal/core/examples/b.rs", "fn main() { mine(); }\n"),
            ("src/main.rs", "fn f() { list.map(X::mine) }\n"),
        ];
        for other in called {
            assert_eq!(found(&[(A, MINE), *other], ""), [""; 0], "{other:?}");
        }
        let not: &[(&str, &str)] = &[
            ("hal/core/tests/b.rs", "fn f() { X::mine(); }\n"),
            ("hal/core/src/b.rs", "// mine()\n/// [`mine`]\nfn f() {}\n"),
            ("hal/core/src/b.rs", "//! ```text\n//! mine\n//! ```\n"),
            ("hal/core/src/b.rs", "#[cfg(test)]\nmod tests {\n    fn f() { mine() }\n}\n"),
            ("drivers/wire/src/b.rs", "trait Y {\n    fn mine();\n}\n"),
        ];
        for other in not {
            assert_eq!(
                found(&[(A, MINE), *other], ""),
                std::slice::from_ref(&uncalled),
                "{other:?}"
            );
        }
        // What only the crate sees, and what a program has, is the compiler's matter.
        let others = [(A, "pub(crate) fn mine() {}\n"), ("src/main.rs", "pub fn yours() {}\n")];
        assert_eq!(found(&others, ""), [""; 0]);
    }

    #[test]
    fn an_exception_has_a_reason_and_is_one() {
        const A: &str = "hal/core/src/a.rs";
        let files = [(A, "pub fn mine() {}\npub fn used() { used() }\n")];
        assert_eq!(found(&files, &format!("# words\n{A} mine ;; why\n")), [""; 0]);
        let without = found(&files, &format!("{A} mine ;; \n"));
        assert_eq!(without.len(), 1, "{without:?}");
        let stale = found(&files, &format!("{A} mine ;; why\n{A} used ;; why\n"));
        assert_eq!(stale, [format!("{LIST}:2 used is called, or is no public function of {A}")]);
    }
}
