//! What the site calls the number of a card: shown, learned from three cards, changed for all.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::Command,
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{
    Finished, Folder, Process, Screens, Service, Watch, json as read, kazasu, run,
};

/// Three of a site's cards.
const CARDS: [&str; 3] = ["012E4C1000000001", "012E4C1000000002", "012E4C2000000013"];
/// The site's numbers for them: the last four bytes as a number of ten digits.
const NUMBERS: [&str; 3] = ["0000000001", "0000000002", "0000000019"];
/// Cards that have no byte in common, so that one rule alone fits.
const UNLIKE: [&str; 3] = ["012E4C1000000001", "FFEEDDCCBBAA9988", "0102030405060708"];
/// How long a person takes to hold three cards to a reader, at most.
const LEARNING: Duration = Duration::from_secs(30);

fn ask(folder: &Folder, words: &[&str]) -> Finished {
    let mut command = kazasu([]);
    command.args(words).args(["--data", &folder.data()]);
    run(command, "")
}

/// The command ends like this and says each of `words`.
fn check(folder: &Folder, words: &[&str], code: i32, says: &[&str]) -> Finished {
    let finished = ask(folder, words);
    assert_eq!(finished.code, Some(code), "{words:?}: {finished:#?}");
    for text in says {
        let said = finished.stdout.contains(text) || finished.stderr.contains(text);
        assert!(said, "{words:?}: no {text:?} in {finished:#?}");
    }
    finished
}

fn tell(folder: &Folder, line: &str) {
    let finished = folder.kazasu(["sim", "tell", line], "");
    assert_eq!(finished.code, Some(0), "{line}: {finished:#?}");
}

/// Holds each card once to the reader of the service: they are provisional users then.
fn tap_all(folder: &Folder, service: &Service) {
    let mut panel = Screens::open(&service.panel);
    for card in CARDS {
        tell(folder, &format!("put felica idm={card}"));
        let page = panel.find("register");
        tell(folder, "take");
        panel.press(&page, "cancel", &[]);
        panel.find("idle");
    }
}

/// The numbers of all cards, sorted.
fn numbers(folder: &Folder) -> Vec<String> {
    let finished = check(folder, &["card", "list", "--json"], 0, &[]);
    let number = |line: Value| line["number"].as_str().unwrap().to_owned();
    let mut numbers: Vec<_> = finished.stdout.lines().map(read).map(number).collect();
    numbers.sort();
    numbers
}

fn rule(folder: &Folder) -> Value {
    read(&check(folder, &["card", "rule", "show", "--json"], 0, &[]).stdout)
}

#[test]
fn a_rule_gives_all_cards_other_numbers_or_none() {
    let folder = Folder::new();
    let service = Service::with_sim(&folder);
    tap_all(&folder, &service);
    assert_eq!(numbers(&folder), CARDS);
    assert_eq!(rule(&folder)["rule"], "digits=hex");
    assert_eq!(rule(&folder)["examples"][2], json!({"card": "01020304", "number": "01020304"}));

    // With the service running, then without one.
    let decimal = ["card", "rule", "set", "cut=4+4", "digits=decimal", "width=10"];
    let checked = check(&folder, &[&decimal[..], &["--check"]].concat(), 0, &["3 cards would be"]);
    assert!(checked.stdout.contains("nothing was stored"), "{checked:#?}");
    assert_eq!(numbers(&folder), CARDS);
    check(&folder, &decimal, 0, &["3 cards renumbered, in ", " s", "stored as version 1"]);
    assert_eq!(numbers(&folder), NUMBERS);
    // The card that was tapped is the same one under its new number.
    let mut panel = Screens::open(&service.panel);
    tell(&folder, &format!("put felica idm={}", CARDS[0]));
    panel.find("register");
    assert_eq!(numbers(&folder), NUMBERS);
    assert!(service.process.terminate().success());

    // Two of three would have the same number: listed, nothing changed.
    let collides = ["card", "rule", "set", "cut=0+5"];
    let refused = check(&folder, &collides, 1, &["nothing was changed", "012E4C1000"]);
    assert!(refused.stdout.contains(NUMBERS[0]) && refused.stdout.contains(NUMBERS[1]));
    assert!(!refused.stderr.contains(NUMBERS[0]), "an error names no card: {refused:#?}");
    let lines = check(&folder, &[&collides[..], &["--json"]].concat(), 1, &[]);
    let line = read(&lines.stdout);
    assert_eq!(line["number"], "012E4C1000", "{line}");
    assert_eq!(line["users"].as_array().unwrap().len(), 2, "{line}");
    // A rule that makes no number of a card.
    check(&folder, &["card", "rule", "set", "cut=6+4"], 1, &["no number for the card of"]);
    assert_eq!(numbers(&folder), NUMBERS);
    assert_eq!(rule(&folder)["rule"], "cut=4+4 digits=decimal width=10");

    for (text, says) in [
        ("digits=octal", "hex-lower"),
        ("colour=red", "colour"),
        ("keyed width=3", "alone"),
        ("width=33", "32"),
    ] {
        check(&folder, &["card", "rule", "set", text], 2, &[says]);
    }
    check(&folder, &["card", "rule", "set", "digits=hex"], 0, &["3 cards renumbered"]);
    assert_eq!(numbers(&folder), CARDS);
}

