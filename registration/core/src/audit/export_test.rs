use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr},
    time::{Duration, SystemTime},
};

use jiff::tz::{Offset, TimeZone};
use kazasu_hal::{FaultKind, ReaderName, StationName};

use super::{
    AuditEntry, AuditEvent, AuditFilter, AuditRecord, Claimed, DateFormat, ReaderState,
    RefusalKind, Refused, RefusedMany, Shown, Syslog,
    events::ROWS,
    json_line, manual,
    samples_test::{Sample, all},
    syslog_line,
};
use crate::{DeviceSecret, JobEnd, JobReport, JobType, Role, UserId};

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn shown(minutes: i32, dates: DateFormat) -> Shown {
    Shown {
        address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
        zone: TimeZone::fixed(Offset::from_seconds(minutes * 60).unwrap()),
        now: at(0),
        dates,
    }
}

/// As the store keeps it.
fn stored(event: &AuditEvent, station: Option<&str>) -> AuditEntry {
    let station = station.map(|name| StationName(name.to_owned()));
    // 2018-01-01 10:00:00 UTC.
    let record = AuditRecord { at: at(1_514_800_800), station, event: event.clone() };
    AuditEntry::new(1, &record, None, None)
}

/// The fields from the event's number on.
fn told(entry: &AuditEntry) -> Vec<String> {
    let text = manual([entry], &shown(0, DateFormat::YearFirst));
    text.lines().last().unwrap().split('\t').skip(3).map(str::to_owned).collect()
}

fn user(text: &str) -> UserId {
    UserId::new(text).unwrap()
}

fn failed(who: Claimed) -> AuditEvent {
    AuditEvent::SignInFailed(Refused::wrong(who, None))
}

fn from_network(who: Claimed, kind: RefusalKind) -> AuditEvent {
    let from = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9)));
    AuditEvent::SignInFailed(Refused { who, card: None, kind, from })
}

fn settings(keys: &[&str]) -> AuditEvent {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    AuditEvent::SettingsChanged { keys, version: 2 }
}

fn started(warm: bool) -> AuditEvent {
    AuditEvent::Started { warm, boot: "b1".to_owned(), version: "0.1.0".to_owned() }
}

fn ended(who: Claimed, job: JobType, end: JobEnd) -> AuditEvent {
    AuditEvent::JobEnded { who, card: None, report: JobReport { job, end } }
}

fn reader(state: ReaderState, more: u32) -> AuditEvent {
    AuditEvent::ReaderChanged { reader: ReaderName("pn532:r".to_owned()), state, more }
}

