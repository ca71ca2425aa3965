//! What a server answered, without a word of its text.

use kazasu_registration::ErrorCode;

/// What was asked for: the same result code has another cause at another step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The service account's bind.
    ServiceBind,
    /// A person's bind.
    Bind,
    /// Looking up entries.
    Search,
    /// Changing the card attribute.
    Write,
}

impl Step {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ServiceBind => "the bind of the service account",
            Self::Bind => "the bind",
            Self::Search => "the search",
            Self::Write => "writing the card attribute",
        }
    }
}

/// State of a password, as a server with the password policy control tells it
/// (draft-behera-ldap-password-policy section 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PolicyState {
    Expired,
    Locked,
    MustChange,
}

/// A result code and what tells it apart further. The text itself is never kept: it can hold names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ResultCode {
    /// RFC 4511 section 4.1.9.
    pub(crate) code: u32,
    /// The number that Active Directory gives behind `data`; a hint, documented nowhere as fixed.
    pub(crate) data: Option<u32>,
    /// What the password policy control said.
    pub(crate) policy: Option<PolicyState>,
}

impl ResultCode {
    pub(crate) fn new(code: u32, text: &str) -> Self {
        Self { code, data: data(text), policy: None }
    }

    pub(crate) fn is_success(self) -> bool {
        self.code == 0
    }

    /// The catalogue's code: the one place where results become errors.
    pub(crate) fn error(self, step: Step) -> ErrorCode {
        use ErrorCode as E;
        match (step, self.code, self.policy) {
            // The account is known to be there: whatever keeps it out, its administrator acts.
            (Step::ServiceBind, 48 | 49 | 50 | 53, _) => E::DirectoryServiceAccount,
            (_, _, Some(PolicyState::Expired)) => E::DirectoryPasswordExpired,
            (_, _, Some(PolicyState::Locked)) => E::DirectoryAccountLocked,
            (_, _, Some(PolicyState::MustChange)) => E::DirectoryPasswordInitial,
            (_, 3 | 11, _) => E::DirectoryLimitExceeded,
            (_, 4, _) => E::DirectorySizeLimit,
            (_, 7, _) => E::DirectoryMechanismUnsupported,
            (_, 8, _) => E::DirectoryStrongerAuthRequired,
            (_, 10, _) => E::DirectoryReferral,
            (_, 12, _) => E::DirectoryControlRefused,
            (_, 13, _) => E::DirectoryTlsOff,
            (_, 16, _) => E::DirectoryNoSuchAttribute,
            (_, 17, _) => E::DirectoryUndefinedAttribute,
            (_, 19 | 65, _) => E::DirectoryConstraint,
            (_, 20, _) => E::DirectoryValueExists,
            (_, 21, _) => E::DirectoryAttributeSyntax,
            (Step::Search, 32, _) => E::DirectorySearchBaseMissing,
            (_, 32..=36, _) => E::DirectoryNaming,
            (_, 48, _) => E::DirectoryWrongCredentials,
            (_, 49, _) => self.data.map_or(E::DirectoryWrongCredentials, active_directory),
            (Step::Write, 50, _) => E::DirectoryNoWriteRight,
            // What was asked for is the state of one's own entry.
            (Step::Search, 50, _) => E::DirectoryPasswordUnreadable,
            (_, 51, _) => E::DirectoryBusy,
            (_, 52, _) => E::DirectoryUnavailable,
            (_, 53, _) => E::DirectoryUnwilling,
            (_, 66..=69, _) => E::DirectoryEntryOperation,
            _ => E::DirectoryOther,
        }
    }
}

/// Active Directory's numbers for a refused bind (result 49). All but those of wrong credentials
/// and of a locked account come with the right password only.
fn active_directory(data: u32) -> ErrorCode {
    use ErrorCode as E;
    match data {
        0x530 => E::DirectoryUserNotPermitted,
        0x531 | 0x533 => E::DirectoryAccountDisabled,
        0x532 => E::DirectoryPasswordExpired,
        0x701 => E::DirectoryAccountExpired,
        0x773 => E::DirectoryPasswordInitial,
        0x775 => E::DirectoryAccountLocked,
        // SEC_E_BAD_BINDINGS: the server wants channel binding, which simple binds do not have.
        0x8009_0346 => E::DirectoryStrongerAuthRequired,
        // 525, 52e and 57 say that the credentials are wrong, each in another case.
        _ => E::DirectoryWrongCredentials,
    }
}

/// Whether Active Directory said that there is nobody of this name (525, 57). Most servers hide it.
pub(crate) fn says_unknown(result: ResultCode) -> bool {
    result.code == 49 && matches!(result.data, Some(0x525 | 0x57))
}

/// The number behind `data` in a text such as
/// `80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e, v1db1`.
fn data(text: &str) -> Option<u32> {
    const WORD: &str = "data ";
    let lower = text.to_ascii_lowercase();
    lower.match_indices(WORD).find_map(|(at, _)| {
        let before = lower.get(..at)?.chars().next_back();
        let rest = lower.get(at + WORD.len()..)?;
        let end = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
        let whole = !rest.get(end..)?.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let apart = !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
        (apart && whole).then(|| u32::from_str_radix(rest.get(..end)?, 16).ok()).flatten()
    })
}

/// The state in a password policy response: `SEQUENCE { [0] warning OPTIONAL, [1] error OPTIONAL }`.
pub(crate) fn policy_state(value: &[u8]) -> Option<PolicyState> {
    use crate::wire::ber::{Reader, SEQUENCE, number};
    const WARNING: u8 = 0xA0;
    const ERROR: u8 = 0x81;
    let mut reader = Reader::new(Reader::new(value).expect(SEQUENCE)?);
    let _ = reader.expect(WARNING);
    match number(reader.expect(ERROR)?)? {
        0 => Some(PolicyState::Expired),
        1 => Some(PolicyState::Locked),
        2 => Some(PolicyState::MustChange),
        _ => None,
    }
}

#[cfg(test)]
#[path = "result_test.rs"]
mod tests;
