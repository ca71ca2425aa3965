//! One damaged record in the database: it is named, and stands in nobody's way.

use std::fs;

use rusqlite::Connection;

use crate::{
    panel::hold,
    support::{Folder, Screens, Service, json},
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
