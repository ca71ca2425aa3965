//! The queries, each inside the transaction it is given.

use std::time::{Duration, SystemTime};

use kazasu_hal::{CardIdentity, SystemCode, Technology};
use kazasu_registration::{
    Account, AuditEvent, AuditRecord, Binding, Capacity, CardNumber, CommitOutcome, Limits,
    ListedUser, LookUp, MailAddress, Provisional, ProvisionalOutcome, Role, UserId, UserKey,
    UserName,
};
use kazasu_service::{AddOutcome, Credentials, UserToStore, Verifier};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use crate::error::QueryError;

/// How many audit records are kept; the oldest go first (spec 40 section 4).
const AUDIT_MAX: i64 = 15_000;

type Result<T> = std::result::Result<T, QueryError>;

const REGISTERED: &str = "registered";
const PROVISIONAL: &str = "provisional";

/// A row of `cards` and what its user is.
struct StoredCard {
    row: i64,
    user_row: i64,
    user_is_provisional: bool,
}

pub(crate) fn look_up(tx: &Transaction<'_>, card: &CardIdentity) -> Result<LookUp> {
    let Some(stored) = find_card(tx, card)? else { return Ok(LookUp::Unknown) };
    if stored.user_is_provisional {
        return Ok(LookUp::Provisional);
    }
    let (id, name): (String, String) =
        tx.query_row("SELECT user_id, name FROM users WHERE id = ?1", [stored.user_row], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    Ok(LookUp::Registered(account(stored.user_row, &id, &name, Some(card.clone()))?))
}

pub(crate) fn make_provisional(
    tx: &Transaction<'_>,
    provisional: &Provisional,
    capacity: Capacity,
) -> Result<ProvisionalOutcome> {
    let number = CardNumber::of(&provisional.card);
    match find_card(tx, &provisional.card)? {
        Some(stored) if stored.user_is_provisional => return Ok(ProvisionalOutcome::Made),
        Some(_) => return Ok(ProvisionalOutcome::CardTaken),
        None if number_is_taken(tx, &number)? => return Ok(ProvisionalOutcome::CardTaken),
        None => {}
    }
    if count(tx, "SELECT count(*) FROM users")? >= u64::from(capacity.records) {
        return Ok(ProvisionalOutcome::Full);
    }
    let user = insert_user(
        tx,
        &NewRow {
            user_id: number.as_str(),
            kind: PROVISIONAL,
            name: &provisional.name,
            mail: None,
            verifier: None,
            limits: provisional.limits,
            at: provisional.at,
        },
    )?;
    insert_card(tx, user, &provisional.card)?;
    append_audit(tx, &provisional.audit_record())?;
    Ok(ProvisionalOutcome::Made)
}

pub(crate) fn credentials(tx: &Transaction<'_>, user: &UserId) -> Result<Option<Credentials>> {
    let found: Option<(i64, String, Option<String>)> = tx
        .query_row(
            "SELECT id, name, verifier FROM users WHERE user_id = ?1 AND kind = ?2",
            params![user.as_str(), REGISTERED],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let Some((row, name, verifier)) = found else { return Ok(None) };
    let card = card_of(tx, row)?.map(|(_, card)| card);
    let account = account(row, user.as_str(), &name, card)?;
    Ok(Some(Credentials { account, verifier: verifier.map(Verifier::from_stored) }))
}

pub(crate) fn commit(tx: &Transaction<'_>, binding: &Binding) -> Result<CommitOutcome> {
    let key = UserKey::Registered(binding.user.clone());
    let Some(user) = find_user(tx, &key)? else { return Ok(CommitOutcome::UserGone) };
    let stored = find_card(tx, &binding.card)?;
    let taken = match &stored {
        Some(stored) => !stored.user_is_provisional,
        None => number_is_taken(tx, &CardNumber::of(&binding.card))?,
    };
    if taken {
        return Ok(CommitOutcome::CardTaken);
    }
    let old = card_of(tx, user)?;
    if let Some((_, card)) = &old
        && Some(card) != binding.replaces.as_ref()
    {
        return Ok(CommitOutcome::Conflict(card.clone()));
    }

    let (old_row, old_card) = old.unzip();
    if let Some(row) = old_row {
        tx.execute("DELETE FROM cards WHERE id = ?1", [row])?;
    }
    let card_row = match stored {
        Some(stored) => {
            tx.execute("UPDATE cards SET user = ?1 WHERE id = ?2", [user, stored.row])?;
            tx.execute("DELETE FROM users WHERE id = ?1", [stored.user_row])?;
            stored.row
        }
        // The provisional user was deleted meanwhile; card and person are as good as before.
        None => insert_card(tx, user, &binding.card)?,
    };
    insert_audit(tx, &binding.audit_record(old_card), Some(card_row), old_row)?;
    Ok(CommitOutcome::Done)
}

pub(crate) fn add_users(
    tx: &Transaction<'_>,
    users: &[UserToStore],
    capacity: Capacity,
    at: SystemTime,
) -> Result<AddOutcome> {
    let mut taken = Vec::new();
    for (position, user) in users.iter().enumerate() {
        if find_user(tx, &UserKey::Registered(user.id.clone()))?.is_some() {
            taken.push(position);
        }
    }
    if !taken.is_empty() {
        return Ok(AddOutcome::Taken(taken));
    }
    let more = u64::try_from(users.len()).unwrap_or(u64::MAX);
    let registered = count(tx, "SELECT count(*) FROM users WHERE kind = 'registered'")?;
    let records = count(tx, "SELECT count(*) FROM users")?;
    if registered.saturating_add(more) > u64::from(capacity.registered)
        || records.saturating_add(more) > u64::from(capacity.records)
    {
        return Ok(AddOutcome::Full);
    }
    for user in users {
        insert_user(
            tx,
            &NewRow {
                user_id: user.id.as_str(),
                kind: REGISTERED,
                name: &user.name,
                mail: user.mail.as_ref(),
                verifier: user.verifier.as_ref(),
                limits: Limits::ALLOW_ALL,
                at,
            },
        )?;
        let event = AuditEvent::UserAdded { user: user.id.clone() };
        append_audit(tx, &AuditRecord { at, station: None, event })?;
    }
    Ok(AddOutcome::Added)
}

pub(crate) fn list_users(tx: &Transaction<'_>) -> Result<Vec<ListedUser>> {
    let mut query = tx.prepare(
        "SELECT id, user_id, kind, name, mail, may_copy, may_fax, may_scan, may_print, role,
                created_at_ms, EXISTS (SELECT 1 FROM cards WHERE cards.user = users.id) AS has_card
         FROM users ORDER BY user_id, kind",
    )?;
    let mut rows = query.query([])?;
    let mut users = Vec::new();
    while let Some(row) = rows.next()? {
        users.push(listed_user(row)?);
    }
    Ok(users)
}

fn listed_user(row: &Row<'_>) -> Result<ListedUser> {
    let number: i64 = row.get("id")?;
    let damaged = || QueryError::Damaged("users", number);
    let user_id: String = row.get("user_id")?;
    let kind: String = row.get("kind")?;
    let key = match kind.as_str() {
        PROVISIONAL => CardNumber::from_text(&user_id).map(UserKey::Provisional),
        _ => UserId::new(&user_id).ok().map(UserKey::Registered),
    };
    let mail: Option<String> = row.get("mail")?;
    let mail = mail.map(|text| MailAddress::new(&text)).transpose();
    Ok(ListedUser {
        key: key.ok_or_else(damaged)?,
        name: UserName::new(&row.get::<_, String>("name")?).map_err(|_| damaged())?,
        mail: mail.map_err(|_| damaged())?,
        role: Role::from_word(&row.get::<_, String>("role")?).ok_or_else(damaged)?,
        limits: Limits {
            copy: row.get("may_copy")?,
            fax: row.get("may_fax")?,
            scan: row.get("may_scan")?,
            print: row.get("may_print")?,
        },
        has_card: row.get("has_card")?,
        created_at: from_millis(row.get("created_at_ms")?),
    })
}

pub(crate) fn delete_user(tx: &Transaction<'_>, key: &UserKey, at: SystemTime) -> Result<bool> {
    let Some(user) = find_user(tx, key)? else { return Ok(false) };
    let (card_row, card) = card_of(tx, user)?.unzip();
    let event = match (key, card) {
        (UserKey::Registered(id), card) => AuditEvent::UserDeleted { user: id.clone(), card },
        (UserKey::Provisional(_), Some(card)) => AuditEvent::ProvisionalDeleted { card },
        (UserKey::Provisional(_), None) => return Err(QueryError::Damaged("users", user)),
    };
    tx.execute("DELETE FROM users WHERE id = ?1", [user])?;
    insert_audit(tx, &AuditRecord { at, station: None, event }, card_row, None)?;
    Ok(true)
}

pub(crate) fn append_audit(tx: &Transaction<'_>, record: &AuditRecord) -> Result<()> {
    let card = match record.event.card() {
        Some(card) => find_card(tx, card)?.map(|stored| stored.row),
        None => None,
    };
    insert_audit(tx, record, card, None)
}

fn insert_audit(
    tx: &Transaction<'_>,
    record: &AuditRecord,
    card: Option<i64>,
    replaced: Option<i64>,
) -> Result<()> {
    tx.execute(
        "INSERT INTO audit (at_ms, station, event, user_id, card, replaced, code)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            millis(record.at),
            record.station.as_ref().map(|station| station.0.as_str()),
            record.event.word(),
            record.event.user().map(UserId::as_str),
            card,
            replaced,
            record.event.code().map(kazasu_registration::ErrorCode::as_str),
        ],
    )?;
    tx.execute("DELETE FROM audit WHERE id <= ?1", [tx.last_insert_rowid() - AUDIT_MAX])?;
    Ok(())
}

fn find_user(tx: &Transaction<'_>, key: &UserKey) -> Result<Option<i64>> {
    let kind = match key {
        UserKey::Registered(_) => REGISTERED,
        UserKey::Provisional(_) => PROVISIONAL,
    };
    let find = "SELECT id FROM users WHERE user_id = ?1 AND kind = ?2";
    Ok(tx.query_row(find, params![key.as_str(), kind], |row| row.get(0)).optional()?)
}

fn find_card(tx: &Transaction<'_>, card: &CardIdentity) -> Result<Option<StoredCard>> {
    let found = tx
        .query_row(
            "SELECT cards.id, users.id, users.kind
             FROM cards JOIN users ON users.id = cards.user
             WHERE technology = ?1 AND identifier = ?2 AND ifnull(system, -1) = ?3",
            params![
                card.technology().as_str(),
                card.id().as_bytes(),
                card.system().map_or(-1, |system| i64::from(system.0)),
            ],
            |row| {
                Ok(StoredCard {
                    row: row.get(0)?,
                    user_row: row.get(1)?,
                    user_is_provisional: row.get::<_, String>(2)? == PROVISIONAL,
                })
            },
        )
        .optional()?;
    Ok(found)
}

/// Whether another card has this number, or would have as a provisional user.
fn number_is_taken(tx: &Transaction<'_>, number: &CardNumber) -> Result<bool> {
    let taken = tx.query_row(
        "SELECT EXISTS (SELECT 1 FROM cards WHERE number = ?1)
             OR EXISTS (SELECT 1 FROM users WHERE user_id = ?1)",
        [number.as_str()],
        |row| row.get(0),
    )?;
    Ok(taken)
}

/// The card of a user, and its row.
fn card_of(tx: &Transaction<'_>, user: i64) -> Result<Option<(i64, CardIdentity)>> {
    let found: Option<(i64, String, Vec<u8>, Option<u16>)> = tx
        .query_row(
            "SELECT id, technology, identifier, system FROM cards WHERE user = ?1",
            [user],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .optional()?;
    let Some((row, technology, identifier, system)) = found else { return Ok(None) };
    let card = Technology::from_word(&technology)
        .and_then(|t| CardIdentity::new(t, &identifier, system.map(SystemCode)).ok())
        .ok_or(QueryError::Damaged("cards", row))?;
    Ok(Some((row, card)))
}

struct NewRow<'a> {
    user_id: &'a str,
    kind: &'a str,
    name: &'a UserName,
    mail: Option<&'a MailAddress>,
    verifier: Option<&'a Verifier>,
    limits: Limits,
    at: SystemTime,
}

fn insert_user(tx: &Transaction<'_>, user: &NewRow<'_>) -> Result<i64> {
    tx.execute(
        "INSERT INTO users (user_id, kind, name, mail, verifier, may_copy, may_fax, may_scan,
                            may_print, role, created_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            user.user_id,
            user.kind,
            user.name.as_str(),
            user.mail.map(MailAddress::as_str),
            user.verifier.map(Verifier::as_str),
            user.limits.copy,
            user.limits.fax,
            user.limits.scan,
            user.limits.print,
            Role::General.as_str(),
            millis(user.at),
        ],
    )?;
    Ok(tx.last_insert_rowid())
}

fn insert_card(tx: &Transaction<'_>, user: i64, card: &CardIdentity) -> Result<i64> {
    tx.execute(
        "INSERT INTO cards (user, technology, identifier, stability, system, number)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            user,
            card.technology().as_str(),
            card.id().as_bytes(),
            card.stability().as_str(),
            card.system().map(|system| system.0),
            CardNumber::of(card).as_str(),
        ],
    )?;
    Ok(tx.last_insert_rowid())
}

fn account(row: i64, id: &str, name: &str, card: Option<CardIdentity>) -> Result<Account> {
    let damaged = |_| QueryError::Damaged("users", row);
    Ok(Account {
        id: UserId::new(id).map_err(damaged)?,
        name: UserName::new(name).map_err(damaged)?,
        card,
    })
}

fn count(tx: &Transaction<'_>, query: &str) -> Result<u64> {
    let count: i64 = tx.query_row(query, [], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

fn millis(at: SystemTime) -> i64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn from_millis(at: i64) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(at).unwrap_or_default());
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}
