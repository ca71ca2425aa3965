//! Samba as an Active Directory domain controller.

use kazasu_directory::{Client, Removed, Verified};
use kazasu_directory_bench::{Leaf, Relay, Samba};
use kazasu_registration::{ErrorCode as E, Role};
use kazasu_service::{Answer, Directory, Written};

use crate::support::{
    Outcome, Outcome::Code, checked, client, file, id, number, password, verify, write,
};

/// A section for the domain controller behind this relay; `more` are further lines.
pub(crate) fn section(samba: &Samba, relay: &Relay, more: &str) -> String {
    let ca = file(samba.room().folder(), "root.pem", samba.pki().root_pem());
    let own = |key: &str, value: &str| match more.contains(&format!("{key} =")) {
        true => String::new(),
        false => format!("{key} = {value}\n"),
    };
    format!(
        "kind = 'active-directory'\nservers = ['{}']\n{}{}{}{more}",
        relay.server(),
        own("ca_file", &ca),
        own("base_dn", &format!("'{}'", Samba::BASE)),
        own("bind_name", &format!("{{ upn_suffix = '{}' }}", Samba::SUFFIX)),
    )
}

pub(crate) fn service(samba: &Samba) -> String {
    let file = file(samba.room().folder(), "service.password", &Samba::password("kazasu"));
    format!("service_account = {{ name = 'kazasu@sim.test', password_file = {file} }}\n")
}

#[tokio::test]
async fn every_kind_of_account_yields_its_code() {
    let samba = Samba::start(Leaf::Good);
    let relay = samba.relay(636).await;
    let plain = client(&section(&samba, &relay, ""));
    let knowing = client(&section(&samba, &relay, &service(&samba)));
    let other = client(&section(&samba, &relay, "bind_name = { upn_suffix = 'other.test' }"));
    let by_dn = "bind_name = { dn_template = 'CN={},CN=Users,DC=sim,DC=test' }";
    let by_dn = client(&section(&samba, &relay, by_dn));
    let searching =
        format!("bind_name = {{ search_attribute = 'sAMAccountName' }}\n{}", service(&samba));
    let searching = client(&section(&samba, &relay, &searching));
    let rows: &[(&Client, &str, &str, Outcome)] = &[
        (&plain, "alice", "pass of alice", Outcome::Right),
        (&plain, "ALICE", "pass of alice", Outcome::Right),
        (&by_dn, "alice", "pass of alice", Outcome::Right),
        (&searching, "alice", "pass of alice", Outcome::Right),
        (&plain, "alice", "wrong", Outcome::WrongPassword),
        (&plain, "alice", "", Outcome::WrongPassword),
        (&plain, "nobody", "wrong", Outcome::WrongPassword),
        (&knowing, "nobody", "wrong", Outcome::UnknownUser),
        (&knowing, "alice", "wrong", Outcome::WrongPassword),
        (&searching, "nobody", "wrong", Outcome::UnknownUser),
        (&plain, "alice@sim.test", "pass of alice", Code(E::DirectoryBindName)),
        (&plain, "disabled", "pass of disabled", Code(E::DirectoryAccountDisabled)),
        (&plain, "disabled", "wrong", Outcome::WrongPassword),
        (&plain, "elsewhere", "pass of elsewhere", Code(E::DirectoryAccountDisabled)),
        (&plain, "night", "pass of night", Code(E::DirectoryUserNotPermitted)),
        (&plain, "gone", "pass of gone", Code(E::DirectoryAccountExpired)),
        (&plain, "old", "pass of old", Code(E::DirectoryPasswordExpired)),
        (&plain, "initial", "pass of initial", Code(E::DirectoryPasswordInitial)),
        (&plain, "away", "pass of away", Code(E::DirectoryUserNotPermitted)),
        // The server signs in another than the one whose account is called so.
        (&other, "alice", "pass of outside", Code(E::DirectorySignInAttributeWrong)),
        (&other, "alice", "pass of alice", Outcome::WrongPassword),
        // Locked by three failures.
        (&plain, "locked", "wrong", Outcome::WrongPassword),
        (&plain, "locked", "wrong", Outcome::WrongPassword),
        (&plain, "locked", "wrong", Outcome::WrongPassword),
        (&plain, "locked", "wrong", Code(E::DirectoryAccountLocked)),
        (&plain, "locked", "pass of locked", Code(E::DirectoryAccountLocked)),
    ];
    for (client, typed, secret, expected) in rows {
        assert_eq!(verify(client, typed, secret).await, *expected, "{typed} {secret:?}");
    }
    // The name that was typed is not the ID: the entry's is.
    for typed in ["other", "dora"] {
        let answer = plain.verify(id(typed), password("pass of dora")).await;
        let Ok(Answer::Right(person)) = answer else { panic!("{typed}: {answer:?}") };
        assert_eq!(person.id.as_str(), "dora", "{typed}");
    }
}

