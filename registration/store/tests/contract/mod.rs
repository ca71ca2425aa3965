//! What every store must do, whatever it is made of: each function takes an empty store.

use std::time::{Duration, SystemTime};

use kazasu_hal::{CardIdentity, StationName, Technology};
use kazasu_registration::{
    Account, AuditEvent, AuditRecord, Binding, Capacity, CardNumber, CommitOutcome, ErrorCode,
    Limits, LookUp, MailAddress, Provisional, ProvisionalOutcome, UserId, UserKey, UserName,
};
use kazasu_service::{AddOutcome, Store, UserToStore, Verifier};

pub(crate) const MANY: Capacity = Capacity { registered: 999, records: 1000 };

pub(crate) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123 + seconds * 1000)
}

pub(crate) fn card(n: u8) -> CardIdentity {
    let idm = [0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, n];
    CardIdentity::new(Technology::Felica, &idm, None).unwrap()
}

pub(crate) fn id(text: &str) -> UserId {
    UserId::new(text).unwrap()
}

pub(crate) fn user(text: &str) -> UserToStore {
    UserToStore {
        id: id(text),
        name: UserName::new(&format!("{text} 様")).unwrap(),
        mail: Some(MailAddress::new(&format!("{text}@example.jp")).unwrap()),
        verifier: Some(Verifier::from_stored(format!("$hash of {text}"))),
    }
}

pub(crate) fn provisional(n: u8) -> Provisional {
    Provisional {
        card: card(n),
        name: UserName::new("仮登録ユーザー").unwrap(),
        limits: Limits::FORBID_ALL,
        station: StationName("desk".to_owned()),
        at: at(1),
    }
}

pub(crate) fn binding(n: u8, user: &str, replaces: Option<u8>) -> Binding {
    Binding {
        card: card(n),
        user: id(user),
        replaces: replaces.map(card),
        station: StationName("desk".to_owned()),
        at: at(2),
    }
}

fn key(n: u8) -> UserKey {
    UserKey::Provisional(CardNumber::of(&card(n)))
}

pub(crate) async fn add(store: &impl Store, users: &[&str]) {
    let users = users.iter().map(|text| user(text)).collect();
    assert_eq!(store.add_users(users, MANY, at(0)).await, Ok(AddOutcome::Added));
}

pub(crate) async fn tap(store: &impl Store, n: u8) {
    let made = store.make_provisional(provisional(n), MANY).await;
    assert_eq!(made, Ok(ProvisionalOutcome::Made));
}

async fn bind(store: &impl Store, n: u8, user: &str, replaces: Option<u8>) -> CommitOutcome {
    store.commit(binding(n, user, replaces)).await.unwrap()
}

/// Everything but the times, as lines.
pub(crate) async fn listed(store: &impl Store) -> Vec<String> {
    let users = store.list_users().await.unwrap();
    let line = |u: &kazasu_registration::ListedUser| {
        let kind = match u.key {
            UserKey::Registered(_) => "registered",
            UserKey::Provisional(_) => "provisional",
        };
        let card = if u.has_card { "card" } else { "no card" };
        format!("{} {kind} {card}", u.key.as_str())
    };
    users.iter().map(line).collect()
}

pub(crate) async fn a_card_goes_from_unknown_to_provisional_to_registered(store: &impl Store) {
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
        card: Some(card(1)),
    };
    assert_eq!(store.look_up(card(1)).await, Ok(LookUp::Registered(account.clone())));
    assert_eq!(listed(store).await, ["tanaka registered card"]);
    let credentials = store.credentials(id("tanaka")).await.unwrap().unwrap();
    assert_eq!(credentials.account, account);
    assert_eq!(credentials.verifier, Some(Verifier::from_stored("$hash of tanaka".to_owned())));
    let made = store.make_provisional(provisional(1), MANY).await;
    assert_eq!(made, Ok(ProvisionalOutcome::CardTaken));
}

