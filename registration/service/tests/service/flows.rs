//! Registration with the device's own records, from a tap to a page (spec 10).

use kazasu_registration::{ErrorCode, Notice, Page, SignInAs, Source, TypedRecord};
use kazasu_service::{DeviceEvent, PanelAction, Store};

use crate::{
    on_both_stores,
    world::{World, apply, changes, key, number, registered, station, submit, with},
};

on_both_stores!(
    a_card_is_registered_and_signs_in_at_the_next_tap(with(&[])),
    another_card_replaces_the_first_where_the_person_agrees(with(&[])),
    what_is_left_over_is_found_again_or_deleted(with(&[])),
    the_authentication_key_ends_a_provisional_session(with(&[])),
    a_running_job_is_waited_for(with(&[])),
    registration_opens_from_a_card_only(with(&[])),
    one_card_at_two_stations_becomes_one_persons(with(&[])),
    two_cards_of_one_person_at_two_stations(with(&[])),
    a_deleted_user_frees_the_card(with(&[])),
    no_more_records_than_there_is_room_for(with(&[
        ("capacity.registered", "1"),
        ("capacity.records", "2"),
    ])),
    cards_with_passwords(with(&[("card.link-mode", "password")])),
    unknown_cards_are_refused_where_they_make_no_users(with(&[
        ("registration.by-card", "false"),
        ("registration.on-menu", "false"),
    ])),
    nobody_types_a_password_where_none_is_asked(with(&[("sign-in.panel-password", "false")])),
    people_change_their_own_record(with(&[("own-record.unlink-card", "true")])),
);

/// Spec 10 section 3.1.
async fn a_card_is_registered_and_signs_in_at_the_next_tap(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    world.tap(1);
    world.form().await;
    assert_eq!(world.cards().await, ["- 01"]);
    world.act(submit("tanaka", "Sesame")).await;
    world.code(ErrorCode::WrongCredentials).await;
    world.act(submit("nobody", "sesame")).await;
    world.code(ErrorCode::WrongCredentials).await;
    assert_eq!(world.cards().await, ["- 01"]);
    world.patiently(submit("tanaka", "sesame")).await;
    world.registered().await;
    assert_eq!(world.cards().await, ["tanaka 01"]);
    world.tap(1);
    assert_eq!(world.signed_in().await.as_deref(), Some("tanaka"));
    // The other station saw nothing of it.
    assert!(matches!(world.view("door").borrow().page, Page::Idle { .. }));
}

/// Spec 10 sections 3.1 (step 4) and 3.4.
async fn another_card_replaces_the_first_where_the_person_agrees(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    world.register(1, "tanaka", "sesame").await;
    for (agrees, cards) in [(false, ["- 02", "tanaka 01"].as_slice()), (true, &["tanaka 02"])] {
        world.tap(2);
        world.form().await;
        world.act(submit("tanaka", "sesame")).await;
        world.shows("desk", "question", |page| *page == Page::ConfirmReplace).await;
        world.act(PanelAction::Confirm(agrees)).await;
        match agrees {
            true => world.registered().await,
            false => world.form().await,
        }
        assert_eq!(world.cards().await, cards);
        world.act(PanelAction::Cancel).await;
        world.idle().await;
    }
    // The old card is nobody's: it makes a provisional user like any other.
    world.tap(1);
    world.form().await;
    assert_eq!(world.cards().await, ["- 01", "tanaka 02"]);
}

/// S10-3.6-01: the page was closed; the record stays, is used again, or an administrator deletes it.
async fn what_is_left_over_is_found_again_or_deleted(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    for _ in 0..2 {
        world.tap(1);
        world.form().await;
        world.act(PanelAction::Cancel).await;
        world.idle().await;
        assert_eq!(world.cards().await, ["- 01"]);
    }
    world.tap(2);
    world.form().await;
    assert_eq!(world.office().delete_provisional(None).await, Ok(2));
    assert!(world.cards().await.is_empty());
    // Whoever is signed in with one of them goes on: card and person are as good as before.
    world.act(submit("tanaka", "sesame")).await;
    world.registered().await;
    assert_eq!(world.cards().await, ["tanaka 02"]);
}

/// S10-3.6-02.
async fn the_authentication_key_ends_a_provisional_session(world: World<impl Store>) {
    world.tap(1);
    world.form().await;
    world.act(PanelAction::AuthenticationKey).await;
    world.idle().await;
    assert_eq!(world.cards().await, ["- 01"]);
}

