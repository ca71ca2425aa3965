//! The rows of the audit log.

use std::time::SystemTime;

use kazasu_registration::{AuditEntry, AuditKey, Chain, Gap, Link, Mark, Noted};
use kazasu_store::{
    from_millis,
    log::{GapAt, Head, Log},
    to_millis,
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::Result;
use crate::{cells::lossy, error::QueryError, tx::Tx};

impl Log for &Tx<'_> {
    type Error = QueryError;

    fn key(&self) -> &AuditKey {
        Tx::key(self)
    }

    fn head(&mut self) -> Result<Head> {
        head(self)
    }

    fn set_head(&mut self, head: Head) -> Result<()> {
        self.prepare_cached(
            "UPDATE audit_chain SET head = ?1, link = ?2, seal = ?3, key_check = ?4",
        )?
        .execute(params![
            number(head.mark.id),
            head.mark.link.as_bytes(),
            head.seal.as_ref().map(Link::as_bytes),
            head.key_check.as_bytes(),
        ])?;
        Ok(())
    }

    fn last(&mut self) -> Result<Option<Mark>> {
        last(self)
    }

    fn ends_in_words(&mut self) -> Result<bool> {
        let find = "SELECT fields IS NULL FROM audit ORDER BY id DESC LIMIT 1";
        let found = self.prepare_cached(find)?.query_row([], |row| row.get(0)).optional()?;
        Ok(found.unwrap_or_default())
    }

    fn link_of(&mut self, id: u64) -> Result<Option<Link>> {
        let find = "SELECT link FROM audit WHERE id = ?1";
        let mut query = self.prepare_cached(find)?;
        Ok(query.query_row([number(id)], |row| link_at(row, 0)).optional()?)
    }

    fn count(&mut self, kind: Option<&str>) -> Result<u64> {
        let sum = "SELECT ifnull(sum(kept), 0) FROM audit_kinds WHERE ?1 IS NULL OR event = ?1";
        let kept: i64 = self.prepare_cached(sum)?.query_row([kind], |row| row.get(0))?;
        Ok(u64::try_from(kept).unwrap_or_default())
    }

    fn oldest(&mut self, kind: Option<&str>, count: u64) -> Result<Vec<(Mark, SystemTime)>> {
        // Two statements: the one of a kind goes by an index.
        let find = match kind {
            Some(_) => "SELECT id, link, at_ms FROM audit WHERE event = ?1 ORDER BY id LIMIT ?2",
            None => "SELECT id, link, at_ms FROM audit WHERE ?1 IS NULL ORDER BY id LIMIT ?2",
        };
        let read = |row: &Row<'_>| Ok((mark(row)?, from_millis(row.get(2)?)));
        let mut query = self.prepare_cached(find)?;
        let found = query.query_map(params![kind, number(count)], read)?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    fn of_kind(&mut self, kind: &str) -> Result<Vec<(AuditEntry, Link)>> {
        let select = format!("SELECT {COLUMNS} FROM audit WHERE event = ?1 ORDER BY id");
        let mut query = self.prepare_cached(&select)?;
        let found = query.query_map([kind], |row| Ok((stored(row)?, link_at(row, 10)?)))?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    fn insert(&mut self, entry: &AuditEntry, link: Link) -> Result<()> {
        self.prepare_cached(
            "INSERT INTO audit
                 (id, at_ms, station, event, user_id, card, replaced, code, detail, fields, link)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            number(entry.id),
            to_millis(entry.at),
            entry.station,
            entry.event,
            entry.user,
            entry.card,
            entry.replaced,
            entry.code,
            entry.detail,
            entry.fields,
            link.as_bytes(),
        ])?;
        Ok(())
    }

    fn remove(&mut self, id: u64) -> Result<()> {
        self.prepare_cached("DELETE FROM audit WHERE id = ?1")?.execute([number(id)])?;
        Ok(())
    }

    fn remove_to(&mut self, id: u64) -> Result<()> {
        self.prepare_cached("DELETE FROM audit WHERE id <= ?1")?.execute([number(id)])?;
        self.prepare_cached("DELETE FROM audit_gaps WHERE last <= ?1")?.execute([number(id)])?;
        Ok(())
    }

    fn gap(&mut self, at: GapAt) -> Result<Option<Gap>> {
        let (condition, id) = match at {
            GapAt::First(id) => ("first = ?1", id),
            GapAt::Last(id) => ("last = ?1", id),
            GapAt::Over(id) => ("first <= ?1 AND last >= ?1 ORDER BY first DESC", id),
            GapAt::Anywhere => ("first >= ?1", 0),
        };
        let find =
            format!("SELECT last, link, first, seal FROM audit_gaps WHERE {condition} LIMIT 1");
        Ok(self.prepare_cached(&find)?.query_row([number(id)], gap).optional()?)
    }

    fn insert_gap(&mut self, gap: Gap) -> Result<()> {
        let Gap { first, last, seal } = gap;
        self.prepare_cached(
            "INSERT INTO audit_gaps (first, last, link, seal) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            number(first),
            number(last.id),
            last.link.as_bytes(),
            seal.as_bytes()
        ])?;
        Ok(())
    }

    fn remove_gap(&mut self, first: u64) -> Result<()> {
        self.prepare_cached("DELETE FROM audit_gaps WHERE first = ?1")?.execute([number(first)])?;
        Ok(())
    }
}

