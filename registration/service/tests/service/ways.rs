//! Wrong passwords from the network and in front of the device (spec 40 section 3).

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use kazasu_registration::{Claimed, DeviceSecret, ErrorCode, Page, Role, SignInAs, TypedRecord};
use kazasu_service::{PanelAction, Store, Unlock, UserEdit};
use tokio::time::sleep;

use crate::{
    on_both_stores,
    world::{RETRIEVAL, World, apply, changes, code, id, key, with},
};

on_both_stores!(
    the_network_cannot_lock_the_panel(with(&[("lock-out.user", "3")])),
    an_address_is_slowed_down_before_anything_is_hashed(with(&[])),
    a_full_memory_lets_nobody_free(with(&[("lock-out.user", "2"), ("lock-out.remembered", "3")])),
    a_password_that_was_set_just_now_is_right(with(&[])),
    a_password_that_they_chose_just_now_is_right(with(&[])),
    whoever_is_no_administrator_learns_nothing_from_the_network(with(&[("lock-out.user", "3")])),
    a_key_operator_without_a_password_is_like_one_with(with(&[("lock-out.administrator", "2")])),
);

/// Another address each time.
fn anywhere(nth: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(0x0A00_0000 + nth))
}

/// What the network answers, once it is not too soon for this person.
async fn retrieves(
    world: &World<impl Store>,
    user: &str,
    password: &str,
) -> Result<Claimed, ErrorCode> {
    for nth in 0..200 {
        let password = password.to_owned().into();
        let checked = world.service.administrators().check(user, password, anywhere(nth)).await;
        match checked {
            Err(refusal) if refusal.code == ErrorCode::TryLater => {
                assert!(refusal.until.is_some(), "told until when");
                world.later(Duration::from_millis(100)).await;
            }
            checked => return checked.map_err(|refusal| refusal.code),
        }
    }
    panic!("too soon for too long");
}

async fn signs_in(world: &World<impl Store>, user: &str, password: &str) -> Option<ErrorCode> {
    for _ in 0..200 {
        world.sign_in(SignInAs::User, user, password).await;
        let code = code(&world.shows("desk", "answer", |page| *page != Page::Checking).await);
        world
            .act(if code.is_some() { PanelAction::Cancel } else { PanelAction::AuthenticationKey })
            .await;
        world.idle().await;
        if code != Some(ErrorCode::TryLater) {
            return code;
        }
        world.later(Duration::from_millis(100)).await;
    }
    panic!("too soon for too long");
}

async fn promote(world: &World<impl Store>, user: &str) {
    let edit = UserEdit { role: Some(Role::Administrator), ..UserEdit::default() };
    assert_eq!(world.office().edit_user(&key(user), edit).await, Ok(()));
}

async fn the_network_cannot_lock_the_panel(world: World<impl Store>) {
    world.add("chief", "sesame").await;
    promote(&world, "chief").await;
    for wrong in ["one", "two", "three"] {
        assert_eq!(retrieves(&world, "chief", wrong).await, Err(ErrorCode::SignInFailed));
    }
    assert_eq!(retrieves(&world, "chief", "sesame").await, Err(ErrorCode::LockedOut));
    assert_eq!(signs_in(&world, "chief", "sesame").await, None, "in front of the device");
    assert_eq!(retrieves(&world, "chief", "sesame").await, Err(ErrorCode::LockedOut));
    // Nor does the panel lock the network, and one unlocking opens both.
    for wrong in ["one", "two", "three"] {
        assert_eq!(signs_in(&world, "chief", wrong).await, Some(ErrorCode::SignInFailed));
    }
    assert_eq!(signs_in(&world, "chief", "sesame").await, Some(ErrorCode::LockedOut));
    let kept = world.store.failures().await.unwrap();
    let [(user, failures)] = &kept[..] else { panic!("{kept:?}") };
    assert_eq!((user.as_str(), failures.at_device, failures.network), ("chief", 3, 3));
    assert_eq!(world.office().unlock(Unlock::Named("chief".to_owned())).await, Ok(1));
    assert_eq!(world.store.failures().await, Ok(Vec::new()));
    assert_eq!(signs_in(&world, "chief", "sesame").await, None);
    assert_eq!(retrieves(&world, "chief", "sesame").await, Ok(Claimed::User(id("chief"))));
}

