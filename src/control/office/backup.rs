use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use kazasu_registration::AuditEvent;
use kazasu_service::Authority;

use super::{Done, Lines, Office, send};
use crate::lines::BackupLine;

impl Office {
    pub(super) async fn backup(&self, file: PathBuf, lines: &Lines) -> Done {
        let (database, to) = (self.folder.database(), file.clone());
        // The last record of the backup: it tells a restored log how old it is.
        self.service.office(&Authority::SERVICE).record_audit(AuditEvent::BackupBegun).await?;
        // Goes on where the command leaves: the file comes whole or not at all.
        let made = tokio::task::spawn_blocking(move || kazasu_sqlite::backup(&database, &to));
        let saved = made.await.context("the backup broke off")?.context("no backup was made")?;
        let made = AuditEvent::BackupMade { users: saved.users };
        self.service.office(&Authority::SERVICE).record_audit(made).await?;
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
