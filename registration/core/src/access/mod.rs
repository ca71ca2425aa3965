//! What a decision about access goes by: who it is, which services there are, and the settings.
//!
//! The decisions themselves are `kazasu-access`, which stands apart until a device asks.

mod check;
mod mode;
mod service;
mod settings;
mod who;

pub use check::{Finding, Severity};
pub use mode::{AuthenticationMode, RemoteKind, SignIn};
pub use service::{Colour, ColourModes, JobKind, Service};
pub use settings::{
    AccessSettings, AccessoryControl, Area, Diagnostic, FolderSettings, Lock, PrivatePrintSettings,
    Receive, ReceiveControl,
};
pub(crate) use settings::{COLOURS, SECTIONS};
pub use who::{Accessories, Additive, JobLimits, Person, Subtractive, UserLimits, Who};
