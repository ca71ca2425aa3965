//! Databases of older versions.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use kazasu_hal::{CardIdentity, Technology};
use kazasu_registration::{
    AuditEvent, AuditRecord, Broken, Capacity, DeviceSecret, Failures, Limits, LookUp, Role,
    Source, UserId, UserKey, UserName,
};
use kazasu_sqlite::SqliteStore;
use kazasu_store::{AddOutcome, Store, StoreErrorKind, UserToStore};
use rusqlite::Connection;
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kazasu.db");
    (folder, path)
}

/// What the version before settings and directories wrote: a person with a card, a person
/// without, a leftover; two cards are gone, the last of them the newest row there was.
const FIRST: &str = "
    PRAGMA application_id = 0x4B5A5355;
    PRAGMA user_version = 1;
    INSERT INTO users VALUES
        (1, 'tanaka', 'registered', 'Tanaka', 't@example.jp', '$hash', 1, 1, 1, 1, 'general', 1000),
        (2, 'suzuki', 'registered', 'Suzuki', NULL, NULL, 1, 1, 1, 1, 'general', 2000),
        (4, '04010203040506', 'provisional', 'x', NULL, NULL, 0, 0, 0, 0, 'general', 3000);
    INSERT INTO cards VALUES
        (1, 1, 'felica', x'012E4CE100000001', 'stable', 65535, '012E4CE100000001'),
        (3, 4, 'iso14443a', x'04010203040506', 'stable', NULL, '04010203040506'),
        (7, 2, 'iso14443a', x'04010203040507', 'stable', NULL, '04010203040507');
    DELETE FROM cards WHERE id = 7;
    INSERT INTO audit VALUES (5, 1500, 'desk', 'card-bound', 'tanaka', 1, NULL, NULL);
";

