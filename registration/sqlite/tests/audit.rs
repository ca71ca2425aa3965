//! The audit log's chain on SQLite, and what somebody with the files can do to it.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use kazasu_hal::{FaultKind, ReaderName, StationName};
use kazasu_registration::{
    AUDIT_KEPT, AuditEvent, AuditRecord, Broken, Claimed, DeviceSecret, JobEnd, JobReport, JobType,
    ReaderState, UserId,
};
use kazasu_sqlite::SqliteStore;
use kazasu_store::{Store, StoreErrorKind};
use rusqlite::Connection;
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kazasu.db");
    (folder, path)
}

fn record(n: u64) -> AuditRecord {
    let user = UserId::new(&format!("user{n}")).unwrap();
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + n);
    AuditRecord { at, station: None, event: AuditEvent::UserAdded { user } }
}

async fn append(store: &SqliteStore, numbers: std::ops::RangeInclusive<u64>) {
    for n in numbers {
        store.append_audit(record(n)).await.unwrap();
    }
}

/// A log of ten records.
async fn ten(path: &Path) -> SqliteStore {
    let store = SqliteStore::open(path).unwrap();
    append(&store, 1..=10).await;
    assert_eq!(store.verify_audit().await.unwrap().map(|whole| whole.records), Ok(10));
    store
}

fn outside(path: &Path, change: &str) {
    Connection::open(path).unwrap().execute_batch(change).unwrap();
}

async fn broken(store: &SqliteStore) -> Vec<Broken> {
    store.verify_audit().await.unwrap().err().unwrap_or_default()
}

#[tokio::test]
async fn what_was_done_to_the_files_is_found() {
    type Change = fn(&Path);
    let rows: [(&str, Change, Broken); 9] = [
        (
            "a changed byte",
            |path| outside(path, "UPDATE audit SET user_id = 'user6' WHERE id = 5"),
            Broken::Changed(5),
        ),
        (
            "a record removed",
            |path| outside(path, "DELETE FROM audit WHERE id = 5"),
            Broken::Removed(5, 5),
        ),
        (
            "the end cut",
            |path| outside(path, "DELETE FROM audit WHERE id > 8"),
            Broken::Cut { end: 8, noted: 10 },
        ),
        (
            "the link replaced",
            |path| outside(path, "UPDATE audit SET link = x'00' WHERE id = 10"),
            Broken::Changed(10),
        ),
        (
            "the key replaced",
            |path| fs::write(path.with_file_name("audit.key"), "ab".repeat(32)).unwrap(),
            Broken::OtherKey,
        ),
        (
            "the key removed",
            |path| fs::remove_file(path.with_file_name("audit.key")).unwrap(),
            Broken::OtherKey,
        ),
        (
            "the note removed",
            |path| fs::remove_file(path.with_file_name("audit.end")).unwrap(),
            Broken::NoteMissing,
        ),
        (
            "the note set back",
            |path| {
                let note = path.with_file_name("audit.end");
                let text = fs::read_to_string(&note).unwrap();
                fs::write(&note, text.replace("0000000010 ", "0000000009 ")).unwrap();
            },
            Broken::NoteUnreadable,
        ),
        (
            "the note written in another way",
            |path| {
                let note = path.with_file_name("audit.end");
                let text = fs::read_to_string(&note).unwrap();
                fs::write(&note, text.replace(" 0000", " +000")).unwrap();
            },
            Broken::NoteUnreadable,
        ),
    ];
    for (what, change, expected) in rows {
        let (_folder, path) = place();
        let store = ten(&path).await;
        // While the service runs.
        change(&path);
        let found = broken(&store).await;
        assert!(found.contains(&expected), "{what}: {found:?}");
    }
}

/// A service that runs on does not write over what it knew.
#[tokio::test]
async fn a_cut_under_a_running_service_is_found_later_too() {
    for more in [1, 2, 5] {
        let (_folder, path) = place();
        let store = ten(&path).await;
        outside(&path, "DELETE FROM audit WHERE id > 8");
        append(&store, 20..=20 + more).await;
        let found = broken(&store).await;
        assert_eq!(found, [Broken::EndLost(10)], "{more}");
    }
}

