//! A store in memory that can be made slow or broken.

mod log;
mod port;
mod saved;

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
    time::SystemTime,
};

use kazasu_hal::CardIdentity;
use kazasu_registration::{
    Account, AuditEvent, AuditRecord, Binding, CardNumber, CommitOutcome, DeviceSecret, Failures,
    ListedUser, Noted, Role, Site, Source, UserId, UserKey,
};
use kazasu_store::{
    BackupError, Collision, Collisions, CopyToStore, Restored, SETTINGS_KEPT, SaveOutcome,
    SettingsToStore, StoreError, StoreErrorKind, StoredSettings, StoredUser, Verifier,
    log as rules,
};
use tokio::sync::watch;

use crate::Place;

type Result<T, E = StoreError> = std::result::Result<T, E>;

#[derive(Clone)]
struct Row {
    row: i64,
    user: StoredUser,
    verifier: Option<Verifier>,
    card: Option<Card>,
    is_damaged: bool,
}

/// A card, and its number in the audit log.
#[derive(Clone)]
struct Card {
    row: i64,
    identity: CardIdentity,
}

impl Row {
    fn account(&self) -> Option<Account> {
        let UserKey::Registered(id) = &self.user.listed.key else { return None };
        Some(Account {
            id: id.clone(),
            name: self.user.listed.name.clone(),
            mail: self.user.listed.mail.clone(),
            card: self.user.card.clone(),
            source: self.user.source,
            role: self.user.listed.role,
            limits: self.user.listed.limits,
            has_password: self.verifier.is_some(),
        })
    }

    /// An error where it cannot be read.
    fn readable(&self) -> Result<&Self> {
        match self.is_damaged {
            true => Err(StoreError::new(StoreErrorKind::RecordDamaged, "a record is damaged")),
            false => Ok(self),
        }
    }

    fn has(&self, card: &CardIdentity) -> bool {
        self.card.as_ref().is_some_and(|own| own.identity == *card)
    }

    fn bind(&mut self, card: Option<(Card, CardNumber)>) -> Option<Card> {
        let (card, number) = card.unzip();
        self.user.card = number;
        self.user.listed.has_card = card.is_some();
        std::mem::replace(&mut self.card, card)
    }

    fn set_verifier(&mut self, verifier: Option<Verifier>) {
        self.user.has_password = verifier.is_some();
        self.verifier = verifier;
    }
}

#[derive(Clone)]
struct Records {
    rows: Vec<Row>,
    /// The last numbers of a record and of a card there ever were.
    last_row: i64,
    last_card: i64,
    settings: Vec<StoredSettings>,
    secrets: Vec<(DeviceSecret, Verifier)>,
    failures: Vec<(UserId, Failures)>,
    log: log::AuditLog,
    commits: usize,
}

