//! The events themselves: one row an event. To add one, add a row; what there is to say of its
//! fields is in `wording.rs`.

use std::{net::IpAddr, time::SystemTime};

use kazasu_hal::{CardIdentity, FaultKind, ReaderName};

use super::{
    Details, Folded, RefusalKind, Refused, RefusedMany,
    chain::{END_LOST, FOLDED, FORM_CHANGED, KEY_REPLACED},
    table::{Actor, Fields, Row, card, events, user},
    told::Told,
};
use crate::{DeviceSecret, ErrorCode, JobEnd, JobReport, Limits, Role, UserId};

use Actor::{KeyOperator, Named, Nobody, User};

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
const NOT_ADMINISTRATOR: &str = "Failed (Not Administrator)";
const FROM_DIRECTORY: &str = "Delete Card from Directory";

// S40-4-01 to S40-4-10, then what the manual does not have.
events! {
    /// An unknown card got a provisional user.
    ProvisionalMade {
        /// The card.
        card: CardIdentity,
    } = Row::new("provisional-made", 0x0805, CARD, "Add Provisional User", OK, Nobody);
    /// A card became a user's.
    CardBound {
        /// Whose the card is now.
        user: UserId,
        /// The card.
        card: CardIdentity,
        /// The user's card until then, which stopped working.
        replaced: Option<CardIdentity>,
    } = Row::new("card-bound", 0x0801, CARD, "Bind Card", OK, User),
        if replaced.is_some() => Row::new("card-replaced", 0x0802, CARD, "Replace Card", OK, User);
    /// Typed credentials were refused: wrong, or not looked at (S40-4-03).
    SignInFailed(refused: Refused) =
        Row::new("sign-in-failed", 0x0301, LOGIN, "Login", "Failed (Invalid Password)", Named),
        if refused.kind == RefusalKind::NotAdministrator =>
            Row::new("not-administrator", 0x0306, LOGIN, "Login", NOT_ADMINISTRATOR, Named);
    /// More of one source were refused within a minute.
    SignInsFailed(many: Box<RefusedMany>) =
        Row::new("sign-ins-failed", 0x0307, LOGIN, "Login", "Failed (Several Times)", Named);
    /// Somebody signed in. Recorded where [`AuditSettings`](crate::AuditSettings) say so.
    SignedIn {
        /// Who signed in.
        who: Claimed,
        /// With which card.
        card: Option<CardIdentity>,
        /// The address, where it was not in front of the device.
        from: Option<IpAddr>,
    } = Row::new("signed-in", 0x0308, LOGIN, "Login", OK, Named);
    /// Too many passwords were wrong in a row: no more are taken.
    Locked {
        /// As whom they were typed last.
        who: Claimed,
        /// The card that is locked; `None` where it is the person or the device's own password.
        card: Option<CardIdentity>,
        /// From where the last one came, where it was not in front of the device.
        from: Option<IpAddr>,
    } = Row::new("locked", 0x0303, LOGIN, "Lock Out", OK, Named);
    /// An administrator opened a lock.
    Unlocked {
        /// Who was locked; unknown where the card was.
        who: Claimed,
        /// The card that was locked.
        card: Option<CardIdentity>,
    } = Row::new("unlocked", 0x0304, LOGIN, "Unlock", OK, KeyOperator);
    /// An administrator opened all locks.
    AllUnlocked {
        /// How many there were.
        count: u64,
    } = Row::new("all-unlocked", 0x0305, LOGIN, "Unlock", OK, KeyOperator);
    /// Somebody typed this ID where the mode checks none.
    SignedInUnchecked {
        /// As typed.
        user: UserId,
    } = Row::new("signed-in-unchecked", 0x0302, LOGIN, "Login", "Not Checked", Named);
    /// Registration was refused.
    Refused {
        /// Why it was refused.
        code: ErrorCode,
        /// The card that was tapped.
        card: CardIdentity,
    } = Row::new("registration-refused", 0x0804, CARD, "Bind Card", "Failed", Nobody);
    /// An administrator added a user.
    UserAdded {
        /// Who was added.
        user: UserId,
    } = Row::new("user-added", 0x0403, SETTINGS, "Add User", OK, KeyOperator);
    /// An administrator deleted a user, and with it the binding of the card.
    UserDeleted {
        /// Who was deleted.
        user: UserId,
        /// The card that is free now.
        card: Option<CardIdentity>,
    } = Row::new("user-deleted", 0x0407, SETTINGS, "Delete User", OK, KeyOperator);
    /// An administrator deleted a provisional user.
    ProvisionalDeleted {
        /// The card that is unknown again.
        card: CardIdentity,
    } = Row::new("provisional-deleted", 0x0806, CARD, "Delete Provisional User", OK, KeyOperator);
    /// A user's own change, or an administrator's of it.
    UserEdited {
        /// The user whose record it is.
        user: UserId,
    } = Row::new("user-edited", 0x0404, SETTINGS, "Edit User", OK, User);
    /// A card is nobody's any more; the user's record stays.
    CardUnlinked {
        /// Whose the card was.
        user: UserId,
        /// The card.
        card: CardIdentity,
    } = Row::new("card-unlinked", 0x0803, CARD, "Unlink Card", OK, KeyOperator);
    /// A record was made from what the directory says of a person.
    UserCopied {
        /// Who has the record.
        user: UserId,
        /// What the user is to the device since.
        role: Role,
        /// What the user may do since.
        limits: Limits,
    } = Row::new("user-copied", 0x0807, CARD, "Copy User from Directory", OK, User);
    /// A card was written into a person's entry of the directory. The device has no record of the
    /// card, so the log cannot refer to one.
    CardWritten {
        /// Who has the entry.
        user: UserId,
        /// Whether another card stopped working.
        replaced: bool,
    } = Row::new("card-written", 0x0808, CARD, "Write Card to Directory", OK, User),
        if *replaced =>
            Row::new("card-rewritten", 0x0809, CARD, "Write Card to Directory", OK, User);
    /// A card was sent to a person's entry of the directory, and what became of it nobody can tell.
    CardWriteUnknown {
        /// Who has the entry.
        user: UserId,
    } = Row::new("card-write-unknown", 0x080a, CARD, "Write Card to Directory", UNKNOWN, User);
    /// An administrator deleted a card from a person's entry of the directory.
    CardErased {
        /// Who has the entry.
        user: UserId,
    } = Row::new("card-erased", 0x080b, CARD, FROM_DIRECTORY, OK, KeyOperator);
    /// A card was to be deleted from a person's entry of the directory, and what became of it
    /// nobody can tell.
    CardEraseUnknown {
        /// Who has the entry.
        user: UserId,
    } = Row::new("card-erase-unknown", 0x080c, CARD, FROM_DIRECTORY, UNKNOWN, KeyOperator);
    /// An administrator gave a user another ID.
    UserRenamed {
        /// What the user is called since.
        user: UserId,
        /// What the user was called.
        was: UserId,
    } = Row::new("user-renamed", 0x040e, SETTINGS, "Edit User", OK, KeyOperator);
    /// An administrator made a user something else to the device.
    RoleChanged {
        /// Who is something else.
        user: UserId,
        /// What the user is now.
        role: Role,
    } = Row::new("role-changed", 0x0405, SETTINGS, "Edit User", OK, KeyOperator);
    /// An administrator changed what a user may do.
    LimitsChanged {
        /// Who may do something else.
        user: UserId,
        /// What the user may do now.
        limits: Limits,
    } = Row::new("limits-changed", 0x0406, SETTINGS, "Edit User", OK, KeyOperator);
    /// A record that could not be read was deleted.
    DamagedUserDeleted {
        /// Its row in the table of users.
        row: i64,
    } = Row::new("damaged-user-deleted", 0x040d, SETTINGS, "Delete User", OK, KeyOperator);
    /// Provisional users that nobody registered in time were deleted.
    ProvisionalExpired {
        /// How many.
        count: u64,
    } = Row::new("provisional-expired", 0x040b, SETTINGS, "Delete User", OK, Nobody);
    /// Provisional users that nobody registered, the oldest, were deleted to make room.
    ProvisionalGaveWay {
        /// How many.
        count: u64,
    } = Row::new("provisional-gave-way", 0x040c, SETTINGS, "Delete User", OK, Nobody);
    /// General and provisional users were deleted, since they cannot be there in the
    /// authentication mode that was set (spec 30 section 2).
    UsersDeleted {
        /// How many.
        count: u64,
    } = Row::new("users-deleted", 0x0408, SETTINGS, "Delete User", OK, KeyOperator);
    /// Settings were changed.
    SettingsChanged {
        /// Their keys; the values are in the store's history.
        keys: Vec<String>,
        /// The version that counts since.
        version: u64,
    } = Row::new("settings-changed", 0x0401, SETTINGS, "Change Security Setting", OK, KeyOperator);
    /// One of the device's own passwords was set or removed.
    SecretSet {
        /// Which password.
        secret: DeviceSecret,
    } = Row::new("secret-set", 0x0402, SETTINGS, "Change Security Setting", OK, KeyOperator);
    /// A job of the device ended (S40-4-02).
    JobEnded {
        /// Whose it was, as the station knew when it started.
        who: Claimed,
        /// The card of a provisional user.
        card: Option<CardIdentity>,
        /// What it was, and how it ended.
        report: JobReport,
    } = Row::new("job-completed", 0x0201, JOB, "-", "Completed", Named),
        if report.end == JobEnd::Canceled =>
            Row::new("job-canceled", 0x0202, JOB, "-", "Canceled by User", Named),
        if report.end == JobEnd::Aborted =>
            Row::new("job-aborted", 0x0203, JOB, "-", "Aborted", Named);
    /// A print job was turned away, since whoever sent it could not be authenticated (S40-4-04).
    PrintRefused = Row::new("print-refused", 0x0204, JOB, "Print", "Aborted", Nobody);
    /// Security settings were shown (S40-4-05).
    SettingsViewed {
        /// Which, by the names of [`security_setting`](crate::security_setting).
        settings: Vec<&'static str>,
    } = Row::new("settings-viewed", 0x040a, SETTINGS, "View Security Setting", OK, KeyOperator);
    /// Users were taken from a file; each has a record of their own besides.
    UsersImported {
        /// How many.
        count: u64,
    } = Row::new("users-imported", 0x0901, RECORDS, "Import Users", OK, KeyOperator);
    /// The users were handed out as a file.
    UsersExported {
        /// How many.
        count: u64,
    } = Row::new("users-exported", 0x0902, RECORDS, "Export Users", OK, KeyOperator);
    /// A backup of all records is being made: this record is the last one in it.
    BackupBegun = Row::new("backup-begun", 0x0903, RECORDS, "Back Up", "Begun", KeyOperator);
    /// It is made, and whole.
    BackupMade {
        /// How many records of users are in it.
        users: u64,
    } = Row::new("backup-made", 0x0904, RECORDS, "Back Up", OK, KeyOperator);
    /// All records, this log with them, are from a backup; what came after it is gone.
    Restored {
        /// When that one was made; `None` where it does not say so.
        made: Option<SystemTime>,
    } = Row::new("restored", 0x0905, RECORDS, "Restore Backup", OK, KeyOperator);
    /// A card reader came, went or does not work.
    ReaderChanged {
        /// Which reader.
        reader: ReaderName,
        /// What it is now.
        state: ReaderState,
        /// How many more changes there were since the last record of it.
        more: u32,
    } = Row::new("reader-attached", 0x0a01, READER, "Attach", OK, Nobody),
        if *state == ReaderState::Detached =>
            Row::new("reader-detached", 0x0a02, READER, "Detach", OK, Nobody),
        if matches!(state, ReaderState::Faulty(_)) =>
            Row::new("reader-faulty", 0x0a03, READER, "Use", "Failed", Nobody);
    /// The log begins (S40-4-07). It cannot be switched off.
    LogBegun = Row::new("audit-begun", 0x0601, POLICY, "Audit Log", "Enable", Nobody);
    /// The service started (S40-4-01).
    Started {
        /// Whether the machine has been running since the service was last started on it.
        warm: bool,
        /// What the system calls this run of the machine.
        boot: String,
        /// The program's version.
        version: String,
    } = Row::new("started-cold", 0x0101, STATUS, "Started normally (cold boot)", "-", Nobody),
        if *warm =>
            Row::new("started-warm", 0x0102, STATUS, "Started normally (warm boot)", "-", Nobody);
    /// The service was told to stop (S40-4-01).
    StopRequested = Row::new("stop-requested", 0x0103, STATUS, "Shutdown requested", "-", Nobody);
    /// Another version of the program runs than before (S40-4-06).
    SoftwareUpdated {
        /// The version that runs now.
        version: String,
    } = Row::new("software-updated", 0x0501, CONFIG, "Software", "Updated", Nobody);
    /// The calendar clock was set (S40-4-09).
    TimeAdjusted {
        /// By so many milliseconds; negative: back.
        by_ms: i64,
    } = Row::new("time-adjusted", 0x0409, SETTINGS, "Adjust Time", OK, Nobody);
    /// A link was made that pairs a browser with the record's station.
    PanelLinkMade = Row::new("panel-link-made", 0x0b01, PANEL, "Make Link", OK, KeyOperator);
    /// A browser was paired with the record's station.
    PanelPaired {
        /// Its number.
        number: u32,
        /// Its address.
        from: IpAddr,
    } = Row::new("panel-paired", 0x0b02, PANEL, "Pair Browser", OK, Nobody);
    /// A browser is paired no more.
    PanelRevoked {
        /// Its number.
        number: u32,
    } = Row::new("panel-revoked", 0x0b03, PANEL, "Revoke Browser", OK, KeyOperator);
    /// A secure connection was not made (S40-4-10).
    TlsFailed {
        /// Who tried: an address.
        peer: String,
        /// Why not.
        reason: String,
        /// How many more failed since the last record of it.
        more: u32,
    } = Row::new("tls-failed", 0x0701, COMMUNICATION, "Trusted Communication", "Failed", Nobody);
    /// The log was handed out.
    LogExported {
        /// To whom; `None`: through the command line.
        by: Option<Claimed>,
    } = Row::new("audit-exported", 0x0602, POLICY, "Export Audit Log", OK, Named);
    /// The log's key is another one from here on.
    LogKeyReplaced = Row::new(KEY_REPLACED, 0x0603, POLICY, "Audit Log Key", "Replaced", Nobody);
    /// What records say besides has fields from here on, each record of them, and the chain's code
    /// counts those too: a record of before cannot be written anew as one of these, nor back.
    LogFormChanged = Row::new(FORM_CHANGED, 0x0608, POLICY, "Audit Log Form", "Replaced", Nobody);
    /// At opening, the log did not hold the end that was noted beside it.
    LogEndLost {
        /// The record that was the last one.
        noted: u64,
    } = Row::new(END_LOST, 0x0604, POLICY, "Audit Log", "Failed (End of Log Lost)", Nobody);
    /// Records could not be written, the disk being full for one: this is the first one after.
    LogGap {
        /// How many, the store's word for it lost included.
        count: u64,
        /// When the first of them was to be written.
        since: SystemTime,
        /// When the last of them was.
        until: SystemTime,
    } = Row::new("audit-gap", 0x0607, POLICY, "Audit Log", "Failed (Records Not Written)", Nobody);
    /// Records of one kind gave way, so that the other kinds stay.
    Folded(folded: Folded) =
        Row::new(FOLDED, 0x0606, POLICY, "Audit Log", "Oldest of a Kind Removed", Nobody);
    /// Records were trimmed before the collector got them.
    SyslogLost {
        /// How many.
        count: u64,
    } = Row::new("syslog-lost", 0x0605, POLICY, "Send Audit Log", "Failed (Records Lost)", Nobody);
}

