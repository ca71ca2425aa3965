//! Whether the database that is open is still the one that stands under its name.

use std::{
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use kazasu_store::{StoreError, StoreErrorKind, beside};

/// The files of an open database, by what the file system calls them.
#[derive(Debug)]
pub(crate) struct Place(Vec<(PathBuf, (u64, u64))>);

impl Place {
    /// Of a database that was opened just now.
    pub(crate) fn of(database: &Path) -> Self {
        let files = [database.to_owned(), beside(database, "-wal")];
        // Without a log there is nothing of it to lose.
        Self(
            files.into_iter().filter_map(|file| Some((file.clone(), found(&file).ok()?))).collect(),
        )
    }

    /// Refuses where a file was removed or replaced: SQLite goes on with what nobody finds again.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        for (file, opened) in &self.0 {
            let what = match found(file) {
                Ok(there) if there == *opened => continue,
                Ok(_) => "was replaced",
                Err(error) if error.kind() == io::ErrorKind::NotFound => "was removed",
                // Whoever cannot look cannot tell.
                Err(_) => continue,
            };
            let message = format!(
                "{} {what} while it was in use, so nothing is answered and nothing is stored: put \
                 that very file back (mv), or stop the service and restore a backup with `kazasu \
                 restore FILE`",
                file.display()
            );
            return Err(StoreError::new(StoreErrorKind::Unavailable, message));
        }
        Ok(())
    }
}

fn found(file: &Path) -> io::Result<(u64, u64)> {
    file.symlink_metadata().map(|found| (found.dev(), found.ino()))
}
