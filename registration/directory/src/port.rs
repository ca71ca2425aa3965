//! The service's port.

use std::{future::Future, time::Duration};

use kazasu_registration::{CardNumber, CardNumberRule, ErrorCode, TypedPassword, UserId};
use kazasu_service::{Answer, CardToRemove, Directory, DirectoryError, Person, Removed, Written};
use tokio::time::timeout;

use crate::{
    client::{Client, Failure},
    fault::{Fault, failed},
    sign_in::SignIn,
};

/// Longest time of a call that only reads, whatever the servers do.
const CALL: Duration = Duration::from_secs(20);

/// Longest time of a call that changes something: every step of it has its own, shorter one, so
/// that only a server which goes on and on without an end gets here.
const CHANGE: Duration = Duration::from_secs(60);

fn unknown() -> DirectoryError {
    let what = "the directory did not come to an end: look at the entry, then try again";
    failed(ErrorCode::OutcomeUnknown, what)
}

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
    async fn find(
        &self,
        number: CardNumber,
        rule: CardNumberRule,
    ) -> Result<Option<Person>, DirectoryError> {
        self.within(async {
            self.check_enabled()?;
            let Some(entry) = self.find_card(&number, &rule).await? else { return Ok(None) };
            #[expect(clippy::disallowed_methods, reason = "accounts expire by the calendar")]
            let now = std::time::SystemTime::now();
            entry.check_account(&self.config, now)?;
            if self.config.groups.is_empty() {
                return entry.person(&self.config, &rule).map(Some);
            }
            let mut lease = self.service().await?;
            let person = self.person(&mut lease, &entry, &rule).await?;
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
        rule: CardNumberRule,
    ) -> Result<Answer, DirectoryError> {
        self.within(async {
            Ok(match self.sign_in(&typed, &password).await? {
                SignIn::WrongPassword => Answer::WrongPassword,
                SignIn::UnknownUser => Answer::UnknownUser,
                SignIn::Right(mut own) => {
                    Answer::Right(self.person(&mut own.lease, &own.entry, &rule).await?)
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
        rule: CardNumberRule,
    ) -> Result<Written, DirectoryError> {
        // What was sent may have been done: what became of it is not known then.
        let write = self.write(&typed, &password, &number, replaces.as_ref(), &rule);
        timeout(CHANGE, write).await.unwrap_or_else(|_| Err(unknown()))
    }

    async fn remove_card(
        &self,
        card: CardToRemove,
        rule: CardNumberRule,
    ) -> Result<Removed, DirectoryError> {
        timeout(CHANGE, self.remove(&card, &rule)).await.unwrap_or_else(|_| Err(unknown()))
    }
}
