//! Documents that point into the tree: ARCHITECTURE.md's map of it, and links.

use std::collections::BTreeSet;

use super::Finding;

/// The document with the map.
pub(super) const FILE: &str = "ARCHITECTURE.md";

/// Compares the map, the first fenced block of [`FILE`] that names `Cargo.toml`, with the tree.
///
/// One path a line, then words: either the whole path, or two spaces deeper for each folder with a
/// slash after its name. Lines whose first word has neither slash nor dot only go on with words.
pub(super) fn tree(text: &str, paths: &BTreeSet<String>, crates: &[&str]) -> Vec<Finding> {
    let Some((first, block)) = fenced(text) else {
        let message = "has no fenced block with the tree (one that names Cargo.toml)";
        return vec![Finding::new(FILE, 0, "map", message)];
    };
    let mut findings = Vec::new();
    let mut named = BTreeSet::new();
    let mut above: Vec<&str> = Vec::new();
    for (index, line) in block.iter().enumerate() {
        let Some(name) = line.split_whitespace().next().filter(|w| w.contains(['/', '.'])) else {
            continue;
        };
        let depth = (line.len() - line.trim_start().len()) / 2;
        above.truncate(depth);
        let path = format!("{}{name}", above.concat());
        if name.ends_with('/') {
            above.push(name);
        }
        let path = path.trim_end_matches('/').to_owned();
        if !exists(paths, &path) {
            findings.push(Finding::new(
                FILE,
                first + index,
                "map",
                format!("{path} does not exist"),
            ));
        }
        named.insert(path);
    }
    for folder in crates.iter().filter(|folder| !named.contains(**folder)) {
        findings.push(Finding::new(FILE, first, "map", format!("the crate {folder} is not named")));
    }
    findings
}

/// Whether there is such a file or folder; the root itself is the empty path.
fn exists(paths: &BTreeSet<String>, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    path.is_empty() || paths.contains(path) || paths.contains(&format!("{path}/"))
}

/// The lines of the block, and the number of the first one.
fn fenced(text: &str) -> Option<(usize, Vec<&str>)> {
    let mut open: Option<(usize, Vec<&str>)> = None;
    for (index, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            match open.take() {
                None => open = Some((index + 2, Vec::new())),
                Some(block) if block.1.iter().any(|l| l.starts_with("Cargo.toml")) => {
                    return Some(block);
                }
                Some(_) => {}
            }
        } else if let Some((_, lines)) = &mut open {
            lines.push(line);
        }
    }
    None
}

/// Checks the relative links of a document, and the paths it names in backticks.
pub(super) fn links(path: &str, text: &str, paths: &BTreeSet<String>) -> Vec<Finding> {
    if !path.ends_with(".md") {
        return Vec::new();
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for link in targets(line) {
            let to = link.split('#').next().unwrap_or_default();
            if to.contains(':') || to.is_empty() {
                continue;
            }
            if !resolve(folder, to).is_some_and(|to| exists(paths, &to)) {
                let message = format!("nothing at {link}");
                findings.push(Finding::new(path, index + 1, "links", message));
            }
        }
        // Documents at the root name paths from there; those of a crate use their own words.
        if folder.is_empty() {
            for to in line.split('`').skip(1).step_by(2).filter_map(|c| c.split_whitespace().next())
            {
                let to = to.split(':').next().unwrap_or_default();
                let top = to.split_once('/').map(|(top, _)| format!("{top}/"));
                let ours = top.is_some_and(|top| paths.contains(&top));
                if ours && !to.contains(['*', '{', '<']) && !exists(paths, to) {
                    findings.push(Finding::new(path, index + 1, "links", format!("no {to} here")));
                }
            }
        }
    }
    findings
}

/// What stands in `](...)`, code spans aside.
fn targets(line: &str) -> Vec<&str> {
    let prose = line.split('`').step_by(2);
    prose
        .flat_map(|part| part.split("](").skip(1))
        .filter_map(|rest| rest.split([')', ' ']).next())
        .collect()
}

/// `to` as seen from `folder`; `None` where it leaves the repository.
fn resolve(folder: &str, to: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for part in to.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths() -> BTreeSet<String> {
        let all = [
            "Cargo.toml",
            "README.md",
            "hal/",
            "hal/core/",
            "hal/core/a.md",
            "src/",
            "src/main.rs",
        ];
        all.map(str::to_owned).into()
    }

    #[test]
    fn the_map_names_every_crate_and_nothing_else() {
        let rows: &[(&str, &[(usize, &str)])] = &[
            ("```\nCargo.toml  all\nhal/\n  core/   words\n          more words\nsrc/\n```\n", &[]),
            ("```\nCargo.toml\nhal/core   words\n```\n", &[]),
            ("```\nx\n```\n\n```text\nCargo.toml\nhal/\n  core/\n```\n", &[]),
            (
                "intro\n```\nCargo.toml\nhal/\n  runtime/\nsrc/\n```\n",
                &[(5, "hal/runtime does not exist"), (3, "the crate hal/core is not named")],
            ),
            (
                "```\nCargo.toml\nhal/\nsrc/\n  core/\n```\n",
                &[(5, "src/core does not exist"), (2, "the crate hal/core is not named")],
            ),
            ("no block", &[(0, "has no fenced block with the tree (one that names Cargo.toml)")]),
        ];
        for (text, expected) in rows {
            let found = tree(text, &paths(), &["hal/core"]);
            let found: Vec<_> = found.iter().map(|f| (f.line, f.message.as_str())).collect();
            assert_eq!(found, *expected, "{text}");
        }
    }

    #[test]
    fn links_and_named_paths_resolve() {
        let rows: &[(&str, &str, usize)] = &[
            ("README.md", "[a](hal/core/a.md) and [b](./src/)", 0),
            ("README.md", "[a](hal/core/a.md#part), [b](#here), [c](https://example.org/x)", 0),
            ("README.md", "[a](hal/gone.md)", 1),
            ("README.md", "`[a](hal/gone.md)`", 0),
            ("README.md", "`src/main.rs`, `src/gone.rs`, `GET /gone`, `a/b`", 1),
            ("README.md", "`hal/*/x`, `src/main.rs --help`, `hal/core`", 0),
            ("hal/core/a.md", "[up](../../README.md)", 0),
            ("hal/core/a.md", "[out](../../../x)", 1),
            ("hal/core/a.md", "`src/lib.rs`", 0),
            ("src/main.rs", "[a](gone)", 0),
        ];
        for (path, text, expected) in rows {
            assert_eq!(links(path, text, &paths()).len(), *expected, "{path}: {text}");
        }
    }
}
