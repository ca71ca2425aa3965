//! Runs the station machines: performs their effects through ports, one function per use case.
//!
//! ```text
//! reader events --+                       +--> Store (port)
//!                 +--> station task ------+--> Directory (port)
//! Service::act ---+     |       ^         +--> Hasher (Argon2id)
//! Service::device-+     v       |         +--> audit writer
//!             SessionView     Site <------ Office changes the settings
//! ```
//! A panel gets [`Stations`] and nothing else; whatever administers gets an [`Office`], made of an
//! [`Authority`]; administrators from the network come in by [`Administrators`].
//! A command that finds no service running starts one on the store, without stations.

mod asker;
mod begun;
mod clock;
mod current;
mod directory;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod guard;
mod hasher;
mod keys;
mod ledger;
mod leftovers;
mod log;
mod office;
mod passwords;
mod perform;
mod service;
mod sources;
mod station;
mod stations;

pub use clock::WallClock;
pub use current::Loaded;
pub use directory::{
    Allowed, Answer, CardToRemove, Directory, DirectoryError, NoDirectory, Person, Removed, Rights,
    Written,
};
pub use guard::Refusal;
pub use hasher::{Argon2id, HashError, Hasher};
pub use kazasu_registration::{DeviceEvent, DeviceSecret, PanelAction};
pub use keys::{KeyError, Keys, NoKeys};
pub use office::{
    AdminError, Administrators, Authority, BadLine, Changed, Column, ImportError, Leftovers,
    LineProblem, Office, Plan, Standing, Unlock, UserEdit, Versioned,
};
pub use service::{Means, Service};
pub use stations::{ActError, Stations};
// The port, under the name of who uses it: surfaces know the service and no store.
pub use kazasu_store::{
    AddOutcome, BackupError, CheckedVerifier, Collision, Collisions, CopyToStore, Credentials,
    DamagedUser, RenameOutcome, SETTINGS_KEPT, SaveOutcome, Saved, SettingsToStore, Store,
    StoreError, StoreErrorKind, StoredSettings, StoredUser, UserChange, UserToStore, Verifier,
    Wanted,
};