/// S40-4-01, S40-4-02, S40-4-03, S40-4-04, S40-4-05, S40-4-06, S40-4-07, S40-4-08, S40-4-09, S40-4-10: the rows of the
/// manual's table that this device has.
#[test]
fn events_have_the_manuals_names() {
    let tls = AuditEvent::TlsFailed {
        peer: "192.0.2.9".to_owned(),
        reason: "no shared cipher".to_owned(),
        more: 0,
    };
    let ok = "Successful";
    let set = "Device Settings";
    let tls_failed = "Failed (TLS, 192.0.2.9, no shared cipher)";
    let login = "Login/Logout";
    let wrong = "Failed (Invalid Password)";
    let tanaka = || user("tanaka");
    let device = |which| failed(Claimed::Device(which));
    let edited = || AuditEvent::UserEdited { user: tanaka() };
    let role = AuditEvent::RoleChanged { user: tanaka(), role: Role::Administrator };
    let rows: [(&str, AuditEvent, Option<&str>, [&str; 5]); 37] = [
        (
            "S40-4-01",
            started(false),
            None,
            ["System Status", "-", "Started normally (cold boot)", "-", "0.1.0 b1"],
        ),
        (
            "S40-4-01",
            started(true),
            None,
            ["System Status", "-", "Started normally (warm boot)", "-", "0.1.0 b1"],
        ),
        (
            "S40-4-01",
            AuditEvent::StopRequested,
            None,
            ["System Status", "-", "Shutdown requested", "-", "-"],
        ),
        (
            "S40-4-02",
            ended(Claimed::User(tanaka()), JobType::Print, JobEnd::Completed),
            Some("desk"),
            ["Job Status", "tanaka", "Print", "Completed", "station desk; print"],
        ),
        (
            "S40-4-02",
            ended(Claimed::User(tanaka()), JobType::Copy, JobEnd::Canceled),
            Some("desk"),
            ["Job Status", "tanaka", "Copy", "Canceled by User", "station desk; copy"],
        ),
        (
            "S40-4-02",
            ended(Claimed::Unknown, JobType::Scan, JobEnd::Completed),
            None,
            ["Job Status", "-", "Scan", "Completed", "scan"],
        ),
        (
            "S40-4-02",
            ended(Claimed::Device(DeviceSecret::KeyOperator), JobType::Fax, JobEnd::Completed),
            None,
            ["Job Status", "KO", "Fax", "Completed", "fax administrator"],
        ),
        (
            "S40-4-02",
            ended(Claimed::Device(DeviceSecret::Engineer), JobType::Report, JobEnd::Completed),
            None,
            ["Job Status", "CE", "Print Reports", "Completed", "report engineer"],
        ),
        (
            "S40-4-02",
            ended(Claimed::Device(DeviceSecret::Guest), JobType::Mailbox, JobEnd::Canceled),
            None,
            ["Job Status", "-", "Mailbox", "Canceled by User", "mailbox guest"],
        ),
        (
            "ours",
            ended(Claimed::User(tanaka()), JobType::Print, JobEnd::Aborted),
            None,
            ["Job Status", "tanaka", "Print", "Aborted", "print"],
        ),
        (
            "S40-4-04",
            AuditEvent::PrintRefused,
            Some("desk"),
            ["Job Status", "-", "Print", "Aborted", "station desk; code K06"],
        ),
        (
            "S40-4-05",
            AuditEvent::SettingsViewed { settings: vec!["lock-out", "password"] },
            None,
            [set, "KO", "View Security Setting", ok, "lock-out password"],
        ),
        (
            "ours",
            settings(&["provisional.name", "card.enabled"]),
            None,
            [set, "KO", "Change Setting", ok, "version 2: provisional.name card.enabled"],
        ),
        (
            "ours",
            AuditEvent::Restored { made: Some(at(1_514_800_800)) },
            None,
            ["Records", "KO", "Restore Backup", ok, "backup of 2018-01-01T10:00:00.000Z"],
        ),
        (
            "ours",
            AuditEvent::BackupMade { users: 12 },
            None,
            ["Records", "KO", "Back Up", ok, "12 users"],
        ),
        (
            "ours",
            AuditEvent::UsersImported { count: 7 },
            None,
            ["Records", "KO", "Import Users", ok, "7"],
        ),
        (
            "ours",
            reader(ReaderState::Faulty(FaultKind::Link), 3),
            Some("desk"),
            ["Card Reader", "-", "Use", "Failed", "station desk; pn532:r; link; 3 more"],
        ),
        (
            "S40-4-03",
            failed(Claimed::User(user("User1"))),
            None,
            ["Login/Logout", "User1", "Login", wrong, "code K06"],
        ),
        (
            "S40-4-03",
            failed(Claimed::Unknown),
            Some("desk"),
            ["Login/Logout", "-", "Login", "Failed (Invalid UserID)", "station desk; code K06"],
        ),
        (
            "S40-4-03",
            device(DeviceSecret::KeyOperator),
            None,
            ["Login/Logout", "KO", "Login", wrong, "code K06; administrator"],
        ),
        (
            "S40-4-03",
            device(DeviceSecret::Engineer),
            Some("desk"),
            ["Login/Logout", "CE", "Login", wrong, "station desk; code K06; engineer"],
        ),
        (
            "S40-4-03",
            from_network(Claimed::Unknown, RefusalKind::UnknownUser),
            None,
            [login, "-", "Login", "Failed (Invalid UserID)", "code K06; from 192.0.2.9"],
        ),
        (
            "S40-4-03",
            from_network(Claimed::Device(DeviceSecret::KeyOperator), RefusalKind::Locked),
            None,
            [
                login,
                "KO",
                "Login",
                "Failed (Locked)",
                "code K12; administrator; locked; from 192.0.2.9",
            ],
        ),
        (
            "S40-4-03",
            from_network(Claimed::Unknown, RefusalKind::Limited),
            None,
            [login, "-", "Login", "Failed (Too Soon)", "code 3065; limited; from 192.0.2.9"],
        ),
        (
            "S40-4-03",
            AuditEvent::SignInsFailed(Box::new(RefusedMany {
                kinds: [(RefusalKind::Locked, 7)].into(),
                ..RefusedMany::default()
            })),
            None,
            [login, "-", "Login", "Failed (Several Times)", "code K06; 7 times; locked 7"],
        ),
        (
            "S40-4-05",
            settings(&["panel.auto-clear-s"]),
            None,
            [set, "KO", "Change Security Setting", ok, "version 2: panel.auto-clear-s"],
        ),
        (
            "S40-4-05",
            settings(&["sign-in.mode"]),
            None,
            [set, "KO", "Switch Authentication Mode", ok, "version 2: sign-in.mode"],
        ),
        ("S40-4-05", edited(), None, [set, "KO", "Edit User", ok, "user tanaka"]),
        ("S40-4-05", edited(), Some("desk"), [set, "tanaka", "Edit User", ok, "station desk"]),
        (
            "S40-4-05",
            AuditEvent::UserAdded { user: tanaka() },
            None,
            [set, "KO", "Add User", ok, "user tanaka"],
        ),
        (
            "S40-4-05",
            AuditEvent::UserDeleted { user: tanaka(), card: None },
            None,
            [set, "KO", "Delete User", ok, "user tanaka"],
        ),
        (
            "S40-4-06",
            AuditEvent::SoftwareUpdated { version: "0.2.0".to_owned() },
            None,
            ["Device Config", "-", "Software", "Updated", "0.2.0"],
        ),
        ("S40-4-07", AuditEvent::LogBegun, None, ["Audit Policy", "-", "Audit Log", "Enable", "-"]),
        ("S40-4-08", role, None, [set, "KO", "Edit User", ok, "user tanaka; administrator"]),
        (
            "S40-4-09",
            AuditEvent::TimeAdjusted { by_ms: -60_000 },
            None,
            [set, "-", "Adjust Time", ok, "-60000 ms"],
        ),
        ("S40-4-10", tls, None, ["Communication", "-", "Trusted Communication", tls_failed, "-"]),
        (
            "ours",
            AuditEvent::LogExported { by: Some(Claimed::User(tanaka())) },
            None,
            ["Audit Policy", "tanaka", "Export Audit Log", ok, "-"],
        ),
    ];
    for (paragraph, event, station, expected) in rows {
        let told = told(&stored(&event, station));
        let number = told[0].strip_prefix("0x").unwrap();
        assert!(number.len() == 4 && u16::from_str_radix(number, 16).is_ok(), "{number}");
        let mut told: Vec<_> = told.iter().skip(1).map(String::as_str).collect();
        // The manual's order: name, user, description, status, optional items.
        assert_eq!(told.len(), 5, "{paragraph} {event:?}");
        told.truncate(5);
        assert_eq!(told, expected, "{paragraph} {event:?}");
    }
}