/// A personnel number that is some card's number, too: the card is refused where the person was
/// there first (S10-4-02), and the person is not where the card was.
pub(crate) async fn a_person_may_have_the_number_of_a_card(store: &impl Store) {
    let number = |last| [0x12, 0x34, 0x56, last];
    let card = |last| CardIdentity::new(Technology::Iso14443a, &number(last), None).unwrap();
    let tapped =
        |last| store.make_provisional(Provisional { card: card(last), ..provisional(1) }, MANY);
    add(store, &["12345678"]).await;
    assert_eq!(tapped(0x78).await, Ok(ProvisionalOutcome::CardTaken));
    assert_eq!(tapped(0x79).await, Ok(ProvisionalOutcome::Made));
    add(store, &["12345679"]).await;
    assert_eq!(
        listed(store).await,
        ["12345678 registered no card", "12345679 provisional card", "12345679 registered no card"]
    );
    let bound = store.commit(Binding { card: card(0x79), ..binding(1, "12345679", None) }).await;
    assert_eq!(bound, Ok(CommitOutcome::Done));
    assert_eq!(listed(store).await, ["12345678 registered no card", "12345679 registered card"]);
}

pub(crate) async fn records_come_back_as_they_were_stored(store: &impl Store) {
    let plain = UserToStore { mail: None, verifier: None, ..user("suzuki") };
    let users = vec![user("tanaka"), plain];
    assert_eq!(store.add_users(users, MANY, at(7)).await, Ok(AddOutcome::Added));
    tap(store, 1).await;
    let all = store.list_users().await.unwrap();
    let shown: Vec<_> = all
        .iter()
        .map(|u| {
            let mail = u.mail.as_ref().map(|mail| mail.as_str());
            (u.key.as_str(), u.name.as_str(), mail, u.limits, u.role.as_str(), u.created_at)
        })
        .collect();
    let mail = Some("tanaka@example.jp");
    assert_eq!(
        shown,
        [
            ("012E4CE100000001", "仮登録ユーザー", None, Limits::FORBID_ALL, "general", at(1)),
            ("suzuki", "suzuki 様", None, Limits::ALLOW_ALL, "general", at(7)),
            ("tanaka", "tanaka 様", mail, Limits::ALLOW_ALL, "general", at(7)),
        ]
    );
    assert_eq!(store.credentials(id("suzuki")).await.unwrap().unwrap().verifier, None);
    assert!(store.credentials(id("nobody")).await.unwrap().is_none());
}

pub(crate) async fn identity_is_technology_bytes_and_system(store: &impl Store) {
    let raw = [0x04, 1, 2, 3];
    let a = CardIdentity::new(Technology::Iso14443a, &raw, None).unwrap();
    let b = CardIdentity::new(Technology::Iso14443b, &raw, None).unwrap();
    let other_system = CardIdentity::new(
        Technology::Felica,
        card(1).id().as_bytes(),
        Some(kazasu_hal::SystemCode(3)),
    )
    .unwrap();
    let rows = [(a, b), (card(1), other_system)];
    for (known, twin) in rows {
        let made =
            store.make_provisional(Provisional { card: known, ..provisional(0) }, MANY).await;
        assert_eq!(made, Ok(ProvisionalOutcome::Made));
        // Not the same card, though it has the same number: neither found nor stored.
        assert_eq!(store.look_up(twin.clone()).await, Ok(LookUp::Unknown));
        let made = store
            .make_provisional(Provisional { card: twin.clone(), ..provisional(0) }, MANY)
            .await;
        assert_eq!(made, Ok(ProvisionalOutcome::CardTaken));
        let mut users = vec![user("tanaka")];
        if store.credentials(id("tanaka")).await.unwrap().is_none() {
            store.add_users(std::mem::take(&mut users), MANY, at(0)).await.unwrap();
        }
        let bound = store.commit(Binding { card: twin, ..binding(0, "tanaka", None) }).await;
        assert_eq!(bound, Ok(CommitOutcome::CardTaken));
    }
}

