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
    lock.failed(now, whom, Fingerprint(nth), true);
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
    let (mut lock, whom) =
        (LockOut::new(LockOutLimits { user: 10, ..LockOutLimits::default() }), user("tanaka"));
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
    assert!(guess(&mut lock, at(0), &whom, 7));
    for again in 1..60 {
        assert_eq!(lock.known_wrong(at(again), &whom, Fingerprint(7)), Some(true), "{again}");
        assert_eq!(lock.known_wrong(at(again), &whom, Fingerprint(8)), None, "{again}");
        assert!(guess(&mut lock, at(0), &whom, 7), "asked for all the same, it counts nothing");
    }
    assert_eq!(lock.failures(&whom), 1);
    assert_eq!(lock.known_wrong(at(60), &whom, Fingerprint(7)), None);
    assert!(guess(&mut lock, at(200), &whom, 7), "much later it is a guess again");
    assert_eq!(lock.failures(&whom), 2);
    lock.forget_wrong();
    assert_eq!(lock.known_wrong(at(200), &whom, Fingerprint(7)), None, "it may be right now");
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
fn a_full_memory_forgets_nobody_and_lets_nobody_free() {
    let mut lock = LockOut::new(LockOutLimits { remembered: 100, ..LockOutLimits::default() });
    let victim = user("tanaka");
    for nth in 0..4 {
        assert!(guess(&mut lock, at(100 * nth), &victim, nth));
    }
    for n in 0..99 {
        assert!(guess(&mut lock, at(1000), &user(&format!("u{n}")), n), "{n}");
    }
    // Everybody who comes now shares one count, and is told until when.
    let mut let_through = 0;
    for n in 0..100_000 {
        let_through += u32::from(guess(&mut lock, at(1100), &user(&format!("v{n}")), n));
    }
    assert_eq!(let_through, 2, "the second slip of all of them costs a second");
    for (now, honest) in [(1101, "a"), (1103, "b"), (1107, "c")] {
        let told = lock.attempt(at(now - 1), &user(honest));
        assert_eq!(told, Err(Barred::Crowded { until: Some(at(now)) }), "{honest}");
        assert!(guess(&mut lock, at(now), &user(honest), now), "{honest}");
    }
    let told = lock.attempt(at(1107), &user("suzuki"));
    assert_eq!(told, Err(Barred::Crowded { until: Some(at(1167)) }));
    // Who has a place of their own is not touched by it, nor are the device's own passwords.
    assert_eq!(lock.failures(&victim), 4);
    assert!(guess(&mut lock, at(1107), &victim, 99));
    assert_eq!(lock.attempt(at(9000), &victim), Err(Barred::Locked { until: None }));
    assert!(lock.attempt(at(1107), &operator()).is_ok());
    // What is right is right, once the time has come; for others nothing is wiped out by it.
    assert!(lock.attempt(at(1167), &user("suzuki")).is_ok());
    assert_eq!(lock.attempt(at(1167), &user("sato")), Err(Barred::Busy));
    lock.succeeded(&user("suzuki"));
    assert!(guess(&mut lock, at(1167), &user("mori"), 1));
    let told = lock.attempt(at(1167), &user("suzuki"));
    assert_eq!(told, Err(Barred::Crowded { until: Some(at(1287)) }));
    assert!(lock.is_crowded() && lock.disperse() && !lock.disperse());
    assert!(lock.attempt(at(1167), &user("suzuki")).is_ok());
}

#[test]
fn who_shares_the_count_is_counted_besides_and_memory_ends() {
    let mut lock = LockOut::new(LockOutLimits { remembered: 1, ..LockOutLimits::default() });
    guess(&mut lock, at(0), &user("first"), 0);
    let (whom, mut guesses) = (user("tanaka"), 0);
    for nth in 1..1000 {
        guesses += u32::from(guess(&mut lock, at(1_000_000 * nth), &whom, nth));
    }
    assert_eq!(guesses, 5, "however long it is waited");
    for nth in 0..3000 {
        guess(&mut lock, at(1_000_000 * (2000 + nth)), &user(&format!("u{nth}")), nth);
    }
    assert_eq!(lock.records.len(), 1 + LATE_MAX);
    let told = lock.attempt(at(9_000_000_000), &user("suzuki"));
    assert_eq!(told, Err(Barred::Crowded { until: None }));
}

