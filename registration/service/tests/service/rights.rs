//! What a directory's groups make of people, and cards that an administrator deletes from it.

use std::sync::Arc;

use kazasu_ports::DirectoryFault;
use kazasu_registration::{
    DeviceEvent, DeviceSecret, ErrorCode, Limits, Page, Role, SignInAs, Site, Source,
};
use kazasu_service::{
    AdminError, Allowed, Authority, CardToRemove, Loaded, NoDirectory, PanelAction, Person, Rights,
    Service, Store, UserEdit,
};
use kazasu_store_contract::Memory;
use tokio::sync::broadcast;

use crate::{
    on_both_stores,
    world::{World, code, id, key, number, station, submit_to, with},
};

const BOTH: &[(&str, &str)] = &[("registration.sources", "both"), ("new-users.fax", "false")];
const REMOTE: &[(&str, &str)] = &[("sign-in.mode", "remote"), ("new-users.fax", "false")];

on_both_stores!(
    a_copy_gets_what_the_groups_say(with(BOTH)),
    an_administrator_changes_a_copy_for_good(with(BOTH)),
    groups_count_at_each_sign_in(with(REMOTE)),
    the_device_decides_about_its_own_administrators(with(REMOTE)),
    nobody_of_the_directory_is_recorded(with(REMOTE)),
);

fn to_directory(user_id: &str) -> PanelAction {
    submit_to(Source::Directory, &user_id.to_uppercase(), "sesame")
}

fn rights(role: Role, allowed: Allowed) -> Rights {
    Rights { role, allowed }
}

fn only(forbidden: &str) -> Allowed {
    Allowed::Only(Limits::from_text(forbidden).unwrap())
}

/// What a station answers to somebody who signs in: the page, or the code that it shows.
async fn signs_in(
    world: &World<impl Store>,
    who: SignInAs,
    user: &str,
    password: &str,
) -> Result<Page, ErrorCode> {
    world.sign_in(who, user, password).await;
    let page = world.shows("desk", "answer", |page| *page != Page::Checking).await;
    match code(&page) {
        Some(code) => {
            world.act(PanelAction::Cancel).await;
            world.idle().await;
            Err(code)
        }
        None => {
            world.sign_out().await;
            Ok(page)
        }
    }
}

const ADMINISTRATOR: Result<Page, ErrorCode> = Ok(Page::Administrator { jobs_enabled: false });

fn is_user(page: Result<Page, ErrorCode>) -> bool {
    matches!(page, Ok(Page::SignedIn { .. }))
}

/// Spec 10 section 3.2, S10-4-08, S10-4-09.
async fn a_copy_gets_what_the_groups_say(world: World<impl Store>) {
    let rows = [
        ("sato", Rights::default(), (Role::General, "no-fax")),
        ("kato", rights(Role::General, Allowed::LikeNewUsers), (Role::General, "no-fax")),
        ("ito", rights(Role::Administrator, only("no-copy")), (Role::Administrator, "no-copy")),
        ("ono", rights(Role::AccountAdministrator, only("")), (Role::AccountAdministrator, "")),
    ];
    for (n, (user, rights, (role, limits))) in (1..).zip(rows) {
        world.add_to_directory(user, "sesame");
        world.directory.set_rights(&id(user), rights);
        world.register_by(n, to_directory(user)).await;
        let told = world.office().describe_user(&key(user)).await.unwrap().listed;
        assert_eq!((told.role, told.limits.to_text().as_str()), (role, limits), "{user}");
    }
    let log = world.office().export_audit().await.unwrap();
    let log = log.iter().filter(|entry| entry.event == "user-copied");
    let log: Vec<_> = log.map(|entry| entry.told().unwrap_or_else(|| "-".to_owned())).collect();
    assert_eq!(log, ["no-fax", "no-fax", "administrator no-copy", "account-administrator"]);
    // The copy is what its record says, with the password that was typed.
    assert_eq!(signs_in(&world, SignInAs::Administrator, "ito", "sesame").await, ADMINISTRATOR);
}

