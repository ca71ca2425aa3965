use std::{fmt, mem, net::IpAddr, sync::Arc};

use kazasu_hal::CardIdentity;
use kazasu_registration::{
    Account, Altered, AuditEvent, AuditRecord, Binding, Capacity, CardNumberRule, CardToFind,
    Claim, Claimed, CommitOutcome, DeviceSecret, ErrorCode, Field, FieldError, Keep, LookUp,
    Method, OwnChange, OwnOutcome, Password, Provisional, ProvisionalOutcome, RefusalKind, Refused,
    Rule, Source, TypedPassword, UserId, Verdict,
};

use crate::{
    Answer, CheckedVerifier, CopyToStore, Directory, DirectoryError, Hasher, Keys, Person, Store,
    StoreError, StoreErrorKind, Verifier, Written,
    asker::Asker,
    clock::Clock,
    current::Current,
    guard::{Guard, Guess, Refusal, Turn},
    leftovers::make_room,
    passwords::Passwords,
};

/// What effects are performed with.
pub(crate) struct Ports<S, D, H> {
    pub(crate) store: Arc<S>,
    pub(crate) directory: Arc<D>,
    pub(crate) passwords: Arc<Passwords<H>>,
    pub(crate) current: Arc<Current>,
    pub(crate) guard: Arc<Guard<S>>,
    pub(crate) clock: Clock,
    pub(crate) keys: Arc<dyn Keys>,
}

impl<S: Store, D: Directory, H: Hasher> Ports<S, D, H> {
    pub(crate) async fn look_up(&self, sought: CardToFind) -> Result<LookUp, ErrorCode> {
        match sought.source {
            Source::Device => self.store.look_up(sought.card).await.map_err(store_failed),
            Source::Directory => {
                let found = self
                    .directory
                    .find(sought.number, self.rule())
                    .await
                    .map_err(directory_failed)?;
                let account = found.map(|person| self.admitted(person)).transpose()?;
                Ok(account.map_or(LookUp::Unknown, LookUp::Registered))
            }
        }
    }

    pub(crate) async fn make_provisional(
        &self,
        mut provisional: Provisional,
        capacity: Capacity,
    ) -> Result<ProvisionalOutcome, ErrorCode> {
        let verifier = match provisional.password.take() {
            Some(password) => Some(self.hash(password).await?),
            None => None,
        };
        let current = self.current.read().await;
        provisional.number = current.site.number(&provisional.card)?;
        let make = || self.store.make_provisional(provisional.clone(), verifier.clone(), capacity);
        match make().await.map_err(store_failed)? {
            ProvisionalOutcome::Full if self.make_room(false).await? => {
                make().await.map_err(store_failed)
            }
            made => Ok(made),
        }
    }

    /// Whether leftovers gave way to one more record.
    async fn make_room(&self, registers: bool) -> Result<bool, ErrorCode> {
        let room = make_room(&*self.store, &self.current, &self.clock, 1, registers);
        room.await.map_err(store_failed)
    }

    /// Whether what was typed is right, unless too much of it was wrong before. `card` is the one
    /// it was typed beside.
    pub(crate) async fn verify(
        &self,
        claim: Claim,
        card: Option<CardIdentity>,
        asker: Asker<'_>,
    ) -> Result<Verdict, Refusal> {
        if Guess::of(&claim, None).is_some() {
            self.admit(asker).await?;
        }
        let checked = self.checked(claim, card, asker).await;
        if let Asker::Panel(_, Some(from)) = asker
            && !was_guessed(&checked, |verdict| {
                matches!(verdict, Verdict::WrongPassword | Verdict::UnknownUser)
            })
        {
            self.guard.sources.admitted(from);
        }
        checked
    }

    /// Lets a page that is not on this machine try a password, before anybody looks at it. Whoever
    /// retrieves the log was let through at the door.
    async fn admit(&self, asker: Asker<'_>) -> Result<(), Refusal> {
        let Asker::Panel(station, Some(from)) = asker else { return Ok(()) };
        let Err(refusal) = self.guard.sources.admit(from) else { return Ok(()) };
        let (who, kind) = (Claimed::Unknown, RefusalKind::Limited);
        let refused = Refused { who, card: None, kind, from: Some(from) };
        if let Some(record) = self.guard.ledger.refused(Some(station), refused) {
            self.guard.ledger.write_or_say(&*self.store, record).await;
        }
        Err(refusal)
    }

