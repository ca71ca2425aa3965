//! OpenLDAP: card numbers in people's entries, and servers that die.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use kazasu_directory::Client;
use kazasu_directory_bench::{Leaf, Person, Relay, Slapd, Trouble};
use kazasu_registration::ErrorCode as E;
use kazasu_service::{Directory, Written};

use crate::{
    slapd::{expected, section, service},
    support::{Outcome, client, hex_rule, number, verify, write},
};

const OLD: &str = "012E4CE1000000A1";
const NEW: &str = "012E4CE1000000A2";
const KEYED: &str = "0123456789ABCDEF0123456789ABCDEF";

const PEOPLE: &[Person<'_>] = &[
    Person { uid: "alice", more: "" },
    Person { uid: "bob", more: "employeeNumber: 012E4CE1000000A1" },
    Person { uid: "carol", more: "employeeNumber: +81 3 0000 0000" },
    Person { uid: "twin1", more: "employeeNumber: 012E4CE1000000B1" },
    Person { uid: "twin2", more: "employeeNumber: 012E4CE1000000B1" },
    Person { uid: "expired", more: "pwdChangedTime: 20000101000000Z" },
];

fn with(slapd: &Slapd, relay: &Relay, lines: &str) -> Client {
    let card =
        if lines.contains("attributes.card") { "" } else { "attributes.card = 'employeeNumber'\n" };
    client(&section(slapd, relay, &format!("{card}{lines}")))
}

