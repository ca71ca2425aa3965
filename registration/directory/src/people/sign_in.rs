//! Whether typed credentials are right, and whose they are.

use kazasu_registration::{ErrorCode, TypedPassword, UserId};
use kazasu_service::DirectoryError;
use ldap3::Scope;

use crate::{
    client::{Client, Failure, Lease},
    config::BindName,
    fault::{Fault, failed},
    people::{
        entry::{self, Entry, SID},
        groups::TOKEN,
        names,
    },
    wire::{
        connection::{Bind, Query},
        result::{ResultCode, Step, says_unknown},
    },
};

/// A verdict on credentials.
pub(crate) enum SignIn<'a> {
    /// They are right: the person's own connection and their entry.
    Right(Box<Own<'a>>),
    WrongPassword,
    UnknownUser,
}

/// A connection on which the person is signed in.
pub(crate) struct Own<'a> {
    pub(crate) lease: Lease<'a>,
    pub(crate) entry: Entry,
    /// What the person's bind was made with.
    pub(crate) bind_name: String,
}

impl Client {
    /// Signs a person in with one bind, which is never repeated: each failure counts in the
    /// directory.
    pub(crate) async fn sign_in(
        &self,
        typed: &UserId,
        password: &TypedPassword,
    ) -> Result<SignIn<'_>, DirectoryError> {
        self.check_enabled()?;
        let typed = &names::meant(typed, &self.config);
        let Some(name) = self.bind_name(typed).await? else { return Ok(SignIn::UnknownUser) };
        let mut lease = self.connect().await.map_err(|failure| self.error(failure))?;
        let server = Some(lease.server);
        let bound = lease.connection.bind(&name, password.reveal()).await;
        match bound.map_err(|fault| self.error(Failure { server, fault }))? {
            Bind::Right => {}
            Bind::Refused(code) => {
                drop(lease);
                return self.refused(typed, server, code).await;
            }
        }
        let entry = self.own_entry(&mut lease, typed, &name).await?;
        self.known.check(&mut lease.connection, &self.config).await?;
        Ok(SignIn::Right(Box::new(Own { lease, entry, bind_name: name })))
    }

    /// See the port: seen by the service account, before anybody's password is.
    pub(crate) async fn whose_entry(
        &self,
        typed: &UserId,
    ) -> Result<Option<UserId>, DirectoryError> {
        self.check_enabled()?;
        let typed = names::meant(typed, &self.config);
        if self.config.service_account.is_none() {
            return Ok(Some(typed));
        }
        let wanted = [self.config.user_id().to_owned()];
        let person = self.config.person_filter();
        let entry = match &self.config.bind_name {
            BindName::DnTemplate(template) => {
                let mut lease = self.service().await?;
                let server = Some(lease.server);
                let dn = names::dn(&typed, template);
                let found = lease.connection.read_where(&dn, person, &wanted).await;
                let found = found.map_err(|fault| self.error(Failure { server, fault }))?;
                self.give_back(lease);
                found
            }
            BindName::SearchAttribute(attribute) => {
                let filter = names::both(person, &names::equal(attribute, typed.as_str()));
                self.service_search(&filter, &wanted, SEVERAL).await?.into_iter().next()
            }
            BindName::UpnSuffix(suffix) => {
                let Some(upn) = names::upn(&typed, suffix) else { return Ok(None) };
                self.first_of(&user_names(&upn, &typed), &wanted).await?
            }
        };
        let id = entry.as_ref().and_then(|entry| entry.text(self.config.user_id()));
        Ok(id.and_then(|id| UserId::typed(id).ok()))
    }

    /// The first entry that the first of these attributes finds, else the next one's.
    async fn first_of(
        &self,
        names: &[(&str, &str)],
        wanted: &[String],
    ) -> Result<Option<Entry>, DirectoryError> {
        for (attribute, value) in names {
            let filter = names::both(self.config.person_filter(), &names::equal(attribute, value));
            let found = self.service_search(&filter, wanted, SEVERAL).await?;
            if let Some(entry) = found.into_iter().next() {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// The name to bind with; `None` where a search finds nobody.
    async fn bind_name(&self, typed: &UserId) -> Result<Option<String>, DirectoryError> {
        match &self.config.bind_name {
            BindName::UpnSuffix(suffix) => names::upn(typed, suffix).map(Some).ok_or_else(|| {
                let what = "the ID has an @ of its own: directory.bind_name adds one";
                failed(ErrorCode::DirectoryBindName, what)
            }),
            BindName::DnTemplate(template) => Ok(Some(names::dn(typed, template))),
            BindName::SearchAttribute(attribute) => Ok(self.find_typed(typed, attribute).await?),
        }
    }

    async fn find_typed(
        &self,
        typed: &UserId,
        attribute: &str,
    ) -> Result<Option<String>, DirectoryError> {
        let filter =
            names::both(self.config.person_filter(), &names::equal(attribute, typed.as_str()));
        let key = [self.config.key().to_owned()];
        let found = self.service_search(&filter, &key, SEVERAL).await?;
        match <[Entry; 1]>::try_from(found) {
            Ok([entry]) => Ok(Some(entry.dn)),
            Err(none) if none.is_empty() => Ok(None),
            Err(several) => Err(ambiguous(attribute, several.len())),
        }
    }

    /// What a refused bind means. That there is nobody of this name is told to the audit log
    /// alone, so only where somebody may know: the server said so, or the service account looks.
    async fn refused<'a>(
        &self,
        typed: &UserId,
        server: Option<usize>,
        code: ResultCode,
    ) -> Result<SignIn<'a>, DirectoryError> {
        let fault = Fault::Answered(Step::Bind, code);
        if fault.code() != ErrorCode::DirectoryWrongCredentials {
            return Err(self.error(Failure { server, fault }));
        }
        if says_unknown(code) {
            return Ok(SignIn::UnknownUser);
        }
        if self.config.service_account.is_none() {
            return Ok(SignIn::WrongPassword);
        }
        let attribute = match &self.config.bind_name {
            // The search found somebody already.
            BindName::SearchAttribute(_) => return Ok(SignIn::WrongPassword),
            BindName::UpnSuffix(_) | BindName::DnTemplate(_) => self.config.user_id(),
        };
        Ok(match self.find_typed(typed, attribute).await {
            Ok(None) => SignIn::UnknownUser,
            // What is wrong with the service account does not make the password right.
            Ok(Some(_)) | Err(_) => SignIn::WrongPassword,
        })
    }

    /// The entry of whoever is signed in on this connection.
    async fn own_entry(
        &self,
        lease: &mut Lease<'_>,
        typed: &UserId,
        name: &str,
    ) -> Result<Entry, DirectoryError> {
        let server = Some(lease.server);
        let fail = |fault| self.error(Failure { server, fault });
        let attributes = entry::attributes(&self.config);
        let filter = self.config.person_filter();
        let found = match &self.config.bind_name {
            BindName::DnTemplate(_) | BindName::SearchAttribute(_) => {
                let found = lease.connection.read_where(name, filter, &attributes).await;
                found.map_err(fail)?
            }
            BindName::UpnSuffix(_) => {
                let found = self.named_entry(lease, typed, name, &attributes).await?;
                if let Some(entry) = &found {
                    self.check_is_own(lease, entry).await?;
                }
                found
            }
        };
        found.ok_or_else(|| {
            let what = "signed in, but no entry of a person below directory.base_dn is theirs";
            failed(ErrorCode::DirectoryUserNotPermitted, what)
        })
    }

    /// The entry that a user principal name is of: the one that has it, or else the account of
    /// that name, which is the order in which the server reads it ([MS-ADTS] section 5.1.1.1.1).
    async fn named_entry(
        &self,
        lease: &mut Lease<'_>,
        typed: &UserId,
        name: &str,
        attributes: &[String],
    ) -> Result<Option<Entry>, DirectoryError> {
        let server = Some(lease.server);
        for (attribute, value) in user_names(name, typed) {
            let filter = names::both(self.config.person_filter(), &names::equal(attribute, value));
            let query = Query {
                base: &self.config.base_dn,
                scope: Scope::Subtree,
                filter: &filter,
                attributes,
                max: SEVERAL,
            };
            let found = lease.connection.search(query).await;
            let found = found.map_err(|fault| self.error(Failure { server, fault }))?;
            match <[Entry; 1]>::try_from(found) {
                Ok([entry]) => return Ok(Some(entry)),
                Err(none) if none.is_empty() => {}
                Err(several) => return Err(ambiguous(attribute, several.len())),
            }
        }
        Ok(None)
    }

    /// The server reads such a name in more ways than we do, so the entry counts as the person's
    /// only if it is in the server's own view of this connection: the SIDs of its security context
    /// ([MS-ADTS] section 3.1.1.3.2, tokenGroups; [MS-DTYP] section 2.5.2).
    async fn check_is_own(
        &self,
        lease: &mut Lease<'_>,
        entry: &Entry,
    ) -> Result<(), DirectoryError> {
        let server = Some(lease.server);
        let view = lease.connection.read("", &[TOKEN.to_owned()]).await;
        let view = view.map_err(|fault| self.error(Failure { server, fault }))?;
        if is_own(view.as_ref(), entry) {
            return Ok(());
        }
        let what = "who signed in is not whose entry was found: correct directory.bind_name";
        Err(failed(ErrorCode::DirectorySignInAttributeWrong, what))
    }
}