/// S10-3.6-03.
async fn a_running_job_is_waited_for(world: World<impl Store>) {
    let desk = station("desk");
    world.add("tanaka", "sesame").await;
    world.tap(1);
    world.form().await;
    assert_eq!(world.service.stations().device(&desk, DeviceEvent::JobStarted).await, Ok(()));
    world.act(submit("tanaka", "sesame")).await;
    world.code(ErrorCode::JobRunning).await;
    assert_eq!(world.cards().await, ["- 01"]);
    assert_eq!(world.service.stations().device(&desk, DeviceEvent::JobEnded(None)).await, Ok(()));
    world.act(submit("tanaka", "sesame")).await;
    world.registered().await;
}

/// S10-3.6-04, S10-3.6-05.
async fn registration_opens_from_a_card_only(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    world.act(PanelAction::OpenRegistration).await;
    world.code(ErrorCode::NoCard).await;
    world.act(PanelAction::Cancel).await;
    world.sign_in(SignInAs::User, "tanaka", "sesame").await;
    world.signed_in().await;
    world.act(PanelAction::OpenRegistration).await;
    world.code(ErrorCode::AlreadySignedIn).await;
    assert!(world.cards().await.is_empty());
}

/// S10-3.6-06.
async fn one_card_at_two_stations_becomes_one_persons(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    world.add("suzuki", "mellon").await;
    for name in ["desk", "door"] {
        world.tap_at(name, 1);
        world.form_at(name).await;
    }
    world.act(submit("tanaka", "sesame")).await;
    world.registered().await;
    world.act_at("door", submit("suzuki", "mellon")).await;
    world.shows_code("door", ErrorCode::CardTaken).await;
    assert_eq!(world.cards().await, ["tanaka 01"]);
}

/// S10-3.6-07: the later one wins, once the person agreed.
async fn two_cards_of_one_person_at_two_stations(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    for (name, n) in [("desk", 1), ("door", 2)] {
        world.tap_at(name, n);
        world.form_at(name).await;
    }
    world.act(submit("tanaka", "sesame")).await;
    world.act_at("door", submit("tanaka", "sesame")).await;
    let settled = |page: &Page| registered(page) || *page == Page::ConfirmReplace;
    let pages = [
        world.shows("desk", "settled", settled).await,
        world.shows("door", "settled", settled).await,
    ];
    assert_eq!(pages.iter().filter(|page| registered(page)).count(), 1, "{pages:?}");
    let (later, cards) =
        if registered(&pages[0]) { ("door", ["tanaka 02"]) } else { ("desk", ["tanaka 01"]) };
    world.act_at(later, PanelAction::Confirm(true)).await;
    world.shows(later, "registered", registered).await;
    assert_eq!(world.cards().await, cards);
}

/// Spec 10 section 3.5.
async fn a_deleted_user_frees_the_card(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    world.add("suzuki", "mellon").await;
    world.register(1, "tanaka", "sesame").await;
    let told = world.office().describe_user(&key("tanaka")).await.unwrap();
    assert_eq!((told.card, told.has_password), (Some(number(1)), true));
    assert_eq!(told.source, Source::Device);
    assert_eq!(world.office().delete_user(&key("tanaka")).await, Ok(()));
    world.register(1, "suzuki", "mellon").await;
    assert_eq!(world.cards().await, ["suzuki 01"]);
}

/// Spec 10 section 5, S30-4-04.
async fn no_more_records_than_there_is_room_for(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    // Somebody who is registering gives way to nobody.
    world.tap_at("door", 1);
    world.form_at("door").await;
    world.tap(2);
    world.code(ErrorCode::Full).await;
    world.act(PanelAction::Cancel).await;
    // Registering that card makes room again.
    world.act_at("door", PanelAction::Cancel).await;
    world.register(1, "tanaka", "sesame").await;
    world.tap(2);
    world.form().await;
    assert_eq!(world.cards().await, ["- 02", "tanaka 01"]);
}

