//! Cells whose content may be damaged.

use rusqlite::{Row, types::FromSql};

use crate::error::QueryError;

/// A cell of a row that can be damaged: also text that is none, and numbers that are too large.
pub(crate) fn cell<T: FromSql>(
    row: &Row<'_>,
    table: &'static str,
    number: i64,
    column: &'static str,
) -> Result<T, QueryError> {
    row.get(column).map_err(|error| match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::Utf8Error(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::IntegralValueOutOfRange(..) => {
            QueryError::Damaged(table, number, column)
        }
        error => error.into(),
    })
}

/// Text as far as it is text.
pub(crate) fn lossy(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<String>> {
    let bytes = row.get_ref(at)?.as_bytes_or_null()?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
}
