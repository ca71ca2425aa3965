//! The service's port.

use std::{future::Future, time::Duration};

use kazasu_registration::{CardNumber, TypedPassword, UserId};
use kazasu_service::{Answer, CardToRemove, Directory, DirectoryError, Person, Removed, Written};
use tokio::time::timeout;

use crate::{
    client::{Client, Failure},
    fault::Fault,
    sign_in::SignIn,
};

/// Longest time of a call that only reads, whatever the servers do.
const CALL: Duration = Duration::from_secs(20);

impl Client {
    async fn within<T>(
        &self,
        call: impl Future<Output = Result<T, DirectoryError>>,
    ) -> Result<T, DirectoryError> {
        let late = Failure { server: None, fault: Fault::TimedOut };
        timeout(CALL, call).await.unwrap_or_else(|_| Err(self.error(late)))
    }
}

impl Directory for Client {
    async fn find(&self, number: CardNumber) -> Result<Option<Person>, DirectoryError> {
        self.within(async {
            self.check_enabled()?;
            let Some(entry) = self.find_card(&number).await? else { return Ok(None) };
            #[expect(clippy::disallowed_methods, reason = "accounts expire by the calendar")]
            let now = std::time::SystemTime::now();
            entry.check_account(&self.config, now)?;
            if self.config.groups.is_empty() {
                return entry.person(&self.config).map(Some);
            }
            let mut lease = self.service().await?;
            let person = self.person(&mut lease, &entry).await?;
            self.give_back(lease);
            Ok(Some(person))
        })
        .await
    }

    async fn whose(&self, typed: UserId) -> Result<Option<UserId>, DirectoryError> {
        self.within(self.whose_entry(&typed)).await
    }

    async fn verify(
        &self,
        typed: UserId,
        password: TypedPassword,
    ) -> Result<Answer, DirectoryError> {
        self.within(async {
            Ok(match self.sign_in(&typed, &password).await? {
                SignIn::WrongPassword => Answer::WrongPassword,
                SignIn::UnknownUser => Answer::UnknownUser,
                SignIn::Right(mut own) => {
                    Answer::Right(self.person(&mut own.lease, &own.entry).await?)
                }
            })
        })
        .await
    }

    async fn write_card(
        &self,
        typed: UserId,
        password: TypedPassword,
        number: CardNumber,
        replaces: Option<CardNumber>,
    ) -> Result<Written, DirectoryError> {
        self.write(&typed, &password, &number, replaces.as_ref()).await
    }

    async fn remove_card(&self, card: CardToRemove) -> Result<Removed, DirectoryError> {
        self.remove(&card).await
    }
}