/// S30-4-03, S30-5-03.
async fn cards_with_passwords(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    world.tap(1);
    let asks = |page: &Page| matches!(page, Page::NewPassword { .. });
    world.shows("desk", "new password", asks).await;
    let twice = |first: &str, again: &str| PanelAction::NewPassword {
        first: first.to_owned().into(),
        again: again.to_owned().into(),
    };
    world.act(twice("abc", "abc")).await;
    world.code(ErrorCode::PasswordTooShort).await;
    world.act(twice("once 1", "once 2")).await;
    world.code(ErrorCode::PasswordsDiffer).await;
    assert!(world.cards().await.is_empty());
    world.act(twice("once 1", "once 1")).await;
    world.form().await;
    world.act(submit("tanaka", "sesame")).await;
    world.registered().await;

    // From now on the card asks for the person's own password.
    for (password, right) in [("once 1", false), ("sesame", true)] {
        world.tap(1);
        let asks = |page: &Page| matches!(page, Page::AskPassword { .. });
        world.shows("desk", "password", asks).await;
        world.act(PanelAction::Password(password.to_owned().into())).await;
        match right {
            true => assert_eq!(world.signed_in().await.as_deref(), Some("tanaka")),
            false => world.code(ErrorCode::SignInFailed).await,
        }
    }
}

/// S30-4-05, S10-2-03; and the setting counts as soon as it is changed.
async fn unknown_cards_are_refused_where_they_make_no_users(world: World<impl Store>) {
    world.tap(1);
    world.code(ErrorCode::CardRefused).await;
    assert!(world.cards().await.is_empty());
    let now = changes(&[("registration.by-card", "true"), ("registration.on-menu", "true")]);
    apply(&world.office(), now, None).await.unwrap();
    world.tap(1);
    world.form().await;
}

/// S30-5-01: user and administrator; that they exist is asked all the same.
async fn nobody_types_a_password_where_none_is_asked(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    world.sign_in(SignInAs::User, "nobody", "").await;
    world.code(ErrorCode::SignInFailed).await;
    world.sign_in(SignInAs::User, "tanaka", "").await;
    assert_eq!(world.signed_in().await.as_deref(), Some("tanaka"));
    world.sign_out().await;
    world.sign_in(SignInAs::Administrator, "admin", "").await;
    let administrator = |page: &Page| matches!(page, Page::Administrator { .. });
    world.shows("desk", "administrator", administrator).await;
}

/// Spec 10 section 6, S10-2-15.
async fn people_change_their_own_record(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    world.register(1, "tanaka", "sesame").await;
    world.tap(1);
    world.signed_in().await;
    let open = |page: &Page| matches!(page, Page::OwnRecord { .. });
    let typed = |name: &str, current: &str, new: &str, again: &str| {
        PanelAction::SaveOwn(TypedRecord {
            name: name.to_owned(),
            mail: "t@example.jp".to_owned(),
            current: current.to_owned().into(),
            new: new.to_owned().into(),
            again: again.to_owned().into(),
        })
    };
    world.act(PanelAction::OpenOwnRecord).await;
    world.shows("desk", "record", open).await;
    let refused = [
        (typed("Taro", "Sesame", "mellon", "mellon"), ErrorCode::CurrentPasswordWrong),
        (typed("Taro", "sesame", "mellon", "melon"), ErrorCode::PasswordsDiffer),
        (typed("Taro", "sesame", "mel", "mel"), ErrorCode::FieldRule),
    ];
    for (action, code) in refused {
        world.act(action).await;
        world.code(code).await;
        let told = world.office().describe_user(&key("tanaka")).await.unwrap();
        assert_eq!((told.listed.name.as_str(), told.listed.mail), ("tanaka", None));
    }
    world.act(typed("Taro", "sesame", "mellon", "mellon")).await;
    assert_eq!(world.signed_in().await.as_deref(), Some("Taro"));
    let told = world.office().describe_user(&key("tanaka")).await.unwrap();
    assert_eq!(told.listed.name.as_str(), "Taro");
    assert_eq!(told.listed.mail.unwrap().as_str(), "t@example.jp");
    world.sign_out().await;
    for (password, right) in [("sesame", false), ("mellon", true)] {
        world.sign_in(SignInAs::User, "tanaka", password).await;
        match right {
            true => assert_eq!(world.signed_in().await.as_deref(), Some("Taro")),
            false => world.code(ErrorCode::SignInFailed).await,
        }
    }

    world.act(PanelAction::OpenOwnRecord).await;
    world.shows("desk", "record", open).await;
    world.act(PanelAction::UnlinkCard).await;
    let unlinked = |page: &Page| *page == Page::Notice(Notice::Unlinked);
    world.shows("desk", "unlinked", unlinked).await;
    assert!(world.cards().await.is_empty());
}
