//! Settings, the numbers that hang on them, the device's own passwords.

use std::sync::Arc;

use kazasu_hal::{CardIdentity, Technology};
use kazasu_registration::{
    Binding, CardNumber, CommitOutcome, DeviceSecret, LookUp, Provisional, ProvisionalOutcome,
    Role, Settings, Site, UserKey,
};
use kazasu_store::{
    AddOutcome, Collision, Collisions, SETTINGS_KEPT, SaveOutcome, SettingsToStore, Store,
    StoredSettings, UserToStore,
};

use crate::*;

pub fn change(expected: u64, json: &str) -> SettingsToStore {
    SettingsToStore {
        expected,
        json: json.to_owned(),
        keys: vec!["card.number".to_owned()],
        renumber: None,
        deletes_users: false,
        try_only: false,
        at: at(100 + expected),
    }
}

fn saved(version: u64, renumbered: u64, deleted: u64) -> SaveOutcome {
    SaveOutcome::Saved { version, renumbered, deleted }
}

pub async fn settings_have_versions(store: &impl Store) {
    assert_eq!(store.load_settings().await, Ok(None));
    assert_eq!(store.settings_history().await, Ok(Vec::new()));
    let stale = |version| Ok(SaveOutcome::Stale { version });
    assert_eq!(store.save_settings(change(1, "early")).await, stale(0));
    assert_eq!(store.save_settings(change(0, "one")).await, Ok(saved(1, 0, 0)));
    assert_eq!(store.save_settings(change(0, "late")).await, stale(1));
    assert_eq!(store.save_settings(change(1, "two")).await, Ok(saved(2, 0, 0)));
    let version = |version: u64, json: &str| StoredSettings {
        version,
        at: at(99 + version),
        json: json.to_owned(),
    };
    assert_eq!(store.load_settings().await, Ok(Some(version(2, "two"))));
    let history = vec![version(2, "two"), version(1, "one")];
    assert_eq!(store.settings_history().await, Ok(history));

    // What is only tried is not stored.
    let tried = SettingsToStore { try_only: true, ..change(2, "three") };
    assert_eq!(store.save_settings(tried).await, Ok(saved(3, 0, 0)));
    assert_eq!(store.load_settings().await, Ok(Some(version(2, "two"))));

    for n in 2..60 {
        assert_eq!(store.save_settings(change(n, "more")).await, Ok(saved(n + 1, 0, 0)));
    }
    let history = store.settings_history().await.unwrap();
    let versions: Vec<_> = history.iter().map(|stored| stored.version).collect();
    assert_eq!(versions, (11..=60).rev().collect::<Vec<_>>());
    assert_eq!(versions.len(), SETTINGS_KEPT as usize);
}

pub async fn secrets_are_set_and_removed(store: &impl Store) {
    let all = [DeviceSecret::KeyOperator, DeviceSecret::Engineer, DeviceSecret::Guest];
    for which in all {
        assert_eq!(store.secret(which).await, Ok(None));
        for text in ["first", "second"] {
            assert_eq!(store.set_secret(which, Some(hash(text)), at(1)).await, Ok(()));
            assert_eq!(store.secret(which).await, Ok(Some(hash(text))));
        }
    }
    assert_eq!(store.set_secret(DeviceSecret::Engineer, None, at(2)).await, Ok(()));
    let now = [Some(hash("second")), None, Some(hash("second"))];
    for (which, verifier) in all.into_iter().zip(now) {
        assert_eq!(store.secret(which).await, Ok(verifier), "{which:?}");
    }
}

fn rule(text: &str) -> Option<Arc<Site>> {
    let settings = Settings::default().changed([("card.number", text)]).unwrap();
    Some(Arc::new(Site::new(settings).unwrap()))
}

fn renumber(expected: u64, text: &str) -> SettingsToStore {
    SettingsToStore { renumber: rule(text), ..change(expected, text) }
}

/// The user IDs and card numbers of all records.
async fn numbers(store: &impl Store) -> Vec<(String, Option<String>)> {
    let users = store.list_users().await.unwrap();
    let text = |number: CardNumber| number.as_str().to_owned();
    users.into_iter().map(|u| (u.listed.key.as_str().to_owned(), u.card.map(text))).collect()
}

