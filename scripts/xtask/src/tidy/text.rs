//! Rules about the text of one file.

use super::Finding;

/// A room that needs more does two jobs.
const LINES_MAX: usize = 500;
/// How far down the reason for a long file may stand.
const REASON_WITHIN: usize = 5;
const REASON: &str = "// Long because: ";

/// Words for work that was put off, in two parts so that this file may name them.
const PUT_OFF: [&str; 5] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("unimplemented", "!"),
    concat!("to", "do!"),
];

pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_rust = path.ends_with(".rs");
    let mut find = |line: usize, rule, message: String| {
        findings.push(Finding::new(path, line, rule, message));
    };
    let count = text.lines().count();
    let excused = text
        .lines()
        .take(REASON_WITHIN)
        .any(|line| line.strip_prefix(REASON).is_some_and(|reason| !reason.trim().is_empty()));
    if is_rust && count > LINES_MAX && !excused {
        find(
            0,
            "length",
            format!(
                "{count} lines, over {LINES_MAX}: split it, or state `{REASON}...` in its first \
                 {REASON_WITHIN} lines"
            ),
        );
    }
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if let Some(word) = PUT_OFF.into_iter().find(|word| has_word(line, word)) {
            find(number, "unfinished", format!("`{word}`: finish it, or open an issue"));
        }
        if is_rust && line.trim_start().starts_with(concat!("#[", "ignore]")) {
            find(number, "ignored", "a test that never runs: say why (`ignore = \"...\"`)".into());
        }
        if line.contains('\t') {
            find(number, "whitespace", "a tab".into());
        }
        if line.ends_with(' ') {
            find(number, "whitespace", "space at the end of the line".into());
        }
        if takes_password(line) {
            find(
                number,
                "secrets",
                "a password is never an argument (others can see those): use --password-stdin"
                    .into(),
            );
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        find(count, "whitespace", "no newline at the end of the file".into());
    }
    findings
}

/// The changelog has a place for what is not released yet.
pub(super) fn changelog(text: &str) -> Vec<Finding> {
    if text.lines().any(|line| line == "## Unreleased" || line == "## [Unreleased]") {
        return Vec::new();
    }
    vec![Finding::new("CHANGELOG.md", 0, "changelog", "has no section `## Unreleased`")]
}

fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|s| s.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|s| s.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// `--password` with a value, on a command line or as an option that clap would read.
fn takes_password(line: &str) -> bool {
    let option = concat!("--pass", "word");
    let on_line = line.match_indices(option).any(|(at, _)| {
        let rest = line.get(at + option.len()..).unwrap_or_default();
        rest.starts_with('=')
            || rest.strip_prefix(' ').is_some_and(|value| value.starts_with(char::is_alphanumeric))
    });
    on_line || line.contains(concat!("long = \"pass", "word\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<(usize, &'static str)> {
        check(path, text).into_iter().map(|f| (f.line, f.rule)).collect()
    }

    #[test]
    fn each_rule_finds_what_breaks_it_and_nothing_else() {
        let [later, mend, crosses] =
            [0, 1, 2].map(|word| format!("fn f() {{}} // {} later\n", PUT_OFF[word]));
        let long = "// x\n".repeat(LINES_MAX + 1);
        let reason = format!("//! About.\n{REASON}one table.\n{long}");
        let no_reason = format!("{}\n{long}", REASON.trim_end());
        let late_reason = format!("{long}{REASON}one table.\n");
        let ignored = concat!("    #[", "ignore]\n");
        let password = concat!("x --pass", "word hunter2\n");
        let rows = [
            ("clean", "a.rs", "fn f() {}\n", &[] as &[_]),
            ("empty", "a.rs", "", &[]),
            ("put off", "a.rs", &later, &[(1, "unfinished")]),
            ("to mend", "a.md", &mend, &[(1, "unfinished")]),
            ("three crosses", "a.sh", &crosses, &[(1, "unfinished")]),
            ("part of a word", "a.rs", concat!("// XX", "XX and XX", "X_Y\n"), &[]),
            ("ignored", "a.rs", ignored, &[(1, "ignored")]),
            ("ignored, reason", "a.rs", concat!("#[", "ignore = \"hardware\"]\n"), &[]),
            ("ignored, prose", "a.md", ignored, &[]),
            ("tab", "a.md", "x\n\ty\n", &[(2, "whitespace")]),
            ("trailing", "a.md", "x \n", &[(1, "whitespace")]),
            ("no newline", "a.md", "x", &[(1, "whitespace")]),
            ("long", "a.rs", &long, &[(0, "length")]),
            ("long prose", "a.md", &long, &[]),
            ("long, reason", "a.rs", &reason, &[]),
            ("long, empty reason", "a.rs", &no_reason, &[(0, "length")]),
            ("long, reason at the end", "a.rs", &late_reason, &[(0, "length")]),
            ("password argument", "a.md", password, &[(1, "secrets")]),
            ("password on stdin", "a.md", "x --password-stdin < file\n", &[]),
            ("password, prose", "a.md", "there is no `--password` here\n", &[]),
        ];
        for (what, path, text, expected) in rows {
            assert_eq!(rules(path, text), expected, "{what}");
        }
    }

    #[test]
    fn a_changelog_has_a_place_for_news() {
        for (text, expected) in [
            ("# Changelog\n\n## Unreleased\n", 0),
            ("# Changelog\n\n## [Unreleased]\n", 0),
            ("# Changelog\n\nUnreleased\n", 1),
            ("", 1),
        ] {
            assert_eq!(changelog(text).len(), expected, "{text:?}");
        }
    }
}
