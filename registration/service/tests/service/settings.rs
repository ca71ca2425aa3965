//! Settings while the service runs.

use std::{sync::Arc, time::Duration};

use kazasu_hal::{Card, EventKind};
use kazasu_registration::{CardNumber, ErrorCode, Page, Settings, SignInAs, Source, UserKey};
use kazasu_service::{
    AdminError, Argon2id, Authority, Changed, DeviceSecret, Loaded, Means, NoDirectory,
    PanelAction, Service, SettingsToStore, Store, StoreError, StoreErrorKind, Versioned,
};
use kazasu_store_contract::Memory;

use tokio::sync::broadcast;

use crate::{
    on_both_stores,
    world::{
        KeyInMemory, World, alone, apply, card, changes, entry, idle, key, planned, submit,
        submit_to, with,
    },
};

on_both_stores!(
    settings_change_while_stations_work(with(&[])),
    a_change_that_is_refused_changes_nothing(with(&[])),
    numbers_follow_the_rule(with(&[])),
    a_change_of_mode_deletes_users_and_ends_sessions(with(&[])),
    the_devices_own_passwords(with(&[("sign-in.guests", "true"), ("sign-in.mode", "remote")])),
);

fn changed(version: u64, keys: &[&str], renumbered: u64, deleted: u64) -> Changed {
    let keys = keys.iter().map(|&key| key.to_owned()).collect();
    Changed { version, keys, renumbered, deleted }
}

async fn settings_change_while_stations_work(world: World<impl Store>) {
    let office = world.office();
    let at_first = Versioned { version: 0, settings: Settings::default() };
    assert_eq!(office.settings().await, Ok(at_first));
    assert_eq!(office.settings_history().await, Ok(Vec::new()));
    let off = || changes(&[("registration.on-menu", "false"), ("registration.by-card", "false")]);
    let keys = ["registration.by-card", "registration.on-menu"];
    assert_eq!(planned(&office, off()).await, Ok(changed(1, &keys, 0, 0)));
    world.tap(1);
    world.form().await;
    world.act(PanelAction::Cancel).await;
    assert_eq!(apply(&office, off(), Some(0)).await, Ok(changed(1, &keys, 0, 0)));
    for (name, n) in [("desk", 2), ("door", 3)] {
        world.tap_at(name, n);
        world.shows_code(name, ErrorCode::CardRefused).await;
    }
    let now = office.settings().await.unwrap();
    assert_eq!((now.version, now.settings.registration.by_card), (1, false));
    // What is as it was is no version.
    assert_eq!(apply(&office, off(), None).await, Ok(changed(1, &[], 0, 0)));
    assert_eq!(office.settings_history().await.unwrap().len(), 1);
    // What is stored is what the next start finds.
    let loaded = Loaded::from_store(&*world.store, None, false).await.unwrap();
    assert_eq!((loaded.version, &loaded.site.settings), (1, &now.settings));
}

async fn a_change_that_is_refused_changes_nothing(world: World<impl Store>) {
    let office = world.office();
    type Pairs = &'static [(&'static str, &'static str)];
    let rows: &[(Pairs, Option<u64>, &str)] = &[
        (&[("sign-in.colour", "red")], None, "there is no setting \"sign-in.colour\""),
        (&[("panel.auto-clear-s", "5")], None, "panel.auto-clear-s"),
        (&[("card.enabled", "false")], None, "S10-2-02"),
        (&[("registration.on-menu", "false"), ("card.enabled", "false")], None, "S10-2-02"),
        (&[("panel.auto-clear-s", "60")], Some(7), "the settings are at version 0 now"),
    ];
    for (pairs, expected, says) in rows {
        let refused = apply(&office, changes(pairs), *expected).await.unwrap_err();
        assert!(refused.to_string().contains(says), "{refused}");
        assert_eq!(refused.code(), None, "{refused}");
        if expected.is_none() {
            assert_eq!(planned(&office, changes(pairs)).await, Err(refused));
        }
    }
    assert_eq!(office.settings().await.unwrap().version, 0);
    assert_eq!(office.settings_history().await, Ok(Vec::new()));
}

