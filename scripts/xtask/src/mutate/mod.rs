//! Breaks the tree on purpose, one listed place after the other, and asks whether the tests notice
//! that have to: recorded bytes and tests written by hand for codecs, since in Pair and property
//! tests driver and simulator would share the mistake; the crate's own tests for rules; the random
//! sequences for bugs of the kind that they are there for.
//!
//! All mutations stand in one copy of the tree, each behind its number in an environment variable:
//! so every crate is built once.

mod copy;
mod judge;
mod list;

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};

use list::Mutation;

/// Chapters `[name]`, and in them rows as [`list::parse`] takes them.
const LIST: &str = "scripts/xtask/mutations.txt";
/// Which mutation is on: its number in the list, counted from one.
const SWITCH: &str = "KAZASU_MUTANT";

/// A chapter of the list: what is broken, and who judges.
struct Chapter {
    name: &'static str,
    package: &'static str,
    /// The package's folder.
    folder: &'static str,
    /// Which tests, as `cargo test` and its test binaries take it.
    tests: &'static [&'static str],
    filter: &'static [&'static str],
}

const CHAPTERS: &[Chapter] = &[
    Chapter {
        name: "codecs",
        package: "kazasu-wire",
        folder: "drivers/wire",
        tests: &["--all-features", "--test", "corpus", "--test", "messages", "--test", "refusals"],
        filter: &[],
    },
    Chapter {
        name: "rules",
        package: "kazasu-registration",
        folder: "registration/core",
        tests: &["--lib"],
        filter: &["--skip", "sequence_test", "--skip", "walk_test", "--skip", "table_test"],
    },
    Chapter {
        name: "planted",
        package: "kazasu-registration",
        folder: "registration/core",
        tests: &["--lib"],
        filter: &["sequence_test", "walk_test"],
    },
    Chapter {
        name: "runtime",
        package: "kazasu-runtime",
        folder: "hal/runtime",
        tests: &["--lib"],
        filter: &[],
    },
    Chapter {
        name: "pcsc",
        package: "kazasu-pcsc",
        folder: "drivers/pcsc",
        tests: &["--lib"],
        filter: &[],
    },
    Chapter {
        name: "service",
        package: "kazasu-service",
        folder: "registration/service",
        tests: &["--lib", "--test", "service"],
        filter: &[],
    },
    Chapter {
        name: "store",
        package: "kazasu-store",
        folder: "registration/store",
        tests: &["--lib"],
        filter: &[],
    },
    Chapter {
        name: "directory",
        package: "kazasu-directory",
        folder: "registration/directory",
        tests: &["--lib"],
        filter: &[],
    },
];

/// Runs every mutation of the list, or of one chapter, in a copy of the tree; `Ok(false)` where
/// one survives.
///
/// # Errors
/// A list that does not fit the tree, a mutation that does not compile, tests that fail without any.
pub(crate) fn run(root: &Path, only: Option<&str>, say: impl Fn(&str)) -> Result<bool> {
    let names: Vec<_> = CHAPTERS.iter().map(|chapter| chapter.name).collect();
    if let Some(name) = only {
        ensure!(names.contains(&name), "no chapter {name:?}: there are {}", names.join(", "));
    }
    let text = fs::read_to_string(root.join(LIST)).with_context(|| LIST.to_owned())?;
    let mutations = list::parse(&text, &names)?;
    let copy = root.join("target/mutate/tree");
    copy::make(root, &copy, &mutations)?;
    let (mut count, mut survivors) = (0, 0);
    for chapter in CHAPTERS.iter().filter(|chapter| only.is_none_or(|name| chapter.name == name)) {
        let judges = judge::Judges::build(chapter, &copy)?;
        for mutation in mutations.iter().filter(|mutation| mutation.chapter == chapter.name) {
            count += 1;
            let verdict = judges.about(mutation.number)?;
            survivors += usize::from(verdict == judge::Verdict::Survived);
            let Mutation { number, file, what, .. } = mutation;
            say(&format!("{number:3}  {verdict:8}  {} {file}: {what}", chapter.name));
        }
    }
    say(&format!("{count} mutations, {survivors} survived"));
    Ok(survivors == 0)
}
