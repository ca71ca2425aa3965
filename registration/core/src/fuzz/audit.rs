use std::{
    net::{IpAddr, Ipv4Addr},
    time::{Duration, SystemTime},
};

use jiff::tz::{Offset, TimeZone};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
    AuditEntry, AuditKey, Chain, DateFormat, Link, Mark, Noted, Shown, Syslog, json_line, manual,
    syslog_line,
};

/// Records as a store that somebody tampered with may hold them, and the log made of them.
///
/// Whatever a record holds, it stays one line with its own fields in every export. A log that was
/// chained is whole, and no other one is.
pub fn audit(data: &[u8]) {
    let mut bytes = Bytes(data);
    let choice = bytes.byte();
    let mut entries = Vec::new();
    while let Some(entry) = bytes.entry()
        && entries.len() < 6
    {
        entries.push(entry);
    }
    exports(&entries);
    wild(&entries, choice);
    chained(entries, choice);
}

/// Values out of bytes; whatever is missing is zero or empty.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take(&mut self, len: usize) -> &[u8] {
        let (taken, rest) = self.0.split_at_checked(len).unwrap_or((self.0, &[]));
        self.0 = rest;
        taken
    }

    fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or_default()
    }

    fn number(&mut self) -> u64 {
        let len = usize::from(self.byte() % 9);
        self.take(len).iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn text(&mut self) -> String {
        let len = self.byte().into();
        String::from_utf8_lossy(self.take(len)).into_owned()
    }

    fn entry(&mut self) -> Option<AuditEntry> {
        let there = *self.0.first()?;
        let _ = self.byte();
        let has = |bit: u8| there >> bit & 1 == 1;
        let at = Duration::from_millis(self.number());
        Some(AuditEntry {
            id: self.number(),
            at: SystemTime::UNIX_EPOCH.checked_add(at).unwrap_or(SystemTime::UNIX_EPOCH),
            station: has(0).then(|| self.text()),
            event: self.text(),
            user: has(1).then(|| self.text()),
            card: has(2).then(|| self.number().cast_signed()),
            replaced: has(3).then(|| self.number().cast_signed()),
            code: has(4).then(|| self.text()),
            detail: has(5).then(|| self.text()),
            fields: has(6).then(|| self.text()),
        })
    }
}

fn exports(entries: &[AuditEntry]) {
    for dates in DateFormat::ALL {
        let shown = Shown {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            zone: TimeZone::fixed(Offset::constant(9)),
            now: SystemTime::UNIX_EPOCH,
            dates,
        };
        let text = manual(entries, &shown);
        let lines: Vec<_> = text.split_terminator('\n').collect();
        let (_, records) = lines.split_at_checked(7).unwrap_or_default();
        assert_eq!(records.len(), entries.len(), "{text}");
        for line in records {
            assert_eq!(line.split('\t').count(), 9, "{line}");
            assert!(line.chars().all(|c| c == '\t' || !c.is_control()), "{line:?}");
        }
    }
    for entry in entries {
        let line = json_line(entry);
        assert!(!line.contains(|c| c < ' '), "{line}");
        let read = serde_json::from_str::<Value>(&line).unwrap_or_default();
        assert_eq!(read.get("id"), Some(&entry.id.into()), "{line}");
        for (name, text) in texts(entry) {
            let found = read.get(name).and_then(Value::as_str);
            assert_eq!(found, text.as_deref(), "{name} of {line}");
        }
        let fields = read.get("fields").map(ToString::to_string);
        assert_eq!(fields, entry.details().map(|details| details.to_json()), "{line}");
        syslog(entry);
    }
}

