//! `docs/settings.md`: every setting, for people who read it without the program at hand.

use std::fmt::Write;

use anyhow::{Context, Result};
use kazasu_registration::{SettingRow, Settings, as_typed};

use super::Output;

const HEAD: &str =
    "<!-- Made by `cargo xtask generate` from registration/core/src/settings/table.rs and
registration/core/src/access/settings.rs: change those. -->

# Settings

What an administrator decides about sign-in and registration. `kazasu config show` prints the
values in force, `kazasu config set KEY=VALUE...` changes them, all at once or none; settings that
cannot be together are refused with the reason. A change counts at once, without a restart.
Listening address, readers, stations, taps and the panel's looks are in [kazasu.toml](../kazasu.example.toml).

| setting | values | default | what it says | requirement |
| --- | --- | --- | --- | --- |
";

/// The page as the table says it.
///
/// # Errors
/// A setting without a row.
pub(super) fn page() -> Result<Output> {
    let mut text = HEAD.to_owned();
    for setting in Settings::default().list() {
        let row = SettingRow::of(&setting.key).with_context(|| setting.key.clone())?;
        let values = row.kind.to_string();
        let values = values.trim_start_matches('(').trim_end_matches(')');
        let default = as_typed(&setting.default);
        writeln!(
            text,
            "| `{}` | {values} | `{default}` | {} | {} |",
            row.key,
            row.says(),
            row.row
        )?;
    }
    Ok(Output { path: "docs/settings.md", text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_stands_with_its_values_default_meaning_and_requirement() {
        let page = page().unwrap().text;
        let rows = [
            "| `sign-in.panel` | card-only, card-or-panel | `card-or-panel` | whether users can sign \
             in without a card too | spec 30 section 4 |\n",
            "| `panel.auto-clear-s` | 10 to 900 seconds | `30` | a session that nobody touches ends \
             after this time | S40-2-15 |\n",
            "| `access.user-reports` | true, false | `true` | general users may print reports (no \
             device asks yet) | S40-2-20 |\n",
        ];
        for row in rows {
            assert!(page.contains(row), "{row}{page}");
        }
        assert_eq!(page.matches("\n| `").count(), Settings::default().list().len());
    }
}
