//! What older versions left on a disk is opened, restored, verified and read.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::support::{Finished, Folder, json};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
/// The first version.
const FIRST: &str = "0.1.0";
/// The last one whose audit records have no fields.
const IN_WORDS: &str = "schema-4";

fn fixture(version: &str, name: &str) -> PathBuf {
    Path::new(FIXTURES).join(version).join(name)
}

/// A file of an old version, private as it was.
fn put(version: &str, name: &str, at: &Path) {
    fs::copy(fixture(version, name), at).unwrap();
    fs::set_permissions(at, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A data folder with these files of an old version.
fn with(version: &str, names: &[&str]) -> Folder {
    let folder = Folder::new();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    for name in names {
        put(version, name, &data.join(name));
    }
    folder
}

fn done<const N: usize>(folder: &Folder, args: [&str; N], input: &str) -> Finished {
    let finished = folder.kazasu(args, input);
    assert_eq!(finished.code, Some(0), "{args:?}: {finished:#?}");
    finished
}

/// People, cards, lock and settings are those that the old version had.
fn check_records(folder: &Folder) {
    let users = folder.users();
    let told: Vec<_> = users
        .iter()
        .map(|user| {
            let word = |name: &str| user[name].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", word("user_id"), word("name"), user["has_card"])
        })
        .collect();
    assert_eq!(
        told,
        [
            "012E4C0000000002 仮登録ユーザー true",
            "alice Alice true",
            "bob Bob false",
            "carol 鈴木 花子 true",
            "dave Dave false",
        ]
    );
    let cards = done(folder, ["card", "list"], "").stdout;
    for card in ["012E4C0000000001", "04C0FFEE000001"] {
        assert!(cards.contains(card), "{cards}");
    }
    let locked = done(folder, ["user", "list", "--locked", "--json"], "").stdout;
    let locked: Vec<_> = locked.lines().map(|line| json(line)["user_id"].clone()).collect();
    assert_eq!(locked, ["bob"]);
    let settings = done(folder, ["config", "show", "--json"], "").stdout;
    let settings: Vec<_> = settings.lines().map(json).collect();
    for (key, value) in [("lock-out.user", 1), ("capacity.records", 500)] {
        let setting = settings.iter().find(|setting| setting["key"] == key).unwrap();
        assert_eq!(setting["value"], value, "{setting}");
    }
    // What is new can be stored beside what is old.
    folder.add_user("erin", "Erin", "Dun horse 9");
    done(folder, ["user", "unlock", "bob"], "");
}

#[test]
fn its_folder_is_taken_over() {
    let folder = with(FIRST, &["kazasu.db", "audit.key", "audit.end"]);
    let verified = done(&folder, ["audit", "verify"], "");
    assert!(verified.stdout.contains("is whole: 21 records"), "{verified:#?}");
    check_records(&folder);
    let verified = done(&folder, ["audit", "verify"], "");
    assert!(verified.stdout.contains("is whole: 24 records"), "{verified:#?}");
    let log = done(&folder, ["audit", "export", "--format", "json"], "").stdout;
    let events: Vec<_> = log.lines().map(|line| json(line)["event"].clone()).collect();
    for event in ["audit-begun", "card-bound", "locked", "provisional-made"] {
        assert!(events.iter().any(|found| found == event), "{event}: {events:?}");
    }
}

#[test]
fn its_backup_is_restored() {
    let folder = with(FIRST, &[]);
    let file = folder.path().join("saved");
    put(FIRST, "backup", &file);
    let restored = done(&folder, ["restore", &file.display().to_string()], "");
    assert!(restored.stdout.contains("restored 5 users"), "{restored:#?}");
    check_records(&folder);
}

/// Its configuration, with which the service starts and reads the settings of then.
#[test]
fn its_configuration_is_read() {
    let folder = with(FIRST, &["kazasu.db", "audit.key", "audit.end", "kazasu.toml"]);
    let service = crate::support::Service::with_sim(&folder);
    assert_eq!(folder.users().len(), 5);
    assert!(service.process.terminate().success());
    // It is read, not passed over.
    let config = folder.path().join("data/kazasu.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("missed_polls = 3", "missed_polls = \"x\"")).unwrap();
    let refused = folder.kazasu(["serve", "--listen", "127.0.0.1:0"], "");
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    assert!(refused.stderr.contains("kazasu.toml"), "{refused:#?}");
}

/// IDs that it let in and that are not possible any more: told, each with what mends it, and until
/// then each found by its exact spelling.
#[test]
fn its_user_ids_are_told_and_mended() {
    let folder = with(FIRST, &["kazasu.db", "audit.key", "audit.end"]);
    let old = rusqlite::Connection::open(folder.path().join("data/kazasu.db")).unwrap();
    for (id, was) in [("dave ", "dave"), ("ALICE", "bob")] {
        old.execute("UPDATE users SET user_id = ?1 WHERE user_id = ?2", [id, was]).unwrap();
    }
    drop(old);
    let warnings = || {
        let said = done(&folder, ["config", "check", "--json"], "").stdout;
        let warnings = json(&said)["warnings"].as_array().unwrap().clone();
        let texts = warnings.iter().map(|warning| warning.as_str().unwrap().to_owned());
        texts.filter(|warning| warning.contains("user ID")).collect::<Vec<_>>()
    };
    let told = warnings();
    let [same, blank] = told.as_slice() else { panic!("{told:?}") };
    assert!(same.starts_with("the user IDs 'ALICE', 'alice' are one name"), "{same}");
    let mends = "kazasu user rename 'dave ' 'dave'";
    assert!(blank.ends_with(mends), "{blank}");
    let name = |id: &str| {
        let shown = done(&folder, ["user", "show", id, "--json"], "").stdout;
        json(&shown)["name"].as_str().unwrap().to_owned()
    };
    for (id, expected) in
        [("ALICE", "Bob"), ("alice", "Alice"), ("dave ", "Dave"), ("dave", "Dave")]
    {
        assert_eq!(name(id), expected, "{id:?}");
    }
    // Of two that are one name neither is taken for somebody who typed it otherwise.
    assert_eq!(folder.kazasu(["user", "show", "Alice"], "").code, Some(1));
    let taken = folder.kazasu(["user", "rename", "dave ", "Alice"], "");
    assert!(taken.stderr.contains("user_id is taken"), "{taken:#?}");
    done(&folder, ["user", "rename", "dave ", "dave"], "");
    done(&folder, ["user", "rename", "ALICE", "bob"], "");
    assert_eq!(warnings(), Vec::<String>::new());
    assert_eq!([name("bob"), name("Alice"), name("dave")], ["Bob", "Alice", "Dave"]);
    // Who was locked still is.
    let locked = done(&folder, ["user", "list", "--locked", "--json"], "").stdout;
    assert!(locked.contains("\"bob\""), "{locked}");
}

/// The log as JSON.
fn exported(folder: &Folder) -> Vec<serde_json::Value> {
    let log = done(folder, ["audit", "export", "--format", "json"], "").stdout;
    log.lines().map(json).collect()
}

/// A log whose records have words: each is told as that version told it, the mark behind them says that
/// the next ones have fields, and the chain goes through both.
#[test]
fn a_log_in_words_goes_on_with_fields() {
    let folder = with(IN_WORDS, &["kazasu.db", "audit.key", "audit.end"]);
    let verified = done(&folder, ["audit", "verify"], "");
    assert!(verified.stdout.contains("is whole: 58 records"), "{verified:#?}");

    let before = fs::read_to_string(fixture(IN_WORDS, "audit.jsonl")).unwrap();
    let before: Vec<_> = before.lines().map(json).collect();
    let kinds: BTreeSet<_> = before.iter().map(|line| line["event"].to_string()).collect();
    assert!(kinds.len() > 30, "{kinds:?}");
    let log = exported(&folder);
    assert_eq!(log[..before.len()], before);
    let mark = &log[57];
    assert_eq!((&mark["id"], &mark["event"]), (&58.into(), &"audit-form-changed".into()));

    let service = crate::support::Service::with_sim(&folder);
    assert!(service.process.terminate().success());
    folder.add_user("erin", "Erin", "Dun horse 9");
    done(&folder, ["user", "edit", "erin", "--forbid", "fax"], "");
    let verified = done(&folder, ["audit", "verify"], "");
    assert!(verified.stdout.contains("is whole: "), "{verified:#?}");
    let log = exported(&folder);
    let told = |event: &str| {
        let found = log.iter().rfind(|line| line["event"] == event).unwrap();
        (found["detail"].clone(), found["fields"].clone())
    };
    assert_eq!(
        told("limits-changed"),
        ("no-fax".into(), serde_json::json!({"limits": ["no-fax"]}))
    );
    // What started before told its version in words: another program's.
    let (version, fields) = told("software-updated");
    assert_eq!(fields["version"], version);
    let (detail, fields) = told("started-cold");
    let [version, boot] = ["version", "boot"].map(|name| fields[name].as_str().unwrap());
    assert_eq!(detail, format!("{version} {boot}"));

    // Nobody without the key makes a record of then one of now, or one of now a record of then.
    let db = rusqlite::Connection::open(folder.path().join("data/kazasu.db")).unwrap();
    db.execute_batch(
        "UPDATE audit SET fields = json_object('limits', detail), detail = NULL
         WHERE event = 'limits-changed' AND fields IS NULL;
         UPDATE audit SET fields = NULL WHERE event = 'software-updated'",
    )
    .unwrap();
    drop(db);
    let broken = folder.kazasu(["audit", "verify"], "");
    assert_eq!(broken.code, Some(1), "{broken:#?}");
    let said = format!("{}{}", broken.stdout, broken.stderr);
    assert_eq!(said.matches("was changed, or put there").count(), 2, "{said}");
}

/// A backup of that version.
#[test]
fn a_backup_of_a_log_in_words_is_restored() {
    let folder = with(FIRST, &[]);
    let file = folder.path().join("saved");
    put(IN_WORDS, "backup", &file);
    let data = folder.path().join("data");
    put(IN_WORDS, "audit.key", &data.join("audit.key"));
    let restored = done(&folder, ["restore", &file.display().to_string()], "");
    assert!(restored.stdout.contains("restored 5 users"), "{restored:#?}");
    let verified = done(&folder, ["audit", "verify"], "");
    assert!(verified.stdout.contains("is whole: "), "{verified:#?}");
    let log = exported(&folder);
    let events: Vec<_> = log.iter().map(|line| line["event"].as_str().unwrap()).collect();
    let end = ["backup-begun", "audit-form-changed", "restored", "audit-exported"];
    assert!(events.ends_with(&end), "{events:?}");
}
