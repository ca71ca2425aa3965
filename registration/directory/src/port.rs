//! The service's port.

use std::{future::Future, time::Duration};

use kazasu_registration::{CardNumber, TypedPassword, UserId};
use kazasu_service::{Answer, Directory, DirectoryError, Person, Written};
use tokio::time::timeout;

use crate::{
    client::{Client, Failure},
    fault::Fault,
    sign_in::{Member, SignIn},
};

/// Longest time of a call that only reads, whatever the servers do.
const CALL: Duration = Duration::from_secs(20);

impl Client {
    /// Whose card has this number, and what their groups make of them.
    ///
    /// # Errors
    /// Why it cannot be told, or why the person may not sign in.
    pub async fn find_member(&self, number: &CardNumber) -> Result<Option<Member>, DirectoryError> {
        self.within(async {
            self.check_enabled()?;
            let Some(entry) = self.find_card(number).await? else { return Ok(None) };
            #[expect(clippy::disallowed_methods, reason = "accounts expire by the calendar")]
            let now = std::time::SystemTime::now();
            entry.check_account(&self.config, now)?;
            if self.config.groups.is_empty() {
                let role = kazasu_registration::Role::General;
                return Ok(Some(Member { person: entry.person(&self.config)?, role }));
            }
            let mut lease = self.service().await?;
            let member = self.member(&mut lease, &entry).await?;
            self.give_back(lease);
            Ok(Some(member))
        })
        .await
    }

    async fn within<T>(
        &self,
        call: impl Future<Output = Result<T, DirectoryError>>,
    ) -> Result<T, DirectoryError> {
        let late = Failure { server: None, fault: Fault::TimedOut };
        timeout(CALL, call).await.unwrap_or_else(|_| Err(self.error(late)))
    }

    /// Whether credentials are right: `Ok(Ok(member))`, or how they are wrong.
    ///
    /// # Errors
    /// Why it cannot be told, or why the person may not sign in.
    pub async fn verify_member(
        &self,
        typed: &UserId,
        password: &TypedPassword,
    ) -> Result<Verified, DirectoryError> {
        self.within(async {
            match self.sign_in(typed, password).await? {
                SignIn::WrongPassword => Ok(Verified::WrongPassword),
                SignIn::UnknownUser => Ok(Verified::UnknownUser),
                SignIn::Right(mut own) => {
                    let member = self.member(&mut own.lease, &own.entry).await?;
                    Ok(Verified::Right(member))
                }
            }
        })
        .await
    }
}

/// A verdict on credentials, with the role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// They are this person's.
    Right(Member),
    /// The person exists as far as anybody can tell; the password is another.
    WrongPassword,
    /// No such person.
    UnknownUser,
}

impl Directory for Client {
    async fn find(&self, number: CardNumber) -> Result<Option<Person>, DirectoryError> {
        Ok(self.find_member(&number).await?.map(|member| member.person))
    }

    async fn verify(
        &self,
        typed: UserId,
        password: TypedPassword,
    ) -> Result<Answer, DirectoryError> {
        Ok(match self.verify_member(&typed, &password).await? {
            Verified::Right(member) => Answer::Right(member.person),
            Verified::WrongPassword => Answer::WrongPassword,
            Verified::UnknownUser => Answer::UnknownUser,
        })
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
}
