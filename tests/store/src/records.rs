//! Users, cards and what is between them.

use std::time::{Duration, SystemTime};

use kazasu_hal::{CardIdentity, StationName, Technology};
use kazasu_registration::{
    Account, Binding, Capacity, CardNumber, CommitOutcome, Keep, Limits, LookUp, MailAddress,
    Provisional, ProvisionalOutcome, Role, Source, UserId, UserKey, UserName,
};
use kazasu_store::{AddOutcome, CopyToStore, Store, UserToStore, Verifier};

pub const MANY: Capacity = Capacity { registered: 999, records: 1000 };

pub fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123 + seconds * 1000)
}

pub fn card(n: u8) -> CardIdentity {
    let idm = [0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, n];
    CardIdentity::new(Technology::Felica, &idm, None).unwrap()
}

pub fn id(text: &str) -> UserId {
    UserId::new(text).unwrap()
}

pub fn user(text: &str) -> UserToStore {
    UserToStore {
        id: id(text),
        name: UserName::new(&format!("{text} 様")).unwrap(),
        mail: Some(MailAddress::new(&format!("{text}@example.jp")).unwrap()),
        role: Role::General,
        limits: Limits::ALLOW_ALL,
        verifier: Some(hash(text)),
    }
}

pub fn hash(text: &str) -> Verifier {
    Verifier::from_stored(format!("$hash of {text}"))
}

pub fn number(n: u8) -> CardNumber {
    CardNumber::of(&card(n))
}

pub fn desk() -> StationName {
    StationName("desk".to_owned())
}

pub fn provisional(n: u8) -> Provisional {
    Provisional {
        card: card(n),
        number: number(n),
        name: UserName::new("仮登録ユーザー").unwrap(),
        limits: Limits::FORBID_ALL,
        password: None,
        station: desk(),
        at: at(1),
    }
}

pub fn binding(n: u8, user: &str, replaces: Option<u8>) -> Binding {
    Binding {
        card: card(n),
        number: number(n),
        user: id(user),
        replaces: replaces.map(number),
        keep: Keep::Record,
        station: desk(),
        at: at(2),
    }
}

/// What the directory says of a person, for the store.
pub fn copy(text: &str, capacity: Capacity) -> CopyToStore {
    CopyToStore {
        name: UserName::new(text).unwrap(),
        mail: None,
        verifier: hash(text),
        role: Role::AccountAdministrator,
        limits: Limits { fax: false, ..Limits::ALLOW_ALL },
        capacity,
    }
}

pub fn key(n: u8) -> UserKey {
    UserKey::Provisional(number(n))
}

pub async fn add(store: &impl Store, users: &[&str]) {
    let users = users.iter().map(|text| user(text)).collect();
    assert_eq!(store.add_users(users, MANY, at(0)).await, Ok(AddOutcome::Added));
}

pub async fn tap(store: &impl Store, n: u8) {
    let made = store.make_provisional(provisional(n), None, MANY).await;
    assert_eq!(made, Ok(ProvisionalOutcome::Made));
}

pub async fn bind(store: &impl Store, n: u8, user: &str, replaces: Option<u8>) -> CommitOutcome {
    store.commit(binding(n, user, replaces)).await.unwrap()
}

/// Everything but the times, as lines.
pub async fn listed(store: &impl Store) -> Vec<String> {
    let users = store.list_users().await.unwrap();
    let line = |u: &kazasu_store::StoredUser| {
        let u = &u.listed;
        let kind = match u.key {
            UserKey::Registered(_) => "registered",
            UserKey::Provisional(_) => "provisional",
        };
        let card = if u.has_card { "card" } else { "no card" };
        format!("{} {kind} {card}", u.key.as_str())
    };
    users.iter().map(line).collect()
}

pub async fn a_card_goes_from_unknown_to_provisional_to_registered(store: &impl Store) {
    add(store, &["tanaka"]).await;
    assert_eq!(store.look_up(card(1)).await, Ok(LookUp::Unknown));
    tap(store, 1).await;
    assert_eq!(store.look_up(card(1)).await, Ok(LookUp::Provisional));
    assert_eq!(
        listed(store).await,
        ["012E4CE100000001 provisional card", "tanaka registered no card"]
    );
    // The same card at another station at the same time.
    tap(store, 1).await;
    assert_eq!(listed(store).await.len(), 2);

    assert_eq!(bind(store, 1, "tanaka", None).await, CommitOutcome::Done);
    let account = Account {
        id: id("tanaka"),
        name: UserName::new("tanaka 様").unwrap(),
        mail: MailAddress::new("tanaka@example.jp").ok(),
        card: Some(number(1)),
        source: Source::Device,
        role: Role::General,
        limits: Limits::ALLOW_ALL,
        has_password: true,
    };
    assert_eq!(store.look_up(card(1)).await, Ok(LookUp::Registered(account.clone())));
    assert_eq!(listed(store).await, ["tanaka registered card"]);
    let credentials = store.credentials(id("tanaka")).await.unwrap().unwrap();
    assert_eq!(credentials.account, account);
    assert_eq!(credentials.verifier, Some(hash("tanaka")));
    let made = store.make_provisional(provisional(1), None, MANY).await;
    assert_eq!(made, Ok(ProvisionalOutcome::CardTaken));
}

