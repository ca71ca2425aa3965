pub(crate) mod import;

use std::sync::Arc;

use kazasu_registration::{
    ErrorCode, Field, FieldError, ListedUser, NewUser, Rule, Settings, UserEntry, UserKey,
};

use crate::{
    AddOutcome, Store, StoreError, UserToStore, clock,
    hasher::{HashError, Hasher},
};
use import::{BadLine, ImportError, LineProblem};

/// What administrators do: add, import, list and delete users.
#[derive(Debug)]
pub struct Admin<S> {
    store: Arc<S>,
    settings: Arc<Settings>,
    hasher: Hasher,
}

/// Why an administrator's request was not done. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// Fields break rules.
    #[error("{}", join(.0))]
    Fields(Vec<FieldError>),
    /// The file of an import is wrong.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// No room for more users.
    #[error("registrations are full: delete records first (kazasu user list, kazasu user delete)")]
    Full,
    /// No record of this name.
    #[error("no such user (kazasu user list shows all)")]
    NoSuchUser,
    /// The store does not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A password could not be hashed.
    #[error("{0}")]
    Internal(String),
    /// The service is shutting down.
    #[error("the service is stopping")]
    Stopped,
}

impl AdminError {
    /// The catalogue's code, where it has one.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Fields(errors) => errors.first().map(FieldError::code),
            Self::Full => Some(ErrorCode::Full),
            Self::Store(error) => Some(error.code()),
            Self::Internal(_) | Self::Stopped => Some(ErrorCode::Internal),
            Self::Import(_) | Self::NoSuchUser => None,
        }
    }
}

impl From<HashError> for AdminError {
    fn from(error: HashError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl<S: Store> Admin<S> {
    /// Administration of a store.
    #[must_use]
    pub fn new(store: Arc<S>, settings: Arc<Settings>) -> Self {
        Self::with_hasher(store, settings, Hasher::new())
    }

    pub(crate) fn with_hasher(store: Arc<S>, settings: Arc<Settings>, hasher: Hasher) -> Self {
        Self { store, settings, hasher }
    }

    /// Adds one user.
    ///
    /// # Errors
    /// Every field that breaks a rule; a user ID that is taken; full; the store's.
    pub async fn add_user(&self, entry: UserEntry) -> Result<(), AdminError> {
        let user = NewUser::check(entry, &self.settings).map_err(AdminError::Fields)?;
        match self.add(vec![user]).await? {
            AddOutcome::Added => Ok(()),
            AddOutcome::Full => Err(AdminError::Full),
            AddOutcome::Taken(_) => Err(AdminError::Fields(vec![TAKEN])),
        }
    }

    /// Adds all users of a CSV file with a header, or none, and says how many.
    ///
    /// Columns: `user_id`, and in any order where wanted `name`, `mail`, `password`; an empty
    /// cell is a copy of the ID, no address, no password.
    ///
    /// # Errors
    /// Every line that is wrong, with field and rule; full; the store's.
    pub async fn import_users(&self, csv: &[u8]) -> Result<usize, AdminError> {
        let rows = import::parse(csv, &self.settings)?;
        // Before minutes are spent on hashing.
        if rows.len() > usize::try_from(self.settings.capacity.registered).unwrap_or(usize::MAX) {
            return Err(AdminError::Full);
        }
        let (lines, users): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let count = users.len();
        match self.add(users).await? {
            AddOutcome::Added => Ok(count),
            AddOutcome::Full => Err(AdminError::Full),
            AddOutcome::Taken(positions) => {
                let bad = positions
                    .into_iter()
                    .filter_map(|at| lines.get(at))
                    .map(|line| BadLine { line: *line, problem: LineProblem::Field(TAKEN) });
                Err(ImportError::lines(bad.collect()).into())
            }
        }
    }

    /// Every record, sorted by user ID. Provisional ones are named by their card number.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_users(&self) -> Result<Vec<ListedUser>, AdminError> {
        Ok(self.store.list_users().await?)
    }

    /// Deletes a record and frees its card.
    ///
    /// # Errors
    /// No such record; the store's.
    pub async fn delete_user(&self, key: &UserKey) -> Result<(), AdminError> {
        match self.store.delete_user(key.clone(), clock::wall()).await? {
            true => Ok(()),
            false => Err(AdminError::NoSuchUser),
        }
    }

    async fn add(&self, users: Vec<NewUser>) -> Result<AddOutcome, AdminError> {
        let mut ready = Vec::with_capacity(users.len());
        for user in users {
            // One after the other: a long import leaves a slot to people at the panels.
            let verifier = match user.password {
                Some(password) => Some(self.hasher.hash(password).await?),
                None => None,
            };
            ready.push(UserToStore { id: user.id, name: user.name, mail: user.mail, verifier });
        }
        Ok(self.store.add_users(ready, self.settings.capacity, clock::wall()).await?)
    }
}

const TAKEN: FieldError = FieldError { field: Field::UserId, rule: Rule::Taken };

fn join(errors: &[FieldError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
