//! Runs the station machines: performs their effects through ports, one function per use case.
//!
//! ```text
//! reader events --+                       +--> Store (port)
//!                 +--> station task ------+--> Hasher (Argon2id)
//! Service::act ---+       |               +--> audit writer
//!                         v
//!                   SessionView (watch)
//! ```
//! Every surface (panel, commands over the socket) calls [`Service`] and nothing below it.
//! Commands that run without a service use [`Admin`] on a store they opened themselves.

mod admin;
mod clock;
mod hasher;
mod service;
mod station;
mod store;

pub use admin::{
    Admin, AdminError,
    import::{BadLine, ImportError, LineProblem},
};
pub use kazasu_registration::PanelAction;
pub use service::{ActError, Service};
pub use store::{
    AddOutcome, Credentials, Store, StoreError, StoreErrorKind, UserToStore, Verifier,
};