/// A personnel number that is some card's number, too: the card is refused where the person was
/// there first (S10-4-02), and the person is not where the card was.
pub async fn nobody_new_has_the_number_of_a_known_card(store: &impl Store) {
    let bytes = |last| [0x12, 0x34, 0x56, last];
    let card = |last| CardIdentity::new(Technology::Iso14443a, &bytes(last), None).unwrap();
    let tapped = |last| {
        let number = CardNumber::of(&card(last));
        let provisional = Provisional { card: card(last), number, ..provisional(1) };
        store.make_provisional(provisional, None, MANY)
    };
    add(store, &["12345678"]).await;
    assert_eq!(tapped(0x78).await, Ok(ProvisionalOutcome::CardTaken));
    assert_eq!(tapped(0x79).await, Ok(ProvisionalOutcome::Made));
    let added = store.add_users(vec![user("12345680"), user("12345679")], MANY, at(0)).await;
    assert_eq!(added, Ok(AddOutcome::CardNumbers(vec![1])));
    assert_eq!(listed(store).await, ["12345678 registered no card", "12345679 provisional card"]);
    // What merely looks like one is an ID like any other.
    add(store, &["b2103456"]).await;
}

pub async fn records_come_back_as_they_were_stored(store: &impl Store) {
    let limits = Limits { copy: false, scan: false, ..Limits::ALLOW_ALL };
    let plain = UserToStore {
        mail: None,
        verifier: None,
        role: Role::AccountAdministrator,
        limits,
        ..user("suzuki")
    };
    let users = vec![user("tanaka"), plain];
    assert_eq!(store.add_users(users, MANY, at(7)).await, Ok(AddOutcome::Added));
    tap(store, 1).await;
    let all = store.list_users().await.unwrap();
    let shown: Vec<_> = all
        .iter()
        .map(|u| {
            let u = &u.listed;
            let mail = u.mail.as_ref().map(|mail| mail.as_str());
            (u.key.as_str(), u.name.as_str(), mail, u.limits, u.role.as_str(), u.created_at)
        })
        .collect();
    let mail = Some("tanaka@example.jp");
    assert_eq!(
        shown,
        [
            ("012E4CE100000001", "仮登録ユーザー", None, Limits::FORBID_ALL, "general", at(1)),
            ("suzuki", "suzuki 様", None, limits, "account-administrator", at(7)),
            ("tanaka", "tanaka 様", mail, Limits::ALLOW_ALL, "general", at(7)),
        ]
    );
    assert_eq!(store.credentials(id("suzuki")).await.unwrap().unwrap().verifier, None);
    assert!(store.credentials(id("nobody")).await.unwrap().is_none());
}

pub async fn identity_is_technology_bytes_and_system(store: &impl Store) {
    let raw = [0x04, 1, 2, 3];
    let a = CardIdentity::new(Technology::Iso14443a, &raw, None).unwrap();
    let b = CardIdentity::new(Technology::Iso14443b, &raw, None).unwrap();
    let other_system = CardIdentity::new(
        Technology::Felica,
        card(1).id().as_bytes(),
        Some(kazasu_hal::SystemCode(3)),
    )
    .unwrap();
    let other = |card: CardIdentity| {
        let number = CardNumber::of(&card);
        Provisional { card, number, ..provisional(0) }
    };
    let rows = [(a, b), (card(1), other_system)];
    for (known, twin) in rows {
        let made = store.make_provisional(other(known), None, MANY).await;
        assert_eq!(made, Ok(ProvisionalOutcome::Made));
        // Not the same card, though it has the same number: neither found nor stored.
        assert_eq!(store.look_up(twin.clone()).await, Ok(LookUp::Unknown));
        let made = store.make_provisional(other(twin.clone()), None, MANY).await;
        assert_eq!(made, Ok(ProvisionalOutcome::CardTaken));
        let mut users = vec![user("tanaka")];
        if store.credentials(id("tanaka")).await.unwrap().is_none() {
            store.add_users(std::mem::take(&mut users), MANY, at(0)).await.unwrap();
        }
        let number = CardNumber::of(&twin);
        let bound = Binding { card: twin, number, ..binding(0, "tanaka", None) };
        let bound = store.commit(bound).await;
        assert_eq!(bound, Ok(CommitOutcome::CardTaken));
    }
}

