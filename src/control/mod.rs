//! Commands and the running service: one socket, one set of requests.
//!
//! A command makes a [`Request`]. Where a service runs, it goes there over the socket; where none
//! runs, the same request is carried out in this process, which owns the data folder meanwhile.
//! Either way the answer is a stream of JSON values and one [`End`].

mod client;
mod host;
mod server;

pub(crate) use client::{ask, running};
pub(crate) use host::{Host, nothing_found};
pub(crate) use server::serve;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

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
    /// All users.
    UserList,
    /// One user less.
    UserDelete { user_id: String },
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
