//! OpenLDAP: what groups allow, and cards that an administrator deletes.

use kazasu_directory::Client;
use kazasu_directory_bench::{Leaf, Person, Relay, Slapd, Trouble};
use kazasu_registration::{ErrorCode as E, Limits, Role};
use kazasu_service::{Allowed, CardToRemove, Directory, Removed, Rights};

use crate::{
    slapd::{section, service},
    support::{checked, client, hex_rule, id, number, rights},
};

const CARD: &str = "012E4CE1000000A1";
const OTHER: &str = "012E4CE1000000A2";

const PEOPLE: &[Person<'_>] = &[
    Person { uid: "alice", more: "" },
    Person { uid: "bob", more: "employeeNumber: 012E4CE1000000A1" },
    Person {
        uid: "several",
        more: "employeeNumber: 012E4CE1000000A2\nemployeeType: 012e4ce1000000f1\nemployeeType: 012E4CE1000000F2\nemployeeType: +81 3 0000 0000",
    },
    Person { uid: "twin1", more: "employeeNumber: 012E4CE1000000B1" },
    Person { uid: "twin2", more: "employeeNumber: 012E4CE1000000B1" },
];

fn with(slapd: &Slapd, relay: &Relay, attribute: &str) -> Client {
    let service = service(slapd, Slapd::SERVICE_PASSWORD);
    let lines = format!("attributes.card = '{attribute}'\nanswer_timeout_ms = 500\n{service}");
    client(&section(slapd, relay, &lines))
}

#[tokio::test]
async fn groups_of_every_schema_say_what_people_may_do() {
    let slapd = Slapd::start(Leaf::Good, "", PEOPLE);
    let relay = slapd.relay(636).await;
    let group = |name: &str, allow: &str| {
        format!("{{ group = 'cn={name},{}', allow = [{allow}] }}", Slapd::BASE)
    };
    let features = [
        group("members", "'copy'"),
        group("unique", "'scan'"),
        group("posix", "'print'"),
        group("none", "'fax'"),
    ];
    let lines = format!(
        "groups.features = [{}]\ngroups.administrators = 'cn=unique,{}'",
        features.join(", "),
        Slapd::BASE
    );
    let client = client(&section(&slapd, &relay, &lines));
    let no_fax = Limits { fax: false, ..Limits::ALLOW_ALL };
    let rows = [
        ("alice", Rights { role: Role::Administrator, allowed: Allowed::Only(no_fax) }),
        ("bob", Rights { role: Role::General, allowed: Allowed::LikeNewUsers }),
    ];
    for (who, expected) in rows {
        assert_eq!(rights(&client, who, &Slapd::password(who)).await, Ok(expected), "{who}");
    }
}

#[tokio::test]
async fn an_administrator_deletes_a_card() {
    let slapd = Slapd::start(Leaf::Good, "", PEOPLE);
    let relay = slapd.relay(636).await;
    let client = with(&slapd, &relay, "employeeNumber");
    let of = |who: &str| CardToRemove::Of(id(who));
    let numbered = |card: &str| CardToRemove::Numbered(number(card));
    let both = |who: &str, card: &str| CardToRemove::NumberedOf(id(who), number(card));
    let done = |who: &str| Ok(Removed::Done(id(who)));
    let rows = [
        (of("nobody"), Ok(Removed::NoSuchPerson), "bob", 1),
        (of("alice"), Ok(Removed::NoCard), "alice", 0),
        (both("alice", CARD), Ok(Removed::NoCard), "bob", 1),
        (both("bob", OTHER), Ok(Removed::NoCard), "bob", 1),
        (numbered("012E4CE1000000B1"), Err(E::DirectoryCardDuplicate), "twin1", 1),
        (both("twin1", "012E4CE1000000B1"), done("twin1"), "twin1", 0),
        (numbered("012e4ce1000000b1"), done("twin2"), "twin2", 0),
        (both("bob", CARD), done("bob"), "bob", 0),
        (both("bob", CARD), Ok(Removed::NoCard), "bob", 0),
        (of("several"), done("several"), "several", 0),
        (of("several"), Ok(Removed::NoCard), "several", 0),
    ];
    for (card, expected, whose, left) in rows {
        let removed = client.remove_card(card.clone(), hex_rule()).await;
        let removed = removed.map_err(|error| checked(error, Slapd::SERVICE_PASSWORD));
        assert_eq!(removed, expected, "{card:?}");
        assert_eq!(slapd.values(whose, "employeeNumber").len(), left, "{card:?}");
    }
    let off = crate::support::client(&section(&slapd, &relay, "enabled = false"));
    let served = service(&slapd, Slapd::SERVICE_PASSWORD);
    let no_attribute = crate::support::client(&section(&slapd, &relay, &served));
    let no_account = "attributes.card = 'employeeNumber'";
    let no_account = crate::support::client(&section(&slapd, &relay, no_account));
    let keyed = format!("attributes.card = 'employeeNumber'\nkeyed = true\n{served}");
    let keyed = crate::support::client(&section(&slapd, &relay, &keyed));
    // What is no number of this site is none to be deleted: it may be a telephone's.
    let error = keyed.remove_card(numbered("012E4CE1000000B1"), hex_rule()).await.unwrap_err();
    assert_eq!(error.code, E::DirectorySettingsIncomplete);
    for (client, code) in [
        (off, E::DirectoryProfileDisabled),
        (no_attribute, E::DirectorySettingsIncomplete),
        (no_account, E::DirectorySettingsIncomplete),
    ] {
        assert_eq!(client.remove_card(of("bob"), hex_rule()).await.unwrap_err().code, code);
    }
}

