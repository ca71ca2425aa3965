use proptest::prelude::*;

use super::*;

fn user(id: &str) -> Guessed {
    Guessed::User(UserId::new(id).unwrap())
}

fn operator() -> Guessed {
    Guessed::Device(DeviceSecret::KeyOperator)
}

fn at(seconds: u64) -> Mono {
    Mono(Duration::from_secs(seconds))
}

/// Fails once, with another password each time; `false` where no attempt was made.
fn guess(lock: &mut LockOut, now: Mono, whom: &Guessed, nth: u64) -> bool {
    if lock.attempt(now, whom).is_err() {
        return false;
    }
    lock.failed(now, whom, Fingerprint(nth));
    true
}

#[test]
fn five_failures_lock_a_user_until_an_administrator_unlocks() {
    // S40-2-05
    let (mut lock, whom) = (LockOut::default(), user("tanaka"));
    for nth in 0..5 {
        assert!(guess(&mut lock, at(100 * nth), &whom, nth), "{nth}");
    }
    for later in [500, 100_000] {
        let barred = lock.attempt(at(later), &whom);
        assert_eq!(barred, Err(Barred::Locked { until: None }), "correct or not");
    }
    assert_eq!(lock.locked(at(500)).collect::<Vec<_>>(), [&whom]);
    assert!(lock.attempt(at(500), &user("suzuki")).is_ok(), "nobody else is");
    assert!(lock.unlock(&whom) && !lock.unlock(&whom));
    assert!(lock.attempt(at(501), &whom).is_ok());
}

#[test]
fn the_key_operator_comes_back_after_a_time_that_grows() {
    // S40-2-04
    let (mut lock, whom) = (LockOut::default(), operator());
    for nth in 0..5 {
        assert!(guess(&mut lock, at(100 * nth), &whom, nth));
    }
    let (mut now, mut wait) = (400, 60);
    for nth in 5..9 {
        assert!(!guess(&mut lock, at(now + wait - 1), &whom, nth), "locked for {wait} s");
        now += wait;
        assert!(guess(&mut lock, at(now), &whom, nth), "open after {wait} s");
        wait *= 2;
    }
    // One attempt at a time.
    assert!(lock.attempt(at(1_000_000), &whom).is_ok());
    assert_eq!(lock.attempt(at(1_000_000), &whom), Err(Barred::Busy));
    lock.succeeded(&whom);
    assert!(lock.attempt(at(1_000_001), &whom).is_ok());
}

#[test]
fn delays_rise_before_a_lock_and_a_first_slip_costs_nothing() {
    let (mut lock, whom) = (LockOut::new(LockOutLimits { user: 10, device: 5 }), user("tanaka"));
    assert!(guess(&mut lock, at(0), &whom, 0));
    assert!(guess(&mut lock, at(0), &whom, 1), "the second try is at once");
    let mut now = 0;
    for (nth, delay) in [(2, 1), (3, 2), (4, 4), (5, 8)] {
        let until = at(now + delay);
        assert_eq!(lock.attempt(at(now), &whom), Err(Barred::TooSoon { until }), "{nth}");
        now += delay;
        assert!(guess(&mut lock, at(now), &whom, nth), "{nth}");
    }
}

#[test]
fn the_same_wrong_password_at_once_counts_once_and_success_resets() {
    let (mut lock, whom) = (LockOut::default(), user("tanaka"));
    for again in 0..20 {
        assert!(guess(&mut lock, at(again), &whom, 7), "{again}");
    }
    assert_eq!(lock.failures(&whom), 1);
    assert!(guess(&mut lock, at(200), &whom, 7), "much later it is a guess again");
    assert_eq!(lock.failures(&whom), 2);
    assert!(lock.attempt(at(300), &whom).is_ok());
    lock.succeeded(&whom);
    assert_eq!(lock.failures(&whom), 0);
}

#[test]
fn an_outage_is_no_failure() {
    let (mut lock, whom) = (LockOut::default(), user("tanaka"));
    for _ in 0..1000 {
        assert!(lock.attempt(at(1), &whom).is_ok());
        lock.given_up(&whom);
    }
    assert_eq!(lock.failures(&whom), 0);
    assert!(lock.records.is_empty(), "and nothing is remembered");
}

#[test]
fn what_a_store_kept_counts_on() {
    let (mut lock, whom) = (LockOut::default(), user("tanaka"));
    lock.restore(UserId::new("tanaka").unwrap(), 5);
    assert_eq!(lock.attempt(at(0), &whom), Err(Barred::Locked { until: None }));
}

#[test]
fn a_flood_of_ids_forgets_nobody_who_is_locked() {
    let (mut lock, locked) = (LockOut::default(), user("tanaka"));
    for nth in 0..5 {
        guess(&mut lock, at(100 * nth), &locked, nth);
    }
    for n in 0..11_000_u64 {
        assert!(guess(&mut lock, at(1000 + n), &user(&format!("u{n}")), n));
    }
    assert!(lock.records.len() <= REMEMBERED_MAX);
    assert!(lock.attempt(at(50_000), &locked).is_err());
}

proptest! {
    /// However attempts overlap: no more than the limit fail before the lock is closed.
    #[test]
    fn no_more_guesses_get_through_than_the_limit(
        steps in prop::collection::vec((0..3_u8, 0..40_u64), 1..400),
        limit in 1..10_u8,
    ) {
        let mut lock = LockOut::new(LockOutLimits { user: limit, device: limit });
        let whom = user("tanaka");
        let (mut now, mut under_way, mut wrong) = (0, 0, 0_u32);
        for (nth, (what, wait)) in steps.into_iter().enumerate() {
            now += wait;
            match what {
                0 if under_way > 0 => {
                    under_way -= 1;
                    wrong += 1;
                    lock.failed(at(now), &whom, Fingerprint(nth as u64));
                }
                1 if under_way > 0 => {
                    under_way -= 1;
                    lock.given_up(&whom);
                }
                _ => under_way += u32::from(lock.attempt(at(now), &whom).is_ok()),
            }
            prop_assert!(wrong + under_way <= u32::from(limit));
        }
    }
}
