//! strace: which calls a process makes to the kernel, and what happens when one of them fails.

use std::{
    env, fs,
    process::{Command, ExitStatus},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, Uid},
};

use super::{Process, tool};

/// One call to the kernel.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Who made it, where several threads are followed.
    pub(crate) thread: u32,
    pub(crate) name: String,
    /// Its arguments as strace shows them, with the path of each descriptor.
    pub(crate) arguments: String,
    /// Whether it was made to fail.
    pub(crate) failed: bool,
}

/// Which call fails, and how: what comes back instead of its being carried out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Injection {
    pub(crate) call: String,
    /// In strace's words: `error=EIO`, `retval=0`, `delay_enter=300000` (microseconds).
    pub(crate) fault: &'static str,
    /// Which of a thread's calls of this name, from 1 on; rising.
    pub(crate) nth: Vec<usize>,
}

/// Where a program's libraries are looked for.
const LIBRARIES: &str = "LD_LIBRARY_PATH";

/// How much of the contents of a buffer is shown.
const SHOWN: &str = "24";

impl Injection {
    fn word(&self) -> String {
        let when = match *self.nth.as_slice() {
            [only] => only.to_string(),
            [first, second] => format!("{first}..{second}+{}", second - first),
            _ => panic!("{self:?}: one or two calls"),
        };
        format!("inject={}:{}:when={when}", self.call, self.fault)
    }
}

/// The command in a user namespace of its own where nobody is root: the service makes itself
/// private to root, and following it needs root's rights over it.
pub(crate) fn traceable(command: Command) -> Command {
    if Uid::effective().is_root() {
        return command;
    }
    let mut outer = Command::new("unshare");
    outer.args(["--user", "--map-root-user", "--"]);
    outer.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer
}

/// `strace` with these calls and injections.
fn strace(calls: &str, injections: &[Injection]) -> Command {
    let mut command = Command::new(tool("strace"));
    command.args(["-yy", "-s", SHOWN, "-e", "signal=none", "-e", &format!("trace={calls}")]);
    for injection in injections {
        command.args(["-e", &injection.word()]);
    }
    command
}

/// The same command with its standard error on its standard output.
fn heard(command: &Command) -> Command {
    let mut outer = Command::new("sh");
    outer.args(["-c", r#"exec "$@" 2>&1"#, "sh"]);
    outer.arg(command.get_program()).args(command.get_args());
    outer
}

/// strace on one thread of a running process.
pub(crate) struct Tracer(Process);

impl Tracer {
    /// Follows this thread from now on; the calls are counted from here.
    pub(crate) fn attach(process: u32, thread: u32, calls: &str, injections: &[Injection]) -> Self {
        let mut command = strace(calls, injections);
        command.args(["-p", &thread.to_string()]);
        let mut command = heard(&command);
        if !Uid::effective().is_root() {
            let mut inside = Command::new("nsenter");
            inside.args(["--target", &process.to_string(), "--user", "--preserve-credentials"]);
            inside.arg("--").arg(command.get_program()).args(command.get_args());
            command = inside;
        }
        let tracer = Process::start("strace", command);
        let first = tracer.line();
        assert!(first.ends_with("attached"), "{first}");
        Self(tracer)
    }

    /// Lets go; from here on nothing fails any more. What it saw.
    pub(crate) fn detach(self) -> Vec<Call> {
        let lines = self.0.terminate_for_lines();
        lines.iter().filter_map(|line| call(0, line)).collect()
    }
}

/// A command under strace from its first call on, in all its threads.
pub(crate) struct Followed(Option<Process>);

impl Followed {
    /// Starts it; what strace sees goes to the file. With `only` a path nothing is seen, counted
    /// and made to fail but what is done to that.
    pub(crate) fn start(
        command: &Command,
        calls: &str,
        injections: &[Injection],
        only: Option<&str>,
        file: &str,
    ) -> Self {
        let mut outer = strace(calls, injections);
        if let Some(path) = only {
            outer.args(["-P", path]);
        }
        outer.args(["-f", "--seccomp-bpf", "-qq", "-o", file]);
        // Of this test's, not of strace's own.
        match env::var(LIBRARIES) {
            Ok(libraries) => outer.args(["-E", &format!("{LIBRARIES}={libraries}")]),
            Err(_) => outer.args(["-E", LIBRARIES]),
        };
        outer.arg("--");
        outer.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => outer.env(name, value),
                None => outer.env_remove(name),
            };
        }
        Self(Some(Process::start("a service under strace", traceable(outer))))
    }

    /// Its next line; `None` where it ended instead.
    pub(crate) fn line_or_end(&self) -> Option<String> {
        self.0.as_ref().unwrap().line_or_end()
    }

    /// Asks it to end where it still runs, and waits until it did: how, and what it said on
    /// standard error.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        self.signal(Signal::SIGTERM);
        // While this waits, a failure still ends the service.
        self.0.as_mut().unwrap().wait();
        self.0.take().unwrap().end_for_complaints()
    }

    /// strace would only let go of it.
    fn signal(&self, signal: Signal) {
        let Some(strace) = self.0.as_ref().map(Process::pid) else { return };
        let children = fs::read_to_string(format!("/proc/{strace}/task/{strace}/children"));
        for child in children.unwrap_or_default().split_whitespace() {
            // It may have ended by now.
            let _ = kill(Pid::from_raw(child.parse().unwrap()), signal);
        }
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}

/// What strace wrote to that file.
pub(crate) fn calls_in(file: &str) -> Vec<Call> {
    let text = String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned();
    let line = |line: &str| {
        let (thread, rest) = line.split_once(' ')?;
        call(thread.parse().ok()?, rest.trim_start())
    };
    text.lines().filter_map(line).collect()
}

/// A call in one line of strace. The second half of one that another thread came between, and what
/// is no call, are passed over.
fn call(thread: u32, line: &str) -> Option<Call> {
    let (name, rest) = line.split_once('(')?;
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return None;
    }
    let failed = rest.ends_with("(INJECTED)") || rest.ends_with("(DELAYED)");
    let arguments = rest.split(") = ").next()?;
    Some(Call { thread, name: name.to_owned(), arguments: arguments.to_owned(), failed })
}

/// The threads of a process by their names, those of one name in the order of their making.
pub(crate) fn threads(process: u32, name: &str) -> Vec<u32> {
    let folder = format!("/proc/{process}/task");
    let mut found: Vec<u32> = fs::read_dir(folder)
        .unwrap()
        .map(|thread| thread.unwrap().path())
        .filter(|thread| {
            fs::read_to_string(thread.join("comm")).is_ok_and(|comm| comm.trim_end() == name)
        })
        .map(|thread| thread.file_name().unwrap().to_str().unwrap().parse().unwrap())
        .collect();
    found.sort_unstable();
    found
}
