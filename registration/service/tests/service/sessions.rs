//! Sessions end with what they began with, whoever takes it away.

use kazasu_registration::{
    Claimed, DeviceSecret, ErrorCode, Limits, Page, Role, SignInAs, UserKey,
};
use kazasu_service::{PanelAction, Store, UserEdit};

use crate::{
    on_both_stores,
    world::{World, apply, code, id, key, number, with},
};

const LEAVES: &[(&str, &str)] = &[("registration.opens-by-itself", "false")];
const UNLINKS: &[(&str, &str)] = &[("own-record.unlink-card", "true")];

on_both_stores!(
    an_administrators_change_signs_that_person_out_everywhere(with(UNLINKS)),
    ones_own_change_signs_out_the_other_stations(with(UNLINKS)),
    a_deleted_provisional_user_is_signed_out(with(LEAVES)),
    an_administrators_standing_ends_with_account_role_and_password(with(&[])),
    the_mail_address_wants_the_right_password(with(&[])),
    whoever_is_renamed_signs_in_anew(with(&[])),
    a_new_password_of_the_device_ends_its_sessions(with(&[])),
);

fn signed_in(page: &Page) -> bool {
    matches!(page, Page::SignedIn { .. })
}

/// Signs in with a card at the desk and by typing at the door.
async fn both(world: &World<impl Store>, n: u8, user: &str) {
    world.tap(n);
    world.signed_in().await;
    world.sign_in_at("door", SignInAs::User, user, "sesame").await;
    world.shows("door", "signed in", signed_in).await;
}

/// What a press shows that comes right behind a change: no time passes in between.
async fn pressed(world: &World<impl Store>, name: &str) -> Option<ErrorCode> {
    world.act_at(name, PanelAction::Touch).await;
    let view = world.view(name);
    let page = view.borrow().page.clone();
    code(&page)
}

async fn leave(world: &World<impl Store>) {
    for name in ["desk", "door"] {
        world.act_at(name, PanelAction::Cancel).await;
        let page = world.view(name).borrow().page.clone();
        if signed_in(&page) {
            world.act_at(name, PanelAction::AuthenticationKey).await;
        }
    }
}

async fn an_administrators_change_signs_that_person_out_everywhere(world: World<impl Store>) {
    for user in ["tanaka", "suzuki"] {
        world.add(user, "sesame").await;
    }
    world.register(1, "tanaka", "sesame").await;
    world.act(PanelAction::Cancel).await;
    let nothing = UserEdit::default;
    let edits = [
        UserEdit { role: Some(Role::Administrator), ..nothing() },
        UserEdit { role: Some(Role::General), ..nothing() },
        UserEdit { limits: Limits::from_text("no-print"), ..nothing() },
        UserEdit { name: Some("T".to_owned()), ..nothing() },
        UserEdit { mail: Some("t@example.jp".to_owned()), ..nothing() },
        UserEdit { password: Some(Some("sesame".to_owned().into())), ..nothing() },
    ];
    for edit in edits {
        both(&world, 1, "tanaka").await;
        // Somebody else's record is nobody's matter here.
        world.office().edit_user(&key("suzuki"), edit.clone()).await.unwrap();
        for name in ["desk", "door"] {
            assert_eq!(pressed(&world, name).await, None, "{edit:?} at {name}");
        }
        world.office().edit_user(&key("tanaka"), edit.clone()).await.unwrap();
        for name in ["desk", "door"] {
            let told = pressed(&world, name).await;
            assert_eq!(told, Some(ErrorCode::RecordAltered), "{edit:?} at {name}");
        }
        leave(&world).await;
    }
    // Without anybody pressing anything, too.
    both(&world, 1, "tanaka").await;
    world.office().delete_user(&key("tanaka")).await.unwrap();
    for name in ["desk", "door"] {
        world.shows_code(name, ErrorCode::RecordAltered).await;
    }
}