/// What was done while no service ran is found, too, and stays so while the log goes on.
#[tokio::test]
async fn the_next_opening_hides_nothing() {
    type Change = fn(&Path);
    let rows: [(&str, Change, &str); 7] = [
        ("cut", |path| outside(path, "DELETE FROM audit WHERE id > 8"), "EndLost(9)"),
        (
            "note removed, end cut",
            |path| {
                outside(path, "DELETE FROM audit WHERE id > 8");
                fs::remove_file(path.with_file_name("audit.end")).unwrap();
            },
            "EndLost(9)",
        ),
        (
            "chain begun anew",
            |path| {
                outside(path, "DELETE FROM audit WHERE id > 8; DELETE FROM audit_chain");
            },
            "EndLost(9)",
        ),
        (
            "key replaced",
            |path| fs::write(path.with_file_name("audit.key"), "ab".repeat(32)).unwrap(),
            "KeyReplaced(11)",
        ),
        (
            "key removed",
            |path| fs::remove_file(path.with_file_name("audit.key")).unwrap(),
            "KeyReplaced(11)",
        ),
        (
            "record changed",
            |path| outside(path, "UPDATE audit SET event = 'user-edited' WHERE id = 3"),
            "Changed(3)",
        ),
        ("all removed", |path| outside(path, "DELETE FROM audit"), "EndLost("),
    ];
    for (what, change, expected) in rows {
        let (_folder, path) = place();
        drop(ten(&path).await);
        change(&path);
        for opening in 1..=2 {
            let store = SqliteStore::open(&path).unwrap();
            append(&store, 20..=30).await;
            let found = format!("{:?}", broken(&store).await);
            assert!(found.contains(expected), "{what}, opening {opening}: {found}");
        }
    }
}

#[tokio::test]
async fn a_log_that_nobody_touched_is_whole() {
    let (folder, path) = place();
    drop(ten(&path).await);
    for file in ["audit.key", "audit.end"] {
        let mode = fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    // Killed after the commit and before the note.
    let note = fs::read(path.with_file_name("audit.end")).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    append(&store, 11..=12).await;
    drop(store);
    fs::write(path.with_file_name("audit.end"), note).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.verify_audit().await.unwrap().map(|whole| whole.records), Ok(12));
    assert_eq!(*store.follow_audit().borrow(), 12);
    let ids: Vec<_> = store.audit_log(9).await.unwrap().iter().map(|entry| entry.id).collect();
    assert_eq!(ids, [10, 11, 12]);
}

/// Killed after the note of the beginning and before the chain.
#[tokio::test]
async fn a_log_that_did_not_begin_has_lost_nothing() {
    let (_folder, path) = place();
    drop(SqliteStore::open(&path).unwrap());
    let note = path.with_file_name("audit.end");
    // Records of before are followed by one that says that the next ones have fields.
    for (records, expected) in [(0, 0), (10, 11)] {
        let ids = format!(
            "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n)
            INSERT INTO audit (id, at_ms, event) SELECT i, i, 'user-added' FROM n LIMIT {records}"
        );
        outside(
            &path,
            &format!(
                "DELETE FROM audit_chain; DELETE FROM audit; {ids};
                 CREATE TRIGGER trap BEFORE INSERT ON audit_chain
                 BEGIN SELECT RAISE(FAIL, 'killed'); END"
            ),
        );
        fs::remove_file(&note).unwrap();
        assert!(SqliteStore::open(&path).is_err());
        assert!(note.exists(), "a chain without a note would have lost it");
        outside(&path, "DROP TRIGGER trap");
        let store = SqliteStore::open(&path).unwrap();
        let whole = store.verify_audit().await.unwrap();
        assert_eq!(whole.map(|whole| whole.records), Ok(expected), "{records}");
    }
}

#[tokio::test]
async fn the_newest_fifteen_thousand_are_kept() {
    let (_folder, path) = place();
    let store = ten(&path).await;
    drop(store);
    // As many commits would take minutes: the numbers go on from here instead.
    let fill = "PRAGMA synchronous = off;
        DELETE FROM audit; DELETE FROM audit_chain;
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 14999)
        INSERT INTO audit (id, at_ms, event, fields)
            SELECT i, i * 1000, 'kind' || (i / 2500), '{}' FROM n;";
    outside(&path, fill);
    for file in ["audit.key", "audit.end"] {
        fs::remove_file(path.with_file_name(file)).unwrap();
    }
    let store = SqliteStore::open(&path).unwrap();
    append(&store, 1..=3).await;
    let log = store.audit_log(0).await.unwrap();
    let (first, last) = (log.first().unwrap().id, log.last().unwrap().id);
    assert_eq!((log.len() as u64, first, last), (AUDIT_KEPT, 3, 15_002));
    assert_eq!(store.verify_audit().await.unwrap().map(|whole| whole.records), Ok(AUDIT_KEPT));
    // Now the first ones are missing although there is room.
    outside(
        &path,
        "UPDATE audit_chain SET head = 9, link = (SELECT link FROM audit WHERE id = 9);
         DELETE FROM audit WHERE id <= 9",
    );
    assert_eq!(broken(&store).await, [Broken::Beginning(10)]);
}