    async fn checked(
        &self,
        claim: Claim,
        card: Option<CardIdentity>,
        asker: Asker<'_>,
    ) -> Result<Verdict, Refusal> {
        let Some(guess) = Guess::of(&claim, card) else { return Ok(self.check(claim).await?) };
        let guess = guess.entry_of(self.whose(&claim).await);
        let attempt = match self.guard.attempt(guess, asker).await? {
            Turn::Check(attempt) => attempt,
            Turn::KnownWrong(verdict) => return Ok(verdict),
        };
        let verdict = self.check(claim).await?;
        attempt.settled(&verdict).await;
        Ok(verdict)
    }

    /// Whose entry a directory takes a typed ID for. That it cannot be asked is told by the check
    /// that follows.
    async fn whose(&self, claim: &Claim) -> Option<UserId> {
        match claim {
            Claim::Directory(typed, _) | Claim::Administrator(typed, _)
                if self.current.site().has_directory =>
            {
                self.directory.whose(typed.clone()).await.unwrap_or_default()
            }
            _ => None,
        }
    }

    async fn check(&self, claim: Claim) -> Result<Verdict, ErrorCode> {
        match claim {
            Claim::User(user, typed) => {
                let stored = self.store.credentials(user).await.map_err(store_failed)?;
                match typed {
                    Some(typed) => {
                        self.passwords.verify(typed, stored).await.map_err(|e| hasher_failed(&e))
                    }
                    None => Ok(match stored {
                        Some(stored) => Verdict::Right(stored.account),
                        None => Verdict::UnknownUser,
                    }),
                }
            }
            Claim::Directory(typed, password) => self.ask_directory(typed, password).await,
            Claim::Administrator(user, typed) => {
                match self.store.credentials(user.clone()).await.map_err(store_failed)? {
                    Some(stored) => {
                        let verdict = self.passwords.verify(typed, Some(stored)).await;
                        verdict.map_err(|e| hasher_failed(&e))
                    }
                    None if self.current.site().has_directory => {
                        self.ask_directory(user, typed).await
                    }
                    None => Ok(Verdict::UnknownUser),
                }
            }
            Claim::Device(which, typed) => self.verify_secret(which, typed).await,
        }
    }

    async fn ask_directory(
        &self,
        typed: UserId,
        password: TypedPassword,
    ) -> Result<Verdict, ErrorCode> {
        let answer = self.directory.verify(typed, password, self.rule()).await;
        Ok(match answer.map_err(directory_failed)? {
            Answer::Right(person) => Verdict::Right(self.account_of(person).await?),
            Answer::WrongPassword => Verdict::WrongPassword,
            Answer::UnknownUser => Verdict::UnknownUser,
        })
    }

    fn rule(&self) -> CardNumberRule {
        self.current.site().settings.card.number.clone()
    }

    async fn verify_secret(
        &self,
        which: DeviceSecret,
        typed: Option<TypedPassword>,
    ) -> Result<Verdict, ErrorCode> {
        let Some(typed) = typed else {
            // Engineers and guests are always asked, whatever the machine thinks.
            return Ok(match which {
                DeviceSecret::KeyOperator => Verdict::RightDevice,
                DeviceSecret::Engineer | DeviceSecret::Guest => Verdict::WrongPassword,
            });
        };
        let verifier = self.store.secret(which).await.map_err(store_failed)?;
        let is_set = verifier.is_some();
        // Takes as long where none is set: the time tells nobody.
        match self.passwords.matches(typed, verifier).await {
            Ok(_) if !is_set => Ok(Verdict::NotSetUp),
            Ok(true) => Ok(Verdict::RightDevice),
            Ok(false) => Ok(Verdict::WrongPassword),
            Err(error) => Err(hasher_failed(&error)),
        }
    }

    /// What the directory says of a person; under the local method, with what the device's record
    /// of the same ID has that a directory cannot know.
    async fn account_of(&self, person: Person) -> Result<Account, ErrorCode> {
        if self.current.site().settings.method() == Method::External {
            return self.admitted(person);
        }
        let stored = self.store.credentials(person.id.clone()).await.map_err(store_failed)?;
        Ok(match stored {
            Some(stored) => Account { name: person.name, mail: person.mail, ..stored.account },
            None => Account { card: None, has_password: false, ..self.entry_of(person) },
        })
    }

    /// A person who signs in as the directory knows them: nobody who is called what the key
    /// operator is called.
    fn admitted(&self, person: Person) -> Result<Account, ErrorCode> {
        let site = self.current.site();
        let operator = site.settings.administrator.id.as_ref();
        if operator.is_some_and(|id| id.key() == person.id.key()) {
            tracing::warn!("somebody in the directory has the user ID administrator.id");
            return Err(FieldError { field: Field::UserId, rule: Rule::Reserved }.code());
        }
        Ok(self.entry_of(person))
    }

