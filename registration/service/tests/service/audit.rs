//! The audit log: who may have it, what is recorded beside the changes themselves.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use kazasu_hal::{Cause, EventKind, Fault, FaultKind, Presence, ReaderInfo, ReaderName};
use kazasu_registration::{AuditEvent, Claimed, DeviceSecret, ErrorCode, Role};
use kazasu_service::{Authority, Store, StoreError, StoreErrorKind, UserEdit};

use crate::{
    on_both_stores,
    world::{RETRIEVAL, Served, World, entry, id, key, with},
};

on_both_stores!(
    only_administrators_may_have_the_log(with(&[("lock-out.user", "10")])),
    a_start_tells_what_changed_since_the_last(with(&[])),
    handing_the_log_out_is_recorded(with(&[])),
    users_that_come_and_go_as_files_are_recorded(with(&[])),
);

/// The log as `event user detail`, from a record on.
pub(crate) async fn log(service: &Served<impl Store>, after: u64) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let entries = service.office(&Authority::SERVICE).audit_after(after).await.unwrap();
    let line = |entry: &kazasu_registration::AuditEntry| {
        format!("{} {} {}", entry.event, text(&entry.user), text(&entry.told()))
    };
    entries.iter().map(line).collect()
}

async fn newest(service: &Served<impl Store>) -> u64 {
    service
        .office(&Authority::SERVICE)
        .audit_after(0)
        .await
        .unwrap()
        .last()
        .map_or(0, |entry| entry.id)
}

/// S40-4-03: the audit server's sign-in.
async fn only_administrators_may_have_the_log(world: World<impl Store>) {
    let (service, office) = (&world.service, world.office());
    for user in ["chief", "alice"] {
        world.add(user, "sesame 1").await;
    }
    office
        .add_user(kazasu_registration::UserEntry { password: None, ..entry("open", "") })
        .await
        .unwrap();
    for user in ["chief", "open"] {
        let role = UserEdit { role: Some(Role::Administrator), ..UserEdit::default() };
        office.edit_user(&key(user), role).await.unwrap();
    }
    let before_password =
        service.administrators().check("admin", "sesame 1".to_owned().into(), RETRIEVAL).await;
    assert_eq!(before_password, Err(ErrorCode::SignInFailed.into()), "no password is set yet");
    let operator = DeviceSecret::KeyOperator;
    office.set_secret(operator, Some("operator 1".to_owned().into())).await.unwrap();
    let wrong = Err(ErrorCode::SignInFailed);
    let chief = Claimed::User(id("chief"));
    let long = "x".repeat(200);
    let rows = [
        ("admin", "operator 1", Ok(Claimed::Device(operator)), None),
        ("chief", "sesame 1", Ok(chief), None),
        ("admin", "sesame 1", wrong.clone(), Some("sign-in-failed - administrator")),
        ("chief", "sesame 2", wrong.clone(), Some("sign-in-failed chief -")),
        ("alice", "sesame 1", wrong.clone(), Some("not-administrator alice -")),
        ("alice", "sesame 2", wrong.clone(), Some("sign-in-failed alice -")),
        // Nobody's password is everybody's.
        ("open", "", wrong.clone(), Some("sign-in-failed open -")),
        ("nobody", "sesame 1", wrong.clone(), Some("sign-in-failed - -")),
        ("", "", wrong.clone(), Some("sign-in-failed - -")),
        ("a:b", "sesame 1", wrong.clone(), Some("sign-in-failed - -")),
        ("chief", long.as_str(), wrong.clone(), Some("sign-in-failed - -")),
    ];
    for (nth, (user, password, expected, recorded)) in rows.into_iter().enumerate() {
        let before = newest(service).await;
        // Each from elsewhere: the first of an address is written at once.
        let from = IpAddr::V4(Ipv4Addr::new(10, 0, 0, nth as u8));
        let checked = service.administrators().check(user, password.to_owned().into(), from).await;
        assert_eq!(checked.map_err(|refusal| refusal.code), expected, "{user:?}");
        let log = log(service, before).await;
        let recorded = recorded.map(|line: &str| match line.strip_suffix(" -") {
            Some(line) => format!("{line} from {from}"),
            None => format!("{line}; from {from}"),
        });
        let recorded: Vec<_> = recorded.into_iter().collect();
        assert_eq!(log, recorded, "{user:?}");
    }
}

/// S40-4-01, S40-4-06, S40-4-07.
async fn a_start_tells_what_changed_since_the_last(world: World<impl Store>) {
    let service = &world.service;
    let rows: [(&str, &str, &[&str]); 4] = [
        ("1.0", "b1", &["audit-begun - -", "started-cold - 1.0 b1"]),
        ("1.0", "b1", &["started-warm - 1.0 b1"]),
        ("1.1", "b1", &["software-updated - 1.1", "started-warm - 1.1 b1"]),
        ("1.1", "b2", &["started-cold - 1.1 b2"]),
    ];
    for (version, boot, expected) in rows {
        let before = newest(service).await;
        assert_eq!(service.office(&Authority::SERVICE).record_start(version, boot).await, Ok(()));
        let log = log(service, before).await;
        assert_eq!(log, expected, "{version} {boot}");
        assert_eq!(
            service.office(&Authority::SERVICE).record_audit(AuditEvent::StopRequested).await,
            Ok(())
        );
    }
}

