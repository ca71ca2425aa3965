//! The service's side of the socket.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use zeroize::Zeroizing;

use super::{End, Host, LINE_MAX, Reply, Request};
use crate::owner::{DataFolder, private};

/// Clients at once. More wait in the kernel's queue.
const CLIENTS_MAX: usize = 32;
/// Answer lines that may wait for a slow client.
const LINES_MAX: usize = 64;
/// How long a client may take to send its request.
const REQUEST_WAIT: Duration = Duration::from_secs(10);

/// Binds the socket of the data folder, which the caller owns, and serves it until dropped.
pub(crate) fn serve(
    folder: &DataFolder,
    host: Host,
) -> Result<impl Future<Output = ()> + Send + 'static> {
    let path = folder.socket();
    let shown = path.display();
    // Left by a service that was killed: the lock says that nobody else is here.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("the old socket {shown} stays in the way"));
        }
        _ => {}
    }
    let listener = UnixListener::bind(&path).with_context(|| {
        format!("the socket {shown} cannot be made (paths over 107 bytes are too long)")
    })?;
    private(&path)?;
    Ok(accept(listener, host))
}

async fn accept(listener: UnixListener, host: Host) {
    let clients = Arc::new(Semaphore::new(CLIENTS_MAX));
    let me = nix::unistd::geteuid().as_raw();
    let mut tasks = tokio::task::JoinSet::new();
    loop {
        while tasks.try_join_next().is_some() {}
        let Ok(permit) = Arc::clone(&clients).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a command could not connect");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        // The file mode keeps others out; this also holds where a mode was changed by hand.
        match stream.peer_cred() {
            Ok(peer) if peer.uid() == me || peer.uid() == 0 => {}
            peer => {
                tracing::warn!(?peer, "a command of another account was turned away");
                continue;
            }
        }
        let host = host.clone();
        tasks.spawn(async move {
            if let Err(error) = client(stream, host).await {
                tracing::debug!(error = format!("{error:#}"), "a command left early");
            }
            drop(permit);
        });
    }
}

async fn client(stream: UnixStream, host: Host) -> Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    // The request may hold a password.
    let mut text = Zeroizing::new(Vec::new());
    let request = (&mut read).take(LINE_MAX as u64);
    let mut request = request;
    tokio::time::timeout(REQUEST_WAIT, request.read_until(b'\n', &mut text))
        .await
        .context("no request came")??;
    if text.last() != Some(&b'\n') {
        let end = End::Error(format!("the request is cut off or over {LINE_MAX} bytes"));
        return send(&mut write, &Reply::End(end)).await;
    }
    match Request::read(&text) {
        Ok(request) => answer(request, host, read, write).await,
        Err(why) => send(&mut write, &Reply::End(End::Error(why))).await,
    }
}

async fn answer(
    request: Request,
    host: Host,
    mut read: BufReader<OwnedReadHalf>,
    mut write: OwnedWriteHalf,
) -> Result<()> {
    let (lines_tx, mut lines) = mpsc::channel::<Value>(LINES_MAX);
    let carried_out = host.carry_out(request, lines_tx);
    tokio::pin!(carried_out);
    let mut rest = [0; 1];
    let end = loop {
        tokio::select! {
            biased;
            Some(line) = lines.recv() => send(&mut write, &Reply::Line(line)).await?,
            end = &mut carried_out => break end,
            // The client says no more; a read that ends means that it went away.
            n = read.read(&mut rest) => if n? == 0 { return Ok(()) },
        }
    };
    while let Some(line) = lines.recv().await {
        send(&mut write, &Reply::Line(line)).await?;
    }
    send(&mut write, &Reply::End(end)).await
}

async fn send(write: &mut OwnedWriteHalf, reply: &Reply) -> Result<()> {
    let mut text = serde_json::to_vec(reply)?;
    text.push(b'\n');
    write.write_all(&text).await?;
    Ok(())
}
