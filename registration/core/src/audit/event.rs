use std::{net::IpAddr, time::SystemTime};

use kazasu_hal::{CardIdentity, FaultKind, ReaderName};

use super::{Folded, Refused, RefusedMany};
use crate::{DeviceSecret, ErrorCode, JobReport, Limits, Role, UserId};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditEvent {
    /// An unknown card got a provisional user.
    ProvisionalMade {
        /// The card.
        card: CardIdentity,
    },
    /// A card became a user's.
    CardBound {
        /// Whose.
        user: UserId,
        /// The card.
        card: CardIdentity,
        /// The user's card until then, which stopped working.
        replaced: Option<CardIdentity>,
    },
    /// Typed credentials were refused: wrong, or not looked at (S40-4-03).
    SignInFailed(Refused),
    /// More of one source were refused within a minute.
    SignInsFailed(Box<RefusedMany>),
    /// Somebody signed in. Recorded where [`AuditSettings`](crate::AuditSettings) say so.
    SignedIn {
        /// Who.
        who: Claimed,
        /// With which card.
        card: Option<CardIdentity>,
        /// The address, where it was not in front of the device.
        from: Option<IpAddr>,
    },
    /// Too many passwords were wrong in a row: no more are taken.
    Locked {
        /// As whom they were typed last.
        who: Claimed,
        /// The card that is locked; `None` where it is the person or the device's own password.
        card: Option<CardIdentity>,
        /// From where the last one came, where it was not in front of the device.
        from: Option<IpAddr>,
    },
    /// An administrator opened a lock.
    Unlocked {
        /// Whose; unknown where the card was locked.
        who: Claimed,
        /// The card that was locked.
        card: Option<CardIdentity>,
    },
    /// An administrator opened all locks.
    AllUnlocked {
        /// How many there were.
        count: u64,
    },
    /// Somebody typed this ID where the mode checks none.
    SignedInUnchecked {
        /// As typed.
        user: UserId,
    },
    /// Registration was refused.
    Refused {
        /// Why.
        code: ErrorCode,
        /// The card that was tapped.
        card: CardIdentity,
    },
    /// An administrator added a user.
    UserAdded {
        /// Who.
        user: UserId,
    },
    /// An administrator deleted a user, and with it the binding of the card.
    UserDeleted {
        /// Who.
        user: UserId,
        /// The card that is free now.
        card: Option<CardIdentity>,
    },
    /// An administrator deleted a provisional user.
    ProvisionalDeleted {
        /// The card that is unknown again.
        card: CardIdentity,
    },
    /// A user's own change, or an administrator's of it.
    UserEdited {
        /// Whose record.
        user: UserId,
    },
    /// A card is nobody's any more; the user's record stays.
    CardUnlinked {
        /// Whose it was.
        user: UserId,
        /// The card.
        card: CardIdentity,
    },
    /// A record was made from what the directory says of a person.
    UserCopied {
        /// Whose.
        user: UserId,
        /// What the user is to the device since.
        role: Role,
        /// What the user may do since.
        limits: Limits,
    },
    /// A card was written into a person's entry of the directory. The device has no record of the
    /// card, so the log cannot refer to one.
    CardWritten {
        /// Whose entry.
        user: UserId,
        /// Whether another card stopped working.
        replaced: bool,
    },
    /// A card was sent to a person's entry of the directory, and what became of it nobody can tell.
    CardWriteUnknown {
        /// Whose entry.
        user: UserId,
    },
    /// An administrator deleted a card from a person's entry of the directory.
    CardErased {
        /// Whose entry.
        user: UserId,
    },
    /// A card was to be deleted from a person's entry of the directory, and what became of it
    /// nobody can tell.
    CardEraseUnknown {
        /// Whose entry.
        user: UserId,
    },
    /// An administrator gave a user another ID.
    UserRenamed {
        /// What the user is called since.
        user: UserId,
        /// What the user was called.
        was: UserId,
    },
    /// An administrator made a user something else to the device.
    RoleChanged {
        /// Whom.
        user: UserId,
        /// What the user is now.
        role: Role,
    },
    /// An administrator changed what a user may do.
    LimitsChanged {
        /// Whose.
        user: UserId,
        /// What the user may do now.
        limits: Limits,
    },
    /// A record that could not be read was deleted.
    DamagedUserDeleted {
        /// Its row in the table of users.
        row: i64,
    },
    /// Provisional users that nobody registered in time were deleted.
    ProvisionalExpired {
        /// How many.
        count: u64,
    },
    /// Provisional users that nobody registered, the oldest, were deleted to make room.
    ProvisionalGaveWay {
        /// How many.
        count: u64,
    },
    /// General and provisional users were deleted, since they cannot be there in the
    /// authentication mode that was set (spec 30 section 2).
    UsersDeleted {
        /// How many.
        count: u64,
    },
    /// Settings were changed.
    SettingsChanged {
        /// Their keys; the values are in the store's history.
        keys: Vec<String>,
        /// The version that counts since.
        version: u64,
    },
    /// One of the device's own passwords was set or removed.
    SecretSet {
        /// Which.
        secret: DeviceSecret,
    },
    /// A job of the device ended (S40-4-02).
    JobEnded {
        /// Whose it was, as the station knew when it started.
        who: Claimed,
        /// The card of a provisional user.
        card: Option<CardIdentity>,
        /// What it was, and how it ended.
        report: JobReport,
    },
    /// A print job was turned away, since whoever sent it could not be authenticated (S40-4-04).
    PrintRefused,
    /// Security settings were shown (S40-4-05).
    SettingsViewed {
        /// Which, by the names of [`security_setting`](crate::security_setting).
        settings: Vec<&'static str>,
    },
    /// Users were taken from a file; each has a record of their own besides.
    UsersImported {
        /// How many.
        count: u64,
    },
    /// The users were handed out as a file.
    UsersExported {
        /// How many.
        count: u64,
    },
    /// A backup of all records is being made: this record is the last one in it.
    BackupBegun,
    /// It is made, and whole.
    BackupMade {
        /// How many records of users are in it.
        users: u64,
    },
    /// All records, this log with them, are from a backup; what came after it is gone.
    Restored {
        /// When that one was made; `None` where it does not say so.
        made: Option<SystemTime>,
    },
    /// A card reader came, went or does not work.
    ReaderChanged {
        /// Which.
        reader: ReaderName,
        /// What it is now.
        state: ReaderState,
        /// How many more changes there were since the last record of it.
        more: u32,
    },
    /// The log begins (S40-4-07). It cannot be switched off.
    LogBegun,
    /// The service started (S40-4-01).
    Started {
        /// Whether the machine has been running since the service was last started on it.
        warm: bool,
        /// What the system calls this run of the machine.
        boot: String,
        /// The program's version.
        version: String,
    },
    /// The service was told to stop (S40-4-01).
    StopRequested,
    /// Another version of the program runs than before (S40-4-06).
    SoftwareUpdated {
        /// Which.
        version: String,
    },
    /// The calendar clock was set (S40-4-09).
    TimeAdjusted {
        /// By so many milliseconds; negative: back.
        by_ms: i64,
    },
    /// A link was made that pairs a browser with the record's station.
    PanelLinkMade,
    /// A browser was paired with the record's station.
    PanelPaired {
        /// Its number.
        number: u32,
        /// Its address.
        from: IpAddr,
    },
    /// A browser is paired no more.
    PanelRevoked {
        /// Its number.
        number: u32,
    },
    /// A secure connection was not made (S40-4-10).
    TlsFailed {
        /// Who tried: an address.
        peer: String,
        /// Why not.
        reason: String,
        /// How many more failed since the last record of it.
        more: u32,
    },
    /// The log was handed out.
    LogExported {
        /// To whom; `None`: through the command line.
        by: Option<Claimed>,
    },
    /// The log's key is another one from here on.
    LogKeyReplaced,
    /// At opening, the log did not hold the end that was noted beside it.
    LogEndLost {
        /// The record that was the last one.
        noted: u64,
    },
    /// Records could not be written, the disk being full for one: this is the first one after.
    LogGap {
        /// How many, the store's word for it lost included.
        count: u64,
        /// When the first of them was to be written.
        since: SystemTime,
        /// When the last of them was.
        until: SystemTime,
    },
    /// Records of one kind gave way, so that the other kinds stay.
    Folded(Folded),
    /// Records were trimmed before the collector got them.
    SyslogLost {
        /// How many.
        count: u64,
    },
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
