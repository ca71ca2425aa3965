//! The records that gave way: links of what is gone, sealed, and the record that counts them.

use std::time::SystemTime;

use super::{AuditKey, Details, Link, Mark, export::utc};

/// How many records of one kind are kept, of [`AUDIT_KEPT`](super::AUDIT_KEPT) in all, so that a
/// flood of one kind pushes nothing else out (spec 40 section 4).
pub const AUDIT_KEPT_OF_KIND: u64 = 3000;
/// How many records of a full kind give way at once: each time costs a record.
pub const AUDIT_FOLD: u64 = 100;

/// Records in a row that gave way. The chain goes on from the last of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The number of the first one.
    pub first: u64,
    /// The last one.
    pub last: Mark,
    /// Proves that they gave way, and were not removed by somebody without the key.
    pub seal: Link,
}

/// What the record of folded records says: all that are gone of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    /// The word of their kind.
    pub kind: String,
    /// How many.
    pub count: u64,
    /// The time of the oldest one, as the log writes times.
    pub from: String,
    /// The time of the newest one.
    pub until: String,
}

impl Gap {
    /// Whether it was made by who has this key.
    #[must_use]
    pub fn is_sealed(&self, key: &AuditKey) -> bool {
        key.seal_gap(self.first, self.last) == self.seal
    }

    /// How many records are gone.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.last.id.saturating_sub(self.first).saturating_add(1)
    }
}

impl Folded {
    /// Of records that go now.
    #[must_use]
    pub fn of(kind: &str, count: u64, from: SystemTime, until: SystemTime) -> Self {
        Self { kind: kind.to_owned(), count, from: utc(from), until: utc(until) }
    }

    /// What such a record says; `None` for what is none.
    #[must_use]
    pub fn of_details(details: &Details) -> Option<Self> {
        let text = |name| details.text(name).map(str::to_owned);
        let count = details.count("count")?;
        Some(Self { kind: text("kind")?, count, from: text("since")?, until: text("until")? })
    }

    /// All of one kind that are gone, after more of them went.
    #[must_use]
    pub fn after(self, earlier: Option<Self>) -> Self {
        match earlier {
            Some(earlier) if earlier.kind == self.kind => {
                Self { count: earlier.count.saturating_add(self.count), from: earlier.from, ..self }
            }
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AuditEvent;

    #[test]
    fn what_is_written_is_read() {
        let new = Folded {
            kind: "sign-in-failed".to_owned(),
            count: 100,
            from: "2026-01-02T03:04:05Z".to_owned(),
            until: "2026-01-03T03:04:05Z".to_owned(),
        };
        let details = |folded: &Folded| AuditEvent::Folded(folded.clone()).details();
        assert_eq!(Folded::of_details(&details(&new)).as_ref(), Some(&new));
        let old = Folded { count: 40, from: "2025-01-02T03:04:05Z".to_owned(), ..new.clone() };
        let both = new.clone().after(Some(old.clone()));
        assert_eq!((both.count, &both.from, &both.until), (140, &old.from, &new.until));
        let other = Folded { kind: "locked".to_owned(), ..old };
        assert_eq!(new.clone().after(Some(other)), new);
        for json in ["{}", r#"{"kind":"a","count":1,"since":"c"}"#, r#"{"kind":"a","count":"1"}"#] {
            assert_eq!(Folded::of_details(&Details::from_json(json).unwrap()), None, "{json}");
        }
    }
}
