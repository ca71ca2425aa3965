//! What the log says of those who were refused (S40-4-03), of those who signed in, and of what it could
//! not say.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use kazasu_registration::{DeviceSecret, ErrorCode, Notice, Page, Problem, Role, SignInAs};
use kazasu_service::{Authority, PanelAction, Store, StoreError, StoreErrorKind, UserEdit};
use tokio::time::sleep;

use crate::{
    audit::log,
    on_both_stores,
    world::{RETRIEVAL, Served, World, code, key, submit, with},
};

on_both_stores!(
    an_address_makes_one_record_at_once_and_one_at_the_end(with(&[("lock-out.user", "3")])),
    successful_sign_ins_are_not_recorded_else(with(&[])),
);

async fn retrieves(
    service: &Served<impl Store>,
    user: &str,
    password: &str,
    from: IpAddr,
) -> ErrorCode {
    let password = password.to_owned().into();
    let checked = service.administrators().check(user, password, from).await;
    checked.map_err(|refusal| refusal.code).unwrap_err()
}

/// Every refusal of these records, by its kind: those that were told alone are K06, K12 or 3065.
fn told(log: &[String]) -> Vec<(String, u32)> {
    let mut counts = std::collections::BTreeMap::<String, u32>::new();
    for line in log {
        let Some(detail) = line.strip_prefix("sign-ins-failed ") else {
            *counts.entry("alone".to_owned()).or_default() += 1;
            continue;
        };
        let kinds = detail.split("; ").find(|part| part.split(' ').count() % 2 == 0);
        for kind in kinds.unwrap().split(", ") {
            let (kind, count) = kind.split_once(' ').unwrap();
            *counts.entry(kind.to_owned()).or_default() += count.parse::<u32>().unwrap();
        }
    }
    counts.into_iter().collect()
}

async fn an_address_makes_one_record_at_once_and_one_at_the_end(world: World<impl Store>) {
    world.add("chief", "sesame").await;
    let service = &world.service;
    let mut codes = Vec::new();
    // Wrong, and too soon after it; then locked; then nobody looks at it any more.
    for nth in 0..100 {
        codes.push(retrieves(service, "chief", &format!("wrong {nth}"), RETRIEVAL).await);
        if nth < 5 {
            world.later(Duration::from_millis(1100)).await;
        }
    }
    for code in [ErrorCode::SignInFailed, ErrorCode::LockedOut, ErrorCode::TryLater] {
        assert!(codes.contains(&code), "{code} {codes:?}");
    }
    let other = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
    assert_eq!(retrieves(service, "*", "x", other).await, ErrorCode::SignInFailed);
    let at_once = log(service, 1).await;
    let [chief, nobody] = [1, 2].map(|nth| format!("from 192.0.2.{nth}"));
    let locked = format!("locked chief {chief}");
    let [chief, nobody] =
        [format!("sign-in-failed chief {chief}"), format!("sign-in-failed - {nobody}")];
    assert_eq!(at_once, [chief, locked, nobody]);
    service.shutdown().await;
    let entries = world.store.audit_log(4).await.unwrap();
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((entry.event.as_str(), entry.station.as_deref()), ("sign-ins-failed", None));
    let detail = entry.told().unwrap();
    assert!(detail.starts_with("99 times; ") && detail.ends_with("; from 192.0.2.1"), "{detail}");
    for kind in ["wrong-password 2, ", "locked ", "limited "] {
        assert!(detail.contains(kind), "{kind}: {detail}");
    }
}

