use std::{path::PathBuf, time::SystemTime};

use kazasu_hal::CardIdentity;
use kazasu_registration::{
    AuditEntry, AuditEvent, AuditRecord, Binding, Broken, Capacity, CommitOutcome, DeviceSecret,
    Failures, ListedUser, LookUp, OwnChange, OwnOutcome, Provisional, ProvisionalOutcome, Role,
    Source, UserId, UserKey, Whole,
};
use kazasu_store::{
    AddOutcome, BackupError, CheckedVerifier, CopyToStore, Credentials, DamagedUser, RenameOutcome,
    SaveOutcome, Saved, SettingsToStore, Store, StoreError, StoredSettings, StoredUser, UserChange,
    UserToStore, Verifier, Wanted,
};
use tokio::sync::watch;

use super::{Memory, Row, saved};

impl Store for Memory {
    async fn look_up(&self, card: CardIdentity) -> Result<LookUp, StoreError> {
        self.read(|records| match records.of_card(&card) {
            None => Ok(LookUp::Unknown),
            Some(row) if row.account().is_none() => Ok(LookUp::Provisional),
            Some(row) => Ok(row.readable()?.account().map_or(LookUp::Unknown, LookUp::Registered)),
        })
        .await
    }

    async fn make_provisional(
        &self,
        provisional: Provisional,
        verifier: Option<Verifier>,
        capacity: Capacity,
    ) -> Result<ProvisionalOutcome, StoreError> {
        assert!(provisional.password.is_none(), "a password reached the store");
        self.write(|records| {
            let known = records.rows.iter_mut().find(|row| row.has(&provisional.card));
            if let Some(row) = known {
                if row.account().is_some() {
                    return Ok(ProvisionalOutcome::CardTaken);
                }
                row.set_verifier(verifier);
                return Ok(ProvisionalOutcome::Made);
            }
            if records.number_is_taken(&provisional.number) {
                return Ok(ProvisionalOutcome::CardTaken);
            }
            if records.rows.len() >= capacity.records as usize {
                return Ok(ProvisionalOutcome::Full);
            }
            let record = provisional.audit_record();
            let listed = ListedUser {
                key: UserKey::Provisional(provisional.number.clone()),
                name: provisional.name,
                mail: None,
                role: Role::General,
                limits: provisional.limits,
                has_card: false,
                created_at: provisional.at,
            };
            let card = records.new_card(provisional.card);
            let made = records.add(listed, Source::Device, verifier);
            made.bind(Some((card, provisional.number)));
            records.record_of_card(&record)?;
            Ok(ProvisionalOutcome::Made)
        })
        .await
    }

    async fn credentials(&self, user: UserId) -> Result<Option<Credentials>, StoreError> {
        self.read(|records| {
            let Some(row) = records.named(&user.into()) else { return Ok(None) };
            let row = row.readable()?;
            let verifier = row.verifier.clone();
            Ok(row.account().map(|account| Credentials { account, verifier }))
        })
        .await
    }

    async fn commit(&self, binding: Binding) -> Result<CommitOutcome, StoreError> {
        self.write(|records| records.commit(&binding, None)).await
    }

    async fn commit_copy(
        &self,
        binding: Binding,
        copy: CopyToStore,
    ) -> Result<CommitOutcome, StoreError> {
        self.write(|records| records.commit(&binding, Some(copy))).await
    }

    async fn save_own(
        &self,
        change: OwnChange,
        password: Option<CheckedVerifier>,
    ) -> Result<OwnOutcome, StoreError> {
        assert!(
            change.password.is_none() && change.current.is_none(),
            "a password reached the store"
        );
        self.write(|records| {
            let Some(row) = records.row(&change.user.clone().into()) else {
                return Ok(OwnOutcome::UserGone);
            };
            if let Some(password) = password {
                if row.verifier != password.checked {
                    return Ok(OwnOutcome::WrongPassword);
                }
                if let Some(new) = password.new {
                    row.set_verifier(Some(new));
                }
            }
            if let Some(name) = &change.name {
                row.user.listed.name = name.clone();
            }
            if let Some(mail) = &change.mail {
                row.user.listed.mail = mail.clone();
            }
            let card = if change.unlink_card { row.bind(None) } else { None };
            let account = row.account().unwrap();
            let (number, card) = card.map(|card| (card.row, card.identity)).unzip();
            records.record(&change.audit_record(card), number, None)?;
            Ok(OwnOutcome::Saved(account))
        })
        .await
    }

