//! New numbers for all cards, from the identities that are stored.

use kazasu_registration::{CardNumber, Site, UserId, UserKey};
use kazasu_store::{Collision, Collisions};
use rusqlite::{ErrorCode, Transaction, params};

use crate::{cards, cells::cell, error::QueryError, users::key_of};

type Result<T> = std::result::Result<T, QueryError>;

/// How many cards are read before they are written.
const CHUNK: usize = 10_000;

/// What became of it.
pub(crate) enum Renumbered {
    /// So many cards have another number now.
    Done { changed: u64 },
    /// Numbers are missing or not unique. What was written has to be taken back.
    Not(Collisions),
}

/// Gives every card the number this site has for it, and every provisional user the same as ID.
pub(crate) fn all(tx: &Transaction<'_>, site: &Site) -> Result<Renumbered> {
    let mut found = Found::default();
    // Numbers may meet on the way, and an index is made faster than changed a million times.
    tx.execute_batch(
        "DROP INDEX card_number;
         CREATE TEMP TABLE changed (card INTEGER PRIMARY KEY) STRICT;",
    )?;
    write_numbers(tx, site, &mut found)?;
    index(tx, &mut found)?;
    find_user_ids(tx, &mut found)?;
    let changed: i64 = tx.query_row("SELECT count(*) FROM changed", [], |row| row.get(0))?;
    tx.execute_batch("DROP TABLE changed")?;
    if found.count > 0 {
        return Ok(Renumbered::Not(found.collisions()));
    }
    // IDs of provisional users are unique among themselves as the numbers are: away with all the
    // old ones first, so that none is met on the way.
    tx.execute_batch(
        "UPDATE users SET user_id = '(' || id WHERE kind = 'provisional';
         UPDATE users SET user_id = cards.number FROM cards
             WHERE cards.user = users.id AND kind = 'provisional';",
    )?;
    Ok(Renumbered::Done { changed: u64::try_from(changed).unwrap_or_default() })
}

fn write_numbers(tx: &Transaction<'_>, site: &Site, found: &mut Found) -> Result<()> {
    let mut page = tx.prepare(
        "SELECT id, technology, identifier, system, number FROM cards
         WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let mut write = tx.prepare("UPDATE cards SET number = ?1 WHERE id = ?2")?;
    let mut note = tx.prepare("INSERT INTO changed (card) VALUES (?1)")?;
    let mut last = i64::MIN;
    loop {
        let mut chunk = Vec::new();
        let mut rows = page.query(params![last, i64::try_from(CHUNK).unwrap_or(i64::MAX)])?;
        while let Some(row) = rows.next()? {
            chunk.push(cards::read(row)?);
        }
        let Some(newest) = chunk.last() else { return Ok(()) };
        last = newest.row;
        for card in chunk {
            match site.number(&card.card) {
                Ok(number) if number == card.number => {}
                Ok(number) => {
                    write.execute(params![number.as_str(), card.row])?;
                    note.execute([card.row])?;
                }
                Err(_) => found.add(|| {
                    Ok(Collision { number: None, users: owners(tx, "cards.id = ?1", card.row)? })
                })?,
            }
        }
    }
}

/// Makes the index anew; where numbers are not unique, one that only helps to find them.
fn index(tx: &Transaction<'_>, found: &mut Found) -> Result<()> {
    match tx.execute_batch("CREATE UNIQUE INDEX card_number ON cards (number)") {
        Err(rusqlite::Error::SqliteFailure(failure, _))
            if failure.code == ErrorCode::ConstraintViolation =>
        {
            tx.execute_batch("CREATE INDEX card_number ON cards (number)")?;
            find_doubles(tx, found)
        }
        made => Ok(made?),
    }
}

/// Cards with the same number.
fn find_doubles(tx: &Transaction<'_>, found: &mut Found) -> Result<()> {
    let mut query = tx.prepare("SELECT number FROM cards GROUP BY number HAVING count(*) > 1")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let text: String = row.get(0)?;
        found.add(|| {
            let users = owners(tx, "cards.number = ?1", &text)?;
            Ok(Collision { number: CardNumber::from_text(&text), users })
        })?;
    }
    Ok(())
}

/// Cards whose new number somebody has as user ID (S10-4-02). A number that stays was no
/// hindrance so far and is none now.
fn find_user_ids(tx: &Transaction<'_>, found: &mut Found) -> Result<()> {
    let mut query = tx.prepare(
        "SELECT number FROM changed JOIN cards ON cards.id = changed.card
         WHERE EXISTS (SELECT 1 FROM users
                       WHERE replace(lower(user_id), ' ', '') = lower(number)
                         AND kind = 'registered')
         ORDER BY number",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let text: String = row.get(0)?;
        found.add(|| {
            let mut users = owners(tx, "cards.number = ?1", &text)?;
            users.extend(UserId::stored(&text).ok().map(UserKey::Registered));
            Ok(Collision { number: CardNumber::from_text(&text), users })
        })?;
    }
    Ok(())
}

/// Whose the cards are that a condition picks; the first few of very many.
fn owners(
    tx: &Transaction<'_>,
    condition: &'static str,
    value: impl rusqlite::ToSql,
) -> Result<Vec<UserKey>> {
    let mut query = tx.prepare_cached(&format!(
        "SELECT users.id, user_id, kind FROM cards JOIN users ON users.id = cards.user
         WHERE {condition} ORDER BY user_id, kind LIMIT 10"
    ))?;
    let mut rows = query.query([value])?;
    let mut users = Vec::new();
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        let text = |column| cell::<String>(row, "users", number, column);
        let key = key_of(&text("kind")?, &text("user_id")?);
        users.push(key.ok_or(QueryError::Damaged("users", number, "user_id"))?);
    }
    Ok(users)
}

/// What is in the way so far: the first ones, and how many.
#[derive(Default)]
struct Found {
    listed: Vec<Collision>,
    count: u64,
}

impl Found {
    fn add(&mut self, collision: impl FnOnce() -> Result<Collision>) -> Result<()> {
        self.count += 1;
        if self.listed.len() < Collisions::LISTED {
            self.listed.push(collision()?);
        }
        Ok(())
    }

    fn collisions(self) -> Collisions {
        let listed = u64::try_from(self.listed.len()).unwrap_or_default();
        Collisions { more: self.count.saturating_sub(listed), listed: self.listed }
    }
}
