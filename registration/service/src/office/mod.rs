//! Where administrators' wishes are carried out: a file for each matter, a function for each wish.
//!
//! A wish begins by [`Office::may`], which refuses what is not the authority's matter and gives
//! what wishes are carried out with; and it is handed to [`Office::finish`], which carries it out
//! also where whoever wished it goes away.

mod audit;
mod authority;
mod backup;
mod cards;
mod edit;
mod error;
pub(crate) mod export;
mod imports;
mod locks;
mod people;
pub(crate) mod rows;
mod secrets;
mod settings;
mod sign_in;
mod spreadsheet;

use std::{fmt, sync::Arc};

use crate::{Argon2id, Directory, Hasher, Service, Store, perform::Ports};

pub use authority::Authority;
pub use edit::UserEdit;
pub use error::AdminError;
pub use locks::Unlock;
pub use people::Leftovers;
pub use rows::{BadLine, Column, ImportError, LineProblem};
pub use settings::{Changed, Plan, Versioned};
pub use sign_in::{Administrators, Standing};

use authority::Matter;

/// Where the wishes of one authority are carried out.
///
/// Nothing of it may be done twice at once by waiting for one wish inside another: a wish has a
/// place of few.
pub struct Office<'a, S, D, H = Argon2id> {
    service: &'a Service<S, D, H>,
    authority: Authority,
}

impl<'a, S: Store, D: Directory, H: Hasher> Office<'a, S, D, H> {
    pub(crate) fn new(service: &'a Service<S, D, H>, authority: Authority) -> Self {
        Self { service, authority }
    }

    /// What this authority's wish in such a matter is carried out with.
    fn may(&self, matter: Matter) -> Result<Arc<Ports<S, D, H>>, AdminError> {
        if !self.authority.may(matter) {
            tracing::warn!(authority = %self.authority, ?matter, "a wish was refused");
            return Err(AdminError::NotAllowed);
        }
        self.service.ports()
    }

    async fn finish<T: Send + 'static>(
        &self,
        wish: impl Future<Output = Result<T, AdminError>> + Send + 'static,
    ) -> Result<T, AdminError> {
        self.service.finish(wish).await
    }
}

impl<S, D, H> fmt::Debug for Office<'_, S, D, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Office").field("authority", &self.authority).finish_non_exhaustive()
    }
}
