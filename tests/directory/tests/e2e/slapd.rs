//! OpenLDAP: sign-in, result codes, TLS.

use std::fs;

use kazasu_directory::Client;
use kazasu_directory_bench::{Leaf, Person, Pki, Relay, Slapd, Trouble};
use kazasu_registration::ErrorCode as E;
use kazasu_service::{Answer, Directory};

use crate::support::{
    Outcome, Outcome::Code, checked, client, file, hex_rule, id, number, password, verify,
};

/// A section for a server behind this relay; `more` are further lines.
pub(crate) fn section(slapd: &Slapd, relay: &Relay, more: &str) -> String {
    let ca = file(slapd.room().folder(), "root.pem", slapd.pki().root_pem());
    let own = |key: &str, value: &str| match more.contains(&format!("{key} =")) {
        true => String::new(),
        false => format!("{key} = {value}\n"),
    };
    format!(
        "kind = 'ldap'\nservers = ['{}']\n{}{}{}{more}",
        relay.server(),
        own("ca_file", &ca),
        own("base_dn", &format!("'{}'", Slapd::BASE)),
        own("bind_name", &format!("{{ dn_template = '{}' }}", Slapd::PEOPLE)),
    )
}

/// The service account, as a line of the section.
pub(crate) fn service(slapd: &Slapd, secret: &str) -> String {
    let file = file(slapd.room().folder(), "service.password", secret);
    format!("service_account = {{ name = '{}', password_file = {file} }}\n", Slapd::SERVICE)
}

const PEOPLE: &[Person<'_>] = &[
    Person {
        uid: "alice",
        more: "mail: alice@example.test\ndisplayName: Alice A\nemployeeNumber: 012E4CE100000001\n\
               description: not a user id",
    },
    Person { uid: "initial", more: "pwdReset: TRUE" },
    Person { uid: "expired", more: "pwdChangedTime: 20000101000000Z" },
    Person {
        uid: "locked",
        more: "pwdAccountLockedTime: 000001010000Z\nemployeeNumber: 012E4CE100000002",
    },
    Person { uid: "hidden", more: "" },
    Person { uid: "long", more: "displayName: A display name of more than 32 bytes" },
    Person { uid: "twin1", more: "employeeNumber: 012E4CE100000003\ntitle: twin" },
    Person { uid: "twin2", more: "employeeNumber: 012E4CE100000003\ntitle: twin" },
];

