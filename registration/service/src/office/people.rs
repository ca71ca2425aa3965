use std::{sync::Arc, time::SystemTime};

use kazasu_registration::{
    Altered, AuditEntry, AuditEvent, Field, FieldError, ListedUser, NewUser, Rule, UserEntry,
    UserKey,
};

use super::{AdminError, Matter, Office, rows::Imported};
use crate::{
    AddOutcome, DamagedUser, Directory, Hasher, Store, StoredUser, UserToStore,
    leftovers::{LAST, make_room},
    perform::{Ports, may_have_happened},
};

/// What there is to know of cards that nobody registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftovers {
    /// How many records are theirs.
    pub provisional: u64,
    /// How many records there are.
    pub records: u64,
    /// How many there may be.
    pub capacity: u64,
    /// After how many hours one is deleted; 0 for never.
    pub keep_hours: u16,
    /// How many gave way to other records in the last days.
    pub gave_way: u64,
    /// When the last of them did.
    pub last: Option<SystemTime>,
}

/// Users.
impl<S: Store, D: Directory, H: Hasher> Office<'_, S, D, H> {
    /// Adds one user.
    ///
    /// # Errors
    /// Every field that breaks a rule; a user ID that is taken; full; the store's.
    pub async fn add_user(&self, entry: UserEntry) -> Result<(), AdminError> {
        let ports = self.may(Matter::Records)?;
        let user = NewUser::check(entry, &ports.current.site()).map_err(AdminError::Fields)?;
        let added = self.finish(async move { add(&ports, vec![Imported::from(user)]).await });
        match added.await? {
            AddOutcome::Added => Ok(()),
            AddOutcome::Full => Err(AdminError::Full),
            AddOutcome::Taken(_) => Err(AdminError::Fields(vec![TAKEN])),
            AddOutcome::CardNumbers(_) => Err(AdminError::Fields(vec![CARD_NUMBER])),
        }
    }

    /// Every record, sorted by user ID. Provisional ones are named by their card number.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_users(&self) -> Result<Vec<ListedUser>, AdminError> {
        let ports = self.may(Matter::Records)?;
        self.finish(async move { listed(&ports).await }).await
    }

    /// The records that cannot be read: no list has them.
    ///
    /// # Errors
    /// The store's.
    pub async fn damaged_users(&self) -> Result<Vec<DamagedUser>, AdminError> {
        let ports = self.may(Matter::Records)?;
        self.finish(async move { Ok(ports.store.damaged_users().await?) }).await
    }

    /// Deletes one of those and frees its card.
    ///
    /// # Errors
    /// No damaged record in this row; the store's.
    pub async fn delete_damaged(&self, row: i64) -> Result<(), AdminError> {
        let ports = self.may(Matter::Records)?;
        self.finish(async move {
            let users = ports.store.damaged_users().await?;
            let key = users.into_iter().find(|user| user.row == row).and_then(|user| user.key);
            let deleted = ports.store.delete_damaged(row, ports.clock.wall()).await;
            if may_have_happened(&deleted, |there| *there) {
                let what = key.map_or(Altered::Everything, Altered::Record);
                ports.current.altered(None, [what]);
            }
            if deleted? { Ok(()) } else { Err(AdminError::NotDamaged) }
        })
        .await
    }

    /// One record with all that deleting it would delete.
    ///
    /// # Errors
    /// No such record; the store's.
    pub async fn describe_user(&self, key: &UserKey) -> Result<StoredUser, AdminError> {
        let (ports, key) = (self.may(Matter::Records)?, key.clone());
        self.finish(async move { ports.store.find_user(key).await?.ok_or(AdminError::NoSuchUser) })
            .await
    }

    /// The record that a typed text means: the person's before the card's.
    ///
    /// # Errors
    /// No such record; the store's.
    pub async fn find_user(&self, typed: &str) -> Result<StoredUser, AdminError> {
        for key in UserKey::readings(typed) {
            match self.describe_user(&key).await {
                Err(AdminError::NoSuchUser) => {}
                found => return found,
            }
        }
        Err(AdminError::NoSuchUser)
    }

    /// Deletes a record and frees its card.
    ///
    /// # Errors
    /// No such record; the store's.
    pub async fn delete_user(&self, key: &UserKey) -> Result<(), AdminError> {
        let (ports, key) = (self.may(Matter::Records)?, key.clone());
        self.finish(async move {
            let deleted = ports.store.delete_user(key.clone(), ports.clock.wall()).await;
            if may_have_happened(&deleted, |there| *there) {
                ports.current.altered(None, [Altered::Record(key)]);
            }
            if deleted? { Ok(()) } else { Err(AdminError::NoSuchUser) }
        })
        .await
    }

    /// Deletes the provisional users, all or those made before a moment, and says how many.
    ///
    /// # Errors
    /// The store's.
    pub async fn delete_provisional(&self, before: Option<SystemTime>) -> Result<u64, AdminError> {
        let ports = self.may(Matter::Records)?;
        self.finish(async move {
            let gone = listed(&ports).await?.into_iter().filter(|user| {
                matches!(user.key, UserKey::Provisional(_))
                    && before.is_none_or(|before| user.created_at < before)
            });
            let gone: Vec<_> = gone.map(|user| Altered::Record(user.key)).collect();
            let deleted = ports.store.delete_provisional(before, ports.clock.wall()).await;
            if may_have_happened(&deleted, |count| *count > 0) {
                ports.current.altered(None, gone);
            }
            Ok(deleted?)
        })
        .await
    }

    /// What there is to know of provisional users.
    ///
    /// # Errors
    /// The store's.
    pub async fn leftovers(&self) -> Result<Leftovers, AdminError> {
        let ports = self.may(Matter::Records)?;
        self.finish(async move {
            let users = listed(&ports).await?;
            leftovers(&ports, &users).await
        })
        .await
    }
}

