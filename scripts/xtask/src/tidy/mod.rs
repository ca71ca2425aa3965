//! The rules of the house, as far as a program can see them.

mod arrows;
mod identifiers;
mod map;
mod text;

use std::{
    collections::BTreeSet,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context;

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

/// A text file of the repository.
struct Source {
    path: String,
    text: String,
}

/// Checks every rule on the tree below `root`.
///
/// # Errors
/// What cannot be read.
pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let paths = paths(root)?;
    let mut sources = Vec::new();
    for path in paths.iter().filter(|path| is_text(path)) {
        let text =
            fs::read_to_string(root.join(path)).with_context(|| format!("reading {path}"))?;
        sources.push(Source { path: path.clone(), text });
    }
    let allowed = identifiers::Allowed::parse(&text_of(&sources, identifiers::LIST)?);
    let manifests: Vec<&Source> =
        sources.iter().filter(|s| is_named(&s.path, "Cargo.toml")).collect();

    let mut findings = arrows::check(&manifests)?;
    for source in &sources {
        findings.extend(text::check(&source.path, &source.text));
        findings.extend(identifiers::check(&source.path, &source.text, &allowed));
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
    findings.sort();
    findings.dedup();
    Ok(findings)
}

fn text_of(sources: &[Source], path: &str) -> anyhow::Result<String> {
    let source = sources.iter().find(|s| s.path == path).with_context(|| format!("no {path}"))?;
    Ok(source.text.clone())
}

fn is_named(path: &str, name: &str) -> bool {
    path.rsplit('/').next() == Some(name)
}

/// Every file and folder (with a slash at its end) but the build's and Git's own.
fn paths(root: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut open: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder)
            .and_then(Iterator::collect::<io::Result<Vec<_>>>)
            .with_context(|| format!("reading {}", folder.display()))?;
        for entry in entries {
            let path = entry.path();
            let relative = path.strip_prefix(root)?.to_string_lossy().into_owned();
            if matches!(relative.as_str(), ".git" | "target") {
                continue;
            }
            if entry.file_type()?.is_dir() {
                found.insert(format!("{relative}/"));
                open.push(path);
            } else {
                found.insert(relative);
            }
        }
    }
    Ok(found)
}

/// What people write here. Recorded and published bytes in a corpus stay as they came.
fn is_text(path: &str) -> bool {
    if path.ends_with('/') || path.contains("/corpus/") || path.contains("/proptest-regressions/") {
        return false;
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((_, suffix)) => matches!(
            suffix,
            "rs" | "md"
                | "toml"
                | "sh"
                | "ftl"
                | "js"
                | "css"
                | "html"
                | "sim"
                | "txt"
                | "sql"
                | "svg"
        ),
        None => path.starts_with("scripts/") || path.starts_with(".ci/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_files_are_told_from_others() {
        for (path, expected) in [
            ("src/main.rs", true),
            ("scripts/run", true),
            (".ci/run", true),
            ("registration/web/i18n/ja.ftl", true),
            ("drivers/wire/", false),
            ("drivers/wire/corpus/README.md", false),
            ("docs/panel.png", false),
            ("LICENSE-MIT", false),
        ] {
            assert_eq!(is_text(path), expected, "{path}");
        }
    }

    #[test]
    fn a_finding_reads_as_file_line_rule_and_message() {
        let finding = Finding::new("src/main.rs", 7, "tabs", "a tab");
        assert_eq!(finding.to_string(), "src/main.rs:7: tabs: a tab");
    }

    /// The tree as it stands is readable to every check; whether it is tidy is for the command.
    #[test]
    fn this_repository_can_be_checked() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        assert!(paths(root).unwrap().contains("scripts/xtask/Cargo.toml"));
        check(root).unwrap();
    }
}
