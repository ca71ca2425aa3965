//! Registration with a directory (spec 10 sections 3.2 and 3.3).

use std::{sync::Arc, time::Duration};

use kazasu_ports::DirectoryFault;
use kazasu_registration::{ErrorCode, Page, SignInAs, Site, Source};
use kazasu_service::{AdminError, Loaded, NoDirectory, PanelAction, Service, Store};
use kazasu_store_contract::Memory;
use tokio::sync::broadcast;

use crate::{
    on_both_stores,
    world::{World, code, id, key, number, station, submit, submit_to, with},
};

const BOTH: &[(&str, &str)] = &[("registration.sources", "both"), ("new-users.fax", "false")];
const REMOTE: &[(&str, &str)] = &[("sign-in.mode", "remote")];

on_both_stores!(
    a_copy_of_the_person_is_made(with(BOTH)),
    a_card_asks_for_the_password_that_was_typed(with(&[
        ("registration.sources", "directory"),
        ("registration.default-source", "directory"),
        ("card.link-mode", "password"),
    ])),
    nobody_is_copied_who_is_called_what_a_card_is(with(BOTH)),
    nobody_comes_from_two_sources(with(BOTH)),
    a_copy_takes_room_like_any_user(with(&[
        ("registration.sources", "both"),
        ("capacity.registered", "1"),
        ("capacity.records", "9"),
    ])),
    the_persons_own_entry_is_written(with(REMOTE)),
    an_entry_that_has_another_card(with(REMOTE)),
);

fn to_directory(user_id: &str, password: &str) -> PanelAction {
    submit_to(Source::Directory, user_id, password)
}

/// Spec 10 section 3.2.
async fn a_copy_of_the_person_is_made(world: World<impl Store>) {
    world.add_to_directory("sato", "sesame");
    world.tap(1);
    world.form().await;
    for (user, password) in [("SATO", "Sesame"), ("nobody", "sesame")] {
        world.act(to_directory(user, password)).await;
        world.code(ErrorCode::DirectoryWrongCredentials).await;
    }
    world.patiently(to_directory("SATO", "sesame")).await;
    world.registered().await;
    assert_eq!(world.cards().await, ["sato 01"]);
    let told = world.office().describe_user(&key("sato")).await.unwrap();
    assert_eq!(told.listed.name.as_str(), "sato D");
    assert_eq!(told.listed.mail.unwrap().as_str(), "sato@example.jp");
    // What people who register a card may do at first (S10-2-14).
    assert_eq!(told.listed.limits.to_text(), "no-fax");
    assert_eq!((told.source, told.has_password), (Source::Directory, true));
    // Nothing of it is in the directory.
    assert_eq!(world.directory.card_of(&id("sato")), None);
    world.tap(1);
    assert_eq!(world.signed_in().await.as_deref(), Some("sato D"));
    world.sign_out().await;
    // The copy has the password; the directory is not asked.
    world.directory.fail_next(DirectoryFault::Hangs);
    world.sign_in(SignInAs::User, "sato", "sesame").await;
    assert_eq!(world.signed_in().await.as_deref(), Some("sato D"));
}

/// S10-4-01, S10-4-02: as somebody who types such an ID would be told, who was not asked for it.
async fn nobody_is_copied_who_is_called_what_a_card_is(world: World<impl Store>) {
    let called = number(2).as_str().to_lowercase();
    world.add_to_directory_as("alias", &called, "sesame");
    world.tap(2);
    world.form().await;
    world.act(PanelAction::Cancel).await;
    world.idle().await;
    world.tap(1);
    world.form().await;
    world.act(to_directory("alias", "sesame")).await;
    let page = world.shows("desk", "711", |p| code(p) == Some(ErrorCode::UserIdReserved)).await;
    assert!(matches!(page, Page::Register { .. }), "{page:?}");
    assert!(world.cards().await.iter().all(|card| !card.starts_with(&called)));
    // Once nobody's card is called so, the person may be.
    world.act(PanelAction::Cancel).await;
    world.idle().await;
    world.office().delete_provisional(None).await.unwrap();
    world.tap(1);
    world.form().await;
    world.act(to_directory("alias", "sesame")).await;
    world.registered().await;
    assert_eq!(world.cards().await, [format!("{called} 01")]);
}

/// Spec 10 section 3.2, last sentence.
async fn a_card_asks_for_the_password_that_was_typed(world: World<impl Store>) {
    world.add_to_directory("sato", "sesame");
    world.tap(1);
    world.shows("desk", "new", |page| matches!(page, Page::NewPassword { .. })).await;
    let once = || "once 1".to_owned().into();
    world.act(PanelAction::NewPassword { first: once(), again: once() }).await;
    world.form().await;
    world.act(to_directory("SATO", "sesame")).await;
    world.registered().await;
    world.tap(1);
    world.shows("desk", "asks", |page| matches!(page, Page::AskPassword { .. })).await;
    world.act(PanelAction::Password("sesame".to_owned().into())).await;
    assert_eq!(world.signed_in().await.as_deref(), Some("sato D"));
}

