//! The audit log: a record of each change, chained, and so many of them.

use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};

use kazasu_hal::StationName;
use kazasu_registration::{
    AUDIT_FOLD, AUDIT_KEPT, AUDIT_KEPT_OF_KIND, AuditEntry, AuditEvent, AuditRecord, Capacity,
    Claimed, CommitOutcome, DeviceSecret, ErrorCode, Failures, Folded, Limits, OwnChange, Refused,
    Role, Settings, Site, UserId, UserName,
};
use kazasu_store::{
    AddOutcome, SettingsToStore, Store, StoreError, StoreErrorKind, StoredSettings, StoredUser,
    UserChange, UserToStore, Wanted,
};
use tokio::time::timeout;

use crate::{people::nothing, *};

/// The log as `event user code card replaced detail`, oldest first, with a letter for each card that
/// the log refers to, in the order they appear.
pub async fn told(store: &impl Store) -> Vec<String> {
    let mut letters: HashMap<i64, char> = HashMap::new();
    let mut letter = |row: Option<i64>| match row {
        None => '-',
        Some(row) => {
            let next = char::from(b'A' + u8::try_from(letters.len()).unwrap());
            *letters.entry(row).or_insert(next)
        }
    };
    let text = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let line = |entry: AuditEntry| {
        let (card, replaced) = (letter(entry.card), letter(entry.replaced));
        let detail = text(entry.told());
        let (user, code) = (text(entry.user), text(entry.code));
        format!("{} {user} {code} {card} {replaced} {detail}", entry.event)
    };
    store.audit_log(0).await.unwrap().into_iter().map(line).collect()
}

pub async fn the_log_tells_all_and_holds_no_number(store: &impl Store) {
    add(store, &["tanaka"]).await;
    tap(store, 1).await;
    tap(store, 1).await;
    bind(store, 1, "tanaka", None).await;
    tap(store, 2).await;
    bind(store, 2, "tanaka", None).await;
    bind(store, 2, "tanaka", Some(1)).await;
    tap(store, 3).await;
    let failed = |who, card| AuditEvent::SignInFailed(Refused::wrong(who, card));
    let events = [
        AuditEvent::Refused { code: ErrorCode::Full, card: card(9) },
        failed(Claimed::User(id("tanaka")), Some(card(3))),
        failed(Claimed::Unknown, None),
        failed(Claimed::Device(DeviceSecret::Engineer), None),
        AuditEvent::CardWritten { user: id("tanaka"), replaced: false },
    ];
    for event in events {
        let record = AuditRecord { at: at(4), station: Some(desk()), event };
        assert_eq!(store.append_audit(record).await, Ok(()));
    }
    store.delete_user(key(3), at(5)).await.unwrap();
    tap(store, 4).await;
    let copied = store.commit_copy(binding(4, "sato", None), copy("sato", MANY)).await;
    assert_eq!(copied, Ok(CommitOutcome::Done));
    change_everything(store, "sato").await;
    store.delete_user(id("tanaka").into(), at(5)).await.unwrap();
    let secret = |which, verifier| store.set_secret(which, verifier, at(6));
    secret(DeviceSecret::KeyOperator, Some(hash("x"))).await.unwrap();
    secret(DeviceSecret::KeyOperator, None).await.unwrap();
    let keys = ["card.number", "sign-in.mode"].map(str::to_owned).to_vec();
    store.save_settings(SettingsToStore { keys, ..change(0, "{}") }).await.unwrap();
    tap(store, 5).await;
    let deletes = SettingsToStore { deletes_users: true, ..change(1, "{}") };
    store.save_settings(deletes).await.unwrap();
    let lines = told(store).await;
    assert_eq!(
        lines,
        [
            "user-added tanaka - - - -",
            "provisional-made - - A - -",
            "card-bound tanaka - A - -",
            "provisional-made - - B - -",
            "card-replaced tanaka - B A -",
            "provisional-made - - C - -",
            "registration-refused - K01 - - -",
            "sign-in-failed tanaka K06 C - -",
            "sign-in-failed - K06 - - -",
            "sign-in-failed - K06 - - engineer",
            "card-written tanaka - - - -",
            "provisional-deleted - - C - -",
            "provisional-made - - D - -",
            "user-copied sato - - - account-administrator no-fax",
            "card-bound sato - D - -",
            "user-edited sato - - - -",
            "role-changed sato - - - account-administrator",
            "limits-changed sato - - - no-copy no-fax no-scan no-print",
            "card-unlinked sato - D - -",
            "user-deleted tanaka - B - -",
            "secret-set - - - - administrator",
            "secret-set - - - - administrator",
            "settings-changed - - - - version 1: card.number sign-in.mode",
            "provisional-made - - E - -",
            "users-deleted - - - - 1",
            "settings-changed - - - - version 2: card.number",
        ]
    );
    let log = format!("{:?}", store.audit_log(0).await.unwrap());
    assert!(log.contains("desk") && !log.contains("012E4CE1"), "{log}");
}

