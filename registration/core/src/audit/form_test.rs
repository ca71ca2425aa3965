//! Records with fields, and a log that began without them.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use zeroize::Zeroizing;

use super::{
    AuditEntry, AuditEvent, AuditKey, AuditRecord, Broken, Chain, Details, Link, Mark, Noted,
    events::ROWS,
    json_line,
    samples_test::{all, sample},
    wording::wording,
};

fn key() -> AuditKey {
    AuditKey::new(Zeroizing::new([7; AuditKey::LEN]))
}

fn record(event: AuditEvent) -> AuditRecord {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    AuditRecord { at, station: None, event }
}

/// As the version before wrote it.
fn in_words(entry: AuditEntry) -> AuditEntry {
    AuditEntry { detail: entry.told(), fields: None, ..entry }
}

fn with_fields(events: impl IntoIterator<Item = AuditEvent>) -> Vec<AuditEntry> {
    events.into_iter().map(|event| AuditEntry::new(0, &record(event), Some(3), None)).collect()
}

/// Numbers and chains them.
fn chained(entries: Vec<AuditEntry>) -> Chain {
    let head = key().start(0);
    let mut end = head;
    let mut pairs = Vec::new();
    for entry in entries {
        let entry = AuditEntry { id: end.id + 1, ..entry };
        end = Mark { id: entry.id, link: key().link(&end.link, &entry) };
        pairs.push((entry, end.link));
    }
    Chain {
        head,
        head_seal: None,
        gaps: Vec::new(),
        entries: pairs,
        key_check: key().check(),
        noted: Noted::End(end),
    }
}

/// What a log says of itself is no fault of its form.
fn is_plain(event: &AuditEvent) -> bool {
    !matches!(
        event,
        AuditEvent::LogEndLost { .. } | AuditEvent::LogKeyReplaced | AuditEvent::LogFormChanged
    )
}

const BRIEF: [&str; 5] =
    ["sign-in-failed", "not-administrator", "card-written", "card-rewritten", "user-copied"];

fn faults(chain: &Chain) -> Vec<Broken> {
    key().verify(chain).err().unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever happened: what is stored is read back, and makes the sentence that it made.
    #[test]
    fn fields_are_read_as_they_were_written(sample in sample()) {
        for event in all(&sample) {
            let details = event.details();
            let text = details.to_json();
            let read = Details::from_json(&text);
            prop_assert_eq!(read.as_ref(), Some(&details), "{}", text);
            let entry = AuditEntry::new(1, &record(event.clone()), None, None);
            let told = wording(event.word(), &details);
            prop_assert_eq!(entry.told(), told.clone());
            // Fields that nobody is told would be there for nothing; what these have, word and code
            // may say.
            let says = told.is_some() || details == Details::default();
            prop_assert!(says || BRIEF.contains(&event.word()), "{}: {}", event.word(), text);
            let line: serde_json::Value = serde_json::from_str(&json_line(&entry)).unwrap();
            prop_assert_eq!(line["fields"].to_string(), text);
            prop_assert_eq!(line["detail"].as_str().map(str::to_owned), told);
        }
    }

    /// A log that began in words and goes on with fields is whole; any one change is found.
    #[test]
    fn a_log_of_both_forms_is_whole_and_any_change_is_found(
        sample in sample(),
        picked in proptest::collection::vec(any::<prop::sample::Index>(), 2..12),
        words in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        text in "[ -~]{0,8}",
    ) {
        let events: Vec<_> = all(&sample).into_iter().filter(is_plain).collect();
        let mut entries = with_fields(picked.iter().map(|pick| pick.get(&events).clone()));
        let words = words.index(entries.len() + 1);
        let (old, new) = entries.split_at_mut(words);
        let old = old.iter().cloned().map(in_words).collect::<Vec<_>>();
        let mark = (!old.is_empty()).then_some(AuditEvent::LogFormChanged);
        let log = chained([old, with_fields(mark), new.to_vec()].concat());
        prop_assert_eq!(faults(&log), []);

        let at = at.index(log.entries.len());
        let (was, link) = log.entries[at].clone();
        let fields = Some(was.details().unwrap_or_default().to_json());
        let changes = [
            AuditEntry { at: was.at + Duration::from_millis(1), ..was.clone() },
            AuditEntry { station: Some(text.clone()), ..was.clone() },
            AuditEntry { event: format!("{}{text} ", was.event), ..was.clone() },
            AuditEntry { event: "audit-form-changed".to_owned(), ..was.clone() },
            AuditEntry { user: Some(format!("{text}!")), ..was.clone() },
            AuditEntry { user: None, ..was.clone() },
            AuditEntry { card: None, ..was.clone() },
            AuditEntry { replaced: Some(1), ..was.clone() },
            AuditEntry { code: Some(text.clone()), ..was.clone() },
            AuditEntry { detail: Some(text.clone()), ..was.clone() },
            AuditEntry { detail: None, ..was.clone() },
            AuditEntry { fields: Some(text.clone()), ..was.clone() },
            // Written anew in the other form.
            in_words(was.clone()),
            AuditEntry { detail: None, fields: fields.clone(), ..was.clone() },
            AuditEntry { fields, ..was.clone() },
            AuditEntry { fields: was.detail.clone(), detail: was.fields.clone(), ..was.clone() },
            AuditEntry { detail: Some(was.event.clone()), event: String::new(), ..was.clone() },
        ];
        for entry in changes.into_iter().filter(|entry| *entry != was) {
            let mut changed = log.clone();
            changed.entries[at].0 = entry.clone();
            let found = faults(&changed);
            let (first, rest) = found.split_first().unwrap();
            prop_assert_eq!(first, &Broken::Changed(was.id), "{:?} was {:?}", entry, was);
            // Where the mark is another, the records behind it have lost theirs.
            let lost = [Broken::OtherForm(was.id + 1)];
            let is_mark = was.event == "audit-form-changed";
            prop_assert!(rest.is_empty() || is_mark && rest == lost, "{:?}", found);
        }
        let mut other = log.clone();
        other.entries[at].1 = Link::from_bytes([9; Link::LEN]);
        prop_assert!(!faults(&other).is_empty() && other.entries[at].1 != link);
        let mut without = log.clone();
        without.entries.remove(at);
        prop_assert!(!faults(&without).is_empty());
        let mut twice = log;
        let pair = twice.entries[at].clone();
        twice.entries.insert(at, pair);
        prop_assert!(!faults(&twice).is_empty());
    }
}

