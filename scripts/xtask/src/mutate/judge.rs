//! The tests that have to notice.

use std::{
    fmt,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{ChildStdout, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use super::{Chapter, SWITCH};

/// Beside ten times what the tests take without a mutation: who hangs longer has noticed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A chapter's test programs, built.
pub(super) struct Judges<'a> {
    chapter: &'a Chapter,
    programs: Vec<PathBuf>,
    folder: PathBuf,
    limit: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Killed,
    /// The tests did not come to an end.
    Hung,
    Survived,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Killed => "killed",
            Self::Hung => "hung",
            Self::Survived => "SURVIVED",
        })
    }
}

impl<'a> Judges<'a> {
    /// Builds them, and has them pass without any mutation.
    ///
    /// # Errors
    /// A mutation that does not compile is none; tests that fail by themselves judge nothing.
    pub(super) fn build(chapter: &'a Chapter, copy: &Path) -> Result<Self> {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([
            "test",
            "--no-run",
            "--message-format=json-render-diagnostics",
            "--package",
            chapter.package,
        ]);
        cargo.args(chapter.tests).current_dir(copy);
        cargo.env("CARGO_TARGET_DIR", copy.with_file_name("build"));
        // What stands behind the switch reads strangely.
        cargo.env("RUSTFLAGS", "--cap-lints=allow");
        let built = cargo.stderr(Stdio::inherit()).output().context("cargo")?;
        ensure!(built.status.success(), "{}: a mutation does not compile", chapter.name);
        let programs = String::from_utf8_lossy(&built.stdout).lines().filter_map(program).collect();
        let folder = copy.join(chapter.folder);
        let mut judges = Self { chapter, programs, folder, limit: Duration::MAX };
        ensure!(!judges.programs.is_empty(), "{}: there are no tests", chapter.name);
        let began = now();
        let verdict = judges.about(0)?;
        let fails = "the tests fail without any mutation: mend them";
        ensure!(verdict == Verdict::Survived, "{}: {fails}", chapter.name);
        judges.limit = began.elapsed() * 10 + PATIENCE;
        Ok(judges)
    }

    /// What they say about one mutation.
    ///
    /// # Errors
    /// A test program that cannot be run.
    pub(super) fn about(&self, number: usize) -> Result<Verdict> {
        let until = now().checked_add(self.limit);
        for program in &self.programs {
            let mut command = Command::new(program);
            command.args(self.chapter.filter).current_dir(&self.folder);
            command.env(SWITCH, number.to_string()).env("CARGO_MANIFEST_DIR", &self.folder);
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
            let mut run = command.spawn().with_context(|| program.display().to_string())?;
            let said = run.stdout.take().context("a pipe")?;
            let heard = match first_failure(said, until) {
                Heard::End if run.wait()?.success() => continue,
                Heard::End => return Ok(Verdict::Killed),
                Heard::Failure => Verdict::Killed,
                Heard::Nothing => Verdict::Hung,
            };
            run.kill()?;
            run.wait()?;
            return Ok(heard);
        }
        Ok(Verdict::Survived)
    }
}

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "the one clock here: how long tests may take")]
    Instant::now()
}

/// What a test program said.
enum Heard {
    /// It came to its end; its status tells.
    End,
    /// One test failed: the others need not be waited for.
    Failure,
    /// It is late.
    Nothing,
}

fn first_failure(said: ChildStdout, until: Option<Instant>) -> Heard {
    let (failed, heard) = mpsc::channel();
    thread::spawn(move || {
        let mut lines = BufReader::new(said).lines().map_while(Result::ok);
        if lines.any(|line| line.ends_with("... FAILED")) {
            // Nobody waits any more, where it was late.
            let _ = failed.send(());
        }
    });
    let rest = until.map_or(Duration::MAX, |until| until.saturating_duration_since(now()));
    match heard.recv_timeout(rest) {
        Ok(()) => Heard::Failure,
        Err(RecvTimeoutError::Disconnected) => Heard::End,
        Err(RecvTimeoutError::Timeout) => Heard::Nothing,
    }
}

/// The test program that a message of cargo tells of.
fn program(message: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    message.get("profile")?.get("test")?.as_bool()?.then_some(())?;
    message.get("executable")?.as_str().map(PathBuf::from)
}