#[tokio::test]
async fn writing_yields_its_code_and_leaves_what_it_says() {
    let slapd = Slapd::start(Leaf::Good, "", PEOPLE);
    let relay = slapd.relay(636).await;
    let plain = with(&slapd, &relay, "");
    let served = with(&slapd, &relay, &service(&slapd, Slapd::SERVICE_PASSWORD));
    let anything = with(&slapd, &relay, "replace = 'anything'");
    let keyed = with(&slapd, &relay, "keyed = true");
    let no_attribute = client(&section(&slapd, &relay, ""));
    let no_right = with(&slapd, &relay, "attributes.card = 'carLicense'");
    let short = with(&slapd, &relay, "attributes.card = 'roomNumber'");
    let unknown = with(&slapd, &relay, "attributes.card = 'noSuchThing'");
    let syntax = with(&slapd, &relay, "attributes.card = 'seeAlso'");
    let blind = with(&slapd, &relay, "attributes.card = 'initials'");
    let conflict = |text: &str| Ok(Written::Conflict(number(text)));

    type Row<'a> = (
        &'a Client,
        (&'a str, &'a str),
        &'a str,
        Option<&'a str>,
        Result<Written, E>,
        &'a [&'a str],
    );
    // Client, person and password, number, what it replaces, outcome, what stands there then.
    let rows: &[Row<'_>] = &[
        (
            &no_attribute,
            ("alice", "pass of alice"),
            NEW,
            None,
            Err(E::DirectorySettingsIncomplete),
            &[],
        ),
        (&no_right, ("alice", "pass of alice"), NEW, None, Err(E::DirectoryNoWriteRight), &[]),
        (&short, ("alice", "pass of alice"), NEW, None, Err(E::DirectoryConstraint), &[]),
        (
            &unknown,
            ("alice", "pass of alice"),
            NEW,
            None,
            Err(E::DirectoryCardAttributeUnknown),
            &[],
        ),
        (&syntax, ("alice", "pass of alice"), NEW, None, Err(E::DirectoryAttributeSyntax), &[]),
        (&blind, ("alice", "pass of alice"), NEW, None, Err(E::DirectoryReadBackDiffers), &[]),
        (&plain, ("alice", "wrong"), NEW, None, Ok(Written::PersonGone), &[]),
        (&plain, ("alice", ""), NEW, None, Ok(Written::PersonGone), &[]),
        (&plain, ("nobody", "wrong"), NEW, None, Ok(Written::PersonGone), &[]),
        (&plain, ("expired", "pass of expired"), NEW, None, Err(E::DirectoryPasswordExpired), &[]),
        (&plain, ("alice", "pass of alice"), OLD, None, Ok(Written::CardTaken), &[]),
        (&served, ("alice", "pass of alice"), OLD, None, Ok(Written::CardTaken), &[]),
        (
            &plain,
            ("alice", "pass of alice"),
            "012E4CE1000000B1",
            None,
            Err(E::DirectoryCardDuplicate),
            &[],
        ),
        (&plain, ("alice", "pass of alice"), NEW, None, Ok(Written::Done), &[NEW]),
        // It stands there already.
        (&plain, ("alice", "pass of alice"), NEW, None, Ok(Written::Done), &[NEW]),
        (&plain, ("alice", "pass of alice"), "012E4CE1000000A3", None, conflict(NEW), &[NEW]),
        (&plain, ("alice", "pass of alice"), "012E4CE1000000A3", Some(OLD), conflict(NEW), &[NEW]),
        (
            &plain,
            ("alice", "pass of alice"),
            "012E4CE1000000A3",
            Some(NEW),
            Ok(Written::Done),
            &["012E4CE1000000A3"],
        ),
        (
            &served,
            ("bob", "pass of bob"),
            "012E4CE1000000A4",
            Some(OLD),
            Ok(Written::Done),
            &["012E4CE1000000A4"],
        ),
        (
            &plain,
            ("carol", "pass of carol"),
            "012E4CE1000000A5",
            None,
            Err(E::DirectoryCardAttributeForeign),
            &["+81 3 0000 0000"],
        ),
        (
            &anything,
            ("carol", "pass of carol"),
            "012E4CE1000000A5",
            None,
            Ok(Written::Done),
            &["012E4CE1000000A5"],
        ),
        // Where numbers are keyed, a plain one is somebody else's value.
        (
            &keyed,
            ("carol", "pass of carol"),
            KEYED,
            None,
            Err(E::DirectoryCardAttributeForeign),
            &["012E4CE1000000A5"],
        ),
        // And none is written.
        (
            &keyed,
            ("carol", "pass of carol"),
            "012E4CE1000000A9",
            None,
            Err(E::DirectorySettingsIncomplete),
            &["012E4CE1000000A5"],
        ),
    ];
    for (client, who, card, replaces, expected, left) in rows {
        let outcome = write(client, *who, card, *replaces).await;
        assert_eq!(outcome, *expected, "{who:?} {card} for {replaces:?}");
        assert_eq!(slapd.values(who.0, "employeeNumber"), *left, "{who:?} {card} for {replaces:?}");
    }
    assert!(slapd.values("alice", "initials").is_empty(), "what cannot be read is taken back");
}

#[tokio::test]
async fn result_codes_of_modify() {
    let slapd = Slapd::start(Leaf::Good, "", PEOPLE);
    let relay = slapd.relay(636).await;
    let template = format!("bind_name = {{ dn_template = 'cn={{}},{}' }}", Slapd::RETCODES);
    let client = with(&slapd, &relay, &template);
    for (code, operation) in Slapd::retcodes().filter(|(_, operation)| *operation == "modify") {
        let name = Slapd::retcode(code, operation);
        let outcome = write(&client, (&name, &Slapd::password(&name)), NEW, None).await;
        let expected = match code {
            32 => Ok(Written::PersonGone),
            code => Err(expected(code, operation)),
        };
        assert_eq!(outcome, expected, "{name}");
    }
}

