//! The audit log in memory, by the rules of every store.

use std::time::SystemTime;

use kazasu_registration::{
    AuditEntry, AuditEvent, AuditKey, AuditRecord, Broken, Chain, Gap, Link, Mark, Noted, Whole,
};
use kazasu_store::{
    StoreError, StoreErrorKind,
    log::{GapAt, Head, Log},
};
use zeroize::Zeroizing;

#[derive(Clone)]
pub(super) struct AuditLog {
    key: AuditKey,
    head: Head,
    pub(super) entries: Vec<(AuditEntry, Link)>,
    gaps: Vec<Gap>,
    /// What a file beside a database would say.
    pub(super) noted: Mark,
    /// No record is taken.
    pub(super) refuses: bool,
}

impl AuditLog {
    pub(super) fn new() -> Self {
        let key = AuditKey::new(Zeroizing::new([7; AuditKey::LEN]));
        let mark = key.start(0);
        let head = Head { mark, seal: None, key_check: key.check() };
        Self { key, head, entries: Vec::new(), gaps: Vec::new(), noted: mark, refuses: false }
    }

    pub(super) fn verified(&self) -> Result<Whole, Vec<Broken>> {
        self.key.verify(&Chain {
            head: self.head.mark,
            head_seal: self.head.seal,
            gaps: self.gaps.clone(),
            entries: self.entries.clone(),
            key_check: self.head.key_check,
            noted: Noted::End(self.noted),
        })
    }

    /// Records of many kinds.
    pub(super) fn fill(&mut self, count: u64) {
        for n in 1..=count {
            let event = AuditEvent::LogBegun;
            let record = AuditRecord { at: SystemTime::UNIX_EPOCH, station: None, event };
            let entry = AuditEntry::new(n, &record, None, None);
            let entry = AuditEntry { event: format!("kind{}", n / 2500), ..entry };
            let link = self.key.link(&self.end().link, &entry);
            self.entries.push((entry, link));
        }
        self.noted = self.end();
    }

    pub(super) fn end(&self) -> Mark {
        self.entries.last().map_or(self.head.mark, mark)
    }
}

fn mark((entry, link): &(AuditEntry, Link)) -> Mark {
    Mark { id: entry.id, link: *link }
}

type Result<T, E = StoreError> = std::result::Result<T, E>;

impl Log for AuditLog {
    type Error = StoreError;

    fn key(&self) -> &AuditKey {
        &self.key
    }

    fn head(&mut self) -> Result<Head> {
        Ok(self.head)
    }

    fn set_head(&mut self, head: Head) -> Result<()> {
        self.head = head;
        Ok(())
    }

    fn last(&mut self) -> Result<Option<Mark>> {
        Ok(self.entries.last().map(mark))
    }

    fn ends_in_words(&mut self) -> Result<bool> {
        Ok(self.entries.last().is_some_and(|(entry, _)| entry.fields.is_none()))
    }

    fn link_of(&mut self, id: u64) -> Result<Option<Link>> {
        Ok(self.entries.iter().find(|(entry, _)| entry.id == id).map(|(_, link)| *link))
    }

    fn count(&mut self, kind: Option<&str>) -> Result<u64> {
        let is = |(entry, _): &&(AuditEntry, Link)| kind.is_none_or(|kind| entry.event == kind);
        Ok(self.entries.iter().filter(is).count() as u64)
    }

    fn oldest(&mut self, kind: Option<&str>, count: u64) -> Result<Vec<(Mark, SystemTime)>> {
        let is = |(entry, _): &&(AuditEntry, Link)| kind.is_none_or(|kind| entry.event == kind);
        let count = usize::try_from(count).unwrap();
        let oldest = self.entries.iter().filter(is).take(count);
        Ok(oldest.map(|pair| (mark(pair), pair.0.at)).collect())
    }

    fn of_kind(&mut self, kind: &str) -> Result<Vec<(AuditEntry, Link)>> {
        Ok(self.entries.iter().filter(|(entry, _)| entry.event == kind).cloned().collect())
    }

    fn insert(&mut self, entry: &AuditEntry, link: Link) -> Result<()> {
        if self.refuses {
            return Err(StoreError::new(StoreErrorKind::Unaudited, "no record is taken"));
        }
        self.entries.push((entry.clone(), link));
        Ok(())
    }

    fn remove(&mut self, id: u64) -> Result<()> {
        self.entries.retain(|(entry, _)| entry.id != id);
        Ok(())
    }

    fn remove_to(&mut self, id: u64) -> Result<()> {
        self.entries.retain(|(entry, _)| entry.id > id);
        self.gaps.retain(|gap| gap.last.id > id);
        Ok(())
    }

    fn gap(&mut self, at: GapAt) -> Result<Option<Gap>> {
        let is = |gap: &&Gap| match at {
            GapAt::First(id) => gap.first == id,
            GapAt::Last(id) => gap.last.id == id,
            GapAt::Over(id) => (gap.first..=gap.last.id).contains(&id),
            GapAt::Anywhere => true,
        };
        Ok(self.gaps.iter().find(is).copied())
    }

    fn insert_gap(&mut self, gap: Gap) -> Result<()> {
        self.gaps.push(gap);
        self.gaps.sort_unstable_by_key(|gap| gap.first);
        Ok(())
    }

    fn remove_gap(&mut self, first: u64) -> Result<()> {
        self.gaps.retain(|gap| gap.first != first);
        Ok(())
    }
}