fn key_file(folder: &Folder) -> PathBuf {
    PathBuf::from(folder.data()).join("card-number.key")
}

#[test]
fn the_keyed_form_keeps_its_key() {
    let folder = Folder::new();
    let service = Service::with_sim(&folder);
    tap_all(&folder, &service);
    let file = key_file(&folder);
    let name = file.display().to_string();
    // A check makes no key.
    let keyed = ["card", "rule", "set", "keyed"];
    check(&folder, &[&keyed[..], &["--check"]].concat(), 0, &["3 cards would be"]);
    assert!(!file.exists());
    check(&folder, &keyed, 0, &["3 cards renumbered", &name, "keep a copy"]);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let first = numbers(&folder);
    for number in &first {
        let is_hex = number.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
        assert!(number.len() == 32 && is_hex, "{number}");
    }
    check(&folder, &keyed, 0, &["nothing changes"]);

    // The same numbers after a restart; and back again with the same key.
    assert!(service.process.terminate().success());
    let service = Service::with_sim(&folder);
    let mut panel = Screens::open(&service.panel);
    tell(&folder, &format!("put felica idm={}", CARDS[0]));
    panel.find("register");
    assert_eq!(numbers(&folder), first);
    check(&folder, &["card", "rule", "set", "digits=hex"], 0, &[]);
    assert_eq!(numbers(&folder), CARDS);
    check(&folder, &keyed, 0, &[]);
    assert_eq!(numbers(&folder), first);
    assert!(service.process.terminate().success());

    let serve = ["serve", "--listen", "127.0.0.1:0", "--reader", "pcsc"];
    // Others could read it.
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    check(&folder, &serve, 2, &[&name, "chmod 600"]);
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    // Half of it is none.
    let kept = fs::read_to_string(&file).unwrap();
    fs::write(&file, &kept[..40]).unwrap();
    let damaged = check(&folder, &serve, 2, &[&name, "64 hex digits"]);
    assert!(!damaged.stderr.contains(&kept[..40]), "{damaged:#?}");
    // Lost: the service does not start with numbers that fit nothing, and says what to do.
    fs::remove_file(&file).unwrap();
    check(&folder, &serve, 2, &[&name, "copy of it", "kazasu card rule set digits=hex"]);
    check(&folder, &keyed, 1, &[&name, "missing"]);
    check(&folder, &["config", "check"], 1, &[&name, "missing"]);
    assert_eq!(numbers(&folder), first);
    check(&folder, &["config", "set", "panel.auto-clear-s=60"], 0, &[]);
    check(&folder, &["card", "rule", "set", "digits=hex"], 0, &["3 cards renumbered"]);
    assert_eq!(numbers(&folder), CARDS);
    check(&folder, &keyed, 0, &["3 cards renumbered"]);
    assert_ne!(numbers(&folder), first, "another key");
    assert!(!first.iter().any(|number| numbers(&folder).contains(number)));
}

