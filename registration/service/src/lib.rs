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
//! Commands that run without a service use [`Admin`] on a store they opened themselves.

mod admin;
mod clock;
mod current;
mod directory;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod guard;
mod hasher;
mod passwords;
mod perform;
mod requests;
mod service;
mod station;
mod store;
mod stored;

pub use admin::{
    Admin,
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
pub use hasher::{Argon2id, HashError, Hasher};
pub use kazasu_registration::{DeviceEvent, DeviceSecret, PanelAction};
pub use service::{ActError, Means, Service};
pub use store::{SETTINGS_KEPT, Store};
pub use stored::{
    AddOutcome, Collision, Collisions, CopyToStore, Credentials, NewVerifier, SaveOutcome,
    SettingsToStore, StoreError, StoreErrorKind, StoredSettings, StoredUser, UserChange,
    UserToStore, Verifier,
};
