//! Breaks the tree on purpose, one listed place after the other, and asks whether the tests notice
//! that have to: recorded bytes and tests written by hand for codecs, since in Pair and property
//! tests driver and simulator would share the mistake; the row's own test for rules; the random
//! sequences for bugs of the kind that they are there for.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// Chapters `[name]`, and in them `file ;; what it breaks ;; find ;; replace`, one a line; `#`
/// starts a comment.
const LIST: &str = "scripts/xtask/mutations.txt";
/// What of the tree every crate's build needs.
const NEEDED: &[&str] = &["Cargo.toml", "Cargo.lock", "clippy.toml"];

/// A chapter of the list: what is broken, and who judges.
struct Chapter {
    name: &'static str,
    package: &'static str,
    /// Folders that make up the copy's workspace.
    members: &'static [&'static str],
    /// Which tests, as `cargo test` and its test binaries take it.
    tests: &'static [&'static str],
    filter: &'static [&'static str],
}

const CHAPTERS: &[Chapter] = &[
    Chapter {
        name: "codecs",
        package: "kazasu-wire",
        members: &["drivers/wire"],
        tests: &["--all-features", "--test", "corpus", "--test", "messages", "--test", "refusals"],
        filter: &[],
    },
    Chapter {
        name: "rules",
        package: "kazasu-registration",
        members: &["hal/core", "registration/core"],
        tests: &["--lib"],
        filter: &["--skip", "sequence_test", "--skip", "walk_test", "--skip", "table_test"],
    },
    Chapter {
        name: "planted",
        package: "kazasu-registration",
        members: &["hal/core", "registration/core"],
        tests: &["--lib"],
        filter: &["sequence_test", "walk_test"],
    },
];

/// One way to break something.
struct Mutation<'a> {
    file: &'a str,
    what: &'a str,
    find: &'a str,
    replace: &'a str,
}

/// Runs every mutation of the list, or of one chapter, in a copy of the tree; `Ok(false)` where
/// one survives.
pub(crate) fn run(root: &Path, only: Option<&str>, say: impl Fn(&str)) -> Result<bool> {
    if let Some(name) = only {
        let names: Vec<_> = CHAPTERS.iter().map(|chapter| chapter.name).collect();
        ensure!(names.contains(&name), "no chapter {name:?}: there are {}", names.join(", "));
    }
    let text = fs::read_to_string(root.join(LIST)).with_context(|| LIST.to_owned())?;
    let (mut count, mut survivors) = (0, 0);
    for chapter in CHAPTERS.iter().filter(|chapter| only.is_none_or(|name| chapter.name == name)) {
        let copy = root.join("target/mutate").join(chapter.name);
        mirror(root, chapter, &copy)?;
        let fails = || format!("{}: the tests fail without any mutation: mend them", chapter.name);
        ensure!(judge(chapter, &copy)?, fails());
        for mutation in parse(chapter.name, &text)? {
            count += 1;
            let survived = survives(chapter, &copy, &mutation)?;
            let verdict = if survived { "SURVIVED" } else { "killed" };
            survivors += usize::from(survived);
            let Mutation { file, what, .. } = mutation;
            say(&format!("{count:3}  {verdict:8}  {} {file}: {what}", chapter.name));
        }
    }
    say(&format!("{count} mutations, {survivors} survived"));
    Ok(survivors == 0)
}

fn survives(chapter: &Chapter, copy: &Path, mutation: &Mutation<'_>) -> Result<bool> {
    let path = copy.join(mutation.file);
    let original = fs::read_to_string(&path).with_context(|| mutation.file.to_owned())?;
    let count = original.matches(mutation.find).count();
    ensure!(
        count == 1,
        "{LIST}: {:?} stands {count} times in {}, wanted is once",
        mutation.find,
        mutation.file
    );
    fs::write(&path, original.replacen(mutation.find, mutation.replace, 1))?;
    let survived = judge(chapter, copy);
    fs::write(&path, original)?;
    survived
}

/// The mutations of one chapter.
fn parse<'a>(chapter: &str, text: &'a str) -> Result<Vec<Mutation<'a>>> {
    let mut within = false;
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            within = name == chapter;
            continue;
        }
        let parts: Vec<&str> = line.split(" ;; ").collect();
        let [file, what, find, replace] = parts.as_slice() else {
            bail!("{LIST}: wanted is `file ;; what ;; find ;; replace`, not {line:?}");
        };
        if within {
            found.push(Mutation { file, what, find, replace });
        }
    }
    Ok(found)
}

/// Copies what the chapter's crate needs. The other members stay away.
fn mirror(root: &Path, chapter: &Chapter, copy: &Path) -> Result<()> {
    if copy.exists() {
        fs::remove_dir_all(copy)?;
    }
    fs::create_dir_all(copy)?;
    for name in NEEDED {
        fs::copy(root.join(name), copy.join(name)).with_context(|| (*name).to_owned())?;
    }
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let mut manifest: toml::Table = manifest.parse().context("Cargo.toml")?;
    let workspace = manifest.get_mut("workspace").and_then(toml::Value::as_table_mut);
    let mut workspace = workspace.context("Cargo.toml has no [workspace]")?.clone();
    for list in ["members", "default-members"] {
        workspace.insert(list.to_owned(), chapter.members.to_vec().into());
    }
    let mut alone = toml::Table::new();
    alone.insert("workspace".to_owned(), workspace.into());
    fs::write(copy.join("Cargo.toml"), alone.to_string())?;
    for member in chapter.members {
        copy_folder(&root.join(member), &copy.join(member))?;
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() && entry.file_name() != "target" {
            copy_folder(&entry.path(), &target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Whether all judges pass. A mutation that does not compile is no mutation: that is an error.
fn judge(chapter: &Chapter, copy: &Path) -> Result<bool> {
    let cargo = |before: &[&str], after: &[&str]| -> Result<bool> {
        let mut command = Command::new(env!("CARGO"));
        command.current_dir(copy).env("CARGO_TARGET_DIR", copy.with_file_name("build"));
        command.args(["test", "--quiet", "--package", chapter.package]).args(chapter.tests);
        command.args(before).arg("--").args(after);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(command.status().context("cargo")?.success())
    };
    ensure!(cargo(&["--no-run"], &[])?, "a mutation does not compile: mend {LIST}");
    cargo(&[], chapter.filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_four_parts() {
        let text = "# a comment\n[a]\n\na.rs ;; what ;; x | 1 ;; x & 1\n[b]\nb.rs ;; w ;; y ;; z\n";
        let list = parse("a", text).unwrap();
        assert_eq!(list.len(), 1);
        assert_eq!((list[0].find, list[0].replace), ("x | 1", "x & 1"));
        assert!(parse("a", "[b]\na.rs ;; what ;; x + 1").is_err());
    }
}
