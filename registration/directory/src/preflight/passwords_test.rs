use kazasu_texts::Lang;

use super::*;

fn settings(changes: &[(&str, &str)]) -> Settings {
    Settings::default().changed(changes.iter().copied()).unwrap()
}

#[test]
fn the_strictest_rule_decides() {
    let read = |thresholds: &[u32]| thresholds.iter().fold(Locks::Unknown, |l, t| l.read(*t));
    assert_eq!(read(&[]), Locks::Unknown);
    assert_eq!(read(&[0]), Locks::Never);
    assert_eq!(read(&[0, 5]), Locks::After(5));
    assert_eq!(read(&[5, 0]), Locks::After(5));
    assert_eq!(read(&[5, 3, 10]), Locks::After(3));
}

#[test]
fn our_locks_close_before_theirs() {
    use Severity::{Fine, Note, Warning};
    let check = |ours: &str, locks, severity, part: &str| {
        let settings = settings(&[("lock-out.user", ours)]);
        for kind in [Kind::ActiveDirectory, Kind::Ldap] {
            let found = lock_out(kind, &settings, locks, true);
            let [finding] = found.as_slice() else { panic!("{found:?}") };
            assert_eq!((finding.word, finding.severity), ("lock-out", severity), "{finding:?}");
            let advice = Lang::En.advice(&finding.cause).unwrap_or_default();
            let all = format!("{} {advice}", Lang::En.what(&finding.cause));
            assert!(all.contains(part), "{part} in {all}");
        }
    };
    check("1", Locks::After(3), Fine, "after 3 wrong passwords; this device lets 1 of one");
    check("4", Locks::After(5), Fine, "");
    check("5", Locks::After(5), Warning, "kazasu config set lock-out.user=4.");
    check("10", Locks::After(3), Warning, "this device lets 10 of one person through");
    check("10", Locks::After(3), Warning, "kazasu config set lock-out.user=2.");
    check("2", Locks::After(2), Warning, "kazasu config set lock-out.user=1.");
    check("1", Locks::After(1), Warning, "lock after 2 or more");
    check("10", Locks::Never, Fine, "locks no account");
    check("1", Locks::Unknown, Note, "kazasu config set lock-out.user=N");
    let words = |locks| lock_out(Kind::Ldap, &settings(&[]), locks, false).len();
    assert_eq!([words(Locks::Unknown), words(Locks::After(20)), words(Locks::Never)], [2, 2, 1]);
}

/// What is told to be set ends the warning.
#[test]
fn the_command_that_is_told_is_enough() {
    for theirs in 2..=30 {
        let told =
            lock_out(Kind::Ldap, &settings(&[("lock-out.user", "10")]), Locks::After(theirs), true);
        let Some(remedy) = Lang::En.advice(&told[0].cause) else { continue };
        let ours = remedy.strip_prefix("kazasu config set lock-out.user=").unwrap();
        let mended = settings(&[("lock-out.user", ours.trim_end_matches('.'))]);
        let again = lock_out(Kind::Ldap, &mended, Locks::After(theirs), true);
        assert_eq!(again[0].severity, Severity::Fine, "{theirs} {remedy}");
    }
}

/// S10-4-04.
#[test]
fn passwords_that_cannot_be_kept_are_told() {
    use Severity::{Error, Warning};
    let source = [("registration.sources", "both")];
    let with = |more: &[(&'static str, &'static str)]| settings(&[&source, more].concat());
    let rule = |settings: &Settings, shortest| {
        password_rule(settings, shortest).map(|finding| finding.severity)
    };
    assert_eq!(rule(&settings(&[]), Some(14)), None, "people of the device alone");
    assert_eq!(rule(&settings(&[("sign-in.mode", "remote")]), Some(14)), None);
    assert_eq!(rule(&with(&[]), Some(14)), Some(Error));
    assert_eq!(rule(&with(&[]), Some(12)), Some(Warning));
    assert_eq!(rule(&with(&[]), None), Some(Warning));
    let wide = [("password.max", "63")];
    assert_eq!(rule(&with(&wide), Some(14)), None);
    assert_eq!(rule(&with(&wide), None), None);
    let modern = [("password.profile", "modern")];
    assert_eq!(rule(&with(&modern), Some(7)), Some(Warning));
    assert_eq!(rule(&with(&modern), Some(15)), None);

    let id = UserId::new("alice").unwrap();
    let own = |settings: &Settings, password: &str| {
        let password = TypedPassword::new(password.to_owned().into()).unwrap();
        let finding = of_volunteer(settings, &id, &password)?;
        assert!(!finding.cause.to_string().contains(password.reveal()), "{finding:?}");
        Some(finding.severity)
    };
    assert_eq!(own(&with(&[]), "pass of alice"), Some(Error));
    assert_eq!(own(&with(&[]), "pass alice"), None);
    assert_eq!(own(&with(&wide), "pass of alice"), None);
    assert_eq!(own(&settings(&[]), "pass of alice"), None);
}
