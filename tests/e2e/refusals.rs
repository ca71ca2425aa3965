//! Bad input of every kind: exit 2, a message that names the thing and what to do next, nothing
//! half stored.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{Finished, Folder, Service, Watch, json, kazasu, read_only, run};

/// Exit 2, one message, which names each of `words`.
fn assert_refused(what: &str, finished: &Finished, words: &[&str]) {
    assert_eq!(finished.code, Some(2), "{what}: {finished:#?}");
    assert!(finished.stderr.contains("error: "), "{what}: {finished:#?}");
    for word in words {
        assert!(finished.stderr.contains(word), "{what}: no {word:?} in {finished:#?}");
    }
}

fn with_data(mut command: Command, folder: &Folder) -> Command {
    command.args(["--data", &folder.data()]);
    command
}

fn add_bob(folder: &Folder) -> Command {
    with_data(kazasu(["user", "add", "bob", "--password-stdin"]), folder)
}

fn database(folder: &Folder) -> PathBuf {
    folder.path().join("data/kazasu.db")
}

#[test]
fn command_lines_that_mean_nothing() {
    let rows: &[(&[&str], &[&str])] = &[
        (&["serve", "--reader", "foo"], &["foo", "pcsc", "pn532:uart:"]),
        (&["serve", "--reader", "pn532:uart:"], &["pn532:uart:"]),
        (&["serve", "--reader", "pn532:uart:/dev/null@fast"], &["fast"]),
        (&["serve", "--listen", "nowhere"], &["nowhere"]),
        (&["serve", "--listen", "0.0.0.0:0"], &["--insecure-http"]),
        (&["serve", "--sim", "/nonexistent/x.sim"], &["/nonexistent/x.sim"]),
        (&["serve", "--config", "/nonexistent/x.toml"], &["/nonexistent/x.toml"]),
        (&["user", "add", "bob"], &["--password-stdin"]),
        (&["user", "add", "", "--no-password"], &[]),
        (&["user", "import", "/nonexistent/x.csv"], &["/nonexistent/x.csv"]),
        (&["sim", "tell", "take"], &["kazasu serve"]),
        (&["nonsense"], &["nonsense"]),
    ];
    for (args, words) in rows {
        let folder = Folder::new();
        let mut command = kazasu([]);
        command.args(*args);
        if args != &["nonsense"] {
            command = with_data(command, &folder);
        }
        assert_refused(&args.join(" "), &run(command, ""), words);
    }
}

#[test]
fn simulators_that_cannot_start() {
    let folder = Folder::new();
    let file = folder.join("a-file");
    fs::write(&file, "kept").unwrap();
    let rows: &[(&[&str], &[&str])] = &[
        (&["sim", "pn532", "--link", &file], &[&file]),
        (&["sim", "pn532", "--link", "/nonexistent/link"], &["/nonexistent/link"]),
        (&["sim", "pn532", "--link", "x", "--script", "/nonexistent/s"], &["/nonexistent/s"]),
        (&["sim", "pcsc", "--vpcd", "no address"], &["no address"]),
    ];
    for (args, words) in rows {
        let mut command = kazasu([]);
        command.args(*args).current_dir(folder.path());
        assert_refused(&args.join(" "), &run(command, ""), words);
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "kept");
}

/// Whatever is wrong with a file of users, none of them is stored and the line is named.
#[test]
fn user_files_with_a_mistake() {
    let head = "user_id,name,mail,password\n";
    let rows: &[(&str, String, &[&str])] = &[
        ("empty", String::new(), &["user_id"]),
        ("no user_id column", "name,mail\nBob,\n".into(), &["user_id"]),
        ("unknown column", "user_id,colour\nbob,red\n".into(), &["colour"]),
        ("column twice", "user_id,user_id\nbob,bob\n".into(), &["user_id"]),
        ("bad user ID", format!("{head}bob,Bob,,x1\n'carol,Carol,,x2\n"), &["3", "user_id"]),
        ("user twice", format!("{head}bob,Bob,,x1\nbob,Bob,,x2\n"), &["3"]),
        ("too few fields", format!("{head}bob,Bob,,x1\ncarol\n"), &["3"]),
        ("not UTF-8 as text", format!("{head}bob,{},,x1\n", "x".repeat(33)), &["2", "name"]),
    ];
    for (what, csv, words) in rows {
        let folder = Folder::new();
        let finished = folder.kazasu(["user", "import", "-"], csv);
        assert_refused(what, &finished, words);
        assert!(!finished.stderr.contains("x1"), "{what} shows a password: {finished:#?}");
        assert_eq!(folder.users(), Vec::<serde_json::Value>::new(), "{what}");
    }
}

#[test]
fn a_user_that_exists_is_not_changed() {
    let folder = Folder::new();
    folder.add_user("alice", "Alice", "first");
    let args = ["user", "add", "alice", "--name", "Other", "--password-stdin"];
    let finished = folder.kazasu(args, "second\n");
    assert!(matches!(finished.code, Some(1 | 2)), "{finished:#?}");
    assert!(finished.stderr.contains("user_id"), "{finished:#?}");
    assert_eq!(folder.users()[0]["name"], "Alice");
}

#[test]
fn a_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = Folder::new();
    let command = kazasu(["serve", "--listen", &address, "--reader", "pcsc"]);
    let finished = run(with_data(command, &folder), "");
    assert_refused("port in use", &finished, &[&address, "--listen"]);
}

