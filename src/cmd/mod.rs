//! One file for each command.

pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod card;
pub(crate) mod config;
pub(crate) mod decode;
pub(crate) mod device;
pub(crate) mod directory;
pub(crate) mod encode;
mod follow;
mod learn;
pub(crate) mod panel;
pub(crate) mod readers;
pub(crate) mod sim;
mod there;
pub(crate) mod user;
pub(crate) mod watch;

use std::io::{self, BufRead, ErrorKind, IsTerminal, Read, Write};
use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::claim::Claim;
use crate::cli::Data;
use crate::control::{self, End, Host, Request};
use crate::out::{Line, Out};
use crate::owner::{DataFolder, Owned};
use crate::read_only::{self, Copy};

/// How often, and at what pace, to look whether a service that starts listens: for 10 s.
const STARTING_LOOKS: u8 = 100;
const STARTING_LOOK: Duration = Duration::from_millis(100);

/// Carries out a request: in the running service, or here with the host that `alone` makes while
/// this process owns the data folder. Prints each line of the answer as an `L`.
async fn carry_out<L: Line + DeserializeOwned>(
    data: &Data,
    out: Out,
    request: Request,
    alone: impl AsyncFnOnce(&DataFolder) -> Result<Host>,
) -> Result<End> {
    each_line(data, request, alone, |line: L| {
        out.line(&line)?;
        Ok(ControlFlow::Continue(()))
    })
    .await
}

/// Carries out a request on the local records or settings, and prints each line of the answer.
async fn records<L: Line + DeserializeOwned>(
    data: &Data,
    out: Out,
    request: Request,
) -> Result<End> {
    carry_out::<L>(data, out, request, Host::records).await
}

/// Carries out a request on the local records or settings; the lines of the answer, and its end.
async fn ask_records<L: DeserializeOwned>(data: &Data, request: Request) -> Result<(Vec<L>, End)> {
    let mut lines = Vec::new();
    let end = each_line(data, request, Host::records, |line| {
        lines.push(line);
        Ok(ControlFlow::Continue(()))
    })
    .await?;
    Ok((lines, end))
}

/// Carries out a request and hands over each line of the answer, until `line` has enough.
async fn each_line<L: DeserializeOwned>(
    data: &Data,
    request: Request,
    alone: impl AsyncFnOnce(&DataFolder) -> Result<Host>,
    mut line: impl FnMut(L) -> Result<ControlFlow<()>>,
) -> Result<End> {
    let folder = DataFolder::open(data.data.clone())?;
    let mut take =
        |value| line(serde_json::from_value(value).context("an answer of another version")?);
    let copy = match read_only::why(&folder) {
        // A service may have it elsewhere, where it can be written.
        Some(why) if control::running(&folder).await?.is_none() => {
            ensure!(
                request.only_reads(),
                "the data folder {} cannot be written ({why}): commands that read records, settings \
                 or the log work there, this one does not",
                folder.path().display()
            );
            Some(Copy::of(&folder, why)?)
        }
        _ => None,
    };
    let folder = copy.as_ref().map_or(&folder, Copy::folder);
    let _owned = match turn(folder).await? {
        Turn::Service(stream) => return control::ask(stream, &request, take).await,
        Turn::Own(owned) => owned,
    };
    let host = alone(folder).await?;
    let (lines_tx, mut lines) = mpsc::channel(64);
    let carried_out = host.carry_out(request, lines_tx);
    tokio::pin!(carried_out);
    let stop = asked_to_stop()?;
    tokio::pin!(stop);
    let end = loop {
        tokio::select! {
            biased;
            Some(value) = lines.recv() => if take(value)?.is_break() {
                break End::Done;
            },
            end = &mut carried_out => {
                while let Ok(value) = lines.try_recv() {
                    if take(value)?.is_break() {
                        break;
                    }
                }
                break end;
            }
            () = &mut stop => break End::Done,
        }
    };
    // Readers that this process opened are left as they were found.
    host.close().await;
    Ok(end)
}

/// Who carries a request out.
enum Turn {
    /// The service.
    Service(UnixStream),
    /// This process, as the owner of the data folder.
    Own(Owned),
}

/// Attaches to the service, or takes the folder where none runs. One that starts at this moment is
/// waited for: it has the lock a while before it listens.
async fn turn(folder: &DataFolder) -> Result<Turn> {
    for left in (0..STARTING_LOOKS).rev() {
        if let Some(stream) = control::running(folder).await? {
            return Ok(Turn::Service(stream));
        }
        match folder.lock() {
            Ok(owned) => return Ok(Turn::Own(owned)),
            Err(error) if left == 0 || !Claim::is_made(folder) => return Err(error),
            Err(_) => tokio::time::sleep(STARTING_LOOK).await,
        }
    }
    bail!("the service does not come to listen")
}

/// Listens from now on; ends when somebody wants this process to end.
pub(crate) fn asked_to_stop() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Asks on the terminal; `None` where there is none.
fn answer(question: &str) -> Result<Option<String>> {
    let mut error = io::stderr();
    if !(io::stdin().is_terminal() && error.is_terminal()) {
        return Ok(None);
    }
    write!(error, "{question} ")?;
    error.flush()?;
    let mut answer = String::new();
    io::stdin().lock().take(LINE_MAX).read_line(&mut answer)?;
    Ok(Some(answer.trim().to_owned()))
}

/// Asks on the terminal whether to go on. Without one, and with anything but `yes`: no.
fn confirmed(question: &str) -> Result<bool> {
    let answer = answer(&format!("{question} Type yes to go on:"))?;
    Ok(answer.is_some_and(|answer| answer.eq_ignore_ascii_case("yes")))
}

/// Of the password line, in bytes: more than any rule allows.
const PASSWORD_MAX: u64 = 1024;

/// The first line of standard input, without its end.
fn password_line() -> Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    io::stdin()
        .lock()
        .take(PASSWORD_MAX)
        .read_line(&mut line)
        .context("no password can be read from standard input as UTF-8 text")?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    ensure!(!line.is_empty(), "standard input holds no password: give one line");
    Ok(line)
}

/// The longest line that a command reads, in bytes.
const LINE_MAX: u64 = 1024 * 1024;

/// Lines of standard input with their numbers from 1; empty ones are left out.
fn input_lines() -> impl Iterator<Item = (u64, io::Result<String>)> {
    let mut stdin = io::stdin().lock();
    let lines = std::iter::from_fn(move || {
        let mut line = String::new();
        match stdin.by_ref().take(LINE_MAX).read_line(&mut line) {
            Ok(0) => None,
            Ok(_) if !line.ends_with('\n') && line.len() as u64 == LINE_MAX => {
                Some(Err(io::Error::new(ErrorKind::InvalidData, "a line is longer than 1 MiB")))
            }
            Ok(_) => Some(Ok(line.trim().to_owned())),
            Err(error) => Some(Err(error)),
        }
    });
    (1..).zip(lines).filter(|(_, line)| !matches!(line, Ok(line) if line.is_empty()))
}
