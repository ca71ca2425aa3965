//! Requests and answers as they go over the socket: a line of JSON each.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;
use jiff::Timestamp;
use kazasu_texts::Lang;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

/// The longest request or answer line, in bytes: the longest CSV, as JSON numbers.
pub(crate) const LINE_MAX: usize = 16 * 1024 * 1024;

/// What a command wants.
#[derive(Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Request {
    /// Events until the client goes away.
    Watch {
        #[serde(default)]
        lang: Reads,
    },
    /// All readers, once.
    Readers {
        #[serde(default)]
        lang: Reads,
    },
    /// Blocks of the first FeliCa card that is alone on one of these readers, or on any where none is
    /// named.
    CardRead {
        readers: Vec<String>,
        service: u16,
        blocks: Vec<u16>,
        wait_s: u16,
        #[serde(default)]
        lang: Reads,
    },
    /// The panel's address.
    Panel,
    /// A link that pairs one browser with a station, or with the first one.
    PanelPair { station: Option<String>, label: Option<String> },
    /// All paired browsers.
    PanelList,
    /// One browser is not paired any more; `None`: none is.
    PanelRevoke { number: Option<u32> },
    /// A control line for the simulated reader.
    Sim { line: String },
    /// A new user; `password` `None` means none.
    UserAdd { user_id: String, name: String, mail: String, password: Option<Zeroizing<String>> },
    /// Users from a CSV text, all or none.
    UserImport { csv: Zeroizing<Vec<u8>> },
    /// All registered users as a CSV text.
    UserExport,
    /// All users.
    UserList,
    /// The records of those who are locked.
    UserLocked,
    /// Opens locks.
    UserUnlock { whom: Unlock },
    /// One record, with all that deleting it would delete.
    UserShow { user_id: String },
    /// Changes of one record.
    UserEdit { user_id: String, edit: Edit },
    /// Another ID for a user.
    UserRename { user_id: String, to: String },
    /// One user less.
    UserDelete { user_id: String },
    /// The record that cannot be read in this row is gone.
    DamagedDelete { row: i64 },
    /// No provisional users any more that were made before this moment (RFC 3339).
    ProvisionalDelete { before: String },
    /// All cards that are somebody's.
    CardList,
    /// A user's card is nobody's any more.
    CardUnlink { user_id: String },
    /// A card is not in the directory any more: this person's, or that of this number, or both.
    DirectoryRemoveCard { user_id: Option<String>, card: Option<String> },
    /// Settings by key or by the first words of several; all where none is named.
    ConfigShow { keys: Vec<String> },
    /// What a change would say; without one, what is stored.
    ConfigCheck { changes: Vec<(String, String)> },
    /// Settings to change, at this version of them.
    ConfigSet { changes: Vec<(String, String)>, version: Option<u64> },
    /// All settings as they are stored, for a command that goes by them and shows none.
    ConfigRead,
    /// The versions of the settings that are kept.
    ConfigHistory,
    /// One of the device's own passwords; `None` removes it.
    ConfigPassword { which: String, password: Option<Zeroizing<String>> },
    /// The audit log.
    AuditExport { wanted: AuditWanted },
    /// Whether the audit log is whole.
    AuditVerify,
    /// All records into one file.
    Backup { file: PathBuf },
    /// What the device around a reader did.
    Device { station: Option<String>, event: String, job: Option<Job> },
}

/// In which language whoever asked reads the answer: a tag. English where none is known.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Reads(String);

impl From<Lang> for Reads {
    fn from(lang: Lang) -> Self {
        Self(lang.tag().to_owned())
    }
}

impl Reads {
    pub(crate) fn lang(&self) -> Lang {
        Lang::from_tag(&self.0).unwrap_or(Lang::En)
    }
}

/// A job that ended.
#[derive(Serialize, Deserialize)]
pub(crate) struct Job {
    /// What it was, and how it ended: words.
    pub(crate) job: String,
    pub(crate) end: String,
}

impl Request {
    /// Whether it changes nothing but the log that tells of it.
    pub(crate) fn only_reads(&self) -> bool {
        matches!(
            self,
            Self::UserExport
                | Self::UserList
                | Self::UserLocked
                | Self::UserShow { .. }
                | Self::CardList
                | Self::ConfigShow { .. }
                | Self::ConfigCheck { .. }
                | Self::ConfigHistory
                | Self::AuditExport { .. }
                | Self::AuditVerify
        )
    }

    /// Reads the line of a client.
    ///
    /// # Errors
    /// What to answer. The parser's own message could quote the request, and with it a password.
    pub(crate) fn read(line: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(line)
            .map_err(|error| format!("the request is not understood (at byte {})", error.column()))
    }
}

/// Which part of the audit log, and how.
#[derive(Serialize, Deserialize)]
pub(crate) struct AuditWanted {
    pub(crate) format: AuditFormat,
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) event: Option<String>,
    pub(crate) user: Option<String>,
    /// The name of a date format.
    pub(crate) dates: String,
}

/// Whose lock is opened.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unlock {
    /// A person's of this user ID, or a card's of this number.
    Named(String),
    /// The key operator's.
    Administrator,
    /// All.
    All,
}

/// Changes of a user's record. What is left out stays.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Edit {
    pub(crate) name: Option<String>,
    pub(crate) mail: Option<String>,
    pub(crate) role: Option<String>,
    /// Which the user may use from now on, and which not.
    pub(crate) features: BTreeMap<Feature, bool>,
    pub(crate) password: Option<Zeroizing<String>>,
    pub(crate) no_password: bool,
    pub(crate) unlink_card: bool,
}

/// One line of an answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    /// A result line.
    Line(Value),
    /// The last line.
    End(End),
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    /// Done.
    Done,
    /// Understood and refused or nothing found; says why.
    No(String),
    /// Failed; says what and the next step.
    Error(String),
}

/// What an export of the audit log looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuditFormat {
    Manual,
    Json,
}

/// What a user can be kept from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Feature {
    Copy,
    Fax,
    Scan,
    Print,
}
