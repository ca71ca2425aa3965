use std::{future::Future, sync::Arc};

use argon2::{
    Argon2, PasswordHasher, PasswordVerifier,
    password_hash::{Error as PhcError, phc::PasswordHash},
};
use kazasu_registration::{Password, TypedPassword};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::Verifier;

/// How many passwords are hashed at a time: each takes 19 MiB and one core.
const PARALLEL: usize = 2;

/// Made from a password that nobody knows, with the parameters of every new hash: what is
/// verified where a user does not exist or has no password, so that the time tells nothing.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                     AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The port to what hashes passwords. Dropping a future gives up the answer.
pub trait Hasher: Send + Sync + 'static {
    /// Hashes a new password under a fresh salt.
    fn hash(&self, password: Password) -> impl Future<Output = Result<Verifier, HashError>> + Send;

    /// Whether the password that was hashed was typed. Where there is none the answer is no, and
    /// takes as long.
    fn matches(
        &self,
        typed: TypedPassword,
        stored: Option<Verifier>,
    ) -> impl Future<Output = Result<bool, HashError>> + Send;
}

/// A password could not be hashed or compared; says why, never what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The stored hash is not one, or not of a kind that can be verified.
    #[error("a stored password hash is damaged: {0}")]
    Stored(String),
    /// No random numbers, or no memory.
    #[error("a password could not be hashed: {0}")]
    Failed(String),
}

/// Argon2id with 19 MiB, 2 passes, 1 lane.
#[derive(Debug)]
pub struct Argon2id {
    slots: Arc<Semaphore>,
}

impl Default for Argon2id {
    fn default() -> Self {
        Self { slots: Arc::new(Semaphore::new(PARALLEL)) }
    }
}

impl Hasher for Argon2id {
    async fn hash(&self, password: Password) -> Result<Verifier, HashError> {
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

    async fn matches(
        &self,
        typed: TypedPassword,
        stored: Option<Verifier>,
    ) -> Result<bool, HashError> {
        self.run(move || {
            let matches = matches(&typed, stored.as_ref().map_or(DUMMY, Verifier::as_str))?;
            Ok(matches && stored.is_some())
        })
        .await
    }
}

impl Argon2id {
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
    use kazasu_registration::{PasswordOwner, PasswordPolicy};

    use super::*;

    fn password(text: &str) -> Password {
        let owner = PasswordOwner { user_id: "tanaka", name: "" };
        Password::new(text.to_owned().into(), PasswordPolicy::DEVICE, owner).unwrap()
    }

    fn typed(text: &str) -> TypedPassword {
        TypedPassword::new(text.to_owned().into()).unwrap()
    }

    #[tokio::test]
    async fn only_what_was_hashed_matches() {
        let hasher = Argon2id::default();
        let hash = hasher.hash(password("sesame 1")).await.unwrap();
        for (text, right) in [("sesame 1", true), ("sesame 2", false), ("", false)] {
            assert_eq!(
                hasher.matches(typed(text), Some(hash.clone())).await,
                Ok(right),
                "{text:?}"
            );
            assert_eq!(hasher.matches(typed(text), None).await, Ok(false), "{text:?}");
        }
    }

    #[tokio::test]
    async fn a_damaged_hash_is_an_error_and_no_verdict() {
        for phc in ["", "sesame 1", "$argon2id$v=19$m=19456,t=2,p=1$AAAA", "$md5$AAAA$AAAA"] {
            let verifier = Some(Verifier::from_stored(phc.to_owned()));
            let verdict = Argon2id::default().matches(typed("sesame 1"), verifier).await;
            assert!(matches!(verdict, Err(HashError::Stored(_))), "{phc:?}: {verdict:?}");
        }
    }

    #[tokio::test]
    async fn salts_differ_and_the_dummy_costs_what_a_new_hash_costs() {
        let hasher = Argon2id::default();
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
