//! What somebody may do with the device: services, folders and sheets, private prints.
//!
//! [`decide`] takes who it is, what they want and the settings, and says yes, or why not and who
//! refuses. It looks at nothing else, so panel, console and controller come to the same answer.
//!
//! No device asks yet; the settings say so.

mod decide;
mod job;
mod ownership;
mod private_print;

pub use decide::{Action, Decision, Reason, decide, is_shown};
pub use job::{Job, Phase, Place};
pub use ownership::{Folder, FolderAction, FolderPassword, Owner, Sheet, SheetAction, SheetOwner};
pub use private_print::{JobSignIn, PrintUserId, PrivatePrint, my_user_id};

#[cfg(test)]
mod bullet_test;
#[cfg(test)]
mod property_test;
#[cfg(test)]
mod rig_test;