async fn ones_own_change_signs_out_the_other_stations(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    world.register(1, "tanaka", "sesame").await;
    world.act(PanelAction::Cancel).await;
    let own = |name: &str, new: &str| kazasu_registration::TypedRecord {
        name: name.to_owned(),
        current: "sesame".to_owned().into(),
        new: new.to_owned().into(),
        again: new.to_owned().into(),
        ..Default::default()
    };
    let saved = |page: &Page| matches!(page, Page::SignedIn { saved: true, .. });
    both(&world, 1, "tanaka").await;
    world.act(PanelAction::OpenOwnRecord).await;
    world.act(PanelAction::SaveOwn(own("Taro", ""))).await;
    world.shows("desk", "saved", saved).await;
    assert_eq!(pressed(&world, "door").await, None, "a name is no key");
    world.act(PanelAction::OpenOwnRecord).await;
    world.act(PanelAction::SaveOwn(own("Taro", "opensezam"))).await;
    world.shows("desk", "saved", saved).await;
    assert_eq!(pressed(&world, "desk").await, None, "who changed it goes on");
    assert_eq!(pressed(&world, "door").await, Some(ErrorCode::RecordAltered));
    world.act_at("door", PanelAction::Cancel).await;
    world.sign_in_at("door", SignInAs::User, "tanaka", "opensezam").await;
    world.shows("door", "signed in", signed_in).await;
    world.act(PanelAction::OpenOwnRecord).await;
    world.act(PanelAction::UnlinkCard).await;
    world.shows("desk", "unlinked", |page| matches!(page, Page::Notice(_))).await;
    assert_eq!(pressed(&world, "door").await, Some(ErrorCode::RecordAltered));
}

async fn a_deleted_provisional_user_is_signed_out(world: World<impl Store>) {
    let provisional = |page: &Page| matches!(page, Page::Provisional { .. });
    for all in [false, true] {
        world.tap(1);
        world.tap_at("door", 2);
        for name in ["desk", "door"] {
            world.shows(name, "provisional", provisional).await;
        }
        if all {
            assert_eq!(world.office().delete_provisional(None).await, Ok(2));
        } else {
            world.office().delete_user(&UserKey::Provisional(number(1))).await.unwrap();
        }
        assert_eq!(pressed(&world, "desk").await, Some(ErrorCode::RecordAltered));
        let told = pressed(&world, "door").await;
        assert_eq!(told, all.then_some(ErrorCode::RecordAltered));
        leave(&world).await;
        world.act_at("door", PanelAction::AuthenticationKey).await;
        world.act_at("door", PanelAction::Cancel).await;
    }
}

async fn an_administrators_standing_ends_with_account_role_and_password(world: World<impl Store>) {
    let (service, office) = (&world.service, world.office());
    world.add("sato", "sesame").await;
    let sato = Claimed::User(id("sato"));
    let edit = async |edit| office.edit_user(&key("sato"), edit).await.unwrap();
    let role = |role| UserEdit { role: Some(role), ..UserEdit::default() };
    assert_eq!(service.administrators().standing(sato.clone()).await, Ok(None), "no administrator");
    edit(role(Role::Administrator)).await;
    let first = service.administrators().standing(sato.clone()).await.unwrap();
    assert!(first.is_some());
    assert_eq!(
        service.administrators().standing(sato.clone()).await,
        Ok(first.clone()),
        "nothing changed"
    );
    edit(role(Role::General)).await;
    assert_eq!(service.administrators().standing(sato.clone()).await, Ok(None));
    edit(role(Role::Administrator)).await;
    // The same password again is another one: whoever sets it wants the old sessions gone.
    let password = Some(Some("sesame".to_owned().into()));
    edit(UserEdit { password, ..UserEdit::default() }).await;
    let second = service.administrators().standing(sato.clone()).await.unwrap();
    assert!(second.is_some() && second != first);
    office.delete_user(&key("sato")).await.unwrap();
    assert_eq!(service.administrators().standing(sato).await, Ok(None));

    let operator = Claimed::Device(DeviceSecret::KeyOperator);
    assert_eq!(service.administrators().standing(operator.clone()).await, Ok(None), "never set");
    let set = async || {
        let password = Some("sesame 1".to_owned().into());
        office.set_secret(DeviceSecret::KeyOperator, password).await.unwrap();
        service.administrators().standing(operator.clone()).await.unwrap()
    };
    let (first, second) = (set().await, set().await);
    assert!(first.is_some() && second.is_some() && first != second);
    let renamed = crate::world::changes(&[("administrator.id", "chief")]);
    apply(&office, renamed, None).await.unwrap();
    assert_ne!(
        service.administrators().standing(operator).await.unwrap(),
        second,
        "called otherwise"
    );
}