/// Spec 60 section 1.
async fn numbers_follow_the_rule(world: World<impl Store>) {
    let office = world.office();
    world.add("tanaka", "sesame").await;
    world.register(1, "tanaka", "sesame").await;
    world.tap(2);
    world.form().await;
    world.act(PanelAction::Cancel).await;
    let cards = || async {
        let cards = office.list_cards().await.unwrap();
        cards.iter().map(|(_, number)| number.as_str().to_owned()).collect::<Vec<_>>()
    };
    let rule = |text: &str| changes(&[("card.number", text)]);
    let key = ["card.number"];

    assert_eq!(planned(&office, rule("cut=7+1 prefix=C-")).await, Ok(changed(1, &key, 2, 0)));
    assert_eq!(cards().await, ["012E4CE100000002", "012E4CE100000001"]);
    let done = apply(&office, rule("cut=7+1 prefix=C-"), None).await;
    assert_eq!(done, Ok(changed(1, &key, 2, 0)));
    assert_eq!(cards().await, ["C-02", "C-01"]);

    // All cards alike: refused, and shown without the numbers.
    let refused = apply(&office, rule("cut=0+7"), None).await.unwrap_err();
    let AdminError::Collisions(collisions) = &refused else { panic!("{refused:?}") };
    assert_eq!((collisions.listed.len(), collisions.more), (1, 0));
    assert!(!refused.to_string().contains("012E4CE1"), "{refused}");
    assert!(refused.to_string().contains("tanaka"), "{refused}");
    assert_eq!(planned(&office, rule("cut=0+7")).await, Err(refused));
    assert_eq!(cards().await, ["C-02", "C-01"]);

    // Keyed: the key is made with the change, and a check makes none.
    let plan = office.plan(rule("keyed")).await.unwrap();
    assert_eq!((plan.makes_key, plan.renumbered), (true, 2));
    assert_eq!(cards().await, ["C-02", "C-01"]);
    assert!(office.plan(rule("keyed")).await.unwrap().makes_key, "the check made none");
    assert_eq!(apply(&office, rule("keyed"), None).await, Ok(changed(2, &key, 2, 0)));
    assert_eq!(office.commit(&plan).await, Err(AdminError::Stale { version: 2 }));
    assert!(!office.plan(changes(&[])).await.unwrap().makes_key);
    let keyed = cards().await;
    assert!(keyed.iter().all(|number| number.len() == 32), "{keyed:?}");
    // Cards are known by what they are, not by what they are called.
    world.tap(1);
    assert_eq!(world.signed_in().await.as_deref(), Some("tanaka"));
    world.sign_out().await;
    world.tap(3);
    world.form().await;
    assert!(cards().await.iter().all(|number| number.len() == 32));
}

/// A binding that a station sent off under the old rule comes to the store after the new one.
#[tokio::test(start_paused = true)]
async fn a_card_that_is_on_its_way_gets_the_new_number() {
    let world = World::memory(with(&[]));
    world.add("tanaka", "sesame").await;
    world.tap(1);
    world.form().await;
    world.office().delete_provisional(None).await.unwrap();
    world.act(submit("tanaka", "sesame")).await;
    takes_the_new_rule(&world).await;
}

/// Spec 30 section 2.
async fn a_change_of_mode_deletes_users_and_ends_sessions(world: World<impl Store>) {
    let office = world.office();
    world.add("tanaka", "sesame").await;
    world.add("suzuki", "sesame").await;
    world.register(1, "tanaka", "sesame").await;
    world.tap(1);
    world.signed_in().await;
    let remote = || changes(&[("sign-in.mode", "remote")]);
    let key = ["sign-in.mode"];
    assert_eq!(planned(&office, remote()).await, Ok(changed(1, &key, 0, 2)));
    assert_eq!(office.list_users().await.unwrap().len(), 2);
    world.signed_in().await;
    assert_eq!(apply(&office, remote(), None).await, Ok(changed(1, &key, 0, 2)));
    world.idle().await;
    assert!(office.list_users().await.unwrap().is_empty());
}

