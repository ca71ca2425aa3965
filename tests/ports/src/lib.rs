//! What stands behind the service's ports in tests: a [`ScriptedDirectory`], and store, directory,
//! hasher and clock whose calls go wrong as a [`Plan`] says.

#![expect(clippy::unwrap_used, reason = "tests")]

mod directory;
mod means;
mod plan;
mod store;

pub use directory::{DirectoryFault, ScriptedDirectory};
pub use means::{FaultyDirectory, FaultyHasher};
pub use plan::{Call, Fault, Kind, Plan};
pub use store::Faulty;
