//! Commands and the running service: one socket, one set of requests.
//!
//! A command makes a [`Request`]. Where a service runs, it goes there over the socket; where none
//! runs, the same request is carried out in this process, which owns the data folder meanwhile.
//! Either way the answer is a stream of JSON values and one [`End`].

mod client;
mod host;
mod office;
mod server;

pub(crate) use client::{ask, running};
pub(crate) use host::{Host, nothing_found};
pub(crate) use office::{Office, load};
pub(crate) use server::serve;

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::cli::{AuditFormat, Feature};

/// The longest request or answer line, in bytes: the longest CSV, as JSON numbers.
const LINE_MAX: usize = 16 * 1024 * 1024;

/// What a command wants.
#[derive(Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Request {
    /// Events until the client goes away.
    Watch,
    /// All readers, once.
    Readers,
    /// The panel's address.
    Panel,
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
    /// One user less.
    UserDelete { user_id: String },
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

/// A job that ended.
#[derive(Serialize, Deserialize)]
pub(crate) struct Job {
    /// What it was, and how it ended: words.
    pub(crate) job: String,
    pub(crate) end: String,
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
enum Reply {
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
