use std::future::{Future, ready};

use kazasu_registration::{
    CardNumber, CardNumberRule, ErrorCode, Limits, MailAddress, Method, Role, Settings,
    TypedPassword, UserId, UserName,
};

/// The port to a directory: Active Directory or another LDAP server.
///
/// Every call ends by itself, with an error where the directory is slow. The machine has its own,
/// shorter deadlines; dropping the future of [`find`](Self::find) or [`verify`](Self::verify)
/// aborts it, [`write_card`](Self::write_card) is never dropped before its end.
///
/// The rule that a call is given is the site's: what it cannot have made is no card number. Such a
/// value of an entry is never read as a card, replaced or deleted.
pub trait Directory: Send + Sync + 'static {
    /// Whose card has this number.
    fn find(
        &self,
        number: CardNumber,
        rule: CardNumberRule,
    ) -> impl Future<Output = Result<Option<Person>, DirectoryError>> + Send;

    /// Whose entry a typed name is taken for, told without a password: the entry's user ID, by
    /// which wrong passwords are counted, however many names the person has. `None` where nobody
    /// is found or the directory does not show it.
    fn whose(
        &self,
        typed: UserId,
    ) -> impl Future<Output = Result<Option<UserId>, DirectoryError>> + Send {
        drop(typed);
        ready(Ok(None))
    }

    /// Whether typed credentials are right. `typed` is what the person typed; the person's user ID
    /// is what the directory answers.
    fn verify(
        &self,
        typed: UserId,
        password: TypedPassword,
        rule: CardNumberRule,
    ) -> impl Future<Output = Result<Answer, DirectoryError>> + Send;

    /// Writes a card number into the entry of the person who typed these credentials, with that
    /// person's rights. The entry must have the number to be replaced, or none.
    fn write_card(
        &self,
        typed: UserId,
        password: TypedPassword,
        number: CardNumber,
        replaces: Option<CardNumber>,
        rule: CardNumberRule,
    ) -> impl Future<Output = Result<Written, DirectoryError>> + Send;

    /// Deletes card numbers from a person's entry with the device's own rights, for an
    /// administrator.
    fn remove_card(
        &self,
        card: CardToRemove,
        rule: CardNumberRule,
    ) -> impl Future<Output = Result<Removed, DirectoryError>> + Send;
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
    /// The card number in the entry, as the rule spells it.
    pub card: Option<CardNumber>,
    /// What the person's groups make of them.
    pub rights: Rights,
}

/// What groups of a directory make of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// What the person is to the device. Never the key operator: that is nobody's role.
    pub role: Role,
    /// What the person may do.
    pub allowed: Allowed,
}

/// What groups of a directory allow a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allowed {
    /// They do not say: limits are not the directory's matter here.
    #[default]
    Unsaid,
    /// They say for others, and none of them is the person's: what new users may do.
    LikeNewUsers,
    /// This: whatever at least one of the person's groups allows.
    Only(Limits),
}

impl Allowed {
    /// What the person may do by these settings. LDAP by itself limits nobody who signs in by it
    /// (spec 30 section 6).
    #[must_use]
    pub fn limits(self, settings: &Settings) -> Limits {
        match self {
            Self::Only(limits) => limits,
            Self::Unsaid if settings.method() == Method::External => Limits::ALLOW_ALL,
            Self::Unsaid | Self::LikeNewUsers => settings.new_users,
        }
    }
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

/// A card number that an administrator deletes from a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardToRemove {
    /// Whatever card numbers the person of this user ID has.
    Of(UserId),
    /// This number, from the one entry that has it.
    Numbered(CardNumber),
    /// This number from this person's entry: others may have it too.
    NumberedOf(UserId, CardNumber),
}

/// What became of deleting a card number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removed {
    /// It is gone from this person's entry.
    Done(UserId),
    /// It was to go from this person's entry, and nobody can tell whether it did. Asking again does
    /// no harm.
    Unknown(UserId),
    /// There is no such person.
    NoSuchPerson,
    /// The person has no card, or nobody has this one.
    NoCard,
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
        _: CardNumberRule,
    ) -> impl Future<Output = Result<Option<Person>, DirectoryError>> + Send {
        Self::error()
    }

    fn verify(
        &self,
        _: UserId,
        _: TypedPassword,
        _: CardNumberRule,
    ) -> impl Future<Output = Result<Answer, DirectoryError>> + Send {
        Self::error()
    }

    fn write_card(
        &self,
        _: UserId,
        _: TypedPassword,
        _: CardNumber,
        _: Option<CardNumber>,
        _: CardNumberRule,
    ) -> impl Future<Output = Result<Written, DirectoryError>> + Send {
        Self::error()
    }

    fn remove_card(
        &self,
        _: CardToRemove,
        _: CardNumberRule,
    ) -> impl Future<Output = Result<Removed, DirectoryError>> + Send {
        Self::error()
    }
}

/// The directory that a device has, or none.
impl<D: Directory> Directory for Option<D> {
    async fn find(
        &self,
        number: CardNumber,
        rule: CardNumberRule,
    ) -> Result<Option<Person>, DirectoryError> {
        match self {
            Some(directory) => directory.find(number, rule).await,
            None => NoDirectory.find(number, rule).await,
        }
    }

    async fn whose(&self, typed: UserId) -> Result<Option<UserId>, DirectoryError> {
        match self {
            Some(directory) => directory.whose(typed).await,
            None => NoDirectory.whose(typed).await,
        }
    }

    async fn verify(
        &self,
        typed: UserId,
        password: TypedPassword,
        rule: CardNumberRule,
    ) -> Result<Answer, DirectoryError> {
        match self {
            Some(directory) => directory.verify(typed, password, rule).await,
            None => NoDirectory.verify(typed, password, rule).await,
        }
    }

    async fn write_card(
        &self,
        typed: UserId,
        password: TypedPassword,
        number: CardNumber,
        replaces: Option<CardNumber>,
        rule: CardNumberRule,
    ) -> Result<Written, DirectoryError> {
        match self {
            Some(directory) => directory.write_card(typed, password, number, replaces, rule).await,
            None => NoDirectory.write_card(typed, password, number, replaces, rule).await,
        }
    }

    async fn remove_card(
        &self,
        card: CardToRemove,
        rule: CardNumberRule,
    ) -> Result<Removed, DirectoryError> {
        match self {
            Some(directory) => directory.remove_card(card, rule).await,
            None => NoDirectory.remove_card(card, rule).await,
        }
    }
}
