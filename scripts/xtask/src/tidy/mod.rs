//! The rules of the house, as far as a program can see them.

mod arrows;
mod callers;
mod crates;
mod identifiers;
mod map;
mod product;
mod text;

use std::{fmt, path::Path};

use anyhow::Context;

use crate::{
    generate,
    tree::{self, Source},
};

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Relative to the repository.
    path: String,
    /// From 1; 0 where it is about the file as a whole.
    line: usize,
    rule: &'static str,
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, rule: &'static str, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, rule, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.rule, self.message)
    }
}

/// Checks every rule on the tree below `root`.
///
/// # Errors
/// What cannot be read.
pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let paths = tree::paths(root)?;
    let sources = tree::sources(root, &paths)?;
    let allowed = identifiers::Allowed::parse(&text_of(&sources, identifiers::LIST)?);
    let manifests: Vec<&Source> =
        sources.iter().filter(|s| is_named(&s.path, "Cargo.toml")).collect();

    let mut folders: Vec<&str> = manifests
        .iter()
        .filter_map(|m| m.path.strip_suffix("Cargo.toml"))
        .map(|folder| folder.trim_end_matches('/'))
        .collect();
    folders.sort_unstable();

    let mut findings = arrows::check(&manifests)?;
    findings.extend(crates::size(&sources));
    let libraries: Vec<&str> = folders.iter().copied().filter(|f| is_library(f)).collect();
    findings.extend(callers::check(&sources, &libraries, &text_of(&sources, callers::LIST)?));
    for source in &sources {
        findings.extend(text::check(&source.path, &source.text));
        findings.extend(identifiers::check(&source.path, &source.text, &allowed));
        findings.extend(crates::paths(&source.path, &source.text, &folders));
        findings.extend(map::links(&source.path, &source.text, &paths));
    }
    match sources.iter().find(|s| s.path == map::FILE) {
        Some(source) => {
            let crates: Vec<&str> =
                manifests.iter().filter_map(|m| m.path.strip_suffix("/Cargo.toml")).collect();
            findings.extend(map::tree(&source.text, &paths, &crates));
        }
        None => findings.push(Finding::new(map::FILE, 0, "map", "is missing")),
    }
    findings.extend(match sources.iter().find(|s| s.path == "CHANGELOG.md") {
        Some(source) => text::changelog(&source.text),
        None => vec![Finding::new("CHANGELOG.md", 0, "changelog", "is missing")],
    });
    for output in generate::outputs(root)? {
        let present = sources.iter().find(|s| s.path == output.path).map(|s| s.text.as_str());
        if let Some(line) = output.stale_at(present) {
            let message = "is not what the tables say: run `cargo xtask generate`";
            findings.push(Finding::new(output.path, line, "stale", message));
        }
    }
    findings.sort();
    findings.dedup();
    Ok(findings)
}

/// Crates whose functions the product or another program calls: not the program itself, nor what
/// only tests and chores are made of.
fn is_library(folder: &str) -> bool {
    !folder.is_empty()
        && !["tests", "scripts"].iter().any(|above| folder.starts_with(above))
        && !folder.ends_with("/fuzz")
}

fn text_of(sources: &[Source], path: &str) -> anyhow::Result<String> {
    let source = sources.iter().find(|s| s.path == path).with_context(|| format!("no {path}"))?;
    Ok(source.text.clone())
}

fn is_named(path: &str, name: &str) -> bool {
    path.rsplit('/').next() == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_as_file_line_rule_and_message() {
        let finding = Finding::new("src/main.rs", 7, "tabs", "a tab");
        assert_eq!(finding.to_string(), "src/main.rs:7: tabs: a tab");
    }

    /// The tree as it stands is readable to every check; whether it is tidy is for the command.
    #[test]
    fn this_repository_can_be_checked() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        check(root).unwrap();
    }
}
