//! What a station does around a session: broken stores, timers, readers, late presses.

use std::time::Duration;

use kazasu_hal::{Cause, EventKind, Fault, FaultKind, Presence, ReaderInfo, ReaderName};
use kazasu_registration::{ErrorCode, Page, Settings, SignInAs, TypedRecord};
use kazasu_service::{
    ActError, AdminError, Authority, DeviceEvent, PanelAction, StoreError, StoreErrorKind,
};
use kazasu_store_contract::Memory;
use tokio::time::{sleep, timeout};

use crate::world::{World, card, id, registered, station, submit, with};

async fn with_user(user_id: &str, password: &str) -> World<Memory> {
    let world = World::memory(Settings::default());
    world.add(user_id, password).await;
    world
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_bind_nothing_and_are_logged() {
    let world = with_user("tanaka", "sesame").await;
    world.tap(1);
    world.form().await;
    for (user, password) in [("tanaka", "Sesame"), ("tanaka", ""), ("nobody", "sesame")] {
        world.patiently(submit(user, password)).await;
        world.code(ErrorCode::WrongCredentials).await;
    }
    assert_eq!(world.cards().await, ["- 01"]);
    world.service.shutdown().await;
    // One person tried again and again: the first is told, the rest is counted.
    let audit = world.store.audit();
    let [_, _, first, rest] = audit.as_slice() else { panic!("{audit:?}") };
    assert_eq!(first, "sign-in-failed tanaka K06 -");
    assert!(rest.starts_with("sign-ins-failed - K06 "), "{rest}");
    assert!(rest.contains("; unknown-user 1, wrong-password 1"), "{rest}");
}

#[tokio::test(start_paused = true)]
async fn a_password_that_turns_out_right_after_the_person_left_binds_nothing() {
    let world = with_user("tanaka", "sesame").await;
    for action in [PanelAction::Cancel, PanelAction::AuthenticationKey] {
        world.tap(1);
        world.form().await;
        world.store.hold(true);
        world.act(submit("tanaka", "sesame")).await;
        world.shows("desk", "checking", |page| *page == Page::Checking).await;
        world.act(action).await;
        world.act(PanelAction::Cancel).await;
        world.store.hold(false);
        // Long enough for every answer to come in and every page to clear.
        tokio::time::sleep(Duration::from_secs(120)).await;
        world.idle().await;
        assert_eq!(world.cards().await, ["- 01"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_shown_by_its_code() {
    let rows = [
        (StoreErrorKind::Busy, ErrorCode::TryLater, ErrorCode::TryLater),
        (StoreErrorKind::ReadOnly, ErrorCode::StoreFull, ErrorCode::StoreFull),
        (StoreErrorKind::Full, ErrorCode::StoreFull, ErrorCode::StoreFull),
        (StoreErrorKind::Damaged, ErrorCode::StoreUnavailable, ErrorCode::EditUserUnreadable),
        (StoreErrorKind::RecordDamaged, ErrorCode::RecordDamaged, ErrorCode::EditUserUnreadable),
        (StoreErrorKind::Unavailable, ErrorCode::StoreUnavailable, ErrorCode::EditUserUnreadable),
        (StoreErrorKind::NotCommitted, ErrorCode::NotCommitted, ErrorCode::NotCommitted),
    ];
    for (kind, code, own_record) in rows {
        let world = with_user("tanaka", "sesame").await;
        world.store.fail(Some(StoreError::new(kind, "broken")));
        world.tap(1);
        world.code(code).await;
        world.act(PanelAction::Cancel).await;
        for who in [SignInAs::User, SignInAs::Administrator] {
            world.sign_in(who, if who == SignInAs::User { "tanaka" } else { "admin" }, "x").await;
            world.code(code).await;
        }
        // One's own record; its code is the editing page's.
        world.store.fail(None);
        world.sign_in(SignInAs::User, "tanaka", "sesame").await;
        world.signed_in().await;
        world.act(PanelAction::OpenOwnRecord).await;
        world.store.fail(Some(StoreError::new(kind, "broken")));
        world.act(own_record_typed("sesame", "mellon")).await;
        world.code(own_record).await;
        world.store.fail(None);
        // The binding itself: the person is told, nothing is bound (S10-3.6-08).
        world.act(PanelAction::Cancel).await;
        world.tap(1);
        world.form().await;
        world.store.hold(true);
        world.act(submit("tanaka", "sesame")).await;
        world.store.fail(Some(StoreError::new(kind, "broken")));
        world.store.hold(false);
        world.code(code).await;
        world.store.fail(None);
        assert_eq!(world.cards().await, ["- 01"], "{kind:?}");
    }
}

fn own_record_typed(current: &str, new: &str) -> PanelAction {
    PanelAction::SaveOwn(TypedRecord {
        name: "Taro".to_owned(),
        mail: String::new(),
        current: current.to_owned().into(),
        new: new.to_owned().into(),
        again: new.to_owned().into(),
    })
}

#[tokio::test(start_paused = true)]
async fn a_damaged_password_hash_is_the_hashers_code() {
    let world = with_user("tanaka", "sesame").await;
    world.store.damage(&id("tanaka"));
    world.tap(1);
    world.form().await;
    world.act(submit("tanaka", "sesame")).await;
    world.code(ErrorCode::HasherFailed).await;
    assert_eq!(world.cards().await, ["- 01"]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_does_not_block_the_station() {
    let world = World::memory(Settings::default());
    world.store.hold(true);
    world.tap(1);
    world.shows("desk", "reading", |page| *page == Page::Reading).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    world.code(ErrorCode::TryLater).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_nobody_touches_ends_by_itself() {
    let world = World::memory(Settings::default());
    world.tap(1);
    world.form().await;
    let clears_at = world.view("desk").borrow().clears_at.unwrap();
    assert!(clears_at.since(world.service.stations().now().mono) <= Duration::from_secs(30));
    tokio::time::sleep(Duration::from_secs(29)).await;
    world.act(PanelAction::Touch).await;
    tokio::time::sleep(Duration::from_secs(29)).await;
    world.form().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    world.code(ErrorCode::SessionEnded).await;
    tokio::time::sleep(Duration::from_secs(9)).await;
    world.idle().await;
}

#[tokio::test(start_paused = true)]
async fn readers_are_counted() {
    let world = World::memory(Settings::default());
    let attached = |reader: &str| {
        EventKind::Attached(ReaderInfo {
            name: ReaderName(reader.to_owned()),
            driver: "test",
            model: String::new(),
            presence: Presence::Polled,
        })
    };
    let fault = || {
        EventKind::Fault(Fault::new(FaultKind::Link, Cause { word: "gone", places: Vec::new() }))
    };
    let rows = [
        ("fault before anything", "a", fault(), false),
        ("first", "a", attached("a"), true),
        ("second", "b", attached("b"), true),
        ("one leaves", "a", EventKind::Detached, true),
        ("a fault is no end", "b", fault(), true),
        ("the other leaves", "b", EventKind::Detached, false),
        ("a card says its reader is there", "c", EventKind::Removed(card(1)), true),
    ];
    let mut view = world.view("desk");
    for (name, reader, kind, ready) in rows {
        world.event_at("desk", reader, kind);
        let waited = timeout(Duration::from_secs(5), view.wait_for(|v| v.reader_ready == ready));
        assert!(waited.await.is_ok(), "{name}");
        // Nothing that is still on its way changes it.
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(world.view("desk").borrow().reader_ready, ready, "{name}");
    }
    assert!(!world.view("door").borrow().reader_ready);
    drop(world.events);
    let waited = timeout(Duration::from_secs(5), view.wait_for(|v| !v.reader_ready));
    assert!(waited.await.is_ok(), "no reader without events");
}

#[tokio::test(start_paused = true)]
async fn late_presses_and_strangers_are_told_so() {
    let world = World::memory(Settings::default());
    world.tap(1);
    world.form().await;
    let session = world.view("desk").borrow().session;
    let act = |name: &str, session| {
        let (service, name) = (world.service.clone(), station(name));
        async move { service.stations().act(&name, session, PanelAction::AuthenticationKey).await }
    };
    assert_eq!(act("attic", session).await, Err(ActError::NoSuchStation));
    let device = |name: &str| {
        let (service, name) = (world.service.clone(), station(name));
        async move { service.stations().device(&name, DeviceEvent::JobStarted).await }
    };
    assert_eq!(device("attic").await, Err(ActError::NoSuchStation));
    assert_eq!(act("desk", session - 1).await, Err(ActError::SessionOver));
    world.form().await;
    assert_eq!(act("desk", session).await, Ok(()));
    world.idle().await;
    world.service.shutdown().await;
    assert_eq!(act("desk", session).await, Err(ActError::Stopped));
    assert_eq!(device("desk").await, Err(ActError::Stopped));
    assert_eq!(world.office().list_users().await, Err(AdminError::Stopped));
}

/// What the device around the reader reports reaches the machine (S30-4-15).
#[tokio::test(start_paused = true)]
async fn the_device_puts_the_panel_to_sleep() {
    let world = World::memory(with(&[]));
    world.tap(1);
    world.form().await;
    assert_eq!(
        world.service.stations().device(&station("desk"), DeviceEvent::PowerSave).await,
        Ok(())
    );
    assert!(matches!(world.view("desk").borrow().page, Page::Idle { .. }));
}

/// An emulator that makes numbers up keeps nobody out: the oldest card that nobody registered gives
/// way, never one that is in use, and never a person.
#[tokio::test(start_paused = true)]
async fn unknown_cards_do_not_keep_people_out() {
    let world = World::memory(with(&[
        ("capacity.records", "4"),
        ("capacity.registered", "3"),
        ("provisional.new-per-minute", "0"),
    ]));
    world.add("tanaka", "sesame").await;
    // Somebody is registering all the while.
    world.tap_at("door", 9);
    world.form_at("door").await;
    for n in 1..=8 {
        world.tap(n);
        world.form().await;
        world.act(PanelAction::Cancel).await;
        world.idle().await;
    }
    assert_eq!(world.cards().await, ["- 07", "- 08", "- 09"]);
    // Nor does it keep an administrator from adding people.
    world.add("suzuki", "sesame").await;
    world.add("sato", "sesame").await;
    assert_eq!(world.cards().await, ["- 09"]);
    world.act_at("door", submit("tanaka", "sesame")).await;
    world.shows("door", "registered", registered).await;
    // People alone fill the records: then nobody else comes in.
    let log = world.service.office(&Authority::SERVICE).audit_after(0).await.unwrap();
    assert!(log.iter().any(|entry| entry.event == "provisional-gave-way"));
}

#[tokio::test(start_paused = true)]
async fn a_card_that_nobody_registers_is_forgotten_after_a_day() {
    let world = World::in_step(with(&[]));
    world.tap(1);
    world.form().await;
    world.act(PanelAction::Cancel).await;
    sleep(Duration::from_secs(23 * 3600)).await;
    assert_eq!(world.cards().await, ["- 01"]);
    sleep(Duration::from_secs(2 * 3600)).await;
    assert!(world.cards().await.is_empty());
    let log = world.service.office(&Authority::SERVICE).audit_after(0).await.unwrap();
    assert_eq!(log.iter().filter(|entry| entry.event == "provisional-expired").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn too_many_new_cards_are_told_and_recorded_once() {
    let world = World::memory(with(&[("provisional.new-per-minute", "3")]));
    for n in 1..=8 {
        world.tap(n);
        if n <= 3 {
            world.form().await;
        } else {
            world.code(ErrorCode::TooManyNewCards).await;
        }
        world.act(PanelAction::Cancel).await;
        world.idle().await;
    }
    assert_eq!(world.cards().await.len(), 3);
    // Cards that are known are nobody's matter, and the other station has places of its own.
    world.tap(1);
    world.form().await;
    world.tap_at("door", 20);
    world.form_at("door").await;
    let log = world.service.office(&Authority::SERVICE).audit_after(0).await.unwrap();
    assert_eq!(log.iter().filter(|entry| entry.code.as_deref() == Some("K20")).count(), 1);
}
