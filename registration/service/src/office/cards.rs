use kazasu_registration::{AuditEvent, CardNumber, UserId, UserKey};

use super::{AdminError, Matter, Office};
use crate::{CardToRemove, Directory, Hasher, Removed, Store};

/// Cards.
impl<S: Store, D: Directory, H: Hasher> Office<'_, S, D, H> {
    /// Every card that is somebody's, a person's or a provisional user's, sorted by user ID.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_cards(&self) -> Result<Vec<(UserKey, CardNumber)>, AdminError> {
        let ports = self.may(Matter::Records)?;
        self.finish(async move {
            let users = ports.store.list_users().await?;
            Ok(users.into_iter().filter_map(|user| Some((user.listed.key, user.card?))).collect())
        })
        .await
    }

    /// Deletes a card from a person's entry of the directory, and says whose it was.
    ///
    /// # Errors
    /// No such person; no card; nobody can tell what became of it; the directory's.
    pub async fn remove_directory_card(&self, card: CardToRemove) -> Result<UserId, AdminError> {
        let ports = self.may(Matter::Records)?;
        self.finish(async move {
            let rule = ports.current.site().settings.card.number.clone();
            let (event, done) = match ports.directory.remove_card(card, rule).await? {
                Removed::Done(user) => (AuditEvent::CardErased { user: user.clone() }, Ok(user)),
                Removed::Unknown(user) => {
                    let event = AuditEvent::CardEraseUnknown { user: user.clone() };
                    (event, Err(AdminError::EraseUnknown(user)))
                }
                Removed::NoSuchPerson => return Err(AdminError::NoSuchPerson),
                Removed::NoCard => return Err(AdminError::NoCard),
            };
            if let Err(error) = ports.record_audit(event).await {
                // What was done in the directory is done: telling anything else would be wrong.
                tracing::error!(
                    %error,
                    "an audit record of a card deleted in the directory was lost"
                );
            }
            done
        })
        .await
    }
}
