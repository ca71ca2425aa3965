//! Samba as an Active Directory domain controller.

use kazasu_directory::Client;
use kazasu_directory_bench::{Leaf, Relay, Samba};
use kazasu_registration::{ErrorCode as E, Limits, Role};
use kazasu_service::{Allowed, Answer, CardToRemove, Directory, Removed, Rights, Written};

use crate::support::{
    Outcome, Outcome::Code, checked, client, file, hex_rule, id, number, password, rights, verify,
    write,
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
        // With the very suffix that is put behind names.
        (&plain, "alice@sim.test", "pass of alice", Outcome::Right),
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
        let answer = plain.verify(id(typed), password("pass of dora"), hex_rule()).await;
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
        let found =
            client.find(number(card), hex_rule()).await.map_err(|error| checked(error, "pass of"));
        let found = found.map(|person| person.map(|person| person.id.as_str().to_owned()));
        assert_eq!(found, expected.map(|id| id.map(str::to_owned)), "{card}");
    }
    for _ in 0..4 {
        verify(&client, "bob", "wrong").await;
    }
    let locked =
        client.find(number("012E4CE1000000A1"), hex_rule()).await.map_err(|error| error.code);
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
}

/// The groups' distinguished names, as TOML.
fn group(name: &str) -> String {
    format!("'CN={name},CN=Users,DC=sim,DC=test'")
}

/// S30-6-06: the right to use the device is a group.
#[tokio::test]
async fn groups_permit_and_give_roles() {
    let samba = Samba::start(Leaf::Good);
    let relay = samba.relay(636).await;
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
    let role = |role| Ok(Rights { role, allowed: Allowed::Unsaid });
    let rows: &[(&Client, &str, Result<Rights, E>)] = &[
        // Through the group `staff`, which is in `devices`.
        (&roles, "alice", role(Role::Administrator)),
        (&roles, "dora", role(Role::General)),
        (&roles, "bob", role(Role::AccountAdministrator)),
        (&roles, "carol", Err(E::DirectoryUserNotPermitted)),
        // Everybody's primary group, which no attribute of the entry names.
        (&everybody, "carol", role(Role::General)),
        (&missing, "alice", Err(E::DirectoryUserNotPermitted)),
    ];
    for (client, who, expected) in rows {
        assert_eq!(rights(client, who, &Samba::password(who)).await, *expected, "{who}");
    }
    // The same by card.
    let bob = roles.find(number("012E4CE1000000A1"), hex_rule()).await.unwrap().unwrap();
    assert_eq!((bob.id.as_str(), bob.rights.role), ("bob", Role::AccountAdministrator));
    let outcome = write(&roles, ("carol", "pass of carol"), "012E4CE1000000D1", None).await;
    assert_eq!(outcome, Err(E::DirectoryUserNotPermitted), "no card without the right to use it");
    let refused = with(&format!("groups.device = {}", group("accounting")));
    assert!(refused.find(number("012E4CE1000000A1"), hex_rule()).await.unwrap().is_some());
    let refused = with(&format!("groups.device = {}", group("admins")));
    let found =
        refused.find(number("012E4CE1000000A1"), hex_rule()).await.map_err(|error| error.code);
    assert_eq!(found, Err(E::DirectoryUserNotPermitted), "a card is worth no more than its person");

    // What changes in the directory counts at the next sign-in.
    samba.change_group("addmembers", "admins", "dora");
    samba.change_group("removemembers", "admins", "alice");
    samba.change_group("removemembers", "devices", "bob");
    for (who, expected) in [
        ("dora", role(Role::Administrator)),
        ("alice", role(Role::General)),
        ("bob", Err(E::DirectoryUserNotPermitted)),
    ] {
        assert_eq!(rights(&roles, who, &Samba::password(who)).await, expected, "{who}");
    }
}