/// A million attempts of somebody who chooses names, order, times, how checks end and restarts.
/// People whom the store knows are kept over restarts, with no more than the store keeps.
#[test]
fn an_adversary_gets_no_more_than_the_limit_at_anybody() {
    const ATTEMPTS: u32 = 1_000_000;
    const NAMES: u64 = 300;
    // xorshift64*: the same attempts each time.
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut any = move |below: u64| {
        seed ^= seed >> 12;
        seed ^= seed << 25;
        seed ^= seed >> 27;
        (seed.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % below
    };
    let limits = LockOutLimits { user: 5, device: 5, remembered: 64 };
    let names: Vec<_> = (0..NAMES).map(|n| user(&format!("person{n}"))).collect();
    let mut lock = LockOut::new(limits);
    let (mut now, mut let_through, mut told, mut restarts) = (0, 0, 0, 0);
    // By name: how many were wrong since the last right one or unlocking.
    let mut wrong = vec![0_u8; names.len()];
    let mut under_way: Vec<usize> = Vec::new();
    for nth in 0..ATTEMPTS {
        now += match any(100) {
            0 => any(100_000),
            1..=20 => any(10),
            _ => 0,
        };
        // Often a few chosen ones, else whoever.
        let n = usize::try_from(if any(3) == 0 { any(3) } else { any(NAMES) }).unwrap();
        match lock.attempt(at(now), &names[n]) {
            Ok(()) => {
                let_through += 1;
                under_way.push(n);
            }
            Err(Barred::Crowded { until }) => {
                told += 1;
                assert!(until.is_some_and(|until| until > at(now)), "{nth}: told until when");
            }
            Err(_) => {}
        }
        // Checks end in any order, or wait.
        while !under_way.is_empty() && (under_way.len() > 8 || any(3) != 0) {
            let at_random = any(under_way.len() as u64);
            let n = under_way.swap_remove(usize::try_from(at_random).unwrap());
            if any(4) == 0 {
                lock.given_up(&names[n]);
            } else {
                lock.failed(at(now), &names[n], Fingerprint(u64::from(nth) << 8 | any(256)), true);
                wrong[n] += 1;
                assert!(wrong[n] <= limits.user, "{nth}: {} wrong at {n}", wrong[n]);
            }
        }
        if any(10_000) == 0 {
            restarts += 1;
            under_way.clear();
            let kept: Vec<_> = names.iter().map(|whom| lock.failures(whom)).collect();
            lock = LockOut::new(limits);
            for (whom, failures) in names.iter().zip(kept) {
                let Guessed::User(id) = whom else { unreachable!() };
                lock.restore(id.clone(), failures);
            }
        }
        // Somebody's own right password, and an administrator.
        if any(2000) == 0 {
            let n = usize::try_from(any(NAMES)).unwrap();
            if !under_way.contains(&n) && lock.attempt(at(now), &names[n]).is_ok() {
                lock.succeeded(&names[n]);
                wrong[n] = 0;
            }
        }
        if any(5000) == 0 {
            let n = usize::try_from(any(NAMES)).unwrap();
            if !under_way.contains(&n) {
                lock.unlock(&names[n]);
                wrong[n] = 0;
            }
        }
        assert!(lock.records.len() <= names.len().min(64 + LATE_MAX));
    }
    println!("{let_through} let through, {told} told until when, {restarts} restarts");
    assert!(let_through > 1000 && told > 10_000 && restarts > 50);
    assert!(wrong.contains(&limits.user), "the adversary reached the limit");
}

proptest! {
    /// However attempts overlap: no more than the limit fail before the lock is closed.
    #[test]
    fn no_more_guesses_get_through_than_the_limit(
        steps in prop::collection::vec((0..3_u8, 0..40_u64), 1..400),
        limit in 1..10_u8,
    ) {
        let mut lock = LockOut::new(LockOutLimits {
            user: limit,
            device: limit,
            ..LockOutLimits::default()
        });
        let whom = user("tanaka");
        let (mut now, mut under_way, mut wrong) = (0, 0, 0_u32);
        for (nth, (what, wait)) in steps.into_iter().enumerate() {
            now += wait;
            match what {
                0 if under_way > 0 => {
                    under_way -= 1;
                    wrong += 1;
                    lock.failed(at(now), &whom, Fingerprint(nth as u64), true);
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