/// What the error tells the administrator to do is done here, word for word.
#[tokio::test]
async fn a_missing_right_is_told_with_the_rule_that_grants_it() {
    let mut slapd = Slapd::start(Leaf::Good, "", PEOPLE);
    let relay = slapd.relay(636).await;
    // Where several card numbers stand, of one person, all of them go and nothing else does.
    let client = with(&slapd, &relay, "employeeType");
    let of = CardToRemove::Of(id("several"));
    let error = client.remove_card(of.clone(), hex_rule()).await.unwrap_err();
    let told = error.message.clone();
    assert_eq!(checked(error, Slapd::SERVICE_PASSWORD), E::DirectoryNoWriteRight);
    assert_eq!(slapd.values("several", "employeeType").len(), 3);
    let (_, rule) = told.split_once("before the other rules on it: ").expect(&told);
    slapd.kill();
    slapd.grant(rule);
    slapd.resume();
    let removed = client.remove_card(of, hex_rule()).await;
    assert_eq!(removed, Ok(Removed::Done(id("several"))));
    assert_eq!(slapd.values("several", "employeeType"), ["+81 3 0000 0000"]);
}

/// The connection is cut, or falls silent, at each message in turn. Whatever is said then is true.
#[tokio::test]
async fn a_server_that_dies_while_deleting_is_told_the_truth_of() {
    let kinds =
        [Trouble::CutsBefore as fn(usize) -> Trouble, Trouble::CutsAfter, Trouble::SilentAfter];
    let troubles = kinds.into_iter().flat_map(|kind| (2..7).map(kind));
    let victims: Vec<_> = troubles
        .enumerate()
        .map(|(n, trouble)| {
            let (uid, number) =
                (format!("victim{n}"), format!("employeeNumber: 012E4CE2000000{n:02}"));
            (uid, number, trouble)
        })
        .collect();
    let people: Vec<_> = victims.iter().map(|(uid, more, _)| Person { uid, more }).collect();
    let slapd = Slapd::start(Leaf::Good, "", &people);
    let mut said = Vec::new();
    for (uid, _, trouble) in &victims {
        let relay = slapd.relay(636).await;
        let client = with(&slapd, &relay, "employeeNumber");
        relay.set(*trouble);
        let of = CardToRemove::Of(id(uid));
        let begun = tokio::spawn(async move { client.remove_card(of, hex_rule()).await });
        // Only the first connection is in trouble: the server is back for the second look.
        relay.taken().await;
        relay.set(Trouble::None);
        let outcome = begun.await.unwrap().map_err(|error| error.code);
        let left = slapd.values(uid, "employeeNumber").len();
        let expected = match &outcome {
            Ok(Removed::Done(_)) => 0,
            Err(E::DirectoryUnreachable | E::DirectoryTimeout) => 1,
            other => panic!("{trouble:?}: {other:?}"),
        };
        assert_eq!(left, expected, "{trouble:?}: {outcome:?}");
        said.push(outcome.is_ok());
    }
    assert!(said.contains(&true) && said.contains(&false), "both happened: {said:?}");
}

/// The server takes the change and stays away: nobody can say what became of it.
#[tokio::test]
async fn a_server_that_stays_away_leaves_the_outcome_open() {
    let slapd = Slapd::start(Leaf::Good, "", PEOPLE);
    for at in 2..8 {
        let relay = slapd.relay(636).await;
        let client = with(&slapd, &relay, "employeeNumber");
        relay.set(Trouble::CutsAfter(at));
        let begun = tokio::spawn(async move {
            client.remove_card(CardToRemove::Of(id("bob")), hex_rule()).await
        });
        relay.taken().await;
        relay.set(Trouble::Closes);
        let outcome = begun.await.unwrap().map_err(|error| error.code);
        let is_gone = slapd.values("bob", "employeeNumber").is_empty();
        let unknown = Ok(Removed::Unknown(id("bob")));
        let expected = if is_gone { unknown } else { Err(E::DirectoryUnreachable) };
        assert_eq!(outcome, expected, "{at}");
        if is_gone {
            return;
        }
    }
    panic!("never deleted");
}
