//! One file for each command.

pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod panel;
pub(crate) mod readers;
pub(crate) mod serve;
pub(crate) mod sim;
pub(crate) mod user;
pub(crate) mod watch;

use std::io::{self, BufRead, ErrorKind, Read};

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use crate::cli::Data;
use crate::control::{self, End, Host, Request};
use crate::out::{Line, Out};
use crate::owner::DataFolder;

/// Carries out a request: in the running service, or here with the host that `alone` makes while
/// this process owns the data folder. Prints each line of the answer as an `L`.
async fn carry_out<L: Line + DeserializeOwned>(
    data: &Data,
    out: Out,
    request: Request,
    alone: impl AsyncFnOnce(&DataFolder) -> Result<Host>,
) -> Result<End> {
    let folder = DataFolder::open(data.data.clone())?;
    let print = |value| -> Result<()> {
        let line: L = serde_json::from_value(value).context("an answer of another version")?;
        Ok(out.line(&line)?)
    };
    if let Some(stream) = control::running(&folder).await? {
        return control::ask(stream, &request, print).await;
    }
    let _owned = folder.lock()?;
    let host = alone(&folder).await?;
    let (lines_tx, mut lines) = mpsc::channel(64);
    let carried_out = host.carry_out(request, lines_tx);
    tokio::pin!(carried_out);
    let end = loop {
        tokio::select! {
            biased;
            Some(value) = lines.recv() => print(value)?,
            end = &mut carried_out => break end,
        }
    };
    while let Some(value) = lines.recv().await {
        print(value)?;
    }
    Ok(end)
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
