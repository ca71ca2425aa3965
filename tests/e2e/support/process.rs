//! Child processes that end with the test, and their lines with a deadline.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// Nothing that a test waits for takes this long, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// The path of a program that `scripts/oracles` brings. A missing one is a failure, never a skip.
pub(crate) fn tool(name: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.exists()).unwrap_or_else(|| {
        panic!("{name} is missing: these tests run through `scripts/test oracles e2e`")
    })
}

pub(crate) fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "the tests' one clock: deadlines")]
    Instant::now()
}

/// A running child, killed when dropped.
pub(crate) struct Process {
    what: String,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    /// All that came on standard error, for whoever reads a failure.
    complaints: Arc<Mutex<String>>,
    /// Collects them until it ends.
    listener: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts it with standard input, output and error piped. Where `command` already got a
    /// standard input, that stays.
    pub(crate) fn start(what: &str, mut command: Command) -> Self {
        Self::with_input(what, command.stdin(Stdio::piped()))
    }

    pub(crate) fn with_input(what: &str, command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{what}: {:?}: {error}", command.get_program()));
        let lines = lines_of(&mut child);
        let complaints = Arc::new(Mutex::new(String::new()));
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let heard = Arc::clone(&complaints);
        let listener = thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let mut heard = heard.lock().unwrap();
                heard.push_str(&line);
                heard.push('\n');
            }
        });
        let stdin = child.stdin.take();
        Self { what: what.to_owned(), child, stdin, lines, complaints, listener: Some(listener) }
    }

    /// Starts it with this standard error, of which nothing is heard here.
    pub(crate) fn with_errors(what: &str, mut command: Command, errors: Stdio) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors);
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{what}: {:?}: {error}", command.get_program()));
        let lines = lines_of(&mut child);
        let stdin = child.stdin.take();
        let complaints = Arc::default();
        Self { what: what.to_owned(), child, stdin, lines, complaints, listener: None }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line of output.
    pub(crate) fn line(&self) -> String {
        self.line_within(PATIENCE)
            .unwrap_or_else(|| self.fail(&format!("no line within {PATIENCE:?}")))
    }

    /// The next line; `None` where none came in time.
    pub(crate) fn line_within(&self, time: Duration) -> Option<String> {
        match self.lines.recv_timeout(time) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => self.fail("ended"),
        }
    }

    /// The first line that `take` makes something of, others passed over.
    pub(crate) fn find_within<T>(
        &self,
        time: Duration,
        what: &str,
        take: impl Fn(&str) -> Option<T>,
    ) -> T {
        let end = now() + time;
        loop {
            let left = end.saturating_duration_since(now());
            match self.line_within(left) {
                None => self.fail(&format!("not within {time:?}: {what}")),
                Some(line) => {
                    if let Some(found) = take(&line) {
                        return found;
                    }
                }
            }
        }
    }

    /// Lets `time` pass, during which every line has to please `fine`.
    pub(crate) fn watch_for(&self, time: Duration, fine: impl Fn(&str) -> bool) {
        let end = now() + time;
        while let Some(line) = self.line_within(end.saturating_duration_since(now())) {
            if !fine(&line) {
                self.fail(&format!("unexpected: {line}"));
            }
        }
    }

    /// Writes a line to its standard input.
    pub(crate) fn write(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("standard input is piped");
        if let Err(error) = writeln!(stdin, "{line}").and_then(|()| stdin.flush()) {
            self.fail(&format!("does not listen: {error}"));
        }
    }

    /// Fails the test unless it still runs.
    pub(crate) fn assert_running(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            self.fail(&format!("ended with {status}"));
        }
    }

    /// Asks it to end (SIGTERM) and waits until it did.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.wait()
    }

    /// Ends it without a chance to tidy up.
    pub(crate) fn kill(self) {
        self.kill_for_complaints();
    }

    /// The same; all that it said on standard error.
    pub(crate) fn kill_for_complaints(self) -> String {
        self.signal(Signal::SIGKILL);
        self.end_for_complaints().1
    }

    /// Waits until it ended; all that it said on standard error.
    pub(crate) fn end_for_complaints(mut self) -> (ExitStatus, String) {
        let status = self.wait();
        if let Some(listener) = self.listener.take() {
            listener.join().unwrap();
        }
        (status, self.complaints())
    }

    /// The next line; `None` where it ended instead.
    pub(crate) fn line_or_end(&self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => self.fail(&format!("no line within {PATIENCE:?}")),
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }

    /// Asks it to end (SIGTERM); the lines that nobody took yet, to the last.
    pub(crate) fn terminate_for_lines(mut self) -> Vec<String> {
        self.signal(Signal::SIGTERM);
        let mut lines = Vec::new();
        self.until_ended(|line| lines.push(line));
        lines
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid().try_into().unwrap()), signal).unwrap();
    }

    /// Waits until it ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.until_ended(drop)
    }

    fn until_ended(&mut self, mut line: impl FnMut(String)) -> ExitStatus {
        // Its output closes when it ends, so this waits without asking again and again.
        let end = now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(now())) {
                Ok(said) => line(said),
                Err(RecvTimeoutError::Disconnected) => return self.child.wait().unwrap(),
                Err(RecvTimeoutError::Timeout) => self.fail("did not end"),
            }
        }
    }

    fn fail(&self, why: &str) -> ! {
        panic!("{}: {why}\nits standard error:\n{}", self.what, self.complaints())
    }

    /// What came on standard error so far.
    pub(crate) fn complaints(&self) -> String {
        // Also while a test fails, when a lock may be poisoned.
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail where it ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("{}, standard error:\n{}", self.what, self.complaints());
        }
    }
}

fn lines_of(child: &mut Child) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// A command that ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command to its end with `input` on its standard input.
pub(crate) fn run(mut command: Command, input: &str) -> Finished {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // One that ends without reading is no fault of the test.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let stdout = read_all(child.stdout.take().unwrap());
    let stderr = read_all(child.stderr.take().unwrap());
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    let (sender, ended) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait()));
    let status = ended.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        kill(pid, Signal::SIGKILL).unwrap();
        panic!("{command:?} did not end within {PATIENCE:?}")
    });
    let finished = Finished {
        code: status.unwrap().code(),
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
    };
    assert!(!finished.stderr.contains("panicked at"), "{command:?}: {finished:#?}");
    finished
}

fn read_all(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
