pub(crate) mod audit;
mod directory;
pub(crate) mod edit;
pub(crate) mod error;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod settings;
mod spreadsheet;
pub(crate) mod unlock;

use std::{sync::Arc, time::SystemTime};

use kazasu_registration::{
    Altered, AuditEvent, CardNumber, Field, FieldError, ListedUser, NewUser, Rule, UserEntry,
    UserKey,
};

use crate::{
    AddOutcome, Argon2id, DamagedUser, Hasher, Loaded, Means, Store, StoredUser, UserToStore,
    clock::Clock, current::Current, guard::Guard, leftovers::make_room, passwords::Passwords,
    perform::may_have_happened,
};
use error::AdminError;
use import::{BadLine, ImportError, Imported, LineProblem};

/// What administrators do: users, settings, the device's own passwords.
#[derive(Debug)]
pub struct Admin<S, H = Argon2id> {
    store: Arc<S>,
    current: Arc<Current>,
    passwords: Arc<Passwords<H>>,
    guard: Arc<Guard<S>>,
    clock: Clock,
}

impl<S: Store> Admin<S> {
    /// Administration of a store that no service runs on.
    #[must_use]
    pub fn new(store: Arc<S>, loaded: Loaded) -> Self {
        let current = Arc::new(Current::new(loaded));
        let Means { hasher, wall_clock } = Means::default();
        let clock = Clock::new(wall_clock);
        let guard = Guard::new(Arc::clone(&store), Arc::clone(&current), clock.clone());
        let passwords = Arc::new(Passwords::new(hasher));
        Self { store, current, passwords, guard: Arc::new(guard), clock }
    }
}

impl<S: Store, H: Hasher> Admin<S, H> {
    pub(crate) fn beside(
        store: Arc<S>,
        current: Arc<Current>,
        passwords: Arc<Passwords<H>>,
        guard: Arc<Guard<S>>,
        clock: Clock,
    ) -> Self {
        Self { store, current, passwords, guard, clock }
    }

    /// Adds one user.
    ///
    /// # Errors
    /// Every field that breaks a rule; a user ID that is taken; full; the store's.
    pub async fn add_user(&self, entry: UserEntry) -> Result<(), AdminError> {
        let user = NewUser::check(entry, &self.current.site()).map_err(AdminError::Fields)?;
        match self.add(vec![Imported::from(user)]).await? {
            AddOutcome::Added => Ok(()),
            AddOutcome::Full => Err(AdminError::Full),
            AddOutcome::Taken(_) => Err(AdminError::Fields(vec![TAKEN])),
            AddOutcome::CardNumbers(_) => Err(AdminError::Fields(vec![CARD_NUMBER])),
        }
    }

    /// Adds all users of a CSV file with a header, or none, and says how many.
    ///
    /// Columns: `user_id`, and in any order where wanted `name`, `mail`, `password`, `role`
    /// (S10-4-08), `limits` (S10-4-09; `no-copy no-fax` for one); an empty cell is a copy of the
    /// ID, no address, no password, general, no limits.
    ///
    /// # Errors
    /// Every line that is wrong, with field and rule; full; the store's.
    pub async fn import_users(&self, csv: &[u8]) -> Result<usize, AdminError> {
        let site = self.current.site();
        let rows = import::parse(csv, &site)?;
        // Before minutes are spent on hashing.
        let most = site.settings.capacity.registered;
        if rows.len() > usize::try_from(most).unwrap_or(usize::MAX) {
            return Err(AdminError::Full);
        }
        let (lines, users): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let count = users.len();
        match self.add(users).await? {
            AddOutcome::Added => {
                let event = AuditEvent::UsersImported { count: count as u64 };
                if let Err(error) = self.record_audit(event).await {
                    // Each of them has a record, written with it.
                    tracing::error!(%error, "the audit log does not say that users were imported");
                }
                Ok(count)
            }
            AddOutcome::Full => Err(AdminError::Full),
            AddOutcome::Taken(positions) => Err(bad_lines(&lines, positions, TAKEN)),
            AddOutcome::CardNumbers(positions) => Err(bad_lines(&lines, positions, CARD_NUMBER)),
        }
    }

    /// The registered users as [`Admin::import_users`] reads them, without passwords.
    ///
    /// # Errors
    /// The store's; 3025 where the record of it cannot be written.
    pub async fn export_users(&self) -> Result<String, AdminError> {
        let users = self.list_users().await?;
        let is_person = |user: &&ListedUser| matches!(user.key, UserKey::Registered(_));
        let count = users.iter().filter(is_person).count() as u64;
        self.record_audit(AuditEvent::UsersExported { count }).await?;
        Ok(export::csv(&users))
    }

