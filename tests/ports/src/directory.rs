use std::{
    collections::VecDeque,
    future::pending,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kazasu_registration::{CardNumber, CardNumberRule, ErrorCode, TypedPassword, UserId};
use kazasu_service::{
    Answer, CardToRemove, Directory, DirectoryError, Person, Removed, Rights, Written,
};
use tokio::time::sleep;

/// A directory that does what a test tells it to: people with passwords and card numbers, and
/// faults for the calls to come.
#[derive(Debug, Default)]
pub struct ScriptedDirectory {
    script: Mutex<Script>,
    running: AtomicUsize,
    calls: AtomicUsize,
}

#[derive(Debug, Default)]
struct Script {
    entries: Vec<Entry>,
    faults: VecDeque<DirectoryFault>,
}

#[derive(Debug)]
struct Entry {
    /// What the person types to sign in, which need not be the user ID.
    typed: UserId,
    password: String,
    person: Person,
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug)]
pub enum DirectoryFault {
    /// It is answered with this code, and nothing happens.
    Fails(ErrorCode),
    /// It is never answered, and nothing happens.
    Hangs,
    /// It happens and is answered after this long.
    Late(Duration),
}

impl ScriptedDirectory {
    /// Without anybody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a person who types this ID and this password.
    pub fn add(&self, typed: UserId, password: &str, person: Person) {
        self.script().entries.push(Entry { typed, password: password.to_owned(), person });
    }

    /// What a person's groups make of them from now on.
    pub fn set_rights(&self, id: &UserId, rights: Rights) {
        let mut script = self.script();
        for entry in script.entries.iter_mut().filter(|entry| entry.person.id == *id) {
            entry.person.rights = rights;
        }
    }

    /// How many calls there were.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// What goes wrong with the next call that nothing goes wrong with so far.
    pub fn fail_next(&self, fault: DirectoryFault) {
        self.script().faults.push_back(fault);
    }

    /// The card number in a person's entry.
    #[must_use]
    pub fn card_of(&self, id: &UserId) -> Option<CardNumber> {
        let script = self.script();
        script.entries.iter().find(|e| e.person.id == *id).and_then(|e| e.person.card.clone())
    }

    /// How many calls are neither answered nor given up.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        // Nothing panics while it is locked, and a script has no half-made states.
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn call<T>(&self, answer: impl FnOnce(&mut Script) -> T) -> Result<T, DirectoryError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let _running = Running::begin(&self.running);
        let fault = self.script().faults.pop_front();
        match fault {
            None => {}
            Some(DirectoryFault::Fails(code)) => {
                return Err(DirectoryError { code, message: "as the script says".to_owned() });
            }
            Some(DirectoryFault::Hangs) => pending().await,
            Some(DirectoryFault::Late(wait)) => sleep(wait).await,
        }
        Ok(answer(&mut self.script()))
    }
}

/// Counts a call for as long as it lives.
struct Running<'a>(&'a AtomicUsize);

impl<'a> Running<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Directory for ScriptedDirectory {
    async fn find(
        &self,
        number: CardNumber,
        _: CardNumberRule,
    ) -> Result<Option<Person>, DirectoryError> {
        self.call(|script| {
            let mut people = script.entries.iter().map(|entry| &entry.person);
            people.find(|person| person.card.as_ref() == Some(&number)).cloned()
        })
        .await
    }

    async fn verify(
        &self,
        typed: UserId,
        password: TypedPassword,
        _: CardNumberRule,
    ) -> Result<Answer, DirectoryError> {
        self.call(|script| match script.entries.iter().find(|entry| entry.typed == typed) {
            Some(entry) if entry.password == password.reveal() => {
                Answer::Right(entry.person.clone())
            }
            Some(_) => Answer::WrongPassword,
            None => Answer::UnknownUser,
        })
        .await
    }

    async fn write_card(
        &self,
        typed: UserId,
        password: TypedPassword,
        number: CardNumber,
        replaces: Option<CardNumber>,
        _: CardNumberRule,
    ) -> Result<Written, DirectoryError> {
        self.call(|script| {
            if script.entries.iter().any(|entry| entry.person.card.as_ref() == Some(&number)) {
                return Written::CardTaken;
            }
            let right =
                |entry: &&mut Entry| entry.typed == typed && entry.password == password.reveal();
            let Some(entry) = script.entries.iter_mut().find(right) else {
                return Written::PersonGone;
            };
            match &entry.person.card {
                Some(other) if replaces.as_ref() != Some(other) => Written::Conflict(other.clone()),
                _ => {
                    entry.person.card = Some(number);
                    Written::Done
                }
            }
        })
        .await
    }

    async fn remove_card(
        &self,
        card: CardToRemove,
        _: CardNumberRule,
    ) -> Result<Removed, DirectoryError> {
        let removed = self
            .call(|script| {
                let of = |entry: &Entry, id: &UserId| entry.person.id == *id;
                let has =
                    |entry: &Entry, number: &CardNumber| entry.person.card.as_ref() == Some(number);
                if let CardToRemove::Of(id) = &card
                    && !script.entries.iter().any(|entry| of(entry, id))
                {
                    return Removed::NoSuchPerson;
                }
                let wanted = |entry: &&mut Entry| match &card {
                    CardToRemove::Of(id) => of(entry, id) && entry.person.card.is_some(),
                    CardToRemove::Numbered(number) => has(entry, number),
                    CardToRemove::NumberedOf(id, number) => of(entry, id) && has(entry, number),
                };
                match script.entries.iter_mut().find(wanted) {
                    Some(entry) => {
                        entry.person.card = None;
                        Removed::Done(entry.person.id.clone())
                    }
                    None => Removed::NoCard,
                }
            })
            .await;
        match (removed, &card) {
            (Err(error), CardToRemove::Of(id) | CardToRemove::NumberedOf(id, _))
                if error.code == ErrorCode::OutcomeUnknown =>
            {
                Ok(Removed::Unknown(id.clone()))
            }
            (removed, _) => removed,
        }
    }
}
