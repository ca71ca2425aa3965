use std::{fmt::Write, net::IpAddr, time::SystemTime};

use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};
use kazasu_hal::words;
use serde::Serialize;

use super::{AuditEntry, Details, catalogue::Told, refusals::names_in, table::Actor};
use crate::{DeviceSecret, NameKey};

words! {
    /// How dates are written in the manual's format.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum DateFormat {
        /// 2018/01/31
        #[default]
        YearFirst = "YYYY/MM/DD",
        /// 01/31/2018
        MonthFirst = "MM/DD/YYYY",
        /// 31/01/2018
        DayFirst = "DD/MM/YYYY",
    }
}

/// How a log is shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The device's address, for the header.
    pub address: IpAddr,
    /// Whose clock the times are told by.
    pub zone: TimeZone,
    /// All times are told in the offset that the zone has at this moment: the header names one.
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
                entry.user.as_deref().is_some_and(is) || names_in(entry).iter().any(|name| is(name))
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
///
/// One offset counts throughout, the header's, so that no hour is there twice. Where the zone had
/// another at a record, by summer time or since the format knows -720 to 720 alone, the record says
/// what the clock on the wall showed.
#[must_use]
pub fn manual<'a>(entries: impl IntoIterator<Item = &'a AuditEntry>, shown: &Shown) -> String {
    let minutes = (offset(&shown.zone, shown.now).seconds() / 60).clamp(-720, 720);
    let header = Offset::from_seconds(minutes * 60).unwrap_or(Offset::UTC);
    let mut text = format!(
        "Format Version\t3\nDevice's IP Address\t{}\nCoding Method\tUTF8\nTime Zone\t{}\n\
         Date Format\t{}\n\n",
        shown.address,
        minutes,
        shown.dates.as_str(),
    );
    text.push_str(&COLUMNS.join("\t"));
    text.push('\n');
    for entry in entries {
        line(&mut text, entry, header, shown);
    }
    text
}

fn offset(zone: &TimeZone, at: SystemTime) -> Offset {
    Timestamp::try_from(at).map_or(Offset::UTC, |at| zone.to_offset(at))
}

/// Date and time, with this between them.
fn told_at(at: SystemTime, offset: Offset, dates: DateFormat, between: char) -> String {
    let at = offset.to_datetime(Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH));
    let (year, month, day) = (at.year(), at.month(), at.day());
    let date = match dates {
        DateFormat::YearFirst => format!("{year:04}/{month:02}/{day:02}"),
        DateFormat::MonthFirst => format!("{month:02}/{day:02}/{year:04}"),
        DateFormat::DayFirst => format!("{day:02}/{month:02}/{year:04}"),
    };
    format!("{date}{between}{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

fn line(text: &mut String, entry: &AuditEntry, header: Offset, shown: &Shown) {
    let told = Told::of(entry);
    let row = told.row;
    let at = told_at(entry.at, header, shown.dates, '\t');
    let own = offset(&shown.zone, entry.at);
    let on_the_wall = (own != header)
        .then(|| format!("local time {} UTC{own}", told_at(entry.at, own, shown.dates, ' ')));
    let status = match (row.status, entry.event.as_str()) {
        ("Failed", "tls-failed") => {
            format!("Failed ({})", field(told.text.as_deref().unwrap_or("-")))
        }
        (status, _) => status.to_owned(),
    };
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{}\t{at}\t0x{:04x}\t{}\t{}\t{}\t{status}\t{}",
        log_id(entry.id),
        row.number,
        row.name,
        field(actor(&told, entry)),
        row.description,
        field(&optional(&told, entry, on_the_wall)),
    );
}

fn log_id(id: u64) -> u64 {
    id.saturating_sub(1) % LOG_IDS + 1
}

/// Who did it: `KO`, `CE`, a user ID, `-`.
fn actor<'a>(told: &Told, entry: &'a AuditEntry) -> &'a str {
    match told.row.actor {
        Actor::Nobody => "-",
        Actor::KeyOperator => "KO",
        Actor::User if entry.station.is_none() => "KO",
        Actor::User => entry.user.as_deref().unwrap_or("-"),
        Actor::Named => match (entry.user.as_deref(), told.secret) {
            (Some(user), _) => user,
            (None, Some(DeviceSecret::KeyOperator)) => "KO",
            (None, Some(DeviceSecret::Engineer)) => "CE",
            (None, Some(DeviceSecret::Guest)) => "-",
            (None, None) if entry.event == "audit-exported" && told.is_nobodys(entry) => "KO",
            (None, None) => "-",
        },
    }
}

