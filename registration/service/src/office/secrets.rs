use kazasu_registration::{Altered, DeviceSecret, Password, PasswordOwner};
use zeroize::Zeroizing;

use super::{AdminError, Matter, Office};
use crate::{Directory, Hasher, Store, perform::may_have_happened};

/// The device's own passwords.
impl<S: Store, D: Directory, H: Hasher> Office<'_, S, D, H> {
    /// Sets or removes one of them.
    ///
    /// # Errors
    /// The rule it breaks; the store's.
    pub async fn set_secret(
        &self,
        which: DeviceSecret,
        password: Option<Zeroizing<String>>,
    ) -> Result<(), AdminError> {
        let ports = self.may(Matter::Secrets)?;
        self.finish(async move {
            let verifier = match password {
                None => None,
                Some(password) => {
                    let site = ports.current.site();
                    let administrator = site.settings.administrator.id.as_ref();
                    let user_id = match (which, administrator) {
                        (DeviceSecret::KeyOperator, Some(id)) => id.as_str(),
                        _ => which.as_str(),
                    };
                    let owner = PasswordOwner { user_id, name: which.as_str() };
                    let password = Password::new(password, site.password, owner)
                        .map_err(|error| AdminError::Fields(vec![error]))?;
                    Some(ports.passwords.hash(password).await?)
                }
            };
            let set = ports.store.set_secret(which, verifier, ports.clock.wall()).await;
            ports.guard.forget_wrong();
            if may_have_happened(&set, |()| true) {
                ports.current.altered(None, [Altered::Secret(which)]);
            }
            Ok(set?)
        })
        .await
    }
}
