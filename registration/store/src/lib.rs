//! The port to the records, and what every store shares, whatever it keeps them in.
//!
//! A store is a [`Store`]. How its audit log is chained, what of it is kept and what gives way is
//! written here once ([`log`]), above the few things that a store does with records ([`log::Log`]).
//! So are the two files beside a database, the form of a backup, and files that come whole or not
//! at all.

mod audit_files;
pub mod backup;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod log;
mod millis;
mod part;
mod port;
mod stored;
mod trailer;

pub use audit_files::AuditFiles;
pub use backup::{BackupError, Restored, Saved};
pub use millis::{from_millis, to_millis};
pub use part::{Part, beside, sync_folder};
pub use port::{SETTINGS_KEPT, Store};
pub use stored::{
    AddOutcome, CheckedVerifier, Collision, Collisions, CopyToStore, Credentials, DamagedUser,
    RenameOutcome, SaveOutcome, SettingsToStore, StoreError, StoreErrorKind, StoredSettings,
    StoredUser, UserChange, UserToStore, Verifier, Wanted,
};
