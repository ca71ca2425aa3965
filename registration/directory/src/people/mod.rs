//! What is asked and written about somebody: who it is, which card, which groups.

pub(crate) mod entry;
pub(crate) mod groups;
pub(crate) mod names;
pub(crate) mod remove;
pub(crate) mod schema;
pub(crate) mod sign_in;
pub(crate) mod write;
