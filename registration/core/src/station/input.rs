use std::{fmt, time::SystemTime};

use kazasu_hal::{CardIdentity, StationName};
use zeroize::Zeroizing;

use crate::{
    AuditEvent, AuditRecord, Capacity, ErrorCode, Limits, TypedPassword, UserId, UserName,
};

/// What a station has to react to.
#[derive(Debug)]
pub enum Input {
    /// A card was presented at one of the station's readers.
    CardPresented(CardIdentity),
    /// A second read gave the same identifier.
    CardConfirmed(CardIdentity),
    /// The card left. A contactless card may: it changes nothing.
    CardRemoved,
    /// More than one card is on a reader.
    MultipleCards,
    /// Whether the station has a reader that works.
    ReaderReady(bool),
    /// A job of the signed-in user started.
    JobStarted,
    /// It ended.
    JobEnded,
    /// Somebody acted on a page of this session. Ignored where the session is over.
    Panel {
        /// The session that the page showed.
        session: u64,
        /// What was done.
        action: PanelAction,
    },
    /// Completes [`Effect::LookUp`].
    LookedUp(Request, Result<LookUp, ErrorCode>),
    /// Completes [`Effect::MakeProvisional`].
    ProvisionalMade(Request, Result<ProvisionalOutcome, ErrorCode>),
    /// Completes [`Effect::Verify`].
    Verified(Request, Result<Verdict, ErrorCode>),
    /// Completes [`Effect::Commit`].
    Committed(Request, Result<CommitOutcome, ErrorCode>),
    /// The time that [`Station::poll_timeout`](super::Station::poll_timeout) named has come.
    Tick,
}

/// What a person can do on a page.
#[derive(Clone)]
pub enum PanelAction {
    /// Open the registration page.
    OpenRegistration,
    /// Send the registration page.
    Submit {
        /// User ID as typed.
        user_id: String,
        /// Password as typed.
        password: Zeroizing<String>,
    },
    /// Answer whether the other card is to be replaced.
    Confirm(bool),
    /// One step back; leaves the registration page.
    Cancel,
    /// The authentication key: ends the session.
    SignOut,
    /// The person is still there: the page stays.
    Touch,
}

impl fmt::Debug for PanelAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither field is shown: people type passwords into the wrong one.
        f.write_str(match self {
            Self::OpenRegistration => "OpenRegistration",
            Self::Submit { .. } => "Submit(..)",
            Self::Confirm(true) => "Confirm(true)",
            Self::Confirm(false) => "Confirm(false)",
            Self::Cancel => "Cancel",
            Self::SignOut => "SignOut",
            Self::Touch => "Touch",
        })
    }
}

/// Number of a request: its completion carries the same, and no other counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Request(pub u64);

/// A registered user, as far as a station needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// User ID.
    pub id: UserId,
    /// User name.
    pub name: UserName,
    /// The card bound to the user.
    pub card: Option<CardIdentity>,
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
    /// They are this user's.
    Right(Account),
    /// The user exists, the password is another.
    WrongPassword,
    /// No such user.
    UnknownUser,
}

/// What became of a binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    /// Stored.
    Done,
    /// Nothing changed: the user has this card now, not the one that was to be replaced.
    Conflict(CardIdentity),
    /// Nothing changed: the card is a registered user's.
    CardTaken,
    /// Nothing changed: the user is gone.
    UserGone,
}

/// A provisional user to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provisional {
    /// For this card.
    pub card: CardIdentity,
    /// User name.
    pub name: UserName,
    /// What the user may do.
    pub limits: Limits,
    /// Where the card was tapped.
    pub station: StationName,
    /// When.
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The card; its identifier was read twice.
    pub card: CardIdentity,
    /// Whose it becomes; the credentials were right.
    pub user: UserId,
    /// The user's card, which the person agreed to replace. Where the user has another one by
    /// then, nothing may change.
    pub replaces: Option<CardIdentity>,
    /// Where.
    pub station: StationName,
    /// When.
    pub at: SystemTime,
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

/// What a station wants done.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Whose is this card?
    LookUp(Request, CardIdentity),
    /// Make a provisional user if there is room.
    MakeProvisional(Request, Provisional, Capacity),
    /// Are these credentials right? To be answered as slowly for unknown users as for others.
    Verify(Request, UserId, TypedPassword),
    /// Bind the card.
    Commit(Request, Binding),
    /// Nobody waits for this request any more; never one to commit.
    Abandon(Request),
    /// Write a line into the audit log.
    Audit(AuditRecord),
}
