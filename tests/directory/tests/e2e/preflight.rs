//! What the check of a directory finds.

use std::{
    borrow::Cow,
    fs,
    os::unix::fs::PermissionsExt,
    time::{Duration, SystemTime},
};

use kazasu_directory::{DirectoryConfig, Finding, Severity, Volunteer, preflight};
use kazasu_directory_bench::{Leaf, Person, Samba, Slapd, Trouble};
use kazasu_registration::Settings;
use kazasu_texts::Lang;

use crate::{
    samba, slapd,
    support::{id, password},
};
use Severity::{Error, Note, Warning};

fn now() -> SystemTime {
    #[expect(clippy::disallowed_methods, reason = "the servers go by the calendar")]
    SystemTime::now()
}

/// Runs the check and compares what is not fine, in order of the words. Accounts lock after three
/// wrong passwords in either directory.
async fn check(
    section: &str,
    who: Option<(&str, &str)>,
    now: SystemTime,
    expected: &[(&str, Severity)],
) {
    check_with(&[("lock-out.user", "1")], section, who, now, expected).await;
}

async fn check_with(
    settings: &[(&str, &str)],
    section: &str,
    who: Option<(&str, &str)>,
    now: SystemTime,
    expected: &[(&str, Severity)],
) -> Vec<Finding> {
    let settings = Settings::default().changed(settings.iter().copied()).unwrap();
    let config: DirectoryConfig = toml::from_str(section).unwrap();
    let volunteer =
        who.map(|(typed, secret)| Volunteer { typed: id(typed), password: password(secret) });
    let findings = preflight(&config, &settings, volunteer, now).await;
    let mut bad: Vec<_> = findings.iter().filter(|f| f.severity > Severity::Fine).collect();
    bad.sort_by_key(|finding| finding.word);
    let words: Vec<_> = bad.iter().map(|finding| (finding.word, finding.severity)).collect();
    assert_eq!(words, expected, "{section}\n{findings:#?}");
    for Finding { cause, .. } in &findings {
        let told = cause.to_string();
        assert!(!told.contains("012E4C") && !told.contains("pass of"), "{told}");
    }
    findings
}

fn said(findings: &[Finding], word: &str) -> Cow<'static, str> {
    Lang::En.what(&findings.iter().find(|finding| finding.word == word).unwrap().cause)
}

fn private(file: &std::path::Path) {
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test]
async fn of_a_domain() {
    let samba = Samba::start(Leaf::Good);
    let relay = samba.relay(636).await;
    let service = samba::service(&samba);
    private(&samba.room().folder().join("service.password"));
    let with = |lines: &str| samba::section(&samba, &relay, &format!("{service}{lines}"));
    let alice = Some(("alice", "pass of alice"));
    let pager = "attributes.card = 'pager'";
    // pager: written by people, read by everybody, not indexed; two people share a number, and one
    // has a telephone number there.
    let all = [
        ("card-index", Warning),
        ("duplicates", Error),
        ("foreign", Warning),
        ("read-others", Warning),
    ];
    check(&with(pager), alice, now(), &all).await;
    let untried = [
        ("card-index", Warning),
        ("duplicates", Error),
        ("foreign", Warning),
        ("read-others", Note),
        ("write-own", Note),
    ];
    check(&with(pager), None, now(), &untried).await;
    // 16 characters; people may write it here, the service account may not.
    let short = "attributes.card = 'employeeID'";
    let expected =
        [("card-index", Warning), ("card-length", Error), ("delete", Note), ("read-others", Note)];
    check(&with(short), alice, now(), &expected).await;
    let closed = "attributes.card = 'employeeNumber'";
    let expected =
        [("card-index", Warning), ("delete", Note), ("read-others", Note), ("write-own", Error)];
    check(&with(closed), alice, now(), &expected).await;
    let missing = "attributes.card = 'extensionAttribute1'";
    check(
        &with(missing),
        None,
        now(),
        &[("delete", Note), ("read-others", Note), ("schema", Error), ("write-own", Note)],
    )
    .await;
    check(&with(""), alice, now(), &[("card-attribute", Note)]).await;
    check(
        &with(""),
        Some(("alice", "wrong")),
        now(),
        &[("card-attribute", Note), ("person", Error)],
    )
    .await;
    check(
        &with(""),
        Some(("disabled", "pass of disabled")),
        now(),
        &[("card-attribute", Note), ("person", Error)],
    )
    .await;
    let group = "groups.device = 'CN=devices,CN=Users,DC=sim,DC=test'\n\
                 groups.administrators = 'CN=nothing,DC=sim,DC=test'";
    check(&with(group), None, now(), &[("card-attribute", Note), ("group", Error)]).await;
    let hour = Duration::from_secs(3600);
    check(&with(""), None, now() + hour, &[("card-attribute", Note), ("clock", Warning)]).await;
    let base = with("base_dn = 'CN=Nothing,DC=sim,DC=test'");
    check(&base, None, now(), &[("base", Error)]).await;
    let empty = with(
        "base_dn = 'OU=Domain Controllers,DC=sim,DC=test'\nperson_filter = '(sAMAccountName=nobody)'",
    );
    check(&empty, None, now(), &[("base", Error)]).await;
}