/// Who is refused in front of the device is told by station, whether anybody looked at it or not.
#[tokio::test(start_paused = true)]
async fn a_station_makes_one_record_a_minute() {
    let world = World::memory(with(&[("lock-out.user", "2")]));
    world.add("tanaka", "sesame").await;
    world.tap(1);
    world.form().await;
    let before =
        world.service.office(&Authority::SERVICE).audit_after(0).await.unwrap().len() as u64;
    for password in ["one", "two", "three", "sesame"] {
        world.act(submit("tanaka", password)).await;
        world.shows("desk", "answer", |page| code(page).is_some()).await;
    }
    let at_once = log(&world.service, before).await;
    assert_eq!(at_once, ["sign-in-failed tanaka -", "locked tanaka -", "locked tanaka -"]);
    sleep(Duration::from_secs(60)).await;
    let entries = world.service.office(&Authority::SERVICE).audit_after(before + 3).await.unwrap();
    assert_eq!(entries.len(), 1, "{entries:?}");
    let log = log(&world.service, before + 3).await;
    assert_eq!(told(&log), [("locked".to_owned(), 2), ("wrong-password".to_owned(), 1)]);
    // Nobody came since.
    sleep(Duration::from_secs(600)).await;
    assert_eq!(
        world.service.office(&Authority::SERVICE).audit_after(before + 4).await.unwrap().len(),
        0
    );
}

/// Where, who and beside which card, as far as all were the same.
#[tokio::test]
async fn a_station_is_named_and_whatever_all_have_in_common() {
    let world = World::sqlite(with(&[("lock-out.user", "1")]));
    world.add("tanaka", "sesame").await;
    world.tap(1);
    world.form().await;
    let before =
        world.service.office(&Authority::SERVICE).audit_after(0).await.unwrap().len() as u64;
    for password in ["one", "two", "three"] {
        world.act(submit("tanaka", password)).await;
        world.shows("desk", "answer", |page| code(page).is_some()).await;
    }
    world.service.shutdown().await;
    let entries = world.store.audit_log(before).await.unwrap();
    let refused: Vec<_> = entries.iter().filter(|e| e.event.starts_with("sign-in")).collect();
    let [first, rest] = refused[..] else { panic!("{entries:?}") };
    for entry in [first, rest] {
        assert_eq!(entry.station.as_deref(), Some("desk"), "{entry:?}");
        assert_eq!(entry.user.as_deref(), Some("tanaka"), "{entry:?}");
        assert!(entry.card.is_some(), "{entry:?}");
    }
    assert!(rest.told().unwrap().contains("locked 2"), "{rest:?}");
}

/// The current password on the page of one's own record is a password, too.
#[tokio::test(start_paused = true)]
async fn a_wrong_current_password_is_recorded() {
    let world = World::memory(with(&[]));
    world.add("tanaka", "sesame").await;
    world.sign_in(SignInAs::User, "tanaka", "sesame").await;
    world.signed_in().await;
    world.act(PanelAction::OpenOwnRecord).await;
    let typed = kazasu_registration::TypedRecord {
        name: "Tanaka".to_owned(),
        current: "Sesame".to_owned().into(),
        new: "sesame 2".to_owned().into(),
        again: "sesame 2".to_owned().into(),
        ..Default::default()
    };
    world.act(PanelAction::SaveOwn(typed)).await;
    world.code(ErrorCode::CurrentPasswordWrong).await;
    assert_eq!(log(&world.service, 1).await, ["sign-in-failed tanaka -"]);
}

async fn signs_in_everywhere(world: &World<impl Store>) -> Vec<String> {
    let (service, office) = (&world.service, world.office());
    for user in ["chief", "tanaka"] {
        world.add(user, "sesame").await;
    }
    let edit = UserEdit { role: Some(Role::Administrator), ..UserEdit::default() };
    office.edit_user(&key("chief"), edit).await.unwrap();
    let operator = DeviceSecret::KeyOperator;
    office.set_secret(operator, Some("sesame".to_owned().into())).await.unwrap();
    world.register(1, "tanaka", "sesame").await;
    world.act(PanelAction::Cancel).await;
    let before =
        service.office(&Authority::SERVICE).audit_after(0).await.unwrap().last().unwrap().id;
    world.sign_in(SignInAs::User, "tanaka", "sesame").await;
    world.signed_in().await;
    world.sign_out().await;
    world.sign_in(SignInAs::Administrator, "admin", "sesame").await;
    let is_administrator = |page: &Page| matches!(page, Page::Administrator { .. });
    world.shows("desk", "administrator", is_administrator).await;
    world.act(PanelAction::AuthenticationKey).await;
    world.tap(1);
    world.signed_in().await;
    let administrators = service.administrators();
    let signed_in = administrators.check("chief", "sesame".to_owned().into(), RETRIEVAL);
    assert!(signed_in.await.is_ok());
    service.shutdown().await;
    let entries = world.store.audit_log(before).await.unwrap();
    let line = |entry: &kazasu_registration::AuditEntry| {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let card = if entry.card.is_some() { "card" } else { "-" };
        let (station, user) = (text(&entry.station), text(&entry.user));
        format!("{} {station} {user} {card} {}", entry.event, text(&entry.told()))
    };
    entries.iter().map(line).collect()
}

