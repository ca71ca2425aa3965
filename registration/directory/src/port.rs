//! The service's port.

use std::{future::Future, time::Duration};

use kazasu_registration::{CardNumber, CardNumberRule, ErrorCode, TypedPassword, UserId};
use kazasu_service::{Answer, CardToRemove, Directory, DirectoryError, Person, Removed, Written};
use tokio::time::timeout;

use crate::{
    client::{Client, Failure},
    fault::{Fault, failed},
    people::sign_in::SignIn,
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kazasu_registration::TypedPassword;
    use tokio::{net::TcpListener, time::Instant};

    use super::*;

    /// Eight servers that take connections and say nothing would be waited for four minutes.
    #[tokio::test(start_paused = true)]
    async fn every_call_comes_to_an_end() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("'localhost:{}'", listener.local_addr().unwrap().port());
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, "service pass").unwrap();
        let section = format!(
            "kind = 'ldap'\nservers = [{}]\nbase_dn = 'dc=x'\nattributes.card = 'pager'\n\
             bind_name.dn_template = 'uid={{}},dc=x'\nconnect_timeout_ms = 30000\n\
             service_account = {{ name = 'cn=s', password_file = '{}' }}",
            [server.as_str(); 8].join(","),
            secret.display()
        );
        let client = Client::new(toml::from_str(&section).unwrap()).unwrap();
        let number = || CardNumber::from_text("012E4CE100000001").unwrap();
        let alice = || UserId::new("alice").unwrap();
        let typed = || TypedPassword::new("x".to_owned().into()).unwrap();
        let rule = CardNumberRule::default;
        let check = |begun: Instant, code: Option<ErrorCode>, of, seconds| {
            assert_eq!(code, Some(of));
            // The name is looked up on a thread, which time does not wait for.
            let took = begun.elapsed();
            let most = Duration::from_secs(seconds);
            assert!(took <= most + Duration::from_millis(10), "{took:?}");
        };
        let begun = Instant::now();
        let found = client.find(number(), rule()).await.err().map(|error| error.code);
        check(begun, found, ErrorCode::DirectoryTimeout, 20);
        let begun = Instant::now();
        let whose = client.whose(alice()).await.err().map(|error| error.code);
        check(begun, whose, ErrorCode::DirectoryTimeout, 20);
        let begun = Instant::now();
        let verified = client.verify(alice(), typed(), rule()).await.err().map(|error| error.code);
        check(begun, verified, ErrorCode::DirectoryTimeout, 20);
        let begun = Instant::now();
        let written = client.write_card(alice(), typed(), number(), None, rule()).await;
        check(begun, written.err().map(|error| error.code), ErrorCode::OutcomeUnknown, 60);
        let begun = Instant::now();
        let removed = client.remove_card(CardToRemove::Numbered(number()), rule()).await;
        check(begun, removed.err().map(|error| error.code), ErrorCode::OutcomeUnknown, 60);
    }
}
