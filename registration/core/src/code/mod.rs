//! The error catalogue: every code there is, with one cause each.
//!
//! Codes of digits are those of the manuals; codes with a `K` are causes that the manuals give no
//! number. The texts for people are with the surfaces that show them; `docs/errors.md` is made
//! from both.

mod catalogue;

use std::fmt;

pub use catalogue::ErrorCode;

/// Who can put an error right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WhoActs {
    /// The person at the station.
    Person,
    /// Whoever administers this device and its registrations.
    Administrator,
    /// Whoever manages the directory.
    Directory,
    /// Whoever looks after the network.
    Network,
}

/// Where an error belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Signing in, with a card or at the panel.
    SignIn,
    /// Registering a card.
    Registration,
    /// Changing one's own record.
    Editing,
    /// Asking a directory.
    Directory,
    /// Devices that share their users.
    Group,
    /// The service itself.
    System,
    /// A fault of the device, numbered by unit and fault (`016-522`).
    Fault,
}

/// What the catalogue knows of one code.
struct Entry {
    code: &'static str,
    cause: &'static str,
    parts: &'static [Part],
    who_acts: &'static [WhoActs],
}

impl ErrorCode {
    /// The code as people see it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.entry().code
    }

    /// The one cause of this code, for whoever looks it up: a sentence in English.
    #[must_use]
    pub fn cause(self) -> &'static str {
        self.entry().cause.trim_start()
    }

    /// Where it appears; the first part is the one it is about.
    #[must_use]
    pub fn parts(self) -> &'static [Part] {
        self.entry().parts
    }

    /// Who can put it right; at least one.
    #[must_use]
    pub fn who_acts(self) -> &'static [WhoActs] {
        self.entry().who_acts
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
    fn every_code_is_listed_once_with_a_cause_of_its_own() {
        let codes: HashSet<_> = ErrorCode::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
        let causes: HashSet<_> = ErrorCode::ALL.iter().map(|c| c.cause()).collect();
        assert_eq!(causes.len(), ErrorCode::ALL.len(), "one cause for each code");
        for (at, code) in ErrorCode::ALL.into_iter().enumerate() {
            assert_eq!(code as usize, at, "{code}");
        }
    }

    #[test]
    fn a_code_is_digits_a_fault_or_one_of_ours() {
        for code in ErrorCode::ALL {
            let text = code.as_str();
            let digits = |part: &str, count: &[usize]| {
                count.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
            };
            let fault = code.parts() == [Part::Fault];
            let shape = match (text.split_once('-'), text.strip_prefix('K')) {
                (Some((unit, number)), _) => fault && digits(unit, &[3]) && digits(number, &[3]),
                (None, Some(number)) => !fault && digits(number, &[2]),
                (None, None) => !fault && digits(text, &[3, 4]),
            };
            assert!(shape, "{text} {:?}", code.parts());
        }
    }

    #[test]
    fn every_code_says_once_each_where_it_appears_and_who_acts() {
        for code in ErrorCode::ALL {
            let parts: HashSet<_> = code.parts().iter().collect();
            let who: HashSet<_> = code.who_acts().iter().collect();
            assert!(!parts.is_empty() && parts.len() == code.parts().len(), "{code}");
            assert!(!who.is_empty() && who.len() == code.who_acts().len(), "{code}");
            assert!(code.cause().ends_with('.') && !code.cause().starts_with(' '), "{code}");
        }
    }

    /// The chapters of the page follow each other: a code stands with the others of its part.
    #[test]
    fn codes_of_one_part_stand_together() {
        let mut chapters: Vec<_> =
            ErrorCode::ALL.iter().filter_map(|c| c.parts().first()).collect();
        chapters.dedup();
        let different: HashSet<_> = chapters.iter().collect();
        assert_eq!(different.len(), chapters.len(), "{chapters:?}");
    }

    #[test]
    fn rows_of_the_table_as_the_manuals_have_them() {
        use Part::{Directory, Editing, Fault, Group, Registration, SignIn, System};
        use WhoActs::{Administrator, Network, Person};
        let rows: &[(ErrorCode, &str, &[Part], &[WhoActs])] = &[
            (ErrorCode::DirectoryTimeout, "091", &[Directory, Registration], &[Network]),
            (
                ErrorCode::DirectoryWrongCredentials,
                "016",
                &[Directory, Registration],
                &[Person, Administrator, WhoActs::Directory],
            ),
            (ErrorCode::WrongCredentials, "201", &[Registration], &[Person]),
            (
                ErrorCode::ParentUnreachableSaving,
                "260",
                &[Group, Registration, Editing],
                &[Person, Administrator],
            ),
            (ErrorCode::StoreUnavailable, "307", &[System], &[Administrator]),
            (ErrorCode::TryLater, "3065", &[Registration, Editing], &[Person]),
            (ErrorCode::UpdateSignature, "017-759", &[Fault], &[Administrator]),
            (ErrorCode::LockedOut, "K12", &[SignIn, Registration], &[Administrator]),
        ];
        for (code, text, parts, who) in rows {
            assert_eq!((code.as_str(), code.parts(), code.who_acts()), (*text, *parts, *who));
            assert_eq!(code.to_string(), *text);
        }
    }
}
