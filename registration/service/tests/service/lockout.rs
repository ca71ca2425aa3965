//! Too many wrong passwords (spec 40 section 3).

use std::{sync::Arc, time::Duration};

use kazasu_ports::DirectoryFault;
use kazasu_registration::{DeviceSecret, ErrorCode, Page, SignInAs, Site, Source, TypedRecord};
use kazasu_service::{
    AdminError, Authority, PanelAction, Store, StoreError, StoreErrorKind, Unlock,
};
use tokio::{task::JoinSet, time::sleep};
use zeroize::Zeroizing;

use crate::{
    on_both_stores,
    world::{RETRIEVAL, World, alone, apply, changes, code, idle, number, submit, submit_to, with},
};

const THREE: &[(&str, &str)] = &[("lock-out.user", "3")];

on_both_stores!(
    wrong_passwords_lock_a_user_until_an_administrator_unlocks(with(THREE)),
    nobody_learns_whether_a_user_exists(with(THREE)),
    a_card_is_locked_whoever_types_beside_it(with(THREE)),
    the_same_wrong_password_counts_once(with(&[("lock-out.user", "2")])),
    ones_own_record_counts_too(with(&[("lock-out.user", "2")])),
);

/// What a page answers to this ID and password: a code, or `None` for being signed in.
async fn tries(
    world: &World<impl Store>,
    who: SignInAs,
    user: &str,
    password: &str,
) -> Option<ErrorCode> {
    for _ in 0..200 {
        world.sign_in(who, user, password).await;
        let code = code(&world.shows("desk", "answer", |page| *page != Page::Checking).await);
        match code {
            None => world.act(PanelAction::AuthenticationKey).await,
            Some(_) => world.act(PanelAction::Cancel).await,
        }
        world.idle().await;
        if code != Some(ErrorCode::TryLater) {
            return code;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("too soon for too long");
}

async fn user_tries(world: &World<impl Store>, user: &str, password: &str) -> Option<ErrorCode> {
    tries(world, SignInAs::User, user, password).await
}

async fn locked(world: &World<impl Store>) -> Vec<String> {
    let locked = world.office().list_locked().await.unwrap();
    locked.iter().map(|user| user.key.as_str().to_owned()).collect()
}

fn named(text: &str) -> Unlock {
    Unlock::Named(text.to_owned())
}

/// S40-2-05.
async fn wrong_passwords_lock_a_user_until_an_administrator_unlocks(world: World<impl Store>) {
    let (service, office) = (&world.service, world.office());
    for user in ["tanaka", "suzuki"] {
        world.add(user, "sesame").await;
    }
    for wrong in ["one", "two", "three"] {
        assert_eq!(locked(&world).await, Vec::<String>::new());
        assert_eq!(user_tries(&world, "tanaka", wrong).await, Some(ErrorCode::SignInFailed));
    }
    let compared = service.passwords_compared();
    for password in ["sesame", "three", "four", "sesame"] {
        let told = user_tries(&world, "tanaka", password).await;
        assert_eq!(told, Some(ErrorCode::LockedOut), "correct or not");
    }
    assert_eq!(service.passwords_compared(), compared, "nothing was compared any more");
    assert_eq!(user_tries(&world, "suzuki", "sesame").await, None, "nobody else is locked");
    assert_eq!(locked(&world).await, ["tanaka"]);

    assert_eq!(office.unlock(named("suzuki")).await, Err(AdminError::NotLocked));
    assert_eq!(office.unlock(named("tanaka")).await, Ok(1));
    assert_eq!(office.unlock(named("tanaka")).await, Err(AdminError::NotLocked));
    assert_eq!(office.unlock(Unlock::All).await, Err(AdminError::NotLocked));
    assert_eq!(locked(&world).await, Vec::<String>::new());
    assert_eq!(user_tries(&world, "tanaka", "sesame").await, None);

    // What was right resets: two wrong ones and a right one, for ever.
    for wrong in ["one", "two", "sesame", "three", "four", "sesame"] {
        let code = (wrong != "sesame").then_some(ErrorCode::SignInFailed);
        assert_eq!(user_tries(&world, "tanaka", wrong).await, code, "{wrong}");
    }
    assert_eq!(world.store.failures().await, Ok(Vec::new()));
    // Fewer are allowed from now on.
    let fewer = apply(&office, changes(&[("lock-out.user", "1")]), None).await;
    assert_eq!(fewer.map(|changed| changed.keys), Ok(vec!["lock-out.user".to_owned()]));
    for told in [ErrorCode::SignInFailed, ErrorCode::LockedOut] {
        assert_eq!(user_tries(&world, "tanaka", "one").await, Some(told));
    }
    for out_of_range in ["0", "11"] {
        let refused = apply(&office, changes(&[("lock-out.user", out_of_range)]), None);
        let said = format!("{out_of_range} wrong passwords: allowed are 1 to 10");
        assert!(refused.await.unwrap_err().to_string().contains(&said), "{said}");
    }
}

async fn nobody_learns_whether_a_user_exists(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    let mut told = Vec::new();
    for user in ["tanaka", "nobody"] {
        let before = world.service.passwords_compared();
        let mut codes = Vec::new();
        for wrong in ["one", "two", "three", "four", "five"] {
            codes.push(user_tries(&world, user, wrong).await.unwrap());
        }
        told.push((codes, world.service.passwords_compared() - before));
    }
    let (failed, locked_out) = (ErrorCode::SignInFailed, ErrorCode::LockedOut);
    let codes = vec![failed, failed, failed, locked_out, locked_out];
    assert_eq!(told, [(codes.clone(), 3), (codes, 3)]);
    // Administrators see those who have a record; the others are unlocked all the same.
    assert_eq!(locked(&world).await, ["tanaka"]);
    assert_eq!(world.office().unlock(Unlock::All).await, Ok(2));
    assert_eq!(user_tries(&world, "nobody", "one").await, Some(failed));
    assert_eq!(user_tries(&world, "tanaka", "sesame").await, None);
}

async fn a_card_is_locked_whoever_types_beside_it(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    world.tap(1);
    world.form().await;
    for user in ["nobody1", "nobody2", "tanaka"] {
        let page = world.patiently(submit(user, "Sesame")).await;
        assert_eq!(code(&page), Some(ErrorCode::WrongCredentials), "{user}");
    }
    let page = world.patiently(submit("tanaka", "sesame")).await;
    assert_eq!(code(&page), Some(ErrorCode::LockedOut), "beside this card");
    world.act(PanelAction::Cancel).await;
    world.idle().await;
    let leftover = number(1);
    assert_eq!(locked(&world).await, [leftover.as_str()]);
    // With another card the person is welcome.
    world.register(2, "tanaka", "sesame").await;
    assert_eq!(world.office().unlock(named(&leftover.as_str().to_lowercase())).await, Ok(1));
    assert_eq!(locked(&world).await, Vec::<String>::new());
    world.tap(1);
    world.form().await;
    world.act(submit("tanaka", "sesame")).await;
    world.shows("desk", "replace", |page| matches!(page, Page::ConfirmReplace)).await;
}

async fn the_same_wrong_password_counts_once(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    for _ in 0..10 {
        assert_eq!(user_tries(&world, "tanaka", "Sesame").await, Some(ErrorCode::SignInFailed));
    }
    assert_eq!(world.store.failures().await.unwrap().len(), 1);
    assert_eq!(user_tries(&world, "tanaka", "sesame").await, None);
    // The same one for another user ID is another guess at the card.
    world.tap(1);
    world.form().await;
    for user in ["nobody", "nobody", "suzuki", "suzuki"] {
        world.patiently(submit(user, "sesame")).await;
    }
    world.code(ErrorCode::LockedOut).await;
}

async fn ones_own_record_counts_too(world: World<impl Store>) {
    world.add("tanaka", "sesame").await;
    world.sign_in(SignInAs::User, "tanaka", "sesame").await;
    world.signed_in().await;
    world.act(PanelAction::OpenOwnRecord).await;
    let change = |current: &str| {
        let new = Zeroizing::new("sesame 2".to_owned());
        let (current, again) = (Zeroizing::new(current.to_owned()), new.clone());
        let (name, mail) = ("Tanaka".to_owned(), String::new());
        PanelAction::SaveOwn(TypedRecord { name, mail, current, new, again })
    };
    for wrong in ["one", "two"] {
        world.act(change(wrong)).await;
        world.code(ErrorCode::CurrentPasswordWrong).await;
    }
    let compared = world.service.passwords_compared();
    world.act(change("sesame")).await;
    world.code(ErrorCode::LockedOut).await;
    world.act(PanelAction::Cancel).await;
    world.idle().await;
    assert_eq!(user_tries(&world, "tanaka", "sesame").await, Some(ErrorCode::LockedOut));
    assert_eq!(world.service.passwords_compared(), compared);
}

/// S40-2-04, for each of the device's own passwords.
#[tokio::test(start_paused = true)]
async fn the_devices_own_passwords_open_again_after_a_time_that_grows() {
    let settings =
        [("lock-out.administrator", "2"), ("sign-in.mode", "remote"), ("sign-in.guests", "true")];
    let world = World::memory(with(&settings));
    let rows = [
        (DeviceSecret::KeyOperator, SignInAs::Administrator, "admin"),
        (DeviceSecret::Guest, SignInAs::Guest, ""),
    ];
    for (which, who, user) in rows {
        world.office().set_secret(which, Some("sesame".to_owned().into())).await.unwrap();
        for wrong in ["one", "two"] {
            assert_eq!(tries(&world, who, user, wrong).await, Some(ErrorCode::SignInFailed));
        }
        for seconds in [60, 120, 240] {
            sleep(Duration::from_secs(seconds - 5)).await;
            let told = tries(&world, who, user, "sesame").await;
            assert_eq!(told, Some(ErrorCode::LockedOut), "{which:?} within {seconds} s");
            sleep(Duration::from_secs(5)).await;
            let told = tries(&world, who, user, &format!("wrong {seconds}")).await;
            assert_eq!(told, Some(ErrorCode::SignInFailed), "{which:?} after {seconds} s");
        }
        // No user is: nobody is listed.
        assert_eq!(locked(&world).await, Vec::<String>::new());
    }
    assert_eq!(world.office().unlock(Unlock::Administrator).await, Ok(1));
    assert_eq!(world.office().unlock(Unlock::Administrator).await, Err(AdminError::NotLocked));
    assert_eq!(tries(&world, SignInAs::Administrator, "admin", "sesame").await, None);
    let guest = || tries(&world, SignInAs::Guest, "", "sesame");
    assert_eq!(guest().await, Some(ErrorCode::LockedOut));
    assert_eq!(world.office().unlock(Unlock::All).await, Ok(1));
    assert_eq!(guest().await, None);

    let engineer = DeviceSecret::Engineer;
    world.office().set_secret(engineer, Some("sesame".to_owned().into())).await.unwrap();
    world.act(PanelAction::SpecialKey).await;
    for (text, told) in [
        ("one", ErrorCode::SignInFailed),
        ("two", ErrorCode::SignInFailed),
        ("sesame", ErrorCode::LockedOut),
    ] {
        world.act(PanelAction::Password(text.to_owned().into())).await;
        world.code(told).await;
    }
}

/// A user stays locked, the device's own passwords are open again.
#[tokio::test]
async fn a_restart_unlocks_the_key_operator_and_nobody_else() {
    let settings = with(&[("lock-out.user", "3"), ("lock-out.administrator", "2")]);
    let mut world = World::sqlite(settings.clone());
    world.add("tanaka", "sesame").await;
    world.add("suzuki", "sesame").await;
    let operator = DeviceSecret::KeyOperator;
    world.office().set_secret(operator, Some("sesame".to_owned().into())).await.unwrap();
    for (user, wrongs) in [("tanaka", 3), ("suzuki", 2), ("nobody", 3)] {
        for nth in 0..wrongs {
            user_tries(&world, user, &format!("wrong {nth}")).await;
        }
    }
    let administrator = SignInAs::Administrator;
    for told in [ErrorCode::SignInFailed, ErrorCode::SignInFailed, ErrorCode::LockedOut] {
        let wrong = format!("wrong {}", world.service.passwords_compared());
        assert_eq!(tries(&world, administrator, "admin", &wrong).await, Some(told));
    }

    world.restart(settings).await;
    assert_eq!(locked(&world).await, ["tanaka"]);
    assert_eq!(user_tries(&world, "tanaka", "sesame").await, Some(ErrorCode::LockedOut));
    assert_eq!(user_tries(&world, "suzuki", "three").await, Some(ErrorCode::SignInFailed));
    assert_eq!(user_tries(&world, "suzuki", "sesame").await, Some(ErrorCode::LockedOut));
    assert_eq!(tries(&world, administrator, "admin", "sesame").await, None);

    assert_eq!(world.office().unlock(Unlock::All).await, Ok(2));
    world.restart(with(&[])).await;
    for user in ["tanaka", "suzuki"] {
        assert_eq!(user_tries(&world, user, "sesame").await, None, "{user}");
    }
}

/// S40-2-05: 25 guesses at each of 38 stations at one time, at every other one beside a card, and 50
/// more as whoever retrieves the audit log.
#[tokio::test]
async fn a_thousand_guesses_at_one_user_from_all_sides() {
    const STATIONS: u8 = 38;
    let mut world = World::sqlite(with(&[]));
    let names: Vec<_> = (0..STATIONS).map(|n| format!("station{n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).chain(["desk"]).collect();
    world.restart_at(with(&[]), &names).await;
    world.add("tanaka", "sesame").await;
    let world = Arc::new(world);
    let mut people = JoinSet::new();
    for n in 0..STATIONS {
        let world = Arc::clone(&world);
        people.spawn(async move {
            let name = &format!("station{n}");
            let beside_card = n % 2 == 0;
            if beside_card {
                world.tap_at(name, n);
                world.form_at(name).await;
            }
            let mut codes = Vec::new();
            for nth in 0..25 {
                let wrong = format!("{n} {nth}");
                match beside_card {
                    true => world.act_at(name, submit("tanaka", &wrong)).await,
                    false => world.sign_in_at(name, SignInAs::User, "tanaka", &wrong).await,
                }
                let page = world.shows(name, "answer", |page| *page != Page::Checking).await;
                codes.extend(code(&page));
                if !beside_card {
                    world.act_at(name, PanelAction::Cancel).await;
                    world.shows(name, "idle", idle).await;
                }
                sleep(Duration::from_millis(200)).await;
            }
            codes
        });
    }
    let retrieval = async {
        let mut codes = Vec::new();
        for nth in 0..50 {
            let wrong = format!("retrieval {nth}").into();
            let checked = world.service.administrators().check("tanaka", wrong, RETRIEVAL).await;
            codes.extend(checked.err().map(|refusal| refusal.code));
            sleep(Duration::from_millis(100)).await;
        }
        codes
    };
    let (retrieval, mut codes) = tokio::join!(retrieval, people.join_all());
    let is_wrong = |code: &&ErrorCode| **code == ErrorCode::SignInFailed;
    let retrieval_wrong = retrieval.iter().filter(is_wrong).count();
    codes.push(retrieval);
    let codes = codes.concat();
    let count = |of| codes.iter().filter(|code| **code == of).count();
    let wrong = count(ErrorCode::SignInFailed) + count(ErrorCode::WrongCredentials);
    let (soon, locked_out) = (count(ErrorCode::TryLater), count(ErrorCode::LockedOut));
    println!("of {}: {wrong} wrong, {soon} too soon, {locked_out} locked", codes.len());
    assert_eq!((codes.len(), wrong + soon + locked_out), (1000, 1000));
    assert_eq!(world.service.passwords_compared(), wrong as u64);
    // Those from the network count by themselves.
    assert!(wrong <= 10, "{wrong}");
    let from_network = retrieval_wrong;
    assert!(from_network <= 5, "{from_network}");
    // However long it goes on.
    let mut more = wrong - from_network;
    while user_tries(&world, "tanaka", &format!("more {more}")).await != Some(ErrorCode::LockedOut)
    {
        more += 1;
    }
    let compared = world.service.passwords_compared();
    assert_eq!((more, compared), (5, 5 + from_network as u64));
    assert_eq!(user_tries(&world, "tanaka", "sesame").await, Some(ErrorCode::LockedOut));
    assert_eq!(world.service.passwords_compared(), compared);
    assert_eq!(locked(&world).await, ["tanaka"]);
}

#[tokio::test(start_paused = true)]
async fn an_outage_locks_nobody_out_of_500() {
    let world = World::memory(with(&[]));
    let ids: Vec<_> = (0..500).map(|n| format!("user{n}")).collect();
    // Without passwords, so that none has to be hashed; an empty one is theirs.
    let csv = format!("user_id\n{}\n", ids.join("\n"));
    let added = world.office().import_users(csv.into_bytes().into()).await;
    assert_eq!(added, Ok(500));
    assert_eq!(user_tries(&world, "user0", "").await, None, "the counts are read");

    world.store.fail(Some(StoreError::new(StoreErrorKind::Damaged, "broken")));
    for user in &ids {
        for nth in 0..6 {
            let told = user_tries(&world, user, &format!("wrong {nth}")).await;
            assert_eq!(told, Some(ErrorCode::StoreUnavailable), "{user}");
        }
    }
    world.store.fail(None);
    assert_eq!(world.service.passwords_compared(), 1);
    assert_eq!(locked(&world).await, Vec::<String>::new());
    for user in ids.iter().step_by(25) {
        assert_eq!(user_tries(&world, user, "").await, None, "{user}");
    }
    assert!(!world.store.audit().iter().any(|line| line.starts_with("locked")));
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_fails_or_hangs_locks_nobody_out() {
    const NOT_THERE: ErrorCode = ErrorCode::DirectoryNotConfigured;
    let world = World::memory(with(&[("sign-in.mode", "remote")]));
    let ids: Vec<_> = (0..500).map(|n| format!("user{n}")).collect();
    for user in &ids {
        world.add_to_directory(user, "sesame");
    }
    for (position, user) in ids.iter().enumerate() {
        for nth in 0..6 {
            // Some never answer: the station gives up waiting.
            let hangs = position < 2;
            let (fault, told) = match hangs {
                true => (DirectoryFault::Hangs, ErrorCode::TryLater),
                false => (DirectoryFault::Fails(NOT_THERE), NOT_THERE),
            };
            world.directory.fail_next(fault);
            world.sign_in(SignInAs::User, user, &format!("wrong {nth}")).await;
            if hangs {
                sleep(Duration::from_secs(12)).await;
            }
            world.code(told).await;
            world.act(PanelAction::Cancel).await;
            world.idle().await;
        }
    }
    for user in &ids {
        let user = user.to_uppercase();
        assert_eq!(user_tries(&world, &user, "sesame").await, None, "{user}");
    }
}

/// Whoever leaves while a password is being checked has not been wrong.
#[tokio::test(start_paused = true)]
async fn what_nobody_waits_for_counts_nothing() {
    let world = World::memory(with(&[("lock-out.user", "1")]));
    world.add("tanaka", "sesame").await;
    assert_eq!(user_tries(&world, "tanaka", "sesame").await, None);
    for nth in 0..10 {
        world.store.hold(true);
        world.sign_in(SignInAs::User, "tanaka", &format!("wrong {nth}")).await;
        world.shows("desk", "checking", |page| *page == Page::Checking).await;
        world.act(PanelAction::Cancel).await;
        world.idle().await;
        world.store.hold(false);
    }
    assert_eq!(locked(&world).await, Vec::<String>::new());
    assert_eq!(user_tries(&world, "tanaka", "sesame").await, None);
}

#[tokio::test(start_paused = true)]
async fn locks_are_logged_without_what_was_typed() {
    let world = World::memory(with(&[
        ("lock-out.user", "2"),
        ("lock-out.administrator", "1"),
        ("registration.sources", "both"),
    ]));
    world.add("tanaka", "sesame").await;
    world.add_to_directory("sato", "sesame");
    let operator = DeviceSecret::KeyOperator;
    world.office().set_secret(operator, Some("sesame".to_owned().into())).await.unwrap();
    let from = world.store.audit().len();
    for wrong in ["one", "two"] {
        user_tries(&world, "tanaka", wrong).await;
        user_tries(&world, "nobody", wrong).await;
    }
    tries(&world, SignInAs::Administrator, "admin", "one").await;
    assert_eq!(world.office().unlock(named("tanaka")).await, Ok(1));
    world.tap(1);
    world.form().await;
    for (user, wrong) in [("Sato", "wrong 1"), ("SATO", "wrong 2")] {
        world.patiently(submit_to(Source::Directory, user, wrong)).await;
    }
    assert_eq!(world.office().unlock(Unlock::All).await, Ok(4));
    world.service.shutdown().await;
    let log = world.store.audit();
    let lock = |line: &&String| line.contains("locked");
    let locks: Vec<_> = log.iter().skip(from).filter(lock).map(String::as_str).collect();
    assert_eq!(
        locks,
        [
            "locked tanaka K12 -",
            "locked - K12 -",
            "locked - K12 administrator",
            "unlocked tanaka - -",
            // The person, in whatever case, and the card.
            "locked sato K12 -",
            "locked sato K12 -",
            "all-unlocked - - 4",
        ]
    );
}

/// Locks that a running service made are opened by a command that runs alone, and stay open.
#[tokio::test]
async fn a_command_without_a_service_unlocks() {
    let mut world = World::sqlite(with(THREE));
    world.add("tanaka", "sesame").await;
    for wrong in ["one", "two", "three"] {
        user_tries(&world, "tanaka", wrong).await;
    }
    world.service.shutdown().await;
    let service = alone(&world.store, Site::new(with(THREE)).unwrap().into());
    let admin = service.office(&Authority::OWNER);
    assert_eq!(admin.unlock(named("tanaka")).await, Ok(1));
    assert_eq!(admin.unlock(named("tanaka")).await, Err(AdminError::NotLocked));
    world.restart(with(THREE)).await;
    assert_eq!(user_tries(&world, "tanaka", "sesame").await, None);
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_cannot_be_opened_for_good_stays_closed() {
    let world = World::memory(with(&[("lock-out.user", "1")]));
    world.add("tanaka", "sesame").await;
    user_tries(&world, "tanaka", "one").await;
    let full = StoreError::new(StoreErrorKind::Full, "full");
    for whom in [named("tanaka"), Unlock::All] {
        world.store.fail(Some(full.clone()));
        assert_eq!(world.office().unlock(whom).await, Err(AdminError::Store(full.clone())));
        world.store.fail(None);
        assert_eq!(locked(&world).await, ["tanaka"]);
    }
}
