use std::time::SystemTime;

use kazasu_hal::{CardIdentity, StationName, words};

use super::Request;
use crate::{
    AuditEvent, AuditRecord, Capacity, CardNumber, Limits, MailAddress, Password, Role, Source,
    TypedPassword, UserId, UserName,
};

/// What a station wants done. Its completion comes back as an input with the request's number.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Whose is this card?
    LookUp(Request, CardToFind),
    /// Make a provisional user if there is room.
    MakeProvisional(Request, Provisional, Capacity),
    /// Are these credentials right? They were typed beside this card, where one was tapped. To be
    /// answered as slowly for unknown users as for others.
    Verify(Request, Claim, Option<CardIdentity>),
    /// Bind the card.
    Commit(Request, Binding),
    /// Change what a user changed of their own record.
    SaveOwn(Request, OwnChange),
    /// Nobody waits for this request any more; never one that changes records.
    Abandon(Request),
    /// Write a line into the audit log.
    Audit(AuditRecord),
}

/// A card to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardToFind {
    /// What it is.
    pub card: CardIdentity,
    /// What the site calls it.
    pub number: CardNumber,
    /// Where to look: the device's records, or the directory.
    pub source: Source,
}

/// Credentials to be checked.
#[derive(Clone, Debug)]
pub enum Claim {
    /// A user's of the device; `None` where no password is asked.
    User(UserId, Option<TypedPassword>),
    /// A person's in the directory: the ID as typed, which is the directory's matter.
    Directory(UserId, TypedPassword),
    /// An administrator's in remote mode: a user's of the device where one has this ID, else a
    /// person's in the directory. So no directory decides about an administrator of the device.
    Administrator(UserId, TypedPassword),
    /// One of the device's own.
    Device(DeviceSecret, Option<TypedPassword>),
}

words! {
    /// Passwords of the device that belong to no user record.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum DeviceSecret {
        /// The key operator's (KO).
        KeyOperator = "administrator",
        /// The service engineer's (CE).
        Engineer = "engineer",
        /// The guests'.
        Guest = "guest",
    }
}

/// A registered user, as far as a station needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// User ID.
    pub id: UserId,
    /// User name.
    pub name: UserName,
    /// Mail address.
    pub mail: Option<MailAddress>,
    /// The number of the card bound to the user.
    pub card: Option<CardNumber>,
    /// Who vouched when the record was made.
    pub source: Source,
    /// What the user is to the device.
    pub role: Role,
    /// What the user may do.
    pub limits: Limits,
    /// Whether the record has a password.
    pub has_password: bool,
}

/// Whose a card is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookUp {
    /// No record has it.
    Unknown,
    /// A provisional user is left over from an earlier tap.
    Provisional,
    /// A registered user.
    Registered(Account),
}

/// What became of making a provisional user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProvisionalOutcome {
    /// Made, or there already.
    Made,
    /// No slot is free.
    Full,
    /// The card, or another card of the same number, got a registered user in the meantime.
    CardTaken,
}

/// Whether typed credentials are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They are this user's. Where the directory vouches, the account is what it says, with the
    /// card that the device (local method) or the directory (external) has for it.
    Right(Account),
    /// They are the device's own.
    RightDevice,
    /// The user exists, the password is another.
    WrongPassword,
    /// No such user.
    UnknownUser,
    /// The device's own password was never set (706).
    NotSetUp,
}

/// What became of a binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    /// Stored.
    Done,
    /// Nothing changed: the user has this card now, not the one that was to be replaced.
    Conflict(CardNumber),
    /// Nothing changed: the card is a registered user's.
    CardTaken,
    /// Nothing changed: the user is gone.
    UserGone,
    /// Nothing changed: there is no room for another user (local method, source directory).
    Full,
    /// Nothing changed: a record of this ID came from the other source (302).
    OtherSource,
    /// Nothing changed: the directory calls the person what a known card is called (711).
    IdIsNumber,
}

