//! What the device's manual calls each event, and under which number.

use super::AuditEntry;
use crate::{DeviceSecret, ErrorCode, JobType, security_setting};

/// How an event is told in the manual's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// [`AuditEvent::word`](super::AuditEvent::word).
    pub(super) word: &'static str,
    /// The manual gives the range and no numbers: these are ours. The high byte is the name's.
    pub(super) number: u16,
    /// The name of its kind.
    pub(super) name: &'static str,
    /// What was done.
    pub(super) description: &'static str,
    /// What became of it.
    pub(super) status: &'static str,
    /// Who did it.
    pub(super) actor: Actor,
}

/// Who did what a record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Actor {
    /// The device by itself, or somebody unknown.
    Nobody,
    /// Whoever administers the device: the user of the record is whom it was done to.
    KeyOperator,
    /// The user of the record, at a station; the key operator elsewhere.
    User,
    /// Whom the record names: a user, or one of the device's own passwords.
    Named,
}

use Actor::{KeyOperator, Named, Nobody, User};

const fn row(
    word: &'static str,
    number: u16,
    name: &'static str,
    description: &'static str,
    status: &'static str,
    actor: Actor,
) -> Row {
    Row { word, number, name, description, status, actor }
}

const STATUS: &str = "System Status";
const JOB: &str = "Job Status";
const LOGIN: &str = "Login/Logout";
const SETTINGS: &str = "Device Settings";
const CONFIG: &str = "Device Config";
const POLICY: &str = "Audit Policy";
const COMMUNICATION: &str = "Communication";
const RECORDS: &str = "Records";
const READER: &str = "Card Reader";
const PANEL: &str = "Panel";
const CARD: &str = "Card Registration";
const OK: &str = "Successful";
const UNKNOWN: &str = "Failed (Outcome Unknown)";

/// S40-4-01 to S40-4-10, then what the manual does not have.
pub(super) const ROWS: &[Row] = &[
    // S40-4-01
    row("started-cold", 0x0101, STATUS, "Started normally (cold boot)", "-", Nobody),
    row("started-warm", 0x0102, STATUS, "Started normally (warm boot)", "-", Nobody),
    row("stop-requested", 0x0103, STATUS, "Shutdown requested", "-", Nobody),
    // S40-4-02; what the job was is in the record.
    row("job-completed", 0x0201, JOB, "-", "Completed", Named),
    row("job-canceled", 0x0202, JOB, "-", "Canceled by User", Named),
    row("job-aborted", 0x0203, JOB, "-", "Aborted", Named),
    // S40-4-04
    row("print-refused", 0x0204, JOB, "Print", "Aborted", Nobody),
    // S40-4-03; an ID that nobody has is told by the record having none.
    row("sign-in-failed", 0x0301, LOGIN, "Login", "Failed (Invalid Password)", Named),
    row("sign-ins-failed", 0x0307, LOGIN, "Login", "Failed (Several Times)", Named),
    // S40-4-05, S40-4-08
    row("settings-changed", 0x0401, SETTINGS, "Change Security Setting", OK, KeyOperator),
    row("secret-set", 0x0402, SETTINGS, "Change Security Setting", OK, KeyOperator),
    row("user-added", 0x0403, SETTINGS, "Add User", OK, KeyOperator),
    row("user-edited", 0x0404, SETTINGS, "Edit User", OK, User),
    row("user-renamed", 0x040e, SETTINGS, "Edit User", OK, KeyOperator),
    row("role-changed", 0x0405, SETTINGS, "Edit User", OK, KeyOperator),
    row("limits-changed", 0x0406, SETTINGS, "Edit User", OK, KeyOperator),
    row("user-deleted", 0x0407, SETTINGS, "Delete User", OK, KeyOperator),
    row("users-deleted", 0x0408, SETTINGS, "Delete User", OK, KeyOperator),
    row("damaged-user-deleted", 0x040d, SETTINGS, "Delete User", OK, KeyOperator),
    row("provisional-expired", 0x040b, SETTINGS, "Delete User", OK, Nobody),
    row("provisional-gave-way", 0x040c, SETTINGS, "Delete User", OK, Nobody),
    row("settings-viewed", 0x040a, SETTINGS, "View Security Setting", OK, KeyOperator),
    // S40-4-09
    row("time-adjusted", 0x0409, SETTINGS, "Adjust Time", OK, Nobody),
    // S40-4-06
    row("software-updated", 0x0501, CONFIG, "Software", "Updated", Nobody),
    // S40-4-07
    row("audit-begun", 0x0601, POLICY, "Audit Log", "Enable", Nobody),
    row("audit-exported", 0x0602, POLICY, "Export Audit Log", OK, Named),
    row("audit-key-replaced", 0x0603, POLICY, "Audit Log Key", "Replaced", Nobody),
    row("audit-end-lost", 0x0604, POLICY, "Audit Log", "Failed (End of Log Lost)", Nobody),
    row("syslog-lost", 0x0605, POLICY, "Send Audit Log", "Failed (Records Lost)", Nobody),
    row("audit-folded", 0x0606, POLICY, "Audit Log", "Oldest of a Kind Removed", Nobody),
    row("audit-gap", 0x0607, POLICY, "Audit Log", "Failed (Records Not Written)", Nobody),
    // S40-4-10
    row("tls-failed", 0x0701, COMMUNICATION, "Trusted Communication", "Failed", Nobody),
    row("card-bound", 0x0801, CARD, "Bind Card", OK, User),
    row("card-replaced", 0x0802, CARD, "Replace Card", OK, User),
    row("card-unlinked", 0x0803, CARD, "Unlink Card", OK, KeyOperator),
    row("registration-refused", 0x0804, CARD, "Bind Card", "Failed", Nobody),
    row("provisional-made", 0x0805, CARD, "Add Provisional User", OK, Nobody),
    row("provisional-deleted", 0x0806, CARD, "Delete Provisional User", OK, KeyOperator),
    row("user-copied", 0x0807, CARD, "Copy User from Directory", OK, User),
    row("card-written", 0x0808, CARD, "Write Card to Directory", OK, User),
    row("card-rewritten", 0x0809, CARD, "Write Card to Directory", OK, User),
    row("card-write-unknown", 0x080a, CARD, "Write Card to Directory", UNKNOWN, User),
    row("card-erased", 0x080b, CARD, "Delete Card from Directory", OK, KeyOperator),
    row("card-erase-unknown", 0x080c, CARD, "Delete Card from Directory", UNKNOWN, KeyOperator),
    row("signed-in-unchecked", 0x0302, LOGIN, "Login", "Not Checked", Named),
    row("signed-in", 0x0308, LOGIN, "Login", OK, Named),
    row("not-administrator", 0x0306, LOGIN, "Login", "Failed (Not Administrator)", Named),
    row("locked", 0x0303, LOGIN, "Lock Out", OK, Named),
    row("unlocked", 0x0304, LOGIN, "Unlock", OK, KeyOperator),
    row("all-unlocked", 0x0305, LOGIN, "Unlock", OK, KeyOperator),
    row("users-imported", 0x0901, RECORDS, "Import Users", OK, KeyOperator),
    row("users-exported", 0x0902, RECORDS, "Export Users", OK, KeyOperator),
    row("backup-begun", 0x0903, RECORDS, "Back Up", "Begun", KeyOperator),
    row("backup-made", 0x0904, RECORDS, "Back Up", OK, KeyOperator),
    row("restored", 0x0905, RECORDS, "Restore Backup", OK, KeyOperator),
    row("reader-attached", 0x0a01, READER, "Attach", OK, Nobody),
    row("reader-detached", 0x0a02, READER, "Detach", OK, Nobody),
    row("reader-faulty", 0x0a03, READER, "Use", "Failed", Nobody),
    row("panel-link-made", 0x0b01, PANEL, "Make Link", OK, KeyOperator),
    row("panel-paired", 0x0b02, PANEL, "Pair Browser", OK, Nobody),
    row("panel-revoked", 0x0b03, PANEL, "Revoke Browser", OK, KeyOperator),
];

