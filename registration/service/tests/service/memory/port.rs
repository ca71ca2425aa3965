use std::time::SystemTime;

use kazasu_hal::CardIdentity;
use kazasu_registration::{
    AuditEntry, AuditEvent, AuditRecord, Binding, Broken, Capacity, CommitOutcome, DeviceSecret,
    Failures, Link, ListedUser, LookUp, Mark, OwnChange, OwnOutcome, Provisional,
    ProvisionalOutcome, Role, Source, UserId, UserKey, Whole,
};
use kazasu_service::{
    AddOutcome, CheckedVerifier, CopyToStore, Credentials, DamagedUser, RenameOutcome, SaveOutcome,
    SettingsToStore, Store, StoreError, StoredSettings, StoredUser, UserChange, UserToStore,
    Verifier, Wanted,
};

use super::{Memory, Row, row};

impl Store for Memory {
    async fn look_up(&self, card: CardIdentity) -> Result<LookUp, StoreError> {
        self.answer(|records| match records.of_card(&card).map(Row::account) {
            Some(Some(account)) => LookUp::Registered(account),
            Some(None) => LookUp::Provisional,
            None => LookUp::Unknown,
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
        self.answer(|records| {
            let known =
                records.rows.iter_mut().find(|r| r.card.as_ref() == Some(&provisional.card));
            if let Some(row) = known {
                if row.account().is_some() {
                    return ProvisionalOutcome::CardTaken;
                }
                row.set_verifier(verifier);
                return ProvisionalOutcome::Made;
            }
            if records.number_is_taken(&provisional.number) {
                return ProvisionalOutcome::CardTaken;
            }
            if records.rows.len() >= capacity.records as usize {
                return ProvisionalOutcome::Full;
            }
            records.log(&provisional.audit_record().event);
            let listed = ListedUser {
                key: UserKey::Provisional(provisional.number.clone()),
                name: provisional.name,
                mail: None,
                role: Role::General,
                limits: provisional.limits,
                has_card: false,
                created_at: provisional.at,
            };
            let mut made = row(listed, Source::Device, verifier);
            made.bind(Some((provisional.card, provisional.number)));
            records.rows.push(made);
            ProvisionalOutcome::Made
        })
        .await
    }

    async fn credentials(&self, user: UserId) -> Result<Option<Credentials>, StoreError> {
        self.answer(|records| {
            let row = records.named(&user.into())?;
            Some(Credentials { account: row.account()?, verifier: row.verifier.clone() })
        })
        .await
    }

    async fn commit(&self, binding: Binding) -> Result<CommitOutcome, StoreError> {
        self.answer(|records| records.commit(&binding, None)).await
    }

    async fn commit_copy(
        &self,
        binding: Binding,
        copy: CopyToStore,
    ) -> Result<CommitOutcome, StoreError> {
        self.answer(|records| records.commit(&binding, Some(copy))).await
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
        self.answer(|records| {
            let Some(row) = records.row(&change.user.clone().into()) else {
                return OwnOutcome::UserGone;
            };
            if let Some(password) = password {
                if row.verifier != password.checked {
                    return OwnOutcome::WrongPassword;
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
            records.log(&change.audit_record(card).event);
            OwnOutcome::Saved(account)
        })
        .await
    }

    async fn add_users(
        &self,
        users: Vec<UserToStore>,
        capacity: Capacity,
        at: SystemTime,
    ) -> Result<AddOutcome, StoreError> {
        self.answer(|records| {
            let taken: Vec<_> =
                (0..users.len()).filter(|&n| !records.namesakes(&users[n].id).is_empty()).collect();
            if !taken.is_empty() {
                return AddOutcome::Taken(taken);
            }
            let cards: Vec<_> =
                (0..users.len()).filter(|&n| records.is_number(&users[n].id)).collect();
            if !cards.is_empty() {
                return AddOutcome::CardNumbers(cards);
            }
            if records.registered() + users.len() > capacity.registered as usize
                || records.rows.len() + users.len() > capacity.records as usize
            {
                return AddOutcome::Full;
            }
            for user in users {
                records.log(&AuditEvent::UserAdded { user: user.id.clone() });
                let UserToStore { id, name, mail, role, limits, verifier } = user;
                let (key, has_card, created_at) = (id.into(), false, at);
                let listed = ListedUser { key, name, mail, role, limits, has_card, created_at };
                records.rows.push(row(listed, Source::Device, verifier));
            }
            AddOutcome::Added
        })
        .await
    }

    async fn rename_user(
        &self,
        user: UserId,
        to: UserId,
        _: SystemTime,
    ) -> Result<RenameOutcome, StoreError> {
        self.answer(|records| {
            let is = |row: &Row, id: &UserId| row.account().is_some_and(|a| a.id.key() == id.key());
            let exact = UserKey::Registered(user.clone());
            if !records.rows.iter().any(|row| row.user.listed.key == exact) {
                return RenameOutcome::NoSuchUser;
            }
            let others = records.rows.iter().filter(|row| row.user.listed.key != exact);
            if others.clone().any(|row| is(row, &to)) {
                return RenameOutcome::Taken;
            }
            if records.is_number(&to) {
                return RenameOutcome::CardNumber;
            }
            if let Some(row) = records.row(&exact) {
                row.user.listed.key = UserKey::Registered(to.clone());
            }
            records.log(&AuditEvent::UserRenamed { user: to, was: user });
            RenameOutcome::Renamed
        })
        .await
    }

    async fn edit_user(&self, change: UserChange) -> Result<bool, StoreError> {
        self.answer(|records| {
            let user = change.user;
            let Some(row) = records.row(&user.clone().into()) else { return false };
            let mut events = Vec::new();
            if change.name.is_some() || change.mail.is_some() || change.verifier.is_some() {
                events.push(AuditEvent::UserEdited { user: user.clone() });
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
                events.push(AuditEvent::RoleChanged { user: user.clone(), role });
            }
            if let Some(limits) = change.limits {
                row.user.listed.limits = limits;
                events.push(AuditEvent::LimitsChanged { user: user.clone(), limits });
            }
            let card = if change.unlink_card { row.bind(None) } else { None };
            events.extend(card.map(|card| AuditEvent::CardUnlinked { user, card }));
            events.iter().for_each(|event| records.log(event));
            true
        })
        .await
    }

    async fn list_users(&self) -> Result<Vec<StoredUser>, StoreError> {
        self.answer(|records| {
            let mut users: Vec<_> = records.rows.iter().map(|row| row.user.clone()).collect();
            users.sort_by_key(|user| {
                let registered = matches!(user.listed.key, UserKey::Registered(_));
                (user.listed.key.as_str().to_owned(), registered)
            });
            users
        })
        .await
    }

    /// Nothing is damaged here.
    async fn damaged_users(&self) -> Result<Vec<DamagedUser>, StoreError> {
        self.answer(|_| Vec::new()).await
    }

    async fn delete_damaged(&self, _row: i64, _at: SystemTime) -> Result<bool, StoreError> {
        self.answer(|_| false).await
    }

    async fn find_user(&self, key: UserKey) -> Result<Option<StoredUser>, StoreError> {
        self.answer(|records| records.named(&key).map(|row| row.user.clone())).await
    }

    async fn delete_user(&self, key: UserKey, _at: SystemTime) -> Result<bool, StoreError> {
        self.answer(|records| {
            let Some(row) = records.row(&key).cloned() else { return false };
            records.rows.retain(|row| row.user.listed.key != key);
            match (key, row.card) {
                (UserKey::Registered(user), card) => {
                    records.log(&AuditEvent::UserDeleted { user, card });
                }
                (UserKey::Provisional(_), Some(card)) => {
                    records.log(&AuditEvent::ProvisionalDeleted { card });
                }
                (UserKey::Provisional(_), None) => {}
            }
            true
        })
        .await
    }

    async fn delete_provisional(
        &self,
        before: Option<SystemTime>,
        _at: SystemTime,
    ) -> Result<u64, StoreError> {
        self.answer(|records| {
            let goes = |row: &Row| {
                row.account().is_none() && before.is_none_or(|b| row.user.listed.created_at < b)
            };
            let cards: Vec<_> = records
                .rows
                .iter()
                .filter(|row| goes(row))
                .filter_map(|r| r.card.clone())
                .collect();
            records.rows.retain(|row| !goes(row));
            let count = cards.len() as u64;
            for card in cards {
                records.log(&AuditEvent::ProvisionalDeleted { card });
            }
            count
        })
        .await
    }

    async fn delete_leftovers(
        &self,
        before: SystemTime,
        in_use: Vec<CardIdentity>,
        _at: SystemTime,
    ) -> Result<u64, StoreError> {
        self.answer(|records| {
            let mut gone = records.spare(&in_use);
            gone.retain(|(made, _)| *made < before);
            records.rows.retain(|row| !gone.iter().any(|(_, key)| row.user.listed.key == *key));
            let count = gone.len() as u64;
            if count > 0 {
                records.log(&AuditEvent::ProvisionalExpired { count });
            }
            count
        })
        .await
    }

    async fn make_room(
        &self,
        wanted: Wanted,
        in_use: Vec<CardIdentity>,
        _at: SystemTime,
    ) -> Result<bool, StoreError> {
        self.answer(|records| {
            let more = usize::try_from(wanted.more).unwrap();
            let Capacity { registered, records: all } = wanted.capacity;
            let spare = records.spare(&in_use);
            let count = (records.rows.len() + more).saturating_sub(all as usize);
            let too_many = records.registered() + more > registered as usize;
            if (wanted.registered && too_many) || count > spare.len() {
                return false;
            }
            let gone = &spare[..count];
            records.rows.retain(|row| !gone.iter().any(|(_, key)| row.user.listed.key == *key));
            if count > 0 {
                records.log(&AuditEvent::ProvisionalGaveWay { count: count as u64 });
            }
            true
        })
        .await
    }

    async fn load_settings(&self) -> Result<Option<StoredSettings>, StoreError> {
        self.answer(|records| records.settings.first().cloned()).await
    }

    async fn settings_history(&self) -> Result<Vec<StoredSettings>, StoreError> {
        self.answer(|records| records.settings.clone()).await
    }

    async fn save_settings(&self, change: SettingsToStore) -> Result<SaveOutcome, StoreError> {
        self.answer(|records| {
            let mut tried = records.clone();
            let try_only = change.try_only;
            let outcome = tried.save(change);
            if !try_only && matches!(outcome, SaveOutcome::Saved { .. }) {
                *records = tried;
            }
            outcome
        })
        .await
    }

    async fn secret(&self, which: DeviceSecret) -> Result<Option<Verifier>, StoreError> {
        self.answer(|records| {
            let mut secrets = records.secrets.iter();
            secrets.find(|(of, _)| *of == which).map(|(_, verifier)| verifier.clone())
        })
        .await
    }

    async fn set_secret(
        &self,
        which: DeviceSecret,
        verifier: Option<Verifier>,
        _at: SystemTime,
    ) -> Result<(), StoreError> {
        self.answer(|records| {
            records.secrets.retain(|(of, _)| *of != which);
            records.secrets.extend(verifier.map(|verifier| (which, verifier)));
            records.log(&AuditEvent::SecretSet { secret: which });
        })
        .await
    }

    async fn failures(&self) -> Result<Vec<(UserId, Failures)>, StoreError> {
        self.answer(|records| {
            let there = records.failures.clone().into_iter();
            there.filter(|(user, _)| !records.namesakes(user).is_empty()).collect()
        })
        .await
    }

    async fn save_failures(
        &self,
        user: UserId,
        failures: Failures,
        audit: Option<AuditRecord>,
    ) -> Result<(), StoreError> {
        self.answer(|records| {
            records.failures.retain(|(of, _)| of.key() != user.key());
            if failures != Failures::default() && !records.namesakes(&user).is_empty() {
                records.failures.push((user, failures));
            }
            audit.iter().for_each(|audit| records.log(&audit.event));
        })
        .await
    }

    async fn append_audit(&self, record: AuditRecord) -> Result<(), StoreError> {
        self.answer(|records| records.log(&record.event)).await
    }

    async fn audit_log(&self, after: u64) -> Result<Vec<AuditEntry>, StoreError> {
        self.answer(|records| {
            records.log.iter().filter(|entry| entry.id > after).cloned().collect()
        })
        .await
    }

    async fn newest_audit(
        &self,
        kind: Option<&'static str>,
    ) -> Result<Option<AuditEntry>, StoreError> {
        self.answer(|records| {
            let is = |entry: &&AuditEntry| kind.is_none_or(|kind| kind == entry.event);
            records.log.iter().rfind(is).cloned()
        })
        .await
    }

    /// There is no chain in memory: nobody but this process can change the log.
    async fn verify_audit(&self) -> Result<Result<Whole, Vec<Broken>>, StoreError> {
        self.answer(|records| {
            let id = records.log.len() as u64;
            Ok(Whole {
                records: id,
                folded: 0,
                end: Mark { id, link: Link::from_bytes([0; Link::LEN]) },
            })
        })
        .await
    }
}
