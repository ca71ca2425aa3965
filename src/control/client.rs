//! The command's side of the socket.

use std::fmt;
use std::io::{self, ErrorKind};
use std::ops::ControlFlow;

use anyhow::{Context, Error, Result};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use zeroize::Zeroizing;

use super::{End, LINE_MAX, Reply, Request};
use crate::owner::DataFolder;

/// The service went away before it answered to the end.
#[derive(Debug)]
pub(crate) struct WentAway(Option<io::Error>);

impl WentAway {
    /// One that never said anything.
    pub(crate) fn silent() -> Self {
        Self(None)
    }
}

impl fmt::Display for WentAway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the service went away before it answered to the end")?;
        self.0.as_ref().map_or(Ok(()), |error| write!(f, ": {error}"))
    }
}

impl std::error::Error for WentAway {}

/// Connects to the service of this data folder; `None` where none runs.
pub(crate) async fn running(folder: &DataFolder) -> Result<Option<UnixStream>> {
    let path = folder.socket();
    match UnixStream::connect(&path).await {
        Ok(stream) => Ok(Some(stream)),
        // A socket file without a listener was left by a service that was killed; one that ends at
        // this moment resets whoever is about to be let in.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset
            ) =>
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
        if n.map_err(|error| WentAway(Some(error)))? == 0 {
            return Err(Error::new(WentAway(sent.err())));
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