/// S10-2-09, spec 30 section 1: 706 before they are set.
async fn the_devices_own_passwords(world: World<impl Store>) {
    let office = world.office();
    let signed_in = |page: &Page, which| match which {
        DeviceSecret::KeyOperator => matches!(page, Page::Administrator { .. }),
        DeviceSecret::Engineer => *page == Page::Engineer,
        DeviceSecret::Guest => *page == Page::Guest,
    };
    let try_it = |which, password: &'static str| {
        let world = &world;
        async move {
            match which {
                DeviceSecret::KeyOperator => {
                    world.sign_in(SignInAs::Administrator, "admin", password).await;
                }
                DeviceSecret::Guest => world.sign_in(SignInAs::Guest, "", password).await,
                DeviceSecret::Engineer => {
                    world.act(PanelAction::SpecialKey).await;
                    let page = |page: &Page| matches!(page, Page::EngineerPassword { .. });
                    world.shows("desk", "engineer's page", page).await;
                    world.act(PanelAction::Password(password.to_owned().into())).await;
                }
            }
        }
    };
    for which in [DeviceSecret::KeyOperator, DeviceSecret::Guest, DeviceSecret::Engineer] {
        let set = |text: &str| office.set_secret(which, Some(text.to_owned().into()));
        let leave = || world.act(PanelAction::Cancel);
        try_it(which, "sesame").await;
        world.code(ErrorCode::SetupNotDone).await;
        leave().await;
        world.idle().await;
        let refused = set("abc").await.unwrap_err();
        assert_eq!(refused.code(), Some(ErrorCode::FieldRule), "{refused}");
        assert_eq!(set("sesame").await, Ok(()));
        try_it(which, "Sesame").await;
        world.code(ErrorCode::SignInFailed).await;
        leave().await;
        world.idle().await;
        try_it(which, "sesame").await;
        world.shows("desk", which.as_str(), |page| signed_in(page, which)).await;
        let leaves = match which {
            DeviceSecret::Engineer => PanelAction::SpecialKey,
            _ => PanelAction::AuthenticationKey,
        };
        world.act(leaves).await;
        world.idle().await;
        assert_eq!(office.set_secret(which, None).await, Ok(()));
        try_it(which, "sesame").await;
        world.code(ErrorCode::SetupNotDone).await;
        leave().await;
        world.idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_take_settings_is_709() {
    let world = World::memory(with(&[]));
    world.store.fail(Some(StoreError::new(StoreErrorKind::Full, "broken")));
    let change = || changes(&[("panel.auto-clear-s", "60")]);
    let refused = apply(&world.office(), change(), None).await.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::SettingsUnwritable), "{refused}");
    world.store.fail(None);
    assert_eq!(world.office().settings().await.unwrap().version, 0);
    let stored = apply(&world.office(), change(), None).await.unwrap();
    assert_eq!((stored.version, stored.keys), (1, vec!["panel.auto-clear-s".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn settings_that_nobody_can_go_by_are_707() {
    let store = Arc::new(Memory::new());
    let jsons = [
        "",
        "{}x",
        r#"{"no-such-key": 1}"#,
        r#"{"panel": {"auto-clear-s": 5}}"#,
        r#"{"card": {"enabled": false}}"#,
    ];
    for (expected, json) in (0..).zip(jsons) {
        let stored = SettingsToStore {
            expected,
            json: json.to_owned(),
            keys: Vec::new(),
            renumber: None,
            deletes_users: false,
            try_only: false,
            at: std::time::SystemTime::UNIX_EPOCH,
        };
        store.save_settings(stored).await.unwrap();
        let error = Loaded::from_store(&*store, None, false).await.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::SettingsUnreadable), "{error}");
    }
    store.fail(Some(StoreError::new(StoreErrorKind::Damaged, "broken")));
    let error = Loaded::from_store(&*store, None, false).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::SettingsUnreadable), "{error}");
}

