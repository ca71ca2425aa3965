//! Settings from the command line: with the service running and without, at once and for good.

use std::{fs, process::Command, time::Duration};

use serde_json::{Value, json};

use crate::support::{Finished, Folder, Process, Screens, Service, json as read, kazasu, run};

/// How long a command at a terminal may take.
const ANSWER: Duration = Duration::from_secs(30);

/// Runs `kazasu WORDS --data ...`.
fn ask(folder: &Folder, words: &str) -> Finished {
    ask_with(folder, &words.split_whitespace().collect::<Vec<_>>(), "")
}

fn ask_with(folder: &Folder, words: &[&str], input: &str) -> Finished {
    let mut command = kazasu([]);
    command.args(words).args(["--data", &folder.data()]);
    run(command, input)
}

/// The command ends like this and says each of `words`.
fn check(folder: &Folder, words: &str, code: i32, says: &[&str]) -> Finished {
    let finished = ask(folder, words);
    assert_eq!(finished.code, Some(code), "{words}: {finished:#?}");
    for text in says {
        let said = finished.stdout.contains(text) || finished.stderr.contains(text);
        assert!(said, "{words}: no {text:?} in {finished:#?}");
    }
    finished
}

/// One setting as JSON.
fn setting(folder: &Folder, key: &str) -> Value {
    let finished = check(folder, &format!("config show {key} --json"), 0, &[]);
    let lines: Vec<_> = finished.stdout.lines().map(read).collect();
    assert_eq!(lines.len(), 1, "{finished:#?}");
    lines[0].clone()
}

fn version(folder: &Folder) -> u64 {
    setting(folder, "sign-in.mode")["version"].as_u64().unwrap()
}

/// Shows, sets, checks; every refusal changes nothing.
fn check_commands(folder: &Folder) {
    let all = check(folder, "config show --json", 0, &[]);
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/settings.md"));
    let page = page.unwrap();
    for line in all.stdout.lines().map(read) {
        let key = line["key"].as_str().unwrap();
        assert_eq!(line["value"], line["default"], "{line}");
        assert!(page.contains(&format!("| `{key}` |")), "docs/settings.md lacks {key}");
        assert!(!line["help"].as_str().unwrap().is_empty(), "{line}");
    }
    check(folder, "config show --changed", 0, &["version 0"]);

    let set = "config set panel.auto-clear-s=60 password.min=6 --json";
    let line = read(&check(folder, set, 0, &[]).stdout);
    assert_eq!(line["version"], 1, "{line}");
    assert_eq!(line["stored"], true, "{line}");
    let changed = line["changed"].as_array().unwrap();
    assert_eq!(changed.len(), 2, "{line}");
    assert_eq!(changed[0]["key"], "panel.auto-clear-s");
    assert_eq!((&changed[0]["from"], &changed[0]["to"]), (&json!(30), &json!(60)));
    assert!(changed[1]["means"].as_str().unwrap().contains("new passwords"), "{line}");
    let text = check(folder, "config show --changed", 0, &["60", "default 30", "version 1"]);
    assert_eq!(text.stdout.lines().count(), 3, "{text:#?}");

    // Understood and refused: 1. Not understood: 2. What is named, why, and the paragraph.
    let rows: &[(&str, i32, &[&str])] = &[
        ("sign-in.mode=off", 1, &["registration.card-matching", "S10-2-01"]),
        ("registration.by-card=false", 1, &["registration.on-menu", "S10-2-03"]),
        ("card.link-mode=password sign-in.mode=remote", 1, &["no-password", "S10-2-04"]),
        ("password.profile=secure password.max=5", 1, &["password.profile", "S10-4-03"]),
        ("panel.auto-clear-s=9", 2, &["panel.auto-clear-s", "10 to 900"]),
        ("panel.auto-clear-s=soon", 2, &["panel.auto-clear-s"]),
        ("sign-in.mode=sometimes", 2, &["sometimes", "accounting-verified"]),
        ("no.such=1", 2, &["\"no.such\"", "kazasu config show"]),
        ("sign-in=local", 2, &["\"sign-in\""]),
        ("password.min=7 password.min=8", 2, &["password.min", "twice"]),
        ("password.min", 2, &["KEY=VALUE"]),
        // One that is right does not go in beside one that is wrong.
        ("panel.auto-clear-s=90 capacity.records=1", 1, &["capacity.registered"]),
    ];
    for (changes, code, says) in rows {
        check(folder, &format!("config check {changes}"), *code, says);
        check(folder, &format!("config set {changes}"), *code, says);
    }
    check(folder, "config show no.such", 2, &["no.such"]);
    assert_eq!(version(folder), 1);
    assert_eq!(setting(folder, "panel.auto-clear-s")["value"], 60);

    // A check says the same as the change, and stores nothing.
    let line = check(folder, "config check panel.auto-clear-s=default --json", 0, &[]).stdout;
    let line = read(&line);
    assert_eq!((&line["stored"], &line["version"]), (&json!(false), &json!(1)), "{line}");
    assert_eq!(line["changed"][0]["to"], 30, "{line}");
    check(folder, "config check", 0, &["version 1 is in order"]);
    check(folder, "config set panel.auto-clear-s=60", 0, &["nothing changes"]);
    assert_eq!(version(folder), 1);

    // Whoever looked at an older version is told so.
    check(folder, "config set panel.auto-clear-s=90 --if-version 0", 1, &["version 1"]);
    check(folder, "config set panel.auto-clear-s=90 --if-version 1", 0, &["version 2"]);
    check(folder, "config set panel.auto-clear-s=45 --if-version 1", 1, &["version 2"]);
    assert_eq!(setting(folder, "panel.auto-clear-s")["value"], 90);

    // Places whose names are not fixed, and what does nothing there.
    check(folder, "config set access.locks.copy=locked-shown", 0, &["null -> locked-shown"]);
    check(folder, "config show access.locks.copy", 0, &["locked-shown"]);
    let does_nothing = "config set access.locks.colour-calibration=locked-shown";
    check(folder, does_nothing, 0, &["warning: access.locks.colour-calibration does nothing"]);
    check(folder, "config set access.locks={}", 0, &["locked-shown -> null"]);
    assert_eq!(setting(folder, "access.locks.copy")["value"], Value::Null);
    // Taking one of two away is a change as well.
    check(
        folder,
        "config set access.locks.copy=locked-shown access.locks.fax=locked-shown",
        0,
        &[],
    );
    check(folder, "config set access.locks.copy=default", 0, &["stored as version 7"]);
    assert_eq!(setting(folder, "access.locks.copy")["value"], Value::Null);
    assert_eq!(setting(folder, "access.locks.fax")["value"], "locked-shown");

    // Every version, newest first, with what it changed.
    let history = check(folder, "config history --json", 0, &[]);
    let versions: Vec<_> = history.stdout.lines().map(read).collect();
    assert_eq!(
        versions.iter().map(|v| v["version"].as_u64().unwrap()).collect::<Vec<_>>(),
        [7, 6, 5, 4, 3, 2, 1]
    );
    let step = |at: usize| versions[at]["changed"][0].clone();
    assert_eq!(step(5), json!({"key": "panel.auto-clear-s", "from": 60, "to": 90}));
    assert_eq!(step(6)["from"], 30);
    check(folder, "config history", 0, &["panel.auto-clear-s: 60 -> 90"]);
}

