//! A directory and a hasher whose calls fail as a plan says.

use std::{future::pending, sync::Arc};

use kazasu_registration::{CardNumber, CardNumberRule, ErrorCode, Password, TypedPassword, UserId};
use kazasu_service::{
    Answer, CardToRemove, Directory, DirectoryError, HashError, Hasher, Person, Removed, Verifier,
    Written,
};

use crate::{
    ScriptedDirectory,
    plan::{Fault, Kind, Plan},
};

/// Passes calls on to a directory, but for those that the plan names.
pub struct FaultyDirectory {
    /// The directory.
    pub directory: ScriptedDirectory,
    plan: Arc<Plan>,
}

impl FaultyDirectory {
    /// An empty directory.
    #[must_use]
    pub fn new(plan: &Arc<Plan>) -> Self {
        Self { directory: ScriptedDirectory::new(), plan: Arc::clone(plan) }
    }

    async fn call<T>(
        &self,
        kind: Kind,
        name: &'static str,
        call: impl Future<Output = Result<T, DirectoryError>>,
    ) -> Result<T, DirectoryError> {
        let failed = |code| Err(DirectoryError { code, message: "as the plan says".to_owned() });
        match self.plan.next(kind, name) {
            None => call.await,
            Some(Fault::SilentBefore) => pending().await,
            Some(Fault::UnknownBefore) => failed(ErrorCode::OutcomeUnknown),
            Some(Fault::UnknownAfter) => {
                call.await?;
                failed(ErrorCode::OutcomeUnknown)
            }
            Some(_) => failed(ErrorCode::DirectoryUnavailable),
        }
    }
}

impl Directory for FaultyDirectory {
    async fn find(
        &self,
        number: CardNumber,
        rule: CardNumberRule,
    ) -> Result<Option<Person>, DirectoryError> {
        self.call(Kind::Reads, "find", self.directory.find(number, rule)).await
    }

    async fn verify(
        &self,
        typed: UserId,
        password: TypedPassword,
        rule: CardNumberRule,
    ) -> Result<Answer, DirectoryError> {
        self.call(Kind::Reads, "verify", self.directory.verify(typed, password, rule)).await
    }

    async fn write_card(
        &self,
        typed: UserId,
        password: TypedPassword,
        number: CardNumber,
        replaces: Option<CardNumber>,
        rule: CardNumberRule,
    ) -> Result<Written, DirectoryError> {
        let written = self.directory.write_card(typed, password, number, replaces, rule);
        self.call(Kind::WritesEntry, "write_card", written).await
    }

    async fn remove_card(
        &self,
        card: CardToRemove,
        rule: CardNumberRule,
    ) -> Result<Removed, DirectoryError> {
        self.call(Kind::WritesEntry, "remove_card", self.directory.remove_card(card, rule)).await
    }
}

/// Keeps passwords as they are, so that thousands of runs take no time, but for calls that the
/// plan names.
pub struct FaultyHasher(pub Arc<Plan>);

impl FaultyHasher {
    async fn call<T>(
        &self,
        name: &'static str,
        answer: impl FnOnce() -> T,
    ) -> Result<T, HashError> {
        let why = "as the plan says".to_owned();
        match self.0.next(Kind::Hashes, name) {
            None => Ok(answer()),
            Some(Fault::SilentBefore) => pending().await,
            Some(Fault::Damaged) => Err(HashError::Stored(why)),
            Some(_) => Err(HashError::Failed(why)),
        }
    }
}

impl Hasher for FaultyHasher {
    async fn hash(&self, password: Password) -> Result<Verifier, HashError> {
        self.call("hash", || Verifier::from_stored(password.reveal().to_owned())).await
    }

    async fn matches(
        &self,
        typed: TypedPassword,
        stored: Option<Verifier>,
    ) -> Result<bool, HashError> {
        self.call("matches", || stored.is_some_and(|s| s.as_str() == typed.reveal())).await
    }
}
