//! The contract on SQLite, and what goes wrong with files.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod damage;

use std::{
    fs,
    future::Future,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
};

use kazasu_registration::{
    Capacity, CommitOutcome, DeviceSecret, Limits, LookUp, ProvisionalOutcome, Role, Settings,
    Site, UserId, UserKey, UserName,
};
use kazasu_sqlite::SqliteStore;
use kazasu_store::{
    AddOutcome, BackupError, Restored, SettingsToStore, Store, StoreError, StoreErrorKind,
    UserChange,
};
use kazasu_store_contract::*;
use rusqlite::Connection;
use tempfile::TempDir;

/// A folder that goes away, with the path of a database in it.
fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kazasu.db");
    (folder, path)
}

/// What another program sees of the file.
fn outside(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

/// The log, in which no transaction is open.
fn audit(path: &Path) -> Vec<String> {
    let db = outside(path);
    let mut query = db.prepare("SELECT concat_ws(' ', id, event, user_id) FROM audit").unwrap();
    let lines = query.query_map([], |row| row.get(0)).unwrap();
    lines.map(Result::unwrap).collect()
}

/// A folder of its own.
struct Folder {
    _folder: TempDir,
    path: PathBuf,
}

impl Folder {
    fn new() -> Self {
        let (folder, path) = place();
        Self { _folder: folder, path }
    }
}

impl Place for Folder {
    type Store = SqliteStore;

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path).unwrap()
    }

    fn take_records(&self, takes: bool) {
        let trap = match takes {
            true => "DROP TRIGGER trap",
            false => {
                "CREATE TRIGGER trap BEFORE INSERT ON audit
                 BEGIN SELECT RAISE(FAIL, 'no record is taken'); END"
            }
        };
        outside(&self.path).execute_batch(trap).unwrap();
    }

    fn fill_log(&self, records: u64) {
        // As many commits would take minutes: an older version left them.
        let fill = format!(
            "PRAGMA synchronous = off;
             DELETE FROM audit; DELETE FROM audit_chain;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {records})
             INSERT INTO audit (id, at_ms, event, fields)
                 SELECT i, i * 1000, 'kind' || (i / 2500), '{{}}' FROM n;"
        );
        outside(&self.path).execute_batch(&fill).unwrap();
        for file in ["audit.key", "audit.end"] {
            fs::remove_file(self.path.with_file_name(file)).unwrap();
        }
    }

    fn damage_record(&self, user: &UserId) {
        let damage = "UPDATE users SET name = '' WHERE user_id = ?1";
        outside(&self.path).execute(damage, [user.as_str()]).unwrap();
    }

    fn restore_from(&self, file: &Path) -> Result<Restored, BackupError> {
        kazasu_sqlite::restore(&self.path, file, "now")
    }
}

contract!(Folder::new());

/// Whichever column it could be in.
#[tokio::test]
async fn no_card_number_is_in_the_log() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    kazasu_store_contract::the_log_tells_all_and_holds_no_number(&store).await;
    let everything: String = outside(&path)
        .query_row("SELECT group_concat(concat_ws(' ', id, at_ms, station, event, user_id, card, replaced, code, detail, fields)) FROM audit", [], |row| row.get(0))
        .unwrap();
    assert!(everything.contains("desk") && !everything.contains("012E4CE1"), "{everything}");
}

#[tokio::test]
async fn what_was_stored_is_there_after_opening_again() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    add(&store, &["tanaka"]).await;
    tap(&store, 1).await;
    store.commit(binding(1, "tanaka", None)).await.unwrap();
    drop(store);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(listed(&store).await, ["tanaka registered card"]);
    assert!(matches!(store.look_up(card(1)).await, Ok(LookUp::Registered(_))));
}