#[test]
fn settings_without_a_service_and_with_one() {
    check_commands(&Folder::new());

    let folder = Folder::new();
    let service = Service::with_sim(&folder);
    check_commands(&folder);
    // They are there when it has ended, and when it starts again.
    assert!(service.process.terminate().success());
    assert_eq!(setting(&folder, "panel.auto-clear-s")["value"], 90);
    let _service = Service::with_sim(&folder);
    assert_eq!(setting(&folder, "panel.auto-clear-s")["value"], 90);
    assert_eq!(version(&folder), 7);
}

fn tell(folder: &Folder, line: &str) {
    let finished = folder.kazasu(["sim", "tell", line], "");
    assert_eq!(finished.code, Some(0), "{line}: {finished:#?}");
}

/// S10-2-03, S30-4-05: what an administrator sets counts at the next tap, without a restart.
#[test]
fn settings_count_at_once() {
    let folder = Folder::new();
    let service = Service::with_sim(&folder);
    let mut panel = Screens::open(&service.panel);
    panel.find("idle");
    tell(&folder, "put felica idm=012E4C1000000001");
    panel.find("register");
    tell(&folder, "take");
    assert_eq!(folder.users().len(), 1);
    // A change of the mode signs everybody out.
    let off = "sign-in.mode=accounting-verified registration.card-matching=false";
    check(&folder, &format!("config set {off}"), 0, &["everybody is signed out"]);
    panel.find("idle");
    check(&folder, "config set sign-in.mode=local registration.card-matching=true", 0, &[]);

    check(&folder, "config set registration.by-card=false registration.on-menu=false", 0, &[]);
    tell(&folder, "put felica idm=012E4C1000000002");
    assert_eq!(panel.find("notice-problem").code(), Some("K09"));
    tell(&folder, "take");
    assert_eq!(folder.users().len(), 1, "no provisional user was made");
    panel.find("idle");

    check(&folder, "config set registration.by-card=default registration.on-menu=default", 0, &[]);
    tell(&folder, "put felica idm=012E4C1000000002");
    panel.find("register");
    assert_eq!(folder.users().len(), 2);
}

