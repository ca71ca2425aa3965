//! The audit log of any store: records chained by a keyed hash, of which so many are kept.
//!
//! The functions here decide; a [`Log`] reads and writes what they say. All of one change go into
//! the transaction of that change.

mod keep;

use std::time::SystemTime;

use kazasu_registration::{AuditEntry, AuditEvent, AuditKey, AuditRecord, Gap, Link, Mark, Noted};

use crate::millis::{from_millis, to_millis};

/// What a store does with the records of its audit log, inside a transaction.
pub trait Log {
    /// Why it could not be done.
    type Error;

    /// The key that the log is chained with.
    fn key(&self) -> &AuditKey;

    /// What stands before the first record.
    ///
    /// # Errors
    /// It cannot be read, or there is none: the log was not begun.
    fn head(&mut self) -> Result<Head, Self::Error>;

    /// Replaces it.
    ///
    /// # Errors
    /// It cannot be written.
    fn set_head(&mut self, head: Head) -> Result<(), Self::Error>;

    /// The newest record.
    ///
    /// # Errors
    /// It cannot be read.
    fn last(&mut self) -> Result<Option<Mark>, Self::Error>;

    /// Whether the newest record is from before records had fields.
    ///
    /// # Errors
    /// It cannot be read.
    fn ends_in_words(&mut self) -> Result<bool, Self::Error>;

    /// The link of the record with this number.
    ///
    /// # Errors
    /// It cannot be read.
    fn link_of(&mut self, id: u64) -> Result<Option<Link>, Self::Error>;

    /// How many records there are, of one kind or in all.
    ///
    /// # Errors
    /// They cannot be counted.
    fn count(&mut self, kind: Option<&str>) -> Result<u64, Self::Error>;

    /// So many of the oldest records, of one kind or of all, and when they were made.
    ///
    /// # Errors
    /// They cannot be read.
    fn oldest(
        &mut self,
        kind: Option<&str>,
        count: u64,
    ) -> Result<Vec<(Mark, SystemTime)>, Self::Error>;

    /// The records of a kind, oldest first.
    ///
    /// # Errors
    /// They cannot be read.
    fn of_kind(&mut self, kind: &str) -> Result<Vec<(AuditEntry, Link)>, Self::Error>;

    /// Adds a record, whose number is the next one.
    ///
    /// # Errors
    /// It cannot be written.
    fn insert(&mut self, entry: &AuditEntry, link: Link) -> Result<(), Self::Error>;

    /// Removes a record.
    ///
    /// # Errors
    /// It cannot be removed.
    fn remove(&mut self, id: u64) -> Result<(), Self::Error>;

    /// Removes the records up to this one, and the gaps among them.
    ///
    /// # Errors
    /// They cannot be removed.
    fn remove_to(&mut self, id: u64) -> Result<(), Self::Error>;

    /// The gap at some place, whoever put it there.
    ///
    /// # Errors
    /// It cannot be read.
    fn gap(&mut self, at: GapAt) -> Result<Option<Gap>, Self::Error>;

    /// Adds a gap.
    ///
    /// # Errors
    /// It cannot be written.
    fn insert_gap(&mut self, gap: Gap) -> Result<(), Self::Error>;

    /// Removes the gap that begins here.
    ///
    /// # Errors
    /// It cannot be removed.
    fn remove_gap(&mut self, first: u64) -> Result<(), Self::Error>;
}

/// Where a log begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The newest record that was trimmed, or the start.
    pub mark: Mark,
    /// [`AuditKey::seal_gap`] of what it stands for; `None` where nothing was trimmed.
    pub seal: Option<Link>,
    /// [`AuditKey::check`] of the key that the log was last written with.
    pub key_check: Link,
}

/// Which gap is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapAt {
    /// The one that begins with this record.
    First(u64),
    /// The one that ends with this record.
    Last(u64),
    /// The one that stands for this record among others.
    Over(u64),
    /// Any.
    Anywhere,
}