impl AuditEvent {
    /// The fixed word for scripts and the store.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.row().word
    }

    /// Who it was about.
    #[must_use]
    pub fn user(&self) -> Option<&UserId> {
        user(&self.fields())
    }

    /// The card it was about.
    #[must_use]
    pub fn card(&self) -> Option<&CardIdentity> {
        card(&self.fields())
    }

    /// Why something was refused.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::SignInFailed(refused) => refused.kind.code(),
            Self::SignInsFailed(_) | Self::PrintRefused => Some(ErrorCode::SignInFailed),
            Self::Locked { .. } => Some(ErrorCode::LockedOut),
            _ => None,
        }
    }

    /// What else there is to say; never a card number, never what somebody typed.
    #[must_use]
    pub fn details(&self) -> Details {
        let mut details = Details::default();
        self.fields().into_iter().for_each(|(name, field)| field.tell(name, &mut details));
        details
    }
}

/// Whom somebody claimed to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// A user that exists.
    User(UserId),
    /// Nobody whom the device knows. What was typed is not kept: people type passwords into the
    /// wrong field.
    Unknown,
    /// Whoever knows one of the device's own passwords.
    Device(DeviceSecret),
}

/// What a card reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReaderState {
    /// It can be used.
    Attached,
    /// It is gone.
    Detached,
    /// It does not work.
    Faulty(FaultKind),
}
