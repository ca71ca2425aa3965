use kazasu_hal::CardIdentity;
use kazasu_registration::{CardNumber, DeviceSecret, Guessed, ListedUser, UserId, UserKey};

use super::{AdminError, Matter, Office};
use crate::{Directory, Hasher, Store, perform::Ports};

/// A card that is locked, and its number.
type LockedCard = (CardIdentity, CardNumber);

/// Whom an administrator unlocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unlock {
    /// The person of this user ID with their card, or the card of this number.
    Named(String),
    /// The key operator.
    Administrator,
    /// Everybody, the device's own passwords included.
    All,
}

/// Locks after too many wrong passwords.
impl<S: Store, D: Directory, H: Hasher> Office<'_, S, D, H> {
    /// The records of those who are locked, they or their card, sorted by user ID.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_locked(&self) -> Result<Vec<ListedUser>, AdminError> {
        let ports = self.may(Matter::Records)?;
        self.finish(async move {
            let (ids, numbers) = ports.who_is_locked().await?;
            let users = ports.store.list_users().await?.into_iter();
            let locked = users.filter(|user| {
                user.card.as_ref().is_some_and(|card| numbers.iter().any(|(_, n)| n == card))
                    || matches!(&user.listed.key, UserKey::Registered(id) if ids.contains(&id.folded()))
            });
            Ok(locked.map(|user| user.listed).collect())
        })
        .await
    }

    /// Opens locks, and says how many.
    ///
    /// # Errors
    /// Nothing was locked; the store's.
    pub async fn unlock(&self, whom: Unlock) -> Result<u64, AdminError> {
        let ports = self.may(Matter::Records)?;
        self.finish(async move {
            let chosen = match whom {
                Unlock::All => match ports.guard.unlock_all().await? {
                    0 => return Err(AdminError::NotLocked),
                    count => return Ok(count),
                },
                Unlock::Administrator => {
                    let operator = Guessed::Device(DeviceSecret::KeyOperator);
                    let mut locked = ports.guard.locked().await?;
                    locked.retain(|whom| *whom == operator);
                    locked
                }
                Unlock::Named(text) => ports.named(&text).await?,
            };
            if chosen.is_empty() {
                return Err(AdminError::NotLocked);
            }
            ports.guard.unlock(&chosen).await?;
            Ok(u64::try_from(chosen.len()).unwrap_or(u64::MAX))
        })
        .await
    }
}

impl<S: Store, D, H> Ports<S, D, H> {
    /// What of that which a typed text can mean is locked.
    async fn named(&self, text: &str) -> Result<Vec<Guessed>, AdminError> {
        let (mut ids, mut numbers) = (Vec::new(), Vec::new());
        for key in UserKey::readings(text) {
            let user = self.store.find_user(key.clone()).await?;
            numbers.extend(user.and_then(|user| user.card));
            match key {
                UserKey::Registered(id) => ids.push(id.folded()),
                UserKey::Provisional(number) => numbers.push(number),
            }
        }
        let (locked, cards) = self.who_is_locked().await?;
        let users = locked.into_iter().filter(|id| ids.contains(id)).map(Guessed::User);
        let cards = cards.into_iter().filter(|(_, number)| numbers.contains(number));
        Ok(users.chain(cards.map(|(card, _)| Guessed::Card(card))).collect())
    }

    async fn who_is_locked(&self) -> Result<(Vec<UserId>, Vec<LockedCard>), AdminError> {
        let site = self.current.site();
        let (mut ids, mut cards) = (Vec::new(), Vec::new());
        for whom in self.guard.locked().await? {
            match whom {
                Guessed::User(id) => ids.push(id),
                // A card that the site's rule gives no number cannot be tapped any more.
                Guessed::Card(card) => {
                    let number = site.number(&card).ok();
                    cards.extend(number.map(|number| (card, number)));
                }
                Guessed::Device(_) => {}
            }
        }
        Ok((ids, cards))
    }
}
