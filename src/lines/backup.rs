use serde::{Deserialize, Serialize};

use crate::out::Line;

/// A backup that was made.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BackupLine {
    pub(crate) file: String,
    pub(crate) bytes: u64,
    pub(crate) users: u64,
    /// Files of the data folder that belong beside it.
    pub(crate) not_in_it: Vec<String>,
}

impl Line for BackupLine {
    fn text(&self) -> String {
        let Self { file, bytes, users, not_in_it } = self;
        let mut text = format!("saved {users} users to {file} ({bytes} bytes)");
        if !not_in_it.is_empty() {
            text += &format!("; not in it, copy them apart: {}", not_in_it.join(", "));
        }
        text
    }
}

/// A backup that was restored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RestoreLine {
    pub(crate) users: u64,
    /// The database that was there before.
    pub(crate) kept: Option<String>,
    /// Whether that one was damaged.
    pub(crate) was_damaged: bool,
    /// Files that belong to it and are not there, or are others.
    pub(crate) missing: Vec<MissingKey>,
}

/// A key that a restored database needs.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MissingKey {
    /// Of the audit log.
    AuditKey,
    /// Of the card numbers.
    CardNumberKey,
}

impl MissingKey {
    fn text(&self) -> &'static str {
        match self {
            Self::AuditKey => {
                "audit.key is not the one of this backup: what it records cannot be checked here. \
                 Put the copy of audit.key into the data folder, then restore once more"
            }
            Self::CardNumberKey => {
                "card-number.key is missing, and its card numbers are made with it: put the copy of \
                 it into the data folder before the service starts"
            }
        }
    }
}

impl Line for RestoreLine {
    fn text(&self) -> String {
        let restored = format!("restored {} users", self.users);
        let mut text = match (&self.kept, self.was_damaged) {
            (None, _) => restored,
            (Some(kept), false) => format!("{restored}; what was there is kept as {kept}"),
            (Some(kept), true) => format!("{restored}; the damaged database is kept as {kept}"),
        };
        for missing in &self.missing {
            text += &format!("\nwarning: {}", missing.text());
        }
        text
    }
}
