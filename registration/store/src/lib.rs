//! The user store on SQLite.
//!
//! One thread owns the connection; requests reach it through a bounded queue and each is one
//! transaction. The file is in write-ahead mode with full synchronisation: what was answered is
//! on the disk.

mod audit;
mod bind;
mod cards;
mod error;
mod millis;
mod open;
mod port;
mod renumber;
mod settings;
mod users;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use kazasu_service::{StoreError, StoreErrorKind};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use error::{QueryError, explain};

/// How many requests may wait for the thread.
const QUEUE: usize = 64;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A store in one SQLite file. Dropping it waits for the requests that are queued.
pub struct SqliteStore {
    path: Arc<Path>,
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
        let (jobs, mut queue) = mpsc::channel::<Job>(QUEUE);
        let thread = thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || {
                while let Some(job) = queue.blocking_recv() {
                    job(&mut db);
                }
            })
            .map_err(|error| {
                let message = format!("no thread for the database: {error}");
                StoreError::new(StoreErrorKind::Unavailable, message)
            })?;
        Ok(Self { path, jobs: Some(jobs), thread: Some(thread) })
    }

    /// Reads in one transaction.
    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Transaction<'_>) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(TransactionBehavior::Deferred, StoreErrorKind::Unavailable, query).await
    }

    /// Changes in one transaction; an error takes everything back.
    async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(TransactionBehavior::Immediate, StoreErrorKind::NotCommitted, change).await
    }

    async fn run<T: Send + 'static>(
        &self,
        behavior: TransactionBehavior,
        otherwise: StoreErrorKind,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let path = Arc::clone(&self.path);
        let job: Job = Box::new(move |db| {
            let done = db
                .transaction_with_behavior(behavior)
                .map_err(QueryError::from)
                .and_then(|tx| {
                    let done = work(&tx)?;
                    tx.commit()?;
                    Ok(done)
                })
                .map_err(|error| explain(&path, otherwise, &error));
            // Nobody may wait any more; what is done is done.
            let _ = reply.send(done);
        });
        let ended = || {
            let message =
                format!("database {}: its thread has ended; restart", self.path.display());
            StoreError::new(StoreErrorKind::Unavailable, message)
        };
        let jobs = self.jobs.as_ref().ok_or_else(ended)?;
        jobs.send(job).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
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

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use kazasu_registration::{Capacity, Limits, Role, UserId, UserName};
    use kazasu_service::{Store, UserToStore};

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
    }

    #[tokio::test]
    async fn a_full_or_read_only_database_is_named_so() {
        let rows = [
            ("PRAGMA max_page_count = 1", StoreErrorKind::Full),
            ("PRAGMA query_only = on", StoreErrorKind::ReadOnly),
        ];
        for (pragma, kind) in rows {
            let folder = tempfile::tempdir().unwrap();
            let store = SqliteStore::open(folder.path().join("kazasu.db")).unwrap();
            store.read(move |tx| Ok(tx.execute_batch(pragma)?)).await.unwrap();
            // Enough to need another page.
            let added = store
                .add_users(users(200), Capacity::default(), SystemTime::UNIX_EPOCH)
                .await
                .unwrap_err();
            assert_eq!((added.kind, added.code().as_str()), (kind, "308"));
            assert!(added.message.contains("kazasu.db"), "{added}");
            assert_eq!(store.list_users().await, Ok(Vec::new()));
        }
    }
}