#[tokio::test]
async fn every_kind_of_account_yields_its_code() {
    let slapd = Slapd::start(Leaf::Good, "", PEOPLE);
    let relay = slapd.relay(636).await;
    let plain = client(&section(&slapd, &relay, ""));
    let service = service(&slapd, Slapd::SERVICE_PASSWORD);
    let knowing = client(&section(&slapd, &relay, &service));
    let searching = format!("bind_name = {{ search_attribute = 'uid' }}\n{service}");
    let searching = client(&section(&slapd, &relay, &searching));
    let title = format!("bind_name = {{ search_attribute = 'title' }}\n{service}");
    let title = client(&section(&slapd, &relay, &title));
    let with = |lines: &str| client(&section(&slapd, &relay, lines));
    let below = "bind_name = { dn_template = 'cn={},dc=example,dc=test' }";

    let rows: &[(&Client, &str, &str, Outcome)] = &[
        (&plain, "alice", "pass of alice", Outcome::Right),
        (&plain, "alice", "wrong", Outcome::WrongPassword),
        // Nobody can tell them apart here, so nothing is said of it.
        (&plain, "nobody", "wrong", Outcome::WrongPassword),
        (&plain, "alice", "", Outcome::WrongPassword),
        (&knowing, "nobody", "wrong", Outcome::UnknownUser),
        (&knowing, "alice", "wrong", Outcome::WrongPassword),
        (&searching, "alice", "pass of alice", Outcome::Right),
        (&searching, "alice", "wrong", Outcome::WrongPassword),
        (&searching, "nobody", "wrong", Outcome::UnknownUser),
        (&title, "twin", "pass of twin1", Code(E::DirectorySignInAttributeWrong)),
        (&plain, "initial", "pass of initial", Code(E::DirectoryPasswordInitial)),
        (&plain, "initial", "wrong", Outcome::WrongPassword),
        (&plain, "expired", "pass of expired", Code(E::DirectoryPasswordExpired)),
        (&plain, "locked", "pass of locked", Code(E::DirectoryAccountLocked)),
        (&plain, "hidden", "pass of hidden", Code(E::DirectoryUserNotPermitted)),
        // Whose name is longer than a record takes: it is shortened.
        (&plain, "long", "pass of long", Outcome::Right),
        // The service account is no person.
        (&with(below), "kazasu", "service pass", Code(E::DirectoryUserNotPermitted)),
        (
            &with("attributes.user_id = 'title'"),
            "alice",
            "pass of alice",
            Code(E::DirectoryUserIdEmpty),
        ),
        (&with("attributes.user_id = 'description'"), "alice", "pass of alice", Outcome::Right),
        (
            &with("attributes.user_id = 'noSuch'"),
            "alice",
            "pass of alice",
            Code(E::DirectoryUserIdAttributeUnknown),
        ),
        (
            &with("attributes.mail = 'noSuch'"),
            "alice",
            "pass of alice",
            Code(E::DirectoryMailAttributeUnknown),
        ),
        (
            &with("attributes.card = 'noSuch'"),
            "alice",
            "pass of alice",
            Code(E::DirectoryCardAttributeUnknown),
        ),
        (&with("attributes.key = 'noSuch'"), "alice", "pass of alice", Outcome::Right),
        (&with("enabled = false"), "alice", "pass of alice", Code(E::DirectoryProfileDisabled)),
    ];
    for (client, typed, secret, expected) in rows {
        assert_eq!(verify(client, typed, secret).await, *expected, "{typed} {secret:?}");
    }

    let Ok(Answer::Right(person)) =
        plain.verify(id("alice"), password("pass of alice"), hex_rule()).await
    else {
        panic!("alice signs in")
    };
    assert_eq!(person.id.as_str(), "alice");
    assert_eq!(person.name.as_str(), "Alice A");
    assert_eq!(person.mail.unwrap().as_str(), "alice@example.test");
    assert_eq!(person.card, None, "no attribute is set for it");
}

#[tokio::test]
async fn a_card_finds_its_person() {
    let slapd = Slapd::start(Leaf::Good, "", PEOPLE);
    let relay = slapd.relay(636).await;
    let with = |lines: &str| client(&section(&slapd, &relay, lines));
    let good = service(&slapd, Slapd::SERVICE_PASSWORD);
    let card = "attributes.card = 'employeeNumber'\n";
    let full = with(&format!("{good}{card}"));
    let wrong = section(&slapd, &relay, &format!("{}{card}", service(&slapd, "wrong")));
    let wrong = client(&wrong);
    type Row<'a> = (&'a Client, &'a str, Result<Option<&'a str>, E>);
    let rows: &[Row<'_>] = &[
        (&full, "012E4CE100000001", Ok(Some("alice"))),
        (&full, "012E4CE1000000FF", Ok(None)),
        (&full, "*", Ok(None)),
        (&full, "012E4CE10000000*", Ok(None)),
        (&full, "012E4CE100000003", Err(E::DirectoryCardDuplicate)),
        (&full, "012E4CE100000002", Err(E::DirectoryAccountLocked)),
        (&with(card), "012E4CE100000001", Err(E::DirectorySettingsIncomplete)),
        (&with(&good), "012E4CE100000001", Err(E::DirectorySettingsIncomplete)),
        (&wrong, "012E4CE100000001", Err(E::DirectoryServiceAccount)),
    ];
    // The good password again: it is read when it is needed.
    for (client, card, expected) in rows {
        let secret =
            if std::ptr::eq(*client, &raw const wrong) { "wrong" } else { Slapd::SERVICE_PASSWORD };
        service(&slapd, secret);
        let found =
            client.find(number(card), hex_rule()).await.map_err(|error| checked(error, secret));
        let found = found.map(|person| person.map(|person| person.id.as_str().to_owned()));
        assert_eq!(found, expected.map(|id| id.map(str::to_owned)), "{card}");
    }
}

