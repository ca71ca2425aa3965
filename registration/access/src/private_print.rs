use std::fmt;

use kazasu_registration::{
    CardNumber, UserId,
    access::{AccessSettings, Additive, AuthenticationMode, Person, Receive, ReceiveControl, Who},
};

use crate::Reason;

/// A user ID that a private print is stored under: a person's or, where a contactless card speaks
/// for its holder, the card's. `Debug` shows the last two characters, since it may be a card.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PrintUserId(String);

impl PrintUserId {
    /// Reads what a print job names; `None` unless it is a user ID or a card number.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        match UserId::new(text) {
            Ok(id) => Some(Self::from(&id)),
            Err(_) => CardNumber::from_text(text).as_ref().map(Self::from),
        }
    }

    /// The ID, unmasked: for the store and for administrators, never for logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&UserId> for PrintUserId {
    fn from(id: &UserId) -> Self {
        Self(id.as_str().to_owned())
    }
}

impl From<&CardNumber> for PrintUserId {
    fn from(card: &CardNumber) -> Self {
        Self(card.as_str().to_owned())
    }
}

impl fmt::Debug for PrintUserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end: String = self.0.chars().skip(self.0.chars().count().saturating_sub(2)).collect();
        write!(f, "PrintUserId(..{end})")
    }
}

/// Where "my user ID" comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Nowhere,
    Card,
    /// The user's record on the device, or the one made for the session.
    Record,
    Typed,
}

/// S30-8-01 to 07.
fn source(mode: AuthenticationMode, additive: &Additive) -> Source {
    use AuthenticationMode::{AccountingUnverified, AccountingVerified, Local, Off, Remote};
    match (mode, additive) {
        (Off, Additive::Absent | Additive::Contact { .. }) => Source::Nowhere, // S30-8-01
        (Off, Additive::Contactless(_)) => Source::Card,                       // S30-8-02
        (Local | AccountingVerified, _) => Source::Record,                     // S30-8-03
        (AccountingUnverified, Additive::Absent) => Source::Typed,             // S30-8-04
        (AccountingUnverified, Additive::Contact { .. }) => Source::Nowhere,   // S30-8-05
        (AccountingUnverified, Additive::Contactless(_)) => Source::Card,      // S30-8-06
        (Remote, Additive::Absent | Additive::Contactless(_)) => Source::Record, // S30-8-07
        // Contact readers do not sign in to a directory.
        (Remote, Additive::Contact { .. }) => Source::Nowhere,
    }
}

/// "My user ID": under which private prints are this person's. A typed ID counts only where
/// the settings let it; key operator, engineer, guests and provisional users have none.
#[must_use]
pub fn my_user_id(who: &Who, settings: &AccessSettings) -> Option<PrintUserId> {
    let may_have = matches!(
        who.person,
        Person::Nobody
            | Person::Unidentified { .. }
            | Person::Identified { .. }
            | Person::Administrator(_)
    );
    if !may_have {
        return None;
    }
    match source(who.sign_in.mode, &who.accessories.additive) {
        Source::Nowhere => None,
        Source::Card => match &who.accessories.additive {
            Additive::Contactless(card) => card.as_ref().map(PrintUserId::from),
            Additive::Absent | Additive::Contact { .. } => None,
        },
        Source::Record => who.identified().map(PrintUserId::from),
        Source::Typed => match &who.person {
            Person::Unidentified { typed } if settings.private_print.typed_id_counts => {
                typed.as_ref().map(PrintUserId::from)
            }
            _ => None,
        },
    }
}

/// What somebody wants with private prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivatePrint<'a> {
    /// Enter the page.
    Enter,
    /// List the owners.
    ListOwners,
    /// List, preview, print, delete documents of this owner, or change the number of copies.
    Documents {
        /// Whose documents.
        owner: &'a PrintUserId,
        /// The documents' password was given (combined secure print).
        password_given: bool,
    },
}

pub(crate) fn decide(
    who: &Who,
    action: PrivatePrint<'_>,
    settings: &AccessSettings,
) -> Result<(), Reason> {
    if who.is_administrator() {
        return Ok(());
    }
    let mine = my_user_id(who, settings);
    // Ends when somebody signs in: then only one's own documents are there.
    let combined = settings.private_print.combined_secure_print
        && who.person == Person::Nobody
        && mine.is_none();
    let no_entry = || match who.person {
        Person::Nobody if who.sign_in.mode != AuthenticationMode::Off => Reason::SignInNeeded,
        _ => Reason::NoUserId,
    };
    match action {
        PrivatePrint::ListOwners => Err(Reason::AdministratorsOnly),
        PrivatePrint::Enter if combined || mine.is_some() => Ok(()),
        PrivatePrint::Enter => Err(no_entry()),
        PrivatePrint::Documents { password_given: true, .. } if combined => Ok(()),
        PrivatePrint::Documents { .. } if combined => Err(Reason::DocumentPasswordNeeded),
        PrivatePrint::Documents { owner, .. } => match &mine {
            Some(mine) if mine == owner => Ok(()),
            Some(_) => Err(Reason::NotYours),
            None => Err(no_entry()),
        },
    }
}

/// What became of the user ID and password that an arriving print job carried. Where IDs are not
/// verified, any ID counts as right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobSignIn {
    /// Right.
    SignedIn,
    /// Wrong.
    Failed,
    /// It carried none.
    NoUserId,
}

impl JobSignIn {
    /// What becomes of a job. [`Receive::Print`] means that access to printing decides next.
    #[must_use]
    pub fn becomes(self, control: ReceiveControl) -> Receive {
        match self {
            Self::SignedIn => control.signed_in,
            Self::Failed => control.failed,
            Self::NoUserId => control.no_user_id,
        }
    }
}

#[cfg(test)]
#[path = "private_print_test.rs"]
mod tests;