#[tokio::test]
async fn successful_sign_ins_are_recorded_where_that_is_set() {
    let world = World::sqlite(with(&[("audit.sign-ins", "true")]));
    let mut log = signs_in_everywhere(&world).await;
    log.sort();
    let expected = [
        "signed-in - chief - from 192.0.2.1",
        "signed-in desk - - administrator",
        "signed-in desk tanaka - -",
        "signed-in desk tanaka card -",
    ];
    assert_eq!(log, expected);
}

async fn successful_sign_ins_are_not_recorded_else(world: World<impl Store>) {
    assert_eq!(signs_in_everywhere(&world).await, Vec::<String>::new());
}

/// While there is no room, people go on signing in; once there is, the log says what is missing.
#[tokio::test(start_paused = true)]
async fn what_could_not_be_written_is_told_once_there_is_room() {
    let world = World::memory(with(&[]));
    let service = &world.service;
    let full = || Some(StoreError::new(StoreErrorKind::Full, "no room"));
    let from = |nth: u8| IpAddr::V4(Ipv4Addr::new(10, 0, 0, nth));
    world.store.fail(full());
    for nth in 0..5 {
        let told = retrieves(service, "*", "x", from(nth)).await;
        assert_eq!(told, ErrorCode::StoreFull);
    }
    // Tried again and again, and counted once.
    sleep(Duration::from_secs(599)).await;
    world.store.fail(None);
    assert_eq!(log(service, 0).await, Vec::<String>::new());
    sleep(Duration::from_secs(60)).await;
    let gap = log(service, 0).await;
    let [gap] = gap.as_slice() else { panic!("{gap:?}") };
    assert!(gap.starts_with("audit-gap - 5 from "), "{gap}");
    // Before anything else that comes after it, and at the end at the latest.
    for last in [false, true] {
        let before = log(service, 0).await.len();
        world.store.fail(full());
        retrieves(service, "*", "x", from(9 + u8::from(last))).await;
        world.store.fail(None);
        match last {
            false => {
                retrieves(service, "*", "x", from(11)).await;
            }
            true => service.shutdown().await,
        }
        let log = world.store.audit_log(0).await.unwrap();
        let events: Vec<_> = log[before..].iter().map(|entry| entry.event.as_str()).collect();
        let expected: &[_] = if last { &["audit-gap"] } else { &["audit-gap", "sign-in-failed"] };
        assert_eq!(events, expected);
        assert!(log[before].told().unwrap().starts_with("1 from "));
    }
}

/// What a page that was opened elsewhere says to this, once nobody checks any more.
async fn elsewhere(world: &World<impl Store>, from: Option<IpAddr>, password: &str) -> Problem {
    let desk = &world.service.stations().names()[0];
    let act = async |action: PanelAction| {
        let session = world.view("desk").borrow().session;
        world.service.stations().act_from(desk, session, action, from).await.unwrap();
    };
    act(PanelAction::AuthenticationKey).await;
    act(PanelAction::SignInAs(SignInAs::User)).await;
    let (user_id, password) = ("tanaka".to_owned(), password.to_owned().into());
    act(PanelAction::SignIn { user_id, password }).await;
    let page = world.shows("desk", "answer", |page| *page != Page::Checking).await;
    act(PanelAction::Cancel).await;
    act(PanelAction::AuthenticationKey).await;
    match page {
        Page::Notice(Notice::Problem(problem)) => problem,
        // Signed in.
        _ => ErrorCode::NotOffered.into(),
    }
}