    /// A person whom the directory alone knows.
    fn entry_of(&self, person: Person) -> Account {
        let site = self.current.site();
        Account {
            id: person.id,
            name: person.name,
            mail: person.mail,
            card: person.card,
            source: Source::Directory,
            role: person.rights.role,
            limits: person.rights.allowed.limits(&site.settings),
            has_password: true,
        }
    }

    pub(crate) async fn commit(&self, mut binding: Binding) -> Result<CommitOutcome, ErrorCode> {
        match mem::replace(&mut binding.keep, Keep::Record) {
            Keep::Record => {
                let current = self.current.read().await;
                binding.number = current.site.number(&binding.card)?;
                let (user, station) = (binding.user.clone(), binding.station.clone());
                let replaces = binding.replaces.is_some();
                let done = self.store.commit(binding).await;
                if replaces && may_have_happened(&done, |done| *done == CommitOutcome::Done) {
                    self.current.altered(Some(station), [Altered::Record(user.into())]);
                }
                done.map_err(store_failed)
            }
            Keep::Copy(copied) => {
                let copy = CopyToStore {
                    name: copied.name,
                    mail: copied.mail,
                    verifier: self.hash(copied.password).await?,
                    role: copied.role,
                    limits: copied.limits,
                    capacity: copied.capacity,
                };
                let current = self.current.read().await;
                binding.number = current.site.number(&binding.card)?;
                let (user, station) = (binding.user.clone(), binding.station.clone());
                let commit = || self.store.commit_copy(binding.clone(), copy.clone());
                let mut done = commit().await;
                if done == Ok(CommitOutcome::Full) && self.make_room(true).await? {
                    done = commit().await;
                }
                if may_have_happened(&done, |done| *done == CommitOutcome::Done) {
                    self.current.altered(Some(station), [Altered::Record(user.into())]);
                }
                done.map_err(store_failed)
            }
            Keep::Entry { typed, password } => self.write(binding, typed, password).await,
        }
    }

    async fn write(
        &self,
        binding: Binding,
        typed: UserId,
        password: TypedPassword,
    ) -> Result<CommitOutcome, ErrorCode> {
        let replaced = binding.replaces.is_some();
        let Binding { user, card, replaces, station, at, .. } = binding;
        // Of the rule in force, which may not be that of the tap any more. Whoever changes it does
        // not wait for a directory, so its numbers are told by their form alone.
        let site = self.current.site();
        let number = site.number(&card)?;
        let rule = site.settings.card.number.clone();
        let written = self.directory.write_card(typed, password, number, replaces, rule).await;
        let (event, answer) = match written {
            Ok(Written::Done) => {
                (AuditEvent::CardWritten { user, replaced }, Ok(CommitOutcome::Done))
            }
            Ok(Written::Conflict(number)) => return Ok(CommitOutcome::Conflict(number)),
            Ok(Written::CardTaken) => return Ok(CommitOutcome::CardTaken),
            Ok(Written::PersonGone) => return Ok(CommitOutcome::UserGone),
            Err(error) if error.code == ErrorCode::OutcomeUnknown => {
                (AuditEvent::CardWriteUnknown { user }, Err(directory_failed(error)))
            }
            Err(error) => return Err(directory_failed(error)),
        };
        let record = AuditRecord { at, station: Some(station), event };
        if let Err(error) = self.guard.ledger.write(&*self.store, record).await {
            // What was done in the directory is done: telling the person anything else would be
            // wrong.
            tracing::error!(%error, "an audit record of a card in the directory was lost");
        }
        answer
    }

    /// `from` is where the page is, if it is not on this machine.
    pub(crate) async fn save_own(
        &self,
        change: OwnChange,
        from: Option<IpAddr>,
    ) -> Result<OwnOutcome, Refusal> {
        let asks = change.current.is_some();
        let refused = Refused { from, ..Refused::wrong(Claimed::User(change.user.clone()), None) };
        let station = change.station.clone();
        let saved = self.save_own_of(change, Asker::Panel(&station, from)).await;
        if saved == Ok(OwnOutcome::WrongPassword)
            && let Some(record) = self.guard.ledger.refused(Some(&station), refused)
        {
            self.guard.ledger.write_or_say(&*self.store, record).await;
        }
        if asks
            && let Some(from) = from
            && !was_guessed(&saved, |outcome| *outcome == OwnOutcome::WrongPassword)
        {
            self.guard.sources.admitted(from);
        }
        saved
    }