impl Records {
    fn row(&mut self, key: &UserKey) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.user.listed.key == *key)
    }

    /// Whoever a typed key means: spelled so, or the only one of the same name.
    fn named(&mut self, key: &UserKey) -> Option<&mut Row> {
        if self.row(key).is_none()
            && let UserKey::Registered(id) = key
        {
            let same: Vec<UserKey> = self.namesakes(id);
            return match same.as_slice() {
                [only] => self.row(&only.clone()),
                _ => None,
            };
        }
        self.row(key)
    }

    fn namesakes(&self, id: &UserId) -> Vec<UserKey> {
        let same = |key: &&UserKey| matches!(key, UserKey::Registered(is) if is.key() == id.key());
        self.rows.iter().map(|row| &row.user.listed.key).filter(same).cloned().collect()
    }

    fn of_card(&self, card: &CardIdentity) -> Option<&Row> {
        self.rows.iter().find(|row| row.has(card))
    }

    fn number_is_taken(&self, number: &CardNumber) -> bool {
        self.rows.iter().any(|row| {
            row.user.card.as_ref() == Some(number)
                || row.user.listed.key.as_str() == number.as_str()
        })
    }

    fn is_number(&self, id: &UserId) -> bool {
        let mut numbers = self.rows.iter().filter_map(|row| row.user.card.as_ref());
        numbers.any(|number| number.as_str().eq_ignore_ascii_case(id.as_str()))
    }

    /// The provisional users whose card is not in use, oldest first.
    fn spare(&self, in_use: &[CardIdentity]) -> Vec<(SystemTime, UserKey)> {
        let used = |row: &Row| in_use.iter().any(|card| row.has(card));
        let spare = self.rows.iter().filter(|row| row.account().is_none() && !used(row));
        let mut spare: Vec<_> =
            spare.map(|row| (row.user.listed.created_at, row.user.listed.key.clone())).collect();
        spare.sort_by_key(|(made, _)| *made);
        spare
    }

    fn registered(&self) -> usize {
        self.rows.iter().filter(|row| row.account().is_some()).count()
    }

    /// Adds a record with the next number.
    fn add(&mut self, listed: ListedUser, source: Source, verifier: Option<Verifier>) -> &mut Row {
        self.last_row += 1;
        let user = StoredUser { listed, source, card: None, has_password: verifier.is_some() };
        let row = Row { row: self.last_row, user, verifier, card: None, is_damaged: false };
        self.rows.push(row);
        self.rows.last_mut().unwrap()
    }

    fn new_card(&mut self, identity: CardIdentity) -> Card {
        self.last_card += 1;
        Card { row: self.last_card, identity }
    }

    /// Writes what happened at no station.
    fn log(&mut self, at: SystemTime, event: AuditEvent, card: Option<i64>) -> Result<()> {
        self.record(&AuditRecord { at, station: None, event }, card, None)
    }

    fn record(
        &mut self,
        record: &AuditRecord,
        card: Option<i64>,
        replaced: Option<i64>,
    ) -> Result<()> {
        rules::append(&mut self.log, record, card, replaced)
    }

    /// Writes a record about a card that may be stored.
    fn record_of_card(&mut self, record: &AuditRecord) -> Result<()> {
        let row = record.event.card().and_then(|card| self.of_card(card));
        let card = row.and_then(|row| row.card.as_ref()).map(|card| card.row);
        self.record(record, card, None)
    }

    fn commit(&mut self, binding: &Binding, copy: Option<CopyToStore>) -> Result<CommitOutcome> {
        self.commits += 1;
        let key = UserKey::Registered(binding.user.clone());
        let vouches = if copy.is_some() { Source::Directory } else { Source::Device };
        let known = self.named(&key).cloned();
        let key = known.as_ref().map_or(key, |row| row.user.listed.key.clone());
        match &known {
            Some(row) if row.user.source != vouches => return Ok(CommitOutcome::OtherSource),
            None if copy.is_none() => return Ok(CommitOutcome::UserGone),
            None if binding.number.as_str().eq_ignore_ascii_case(binding.user.as_str())
                || self.is_number(&binding.user) =>
            {
                return Ok(CommitOutcome::IdIsNumber);
            }
            _ => {}
        }
        let holder = self.of_card(&binding.card).map(|row| row.account().is_none());
        let taken = match holder {
            Some(provisional) => !provisional,
            None => self.number_is_taken(&binding.number),
        };
        if taken {
            return Ok(CommitOutcome::CardTaken);
        }
        if let Some(number) = known.as_ref().and_then(|row| row.user.card.as_ref())
            && binding.replaces.as_ref() != Some(number)
        {
            return Ok(CommitOutcome::Conflict(number.clone()));
        }
        if let Some(copy) = copy {
            match self.row(&key) {
                Some(row) => {
                    row.user.listed.name = copy.name;
                    row.user.listed.mail = copy.mail;
                    row.set_verifier(Some(copy.verifier));
                }
                None => {
                    let records = self.rows.len() - usize::from(holder.is_some());
                    if self.registered() >= copy.capacity.registered as usize
                        || records >= copy.capacity.records as usize
                    {
                        return Ok(CommitOutcome::Full);
                    }
                    let CopyToStore { role, limits, .. } = copy;
                    let user = binding.user.clone();
                    let event = AuditEvent::UserCopied { user, role, limits };
                    let station = Some(binding.station.clone());
                    self.record(&AuditRecord { at: binding.at, station, event }, None, None)?;
                    let listed = ListedUser {
                        key: key.clone(),
                        name: copy.name,
                        mail: copy.mail,
                        role,
                        limits,
                        has_card: false,
                        created_at: binding.at,
                    };
                    self.add(listed, Source::Directory, Some(copy.verifier));
                }
            }
        }
        let stored = self.of_card(&binding.card).and_then(|row| row.card.clone());
        self.rows.retain(|row| row.account().is_some() || !row.has(&binding.card));
        let card = stored.unwrap_or_else(|| self.new_card(binding.card.clone()));
        let number = card.row;
        let old = self.row(&key).and_then(|row| row.bind(Some((card, binding.number.clone()))));
        let (old_number, old) = old.map(|old| (old.row, old.identity)).unzip();
        self.record(&binding.audit_record(old), Some(number), old_number)?;
        Ok(CommitOutcome::Done)
    }

    fn save(&mut self, change: SettingsToStore) -> Result<SaveOutcome> {
        let version = self.settings.first().map_or(0, |stored| stored.version);
        if change.expected != version {
            return Ok(SaveOutcome::Stale { version });
        }
        let mut deleted = 0;
        if change.deletes_users {
            let before = self.rows.len();
            self.rows.retain(|row| row.user.listed.role != Role::General);
            deleted = (before - self.rows.len()) as u64;
        }
        if deleted > 0 {
            self.log(change.at, AuditEvent::UsersDeleted { count: deleted }, None)?;
        }
        let renumbered = match change.renumber.as_ref().map(|site| self.renumber(site)) {
            None => 0,
            Some(Ok(changed)) => changed,
            Some(Err(mut listed)) => {
                let more = listed.len().saturating_sub(Collisions::LISTED) as u64;
                listed.truncate(Collisions::LISTED);
                return Ok(SaveOutcome::Collisions(Collisions { listed, more }));
            }
        };
        let version = version + 1;
        self.settings.insert(0, StoredSettings { version, at: change.at, json: change.json });
        self.settings.truncate(SETTINGS_KEPT as usize);
        self.log(change.at, AuditEvent::SettingsChanged { keys: change.keys, version }, None)?;
        Ok(SaveOutcome::Saved { version, renumbered, deleted })
    }

    fn renumber(&mut self, site: &Site) -> Result<u64, Vec<Collision>> {
        let (mut changed, mut found) = (0, Vec::new());
        let old = self.rows.clone();
        for row in &mut self.rows {
            let Some(card) = &row.card else { continue };
            let Ok(number) = site.number(&card.identity) else {
                found.push(Collision { number: None, users: vec![row.user.listed.key.clone()] });
                continue;
            };
            let is_person =
                |o: &&Row| o.account().is_some() && o.user.listed.key.as_str() == number.as_str();
            if row.user.card.as_ref() != Some(&number) {
                changed += 1;
                if let Some(person) = old.iter().find(is_person) {
                    let users = vec![row.user.listed.key.clone(), person.user.listed.key.clone()];
                    found.push(Collision { number: Some(number.clone()), users });
                }
            }
            row.user.card = Some(number);
        }
        let mut numbers: Vec<_> =
            self.rows.iter().filter_map(|row| row.user.card.clone()).collect();
        numbers.sort();
        numbers.dedup();
        for number in numbers {
            let owners = self.rows.iter().filter(|row| row.user.card.as_ref() == Some(&number));
            let mut users: Vec<_> = owners.map(|row| row.user.listed.key.clone()).collect();
            users.sort_by(|a, b| a.as_str().cmp(b.as_str()));
            if users.len() > 1 {
                found.push(Collision { number: Some(number), users });
            }
        }
        if !found.is_empty() {
            return Err(found);
        }
        for row in &mut self.rows {
            if let (None, Some(number)) = (row.account(), &row.user.card) {
                row.user.listed.key = UserKey::Provisional(number.clone());
            }
        }
        Ok(changed)
    }
}

