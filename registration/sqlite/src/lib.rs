//! The user store on SQLite.
//!
//! One thread owns the connection; requests reach it through a bounded queue and each is one
//! transaction. The file is in write-ahead mode with full synchronisation: what was answered is
//! on the disk.

mod audit;
mod backup;
mod bind;
mod cards;
mod cells;
mod damaged;
mod error;
mod leftovers;
mod lockouts;
mod open;
mod place;
mod port;
mod renumber;
mod settings;
mod tx;
mod users;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use kazasu_registration::AuditKey;
use kazasu_store::{StoreError, StoreErrorKind};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot, watch};

use audit::Trail;
pub use backup::restore;
use error::{QueryError, explain};
use place::Place;
use tx::Tx;

/// How many requests may wait for the thread.
const QUEUE: usize = 64;

type Job = Box<dyn FnOnce(&mut Connection, &AuditKey) + Send>;

/// A store in one SQLite file. Dropping it waits for the requests that are queued.
pub struct SqliteStore {
    path: Arc<Path>,
    place: Arc<Place>,
    newest_audit: watch::Receiver<u64>,
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl SqliteStore {
    /// Opens the database, or makes one where there is no file, readable by this account alone.
    /// Blocks while it checks the whole file.
    ///
    /// # Errors
    /// A file that is damaged, newer, another program's, locked or not writable is refused and
    /// stays as it is; the message names it and the next step.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path: Arc<Path> = Arc::from(path.into());
        let mut db = open::open(&path)?;
        let mut trail = Trail::open(&path, &mut db)?;
        let newest_audit = trail.newest();
        let place = Arc::new(Place::of(&path));
        let (jobs, mut queue) = mpsc::channel::<Job>(QUEUE);
        let thread = thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || {
                while let Some(job) = queue.blocking_recv() {
                    job(&mut db, trail.key());
                    // After the answer: nobody waits for it but the next request.
                    trail.follow(&mut db);
                }
            })
            .map_err(|error| {
                let message = format!("no thread for the database: {error}");
                StoreError::new(StoreErrorKind::Unavailable, message)
            })?;
        Ok(Self { path, place, newest_audit, jobs: Some(jobs), thread: Some(thread) })
    }

    /// Reads in one transaction.
    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Transaction<'_>) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let query = move |tx: &Tx<'_>| query(tx);
        self.run(TransactionBehavior::Deferred, StoreErrorKind::Unavailable, query).await
    }

    /// Changes in one transaction; an error takes everything back.
    async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Tx<'_>) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(TransactionBehavior::Immediate, StoreErrorKind::NotCommitted, change).await
    }

    async fn run<T: Send + 'static>(
        &self,
        behavior: TransactionBehavior,
        otherwise: StoreErrorKind,
        work: impl FnOnce(&Tx<'_>) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let path = Arc::clone(&self.path);
        let place = Arc::clone(&self.place);
        let job: Job = Box::new(move |db, key| {
            if let Err(gone) = place.check() {
                let _ = reply.send(Err(gone));
                return;
            }
            let done = Tx::begin(db, behavior, key)
                .map_err(QueryError::from)
                .and_then(|tx| {
                    let done = work(&tx)?;
                    tx.commit().map_err(QueryError::Commit)?;
                    Ok(done)
                })
                .map_err(|error| explain(&path, otherwise, &error));
            // Nobody may wait any more; what is done is done.
            let _ = reply.send(done);
        });
        let ended = |kind| {
            let message =
                format!("database {}: its thread has ended; restart", self.path.display());
            StoreError::new(kind, message)
        };
        let unavailable = || ended(StoreErrorKind::Unavailable);
        let jobs = self.jobs.as_ref().ok_or_else(unavailable)?;
        jobs.send(job).await.map_err(|_| unavailable())?;
        // It ended between taking the request and answering it.
        answer.await.map_err(|_| match behavior {
            TransactionBehavior::Deferred => unavailable(),
            _ => ended(StoreErrorKind::OutcomeUnknown),
        })?
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // It panics only where a job did, which its own caller was told.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

/// What holds for any bytes at all. The fuzz targets of `registration/fuzz` run these, and a test
/// runs them on what was found before.
#[cfg(any(test, fuzzing))]
pub mod fuzz {
    pub use crate::backup::fuzz::backup;
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use kazasu_registration::{Capacity, Limits, Role, UserId, UserName};
    use kazasu_store::{Store, UserToStore};

    use super::*;

    fn users(count: usize) -> Vec<UserToStore> {
        let user = |n| UserToStore {
            id: UserId::new(&format!("user{n}")).unwrap(),
            name: UserName::new("x").unwrap(),
            mail: None,
            role: Role::General,
            limits: Limits::ALLOW_ALL,
            verifier: None,
        };
        (0..count).map(user).collect()
    }

    #[tokio::test]
    async fn a_change_whose_answer_is_lost_may_have_happened() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("kazasu.db")).unwrap();
        let changed = store.write(|_| -> Result<(), QueryError> { panic!("on purpose") }).await;
        assert_eq!(changed.unwrap_err().kind, StoreErrorKind::OutcomeUnknown);
        assert_eq!(store.list_users().await.unwrap_err().kind, StoreErrorKind::Unavailable);
    }

    #[test]
    fn what_a_failed_commit_leaves_behind() {
        use StoreErrorKind as Kind;
        use rusqlite::ffi;
        let rows = [
            (ffi::SQLITE_IOERR_FSYNC, Kind::OutcomeUnknown),
            (ffi::SQLITE_IOERR_WRITE, Kind::OutcomeUnknown),
            (ffi::SQLITE_FULL, Kind::Full),
            (ffi::SQLITE_BUSY, Kind::Busy),
            (ffi::SQLITE_CONSTRAINT, Kind::NotCommitted),
        ];
        for (code, kind) in rows {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = QueryError::Commit(error);
            let error = explain(Path::new("kazasu.db"), Kind::NotCommitted, &error);
            assert_eq!(error.kind, kind, "{code}");
        }
    }

    /// At the opening of a database on a full disk, also by who wants to read only.
    #[test]
    fn no_room_for_what_is_shared_is_told_as_full() {
        let code = rusqlite::ffi::SQLITE_IOERR_SHMSIZE;
        assert_eq!(code, 4874);
        let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        let path = Path::new("kazasu.db");
        let error = explain(path, StoreErrorKind::Unavailable, &QueryError::Sqlite(error));
        assert_eq!(error.kind, StoreErrorKind::Full, "{error}");
        assert!(error.message.contains("no room left"), "{error}");
    }

    #[tokio::test]
    async fn commits_are_on_the_disk_and_locks_are_not_waited_for_long() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("kazasu.db")).unwrap();
        let rows = [("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 2000)];
        for (pragma, wanted) in rows {
            let value = move |tx: &Transaction<'_>| {
                Ok(tx.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))?)
            };
            assert_eq!(store.read(value).await, Ok(wanted), "{pragma}");
        }
        let mode = |tx: &Transaction<'_>| {
            Ok(tx.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0))?)
        };
        assert_eq!(store.read(mode).await.as_deref(), Ok("wal"));
    }

    #[tokio::test]
    async fn a_full_or_read_only_database_is_named_so() {
        let rows = [
            // The record of the change is what finds no room.
            ("PRAGMA max_page_count = 1", StoreErrorKind::Unaudited, "3025"),
            ("PRAGMA query_only = on", StoreErrorKind::ReadOnly, "308"),
        ];
        for (pragma, kind, code) in rows {
            let folder = tempfile::tempdir().unwrap();
            let store = SqliteStore::open(folder.path().join("kazasu.db")).unwrap();
            store.read(move |tx| Ok(tx.execute_batch(pragma)?)).await.unwrap();
            // Enough to need another page.
            let added = store
                .add_users(users(200), Capacity::default(), SystemTime::UNIX_EPOCH)
                .await
                .unwrap_err();
            assert_eq!((added.kind, added.code().as_str()), (kind, code));
            assert!(added.message.contains("kazasu.db"), "{added}");
            assert_eq!(store.list_users().await, Ok(Vec::new()));
        }
    }

    #[test]
    fn found_inputs() {
        kazasu_replay::found("backup", include_str!("../../fuzz/corpus/backup.txt"), fuzz::backup);
    }
}