#[tokio::test]
async fn of_a_server_with_troubles() {
    let people = [
        Person { uid: "alice", more: "employeeNumber: 012E4CE1000000A1" },
        Person { uid: "bob", more: "employeeNumber: 012E4CE1000000A2" },
    ];
    let slapd = Slapd::start(Leaf::EndsSoon, "", &people);
    let relay = slapd.relay(636).await;
    let service = slapd::service(&slapd, Slapd::SERVICE_PASSWORD);
    let file = slapd.room().folder().join("service.password");
    private(&file);
    let with = |lines: &str| slapd::section(&slapd, &relay, lines);
    let card = format!("attributes.card = 'employeeNumber'\n{service}");
    let alice = Some(("alice", "pass of alice"));
    let soon = ("certificate", Warning);
    check(&with(&card), alice, now(), &[("card-index", Note), soon, ("read-others", Warning)])
        .await;
    // Trying leaves things as they were.
    assert_eq!(slapd.values("alice", "employeeNumber"), ["012E4CE1000000A1"]);
    let room = format!("attributes.card = 'roomNumber'\n{service}");
    let expected = [("card-index", Note), ("card-values", Note), soon, ("read-others", Note)];
    check(&with(&room), alice, now(), &expected).await;
    assert!(slapd.values("alice", "roomNumber").is_empty());
    let forbidden = format!("attributes.card = 'carLicense'\n{service}");
    let expected = [
        ("card-index", Note),
        ("card-values", Note),
        soon,
        ("read-others", Note),
        ("write-own", Error),
    ];
    check(&with(&forbidden), alice, now(), &expected).await;
    let expected = [("card-attribute", Note), soon, ("lock-out", Note), ("service-account", Note)];
    check(&with(""), alice, now(), &expected).await;
    check(&with(""), None, now(), &[soon, ("service-account", Note), ("signed-in", Note)]).await;

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    check(
        &with(&service),
        None,
        now(),
        &[("card-attribute", Note), soon, ("password-file", Warning)],
    )
    .await;
    fs::write(&file, "wrong").unwrap();
    let expected =
        [soon, ("password-file", Warning), ("service-account", Error), ("signed-in", Note)];
    check(&with(&service), None, now(), &expected).await;
    fs::remove_file(&file).unwrap();
    let expected =
        [soon, ("password-file", Error), ("service-account", Error), ("signed-in", Note)];
    check(&with(&service), None, now(), &expected).await;

    relay.set(Trouble::Closes);
    check(&with(""), None, now(), &[("connection", Error)]).await;
    let nowhere = with("").replace(&relay.server(), "no-such-host.invalid");
    check(&nowhere, None, now(), &[("name", Error)]).await;
    let lines =
        with("").lines().filter(|l| !l.starts_with("ca_file")).collect::<Vec<_>>().join("\n");
    relay.set(Trouble::None);
    check(&lines, None, now(), &[("certificate", Error)]).await;
    check(&with("ca_file = '/nowhere/ca.pem'"), None, now(), &[("files", Error)]).await;
    check(&with("max_connections = 0"), None, now(), &[("settings", Error)]).await;
}

