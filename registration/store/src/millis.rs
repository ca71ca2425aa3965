use std::time::{Duration, SystemTime};

/// Milliseconds since 1970: how times are stored.
#[must_use]
pub fn to_millis(at: SystemTime) -> i64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The time that is stored so.
#[must_use]
pub fn from_millis(at: i64) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(at).unwrap_or_default());
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}