    async fn add_users(
        &self,
        users: Vec<UserToStore>,
        capacity: Capacity,
        at: SystemTime,
    ) -> Result<AddOutcome, StoreError> {
        self.write(|records| {
            let taken: Vec<_> =
                (0..users.len()).filter(|&n| !records.namesakes(&users[n].id).is_empty()).collect();
            if !taken.is_empty() {
                return Ok(AddOutcome::Taken(taken));
            }
            let cards: Vec<_> =
                (0..users.len()).filter(|&n| records.is_number(&users[n].id)).collect();
            if !cards.is_empty() {
                return Ok(AddOutcome::CardNumbers(cards));
            }
            if records.registered() + users.len() > capacity.registered as usize
                || records.rows.len() + users.len() > capacity.records as usize
            {
                return Ok(AddOutcome::Full);
            }
            for user in users {
                records.log(at, AuditEvent::UserAdded { user: user.id.clone() }, None)?;
                let UserToStore { id, name, mail, role, limits, verifier } = user;
                let (key, has_card, created_at) = (id.into(), false, at);
                let listed = ListedUser { key, name, mail, role, limits, has_card, created_at };
                records.add(listed, Source::Device, verifier);
            }
            Ok(AddOutcome::Added)
        })
        .await
    }

    async fn rename_user(
        &self,
        user: UserId,
        to: UserId,
        at: SystemTime,
    ) -> Result<RenameOutcome, StoreError> {
        self.write(|records| {
            let is = |row: &Row, id: &UserId| row.account().is_some_and(|a| a.id.key() == id.key());
            let exact = UserKey::Registered(user.clone());
            if !records.rows.iter().any(|row| row.user.listed.key == exact) {
                return Ok(RenameOutcome::NoSuchUser);
            }
            let others = records.rows.iter().filter(|row| row.user.listed.key != exact);
            if others.clone().any(|row| is(row, &to)) {
                return Ok(RenameOutcome::Taken);
            }
            if records.is_number(&to) {
                return Ok(RenameOutcome::CardNumber);
            }
            if let Some(row) = records.row(&exact) {
                row.user.listed.key = UserKey::Registered(to.clone());
            }
            records.log(at, AuditEvent::UserRenamed { user: to, was: user }, None)?;
            Ok(RenameOutcome::Renamed)
        })
        .await
    }

    async fn edit_user(&self, change: UserChange) -> Result<bool, StoreError> {
        self.write(|records| {
            let user = change.user;
            let Some(row) = records.row(&user.clone().into()) else { return Ok(false) };
            let mut events = Vec::new();
            if change.name.is_some() || change.mail.is_some() || change.verifier.is_some() {
                events.push((AuditEvent::UserEdited { user: user.clone() }, None));
            }
            if let Some(name) = change.name {
                row.user.listed.name = name;
            }
            if let Some(mail) = change.mail {
                row.user.listed.mail = mail;
            }
            if let Some(verifier) = change.verifier {
                row.set_verifier(verifier);
            }
            if let Some(role) = change.role {
                row.user.listed.role = role;
                events.push((AuditEvent::RoleChanged { user: user.clone(), role }, None));
            }
            if let Some(limits) = change.limits {
                row.user.listed.limits = limits;
                events.push((AuditEvent::LimitsChanged { user: user.clone(), limits }, None));
            }
            let card = if change.unlink_card { row.bind(None) } else { None };
            events.extend(card.map(|card| {
                (AuditEvent::CardUnlinked { user, card: card.identity }, Some(card.row))
            }));
            for (event, card) in events {
                records.log(change.at, event, card)?;
            }
            Ok(true)
        })
        .await
    }

