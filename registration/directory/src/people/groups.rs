//! What memberships mean: who may use the device, what for, and who administers it.

use kazasu_registration::{CardNumberRule, ErrorCode, Limits, Role};
use kazasu_service::{Allowed, DirectoryError, Person, Rights};

use crate::{
    client::{Client, Failure, Lease},
    config::Kind,
    fault::{Fault, failed},
    people::{
        entry::{Entry, SID},
        names,
    },
    wire::connection::NONE,
};

/// The security identifiers of an account and its groups, nested and primary ones included.
pub(crate) const TOKEN: &str = "tokenGroups";

/// What tells whether somebody is in a group.
enum Membership<'a> {
    /// The person's own token, read once for all groups.
    Token(Vec<Vec<u8>>),
    /// Each group's own entry, which lists this person.
    Listed(&'a Entry),
}

impl Client {
    /// The person of an entry, with what their groups make of them. Refuses people outside the
    /// device's group.
    ///
    /// `lease` is a connection that may read the groups.
    pub(crate) async fn person(
        &self,
        lease: &mut Lease<'_>,
        entry: &Entry,
        rule: &CardNumberRule,
    ) -> Result<Person, DirectoryError> {
        let person = entry.person(&self.config, rule)?;
        if self.config.groups.is_empty() {
            return Ok(person);
        }
        let server = Some(lease.server);
        let rights = self.rights(lease, entry).await;
        let rights = rights.map_err(|fault| self.error(Failure { server, fault }))?;
        Ok(Person { rights: rights.ok_or_else(outside)?, ..person })
    }

    /// Refuses people outside the device's group.
    pub(crate) async fn check_device_right(
        &self,
        lease: &mut Lease<'_>,
        entry: &Entry,
    ) -> Result<(), DirectoryError> {
        let server = Some(lease.server);
        let may = async {
            match &self.config.groups.device {
                Some(group) => self.membership(lease, entry).await?.holds(lease, group, self).await,
                None => Ok(true),
            }
        };
        let may = may.await.map_err(|fault| self.error(Failure { server, fault }))?;
        if may { Ok(()) } else { Err(outside()) }
    }

    /// `None` for people outside the device's group.
    async fn rights(&self, lease: &mut Lease<'_>, entry: &Entry) -> Result<Option<Rights>, Fault> {
        let groups = &self.config.groups;
        let membership = self.membership(lease, entry).await?;
        if let Some(group) = &groups.device
            && !membership.holds(lease, group, self).await?
        {
            return Ok(None);
        }
        let mut rights = Rights::default();
        let roles = [
            (&groups.administrators, Role::Administrator),
            (&groups.account_administrators, Role::AccountAdministrator),
        ];
        for (group, role) in roles {
            if let Some(group) = group
                && rights.role == Role::General
                && membership.holds(lease, group, self).await?
            {
                rights.role = role;
            }
        }
        let mut allowed: Option<Limits> = None;
        for of_group in &groups.features {
            if membership.holds(lease, &of_group.group, self).await? {
                allowed = Some(allowed.map_or(of_group.allow, |so_far| so_far.or(of_group.allow)));
            }
        }
        rights.allowed = match allowed {
            Some(limits) => Allowed::Only(limits),
            None if groups.features.is_empty() => Allowed::Unsaid,
            None => Allowed::LikeNewUsers,
        };
        Ok(Some(rights))
    }

    async fn membership<'a>(
        &self,
        lease: &mut Lease<'_>,
        entry: &'a Entry,
    ) -> Result<Membership<'a>, Fault> {
        Ok(match self.config.kind {
            Kind::ActiveDirectory => {
                let token = lease.connection.read(&entry.dn, &[TOKEN.to_owned()]).await?;
                Membership::Token(token.map_or(Vec::new(), |token| token.values(TOKEN).to_vec()))
            }
            Kind::Ldap => Membership::Listed(entry),
        })
    }
}

impl Membership<'_> {
    /// Whether the person is in a group; not in one that is not there.
    async fn holds(
        &self,
        lease: &mut Lease<'_>,
        group: &str,
        client: &Client,
    ) -> Result<bool, Fault> {
        match self {
            Self::Token(token) => {
                let found = lease.connection.read(group, &[SID.to_owned()]).await?;
                let sid = found.as_ref().and_then(|group| group.values(SID).first());
                Ok(sid.is_some_and(|sid| token.contains(sid)))
            }
            Self::Listed(entry) => is_listed(lease, entry, group, client.config.user_id()).await,
        }
    }
}

/// RFC 4519 (`member`, `uniqueMember`) and RFC 2307 (`memberUid`). Groups within groups do not
/// count: these schemas give them no meaning.
async fn is_listed(
    lease: &mut Lease<'_>,
    entry: &Entry,
    group: &str,
    user_id: &str,
) -> Result<bool, Fault> {
    let uid = entry.text(user_id).map(|id| names::equal("memberUid", id)).unwrap_or_default();
    let (member, unique) =
        (names::equal("member", &entry.dn), names::equal("uniqueMember", &entry.dn));
    let filter = format!("(|{member}{unique}{uid})");
    Ok(lease.connection.read_where(group, &filter, &[NONE.to_owned()]).await?.is_some())
}

fn outside() -> DirectoryError {
    let what = "the person is not in directory.groups.device";
    failed(ErrorCode::DirectoryUserNotPermitted, what)
}