/// All that a store tells.
#[derive(Debug, PartialEq)]
pub(crate) struct Snapshot {
    users: Vec<StoredUser>,
    settings: Vec<StoredSettings>,
    has_secret: bool,
    failures: Vec<(UserId, Failures)>,
    log: Vec<AuditEntry>,
}

pub(crate) async fn snapshot(store: &impl Store) -> Snapshot {
    Snapshot {
        users: store.list_users().await.unwrap(),
        settings: store.settings_history().await.unwrap(),
        has_secret: store.secret(DeviceSecret::Guest).await.unwrap().is_some(),
        failures: store.failures().await.unwrap(),
        log: store.audit_log(0).await.unwrap(),
    }
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>>;

/// One change, and how many records it has.
struct Change<S> {
    name: &'static str,
    records: u64,
    make: fn(&S) -> Answer<'_>,
}

fn change_of<S>(name: &'static str, records: u64, make: fn(&S) -> Answer<'_>) -> Change<S> {
    Change { name, records, make }
}

/// Every kind of change, each possible after those before it.
fn changes<S: Store>() -> Vec<Change<S>> {
    vec![
        change_of("two users", 2, |s| {
            let users = vec![user("suzuki"), user("tanaka")];
            Box::pin(async move { s.add_users(users, MANY, at(0)).await.map(drop) })
        }),
        change_of("a provisional user", 1, |s| tapped_card(s, 1)),
        change_of("a binding", 1, |s| {
            Box::pin(async move { s.commit(binding(1, "tanaka", None)).await.map(drop) })
        }),
        change_of("a card replaced", 1, |s| {
            Box::pin(async move { s.commit(binding(2, "tanaka", Some(1))).await.map(drop) })
        }),
        change_of("a copy", 2, |s| {
            let copied = s.commit_copy(binding(3, "sato", None), copy("sato", MANY));
            Box::pin(async move { copied.await.map(drop) })
        }),
        change_of("an own change", 1, |s| {
            let change = OwnChange { name: UserName::new("T").ok(), ..own("tanaka") };
            Box::pin(async move { s.save_own(change, None).await.map(drop) })
        }),
        change_of("an edited record", 4, |s| {
            let change = UserChange {
                name: UserName::new("S").ok(),
                role: Some(Role::AccountAdministrator),
                limits: Some(Limits::FORBID_ALL),
                unlink_card: true,
                ..nothing("sato")
            };
            Box::pin(async move { s.edit_user(change).await.map(drop) })
        }),
        change_of("another ID", 1, |s| {
            Box::pin(async move { s.rename_user(id("suzuki"), id("ito"), at(5)).await.map(drop) })
        }),
        change_of("wrong passwords", 1, |s| {
            let event = AuditEvent::SignInFailed(Refused::wrong(Claimed::User(id("ito")), None));
            let record = AuditRecord { at: at(5), station: Some(desk()), event };
            let failures = Failures { at_device: 2, network: 0 };
            Box::pin(async move { s.save_failures(id("ito"), failures, Some(record)).await })
        }),
        change_of("a user deleted", 1, |s| {
            Box::pin(async move { s.delete_user(id("sato").into(), at(6)).await.map(drop) })
        }),
        change_of("another provisional user", 1, |s| tapped_card(s, 4)),
        change_of("a provisional user deleted", 1, |s| {
            Box::pin(async move { s.delete_user(key(4), at(6)).await.map(drop) })
        }),
        change_of("a third provisional user", 1, |s| tapped_card(s, 5)),
        change_of("provisional users deleted", 1, |s| {
            Box::pin(async move { s.delete_provisional(None, at(6)).await.map(drop) })
        }),
        change_of("a fourth provisional user", 1, |s| tapped_card(s, 6)),
        change_of("leftovers", 1, |s| {
            Box::pin(async move { s.delete_leftovers(at(9), Vec::new(), at(9)).await.map(drop) })
        }),
        change_of("a fifth provisional user", 1, |s| tapped_card(s, 7)),
        change_of("room", 1, |s| {
            let capacity = Capacity { registered: 3, records: 3 };
            let wanted = Wanted { more: 1, registered: true, capacity };
            Box::pin(async move { s.make_room(wanted, Vec::new(), at(9)).await.map(drop) })
        }),
        change_of("settings", 1, |s| {
            let settings = Settings::default().changed([("card.number", "order=reversed")]);
            let settings = settings.unwrap();
            let json = settings.to_json();
            let renumber = Some(Arc::new(Site::new(settings).unwrap()));
            let change = SettingsToStore { renumber, ..change(0, &json) };
            Box::pin(async move { s.save_settings(change).await.map(drop) })
        }),
        change_of("settings that delete", 2, |s| {
            let change = SettingsToStore { deletes_users: true, ..change(1, "{}") };
            Box::pin(async move { s.save_settings(change).await.map(drop) })
        }),
        change_of("a secret", 1, |s| {
            let set = s.set_secret(DeviceSecret::Guest, Some(hash("x")), at(9));
            Box::pin(set)
        }),
        change_of("an event", 1, |s| {
            let event = AuditEvent::Refused { code: ErrorCode::Full, card: card(9) };
            let record = AuditRecord { at: at(9), station: Some(desk()), event };
            Box::pin(s.append_audit(record))
        }),
    ]
}

fn tapped_card<S: Store>(store: &S, n: u8) -> Answer<'_> {
    let made = store.make_provisional(provisional(n), None, MANY);
    Box::pin(async move { made.await.map(drop) })
}

