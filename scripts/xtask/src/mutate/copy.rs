//! The copy of the tree in which the mutations stand.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
};

use anyhow::{Context, Result, bail};

use super::{LIST, SWITCH, list::Mutation};
use crate::tree;

/// Brings the copy to what the tree is now. Only what changed is written, so that only that is built
/// again.
///
/// # Errors
/// A mutation whose place does not stand once in its file.
pub(super) fn make(root: &Path, copy: &Path, mutations: &[Mutation<'_>]) -> Result<()> {
    fs::create_dir_all(copy)?;
    let paths: BTreeSet<_> =
        tree::paths(root)?.into_iter().filter(|path| !path.contains("/target/")).collect();
    for stale in tree::paths(copy)?.difference(&paths).filter(|path| !path.ends_with('/')) {
        fs::remove_file(copy.join(stale)).with_context(|| stale.clone())?;
    }
    let roots: BTreeSet<_> = mutations.iter().map(|mutation| crate_root(mutation.file)).collect();
    for path in paths {
        let (from, to) = (root.join(&path), copy.join(&path));
        if path.ends_with('/') {
            fs::create_dir_all(to)?;
            continue;
        }
        if !from.is_file() {
            continue;
        }
        let mut bytes = fs::read(&from).with_context(|| path.clone())?;
        let here: Vec<_> = mutations.iter().filter(|mutation| mutation.file == path).collect();
        if !here.is_empty() || roots.contains(&path) {
            let mut text = String::from_utf8(bytes).with_context(|| path.clone())?;
            text = switched(&text, &here)?;
            if roots.contains(&path) {
                text.push_str(&switch());
            }
            bytes = text.into_bytes();
        }
        if fs::read(&to).ok().as_ref() != Some(&bytes) {
            fs::write(&to, bytes).with_context(|| path.clone())?;
        }
    }
    Ok(())
}

/// `lib.rs` of the crate that a file belongs to.
fn crate_root(file: &str) -> String {
    let folder = file.split_once("/src/").map_or("", |(folder, _)| folder);
    format!("{folder}/src/lib.rs")
}

/// The text of a file with its mutations, each behind its number.
fn switched(text: &str, mutations: &[&Mutation<'_>]) -> Result<String> {
    let mut places: BTreeMap<(usize, usize), Vec<&Mutation<'_>>> = BTreeMap::new();
    for mutation in mutations {
        let [before, place, behind] = mutation.find.map(unfolded);
        let whole = [&before[..], &place, &behind].concat();
        let mut found = text.match_indices(&whole).map(|(at, _)| at + before.len());
        let (Some(at), None) = (found.next(), found.next()) else {
            bail!("{LIST}: {whole:?} does not stand once in {}", mutation.file);
        };
        places.entry((at, at + place.len())).or_default().push(mutation);
    }
    let mut out = String::new();
    let mut done = 0;
    for ((from, to), mutations) in places {
        let (Some(between), Some(place)) = (text.get(done..from), text.get(from..to)) else {
            let what = mutations.first().map_or("", |mutation| mutation.what);
            bail!("{LIST}: {what:?} is at a place that reaches into another one's");
        };
        let mut choice = String::new();
        for Mutation { number, replace, .. } in mutations {
            let replace = unfolded(replace);
            write!(choice, "if crate::mutant({number}) {{ {replace} }} else ")?;
        }
        write!(choice, "{{ {place} }}")?;
        // In parentheses an expression may stand before a dot or an operator.
        let choice = if place.ends_with(';') { choice } else { format!("({choice})") };
        out.extend([between, &choice]);
        done = to;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Ok(out)
}

fn unfolded(text: &str) -> String {
    text.replace("\\n", "\n")
}

/// What asks for the number; crates without the standard library are given it for that.
fn switch() -> String {
    format!(
        "\nextern crate std as mutants_std;\n\
         pub(crate) fn mutant(number: u32) -> bool {{\n\
             static ON: mutants_std::sync::OnceLock<Option<u32>> =\n\
                 mutants_std::sync::OnceLock::new();\n\
             *ON.get_or_init(|| mutants_std::env::var({SWITCH:?}).ok()?.parse().ok()) == Some(number)\n\
         }}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutation<'a>(number: usize, find: [&'a str; 3], replace: &'a str) -> Mutation<'a> {
        Mutation { number, chapter: "a", file: "a/src/b.rs", what: "", find, replace }
    }

    /// Whoever moves a place takes its row along.
    #[test]
    fn the_list_fits_the_tree() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let text = fs::read_to_string(root.join(LIST)).unwrap();
        let names: Vec<_> = super::super::CHAPTERS.iter().map(|chapter| chapter.name).collect();
        let mutations = super::super::list::parse(&text, &names).unwrap();
        let files: BTreeSet<_> = mutations.iter().map(|mutation| mutation.file).collect();
        for file in files {
            let here: Vec<_> = mutations.iter().filter(|mutation| mutation.file == file).collect();
            let text = fs::read_to_string(root.join(file)).expect(file);
            switched(&text, &here).unwrap();
        }
    }

    #[test]
    fn places_are_switched() {
        let text = "let y = x | 1; z();";
        let or = mutation(1, ["", "x | 1", ""], "x & 1");
        let also = mutation(2, ["= ", "x | 1", ""], "x");
        let call = mutation(3, ["; ", "z();", ""], "()");
        let expected = "let y = (if crate::mutant(1) { x & 1 } else if crate::mutant(2) { x } else \
                        { x | 1 }); if crate::mutant(3) { () } else { z(); }";
        assert_eq!(switched(text, &[&call, &or, &also]).unwrap(), expected);
        let into = mutation(4, ["", "x | 1;", ""], "()");
        assert!(switched(text, &[&or, &into]).is_err());
        assert!(switched("x | 1, x | 1", &[&or]).is_err());
        assert!(switched("", &[&or]).is_err());
    }
}