/// `card rule learn` with cards and numbers as they were typed.
fn learn(
    folder: &Folder,
    taps: &[(&str, &str)],
    more: &[&str],
    code: i32,
    says: &[&str],
) -> Finished {
    let taps: Vec<_> = taps.iter().map(|(card, number)| format!("--tap={card}={number}")).collect();
    let mut words = vec!["card", "rule", "learn"];
    words.extend(taps.iter().map(String::as_str));
    words.extend(more);
    check(folder, &words, code, says)
}

#[test]
fn a_rule_is_learned_from_what_was_typed() {
    let folder = Folder::new();
    let three: Vec<_> = CARDS.into_iter().zip(NUMBERS).collect();
    // Like cards leave several rules. What fits is named with what it makes of other cards, and not set.
    let found = learn(&folder, &three, &["--json"], 0, &[]);
    for line in found.stdout.lines().map(read) {
        for (example, number) in line["examples"].as_array().unwrap().iter().zip(NUMBERS) {
            assert_eq!(example["number"], number, "{line}");
        }
    }
    assert_eq!(rule(&folder)["rule"], "digits=hex");

    let hex = UNLIKE.map(str::to_lowercase);
    let lower: Vec<_> = UNLIKE.iter().zip(&hex).map(|(card, n)| (*card, n.as_str())).collect();
    learn(&folder, &lower, &[], 0, &["digits=hex-lower", "kazasu card rule set"]);
    learn(&folder, &lower, &["--set"], 0, &["digits=hex -> digits=hex-lower", "stored"]);
    assert_eq!(rule(&folder)["rule"], "digits=hex-lower");

    // Nothing fits; several fit; and what cannot be learned from.
    let odd = [(CARDS[0], "77"), (CARDS[1], "12"), (CARDS[2], "4711")];
    learn(&folder, &odd, &["--set"], 1, &["no rule gives these numbers"]);
    // Cards that differ in their last byte alone.
    let alike =
        [("012E4C1000000001", "01"), ("012E4C1000000002", "02"), ("012E4C1000000003", "03")];
    learn(&folder, &alike, &[], 0, &["all of these fit"]);
    learn(&folder, &alike, &["--set"], 1, &["rules fit, nothing was set", "--cards 4"]);
    assert_eq!(rule(&folder)["rule"], "digits=hex-lower");
    learn(&folder, &three[..2], &[], 2, &["3 to 16"]);
    learn(&folder, &[three[0], three[1], three[0]], &[], 2, &["1 and 3 are the same card"]);
    learn(&folder, &[three[0], three[1], ("08112233", "7")], &[], 2, &["card 3 may change"]);
    learn(&folder, &[("0102", "7")], &[], 2, &["0102", "hex digits"]);
    learn(&folder, &[("nonsense", "7")], &[], 2, &["nonsense"]);
}

fn wait_for(process: &Process, wanted: &str) {
    process.find_within(LEARNING, wanted, |line| (line == wanted).then_some(()));
}

#[test]
fn a_rule_is_learned_at_the_reader() {
    let folder = Folder::new();
    let _service = Service::with_sim(&folder);
    let watch = Watch::attached(&folder);
    watch.find("attached");
    // What it asks comes on standard error.
    let kazasu = env!("CARGO_BIN_EXE_kazasu");
    let line = format!("{kazasu} card rule learn --set --data {} 2>&1", folder.data());
    let mut command = Command::new("sh");
    command.args(["-c", &line]);
    let mut learning = Process::start("card rule learn", command);
    for (at, card) in (1..).zip(UNLIKE) {
        wait_for(&learning, &format!("Hold card {at} of 3 over the reader"));
        if at == 2 {
            // The first one again does not count.
            tell(&folder, &format!("put felica idm={}", UNLIKE[0]));
            wait_for(&learning, "This card was there already: take another");
            tell(&folder, "take");
            watch.find("removed");
        }
        tell(&folder, &format!("put felica idm={card}"));
        wait_for(&learning, &format!("Card {card}: its number"));
        learning.write(&card[10..]);
        tell(&folder, "take");
        watch.find("removed");
    }
    learning.find_within(LEARNING, "stored", |line| line.starts_with("stored").then_some(()));
    assert_eq!(rule(&folder)["rule"], "cut=5+3 digits=hex");
}
