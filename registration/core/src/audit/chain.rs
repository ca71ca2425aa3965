use std::{collections::BTreeMap, fmt};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{AuditEntry, Gap};

/// How many audit records are kept; the oldest go first (spec 40 section 4).
/// Of one kind, [`AUDIT_KEPT_OF_KIND`](super::AUDIT_KEPT_OF_KIND).
pub const AUDIT_KEPT: u64 = 15_000;

/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

/// The secret that the audit log is chained with. Who has it can write a log of their own, so it
/// is kept apart from the log. Wiped when dropped; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct AuditKey(Zeroizing<[u8; Self::LEN]>);

/// What ties a record to all those before it: an HMAC-SHA-256.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Link([u8; Link::LEN]);

/// A place in the chain: a record and its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The record's number, counting from the first one there ever was.
    pub id: u64,
    /// Its link.
    pub link: Link,
}

/// The log with all that its chain is checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// What stands before the first record: the newest one that was trimmed, or the start.
    pub head: Mark,
    /// [`AuditKey::seal_gap`] of what `head` stands for; `None` where nothing was trimmed.
    pub head_seal: Option<Link>,
    /// Records that gave way since, since there were too many of their kind.
    pub gaps: Vec<Gap>,
    /// The records and their links, oldest first.
    pub entries: Vec<(AuditEntry, Link)>,
    /// [`AuditKey::check`] of the key that the log was last written with.
    pub key_check: Link,
    /// The end of the log as it is noted outside of it.
    pub noted: Noted,
}

/// What the file beside the log says of its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// This is the end.
    End(Mark),
    /// There is no file.
    Missing,
    /// It is damaged, or was not written with this key.
    Unreadable,
}

/// A chain without a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole {
    /// How many records there are.
    pub records: u64,
    /// How many gave way to others of their kind; records of the log say which.
    pub folded: u64,
    /// The last one, or what stands before the first.
    pub end: Mark,
}

/// What is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The key is another one.
    #[error(
        "the key file is not the one the log was written with: nothing in it can be checked; put \
         back the copy of the key"
    )]
    OtherKey,
    /// The key was replaced while the log went on.
    #[error(
        "the key file was replaced before record {0}: that record and the later ones are whole, \
         the earlier ones cannot be checked"
    )]
    KeyReplaced(u64),
    /// Records are missing before the first one.
    #[error("records before {0} were removed, though there was room for them")]
    Beginning(u64),
    /// Records are missing between two.
    #[error("records {0} to {1} were removed")]
    Removed(u64, u64),
    /// A record is not what it was, or the one before it is not.
    #[error("record {0} was changed, or put there by somebody else")]
    Changed(u64),
    /// A record has the form of another part of the log: words where records have fields, or fields
    /// before they had any.
    #[error("record {0} is written in a form that the log did not have there")]
    OtherForm(u64),
    /// Records are missing at the end.
    #[error("the log ends at record {end}, and once ended at record {noted}: the end was cut off")]
    Cut {
        /// The last one that is there.
        end: u64,
        /// The last one that was there.
        noted: u64,
    },
    /// The record that was last is another now.
    #[error("the log was replaced: its record {0} is not the one that was noted")]
    Replaced(u64),
    /// The log itself says that its end was lost once.
    #[error("record {0} says so: when the log was opened there, its end was not the one noted")]
    EndLost(u64),
    /// No file beside the log.
    #[error("the file with the log's end is missing: whether the end was cut off cannot be told")]
    NoteMissing,
    /// A damaged one.
    #[error(
        "the file with the log's end is damaged or forged: whether the end was cut off cannot be \
         told"
    )]
    NoteUnreadable,
}

impl Link {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// Takes a link back from a store.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// For the store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({self})")
    }
}

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditKey(..)")
    }
}

impl AuditKey {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// Takes the secret bytes.
    #[must_use]
    pub fn new(secret: Zeroizing<[u8; Self::LEN]>) -> Self {
        Self(secret)
    }

    /// Tells whether two keys are the same, and nothing about the key.
    #[must_use]
    pub fn check(&self) -> Link {
        self.mac(b'k', &[])
    }

    /// What stands before the first record there ever was.
    #[must_use]
    pub fn start(&self, id: u64) -> Mark {
        Mark { id, link: self.mac(b's', &[&id.to_be_bytes()]) }
    }

    /// Proves that an end of the log was noted by who has the key.
    #[must_use]
    pub fn seal(&self, end: Mark) -> Link {
        self.mac(b'e', &[&end.id.to_be_bytes(), &end.link.0])
    }

    /// Proves that records gave way: the trimmed ones, from number 0, or a [`Gap`].
    #[must_use]
    pub fn seal_gap(&self, first: u64, last: Mark) -> Link {
        self.mac(b'g', &[&first.to_be_bytes(), &last.id.to_be_bytes(), &last.link.0])
    }

    /// The link of a record that follows another.
    #[must_use]
    pub fn link(&self, before: &Link, entry: &AuditEntry) -> Link {
        self.code(&entry.message(before))
    }

    /// The code of an [`AuditEntry::message`].
    #[must_use]
    pub fn code(&self, message: &[u8]) -> Link {
        self.mac(b'r', &[message])
    }

    /// `what` keeps the kinds of messages apart.
    fn mac(&self, what: u8, parts: &[&[u8]]) -> Link {
        // HMAC fills a short key up to a block with zeros; done here, it cannot be refused.
        let mut block = Zeroizing::new([0; BLOCK]);
        block.iter_mut().zip(self.0.iter()).for_each(|(to, from)| *to = *from);
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
        mac.update(&[what]);
        parts.iter().for_each(|part| mac.update(part));
        Link(mac.finalize().into_bytes().into())
    }