/// Spec 10 section 3.2: the administrator restricts afterwards, and no other card undoes it.
async fn an_administrator_changes_a_copy_for_good(world: World<impl Store>) {
    world.add_to_directory("sato", "sesame");
    world.directory.set_rights(&id("sato"), rights(Role::General, only("")));
    world.register_by(1, to_directory("sato")).await;
    let edit = UserEdit {
        role: Some(Role::Administrator),
        limits: Some(Limits::FORBID_ALL),
        ..UserEdit::default()
    };
    world.office().edit_user(&key("sato"), edit).await.unwrap();
    world.directory.set_rights(&id("sato"), rights(Role::AccountAdministrator, only("")));
    world.tap(2);
    world.form().await;
    world.act(to_directory("sato")).await;
    world.shows("desk", "question", |page| *page == Page::ConfirmReplace).await;
    world.act(PanelAction::Confirm(true)).await;
    world.registered().await;
    assert_eq!(world.cards().await, ["sato 02"]);
    let told = world.office().describe_user(&key("sato")).await.unwrap().listed;
    assert_eq!((told.role, told.limits), (Role::Administrator, Limits::FORBID_ALL));
}

/// S10-4-08 in remote mode, S30-6-06: role and right are what the directory says now.
async fn groups_count_at_each_sign_in(world: World<impl Store>) {
    world.add_to_directory("sato", "sesame");
    world.register_by(1, to_directory("sato")).await;
    let as_administrator = || signs_in(&world, SignInAs::Administrator, "SATO", "sesame");
    assert_eq!(as_administrator().await, Err(ErrorCode::SignInFailed));
    world.directory.set_rights(&id("sato"), rights(Role::Administrator, Allowed::Unsaid));
    assert_eq!(as_administrator().await, ADMINISTRATOR);
    // With the role, too, whoever signs in as a user is one, and a card makes users only.
    assert!(is_user(signs_in(&world, SignInAs::User, "SATO", "sesame").await));
    world.tap(1);
    assert_eq!(world.signed_in().await.as_deref(), Some("sato D"));
    world.sign_out().await;
    let wrong = signs_in(&world, SignInAs::Administrator, "SATO", "").await;
    assert_eq!(wrong, Err(ErrorCode::SignInFailed));
    world.directory.set_rights(&id("sato"), rights(Role::AccountAdministrator, Allowed::Unsaid));
    assert_eq!(as_administrator().await, Err(ErrorCode::SignInFailed));
    // Without the right to use the device neither typing nor the card signs in.
    let refused = ErrorCode::DirectoryUserNotPermitted;
    for who in [SignInAs::User, SignInAs::Administrator] {
        world.directory.fail_next(DirectoryFault::Fails(refused));
        assert_eq!(signs_in(&world, who, "SATO", "sesame").await, Err(refused));
    }
    world.directory.fail_next(DirectoryFault::Fails(refused));
    world.tap(1);
    world.code(refused).await;
    // A refusal is no guess: nobody is locked.
    assert!(world.office().list_locked().await.unwrap().is_empty());
    assert!(is_user(signs_in(&world, SignInAs::User, "SATO", "sesame").await));
}

/// No directory keeps an administrator of the device out, becomes one, or becomes the key operator.
async fn the_device_decides_about_its_own_administrators(world: World<impl Store>) {
    world.add("chief", "local 1").await;
    let role = UserEdit { role: Some(Role::Administrator), ..UserEdit::default() };
    world.office().edit_user(&key("chief"), role).await.unwrap();
    let operator = DeviceSecret::KeyOperator;
    world.office().set_secret(operator, Some("operator 1".to_owned().into())).await.unwrap();
    let person = |user_id: &str| Person {
        id: id(user_id),
        name: kazasu_registration::UserName::new("Somebody").unwrap(),
        mail: None,
        card: None,
        rights: rights(Role::Administrator, only("no-copy no-fax no-scan no-print")),
    };
    // In the directory, somebody is called what the administrator is called, and what the key
    // operator is called.
    world.directory.add(id("chief"), "other", person("chief"));
    world.directory.add(id("admin"), "other", person("admin"));
    world.directory.add(id("shadow"), "other", Person { card: Some(number(9)), ..person("Admin") });
    let administrator = SignInAs::Administrator;
    for _ in 0..2 {
        assert_eq!(signs_in(&world, administrator, "chief", "local 1").await, ADMINISTRATOR);
        assert_eq!(signs_in(&world, administrator, "admin", "operator 1").await, ADMINISTRATOR);
        // Whatever happens to the directory.
        world.directory.fail_next(DirectoryFault::Hangs);
    }
    for who in ["chief", "admin"] {
        let wrong = signs_in(&world, administrator, who, "other").await;
        assert_eq!(wrong, Err(ErrorCode::SignInFailed), "{who}");
    }
    assert_eq!(world.directory.calls(), 0, "it was not asked about any of them");
    let told = world.office().describe_user(&key("chief")).await.unwrap().listed;
    assert_eq!(told.role, Role::Administrator);
}

