//! The records that gave way: links of what is gone, sealed, and the record that counts them.

use std::time::SystemTime;

use super::{AuditKey, Link, Mark, export::utc};

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

    /// The same in words, from which [`Self::from_text`] reads it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { kind, count, from, until } = self;
        format!("{kind}: {count} from {from} to {until}")
    }

    /// Reads the detail of such a record; `None` for what is none.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(": ")?;
        let (count, rest) = rest.split_once(" from ")?;
        let (from, until) = rest.split_once(" to ")?;
        let [kind, from, until] = [kind, from, until].map(str::to_owned);
        Some(Self { kind, count: count.parse().ok()?, from, until })
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

    #[test]
    fn what_is_written_is_read() {
        let new = Folded {
            kind: "sign-in-failed".to_owned(),
            count: 100,
            from: "2026-01-02T03:04:05Z".to_owned(),
            until: "2026-01-03T03:04:05Z".to_owned(),
        };
        assert_eq!(Folded::from_text(&new.to_text()).as_ref(), Some(&new));
        let old = Folded { count: 40, from: "2025-01-02T03:04:05Z".to_owned(), ..new.clone() };
        let both = new.clone().after(Some(old.clone()));
        assert_eq!((both.count, &both.from, &both.until), (140, &old.from, &new.until));
        let other = Folded { kind: "locked".to_owned(), ..old };
        assert_eq!(new.clone().after(Some(other)), new);
        for text in ["", "a", "a: b from c to d", "a: 1 from c", "a: 1 to c"] {
            assert_eq!(Folded::from_text(text), None, "{text}");
        }
    }
}
