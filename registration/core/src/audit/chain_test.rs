use std::time::{Duration, SystemTime};

use zeroize::Zeroizing;

use super::{AUDIT_KEPT, AuditEntry, AuditKey, Broken, Chain, Gap, Link, Mark, Noted, Whole};

fn key(n: u8) -> AuditKey {
    AuditKey::new(Zeroizing::new([n; AuditKey::LEN]))
}

fn entry(id: u64, event: &str) -> AuditEntry {
    AuditEntry {
        id,
        at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_000 + id),
        station: None,
        event: event.to_owned(),
        user: Some(format!("user{id}")),
        card: Some(7),
        replaced: None,
        code: None,
        detail: None,
        fields: None,
    }
}

/// A log of these records, chained with a key from `head` on.
fn chained(key: &AuditKey, head: Mark, entries: Vec<AuditEntry>) -> Chain {
    let mut end = head;
    let mut pairs = Vec::new();
    for entry in entries {
        let link = key.link(&end.link, &entry);
        end = Mark { id: entry.id, link };
        pairs.push((entry, link));
    }
    Chain {
        head,
        head_seal: None,
        gaps: Vec::new(),
        entries: pairs,
        key_check: key.check(),
        noted: Noted::End(end),
    }
}

fn log(count: u64) -> Chain {
    let entries = (1..=count).map(|id| entry(id, "user-added")).collect();
    chained(&key(1), key(1).start(0), entries)
}

#[test]
fn every_fault_is_found_and_named() {
    type Change = fn(&mut Chain);
    let rows: [(&str, Change, &[Broken]); 19] = [
        ("nothing", |_| {}, &[]),
        ("a text", |log| log.entries[4].0.user = Some("other".to_owned()), &[Broken::Changed(5)]),
        ("a time", |log| log.entries[4].0.at += Duration::from_millis(1), &[Broken::Changed(5)]),
        ("a number", |log| log.entries[4].0.card = Some(8), &[Broken::Changed(5)]),
        (
            "a field that was none",
            |log| log.entries[4].0.code = Some(String::new()),
            &[Broken::Changed(5)],
        ),
        (
            "a field moved",
            |log| {
                let user = log.entries[4].0.user.take();
                log.entries[4].0.detail = user;
            },
            &[Broken::Changed(5)],
        ),
        (
            "a link",
            |log| log.entries[4].1 = Link::from_bytes([0; 32]),
            &[Broken::Changed(5), Broken::Changed(6)],
        ),
        (
            "two records changed places",
            |log| {
                log.entries.swap(4, 5);
                log.entries[4].0.id = 5;
                log.entries[5].0.id = 6;
            },
            &[Broken::Changed(5), Broken::Changed(6), Broken::Changed(7)],
        ),
        ("one removed", |log| drop(log.entries.remove(4)), &[Broken::Removed(5, 5)]),
        ("two removed", |log| drop(log.entries.drain(3..5)), &[Broken::Removed(4, 5)]),
        (
            "one removed, the rest renumbered",
            |log| {
                log.entries.remove(4);
                log.entries.iter_mut().skip(4).for_each(|(entry, _)| entry.id -= 1);
            },
            &[
                Broken::Changed(5),
                Broken::Changed(6),
                Broken::Changed(7),
                Broken::Changed(8),
                Broken::Changed(9),
                Broken::Cut { end: 9, noted: 10 },
            ],
        ),
        ("the end cut", |log| log.entries.truncate(8), &[Broken::Cut { end: 8, noted: 10 }]),
        ("all cut", |log| log.entries.clear(), &[Broken::Cut { end: 0, noted: 10 }]),
        ("the beginning removed", |log| drop(log.entries.drain(..3)), &[Broken::Removed(1, 3)]),
        (
            "the beginning removed, the head moved",
            |log| {
                let (last, link) = log.entries.drain(..3).next_back().unwrap();
                log.head = Mark { id: last.id, link };
            },
            &[Broken::Beginning(4)],
        ),
        ("another key", |log| log.key_check = key(2).check(), &[Broken::OtherKey]),
        ("no note", |log| log.noted = Noted::Missing, &[Broken::NoteMissing]),
        ("a broken note", |log| log.noted = Noted::Unreadable, &[Broken::NoteUnreadable]),
        (
            "another end",
            |log| {
                let Noted::End(end) = &mut log.noted else { return };
                end.link = Link::from_bytes([9; 32]);
            },
            &[Broken::Replaced(10)],
        ),
    ];
    for (what, change, expected) in rows {
        let mut log = log(10);
        change(&mut log);
        match key(1).verify(&log) {
            Ok(Whole { records, end, .. }) => {
                assert_eq!((records, end.id, expected), (10, 10, &[][..]), "{what}");
            }
            Err(broken) => assert_eq!(broken, expected, "{what}"),
        }
    }
}