pub(super) async fn listed<S: Store, D, H>(
    ports: &Ports<S, D, H>,
) -> Result<Vec<ListedUser>, AdminError> {
    Ok(ports.store.list_users().await?.into_iter().map(|user| user.listed).collect())
}

pub(super) async fn leftovers<S: Store, D, H>(
    ports: &Ports<S, D, H>,
    users: &[ListedUser],
) -> Result<Leftovers, AdminError> {
    let settings = &ports.current.site().settings;
    let since = ports.clock.wall().checked_sub(LAST);
    let log = ports.store.audit_log(0).await?;
    let gave_way = AuditEvent::ProvisionalGaveWay { count: 0 }.word();
    let mut gave_way =
        log.iter().filter(|entry| entry.event == gave_way && Some(entry.at) >= since);
    // A record of before has no count that could be read: it was one at least.
    let count_of = |entry: &AuditEntry| entry.details().map_or(Some(1), |it| it.count("count"));
    let counts = gave_way.clone().filter_map(count_of);
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let provisional = users.iter().filter(|user| matches!(user.key, UserKey::Provisional(_)));
    Ok(Leftovers {
        provisional: count(provisional.count()),
        records: count(users.len()),
        capacity: u64::from(settings.capacity.records),
        keep_hours: settings.provisional.keep_hours,
        gave_way: counts.fold(0, u64::saturating_add),
        last: gave_way.next_back().map(|entry| entry.at),
    })
}

pub(super) async fn add<S: Store, D: Directory, H: Hasher>(
    ports: &Arc<Ports<S, D, H>>,
    users: Vec<Imported>,
) -> Result<AddOutcome, AdminError> {
    let mut ready = Vec::with_capacity(users.len());
    for Imported { user, role, limits } in users {
        // One after the other: a long import leaves a slot to people at the panels.
        let verifier = match user.password {
            Some(password) => Some(ports.passwords.hash(password).await?),
            None => None,
        };
        let NewUser { id, name, mail, .. } = user;
        ready.push(UserToStore { id, name, mail, role, limits, verifier });
    }
    let capacity = ports.current.site().settings.capacity;
    let more = u64::try_from(ready.len()).unwrap_or(u64::MAX);
    let add = || ports.store.add_users(ready.clone(), capacity, ports.clock.wall());
    let mut added = add().await?;
    if added == AddOutcome::Full
        && make_room(&*ports.store, &ports.current, &ports.clock, more, true).await?
    {
        added = add().await?;
    }
    ports.guard.forget_wrong();
    Ok(added)
}

pub(super) const CARD_NUMBER: FieldError =
    FieldError { field: Field::UserId, rule: Rule::Reserved };
pub(super) const TAKEN: FieldError = FieldError { field: Field::UserId, rule: Rule::Taken };
