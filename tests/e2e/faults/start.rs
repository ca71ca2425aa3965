//! Every call of a start fails once: the service says what it could not do and ends, or works; and
//! the next start finds nothing half made.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    process::Command,
};

use serde_json::json;

use super::{
    Before,
    calls::{START, faults_of, numbered, target},
    copy,
    plan::{run_all, run_chosen},
};
use crate::support::{Call, Folder, Followed, Injection, Service, calls_in};

/// What a service finds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Found {
    /// No folder: it makes all of it.
    Nothing,
    /// What an earlier one left when it was stopped.
    Stopped,
    /// What one left that was killed with a log to bring into the database.
    Killed,
}

/// The first thing that a start does by itself, behind the libraries.
const FIRST: &str = "epoll_create1";

/// Of calls that do the same to the same file so many fail, then every so manieth.
const ALIKE_MAX: usize = 24;

/// What a message names that does not name a file of the data folder.
const NAMED: [&str; 5] =
    ["boot_id", "cannot listen on", "random numbers", "no threads", "demo.sim"];

struct Start {
    found: Found,
    /// What is done to it, for whoever reads a failure.
    to: String,
    injection: Injection,
    /// The one file of the data folder whose calls are counted.
    file: Option<String>,
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Injection { call, fault, nth } = &self.injection;
        write!(f, "start on {:?}: {call} {nth:?} {fault} ({})", self.found, self.to)
    }
}

impl Found {
    fn folder(self, before: &Before) -> Folder {
        let folder = Folder::new();
        match self {
            Self::Nothing => {}
            Self::Stopped => copy(&before.usual, &folder),
            Self::Killed => copy(&before.full_log, &folder),
        }
        folder
    }
}

fn serve(folder: &Folder) -> Command {
    let mut command = Service::command_with_sim(folder);
    command.env("TOKIO_WORKER_THREADS", "1");
    command
}

/// The list of paired browsers aside: it is there once somebody paired one.
fn files(folder: &Folder) -> BTreeSet<String> {
    let name = |file: std::io::Result<fs::DirEntry>| file.unwrap().file_name();
    let files = fs::read_dir(folder.data()).unwrap().map(name);
    files.map(|name| name.into_string().unwrap()).filter(|name| name != "panels.json").collect()
}

/// All starts in which one call fails, and what files a service has.
fn starts(before: &Before) -> (Vec<Start>, BTreeSet<String>) {
    let mut starts = Vec::new();
    let mut there = BTreeSet::new();
    for found in [Found::Nothing, Found::Stopped, Found::Killed] {
        let folder = found.folder(before);
        let trace = folder.join("trace");
        let service = Followed::start(&serve(&folder), START, &[], None, &trace);
        assert!(service.line_or_end().unwrap().contains("ready"));
        there = files(&folder);
        service.end();
        let calls = calls_in(&trace);
        let (mut done, mut alike) = (BTreeSet::new(), BTreeMap::<_, usize>::new());
        let (before, mut ours) = (starts.len(), false);
        let numbered = numbered(&calls);
        for (turn, (nth, call)) in numbered.iter().enumerate() {
            ours |= call.name == FIRST;
            if call.arguments.contains(r#"{\"event\":\"ready\""#) {
                break;
            }
            // strace counts for each thread: the same number is the same injection, and may be one
            // for the libraries.
            if !(done.insert((call.name.clone(), *nth)) || call.name == "write") || !ours {
                continue;
            }
            let alike = alike.entry((call.name.clone(), target(call))).or_default();
            *alike += 1;
            if *alike > ALIKE_MAX && *alike % ALIKE_MAX != 0 {
                continue;
            }
            let name = target(call).trim().to_owned();
            let (nth, file, faults) = if call.name == "write" {
                // Each thread's bell is written to as well: only the file tells these apart.
                let to_it = |(_, other): &&(usize, &Call)| {
                    other.name == "write" && target(other).trim() == name
                };
                let nth = numbered.iter().take(turn + 1).filter(to_it).count();
                let ours = call.arguments.contains(&folder.data());
                (nth, Some(name), if ours { faults_of(call).to_vec() } else { Vec::new() })
            } else {
                // Nor for another thread that cannot fail so.
                let same = |(n, other): &&(usize, &Call)| n == nth && other.name == call.name;
                let all: Vec<_> = numbered.iter().filter(same).collect();
                let real =
                    |fault: &&&str| all.iter().all(|(_, other)| faults_of(other).contains(fault));
                (*nth, None, faults_of(call).iter().filter(real).copied().collect())
            };
            if faults.is_empty() {
                continue;
            }
            // The reading of the log is always the same: one error in turn is enough there.
            let every = if found == Found::Killed { 1 } else { faults.len() };
            for fault in faults.iter().cycle().skip(turn % faults.len()).take(every) {
                let injection = Injection { call: call.name.clone(), fault, nth: vec![nth] };
                let to = call.arguments.clone();
                starts.push(Start { found, to, injection, file: file.clone() });
            }
        }
        eprintln!("start on {found:?}: {} calls, {} runs", done.len(), starts.len() - before);
    }
    (starts, there)
}

