use std::{
    net::{IpAddr, Ipv4Addr},
    time::{Duration, SystemTime},
};

use kazasu_hal::{Mono, Now, StationName};

use super::{refusals::names_in, wording::wording, *};
use crate::{DeviceSecret, NameKey, UserId};

fn at(seconds: u64) -> Now {
    let passed = Duration::from_secs(seconds);
    Now { mono: Mono(passed), wall: SystemTime::UNIX_EPOCH + passed }
}

fn address(last: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(0xC000_0200 + last))
}

fn station(name: &str) -> StationName {
    StationName(name.to_owned())
}

fn refused(who: &str, kind: RefusalKind, from: Option<u32>) -> Refused {
    let who = match who {
        "" => Claimed::Unknown,
        "KO" => Claimed::Device(DeviceSecret::KeyOperator),
        user => Claimed::User(UserId::new(user).unwrap()),
    };
    Refused { who, card: None, kind, from: from.map(address) }
}

fn shown(record: &AuditRecord) -> String {
    let event = &record.event;
    let station = record.station.as_ref().map_or("-", |station| &station.0);
    let user = event.user().map_or("-", UserId::as_str);
    let code = event.code().map_or("-", crate::ErrorCode::as_str);
    let detail = wording(event.word(), &event.details()).unwrap_or_else(|| "-".to_owned());
    format!("{} {station} {user} {code} {detail}", event.word())
}

fn due(refusals: &mut Refusals, now: Now) -> Vec<String> {
    std::iter::from_fn(|| refusals.poll_output(now)).map(|record| shown(&record)).collect()
}