/// Spec 30 section 2: from and to remote, users are deleted; those who go are named first.
#[test]
fn a_mode_that_deletes_users_asks_first() {
    let folder = Folder::new();
    folder.add_user("alice", "Alice", "first");
    folder.add_user("boss", "Boss", "second");
    check(&folder, "user edit boss --role administrator", 0, &[]);
    let remote = "config set sign-in.mode=remote";
    check(&folder, "config check sign-in.mode=remote", 0, &["1 users would be deleted"]);
    let refused = check(&folder, remote, 1, &["deletes 1 users", "--yes", "alice"]);
    assert!(!refused.stderr.contains("boss"), "{refused:#?}");
    assert_eq!(folder.users().len(), 2);
    assert_eq!(version(&folder), 0);

    // At a terminal it asks; anything but yes means no.
    for (answer, code, users) in [("no", 1, 2), ("yes", 0, 1)] {
        let mut process = at_a_terminal(&folder, remote);
        process.write(answer);
        let ended = |line: &str| line.split_once("ended with ")?.1.trim().parse::<i32>().ok();
        assert_eq!(process.find_within(ANSWER, "its end", ended), code, "{answer}");
        assert_eq!(folder.users().len(), users, "{answer}");
    }
    assert_eq!(folder.users()[0]["user_id"], "boss");
    check(&folder, "config set sign-in.mode=local --yes", 0, &["stored"]);
    assert_eq!(folder.users()[0]["user_id"], "boss");
}

/// A command that believes to be at a terminal, and says at last how it ended.
fn at_a_terminal(folder: &Folder, words: &str) -> Process {
    let kazasu = env!("CARGO_BIN_EXE_kazasu");
    let line = format!("{kazasu} {words} --data {}; echo \"ended with $?\"", folder.data());
    let mut command = Command::new("script");
    command.args(["--quiet", "--command", &line, "/dev/null"]);
    Process::start(words, command)
}

/// Settings that left the file are refused there, with the commands that say the same.
#[test]
fn settings_in_the_file_are_refused() {
    let folder = Folder::new();
    let file = folder.join("kazasu.toml");
    fs::write(&file, "[registration]\nauto_clear_s = 60\nopens_by_itself = false\n").unwrap();
    let serve = format!("serve --listen 127.0.0.1:0 --reader pcsc --config {file}");
    let says = [
        file.as_str(),
        "delete [registration]",
        "kazasu config set panel.auto-clear-s=60 registration.opens-by-itself=false",
    ];
    check(&folder, &serve, 2, &says);
    check(&folder, "config set panel.auto-clear-s=60 registration.opens-by-itself=false", 0, &[]);
}

#[test]
fn the_devices_own_passwords() {
    let folder = Folder::new();
    let password = |which: &str, input: &str| {
        ask_with(&folder, &["config", "password", which, "--password-stdin"], input)
    };
    for which in ["administrator", "engineer", "guest"] {
        let finished = password(which, "Red horse 7\n");
        assert_eq!(finished.code, Some(0), "{which}: {finished:#?}");
        assert!(!finished.stdout.contains("horse"), "{finished:#?}");
    }
    // S10-4-03: too short for the rule, and the rule is named; never what was typed.
    let short = password("engineer", "abc\n");
    assert_eq!(short.code, Some(2), "{short:#?}");
    assert!(short.stderr.contains("4 to 12") && !short.stderr.contains("abc"), "{short:#?}");
    let none = password("engineer", "");
    assert_eq!(none.code, Some(2), "{none:#?}");
    check(&folder, "config password guest --remove", 0, &["706"]);
    check(&folder, "config password guest", 2, &["--password-stdin", "--remove"]);
    check(&folder, "config password anybody --remove", 2, &["engineer"]);
}

/// What the device around the reader reports reaches the station.
#[test]
fn events_of_the_device() {
    let folder = Folder::new();
    check(&folder, "device waking", 2, &["no service", "kazasu serve"]);
    let service = Service::with_sim(&folder);
    let mut panel = Screens::open(&service.panel);
    panel.find("idle");
    tell(&folder, "put felica idm=012E4C1000000001");
    panel.find("register");
    // S30-4-15: power save ends it.
    check(&folder, "device power-save", 0, &["told main"]);
    panel.find("idle");
    check(&folder, "device waking --station main --json", 0, &["{\"message\":\"told main\"}"]);
    check(&folder, "device waking --station attic", 1, &["attic", "main"]);
    check(&folder, "device hiccup", 2, &["hiccup", "job-started"]);
}