pub async fn a_replaced_card_is_unknown_again(store: &impl Store) {
    add(store, &["tanaka"]).await;
    tap(store, 1).await;
    bind(store, 1, "tanaka", None).await;
    tap(store, 2).await;
    assert_eq!(bind(store, 2, "tanaka", Some(1)).await, CommitOutcome::Done);
    assert_eq!(store.look_up(card(1)).await, Ok(LookUp::Unknown));
    assert_eq!(listed(store).await, ["tanaka registered card"]);
    tap(store, 1).await;
}

pub async fn a_refused_binding_changes_nothing(store: &impl Store) {
    add(store, &["tanaka", "suzuki"]).await;
    tap(store, 1).await;
    bind(store, 1, "tanaka", None).await;
    tap(store, 2).await;
    let before = listed(store).await;
    let rows = [
        // Nobody agreed to replace card 1, or to replace another one.
        (binding(2, "tanaka", None), CommitOutcome::Conflict(number(1))),
        (binding(2, "tanaka", Some(9)), CommitOutcome::Conflict(number(1))),
        (binding(1, "suzuki", None), CommitOutcome::CardTaken),
        (binding(1, "tanaka", Some(1)), CommitOutcome::CardTaken),
        (binding(2, "nobody", None), CommitOutcome::UserGone),
    ];
    for (binding, outcome) in rows {
        assert_eq!(store.commit(binding.clone()).await, Ok(outcome), "{binding:?}");
        assert_eq!(listed(store).await, before, "{binding:?}");
    }
    // The card to replace is gone already, and so is the provisional user: nothing is in the way.
    assert_eq!(bind(store, 2, "suzuki", Some(9)).await, CommitOutcome::Done);
    assert_eq!(bind(store, 3, "tanaka", Some(1)).await, CommitOutcome::Done);
    assert_eq!(listed(store).await, ["suzuki registered card", "tanaka registered card"]);
}

pub async fn users_are_added_all_or_none(store: &impl Store) {
    add(store, &["b", "d"]).await;
    let before = listed(store).await;
    let rows = [
        (vec!["a", "b", "c", "d"], MANY, AddOutcome::Taken(vec![1, 3])),
        (vec!["a", "c"], Capacity { registered: 3, records: 1000 }, AddOutcome::Full),
        (vec!["a", "c"], Capacity { registered: 999, records: 3 }, AddOutcome::Full),
    ];
    for (texts, capacity, outcome) in rows {
        let users = texts.iter().map(|text| user(text)).collect();
        assert_eq!(store.add_users(users, capacity, at(0)).await, Ok(outcome), "{texts:?}");
        assert_eq!(listed(store).await, before, "{texts:?}");
    }
    let exact = Capacity { registered: 4, records: 4 };
    let users = vec![user("a"), user("c")];
    assert_eq!(store.add_users(users, exact, at(0)).await, Ok(AddOutcome::Added));
    assert_eq!(listed(store).await.len(), 4);
    // Case makes nobody else.
    let again = store.add_users(vec![user("A")], MANY, at(0)).await;
    assert_eq!(again, Ok(AddOutcome::Taken(vec![0])));
}

pub async fn provisional_users_take_slots(store: &impl Store) {
    let three = Capacity { registered: 2, records: 3 };
    add(store, &["a", "b"]).await;
    let made = store.make_provisional(provisional(1), None, three).await;
    assert_eq!(made, Ok(ProvisionalOutcome::Made));
    let made = store.make_provisional(provisional(2), None, three).await;
    assert_eq!(made, Ok(ProvisionalOutcome::Full));
    // The one that is there still is, and registering it frees its slot.
    let made = store.make_provisional(provisional(1), None, three).await;
    assert_eq!(made, Ok(ProvisionalOutcome::Made));
    assert_eq!(bind(store, 1, "a", None).await, CommitOutcome::Done);
    let made = store.make_provisional(provisional(2), None, three).await;
    assert_eq!(made, Ok(ProvisionalOutcome::Made));
}

pub async fn deleting_frees_the_card(store: &impl Store) {
    add(store, &["tanaka"]).await;
    tap(store, 1).await;
    bind(store, 1, "tanaka", None).await;
    tap(store, 2).await;
    let rows = [
        (key(9), false),
        (key(1), false),
        (id("nobody").into(), false),
        (key(2), true),
        (key(2), false),
    ];
    for (key, deleted) in rows {
        assert_eq!(store.delete_user(key.clone(), at(3)).await, Ok(deleted), "{key:?}");
    }
    assert_eq!(listed(store).await, ["tanaka registered card"]);
    assert_eq!(store.delete_user(id("tanaka").into(), at(3)).await, Ok(true));
    assert_eq!(store.look_up(card(1)).await, Ok(LookUp::Unknown));
    assert!(listed(store).await.is_empty());
}