#[tokio::test]
async fn a_file_that_others_can_read_is_refused_until_that_is_mended() {
    let (_folder, path) = place();
    drop(SqliteStore::open(&path).unwrap());
    for mode in [0o644, 0o640, 0o602] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = refused(&path);
        assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
        assert!(error.message.contains("chmod 600"));
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    add(&store, &["tanaka"]).await;
    for name in ["kazasu.db", "kazasu.db-wal", "kazasu.db-shm"] {
        let mode = fs::metadata(path.with_file_name(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

/// S10-3.6-08: a change that fails in its last step, or in any other, leaves what was there before.
#[tokio::test]
async fn a_change_that_fails_midway_leaves_the_old_state() {
    let fails_at =
        [("cards", "DELETE"), ("cards", "UPDATE"), ("users", "DELETE"), ("audit", "INSERT")];
    for (table, step) in fails_at {
        let (_folder, path) = place();
        let store = SqliteStore::open(&path).unwrap();
        add(&store, &["tanaka"]).await;
        tap(&store, 1).await;
        store.commit(binding(1, "tanaka", None)).await.unwrap();
        tap(&store, 2).await;
        let (users, log) = (listed(&store).await, audit(&path));

        let trap = format!(
            "CREATE TRIGGER trap BEFORE {step} ON {table} BEGIN SELECT RAISE(FAIL, 'trap'); END"
        );
        outside(&path).execute_batch(&trap).unwrap();
        let failed = store.commit(binding(2, "tanaka", Some(1))).await;
        let kind = failed.map_err(|error| (error.kind, error.code().as_str()));
        // What cannot be audited is not done, either.
        let expected = match table {
            "audit" => (StoreErrorKind::Unaudited, "3025"),
            _ => (StoreErrorKind::NotCommitted, "309"),
        };
        assert_eq!(kind, Err(expected), "{step} {table}");
        assert_eq!(listed(&store).await, users, "{step} {table}");
        assert_eq!(audit(&path), log, "{step} {table}");
        assert!(matches!(store.look_up(card(1)).await, Ok(LookUp::Registered(_))));
        assert_eq!(store.look_up(card(2)).await, Ok(LookUp::Provisional));

        outside(&path).execute_batch("DROP TRIGGER trap").unwrap();
        let done = store.commit(binding(2, "tanaka", Some(1))).await;
        assert_eq!(done, Ok(CommitOutcome::Done), "{step} {table}");
    }
}

/// The same for whatever else changes more than one row.
#[tokio::test]
async fn every_other_change_happens_whole_or_not_at_all() {
    type Change = fn(&SqliteStore) -> Pin<Box<dyn Future<Output = bool> + Send + '_>>;
    let copies: Change = |store| {
        let copied = store.commit_copy(binding(2, "sato", None), copy("sato", MANY));
        Box::pin(async { copied.await.is_ok() })
    };
    let edits: Change = |store| {
        let edited = UserChange {
            user: id("tanaka"),
            name: UserName::new("x").ok(),
            mail: Some(None),
            role: Some(Role::Administrator),
            limits: Some(Limits::FORBID_ALL),
            verifier: Some(None),
            unlink_card: true,
            at: at(9),
        };
        Box::pin(async { store.edit_user(edited).await.is_ok() })
    };
    let leftovers: Change =
        |store| Box::pin(async { store.delete_provisional(None, at(9)).await.is_ok() });
    let settings: Change = |store| {
        let settings = Settings::default().changed([("card.number", "order=reversed")]).unwrap();
        let change = SettingsToStore {
            expected: 0,
            json: settings.to_json(),
            keys: Vec::new(),
            renumber: Some(Arc::new(Site::new(settings).unwrap())),
            deletes_users: false,
            try_only: false,
            at: at(9),
        };
        Box::pin(async { store.save_settings(change).await.is_ok() })
    };
    let secret: Change = |store| {
        let set = store.set_secret(DeviceSecret::Guest, Some(hash("x")), at(9));
        Box::pin(async { set.await.is_ok() })
    };
    let rows = [
        (copies, "copy", vec!["INSERT ON users", "UPDATE ON cards", "DELETE ON users"]),
        (edits, "edit", vec!["UPDATE ON users", "DELETE ON cards"]),
        (leftovers, "leftovers", vec!["DELETE ON users"]),
        (settings, "settings", vec!["UPDATE ON cards", "UPDATE ON users", "INSERT ON settings"]),
        (secret, "secret", vec!["INSERT ON secrets"]),
    ];
    for (change, name, steps) in rows {
        for step in steps.into_iter().chain(["INSERT ON audit"]) {
            let (_folder, path) = place();
            let store = SqliteStore::open(&path).unwrap();
            add(&store, &["tanaka"]).await;
            tap(&store, 1).await;
            store.commit(binding(1, "tanaka", None)).await.unwrap();
            tap(&store, 2).await;
            let before = (store.list_users().await, audit(&path));
            // After the change of the row, so that something was written when it fails.
            let trap =
                format!("CREATE TRIGGER trap AFTER {step} BEGIN SELECT RAISE(FAIL, 'trap'); END");
            outside(&path).execute_batch(&trap).unwrap();
            assert!(!change(&store).await, "{name}, {step}");
            let after = (store.list_users().await, audit(&path));
            assert_eq!(after, before, "{name}, {step}");
            assert_eq!(store.load_settings().await, Ok(None), "{name}, {step}");
            assert_eq!(store.secret(DeviceSecret::Guest).await, Ok(None), "{name}, {step}");
            let unique = "SELECT sql FROM sqlite_master WHERE name = 'card_number'";
            let unique: String = outside(&path).query_row(unique, [], |row| row.get(0)).unwrap();
            assert!(unique.starts_with("CREATE UNIQUE INDEX"), "{name}, {step}: {unique}");
            outside(&path).execute_batch("DROP TRIGGER trap").unwrap();
            assert!(change(&store).await, "{name}, {step}");
        }
    }
}

#[tokio::test]
async fn adding_many_fails_whole() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    outside(&path)
        .execute_batch(
            "CREATE TRIGGER trap BEFORE INSERT ON users WHEN new.user_id = 'c'
             BEGIN SELECT RAISE(FAIL, 'trap'); END",
        )
        .unwrap();
    let users = ["a", "b", "c"].map(user).to_vec();
    let failed = store.add_users(users, MANY, at(0)).await.unwrap_err();
    assert_eq!(failed.kind, StoreErrorKind::NotCommitted);
    assert!(listed(&store).await.is_empty() && audit(&path).is_empty());
}

#[tokio::test]
async fn a_locked_database_is_an_answer_and_no_wait_without_end() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    add(&store, &["tanaka"]).await;
    let other = outside(&path);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let failed = store.make_provisional(provisional(1), None, MANY).await.unwrap_err();
    assert_eq!((failed.kind, failed.code().as_str()), (StoreErrorKind::Busy, "3065"));
    assert!(failed.message.contains("kazasu.db"), "{failed}");
    // Reading goes on meanwhile.
    assert_eq!(listed(&store).await, ["tanaka registered no card"]);
    other.execute_batch("ROLLBACK").unwrap();
    tap(&store, 1).await;
}

fn refused(path: &Path) -> StoreError {
    match SqliteStore::open(path) {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error,
    }
}

#[tokio::test]
async fn files_that_are_not_ours_are_refused_and_stay_as_they_are() {
    type Make = fn(&Path);
    let rows: &[(&str, Make, StoreErrorKind, &str)] = &[
        (
            "text",
            |path| fs::write(path, "user_id,name\n").unwrap(),
            StoreErrorKind::Damaged,
            "damaged",
        ),
        (
            "truncated",
            |path| {
                let whole = fs::read(path).unwrap();
                fs::write(path, &whole[..whole.len() - 5000]).unwrap();
            },
            StoreErrorKind::Damaged,
            "restore a backup",
        ),
        (
            "cut off at its start",
            |path| fs::write(path, "").unwrap(),
            StoreErrorKind::Damaged,
            "is empty",
        ),
        (
            "gone, its log left",
            |path| {
                fs::write(path.with_file_name("kazasu.db-wal"), [0x5A; 4096]).unwrap();
                fs::remove_file(path).unwrap();
            },
            StoreErrorKind::Damaged,
            "is missing",
        ),
        (
            "overwritten in the middle",
            |path| {
                let mut bytes = fs::read(path).unwrap();
                let page = bytes.chunks_mut(4096).nth(2).unwrap();
                page.fill(0x5A);
                fs::write(path, bytes).unwrap();
            },
            StoreErrorKind::Damaged,
            "restore a backup",
        ),
        (
            "newer",
            |path| outside(path).pragma_update(None, "user_version", 6).unwrap(),
            StoreErrorKind::Unavailable,
            "made by a newer kazasu (schema 6, this one knows 5)",
        ),
        (
            "another program's",
            |path| {
                fs::remove_file(path).unwrap();
                outside(path).execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
            },
            StoreErrorKind::Unavailable,
            "another program",
        ),
        (
            "a folder",
            |path| {
                fs::remove_file(path).unwrap();
                fs::create_dir(path).unwrap();
            },
            StoreErrorKind::Unavailable,
            "cannot be opened",
        ),
    ];
    for (name, spoil, kind, says) in rows {
        let (_folder, path) = place();
        let store = SqliteStore::open(&path).unwrap();
        let users: Vec<_> = (0..100).map(|n| user(&format!("user{n}"))).collect();
        assert_eq!(store.add_users(users, MANY, at(0)).await, Ok(AddOutcome::Added));
        drop(store);
        spoil(&path);
        let before = fs::read(&path).ok();
        let error = refused(&path);
        assert_eq!(error.kind, *kind, "{name}: {error}");
        assert!(error.message.contains(says) && error.message.contains("kazasu.db"), "{error}");
        assert_eq!(fs::read(&path).ok(), before, "{name}");
    }
    let error = refused(Path::new("/no/such/folder/kazasu.db"));
    assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
}

#[tokio::test]
async fn a_database_that_another_program_holds_is_refused_with_the_reason() {
    let (_folder, path) = place();
    drop(SqliteStore::open(&path).unwrap());
    let other = outside(&path);
    other.execute_batch("PRAGMA locking_mode = exclusive; BEGIN EXCLUSIVE").unwrap();
    assert_eq!(refused(&path).kind, StoreErrorKind::Busy);
}

#[tokio::test]
async fn a_thousand_records_are_the_limit() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    let users: Vec<_> = (0..999).map(|n| user(&format!("user{n}"))).collect();
    let capacity = Capacity::default();
    assert_eq!(store.add_users(users, capacity, at(0)).await, Ok(AddOutcome::Added));
    let one = vec![user("one-more")];
    assert_eq!(store.add_users(one, capacity, at(0)).await, Ok(AddOutcome::Full));
    let made = store.make_provisional(provisional(1), None, capacity).await;
    assert_eq!(made, Ok(ProvisionalOutcome::Made));
    let made = store.make_provisional(provisional(2), None, capacity).await;
    assert_eq!(made, Ok(ProvisionalOutcome::Full));
}
