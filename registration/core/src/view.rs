use kazasu_hal::{Mono, StationName};

use crate::{ErrorCode, Field, Rule};

/// What any surface may show of a station: no secrets, no card number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// Whose.
    pub station: StationName,
    /// Number of the session. Every action of a panel names the session its page showed, so that
    /// a press that arrives late never acts on the next person's session.
    pub session: u64,
    /// Whether at least one reader of this station is attached.
    pub reader_ready: bool,
    /// When the page clears by itself unless somebody acts.
    pub clears_at: Option<Mono>,
    /// What to show.
    pub page: Page,
}

/// One page of the panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// Nobody: shows where to hold the card.
    Idle,
    /// A card was tapped; who it is is being looked up.
    Reading,
    /// A provisional user is signed in, the registration page is closed: offers to open it.
    Provisional,
    /// The registration page: user ID and password.
    Register {
        /// The user ID as it was typed last, so that nothing typed is lost but the password.
        user_id: String,
        /// What was wrong with the last try.
        problem: Option<Problem>,
    },
    /// The typed credentials are being checked.
    Checking,
    /// The user has another card: replace it?
    ConfirmReplace,
    /// The binding is being stored.
    Saving,
    /// A registered user is signed in.
    SignedIn {
        /// User name, to show small.
        name: String,
        /// What was refused just now, though the session goes on.
        problem: Option<Problem>,
    },
    /// A result, shown until it clears, is dismissed or the next card is tapped.
    Notice(Notice),
}

/// A result that ends a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The card is stored as this user's.
    Registered {
        /// User name.
        name: String,
    },
    /// Refused or failed.
    Problem(Problem),
}

/// What went wrong: the code, and where a field broke a rule, which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Key of the error catalogue.
    pub code: ErrorCode,
    /// The field to correct and the rule it broke.
    pub field: Option<(Field, Rule)>,
}