/// The connection is cut, or falls silent, at each message in turn. Whatever is said then is true.
#[tokio::test]
async fn a_server_that_dies_at_any_message_is_told_the_truth_of() {
    let slapd = Slapd::start(Leaf::Good, "", PEOPLE);
    let relay = slapd.relay(636).await;
    // The first call reads the schema, which the others need not.
    let lines = "connect_timeout_ms = 2000\nanswer_timeout_ms = 300";
    let client = with(&slapd, &relay, lines);
    assert_eq!(verify(&client, "alice", "pass of alice").await, Outcome::Right);
    let kinds =
        [Trouble::CutsBefore as fn(usize) -> Trouble, Trouble::CutsAfter, Trouble::SilentAfter];
    let mut seen = HashSet::new();
    for kind in kinds {
        let mut card = String::from(OLD);
        for at in 2..10 {
            let next = format!("012E4CE10000{at:04}");
            relay.set(kind(at));
            let begun = tokio::spawn({
                let (next, card) = (next.clone(), card.clone());
                let client = with(&slapd, &relay, lines);
                async move { write(&client, ("bob", "pass of bob"), &next, Some(&card)).await }
            });
            // Only the first connection is in trouble: the server is back for the second look.
            relay_recovers(&relay).await;
            let outcome = begun.await.unwrap();
            let now = slapd.values("bob", "employeeNumber");
            let what = format!("{:?}: {outcome:?}, {now:?}", kind(at));
            assert_eq!(now.len(), 1, "never both, never none: {what}");
            match &outcome {
                Ok(Written::Done) => assert_eq!(now[0], next, "{what}"),
                Err(E::DirectoryUnreachable | E::DirectoryTimeout) => {
                    assert_eq!(now[0], card, "{what}")
                }
                _ => panic!("{what}"),
            }
            seen.insert(outcome.is_ok());
            card.clone_from(&now[0]);
        }
        // Back to the beginning for the next kind.
        relay.set(Trouble::None);
        let done = write(&client, ("bob", "pass of bob"), OLD, Some(&card)).await;
        assert_eq!(done, Ok(Written::Done));
    }
    assert_eq!(seen.len(), 2, "both outcomes happened");
}

/// Waits until the relay has given its trouble to one connection, then sets it right.
async fn relay_recovers(relay: &Relay) {
    relay.taken().await;
    relay.set(Trouble::None);
}

#[tokio::test]
async fn a_server_that_stays_away_leaves_the_outcome_open() {
    let slapd = Slapd::start(Leaf::Good, "", PEOPLE);
    let relay = slapd.relay(636).await;
    let quick = "connect_timeout_ms = 300\nanswer_timeout_ms = 300";
    // The modify is the last message of a client's that never sees an answer again: found by going
    // back from the first number at which the value is there.
    let mut outcomes = Vec::new();
    for at in 2..12 {
        let client = with(&slapd, &relay, quick);
        relay.set(Trouble::CutsAfter(at));
        let begun =
            tokio::spawn(
                async move { write(&client, ("alice", "pass of alice"), NEW, None).await },
            );
        relay.taken().await;
        relay.set(Trouble::Closes);
        let outcome = begun.await.unwrap();
        let written = !slapd.values("alice", "employeeNumber").is_empty();
        outcomes.push(outcome.clone());
        match outcome {
            Err(E::OutcomeUnknown) => assert!(written),
            Err(E::DirectoryUnreachable) => assert!(!written),
            other => panic!("{at}: {other:?}"),
        }
        if written {
            return;
        }
    }
    panic!("never written: {outcomes:?}");
}

/// Two people hold the same card to two readers at the same moment: at most one has it afterwards.
#[tokio::test]
async fn one_card_never_becomes_two_peoples() {
    let slapd = Slapd::start(Leaf::Good, "", PEOPLE);
    let relay = slapd.relay(636).await;
    let client = Arc::new(with(&slapd, &relay, ""));
    for round in 0..20 {
        let card = format!("012E4CE2000000{round:02}");
        let writers = ["alice", "twin1", "twin2", "bob"].map(|who| {
            let (client, card) = (Arc::clone(&client), card.clone());
            let old = slapd.values(who, "employeeNumber").first().cloned();
            tokio::spawn(async move {
                write(&client, (who, &Slapd::password(who)), &card, old.as_deref()).await
            })
        });
        let mut done = 0;
        for writer in writers {
            match writer.await.unwrap() {
                Ok(Written::Done) => done += 1,
                Ok(Written::CardTaken) | Err(E::DirectoryCardDuplicate) => {}
                other => panic!("{other:?}"),
            }
        }
        let holders = ["alice", "twin1", "twin2", "bob"].into_iter();
        let holders: Vec<_> =
            holders.filter(|who| slapd.values(who, "employeeNumber") == [card.as_str()]).collect();
        assert_eq!(holders.len(), done, "{card}: {holders:?}");
        assert!(done <= 1, "{card}: {holders:?}");
    }
}