/// Makes every kind of change.
pub(crate) async fn every_change<S: Store>(store: &S) {
    for change in changes() {
        assert_eq!((change.make)(store).await, Ok(()), "{}", change.name);
    }
}

/// Numbered one after the other, in the log whole, and told when the change is.
pub async fn each_change_has_its_records<S: Store>(store: &S) {
    let mut there = 0;
    for change in changes() {
        assert_eq!((change.make)(store).await, Ok(()), "{}", change.name);
        let log = store.audit_log(there).await.unwrap();
        let numbers: Vec<_> = log.iter().map(|entry| entry.id).collect();
        let wanted: Vec<_> = (there + 1..=there + change.records).collect();
        assert_eq!(numbers, wanted, "{}: {log:?}", change.name);
        there += change.records;
        let whole = store.verify_audit().await.unwrap();
        let told = whole.map(|whole| (whole.records, whole.folded, whole.end.id));
        assert_eq!(told, Ok((there, 0, there)), "{}", change.name);
    }
}

/// Error 3025: neither the change nor a part of it, whichever it is.
pub async fn what_cannot_be_audited_is_not_done(place: &impl Place) {
    let store = place.open();
    for change in changes() {
        let before = snapshot(&store).await;
        place.take_records(false);
        let error = (change.make)(&store).await.unwrap_err();
        let told = (error.kind, error.code().as_str());
        assert_eq!(told, (StoreErrorKind::Unaudited, "3025"), "{}", change.name);
        assert_eq!(snapshot(&store).await, before, "{}", change.name);
        place.take_records(true);
        assert_eq!((change.make)(&store).await, Ok(()), "{}", change.name);
        assert_ne!(snapshot(&store).await, before, "{}", change.name);
    }
    assert!(store.verify_audit().await.unwrap().is_ok());
}

pub async fn what_changes_nothing_has_no_record(store: &impl Store) {
    add(store, &["suzuki", "tanaka"]).await;
    tap(store, 1).await;
    bind(store, 1, "tanaka", None).await;
    let before = snapshot(store).await;
    bind(store, 1, "suzuki", None).await;
    tap(store, 2).await;
    store.delete_user(key(2), at(3)).await.unwrap();
    let two = before.log.len() as u64 + 2;
    tap(store, 3).await;
    tap(store, 3).await;
    let _ = store.add_users(vec![user("tanaka"), user("new")], MANY, at(3)).await.unwrap();
    let _ = store.rename_user(id("suzuki"), id("tanaka"), at(3)).await.unwrap();
    assert_eq!(store.edit_user(nothing("nobody")).await, Ok(false));
    assert_eq!(store.edit_user(nothing("tanaka")).await, Ok(true));
    assert_eq!(store.delete_user(id("nobody").into(), at(3)).await, Ok(false));
    assert_eq!(store.delete_leftovers(at(0), Vec::new(), at(3)).await, Ok(0));
    let room = Wanted { more: 1, registered: true, capacity: MANY };
    assert_eq!(store.make_room(room, Vec::new(), at(3)).await, Ok(true));
    let tried = SettingsToStore { try_only: true, deletes_users: true, ..change(0, "{}") };
    store.save_settings(tried).await.unwrap();
    store.save_settings(change(7, "{}")).await.unwrap();
    store.save_failures(id("tanaka"), Failures { at_device: 1, network: 0 }, None).await.unwrap();
    let log = told(store).await;
    assert_eq!(log.len() as u64, two + 1, "{log:?}");
}