/// Spec 10 section 3.4: 302, whichever source comes first.
async fn nobody_comes_from_two_sources(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    world.add_to_directory("tanaka", "mellon");
    world.add_to_directory("sato", "sesame");
    world.register_by(1, to_directory("SATO", "sesame")).await;
    world.tap(2);
    world.form().await;
    let before = world.office().list_users().await.unwrap();
    for action in [to_directory("TANAKA", "mellon"), submit("sato", "sesame")] {
        world.act(action).await;
        world.code(ErrorCode::OtherSource).await;
    }
    assert_eq!(world.office().list_users().await.unwrap(), before);
    // The same person with another card, from the same source.
    world.act(to_directory("SATO", "sesame")).await;
    world.shows("desk", "question", |page| *page == Page::ConfirmReplace).await;
    world.act(PanelAction::Confirm(true)).await;
    world.registered().await;
    assert_eq!(world.cards().await, ["sato 02"]);
}

/// Spec 10 section 5.
async fn a_copy_takes_room_like_any_user(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    world.add_to_directory("sato", "sesame");
    world.tap(1);
    world.form().await;
    world.act(to_directory("SATO", "sesame")).await;
    world.code(ErrorCode::Full).await;
    assert_eq!(world.cards().await, ["- 01"]);
}

/// Spec 10 section 3.3.
async fn the_persons_own_entry_is_written(world: World<impl Store>) {
    world.add_to_directory("sato", "sesame");
    world.tap(1);
    world.form().await;
    assert!(world.office().list_users().await.unwrap().is_empty());
    world.act(to_directory("SATO", "sesame")).await;
    world.registered().await;
    assert_eq!(world.directory.card_of(&id("sato")), Some(number(1)));
    assert!(world.office().list_users().await.unwrap().is_empty());
    // The card is found in the directory, and nowhere else.
    world.tap(1);
    assert_eq!(world.signed_in().await.as_deref(), Some("sato D"));
    world.sign_out().await;
    world.sign_in(SignInAs::User, "SATO", "sesame").await;
    assert_eq!(world.signed_in().await.as_deref(), Some("sato D"));
}

async fn an_entry_that_has_another_card(world: World<impl Store>) {
    world.add_to_directory("sato", "sesame");
    world.add_to_directory("kato", "sesame");
    world.register_by(1, to_directory("SATO", "sesame")).await;
    // A known card never reaches the page; one that another station is just binding does.
    world.tap(2);
    world.tap_at("door", 2);
    world.form().await;
    world.form_at("door").await;
    world.act(to_directory("SATO", "sesame")).await;
    world.shows("desk", "question", |page| *page == Page::ConfirmReplace).await;
    world.act(PanelAction::Confirm(true)).await;
    world.registered().await;
    world.act_at("door", to_directory("KATO", "sesame")).await;
    world.shows_code("door", ErrorCode::CardTaken).await;
    assert_eq!(world.directory.card_of(&id("sato")), Some(number(2)));
    assert_eq!(world.directory.card_of(&id("kato")), None);
}

#[tokio::test(start_paused = true)]
async fn what_was_written_into_the_directory_is_in_the_log() {
    let world = World::memory(with(REMOTE));
    world.add_to_directory("sato", "sesame");
    world.register_by(1, to_directory("SATO", "sesame")).await;
    world.tap(2);
    world.form().await;
    world.act(to_directory("SATO", "sesame")).await;
    world.shows("desk", "question", |page| *page == Page::ConfirmReplace).await;
    world.act(PanelAction::Confirm(true)).await;
    world.registered().await;
    assert_eq!(world.store.audit(), ["card-written sato - -", "card-rewritten sato - -"]);
}

/// What the device's record says of a person is known before anything is tried.
#[tokio::test(start_paused = true)]
async fn the_devices_record_decides_before_the_binding() {
    let world = World::memory(with(BOTH));
    world.add("tanaka", "sesame").await;
    world.add_to_directory("tanaka", "mellon");
    world.add_to_directory("sato", "sesame");
    world.register_by(1, to_directory("SATO", "sesame")).await;
    assert_eq!(world.store.commits(), 1);
    world.tap(2);
    world.form().await;
    world.act(to_directory("TANAKA", "mellon")).await;
    world.code(ErrorCode::OtherSource).await;
    world.act(to_directory("SATO", "sesame")).await;
    world.shows("desk", "question", |page| *page == Page::ConfirmReplace).await;
    assert_eq!(world.store.commits(), 1);
}

