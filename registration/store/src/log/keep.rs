//! Which records are kept: the newest, and of one kind only so many.

use std::time::SystemTime;

use kazasu_registration::{
    AUDIT_FOLD, AUDIT_KEPT, AUDIT_KEPT_OF_KIND, AuditEvent, AuditRecord, Folded, Gap, Mark,
};

use super::{GapAt, Head, Log, end, entry, insert};

/// Makes room for one more record of this kind. Where the kind is full its oldest records give way,
/// and a record says so: the only one about this kind, since it takes over what the one before said.
pub(super) fn make_room<L: Log>(log: &mut L, kind: &str, at: SystemTime) -> Result<(), L::Error> {
    let over = log.count(Some(kind))?.saturating_add(1).saturating_sub(AUDIT_KEPT_OF_KIND);
    if over == 0 {
        return Ok(());
    }
    let gone = log.oldest(Some(kind), over.max(AUDIT_FOLD))?;
    let (Some((_, from)), Some((_, until))) = (gone.first(), gone.last()) else { return Ok(()) };
    let told = Folded::of(kind, gone.len() as u64, *from, *until);
    let mut gone: Vec<_> = gone.into_iter().map(|(mark, _)| mark).collect();
    let mut earlier = None;
    for (mark, folded) in told_before(log, kind)? {
        gone.push(mark);
        earlier = Some(folded);
    }
    gone.sort_unstable_by_key(|mark| mark.id);
    remove(log, &gone)?;
    let event = AuditEvent::Folded(told.after(earlier));
    let before = end(log)?;
    let record = AuditRecord { at, station: None, event };
    insert(log, before, &entry(before, &record, None, None))
}

/// The record that counts what gave way of this kind until now.
fn told_before<L: Log>(log: &mut L, kind: &str) -> Result<Vec<(Mark, Folded)>, L::Error> {
    let mut found = Vec::new();
    for (entry, link) in log.of_kind("audit-folded")? {
        if let Some(folded) = entry.details().as_ref().and_then(Folded::of_details)
            && folded.kind == kind
        {
            found.push((Mark { id: entry.id, link }, folded));
        }
    }
    Ok(found)
}

/// Trims the oldest records where there are too many in all.
pub(super) fn trim<L: Log>(log: &mut L) -> Result<(), L::Error> {
    let over = log.count(None)?.saturating_sub(AUDIT_KEPT);
    if over == 0 {
        return Ok(());
    }
    let Some((newest, _)) = log.oldest(None, over)?.pop() else { return Ok(()) };
    log.remove_to(newest.id)?;
    let last = match gap_at(log, GapAt::First(newest.id.saturating_add(1)))? {
        Some(gap) => {
            log.remove_gap(gap.first)?;
            gap.last
        }
        None => newest,
    };
    set_head(log, last)
}

/// Removes these records, in the order of their numbers, and keeps what the chain goes on from.
fn remove<L: Log>(log: &mut L, gone: &[Mark]) -> Result<(), L::Error> {
    let mut run: Option<(u64, Mark)> = None;
    for mark in gone {
        log.remove(mark.id)?;
        run = match run {
            Some((first, last)) if last.id.saturating_add(1) == mark.id => Some((first, *mark)),
            Some((first, last)) => {
                note(log, first, last)?;
                Some((mark.id, *mark))
            }
            None => Some((mark.id, *mark)),
        };
    }
    match run {
        Some((first, last)) => note(log, first, last),
        None => Ok(()),
    }
}

/// Notes records that are gone, as one with those that went beside them. What somebody else put
/// there is not taken over: it would get a seal.
fn note<L: Log>(log: &mut L, mut first: u64, mut last: Mark) -> Result<(), L::Error> {
    if let Some(gap) = gap_at(log, GapAt::First(last.id.saturating_add(1)))? {
        log.remove_gap(gap.first)?;
        last = gap.last;
    }
    if let Some(gap) = gap_at(log, GapAt::Last(first.saturating_sub(1)))? {
        log.remove_gap(gap.first)?;
        first = gap.first;
    }
    let seal = log.key().seal_gap(first, last);
    log.insert_gap(Gap { first, last, seal })
}

/// The gap there, where its seal is right.
fn gap_at<L: Log>(log: &mut L, at: GapAt) -> Result<Option<Gap>, L::Error> {
    let found = log.gap(at)?;
    Ok(found.filter(|gap| gap.is_sealed(log.key())))
}

/// Whether this was a record that gave way.
pub(super) fn gave_way<L: Log>(log: &mut L, noted: Mark) -> Result<bool, L::Error> {
    let found = gap_at(log, GapAt::Over(noted.id))?;
    Ok(found.is_some_and(|gap| gap.last.id != noted.id || gap.last == noted))
}

fn set_head<L: Log>(log: &mut L, mark: Mark) -> Result<(), L::Error> {
    let seal = Some(log.key().seal_gap(0, mark));
    let key_check = log.head()?.key_check;
    log.set_head(Head { mark, seal, key_check })
}

/// Seals what stands before the first record of a log that an older version trimmed: one that may
/// have been, by its numbers, and from which nothing gave way yet.
pub(super) fn seal_head<L: Log>(log: &mut L) -> Result<(), L::Error> {
    let head = log.head()?;
    let is_long = end(log)?.id.saturating_sub(head.mark.id) >= AUDIT_KEPT;
    if head.seal.is_none() && is_long && log.gap(GapAt::Anywhere)?.is_none() {
        set_head(log, head.mark)?;
    }
    Ok(())
}