async fn the_mail_address_wants_the_right_password(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    world.register(1, "tanaka", "sesame").await;
    world.act(PanelAction::Cancel).await;
    let mail = |current: &str| {
        PanelAction::SaveOwn(kazasu_registration::TypedRecord {
            name: "tanaka".to_owned(),
            mail: "thief@example.jp".to_owned(),
            current: current.to_owned().into(),
            ..Default::default()
        })
    };
    let stored = async || {
        let user = world.office().describe_user(&key("tanaka")).await.unwrap();
        user.listed.mail.map(|mail| mail.as_str().to_owned())
    };
    world.tap(1);
    world.signed_in().await;
    world.act(PanelAction::OpenOwnRecord).await;
    world.act(mail("")).await;
    world.code(ErrorCode::CurrentPasswordWrong).await;
    assert_eq!(stored().await, None);
    let saved = |page: &Page| matches!(page, Page::SignedIn { saved: true, .. });
    world.act(mail("sesame")).await;
    world.shows("desk", "saved", saved).await;
    assert_eq!(stored().await.as_deref(), Some("thief@example.jp"));
    // A wrong one changes nothing of what was typed beside it.
    world.act(PanelAction::OpenOwnRecord).await;
    let typed = kazasu_registration::TypedRecord {
        name: "Thief".to_owned(),
        current: "opensezam".to_owned().into(),
        ..Default::default()
    };
    world.act(PanelAction::SaveOwn(typed)).await;
    world.code(ErrorCode::CurrentPasswordWrong).await;
    assert_eq!(stored().await.as_deref(), Some("thief@example.jp"));
}

async fn whoever_is_renamed_signs_in_anew(world: World<impl Store>) {
    for user in ["tanaka", "suzuki"] {
        world.add(user, "sesame").await;
    }
    world.register(1, "tanaka", "sesame").await;
    world.act(PanelAction::Cancel).await;
    both(&world, 1, "tanaka").await;
    let taken = world.office().rename_user(&key("tanaka"), "suzuki").await;
    assert!(taken.is_err() && pressed(&world, "desk").await.is_none(), "nothing happened");
    world.office().rename_user(&key("tanaka"), "tanaka2").await.unwrap();
    for name in ["desk", "door"] {
        assert_eq!(pressed(&world, name).await, Some(ErrorCode::RecordAltered), "{name}");
    }
    leave(&world).await;
    world.tap(1);
    assert_eq!(world.signed_in().await.as_deref(), Some("tanaka"), "the name stays");
}

async fn a_new_password_of_the_device_ends_its_sessions(world: World<impl Store>) {
    let set = async |which, password: &str| {
        world.office().set_secret(which, Some(password.to_owned().into())).await.unwrap();
    };
    set(DeviceSecret::KeyOperator, "sesame 1").await;
    world.sign_in(SignInAs::Administrator, "admin", "sesame 1").await;
    world.shows("desk", "administrator", |page| matches!(page, Page::Administrator { .. })).await;
    set(DeviceSecret::Guest, "sesame 2").await;
    assert_eq!(pressed(&world, "desk").await, None, "another one's");
    set(DeviceSecret::KeyOperator, "sesame 2").await;
    assert_eq!(pressed(&world, "desk").await, Some(ErrorCode::RecordAltered));
}
