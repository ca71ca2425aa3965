use kazasu_registration::{AuditEvent, UserId};

use super::{Admin, AdminError};
use crate::{CardToRemove, Directory, Hasher, Removed, Store};

impl<S: Store, H: Hasher> Admin<S, H> {
    /// Deletes a card from a person's entry of the directory, and says whose it was.
    ///
    /// # Errors
    /// No such person; no card; nobody can tell what became of it; the directory's.
    pub async fn remove_directory_card(
        &self,
        directory: &impl Directory,
        card: CardToRemove,
    ) -> Result<UserId, AdminError> {
        let (event, done) = match directory
            .remove_card(card, self.current.site().settings.card.number.clone())
            .await?
        {
            Removed::Done(user) => (AuditEvent::CardErased { user: user.clone() }, Ok(user)),
            Removed::Unknown(user) => {
                let event = AuditEvent::CardEraseUnknown { user: user.clone() };
                (event, Err(AdminError::EraseUnknown(user)))
            }
            Removed::NoSuchPerson => return Err(AdminError::NoSuchPerson),
            Removed::NoCard => return Err(AdminError::NoCard),
        };
        if let Err(error) = self.record_audit(event).await {
            // What was done in the directory is done: telling anything else would be wrong.
            tracing::error!(%error, "an audit record of a card deleted in the directory was lost");
        }
        done
    }
}