#[test]
fn a_cut_that_was_noticed_stays_found_while_the_log_goes_on() {
    let mut entries: Vec<_> = (1..=8).map(|id| entry(id, "user-added")).collect();
    entries.extend([entry(9, "audit-end-lost"), entry(10, "user-added")]);
    let log = chained(&key(1), key(1).start(0), entries);
    assert_eq!(key(1).verify(&log), Err(vec![Broken::EndLost(9)]));
}

#[test]
fn a_log_behind_its_note_and_a_trimmed_one_are_whole() {
    // Power failed between the record and the note of it.
    let mut behind = log(10);
    behind.noted = log(9).noted;
    assert_eq!(key(1).verify(&behind).map(|whole| whole.records), Ok(10));
    let kept = usize::try_from(AUDIT_KEPT).unwrap();
    let mut trimmed = log(AUDIT_KEPT + 5);
    let (last, link) = trimmed.entries.drain(..5).next_back().unwrap();
    trimmed.head = Mark { id: last.id, link };
    assert_eq!(key(1).verify(&trimmed), Err(vec![Broken::Beginning(6)]), "by nobody who may");
    trimmed.head_seal = Some(key(1).seal_gap(0, trimmed.head));
    assert_eq!(trimmed.entries.len(), kept);
    assert_eq!(key(1).verify(&trimmed).map(|whole| whole.records), Ok(AUDIT_KEPT));
    let empty = log(0);
    assert_eq!(key(1).verify(&empty).map(|whole| whole.records), Ok(0));
}

/// Records that gave way with a seal leave a whole log; without one, or with another's, they were
/// removed.
#[test]
fn a_gap_is_whole_where_its_seal_is() {
    let mut gapped = log(10);
    let removed: Vec<_> = gapped.entries.drain(3..6).collect();
    let last = Mark { id: 6, link: removed[2].1 };
    let seal = key(1).seal_gap(4, last);
    let right = Gap { first: 4, last, seal };
    let elsewhere = Mark { id: 5, link: removed[1].1 };
    let smaller = Gap { first: 4, last: elsewhere, seal: key(1).seal_gap(4, elsewhere) };
    let rows = [
        (vec![right], vec![]),
        (vec![], vec![Broken::Removed(4, 6)]),
        (vec![Gap { seal: key(2).seal_gap(4, last), ..right }], vec![Broken::Removed(4, 6)]),
        (vec![Gap { first: 3, ..right }], vec![Broken::Removed(4, 6)]),
        (vec![smaller], vec![Broken::Removed(6, 6)]),
        (vec![Gap { last: elsewhere, ..right }], vec![Broken::Removed(4, 6)]),
    ];
    for (gaps, expected) in rows {
        gapped.gaps = gaps;
        let found = key(1).verify(&gapped).err().unwrap_or_default();
        assert_eq!(found, expected, "{:?}", gapped.gaps);
    }
    gapped.gaps = vec![right];
    let whole = key(1).verify(&gapped).unwrap();
    assert_eq!((whole.records, whole.folded), (7, 3));
    // The note names a record that gave way before the next one was noted.
    for noted in [elsewhere, last] {
        gapped.noted = Noted::End(noted);
        assert!(key(1).verify(&gapped).is_ok(), "{noted:?}");
    }
    gapped.noted = Noted::End(Mark { id: 6, ..elsewhere });
    assert_eq!(key(1).verify(&gapped), Err(vec![Broken::Replaced(6)]));
}

#[test]
fn a_key_that_was_replaced_on_the_way_is_named() {
    let old = log(5);
    let anew = vec![entry(6, "audit-key-replaced"), entry(7, "user-added")];
    let new = chained(&key(2), key(2).start(5), anew);
    let entries = [old.entries.clone(), new.entries].concat();
    let mut log = Chain { entries, key_check: new.key_check, noted: new.noted, ..old };
    assert_eq!(key(2).verify(&log), Err(vec![Broken::KeyReplaced(6)]));
    assert_eq!(key(1).verify(&log), Err(vec![Broken::OtherKey]));
    log.entries[6].0.user = None;
    let broken = vec![Broken::KeyReplaced(6), Broken::Changed(7)];
    assert_eq!(key(2).verify(&log), Err(broken));
}

#[test]
fn no_key_is_shown() {
    let shown = format!("{:?}", key(0xA5));
    assert!(!shown.contains("165") && !shown.to_lowercase().contains("a5"), "{shown}");
}
