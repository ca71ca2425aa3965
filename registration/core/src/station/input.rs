use std::{fmt, sync::Arc};

use kazasu_hal::CardIdentity;
use zeroize::Zeroizing;

use super::{Altered, CommitOutcome, LookUp, OwnOutcome, ProvisionalOutcome, Verdict};
use crate::{ErrorCode, JobReport, Problem, Site, Source};

/// What a station has to react to.
#[derive(Debug)]
pub enum Input {
    /// A card was presented at one of the station's readers.
    CardPresented(CardIdentity),
    /// A second read gave the same identifier.
    CardConfirmed(CardIdentity),
    /// The card left. For a contactless reader that changes nothing.
    CardRemoved(CardIdentity),
    /// More than one card is on a reader.
    MultipleCards,
    /// Whether the station has a reader that works.
    ReaderReady(bool),
    /// What the device around the reader reports.
    Device(DeviceEvent),
    /// Somebody else changed what sessions hang on.
    Altered(Altered),
    /// The settings changed.
    Site(Arc<Site>),
    /// Somebody acted on a page of this session. Ignored where the session is over.
    Panel {
        /// The session that the page showed.
        session: u64,
        /// What was done.
        action: PanelAction,
    },
    /// Completes [`Effect::LookUp`](super::Effect::LookUp).
    LookedUp(Request, Result<LookUp, ErrorCode>),
    /// Completes [`Effect::MakeProvisional`](super::Effect::MakeProvisional).
    ProvisionalMade(Request, Result<ProvisionalOutcome, ErrorCode>),
    /// Completes [`Effect::Verify`](super::Effect::Verify).
    Verified(Request, Result<Verdict, Problem>),
    /// Completes [`Effect::Commit`](super::Effect::Commit).
    Committed(Request, Result<CommitOutcome, ErrorCode>),
    /// Completes [`Effect::SaveOwn`](super::Effect::SaveOwn).
    OwnSaved(Request, Result<OwnOutcome, Problem>),
    /// The time that [`Station::poll_timeout`](super::Station::poll_timeout) named has come.
    Tick,
}

/// What the device around the reader reports: the port to whatever the station is built into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeviceEvent {
    /// A job of whoever is signed in started, or interrupts another one.
    JobStarted,
    /// It ended; how, where the device says so.
    JobEnded(Option<JobReport>),
    /// A print job was turned away, since whoever sent it could not be authenticated. It never
    /// started.
    PrintRefused,
    /// A subtractive accessory has credit: coins were put in.
    PaymentEnabled,
    /// The credit is used up or was given back.
    PaymentDisabled,
    /// The device goes to sleep.
    PowerSave,
    /// It wakes.
    Waking,
    /// The reset key beside the settings page.
    ResetKey,
}

impl DeviceEvent {
    /// Every event, without what the device may say besides.
    pub const ALL: [Self; 8] = [
        Self::JobStarted,
        Self::JobEnded(None),
        Self::PrintRefused,
        Self::PaymentEnabled,
        Self::PaymentDisabled,
        Self::PowerSave,
        Self::Waking,
        Self::ResetKey,
    ];

    /// The fixed word for scripts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JobStarted => "job-started",
            Self::JobEnded(_) => "job-ended",
            Self::PrintRefused => "print-refused",
            Self::PaymentEnabled => "payment-enabled",
            Self::PaymentDisabled => "payment-disabled",
            Self::PowerSave => "power-save",
            Self::Waking => "waking",
            Self::ResetKey => "reset-key",
        }
    }

    /// Reads the fixed word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == word)
    }
}

/// What somebody signs in as at the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignInAs {
    /// A user (CO).
    User,
    /// A guest.
    Guest,
    /// An administrator (KO).
    Administrator,
}

/// What a person can do on a page.
#[derive(Clone)]
pub enum PanelAction {
    /// The authentication key: ends a session, or opens the sign-in page where there is none.
    AuthenticationKey,
    /// Opens the sign-in page beside a session that a card began.
    OpenSignIn,
    /// Says as what to sign in.
    SignInAs(SignInAs),
    /// Sends the sign-in page.
    SignIn {
        /// User ID as typed; empty for guests.
        user_id: String,
        /// Password as typed.
        password: Zeroizing<String>,
    },
    /// Sends the password that a known card needs, or the engineer's.
    Password(Zeroizing<String>),
    /// Sends the password that an unknown card is to need, typed twice.
    NewPassword {
        /// The first time.
        first: Zeroizing<String>,
        /// The second time.
        again: Zeroizing<String>,
    },
    /// The special key: the engineer's page, or the end of the engineer's session.
    SpecialKey,
    /// Open the registration page.
    OpenRegistration,
    /// Send the registration page.
    Submit {
        /// Who is to vouch.
        source: Source,
        /// User ID as typed.
        user_id: String,
        /// Password as typed.
        password: Zeroizing<String>,
    },
    /// Answer whether the other card is to be replaced.
    Confirm(bool),
    /// Open the page of one's own record.
    OpenOwnRecord,
    /// Send it.
    SaveOwn(TypedRecord),
    /// Unlink one's own card.
    UnlinkCard,
    /// One step back; leaves the page.
    Cancel,
    /// The person is still there: the page stays.
    Touch,
}

/// What somebody typed on the page of their own record (spec 10 section 6).
#[derive(Clone, Default)]
pub struct TypedRecord {
    /// User name.
    pub name: String,
    /// Mail address.
    pub mail: String,
    /// The password so far; empty without one.
    pub current: Zeroizing<String>,
    /// The new one; all three empty for no change.
    pub new: Zeroizing<String>,
    /// The new one again.
    pub again: Zeroizing<String>,
}

impl fmt::Debug for PanelAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No field is shown: people type passwords into the wrong one.
        f.write_str(match self {
            Self::AuthenticationKey => "AuthenticationKey",
            Self::OpenSignIn => "OpenSignIn",
            Self::SignInAs(SignInAs::User) => "SignInAs(User)",
            Self::SignInAs(SignInAs::Guest) => "SignInAs(Guest)",
            Self::SignInAs(SignInAs::Administrator) => "SignInAs(Administrator)",
            Self::SignIn { .. } => "SignIn(..)",
            Self::Password(_) => "Password(..)",
            Self::NewPassword { .. } => "NewPassword(..)",
            Self::SpecialKey => "SpecialKey",
            Self::OpenRegistration => "OpenRegistration",
            Self::Submit { .. } => "Submit(..)",
            Self::Confirm(true) => "Confirm(true)",
            Self::Confirm(false) => "Confirm(false)",
            Self::OpenOwnRecord => "OpenOwnRecord",
            Self::SaveOwn(_) => "SaveOwn(..)",
            Self::UnlinkCard => "UnlinkCard",
            Self::Cancel => "Cancel",
            Self::Touch => "Touch",
        })
    }
}

/// Number of a request: its completion carries the same, and no other counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Request(pub u64);
