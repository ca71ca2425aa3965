//! Which record an output was told last.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;

/// The length of a number in the file, in digits: each overwrites the one before in its place.
const DIGITS: usize = 20;

/// A file of this name, which nobody else writes.
#[derive(Debug)]
pub struct Cursor(PathBuf);

impl Cursor {
    /// Kept in this file.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// The number that was written last.
    pub(crate) fn read(&self) -> u64 {
        // Missing or damaged: everything is sent again, which loses nothing.
        let text = std::fs::read_to_string(&self.0).unwrap_or_default();
        text.trim().parse().unwrap_or(0)
    }

    pub(crate) fn write(&self, id: u64) {
        if let Err(error) = self.try_write(id) {
            tracing::warn!(%error, "{} cannot be written", self.0.display());
        }
    }

    fn try_write(&self, id: u64) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&self.0)?;
        file.write_all_at(format!("{id:0DIGITS$}\n").as_bytes(), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_kept_and_a_damaged_one_is_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("it.sent");
        let cursor = Cursor::new(path.clone());
        assert_eq!(cursor.read(), 0);
        for id in [7, u64::MAX, 0, 12] {
            cursor.write(id);
            assert_eq!(cursor.read(), id);
        }
        for damaged in ["", "x", "-1", "99999999999999999999999"] {
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(cursor.read(), 0, "{damaged}");
        }
        // Nobody is stopped by a place that cannot be written.
        Cursor::new(folder.path().join("none/it.sent")).write(3);
    }
}
