//! Copies of a directory's people, own records, what administrators change.

use kazasu_registration::{
    Account, AuditEvent, AuditRecord, Binding, Capacity, CardNumber, Claimed, CommitOutcome,
    Failures, Limits, LookUp, MailAddress, OwnChange, OwnOutcome, Provisional, ProvisionalOutcome,
    Role, Source, UserName,
};
use kazasu_store::{
    AddOutcome, CheckedVerifier, CopyToStore, RenameOutcome, Store, StoredUser, UserChange,
    UserToStore, Verifier, Wanted,
};

use crate::*;

async fn stored(store: &impl Store, user: &str) -> Option<StoredUser> {
    store.find_user(id(user).into()).await.unwrap()
}

async fn account(store: &impl Store, user: &str) -> Account {
    store.credentials(id(user)).await.unwrap().unwrap().account
}

async fn verifier(store: &impl Store, user: &str) -> Option<Verifier> {
    store.credentials(id(user)).await.unwrap().unwrap().verifier
}

/// S10-4-01, S10-4-02: what nobody may type as a new user's ID, no directory may call one either.
pub async fn a_copy_is_not_called_what_a_card_is(store: &impl Store) {
    tap(store, 1).await;
    tap(store, 2).await;
    let a_card = number(2).as_str().to_owned();
    let unknown = number(3).as_str().to_owned();
    for (n, user, expected) in [
        (1, a_card.clone(), CommitOutcome::IdIsNumber),
        (1, a_card.to_lowercase(), CommitOutcome::IdIsNumber),
        // The very card that is bound, whose provisional user is gone.
        (3, unknown.clone(), CommitOutcome::IdIsNumber),
        (3, unknown.to_lowercase(), CommitOutcome::IdIsNumber),
        // Only looks like one.
        (1, unknown.to_lowercase(), CommitOutcome::Done),
    ] {
        let bound = store.commit_copy(binding(n, &user, None), copy("sato", MANY)).await;
        assert_eq!(bound, Ok(expected), "{user}");
    }
    // A record that is there already is brought up to date all the same.
    let again = store.commit_copy(binding(2, &unknown, Some(1)), copy("sato", MANY)).await;
    assert_eq!(again, Ok(CommitOutcome::Done));
}

/// Spec 10 section 3.2, step 5.
pub async fn a_copy_is_made_and_brought_up_to_date(store: &impl Store) {
    tap(store, 1).await;
    let bound = store.commit_copy(binding(1, "sato", None), copy("sato", MANY)).await;
    assert_eq!(bound, Ok(CommitOutcome::Done));
    let made = Account {
        id: id("sato"),
        name: UserName::new("sato").unwrap(),
        mail: None,
        card: Some(number(1)),
        source: Source::Directory,
        role: Role::AccountAdministrator,
        limits: Limits { fax: false, ..Limits::ALLOW_ALL },
        has_password: true,
    };
    assert_eq!(store.look_up(card(1)).await, Ok(LookUp::Registered(made.clone())));
    assert_eq!(verifier(store, "sato").await, Some(hash("sato")));
    assert_eq!(listed(store).await, ["sato registered card"]);

    // What an administrator decided since stays; what the directory says is followed.
    let role = Some(Role::Administrator);
    let change = UserChange { role, limits: Some(Limits::FORBID_ALL), ..nothing("sato") };
    assert_eq!(store.edit_user(change).await, Ok(true));
    let mail = MailAddress::new("sato@example.jp").ok();
    let newer = CopyToStore { mail: mail.clone(), ..copy("Sato Jiro", MANY) };
    tap(store, 2).await;
    for (replaces, outcome) in
        [(None, CommitOutcome::Conflict(number(1))), (Some(1), CommitOutcome::Done)]
    {
        let bound = store.commit_copy(binding(2, "sato", replaces), newer.clone()).await;
        assert_eq!(bound, Ok(outcome), "{replaces:?}");
    }
    let name = UserName::new("Sato Jiro").unwrap();
    let card = Some(number(2));
    let role = Role::Administrator;
    let limits = Limits::FORBID_ALL;
    let now = Account { name, mail, card, role, limits, ..made };
    assert_eq!(account(store, "sato").await, now);
    assert_eq!(verifier(store, "sato").await, Some(hash("Sato Jiro")));
    assert_eq!(store.look_up(super::card(1)).await, Ok(LookUp::Unknown));
}