    async fn list_users(&self) -> Result<Vec<StoredUser>, StoreError> {
        self.read(|records| {
            let readable = records.rows.iter().filter(|row| !row.is_damaged);
            let mut users: Vec<_> = readable.map(|row| row.user.clone()).collect();
            users.sort_by_key(|user| {
                let registered = matches!(user.listed.key, UserKey::Registered(_));
                (user.listed.key.as_str().to_owned(), registered)
            });
            Ok(users)
        })
        .await
    }

    async fn damaged_users(&self) -> Result<Vec<DamagedUser>, StoreError> {
        self.read(|records| {
            let damaged = records.rows.iter().filter(|row| row.is_damaged);
            let told = |row: &Row| {
                let key = Some(row.user.listed.key.clone());
                DamagedUser { row: row.row, key, column: "name" }
            };
            Ok(damaged.map(told).collect())
        })
        .await
    }

    async fn delete_damaged(&self, row: i64, at: SystemTime) -> Result<bool, StoreError> {
        self.write(|records| {
            let before = records.rows.len();
            records.rows.retain(|user| user.row != row || !user.is_damaged);
            let is_gone = records.rows.len() < before;
            if is_gone {
                records.log(at, AuditEvent::DamagedUserDeleted { row }, None)?;
            }
            Ok(is_gone)
        })
        .await
    }

    async fn find_user(&self, key: UserKey) -> Result<Option<StoredUser>, StoreError> {
        self.read(|records| {
            let Some(row) = records.named(&key) else { return Ok(None) };
            Ok(Some(row.readable()?.user.clone()))
        })
        .await
    }

    async fn delete_user(&self, key: UserKey, at: SystemTime) -> Result<bool, StoreError> {
        self.write(|records| {
            let Some(row) = records.row(&key).cloned() else { return Ok(false) };
            records.rows.retain(|row| row.user.listed.key != key);
            let (number, card) = row.card.map(|card| (card.row, card.identity)).unzip();
            match (key, card) {
                (UserKey::Registered(user), card) => {
                    records.log(at, AuditEvent::UserDeleted { user, card }, number)?;
                }
                (UserKey::Provisional(_), Some(card)) => {
                    records.log(at, AuditEvent::ProvisionalDeleted { card }, number)?;
                }
                (UserKey::Provisional(_), None) => {}
            }
            Ok(true)
        })
        .await
    }

    async fn delete_provisional(
        &self,
        before: Option<SystemTime>,
        at: SystemTime,
    ) -> Result<u64, StoreError> {
        self.write(|records| {
            let goes = |row: &Row| {
                row.account().is_none() && before.is_none_or(|b| row.user.listed.created_at < b)
            };
            let gone = records.rows.iter().filter(|row| goes(row));
            let cards: Vec<_> = gone.filter_map(|row| row.card.clone()).collect();
            records.rows.retain(|row| !goes(row));
            let count = cards.len() as u64;
            for card in cards {
                let event = AuditEvent::ProvisionalDeleted { card: card.identity };
                records.log(at, event, Some(card.row))?;
            }
            Ok(count)
        })
        .await
    }

    async fn delete_leftovers(
        &self,
        before: SystemTime,
        in_use: Vec<CardIdentity>,
        at: SystemTime,
    ) -> Result<u64, StoreError> {
        self.write(|records| {
            let mut gone = records.spare(&in_use);
            gone.retain(|(made, _)| *made < before);
            records.rows.retain(|row| !gone.iter().any(|(_, key)| row.user.listed.key == *key));
            let count = gone.len() as u64;
            if count > 0 {
                records.log(at, AuditEvent::ProvisionalExpired { count }, None)?;
            }
            Ok(count)
        })
        .await
    }

