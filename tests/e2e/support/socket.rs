//! Requests straight to the service's socket, as the commands send them.

use std::{
    io::{self, BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

use serde_json::Value;

use super::{Folder, json};

/// No answer takes so long, unless the service hangs.
const SILENCE: Duration = Duration::from_secs(20);

impl Folder {
    /// Sends a request that has to be carried out. An error where the service went away before it
    /// said that it was.
    pub(crate) fn ask(&self, request: &Value) -> io::Result<()> {
        if let Some(refused) = self.try_ask(request)? {
            panic!("{request}: {refused}");
        }
        Ok(())
    }

    /// Sends a request; how it was refused.
    pub(crate) fn try_ask(&self, request: &Value) -> io::Result<Option<Value>> {
        let mut socket = UnixStream::connect(self.path().join("data/kazasu.sock"))?;
        socket.set_read_timeout(Some(SILENCE))?;
        writeln!(socket, "{request}")?;
        for line in BufReader::new(socket).lines() {
            let line = json(&line?);
            if line["end"] == "done" {
                return Ok(None);
            }
            if !line["line"].is_object() {
                return Ok(Some(line));
            }
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}
