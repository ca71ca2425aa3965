//! `kazasu backup` and `kazasu restore`.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use rusqlite::{Connection, types::Value};
use serde_json::json;

use crate::support::{Finished, Folder, Screens, Service};

fn check(finished: &Finished, code: i32, says: &[&str]) {
    assert_eq!(finished.code, Some(code), "{finished:#?}");
    for word in says {
        assert!(finished.stdout.contains(word) || finished.stderr.contains(word), "{finished:#?}");
    }
}

fn ids(folder: &Folder) -> Vec<String> {
    let users = folder.users();
    users.iter().map(|user| user["user_id"].as_str().unwrap().to_owned()).collect()
}

/// Every row but those of the audit log after this record, and what follows from its rows.
fn rows(folder: &Folder, audit_up_to: i64) -> Vec<String> {
    let db = Connection::open(folder.path().join("data/kazasu.db")).unwrap();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'
                  AND name NOT IN ('audit_chain', 'audit_kinds') ORDER BY name";
    let mut tables = db.prepare(tables).unwrap();
    let tables: Vec<String> =
        tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut rows = Vec::new();
    for table in tables {
        let upper = if table == "audit" { audit_up_to } else { i64::MAX };
        let query = format!("SELECT * FROM {table} WHERE rowid <= {upper} ORDER BY rowid");
        let mut query = db.prepare(&query).unwrap();
        let columns = query.column_count();
        let read = query.query_map([], |row| {
            let values = (0..columns).map(|column| row.get::<_, Value>(column));
            values.collect::<Result<Vec<_>, _>>()
        });
        rows.extend(read.unwrap().map(|values| format!("{table} {:?}", values.unwrap())));
    }
    rows
}

/// A provisional user, who has not registered.
fn put_card(folder: &Folder, panel: &str) {
    let mut panel = Screens::open(panel);
    folder.ask(&json!({ "do": "sim", "line": "put felica idm=012E4CE100000001" })).unwrap();
    panel.find("register");
    folder.ask(&json!({ "do": "sim", "line": "take" })).unwrap();
}

fn newest_audit(folder: &Folder) -> i64 {
    let db = Connection::open(folder.path().join("data/kazasu.db")).unwrap();
    db.query_row("SELECT max(id) FROM audit", [], |row| row.get(0)).unwrap()
}

/// On this machine while the service works, on another one where it does not run.
#[test]
fn saved_under_load_restored_elsewhere() {
    let here = Folder::new();
    let service = Service::with_sim(&here);
    here.add_user("alice", "Alice", "Red horse 7");
    let room = ["config", "set", "capacity.registered=9999", "capacity.records=19999"];
    check(&here.kazasu(room, ""), 0, &[]);
    let stop = AtomicBool::new(false);
    let file = here.join("saved");
    thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut count = 0;
            while !stop.load(Ordering::Relaxed) {
                let user = format!("user{count:05}");
                here.ask(&json!({ "do": "user_add", "user_id": user, "name": "", "mail": "" }))
                    .unwrap();
                count += 1;
            }
            count
        });
        for _ in 0..5 {
            let saved = here.kazasu(["backup", &file], "");
            check(&saved, 0, &["saved ", " users to ", &file, " bytes"]);
        }
        stop.store(true, Ordering::Relaxed);
        assert!(load.join().unwrap() > 5);
    });
    put_card(&here, &service.panel);
    let refused = here.kazasu(["restore", &file], "");
    check(&refused, 2, &["is in use by process"]);
    let newest = newest_audit(&here);
    check(&here.kazasu(["backup", &file], ""), 0, &[]);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let there = Folder::new();
    check(&there.kazasu(["restore", &file], ""), 0, &["restored "]);
    assert_eq!(there.users(), here.users(), "times of making and all");
    let rows_here = rows(&here, newest);
    for table in ["audit", "cards", "settings", "users"] {
        assert!(rows_here.iter().any(|row| row.starts_with(&format!("{table} "))), "{table}");
    }
    assert_eq!(rows(&there, newest), rows_here);
    assert!(service.process.terminate().success());
    // The same without a service.
    check(&here.kazasu(["backup", &file, "--json"], ""), 0, &["\"users\":"]);
    let third = Folder::new();
    check(&third.kazasu(["restore", &file], ""), 0, &["restored "]);
    assert_eq!(ids(&third), ids(&here));
    let _starts = Service::with_sim(&third);
}

#[test]
fn what_is_refused_and_what_is_kept() {
    let folder = Folder::new();
    let file = folder.join("saved");
    check(&folder.kazasu(["backup", &file], ""), 2, &["no database"]);
    folder.add_user("alice", "Alice", "Red horse 7");
    check(&folder.kazasu(["backup", &file], ""), 0, &[]);
    let database = folder.path().join("data/kazasu.db");
    check(&folder.kazasu(["backup", &database.display().to_string()], ""), 2, &["no backup"]);
    folder.add_user("bob", "Bob", "Red horse 7");

    let whole = fs::read(&file).unwrap();
    let cut = folder.join("cut");
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    check(&folder.kazasu(["restore", &cut], ""), 2, &["cut off", "as it was"]);
    assert_eq!(ids(&folder), ["alice", "bob"]);

    check(&folder.kazasu(["restore", &file], ""), 0, &["kept as", "kazasu.db.before-restore"]);
    assert_eq!(ids(&folder), ["alice"]);

    // A damaged database: named at each start, kept at the restore, never made anew.
    let torn = fs::read(&database).unwrap();
    for harm in [&torn[..torn.len() / 2], &[]] {
        fs::write(&database, harm).unwrap();
        let refused = folder.kazasu(["serve", "--listen", "127.0.0.1:0"], "");
        check(&refused, 2, &["kazasu.db", "kazasu restore FILE"]);
        assert_eq!(fs::read(&database).unwrap(), harm);
        check(&folder.kazasu(["restore", &file], ""), 0, &["damaged", "kazasu.db.damaged-20"]);
        assert_eq!(ids(&folder), ["alice"]);
    }
}