/// One folder with alice in it, and something done to the database: a command and the service both
/// refuse, name the file, and alice is there again when it is put right.
fn check_database(what: &str, words: &[&str], harm: impl Fn(&Path), mend: impl Fn(&Path)) {
    let folder = Folder::new();
    folder.add_user("alice", "Alice", "first");
    let file = database(&folder);
    let name = file.display().to_string();
    harm(&file);
    for command in [
        add_bob(&folder),
        with_data(kazasu(["serve", "--listen", "127.0.0.1:0", "--reader", "pcsc"]), &folder),
    ] {
        let finished = run(command, "second\n");
        assert_refused(what, &finished, &[&[name.as_str()], words].concat());
    }
    mend(&file);
    let users = folder.users();
    assert_eq!(users.len(), 1, "{what}: {users:?}");
    assert_eq!(users[0]["user_id"], "alice", "{what}");
}

#[test]
fn a_damaged_database_is_named_and_left_alone() {
    let saved = std::cell::RefCell::new(Vec::new());
    let harm = |file: &Path| {
        *saved.borrow_mut() = fs::read(file).unwrap();
        let mut bytes = saved.borrow().clone();
        // The header says that it is a database; the pages do not.
        bytes.iter_mut().skip(100).for_each(|byte| *byte = 0xA5);
        fs::write(file, bytes).unwrap();
    };
    check_database("damaged", &["damaged"], harm, |file| {
        let bytes = fs::read(file).unwrap();
        assert!(bytes.iter().skip(100).all(|byte| *byte == 0xA5), "it was written to");
        fs::write(file, &*saved.borrow()).unwrap();
    });
    let harm = |file: &Path| {
        *saved.borrow_mut() = fs::read(file).unwrap();
        fs::write(file, "not a database").unwrap();
    };
    check_database("no database", &[], harm, |file| {
        assert_eq!(fs::read(file).unwrap(), b"not a database", "it was written to");
        fs::write(file, &*saved.borrow()).unwrap();
    });
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let version = |file: &Path, change: &dyn Fn(i64) -> i64| {
        let connection = rusqlite::Connection::open(file).unwrap();
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        connection.pragma_update(None, "user_version", change(found)).unwrap();
    };
    check_database(
        "newer",
        &["newer"],
        |file| version(file, &|found| found + 1),
        |file| version(file, &|found| found - 1),
    );
}

#[test]
fn a_locked_database_is_named() {
    let held = std::cell::RefCell::new(None);
    check_database(
        "locked",
        &[],
        |file| {
            let connection = rusqlite::Connection::open(file).unwrap();
            connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
            *held.borrow_mut() = Some(connection);
        },
        |_| *held.borrow_mut() = None,
    );
}

#[test]
fn a_read_only_folder_is_named() {
    let folder = Folder::new();
    folder.add_user("alice", "Alice", "first");
    let data = PathBuf::from(folder.data());
    let finished = run(read_only(&data, &add_bob(&folder)), "second\n");
    assert_refused("read-only", &finished, &[&folder.data(), "cannot be written"]);
    assert_eq!(folder.users().len(), 1);

    // What only reads works, on a copy that goes again.
    let left = tempfile::tempdir().unwrap();
    let lists: [&[&str]; 9] = [
        &["user", "list"],
        &["user", "show", "alice"],
        &["user", "export"],
        &["user", "list", "--locked"],
        &["card", "list"],
        &["config", "show"],
        &["config", "check"],
        &["audit", "export"],
        &["audit", "verify"],
    ];
    let before = fs::read(data.join("kazasu.db")).unwrap();
    for words in lists {
        let mut command = kazasu([]);
        command.args(words).env("TMPDIR", left.path());
        let finished = run(read_only(&data, &with_data(command, &folder)), "");
        assert_eq!(finished.code, Some(0), "{words:?}: {finished:#?}");
        assert!(finished.stderr.contains("a copy of it"), "{words:?}: {finished:#?}");
    }
    assert_eq!(fs::read_dir(left.path()).unwrap().count(), 0);
    assert!(fs::read(data.join("kazasu.db")).unwrap() == before);
}

#[test]
fn a_missing_daemon_is_a_fault_and_not_the_end() {
    let folder = Folder::new();
    let mut watch = Watch::alone(&folder, "pcsc", None);
    let fault = watch.find("fault");
    assert_eq!(fault["kind"], "service-unavailable", "{fault}");
    assert!(fault["message"].as_str().unwrap().contains("pcscd"), "{fault}");
    assert_eq!(fault["cause"], "pcsc-daemon-away", "{fault}");
    watch.0.assert_running();

    let missing = "pn532:uart:/nonexistent/reader";
    let other = Folder::new();
    let mut service = Service::start(&other, &[missing], None);
    let readers = other.kazasu(["readers", "--json"], "");
    let line = json(readers.stdout.lines().next().unwrap());
    assert_eq!(line["reader"], missing, "{line}");
    assert_eq!(line["kind"], "not-found", "{line}");
    assert!(line["message"].as_str().unwrap().contains("/nonexistent/reader"), "{line}");
    // The word stays, the sentence is for whoever runs the command.
    let mut command = kazasu(["readers", "--json", "--data", &other.data()]);
    command.env("LC_ALL", "ja_JP.UTF-8");
    let told = run(command, "");
    let japanese = json(told.stdout.lines().next().unwrap());
    assert_eq!((&line["cause"], &japanese["cause"]), (&"pn532-no-port".into(), &line["cause"]));
    let message = japanese["message"].as_str().unwrap();
    assert!(message.starts_with("シリアルポート /nonexistent/reader がありません。"), "{message}");
    assert!(told.stderr.contains("カードリーダーが接続されていません"), "{told:?}");
    service.process.assert_running();
}