    /// Every record, sorted by user ID. Provisional ones are named by their card number.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_users(&self) -> Result<Vec<ListedUser>, AdminError> {
        Ok(self.store.list_users().await?.into_iter().map(|user| user.listed).collect())
    }

    /// The records that cannot be read: no list has them.
    ///
    /// # Errors
    /// The store's.
    pub async fn damaged_users(&self) -> Result<Vec<DamagedUser>, AdminError> {
        Ok(self.store.damaged_users().await?)
    }

    /// Deletes one of those and frees its card.
    ///
    /// # Errors
    /// No damaged record in this row; the store's.
    pub async fn delete_damaged(&self, row: i64) -> Result<(), AdminError> {
        let users = self.store.damaged_users().await?;
        let key = users.into_iter().find(|user| user.row == row).and_then(|user| user.key);
        let deleted = self.store.delete_damaged(row, self.clock.wall()).await;
        if may_have_happened(&deleted, |there| *there) {
            let what = key.map_or(Altered::Everything, Altered::Record);
            self.current.altered(None, [what]);
        }
        match deleted? {
            true => Ok(()),
            false => Err(AdminError::NotDamaged),
        }
    }

    /// Every card that is somebody's, a person's or a provisional user's, sorted by user ID.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_cards(&self) -> Result<Vec<(UserKey, CardNumber)>, AdminError> {
        let users = self.store.list_users().await?;
        Ok(users.into_iter().filter_map(|user| Some((user.listed.key, user.card?))).collect())
    }

    /// One record with all that deleting it would delete.
    ///
    /// # Errors
    /// No such record; the store's.
    pub async fn describe_user(&self, key: &UserKey) -> Result<StoredUser, AdminError> {
        self.store.find_user(key.clone()).await?.ok_or(AdminError::NoSuchUser)
    }

    /// Deletes a record and frees its card.
    ///
    /// # Errors
    /// No such record; the store's.
    pub async fn delete_user(&self, key: &UserKey) -> Result<(), AdminError> {
        let deleted = self.store.delete_user(key.clone(), self.clock.wall()).await;
        if may_have_happened(&deleted, |there| *there) {
            self.current.altered(None, [Altered::Record(key.clone())]);
        }
        match deleted? {
            true => Ok(()),
            false => Err(AdminError::NoSuchUser),
        }
    }

    /// Deletes the provisional users, all or those made before a moment, and says how many.
    ///
    /// # Errors
    /// The store's.
    pub async fn delete_provisional(&self, before: Option<SystemTime>) -> Result<u64, AdminError> {
        let users = self.store.list_users().await?.into_iter().map(|user| user.listed);
        let gone = users.filter(|user| {
            matches!(user.key, UserKey::Provisional(_))
                && before.is_none_or(|before| user.created_at < before)
        });
        let gone: Vec<_> = gone.map(|user| Altered::Record(user.key)).collect();
        let deleted = self.store.delete_provisional(before, self.clock.wall()).await;
        if may_have_happened(&deleted, |count| *count > 0) {
            self.current.altered(None, gone);
        }
        Ok(deleted?)
    }

    async fn add(&self, users: Vec<Imported>) -> Result<AddOutcome, AdminError> {
        let mut ready = Vec::with_capacity(users.len());
        for Imported { user, role, limits } in users {
            // One after the other: a long import leaves a slot to people at the panels.
            let verifier = match user.password {
                Some(password) => Some(self.passwords.hash(password).await?),
                None => None,
            };
            let NewUser { id, name, mail, .. } = user;
            ready.push(UserToStore { id, name, mail, role, limits, verifier });
        }
        let capacity = self.current.site().settings.capacity;
        let more = u64::try_from(ready.len()).unwrap_or(u64::MAX);
        let add = || self.store.add_users(ready.clone(), capacity, self.clock.wall());
        let mut added = add().await?;
        if added == AddOutcome::Full
            && make_room(&*self.store, &self.current, &self.clock, more, true).await?
        {
            added = add().await?;
        }
        self.guard.forget_wrong();
        Ok(added)
    }
}

/// Rows of an import that break a rule which only the store knows of.
fn bad_lines(lines: &[u64], positions: Vec<usize>, broken: FieldError) -> AdminError {
    let bad = positions.into_iter().filter_map(|at| lines.get(at));
    let bad = bad.map(|line| BadLine { line: *line, problem: LineProblem::Field(broken) });
    ImportError::lines(bad.collect()).into()
}

const CARD_NUMBER: FieldError = FieldError { field: Field::UserId, rule: Rule::Reserved };
const TAKEN: FieldError = FieldError { field: Field::UserId, rule: Rule::Taken };
