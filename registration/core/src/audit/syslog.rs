use super::{AuditEntry, catalogue::row_of, export::utc};

/// What every message of this device carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syslog {
    /// The device's name.
    pub host: String,
}

/// Facility 13, "log audit" (RFC 5424 section 6.2.1).
const FACILITY: u8 = 13;
/// The longest host name (RFC 5424 section 6).
const HOST_MAX: usize = 255;

/// A record as an RFC 5424 message, without a frame around it. The structured data holds the
/// record; the number under "32473" is the one for examples (RFC 5612), since this project has none.
#[must_use]
pub fn syslog_line(entry: &AuditEntry, from: &Syslog) -> String {
    let row = row_of(entry);
    // 4 is a warning, 5 normal but significant.
    let severity = if row.status.starts_with("Failed") { 4 } else { 5 };
    let printed = |c: &char| c.is_ascii_graphic();
    let host: String = from.host.chars().filter(printed).take(HOST_MAX).collect();
    let host = if host.is_empty() { "-".to_owned() } else { host };
    let number = |number: Option<i64>| number.map(|number| number.to_string());
    let id = Some(entry.id.to_string());
    let fields = [
        ("id", id.as_deref()),
        ("station", entry.station.as_deref()),
        ("user", entry.user.as_deref()),
        ("card", number(entry.card).as_deref()),
        ("replaced", number(entry.replaced).as_deref()),
        ("code", entry.code.as_deref()),
        ("detail", entry.detail.as_deref()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!(" {name}=\"{}\"", escaped(value?))))
    .collect::<String>();
    format!(
        "<{}>1 {} {host} kazasu - {} [audit@32473{fields}] {}: {}, {}",
        FACILITY * 8 + severity,
        utc(entry.at),
        entry.event,
        row.name,
        row.description,
        row.status,
    )
}

/// RFC 5424 section 6.3.3; control characters would break receivers that go by lines.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, '"' | '\\' | ']') {
            text.push('\\');
        }
        text.push(if c.is_control() { ' ' } else { c });
    }
    text
}
