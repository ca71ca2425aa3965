//! User records.

use std::time::SystemTime;

use kazasu_registration::{
    Account, AuditEvent, AuditRecord, Capacity, CardNumber, Limits, ListedUser, MailAddress,
    OwnChange, OwnOutcome, Role, Source, UserId, UserKey, UserName,
};
use kazasu_store::{
    AddOutcome, CheckedVerifier, Credentials, RenameOutcome, StoredUser, UserChange, UserToStore,
    Verifier, from_millis, to_millis,
};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use crate::{
    audit, cards,
    cells::{cell, lossy},
    error::QueryError,
    tx::Tx,
};

type Result<T> = std::result::Result<T, QueryError>;

pub(crate) const REGISTERED: &str = "registered";
pub(crate) const PROVISIONAL: &str = "provisional";

/// A row of `users`.
pub(crate) struct Found {
    pub(crate) row: i64,
    pub(crate) source: Source,
}

pub(crate) fn find(tx: &Transaction<'_>, key: &UserKey) -> Result<Option<Found>> {
    let mut query =
        tx.prepare_cached("SELECT id, source FROM users WHERE user_id = ?1 AND kind = ?2")?;
    let found: Option<(i64, String)> = query
        .query_row(params![key.as_str(), kind(key)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((row, source)) = found else { return Ok(None) };
    let source = Source::from_word(&source).ok_or(QueryError::Damaged("users", row, "source"))?;
    Ok(Some(Found { row, source }))
}

/// The record of whoever an ID means: the one that is spelled so, or else the only one whose ID is
/// the same name. Two IDs of older versions may be; each is then found by its own spelling.
pub(crate) fn find_named(tx: &Transaction<'_>, user: &UserId) -> Result<Option<Found>> {
    match find(tx, &UserKey::Registered(user.clone()))? {
        Some(found) => Ok(Some(found)),
        None => match <[UserId; 1]>::try_from(namesakes(tx, user)?) {
            Ok([only]) => find(tx, &UserKey::Registered(only)),
            Err(_) => Ok(None),
        },
    }
}

/// The registered IDs that are the same name as this one, however they are spelled, oldest first.
pub(crate) fn namesakes(tx: &Transaction<'_>, user: &UserId) -> Result<Vec<UserId>> {
    // The index leaves out every blank, a name does not: few are left to be compared.
    let mut query = tx.prepare_cached(
        "SELECT user_id FROM users
         WHERE replace(lower(user_id), ' ', '') = ?1 AND kind = 'registered' ORDER BY id",
    )?;
    let key = user.key();
    let bare = key.as_str().replace(' ', "");
    let found = query.query_map([bare], |row| row.get::<_, String>(0))?;
    let found = found.collect::<rusqlite::Result<Vec<_>>>()?;
    let found = found.iter().filter_map(|text| UserId::stored(text).ok());
    Ok(found.filter(|id| id.key() == key).collect())
}

fn kind(key: &UserKey) -> &'static str {
    match key {
        UserKey::Registered(_) => REGISTERED,
        UserKey::Provisional(_) => PROVISIONAL,
    }
}

/// Whether so many more records, of one kind or in all, stay within a limit.
pub(crate) fn has_room(
    tx: &Transaction<'_>,
    kind: Option<&str>,
    more: u64,
    limit: u32,
) -> Result<bool> {
    let fits = |there: i64| {
        u64::try_from(there).unwrap_or_default().saturating_add(more) <= u64::from(limit)
    };
    // No more rows than the highest row number: most of the time nothing has to be counted.
    let most = "SELECT ifnull(max(id), 0) FROM users";
    if fits(tx.prepare_cached(most)?.query_row([], |row| row.get(0))?) {
        return Ok(true);
    }
    let count = "SELECT count(*) FROM users WHERE ?1 IS NULL OR kind = ?1";
    Ok(fits(tx.prepare_cached(count)?.query_row([kind], |row| row.get(0))?))
}

pub(crate) fn credentials(tx: &Transaction<'_>, user: &UserId) -> Result<Option<Credentials>> {
    match find_named(tx, user)? {
        Some(found) => Ok(Some(credentials_of(tx, found.row)?)),
        None => Ok(None),
    }
}

/// The columns that [`read`] wants.
macro_rules! records {
    ($rest:literal) => {
        concat!(
            "SELECT users.id, user_id, kind, name, mail, verifier, may_copy, may_fax, may_scan,
                    may_print, role, source, created_at_ms, cards.number
             FROM users LEFT JOIN cards ON cards.user = users.id ",
            $rest
        )
    };
}

/// A registered user's record.
pub(crate) fn credentials_of(tx: &Transaction<'_>, row: i64) -> Result<Credentials> {
    let mut query = tx.prepare_cached(records!("WHERE users.id = ?1"))?;
    let (user, verifier) = query.query_row([row], |row| Ok(read(row)))??;
    let UserKey::Registered(id) = user.listed.key else {
        return Err(QueryError::Damaged("users", row, "kind"));
    };
    let account = Account {
        id,
        name: user.listed.name,
        mail: user.listed.mail,
        card: user.card,
        source: user.source,
        role: user.listed.role,
        limits: user.listed.limits,
        has_password: user.has_password,
    };
    Ok(Credentials { account, verifier })
}

fn read(row: &Row<'_>) -> Result<(StoredUser, Option<Verifier>)> {
    let number: i64 = row.get("id")?;
    let damaged = |column| move || QueryError::Damaged("users", number, column);
    let text = |column| cell::<String>(row, "users", number, column);
    let may = |column| cell::<bool>(row, "users", number, column);
    let mail: Option<String> = cell(row, "users", number, "mail")?;
    let mail = mail.map(|text| MailAddress::new(&text)).transpose();
    let card: Option<String> = cell(row, "users", number, "number")?;
    let card = card.map(|text| CardNumber::from_text(&text).ok_or_else(damaged("number")));
    let card = card.transpose()?;
    let verifier: Option<String> = cell(row, "users", number, "verifier")?;
    let listed = ListedUser {
        key: key_of(&text("kind")?, &text("user_id")?).ok_or_else(damaged("user_id"))?,
        name: UserName::new(&text("name")?).ok().ok_or_else(damaged("name"))?,
        mail: mail.ok().ok_or_else(damaged("mail"))?,
        role: Role::from_word(&text("role")?).ok_or_else(damaged("role"))?,
        limits: Limits {
            copy: may("may_copy")?,
            fax: may("may_fax")?,
            scan: may("may_scan")?,
            print: may("may_print")?,
        },
        has_card: card.is_some(),
        created_at: from_millis(cell(row, "users", number, "created_at_ms")?),
    };
    let source = Source::from_word(&text("source")?).ok_or_else(damaged("source"))?;
    let user = StoredUser { listed, source, card, has_password: verifier.is_some() };
    Ok((user, verifier.map(Verifier::from_stored)))
}

/// Who is meant by what stands in `kind` and `user_id`.
pub(crate) fn key_of(kind: &str, user_id: &str) -> Option<UserKey> {
    match kind {
        PROVISIONAL => CardNumber::from_text(user_id).map(UserKey::Provisional),
        _ => UserId::stored(user_id).ok().map(UserKey::Registered),
    }
}

/// Every record, those that cannot be read apart from the others.
pub(crate) fn list_all(tx: &Transaction<'_>) -> Result<Vec<(i64, Result<StoredUser>)>> {
    let mut query = tx.prepare_cached(records!("ORDER BY user_id, kind"))?;
    let mut rows = query.query([])?;
    let mut users = Vec::new();
    while let Some(row) = rows.next()? {
        users.push((row.get("id")?, read(row).map(|(user, _)| user)));
    }
    Ok(users)
}

pub(crate) fn find_user(tx: &Transaction<'_>, key: &UserKey) -> Result<Option<StoredUser>> {
    let found = match key {
        UserKey::Registered(user) => find_named(tx, user)?,
        UserKey::Provisional(_) => find(tx, key)?,
    };
    let Some(found) = found else { return Ok(None) };
    let mut query = tx.prepare_cached(records!("WHERE users.id = ?1"))?;
    let mut rows = query.query([found.row])?;
    match rows.next()? {
        Some(row) => Ok(Some(read(row)?.0)),
        None => Ok(None),
    }
}

pub(crate) fn add_users(
    tx: &Tx<'_>,
    users: &[UserToStore],
    capacity: Capacity,
    at: SystemTime,
) -> Result<AddOutcome> {
    let (mut taken, mut cards) = (Vec::new(), Vec::new());
    for (position, user) in users.iter().enumerate() {
        if !namesakes(tx, &user.id)?.is_empty() {
            taken.push(position);
        } else if cards::is_number(tx, &user.id)? {
            cards.push(position);
        }
    }
    if !taken.is_empty() {
        return Ok(AddOutcome::Taken(taken));
    }
    if !cards.is_empty() {
        return Ok(AddOutcome::CardNumbers(cards));
    }
    let more = u64::try_from(users.len()).unwrap_or(u64::MAX);
    if !has_room(tx, Some(REGISTERED), more, capacity.registered)?
        || !has_room(tx, None, more, capacity.records)?
    {
        return Ok(AddOutcome::Full);
    }
    for user in users {
        insert(
            tx,
            &NewRow {
                user_id: user.id.as_str(),
                kind: REGISTERED,
                name: &user.name,
                mail: user.mail.as_ref(),
                verifier: user.verifier.as_ref(),
                role: user.role,
                limits: user.limits,
                source: Source::Device,
                at,
            },
        )?;
        log(tx, at, AuditEvent::UserAdded { user: user.id.clone() }, None)?;
    }
    Ok(AddOutcome::Added)
}

pub(crate) struct NewRow<'a> {
    pub(crate) user_id: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) name: &'a UserName,
    pub(crate) mail: Option<&'a MailAddress>,
    pub(crate) verifier: Option<&'a Verifier>,
    pub(crate) role: Role,
    pub(crate) limits: Limits,
    pub(crate) source: Source,
    pub(crate) at: SystemTime,
}

