//! Files that are made from tables: one fact in one place, and every page of it follows.
//!
//! `cargo xtask generate` writes them; `cargo xtask tidy` tells where one is stale.

mod errors;
mod settings;
mod udev;

use std::{fs, path::Path};

use anyhow::{Context, Result};

/// A file as the tables say it.
pub(crate) struct Output {
    /// Relative to the repository.
    pub(crate) path: &'static str,
    pub(crate) text: String,
}

impl Output {
    /// The first line, from 1, where the file differs from what the tables say; `None` where it
    /// does not. A file that is missing differs at line 1.
    pub(crate) fn stale_at(&self, present: Option<&str>) -> Option<usize> {
        let present = present.unwrap_or_default();
        if present == self.text {
            return None;
        }
        let same = self.text.lines().zip(present.lines()).take_while(|(a, b)| a == b).count();
        Some(same + 1)
    }
}

/// Every generated file, made anew.
///
/// # Errors
/// A table that cannot be read or has a hole.
pub(crate) fn outputs(root: &Path) -> Result<Vec<Output>> {
    Ok([errors::page(root)?, settings::page()?].into_iter().chain(udev::files(root)?).collect())
}

/// Writes those that changed.
///
/// # Errors
/// As [`outputs`], and what cannot be written.
pub(crate) fn write(root: &Path, say: impl Fn(&str)) -> Result<()> {
    for output in outputs(root)? {
        let path = root.join(output.path);
        let stale = output.stale_at(fs::read_to_string(&path).ok().as_deref()).is_some();
        if stale {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).with_context(|| output.path.to_owned())?;
            }
            fs::write(&path, &output.text).with_context(|| output.path.to_owned())?;
        }
        say(&format!("{} {}", if stale { "written " } else { "as it is" }, output.path));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_file_tells_its_first_line() {
        let output = Output { path: "a.md", text: "one\ntwo\n".into() };
        for (present, expected) in [
            (Some("one\ntwo\n"), None),
            (Some("one\n2\n"), Some(2)),
            (Some("one\n"), Some(2)),
            (Some("one\ntwo\nthree\n"), Some(3)),
            (Some(""), Some(1)),
            (None, Some(1)),
        ] {
            assert_eq!(output.stale_at(present), expected, "{present:?}");
        }
    }
}
