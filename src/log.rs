//! The log, on standard error, for people and journals. It never stops anything: lines wait in a
//! bounded queue for a thread of its own, so whoever logs never waits for whoever reads. What
//! finds no room or cannot be written (a full disk, a closed pipe, a terminal that went) is
//! counted, and the count is told as soon as lines can be written again.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::panic::PanicHookInfo;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Of lines that wait, in bytes: some 20,000 lines, which a burst of traced frames fits into.
const WAITING_MAX: usize = 2 * 1024 * 1024;
/// How long the end of the process waits for lines that nobody takes.
const FLUSH_MAX: Duration = Duration::from_secs(2);
/// How often a standard error that somebody made non-blocking is asked whether it takes more.
const AGAIN_AFTER: Duration = Duration::from_millis(20);
/// After so many times in a row the line counts as lost.
const AGAIN_MAX: u8 = 50;
/// A file that has reached the size allowed to it (`RLIMIT_FSIZE`): by default the end.
const SIGXFSZ: i32 = 25;

/// Where lines are handed in. Dropping it waits, for a while, until they are written.
pub(crate) struct Log(Arc<Queue>);

/// The log as tracing writes to it.
#[derive(Clone)]
struct Sink(Arc<Queue>);

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    /// Of all of them.
    bytes: usize,
    /// A line is being written at this moment.
    writing: bool,
    /// Lines that were lost and not told yet.
    lost: u64,
}

impl Log {
    /// Takes over tracing and what panics say.
    pub(crate) fn start(verbose: u8) -> Result<Self> {
        let level = match verbose {
            0 => "warn",
            1 => "debug",
            _ => "trace",
        };
        let filter = match std::env::var("KAZASU_LOG") {
            Ok(text) => EnvFilter::try_new(text).context("KAZASU_LOG")?,
            Err(_) => EnvFilter::new(level),
        };
        let queue = Arc::new(Queue::default());
        let written = Arc::clone(&queue);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || written.write_to(io::stderr()))
            .context("the system gives no threads")?;
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(Sink(Arc::clone(&queue)))
            .with_ansi(io::stderr().is_terminal())
            // Its own complaint of a line that failed would be a panic where it fails as well.
            .log_internal_errors(false)
            .init();
        let told = Arc::clone(&queue);
        // The one of the standard library writes by itself, and waits where nobody reads.
        std::panic::set_hook(Box::new(move |panic| told.push(panicked(panic).into_bytes())));
        Ok(Self(queue))
    }

    /// A line that is no record of the log: why a command ends.
    pub(crate) fn say(&self, text: &str) {
        self.0.push(format!("{text}\n").into_bytes());
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.0.flush(FLUSH_MAX);
    }
}

/// A file that may not grow any further is an error of the write, not the end of the process.
/// Called inside the runtime.
pub(crate) fn survive_full_files() {
    // The handler stays when this is dropped. Where there can be none, all stays as it was.
    if let Err(error) = signal(SignalKind::from_raw(SIGXFSZ)) {
        tracing::warn!(%error, "a file that reaches the size allowed to it will end this process");
    }
}

fn panicked(panic: &PanicHookInfo<'_>) -> String {
    let thread = thread::current();
    let payload = panic.payload();
    let said = payload.downcast_ref::<&str>().copied();
    let said = said.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let at = panic.location().map(ToString::to_string).unwrap_or_default();
    let mut text = format!(
        "{} ERROR thread '{}' panicked at {at}: {}\n",
        Timestamp::now(),
        thread.name().unwrap_or_default(),
        said.unwrap_or_default()
    );
    let trace = Backtrace::capture();
    if trace.status() == BacktraceStatus::Captured {
        text += &format!("{trace}\n");
    }
    text
}

