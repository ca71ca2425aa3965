//! Backups of a store in use, and the way back.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::SystemTime,
};

use kazasu_registration::{Capacity, Details, Limits, Role, UserId, UserName};
use kazasu_store::{AddOutcome, BackupError, Restored, Store, UserToStore};
use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::{backup, restore};
use crate::SqliteStore;

const MANY: Capacity = Capacity { registered: 1_000_000, records: 1_000_000 };
const STAMP: &str = "20260102T030405Z";

/// A folder with a database `kazasu.db` and room for a backup `saved`.
struct Place {
    _folder: TempDir,
    database: PathBuf,
    file: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (database, file) = (folder.path().join("kazasu.db"), folder.path().join("saved"));
        Self { _folder: folder, database, file }
    }

    /// One with these users, and a backup of it.
    async fn saved(users: &[&str]) -> Self {
        let place = Self::new();
        let store = SqliteStore::open(&place.database).unwrap();
        add(&store, users).await;
        backup(&place.database, &place.file).unwrap();
        place
    }

    fn restore(&self) -> Result<Restored, BackupError> {
        restore(&self.database, &self.file, STAMP)
    }

    /// The names in the folder, sorted.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.database.parent().unwrap()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    async fn users(&self) -> Vec<String> {
        users(&SqliteStore::open(&self.database).unwrap()).await
    }
}

async fn add(store: &SqliteStore, ids: &[&str]) {
    let user = |id: &&str| UserToStore {
        id: UserId::new(id).unwrap(),
        name: UserName::new("x").unwrap(),
        mail: None,
        role: Role::General,
        limits: Limits::ALLOW_ALL,
        verifier: None,
    };
    let users = ids.iter().map(user).collect();
    let added = store.add_users(users, MANY, SystemTime::UNIX_EPOCH).await;
    assert_eq!(added, Ok(AddOutcome::Added));
}

async fn users(store: &SqliteStore) -> Vec<String> {
    let users = store.list_users().await.unwrap();
    users.iter().map(|user| user.listed.key.as_str().to_owned()).collect()
}

/// Every row of every table, in words.
fn rows(database: &Path) -> Vec<String> {
    let db = Connection::open(database).unwrap();
    let mut tables =
        db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    let tables: Vec<String> =
        tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut lines = Vec::new();
    for table in tables {
        let mut query = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = query.column_count();
        let mut found = query.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let values: Vec<_> =
                (0..columns).map(|n| format!("{:?}", row.get_ref(n).unwrap())).collect();
            lines.push(format!("{table} {}", values.join(" ")));
        }
    }
    lines
}

