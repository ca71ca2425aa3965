//! `docs/errors.md`: the error catalogue for whoever is told a code on the telephone.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use anyhow::{Context, Result, ensure};
use kazasu_registration::{ErrorCode, Part, WhoActs};

use super::Output;
use crate::spec;

/// The texts, by language, in the order of the page.
const TEXTS: [&str; 2] =
    ["registration/texts/i18n/errors.en.ftl", "registration/texts/i18n/errors.ja.ftl"];

const HEAD: &str =
    "<!-- Made by `cargo xtask generate` from registration/core/src/code/catalogue.rs and
registration/texts/i18n/errors.*.ftl: change those. -->

# Error codes

Each code has one cause. The panel shows the code, what happened and what to do, in Japanese or
English; here stand both, with the cause and who can put it right. Codes of the manuals that this
version has no use for yet are marked.

";

/// The page as code and texts say it.
///
/// # Errors
/// Texts that cannot be read, or lack a code.
pub(super) fn page(root: &Path) -> Result<Output> {
    let mut languages = Vec::new();
    for path in TEXTS {
        let text = fs::read_to_string(root.join(path)).with_context(|| path.to_owned())?;
        let texts = parse(&text);
        for code in ErrorCode::ALL {
            ensure!(sentences(&texts, code).is_some(), "{path} has no texts for {code}");
        }
        languages.push(texts);
    }
    let reserved = fs::read_to_string(root.join(spec::RESERVED)).context(spec::RESERVED)?;
    let reserved = spec::parse(&reserved).context(spec::RESERVED)?;
    Ok(Output { path: "docs/errors.md", text: render(&languages, &reserved)? })
}

type Texts = BTreeMap<String, String>;

/// The texts of codes are plain lines: a test beside them sees to that.
fn parse(text: &str) -> Texts {
    let lines = text.lines().filter_map(|line| line.strip_prefix("error-")?.split_once(" = "));
    lines.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn sentences(texts: &Texts, code: ErrorCode) -> Option<(&str, &str)> {
    let text = |part: &str| texts.get(&format!("{code}-{part}")).map(String::as_str);
    Some((text("what")?, text("do")?))
}

fn render(languages: &[Texts], reserved: &[(&str, &str)]) -> Result<String> {
    let mut page = HEAD.to_owned();
    let mut chapter = None;
    for code in ErrorCode::ALL {
        let about = code.parts().first();
        if chapter != about {
            chapter = about;
            let title = about.map_or("", |part| part_name(*part));
            let mut letters = title.chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase());
            writeln!(page, "## {}{}\n", first.unwrap_or_default(), letters.as_str())?;
        }
        let who: Vec<_> = code.who_acts().iter().map(|who| who_name(*who)).collect();
        let others: Vec<_> = code.parts().iter().skip(1).map(|part| part_name(*part)).collect();
        writeln!(page, "### {code}\n\n{}", code.cause())?;
        write!(page, "Who acts: {}.", who.join(", "))?;
        if !others.is_empty() {
            write!(page, " Also: {}.", others.join(", "))?;
        }
        writeln!(page, "\n")?;
        if let Some((_, why)) = reserved.iter().find(|(other, _)| *other == code.as_str()) {
            writeln!(page, "*Nothing in this version shows this code:* {why}.\n")?;
        }
        for texts in languages {
            if let Some((what, then)) = sentences(texts, code) {
                // A Japanese full stop brings its own room.
                let stop = if what.is_ascii() { ". " } else { "。" };
                writeln!(page, "- {what}{stop}{then}")?;
            }
        }
        writeln!(page)?;
    }
    Ok(format!("{}\n", page.trim_end()))
}

fn part_name(part: Part) -> &'static str {
    match part {
        Part::SignIn => "signing in",
        Part::Registration => "registering a card",
        Part::Editing => "changing one's own record",
        Part::Directory => "the user directory",
        Part::Group => "a group of devices",
        Part::System => "the service",
        Part::Fault => "faults of the device",
    }
}

fn who_name(who: WhoActs) -> &'static str {
    match who {
        WhoActs::Person => "the person at the station",
        WhoActs::Administrator => "the administrator of the device",
        WhoActs::Directory => "whoever manages the directory",
        WhoActs::Network => "whoever looks after the network",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(what: &str, then: &str) -> Texts {
        let lines = ErrorCode::ALL
            .iter()
            .map(|code| format!("error-{code}-what = {what} {code}\nerror-{code}-do = {then}\n"));
        parse(&lines.collect::<String>())
    }

    #[test]
    fn a_code_stands_with_cause_who_acts_and_both_languages() {
        let reserved = [("033", "not yet")];
        let page =
            render(&[texts("No", "Do it."), texts("いいえ", "どうぞ。")], &reserved).unwrap();
        assert_eq!(page.matches("Nothing in this version shows this code:* not yet.").count(), 1);
        let shown = "## A group of devices\n\n### 101\n\nSign-in to the directory failed in a group \
                     (what 016 is without one).\nWho acts: the person at the station, whoever \
                     manages the directory. Also: registering a card.\n\n- No 101. Do it.\n- いいえ \
                     101。どうぞ。\n\n### 102\n";
        assert!(page.contains(shown), "{page}");
        assert_eq!(page.matches("\n### ").count(), ErrorCode::ALL.len());
        assert_eq!(page.matches("\n## ").count(), 7, "one chapter for each part");
        assert!(page.ends_with("。\n") && !page.contains("\n\n\n"));
    }

    #[test]
    fn only_the_lines_of_codes_are_texts() {
        let texts =
            parse("# error-201-what = a comment\n\nerror-201-what = A = B\nerror-201-do = C.\n");
        assert_eq!(sentences(&texts, ErrorCode::WrongCredentials), Some(("A = B", "C.")));
        assert_eq!(sentences(&texts, ErrorCode::Full), None);
        assert_eq!(texts.len(), 2);
    }
}