fn first_version(path: &Path) -> Connection {
    let db = Connection::open(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    db.pragma_update(None, "journal_mode", "wal").unwrap();
    db.execute_batch(include_str!("../src/schema/1.sql")).unwrap();
    db.execute_batch(FIRST).unwrap();
    db
}

fn lines(db: &Connection, query: &str) -> Vec<String> {
    let mut query = db.prepare(query).unwrap();
    query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[tokio::test]
async fn a_database_of_schema_1_is_brought_up_to_date() {
    let (_folder, path) = place();
    drop(first_version(&path));
    let store = SqliteStore::open(&path).unwrap();
    let users = store.list_users().await.unwrap();
    let shown: Vec<_> = users
        .iter()
        .map(|u| {
            let card = u.card.as_ref().map_or("-", |number| number.as_str());
            assert_eq!(u.source, Source::Device);
            format!(
                "{} {} {card} {}",
                u.listed.key.as_str(),
                u.listed.name.as_str(),
                u.has_password
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "04010203040506 x 04010203040506 false",
            "suzuki Suzuki - false",
            "tanaka Tanaka 012E4CE100000001 true",
        ]
    );
    let card = |technology, raw: &[u8], system| CardIdentity::new(technology, raw, system).unwrap();
    let system = Some(kazasu_hal::SystemCode::ANY);
    let tanakas = card(Technology::Felica, &[1, 0x2E, 0x4C, 0xE1, 0, 0, 0, 1], system);
    match store.look_up(tanakas).await {
        Ok(LookUp::Registered(account)) => assert_eq!(account.id, UserId::new("tanaka").unwrap()),
        other => panic!("{other:?}"),
    }
    let leftover = card(Technology::Iso14443a, &[4, 1, 2, 3, 4, 5, 6], None);
    assert_eq!(store.look_up(leftover).await, Ok(LookUp::Provisional));
    assert_eq!(store.load_settings().await, Ok(None));
    let key = UserKey::readings("04010203040506").pop().unwrap();
    assert_eq!(store.delete_user(key, std::time::SystemTime::UNIX_EPOCH).await, Ok(true));
    drop(store);

    let db = Connection::open(&path).unwrap();
    assert_eq!(
        lines(
            &db,
            "SELECT concat_ws(' ', id, event, user_id, card, detail) FROM audit ORDER BY id"
        ),
        ["5 card-bound tanaka 1", "6 audit-form-changed", "7 provisional-deleted 3"]
    );
    // The row of the card that is gone is not used again.
    let next = "SELECT concat(seq) FROM sqlite_sequence WHERE name = 'cards'";
    assert_eq!(lines(&db, next), ["7"]);
    assert_eq!(lines(&db, "PRAGMA integrity_check"), ["ok"]);
    assert!(lines(&db, "SELECT \"table\" FROM pragma_foreign_key_check").is_empty());

    // A new database looks the same.
    let (_folder, new) = place();
    drop(SqliteStore::open(&new).unwrap());
    let schema = "SELECT concat_ws(' ', type, name, sql) FROM sqlite_master ORDER BY name";
    assert_eq!(lines(&db, schema), lines(&Connection::open(&new).unwrap(), schema));
}

#[tokio::test]
async fn a_step_that_fails_leaves_the_old_version_as_it_was() {
    let (_folder, path) = place();
    let db = first_version(&path);
    db.execute_batch("CREATE TABLE secrets (mine TEXT)").unwrap();
    let schema = "SELECT concat_ws(' ', type, name, sql) FROM sqlite_master ORDER BY name";
    let before = lines(&db, schema);
    drop(db);
    let error = SqliteStore::open(&path).err().unwrap();
    assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
    let db = Connection::open(&path).unwrap();
    assert_eq!(lines(&db, schema), before);
    assert_eq!(lines(&db, "SELECT user_id FROM users ORDER BY id").len(), 3);
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 1);
}

#[tokio::test]
async fn the_log_of_schema_2_is_chained() {
    let (_folder, path) = place();
    let db = first_version(&path);
    db.execute_batch(include_str!("../src/schema/2.sql")).unwrap();
    db.execute_batch(
        "PRAGMA user_version = 2;
         INSERT INTO audit VALUES (6, 1600, NULL, 'secret-set', NULL, NULL, NULL, NULL, 'guest')",
    )
    .unwrap();
    drop(db);
    let store = SqliteStore::open(&path).unwrap();
    let log = store.audit_log(0).await.unwrap();
    let told: Vec<_> = log.iter().map(|entry| (entry.id, entry.detail.as_deref())).collect();
    assert_eq!(told, [(5, None), (6, Some("guest")), (7, None)]);
    assert_eq!(log[2].event, "audit-form-changed");
    let has_fields: Vec<_> = log.iter().map(|entry| entry.fields.is_some()).collect();
    assert_eq!(has_fields, [false, false, true]);
    let whole = store.verify_audit().await.unwrap().map(|whole| (whole.records, whole.end.id));
    assert_eq!(whole, Ok((3, 7)));
    drop(store);
    Connection::open(&path).unwrap().execute_batch("UPDATE audit SET detail = 'x'").unwrap();
    let store = SqliteStore::open(&path).unwrap();
    assert!(store.verify_audit().await.unwrap().is_err());
}

/// Whoever can write the file, and has no key, turns no record of before into one with fields, and none
/// of now into one without: not at the next opening either.
#[tokio::test]
async fn no_record_is_written_anew_in_the_other_form() {
    let (_folder, path) = place();
    let db = first_version(&path);
    for step in [
        include_str!("../src/schema/2.sql"),
        include_str!("../src/schema/3.sql"),
        include_str!("../src/schema/4.sql"),
    ] {
        db.execute_batch(step).unwrap();
    }
    db.execute_batch(
        "PRAGMA user_version = 4;
         INSERT INTO audit (id, at_ms, event, detail) VALUES (6, 1600, 'secret-set', 'guest')",
    )
    .unwrap();
    drop(db);
    let store = SqliteStore::open(&path).unwrap();
    let event = AuditEvent::SecretSet { secret: DeviceSecret::Engineer };
    let at = std::time::SystemTime::UNIX_EPOCH;
    store.append_audit(AuditRecord { at, station: None, event }).await.unwrap();
    assert_eq!(store.verify_audit().await.unwrap().map(|whole| whole.records), Ok(4));
    drop(store);
    let saved = ["kazasu.db", "audit.end"].map(|name| std::fs::read(path.with_file_name(name)));
    let rows = [
        ("detail = NULL, fields = json_object('secret', detail) WHERE id = 6", 6),
        ("fields = '{}' WHERE id = 5", 5),
        ("detail = 'engineer', fields = NULL WHERE id = 8", 8),
        ("fields = NULL WHERE id = 8", 8),
        ("detail = 'engineer' WHERE id = 8", 8),
        ("fields = NULL WHERE id = 7", 7),
        ("event = 'user-added' WHERE id = 7", 7),
        ("fields = json_set(fields, '$.secret', 'guest') WHERE id = 8", 8),
        ("fields = fields || ' ' WHERE id = 8", 8),
    ];
    for (change, id) in rows {
        for (name, bytes) in ["kazasu.db", "audit.end"].iter().zip(&saved) {
            std::fs::write(path.with_file_name(name), bytes.as_ref().unwrap()).unwrap();
        }
        let db = Connection::open(&path).unwrap();
        db.execute_batch(&format!("UPDATE audit SET {change}")).unwrap();
        drop(db);
        for opening in ["first", "second"] {
            let store = SqliteStore::open(&path).unwrap();
            let broken = store.verify_audit().await.unwrap().unwrap_err();
            assert!(broken.contains(&Broken::Changed(id)), "{opening}: {change}: {broken:?}");
        }
    }
}

/// One opening says once that records have fields; the next ones have nothing to say.
#[tokio::test]
async fn the_form_changes_once() {
    let (_folder, path) = place();
    drop(first_version(&path));
    for _ in 0..3 {
        let store = SqliteStore::open(&path).unwrap();
        let log = store.audit_log(0).await.unwrap();
        let marks = log.iter().filter(|entry| entry.event == "audit-form-changed").count();
        assert_eq!((log.len(), marks), (2, 1), "{log:?}");
        assert!(store.verify_audit().await.unwrap().is_ok());
    }
    // A new log has no other form.
    let (_folder, new) = place();
    drop(SqliteStore::open(&new).unwrap());
    let store = SqliteStore::open(&new).unwrap();
    assert_eq!(store.audit_log(0).await.unwrap(), []);
}

#[test]
fn wrong_passwords_that_were_counted_together_count_on_both_ways() {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(include_str!("../src/schema/1.sql")).unwrap();
    db.execute_batch(FIRST).unwrap();
    db.execute_batch(include_str!("../src/schema/2.sql")).unwrap();
    db.execute_batch(include_str!("../src/schema/3.sql")).unwrap();
    db.execute_batch(
        "INSERT INTO lockouts SELECT id, 4 FROM users WHERE user_id = 'tanaka';
         INSERT INTO lockouts VALUES (NULL, 3);",
    )
    .unwrap();
    db.execute_batch(include_str!("../src/schema/4.sql")).unwrap();
    let kept = "SELECT concat_ws(' ', coalesce(user_id, '-'), at_device, network)
                FROM lockouts LEFT JOIN users ON users.id = user ORDER BY user_id";
    assert_eq!(lines(&db, kept), ["- 3 3", "tanaka 4 4"]);
}

#[tokio::test]
async fn ids_of_older_versions_are_found_by_their_spelling_or_as_the_only_one() {
    let (_folder, path) = place();
    let db = first_version(&path);
    db.execute_batch(
        "INSERT INTO users VALUES
            (11, 'Alice', 'registered', 'A', NULL, NULL, 1, 1, 1, 1, 'general', 1),
            (12, 'ALICE ', 'registered', 'B', NULL, NULL, 1, 1, 1, 1, 'general', 1),
            (13, ' Bob  Smith', 'registered', 'C', NULL, NULL, 1, 1, 1, 1, 'general', 1),
            (14, 'bobsmith', 'registered', 'D', NULL, NULL, 1, 1, 1, 1, 'general', 1);",
    )
    .unwrap();
    drop(db);
    let store = SqliteStore::open(&path).unwrap();
    let rows = [
        ("Alice", Some("Alice")),
        ("ALICE ", Some("ALICE ")),
        // Two are called so, and neither is spelled so.
        ("alice", None),
        ("bob smith", Some(" Bob  Smith")),
        ("BobSmith", Some("bobsmith")),
        ("TANAKA ", Some("tanaka")),
        ("nobody", None),
    ];
    for (typed, expected) in rows {
        let typed = UserId::typed(typed).unwrap();
        let found = store.credentials(typed.clone()).await.unwrap();
        let found = found.map(|found| String::from(found.account.id));
        assert_eq!(found.as_deref(), expected, "{typed:?}");
        let found = store.find_user(typed.clone().into()).await.unwrap();
        let found = found.map(|found| found.listed.key.as_str().to_owned());
        assert_eq!(found.as_deref(), expected, "{typed:?}");
    }
    // Wrong passwords of whoever is called so stay counted, whatever was typed.
    let bob = UserId::typed("BOB SMITH").unwrap();
    for failures in [1, 2] {
        let failures = Failures { at_device: failures, network: 0 };
        store.save_failures(bob.folded(), failures, None).await.unwrap();
    }
    let kept = store.failures().await.unwrap();
    assert_eq!(
        kept,
        [(UserId::stored(" Bob  Smith").unwrap(), Failures { at_device: 2, network: 0 })]
    );
}

#[tokio::test]
async fn nobody_is_added_under_another_spelling_or_a_cards_number() {
    let (_folder, path) = place();
    drop(first_version(&path));
    let store = SqliteStore::open(&path).unwrap();
    let add = |id: &str| {
        let id = UserId::new(id).unwrap();
        let name = UserName::or_id("", &id).unwrap();
        let user = UserToStore {
            id,
            name,
            mail: None,
            role: Role::General,
            limits: Limits::ALLOW_ALL,
            verifier: None,
        };
        store.add_users(vec![user], Capacity::default(), std::time::SystemTime::UNIX_EPOCH)
    };
    assert_eq!(add("TANAKA").await, Ok(AddOutcome::Taken(vec![0])));
    assert_eq!(add("012e4ce100000001").await, Ok(AddOutcome::CardNumbers(vec![0])));
    assert_eq!(add("04010203040506").await, Ok(AddOutcome::CardNumbers(vec![0])));
    for looks_like_one in ["b2103456", "DEADBEEF", "012e4ce100000002"] {
        assert_eq!(add(looks_like_one).await, Ok(AddOutcome::Added), "{looks_like_one}");
    }
}
