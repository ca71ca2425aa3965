mod catalogue;
mod chain;
#[cfg(test)]
mod chain_test;
mod clock_watch;
mod details;
mod entry;
mod events;
mod export;
#[cfg(test)]
mod export_test;
mod fold;
#[cfg(test)]
mod form_test;
mod reader_watch;
mod refusals;
#[cfg(test)]
mod refusals_test;
#[cfg(test)]
mod samples_test;
mod syslog;
mod table;
mod told;
mod wording;

use std::time::SystemTime;

use kazasu_hal::StationName;

pub use chain::{AUDIT_KEPT, AuditKey, Broken, Chain, Link, Mark, Noted, Whole};
pub use clock_watch::ClockWatch;
pub use details::Details;
pub use entry::AuditEntry;
pub use events::{AuditEvent, Claimed, ReaderState};
pub use export::{AuditFilter, DateFormat, Shown, json_line, manual};
pub use fold::{AUDIT_FOLD, AUDIT_KEPT_OF_KIND, Folded, Gap};
pub use reader_watch::ReaderWatch;
pub use refusals::{RefusalKind, Refusals, Refused, RefusedMany};
pub use syslog::{Syslog, syslog_line};

/// One line of the audit log.
///
/// Cards are named by their identity here; the store keeps a reference to its own record of the
/// card instead, so that the log holds no card number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Calendar time.
    pub at: SystemTime,
    /// Where; `None` for administration.
    pub station: Option<StationName>,
    /// What happened.
    pub event: AuditEvent,
}
