//! One request's transaction.

use std::ops::Deref;

use kazasu_registration::AuditKey;
use rusqlite::{Connection, Transaction, TransactionBehavior};

/// A transaction, and the key of the audit log with it.
pub(crate) struct Tx<'a> {
    tx: Transaction<'a>,
    key: &'a AuditKey,
}

impl<'a> Tx<'a> {
    pub(crate) fn begin(
        db: &'a mut Connection,
        behavior: TransactionBehavior,
        key: &'a AuditKey,
    ) -> rusqlite::Result<Self> {
        Ok(Self { tx: db.transaction_with_behavior(behavior)?, key })
    }

    /// The key of the audit log.
    pub(crate) fn key(&self) -> &AuditKey {
        self.key
    }

    pub(crate) fn commit(self) -> rusqlite::Result<()> {
        self.tx.commit()
    }
}

impl<'a> Deref for Tx<'a> {
    type Target = Transaction<'a>;

    fn deref(&self) -> &Self::Target {
        &self.tx
    }
}