/// Writes a record about these of the store's numbers of cards.
///
/// # Errors
/// What the store says; the change that the record is of has to be taken back.
pub fn append<L: Log>(
    log: &mut L,
    record: &AuditRecord,
    card: Option<i64>,
    replaced: Option<i64>,
) -> Result<(), L::Error> {
    keep::make_room(log, record.event.word(), record.at)?;
    let before = end(log)?;
    insert(log, before, &entry(before, record, card, replaced))?;
    keep::trim(log)
}

/// The end of the log: its last record, or what stands before the first.
///
/// # Errors
/// What the store says.
pub fn end<L: Log>(log: &mut L) -> Result<Mark, L::Error> {
    match log.last()? {
        Some(last) => Ok(last),
        None => Ok(log.head()?.mark),
    }
}

/// Goes on with a log that was closed, or was begun just now (`is_new`). Where the key is another,
/// or the end is not the one that was noted beside it, the log says so itself from now on; and
/// where its records had no fields until now, that they do.
///
/// # Errors
/// What the store says.
pub fn go_on<L: Log>(
    log: &mut L,
    is_new: bool,
    noted: Noted,
    at: SystemTime,
) -> Result<Mark, L::Error> {
    let head = log.head()?;
    let check = log.key().check();
    let same_key = head.key_check == check;
    if !same_key {
        let before = end(log)?;
        let before = log.key().start(before.id);
        log.set_head(Head { key_check: check, ..head })?;
        let record = AuditRecord { at, station: None, event: AuditEvent::LogKeyReplaced };
        insert(log, before, &entry(before, &record, None, None))?;
        keep::trim(log)?;
    } else if !is_new {
        keep::seal_head(log)?;
    }
    if log.ends_in_words()? {
        let event = AuditEvent::LogFormChanged;
        append(log, &AuditRecord { at, station: None, event }, None, None)?;
    }
    if let Some(noted) = lost(log, is_new, same_key, noted) {
        end_lost(log, noted, at)?;
    }
    end(log)
}

/// The end of a log in which `noted` should be; where it is not, a record says so.
///
/// # Errors
/// What the store says.
pub fn still_there<L: Log>(log: &mut L, noted: Mark, at: SystemTime) -> Result<Mark, L::Error> {
    let trimmed = log.head()?.mark.id > noted.id;
    if !trimmed && !holds(log, noted) {
        end_lost(log, noted.id, at)?;
    }
    end(log)
}

/// The record that was noted as the last one and is not in the log; 0 where it is not known which.
/// A log that went on behind its note has lost nothing: power failed between the two.
fn lost<L: Log>(log: &mut L, is_new: bool, same_key: bool, noted: Noted) -> Option<u64> {
    match noted {
        Noted::End(noted) if holds(log, noted) => None,
        Noted::End(noted) => Some(noted.id),
        // The log of a new device has none yet; one sealed by another key tells nothing, and the
        // log says already that the key is another.
        Noted::Missing => (!is_new).then_some(0),
        Noted::Unreadable => same_key.then_some(0),
    }
}

fn end_lost<L: Log>(log: &mut L, noted: u64, at: SystemTime) -> Result<(), L::Error> {
    let event = AuditEvent::LogEndLost { noted };
    append(log, &AuditRecord { at, station: None, event }, None, None)
}

/// Whether this record is there, or gave way to others. One that cannot be read is not there.
fn holds<L: Log>(log: &mut L, noted: Mark) -> bool {
    let mut find = || {
        let head = log.head()?.mark;
        let there = match log.link_of(noted.id)? {
            None if head.id == noted.id => Some(head.link),
            there => there,
        };
        Ok::<_, L::Error>(there == Some(noted.link) || keep::gave_way(log, noted)?)
    };
    find().unwrap_or_default()
}

fn insert<L: Log>(log: &mut L, before: Mark, entry: &AuditEntry) -> Result<(), L::Error> {
    let link = log.key().link(&before.link, entry);
    log.insert(entry, link)
}

/// The record after `before`, as it is stored.
fn entry(
    before: Mark,
    record: &AuditRecord,
    card: Option<i64>,
    replaced: Option<i64>,
) -> AuditEntry {
    let entry = AuditEntry::new(before.id.saturating_add(1), record, card, replaced);
    AuditEntry { at: from_millis(to_millis(record.at)), ..entry }
}