#[tokio::test]
async fn groups_of_every_schema_permit() {
    let slapd = Slapd::start(Leaf::Good, "", PEOPLE);
    let relay = slapd.relay(636).await;
    for group in ["members", "unique", "posix", "none"] {
        let lines = format!("groups.device = 'cn={group},{}'", Slapd::BASE);
        let client = client(&section(&slapd, &relay, &lines));
        let refused = Code(E::DirectoryUserNotPermitted);
        let alice = if group == "none" { refused.clone() } else { Outcome::Right };
        assert_eq!(verify(&client, "alice", "pass of alice").await, alice, "{group}");
        assert_eq!(verify(&client, "twin1", "pass of twin1").await, refused, "{group}");
    }
}

/// A password of the service account that was refused is not tried again, or a domain would lock
/// the account.
#[tokio::test]
async fn a_wrong_service_password_is_sent_once() {
    let slapd = Slapd::start(Leaf::Good, "", PEOPLE);
    let relay = slapd.relay(636).await;
    let lines = format!("{}attributes.card = 'employeeNumber'", service(&slapd, "wrong"));
    let client = std::sync::Arc::new(client(&section(&slapd, &relay, &lines)));
    let calls = (0..20).map(|_| {
        let client = std::sync::Arc::clone(&client);
        tokio::spawn(async move { client.find(number("012E4CE100000001"), hex_rule()).await })
    });
    for call in calls.collect::<Vec<_>>() {
        let error = call.await.unwrap().unwrap_err();
        assert_eq!(error.code, E::DirectoryServiceAccount);
    }
    // Three failures would have locked it.
    service(&slapd, Slapd::SERVICE_PASSWORD);
    let found = client.find(number("012E4CE100000001"), hex_rule()).await.unwrap();
    assert_eq!(found.unwrap().id.as_str(), "alice");
}

/// What each result code becomes where slapd's retcode overlay gives it: to a person's bind, and to
/// the service account's search. Modify is in `slapd_write`.
#[tokio::test]
async fn result_codes_of_bind_and_search() {
    let slapd = Slapd::start(Leaf::Good, "", PEOPLE);
    let relay = slapd.relay(636).await;
    let service = service(&slapd, Slapd::SERVICE_PASSWORD);
    let template = format!("bind_name = {{ dn_template = 'cn={{}},{}' }}", Slapd::RETCODES);
    let binding = client(&section(&slapd, &relay, &template));
    for (code, operation) in Slapd::retcodes() {
        let name = Slapd::retcode(code, operation);
        match operation {
            "bind" => {
                let expected = match expected(code, operation) {
                    E::DirectoryWrongCredentials => Outcome::WrongPassword,
                    error => Code(error),
                };
                let outcome = verify(&binding, &name, &Slapd::password(&name)).await;
                assert_eq!(outcome, expected, "{name}");
            }
            "search" => {
                let base = format!(
                    "base_dn = 'cn={name},{}'\nbind_name = {{ search_attribute = 'uid' }}\n",
                    Slapd::RETCODES
                );
                let lines = format!("{base}{service}attributes.card = 'employeeNumber'");
                let client = client(&section(&slapd, &relay, &lines));
                let found = client.find(number("012E4CE100000001"), hex_rule()).await;
                let found = found.map_err(|error| checked(error, Slapd::SERVICE_PASSWORD));
                assert_eq!(found.unwrap_err(), expected(code, operation), "{name}");
            }
            _ => {}
        }
    }
}