pub(crate) fn insert(tx: &Transaction<'_>, user: &NewRow<'_>) -> Result<i64> {
    tx.prepare_cached(
        "INSERT INTO users (user_id, kind, name, mail, verifier, may_copy, may_fax, may_scan,
                            may_print, role, source, created_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        user.user_id,
        user.kind,
        user.name.as_str(),
        user.mail.map(MailAddress::as_str),
        user.verifier.map(Verifier::as_str),
        user.limits.copy,
        user.limits.fax,
        user.limits.scan,
        user.limits.print,
        user.role.as_str(),
        user.source.as_str(),
        to_millis(user.at),
    ])?;
    Ok(tx.last_insert_rowid())
}

/// What of a record changes; `None` stays.
struct Fields<'a> {
    name: Option<&'a UserName>,
    mail: Option<Option<&'a MailAddress>>,
    verifier: Option<Option<&'a Verifier>>,
}

fn update(tx: &Transaction<'_>, row: i64, fields: &Fields<'_>) -> Result<()> {
    if let Some(name) = fields.name {
        tx.execute("UPDATE users SET name = ?1 WHERE id = ?2", params![name.as_str(), row])?;
    }
    if let Some(mail) = fields.mail {
        let mail = mail.map(MailAddress::as_str);
        tx.execute("UPDATE users SET mail = ?1 WHERE id = ?2", params![mail, row])?;
    }
    if let Some(verifier) = fields.verifier {
        let verifier = verifier.map(Verifier::as_str);
        tx.execute("UPDATE users SET verifier = ?1 WHERE id = ?2", params![verifier, row])?;
    }
    Ok(())
}