#[tokio::test]
async fn a_backup_restores_to_an_equal_state_elsewhere() {
    let here = Place::new();
    let store = SqliteStore::open(&here.database).unwrap();
    let ids: Vec<_> = (0..300).map(|n| format!("user{n}")).collect();
    add(&store, &ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let saved = backup(&here.database, &here.file).unwrap();
    assert_eq!(saved.users, 300);
    assert_eq!(saved.bytes, fs::metadata(&here.file).unwrap().len());
    assert_eq!(fs::metadata(&here.file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(here.names().iter().all(|name| !name.contains(".part")), "{:?}", here.names());

    let there = Place::new();
    fs::copy(&here.file, &there.file).unwrap();
    let restored = there.restore().unwrap();
    assert_eq!(restored, Restored { users: 300, kept: None, was_damaged: false });
    assert_eq!(there.names(), ["audit.end", "audit.key", "kazasu.db", "saved"]);
    // Before it is opened: then its log notes that it is at another place.
    assert!(rows(&there.database) == rows(&here.database), "row by row");
    assert_eq!(there.users().await, users(&store).await);
}

/// Each transaction adds two users and two audit records: a backup holds both or neither, and the
/// service beside it waits for nothing.
#[tokio::test]
async fn a_backup_under_load_shows_one_moment() {
    let here = Place::new();
    let store = SqliteStore::open(&here.database).unwrap();
    let many: Vec<_> = (0..3000).map(|n| format!("old{n}")).collect();
    add(&store, &many.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let stop = AtomicBool::new(false);
    let load = async {
        let mut pairs = 0;
        while !stop.load(Ordering::Relaxed) {
            add(&store, &[&format!("a{pairs}"), &format!("b{pairs}")]).await;
            pairs += 1;
        }
        pairs
    };
    let backups = async {
        let mut counts = Vec::new();
        for _ in 0..10 {
            let (database, file) = (here.database.clone(), here.file.clone());
            let saved = tokio::task::spawn_blocking(move || backup(&database, &file).unwrap());
            counts.push(saved.await.unwrap().users);
            let there = Place::new();
            fs::copy(&here.file, &there.file).unwrap();
            there.restore().unwrap();
            let found = there.users().await;
            let of = |letter: char| found.iter().filter(|id| id.starts_with(letter)).count();
            assert_eq!(of('a'), of('b'));
            assert_eq!(found.len() as u64, *counts.last().unwrap());
            let db = Connection::open(&there.database).unwrap();
            let count = "SELECT count(*) FROM audit WHERE event = 'user-added'";
            let audited: u32 = db.query_row(count, [], |row| row.get(0)).unwrap();
            // The oldest gave way, and a record of the same moment says how many.
            let told = "SELECT fields FROM audit WHERE event = 'audit-folded'";
            let told: Option<String> = db.query_row(told, [], |row| row.get(0)).optional().unwrap();
            let folded = told.and_then(|json| Details::from_json(&json)?.count("count"));
            let folded = folded.unwrap_or_default();
            assert_eq!(u64::from(audited) + folded, found.len() as u64);
        }
        stop.store(true, Ordering::Relaxed);
        counts
    };
    let (pairs, counts) = tokio::join!(load, backups);
    assert!(counts.is_sorted() && counts[0] < counts[9], "{counts:?} while {pairs} pairs came");
}

#[tokio::test]
async fn a_cut_off_backup_is_refused_and_nothing_is_touched() {
    let place = Place::saved(&["tanaka"]).await;
    let whole = fs::read(&place.file).unwrap();
    let before = fs::read(&place.database).unwrap();
    let names = place.names();
    for length in (0..whole.len()).step_by(997).chain(whole.len() - 140..whole.len()) {
        fs::write(&place.file, &whole[..length]).unwrap();
        match place.restore() {
            Err(BackupError::CutOff(_)) if length >= 72 => {}
            Err(BackupError::NotABackup(_)) if length < 72 => {}
            other => panic!("{length} of {}: {other:?}", whole.len()),
        }
        assert_eq!(fs::read(&place.database).unwrap(), before);
        assert_eq!(place.names(), names);
    }
}

#[tokio::test]
async fn a_changed_backup_is_refused_and_nothing_is_touched() {
    let place = Place::saved(&["tanaka"]).await;
    let whole = fs::read(&place.file).unwrap();
    let before = fs::read(&place.database).unwrap();
    let names = place.names();
    for at in (0..whole.len()).step_by(499).chain(whole.len() - 136..whole.len()) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&place.file, changed).unwrap();
        let refused = place.restore().unwrap_err();
        assert!(refused.to_string().contains("saved"), "{refused}");
        assert_eq!(fs::read(&place.database).unwrap(), before, "{at}");
        assert_eq!(place.names(), names, "{at}");
    }
    let longer = [&whole[..4096], &whole[..]].concat();
    fs::write(&place.file, longer).unwrap();
    assert!(matches!(place.restore(), Err(BackupError::Changed { .. })));
}

#[tokio::test]
async fn what_else_is_no_backup_of_this_version() {
    let place = Place::saved(&["tanaka"]).await;
    let whole = fs::read(&place.file).unwrap();
    let text = |from: &str, to: &str| {
        let end = whole.len() - 137;
        let line = String::from_utf8(whole[end..].to_vec()).unwrap();
        assert!(line.contains(from), "{line}");
        [&whole[..end], line.replace(from, to).as_bytes()].concat()
    };
    let newer_format = text("backup 0001", "backup 0002");
    let newer_schema = text("schema=00000", "schema=00009");
    let rows = [
        (newer_format, "backup format 2"),
        (newer_schema, "schema 9"),
        (b"user_id,name\n".repeat(100), "is no backup of kazasu"),
        (fs::read(&place.database).unwrap(), "is cut off"),
    ];
    for (bytes, says) in rows {
        fs::write(&place.file, bytes).unwrap();
        let refused = place.restore().unwrap_err().to_string();
        assert!(refused.contains(says) && refused.contains("saved"), "{says}: {refused}");
    }
    fs::remove_file(&place.file).unwrap();
    assert!(matches!(place.restore(), Err(BackupError::File { .. })));
}

#[tokio::test]
async fn the_database_from_before_is_kept() {
    let place = Place::saved(&["tanaka"]).await;
    let store = SqliteStore::open(&place.database).unwrap();
    add(&store, &["suzuki"]).await;
    drop(store);
    let restored = place.restore().unwrap();
    let kept = place.database.with_file_name("kazasu.db.before-restore");
    assert_eq!(restored, Restored { users: 1, kept: Some(kept.clone()), was_damaged: false });
    assert_eq!(place.users().await, ["tanaka"]);
    assert_eq!(users(&SqliteStore::open(&kept).unwrap()).await, ["suzuki", "tanaka"]);
}

/// Killed: what was committed last is in the log beside the file only.
#[tokio::test]
async fn the_log_of_the_database_from_before_is_not_taken_for_the_new_ones() {
    let place = Place::saved(&["tanaka"]).await;
    let store = SqliteStore::open(&place.database).unwrap();
    add(&store, &["suzuki"]).await;
    let killed = Place::new();
    for end in ["", "-wal"] {
        let of = |place: &Place| PathBuf::from(format!("{}{end}", place.database.display()));
        fs::copy(of(&place), of(&killed)).unwrap();
    }
    fs::copy(&place.file, &killed.file).unwrap();
    killed.restore().unwrap();
    assert_eq!(killed.users().await, ["tanaka"]);
    let kept = killed.database.with_file_name("kazasu.db.before-restore");
    assert_eq!(users(&SqliteStore::open(&kept).unwrap()).await, ["suzuki", "tanaka"]);
}

#[tokio::test]
async fn a_damaged_database_is_copied_aside() {
    type Harm = fn(&Path);
    let harms: &[(&str, Harm)] = &[
        ("text", |database| fs::write(database, "user_id,name\n").unwrap()),
        ("empty", |database| fs::write(database, "").unwrap()),
        ("torn", |database| {
            let whole = fs::read(database).unwrap();
            fs::write(database, &whole[..whole.len() - 5000]).unwrap();
        }),
    ];
    for (name, harm) in harms {
        let place = Place::saved(&["tanaka"]).await;
        harm(&place.database);
        let harmed = fs::read(&place.database).unwrap();
        assert!(SqliteStore::open(&place.database).is_err(), "{name}");
        assert_eq!(fs::read(&place.database).unwrap(), harmed, "{name}: left alone");
        let kept = place.database.with_file_name(format!("kazasu.db.damaged-{STAMP}"));
        let restored = place.restore().unwrap();
        assert_eq!(restored, Restored { users: 1, kept: Some(kept.clone()), was_damaged: true });
        assert_eq!(fs::read(&kept).unwrap(), harmed, "{name}");
        assert_eq!(place.users().await, ["tanaka"], "{name}");
    }
}

#[tokio::test]
async fn a_log_without_its_database_is_kept_too() {
    let place = Place::saved(&["tanaka"]).await;
    fs::remove_file(&place.database).unwrap();
    fs::write(place.database.with_file_name("kazasu.db-wal"), "log").unwrap();
    assert!(place.restore().unwrap().was_damaged);
    let kept = place.database.with_file_name(format!("kazasu.db.damaged-{STAMP}-wal"));
    assert_eq!(fs::read(kept).unwrap(), b"log");
    assert_eq!(place.users().await, ["tanaka"]);
}

#[tokio::test]
async fn what_backups_and_restores_do_not_replace() {
    let place = Place::saved(&["tanaka"]).await;
    // An older backup is replaced, anything else is not.
    assert_eq!(backup(&place.database, &place.file).unwrap().users, 1);
    let before = fs::read(&place.database).unwrap();
    let refused = backup(&place.database, &place.database);
    assert!(matches!(refused, Err(BackupError::WouldReplace(_))), "{refused:?}");
    assert_eq!(fs::read(&place.database).unwrap(), before);
    // In use, and another program's.
    let other = Connection::open(&place.database).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; DELETE FROM users").unwrap();
    assert!(place.restore().unwrap_err().to_string().contains("close it"));
    drop(other);
    let songs = Place::new();
    fs::copy(&place.file, &songs.file).unwrap();
    let db = Connection::open(&songs.database).unwrap();
    db.execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
    for refused in [
        songs.restore().unwrap_err(),
        backup(&songs.database, &songs.database.with_file_name("another")).unwrap_err(),
    ] {
        assert!(refused.to_string().contains("another program"), "{refused}");
    }
    assert_eq!(songs.names(), ["kazasu.db", "saved"]);
}

/// A page that was spoiled on the disk would be in every backup from then on.
#[tokio::test]
async fn a_damaged_database_makes_no_backup() {
    let place = Place::saved(&["tanaka"]).await;
    let saved = fs::read(&place.file).unwrap();
    let mut bytes = fs::read(&place.database).unwrap();
    bytes.chunks_mut(4096).nth(2).unwrap().fill(0x5A);
    fs::write(&place.database, bytes).unwrap();
    let refused = backup(&place.database, &place.file).unwrap_err().to_string();
    assert!(refused.contains("damaged"), "{refused}");
    assert_eq!(fs::read(&place.file).unwrap(), saved, "the older one stays");
}

/// It could not be opened once it is restored.
#[tokio::test]
async fn a_database_with_other_tables_is_neither_saved_nor_restored() {
    for change in [
        "CREATE TRIGGER more AFTER DELETE ON users BEGIN DELETE FROM lockouts; END",
        "CREATE VIEW more AS SELECT 1",
        "DROP TABLE lockouts",
    ] {
        let place = Place::saved(&["alice"]).await;
        let kept = fs::read(&place.file).unwrap();
        Connection::open(&place.database).unwrap().execute_batch(change).unwrap();
        let error = backup(&place.database, &place.file).unwrap_err();
        assert!(error.to_string().contains("other tables"), "{change}: {error}");
        assert_eq!(fs::read(&place.file).unwrap(), kept, "{change}");
        place.restore().unwrap();
        assert_eq!(place.users().await, ["alice"]);
    }
    // Older than its tables, and sealed as such.
    let place = Place::saved(&["alice"]).await;
    let saved = fs::read(&place.file).unwrap();
    let line =
        saved.len() - saved.iter().rev().skip(1).position(|byte| *byte == b'\n').unwrap() - 2;
    let mut older = saved[..line].to_vec();
    older[63] -= 1;
    let sum: String = Sha256::digest(&older).iter().map(|byte| format!("{byte:02x}")).collect();
    older.extend(
        format!("\nkazasu-backup 0001 schema={:010} bytes={line:020} sha256={sum}\n", older[63])
            .bytes(),
    );
    fs::write(&place.file, older).unwrap();
    let before = fs::read(&place.database).unwrap();
    let error = place.restore().unwrap_err();
    assert!(error.to_string().contains("other tables"), "{error}");
    assert_eq!(fs::read(&place.database).unwrap(), before);
    assert_eq!(place.names(), ["audit.end", "audit.key", "kazasu.db", "saved"]);
}

/// Seals these bytes of a database as a backup.
fn sealed(database: &[u8]) -> Vec<u8> {
    let sum: String = Sha256::digest(database).iter().map(|byte| format!("{byte:02x}")).collect();
    let (schema, length) = (*database.get(63).unwrap(), database.len());
    let line =
        format!("\nkazasu-backup 0001 schema={schema:010} bytes={length:020} sha256={sum}\n");
    [database, line.as_bytes()].concat()
}

/// Without waiting for a writer, without filling the disk.
#[tokio::test]
async fn a_pipe_and_an_endless_file_are_refused_at_once() {
    let place = Place::saved(&["tanaka"]).await;
    let whole = fs::read(&place.file).unwrap();
    let names = place.names();
    fs::remove_file(&place.file).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&place.file).status().unwrap().success());
    assert!(matches!(place.restore(), Err(BackupError::NotABackup(_))));
    assert!(matches!(backup(&place.database, &place.file), Err(BackupError::WouldReplace(_))));
    fs::remove_file(&place.file).unwrap();

    // 64 GiB of nothing, with a last line that says so.
    let bytes = 64_u64 << 30;
    let end = String::from_utf8(whole[whole.len() - 137..].to_vec()).unwrap();
    let length = format!("bytes={:020}", whole.len() - 137);
    assert!(end.contains(&length), "{end}");
    let end = end.replace(&length, &format!("bytes={bytes:020}"));
    let file = fs::File::create(&place.file).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, end.as_bytes(), bytes).unwrap();
    assert!(matches!(place.restore(), Err(BackupError::TooLarge(_))));
    assert_eq!(place.names(), names);
}