#[tokio::test]
async fn groups_say_what_people_may_do() {
    let samba = Samba::start(Leaf::Good);
    let relay = samba.relay(636).await;
    let with = |features: &[(&str, &str)]| {
        let features = features
            .iter()
            .map(|(name, allow)| format!("{{ group = {}, allow = [{allow}] }}", group(name)));
        let features = features.collect::<Vec<_>>().join(", ");
        let lines =
            format!("attributes.card = 'pager'\n{}groups.features = [{features}]", service(&samba));
        client(&section(&samba, &relay, &lines))
    };
    let mapped =
        with(&[("devices", "'copy'"), ("admins", "'fax', 'print'"), ("no such group", "'scan'")]);
    let everybody = with(&[("Domain Users", "'scan'"), ("devices", "'copy'")]);
    let nothing = with(&[("devices", "")]);
    let only = |text: &str| Allowed::Only(Limits::from_text(text).unwrap());
    let rows: &[(&Client, &str, Allowed)] = &[
        // The union, of a group within a group too.
        (&mapped, "alice", only("no-scan")),
        (&mapped, "dora", only("no-fax no-scan no-print")),
        (&mapped, "carol", Allowed::LikeNewUsers),
        (&everybody, "carol", only("no-copy no-fax no-print")),
        (&everybody, "alice", only("no-fax no-print")),
        (&nothing, "bob", Allowed::Only(Limits::FORBID_ALL)),
    ];
    for (client, who, allowed) in rows {
        let expected = Ok(Rights { role: Role::General, allowed: *allowed });
        assert_eq!(rights(client, who, &Samba::password(who)).await, expected, "{who}");
    }
    let bob = mapped.find(number("012E4CE1000000A1"), hex_rule()).await.unwrap().unwrap();
    assert_eq!(bob.rights.allowed, only("no-fax no-scan no-print"), "the same by card");
}

#[tokio::test]
async fn an_administrator_deletes_cards_where_the_account_may() {
    let samba = Samba::start(Leaf::Good);
    let relay = samba.relay(636).await;
    let served = |attribute: &str| {
        let lines = format!("attributes.card = '{attribute}'\n{}", service(&samba));
        client(&section(&samba, &relay, &lines))
    };
    let pagers = served("pager");
    let (bob, twin) = (id("bob"), id("twin1"));
    let twins = number("012E4CE1000000B1");
    // What, outcome, whose attribute holds what then.
    type Row<'a> = (CardToRemove, Result<Removed, E>, (&'a str, &'a [&'a str]));
    let rows: &[Row<'_>] = &[
        (CardToRemove::Of(id("nobody")), Ok(Removed::NoSuchPerson), ("nobody", &[])),
        (CardToRemove::Of(id("alice")), Ok(Removed::NoCard), ("alice", &[])),
        // A telephone number is no card.
        (CardToRemove::Of(id("carol")), Ok(Removed::NoCard), ("carol", &["+81 3 0000 0000"])),
        (
            CardToRemove::Numbered(twins.clone()),
            Err(E::DirectoryCardDuplicate),
            ("twin1", &["012E4CE1000000B1"]),
        ),
        (
            CardToRemove::NumberedOf(twin.clone(), twins.clone()),
            Ok(Removed::Done(twin)),
            ("twin1", &[]),
        ),
        (CardToRemove::Numbered(twins), Ok(Removed::Done(id("twin2"))), ("twin2", &[])),
        (CardToRemove::Of(bob.clone()), Ok(Removed::Done(bob)), ("bob", &[])),
    ];
    for (card, expected, (who, left)) in rows {
        let removed = pagers.remove_card(card.clone(), hex_rule()).await;
        let removed = removed.map_err(|error| checked(error, &Samba::password("kazasu")));
        assert_eq!(removed, *expected, "{card:?}");
        assert_eq!(samba.values(who, "pager"), *left, "{card:?}");
    }
    // It may not write this attribute; people may, in their own entry.
    let numbers = served("employeeID");
    let card = "012E4CE1000000E1";
    let written = write(&numbers, ("alice", "pass of alice"), card, None).await;
    assert_eq!(written, Ok(Written::Done));
    let error = numbers.remove_card(CardToRemove::Of(id("alice")), hex_rule()).await.unwrap_err();
    for part in [
        "the service account kazasu@sim.test may not write employeeID",
        "dsacls \"CN=Users,DC=sim,DC=test\" /I:S /G \"DOMAIN\\NAME:WP;employeeID;user\"",
    ] {
        assert!(error.message.contains(part), "{error}");
    }
    assert_eq!(checked(error, &Samba::password("kazasu")), E::DirectoryNoWriteRight);
    assert_eq!(samba.values("alice", "employeeID"), [card]);
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