fn texts(entry: &AuditEntry) -> [(&'static str, Option<String>); 5] {
    [
        ("event", Some(entry.event.clone())),
        ("station", entry.station.clone()),
        ("user", entry.user.clone()),
        ("code", entry.code.clone()),
        ("detail", entry.told()),
    ]
}

/// One message by the grammar of RFC 5424 section 6.
fn syslog(entry: &AuditEntry) {
    let line = syslog_line(entry, &Syslog { host: "printer".to_owned() });
    assert!(!line.contains(char::is_control), "{line:?}");
    let (header, rest) = line.split_once(" [audit@32473").unwrap_or_default();
    let words: Vec<_> = header.split(' ').collect();
    assert_eq!(words.get(2..5), Some(&["printer", "kazasu", "-"][..]), "{line}");
    let message_id = words.get(5).copied().unwrap_or_default();
    let printed = message_id.bytes().all(|byte| byte.is_ascii_graphic());
    assert!(printed && (1..=32).contains(&message_id.len()) && words.len() == 6, "{line}");

    let mut fields = Vec::new();
    let mut chars = rest.chars();
    while let Some(' ') = chars.next() {
        let name: String = chars.by_ref().take_while(|c| *c != '=').collect();
        assert_eq!(chars.next(), Some('"'), "{line}");
        let mut value = String::new();
        while let Some(c) = chars.next() {
            match c {
                '"' => break,
                '\\' => value.extend(chars.next()),
                c => value.push(c),
            }
        }
        fields.push((name, value));
    }
    let plain = |text: &str| text.replace(char::is_control, " ");
    for (name, text) in texts(entry).into_iter().skip(1) {
        let found = fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        assert_eq!(found, text.as_deref().map(plain), "{name} of {line}");
    }
}

fn key() -> AuditKey {
    AuditKey::new(Zeroizing::new([0x4B; AuditKey::LEN]))
}

/// A log that nobody chained, in any order, is never whole.
fn wild(entries: &[AuditEntry], choice: u8) {
    let key = key();
    let link = Link::from_bytes([choice; Link::LEN]);
    let head = Mark { id: entries.first().map_or(0, |entry| entry.id), link };
    let entries: Vec<_> = entries.iter().map(|entry| (entry.clone(), link)).collect();
    for noted in [Noted::Missing, Noted::Unreadable, Noted::End(head)] {
        let log = Chain {
            head,
            head_seal: None,
            gaps: Vec::new(),
            entries: entries.clone(),
            key_check: key.check(),
            noted,
        };
        match key.verify(&log) {
            Ok(_) => assert!(entries.is_empty() && noted == Noted::End(head), "{log:?}"),
            Err(broken) => assert!(!broken.is_empty()),
        }
    }
}

/// A chained log is whole. With one record changed, gone or put elsewhere it is not, whatever the
/// change.
fn chained(mut entries: Vec<AuditEntry>, choice: u8) {
    let key = key();
    // Words come before fields, and between them what says so.
    entries.sort_by_key(|entry| entry.fields.is_some());
    let fields = entries.partition_point(|entry| entry.fields.is_none());
    if (1..entries.len()).contains(&fields)
        && let Some(entry) = entries.get_mut(fields)
    {
        entry.event = "audit-form-changed".to_owned();
    }
    let head = key.start(u64::from(choice));
    let mut end = head;
    let mut linked = Vec::new();
    for entry in &mut entries {
        entry.id = end.id + 1;
        end = Mark { id: entry.id, link: key.link(&end.link, entry) };
        linked.push((entry.clone(), end.link));
    }
    let whole = Chain {
        head,
        head_seal: None,
        gaps: Vec::new(),
        entries: linked,
        key_check: key.check(),
        noted: Noted::End(end),
    };
    // Such a record tells by itself that something happened to the log.
    if !entries.iter().any(|entry| entry.event == "audit-end-lost") {
        let verified = key.verify(&whole).map(|whole| (whole.records, whole.end));
        assert_eq!(verified, Ok((entries.len() as u64, end)));
    }
    let Some(at) = usize::from(choice).checked_rem(entries.len()) else { return };
    let changes: [fn(&mut AuditEntry); 8] = [
        |entry| entry.event.push('x'),
        |entry| entry.user = entry.user.take().xor(Some(String::new())),
        |entry| entry.card = entry.card.map_or(Some(0), |card| card.checked_add(1)),
        |entry| std::mem::swap(&mut entry.card, &mut entry.replaced),
        |entry| std::mem::swap(&mut entry.code, &mut entry.detail),
        |entry| entry.at += Duration::from_millis(1),
        |entry| std::mem::swap(&mut entry.detail, &mut entry.fields),
        |entry| entry.fields = entry.fields.take().xor(Some("{}".to_owned())),
    ];
    for change in changes {
        let mut log = whole.clone();
        if let Some((entry, _)) = log.entries.get_mut(at) {
            let before = entry.clone();
            change(entry);
            assert!(*entry == before || key.verify(&log).is_err(), "{before:?}");
        }
    }
    let mut log = whole;
    log.entries.remove(at);
    assert!(key.verify(&log).is_err());
}
