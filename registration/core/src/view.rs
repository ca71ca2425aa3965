use kazasu_hal::{Mono, StationName};

use crate::{ErrorCode, Field, Rule, SignInAs, Source};

/// What any surface may show of a station: no secrets, no card number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// The station that is shown.
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

impl SessionView {
    /// What stands in the way of whoever comes with a card: 600 where cards are wanted and no reader
    /// is there.
    #[must_use]
    pub fn reader_problem(&self) -> Option<ErrorCode> {
        let wanted = matches!(self.page, Page::Idle { cards: true, paid: false, .. });
        (wanted && !self.reader_ready).then_some(ErrorCode::NoReader)
    }
}

/// One page of the panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// Nobody: shows where to hold the card.
    Idle {
        /// Cards can be used here.
        cards: bool,
        /// People can sign in without a card.
        sign_in: bool,
        /// Administrators can sign in.
        administrators: bool,
        /// A payment is there: users need not sign in and cannot.
        paid: bool,
    },
    /// A card was tapped; who it is is being looked up.
    Reading,
    /// Asks as what to sign in.
    AskWho {
        /// Guests are welcome.
        guests: bool,
    },
    /// The sign-in page.
    SignIn {
        /// As what.
        signs_in: SignInAs,
        /// The user ID as it was typed last.
        user_id: String,
        /// Whether a password is asked for.
        asks_password: bool,
        /// What was wrong with the last try.
        problem: Option<Problem>,
    },
    /// A known card needs its password.
    AskPassword {
        /// What was wrong with the last try.
        problem: Option<Problem>,
    },
    /// An unknown card is to get a password, typed twice.
    NewPassword {
        /// Shortest, in characters.
        min: u8,
        /// Longest, in characters.
        max: u8,
        /// What was wrong with the last try.
        problem: Option<Problem>,
    },
    /// A provisional user is signed in, the registration page is closed.
    Provisional {
        /// Offers to open it.
        can_register: bool,
    },
    /// The registration page: user ID and password.
    Register {
        /// The user ID as it was typed last, so that nothing typed is lost but the password.
        user_id: String,
        /// Who can vouch, the one shown first; more than one: the person chooses.
        sources: Vec<Source>,
        /// The one chosen.
        source: Source,
        /// What was wrong with the last try.
        problem: Option<Problem>,
    },
    /// Typed credentials are being checked.
    Checking,
    /// The user has another card: replace it?
    ConfirmReplace,
    /// A change is being stored.
    Saving,
    /// A user is signed in.
    SignedIn {
        /// User name, to show small; `None` for somebody whom nobody identified.
        name: Option<String>,
        /// Offers the page of one's own record.
        can_edit: bool,
        /// The authentication key ends the session: not where a card in the slot does.
        can_sign_out: bool,
        /// Signing in at the panel instead is offered: where a card began the session.
        can_switch: bool,
        /// A change of one's own record was stored just now.
        saved: bool,
        /// What was refused just now, though the session goes on.
        problem: Option<Problem>,
    },
    /// The page of one's own record.
    OwnRecord {
        /// What is in it.
        record: OwnRecord,
        /// What was wrong with the last try.
        problem: Option<Problem>,
    },
    /// A guest is signed in.
    Guest,
    /// An administrator is signed in.
    Administrator {
        /// An accessory allows jobs.
        jobs_enabled: bool,
    },
    /// The engineer's password page.
    EngineerPassword {
        /// What was wrong with the last try.
        problem: Option<Problem>,
    },
    /// The engineer is signed in.
    Engineer,
    /// A result, shown until it clears, is dismissed or the next card is tapped.
    Notice(Notice),
}

/// One's own record, as far as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnRecord {
    /// User ID, which is fixed.
    pub user_id: String,
    /// User name.
    pub name: String,
    /// It may be changed.
    pub may_name: bool,
    /// Mail address; empty without one.
    pub mail: String,
    /// It may be changed.
    pub may_mail: bool,
    /// The password may be changed: panels ask for one.
    pub may_password: bool,
    /// Shortest new password, in characters.
    pub password_min: u8,
    /// Longest new password, in characters.
    pub password_max: u8,
    /// There is a password: the current one is asked for when it changes.
    pub has_password: bool,
    /// It is asked for when the mail address changes, too.
    pub asks_password: bool,
    /// The card may be unlinked.
    pub may_unlink: bool,
}

/// A result that ends a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The card is stored as this user's.
    Registered {
        /// User name.
        name: String,
    },
    /// The card is nobody's any more.
    Unlinked,
    /// Refused or failed.
    Problem(Problem),
}

/// What went wrong: the code; where a field broke a rule, which; where it passes by itself, when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Key of the error catalogue.
    pub code: ErrorCode,
    /// The field to correct and the rule it broke.
    pub field: Option<(Field, Rule)>,
    /// When to try again, where that is known.
    pub until: Option<Mono>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_reader_is_told_where_cards_are_wanted() {
        let told = |cards, paid, reader_ready| {
            let page = Page::Idle { cards, sign_in: true, administrators: true, paid };
            let station = StationName("main".to_owned());
            let view = SessionView { station, session: 1, reader_ready, clears_at: None, page };
            view.reader_problem()
        };
        assert_eq!(told(true, false, false), Some(ErrorCode::NoReader));
        assert_eq!(told(true, false, true), None);
        assert_eq!(told(true, true, false), None, "nobody has to sign in");
        assert_eq!(told(false, false, false), None, "nobody misses it");
    }
}