pub(super) fn last(db: &Connection) -> Result<Option<Mark>> {
    let find = "SELECT id, link FROM audit ORDER BY id DESC LIMIT 1";
    Ok(db.prepare_cached(find)?.query_row([], mark).optional()?)
}

pub(super) fn head(db: &Connection) -> Result<Head> {
    let read = |row: &Row<'_>| {
        // A seal that is none proves nothing.
        let seal: Option<[u8; Link::LEN]> = row.get(2).unwrap_or_default();
        let seal = seal.map(Link::from_bytes);
        Ok(Head { mark: mark(row)?, seal, key_check: link_at(row, 3)? })
    };
    let find = "SELECT head, link, seal, key_check FROM audit_chain";
    Ok(db.prepare_cached(find)?.query_row([], read)?)
}

fn gap(row: &Row<'_>) -> rusqlite::Result<Gap> {
    Ok(Gap { first: id_at(row, 2)?, last: mark(row)?, seal: link_at(row, 3)? })
}

pub(super) fn mark(row: &Row<'_>) -> rusqlite::Result<Mark> {
    Ok(Mark { id: id_at(row, 0)?, link: link_at(row, 1)? })
}

pub(super) fn id_at(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    let id: i64 = row.get(at)?;
    u64::try_from(id).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(at, id))
}

pub(super) fn link_at(row: &Row<'_>, at: usize) -> rusqlite::Result<Link> {
    row.get(at).map(Link::from_bytes)
}

pub(super) fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

const COLUMNS: &str =
    "id, at_ms, station, event, user_id, card, replaced, code, detail, fields, link";

/// Text as far as it is text: a damaged record is listed with the others, and the chain tells that it
/// is not what was written.
fn stored(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        id: id_at(row, 0)?,
        at: from_millis(row.get(1)?),
        station: lossy(row, 2)?,
        event: lossy(row, 3)?.unwrap_or_default(),
        user: lossy(row, 4)?,
        card: row.get(5)?,
        replaced: row.get(6)?,
        code: lossy(row, 7)?,
        detail: lossy(row, 8)?,
        fields: lossy(row, 9)?,
    })
}

/// The newest record, of one kind or of all.
pub(crate) fn newest(tx: &Transaction<'_>, kind: Option<&str>) -> Result<Option<AuditEntry>> {
    // Two statements: the one of a kind goes by an index.
    let of_kind = if kind.is_some() { "event = ?1" } else { "?1 IS NULL" };
    let select = format!("SELECT {COLUMNS} FROM audit WHERE {of_kind} ORDER BY id DESC LIMIT 1");
    Ok(tx.prepare_cached(&select)?.query_row([kind], stored).optional()?)
}

/// The records with a higher number than `after`.
pub(crate) fn entries(tx: &Transaction<'_>, after: u64) -> Result<Vec<AuditEntry>> {
    let select = format!("SELECT {COLUMNS} FROM audit WHERE id > ?1 ORDER BY id");
    let mut query = tx.prepare_cached(&select)?;
    let rows = query.query_map([number(after)], stored)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Reads all of the log, but for what is noted beside it. A link that is no link is one that fits
/// nothing.
pub(crate) fn chain(tx: &Transaction<'_>) -> Result<Chain> {
    let select = format!("SELECT {COLUMNS} FROM audit ORDER BY id");
    let mut query = tx.prepare(&select)?;
    let broken = Link::from_bytes([0; Link::LEN]);
    let pair = |row: &Row<'_>| Ok((stored(row)?, link_at(row, 10).unwrap_or(broken)));
    let entries = query.query_map([], pair)?.collect::<rusqlite::Result<_>>()?;
    let mut query = tx.prepare("SELECT last, link, first, seal FROM audit_gaps ORDER BY first")?;
    // One that cannot be read is none: what it was to stand for is missing.
    let gaps = query.query_map([], gap)?.filter_map(std::result::Result::ok).collect();
    let Head { mark, seal, key_check } = head(tx)?;
    Ok(Chain { head: mark, head_seal: seal, gaps, entries, key_check, noted: Noted::Missing })
}
