use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use kazasu_registration::{Password, TypedPassword, Verdict};

use crate::{Credentials, HashError, Hasher, Verifier};

/// Who is right: what was typed against what is stored.
#[derive(Debug)]
pub(crate) struct Passwords<H> {
    hasher: H,
    compared: Arc<AtomicU64>,
}

impl<H: Hasher> Passwords<H> {
    pub(crate) fn new(hasher: H) -> Self {
        Self { hasher, compared: Arc::default() }
    }

    /// How many typed passwords were compared so far; counts on.
    pub(crate) fn compared(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.compared)
    }

    /// Hashes a new password.
    pub(crate) async fn hash(&self, password: Password) -> Result<Verifier, HashError> {
        self.hasher.hash(password).await
    }

    /// Compares what was typed. Takes one hash's time whoever it is.
    pub(crate) async fn verify(
        &self,
        typed: TypedPassword,
        stored: Option<Credentials>,
    ) -> Result<Verdict, HashError> {
        let is_empty = typed.reveal().is_empty();
        let verifier = stored.as_ref().and_then(|c| c.verifier.clone());
        let has_password = verifier.is_some();
        let matches = self.compare(typed, verifier).await?;
        Ok(match stored {
            None => Verdict::UnknownUser,
            Some(c) if has_password && matches => Verdict::Right(c.account),
            Some(c) if !has_password && is_empty => Verdict::Right(c.account),
            Some(_) => Verdict::WrongPassword,
        })
    }

    /// Compares what was typed with one of the device's own passwords. Takes one hash's time also
    /// where it is not set; nothing matches then.
    pub(crate) async fn matches(
        &self,
        typed: TypedPassword,
        stored: Option<Verifier>,
    ) -> Result<bool, HashError> {
        self.compare(typed, stored).await
    }

    async fn compare(
        &self,
        typed: TypedPassword,
        stored: Option<Verifier>,
    ) -> Result<bool, HashError> {
        self.compared.fetch_add(1, Ordering::Relaxed);
        self.hasher.matches(typed, stored).await
    }
}

#[cfg(test)]
mod tests {
    use kazasu_registration::{
        Account, Limits, PasswordOwner, PasswordPolicy, Role, Source, UserId, UserName,
    };

    use super::*;
    use crate::Argon2id;

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
        let passwords = Passwords::new(Argon2id::default());
        let owner = PasswordOwner { user_id: "tanaka", name: "" };
        let password =
            Password::new("sesame 1".to_owned().into(), PasswordPolicy::DEVICE, owner).unwrap();
        let hash = passwords.hash(password).await.unwrap();
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
        let count = rows.len() as u64;
        for (text, credentials, verdict) in rows {
            let typed = TypedPassword::new(text.to_owned().into()).unwrap();
            assert_eq!(passwords.verify(typed, credentials).await, Ok(verdict), "{text:?}");
        }
        assert_eq!(passwords.compared().load(Ordering::Relaxed), count);
    }
}
