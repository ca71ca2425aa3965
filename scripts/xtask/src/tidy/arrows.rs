//! Which crate may know which, and what every manifest states.

use std::collections::BTreeMap;

use anyhow::Context;
use toml::{Table, Value};

use super::{Finding, Source};

/// A crate's folder, the folders of the crates it may depend on, and those its tests may use on top.
type Arrows = (&'static str, &'static [&'static str], &'static [&'static str]);

/// Every arrow there may be. Data flows one way: wire and hal/core are leaves, drivers and the
/// simulator share wire and never see each other, only the root knows all.
const ARROWS: &[Arrows] = &[
    ("hal/core", &[], &[]),
    ("hal/runtime", &["hal/core"], &[]),
    ("drivers/wire", &[], &[]),
    ("drivers/link", &["drivers/wire", "hal/core"], &[]),
    ("drivers/pn532", &["drivers/link", "drivers/wire", "hal/core"], &["hal/runtime"]),
    ("drivers/pcsc", &["drivers/wire", "hal/core"], &[]),
    ("drivers/rcs380", &["drivers/link", "drivers/wire", "hal/core"], &["hal/runtime"]),
    ("drivers/wire/fuzz", &["tests/wire"], &[]),
    ("firmware-sim/device", &["drivers/wire"], &[]),
    ("firmware-sim/serve", &["firmware-sim/device", "drivers/wire"], &[]),
    ("registration/core", &["hal/core"], &["tests/replay"]),
    ("registration/access", &["registration/core"], &["hal/core"]),
    ("registration/store", &["registration/core", "hal/core"], &["tests/replay"]),
    (
        "registration/sqlite",
        &["registration/store", "registration/core", "hal/core"],
        &["tests/replay", "tests/store"],
    ),
    (
        "registration/service",
        &["registration/store", "registration/core", "hal/core"],
        &["registration/sqlite", "tests/ports", "tests/replay", "tests/store"],
    ),
    (
        "registration/directory",
        &["registration/service", "registration/core", "registration/tls", "hal/core"],
        &["registration/texts", "tests/replay"],
    ),
    (
        "registration/outputs",
        &["registration/service", "registration/core", "registration/tls"],
        &[],
    ),
    ("registration/texts", &["hal/core"], &["registration/core"]),
    ("registration/tls", &[], &[]),
    (
        "registration/web",
        &[
            "registration/service",
            "registration/texts",
            "registration/tls",
            "registration/core",
            "hal/core",
        ],
        &["registration/sqlite", "tests/replay"],
    ),
    (
        "registration/fuzz",
        &[
            "registration/core",
            "registration/service",
            "registration/store",
            "registration/sqlite",
            "registration/directory",
            "registration/outputs",
            "registration/texts",
            "registration/web",
            "hal/core",
            "hal/runtime",
        ],
        &[],
    ),
    (
        "tests/no-std",
        &["hal/core", "drivers/wire", "drivers/link", "drivers/pn532", "drivers/rcs380"],
        &[],
    ),
    (
        "tests/directory",
        &[],
        &[
            "registration/directory",
            "registration/service",
            "registration/core",
            "registration/texts",
        ],
    ),
    (
        "tests/harness",
        &[
            "hal/core",
            "hal/runtime",
            "drivers/wire",
            "drivers/link",
            "drivers/pn532",
            "drivers/pcsc",
            "drivers/rcs380",
            "firmware-sim/device",
            "firmware-sim/serve",
        ],
        &[],
    ),
    (
        "tests/ports",
        &["registration/service", "registration/store", "registration/core", "hal/core"],
        &[],
    ),
    ("tests/replay", &[], &[]),
    ("tests/store", &["registration/store", "registration/core", "hal/core"], &[]),
    ("tests/wire", &["drivers/wire"], &["tests/replay"]),
    ("scripts/xtask", &["drivers/rcs380", "registration/core"], &[]),
    (
        "",
        &[
            "hal/core",
            "hal/runtime",
            "drivers/wire",
            "drivers/pn532",
            "drivers/pcsc",
            "drivers/rcs380",
            "firmware-sim/device",
            "firmware-sim/serve",
            "registration/core",
            "registration/service",
            "registration/sqlite",
            "registration/directory",
            "registration/outputs",
            "registration/texts",
            "registration/tls",
            "registration/web",
        ],
        &["drivers/link", "tests/directory", "tests/harness", "tests/replay"],
    ),
];

/// Checks all manifests of the workspace.
///
/// # Errors
/// A manifest that is not TOML.
pub(super) fn check(manifests: &[&Source]) -> anyhow::Result<Vec<Finding>> {
    let mut crates = Vec::new();
    for source in manifests {
        let table: Table =
            source.text.parse().with_context(|| format!("reading {}", source.path))?;
        if let Some(name) = table.get("package").and_then(|p| p.get("name")).and_then(Value::as_str)
        {
            let folder =
                source.path.strip_suffix("Cargo.toml").unwrap_or_default().trim_end_matches('/');
            crates.push((*source, folder.to_owned(), name.to_owned(), table));
        }
    }
    let folders: BTreeMap<&str, &str> =
        crates.iter().map(|(_, folder, name, _)| (name.as_str(), folder.as_str())).collect();

    let mut findings = Vec::new();
    for (source, folder, _, table) in &crates {
        findings.extend(inherits(source, table));
        let Some((_, normal, tests)) = ARROWS.iter().find(|(of, _, _)| of == folder) else {
            findings.push(Finding::new(
                &source.path,
                0,
                "arrows",
                "this crate is not in the table of scripts/xtask/src/tidy/arrows.rs: add its row",
            ));
            continue;
        };
        for (section, name) in dependencies(table) {
            let Some(to) = folders.get(name.as_str()) else { continue };
            let allowed =
                normal.contains(to) || section == "dev-dependencies" && tests.contains(to);
            if !allowed {
                let line = line_of(&source.text, &name);
                let may = if normal.is_empty() { "none of ours".into() } else { normal.join(", ") };
                let message = format!("{section}: may not depend on {to}; may on: {may}");
                findings.push(Finding::new(&source.path, line, "arrows", message));
            }
        }
    }
    Ok(findings)
}

/// Lints and licence come from the workspace, so that no crate is an exception by oversight.
fn inherits(source: &Source, table: &Table) -> Vec<Finding> {
    let is_true = |value: Option<&Value>| value.and_then(Value::as_bool) == Some(true);
    let lints = table.get("lints").and_then(|l| l.get("workspace"));
    let licence =
        table.get("package").and_then(|p| p.get("license")).and_then(|l| l.get("workspace"));
    let mut findings = Vec::new();
    for (fine, wanted) in [
        (is_true(lints), "[lints] workspace = true"),
        (is_true(licence), "license.workspace = true in [package]"),
    ] {
        if !fine {
            findings.push(Finding::new(&source.path, 0, "manifest", format!("lacks {wanted}")));
        }
    }
    findings
}

/// Section and package name of every dependency, those for one platform included.
fn dependencies(table: &Table) -> Vec<(&'static str, String)> {
    let mut tables = vec![table];
    if let Some(targets) = table.get("target").and_then(Value::as_table) {
        tables.extend(targets.values().filter_map(Value::as_table));
    }
    let mut found = Vec::new();
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for entries in tables.iter().filter_map(|t| t.get(section)).filter_map(Value::as_table) {
            for (key, value) in entries {
                let name = value.get("package").and_then(Value::as_str).unwrap_or(key);
                found.push((section, name.to_owned()));
            }
        }
    }
    found
}

fn line_of(text: &str, name: &str) -> usize {
    let at = text.lines().position(|line| {
        line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
    });
    at.map_or(0, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "license.workspace = true\n[lints]\nworkspace = true\n";

    fn manifest(folder: &str, name: &str, rest: &str) -> Source {
        let path =
            if folder.is_empty() { "Cargo.toml".into() } else { format!("{folder}/Cargo.toml") };
        Source { path, text: format!("[package]\nname = \"{name}\"\n{rest}") }
    }

    /// Checks `of` among the crates it may point at; the rules that were broken.
    fn rules(of: Source) -> Vec<String> {
        let others = [
            manifest("drivers/wire", "kazasu-wire", GOOD),
            manifest("hal/core", "kazasu-hal", GOOD),
            manifest("firmware-sim/device", "kazasu-sim", GOOD),
            manifest("registration/sqlite", "kazasu-sqlite", GOOD),
            manifest("tests/harness", "kazasu-harness", GOOD),
        ];
        let mut all: Vec<&Source> = others.iter().collect();
        all.push(&of);
        let findings = check(&all).unwrap();
        assert!(findings.iter().all(|f| f.path == of.path), "{findings:?}");
        // What it may depend on is the table's to say, not this test's once more.
        let told =
            |message: &str| message.split("; may on: ").next().unwrap_or_default().to_owned();
        findings.iter().map(|f| format!("{}:{} {}", f.line, f.rule, told(&f.message))).collect()
    }

    #[test]
    fn arrows_hold_and_others_are_refused() {
        let rows: &[(&str, &str, &str, &[&str])] = &[
            ("drivers/pn532", "p", "[dependencies]\nkazasu-wire.workspace = true\n", &[]),
            (
                "drivers/pn532",
                "p",
                "[dependencies]\nkazasu-sim.workspace = true\n",
                &["8:arrows dependencies: may not depend on firmware-sim/device"],
            ),
            (
                "drivers/pn532",
                "p",
                "[dev-dependencies]\nkazasu-sim = { path = \"../../firmware-sim/device\" }\n",
                &["8:arrows dev-dependencies: may not depend on firmware-sim/device"],
            ),
            (
                "hal/runtime",
                "r",
                "[target.'cfg(unix)'.dependencies]\nwire = { package = \"kazasu-wire\", path = \"\" }\n",
                &["0:arrows dependencies: may not depend on drivers/wire"],
            ),
            ("registration/web", "w", "[dev-dependencies]\nkazasu-sqlite.workspace = true\n", &[]),
            (
                "registration/web",
                "w",
                "[dependencies]\nkazasu-sqlite.workspace = true\n",
                &["8:arrows dependencies: may not depend on registration/sqlite"],
            ),
            (
                "scripts/xtask",
                "x",
                "[build-dependencies]\nkazasu-hal.workspace = true\n",
                &["8:arrows build-dependencies: may not depend on hal/core"],
            ),
            ("", "kazasu", "[dev-dependencies]\nkazasu-harness.workspace = true\n", &[]),
            (
                "",
                "kazasu",
                "[dependencies]\nkazasu-harness.workspace = true\n",
                &["8:arrows dependencies: may not depend on tests/harness"],
            ),
            (
                "drivers/new",
                "n",
                "",
                &["0:arrows this crate is not in the table of \
                   scripts/xtask/src/tidy/arrows.rs: add its row"],
            ),
        ];
        for (folder, name, dependencies, expected) in rows {
            let of = manifest(folder, name, &format!("{GOOD}\n{dependencies}"));
            assert_eq!(rules(of), *expected, "{folder}: {dependencies}");
        }
    }

    #[test]
    fn a_refusal_says_what_is_allowed() {
        let rest = format!("{GOOD}[dependencies]\nkazasu-wire.workspace = true\n");
        let [of, to] =
            [manifest("hal/runtime", "r", &rest), manifest("drivers/wire", "kazasu-wire", GOOD)];
        let findings = check(&[&of, &to]).unwrap();
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].message.ends_with("; may on: hal/core"), "{}", findings[0].message);
    }

    #[test]
    fn a_manifest_inherits_lints_and_licence() {
        let rows: &[(&str, &[&str])] = &[
            (GOOD, &[]),
            ("license.workspace = true\n", &["0:manifest lacks [lints] workspace = true"]),
            (
                "license = \"MIT\"\n[lints]\nworkspace = true\n",
                &["0:manifest lacks license.workspace = true in [package]"],
            ),
        ];
        for (rest, expected) in rows {
            assert_eq!(rules(manifest("hal/runtime", "r", rest)), *expected, "{rest}");
        }
    }

    #[test]
    fn no_row_points_at_a_folder_without_a_row() {
        for (of, normal, tests) in ARROWS {
            for to in normal.iter().chain(*tests) {
                assert!(ARROWS.iter().any(|(folder, _, _)| folder == to), "{of} -> {to}");
            }
        }
    }
}