#[tokio::test]
async fn a_card_signs_in_only_whom_the_account_still_lets() {
    let samba = Samba::start(Leaf::Good);
    let relay = samba.relay(636).await;
    let lines = format!("attributes.card = 'pager'\n{}", service(&samba));
    let client = client(&section(&samba, &relay, &lines));
    let rows: &[(&str, Result<Option<&str>, E>)] = &[
        ("012E4CE1000000A1", Ok(Some("bob"))),
        ("012E4CE1000000FF", Ok(None)),
        ("012E4CE1000000B1", Err(E::DirectoryCardDuplicate)),
        ("012E4CE1000000C1", Err(E::DirectoryAccountDisabled)),
        ("012E4CE1000000C2", Err(E::DirectoryAccountExpired)),
        // The card needs no password, so that one may be as old as it likes.
        ("012E4CE1000000C3", Ok(Some("old"))),
    ];
    for (card, expected) in rows {
        let found = client.find(number(card)).await.map_err(|error| checked(error, "pass of"));
        let found = found.map(|person| person.map(|person| person.id.as_str().to_owned()));
        assert_eq!(found, expected.map(|id| id.map(str::to_owned)), "{card}");
    }
    for _ in 0..4 {
        verify(&client, "bob", "wrong").await;
    }
    let locked = client.find(number("012E4CE1000000A1")).await.map_err(|error| error.code);
    assert_eq!(locked, Err(E::DirectoryAccountLocked));
}