/// Whether an entry's SID is among those of the connection.
fn is_own(view: Option<&Entry>, entry: &Entry) -> bool {
    let sid = entry.values(SID).first();
    view.zip(sid).is_some_and(|(view, sid)| view.values(TOKEN).contains(sid))
}

/// In this order a server reads a user principal name ([MS-ADTS] section 5.1.1.1.1).
fn user_names<'a>(upn: &'a str, typed: &'a UserId) -> [(&'static str, &'a str); 2] {
    [("userPrincipalName", upn), ("sAMAccountName", typed.as_str())]
}

/// More entries of one name than these are not counted.
const SEVERAL: usize = 8;

pub(crate) fn ambiguous(attribute: &str, count: usize) -> DirectoryError {
    let what = format!("{count} entries have this ID in {attribute}: it has to be one");
    failed(ErrorCode::DirectorySignInAttributeWrong, what)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use ldap3::SearchEntry;

    use super::*;

    #[test]
    fn whoever_signed_in_is_whose_entry_was_found() {
        let entry = |attribute: &str, sids: &[&[u8]]| {
            let values = sids.iter().map(|sid| sid.to_vec()).collect();
            let bin_attrs = HashMap::from([(attribute.to_owned(), values)]);
            Entry::from(SearchEntry { dn: String::new(), attrs: HashMap::new(), bin_attrs })
        };
        let own = entry(SID, &[&[1, 5, 0, 7]]);
        let check = |view: Option<Entry>, entry: &Entry, expected: bool| {
            assert_eq!(is_own(view.as_ref(), entry), expected);
        };
        check(Some(entry(TOKEN, &[&[1, 5, 0, 9], &[1, 5, 0, 7]])), &own, true);
        check(Some(entry(TOKEN, &[&[1, 5, 0, 9]])), &own, false);
        check(Some(entry(TOKEN, &[&[1, 5, 0, 7, 0]])), &own, false);
        check(Some(entry(TOKEN, &[])), &own, false);
        check(Some(entry("other", &[&[1, 5, 0, 7]])), &own, false);
        check(None, &own, false);
        check(Some(entry(TOKEN, &[&[1, 5, 0, 7]])), &entry(SID, &[]), false);
    }
}
