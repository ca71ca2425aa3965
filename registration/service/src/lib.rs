//! Runs the station machines: performs their effects through ports, one function per use case.
//!
//! ```text
//! reader events --+                       +--> Store (port)
//!                 +--> station task ------+--> Directory (port)
//! Service::act ---+     |       ^         +--> Hasher (Argon2id)
//! Service::device-+     v       |         +--> audit writer
//!             SessionView     Site <------ Admin changes the settings
//! ```
//! Every surface (panel, commands over the socket) calls [`Service`] and nothing below it.
//! A command that finds no service running starts one on the store, without stations.
//! [`Admin`] is what carries administrators' requests out inside it.

mod admin;
mod asker;
mod clock;
mod current;
mod directory;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod guard;
mod hasher;
mod ledger;
mod leftovers;
mod passwords;
mod perform;
mod requests;
mod service;
mod sources;
mod station;

pub use admin::{
    Admin,
    audit::Standing,
    edit::UserEdit,
    error::AdminError,
    import::{BadLine, Column, ImportError, LineProblem},
    settings::{Changed, Versioned},
    unlock::Unlock,
};
pub use clock::WallClock;
pub use current::Loaded;
pub use directory::{
    Allowed, Answer, CardToRemove, Directory, DirectoryError, NoDirectory, Person, Removed, Rights,
    Written,
};
pub use guard::Refusal;
pub use hasher::{Argon2id, HashError, Hasher};
pub use kazasu_registration::{DeviceEvent, DeviceSecret, PanelAction};
pub use service::{ActError, Means, Service};
// The port, under the name of who uses it: surfaces know the service and no store.
pub use kazasu_store::{
    AddOutcome, CheckedVerifier, Collision, Collisions, CopyToStore, Credentials, DamagedUser,
    RenameOutcome, SETTINGS_KEPT, SaveOutcome, SettingsToStore, Store, StoreError, StoreErrorKind,
    StoredSettings, StoredUser, UserChange, UserToStore, Verifier, Wanted,
};
