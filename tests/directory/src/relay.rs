//! A port of loopback that leads to a server, and fails on demand.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_util::FutureExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream, tcp, unix},
    sync::Notify,
    task::JoinHandle,
};

/// What a relay does to the connections that begin from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing: it carries what comes.
    None,
    /// It takes what comes and answers nothing.
    Silent,
    /// It closes each connection at once.
    Closes,
    /// It closes the connection in place of the client's record of this number. Records of
    /// application data count, from 1; the first ends the handshake of TLS 1.3.
    CutsBefore(usize),
    /// It carries that record, and closes the connection before any answer.
    CutsAfter(usize),
    /// It carries that record, and nothing any more.
    SilentAfter(usize),
}

/// Listens until it is dropped.
pub struct Relay {
    port: u16,
    trouble: Arc<Mutex<Trouble>>,
    taken: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Relay {
    /// From a new port to the server behind this socket.
    pub async fn start(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let trouble = Arc::new(Mutex::new(Trouble::None));
        let current = Arc::clone(&trouble);
        let taken = Arc::new(Notify::new());
        let take = Arc::clone(&taken);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let trouble = *current.lock().unwrap();
                take.notify_one();
                let socket = socket.clone();
                tokio::spawn(async move {
                    if trouble != Trouble::Closes
                        && let Ok(server) = UnixStream::connect(socket).await
                    {
                        carry(client, server, trouble).await;
                    }
                });
            }
        });
        Self { port, trouble, taken, task }
    }

    /// As a server of the configuration.
    #[must_use]
    pub fn server(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// Waits until a connection has begun after the last [`Relay::set`].
    pub async fn taken(&self) {
        self.taken.notified().await;
    }

    /// Sets what happens from now on.
    pub fn set(&self, trouble: Trouble) {
        // Forgets connections of before.
        let _ = self.taken.notified().now_or_never();
        *self.trouble.lock().unwrap() = trouble;
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(client: TcpStream, server: UnixStream, trouble: Trouble) {
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let quiet = AtomicBool::new(trouble == Trouble::Silent);
    if matches!(trouble, Trouble::None | Trouble::Silent) {
        // Not every record is one: StartTLS begins without TLS.
        tokio::select! {
            _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
            () = inward(from_server, to_client, &quiet) => {}
        }
        return;
    }
    // Either end of it ends both.
    tokio::select! {
        () = outward(from_client, to_server, trouble, &quiet) => {}
        () = inward(from_server, to_client, &quiet) => {}
    }
}

/// What the client sends, record by record: a type, a version, a length, the content.
async fn outward(
    mut from: tcp::OwnedReadHalf,
    mut to: unix::OwnedWriteHalf,
    trouble: Trouble,
    quiet: &AtomicBool,
) {
    const APPLICATION_DATA: u8 = 23;
    let mut count = 0;
    let mut header = [0; 5];
    while from.read_exact(&mut header).await.is_ok() {
        let mut content = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
        if from.read_exact(&mut content).await.is_err() {
            return;
        }
        let counts = header[0] == APPLICATION_DATA;
        count += usize::from(counts);
        if counts && trouble == Trouble::CutsBefore(count) {
            return;
        }
        let is_it = counts
            && matches!(trouble, Trouble::CutsAfter(at) | Trouble::SilentAfter(at) if at == count);
        if is_it {
            quiet.store(true, Ordering::SeqCst);
        }
        if to.write_all(&header).await.is_err() || to.write_all(&content).await.is_err() {
            return;
        }
        if is_it && matches!(trouble, Trouble::CutsAfter(_)) {
            // The server ends its side once it has dealt with all of it, and that ends ours.
            let _ = to.shutdown().await;
            return std::future::pending().await;
        }
    }
}

async fn inward(mut from: unix::OwnedReadHalf, mut to: tcp::OwnedWriteHalf, quiet: &AtomicBool) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        if !quiet.load(Ordering::SeqCst) && to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