pub(crate) fn save_own(
    tx: &Tx<'_>,
    change: &OwnChange,
    password: Option<&CheckedVerifier>,
) -> Result<OwnOutcome> {
    let Some(user) = find(tx, &UserKey::Registered(change.user.clone()))? else {
        return Ok(OwnOutcome::UserGone);
    };
    if let Some(password) = password
        && credentials_of(tx, user.row)?.verifier != password.checked
    {
        return Ok(OwnOutcome::WrongPassword);
    }
    let fields = Fields {
        name: change.name.as_ref(),
        mail: change.mail.as_ref().map(Option::as_ref),
        verifier: password.and_then(|password| password.new.as_ref().map(Some)),
    };
    update(tx, user.row, &fields)?;
    let card = if change.unlink_card { cards::of_user(tx, user.row)? } else { None };
    if let Some(card) = &card {
        cards::delete(tx, card.row)?;
    }
    let (row, card) = card.map(|card| (card.row, card.card)).unzip();
    audit::insert(tx, &change.audit_record(card), row, None)?;
    Ok(OwnOutcome::Saved(credentials_of(tx, user.row)?.account))
}

pub(crate) fn edit_user(tx: &Tx<'_>, change: &UserChange) -> Result<bool> {
    let user = || change.user.clone();
    let Some(Found { row, .. }) = find(tx, &UserKey::Registered(user()))? else {
        return Ok(false);
    };
    let fields = Fields {
        name: change.name.as_ref(),
        mail: change.mail.as_ref().map(Option::as_ref),
        verifier: change.verifier.as_ref().map(Option::as_ref),
    };
    if fields.name.is_some() || fields.mail.is_some() || fields.verifier.is_some() {
        update(tx, row, &fields)?;
        log(tx, change.at, AuditEvent::UserEdited { user: user() }, None)?;
    }
    if let Some(role) = change.role {
        tx.execute("UPDATE users SET role = ?1 WHERE id = ?2", params![role.as_str(), row])?;
        log(tx, change.at, AuditEvent::RoleChanged { user: user(), role }, None)?;
    }
    if let Some(limits) = change.limits {
        tx.execute(
            "UPDATE users SET may_copy = ?1, may_fax = ?2, may_scan = ?3, may_print = ?4
             WHERE id = ?5",
            params![limits.copy, limits.fax, limits.scan, limits.print, row],
        )?;
        log(tx, change.at, AuditEvent::LimitsChanged { user: user(), limits }, None)?;
    }
    if change.unlink_card
        && let Some(card) = cards::of_user(tx, row)?
    {
        cards::delete(tx, card.row)?;
        let event = AuditEvent::CardUnlinked { user: user(), card: card.card };
        log(tx, change.at, event, Some(card.row))?;
    }
    Ok(true)
}

