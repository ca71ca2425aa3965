//! Jobs of the device around a reader, as far as the audit log tells of them.

use kazasu_hal::words;

words! {
    /// What a job was (S40-4-02).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum JobType {
        /// Printed for a computer.
        Print = "print",
        /// Copied.
        Copy = "copy",
        /// Scanned.
        Scan = "scan",
        /// Sent or received by fax.
        Fax = "fax",
        /// Printed from a mailbox, or stored in one.
        Mailbox = "mailbox",
        /// Printed a report of the device.
        Report = "report",
    }
}

words! {
    /// How a job ended.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum JobEnd {
        /// As it should.
        Completed = "completed",
        /// Whoever began it stopped it.
        Canceled = "canceled",
        /// The device stopped it.
        Aborted = "aborted",
    }
}

/// What the device says of a job that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JobReport {
    /// What it was.
    pub job: JobType,
    /// How it ended.
    pub end: JobEnd,
}