#[tokio::test]
async fn numbers_that_leave_no_room_are_refused() {
    for change in [
        "UPDATE audit SET id = 9223372036854775807",
        "UPDATE sqlite_sequence SET seq = 9223372036854775807",
        "UPDATE users SET id = 9223372036854775807",
        "UPDATE audit_chain SET head = 9223372036854775806",
    ] {
        let place = Place::saved(&["tanaka"]).await;
        let whole = fs::read(&place.file).unwrap();
        let inner = place.file.with_file_name("inner");
        fs::write(&inner, &whole[..whole.len() - 137]).unwrap();
        Connection::open(&inner).unwrap().execute_batch(change).unwrap();
        fs::write(&place.file, sealed(&fs::read(&inner).unwrap())).unwrap();
        let refused = place.restore().unwrap_err().to_string();
        assert!(refused.contains("hardly another"), "{change}: {refused}");
        assert_eq!(place.users().await, ["tanaka"]);
    }
}

/// On the machine where the backup was made, and on another to which its key was copied first.
#[tokio::test]
async fn a_restored_log_with_its_key_is_whole() {
    let here = Place::saved(&["tanaka"]).await;
    add(&SqliteStore::open(&here.database).unwrap(), &["suzuki"]).await;
    let there = Place::new();
    let there_key = there.database.with_file_name("audit.key");
    fs::copy(here.database.with_file_name("audit.key"), there_key).unwrap();
    fs::copy(&here.file, &there.file).unwrap();
    for place in [&here, &there] {
        place.restore().unwrap();
        let store = SqliteStore::open(&place.database).unwrap();
        assert!(store.verify_audit().await.unwrap().is_ok());
        drop(store);
        // It goes on so; and what is cut off afterwards is found.
        add(&SqliteStore::open(&place.database).unwrap(), &["sato"]).await;
        Connection::open(&place.database)
            .unwrap()
            .execute_batch("DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)")
            .unwrap();
        let store = SqliteStore::open(&place.database).unwrap();
        assert!(store.verify_audit().await.unwrap().is_err());
    }
}