#[tokio::test]
async fn a_key_that_others_can_read_is_refused() {
    let (_folder, path) = place();
    drop(ten(&path).await);
    let key = path.with_file_name("audit.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let error = SqliteStore::open(&path).err().unwrap();
    assert_eq!(error.kind, StoreErrorKind::Unavailable);
    assert!(error.message.contains("chmod 600"), "{error}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let signs = "+f".repeat(32);
    for text in ["no key", &signs] {
        fs::write(&key, text).unwrap();
        let error = SqliteStore::open(&path).err().unwrap();
        assert!(error.message.contains("put back"), "{text}: {error}");
    }
}

/// Error 3025: what cannot be audited is not done.
#[tokio::test]
async fn without_a_record_nothing_is_done() {
    let (_folder, path) = place();
    let store = ten(&path).await;
    outside(
        &path,
        "CREATE TRIGGER trap BEFORE INSERT ON audit BEGIN SELECT RAISE(FAIL, 'disk full'); END",
    );
    let secret = kazasu_registration::DeviceSecret::Engineer;
    let verifier = kazasu_store::Verifier::from_stored("x".to_owned());
    let error = store.set_secret(secret, Some(verifier), SystemTime::UNIX_EPOCH).await.unwrap_err();
    assert_eq!((error.kind, error.code().as_str()), (StoreErrorKind::Unaudited, "3025"));
    assert!(error.message.contains("nothing was done"), "{error}");
    assert_eq!(store.secret(secret).await, Ok(None));
    assert_eq!(store.verify_audit().await.unwrap().map(|whole| whole.records), Ok(10));
}

#[tokio::test]
async fn the_order_is_kept_where_the_clock_is_not() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    append(&store, 7..=7).await;
    append(&store, 3..=3).await;
    let log = store.audit_log(0).await.unwrap();
    let users: Vec<_> = log.iter().filter_map(|entry| entry.user.as_deref()).collect();
    assert_eq!(users, ["user7", "user3"]);
    assert!(log[0].at > log[1].at);
    assert_eq!(store.verify_audit().await.unwrap().map(|whole| whole.records), Ok(2));
}

/// S40-4-02, S40-4-04, S40-4-05: jobs, views, files, readers; after the next opening, too.
#[tokio::test]
async fn what_is_recorded_is_read_back() {
    let (_folder, path) = place();
    let user = |id: &str| Claimed::User(UserId::new(id).unwrap());
    let job = |who, end| {
        let report = JobReport { job: JobType::Print, end };
        AuditEvent::JobEnded { who, card: None, report }
    };
    let reader = ReaderName("pcsc:Two Words 00 00".to_owned());
    let made = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let rows = [
        (job(user("tanaka"), JobEnd::Completed), "job-completed", Some("print")),
        (job(Claimed::Unknown, JobEnd::Canceled), "job-canceled", Some("print")),
        (
            job(Claimed::Device(DeviceSecret::Guest), JobEnd::Aborted),
            "job-aborted",
            Some("print guest"),
        ),
        (AuditEvent::PrintRefused, "print-refused", None),
        (
            AuditEvent::SettingsViewed { settings: vec!["access", "lock-out"] },
            "settings-viewed",
            Some("access lock-out"),
        ),
        (AuditEvent::UsersImported { count: 3 }, "users-imported", Some("3")),
        (AuditEvent::UsersExported { count: 4 }, "users-exported", Some("4")),
        (AuditEvent::BackupBegun, "backup-begun", None),
        (AuditEvent::BackupMade { users: 5 }, "backup-made", Some("5 users")),
        (
            AuditEvent::Restored { made: Some(made) },
            "restored",
            Some("backup of 2023-11-14T22:13:20.000Z"),
        ),
        (
            AuditEvent::ReaderChanged {
                reader,
                state: ReaderState::Faulty(FaultKind::Busy),
                more: 2,
            },
            "reader-faulty",
            Some("pcsc:Two Words 00 00; busy; 2 more"),
        ),
    ];
    let store = SqliteStore::open(&path).unwrap();
    for (event, ..) in &rows {
        let station = Some(StationName("desk".to_owned()));
        store.append_audit(AuditRecord { station, at: made, event: event.clone() }).await.unwrap();
    }
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    let log = store.audit_log(0).await.unwrap();
    assert_eq!(log.len(), rows.len());
    for (entry, (event, word, detail)) in log.iter().zip(&rows) {
        assert_eq!((entry.event.as_str(), entry.told().as_deref()), (*word, *detail));
        assert_eq!(entry.user.as_deref(), event.user().map(UserId::as_str), "{word}");
        assert_eq!((entry.at, entry.station.as_deref()), (made, Some("desk")), "{word}");
        let code = event.code().map(|code| code.as_str());
        assert_eq!(entry.code.as_deref(), code, "{word}");
    }
    assert!(store.verify_audit().await.unwrap().is_ok());
}