/// A card that is too short for the rule is no fault of the settings: it is told, and recorded.
#[tokio::test(start_paused = true)]
async fn a_card_without_a_number_is_refused_and_recorded() {
    let world = World::memory(with(&[("card.number", "cut=0+8")]));
    let short = |raw: &[u8]| Card::iso14443a(raw, None, None).unwrap();
    for raw in [&[0x52, 0xE6, 0xB4, 0x38][..], &[4, 0xC0, 0xFF, 0xEE, 0, 0, 1]] {
        world.event_at("desk", "reader", EventKind::Presented(short(raw)));
        world.code(ErrorCode::CardWithoutNumber).await;
        world.act(PanelAction::Cancel).await;
        world.idle().await;
    }
    world.tap(1);
    world.form().await;
    let log = world.service.office(&Authority::SERVICE).audit_after(0).await.unwrap();
    let codes: Vec<_> = log.iter().filter_map(|entry| entry.code.clone()).collect();
    assert_eq!(codes, ["K21", "K21"]);
}

/// A copy of a directory's person takes the number by the rule in force, not by that of the tap.
#[tokio::test(start_paused = true)]
async fn a_copy_that_is_on_its_way_gets_the_new_number() {
    let world =
        World::memory(with(&[("registration.sources", "both"), ("new-users.fax", "false")]));
    world.add_to_directory("tanaka", "sesame");
    world.tap(1);
    world.form().await;
    world.office().delete_provisional(None).await.unwrap();
    world.act(submit_to(Source::Directory, "TANAKA", "sesame")).await;
    takes_the_new_rule(&world).await;
}

/// The rule is keyed and the key is lost: no card gets a number of another rule.
#[tokio::test(start_paused = true)]
async fn a_lost_key_is_707_at_every_card() {
    let world = World::memory(with(&[("card.number", "keyed")]));
    world.tap(1);
    world.code(ErrorCode::SettingsUnreadable).await;
    assert!(world.office().list_users().await.unwrap().is_empty());
    let office = world.office();
    let rule = |text: &str| changes(&[("card.number", text)]);
    for asked in [rule("keyed"), changes(&[])] {
        let refused = office.plan(asked).await;
        assert_eq!(refused, Err(AdminError::NumberKeyMissing("in memory".to_owned())));
    }
    let other = changes(&[("lock-out.user", "5")]);
    assert_eq!(apply(&office, other, None).await.map(|changed| changed.renumbered), Ok(0));
    apply(&office, rule("digits=hex"), None).await.unwrap();
    apply(&office, rule("keyed"), None).await.unwrap();
    world.tap(1);
    world.form().await;
    let users = world.office().list_users().await.unwrap();
    assert!(matches!(&users[0].key, UserKey::Provisional(number) if number.as_str().len() == 32));
}

