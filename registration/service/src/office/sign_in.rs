use std::{fmt, net::IpAddr};

use kazasu_registration::{
    AuditEvent, Claim, Claimed, DeviceSecret, ErrorCode, RefusalKind, Refused, Role, TypedPassword,
    UserId, Verdict,
};
use zeroize::Zeroizing;

use super::{AdminError, Authority, Office};
use crate::{
    Argon2id, Directory, Hasher, Refusal, Service, Store, Verifier,
    asker::Asker,
    perform::{Ports, was_guessed},
};

/// An administrator, as who they are and the password they have at some moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    who: Claimed,
    /// The key operator's user ID.
    called: Option<UserId>,
    verifier: Verifier,
}

impl Standing {
    /// Who the administrator is.
    #[must_use]
    pub fn who(&self) -> &Claimed {
        &self.who
    }
}

/// Where administrators come in from the network: their password is the way to an office, and
/// there is no other here.
pub struct Administrators<S, D, H = Argon2id>(Service<S, D, H>);

impl<S: Store, D: Directory, H: Hasher> Service<S, D, H> {
    /// The door for administrators from the network.
    #[must_use]
    pub fn administrators(&self) -> Administrators<S, D, H> {
        Administrators(self.clone())
    }
}

impl<S: Store, D: Directory, H: Hasher> Administrators<S, D, H> {
    /// Whether these are the credentials of an administrator: the key operator, or a user of that
    /// role with a password. Passes the same gate as every other sign-in; failures are audited.
    ///
    /// # Errors
    /// 3065 where too many from this address were wrong of late, which is answered without looking
    /// at anything; `K06` where they are none, whatever the reason; what the gate says; the
    /// store's; `500` where the service is stopping.
    pub async fn check(
        &self,
        user: &str,
        password: Zeroizing<String>,
        from: IpAddr,
    ) -> Result<Claimed, Refusal> {
        self.0.stations().admit(from).await?;
        let ports = self.0.ports().map_err(|_| ErrorCode::Internal)?;
        let user = user.to_owned();
        let checked = self.0.finish_sign_in(async move {
            let checked = ports.administrator(&user, password, from).await;
            if !was_guessed(&checked, |_| false) {
                ports.guard.sources.admitted(from);
            }
            if let Ok(who) = &checked
                && ports.current.site().settings.audit.sign_ins
            {
                let event = AuditEvent::SignedIn { who: who.clone(), card: None, from: Some(from) };
                ports.record_audit(event).await.map_err(|error| log_failed(&error))?;
            }
            checked
        });
        checked.await.ok_or(ErrorCode::Internal)?
    }

    /// What makes this the session of an administrator now; `None` where it is none any more.
    /// While it stays equal nobody took the account, the role or the password away.
    ///
    /// # Errors
    /// The store's.
    pub async fn standing(&self, who: Claimed) -> Result<Option<Standing>, AdminError> {
        let ports = self.0.ports()?;
        self.0.finish(async move { ports.standing(who).await }).await
    }

    /// Where the wishes of this administrator are carried out.
    #[must_use]
    pub fn office(&self, standing: &Standing) -> Office<'_, S, D, H> {
        self.0.office(&Authority::from(standing))
    }
}

impl<S, D, H> Clone for Administrators<S, D, H> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S, D, H> fmt::Debug for Administrators<S, D, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Administrators").finish_non_exhaustive()
    }
}

impl<S: Store, D: Directory, H: Hasher> Ports<S, D, H> {
    async fn administrator(
        &self,
        user: &str,
        password: Zeroizing<String>,
        from: IpAddr,
    ) -> Result<Claimed, Refusal> {
        let wrong = |who| Refused { from: Some(from), ..Refused::wrong(who, None) };
        let (Ok(id), Ok(typed)) = (UserId::typed(user), TypedPassword::new(password)) else {
            // No user has such an ID, and nobody such a password.
            return Err(self.refused(wrong(Claimed::Unknown)).await);
        };
        let site = self.current.site();
        let operator = site.settings.administrator.id.as_ref();
        let device = operator.is_some_and(|operator| operator.key() == id.key());
        // Neither claim is one that a directory is asked about.
        let (claim, who) = if device {
            let secret = DeviceSecret::KeyOperator;
            (Claim::Device(secret, Some(typed)), Claimed::Device(secret))
        } else {
            (Claim::User(id.clone(), Some(typed)), Claimed::User(id))
        };
        match self.verify(claim, None, Asker::Retrieval(from)).await? {
            Verdict::RightDevice => Ok(who),
            Verdict::Right(account) if account.role != Role::Administrator => {
                let kind = RefusalKind::NotAdministrator;
                let refused = Refused { kind, ..wrong(Claimed::User(account.id)) };
                Err(self.refused(refused).await)
            }
            // An administrator without a password is anybody.
            Verdict::Right(account) if !account.has_password => Err(self.refused(wrong(who)).await),
            Verdict::Right(_) => Ok(who),
            Verdict::UnknownUser => Err(self.refused(wrong(Claimed::Unknown)).await),
            Verdict::WrongPassword | Verdict::NotSetUp => Err(self.refused(wrong(who)).await),
        }
    }

    async fn standing(&self, who: Claimed) -> Result<Option<Standing>, AdminError> {
        let verifier = match &who {
            Claimed::Device(which) => self.store.secret(*which).await?,
            Claimed::User(id) => match self.store.credentials(id.clone()).await? {
                Some(stored) if stored.account.role == Role::Administrator => stored.verifier,
                _ => None,
            },
            _ => None,
        };
        let called = match &who {
            Claimed::Device(_) => self.current.site().settings.administrator.id.clone(),
            _ => None,
        };
        Ok(verifier.map(|verifier| Standing { who, called, verifier }))
    }

    async fn refused(&self, refused: Refused) -> Refusal {
        let code = match self.guard.ledger.refused(None, refused) {
            None => ErrorCode::SignInFailed,
            Some(record) => match self.write_audit(record).await {
                Ok(()) => ErrorCode::SignInFailed,
                Err(error) => log_failed(&error),
            },
        };
        code.into()
    }
}

fn log_failed(error: &AdminError) -> ErrorCode {
    tracing::error!(%error, "a sign-in could not be audited");
    error.code().unwrap_or(ErrorCode::AuditUnwritable)
}
