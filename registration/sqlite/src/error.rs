use std::path::Path;

use kazasu_store::{StoreError, StoreErrorKind};
use rusqlite::{ErrorCode, ffi};

/// Why a query failed.
#[derive(Debug)]
pub(crate) enum QueryError {
    Sqlite(rusqlite::Error),
    /// The audit record of a change could not be written.
    Unaudited(rusqlite::Error),
    /// The last step of a change failed.
    Commit(rusqlite::Error),
    /// A row holds what no valid record can: table, row, column.
    Damaged(&'static str, i64, &'static str),
}

impl From<rusqlite::Error> for QueryError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Says what is wrong with the database at `path` and what to do. `otherwise` is what an error of
/// no particular kind means there.
///
/// Never shows what SQLite says of values: that could be a card number.
pub(crate) fn explain(path: &Path, otherwise: StoreErrorKind, error: &QueryError) -> StoreError {
    let kind = match error {
        // The log may have it or not: only reading it again, after a restart, tells.
        QueryError::Commit(rusqlite::Error::SqliteFailure(failure, _))
            if failure.code == ErrorCode::SystemIoFailure =>
        {
            StoreErrorKind::OutcomeUnknown
        }
        QueryError::Damaged(table, row, column) => {
            return StoreError::new(
                StoreErrorKind::RecordDamaged,
                format!(
                    "database {}: row {row} of table {table} is damaged ({column}); `kazasu user \
                     list` says how that user is deleted, or restore a backup",
                    path.display()
                ),
            );
        }
        QueryError::Unaudited(_) => StoreErrorKind::Unaudited,
        QueryError::Sqlite(rusqlite::Error::SqliteFailure(failure, _))
        | QueryError::Commit(rusqlite::Error::SqliteFailure(failure, _)) => match failure.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreErrorKind::Busy,
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => StoreErrorKind::ReadOnly,
            ErrorCode::DiskFull => StoreErrorKind::Full,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreErrorKind::Damaged,
            // What readers and writer share beside the database found no room: SQLite calls that an
            // I/O error.
            ErrorCode::SystemIoFailure if failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE => {
                StoreErrorKind::Full
            }
            ErrorCode::CannotOpen => StoreErrorKind::Unavailable,
            _ => otherwise,
        },
        // A value of another type than its column has.
        QueryError::Sqlite(
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::Utf8Error(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..),
        ) => StoreErrorKind::Damaged,
        QueryError::Sqlite(_) | QueryError::Commit(_) => otherwise,
    };
    let advice = match kind {
        StoreErrorKind::Busy => "is locked by another program; close it, then try again",
        StoreErrorKind::ReadOnly => "cannot be written; give this account the right to write it",
        StoreErrorKind::Full => "has no room left; free space on its disk",
        StoreErrorKind::Damaged | StoreErrorKind::RecordDamaged => {
            // SQLite calls it damaged too where the disk answers with an error.
            "is damaged, no database, or its disk cannot read it; check the disk first (`dmesg`), \
             then restore a backup with `kazasu restore FILE`, or move the file away to start anew"
        }
        StoreErrorKind::Unavailable => "cannot be opened; check that folder and file can be used",
        StoreErrorKind::OutcomeUnknown => {
            "could not be written to the end: a change is there or not; check its disk"
        }
        StoreErrorKind::NotCommitted => "did not take the change; nothing was stored",
        StoreErrorKind::Unaudited => unaudited(error),
    };
    let detail = match error {
        QueryError::Sqlite(rusqlite::Error::SqliteFailure(failure, _))
        | QueryError::Commit(rusqlite::Error::SqliteFailure(failure, _))
        | QueryError::Unaudited(rusqlite::Error::SqliteFailure(failure, _)) => {
            format!(" (SQLite error {})", failure.extended_code)
        }
        _ => String::new(),
    };
    StoreError::new(kind, format!("database {} {advice}{detail}", path.display()))
}

/// Why the record of a change was not taken.
fn unaudited(error: &QueryError) -> &'static str {
    let code = match error {
        QueryError::Unaudited(rusqlite::Error::SqliteFailure(failure, _)) => Some(failure.code),
        _ => None,
    };
    match code {
        Some(ErrorCode::DiskFull) => {
            "did not take the audit record of the change, so nothing was done; free space on its \
             disk"
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "did not take the audit record of the change, so nothing was done: this account may not \
             write it"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "did not take the audit record of the change, so nothing was done: another program has \
             it; close that one, then try again"
        }
        Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt) => {
            "did not take the audit record of the change, so nothing was done: its disk gives \
             errors; check the disk (`dmesg`)"
        }
        Some(ErrorCode::ConstraintViolation) => {
            "did not take the audit record of the change, so nothing was done: the log was changed \
             from outside and has no place for it (`kazasu audit verify`); restore a backup"
        }
        _ => {
            "did not take the audit record of the change, so nothing was done; look at the log with \
             `kazasu audit verify`"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nobody is sent to free space where space is not what is missing.
    #[test]
    fn a_record_that_was_not_taken_is_told_with_its_cause() {
        let rows = [
            (ffi::SQLITE_FULL, "free space"),
            (ffi::SQLITE_READONLY, "may not write"),
            (ffi::SQLITE_BUSY, "another program"),
            (ffi::SQLITE_IOERR_WRITE, "dmesg"),
            (ffi::SQLITE_CORRUPT, "dmesg"),
            (ffi::SQLITE_CONSTRAINT_PRIMARYKEY, "changed from outside"),
            (ffi::SQLITE_TOOBIG, "audit verify"),
        ];
        for (code, part) in rows {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = QueryError::Unaudited(error);
            let told = explain(Path::new("kazasu.db"), StoreErrorKind::NotCommitted, &error);
            assert_eq!(told.kind, StoreErrorKind::Unaudited, "{code}");
            assert!(told.message.contains(part), "{code}: {told}");
            assert_eq!(told.message.contains("free space"), code == ffi::SQLITE_FULL, "{told}");
        }
    }
}