pub(crate) async fn a_replaced_card_is_unknown_again(store: &impl Store) {
    add(store, &["tanaka"]).await;
    tap(store, 1).await;
    bind(store, 1, "tanaka", None).await;
    tap(store, 2).await;
    assert_eq!(bind(store, 2, "tanaka", Some(1)).await, CommitOutcome::Done);
    assert_eq!(store.look_up(card(1)).await, Ok(LookUp::Unknown));
    assert_eq!(listed(store).await, ["tanaka registered card"]);
    tap(store, 1).await;
}

pub(crate) async fn a_refused_binding_changes_nothing(store: &impl Store) {
    add(store, &["tanaka", "suzuki"]).await;
    tap(store, 1).await;
    bind(store, 1, "tanaka", None).await;
    tap(store, 2).await;
    let before = listed(store).await;
    let rows = [
        // Nobody agreed to replace card 1, or to replace another one.
        (binding(2, "tanaka", None), CommitOutcome::Conflict(card(1))),
        (binding(2, "tanaka", Some(9)), CommitOutcome::Conflict(card(1))),
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

pub(crate) async fn users_are_added_all_or_none(store: &impl Store) {
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
    // Case makes another user.
    add(store, &["A"]).await;
}

pub(crate) async fn provisional_users_take_slots(store: &impl Store) {
    let three = Capacity { registered: 2, records: 3 };
    add(store, &["a", "b"]).await;
    let made = store.make_provisional(provisional(1), three).await;
    assert_eq!(made, Ok(ProvisionalOutcome::Made));
    let made = store.make_provisional(provisional(2), three).await;
    assert_eq!(made, Ok(ProvisionalOutcome::Full));
    // The one that is there still is, and registering it frees its slot.
    let made = store.make_provisional(provisional(1), three).await;
    assert_eq!(made, Ok(ProvisionalOutcome::Made));
    assert_eq!(bind(store, 1, "a", None).await, CommitOutcome::Done);
    let made = store.make_provisional(provisional(2), three).await;
    assert_eq!(made, Ok(ProvisionalOutcome::Made));
}

pub(crate) async fn deleting_frees_the_card(store: &impl Store) {
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

/// `audit` reads the log as `event user code [card] [replaced]`, oldest first, with a letter for
/// each card that the log refers to, in the order they appear.
pub(crate) async fn the_log_tells_all_and_holds_no_number(
    store: &impl Store,
    audit: impl Fn() -> Vec<String>,
) {
    add(store, &["tanaka"]).await;
    tap(store, 1).await;
    tap(store, 1).await;
    bind(store, 1, "tanaka", None).await;
    tap(store, 2).await;
    bind(store, 2, "tanaka", None).await;
    bind(store, 2, "tanaka", Some(1)).await;
    tap(store, 3).await;
    let station = Some(StationName("desk".to_owned()));
    let events = [
        AuditEvent::Refused { code: ErrorCode::Full, card: card(9) },
        AuditEvent::SignInFailed { user: Some(id("tanaka")), card: card(3) },
        AuditEvent::SignInFailed { user: None, card: card(3) },
    ];
    for event in events {
        let record = AuditRecord { at: at(4), station: station.clone(), event };
        assert_eq!(store.append_audit(record).await, Ok(()));
    }
    store.delete_user(key(3), at(5)).await.unwrap();
    store.delete_user(id("tanaka").into(), at(5)).await.unwrap();
    let lines = audit();
    assert_eq!(
        lines,
        [
            "user-added tanaka - - -",
            "provisional-made - - A -",
            "card-bound tanaka - A -",
            "provisional-made - - B -",
            "card-replaced tanaka - B A",
            "provisional-made - - C -",
            "registration-refused - K01 - -",
            "sign-in-failed tanaka 201 C -",
            "sign-in-failed - 201 C -",
            "provisional-deleted - - C -",
            "user-deleted tanaka - B -",
        ]
    );
}