/// Also where the clock was set back, and whoever asks for the later ones gets those.
pub async fn records_are_told_in_the_order_they_were_written(store: &impl Store) {
    for n in [7, 3, 5] {
        let event = AuditEvent::UserAdded { user: id(&format!("user{n}")) };
        let station = (n == 3).then(|| StationName("door".to_owned()));
        store.append_audit(AuditRecord { at: at(n), station, event }).await.unwrap();
    }
    let line = |entry: &AuditEntry| (entry.id, entry.at, entry.station.clone());
    let door = Some("door".to_owned());
    let all = [(1, at(7), None), (2, at(3), door), (3, at(5), None)];
    for after in 0..=3 {
        let log = store.audit_log(after as u64).await.unwrap();
        let log: Vec<_> = log.iter().map(line).collect();
        assert_eq!(log, all[after..], "{after}");
    }
}

pub async fn the_newest_record_is_told(store: &impl Store) {
    let mut newest = store.follow_audit();
    assert_eq!(*newest.borrow(), 0);
    let mut told = async |number| {
        let told = timeout(Duration::from_secs(30), newest.wait_for(|newest| *newest == number));
        assert!(told.await.is_ok_and(|told| told.is_ok()), "{number}");
    };
    add(store, &["suzuki", "tanaka"]).await;
    told(2).await;
    tap(store, 1).await;
    told(3).await;
    assert_eq!(*store.follow_audit().borrow(), 3);
}

/// Of one kind the oldest give way, in hundreds; one record counts them, and no other kind loses any.
pub async fn the_newest_of_a_kind_are_kept<S: Store>(store: &S) {
    const MORE: u64 = 250;
    let room = Capacity { registered: 9_999, records: 9_999 };
    let users = |numbers: std::ops::Range<u64>| {
        numbers.map(|n| UserToStore { verifier: None, ..user(&format!("user{n}")) }).collect()
    };
    store.set_secret(DeviceSecret::Guest, Some(hash("x")), at(0)).await.unwrap();
    let mut added = 0;
    for more in [AUDIT_KEPT_OF_KIND + MORE, MORE] {
        let users: Vec<_> = users(added..added + more);
        assert_eq!(store.add_users(users, room, at(1 + added)).await, Ok(AddOutcome::Added));
        added += more;
        let log = store.audit_log(0).await.unwrap();
        assert_eq!(log[0].event, "secret-set");
        let count = |event| log.iter().filter(|entry| entry.event == event).count() as u64;
        let kept = count("user-added");
        assert!((AUDIT_KEPT_OF_KIND - AUDIT_FOLD..=AUDIT_KEPT_OF_KIND).contains(&kept), "{kept}");
        let newest = log.iter().rfind(|entry| entry.event == "user-added").unwrap();
        assert_eq!(newest.user, Some(format!("user{}", added - 1)));
        let counting = log.iter().filter(|entry| entry.event == "audit-folded");
        let counting: Vec<_> = counting.collect();
        let [counting] = counting.as_slice() else { panic!("{counting:?}") };
        let counting = Folded::of_details(&counting.details().unwrap()).unwrap();
        assert_eq!((counting.kind.as_str(), counting.count + kept), ("user-added", added));
        let whole = store.verify_audit().await.unwrap().unwrap();
        assert_eq!(whole.records, log.len() as u64);
        assert_eq!(whole.records + whole.folded, log.last().unwrap().id, "none is forgotten");
    }
}

pub async fn the_newest_of_all_are_kept(place: &impl Place) {
    drop(place.open());
    place.fill_log(AUDIT_KEPT - 1);
    let store = place.open();
    add(&store, &["suzuki", "tanaka"]).await;
    tap(&store, 1).await;
    let log = store.audit_log(0).await.unwrap();
    let ends = (log.len() as u64, log[0].id, log.last().unwrap().id);
    assert_eq!(ends, (AUDIT_KEPT, 3, AUDIT_KEPT + 2));
    let whole = store.verify_audit().await.unwrap().map(|whole| (whole.records, whole.end.id));
    assert_eq!(whole, Ok((AUDIT_KEPT, AUDIT_KEPT + 2)));
    // And after it was closed.
    drop(store);
    let store = place.open();
    assert!(store.verify_audit().await.unwrap().is_ok());
    assert_eq!(store.audit_log(0).await.unwrap(), log);
}

pub async fn a_log_goes_on_after_it_was_closed(place: &impl Place) {
    let store = place.open();
    every_change(&store).await;
    let before = snapshot(&store).await;
    drop(store);
    let store = place.open();
    assert_eq!(snapshot(&store).await, before);
    assert_eq!(*store.follow_audit().borrow(), before.log.len() as u64);
    tap(&store, 9).await;
    let next = store.audit_log(before.log.len() as u64).await.unwrap();
    assert_eq!(
        next.iter().map(|entry| entry.id).collect::<Vec<_>>(),
        [before.log.len() as u64 + 1]
    );
    assert!(store.verify_audit().await.unwrap().is_ok());
}
