use std::{fmt::Write, net::IpAddr, time::SystemTime};

use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};
use serde::Serialize;

use super::{
    AuditEntry,
    catalogue::{Actor, Row, row_of, secret_of},
    refusals::names_in,
};
use crate::{DeviceSecret, NameKey};

/// How dates are written in the manual's format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateFormat {
    /// 2018/01/31
    #[default]
    YearFirst,
    /// 01/31/2018
    MonthFirst,
    /// 31/01/2018
    DayFirst,
}

impl DateFormat {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::YearFirst, Self::MonthFirst, Self::DayFirst];

    /// What the header calls it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::YearFirst => "YYYY/MM/DD",
            Self::MonthFirst => "MM/DD/YYYY",
            Self::DayFirst => "DD/MM/YYYY",
        }
    }

    /// The format of this name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }
}

/// How a log is shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The device's address, for the header.
    pub address: IpAddr,
    /// Whose clock the times are told by.
    pub zone: TimeZone,
    /// Whether the zone's offset in the header is that of this moment.
    pub now: SystemTime,
    /// How dates are written.
    pub dates: DateFormat,
}

/// Which records are wanted; what is left out does not matter.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Not before.
    pub since: Option<SystemTime>,
    /// Before.
    pub until: Option<SystemTime>,
    /// [`AuditEvent::word`](super::AuditEvent::word).
    pub event: Option<String>,
    /// About this user, or done by them, however the ID was spelled.
    pub user: Option<NameKey>,
}

impl AuditFilter {
    /// Whether a record is wanted.
    #[must_use]
    pub fn takes(&self, entry: &AuditEntry) -> bool {
        self.since.is_none_or(|since| entry.at >= since)
            && self.until.is_none_or(|until| entry.at < until)
            && self.event.as_ref().is_none_or(|event| *event == entry.event)
            && self.user.as_ref().is_none_or(|user| {
                let is = |name: &str| NameKey::of(name) == *user;
                entry.user.as_deref().is_some_and(is) || names_in(entry).any(is)
            })
    }
}

/// The log IDs of the manual count to this and begin again.
const LOG_IDS: u64 = 60_000;

const COLUMNS: [&str; 9] = [
    "Log ID",
    "Date",
    "Time",
    "Audit Event ID",
    "Logged Events",
    "User Name",
    "Description",
    "Status",
    "Optionally Logged Items",
];

/// The log as the manual's "Exported Audit Log" (format version 3): a header of five lines, an
/// empty line, the column names, then a record a line; fields are separated by tabs. UTF-8.
#[must_use]
pub fn manual<'a>(entries: impl IntoIterator<Item = &'a AuditEntry>, shown: &Shown) -> String {
    let minutes = offset(&shown.zone, shown.now).seconds() / 60;
    let mut text = format!(
        "Format Version\t3\nDevice's IP Address\t{}\nCoding Method\tUTF8\nTime Zone\t{}\n\
         Date Format\t{}\n\n",
        shown.address,
        minutes.clamp(-720, 720),
        shown.dates.as_str(),
    );
    text.push_str(&COLUMNS.join("\t"));
    text.push('\n');
    for entry in entries {
        line(&mut text, entry, shown);
    }
    text
}

fn offset(zone: &TimeZone, at: SystemTime) -> Offset {
    Timestamp::try_from(at).map_or(Offset::UTC, |at| zone.to_offset(at))
}

fn line(text: &mut String, entry: &AuditEntry, shown: &Shown) {
    let row = row_of(entry);
    let at = offset(&shown.zone, entry.at)
        .to_datetime(Timestamp::try_from(entry.at).unwrap_or(Timestamp::UNIX_EPOCH));
    let (year, month, day) = (at.year(), at.month(), at.day());
    let date = match shown.dates {
        DateFormat::YearFirst => format!("{year:04}/{month:02}/{day:02}"),
        DateFormat::MonthFirst => format!("{month:02}/{day:02}/{year:04}"),
        DateFormat::DayFirst => format!("{day:02}/{month:02}/{year:04}"),
    };
    let status = match (row.status, entry.event.as_str()) {
        ("Failed", "tls-failed") => {
            format!("Failed ({})", field(entry.detail.as_deref().unwrap_or("-")))
        }
        (status, _) => status.to_owned(),
    };
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{}\t{date}\t{:02}:{:02}:{:02}\t0x{:04x}\t{}\t{}\t{}\t{status}\t{}",
        log_id(entry.id),
        at.hour(),
        at.minute(),
        at.second(),
        row.number,
        row.name,
        field(actor(&row, entry)),
        row.description,
        field(&optional(&row, entry)),
    );
}

fn log_id(id: u64) -> u64 {
    id.saturating_sub(1) % LOG_IDS + 1
}

/// Who did it: `KO`, `CE`, a user ID, `-`.
fn actor<'a>(row: &Row, entry: &'a AuditEntry) -> &'a str {
    match row.actor {
        Actor::Nobody => "-",
        Actor::KeyOperator => "KO",
        Actor::User if entry.station.is_none() => "KO",
        Actor::User => entry.user.as_deref().unwrap_or("-"),
        Actor::Named => match (entry.user.as_deref(), secret_of(entry)) {
            (Some(user), _) => user,
            (None, Some(DeviceSecret::KeyOperator)) => "KO",
            (None, Some(DeviceSecret::Engineer)) => "CE",
            (None, Some(DeviceSecret::Guest)) => "-",
            (None, None) if entry.event == "audit-exported" && entry.detail.is_none() => "KO",
            (None, None) => "-",
        },
    }
}

/// What else there is to say, separated by `; `.
fn optional(row: &Row, entry: &AuditEntry) -> String {
    let told_already = |user: &&str| actor(row, entry) == *user;
    let parts = [
        entry.user.as_deref().filter(|user| !told_already(user)).map(|user| format!("user {user}")),
        entry.station.as_ref().map(|station| format!("station {station}")),
        entry.card.map(|card| format!("card {card}")),
        entry.replaced.map(|card| format!("replaced card {card}")),
        entry.code.as_ref().map(|code| format!("code {code}")),
        entry.detail.clone().filter(|_| entry.event != "tls-failed"),
    ];
    let told: Vec<_> = parts.into_iter().flatten().collect();
    if told.is_empty() { "-".to_owned() } else { told.join("; ") }
}

/// Without what would end a field or a line.
fn field(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[derive(Serialize)]
struct JsonEntry<'a> {
    id: u64,
    log_id: u64,
    at: String,
    event: &'a str,
    event_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    station: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

/// A record as a JSON object on one line, without its end; the time is RFC 3339 in UTC.
#[must_use]
pub fn json_line(entry: &AuditEntry) -> String {
    let line = JsonEntry {
        id: entry.id,
        log_id: log_id(entry.id),
        at: utc(entry.at),
        event: &entry.event,
        event_id: format!("0x{:04x}", row_of(entry).number),
        station: entry.station.as_deref(),
        user: entry.user.as_deref(),
        card: entry.card,
        replaced: entry.replaced,
        code: entry.code.as_deref(),
        detail: entry.detail.as_deref(),
    };
    // Texts and numbers always fit into JSON.
    serde_json::to_string(&line).unwrap_or_default()
}

/// RFC 3339 with milliseconds.
pub(super) fn utc(at: SystemTime) -> String {
    let at = Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{at:.3}")
}
