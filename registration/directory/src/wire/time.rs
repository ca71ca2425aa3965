//! Times as directories and certificates write them.

use std::time::{Duration, SystemTime};

/// A Windows time: 100 ns since 1601. `None` for never: 0, or the largest number.
pub(crate) fn file_time(ticks: i64) -> Option<SystemTime> {
    const TO_1970: u64 = 116_444_736_000_000_000;
    let ticks = u64::try_from(ticks).ok().filter(|t| *t != 0 && *t != i64::MAX as u64)?;
    let since = |ticks: u64| Duration::from_micros(ticks / 10);
    match ticks.checked_sub(TO_1970) {
        Some(after) => SystemTime::UNIX_EPOCH.checked_add(since(after)),
        None => SystemTime::UNIX_EPOCH.checked_sub(since(TO_1970 - ticks)),
    }
}

/// `YYYYMMDDHHMMSSZ`, with or without `.0` before the Z: the times of LDAP and of certificates.
pub(crate) fn generalized_time(text: &str) -> Option<SystemTime> {
    let digits = text.strip_suffix('Z')?;
    let digits = digits.split('.').next()?;
    let time = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", digits).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let check = |text: &str, seconds: Option<u64>| {
            let expected = seconds.map(|s| SystemTime::UNIX_EPOCH + Duration::from_secs(s));
            assert_eq!(generalized_time(text), expected, "{text}");
        };
        check("19700101000001Z", Some(1));
        check(concat!("20260101", "000000.0Z"), Some(1_767_225_600));
        check(concat!("20260101", "000000"), None);
        check("20261301000000Z", None);
        check("Z", None);
    }
}
