//! A store in memory that can be made slow or broken.

mod port;

use std::{
    sync::{Mutex, MutexGuard},
    time::SystemTime,
};

use kazasu_hal::CardIdentity;
use kazasu_registration::{
    Account, AuditEntry, AuditEvent, AuditRecord, Binding, CardNumber, CommitOutcome, DeviceSecret,
    Failures, ListedUser, Role, Site, Source, UserId, UserKey,
};
use kazasu_service::{
    Collision, Collisions, CopyToStore, SETTINGS_KEPT, SaveOutcome, SettingsToStore, StoreError,
    StoredSettings, StoredUser, Verifier,
};
use tokio::sync::watch;

#[derive(Clone)]
struct Row {
    user: StoredUser,
    verifier: Option<Verifier>,
    card: Option<CardIdentity>,
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

    fn bind(&mut self, card: Option<(CardIdentity, CardNumber)>) -> Option<CardIdentity> {
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

#[derive(Clone, Default)]
struct Records {
    rows: Vec<Row>,
    settings: Vec<StoredSettings>,
    secrets: Vec<(DeviceSecret, Verifier)>,
    failures: Vec<(UserId, Failures)>,
    audit: Vec<String>,
    log: Vec<AuditEntry>,
    commits: usize,
    fails: Option<StoreError>,
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
        self.rows.iter().find(|row| row.card.as_ref() == Some(card))
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
        let used = |row: &Row| row.card.as_ref().is_some_and(|card| in_use.contains(card));
        let spare = self.rows.iter().filter(|row| row.account().is_none() && !used(row));
        let mut spare: Vec<_> =
            spare.map(|row| (row.user.listed.created_at, row.user.listed.key.clone())).collect();
        spare.sort_by_key(|(made, _)| *made);
        spare
    }

    fn registered(&self) -> usize {
        self.rows.iter().filter(|row| row.account().is_some()).count()
    }

    fn log(&mut self, event: &AuditEvent) {
        let user = event.user().map_or("-", UserId::as_str);
        let code = event.code().map_or("-", |code| code.as_str());
        let record =
            AuditRecord { at: SystemTime::UNIX_EPOCH, station: None, event: event.clone() };
        let entry = AuditEntry::new(self.log.len() as u64 + 1, &record, None, None);
        let detail = entry.told().unwrap_or_else(|| "-".to_owned());
        self.audit.push(format!("{} {user} {code} {detail}", event.word()));
        self.log.push(entry);
    }

    fn commit(&mut self, binding: &Binding, copy: Option<CopyToStore>) -> CommitOutcome {
        self.commits += 1;
        let key = UserKey::Registered(binding.user.clone());
        let vouches = if copy.is_some() { Source::Directory } else { Source::Device };
        let known = self.named(&key).cloned();
        let key = known.as_ref().map_or(key, |row| row.user.listed.key.clone());
        match &known {
            Some(row) if row.user.source != vouches => return CommitOutcome::OtherSource,
            None if copy.is_none() => return CommitOutcome::UserGone,
            None if binding.number.as_str().eq_ignore_ascii_case(binding.user.as_str())
                || self.is_number(&binding.user) =>
            {
                return CommitOutcome::IdIsNumber;
            }
            _ => {}
        }
        let holder = self.of_card(&binding.card).map(|row| row.account().is_none());
        let taken = match holder {
            Some(provisional) => !provisional,
            None => self.number_is_taken(&binding.number),
        };
        if taken {
            return CommitOutcome::CardTaken;
        }
        if let Some(number) = known.as_ref().and_then(|row| row.user.card.as_ref())
            && binding.replaces.as_ref() != Some(number)
        {
            return CommitOutcome::Conflict(number.clone());
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
                        return CommitOutcome::Full;
                    }
                    let CopyToStore { role, limits, .. } = copy;
                    let user = binding.user.clone();
                    self.log(&AuditEvent::UserCopied { user, role, limits });
                    let listed = ListedUser {
                        key: key.clone(),
                        name: copy.name,
                        mail: copy.mail,
                        role,
                        limits,
                        has_card: false,
                        created_at: binding.at,
                    };
                    self.rows.push(row(listed, Source::Directory, Some(copy.verifier)));
                }
            }
        }
        let is_leftover =
            |row: &Row| row.account().is_none() && row.card.as_ref() == Some(&binding.card);
        self.rows.retain(|row| !is_leftover(row));
        let card = Some((binding.card.clone(), binding.number.clone()));
        let old = self.row(&key).and_then(|row| row.bind(card));
        self.log(&binding.audit_record(old).event);
        CommitOutcome::Done
    }

    fn save(&mut self, change: SettingsToStore) -> SaveOutcome {
        let version = self.settings.first().map_or(0, |stored| stored.version);
        if change.expected != version {
            return SaveOutcome::Stale { version };
        }
        let mut deleted = 0;
        if change.deletes_users {
            let before = self.rows.len();
            self.rows.retain(|row| row.user.listed.role != Role::General);
            deleted = (before - self.rows.len()) as u64;
        }
        if deleted > 0 {
            self.log(&AuditEvent::UsersDeleted { count: deleted });
        }
        let renumbered = match change.renumber.as_ref().map(|site| self.renumber(site)) {
            None => 0,
            Some(Ok(changed)) => changed,
            Some(Err(mut listed)) => {
                let more = listed.len().saturating_sub(Collisions::LISTED) as u64;
                listed.truncate(Collisions::LISTED);
                return SaveOutcome::Collisions(Collisions { listed, more });
            }
        };
        let version = version + 1;
        self.settings.insert(0, StoredSettings { version, at: change.at, json: change.json });
        self.settings.truncate(SETTINGS_KEPT as usize);
        self.log(&AuditEvent::SettingsChanged { keys: change.keys, version });
        SaveOutcome::Saved { version, renumbered, deleted }
    }

    fn renumber(&mut self, site: &Site) -> Result<u64, Vec<Collision>> {
        let (mut changed, mut found) = (0, Vec::new());
        let old = self.rows.clone();
        for row in &mut self.rows {
            let Some(card) = &row.card else { continue };
            let Ok(number) = site.number(card) else {
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

fn row(listed: ListedUser, source: Source, verifier: Option<Verifier>) -> Row {
    let has_password = verifier.is_some();
    Row { user: StoredUser { listed, source, card: None, has_password }, verifier, card: None }
}

pub(crate) struct Memory {
    records: Mutex<Records>,
    /// While this is `true` no call is answered.
    held: watch::Sender<bool>,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self { records: Mutex::default(), held: watch::Sender::new(false) }
    }

    pub(crate) fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    pub(crate) fn fail(&self, error: Option<StoreError>) {
        self.lock().fails = error;
    }

    /// The log as `event user code detail`, oldest first.
    pub(crate) fn audit(&self) -> Vec<String> {
        self.lock().audit.clone()
    }

    /// How many bindings were tried.
    pub(crate) fn commits(&self) -> usize {
        self.lock().commits
    }

    /// Puts a verifier that is none into a record.
    pub(crate) fn damage(&self, user: &UserId) {
        let damaged = Some(Verifier::from_stored("$argon2id$".to_owned()));
        self.lock().row(&user.clone().into()).unwrap().set_verifier(damaged);
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap()
    }

    async fn answer<T>(&self, query: impl FnOnce(&mut Records) -> T) -> Result<T, StoreError> {
        self.held.subscribe().wait_for(|held| !held).await.unwrap();
        let mut records = self.lock();
        match &records.fails {
            Some(error) => Err(error.clone()),
            None => Ok(query(&mut records)),
        }
    }
}
