//! Which records are kept: the newest, and of one kind only so many.

use std::time::SystemTime;

use kazasu_registration::{
    AUDIT_FOLD, AUDIT_KEPT, AUDIT_KEPT_OF_KIND, AuditEvent, AuditRecord, Folded, Gap, Link, Mark,
};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::{Result, end, entry, head, id_at, link_at, linked_insert, mark, number};
use crate::millis::from_millis;

/// Makes room for one more record of this kind. Where the kind is full its oldest records give way,
/// and a record says so: the only one about this kind, since it takes over what the one before said.
pub(super) fn make_room(tx: &Transaction<'_>, kind: &str, at: SystemTime) -> Result<()> {
    let kept = tx
        .prepare_cached("SELECT kept FROM audit_kinds WHERE event = ?1")?
        .query_row([kind], |row| row.get::<_, i64>(0))
        .optional()?
        .unwrap_or_default();
    let over = kept.saturating_add(1).saturating_sub(number(AUDIT_KEPT_OF_KIND));
    if over <= 0 {
        return Ok(());
    }
    let count = over.max(number(AUDIT_FOLD));
    let oldest = "SELECT id, link, at_ms FROM audit WHERE event = ?1 ORDER BY id LIMIT ?2";
    let gone = tx
        .prepare_cached(oldest)?
        .query_map(params![kind, count], |row| Ok((mark(row)?, row.get::<_, i64>(2)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let (Some((_, from)), Some((_, until))) = (gone.first(), gone.last()) else { return Ok(()) };
    let told = Folded::of(kind, gone.len() as u64, from_millis(*from), from_millis(*until));
    let mut gone: Vec<_> = gone.into_iter().map(|(mark, _)| mark).collect();
    let mut earlier = None;
    for (mark, folded) in told_before(tx, kind)? {
        gone.push(mark);
        earlier = Some(folded);
    }
    gone.sort_unstable_by_key(|mark| mark.id);
    remove(tx, &gone)?;
    let event = AuditEvent::Folded(told.after(earlier));
    let before = end(tx)?;
    let record = AuditRecord { at, station: None, event };
    linked_insert(tx, &before.link, &entry(before, &record, None, None))
}

/// The record that counts what gave way of this kind until now.
fn told_before(tx: &Transaction<'_>, kind: &str) -> Result<Vec<(Mark, Folded)>> {
    let find = "SELECT id, link, detail FROM audit WHERE event = 'audit-folded' ORDER BY id";
    let read = |row: &Row<'_>| Ok((mark(row)?, row.get::<_, Option<String>>(2)?));
    let mut query = tx.prepare_cached(find)?;
    let mut found = Vec::new();
    for row in query.query_map([], read)? {
        let (mark, detail) = row?;
        if let Some(folded) = detail.as_deref().and_then(Folded::from_text)
            && folded.kind == kind
        {
            found.push((mark, folded));
        }
    }
    Ok(found)
}

/// Trims the oldest records where there are too many in all.
pub(super) fn trim(tx: &Transaction<'_>) -> Result<()> {
    let kept: i64 = tx
        .prepare_cached("SELECT ifnull(sum(kept), 0) FROM audit_kinds")?
        .query_row([], |row| row.get(0))?;
    let over = kept.saturating_sub(number(AUDIT_KEPT));
    if over <= 0 {
        return Ok(());
    }
    let newest = tx
        .prepare_cached("SELECT id, link FROM audit ORDER BY id LIMIT 1 OFFSET ?1")?
        .query_row([over.saturating_sub(1)], mark)
        .optional()?;
    let Some(newest) = newest else { return Ok(()) };
    tx.prepare_cached("DELETE FROM audit WHERE id <= ?1")?.execute([number(newest.id)])?;
    tx.prepare_cached("DELETE FROM audit_gaps WHERE last <= ?1")?.execute([number(newest.id)])?;
    let after = gap_at(tx, "first", newest.id.saturating_add(1))?;
    let last = match after {
        Some(gap) => {
            drop_gap(tx, &gap)?;
            gap.last
        }
        None => newest,
    };
    set_head(tx, last)
}

/// Removes these records, in the order of their numbers, and keeps what the chain goes on from.
fn remove(tx: &Transaction<'_>, gone: &[Mark]) -> Result<()> {
    let mut run: Option<(u64, Mark)> = None;
    for mark in gone {
        tx.prepare_cached("DELETE FROM audit WHERE id = ?1")?.execute([number(mark.id)])?;
        run = match run {
            Some((first, last)) if last.id.saturating_add(1) == mark.id => Some((first, *mark)),
            Some((first, last)) => {
                note(tx, first, last)?;
                Some((mark.id, *mark))
            }
            None => Some((mark.id, *mark)),
        };
    }
    match run {
        Some((first, last)) => note(tx, first, last),
        None => Ok(()),
    }
}

/// Notes records that are gone, as one with those that went beside them. What somebody else put
/// there is not taken over: it would get a seal.
fn note(tx: &Transaction<'_>, mut first: u64, mut last: Mark) -> Result<()> {
    if let Some(gap) = gap_at(tx, "first", last.id.saturating_add(1))? {
        drop_gap(tx, &gap)?;
        last = gap.last;
    }
    if let Some(gap) = gap_at(tx, "last", first.saturating_sub(1))? {
        drop_gap(tx, &gap)?;
        first = gap.first;
    }
    let seal = seal(tx, first, last)?;
    tx.prepare_cached("INSERT INTO audit_gaps (first, last, link, seal) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![number(first), number(last.id), last.link.as_bytes(), seal.as_bytes()])?;
    Ok(())
}

fn drop_gap(tx: &Transaction<'_>, gap: &Gap) -> Result<()> {
    tx.prepare_cached("DELETE FROM audit_gaps WHERE first = ?1")?.execute([number(gap.first)])?;
    Ok(())
}

/// The gap that begins or ends here (`column`: `first`, `last`), where its seal is right.
fn gap_at(tx: &Transaction<'_>, column: &'static str, id: u64) -> Result<Option<Gap>> {
    let find = format!("SELECT last, link, first, seal FROM audit_gaps WHERE {column} = ?1");
    let found = tx.prepare_cached(&find)?.query_row([number(id)], gap).optional()?;
    let Some(gap) = found else { return Ok(None) };
    Ok((seal(tx, gap.first, gap.last)? == gap.seal).then_some(gap))
}

pub(super) fn gap(row: &Row<'_>) -> rusqlite::Result<Gap> {
    Ok(Gap { first: id_at(row, 2)?, last: mark(row)?, seal: link_at(row, 3)? })
}

/// Whether this was a record that gave way.
pub(super) fn gave_way(tx: &Transaction<'_>, noted: Mark) -> Result<bool> {
    let find = "SELECT last, link, first, seal FROM audit_gaps
                WHERE first <= ?1 AND last >= ?1 ORDER BY first DESC LIMIT 1";
    let found = tx.prepare_cached(find)?.query_row([number(noted.id)], gap).optional()?;
    let Some(gap) = found else { return Ok(false) };
    let is_it = gap.last.id != noted.id || gap.last == noted;
    Ok(is_it && seal(tx, gap.first, gap.last)? == gap.seal)
}

fn seal(tx: &Transaction<'_>, first: u64, last: Mark) -> Result<Link> {
    Ok(tx
        .prepare_cached("SELECT audit_seal(?1, ?2, ?3)")?
        .query_row(params![number(first), number(last.id), last.link.as_bytes()], |row| {
            link_at(row, 0)
        })?)
}

/// The seal of what stands before the first record.
pub(super) fn head_seal(tx: &Transaction<'_>) -> Result<Option<Link>> {
    let read = |row: &Row<'_>| Ok(row.get::<_, Option<[u8; Link::LEN]>>(0)?.map(Link::from_bytes));
    Ok(tx.prepare_cached("SELECT seal FROM audit_chain")?.query_row([], read)?)
}

fn set_head(tx: &Transaction<'_>, head: Mark) -> Result<()> {
    let seal = seal(tx, 0, head)?;
    tx.prepare_cached("UPDATE audit_chain SET head = ?1, link = ?2, seal = ?3")?
        .execute(params![number(head.id), head.link.as_bytes(), seal.as_bytes()])?;
    Ok(())
}

/// Seals what stands before the first record of a log that an older version trimmed: one that may
/// have been, by its numbers, and from which nothing gave way yet.
pub(super) fn seal_head(tx: &Transaction<'_>) -> Result<()> {
    let gaps: i64 = tx.query_row("SELECT count(*) FROM audit_gaps", [], |row| row.get(0))?;
    let head = head(tx)?;
    let is_long = end(tx)?.id.saturating_sub(head.id) >= AUDIT_KEPT;
    if gaps == 0 && is_long && head_seal(tx)?.is_none() {
        set_head(tx, head)?;
    }
    Ok(())
}