/// A device that keeps no keys, and one that does: after each the next start finds what goes together.
#[tokio::test(start_paused = true)]
async fn the_keyed_form_comes_with_its_key_or_not_at_all() {
    let store = Arc::new(Memory::new());
    let loaded = Loaded::from_store(&*store, None, false).await.unwrap();
    let service = alone(&store, loaded);
    let keyed = || changes(&[("card.number", "keyed")]);
    let refused = apply(&service.office(&Authority::OWNER), keyed(), None).await;
    assert!(matches!(refused, Err(AdminError::Key(_))), "{refused:?}");
    assert_eq!(store.load_settings().await, Ok(None), "nothing was stored");

    let keys = Arc::new(KeyInMemory::default());
    let means = Means { keys: Arc::<KeyInMemory>::clone(&keys), ..Means::<Argon2id>::default() };
    let (_, heard) = broadcast::channel(1);
    let loaded = Loaded::from_store(&*store, None, false).await.unwrap();
    let directory = Arc::new(NoDirectory);
    let service =
        Service::start_with(means, Arc::clone(&store), directory, loaded, Vec::new(), heard);
    assert_eq!(apply(&service.office(&Authority::OWNER), keyed(), None).await.unwrap().version, 1);
    let key = keys.0.lock().unwrap().clone();
    let next = Loaded::from_store(&*store, key, false).await.unwrap();
    assert!(next.site.number(&card(1).identity).is_ok_and(|number| number.as_str().len() == 32));
}

/// A change waits for nobody's page and nobody's page waits for it.
#[tokio::test(start_paused = true)]
async fn a_change_that_takes_long_holds_up_bindings_only() {
    let world = World::memory(with(&[]));
    world.add("tanaka", "sesame").await;
    world.store.hold(true);
    let service = world.service.clone();
    let change = tokio::spawn(async move {
        apply(&service.office(&Authority::OWNER), changes(&[("card.number", "prefix=K-")]), None)
            .await
    });
    tokio::time::sleep(Duration::from_millis(1)).await;
    world.act(PanelAction::AuthenticationKey).await;
    world.shows("desk", "sign-in page", |page| matches!(page, Page::SignIn { .. })).await;
    world.act(PanelAction::Cancel).await;
    world.idle().await;
    world.tap(1);
    world.shows("desk", "reading", |page| *page == Page::Reading).await;
    world.store.hold(false);
    assert_eq!(change.await.unwrap().map(|changed| changed.renumbered), Ok(0));
    world.form().await;
    let users = world.office().list_users().await.unwrap();
    assert_eq!(users[1].key.as_str(), "tanaka");
    assert_eq!(users[0].key.as_str(), "K-012E4CE100000001");
    world.shows("door", "idle", idle).await;
}

/// Commands without a service work on the store alone, under the same rules, and the service finds
/// what they stored.
#[tokio::test(start_paused = true)]
async fn settings_without_a_service() {
    let store = Arc::new(Memory::new());
    let loaded = Loaded::from_store(&*store, None, false).await.unwrap();
    let service = alone(&store, loaded);
    let admin = service.office(&Authority::OWNER);
    admin.add_user(entry("tanaka", "sesame")).await.unwrap();
    let change = changes(&[("capacity.registered", "1"), ("capacity.records", "2")]);
    let done = apply(&admin, change, Some(0)).await.unwrap();
    assert_eq!(done.version, 1);
    assert_eq!(admin.add_user(entry("suzuki", "sesame")).await, Err(AdminError::Full));
    let loaded = Loaded::from_store(&*store, None, false).await.unwrap();
    assert_eq!((loaded.version, loaded.site.settings.capacity.registered), (1, 1));
    assert_eq!(admin.settings().await.unwrap().settings, loaded.site.settings);
}

/// The rule changes while tanaka's card is being registered: the record has a number of the new one.
async fn takes_the_new_rule(world: &World<Memory>) {
    // The password is being checked by now, which takes a while.
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    world.store.hold(true);
    let service = world.service.clone();
    let rule = changes(&[("card.number", "prefix=K-")]);
    let change =
        tokio::spawn(async move { apply(&service.office(&Authority::OWNER), rule, None).await });
    world.shows("desk", "saving", |page| *page == Page::Saving).await;
    world.store.hold(false);
    assert_eq!(change.await.unwrap().map(|changed| changed.renumbered), Ok(0));
    world.registered().await;
    let told = world.office().describe_user(&key("tanaka")).await.unwrap();
    assert_eq!(told.card, CardNumber::from_text("K-012E4CE100000001"));
}
