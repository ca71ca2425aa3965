//! Whom the service tells outside.
//!
//! ```text
//! audit log --Records--> supervisor --Output--> syslog collector
//!                         |     ^
//!                         v     |
//!                         cursor (a file each)
//! ```
//! The queue of every output is the log itself: what it was told last is kept beside the log, and after
//! an outage or a restart it is told on from there. Only records that the log trimmed meanwhile are
//! lost, and the log says so. An output is a module that implements [`Output`]; when to connect, what
//! to send and what is lost is the supervisor's alone.

mod cursor;
mod supervisor;
mod syslog;

pub use cursor::Cursor;
pub use supervisor::{Line, Output, Records, feed};
pub use syslog::{BadSyslog, Collector, SyslogConfig};