/// Where each code of a result comes from in these tests, and what it has to become.
pub(crate) fn expected(code: u32, operation: &str) -> E {
    match (code, operation) {
        (3 | 11, _) => E::DirectoryLimitExceeded,
        // Looking for a card, this many entries are duplicates.
        (4, "search") => E::DirectoryCardDuplicate,
        (4, _) => E::DirectorySizeLimit,
        (7, _) => E::DirectoryMechanismUnsupported,
        (8, _) => E::DirectoryStrongerAuthRequired,
        (10, _) => E::DirectoryReferral,
        (12, _) => E::DirectoryControlRefused,
        (13, _) => E::DirectoryTlsOff,
        (16, _) => E::DirectoryNoSuchAttribute,
        (17, _) => E::DirectoryUndefinedAttribute,
        (19 | 65, _) => E::DirectoryConstraint,
        (20, _) => E::DirectoryValueExists,
        (21, _) => E::DirectoryAttributeSyntax,
        (32, "search") => E::DirectorySearchBaseMissing,
        (32..=36, _) => E::DirectoryNaming,
        (48 | 49, _) => E::DirectoryWrongCredentials,
        (50, "search") => E::DirectoryPasswordUnreadable,
        (50, "modify") => E::DirectoryNoWriteRight,
        (51, _) => E::DirectoryBusy,
        (52, _) => E::DirectoryUnavailable,
        (53, _) => E::DirectoryUnwilling,
        (66..=69, _) => E::DirectoryEntryOperation,
        _ => E::DirectoryOther,
    }
}

#[tokio::test]
async fn certificates_have_to_be_right() {
    let rows = [
        (Leaf::Good, Outcome::Right),
        (Leaf::EndsSoon, Outcome::Right),
        (Leaf::Expired, Code(E::DirectoryCertificateExpired)),
        (Leaf::NotYet, Code(E::DirectoryCertificateExpired)),
        (Leaf::OtherName, Code(E::DirectoryCertificateName)),
    ];
    for (leaf, expected) in rows {
        let slapd = Slapd::start(leaf, "", PEOPLE);
        for (port, mode) in [(636, "ldaps"), (389, "starttls")] {
            let relay = slapd.relay(port).await;
            let client = client(&section(&slapd, &relay, &format!("tls = '{mode}'")));
            let outcome = verify(&client, "alice", "pass of alice").await;
            assert_eq!(outcome, expected, "{leaf:?} {mode}");
        }
    }
}