impl Queue {
    /// A panic while the lock is held leaves the state as good as it was.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: Vec<u8>) {
        let mut state = self.state();
        if state.bytes + line.len() > WAITING_MAX {
            state.lost += 1;
        } else {
            state.bytes += line.len();
            state.lines.push_back(line);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until all is written, or lost.
    fn flush(&self, at_most: Duration) {
        let busy = |state: &mut State| state.writing || !state.lines.is_empty();
        // Who waited in vain ends as well.
        let _ = self.changed.wait_timeout_while(self.state(), at_most, busy);
    }

    /// Writes what is pushed, for ever.
    fn write_to(&self, mut out: impl Write) {
        // Part of a line stands there without its end.
        let mut torn = false;
        loop {
            let empty = |state: &mut State| state.lines.is_empty();
            let state = self.changed.wait_while(self.state(), empty);
            let mut state = state.unwrap_or_else(PoisonError::into_inner);
            let Some(line) = state.lines.pop_front() else { continue };
            state.bytes -= line.len();
            state.writing = true;
            let lost = state.lost;
            drop(state);

            let told = match lost {
                0 => true,
                lost => write_line(&mut out, lost_line(lost).as_bytes(), &mut torn),
            };
            let written = told && write_line(&mut out, &line, &mut torn);

            let mut state = self.state();
            state.writing = false;
            if told {
                state.lost -= lost;
            }
            if !written {
                state.lost += 1;
            }
            drop(state);
            self.changed.notify_all();
        }
    }
}

fn lost_line(lost: u64) -> String {
    format!(
        "{}  WARN {lost} lines of this log could not be written and are lost\n",
        Timestamp::now()
    )
}

/// Whether the whole line was written.
fn write_line(out: &mut impl Write, line: &[u8], torn: &mut bool) -> bool {
    if *torn && !write_all(out, b"\n").0 {
        return false;
    }
    let (whole, any) = write_all(out, line);
    *torn = !whole && any;
    whole
}

/// Whether all was written, and whether anything was.
fn write_all(out: &mut impl Write, mut bytes: &[u8]) -> (bool, bool) {
    let (mut again, mut any) = (0, false);
    while !bytes.is_empty() {
        match out.write(bytes) {
            Ok(n @ 1..) => {
                bytes = bytes.get(n..).unwrap_or_default();
                (again, any) = (0, true);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock && again < AGAIN_MAX => {
                again += 1;
                thread::park_timeout(AGAIN_AFTER);
            }
            Ok(0) | Err(_) => return (false, any),
        }
    }
    (true, any)
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = Line;

    fn make_writer(&'a self) -> Self::Writer {
        Line { queue: Arc::clone(&self.0), text: Vec::new() }
    }
}

/// One record on its way to the queue, which gets it whole.
struct Line {
    queue: Arc<Queue>,
    text: Vec<u8>,
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.queue.push(std::mem::take(&mut self.text));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Somewhere to write to: each write is announced, and comes back with the next answer.
    struct Outlet {
        written: mpsc::Sender<String>,
        answers: mpsc::Receiver<io::Result<usize>>,
    }

    impl Write for Outlet {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let len = bytes.len();
            if self.written.send(text).is_err() {
                return Ok(len);
            }
            self.answers.recv().unwrap_or(Ok(len)).map(|n| n.min(len))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    type Far = (Arc<Queue>, mpsc::Receiver<String>, mpsc::Sender<io::Result<usize>>);

    fn start() -> Far {
        let (written, wrote) = mpsc::channel();
        let (answer, answers) = mpsc::channel();
        let queue = Arc::new(Queue::default());
        let own = Arc::clone(&queue);
        thread::spawn(move || own.write_to(Outlet { written, answers }));
        (queue, wrote, answer)
    }

    const WHOLE: io::Result<usize> = Ok(usize::MAX);

    fn next(wrote: &mpsc::Receiver<String>) -> String {
        wrote.recv_timeout(Duration::from_secs(10)).unwrap()
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_told_later() {
        let (queue, wrote, answer) = start();
        let full = || Err(io::Error::from(ErrorKind::StorageFull));
        for line in ["one\n", "two\n"] {
            queue.push(line.into());
            answer.send(full()).unwrap();
        }
        assert_eq!(next(&wrote), "one\n");
        // The count is tried first, and kept where that fails as well.
        assert!(next(&wrote).contains("WARN 1 lines"));
        queue.push("three\n".into());
        assert!(next(&wrote).contains("WARN 2 lines"));
        answer.send(WHOLE).unwrap();
        assert_eq!(next(&wrote), "three\n");
        answer.send(WHOLE).unwrap();
        queue.push("four\n".into());
        assert_eq!(next(&wrote), "four\n");
        answer.send(WHOLE).unwrap();
        queue.flush(Duration::from_secs(10));
        assert_eq!(queue.state().lost, 0);
    }

    /// A disk that fills up in the middle of a line: what comes later stands on lines of its own.
    #[test]
    fn a_torn_line_gets_its_end() {
        let (queue, wrote, answer) = start();
        queue.push("torn\n".into());
        answer.send(Ok(2)).unwrap();
        answer.send(Err(io::Error::from(ErrorKind::StorageFull))).unwrap();
        queue.push("whole\n".into());
        for _ in 0..3 {
            answer.send(WHOLE).unwrap();
        }
        let writes: Vec<_> = (0..5).map(|_| next(&wrote)).collect();
        assert_eq!([&writes[0], &writes[1], &writes[2]], ["torn\n", "rn\n", "\n"]);
        assert!(writes[3].contains("WARN 1 lines"), "{writes:?}");
        assert_eq!(writes[4], "whole\n");
    }

    /// Nobody reads: whoever logs goes on, and what waits stays bounded.
    #[test]
    fn a_reader_that_sleeps_stops_nobody() {
        let (queue, wrote, answer) = start();
        let line = vec![b'x'; 1000];
        let lines = WAITING_MAX / line.len() + 500;
        queue.push(b"first\n".to_vec());
        assert_eq!(next(&wrote), "first\n");
        for _ in 0..lines {
            queue.push(line.clone());
        }
        assert!(queue.state().bytes <= WAITING_MAX);
        assert!(queue.state().lost >= 500);
        let lost = queue.state().lost;
        queue.flush(Duration::from_millis(1));
        drop(answer);
        assert!(next(&wrote).contains(&format!("WARN {lost} lines")));
    }

    #[test]
    fn a_signal_or_a_busy_terminal_loses_nothing() {
        let (queue, wrote, answer) = start();
        queue.push("line\n".into());
        for kind in [ErrorKind::Interrupted, ErrorKind::WouldBlock, ErrorKind::WouldBlock] {
            answer.send(Err(kind.into())).unwrap();
        }
        answer.send(WHOLE).unwrap();
        queue.flush(Duration::from_secs(10));
        assert_eq!(queue.state().lost, 0);
        assert_eq!((0..4).map(|_| next(&wrote)).collect::<Vec<_>>(), ["line\n"; 4]);
    }
}