/// Spec 10 section 3.4.
pub async fn nobody_changes_from_one_source_to_the_other(store: &impl Store) {
    add(store, &["tanaka"]).await;
    tap(store, 1).await;
    let bound = store.commit_copy(binding(1, "sato", None), copy("sato", MANY)).await;
    assert_eq!(bound, Ok(CommitOutcome::Done));
    tap(store, 2).await;
    let before = store.list_users().await;
    let bound = store.commit_copy(binding(2, "tanaka", None), copy("tanaka", MANY)).await;
    assert_eq!(bound, Ok(CommitOutcome::OtherSource));
    assert_eq!(bind(store, 2, "sato", Some(1)).await, CommitOutcome::OtherSource);
    assert_eq!(store.list_users().await, before);
}

/// Spec 10 section 5: a copy is a registration like any other.
pub async fn a_copy_takes_room(store: &impl Store) {
    add(store, &["a", "b"]).await;
    tap(store, 1).await;
    let copied = |n, user: &'static str, replaces, registered, records| {
        store.commit_copy(binding(n, user, replaces), copy(user, Capacity { registered, records }))
    };
    let before = store.list_users().await;
    let rows = [(2, 100), (3, 2)];
    for (registered, records) in rows {
        let bound = copied(1, "c", None, registered, records).await;
        assert_eq!(bound, Ok(CommitOutcome::Full), "{registered} {records}");
        assert_eq!(store.list_users().await, before);
    }
    // The provisional user's slot becomes the person's.
    assert_eq!(copied(1, "c", None, 3, 3).await, Ok(CommitOutcome::Done));
    // Without one there is none.
    assert_eq!(copied(2, "d", None, 9, 3).await, Ok(CommitOutcome::Full));
    // Who is there already needs no room.
    assert_eq!(copied(2, "c", Some(1), 3, 3).await, Ok(CommitOutcome::Done));
    assert_eq!(
        listed(store).await,
        ["a registered no card", "b registered no card", "c registered card"]
    );
}

/// The number is the site's matter: the store keeps what it is told.
pub async fn numbers_are_what_the_caller_says(store: &impl Store) {
    add(store, &["tanaka"]).await;
    let of = |text: &str| CardNumber::from_text(text).unwrap();
    let one = Provisional { number: of("K-1"), ..provisional(1) };
    let made = store.make_provisional(one, None, MANY).await;
    assert_eq!(made, Ok(ProvisionalOutcome::Made));
    assert_eq!(listed(store).await, ["K-1 provisional card", "tanaka registered no card"]);
    // Another card of the same number.
    let two = Provisional { number: of("K-1"), ..provisional(2) };
    let made = store.make_provisional(two, None, MANY).await;
    assert_eq!(made, Ok(ProvisionalOutcome::CardTaken));
    let bound = store.commit(Binding { number: of("K-1"), ..binding(2, "tanaka", None) }).await;
    assert_eq!(bound, Ok(CommitOutcome::CardTaken));
    let bound = store.commit(Binding { number: of("K-2"), ..binding(2, "tanaka", None) }).await;
    assert_eq!(bound, Ok(CommitOutcome::Done));
    assert_eq!(account(store, "tanaka").await.card, Some(of("K-2")));
    assert_eq!(stored(store, "tanaka").await.unwrap().card, Some(of("K-2")));
}

/// Spec 30 section 4: the password a provisional user chose dies with the record.
pub async fn a_provisional_users_password_goes_with_the_record(store: &impl Store) {
    add(store, &["tanaka"]).await;
    let has_password = || async { store.find_user(key(1)).await.unwrap().unwrap().has_password };
    for (verifier, has) in [(Some(hash("once")), true), (None, false), (Some(hash("x")), true)] {
        let made = store.make_provisional(provisional(1), verifier, MANY).await;
        assert_eq!((made, has_password().await), (Ok(ProvisionalOutcome::Made), has));
    }
    bind(store, 1, "tanaka", None).await;
    assert_eq!(verifier(store, "tanaka").await, Some(hash("tanaka")));
    assert_eq!(store.find_user(key(1)).await, Ok(None));
}

pub(crate) fn own(user: &str) -> OwnChange {
    OwnChange {
        user: id(user),
        name: None,
        mail: None,
        current: None,
        password: None,
        unlink_card: false,
        station: desk(),
        at: at(3),
    }
}