/// Nobody gains guesses by a restart.
#[tokio::test]
async fn a_restart_remembers_what_failed_from_the_network() {
    let settings = with(&[("lock-out.user", "3")]);
    let mut world = World::sqlite(settings.clone());
    world.add("chief", "sesame").await;
    promote(&world, "chief").await;
    for wrong in ["one", "two", "three"] {
        assert_eq!(retrieves(&world, "chief", wrong).await, Err(ErrorCode::SignInFailed));
    }
    world.restart(settings).await;
    assert_eq!(retrieves(&world, "chief", "sesame").await, Err(ErrorCode::LockedOut));
    assert_eq!(signs_in(&world, "chief", "sesame").await, None, "in front of the device");
}

async fn an_address_is_slowed_down_before_anything_is_hashed(world: World<impl Store>) {
    world.add("chief", "sesame").await;
    promote(&world, "chief").await;
    let compared = world.service.passwords_compared();
    let mut refused = 0;
    for nth in 0..300 {
        let user = format!("user{nth}");
        let wrong = "wrong".to_owned().into();
        let checked = world.service.administrators().check(&user, wrong, RETRIEVAL).await;
        let refusal = checked.unwrap_err();
        match refusal.code {
            ErrorCode::TryLater => {
                assert!(refusal.until.is_some());
                refused += 1;
            }
            code => assert_eq!(code, ErrorCode::SignInFailed),
        }
    }
    let hashed = world.service.passwords_compared() - compared;
    assert_eq!(hashed + refused, 300);
    assert!((10..20).contains(&hashed), "{hashed}");
    // Others are welcome meanwhile, and whoever is right never waits.
    for nth in 0..50 {
        let right = "sesame".to_owned().into();
        let checked = world.service.administrators().check("chief", right, anywhere(7)).await;
        assert_eq!(checked, Ok(Claimed::User(id("chief"))), "{nth}");
    }
}

async fn a_full_memory_lets_nobody_free(world: World<impl Store>) {
    world.add("chief", "sesame").await;
    promote(&world, "chief").await;
    assert_eq!(retrieves(&world, "chief", "one").await, Err(ErrorCode::SignInFailed));
    for nobody in ["a", "b"] {
        assert_eq!(retrieves(&world, nobody, "one").await, Err(ErrorCode::SignInFailed));
    }
    // The memory is full: the two shared attempts, then everybody new waits.
    let mut codes = Vec::new();
    for nth in 0..20 {
        let (user, wrong) = (format!("new{nth}"), "one".to_owned().into());
        let checked = world.service.administrators().check(&user, wrong, anywhere(nth)).await;
        codes.push(checked.unwrap_err());
    }
    let let_through = codes.iter().filter(|refusal| refusal.code == ErrorCode::SignInFailed);
    assert_eq!(let_through.count(), 2);
    let told = codes.last().unwrap();
    assert_eq!((told.code, told.until.is_some()), (ErrorCode::TryLater, true));
    // Whoever is remembered is neither forgotten nor held up.
    assert_eq!(retrieves(&world, "chief", "two").await, Err(ErrorCode::SignInFailed));
    assert_eq!(retrieves(&world, "chief", "sesame").await, Err(ErrorCode::LockedOut));
    assert_eq!(signs_in(&world, "chief", "sesame").await, None, "nor is the panel full");
    assert_eq!(world.office().unlock(Unlock::All).await, Ok(2), "the crowd's lock and the chief's");
    assert_eq!(retrieves(&world, "chief", "sesame").await, Ok(Claimed::User(id("chief"))));
    assert_eq!(retrieves(&world, "new30", "one").await, Err(ErrorCode::SignInFailed));
}

async fn a_password_that_was_set_just_now_is_right(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    assert_eq!(signs_in(&world, "tanaka", "open it").await, Some(ErrorCode::SignInFailed));
    let edit =
        UserEdit { password: Some(Some("open it".to_owned().into())), ..UserEdit::default() };
    assert_eq!(world.office().edit_user(&key("tanaka"), edit).await, Ok(()));
    assert_eq!(signs_in(&world, "tanaka", "open it").await, None);
    assert_eq!(signs_in(&world, "suzuki", "sesame").await, Some(ErrorCode::SignInFailed));
    world.add("suzuki", "sesame").await;
    assert_eq!(signs_in(&world, "suzuki", "sesame").await, None);
}