/// Spec 30 section 2: what is known of somebody of the directory is known for the session alone,
/// not to the key operator either; registration and password are not the device's matter. Guests
/// are checked on the device.
async fn nobody_of_the_directory_is_recorded(mut world: World<impl Store>) {
    world.add_to_directory("sato", "sesame");
    world.register_by(1, to_directory("sato")).await;
    world.tap(1);
    world.signed_in().await;
    assert_eq!(world.office().list_users().await, Ok(vec![]), "while signed in");
    world.act(PanelAction::OpenOwnRecord).await;
    world.code(ErrorCode::EditMethodChanged).await;
    world.service.stations().device(&station("desk"), DeviceEvent::JobStarted).await.unwrap();
    world.sign_out().await;
    world.service.stations().device(&station("desk"), DeviceEvent::JobEnded(None)).await.unwrap();
    assert!(is_user(signs_in(&world, SignInAs::User, "SATO", "sesame").await));
    assert_eq!(world.office().list_users().await, Ok(vec![]), "after signing out");
    assert_eq!(world.office().list_cards().await, Ok(vec![]));

    let guests = [REMOTE, &[("sign-in.guests", "true")]].concat();
    world.restart(with(&guests)).await;
    let guest = DeviceSecret::Guest;
    world.office().set_secret(guest, Some("welcome".to_owned().into())).await.unwrap();
    let asked = world.directory.calls();
    assert_eq!(signs_in(&world, SignInAs::Guest, "", "welcome").await, Ok(Page::Guest));
    let wrong = signs_in(&world, SignInAs::Guest, "", "sesame").await;
    assert_eq!(wrong, Err(ErrorCode::SignInFailed));
    assert_eq!(world.directory.calls(), asked, "the device checks guests");
    assert_eq!(world.office().list_users().await, Ok(vec![]));
}

/// Nobody is the key operator by what a directory calls them.
#[tokio::test(start_paused = true)]
async fn a_person_called_like_the_key_operator_is_nobody() {
    let world = World::memory(with(REMOTE));
    for (typed, user_id, card) in [("shadow", "admin", 1), ("umbra", "ADMIN", 2)] {
        let rights = rights(Role::Administrator, only(""));
        let name = kazasu_registration::UserName::new("Shadow").unwrap();
        let card = Some(number(card));
        let person = Person { id: id(user_id), name, mail: None, card, rights };
        world.directory.add(id(typed), "other", person);
        for who in [SignInAs::User, SignInAs::Administrator] {
            let code = signs_in(&world, who, typed, "other").await.unwrap_err();
            assert_eq!(code.as_str(), "711", "{typed} {who:?}");
        }
    }
    for card in [1, 2] {
        world.tap(card);
        let notice = world.shows("desk", "711", |page| code(page).is_some()).await;
        assert_eq!(code(&notice).map(ErrorCode::as_str), Some("711"));
    }
}

/// Somebody who guesses an administrator's password in the directory is stopped, in whatever case
/// they write the ID.
#[tokio::test(start_paused = true)]
async fn guesses_at_administrators_in_the_directory_count_as_one_persons() {
    let world = World::memory(with(&[REMOTE, &[("lock-out.user", "2")]].concat()));
    world.add_to_directory("sato", "sesame");
    world.directory.set_rights(&id("sato"), rights(Role::Administrator, Allowed::Unsaid));
    let as_administrator = async |user: &str, password: &str| {
        signs_in(&world, SignInAs::Administrator, user, password).await
    };
    assert_eq!(as_administrator("SATO", "one").await, Err(ErrorCode::SignInFailed));
    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    assert_eq!(as_administrator("Sato", "two").await, Err(ErrorCode::SignInFailed));
    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    let asked = world.directory.calls();
    assert_eq!(as_administrator("SATO", "sesame").await, Err(ErrorCode::LockedOut));
    assert_eq!(signs_in(&world, SignInAs::User, "SATO", "sesame").await, Err(ErrorCode::LockedOut));
    assert_eq!(world.directory.calls(), asked, "a lock keeps guesses from the directory");
}