#[tokio::test]
async fn writing_yields_its_code_and_leaves_what_it_says() {
    let samba = Samba::start(Leaf::Good);
    let relay = samba.relay(636).await;
    let with = |lines: &str| client(&section(&samba, &relay, lines));
    let plain = with("attributes.card = 'pager'");
    let served = with(&format!("attributes.card = 'pager'\n{}", service(&samba)));
    let anything = with("attributes.card = 'pager'\nreplace = 'anything'");
    let forbidden = with("attributes.card = 'employeeNumber'");
    // 16 characters at most.
    let short = with("attributes.card = 'employeeID'");
    let unknown = with("attributes.card = 'extensionAttribute1'");
    let new = "012E4CE1000000A2";
    let long = "0123456789ABCDEF0123456789ABCDEF";
    type Row<'a> = (
        &'a Client,
        &'a str,
        &'a str,
        Option<&'a str>,
        Result<Written, E>,
        (&'a str, &'a [&'a str]),
    );
    let rows: &[Row<'_>] = &[
        (&forbidden, "alice", new, None, Err(E::DirectoryNoWriteRight), ("employeeNumber", &[])),
        (&unknown, "alice", new, None, Err(E::DirectoryCardAttributeUnknown), ("pager", &[])),
        // Samba calls it a matter of syntax (21).
        (&short, "alice", long, None, Err(E::DirectoryAttributeSyntax), ("employeeID", &[])),
        (&short, "alice", new, None, Ok(Written::Done), ("employeeID", &[new])),
        (&plain, "alice", "012E4CE1000000A1", None, Ok(Written::CardTaken), ("pager", &[])),
        (&plain, "alice", "012e4ce1000000a1", None, Ok(Written::CardTaken), ("pager", &[])),
        (
            &served,
            "alice",
            "012E4CE1000000B1",
            None,
            Err(E::DirectoryCardDuplicate),
            ("pager", &[]),
        ),
        (&plain, "alice", new, None, Ok(Written::Done), ("pager", &[new])),
        (
            &plain,
            "alice",
            "012E4CE1000000A3",
            None,
            Ok(Written::Conflict(number(new))),
            ("pager", &[new]),
        ),
        (
            &served,
            "alice",
            "012E4CE1000000A3",
            Some(new),
            Ok(Written::Done),
            ("pager", &["012E4CE1000000A3"]),
        ),
        (
            &plain,
            "carol",
            new,
            None,
            Err(E::DirectoryCardAttributeForeign),
            ("pager", &["+81 3 0000 0000"]),
        ),
        (&anything, "carol", new, None, Ok(Written::Done), ("pager", &[new])),
        (
            &plain,
            "disabled",
            new,
            None,
            Err(E::DirectoryAccountDisabled),
            ("pager", &["012E4CE1000000C1"]),
        ),
    ];
    for (client, who, card, replaces, expected, (attribute, left)) in rows {
        let outcome = write(client, (who, &Samba::password(who)), card, *replaces).await;
        assert_eq!(outcome, *expected, "{who} {card} for {replaces:?}");
        assert_eq!(samba.values(who, attribute), *left, "{who} {card} for {replaces:?}");
    }
    let removed = served.remove_card(&id("alice"), &number("012E4CE1000000A3")).await;
    assert_eq!(removed, Ok(Removed::Done));
    assert!(samba.values("alice", "pager").is_empty());
}

#[tokio::test]
async fn groups_permit_and_give_roles() {
    let samba = Samba::start(Leaf::Good);
    let relay = samba.relay(636).await;
    let group = |name: &str| format!("'CN={name},CN=Users,DC=sim,DC=test'");
    let with = |lines: &str| {
        let lines = format!("attributes.card = 'pager'\n{}{lines}", service(&samba));
        client(&section(&samba, &relay, &lines))
    };
    let roles = format!(
        "groups.device = {}\ngroups.administrators = {}\ngroups.account_administrators = {}",
        group("devices"),
        group("admins"),
        group("accounting")
    );
    let roles = with(&roles);
    let everybody = with(&format!("groups.device = {}", group("Domain Users")));
    let missing = with(&format!("groups.device = {}", group("no such group")));
    let rows: &[(&Client, &str, Result<Role, E>)] = &[
        // Through the group `staff`, which is in `devices`.
        (&roles, "alice", Ok(Role::Administrator)),
        (&roles, "dora", Ok(Role::General)),
        (&roles, "bob", Ok(Role::AccountAdministrator)),
        (&roles, "carol", Err(E::DirectoryUserNotPermitted)),
        // Everybody's primary group, which no attribute of the entry names.
        (&everybody, "carol", Ok(Role::General)),
        (&missing, "alice", Err(E::DirectoryUserNotPermitted)),
    ];
    for (client, who, expected) in rows {
        let secret = Samba::password(who);
        let verified = client.verify_member(&id(who), &password(&secret)).await;
        let role =
            verified.map_err(|error| checked(error, &secret)).map(|verified| match verified {
                Verified::Right(member) => member.role,
                other => panic!("{who}: {other:?}"),
            });
        assert_eq!(role, *expected, "{who}");
    }
    // The same by card.
    let bob = roles.find_member(&number("012E4CE1000000A1")).await.unwrap().unwrap();
    assert_eq!((bob.person.id.as_str(), bob.role), ("bob", Role::AccountAdministrator));
    let outcome = write(&roles, ("carol", "pass of carol"), "012E4CE1000000D1", None).await;
    assert_eq!(outcome, Err(E::DirectoryUserNotPermitted), "no card without the right to use it");
}

#[tokio::test]
async fn both_ways_of_tls_and_certificates() {
    let rows = [
        (Leaf::Good, Outcome::Right),
        (Leaf::Expired, Code(E::DirectoryCertificateExpired)),
        (Leaf::OtherName, Code(E::DirectoryCertificateName)),
    ];
    for (leaf, expected) in rows {
        let samba = Samba::start(leaf);
        for (port, mode) in [(636, "ldaps"), (389, "starttls")] {
            let relay = samba.relay(port).await;
            let client = client(&section(&samba, &relay, &format!("tls = '{mode}'")));
            assert_eq!(
                verify(&client, "alice", "pass of alice").await,
                expected,
                "{leaf:?} {mode}"
            );
        }
    }
}