async fn handing_the_log_out_is_recorded(world: World<impl Store>) {
    let (service, office) = (&world.service, world.office());
    world.add("chief", "sesame 1").await;
    let edit = UserEdit { role: Some(Role::Administrator), ..UserEdit::default() };
    world.office().edit_user(&key("chief"), edit).await.unwrap();
    let administrators = service.administrators();
    let chief = administrators.standing(Claimed::User(id("chief"))).await.unwrap().unwrap();
    let entries = administrators.office(&chief).export_audit().await.unwrap();
    let events: Vec<_> = entries.iter().map(|entry| entry.event.as_str()).collect();
    assert_eq!(events, ["user-added", "role-changed", "audit-exported"]);
    assert_eq!(entries[2].user.as_deref(), Some("chief"));
    let verified = office.verify_audit().await.unwrap();
    assert_eq!(verified.map(|whole| whole.records), Ok(3));
}

/// Error 3025.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_audited_is_refused() {
    let world = World::memory(with(&[]));
    let full = StoreError::new(StoreErrorKind::Unaudited, "no room");
    world.store.fail(Some(full));
    let error = world.office().export_audit().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::AuditUnwritable));
    assert_eq!(ErrorCode::AuditUnwritable.as_str(), "3025");
    let checked =
        world.service.administrators().check("a:b", String::new().into(), RETRIEVAL).await;
    assert_eq!(checked, Err(ErrorCode::AuditUnwritable.into()));
}

/// S40-4-09: here the one clock runs and the calendar's stands still, as if it were set back again
/// and again.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_is_recorded() {
    let world = World::memory(with(&[]));
    let service = world.service.clone();
    let watching = tokio::spawn(async move { service.watch_clock().await });
    tokio::time::sleep(Duration::from_secs(25)).await;
    let log = log(&world.service, 0).await;
    assert_eq!(log.len(), 2, "{log:?}");
    for line in log {
        let by: i64 = line.split(' ').nth(2).unwrap().parse().unwrap();
        assert!(line.starts_with("time-adjusted - ") && (-10_100..=-9_000).contains(&by), "{line}");
    }
    world.service.shutdown().await;
    watching.await.unwrap();
}

async fn users_that_come_and_go_as_files_are_recorded(world: World<impl Store>) {
    let (service, office) = (&world.service, world.office());
    let csv = b"user_id\nalice\nbob\n".to_vec();
    assert_eq!(office.import_users(csv.into()).await, Ok(2));
    // One that is refused is none.
    let again = office.import_users(b"user_id\nalice\n".to_vec().into()).await.unwrap_err();
    assert_eq!(again.to_string(), "line 2: user_id is taken");
    world.tap(1);
    world.form().await;
    let file = office.export_users().await.unwrap();
    assert_eq!(file.lines().count(), 3, "{file}");
    let log = log(service, 0).await;
    let (added, rest) = log.split_at(2);
    assert_eq!(added, ["user-added alice -", "user-added bob -"]);
    assert_eq!(rest, ["users-imported - 2", "provisional-made - -", "users-exported - 2"]);
}

/// Nothing of it is handed out where the log cannot say so.
#[tokio::test(start_paused = true)]
async fn users_are_not_handed_out_unrecorded() {
    let world = World::memory(with(&[]));
    world.add("alice", "sesame").await;
    world.store.fail(Some(StoreError::new(StoreErrorKind::Unaudited, "no room")));
    let error = world.office().export_users().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::AuditUnwritable));
}

/// Spec 40 section 4, ours: no flood of records, and the last state is told.
#[tokio::test(start_paused = true)]
async fn a_reader_that_flaps_is_recorded_once_a_minute() {
    let world = World::memory(with(&[]));
    let attached = || {
        EventKind::Attached(ReaderInfo {
            name: ReaderName("r".to_owned()),
            driver: "pn532",
            model: "PN532".to_owned(),
            presence: Presence::Polled,
        })
    };
    for _ in 0..20 {
        world.event_at("desk", "r", attached());
        world.event_at("desk", "r", EventKind::Detached);
    }
    let broken = Fault::new(FaultKind::Link, Cause { word: "broken", places: Vec::new() });
    world.event_at("door", "pcsc", EventKind::Fault(broken));
    tokio::time::sleep(Duration::from_secs(59)).await;
    let mut told = vec!["reader-attached - r", "reader-faulty - pcsc; link"];
    assert_eq!(log(&world.service, 0).await, told);
    tokio::time::sleep(Duration::from_secs(600)).await;
    told.push("reader-detached - r; 38 more");
    assert_eq!(log(&world.service, 0).await, told);
    let entries = world.service.office(&Authority::SERVICE).audit_after(0).await.unwrap();
    assert_eq!(entries.len(), 3);

    // What the last minute kept back is told at the end.
    world.event_at("desk", "r", attached());
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.event_at("desk", "r", EventKind::Detached);
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.service.shutdown().await;
    let audit = world.store.audit();
    assert_eq!(audit[3..], ["reader-attached - - r", "reader-detached - - r"]);
}