/// Spec 60 section 1: all numbers are derived again from the identities, or none is.
pub async fn all_cards_get_new_numbers_or_none(store: &impl Store) {
    add(store, &["suzuki", "tanaka", "77"]).await;
    for n in 1..=3 {
        tap(store, n).await;
    }
    bind(store, 1, "tanaka", None).await;
    bind(store, 2, "suzuki", None).await;
    let pair = |user: &str, number: &str| (user.to_owned(), Some(number.to_owned()));
    let nobody = ("77".to_owned(), None);
    let before = numbers(store).await;

    let renamed = [
        nobody,
        pair("K-012E4CE100000003", "K-012E4CE100000003"),
        pair("suzuki", "K-012E4CE100000002"),
        pair("tanaka", "K-012E4CE100000001"),
    ];
    let tried = SettingsToStore { try_only: true, ..renumber(0, "prefix=K-") };
    assert_eq!(store.save_settings(tried).await, Ok(saved(1, 3, 0)));
    assert_eq!(numbers(store).await, before);
    let done = store.save_settings(renumber(0, "prefix=K-")).await;
    assert_eq!(done, Ok(saved(1, 3, 0)));
    assert_eq!(numbers(store).await, renamed);
    // The cards are still who they were.
    assert_eq!(store.look_up(card(3)).await, Ok(LookUp::Provisional));
    match store.look_up(card(1)).await {
        Ok(LookUp::Registered(account)) => assert_eq!(account.id, id("tanaka")),
        other => panic!("{other:?}"),
    }
    // Numbers that stay are not counted.
    assert_eq!(store.save_settings(renumber(1, "prefix=K-")).await, Ok(saved(2, 0, 0)));

    // All cards alike; no number for any.
    let of = |text: &str| CardNumber::from_text(text);
    let old = CardNumber::from_text("K-012E4CE100000003").unwrap();
    let provisional = UserKey::Provisional(old);
    let everybody = vec![provisional.clone(), id("suzuki").into(), id("tanaka").into()];
    let rows = [
        ("cut=0+4", vec![Collision { number: of("012E4CE1"), users: everybody }]),
        (
            "cut=0+10",
            ["suzuki", "tanaka"]
                .map(|user| Collision { number: None, users: vec![id(user).into()] })
                .into_iter()
                .chain([Collision { number: None, users: vec![provisional] }])
                .collect(),
        ),
    ];
    for (text, collisions) in rows {
        let refused = store.save_settings(renumber(2, text)).await.unwrap();
        let SaveOutcome::Collisions(Collisions { mut listed, more: 0 }) = refused else {
            panic!("{text}: {refused:?}")
        };
        let by = |c: &Collision| format!("{c:?}");
        listed.sort_by_key(by);
        let mut wanted = collisions;
        wanted.sort_by_key(by);
        assert_eq!(listed, wanted, "{text}");
        assert_eq!(numbers(store).await, renamed, "{text}");
        assert_eq!(store.load_settings().await.unwrap().unwrap().version, 2, "{text}");
    }
}

/// S10-4-02: a card's new number may be nobody's user ID, unless it was before.
pub async fn a_new_number_is_nobodys_user_id(store: &impl Store) {
    add(store, &["tanaka", "K01"]).await;
    tap(store, 1).await;
    tap(store, 2).await;
    bind(store, 2, "tanaka", None).await;
    let refused = store.save_settings(renumber(0, "cut=7+1 prefix=K")).await.unwrap();
    let SaveOutcome::Collisions(Collisions { listed, more: 0 }) = refused else {
        panic!("{refused:?}")
    };
    let users = vec![key(1), id("K01").into()];
    assert_eq!(listed, [Collision { number: CardNumber::from_text("K01"), users }]);
    store.delete_user(id("K01").into(), at(1)).await.unwrap();
    let done = store.save_settings(renumber(0, "cut=7+1 prefix=K")).await;
    assert_eq!(done, Ok(saved(1, 2, 0)));
    let late = store.add_users(vec![user("k01")], MANY, at(0)).await;
    assert_eq!(late, Ok(AddOutcome::CardNumbers(vec![0])));
    let done = store.save_settings(renumber(1, "cut=7+1 prefix=K")).await;
    assert_eq!(done, Ok(saved(2, 0, 0)));
}

/// New numbers that are other cards' old ones are no collision.
pub async fn numbers_may_change_places(store: &impl Store) {
    let raw = |a, b| CardIdentity::new(Technology::Iso14443a, &[a, 0x11, 0x11, b], None).unwrap();
    add(store, &["tanaka"]).await;
    for card in [raw(0x22, 0x33), raw(0x33, 0x22), raw(0x44, 0x55), raw(0x55, 0x44)] {
        let number = CardNumber::of(&card);
        let made = Provisional { card, number, ..provisional(1) };
        assert_eq!(store.make_provisional(made, None, MANY).await, Ok(ProvisionalOutcome::Made));
    }
    let card = raw(0x22, 0x33);
    let number = CardNumber::of(&card);
    let bound = store.commit(Binding { card, number, ..binding(1, "tanaka", None) }).await;
    assert_eq!(bound, Ok(CommitOutcome::Done));
    let done = store.save_settings(renumber(0, "order=reversed")).await;
    assert_eq!(done, Ok(saved(1, 4, 0)));
    let pair = |user: &str, number: &str| (user.to_owned(), Some(number.to_owned()));
    let wanted = [
        pair("22111133", "22111133"),
        pair("44111155", "44111155"),
        pair("55111144", "55111144"),
        pair("tanaka", "33111122"),
    ];
    assert_eq!(numbers(store).await, wanted);
}

pub async fn long_lists_of_collisions_are_cut(store: &impl Store) {
    for n in 0..=250 {
        tap(store, n).await;
    }
    let refused = store.save_settings(renumber(0, "cut=0+10")).await.unwrap();
    let SaveOutcome::Collisions(Collisions { listed, more }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((listed.len(), more), (Collisions::LISTED, 151));
    let text = Collisions { listed, more }.to_string();
    assert!(!text.contains("012E4CE1") && text.ends_with("\nand 151 more"), "{text}");
}

/// Spec 30 section 2: from and to remote mode, general and provisional users go.
pub async fn a_change_of_mode_deletes_users(store: &impl Store) {
    let chief = UserToStore { role: Role::Administrator, ..user("chief") };
    let users = vec![user("tanaka"), chief, user("suzuki")];
    assert_eq!(store.add_users(users, MANY, at(0)).await, Ok(AddOutcome::Added));
    tap(store, 1).await;
    bind(store, 1, "tanaka", None).await;
    tap(store, 2).await;
    let tried = SettingsToStore { deletes_users: true, try_only: true, ..change(0, "{}") };
    assert_eq!(store.save_settings(tried.clone()).await, Ok(saved(1, 0, 3)));
    assert_eq!(listed(store).await.len(), 4);
    let change = SettingsToStore { try_only: false, ..tried };
    assert_eq!(store.save_settings(change).await, Ok(saved(1, 0, 3)));
    assert_eq!(listed(store).await, ["chief registered no card"]);
    assert_eq!(store.look_up(card(1)).await, Ok(LookUp::Unknown));
}
