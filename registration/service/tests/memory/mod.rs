//! A store in memory that can be made slow or broken.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
    time::SystemTime,
};

use kazasu_hal::CardIdentity;
use kazasu_registration::{
    Account, AuditRecord, Binding, Capacity, CommitOutcome, Limits, ListedUser, LookUp,
    Provisional, ProvisionalOutcome, Role, UserId, UserKey,
};
use kazasu_service::{AddOutcome, Credentials, Store, StoreError, UserToStore};
use tokio::sync::watch;

#[derive(Default)]
struct Records {
    users: BTreeMap<String, (UserToStore, Option<CardIdentity>)>,
    provisional: Vec<CardIdentity>,
    audit: Vec<String>,
    fails: Option<StoreError>,
}

pub(crate) struct Memory {
    records: Mutex<Records>,
    /// While this is `true` no call is answered.
    held: watch::Sender<bool>,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self { records: Mutex::default(), held: watch::Sender::new(false) }
    }

    pub(crate) fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    pub(crate) fn fail(&self, error: Option<StoreError>) {
        self.lock().fails = error;
    }

    pub(crate) fn audit(&self) -> Vec<String> {
        self.lock().audit.clone()
    }

    pub(crate) fn card_of(&self, user: &str) -> Option<CardIdentity> {
        self.lock().users.get(user).and_then(|(_, card)| card.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap()
    }

    async fn answer<T>(&self, query: impl FnOnce(&mut Records) -> T) -> Result<T, StoreError> {
        self.held.subscribe().wait_for(|held| !held).await.unwrap();
        let mut records = self.lock();
        match &records.fails {
            Some(error) => Err(error.clone()),
            None => Ok(query(&mut records)),
        }
    }
}

fn owner(records: &Records, card: &CardIdentity) -> Option<Account> {
    let (user, card) = records.users.values().find(|(_, c)| c.as_ref() == Some(card))?;
    Some(Account { id: user.id.clone(), name: user.name.clone(), card: card.clone() })
}

impl Store for Memory {
    async fn look_up(&self, card: CardIdentity) -> Result<LookUp, StoreError> {
        self.answer(|records| match owner(records, &card) {
            Some(account) => LookUp::Registered(account),
            None if records.provisional.contains(&card) => LookUp::Provisional,
            None => LookUp::Unknown,
        })
        .await
    }

    async fn make_provisional(
        &self,
        provisional: Provisional,
        capacity: Capacity,
    ) -> Result<ProvisionalOutcome, StoreError> {
        self.answer(|records| {
            if records.provisional.len() + records.users.len() >= capacity.records as usize {
                return ProvisionalOutcome::Full;
            }
            records.audit.push(provisional.audit_record().event.word().to_owned());
            records.provisional.push(provisional.card);
            ProvisionalOutcome::Made
        })
        .await
    }

    async fn credentials(&self, user: UserId) -> Result<Option<Credentials>, StoreError> {
        self.answer(|records| {
            let (user, card) = records.users.get(user.as_str())?;
            let account =
                Account { id: user.id.clone(), name: user.name.clone(), card: card.clone() };
            Some(Credentials { account, verifier: user.verifier.clone() })
        })
        .await
    }

    async fn commit(&self, binding: Binding) -> Result<CommitOutcome, StoreError> {
        self.answer(|records| {
            let Some((_, card)) = records.users.get_mut(binding.user.as_str()) else {
                return CommitOutcome::UserGone;
            };
            match card {
                Some(other) if binding.replaces.as_ref() != Some(other) => {
                    return CommitOutcome::Conflict(other.clone());
                }
                _ => {}
            }
            let record = binding.audit_record(card.replace(binding.card.clone()));
            records.provisional.retain(|card| *card != binding.card);
            records.audit.push(record.event.word().to_owned());
            CommitOutcome::Done
        })
        .await
    }

    async fn add_users(
        &self,
        users: Vec<UserToStore>,
        capacity: Capacity,
        _at: SystemTime,
    ) -> Result<AddOutcome, StoreError> {
        self.answer(|records| {
            let is_taken = |user: &UserToStore| records.users.contains_key(user.id.as_str());
            let taken: Vec<_> =
                users.iter().enumerate().filter(|(_, u)| is_taken(u)).map(|(n, _)| n).collect();
            if !taken.is_empty() {
                return AddOutcome::Taken(taken);
            }
            if records.users.len() + users.len() > capacity.registered as usize {
                return AddOutcome::Full;
            }
            let users = users.into_iter().map(|user| (user.id.to_string(), (user, None)));
            records.users.extend(users);
            AddOutcome::Added
        })
        .await
    }

    async fn list_users(&self) -> Result<Vec<ListedUser>, StoreError> {
        self.answer(|records| {
            let listed = |(user, card): &(UserToStore, Option<CardIdentity>)| ListedUser {
                key: user.id.clone().into(),
                name: user.name.clone(),
                mail: user.mail.clone(),
                role: Role::General,
                limits: Limits::ALLOW_ALL,
                has_card: card.is_some(),
                created_at: SystemTime::UNIX_EPOCH,
            };
            records.users.values().map(listed).collect()
        })
        .await
    }

    async fn delete_user(&self, key: UserKey, _at: SystemTime) -> Result<bool, StoreError> {
        self.answer(|records| records.users.remove(key.as_str()).is_some()).await
    }

    async fn append_audit(&self, record: AuditRecord) -> Result<(), StoreError> {
        let user = record.event.user().map_or("-".to_owned(), ToString::to_string);
        let line = format!("{} {user}", record.event.word());
        self.answer(|records| records.audit.push(line)).await
    }
}
