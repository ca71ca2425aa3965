use std::fmt;

/// Who can put an error right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhoActs {
    /// The person at the station.
    Person,
    /// An administrator.
    Administrator,
}

/// Key of the error catalogue: one cause each.
///
/// Codes of digits are those of the manuals; codes with a `K` are causes the manuals give no
/// number. The texts are with the surfaces that show them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// 110: the session ended while registering.
    SessionEnded,
    /// 122: the user ID breaks a rule.
    UserIdRule,
    /// 201: user ID and password match no user of this device.
    WrongCredentials,
    /// 202: another card was tapped while registering.
    OtherCard,
    /// 301: password, user name or mail address breaks a rule.
    FieldRule,
    /// 307: the user store cannot be opened or read.
    StoreUnavailable,
    /// 308: the user store is full or read-only.
    StoreFull,
    /// 309: a change could not be committed; nothing changed.
    NotCommitted,
    /// 500: internal error.
    Internal,
    /// 600: no reader is running.
    NoReader,
    /// 702: the card is already registered.
    CardTaken,
    /// 711: this user ID may not be registered.
    UserIdReserved,
    /// 1002: somebody is already signed in.
    AlreadySignedIn,
    /// 3062: the session has no card.
    NoCard,
    /// 3063: a job of the provisional user is running.
    JobRunning,
    /// 3065: the store or the check is busy; the same may work later.
    TryLater,
    /// K01: registrations are full.
    Full,
    /// K02: the card makes up a number at each tap.
    RandomCard,
    /// K03: nothing tells whether the card's number stays the same.
    UntrustedCard,
    /// K04: more than one card on the reader.
    MultipleCards,
    /// K05: no second read has confirmed the card's number yet.
    Unconfirmed,
}

impl ErrorCode {
    /// Every code, in the order of the catalogue.
    pub const ALL: [Self; 21] = [
        Self::SessionEnded,
        Self::UserIdRule,
        Self::WrongCredentials,
        Self::OtherCard,
        Self::FieldRule,
        Self::StoreUnavailable,
        Self::StoreFull,
        Self::NotCommitted,
        Self::Internal,
        Self::NoReader,
        Self::CardTaken,
        Self::UserIdReserved,
        Self::AlreadySignedIn,
        Self::NoCard,
        Self::JobRunning,
        Self::TryLater,
        Self::Full,
        Self::RandomCard,
        Self::UntrustedCard,
        Self::MultipleCards,
        Self::Unconfirmed,
    ];

    /// The code as people see it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.entry().0
    }

    /// Who can put it right.
    #[must_use]
    pub fn who_acts(self) -> WhoActs {
        self.entry().1
    }

    fn entry(self) -> (&'static str, WhoActs) {
        use WhoActs::{Administrator, Person};
        match self {
            Self::SessionEnded => ("110", Person),
            Self::UserIdRule => ("122", Person),
            Self::WrongCredentials => ("201", Person),
            Self::OtherCard => ("202", Person),
            Self::FieldRule => ("301", Person),
            Self::StoreUnavailable => ("307", Administrator),
            Self::StoreFull => ("308", Administrator),
            Self::NotCommitted => ("309", Administrator),
            Self::Internal => ("500", Administrator),
            Self::NoReader => ("600", Administrator),
            Self::CardTaken => ("702", Person),
            Self::UserIdReserved => ("711", Person),
            Self::AlreadySignedIn => ("1002", Person),
            Self::NoCard => ("3062", Person),
            Self::JobRunning => ("3063", Person),
            Self::TryLater => ("3065", Person),
            Self::Full => ("K01", Administrator),
            Self::RandomCard => ("K02", Person),
            Self::UntrustedCard => ("K03", Person),
            Self::MultipleCards => ("K04", Person),
            Self::Unconfirmed => ("K05", Person),
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_is_listed_once() {
        let texts: HashSet<_> = ErrorCode::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(texts.len(), ErrorCode::ALL.len());
        // The last variant's position tells how many there are.
        assert_eq!(ErrorCode::Unconfirmed as usize + 1, ErrorCode::ALL.len());
    }
}