/// What else there is to say, separated by `; `.
fn optional(told: &Told, entry: &AuditEntry, on_the_wall: Option<String>) -> String {
    let told_already = |user: &&str| actor(told, entry) == *user;
    let parts = [
        entry.user.as_deref().filter(|user| !told_already(user)).map(|user| format!("user {user}")),
        entry.station.as_ref().map(|station| format!("station {station}")),
        entry.card.map(|card| format!("card {card}")),
        entry.replaced.map(|card| format!("replaced card {card}")),
        entry.code.as_ref().map(|code| format!("code {code}")),
        told.text.clone().filter(|_| entry.event != "tls-failed"),
        on_the_wall,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<&'a Details>,
}

/// A record as a JSON object on one line, without its end; the time is RFC 3339 in UTC.
#[must_use]
pub fn json_line(entry: &AuditEntry) -> String {
    let told = Told::of(entry);
    let line = JsonEntry {
        id: entry.id,
        log_id: log_id(entry.id),
        at: utc(entry.at),
        event: &entry.event,
        event_id: format!("0x{:04x}", told.row.number),
        station: entry.station.as_deref(),
        user: entry.user.as_deref(),
        card: entry.card,
        replaced: entry.replaced,
        code: entry.code.as_deref(),
        detail: told.text.as_deref(),
        fields: told.details.as_ref(),
    };
    // Texts and numbers always fit into JSON.
    serde_json::to_string(&line).unwrap_or_default()
}

/// RFC 3339 with milliseconds.
pub(super) fn utc(at: SystemTime) -> String {
    let at = Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{at:.3}")
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, time::Duration};

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// Two hours of the same name, months of another offset, a zone that the header cannot say.
    #[test]
    fn one_offset_counts_throughout_and_the_clock_on_the_wall_is_told() {
        let (july, first, second, december) =
            (1_782_900_000, 1_793_511_000, 1_793_514_600, 1_796_120_000);
        let new_york = "EST5EDT,M3.2.0,M11.1.0";
        let rows: [(&str, u64, u64, &str, &str, &str); 8] = [
            (
                new_york,
                december,
                july,
                "-300",
                "2026/07/01\t05:00:00",
                "2026/07/01 06:00:00 UTC-04",
            ),
            (
                new_york,
                december,
                first,
                "-300",
                "2026/11/01\t00:30:00",
                "2026/11/01 01:30:00 UTC-04",
            ),
            (new_york, december, second, "-300", "2026/11/01\t01:30:00", ""),
            (new_york, july, first, "-240", "2026/11/01\t01:30:00", ""),
            (new_york, july, second, "-240", "2026/11/01\t02:30:00", "2026/11/01 01:30:00 UTC-05"),
            // Kiritimati, fourteen hours ahead; and beyond the other end.
            ("<+14>-14", july, july, "720", "2026/07/01\t22:00:00", "2026/07/02 00:00:00 UTC+14"),
            ("<-13>13", july, july, "-720", "2026/06/30\t22:00:00", "2026/06/30 21:00:00 UTC-13"),
            ("JST-9", december, july, "540", "2026/07/01\t19:00:00", ""),
        ];
        for (zone, now, when, header, told, local) in rows {
            let shown = Shown {
                zone: TimeZone::posix(zone).unwrap(),
                now: at(now),
                address: IpAddr::V4(Ipv4Addr::LOCALHOST),
                dates: DateFormat::YearFirst,
            };
            let entry = AuditEntry {
                id: 1,
                at: at(when),
                station: None,
                event: "audit-begun".to_owned(),
                user: None,
                card: None,
                replaced: None,
                code: None,
                detail: None,
                fields: None,
            };
            let text = manual([&entry], &shown);
            assert!(text.contains(&format!("Time Zone\t{header}\n")), "{zone}: {text}");
            let line = text.lines().last().unwrap();
            assert!(line.contains(told), "{zone}: {line}");
            assert_eq!(line.contains("local time"), !local.is_empty(), "{zone}: {line}");
            assert!(local.is_empty() || line.contains(&format!("local time {local}")), "{line}");
            assert_eq!(line.split('\t').count(), 9, "{line}");
        }
    }
}