/// Every event there is has a row, and every number is there once.
#[test]
fn no_event_is_without_a_row() {
    let events = all(&Sample::default());
    let words: HashSet<_> = events.iter().map(AuditEvent::word).collect();
    let rows: HashSet<_> = ROWS.iter().map(|row| row.word).collect();
    assert_eq!(words, rows);
    assert_eq!(rows.len(), ROWS.len(), "a word is there twice");
    let numbers: HashSet<_> = ROWS.iter().map(|row| row.number).collect();
    assert_eq!(numbers.len(), ROWS.len());
}

#[test]
fn header_dates_and_log_ids_are_the_manuals() {
    let entry = |id, event: AuditEvent| AuditEntry { id, ..stored(&event, None) };
    let rows = [
        (0, DateFormat::YearFirst, 1, "1\t2018/01/01\t10:00:00"),
        (0, DateFormat::MonthFirst, 60_000, "60000\t01/01/2018\t10:00:00"),
        (540, DateFormat::DayFirst, 60_001, "1\t01/01/2018\t19:00:00"),
        (-720, DateFormat::MonthFirst, 120_002, "2\t12/31/2017\t22:00:00"),
        (330, DateFormat::YearFirst, 7, "7\t2018/01/01\t15:30:00"),
    ];
    for (minutes, dates, id, begins) in rows {
        let one = entry(id, failed(Claimed::User(user("User1"))));
        let text = manual([&one], &shown(minutes, dates));
        let lines: Vec<_> = text.lines().collect();
        let zone = format!("Time Zone\t{minutes}");
        let date = format!("Date Format\t{}", dates.as_str());
        let address = "Device's IP Address\t192.0.2.7";
        let header = ["Format Version\t3", address, "Coding Method\tUTF8", &zone, &date, ""];
        assert_eq!(lines[..6], header, "{text}");
        assert_eq!(lines[6].split('\t').count(), 9);
        assert!(lines[7].starts_with(begins), "{}", lines[7]);
        assert_eq!((lines.len(), lines[7].split('\t').count()), (8, 9));
        assert_eq!(DateFormat::from_word(dates.as_str()), Some(dates));
    }
}

