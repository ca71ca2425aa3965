//! One damaged record in the database: it is named, and stands in nobody's way.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
};

use rusqlite::Connection;

use crate::{
    panel::hold,
    support::{Folder, Screens, Service, json, run},
    users::{check, register},
};

const MENDS: &str = "kazasu user delete --damaged 2";

/// Changes the database from outside, as a bad disk or a hand does.
fn harm(folder: &Folder, statement: &str) {
    let file = folder.path().join("data/kazasu.db");
    Connection::open(file).unwrap().execute_batch(statement).unwrap();
}

#[test]
fn a_damaged_user_is_named_and_the_others_go_on() {
    let folder = Folder::new();
    for user in ["alice", "bob", "carol"] {
        folder.add_user(user, user, "horse7");
    }
    let damages = [
        "UPDATE users SET name = CAST(x'FF' AS TEXT) WHERE id = 2",
        "UPDATE users SET user_id = CAST(x'FF' AS TEXT) WHERE id = 2",
    ];
    let lists: [&[&str]; 3] =
        [&["user", "list"], &["user", "export"], &["user", "list", "--locked"]];
    for (damage, whose) in damages.into_iter().zip([" (bob)", ""]) {
        harm(&folder, damage);
        for list in lists {
            check(&folder, list, 1, &[&format!("row 2 of the users{whose}"), MENDS]);
        }
        check(&folder, &["card", "list"], 1, &[MENDS]);
        let exported = check(&folder, &["user", "export"], 1, &[]).stdout;
        assert!(exported.contains("alice") && exported.contains("carol"), "{exported}");
        let listed = check(&folder, &["user", "list", "--json"], 1, &[]).stdout;
        let lines: Vec<_> = listed.lines().map(json).collect();
        assert_eq!(lines.len(), 3, "{listed}");
        assert_eq!(lines[2]["damaged"]["row"], 2, "{listed}");
    }
    // What needs no list of people goes on, and so does everybody else at the panel.
    check(&folder, &["config", "check"], 0, &[]);
    check(&folder, &["user", "delete", "--provisional", "--yes"], 0, &["0 provisional"]);
    let service = Service::with_sim(&folder);
    let mut panel = Screens::open(&service.panel);
    hold(&folder, "put felica idm=012E4C00000000A1");
    register(&mut panel, "alice");
    check(&folder, &["user", "list"], 1, &["alice", "carol", MENDS]);

    check(&folder, &["user", "delete", "--damaged", "1"], 1, &["no damaged record"]);
    check(&folder, &["user", "delete", "--damaged", "2"], 0, &["row 2 is deleted"]);
    check(&folder, &["user", "list"], 0, &["alice", "carol"]);
    check(&folder, &["user", "export"], 0, &[]);
    check(&folder, &["audit", "export"], 0, &[]);
    check(&folder, &["audit", "verify"], 0, &["the audit log is whole"]);
}

/// What is told as done is there after the next start, or it is not told as done.
#[test]
fn a_database_or_lock_that_was_removed_is_noticed() {
    let folder = Folder::new();
    folder.add_user("alice", "Alice", "horse7");
    let mut service = Service::with_sim(&folder);
    let data = folder.path().join("data");
    let (database, away) = (data.join("kazasu.db"), data.join("away"));
    fs::rename(&database, &away).unwrap();
    for words in [&["user", "add", "bob", "--no-password"][..], &["user", "list"]] {
        check(&folder, words, 2, &["kazasu.db was removed while it was in use"]);
    }
    fs::rename(&away, &database).unwrap();
    check(&folder, &["user", "add", "bob", "--no-password"], 0, &[]);

    // The lock's file is a name; another service does not come in by making it anew.
    for _ in 0..2 {
        for file in ["lock", "service"] {
            fs::remove_file(data.join(file)).unwrap();
        }
        let second = ["serve", "--listen", "127.0.0.1:0", "--reader", "pcsc"];
        check(&folder, &second, 2, &["is in use by"]);
    }
    check(&folder, &["user", "list"], 0, &["alice", "bob"]);
    service.process.assert_running();
}

/// On another machine: the keys first, or it is told which are missing, and what then.
#[test]
fn a_restore_says_which_keys_are_missing() {
    let here = Folder::new();
    here.add_user("alice", "Alice", "horse7");
    check(&here, &["config", "set", "card.number=keyed"], 0, &[]);
    let file = here.join("saved");
    check(&here, &["backup", &file], 0, &["audit.key, card-number.key"]);

    let there = Folder::new();
    let told = ["restored 1 users", "audit.key is not the one", "card-number.key is missing"];
    let restored = check(&there, &["restore", &file], 0, &told);
    assert!(!restored.stderr.contains("ERROR"), "{restored:#?}");
    for key in ["audit.key", "card-number.key"] {
        fs::copy(here.path().join("data").join(key), there.path().join("data").join(key)).unwrap();
    }
    // As it says: once more, with the keys.
    for folder in [&there, &here] {
        let restored = check(folder, &["restore", &file], 0, &["restored 1 users"]);
        assert!(!restored.stdout.contains("warning"), "{restored:#?}");
        assert_eq!(restored.stderr, "", "{restored:#?}");
        check(folder, &["audit", "verify"], 0, &["the audit log is whole"]);
        check(folder, &["user", "list"], 0, &["alice"]);
    }
}

/// A backup that has no room is refused before anything is written, the database of before included.
#[test]
fn a_restore_that_has_no_room_is_refused_at_once() {
    let folder = Folder::new();
    folder.add_user("alice", "Alice", "horse7");
    let file = folder.join("saved");
    check(&folder, &["backup", &file], 0, &[]);
    let small = folder.path().join("small");
    fs::create_dir(&small).unwrap();
    fs::set_permissions(&small, Permissions::from_mode(0o700)).unwrap();
    // A disk of its own, in a mount namespace that goes with the command.
    let script = "mount -t tmpfs -o size=100k,mode=700 none \"$1\" && \
                  exec \"$2\" restore \"$3\" --data \"$1\"";
    let mut command = std::process::Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh"]);
    command.args([small.as_os_str(), env!("CARGO_BIN_EXE_kazasu").as_ref(), file.as_ref()]);
    let refused = run(command, "");
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    assert!(refused.stderr.contains("nothing was restored"), "{refused:#?}");
    assert!(refused.stderr.contains("has room for"), "{refused:#?}");
}

/// One browser in the list that cannot be read is paired anew; the others stay paired.
#[test]
fn a_damaged_browser_is_left_out() {
    let folder = Folder::new();
    {
        let service = Service::with_sim(&folder);
        drop(Screens::open(&service.panel));
    }
    let file = folder.path().join("data/panels.json");
    let text = fs::read_to_string(&file).unwrap();
    let mut all: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let mut damaged = all[0].clone();
    damaged["made"] = "yesterday".into();
    all.insert(0, damaged);
    fs::write(&file, serde_json::to_string(&all).unwrap()).unwrap();
    let service = Service::with_sim(&folder);
    let listed = check(&folder, &["panel", "list", "--json"], 0, &[]).stdout;
    assert_eq!(listed.lines().count(), 1, "{listed}");
    drop(Screens::open(&service.panel));
}