    async fn save_own_of(
        &self,
        mut change: OwnChange,
        asker: Asker<'_>,
    ) -> Result<OwnOutcome, Refusal> {
        let new = change.password.take();
        let password = match change.current.take() {
            None => None,
            Some(current) => {
                self.admit(asker).await?;
                let guess = Guess::user(change.user.clone(), &current);
                let turn = self.guard.attempt(guess, asker).await?;
                let Turn::Check(attempt) = turn else { return Ok(OwnOutcome::WrongPassword) };
                let stored = self.store.credentials(change.user.clone()).await;
                let Some(stored) = stored.map_err(own_record_failed)? else {
                    return Ok(OwnOutcome::UserGone);
                };
                let checked = stored.verifier.clone();
                let verdict = self.passwords.verify(current, Some(stored)).await;
                let verdict = verdict.map_err(|e| hasher_failed(&e))?;
                attempt.settled(&verdict).await;
                match verdict {
                    Verdict::Right(_) => {}
                    _ => return Ok(OwnOutcome::WrongPassword),
                }
                let new = match new {
                    Some(new) => Some(self.hash(new).await?),
                    None => None,
                };
                Some(CheckedVerifier { checked, new })
            }
        };
        let (user, station) = (change.user.clone(), change.station.clone());
        // Whoever is signed in elsewhere with the old password or the card is so no longer.
        let ends = change.unlink_card || password.as_ref().is_some_and(|p| p.new.is_some());
        let saved = self.store.save_own(change, password).await;
        self.guard.forget_wrong();
        if ends && may_have_happened(&saved, |outcome| matches!(outcome, OwnOutcome::Saved(_))) {
            self.current.altered(Some(station), [Altered::Record(user.into())]);
        }
        Ok(saved.map_err(store_failed)?)
    }

    async fn hash(&self, password: Password) -> Result<Verifier, ErrorCode> {
        self.passwords.hash(password).await.map_err(|e| hasher_failed(&e))
    }
}

/// Whether it was a guess that did not come true: wrong, or not looked at since others were.
pub(crate) fn was_guessed<T>(checked: &Result<T, Refusal>, is_wrong: impl Fn(&T) -> bool) -> bool {
    match checked {
        Ok(verdict) => is_wrong(verdict),
        Err(refusal) => matches!(
            refusal.code,
            ErrorCode::SignInFailed | ErrorCode::LockedOut | ErrorCode::TryLater
        ),
    }
}

/// Whether a change was stored, or perhaps was: what ends sessions ends one too many rather than
/// one too few.
pub(crate) fn may_have_happened<T>(
    answer: &Result<T, StoreError>,
    happened: impl FnOnce(&T) -> bool,
) -> bool {
    match answer {
        Ok(answer) => happened(answer),
        Err(error) => error.kind == StoreErrorKind::OutcomeUnknown,
    }
}

pub(crate) fn store_failed(error: StoreError) -> ErrorCode {
    let code = error.code();
    tracing::error!(%code, %error, "the store failed");
    code
}

/// The record of somebody who is signed in: 754 where it cannot be read.
fn own_record_failed(error: StoreError) -> ErrorCode {
    match error.kind {
        StoreErrorKind::Damaged | StoreErrorKind::RecordDamaged | StoreErrorKind::Unavailable => {
            tracing::error!(%error, "a signed-in user's record cannot be read");
            ErrorCode::EditUserUnreadable
        }
        _ => store_failed(error),
    }
}

fn directory_failed(error: DirectoryError) -> ErrorCode {
    tracing::warn!(code = %error.code, %error, "the directory did not do what was asked");
    error.code
}

fn hasher_failed(error: &dyn fmt::Display) -> ErrorCode {
    tracing::error!(%error, "a password cannot be checked or hashed");
    ErrorCode::HasherFailed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sessions end with what was done, and with what may have been.
    #[test]
    fn what_may_have_happened_has_its_consequences() {
        let failed = |kind| Err(StoreError::new(kind, ""));
        let rows = [
            (Ok(true), true),
            (Ok(false), false),
            (failed(StoreErrorKind::OutcomeUnknown), true),
            (failed(StoreErrorKind::NotCommitted), false),
            (failed(StoreErrorKind::Full), false),
            (failed(StoreErrorKind::Busy), false),
        ];
        for (answer, expected) in rows {
            assert_eq!(may_have_happened(&answer, |done| *done), expected, "{answer:?}");
        }
    }
}