    /// Checks a whole log.
    ///
    /// What it cannot find: that log, key and note were all put back together to an earlier state.
    /// Only somebody else's copy of the records shows that.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the log.
    pub fn verify(&self, log: &Chain) -> Result<Whole, Vec<Broken>> {
        let mut broken = Vec::new();
        let mut before = log.head;
        let follows = |before: &Mark, (entry, link): &(AuditEntry, Link)| {
            self.link(&before.link, entry) == *link
        };
        let first = log.entries.first();
        let mut rest = log.entries.as_slice();
        if log.key_check != self.check() {
            return Err(vec![Broken::OtherKey]);
        }
        let end =
            log.entries.last().map_or(log.head, |(entry, link)| Mark { id: entry.id, link: *link });
        let sealed = log.gaps.iter().filter(|gap| gap.is_sealed(self));
        let gaps: BTreeMap<u64, &Gap> = sealed.map(|gap| (gap.first, gap)).collect();
        let begins = first.map_or(before, |(entry, _)| behind_gaps(&gaps, before, entry.id).0);
        if first.is_some_and(|first| !follows(&begins, first)) {
            let replaced = rest.iter().rposition(|(entry, _)| entry.event == KEY_REPLACED);
            if let Some((at, (entry, link))) = replaced.and_then(|at| Some((at, rest.get(at)?))) {
                broken.push(Broken::KeyReplaced(entry.id));
                before = Mark { id: entry.id, link: *link };
                if self.link(&self.start(entry.id.saturating_sub(1)).link, entry) != *link {
                    broken.push(Broken::Changed(entry.id));
                }
                rest = rest.get(at.saturating_add(1)..).unwrap_or_default();
            }
        } else if log.head != self.start(log.head.id)
            && (end.id.saturating_sub(log.head.id) < AUDIT_KEPT
                || log.head_seal != Some(self.seal_gap(0, log.head)))
        {
            broken.push(Broken::Beginning(log.head.id.saturating_add(1)));
        }
        let mut folded = 0_u64;
        let mut form = Form::default();
        for pair in rest {
            let (entry, link) = pair;
            let (behind, gone) = behind_gaps(&gaps, before, entry.id);
            before = behind;
            folded = folded.saturating_add(gone);
            let next = before.id.saturating_add(1);
            if entry.id > next {
                broken.push(Broken::Removed(next, entry.id.saturating_sub(1)));
            } else if !follows(&before, pair) {
                broken.push(Broken::Changed(entry.id));
            } else if !form.takes(entry) {
                broken.push(Broken::OtherForm(entry.id));
            }
            if entry.event == END_LOST {
                broken.push(Broken::EndLost(entry.id));
            }
            before = Mark { id: entry.id, link: *link };
        }
        broken.extend(self.end(log, end));
        if broken.is_empty() {
            Ok(Whole { records: log.entries.len() as u64, folded, end })
        } else {
            Err(broken)
        }
    }

    /// What is wrong with the end.
    fn end(&self, log: &Chain, end: Mark) -> Option<Broken> {
        let noted = match log.noted {
            Noted::Missing => return Some(Broken::NoteMissing),
            Noted::Unreadable => return Some(Broken::NoteUnreadable),
            Noted::End(noted) => noted,
        };
        if noted.id > end.id {
            return Some(Broken::Cut { end: end.id, noted: noted.id });
        }
        // The note is sealed: what it names was there, and gave way meanwhile.
        let gave_way = |gap: &Gap| {
            (gap.first..gap.last.id).contains(&noted.id) && gap.is_sealed(self)
                || gap.last == noted && gap.is_sealed(self)
        };
        if log.gaps.iter().any(gave_way) {
            return None;
        }
        let there = log.entries.iter().find(|(entry, _)| entry.id == noted.id);
        let link = there.map_or(log.head.link, |(_, link)| *link);
        // A log that goes on behind the note is no fault: power failed between the two.
        (link != noted.link).then_some(Broken::Replaced(noted.id))
    }
}

/// Which form records have where the log is read: words, or fields from a record on that says so.
/// Only a record that fits the chain tells: what somebody changed makes no form.
#[derive(Default)]
struct Form {
    has_fields: Option<bool>,
}

impl Form {
    /// Whether a record may follow here. Those behind one that may not are of its form.
    fn takes(&mut self, entry: &AuditEntry) -> bool {
        let has_fields = entry.fields.is_some();
        let before = self.has_fields.replace(has_fields).unwrap_or(has_fields);
        before == has_fields || has_fields && entry.event == FORM_CHANGED
    }
}

/// Where the chain goes on before record `next`: behind the gaps after `before`; and how many
/// records these stand for.
fn behind_gaps(gaps: &BTreeMap<u64, &Gap>, mut before: Mark, next: u64) -> (Mark, u64) {
    let mut gone = 0_u64;
    while let Some(gap) = gaps.get(&before.id.saturating_add(1)) {
        if gap.last.id >= next || gap.last.id <= before.id {
            break;
        }
        gone = gone.saturating_add(gap.count());
        before = gap.last;
    }
    (before, gone)
}

/// The word of the record that begins the chain anew under another key.
pub(super) const KEY_REPLACED: &str = "audit-key-replaced";
/// The word of the record that counts those that gave way.
pub(super) const FOLDED: &str = "audit-folded";
/// The word of the record that says that the log's end was lost.
pub(super) const END_LOST: &str = "audit-end-lost";
/// The word of the record from which on records have fields.
pub(super) const FORM_CHANGED: &str = "audit-form-changed";