pub(crate) fn rename(
    tx: &Tx<'_>,
    user: &UserId,
    to: &UserId,
    at: SystemTime,
) -> Result<RenameOutcome> {
    let Some(found) = find(tx, &UserKey::Registered(user.clone()))? else {
        return Ok(RenameOutcome::NoSuchUser);
    };
    if namesakes(tx, to)?.iter().any(|other| other != user) {
        return Ok(RenameOutcome::Taken);
    }
    if cards::is_number(tx, to)? {
        return Ok(RenameOutcome::CardNumber);
    }
    tx.execute("UPDATE users SET user_id = ?1 WHERE id = ?2", params![to.as_str(), found.row])?;
    log(tx, at, AuditEvent::UserRenamed { user: to.clone(), was: user.clone() }, None)?;
    Ok(RenameOutcome::Renamed)
}

pub(crate) fn delete_user(tx: &Tx<'_>, key: &UserKey, at: SystemTime) -> Result<bool> {
    let Some(user) = find(tx, key)? else { return Ok(false) };
    let card = match cards::of_user(tx, user.row) {
        // Deleting is how a damaged record is mended (303).
        Err(QueryError::Damaged(..)) if matches!(key, UserKey::Registered(_)) => None,
        found => found?,
    };
    let (card_row, card) = card.map(|card| (card.row, card.card)).unzip();
    let event = match (key, card) {
        (UserKey::Registered(id), card) => AuditEvent::UserDeleted { user: id.clone(), card },
        (UserKey::Provisional(_), Some(card)) => AuditEvent::ProvisionalDeleted { card },
        (UserKey::Provisional(_), None) => {
            return Err(QueryError::Damaged("users", user.row, "number"));
        }
    };
    tx.prepare_cached("DELETE FROM users WHERE id = ?1")?.execute([user.row])?;
    log(tx, at, event, card_row)?;
    Ok(true)
}

pub(crate) fn delete_provisional(
    tx: &Tx<'_>,
    before: Option<SystemTime>,
    at: SystemTime,
) -> Result<u64> {
    let keys: Vec<String> = tx
        .prepare(
            "SELECT user_id FROM users
             WHERE kind = 'provisional' AND (?1 IS NULL OR created_at_ms < ?1)",
        )?
        .query_map([before.map(to_millis)], |row| Ok(lossy(row, 0)?.unwrap_or_default()))?
        .collect::<rusqlite::Result<_>>()?;
    let mut count = 0;
    for text in keys {
        // One that is damaged is named by the list, and keeps no other.
        let Some(number) = CardNumber::from_text(&text) else { continue };
        match delete_user(tx, &UserKey::Provisional(number), at) {
            Err(QueryError::Damaged(..)) => {}
            deleted => count += u64::from(deleted?),
        }
    }
    Ok(count)
}

/// Deletes everybody but those who were given a role, and says how many.
pub(crate) fn delete_general(tx: &Tx<'_>, at: SystemTime) -> Result<u64> {
    let general = Role::General.as_str();
    let deleted = tx.execute("DELETE FROM users WHERE role = ?1", [general])?;
    let count = u64::try_from(deleted).unwrap_or(u64::MAX);
    if count > 0 {
        log(tx, at, AuditEvent::UsersDeleted { count }, None)?;
    }
    Ok(count)
}

/// Writes what happened at no station.
pub(crate) fn log(tx: &Tx<'_>, at: SystemTime, event: AuditEvent, card: Option<i64>) -> Result<()> {
    audit::insert(tx, &AuditRecord { at, station: None, event }, card, None)
}