/// Five hundred people sign in while the server is killed and comes back.
#[tokio::test]
async fn five_hundred_sign_in_while_the_server_dies() {
    const EACH: usize = 20;
    let names: Vec<String> = (0..25).map(|n| format!("user{n}")).collect();
    let people: Vec<_> = names.iter().map(|uid| Person { uid, more: "" }).collect();
    let mut slapd = Slapd::start(Leaf::Good, "", &people);
    let relay = slapd.relay(636).await;
    let client = Arc::new(with(&slapd, &relay, "answer_timeout_ms = 3000"));
    let begin = |name: &str, secret: String| {
        let (client, name) = (Arc::clone(&client), name.to_owned());
        tokio::spawn(async move {
            let wrong = secret == "wrong";
            (wrong, verify(&client, &name, &secret).await, name)
        })
    };
    let mut calls = Vec::new();
    for name in names.iter().flat_map(|name| std::iter::repeat_n(name, EACH)) {
        // One wrong password each: two more would be the server's lock.
        let first = calls.len() % EACH == 0;
        calls.push(begin(name, if first { "wrong".to_owned() } else { Slapd::password(name) }));
    }
    let mut tally = [0; 3];
    let mut waiting = calls.into_iter();
    // Some have been answered when it dies, and some come while it is away.
    for call in waiting.by_ref().take(30) {
        count(&mut tally, call.await.unwrap());
    }
    slapd.kill();
    for call in waiting.by_ref().take(100) {
        count(&mut tally, call.await.unwrap());
    }
    #[expect(clippy::disallowed_methods, reason = "how long recovery takes")]
    let since = Instant::now();
    slapd.resume();
    loop {
        match verify(&client, "user0", "pass of user0").await {
            Outcome::Right => break,
            Outcome::Code(E::DirectoryUnreachable | E::DirectoryTimeout | E::TryLater) => {}
            other => panic!("{other:?}"),
        }
        assert!(since.elapsed() < Duration::from_secs(5), "no recovery within 5 s");
        tokio::task::yield_now().await;
    }
    for call in waiting {
        count(&mut tally, call.await.unwrap());
    }
    let [right, refused, failed] = tally;
    eprintln!(
        "{right} signed in, {refused} refused, {failed} failed; back after {:?}",
        since.elapsed()
    );
    assert_eq!(right + refused + failed, names.len() * EACH);
    assert!(right > 0 && failed > 0, "it died in between: {tally:?}");
    // Nobody is locked: the wrong ones were sent once each.
    for name in &names {
        let outcome = verify(&client, name, &Slapd::password(name)).await;
        assert_eq!(outcome, Outcome::Right, "{name}");
    }
    // And find still works with the connections of before.
    let served = with(&slapd, &relay, &service(&slapd, Slapd::SERVICE_PASSWORD));
    assert_eq!(served.find(number(OLD), hex_rule()).await, Ok(None));
    slapd.kill();
    slapd.resume();
    assert_eq!(
        served.find(number(OLD), hex_rule()).await,
        Ok(None),
        "a dead connection is replaced"
    );
}

fn count(tally: &mut [usize; 3], (wrong, outcome, name): (bool, Outcome, String)) {
    match outcome {
        Outcome::Right => {
            assert!(!wrong, "{name} signed in with a wrong password");
            tally[0] += 1;
        }
        Outcome::WrongPassword => {
            assert!(wrong, "{name} was refused with the right password");
            tally[1] += 1;
        }
        Outcome::Code(E::DirectoryUnreachable | E::DirectoryTimeout | E::TryLater) => tally[2] += 1,
        other => panic!("{name}: {other:?}"),
    }
}
