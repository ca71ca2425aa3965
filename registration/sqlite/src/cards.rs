//! Cards: whose they are, what they are called.

use kazasu_hal::{CardIdentity, SystemCode, Technology};
use kazasu_registration::{CardNumber, LookUp, UserId};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use crate::{
    cells::cell,
    error::QueryError,
    users::{self, PROVISIONAL},
};

/// A row of `cards` and what its user is.
pub(crate) struct StoredCard {
    pub(crate) row: i64,
    pub(crate) user_row: i64,
    pub(crate) user_is_provisional: bool,
}

/// Whose a card is, by its identity.
pub(crate) fn look_up(tx: &Transaction<'_>, card: &CardIdentity) -> Result<LookUp, QueryError> {
    let Some(stored) = find(tx, card)? else { return Ok(LookUp::Unknown) };
    if stored.user_is_provisional {
        return Ok(LookUp::Provisional);
    }
    let credentials = users::credentials_of(tx, stored.user_row)?;
    Ok(LookUp::Registered(credentials.account))
}

pub(crate) fn find(
    tx: &Transaction<'_>,
    card: &CardIdentity,
) -> Result<Option<StoredCard>, QueryError> {
    let mut query = tx.prepare_cached(
        "SELECT cards.id, users.id, users.kind
         FROM cards JOIN users ON users.id = cards.user
         WHERE technology = ?1 AND identifier = ?2 AND ifnull(system, -1) = ?3",
    )?;
    let found = query
        .query_row(
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

/// Whether another card has this number, or somebody has it as user ID (S10-4-02).
pub(crate) fn number_is_taken(
    tx: &Transaction<'_>,
    number: &CardNumber,
) -> Result<bool, QueryError> {
    let taken = tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM cards WHERE number = ?1)
                 OR EXISTS (SELECT 1 FROM users WHERE user_id = ?1)",
        )?
        .query_row([number.as_str()], |row| row.get(0))?;
    Ok(taken)
}

/// Whether an ID is the number of a known card. Numbers are hex in one case, digits, or exactly
/// what a site's rule makes of them.
pub(crate) fn is_number(tx: &Transaction<'_>, user: &UserId) -> Result<bool, QueryError> {
    let text = user.as_str();
    let known = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM cards WHERE number IN (?1, ?2, ?3))")?
        .query_row([text, &text.to_ascii_uppercase(), &text.to_ascii_lowercase()], |row| {
            row.get(0)
        })?;
    Ok(known)
}

/// A user's card.
pub(crate) struct UsersCard {
    pub(crate) row: i64,
    pub(crate) card: CardIdentity,
    pub(crate) number: CardNumber,
}

pub(crate) fn of_user(
    tx: &Transaction<'_>,
    user_row: i64,
) -> Result<Option<UsersCard>, QueryError> {
    let mut query = tx.prepare_cached(
        "SELECT id, technology, identifier, system, number FROM cards WHERE user = ?1",
    )?;
    let mut rows = query.query([user_row])?;
    rows.next()?.map(read).transpose()
}

/// Reads a row with the columns `id`, `technology`, `identifier`, `system`, `number`.
pub(crate) fn read(row: &Row<'_>) -> Result<UsersCard, QueryError> {
    let number: i64 = row.get("id")?;
    let damaged = |column| move || QueryError::Damaged("cards", number, column);
    let technology: String = cell(row, "cards", number, "technology")?;
    let identifier: Vec<u8> = cell(row, "cards", number, "identifier")?;
    let system: Option<u16> = cell(row, "cards", number, "system")?;
    let technology = Technology::from_word(&technology).ok_or_else(damaged("technology"))?;
    let card = CardIdentity::stored(technology, &identifier, system.map(SystemCode)).ok();
    let text: String = cell(row, "cards", number, "number")?;
    Ok(UsersCard {
        row: number,
        card: card.ok_or_else(damaged("identifier"))?,
        number: CardNumber::from_text(&text).ok_or_else(damaged("number"))?,
    })
}

pub(crate) fn insert(
    tx: &Transaction<'_>,
    user_row: i64,
    card: &CardIdentity,
    number: &CardNumber,
) -> Result<i64, QueryError> {
    tx.prepare_cached(
        "INSERT INTO cards (user, technology, identifier, stability, system, number)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        user_row,
        card.technology().as_str(),
        card.id().as_bytes(),
        card.stability().as_str(),
        card.system().map(|system| system.0),
        number.as_str(),
    ])?;
    Ok(tx.last_insert_rowid())
}

pub(crate) fn delete(tx: &Transaction<'_>, row: i64) -> Result<(), QueryError> {
    tx.prepare_cached("DELETE FROM cards WHERE id = ?1")?.execute([row])?;
    Ok(())
}
