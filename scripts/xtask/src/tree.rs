//! The files of the repository.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context;

/// A text file of the repository.
pub(crate) struct Source {
    /// Relative to the repository.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every file and folder (with a slash at its end) but the build's and Git's own.
///
/// # Errors
/// A folder that cannot be read.
pub(crate) fn paths(root: &Path) -> anyhow::Result<BTreeSet<String>> {
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

/// The text files among `paths`, in their order.
///
/// # Errors
/// A file that cannot be read as UTF-8.
pub(crate) fn sources(root: &Path, paths: &BTreeSet<String>) -> anyhow::Result<Vec<Source>> {
    let read = |path: &String| {
        let text =
            fs::read_to_string(root.join(path)).with_context(|| format!("reading {path}"))?;
        Ok(Source { path: path.clone(), text })
    };
    paths.iter().filter(|path| is_text(path)).map(read).collect()
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
                | "rules"
                | "conf"
        ),
        None => ["scripts/", ".ci/", "udev/", "tests/guest/"].iter().any(|of| path.starts_with(of)),
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
            ("udev/install", true),
            ("udev/60-kazasu.rules", true),
            ("registration/texts/i18n/ja.ftl", true),
            ("drivers/wire/", false),
            ("drivers/wire/corpus/README.md", false),
            ("docs/panel.png", false),
            ("LICENSE-MIT", false),
        ] {
            assert_eq!(is_text(path), expected, "{path}");
        }
    }

    #[test]
    fn folders_end_in_a_slash_and_the_build_is_left_out() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let paths = paths(root).unwrap();
        for path in ["scripts/xtask/", "scripts/xtask/Cargo.toml", "Cargo.toml"] {
            assert!(paths.contains(path), "{path}");
        }
        assert!(!paths.iter().any(|path| path.starts_with("target/") || path.starts_with(".git/")));
    }
}
