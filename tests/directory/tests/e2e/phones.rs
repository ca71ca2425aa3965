//! Directories whose card attribute was one of telephone numbers first.

use kazasu_directory::Client;
use kazasu_directory_bench::{Leaf, Person, Samba, Slapd};
use kazasu_registration::ErrorCode as E;
use kazasu_service::{Answer, CardToRemove, Directory, Removed, Written};

use crate::{
    samba, slapd,
    support::{checked, client, hex_rule, id, number, password, write},
};

const PHONES: [&str; 6] =
    ["090-1234-5678", "0312345678", "ext. 4711", "1.23E+15", "+81 3 0000 0000", "09012345678"];
const CARD: &str = "012E4CE1000000E1";

/// Whatever is asked, a telephone number is nobody's card and stays where it is.
async fn check(plain: &Client, anything: &Client, phone: &str, stands: impl Fn() -> Vec<String>) {
    let alice = ("alice", "pass of alice");
    // The person said yes to giving up "another card", too.
    for replaces in [None, Some(phone).filter(|phone| !phone.contains('+'))] {
        let written = write(plain, alice, CARD, replaces).await;
        assert_eq!(written, Err(E::DirectoryCardAttributeForeign), "{phone} {replaces:?}");
    }
    let answer = plain.verify(id(alice.0), password(alice.1), hex_rule()).await.unwrap();
    let Answer::Right(person) = answer else { panic!("{answer:?}") };
    assert_eq!(person.card, None, "{phone}");
    let removed = plain.remove_card(CardToRemove::Of(id("alice")), hex_rule()).await;
    assert_eq!(removed.map_err(|error| checked(error, "pass of")), Ok(Removed::NoCard), "{phone}");
    if !phone.contains('+') {
        assert_eq!(plain.find(number(phone), hex_rule()).await, Ok(None), "{phone}");
        let cards = [
            CardToRemove::Numbered(number(phone)),
            CardToRemove::NumberedOf(id("alice"), number(phone)),
        ];
        for card in cards {
            let removed = plain.remove_card(card, hex_rule()).await;
            assert_eq!(removed, Ok(Removed::NoCard), "{phone}");
        }
    }
    assert_eq!(stands(), [phone]);
    // Only where the site says so.
    assert_eq!(write(anything, alice, CARD, None).await, Ok(Written::Done), "{phone}");
    assert_eq!(stands(), [CARD]);
}

#[tokio::test]
async fn of_a_domain_stay() {
    let samba = Samba::start(Leaf::Good);
    let relay = samba.relay(636).await;
    let lines = format!("attributes.card = 'pager'\n{}", samba::service(&samba));
    let plain = client(&samba::section(&samba, &relay, &lines));
    let anything = format!("replace = 'anything'\n{lines}");
    let anything = client(&samba::section(&samba, &relay, &anything));
    for phone in PHONES {
        samba.set("alice", "pager", phone);
        check(&plain, &anything, phone, || samba.values("alice", "pager")).await;
    }
    // A display name that is too long here is shortened, and keeps nobody out.
    samba.set("alice", "displayName", "Christopher Bartholomew-Montgomery");
    let answer = plain.verify(id("alice"), password("pass of alice"), hex_rule()).await.unwrap();
    let Answer::Right(person) = answer else { panic!("{answer:?}") };
    assert_eq!(person.name.as_str(), "Christopher Bartholomew-Montgome");
    // What somebody typed in by hand, in small letters, is a card all the same.
    samba.set("alice", "pager", "012e4ce1000000e2");
    let found = plain.find(number("012E4CE1000000E2"), hex_rule()).await.unwrap().unwrap();
    assert_eq!(found.card, Some(number("012E4CE1000000E2")));
    let alice = ("alice", "pass of alice");
    let conflict = write(&plain, alice, CARD, None).await;
    assert_eq!(conflict, Ok(Written::Conflict(number("012E4CE1000000E2"))));
    let written = write(&plain, alice, CARD, Some("012E4CE1000000E2")).await;
    assert_eq!(written, Ok(Written::Done));
    assert_eq!(samba.values("alice", "pager"), [CARD]);
}

#[tokio::test]
async fn of_another_directory_stay_and_find_nobody() {
    for phone in PHONES {
        let more = format!("employeeNumber: {phone}");
        let people = [Person { uid: "alice", more: &more }];
        let slapd = Slapd::start(Leaf::Good, "", &people);
        let relay = slapd.relay(636).await;
        let served = slapd::service(&slapd, Slapd::SERVICE_PASSWORD);
        let lines = format!("attributes.card = 'employeeNumber'\n{served}");
        let plain = client(&slapd::section(&slapd, &relay, &lines));
        let anything = format!("replace = 'anything'\n{lines}");
        let anything = client(&slapd::section(&slapd, &relay, &anything));
        check(&plain, &anything, phone, || slapd.values("alice", "employeeNumber")).await;
    }
}

/// To such an attribute hyphens and blanks are nothing, so the server says that this is it.
#[tokio::test]
async fn a_telephone_number_that_the_server_takes_for_a_card_opens_nothing() {
    let people = [
        Person { uid: "alice", more: "" },
        Person { uid: "phone", more: "telephoneNumber: 3123-4711" },
        Person { uid: "other", more: "telephoneNumber: 31 23 47 12" },
        Person { uid: "card", more: "telephoneNumber: 31234712" },
    ];
    let slapd = Slapd::start(Leaf::Good, "", &people);
    let relay = slapd.relay(636).await;
    let served = slapd::service(&slapd, Slapd::SERVICE_PASSWORD);
    let lines = format!("attributes.card = 'telephoneNumber'\n{served}");
    let client = client(&slapd::section(&slapd, &relay, &lines));
    assert_eq!(client.find(number("31234711"), hex_rule()).await, Ok(None));
    let found = client.find(number("31234712"), hex_rule()).await.unwrap().unwrap();
    assert_eq!(found.id, id("card"));
    // Nor is that card somebody's already, nor a duplicate.
    let alice = ("alice", "pass of alice");
    let numbered = CardToRemove::Numbered(number("31234711"));
    assert_eq!(client.remove_card(numbered, hex_rule()).await, Ok(Removed::NoCard));
    let taken = write(&client, alice, "31234712", None).await;
    assert_eq!(taken, Ok(Written::CardTaken));
}