/// A page somewhere else is slowed down by its address, and nobody who stands before the device is.
#[tokio::test(start_paused = true)]
async fn a_panel_elsewhere_is_slowed_down_by_its_address() {
    let world = World::memory(with(&[("lock-out.user", "10")]));
    world.add("tanaka", "sesame").await;
    let [one, other] = [1, 2].map(|nth| Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, nth))));
    // Right ones cost nothing.
    for _ in 0..30 {
        assert_eq!(elsewhere(&world, one, "sesame").await.code, ErrorCode::NotOffered);
    }
    let before =
        world.service.office(&Authority::SERVICE).audit_after(0).await.unwrap().len() as u64;
    let mut told = Vec::new();
    for nth in 0..30 {
        told.push(elsewhere(&world, one, &format!("wrong {nth}")).await);
    }
    let compared = world.service.passwords_compared();
    let last = elsewhere(&world, one, "sesame").await;
    assert_eq!(last.code, ErrorCode::TryLater);
    let wait = last.until.unwrap().since(world.service.stations().now().mono);
    assert!(wait > Duration::ZERO && wait <= Duration::from_secs(64), "{wait:?}");
    assert_eq!(world.service.passwords_compared(), compared, "nobody looked at it");
    let desk = &world.service.stations().names()[0];
    assert!(world.service.stations().may_type(one.unwrap(), desk).await.is_err());
    assert!(world.service.stations().may_type(other.unwrap(), desk).await.is_ok());
    sleep(Duration::from_secs(60)).await;
    for from in [None, other] {
        assert_eq!(elsewhere(&world, from, "sesame").await.code, ErrorCode::NotOffered, "{from:?}");
    }
    let records = log(&world.service, before).await;
    assert_eq!(records[0], "sign-in-failed tanaka from 10.0.0.1");
    let rest = records.iter().find(|line| line.starts_with("sign-ins-failed")).unwrap();
    assert!(rest.contains("limited ") && rest.ends_with("from 10.0.0.1"), "{rest}");
}

/// Whatever passes by itself is told until when: delays, the key operator's lock, a full memory. A
/// user's lock does not.
#[tokio::test(start_paused = true)]
async fn until_when_is_told() {
    let settings =
        [("lock-out.user", "3"), ("lock-out.administrator", "1"), ("lock-out.remembered", "2")];
    let world = World::memory(with(&settings));
    let tries = async |who, user: &str, password: &str| {
        world.sign_in(who, user, password).await;
        let page = world.shows("desk", "answer", |page| *page != Page::Checking).await;
        let Page::Notice(Notice::Problem(problem)) = page else { panic!("{page:?}") };
        world.act(PanelAction::Cancel).await;
        world.idle().await;
        let now = world.service.stations().now().mono;
        (problem.code, problem.until.map(|until| until.since(now).as_secs_f64().ceil() as u64))
    };
    let operator = DeviceSecret::KeyOperator;
    world.office().set_secret(operator, Some("sesame".to_owned().into())).await.unwrap();
    let administrator = SignInAs::Administrator;
    assert_eq!(tries(administrator, "admin", "one").await, (ErrorCode::SignInFailed, None));
    let (code, seconds) = tries(administrator, "admin", "sesame").await;
    assert!(code == ErrorCode::LockedOut && matches!(seconds, Some(59..=60)), "{seconds:?}");
    for wrong in ["one", "two"] {
        assert_eq!(tries(SignInAs::User, "a", wrong).await, (ErrorCode::SignInFailed, None));
    }
    assert_eq!(tries(SignInAs::User, "a", "three").await, (ErrorCode::TryLater, Some(1)));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(tries(SignInAs::User, "a", "three").await, (ErrorCode::SignInFailed, None));
    assert_eq!(tries(SignInAs::User, "a", "four").await, (ErrorCode::LockedOut, None));
    // The key operator and `a` fill the memory: three of the others, then the honest one waits.
    for other in ["b", "c", "d"] {
        let (code, _) = tries(SignInAs::User, other, "one").await;
        assert_eq!(code, ErrorCode::SignInFailed, "{other}");
        sleep(Duration::from_secs(5)).await;
    }
    let (code, seconds) = tries(SignInAs::User, "honest", "sesame").await;
    assert!(code == ErrorCode::TryLater && matches!(seconds, Some(50..=60)), "{seconds:?}");
}
