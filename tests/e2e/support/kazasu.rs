//! Our own program: the service, the simulators, the watcher.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use super::{Finished, Pcscd, Process, pairing, run};

/// A whole tap, from the card to the line, with room for a busy machine.
const TAP: Duration = Duration::from_secs(10);

/// `kazasu` with these arguments. Nothing of the account that runs the test reaches it.
pub(crate) fn kazasu<const N: usize>(args: [&str; N]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kazasu"));
    command.args(args).env_remove("KAZASU_DATA").env_remove("KAZASU_LOG");
    // What people read is looked at in English, whatever whoever runs the tests reads.
    command.env("LC_ALL", "C.UTF-8");
    // Only where a test brings its own pcscd is there one.
    command.env("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm");
    command
}

/// A JSON line.
pub(crate) fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("not JSON ({error}): {line}"))
}

/// A test's own folder, removed at its end.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        // Short, since the path of a socket may have 107 bytes at most.
        Self(tempfile::Builder::new().prefix("kz").tempdir_in("/tmp").unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn join(&self, name: &str) -> String {
        self.path().join(name).display().to_string()
    }

    /// The data folder.
    pub(crate) fn data(&self) -> String {
        self.join("data")
    }

    /// Where `sim pn532` puts its terminal.
    pub(crate) fn reader(&self) -> PathBuf {
        self.path().join("reader")
    }

    /// The `--reader` word for that.
    pub(crate) fn pn532(&self) -> String {
        format!("pn532:uart:{}", self.reader().display())
    }

    /// Runs `kazasu ARGS --data ...` to its end.
    pub(crate) fn kazasu<const N: usize>(&self, args: [&str; N], input: &str) -> Finished {
        let mut command = kazasu(args);
        command.args(["--data", &self.data()]);
        run(command, input)
    }

    /// Adds a user and fails the test where that is refused.
    pub(crate) fn add_user(&self, id: &str, name: &str, password: &str) {
        let args = ["user", "add", id, "--name", name, "--password-stdin"];
        let finished = self.kazasu(args, &format!("{password}\n"));
        assert_eq!(finished.code, Some(0), "{finished:#?}");
    }

    /// `user list --json`.
    pub(crate) fn users(&self) -> Vec<Value> {
        let finished = self.kazasu(["user", "list", "--json"], "");
        assert_eq!(finished.code, Some(0), "{finished:#?}");
        finished.stdout.lines().map(json).collect()
    }
}

/// `kazasu serve`, ready.
pub(crate) struct Service {
    pub(crate) process: Process,
    /// A link to its panel. What the tests look with may use it several times.
    pub(crate) panel: String,
}

impl Service {
    /// Starts it on these readers, with a panel on a free port.
    pub(crate) fn start(folder: &Folder, readers: &[&str], pcscd: Option<&Pcscd>) -> Self {
        let mut command = kazasu(["serve", "--json", "--listen", "127.0.0.1:0"]);
        command.args(["--data", &folder.data()]);
        for reader in readers {
            command.args(["--reader", reader]);
        }
        if let Some(pcscd) = pcscd {
            pcscd.offer_to(&mut command);
        }
        Self::ready(command)
    }

    /// Starts it on a simulated reader of its own.
    pub(crate) fn with_sim(folder: &Folder) -> Self {
        Self::ready(Self::command_with_sim(folder))
    }

    /// The command for that.
    pub(crate) fn command_with_sim(folder: &Folder) -> Command {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/demo.sim");
        let mut command = kazasu(["serve", "--json", "--listen", "127.0.0.1:0", "--sim", script]);
        command.args(["--data", &folder.data()]);
        command
    }

    /// Starts `serve` as this command says.
    pub(crate) fn ready(command: Command) -> Self {
        Self::of(Process::start("kazasu serve", command))
    }

    /// The same with this standard error.
    pub(crate) fn with_errors(command: Command, errors: Stdio) -> Self {
        Self::of(Process::with_errors("kazasu serve", command, errors))
    }

    fn of(process: Process) -> Self {
        let ready = json(&process.line());
        assert_eq!(ready["event"], "ready", "{ready}");
        let socket = Path::new(ready["socket"].as_str().unwrap());
        assert!(socket.exists(), "{ready}");
        Self { process, panel: pairing::link(socket) }
    }
}

/// A simulator that takes control lines.
pub(crate) struct Sim(pub(crate) Process);

impl Sim {
    /// A PN532 at the folder's `reader`.
    pub(crate) fn pn532(folder: &Folder) -> Self {
        let link = folder.reader().display().to_string();
        Self::ready("sim pn532", kazasu(["sim", "pn532", "--link", &link]))
    }

    /// A card in the reader of a pcscd, in that one's namespace.
    pub(crate) fn pcsc(pcscd: &Pcscd) -> Self {
        let args = ["sim", "pcsc", "--vpcd", Pcscd::VPCD];
        Self::ready("sim pcsc", pcscd.namespace.command(&kazasu(args)))
    }

    fn ready(what: &str, command: Command) -> Self {
        let process = Process::start(what, command);
        let line = process.line();
        assert!(line.starts_with("ready "), "{line}");
        Self(process)
    }

    /// Sends a control line, which has to be answered with `ok`.
    pub(crate) fn tell(&mut self, line: &str) {
        self.0.write(line);
        let answer = self.0.line();
        assert!(answer == "ok" || answer.starts_with("ok "), "{line}: {answer}");
    }
}

/// `kazasu watch --json`.
pub(crate) struct Watch(pub(crate) Process);

impl Watch {
    /// Attached to the folder's service.
    pub(crate) fn attached(folder: &Folder) -> Self {
        let mut command = kazasu(["watch", "--json"]);
        command.args(["--data", &folder.data()]);
        Self(Process::start("kazasu watch", command))
    }

    /// On its own, on this reader, whatever is installed on the machine that runs the tests.
    pub(crate) fn alone(folder: &Folder, reader: &str, pcscd: Option<&Pcscd>) -> Self {
        let mut command = kazasu(["watch", "--json", "--own", "--reader", reader]);
        command.args(["--data", &folder.data()]);
        if let Some(pcscd) = pcscd {
            pcscd.offer_to(&mut command);
        }
        Self(Process::start("kazasu watch", command))
    }

    /// The next event of this word; the ones before it are passed over.
    pub(crate) fn find(&self, word: &str) -> Value {
        self.find_within(word, TAP)
    }

    pub(crate) fn find_within(&self, word: &str, time: Duration) -> Value {
        self.0.find_within(time, word, |line| Some(json(line)).filter(|e| e["event"] == word))
    }

    /// The very next event, which has to be this one.
    pub(crate) fn next(&self, word: &str) -> Value {
        let event = json(&self.0.line_within(TAP).unwrap_or_else(|| panic!("no {word}")));
        assert_eq!(event["event"], word, "{event}");
        event
    }

    /// The next event but `confirmed`, which a card that leaves at once does not get.
    pub(crate) fn next_but_confirmed(&self, word: &str) -> Value {
        let line = || self.0.line_within(TAP).unwrap_or_else(|| panic!("no {word}"));
        let event = std::iter::repeat_with(|| json(&line()));
        let event = event.take(2).find(|event| event["event"] != "confirmed");
        let event = event.unwrap_or_else(|| panic!("no {word}"));
        assert_eq!(event["event"], word, "{event}");
        event
    }
}

/// What of an event is the card's identity.
pub(crate) fn card_of(event: &Value) -> Value {
    ["technology", "id", "stability", "system"].map(|field| event[field].clone()).into()
}