/// Every code the directory answers with is shown as it is, and nothing is bound.
#[tokio::test(start_paused = true)]
async fn what_the_directory_answers_is_shown_by_its_code() {
    for code in ErrorCode::ALL {
        if !code.as_str().starts_with(['0', '1']) || code.as_str().len() != 3 {
            continue;
        }
        for settings in [with(BOTH), with(REMOTE)] {
            let world = World::memory(settings);
            world.add_to_directory("sato", "sesame");
            world.tap(1);
            world.form().await;
            world.directory.fail_next(DirectoryFault::Fails(code));
            world.act(to_directory("SATO", "sesame")).await;
            world.code(code).await;
            assert_eq!(world.directory.card_of(&id("sato")), None, "{code}");
        }
        // While the entry is written: 050 for one.
        let world = World::memory(with(REMOTE));
        world.add_to_directory("sato", "sesame");
        world.tap(1);
        world.form().await;
        world.directory.fail_next(DirectoryFault::Late(Duration::ZERO));
        world.directory.fail_next(DirectoryFault::Fails(code));
        world.act(to_directory("SATO", "sesame")).await;
        world.code(code).await;
        assert_eq!(world.directory.card_of(&id("sato")), None, "{code}");
        // And while a card is looked up.
        world.act(PanelAction::Cancel).await;
        world.directory.fail_next(DirectoryFault::Fails(code));
        world.tap(1);
        world.code(code).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_hangs_is_given_up() {
    for settings in [with(BOTH), with(REMOTE)] {
        let world = World::memory(settings);
        world.add_to_directory("sato", "sesame");
        world.tap(1);
        world.form().await;
        world.directory.fail_next(DirectoryFault::Hangs);
        world.act(to_directory("SATO", "sesame")).await;
        world.shows("desk", "checking", |page| *page == Page::Checking).await;
        assert_eq!(world.directory.running(), 1);
        tokio::time::sleep(Duration::from_secs(16)).await;
        world.code(ErrorCode::TryLater).await;
        assert_eq!(world.directory.running(), 0, "it goes on though nobody waits");
        // The next try is answered.
        world.act(to_directory("SATO", "sesame")).await;
        world.registered().await;
    }
}

/// S30-4-13: what comes after the person left binds nothing.
#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_after_a_cancel_binds_nothing() {
    for action in [PanelAction::Cancel, PanelAction::AuthenticationKey] {
        for settings in [with(BOTH), with(REMOTE)] {
            let world = World::memory(settings);
            world.add_to_directory("sato", "sesame");
            world.tap(1);
            world.form().await;
            world.directory.fail_next(DirectoryFault::Late(Duration::from_secs(5)));
            world.act(to_directory("SATO", "sesame")).await;
            world.shows("desk", "checking", |page| *page == Page::Checking).await;
            world.act(action.clone()).await;
            world.act(PanelAction::Cancel).await;
            tokio::time::sleep(Duration::from_secs(60)).await;
            world.idle().await;
            assert_eq!(world.directory.running(), 0);
            assert_eq!(world.directory.card_of(&id("sato")), None);
            let kept = world.office().describe_user(&key("sato")).await;
            assert_eq!(kept, Err(AdminError::NoSuchUser));
        }
    }
}

/// A write is waited for and never given up; nobody knows what became of one that hangs.
#[tokio::test(start_paused = true)]
async fn a_write_that_hangs_is_told_so() {
    let world = World::memory(with(REMOTE));
    world.add_to_directory("sato", "sesame");
    world.tap(1);
    world.form().await;
    world.directory.fail_next(DirectoryFault::Late(Duration::ZERO));
    world.directory.fail_next(DirectoryFault::Late(Duration::from_secs(40)));
    world.act(to_directory("SATO", "sesame")).await;
    tokio::time::sleep(Duration::from_secs(31)).await;
    world.code(ErrorCode::OutcomeUnknown).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(world.directory.card_of(&id("sato")), Some(number(1)));
    assert_eq!(world.store.audit(), ["card-written sato - -"]);
}

/// An administrator finds in the log whose entry to look at.
#[tokio::test(start_paused = true)]
async fn a_write_whose_end_nobody_knows_is_written_down() {
    let world = World::memory(with(REMOTE));
    world.add_to_directory("sato", "sesame");
    world.tap(1);
    world.form().await;
    world.directory.fail_next(DirectoryFault::Late(Duration::ZERO));
    world.directory.fail_next(DirectoryFault::Fails(ErrorCode::OutcomeUnknown));
    world.act(to_directory("SATO", "sesame")).await;
    world.code(ErrorCode::OutcomeUnknown).await;
    assert_eq!(world.store.audit(), ["card-write-unknown sato - -"]);
}

/// 001: the settings speak of a directory that the device does not have.
#[tokio::test(start_paused = true)]
async fn a_device_without_a_directory_says_so() {
    let (events, heard) = broadcast::channel(64);
    let site = Site { has_directory: true, ..Site::new(with(REMOTE)).unwrap() };
    let store = Arc::new(Memory::new());
    let stations = vec![station("desk")];
    let service = Service::start(store, Arc::new(NoDirectory), Loaded::from(site), stations, heard);
    let mut view = service.stations().view(&station("desk")).unwrap();
    let card = crate::world::card(1);
    let event = kazasu_hal::Event {
        time: std::time::SystemTime::UNIX_EPOCH,
        reader: kazasu_hal::ReaderName("reader".to_owned()),
        station: station("desk"),
        kind: kazasu_hal::EventKind::Presented(card),
    };
    events.send(event).unwrap();
    let says = |page: &Page| code(page) == Some(ErrorCode::DirectoryNotConfigured);
    view.wait_for(|view| says(&view.page)).await.unwrap();
}