/// A provisional user to be made.
#[derive(Clone, Debug)]
pub struct Provisional {
    /// For this card.
    pub card: CardIdentity,
    /// What the site calls it: the record's user ID.
    pub number: CardNumber,
    /// User name.
    pub name: UserName,
    /// What the user may do.
    pub limits: Limits,
    /// The password that the card is to need, where cards need one. It dies with the record.
    pub password: Option<Password>,
    /// Where the card was tapped.
    pub station: StationName,
    /// When the card was held, in calendar time.
    pub at: SystemTime,
}

impl Provisional {
    /// The audit record that belongs into the same transaction.
    #[must_use]
    pub fn audit_record(&self) -> AuditRecord {
        AuditRecord {
            at: self.at,
            station: Some(self.station.clone()),
            event: AuditEvent::ProvisionalMade { card: self.card.clone() },
        }
    }
}

/// A card that is to become a user's: in one transaction the card is bound, the card's
/// provisional user is deleted and the audit record written.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The card; its identifier was read twice.
    pub card: CardIdentity,
    /// What the site calls it.
    pub number: CardNumber,
    /// Whose it becomes; the credentials were right.
    pub user: UserId,
    /// The user's card, which the person agreed to replace. Where the user has another one by
    /// then, nothing may change.
    pub replaces: Option<CardNumber>,
    /// Where the binding is kept.
    pub keep: Keep,
    /// The station at which it happens.
    pub station: StationName,
    /// When it happens, in calendar time.
    pub at: SystemTime,
}

/// Where a binding is kept.
#[derive(Clone, Debug)]
pub enum Keep {
    /// In the user's record on the device, which exists.
    Record,
    /// In a record that is a copy of what the directory says (spec 10 section 3.2): made, or
    /// brought up to date where one from the directory exists.
    Copy(Copied),
    /// In the person's own directory entry, written with these credentials of theirs (spec 10
    /// section 3.3).
    Entry {
        /// The ID as typed.
        typed: UserId,
        /// The password as typed.
        password: TypedPassword,
    },
}

/// A copy of a directory's person.
#[derive(Clone, Debug)]
pub struct Copied {
    /// User name.
    pub name: UserName,
    /// Mail address.
    pub mail: Option<MailAddress>,
    /// The typed password, which keeps the device's rule too.
    pub password: Password,
    /// What a new user is to the device.
    pub role: Role,
    /// What a new user may do.
    pub limits: Limits,
    /// Room for a new user.
    pub capacity: Capacity,
}

impl Binding {
    /// The audit record that belongs into the same transaction. `replaced` is the card that the
    /// user really had.
    #[must_use]
    pub fn audit_record(&self, replaced: Option<CardIdentity>) -> AuditRecord {
        AuditRecord {
            at: self.at,
            station: Some(self.station.clone()),
            event: AuditEvent::CardBound {
                user: self.user.clone(),
                card: self.card.clone(),
                replaced,
            },
        }
    }
}

/// What a user wants of their own record, in one transaction with its audit record (spec 10
/// section 6). `None` leaves a field as it is.
#[derive(Clone, Debug)]
pub struct OwnChange {
    /// Whose record it is.
    pub user: UserId,
    /// User name.
    pub name: Option<UserName>,
    /// Mail address; `Some(None)` deletes it.
    pub mail: Option<Option<MailAddress>>,
    /// The password so far, where the change needs it: nothing changes unless it is right.
    pub current: Option<TypedPassword>,
    /// Another password.
    pub password: Option<Password>,
    /// The card is the user's no longer.
    pub unlink_card: bool,
    /// The station at which it happens.
    pub station: StationName,
    /// When it happens, in calendar time.
    pub at: SystemTime,
}

impl OwnChange {
    /// The audit record that belongs into the same transaction.
    #[must_use]
    pub fn audit_record(&self, card: Option<CardIdentity>) -> AuditRecord {
        let user = self.user.clone();
        let event = match (self.unlink_card, card) {
            (true, Some(card)) => AuditEvent::CardUnlinked { user, card },
            _ => AuditEvent::UserEdited { user },
        };
        AuditRecord { at: self.at, station: Some(self.station.clone()), event }
    }
}

/// What became of a change of one's own record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnOutcome {
    /// Stored; the record as it is now.
    Saved(Account),
    /// Nothing changed: the password so far is another (751).
    WrongPassword,
    /// Nothing changed: the record is gone.
    UserGone,
}