struct State {
    records: Records,
    /// What every call is answered with.
    fails: Option<StoreError>,
    saved: Vec<Records>,
}

/// A store in memory. A clone of it is the same store.
#[derive(Clone)]
pub struct Memory {
    state: Arc<Mutex<State>>,
    /// While this is `true` no call is answered.
    held: watch::Sender<bool>,
    newest: watch::Sender<u64>,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        let records = Records {
            rows: Vec::new(),
            last_row: 0,
            last_card: 0,
            settings: Vec::new(),
            secrets: Vec::new(),
            failures: Vec::new(),
            log: log::AuditLog::new(),
            commits: 0,
        };
        let state = State { records, fails: None, saved: Vec::new() };
        let (held, newest) = (watch::Sender::new(false), watch::Sender::new(0));
        Self { state: Arc::new(Mutex::new(state)), held, newest }
    }

    /// Answers nothing, or goes on.
    pub fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    /// Answers everything with this error, or as it should.
    pub fn fail(&self, error: Option<StoreError>) {
        self.lock().fails = error;
    }

    /// The log as `event user code detail`, oldest first.
    #[must_use]
    pub fn audit(&self) -> Vec<String> {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let state = self.lock();
        let entries = state.records.log.entries.iter().map(|(entry, _)| entry);
        entries
            .map(|e| {
                let (user, code, detail) = (text(&e.user), text(&e.code), text(&e.told()));
                format!("{} {user} {code} {detail}", e.event)
            })
            .collect()
    }

    /// How many bindings were tried.
    #[must_use]
    pub fn commits(&self) -> usize {
        self.lock().records.commits
    }

    /// Puts a verifier that is none into a record.
    ///
    /// # Panics
    /// There is no such record.
    pub fn damage(&self, user: &UserId) {
        let damaged = Some(Verifier::from_stored("$argon2id$".to_owned()));
        self.lock().records.row(&user.clone().into()).unwrap().set_verifier(damaged);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    async fn answered(&self) -> Result<MutexGuard<'_, State>> {
        let _ = self.held.subscribe().wait_for(|held| !held).await.unwrap();
        let state = self.lock();
        match &state.fails {
            Some(error) => Err(error.clone()),
            None => Ok(state),
        }
    }

    async fn read<T>(&self, query: impl FnOnce(&mut Records) -> Result<T>) -> Result<T> {
        query(&mut self.answered().await?.records)
    }

    /// Changes all or nothing.
    async fn write<T>(&self, change: impl FnOnce(&mut Records) -> Result<T>) -> Result<T> {
        let mut state = self.answered().await?;
        let mut records = state.records.clone();
        let done = change(&mut records)?;
        records.log.noted = records.log.end();
        let newest = records.log.noted.id;
        state.records = records;
        drop(state);
        self.newest.send_replace(newest);
        Ok(done)
    }
}

impl Place for Memory {
    type Store = Self;

    fn open(&self) -> Self {
        let mut state = self.lock();
        let noted = Noted::End(state.records.log.noted);
        let end = rules::go_on(&mut state.records.log, false, noted, SystemTime::UNIX_EPOCH);
        let end = end.unwrap();
        state.records.log.noted = end;
        drop(state);
        self.newest.send_replace(end.id);
        self.clone()
    }

    fn take_records(&self, takes: bool) {
        self.lock().records.log.refuses = !takes;
    }

    fn fill_log(&self, records: u64) {
        let log = &mut self.lock().records.log;
        *log = log::AuditLog::new();
        log.fill(records);
    }

    fn damage_record(&self, user: &UserId) {
        self.lock().records.row(&user.clone().into()).unwrap().is_damaged = true;
    }

    fn restore_from(&self, file: &Path) -> Result<Restored, BackupError> {
        self.restore(file)
    }
}
