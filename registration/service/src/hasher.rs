use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use argon2::{
    Argon2, PasswordHasher, PasswordVerifier,
    password_hash::{Error as PhcError, phc::PasswordHash},
};
use kazasu_registration::{Password, TypedPassword, Verdict};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::{Credentials, Verifier};

/// How many passwords are hashed at a time: each takes 19 MiB and one core.
const PARALLEL: usize = 2;

/// Made from a password that nobody knows, with the parameters of every new hash: what is
/// verified where a user does not exist or has no password, so that the time tells nothing.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                     AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and verifies passwords: Argon2id with 19 MiB, 2 passes, 1 lane.
#[derive(Clone, Debug)]
pub(crate) struct Hasher {
    slots: Arc<Semaphore>,
    compared: Arc<AtomicU64>,
}

/// A password could not be hashed or compared; says why, never what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HashError {
    /// The stored hash is not one, or not of a kind that can be verified.
    #[error("a stored password hash is damaged: {0}")]
    Stored(String),
    /// No random numbers, or no memory.
    #[error("a password could not be hashed: {0}")]
    Failed(String),
}

impl Hasher {
    pub(crate) fn new() -> Self {
        Self { slots: Arc::new(Semaphore::new(PARALLEL)), compared: Arc::default() }
    }

    /// How many typed passwords were compared so far.
    pub(crate) fn compared(&self) -> u64 {
        self.compared.load(Ordering::Relaxed)
    }

    /// Hashes a new password under a fresh salt.
    pub(crate) async fn hash(&self, password: Password) -> Result<Verifier, HashError> {
        self.run(move || {
            let mut salt = [0; 16];
            getrandom::fill(&mut salt).map_err(|e| HashError::Failed(e.to_string()))?;
            let hash: PasswordHash = Argon2::default()
                .hash_password_with_salt(password.reveal().as_bytes(), &salt)
                .map_err(|e| HashError::Failed(e.to_string()))?;
            Ok(Verifier::from_stored(hash.to_string()))
        })
        .await
    }

    /// Compares what was typed. Takes one hash's time whoever it is.
    pub(crate) async fn verify(
        &self,
        typed: TypedPassword,
        stored: Option<Credentials>,
    ) -> Result<Verdict, HashError> {
        self.compared.fetch_add(1, Ordering::Relaxed);
        self.run(move || {
            let verifier = stored.as_ref().and_then(|c| c.verifier.as_ref());
            let matches = matches(&typed, verifier.map_or(DUMMY, Verifier::as_str))?;
            let has_password = verifier.is_some();
            Ok(match stored {
                None => Verdict::UnknownUser,
                Some(c) if has_password && matches => Verdict::Right(c.account),
                Some(c) if !has_password && typed.reveal().is_empty() => Verdict::Right(c.account),
                Some(_) => Verdict::WrongPassword,
            })
        })
        .await
    }

    /// Compares what was typed with one of the device's own passwords.
    pub(crate) async fn matches(
        &self,
        typed: TypedPassword,
        stored: Verifier,
    ) -> Result<bool, HashError> {
        self.compared.fetch_add(1, Ordering::Relaxed);
        self.run(move || matches(&typed, stored.as_str())).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let failed = |e: &dyn std::error::Error| HashError::Failed(e.to_string());
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|e| failed(&e))?;
        // The slot goes along: whoever gives up waiting does not free it before the work is done.
        spawn_blocking(move || {
            let _slot = slot;
            work()
        })
        .await
        .map_err(|e| failed(&e))?
    }
}

fn matches(typed: &TypedPassword, phc: &str) -> Result<bool, HashError> {
    let stored = PasswordHash::new(phc).map_err(|e| HashError::Stored(e.to_string()))?;
    match Argon2::default().verify_password(typed.reveal().as_bytes(), &stored) {
        Ok(()) => Ok(true),
        Err(PhcError::PasswordInvalid) => Ok(false),
        Err(e) => Err(HashError::Stored(e.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use kazasu_registration::{
        Account, Limits, PasswordOwner, PasswordPolicy, Role, Source, UserId, UserName,
    };

    use super::*;

    fn password(text: &str) -> Password {
        let owner = PasswordOwner { user_id: "tanaka", name: "" };
        Password::new(text.to_owned().into(), PasswordPolicy::DEVICE, owner).unwrap()
    }

    fn stored(verifier: Option<Verifier>) -> Option<Credentials> {
        let id = UserId::new("tanaka").unwrap();
        let name = UserName::new("Tanaka").unwrap();
        let account = Account {
            id,
            name,
            mail: None,
            card: None,
            source: Source::Device,
            role: Role::General,
            limits: Limits::ALLOW_ALL,
            has_password: verifier.is_some(),
        };
        Some(Credentials { account, verifier })
    }

    #[tokio::test]
    async fn verdicts() {
        let hasher = Hasher::new();
        let hash = hasher.hash(password("sesame 1")).await.unwrap();
        let right =
            |stored: &Option<Credentials>| Verdict::Right(stored.as_ref().unwrap().account.clone());
        let rows = [
            ("sesame 1", stored(Some(hash.clone())), right(&stored(Some(hash.clone())))),
            ("sesame 2", stored(Some(hash.clone())), Verdict::WrongPassword),
            ("", stored(Some(hash)), Verdict::WrongPassword),
            ("", stored(None), right(&stored(None))),
            ("sesame 1", stored(None), Verdict::WrongPassword),
            ("sesame 1", None, Verdict::UnknownUser),
            ("", None, Verdict::UnknownUser),
        ];
        for (text, credentials, verdict) in rows {
            let typed = TypedPassword::new(text.to_owned().into()).unwrap();
            assert_eq!(hasher.verify(typed, credentials).await, Ok(verdict), "{text:?}");
        }
    }

    #[tokio::test]
    async fn passwords_of_the_device_itself() {
        let hasher = Hasher::new();
        let hash = hasher.hash(password("sesame 1")).await.unwrap();
        for (text, right) in [("sesame 1", true), ("sesame 2", false), ("", false)] {
            let typed = TypedPassword::new(text.to_owned().into()).unwrap();
            assert_eq!(hasher.matches(typed, hash.clone()).await, Ok(right), "{text:?}");
        }
    }

    #[tokio::test]
    async fn a_damaged_hash_is_an_error_and_no_verdict() {
        for phc in ["", "sesame 1", "$argon2id$v=19$m=19456,t=2,p=1$AAAA", "$md5$AAAA$AAAA"] {
            let typed = TypedPassword::new("sesame 1".to_owned().into()).unwrap();
            let verifier = Verifier::from_stored(phc.to_owned());
            let verdict = Hasher::new().verify(typed, stored(Some(verifier))).await;
            assert!(matches!(verdict, Err(HashError::Stored(_))), "{phc:?}: {verdict:?}");
        }
    }

    #[tokio::test]
    async fn salts_differ_and_the_dummy_costs_what_a_new_hash_costs() {
        let hasher = Hasher::new();
        let one = hasher.hash(password("sesame 1")).await.unwrap();
        let two = hasher.hash(password("sesame 1")).await.unwrap();
        assert_ne!(one.as_str(), two.as_str());
        let cost = |phc: &str| {
            let hash = PasswordHash::new(phc).unwrap();
            (
                hash.algorithm.to_string(),
                hash.version,
                hash.params.to_string(),
                hash.hash.unwrap().len(),
            )
        };
        assert_eq!(cost(DUMMY), cost(one.as_str()));
    }
}
