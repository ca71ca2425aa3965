//! What version 0.1.0 left on a disk is opened, restored, verified and read.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use crate::support::{Finished, Folder, json};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/0.1.0");

/// A file of the old version, private as it was.
fn put(name: &str, at: &Path) {
    fs::copy(Path::new(FIXTURES).join(name), at).unwrap();
    fs::set_permissions(at, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A data folder with these files of the old version.
fn with(names: &[&str]) -> Folder {
    let folder = Folder::new();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    for name in names {
        put(name, &data.join(name));
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
    let folder = with(&["kazasu.db", "audit.key", "audit.end"]);
    let verified = done(&folder, ["audit", "verify"], "");
    assert!(verified.stdout.contains("is whole: 20 records"), "{verified:#?}");
    check_records(&folder);
    let verified = done(&folder, ["audit", "verify"], "");
    assert!(verified.stdout.contains("is whole: 23 records"), "{verified:#?}");
    let log = done(&folder, ["audit", "export", "--format", "json"], "").stdout;
    let events: Vec<_> = log.lines().map(|line| json(line)["event"].clone()).collect();
    for event in ["audit-begun", "card-bound", "locked", "provisional-made"] {
        assert!(events.iter().any(|found| found == event), "{event}: {events:?}");
    }
}

#[test]
fn its_backup_is_restored() {
    let folder = with(&[]);
    let file = folder.path().join("saved");
    put("backup", &file);
    let restored = done(&folder, ["restore", &file.display().to_string()], "");
    assert!(restored.stdout.contains("restored 5 users"), "{restored:#?}");
    check_records(&folder);
}

/// Its configuration, with which the service starts and reads the settings of then.
#[test]
fn its_configuration_is_read() {
    let folder = with(&["kazasu.db", "audit.key", "audit.end", "kazasu.toml"]);
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
    let folder = with(&["kazasu.db", "audit.key", "audit.end"]);
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
