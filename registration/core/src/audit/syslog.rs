use super::{AuditEntry, catalogue::Told, export::utc};

/// What every message of this device carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syslog {
    /// The device's name.
    pub host: String,
}

/// Facility 13, "log audit" (RFC 5424 section 6.2.1).
const FACILITY: u8 = 13;
/// The longest host name and the longest name of a kind of message (RFC 5424 section 6).
const HOST_MAX: usize = 255;
const KIND_MAX: usize = 32;

/// A record as an RFC 5424 message, without a frame around it. The structured data holds the
/// record; the number under "32473" is the one for examples (RFC 5612), since this project has none.
#[must_use]
pub fn syslog_line(entry: &AuditEntry, from: &Syslog) -> String {
    let Told { row, text, .. } = Told::of(entry);
    // 4 is a warning, 5 normal but significant.
    let severity = if row.status.starts_with("Failed") { 4 } else { 5 };
    let number = |number: Option<i64>| number.map(|number| number.to_string());
    let id = Some(entry.id.to_string());
    let fields = [
        ("id", id.as_deref()),
        ("station", entry.station.as_deref()),
        ("user", entry.user.as_deref()),
        ("card", number(entry.card).as_deref()),
        ("replaced", number(entry.replaced).as_deref()),
        ("code", entry.code.as_deref()),
        ("detail", text.as_deref()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!(" {name}=\"{}\"", escaped(value?))))
    .collect::<String>();
    format!(
        "<{}>1 {} {} kazasu - {} [audit@32473{fields}] {}: {}, {}",
        FACILITY * 8 + severity,
        utc(entry.at),
        word(&from.host, HOST_MAX),
        word(&entry.event, KIND_MAX),
        row.name,
        row.description,
        row.status,
    )
}

/// One word of a header; whatever would end it is left out, also of a record that somebody put into
/// the store.
fn word(text: &str, most: usize) -> String {
    let word: String = text.chars().filter(char::is_ascii_graphic).take(most).collect();
    if word.is_empty() { "-".to_owned() } else { word }
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