/// Starts while a call fails: how many did, and what came of it.
fn run(start: &Start, before: &Before, there: &BTreeSet<String>) -> (usize, String) {
    let folder = start.found.folder(before);
    let trace = folder.join("trace");
    let injections = [start.injection.clone()];
    let only = start.file.as_ref().map(|name| format!("{}/{name}", folder.data()));
    let service = Followed::start(&serve(&folder), START, &injections, only.as_deref(), &trace);
    let ready = service.line_or_end().is_some();
    let (status, complaints) = service.end();
    let failed: Vec<_> = calls_in(&trace).into_iter().filter(|call| call.failed).collect();
    if failed.iter().any(|call| !faults_of(call).contains(&start.injection.fault)) {
        // Another thread's call of the same number met what it cannot meet.
        return (0, "not judged".to_owned());
    }
    assert!(!complaints.contains("panicked"), "{complaints}");
    if !ready {
        assert_eq!(status.code(), Some(2), "{complaints}");
        let said = complaints.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
        let named = NAMED.iter().any(|name| said.contains(name)) || said.contains(&folder.data());
        assert!(named, "it names nothing: {complaints:?}");
        let blamed = said.contains("damaged") && !said.contains("disk");
        assert!(!blamed, "the file is whole: {said}");
    }

    let service = Service::ready(serve(&folder));
    folder.ask(&json!({ "do": "user_add", "user_id": "later", "name": "", "mail": "" })).unwrap();
    assert_eq!(files(&folder), *there);
    let users = folder.users();
    let known = |id: &str| users.iter().any(|user| user["user_id"] == id);
    assert!(known("later") && (start.found == Found::Nothing || known("dave")), "{users:?}");
    service.process.kill();
    let verified = folder.kazasu(["audit", "verify"], "");
    assert_eq!(verified.code, Some(0), "{verified:#?}");
    (failed.len(), if ready { "ready" } else { "said why and ended" }.to_owned())
}

#[test]
fn every_call_of_a_start_fails() {
    let before = Before::new();
    let (starts, there) = starts(&before);
    run_chosen("a start", starts, |start| run(start, &before, &there));
}

/// What could leave an empty key behind, and called a whole database damaged.
#[test]
fn key_and_database_at_each_start() {
    let before = Before::new();
    let (mut starts, there) = starts(&before);
    let is = |start: &Start, found, call: &str, file: &str| {
        start.found == found && start.injection.call == call && start.to.contains(file)
    };
    let key = |start: &Start| is(start, Found::Nothing, "write", "audit.key");
    let database = |start: &Start| {
        is(start, Found::Stopped, "pread64", "kazasu.db>") && start.injection.fault == "error=EIO"
    };
    assert!(starts.iter().any(key) && starts.iter().any(database));
    starts.retain(|start| key(start) || database(start));
    run_all(starts, |start| run(start, &before, &there));
}
