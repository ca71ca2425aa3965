//! The command's side of the socket.

use std::io::ErrorKind;
use std::ops::ControlFlow;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use zeroize::Zeroizing;

use super::{End, LINE_MAX, Reply, Request};
use crate::owner::DataFolder;

/// Connects to the service of this data folder; `None` where none runs.
pub(crate) async fn running(folder: &DataFolder) -> Result<Option<UnixStream>> {
    let path = folder.socket();
    match UnixStream::connect(&path).await {
        Ok(stream) => Ok(Some(stream)),
        // A socket file without a listener was left by a service that was killed.
        Err(error)
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) =>
        {
            Ok(None)
        }
        Err(error) => {
            Err(error).with_context(|| format!("the service's socket {}", path.display()))
        }
    }
}

/// Sends one request and hands over each line of the answer, until `line` has enough.
pub(crate) async fn ask(
    stream: UnixStream,
    request: &Request,
    mut line: impl FnMut(Value) -> Result<ControlFlow<()>>,
) -> Result<End> {
    let (read, mut write) = stream.into_split();
    // The request may hold a password.
    let mut text = Zeroizing::new(serde_json::to_vec(request)?);
    text.push(b'\n');
    // A service that is too busy answers without having read, which tells more than this.
    let sent = write.write_all(&text).await;
    let mut read = BufReader::new(read);
    loop {
        let mut text = Vec::new();
        let max = LINE_MAX as u64;
        let n = (&mut read).take(max).read_until(b'\n', &mut text).await;
        if n.context("the service went away")? == 0 {
            sent.context("the service went away")?;
            bail!("the service went away before it answered");
        }
        let reply = serde_json::from_slice(&text);
        match reply.context("the service answered what this version does not understand")? {
            Reply::Line(value) => {
                if line(value)?.is_break() {
                    return Ok(End::Done);
                }
            }
            Reply::End(end) => return Ok(end),
        }
    }
}
