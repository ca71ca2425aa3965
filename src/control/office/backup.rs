use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use anyhow::Context;

use super::{Done, Lines, Office, send};
use crate::lines::BackupLine;

impl Office {
    pub(super) async fn backup(&self, file: PathBuf, lines: &Lines) -> Done {
        let made = self.wishes().backup(file.clone()).await?;
        let saved = made.context("no backup was made")?;
        let line = BackupLine {
            file: file.display().to_string(),
            bytes: saved.bytes,
            users: saved.users,
            not_in_it: self.not_in_backups().context("the data folder")?,
        };
        send(lines, &line).await;
        Ok(())
    }

    /// The names of the data folder's keys and of its configuration.
    fn not_in_backups(&self) -> std::io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.folder.path())? {
            let path = entry?.path();
            let end = path.extension().and_then(OsStr::to_str);
            if matches!(end, Some("key" | "pem" | "toml")) {
                names.extend(path.file_name().map(|name| name.display().to_string()));
            }
        }
        names.sort();
        Ok(names)
    }
}