/// Spec 10 section 3.5.
#[tokio::test(start_paused = true)]
async fn an_administrator_deletes_a_card_from_the_directory() {
    let world = World::memory(with(REMOTE));
    for (n, user) in [(1, "sato"), (2, "kato"), (3, "ito")] {
        world.add_to_directory(user, "sesame");
        world.register_by(n, to_directory(user)).await;
    }
    let before = world.store.audit().len();
    let rows: &[(CardToRemove, Result<&str, AdminError>)] = &[
        (CardToRemove::Of(id("nobody")), Err(AdminError::NoSuchPerson)),
        (CardToRemove::NumberedOf(id("sato"), number(2)), Err(AdminError::NoCard)),
        (CardToRemove::Of(id("sato")), Ok("sato")),
        (CardToRemove::Of(id("sato")), Err(AdminError::NoCard)),
        (CardToRemove::Numbered(number(1)), Err(AdminError::NoCard)),
        (CardToRemove::Numbered(number(2)), Ok("kato")),
        (CardToRemove::NumberedOf(id("ito"), number(3)), Ok("ito")),
    ];
    for (card, expected) in rows {
        let removed = world.office().remove_directory_card(card.clone()).await;
        assert_eq!(removed, expected.clone().map(id), "{card:?}");
    }
    // Whose it was, and no number.
    let written = world.store.audit()[before..].to_vec();
    assert_eq!(written, ["card-erased sato - -", "card-erased kato - -", "card-erased ito - -"]);
    // The card is as unknown as ever, and can become somebody else's.
    world.register_by(1, to_directory("kato")).await;
    assert_eq!(world.directory.card_of(&id("kato")), Some(number(1)));

    let refused = ErrorCode::DirectoryNoWriteRight;
    world.directory.fail_next(DirectoryFault::Fails(refused));
    let error = world.office().remove_directory_card(CardToRemove::Of(id("kato"))).await;
    assert_eq!(error.unwrap_err().code(), Some(refused));
    assert_eq!(world.directory.card_of(&id("kato")), Some(number(1)));
    assert_eq!(world.store.audit().last().unwrap(), "card-written kato - -");
    world.directory.fail_next(DirectoryFault::Fails(ErrorCode::OutcomeUnknown));
    let error = world.office().remove_directory_card(CardToRemove::Of(id("kato"))).await;
    assert_eq!(error.unwrap_err().code(), Some(ErrorCode::OutcomeUnknown));
    assert_eq!(world.store.audit().last().unwrap(), "card-erase-unknown kato - -");
}

#[tokio::test(start_paused = true)]
async fn without_a_directory_there_is_no_card_to_delete() {
    let (_events, heard) = broadcast::channel(1);
    let loaded = Loaded::from(Site::new(with(&[])).unwrap());
    let store = Arc::new(Memory::new());
    let service = Service::start(store, Arc::new(NoDirectory), loaded, Vec::new(), heard);
    let error = service
        .office(&Authority::OWNER)
        .remove_directory_card(CardToRemove::Of(id("sato")))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::DirectoryNotConfigured));
}

/// Where nothing is said of limits, LDAP limits nobody (spec 30 section 6).
#[test]
fn what_groups_allow_under_each_method() {
    let check = |allowed: Allowed, settings, expected: &str| {
        assert_eq!(allowed.limits(&with(settings)).to_text(), expected, "{allowed:?} {settings:?}");
    };
    check(Allowed::Unsaid, BOTH, "no-fax");
    check(Allowed::Unsaid, REMOTE, "");
    for settings in [BOTH, REMOTE] {
        check(Allowed::LikeNewUsers, settings, "no-fax");
        check(only("no-print"), settings, "no-print");
    }
}
