//! Breaks the codecs on purpose, one listed place after the other, and asks whether the recorded
//! bytes and the tests written by hand notice. Pair tests and property tests do not count: there
//! driver and simulator, encoder and decoder would share the mistake.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// `file ;; what it breaks ;; find ;; replace`, one a line; `#` starts a comment.
const LIST: &str = "scripts/xtask/mutations.txt";
/// The test binaries that may judge: recorded bytes and refusals written by hand.
const JUDGES: &[&str] = &["corpus", "messages", "refusals"];
/// What of the tree is needed to build the codecs' crate.
const NEEDED: &[&str] = &["Cargo.toml", "Cargo.lock", "clippy.toml"];

/// One way to break a codec.
struct Mutation<'a> {
    file: &'a str,
    what: &'a str,
    find: &'a str,
    replace: &'a str,
}

/// Runs every mutation of the list in a copy of the tree; `Ok(false)` where one survives.
pub(crate) fn run(root: &Path, say: impl Fn(&str)) -> Result<bool> {
    let text = fs::read_to_string(root.join(LIST)).with_context(|| LIST.to_owned())?;
    let mutations = parse(&text)?;
    let copy = root.join("target/mutate/tree");
    mirror(root, &copy)?;
    ensure!(judge(&copy)?, "the codecs' tests fail without any mutation: mend them first");
    let mut survivors = 0;
    for (number, mutation) in mutations.iter().enumerate() {
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
        let survived = judge(&copy)?;
        fs::write(&path, original)?;
        let verdict = if survived { "SURVIVED" } else { "killed" };
        survivors += usize::from(survived);
        say(&format!("{:2}  {verdict:8}  {}: {}", number + 1, mutation.file, mutation.what));
    }
    say(&format!("{} mutations, {survivors} survived", mutations.len()));
    Ok(survivors == 0)
}

fn parse(text: &str) -> Result<Vec<Mutation<'_>>> {
    let lines = text.lines().filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines
        .map(|line| {
            let parts: Vec<&str> = line.split(" ;; ").collect();
            let [file, what, find, replace] = parts.as_slice() else {
                bail!("{LIST}: wanted is `file ;; what ;; find ;; replace`, not {line:?}");
            };
            Ok(Mutation { file, what, find, replace })
        })
        .collect()
}

/// Copies what the codecs' crate needs. The other members stay away: the copy's workspace has one.
fn mirror(root: &Path, copy: &Path) -> Result<()> {
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
        workspace.insert(list.to_owned(), vec!["drivers/wire"].into());
    }
    let mut alone = toml::Table::new();
    alone.insert("workspace".to_owned(), workspace.into());
    fs::write(copy.join("Cargo.toml"), alone.to_string())?;
    copy_folder(&root.join("drivers/wire"), &copy.join("drivers/wire"))
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
fn judge(copy: &Path) -> Result<bool> {
    let cargo = |arguments: &[&str]| -> Result<bool> {
        let mut command = Command::new(env!("CARGO"));
        command.current_dir(copy).env("CARGO_TARGET_DIR", copy.with_file_name("build"));
        command.args(["test", "--quiet", "--package", "kazasu-wire", "--all-features"]);
        for judge in JUDGES {
            command.args(["--test", judge]);
        }
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(command.status().context("cargo")?.success())
    };
    ensure!(cargo(&["--no-run"])?, "the mutated codec does not compile: mend {LIST}");
    cargo(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_four_parts() {
        let list = parse("# a comment\n\na.rs ;; what ;; x | 1 ;; x & 1\n").unwrap();
        assert_eq!(list.len(), 1);
        assert_eq!((list[0].find, list[0].replace), ("x | 1", "x & 1"));
        assert!(parse("a.rs ;; what ;; x + 1").is_err());
    }
}
