//! Jobs of the device around a reader, as far as the audit log tells of them.

/// What a job was (S40-4-02).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobType {
    /// Printed for a computer.
    Print,
    /// Copied.
    Copy,
    /// Scanned.
    Scan,
    /// Sent or received by fax.
    Fax,
    /// Printed from a mailbox, or stored in one.
    Mailbox,
    /// Printed a report of the device.
    Report,
}

impl JobType {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::Print, Self::Copy, Self::Scan, Self::Fax, Self::Mailbox, Self::Report];

    /// The fixed word for scripts and the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Print => "print",
            Self::Copy => "copy",
            Self::Scan => "scan",
            Self::Fax => "fax",
            Self::Mailbox => "mailbox",
            Self::Report => "report",
        }
    }

    /// Reads the fixed word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|job| job.as_str() == word)
    }
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobEnd {
    /// As it should.
    Completed,
    /// Whoever began it stopped it.
    Canceled,
    /// The device stopped it.
    Aborted,
}

impl JobEnd {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Completed, Self::Canceled, Self::Aborted];

    /// The fixed word for scripts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Canceled => "canceled",
            Self::Aborted => "aborted",
        }
    }

    /// Reads the fixed word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.as_str() == word)
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
