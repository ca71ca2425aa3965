use std::fmt;

use kazasu_registration::{
    Altered, FieldError, Limits, MailAddress, Password, PasswordOwner, Role, UserId, UserKey,
    UserName,
};
use zeroize::Zeroizing;

use super::{
    AdminError, Matter, Office,
    people::{CARD_NUMBER, TAKEN},
};
use crate::{Directory, Hasher, RenameOutcome, Store, UserChange, perform::may_have_happened};

/// What an administrator types to change a user's record: not checked yet. `None` leaves a field
/// as it is.
#[derive(Clone, Default)]
pub struct UserEdit {
    /// User name; empty for a copy of the user ID.
    pub name: Option<String>,
    /// Mail address; empty for none.
    pub mail: Option<String>,
    /// What the user is to the device.
    pub role: Option<Role>,
    /// What the user may do.
    pub limits: Option<Limits>,
    /// Password; `Some(None)` removes it.
    pub password: Option<Option<Zeroizing<String>>>,
    /// Frees the card.
    pub unlink_card: bool,
}

impl fmt::Debug for UserEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserEdit")
            .field("name", &self.name)
            .field("mail", &self.mail)
            .field("role", &self.role)
            .field("limits", &self.limits)
            .field("unlink_card", &self.unlink_card)
            .finish_non_exhaustive()
    }
}

impl<S: Store, D: Directory, H: Hasher> Office<'_, S, D, H> {
    /// Changes a user's record.
    ///
    /// # Errors
    /// Every field that breaks a rule; no such user; a provisional one; the store's.
    pub async fn edit_user(&self, key: &UserKey, edit: UserEdit) -> Result<(), AdminError> {
        let ports = self.may(Matter::Records)?;
        let UserKey::Registered(user) = key else { return Err(AdminError::Provisional) };
        let user = user.clone();
        self.finish(async move {
            let key = UserKey::Registered(user.clone());
            let site = ports.current.site();
            let mut broken = Vec::new();
            let name = edit.name.map(|text| UserName::typed_or_id(&text, &user));
            let name = checked(&mut broken, name);
            let mail = edit.mail.map(|text| match text.as_str() {
                "" => Ok(None),
                text => MailAddress::new(text).map(Some),
            });
            let mail = checked(&mut broken, mail);
            let password = match edit.password {
                None => None,
                Some(text) => {
                    let known = match &name {
                        Some(name) => Some(name.clone()),
                        None => ports.store.find_user(key.clone()).await?.map(|u| u.listed.name),
                    };
                    let name = known.as_ref().map_or("", UserName::as_str);
                    let owner = PasswordOwner { user_id: user.as_str(), name };
                    checked(&mut broken, Some(Password::or_none(text, site.password, owner)))
                }
            };
            if !broken.is_empty() {
                return Err(AdminError::Fields(broken));
            }
            let verifier = match password {
                None => None,
                Some(None) => Some(None),
                Some(Some(password)) => Some(Some(ports.passwords.hash(password).await?)),
            };
            let change = UserChange {
                user,
                name,
                mail,
                role: edit.role,
                limits: edit.limits,
                verifier,
                unlink_card: edit.unlink_card,
                at: ports.clock.wall(),
            };
            let edited = ports.store.edit_user(change).await;
            ports.guard.forget_wrong();
            if may_have_happened(&edited, |there| *there) {
                ports.current.altered(None, [Altered::Record(key)]);
            }
            if edited? { Ok(()) } else { Err(AdminError::NoSuchUser) }
        })
        .await
    }

    /// Gives a user another ID: one that was stored by an older version, for one, and is no longer
    /// possible.
    ///
    /// # Errors
    /// The rule that the new ID breaks; no such user; a provisional one; the store's.
    pub async fn rename_user(&self, key: &UserKey, to: &str) -> Result<(), AdminError> {
        let ports = self.may(Matter::Records)?;
        let UserKey::Registered(user) = key else { return Err(AdminError::Provisional) };
        let settings = &ports.current.site().settings;
        let to = UserId::new(to).and_then(|to| settings.check_reserved(&to).map(|()| to));
        let to = to.map_err(|broken| AdminError::Fields(vec![broken]))?;
        let (key, user) = (key.clone(), user.clone());
        self.finish(async move {
            let renamed = ports.store.rename_user(user, to, ports.clock.wall()).await;
            ports.guard.forget_wrong();
            if may_have_happened(&renamed, |outcome| *outcome == RenameOutcome::Renamed) {
                ports.current.altered(None, [Altered::Record(key)]);
            }
            match renamed? {
                RenameOutcome::Renamed => Ok(()),
                RenameOutcome::NoSuchUser => Err(AdminError::NoSuchUser),
                RenameOutcome::Taken => Err(AdminError::Fields(vec![TAKEN])),
                RenameOutcome::CardNumber => Err(AdminError::Fields(vec![CARD_NUMBER])),
            }
        })
        .await
    }
}

fn checked<T>(broken: &mut Vec<FieldError>, made: Option<Result<T, FieldError>>) -> Option<T> {
    made?.map_err(|error| broken.push(error)).ok()
}