    async fn make_room(
        &self,
        wanted: Wanted,
        in_use: Vec<CardIdentity>,
        at: SystemTime,
    ) -> Result<bool, StoreError> {
        self.write(|records| {
            let more = usize::try_from(wanted.more).unwrap();
            let Capacity { registered, records: all } = wanted.capacity;
            let spare = records.spare(&in_use);
            let count = (records.rows.len() + more).saturating_sub(all as usize);
            let too_many = records.registered() + more > registered as usize;
            if (wanted.registered && too_many) || count > spare.len() {
                return Ok(false);
            }
            let gone = &spare[..count];
            records.rows.retain(|row| !gone.iter().any(|(_, key)| row.user.listed.key == *key));
            if count > 0 {
                let event = AuditEvent::ProvisionalGaveWay { count: count as u64 };
                records.log(at, event, None)?;
            }
            Ok(true)
        })
        .await
    }

    async fn load_settings(&self) -> Result<Option<StoredSettings>, StoreError> {
        self.read(|records| Ok(records.settings.first().cloned())).await
    }

    async fn settings_history(&self) -> Result<Vec<StoredSettings>, StoreError> {
        self.read(|records| Ok(records.settings.clone())).await
    }

    async fn save_settings(&self, change: SettingsToStore) -> Result<SaveOutcome, StoreError> {
        self.write(|records| {
            let mut tried = records.clone();
            let try_only = change.try_only;
            let outcome = tried.save(change)?;
            if !try_only && matches!(outcome, SaveOutcome::Saved { .. }) {
                *records = tried;
            }
            Ok(outcome)
        })
        .await
    }

    async fn secret(&self, which: DeviceSecret) -> Result<Option<Verifier>, StoreError> {
        self.read(|records| {
            let mut secrets = records.secrets.iter();
            Ok(secrets.find(|(of, _)| *of == which).map(|(_, verifier)| verifier.clone()))
        })
        .await
    }

    async fn set_secret(
        &self,
        which: DeviceSecret,
        verifier: Option<Verifier>,
        at: SystemTime,
    ) -> Result<(), StoreError> {
        self.write(|records| {
            records.secrets.retain(|(of, _)| *of != which);
            records.secrets.extend(verifier.map(|verifier| (which, verifier)));
            records.log(at, AuditEvent::SecretSet { secret: which }, None)
        })
        .await
    }

    async fn failures(&self) -> Result<Vec<(UserId, Failures)>, StoreError> {
        self.read(|records| {
            let there = records.failures.clone().into_iter();
            Ok(there.filter(|(user, _)| !records.namesakes(user).is_empty()).collect())
        })
        .await
    }

    async fn save_failures(
        &self,
        user: UserId,
        failures: Failures,
        audit: Option<AuditRecord>,
    ) -> Result<(), StoreError> {
        self.write(|records| {
            records.failures.retain(|(of, _)| of.key() != user.key());
            if failures != Failures::default() && !records.namesakes(&user).is_empty() {
                records.failures.push((user, failures));
            }
            match audit {
                Some(record) => records.record_of_card(&record),
                None => Ok(()),
            }
        })
        .await
    }

    async fn append_audit(&self, record: AuditRecord) -> Result<(), StoreError> {
        self.write(|records| records.record_of_card(&record)).await
    }

    async fn audit_log(&self, after: u64) -> Result<Vec<AuditEntry>, StoreError> {
        self.read(|records| {
            let entries = records.log.entries.iter().map(|(entry, _)| entry);
            Ok(entries.filter(|entry| entry.id > after).cloned().collect())
        })
        .await
    }

    async fn newest_audit(
        &self,
        kind: Option<&'static str>,
    ) -> Result<Option<AuditEntry>, StoreError> {
        self.read(|records| {
            let mut entries = records.log.entries.iter().map(|(entry, _)| entry);
            Ok(entries.rfind(|entry| kind.is_none_or(|kind| kind == entry.event)).cloned())
        })
        .await
    }

    async fn verify_audit(&self) -> Result<Result<Whole, Vec<Broken>>, StoreError> {
        self.read(|records| Ok(records.log.verified())).await
    }

    fn follow_audit(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    async fn backup(&self, file: PathBuf) -> Result<Saved, BackupError> {
        let mut state = self.answered().await?;
        let number = state.saved.len();
        let records = state.records.clone();
        let users = records.rows.len() as u64;
        let bytes = saved::write(&file, number)?;
        state.saved.push(records);
        Ok(Saved { bytes, users })
    }
}