/// S40-4-03: each row: when, who, why, what is written at once, what is written then.
#[test]
fn one_source_makes_one_record_a_minute_whatever_is_wrong() {
    use RefusalKind as Kind;
    let mut refusals = Refusals::default();
    type Row<'a> = (u64, &'a str, Kind, Option<&'a str>, &'a [&'a str]);
    let rows: [Row<'_>; 9] = [
        (0, "alice", Kind::WrongPassword, Some("sign-in-failed - alice K06 from 192.0.2.1"), &[]),
        (1, "", Kind::UnknownUser, None, &[]),
        (2, "alice", Kind::Locked, None, &[]),
        (3, "bob", Kind::NotAdministrator, None, &[]),
        (4, "KO", Kind::TooSoon, None, &[]),
        (59, "", Kind::Limited, None, &[]),
        (
            60,
            "alice",
            Kind::WrongPassword,
            None,
            &["sign-ins-failed - - K06 6 times; \
               1970-01-01T00:00:01.000Z to 1970-01-01T00:01:00.000Z; \
               unknown-user 1, wrong-password 1, not-administrator 1, locked 1, too-soon 1, \
               limited 1; of alice, bob and others; from 192.0.2.1"],
        ),
        (61, "KO", Kind::WrongPassword, None, &[]),
        (
            120,
            "KO",
            Kind::Locked,
            None,
            &["sign-ins-failed - - K06 administrator; 2 times; \
               1970-01-01T00:01:01.000Z to 1970-01-01T00:02:00.000Z; \
               wrong-password 1, locked 1; from 192.0.2.1"],
        ),
    ];
    for (second, who, kind, at_once, then) in rows {
        let told = refusals.refused(at(second), None, refused(who, kind, Some(1)));
        assert_eq!(told.as_ref().map(shown).as_deref(), at_once, "{second}");
        assert_eq!(due(&mut refusals, at(second)), then, "{second}");
    }
    assert_eq!(refusals.poll_timeout(), None);
    // After a minute without anything the next is told at once again.
    let after = |seconds: u64| at(120 + seconds);
    let again = refused("", RefusalKind::UnknownUser, Some(1));
    assert_eq!(refusals.refused(after(59), None, again.clone()), None);
    assert_eq!(refusals.poll_timeout(), Some(after(60).mono));
    assert_eq!(due(&mut refusals, after(60)).len(), 1);
    let told = refusals.refused(after(120), None, again);
    assert_eq!(told.as_ref().map(shown).as_deref(), Some("sign-in-failed - - K06 from 192.0.2.1"));
}

/// What stands in front of the device is told by station, the rest by address, each by itself.
#[test]
fn sources_do_not_hide_behind_each_other() {
    let mut refusals = Refusals::default();
    let rows = [
        ("desk", None, "sign-in-failed desk alice K12 locked"),
        ("door", None, "sign-in-failed door alice K12 locked"),
        ("desk", Some(1), "sign-in-failed desk alice K12 locked; from 192.0.2.1"),
        ("desk", Some(2), "sign-in-failed desk alice K12 locked; from 192.0.2.2"),
    ];
    for (name, from, expected) in rows {
        let name = station(name);
        let mut tries = || {
            let what = refused("alice", RefusalKind::Locked, from);
            refusals.refused(at(0), Some(&name), what)
        };
        assert_eq!(tries().as_ref().map(shown).as_deref(), Some(expected));
        assert_eq!((tries(), tries()), (None, None));
    }
    let mut rest: Vec<_> =
        std::iter::from_fn(|| refusals.poll_rest(at(5))).map(|record| shown(&record)).collect();
    rest.sort();
    let expected = |station: &str, from: &str| {
        format!(
            "sign-ins-failed {station} alice K06 2 times; 1970-01-01T00:00:00.000Z to \
             1970-01-01T00:00:00.000Z; locked 2{from}"
        )
    };
    let expected = [
        expected("desk", ""),
        expected("desk", "; from 192.0.2.1"),
        expected("desk", "; from 192.0.2.2"),
        expected("door", ""),
    ];
    assert_eq!(rest, expected);
    assert_eq!(refusals.poll_rest(at(5)), None, "told once");
}

/// Nothing is lost where more sources come than are counted each by itself.
#[test]
fn memory_and_records_are_bounded_and_every_refusal_is_counted() {
    let mut refusals = Refusals::new(10);
    let (mut at_once, mut counted, mut records, mut others) = (0, 0, 0, String::new());
    for second in 0..300 {
        for nth in 0..1000_u32 {
            let what = refused("", RefusalKind::UnknownUser, Some(nth));
            at_once += u32::from(refusals.refused(at(second), None, what).is_some());
        }
        while let Some(record) = refusals.poll_output(at(second)) {
            let AuditEvent::SignInsFailed(many) = record.event else { panic!("{record:?}") };
            counted += many.count();
            records += 1;
        }
    }
    // Whoever stands before the device is not counted with all of those.
    let desk = station("desk");
    let here = refused("alice", RefusalKind::Locked, None);
    let told = refusals.refused(at(300), Some(&desk), here).map(|record| shown(&record));
    assert_eq!(told.as_deref(), Some("sign-in-failed desk alice K12 locked"));
    while let Some(record) = refusals.poll_rest(at(300)) {
        others = shown(&record);
        let AuditEvent::SignInsFailed(many) = record.event else { panic!("{record:?}") };
        counted += many.count();
        records += 1;
    }
    assert_eq!(at_once + counted, 300 * 1000);
    assert!(others.ends_with("; from several addresses"), "{others}");
    assert_eq!((at_once, records), (11, 5 * 11));
    assert!(refusals.poll_timeout().is_none());
}

/// A search for a person finds the record that names several.
#[test]
fn whoever_is_named_among_others_is_found() {
    let mut refusals = Refusals::default();
    for nth in 0..12 {
        for user in [format!("user{nth}"), format!("USER{nth}")] {
            refusals.refused(at(0), None, refused(&user, RefusalKind::Locked, Some(1)));
        }
    }
    let record = refusals.poll_rest(at(1)).unwrap();
    let entry = AuditEntry::new(1, &record, None, None);
    let names = names_in(&entry);
    // The first one was told alone, and then once more in capitals.
    let expected = ["USER0", "user1", "user2", "user3", "user4", "user5", "user6", "user7"];
    assert_eq!(names, expected);
    for (user, found) in [("USER7", true), ("user0", true), ("user8", false), ("user", false)] {
        let filter = AuditFilter { user: Some(NameKey::of(user)), ..AuditFilter::default() };
        assert_eq!(filter.takes(&entry), found, "{user}");
    }
}