#[tokio::test]
async fn who_is_not_trusted_gets_no_password() {
    let slapd = Slapd::start(Leaf::Good, "", PEOPLE);
    let other = file(slapd.room().folder(), "other.pem", Pki::new().root_pem());
    for (port, mode) in [(636, "ldaps"), (389, "starttls")] {
        let relay = slapd.relay(port).await;
        let lines = format!("tls = '{mode}'\nca_file = {other}");
        let outcome = verify(&client(&section(&slapd, &relay, &lines)), "alice", "x").await;
        assert_eq!(outcome, Code(E::DirectoryCertificateUntrusted), "{mode}");
        // What the system trusts does not hold this authority either.
        let lines = section(&slapd, &relay, &format!("tls = '{mode}'"));
        let lines: Vec<&str> = lines.lines().filter(|line| !line.starts_with("ca_file")).collect();
        let outcome = verify(&client(&lines.join("\n")), "alice", "x").await;
        assert_eq!(outcome, Code(E::DirectoryCertificateUntrusted), "{mode}");
    }
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_gets_the_configured_one() {
    let slapd = Slapd::start(Leaf::Good, "TLSVerifyClient demand\n", PEOPLE);
    let own = slapd.room().folder().join("own");
    fs::create_dir(&own).unwrap();
    slapd.pki().issue(Leaf::Good, &own);
    let stranger = slapd.room().folder().join("stranger");
    fs::create_dir(&stranger).unwrap();
    Pki::new().issue(Leaf::Good, &stranger);
    let with = |folder: &std::path::Path| {
        let shown = folder.display();
        format!(
            "client_certificate = {{ certificate_file = '{shown}/cert.pem', key_file = '{shown}/key.pem' }}"
        )
    };
    let rows = [
        (String::new(), Code(E::DirectoryClientCertificate)),
        (with(&stranger), Code(E::DirectoryClientCertificate)),
        (with(&own), Outcome::Right),
    ];
    for (port, mode) in [(636, "ldaps"), (389, "starttls")] {
        let relay = slapd.relay(port).await;
        for (lines, expected) in &rows {
            let client = client(&section(&slapd, &relay, &format!("tls = '{mode}'\n{lines}")));
            let outcome = verify(&client, "alice", "pass of alice").await;
            assert_eq!(outcome, *expected, "{mode} {lines}");
        }
    }
}

#[tokio::test]
async fn servers_that_are_not_as_they_should_be() {
    let slapd = Slapd::start(Leaf::Good, "", PEOPLE);
    let good = slapd.relay(636).await;
    let plain = slapd.relay(389).await;
    let bad = slapd.relay(636).await;
    let strange = Slapd::start(Leaf::Good, "", PEOPLE);
    let strange = strange.relay(636).await;
    // Nothing listens there any more.
    let gone = slapd.relay(636).await.server();
    let quick = "connect_timeout_ms = 300\nanswer_timeout_ms = 300\n";
    let base = section(&slapd, &good, quick);
    let servers = |list: &[&str]| {
        let list: Vec<String> = list.iter().map(|server| format!("'{server}'")).collect();
        let lines = base.lines().filter(|line| !line.starts_with("servers"));
        let lines: Vec<&str> = lines.collect();
        client(&format!("servers = [{}]\n{}", list.join(","), lines.join("\n")))
    };
    let (good, plain, other) = (good.server(), plain.server(), bad.server());
    let stranger = strange.server();
    let right = Outcome::Right;
    let untrusted = Code(E::DirectoryCertificateUntrusted);
    let rows: &[(Trouble, &[&str], Outcome)] = &[
        (Trouble::None, &[&gone], Code(E::DirectoryUnreachable)),
        (Trouble::None, &["no-such-host.invalid"], Code(E::DirectoryUnreachable)),
        (Trouble::None, &[&gone, "no-such-host.invalid", &good], right.clone()),
        (Trouble::Silent, &[&other], Code(E::DirectoryTimeout)),
        (Trouble::Silent, &[&other, &good], right.clone()),
        (Trouble::Closes, &[&other], Code(E::DirectoryUnreachable)),
        (Trouble::Closes, &[&other, &good], right.clone()),
        // After the handshake: the bind may have been counted, so no other server is asked.
        (Trouble::SilentAfter(2), &[&other, &good], Code(E::DirectoryTimeout)),
        (Trouble::CutsAfter(2), &[&other, &good], Code(E::DirectoryUnreachable)),
        (Trouble::CutsBefore(2), &[&other, &good], Code(E::DirectoryUnreachable)),
        // No TLS there.
        (Trouble::None, &[&plain], Code(E::DirectoryUnreachable)),
        // What an administrator can mend goes before what is merely away, wherever it stands.
        (Trouble::None, &[&stranger], untrusted.clone()),
        (Trouble::None, &[&gone, &stranger], untrusted.clone()),
        (Trouble::None, &[&stranger, &gone], untrusted.clone()),
        (Trouble::Silent, &[&other, &stranger, &plain], untrusted.clone()),
        (Trouble::None, &[&stranger, &good], right.clone()),
    ];
    for (trouble, list, expected) in rows {
        bad.set(*trouble);
        let outcome = verify(&servers(list), "alice", "pass of alice").await;
        assert_eq!(outcome, *expected, "{trouble:?} {list:?}");
    }
}