#[test]
fn nothing_ends_a_field_or_a_line_early() {
    let mut entry = stored(&started(true), Some("de\tsk\n"));
    entry.user = Some("a\tb\r\nc".to_owned());
    assert_eq!(told(&entry).len(), 6);
    assert_eq!(json_line(&entry).lines().count(), 1);
    let parsed: serde_json::Value = serde_json::from_str(&json_line(&entry)).unwrap();
    assert_eq!(parsed["user"], "a\tb\r\nc");
    assert_eq!(parsed["at"], "2018-01-01T10:00:00.000Z");
}

#[test]
fn syslog_messages_are_rfc_5424() {
    let mut entry = stored(&failed(Claimed::User(user("User1"))), Some("desk"));
    entry.detail = Some("say \"x\\]\"\n".to_owned());
    entry.fields = None;
    let from = |host: &str| Syslog { host: host.to_owned() };
    assert_eq!(
        syslog_line(&entry, &from("device 1")),
        "<108>1 2018-01-01T10:00:00.000Z device1 kazasu - sign-in-failed [audit@32473 id=\"1\" \
         station=\"desk\" user=\"User1\" code=\"K06\" detail=\"say \\\"x\\\\\\]\\\" \"] \
         Login/Logout: Login, Failed (Invalid Password)"
    );
    let plain = syslog_line(&stored(&AuditEvent::StopRequested, None), &from(""));
    assert!(plain.starts_with("<109>1 2018-01-01T10:00:00.000Z - kazasu - "), "{plain}");

    // Somebody wrote into the store.
    let long = "x".repeat(40);
    for (event, kind) in [("a b\nc", "abc"), ("\u{e9} ", "-"), ("", "-"), (&long, &long[..32])] {
        let mut entry = stored(&AuditEvent::StopRequested, None);
        entry.event = event.to_owned();
        let line = syslog_line(&entry, &from("d"));
        assert!(line.contains(&format!(" d kazasu - {kind} [audit@")), "{line}");
    }
}

#[test]
fn filters_take_what_was_asked_for() {
    let entry = stored(&failed(Claimed::User(user("User1"))), None);
    let when = entry.at;
    let second = Duration::from_secs(1);
    let text = |text: &str| Some(text.to_owned());
    let all = AuditFilter::default;
    let rows = [
        (all(), true),
        (AuditFilter { since: Some(when), ..all() }, true),
        (AuditFilter { since: Some(when + second), ..all() }, false),
        (AuditFilter { until: Some(when), ..all() }, false),
        (AuditFilter { until: Some(when + second), ..all() }, true),
        (AuditFilter { event: text("sign-in-failed"), ..all() }, true),
        (AuditFilter { event: text("sign-in"), ..all() }, false),
        (AuditFilter { user: Some(crate::NameKey::of(" USER1 ")), ..all() }, true),
        (AuditFilter { user: Some(crate::NameKey::of("User2")), ..all() }, false),
    ];
    for (filter, taken) in rows {
        assert_eq!(filter.takes(&entry), taken, "{filter:?}");
    }
}
