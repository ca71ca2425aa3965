use kazasu_registration::{AuditEvent, FieldError, ListedUser, UserKey};
use zeroize::Zeroizing;

use super::{
    AdminError, BadLine, ImportError, LineProblem, Matter, Office, export,
    people::{CARD_NUMBER, TAKEN, add, listed},
    rows,
};
use crate::{AddOutcome, Directory, Hasher, Store};

/// Users from files and into files.
impl<S: Store, D: Directory, H: Hasher> Office<'_, S, D, H> {
    /// Adds all users of a CSV file with a header, or none, and says how many.
    ///
    /// Columns: `user_id`, and in any order where wanted `name`, `mail`, `password`, `role`
    /// (S10-4-08), `limits` (S10-4-09; `no-copy no-fax` for one); an empty cell is a copy of the
    /// ID, no address, no password, general, no limits.
    ///
    /// # Errors
    /// Every line that is wrong, with field and rule; full; the store's.
    pub async fn import_users(&self, csv: Zeroizing<Vec<u8>>) -> Result<usize, AdminError> {
        let ports = self.may(Matter::Records)?;
        self.finish(async move {
            let site = ports.current.site();
            let rows = rows::parse(&csv, &site)?;
            drop(csv);
            // Before minutes are spent on hashing.
            let most = site.settings.capacity.registered;
            if rows.len() > usize::try_from(most).unwrap_or(usize::MAX) {
                return Err(AdminError::Full);
            }
            let (lines, users): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
            let count = users.len();
            match add(&ports, users).await? {
                AddOutcome::Added => {
                    let event = AuditEvent::UsersImported { count: count as u64 };
                    if let Err(error) = ports.record_audit(event).await {
                        // Each of them has a record, written with it.
                        tracing::error!(%error, "the audit log does not say that users were imported");
                    }
                    Ok(count)
                }
                AddOutcome::Full => Err(AdminError::Full),
                AddOutcome::Taken(positions) => Err(bad_lines(&lines, positions, TAKEN)),
                AddOutcome::CardNumbers(positions) => {
                    Err(bad_lines(&lines, positions, CARD_NUMBER))
                }
            }
        })
        .await
    }

    /// The registered users as [`Office::import_users`] reads them, without passwords.
    ///
    /// # Errors
    /// The store's; 3025 where the record of it cannot be written.
    pub async fn export_users(&self) -> Result<String, AdminError> {
        let ports = self.may(Matter::Records)?;
        self.finish(async move {
            let users = listed(&ports).await?;
            let is_person = |user: &&ListedUser| matches!(user.key, UserKey::Registered(_));
            let count = users.iter().filter(is_person).count() as u64;
            ports.record_audit(AuditEvent::UsersExported { count }).await?;
            Ok(export::csv(&users))
        })
        .await
    }
}

/// Rows of an import that break a rule which only the store knows of.
fn bad_lines(lines: &[u64], positions: Vec<usize>, broken: FieldError) -> AdminError {
    let bad = positions.into_iter().filter_map(|at| lines.get(at));
    let bad = bad.map(|line| BadLine { line: *line, problem: LineProblem::Field(broken) });
    ImportError::lines(bad.collect()).into()
}
