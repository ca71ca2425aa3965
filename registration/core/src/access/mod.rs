//! What somebody may do with the device: services, folders and sheets, private prints.
//!
//! [`decide`] takes who it is, what they want and the settings, and says yes, or why not and who
//! refuses. It looks at nothing else, so panel, console and controller come to the same answer.

mod check;
mod decide;
mod mode;
mod ownership;
mod private_print;
mod service;
mod settings;
mod who;

pub use check::{Finding, Severity};
pub use decide::{Action, Decision, Reason, decide, is_shown};
pub use mode::{AuthenticationMode, RemoteKind, SignIn};
pub use ownership::{Folder, FolderAction, FolderPassword, Owner, Sheet, SheetAction, SheetOwner};
pub use private_print::{JobSignIn, PrintUserId, PrivatePrint};
pub use service::{Colour, ColourModes, Job, JobKind, Phase, Place, Service};
pub use settings::{
    AccessSettings, AccessoryControl, Area, Diagnostic, FolderSettings, Lock, PrivatePrintSettings,
    Receive, ReceiveControl,
};
pub(crate) use settings::{COLOURS, SECTIONS};
pub use who::{Accessories, Additive, JobLimits, Person, Subtractive, UserLimits, Who};

#[cfg(test)]
mod bullet_test;
#[cfg(test)]
mod property_test;
#[cfg(test)]
mod rig_test;
