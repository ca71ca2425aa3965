use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use kazasu_registration::{
    AUDIT_KEPT_OF_KIND, AuditEntry, AuditEvent, AuditRecord, Broken, Chain, Claimed, Folded,
    Refused, UserId, Whole,
};
use kazasu_store::AuditFiles;
use rusqlite::{Connection, TransactionBehavior};

use super::{Trail, append, chain, entries};
use crate::tx::Tx;

/// A log with its own folder.
struct Log {
    _folder: tempfile::TempDir,
    path: std::path::PathBuf,
    db: Connection,
}

impl Log {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kazasu.db");
        let db = Self::open(&path).0;
        Self { _folder: folder, path, db }
    }

    fn open(path: &Path) -> (Connection, Trail) {
        let mut db = crate::open::open(path).unwrap();
        let trail = Trail::open(path, &mut db).unwrap();
        (db, trail)
    }

    /// All of them in one transaction, and the end noted.
    fn append(&mut self, events: impl IntoIterator<Item = AuditEvent>) {
        let (mut db, mut trail) = Self::open(&self.path);
        let tx = Tx::begin(&mut db, TransactionBehavior::Deferred, trail.key()).unwrap();
        for (n, event) in events.into_iter().enumerate() {
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + n as u64);
            append(&tx, &AuditRecord { at, station: None, event }).unwrap();
        }
        tx.commit().unwrap();
        trail.follow(&mut db);
    }

    fn entries(&mut self) -> Vec<AuditEntry> {
        entries(&self.db.transaction().unwrap(), 0).unwrap()
    }

    fn verified(&mut self) -> Result<Whole, Vec<Broken>> {
        let files = AuditFiles::read(&self.path).unwrap();
        let chain = chain(&self.db.transaction().unwrap()).unwrap();
        files.key().unwrap().verify(&Chain { noted: files.noted(), ..chain })
    }
}

fn refused() -> AuditEvent {
    AuditEvent::SignInFailed(Refused::wrong(Claimed::Unknown, None))
}

fn added(n: usize) -> AuditEvent {
    AuditEvent::UserAdded { user: UserId::new(&format!("user{n}")).unwrap() }
}

/// 100,000 refusals in a row: every record of another kind stays, and one record says what is gone.
#[test]
fn a_flood_of_one_kind_pushes_nothing_else_out() {
    const FLOOD: u64 = 100_000;
    let mut log = Log::new();
    log.append((0..10).map(added));
    log.append((0..FLOOD).map(|_| refused()));
    log.append((10..12).map(added));

    let entries = log.entries();
    let count = |event: &str| entries.iter().filter(|entry| entry.event == event).count() as u64;
    assert_eq!(count("user-added"), 12);
    let kept = count("sign-in-failed");
    assert!((AUDIT_KEPT_OF_KIND - 100..=AUDIT_KEPT_OF_KIND).contains(&kept), "{kept}");
    let told: Vec<_> = entries.iter().filter(|entry| entry.event == "audit-folded").collect();
    let [told] = told.as_slice() else { panic!("{told:?}") };
    let told = Folded::of_details(&told.details().unwrap()).unwrap();
    assert_eq!(told.kind, "sign-in-failed");
    assert_eq!(told.count + kept, FLOOD, "none is forgotten");
    assert_eq!(told.from, "2023-11-14T22:13:20.000Z");

    let whole = log.verified().unwrap();
    let newest = entries.last().unwrap().id;
    assert_eq!(whole.records + whole.folded, newest, "each record is there or was folded");

    // What somebody removes as if it had given way is found, also after what is beside it gave way.
    log.db
        .execute_batch(
            "INSERT INTO audit_gaps SELECT id, id, link, zeroblob(32) FROM audit WHERE id = 11;
             DELETE FROM audit WHERE id = 11;
             INSERT INTO audit_gaps SELECT id, id, link, zeroblob(32) FROM audit WHERE id = 5;
             DELETE FROM audit WHERE id = 5",
        )
        .unwrap();
    let is_found = |found: &[Broken]| found.contains(&Broken::Removed(5, 5));
    assert!(is_found(&log.verified().unwrap_err()));
    log.append((0..200).map(|_| refused()));
    assert!(is_found(&log.verified().unwrap_err()));
}

/// Two kinds in turn, both too many: what gives way leaves holes, and the log is whole.
#[test]
fn holes_between_records_are_known() {
    let mut log = Log::new();
    let more = usize::try_from(AUDIT_KEPT_OF_KIND).unwrap() + 250;
    log.append((0..more).flat_map(|n| [refused(), added(n), AuditEvent::StopRequested]).skip(300));
    let whole = log.verified().unwrap();
    assert!(whole.folded >= 300, "{whole:?}");
    assert_eq!(whole.records + whole.folded, whole.end.id);
    // And many of other kinds between: not all holes are one.
    let mixed = (0..300).flat_map(|n| [AuditEvent::LogBegun, refused(), added(n)]);
    log.append(mixed);
    let whole = log.verified().unwrap();
    assert_eq!(whole.records + whole.folded, whole.end.id);
    log.db.execute_batch("DELETE FROM audit WHERE id = 8000").unwrap();
    assert_eq!(log.verified(), Err(vec![Broken::Removed(8000, 8000)]));
}

/// A log of schema 3 that is full of one kind: the next record of it makes room at once.
#[test]
fn an_old_log_full_of_one_kind_makes_room() {
    let mut log = Log::new();
    log.db
        .execute_batch(
            "DELETE FROM audit; DELETE FROM audit_chain;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 14990)
             INSERT INTO audit (id, at_ms, event) SELECT i, i * 1000, 'sign-in-failed' FROM n;",
        )
        .unwrap();
    std::fs::remove_file(log.path.with_file_name("audit.end")).unwrap();
    log.append([added(1), refused(), added(2)]);
    let whole = log.verified().unwrap();
    assert_eq!(whole.folded, 14_991 - AUDIT_KEPT_OF_KIND);
    assert_eq!(whole.records, AUDIT_KEPT_OF_KIND + 4, "two say what is gone and what is new");
}
