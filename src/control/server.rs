//! The service's side of the socket.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{End, Host, LINE_MAX, Reply, Request};
use crate::owner::{DataFolder, private};

/// Commands that watch, at once.
const WATCHING_MAX: usize = 32;
/// Other requests at once. They have places of their own: whoever watches never keeps them waiting.
const WORKING_MAX: usize = 32;
/// Clients that said nothing yet. Then the one that is silent for longest has to go: a command says
/// at once what it wants.
const SILENT_MAX: usize = 64;
/// Answer lines that may wait for a slow client.
const LINES_MAX: usize = 64;
/// How long a client may take to send its request.
const REQUEST_WAIT: Duration = Duration::from_secs(10);
/// How long a client may take nothing of an answer: somebody may page through it.
const READ_WAIT: Duration = Duration::from_secs(600);

/// Who is connected.
#[derive(Clone)]
struct Places {
    watching: Arc<Semaphore>,
    working: Arc<Semaphore>,
    /// Those that said nothing yet, the oldest first.
    silent: Arc<Mutex<VecDeque<Arc<Notify>>>>,
}

impl Places {
    fn new() -> Self {
        Self {
            watching: Arc::new(Semaphore::new(WATCHING_MAX)),
            working: Arc::new(Semaphore::new(WORKING_MAX)),
            silent: Arc::default(),
        }
    }

    /// Somebody came; what tells them to go.
    fn come(&self) -> Arc<Notify> {
        let gone = Arc::new(Notify::new());
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        if silent.len() >= SILENT_MAX
            && let Some(oldest) = silent.pop_front()
        {
            oldest.notify_one();
        }
        silent.push_back(Arc::clone(&gone));
        gone
    }

    /// Somebody said what they want, or went.
    fn spoke(&self, gone: &Arc<Notify>) {
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        silent.retain(|other| !Arc::ptr_eq(other, gone));
    }

    /// A place for a request.
    fn take(&self, request: &Request) -> Result<OwnedSemaphorePermit, End> {
        let (places, what) = match request {
            // Whoever waits for a card may wait for long.
            Request::Watch { .. } | Request::CardRead { .. } => {
                (&self.watching, "commands watch already: end one of them")
            }
            _ => (&self.working, "requests are being answered already: try again in a moment"),
        };
        Arc::clone(places)
            .try_acquire_owned()
            .map_err(|_| End::Error(format!("the service is busy: {WORKING_MAX} {what}")))
    }
}

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
    let places = Places::new();
    let me = nix::unistd::geteuid().as_raw();
    let mut tasks = tokio::task::JoinSet::new();
    loop {
        while tasks.try_join_next().is_some() {}
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
        let (host, places) = (host.clone(), places.clone());
        let gone = places.come();
        tasks.spawn(async move {
            if let Err(error) = client(stream, host, &places, &gone).await {
                tracing::debug!(error = format!("{error:#}"), "a command left early");
            }
            places.spoke(&gone);
        });
    }
}

async fn client(stream: UnixStream, host: Host, places: &Places, gone: &Arc<Notify>) -> Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    // The request may hold a password.
    let mut text = Zeroizing::new(Vec::new());
    let mut request = (&mut read).take(LINE_MAX as u64);
    let came = tokio::select! {
        came = timeout(REQUEST_WAIT, request.read_until(b'\n', &mut text)) => came.ok(),
        () = gone.notified() => None,
    };
    places.spoke(gone);
    let Some(came) = came else {
        let end = End::Error("no request came".to_owned());
        return send(&mut write, &Reply::End(end)).await;
    };
    came?;
    if text.last() != Some(&b'\n') {
        let end = End::Error(format!("the request is cut off or over {LINE_MAX} bytes"));
        return send(&mut write, &Reply::End(end)).await;
    }
    let request = match Request::read(&text) {
        Ok(request) => request,
        Err(why) => return send(&mut write, &Reply::End(End::Error(why))).await,
    };
    match places.take(&request) {
        Ok(_place) => answer(request, host, read, write).await,
        Err(full) => send(&mut write, &Reply::End(full)).await,
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
    timeout(READ_WAIT, write.write_all(&text)).await.context("nobody reads the answer")??;
    Ok(())
}