/// Locks and passwords of the domain, and of a group of its own rules, against the site's.
#[tokio::test]
async fn of_a_domains_locks_and_passwords() {
    let samba = Samba::start(Leaf::Good);
    let relay = samba.relay(636).await;
    let service = samba::service(&samba);
    private(&samba.room().folder().join("service.password"));
    let section = samba::section(&samba, &relay, &service);
    let card = ("card-attribute", Note);
    let ours = |count| ("lock-out.user", count);
    let expected = [card, ("lock-out", Warning)];
    let found = check_with(&[ours("3")], &section, None, now(), &expected).await;
    assert!(said(&found, "lock-out").contains("locks an account after 3 wrong"), "{found:#?}");
    samba.set_domain("lockoutThreshold", "4");
    check_with(&[ours("3")], &section, None, now(), &[card]).await;
    samba.set_domain("lockoutThreshold", "0");
    let found = check_with(&[ours("10")], &section, None, now(), &[card]).await;
    assert!(said(&found, "lock-out").contains("locks no account"), "{found:#?}");
    // A rule for some, which they see and others do not.
    samba.add_password_rule("strict", 2, "alice");
    let alice = Some(("alice", "pass of alice"));
    let expected = [card, ("lock-out", Warning)];
    let found = check_with(&[ours("2")], &section, alice, now(), &expected).await;
    assert!(said(&found, "lock-out").contains("locks an account after 2 wrong"), "{found:#?}");

    samba.set_domain("minPwdLength", "14");
    let local = [ours("1"), ("registration.sources", "both")];
    let expected = [card, ("password-rule", Error)];
    let found = check_with(&local, &section, None, now(), &expected).await;
    assert!(said(&found, "password-rule").contains("at least 14 characters"), "{found:#?}");
    let wide = [local[0], local[1], ("password.max", "63")];
    check_with(&wide, &section, None, now(), &[card]).await;
}

#[tokio::test]
async fn of_a_servers_locks_and_of_people_who_do_not_go() {
    let people = [
        Person { uid: "alice", more: "displayName: Christopher Bartholomew-Montgomery" },
        Person { uid: "müller", more: "" },
        Person { uid: "tanaka taro", more: "employeeNumber: 090-1234-5678" },
    ];
    let slapd = Slapd::start(Leaf::Good, "", &people);
    let relay = slapd.relay(636).await;
    let service = slapd::service(&slapd, Slapd::SERVICE_PASSWORD);
    private(&slapd.room().folder().join("service.password"));
    let lines = format!("attributes.card = 'employeeNumber'\n{service}");
    let section = slapd::section(&slapd, &relay, &lines);
    let rest = [
        ("card-index", Note),
        ("foreign", Warning),
        ("names", Note),
        ("read-others", Note),
        ("user-ids", Warning),
        ("write-own", Note),
    ];
    let found = check_with(&[("lock-out.user", "1")], &section, None, now(), &rest).await;
    for (word, part) in [
        ("foreign", "those of tanaka taro."),
        ("names", "its beginning is shown: alice."),
        ("user-ids", "cannot sign in (122): müller."),
    ] {
        assert!(said(&found, word).contains(part), "{part} in {found:#?}");
    }
    let mut stricter = rest.to_vec();
    stricter.insert(2, ("lock-out", Warning));
    let found = check_with(&[("lock-out.user", "3")], &section, None, now(), &stricter).await;
    assert!(said(&found, "lock-out").contains("locks an account after 3 wrong"), "{found:#?}");
}