/// Spec 10 section 6.
pub async fn people_change_their_own_record(store: &impl Store) {
    add(store, &["tanaka"]).await;
    tap(store, 1).await;
    bind(store, 1, "tanaka", None).await;
    let save = |change: OwnChange, password| async {
        let outcome = store.save_own(change, password).await.unwrap();
        if let OwnOutcome::Saved(told) = &outcome {
            assert_eq!(*told, account(store, "tanaka").await);
        }
        outcome
    };
    let before = account(store, "tanaka").await;
    let name = UserName::new("Tanaka Taro").unwrap();

    let change = OwnChange { name: Some(name.clone()), ..own("tanaka") };
    let now = Account { name, ..before };
    assert_eq!(save(change, None).await, OwnOutcome::Saved(now.clone()));
    let change = OwnChange { mail: Some(None), ..own("tanaka") };
    let now = Account { mail: None, ..now };
    assert_eq!(save(change, None).await, OwnOutcome::Saved(now.clone()));
    let mail = MailAddress::new("t@example.jp").ok();
    let change = OwnChange { mail: Some(mail.clone()), ..own("tanaka") };
    let now = Account { mail, ..now };
    assert_eq!(save(change, None).await, OwnOutcome::Saved(now.clone()));

    // A password that was changed meanwhile is another one: nothing of the change is stored.
    let stale = CheckedVerifier { checked: Some(hash("old")), new: Some(hash("new")) };
    let change = || OwnChange { mail: Some(None), unlink_card: true, ..own("tanaka") };
    assert_eq!(save(change(), Some(stale)).await, OwnOutcome::WrongPassword);
    assert_eq!(account(store, "tanaka").await, now);
    assert_eq!(verifier(store, "tanaka").await, Some(hash("tanaka")));
    let fresh = CheckedVerifier { checked: Some(hash("tanaka")), new: Some(hash("new")) };
    let now = Account { mail: None, card: None, ..now };
    assert_eq!(save(change(), Some(fresh)).await, OwnOutcome::Saved(now));
    assert_eq!(verifier(store, "tanaka").await, Some(hash("new")));
    assert_eq!(store.look_up(card(1)).await, Ok(LookUp::Unknown));

    assert_eq!(save(own("nobody"), None).await, OwnOutcome::UserGone);
}

/// An edit that changes nothing.
pub(crate) fn nothing(user: &str) -> UserChange {
    UserChange {
        user: id(user),
        name: None,
        mail: None,
        role: None,
        limits: None,
        verifier: None,
        unlink_card: false,
        at: at(5),
    }
}

/// Every field of a record; its card has to be there.
pub async fn change_everything(store: &impl Store, user: &str) {
    let change = UserChange {
        name: UserName::new("New Name").ok(),
        mail: Some(MailAddress::new("new@example.jp").ok()),
        role: Some(Role::AccountAdministrator),
        limits: Some(Limits::FORBID_ALL),
        verifier: Some(Some(hash("new"))),
        unlink_card: true,
        ..nothing(user)
    };
    assert_eq!(store.edit_user(change).await, Ok(true));
}

pub async fn administrators_change_records(store: &impl Store) {
    add(store, &["suzuki", "tanaka"]).await;
    tap(store, 1).await;
    bind(store, 1, "tanaka", None).await;
    let (suzuki, tanaka) = (account(store, "suzuki").await, account(store, "tanaka").await);
    assert_eq!(store.edit_user(nothing("tanaka")).await, Ok(true));
    assert_eq!(account(store, "tanaka").await, tanaka);
    change_everything(store, "tanaka").await;
    let now = Account {
        name: UserName::new("New Name").unwrap(),
        mail: MailAddress::new("new@example.jp").ok(),
        card: None,
        role: Role::AccountAdministrator,
        limits: Limits::FORBID_ALL,
        ..tanaka
    };
    assert_eq!(account(store, "tanaka").await, now);
    assert_eq!(verifier(store, "tanaka").await, Some(hash("new")));
    assert_eq!(store.look_up(card(1)).await, Ok(LookUp::Unknown));
    let change = UserChange {
        mail: Some(None),
        verifier: Some(None),
        unlink_card: true,
        ..nothing("tanaka")
    };
    assert_eq!(store.edit_user(change).await, Ok(true));
    let now = Account { mail: None, has_password: false, ..now };
    assert_eq!(account(store, "tanaka").await, now);
    assert_eq!(account(store, "suzuki").await, suzuki);
    assert_eq!(store.edit_user(nothing("nobody")).await, Ok(false));
}