/// Who had the key could chain a record of the other form; it does not stand where such records are.
#[test]
fn a_record_of_the_other_form_is_found_even_where_it_is_chained() {
    let event = |user: &str| AuditEvent::UserAdded { user: crate::UserId::new(user).unwrap() };
    let old = || in_words(with_fields([event("old")]).remove(0));
    let new = || with_fields([event("new")]).remove(0);
    let mark = || with_fields([AuditEvent::LogFormChanged]).remove(0);
    let other = Broken::OtherForm;
    let rows: [(Vec<AuditEntry>, Vec<Broken>); 8] = [
        (vec![], vec![]),
        (vec![old(), old()], vec![]),
        (vec![new(), new()], vec![]),
        (vec![old(), mark(), new()], vec![]),
        (vec![old(), new(), mark(), new()], vec![other(2)]),
        (vec![old(), new()], vec![other(2)]),
        (vec![old(), mark(), new(), old(), old(), new()], vec![other(4), other(6)]),
        (vec![new(), old(), mark(), new()], vec![other(2)]),
    ];
    for (entries, expected) in rows {
        assert_eq!(faults(&chained(entries.clone())), expected, "{entries:?}");
    }
    let text = other(4).to_string();
    assert!(text.starts_with("record 4 is written in a form"), "{text}");
    // A mark in words makes no form.
    let words = in_words(mark());
    assert_eq!(faults(&chained(vec![old(), words, new()])), [other(3)]);
}

/// What a record of before says stands as it is, whatever it looks like.
#[test]
fn records_of_before_are_told_as_they_stand() {
    for row in ROWS {
        for detail in [None, Some("version 2: sign-in.mode"), Some("{\"count\":3}"), Some("12")] {
            let event = row.word.to_owned();
            let made = AuditEntry::new(1, &record(AuditEvent::LogBegun), None, None);
            let detail = detail.map(str::to_owned);
            let entry = AuditEntry { event, detail: detail.clone(), fields: None, ..made };
            assert_eq!((entry.told(), entry.details()), (detail, None), "{}", row.word);
            assert!(!json_line(&entry).contains("fields"), "{}", row.word);
        }
    }
}
