use std::future::{Future, ready};

use kazasu_registration::{CardNumber, ErrorCode, MailAddress, TypedPassword, UserId, UserName};

/// The port to a directory: Active Directory or another LDAP server.
///
/// Every call ends by itself, with an error where the directory is slow. The machine has its own,
/// shorter deadlines; dropping the future of [`find`](Self::find) or [`verify`](Self::verify)
/// aborts it, [`write_card`](Self::write_card) is never dropped before its end.
pub trait Directory: Send + Sync + 'static {
    /// Whose card has this number.
    fn find(
        &self,
        number: CardNumber,
    ) -> impl Future<Output = Result<Option<Person>, DirectoryError>> + Send;

    /// Whether typed credentials are right. `typed` is what the person typed; the person's user ID
    /// is what the directory answers.
    fn verify(
        &self,
        typed: UserId,
        password: TypedPassword,
    ) -> impl Future<Output = Result<Answer, DirectoryError>> + Send;

    /// Writes a card number into the entry of the person who typed these credentials, with that
    /// person's rights. The entry must have the number to be replaced, or none.
    fn write_card(
        &self,
        typed: UserId,
        password: TypedPassword,
        number: CardNumber,
        replaces: Option<CardNumber>,
    ) -> impl Future<Output = Result<Written, DirectoryError>> + Send;
}

/// A person as a directory knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// User ID, from the configured attribute.
    pub id: UserId,
    /// Display name.
    pub name: UserName,
    /// Mail address.
    pub mail: Option<MailAddress>,
    /// The card number in the entry.
    pub card: Option<CardNumber>,
}

/// A directory's verdict on credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// They are this person's.
    Right(Person),
    /// The person exists, the password is another.
    WrongPassword,
    /// No such person.
    UnknownUser,
}

/// What became of writing a card number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// Written, and read back.
    Done,
    /// Nothing changed: the entry has this number now, not the one that was to be replaced.
    Conflict(CardNumber),
    /// Nothing changed: another entry has the number.
    CardTaken,
    /// Nothing changed: the entry is gone, or the credentials are wrong by now.
    PersonGone,
}

/// A directory that does not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DirectoryError {
    /// The catalogue's code.
    pub code: ErrorCode,
    /// For administrators: names the server and the next step, never a password or a card number.
    pub message: String,
}

/// A device without a directory: nobody is known, whatever is asked is 001.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoDirectory;

impl NoDirectory {
    fn error<T>() -> impl Future<Output = Result<T, DirectoryError>> + Send
    where
        T: Send,
    {
        ready(Err(DirectoryError {
            code: ErrorCode::DirectoryNotConfigured,
            message: "this device has no directory".to_owned(),
        }))
    }
}

impl Directory for NoDirectory {
    fn find(
        &self,
        _: CardNumber,
    ) -> impl Future<Output = Result<Option<Person>, DirectoryError>> + Send {
        Self::error()
    }

    fn verify(
        &self,
        _: UserId,
        _: TypedPassword,
    ) -> impl Future<Output = Result<Answer, DirectoryError>> + Send {
        Self::error()
    }

    fn write_card(
        &self,
        _: UserId,
        _: TypedPassword,
        _: CardNumber,
        _: Option<CardNumber>,
    ) -> impl Future<Output = Result<Written, DirectoryError>> + Send {
        Self::error()
    }
}