/// S10-3.6-01: leftovers.
pub async fn leftovers_are_deleted_and_nobody_else(store: &impl Store) {
    add(store, &["tanaka"]).await;
    tap(store, 1).await;
    bind(store, 1, "tanaka", None).await;
    for (n, seconds) in [(2, 10), (3, 20), (4, 30)] {
        let tapped = Provisional { at: at(seconds), ..provisional(n) };
        let made = store.make_provisional(tapped, None, MANY).await;
        assert_eq!(made, Ok(ProvisionalOutcome::Made));
    }
    assert_eq!(store.delete_provisional(Some(at(10)), at(40)).await, Ok(0));
    assert_eq!(store.delete_provisional(Some(at(30)), at(40)).await, Ok(2));
    assert_eq!(
        listed(store).await,
        ["012E4CE100000004 provisional card", "tanaka registered card"]
    );
    assert_eq!(store.delete_provisional(None, at(40)).await, Ok(1));
    assert_eq!(listed(store).await, ["tanaka registered card"]);
    assert_eq!(store.look_up(card(4)).await, Ok(LookUp::Unknown));
}

pub async fn wrong_passwords_are_counted_for_users_alone(store: &impl Store) {
    let added = store.add_users(vec![user("tanaka"), user("suzuki")], MANY, at(0)).await;
    assert_eq!(added, Ok(AddOutcome::Added));
    let event = AuditEvent::Locked { who: Claimed::User(id("tanaka")), card: None, from: None };
    let record = Some(AuditRecord { at: at(1), station: None, event });
    // What is stored, and what is there then; nobody has the third user ID.
    type Kept<'a> = &'a [(&'a str, (u8, u8))];
    let rows: [(&str, (u8, u8), Kept<'_>); 8] = [
        ("tanaka", (1, 0), &[("tanaka", (1, 0))]),
        ("tanaka", (5, 3), &[("tanaka", (5, 3))]),
        ("suzuki", (0, 2), &[("suzuki", (0, 2)), ("tanaka", (5, 3))]),
        ("nobody", (4, 4), &[("suzuki", (0, 2)), ("tanaka", (5, 3))]),
        ("suzuki", (0, 0), &[("tanaka", (5, 3))]),
        ("nobody", (0, 0), &[("tanaka", (5, 3))]),
        ("tanaka", (0, 255), &[("tanaka", (0, 255))]),
        ("suzuki", (0, 0), &[("tanaka", (0, 255))]),
    ];
    let by_way = |(at_device, network)| Failures { at_device, network };
    for (who, failures, there) in rows {
        let saved = store.save_failures(id(who), by_way(failures), record.clone()).await;
        assert_eq!(saved, Ok(()));
        let mut kept = store.failures().await.unwrap();
        kept.sort_by(|one, other| one.0.cmp(&other.0));
        let there: Vec<_> =
            there.iter().map(|&(who, failures)| (id(who), by_way(failures))).collect();
        assert_eq!(kept, there, "{who} {failures:?}");
    }
    // They go with the user.
    assert_eq!(store.delete_user(id("tanaka").into(), at(2)).await, Ok(true));
    assert_eq!(store.failures().await, Ok(Vec::new()));
}

/// How many more, whether people, records and people that there may be; whose cards are in use; whether
/// it fits then, and whose cards are left.
type Wants = (u64, bool, (u32, u32), &'static [u8], bool, &'static [u8]);

/// Leftovers go by age, or the oldest of them where room is wanted; what is in use stays, and so does
/// everybody who is registered.
pub async fn leftovers_give_way(store: &impl Store) {
    add(store, &["tanaka"]).await;
    for n in 1..=5 {
        let made = Provisional { at: at(u64::from(n) * 10), ..provisional(n) };
        let made = store.make_provisional(made, None, MANY).await;
        assert_eq!(made, Ok(ProvisionalOutcome::Made));
    }
    let there = async || {
        let mut there = Vec::new();
        for n in 1..=5 {
            if store.look_up(card(n)).await == Ok(LookUp::Provisional) {
                there.push(n);
            }
        }
        there
    };
    let cards = |used: &[u8]| used.iter().map(|n| card(*n)).collect::<Vec<_>>();
    let rows: [(u64, &[u8], u64, &[u8]); 3] = [
        (10, &[], 0, &[1, 2, 3, 4, 5]),
        (11, &[1], 0, &[1, 2, 3, 4, 5]),
        (11, &[9], 1, &[2, 3, 4, 5]),
    ];
    for (before, in_use, gone, left) in rows {
        let deleted = store.delete_leftovers(at(before), cards(in_use), at(2000)).await;
        assert_eq!(deleted, Ok(gone), "{before}");
        assert_eq!(there().await, left, "{before}");
    }
    // One person and four cards; people have to fit among the people too.
    let rows: [Wants; 9] = [
        (1, false, (6, 9), &[], true, &[2, 3, 4, 5]),
        (5, false, (5, 9), &[], false, &[2, 3, 4, 5]),
        (1, false, (5, 9), &[2, 3, 4, 5], false, &[2, 3, 4, 5]),
        (1, true, (5, 1), &[], false, &[2, 3, 4, 5]),
        (4, true, (5, 4), &[], false, &[2, 3, 4, 5]),
        (1, false, (5, 1), &[], true, &[3, 4, 5]),
        (2, true, (4, 3), &[3], true, &[3]),
        (0, true, (3, 1), &[], true, &[3]),
        (2, true, (3, 3), &[], true, &[]),
    ];
    for (more, registered, (records, people), in_use, fits, left) in rows {
        let capacity = Capacity { records, registered: people };
        let wanted = Wanted { more, registered, capacity };
        assert_eq!(store.make_room(wanted, cards(in_use), at(2000)).await, Ok(fits), "{wanted:?}");
        assert_eq!(there().await, left, "{wanted:?}");
    }
    let log = store.audit_log(0).await.unwrap();
    let said = log.iter().filter(|entry| entry.event.starts_with("provisional-"));
    let said: Vec<_> =
        said.filter_map(|entry| Some(format!("{} {}", entry.event, entry.told()?))).collect();
    assert_eq!(
        said,
        [
            "provisional-expired 1",
            "provisional-gave-way 1",
            "provisional-gave-way 2",
            "provisional-gave-way 1"
        ]
    );
    assert_eq!(listed(store).await, ["tanaka registered no card"]);
}

/// What older versions let in is told by `config check`; until somebody mends it, nobody is locked
/// out or taken for somebody else.
pub async fn an_old_id_is_found_by_its_spelling_until_it_is_renamed(store: &impl Store) {
    let old = |text: &str| UserId::stored(text).unwrap();
    tap(store, 1).await;
    for text in ["tanaka01 ", "suzuki"] {
        let old = UserToStore { id: old(text), ..user("x") };
        assert_eq!(store.add_users(vec![old], MANY, at(1)).await, Ok(AddOutcome::Added));
    }
    let bound = Binding { user: old("tanaka01 "), ..binding(1, "x", None) };
    assert_eq!(store.commit(bound).await, Ok(CommitOutcome::Done));
    for typed in ["tanaka01 ", "tanaka01"] {
        let found = store.credentials(old(typed)).await.unwrap().unwrap();
        assert_eq!(found.account.id, old("tanaka01 "), "{typed:?}");
    }
    let rename = async |from: &str, to: &str| store.rename_user(old(from), id(to), at(3)).await;
    let rows = [
        ("nobody", "somebody", RenameOutcome::NoSuchUser),
        // By its exact spelling only.
        ("tanaka01", "tanaka02", RenameOutcome::NoSuchUser),
        ("tanaka01 ", "Suzuki", RenameOutcome::Taken),
        ("suzuki", "TANAKA01", RenameOutcome::Taken),
        ("suzuki", "012e4ce100000001", RenameOutcome::CardNumber),
        ("tanaka01 ", "tanaka01", RenameOutcome::Renamed),
        ("suzuki", "SUZUKI", RenameOutcome::Renamed),
    ];
    for (from, to, expected) in rows {
        assert_eq!(rename(from, to).await, Ok(expected), "{from:?} {to:?}");
    }
    let mended = account(store, "tanaka01").await;
    assert_eq!((mended.id, mended.card), (id("tanaka01"), Some(number(1))));
    assert_eq!(listed(store).await, ["SUZUKI registered no card", "tanaka01 registered card"]);
    let log = store.audit_log(0).await.unwrap();
    let renamed: Vec<_> = log.iter().filter(|entry| entry.event == "user-renamed").collect();
    let told: Vec<_> = renamed.iter().map(|e| (e.user.clone(), e.told())).collect();
    let expected = [("tanaka01", "tanaka01 "), ("SUZUKI", "suzuki")]
        .map(|(now, was)| (Some(now.to_owned()), Some(was.to_owned())));
    assert_eq!(told, expected);
}
