use std::path::PathBuf;

use kazasu_registration::AuditEvent;

use super::{AdminError, Matter, Office};
use crate::{BackupError, Directory, Hasher, Saved, Store};

/// Backups.
impl<S: Store, D: Directory, H: Hasher> Office<'_, S, D, H> {
    /// Saves all records into a file; also where whoever wished it goes away. The inner error is why
    /// there is no backup: no file is left behind then.
    ///
    /// # Errors
    /// The store's: the log has to say that it was begun, and that it was made.
    pub async fn backup(&self, file: PathBuf) -> Result<Result<Saved, BackupError>, AdminError> {
        let ports = self.may(Matter::Records)?;
        self.finish(async move {
            // The last record of the backup: it tells a restored log how old it is.
            ports.record_audit(AuditEvent::BackupBegun).await?;
            let saved = ports.store.backup(file).await;
            if let Ok(Saved { users, .. }) = saved {
                ports.record_audit(AuditEvent::BackupMade { users }).await?;
            }
            Ok(saved)
        })
        .await
    }
}