/// A word of another version of this program.
const OTHER: Row = row("", 0, "-", "-", "-", Nobody);
const UNKNOWN_ID: &str = "Failed (Invalid UserID)";
const LOCKED: &str = "Failed (Locked)";
const TOO_SOON: &str = "Failed (Too Soon)";
const SWITCH_MODE: &str = "Switch Authentication Mode";

/// Whether a record's detail, `version 2: key key`, names a security setting.
fn has_security_setting(detail: &str) -> bool {
    detail.split(' ').any(|key| security_setting(key).is_some())
}

/// Which of the device's own passwords a record is about: the first part of its detail says so.
pub(super) fn secret_of(entry: &AuditEntry) -> Option<DeviceSecret> {
    let first = entry.detail.as_deref()?.split("; ").next()?;
    first.split(' ').find_map(DeviceSecret::from_word)
}

/// What the manual calls the job that a record's detail begins with.
fn job_of(detail: &str) -> &'static str {
    match detail.split(' ').next().and_then(JobType::from_word) {
        Some(JobType::Print) => "Print",
        Some(JobType::Copy) => "Copy",
        Some(JobType::Scan) => "Scan",
        Some(JobType::Fax) => "Fax",
        Some(JobType::Mailbox) => "Mailbox",
        Some(JobType::Report) => "Print Reports",
        None => "-",
    }
}

/// How a record is told.
pub(super) fn row_of(entry: &AuditEntry) -> Row {
    let found = ROWS.iter().find(|row| row.word == entry.event).copied().unwrap_or(OTHER);
    let mentions = |word| entry.detail.as_deref().is_some_and(|text| text.contains(word));
    let is = |code: ErrorCode| entry.code.as_deref() == Some(code.as_str());
    match found.word {
        "sign-in-failed" if is(ErrorCode::LockedOut) => Row { status: LOCKED, ..found },
        "sign-in-failed" if is(ErrorCode::TryLater) => Row { status: TOO_SOON, ..found },
        "sign-in-failed" if entry.user.is_none() && secret_of(entry).is_none() => {
            Row { status: UNKNOWN_ID, ..found }
        }
        "settings-changed" if mentions("sign-in.mode") => Row { description: SWITCH_MODE, ..found },
        "settings-changed" if !entry.detail.as_deref().is_some_and(has_security_setting) => {
            Row { description: "Change Setting", ..found }
        }
        "job-completed" | "job-canceled" | "job-aborted" => {
            Row { description: entry.detail.as_deref().map_or("-", job_of), ..found }
        }
        _ => found,
    }
}
