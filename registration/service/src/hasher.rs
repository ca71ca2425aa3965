use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        Error as PhcError,
        phc::{Output, ParamsString, PasswordHash, Salt},
    },
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

/// The most memory that a stored hash may ask for, in KiB; ours asks for 19,456.
const M_COST_MAX: u32 = 64 * 1024;
/// The most passes; ours asks for 2.
const T_COST_MAX: u32 = 8;
/// The most lanes; ours asks for 1.
const P_COST_MAX: u32 = 4;

/// Argon2id with 19 MiB, 2 passes, 1 lane.
pub struct Argon2id {
    slots: Arc<Semaphore>,
    memory: Arc<Mutex<Vec<Memory>>>,
}

impl Default for Argon2id {
    fn default() -> Self {
        Self { slots: Arc::new(Semaphore::new(PARALLEL)), memory: Arc::default() }
    }
}

impl fmt::Debug for Argon2id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The memory holds what passwords became.
        f.debug_struct("Argon2id").finish_non_exhaustive()
    }
}

/// What a hash is computed in; each slot has one, and keeps it. Given back after each password, such
/// pieces would be spread over the allocator's arenas, which keep them: 440 MB after
/// 360 passwords.
#[derive(Default)]
struct Memory(Vec<Block>);

impl Hasher for Argon2id {
    async fn hash(&self, password: Password) -> Result<Verifier, HashError> {
        self.run(move |memory| {
            let failed = |error: PhcError| HashError::Failed(error.to_string());
            let mut salt = [0; 16];
            getrandom::fill(&mut salt).map_err(|e| HashError::Failed(e.to_string()))?;
            let salt = Salt::new(&salt).map_err(|e| failed(e.into()))?;
            let argon2 = Argon2::default();
            let output = memory.digest(&argon2, password.reveal(), &salt).map_err(failed)?;
            let hash = PasswordHash {
                algorithm: Algorithm::default().ident(),
                version: Some(Version::default().into()),
                params: ParamsString::try_from(argon2.params()).map_err(failed)?,
                salt: Some(salt),
                hash: Some(output),
            };
            Ok(Verifier::from_stored(hash.to_string()))
        })
        .await
    }

    async fn matches(
        &self,
        typed: TypedPassword,
        stored: Option<Verifier>,
    ) -> Result<bool, HashError> {
        self.run(move |memory| {
            let matches =
                memory.matches(&typed, stored.as_ref().map_or(DUMMY, Verifier::as_str))?;
            Ok(matches && stored.is_some())
        })
        .await
    }
}

impl Argon2id {
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let failed = |e: &dyn std::error::Error| HashError::Failed(e.to_string());
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|e| failed(&e))?;
        let kept = Arc::clone(&self.memory);
        // The slot goes along: whoever gives up waiting does not free it before the work is done.
        spawn_blocking(move || {
            let _slot = slot;
            let free = || kept.lock().unwrap_or_else(PoisonError::into_inner);
            let mut memory = free().pop().unwrap_or_default();
            let done = work(&mut memory);
            free().push(memory);
            done
        })
        .await
        .map_err(|e| failed(&e))?
    }
}

/// Whether a stored hash may be computed: one that a hostile backup brought may ask for gigabytes
/// and minutes.
fn is_bounded(params: &Params) -> bool {
    params.m_cost() <= M_COST_MAX && params.t_cost() <= T_COST_MAX && params.p_cost() <= P_COST_MAX
}

impl Memory {
    fn digest(&mut self, argon2: &Argon2, typed: &str, salt: &Salt) -> Result<Output, PhcError> {
        let blocks = argon2.params().block_count();
        let missing = blocks.saturating_sub(self.0.len());
        self.0.try_reserve_exact(missing).map_err(|_| PhcError::OutOfMemory)?;
        self.0.resize(blocks, Block::default());
        let length = argon2.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let mut output = [0; Output::MAX_LENGTH];
        let output = output.get_mut(..length).ok_or(PhcError::OutputSize)?;
        argon2.hash_password_into_with_memory(typed.as_bytes(), salt, output, &mut self.0)?;
        Ok(Output::new(output)?)
    }

    fn matches(&mut self, typed: &TypedPassword, phc: &str) -> Result<bool, HashError> {
        let stored = |error: PhcError| HashError::Stored(error.to_string());
        let hash = PasswordHash::new(phc).map_err(|e| stored(e.into()))?;
        let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
            return Err(HashError::Stored("it has no salt or no hash".to_owned()));
        };
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).map_err(stored)?;
        let version =
            hash.version.map(Version::try_from).transpose().map_err(|e| stored(e.into()))?;
        let params = Params::try_from(&hash).map_err(stored)?;
        if !is_bounded(&params) {
            return Err(HashError::Stored("it costs more than is ever computed".to_owned()));
        }
        let argon2 = Argon2::new(algorithm, version.unwrap_or_default(), params);
        // Equality of outputs takes the same time whatever differs.
        Ok(self.digest(&argon2, typed.reveal(), salt).map_err(stored)? == *expected)
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

    /// Of a restored file: neither gigabytes nor minutes are spent on it.
    #[tokio::test]
    async fn a_hash_without_bounds_is_damaged() {
        let hash = |params: &str| {
            format!("$argon2id$v=19${params}$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
        };
        for params in ["m=65537,t=1,p=1", "m=2097152,t=1,p=1", "m=64,t=9,p=1", "m=64,t=1,p=5"] {
            let verifier = Some(Verifier::from_stored(hash(params)));
            let verdict = Argon2id::default().matches(typed("sesame 1"), verifier).await;
            let Err(HashError::Stored(why)) = verdict else { panic!("{params}: {verdict:?}") };
            assert!(why.contains("costs more"), "{params}: {why}");
        }
        let within = Some(Verifier::from_stored(hash("m=64,t=8,p=4")));
        assert_eq!(Argon2id::default().matches(typed("sesame 1"), within).await, Ok(false));
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

    /// The library's own functions, which take new memory each time, say the same.
    #[tokio::test]
    async fn the_library_agrees() {
        use argon2::{PasswordHasher, PasswordVerifier};
        let hasher = Argon2id::default();
        let ours = hasher.hash(password("sesame 1")).await.unwrap();
        let theirs = Argon2::default();
        assert_eq!(theirs.verify_password(b"sesame 1", ours.as_str()), Ok(()));
        assert_eq!(
            theirs.verify_password(b"sesame 2", ours.as_str()),
            Err(PhcError::PasswordInvalid)
        );
        // More memory than was used before, and less; another length of the hash.
        for (m_cost, length) in [(64, 16), (32 * 1024, 32), (8, 64)] {
            let params = Params::new(m_cost, 1, 1, Some(length)).unwrap();
            let theirs = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let hash = theirs.hash_password_with_salt(b"sesame 1", &[7; 16]).unwrap();
            let stored = || Some(Verifier::from_stored(hash.to_string()));
            for (text, right) in [("sesame 1", true), ("sesame 2", false)] {
                let typed = TypedPassword::new(text.to_owned().into()).unwrap();
                assert_eq!(hasher.matches(typed, stored()).await, Ok(right), "{hash} {text}");
            }
        }
    }
}
