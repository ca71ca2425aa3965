//! What memberships mean: who may use the device, and who administers it.

use kazasu_registration::{ErrorCode, Role};
use kazasu_service::DirectoryError;

use crate::{
    client::{Client, Failure, Lease},
    config::Kind,
    connection::NONE,
    entry::{Entry, SID},
    fault::{Fault, failed},
    names,
};

/// The security identifiers of an account and its groups, nested and primary ones included.
pub(crate) const TOKEN: &str = "tokenGroups";

impl Client {
    /// Refuses people outside the device's group, and tells the role of others.
    ///
    /// `lease` is a connection that may read the groups.
    pub(crate) async fn role(
        &self,
        lease: &mut Lease<'_>,
        entry: &Entry,
    ) -> Result<Role, DirectoryError> {
        let groups = &self.config.groups;
        if let Some(group) = &groups.device
            && !self.is_member(lease, entry, group).await?
        {
            let what = "the person is not in directory.groups.device";
            return Err(failed(ErrorCode::DirectoryUserNotPermitted, what));
        }
        let roles = [
            (&groups.administrators, Role::Administrator),
            (&groups.account_administrators, Role::AccountAdministrator),
        ];
        for (group, role) in roles {
            if let Some(group) = group
                && self.is_member(lease, entry, group).await?
            {
                return Ok(role);
            }
        }
        Ok(Role::General)
    }

    async fn is_member(
        &self,
        lease: &mut Lease<'_>,
        entry: &Entry,
        group: &str,
    ) -> Result<bool, DirectoryError> {
        let server = Some(lease.server);
        let member = match self.config.kind {
            Kind::ActiveDirectory => in_token(lease, entry, group).await,
            Kind::Ldap => is_listed(lease, entry, group, self.config.user_id()).await,
        };
        member.map_err(|fault| self.error(Failure { server, fault }))
    }
}

async fn in_token(lease: &mut Lease<'_>, entry: &Entry, group: &str) -> Result<bool, Fault> {
    let one = |name: &str| [name.to_owned()];
    let Some(group) = lease.connection.read(group, &one(SID)).await? else { return Ok(false) };
    let Some(token) = lease.connection.read(&entry.dn, &one(TOKEN)).await? else {
        return Ok(false);
    };
    let sid = group.values(SID).first();
    Ok(sid.is_some_and(|sid| token.values(TOKEN).contains(sid)))
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
