//! How a stored record is told: by the row of its event, and by what its fields make of that.

use super::{
    AuditEntry, Details,
    events::ROWS,
    table::{Actor, Row},
    wording::wording,
};
use crate::{DeviceSecret, ErrorCode, JobType, security_setting};

/// A record and what is told of it. One of before records had fields has a text, which is told as
/// it stands and read by nobody.
pub(super) struct Told {
    pub(super) row: Row,
    /// What else there is to say, in words.
    pub(super) text: Option<String>,
    /// Which of the device's own passwords it is about.
    pub(super) secret: Option<DeviceSecret>,
    pub(super) details: Option<Details>,
}

/// A word of another version of this program.
const OTHER: Row = Row::new("", 0, "-", "-", "-", Actor::Nobody);
const UNKNOWN_ID: &str = "Failed (Invalid UserID)";
const LOCKED: &str = "Failed (Locked)";
const TOO_SOON: &str = "Failed (Too Soon)";
const SWITCH_MODE: &str = "Switch Authentication Mode";

impl Told {
    pub(super) fn of(entry: &AuditEntry) -> Self {
        let details = entry.details();
        let text = match &details {
            Some(details) => wording(&entry.event, details),
            None => entry.detail.clone().or_else(|| entry.fields.clone()),
        };
        let secret = details.as_ref().and_then(|details| details.text("secret"));
        let secret = secret.and_then(DeviceSecret::from_word);
        let mut told = Self { row: OTHER, text, secret, details };
        if let Some(found) = ROWS.iter().find(|row| row.word == entry.event) {
            told.row = told.row_of(*found, entry);
        }
        told
    }

    /// Whether it was nobody whom the device knows: what has no fields may say otherwise in words.
    pub(super) fn is_nobodys(&self, entry: &AuditEntry) -> bool {
        let says_nothing = self.details.is_some() || self.text.is_none();
        entry.user.is_none() && self.secret.is_none() && says_nothing
    }

    fn row_of(&self, found: Row, entry: &AuditEntry) -> Row {
        let is = |code: ErrorCode| entry.code.as_deref() == Some(code.as_str());
        match (found.word, &self.details) {
            ("sign-in-failed", _) if is(ErrorCode::LockedOut) => Row { status: LOCKED, ..found },
            ("sign-in-failed", _) if is(ErrorCode::TryLater) => Row { status: TOO_SOON, ..found },
            ("sign-in-failed", _) if self.is_nobodys(entry) => Row { status: UNKNOWN_ID, ..found },
            ("settings-changed", Some(details)) => {
                let mut keys = details.texts("keys");
                let description = if details.texts("keys").any(|key| key == "sign-in.mode") {
                    SWITCH_MODE
                } else if keys.any(|key| security_setting(key).is_some()) {
                    found.description
                } else {
                    "Change Setting"
                };
                Row { description, ..found }
            }
            ("job-completed" | "job-canceled" | "job-aborted", Some(details)) => {
                let job = details.text("job").and_then(JobType::from_word);
                Row { description: job.map_or(found.description, job_name), ..found }
            }
            _ => found,
        }
    }
}

/// What the manual calls a job.
fn job_name(job: JobType) -> &'static str {
    match job {
        JobType::Print => "Print",
        JobType::Copy => "Copy",
        JobType::Scan => "Scan",
        JobType::Fax => "Fax",
        JobType::Mailbox => "Mailbox",
        JobType::Report => "Print Reports",
    }
}