/// Whoever tried the new password before it was theirs, where they are not signed in, is not refused
/// with it there afterwards.
async fn a_password_that_they_chose_just_now_is_right(world: World<impl Store>) {
    world.add("chief", "sesame").await;
    promote(&world, "chief").await;
    assert_eq!(retrieves(&world, "chief", "sesame 2").await, Err(ErrorCode::SignInFailed));
    world.sign_in(SignInAs::User, "chief", "sesame").await;
    world.signed_in().await;
    world.act(PanelAction::OpenOwnRecord).await;
    let typed = TypedRecord {
        name: "Chief".to_owned(),
        current: "sesame".to_owned().into(),
        new: "sesame 2".to_owned().into(),
        again: "sesame 2".to_owned().into(),
        ..TypedRecord::default()
    };
    world.act(PanelAction::SaveOwn(typed)).await;
    world.signed_in().await;
    assert_eq!(retrieves(&world, "chief", "sesame 2").await, Ok(Claimed::User(id("chief"))));
}

/// Whether the password of somebody who is no administrator was right is told by no answer, nor by
/// what later answers are.
async fn whoever_is_no_administrator_learns_nothing_from_the_network(world: World<impl Store>) {
    for user in ["alice", "bob"] {
        world.add(user, "sesame").await;
    }
    let mut told = Vec::new();
    for (user, candidate) in [("alice", "sesame"), ("bob", "Sesame"), ("nobody", "sesame")] {
        let compared = world.service.passwords_compared();
        let mut codes = Vec::new();
        for password in ["one", "two", candidate, candidate, "three", "four", candidate, "five"] {
            let checked = retrieves(&world, user, password).await;
            codes.push(checked.map(|_| ()));
        }
        told.push((codes, world.service.passwords_compared() - compared));
    }
    assert_eq!(told[0], told[1], "right and wrong");
    assert_eq!(told[0], told[2], "there and not there");
    assert!(told[0].1 <= 3);
    // At the panel nothing of it counts.
    assert_eq!(signs_in(&world, "alice", "sesame").await, None);
}

async fn a_key_operator_without_a_password_is_like_one_with(world: World<impl Store>) {
    let mut told = Vec::new();
    for set in [None, Some("sesame")] {
        let password = set.map(|text| text.to_owned().into());
        world.office().set_secret(DeviceSecret::KeyOperator, password).await.unwrap();
        let compared = world.service.passwords_compared();
        let mut codes = Vec::new();
        for wrong in ["one", "two", "three", "four"] {
            codes.push(retrieves(&world, "admin", wrong).await);
        }
        told.push((codes, world.service.passwords_compared() - compared));
        assert_eq!(world.office().unlock(Unlock::Administrator).await, Ok(1));
    }
    let (failed, locked) = (Err(ErrorCode::SignInFailed), Err(ErrorCode::LockedOut));
    let codes = vec![failed.clone(), failed, locked.clone(), locked];
    assert_eq!(told, [(codes.clone(), 2), (codes, 2)], "it hashes, and counts");
    // In front of the device it is told that none is set, as often as somebody asks.
    world.office().set_secret(DeviceSecret::KeyOperator, None).await.unwrap();
    for wrong in ["one", "two", "three"] {
        world.sign_in(SignInAs::Administrator, "admin", wrong).await;
        world.code(ErrorCode::SetupNotDone).await;
        world.act(PanelAction::Cancel).await;
        world.idle().await;
    }
}

/// A directory counts for itself: it is not asked the same again.
#[tokio::test(start_paused = true)]
async fn the_same_wrong_password_is_not_asked_of_the_directory_again() {
    let world = World::memory(with(&[("sign-in.mode", "remote")]));
    world.add_to_directory("sato", "sesame");
    let before = world.directory.calls();
    for nth in 0..20 {
        let told = signs_in(&world, "SATO", "Sesame").await;
        assert_eq!(told, Some(ErrorCode::SignInFailed), "{nth}");
    }
    assert_eq!(world.directory.calls() - before, 1);
    assert_eq!(signs_in(&world, "SATO", "sesame").await, None);
    // A minute later it may be right.
    assert_eq!(signs_in(&world, "SATO", "Sesame").await, Some(ErrorCode::SignInFailed));
    let before = world.directory.calls();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(signs_in(&world, "SATO", "Sesame").await, Some(ErrorCode::SignInFailed));
    assert_eq!(world.directory.calls() - before, 1);
    let changed = apply(&world.office(), changes(&[("lock-out.user", "1")]), None).await;
    assert_eq!(changed.map(|changed| changed.keys), Ok(vec!["lock-out.user".to_owned()]));
    assert_eq!(signs_in(&world, "SATO", "Sesame").await, Some(ErrorCode::LockedOut));
}
