//! The calendar clock is set, or stops, at each moment at which it is read while somebody guesses:
//! the lock-out goes by the other clock.

use std::net::Ipv4Addr;

use kazasu_ports::{Call, Fault, Kind};
use kazasu_registration::{DeviceSecret, ErrorCode, Notice, Page, Source};
use kazasu_service::{Authority, PanelAction, Refusal, Unlock};
use kazasu_store_contract::Memory;

use crate::{FIRST_CARD, Keeper, PASSWORD, Told, USER, world::World};

const OPERATOR: &str = "operator 1";
const HOUR: u64 = 60 * 60 * 1000;

/// Types a password on the registration page, again where it was too soon; what is said of it.
async fn typed(world: &World<Memory>, password: &str) -> Option<ErrorCode> {
    for _ in 0..20 {
        if matches!(world.settled().await, Page::Notice(_)) {
            world.leave().await;
            world.tap(2);
            world.settled().await;
        }
        let source = Source::Device;
        let (user_id, password) = (USER.to_owned(), password.to_owned().into());
        world.act(PanelAction::Submit { source, user_id, password }).await;
        world.checked().await;
        match world.settled().await {
            Page::Register { problem: Some(problem), .. }
                if problem.code == ErrorCode::TryLater =>
            {
                world.pass(1_000).await;
            }
            Page::Register { problem, .. } => return problem.map(|problem| problem.code),
            Page::Notice(Notice::Problem(problem)) => return Some(problem.code),
            _ => return None,
        }
    }
    panic!("too soon for too long")
}

/// The same as the key operator, at the audit server.
async fn operator(world: &World<Memory>, password: &str) -> Option<ErrorCode> {
    for _ in 0..20 {
        let from = Ipv4Addr::new(192, 0, 2, 1).into();
        let password = password.to_owned().into();
        match world.service.administrators().check("admin", password, from).await {
            Err(Refusal { code: ErrorCode::TryLater, .. }) => world.pass(1_000).await,
            answer => return answer.err().map(|refusal| refusal.code),
        }
    }
    panic!("too soon for too long")
}

async fn check(fault: Option<(usize, Fault)>) -> Vec<Call> {
    let world = World::start(Memory::new(), Keeper::Device).await;
    let password = Some(OPERATOR.to_owned().into());
    world
        .service
        .office(&Authority::OWNER)
        .set_secret(DeviceSecret::KeyOperator, password)
        .await
        .unwrap();
    let watching = {
        let service = world.service.clone();
        tokio::spawn(async move { service.watch_clock().await })
    };
    // The watch has looked once.
    world.pass(1).await;
    let faults: Vec<_> = fault.into_iter().collect();
    world.plan.fail(&faults);

    world.tap(2);
    for n in 0..5 {
        let wrong = Some(ErrorCode::WrongCredentials);
        assert_eq!(typed(&world, &format!("guess {n}")).await, wrong, "{fault:?}");
        let wrong = Some(ErrorCode::SignInFailed);
        assert_eq!(operator(&world, &format!("guess {n}")).await, wrong, "{fault:?}");
    }
    let locked = Some(ErrorCode::LockedOut);
    assert_eq!(typed(&world, PASSWORD).await, locked, "{fault:?}");
    assert_eq!(operator(&world, OPERATOR).await, locked, "{fault:?}");
    world.clears().await;
    // No clock opens the user's lock, and the operator's own opens after a minute of real time.
    world.pass(HOUR).await;
    assert_eq!(operator(&world, OPERATOR).await, None, "{fault:?}");
    world.tap(2);
    assert_eq!(typed(&world, PASSWORD).await, locked, "{fault:?}");
    let calls = world.plan.met();
    assert_eq!(calls.1, faults.len(), "{fault:?}");

    world.leave().await;
    world.service.office(&Authority::OWNER).unlock(Unlock::Named(USER.to_owned())).await.unwrap();
    // The card's, too.
    world.service.office(&Authority::OWNER).unlock(Unlock::All).await.unwrap();
    assert_eq!(FIRST_CARD.go(&world).await, Told::Registered, "{fault:?}");
    world.clears().await;
    // S40-4-09
    let log = world.log().await;
    let adjusted = log.iter().any(|entry| entry.event == "time-adjusted");
    assert_eq!(adjusted, fault.is_some(), "{fault:?}");
    world.service.shutdown().await;
    watching.abort();
    calls.0
}

#[tokio::test(start_paused = true)]
async fn no_lock_opens_or_stays_by_the_calendar() {
    let calls = check(None).await;
    let dates: Vec<_> =
        (0..).zip(&calls).filter(|(_, c)| c.kind == Kind::Dates).map(|(at, _)| at).collect();
    let mut runs = 0;
    // Later readings are those of the hour of waiting, one like the other.
    for &at in dates.iter().take(60) {
        for &fault in Kind::Dates.faults(true) {
            check(Some((at, fault))).await;
            runs += 1;
        }
    }
    eprintln!("{} dates, {runs} runs", dates.len());
    let faults = Kind::Dates.faults(true).len();
    assert!(dates.len() >= 60 && faults >= 2, "{} dates, {faults} faults", dates.len());
    assert_eq!(runs, 60 * faults);
}
