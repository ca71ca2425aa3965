//! A reader on USB, served by usbredir: one peer at a time uses it, over TCP or in this process.

mod port;

use std::{future::pending, io, net::SocketAddr, time::Duration};

use kazasu_sim::{Line, Rcs380};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, duplex, split},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    time::{Instant, sleep},
};

use crate::{
    Error, InProcess,
    alarm::Alarm,
    control::{ALREADY_PLUGGED, ALREADY_UNPLUGGED, Control, Request, about_device, answer},
    frame_log::FrameLog,
};
use port::Port;

/// How many bytes wait in each direction between two ends in this process.
const BUFFER: usize = 4096;
/// Nothing more is read from a peer that leaves so many bytes waiting.
const PENDING_MAX: usize = 1 << 16;

/// Between two attempts to take a peer in.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves a reader at this address; the port listens when this returns. Port 0 takes a free one.
/// Gives the address, where to tell control lines, and the future that runs the reader until
/// `quit`.
///
/// Peers that come while another one is there are turned away. The reader keeps its power when a
/// peer goes. `fault unplug` takes the device from its peer, who stays connected; `plug` brings it
/// back.
///
/// # Errors
/// The address cannot be listened at.
pub async fn usbredir(
    address: SocketAddr,
    device: Rcs380,
) -> Result<(SocketAddr, Control, impl Future<Output = Result<(), Error>> + Send + use<>), Error> {
    usbredir_with_log(address, device, None).await
}

/// The same, with all transfers written down.
pub(crate) async fn usbredir_with_log(
    address: SocketAddr,
    device: Rcs380,
    log: Option<FrameLog>,
) -> Result<(SocketAddr, Control, impl Future<Output = Result<(), Error>> + Send + use<>), Error> {
    let failed = |source| Error::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let (control, requests) = Control::channel();
    let mut server = Server::new(device, Alarm::precise(), requests);
    server.listener = Some(listener);
    server.log = log;
    let run = async move {
        server.run().await;
        Ok(())
    };
    Ok((address, control, run))
}

/// Serves a reader to this process alone. Spawn the future: it runs the reader until `quit`, or
/// until nobody is left who could tell it anything.
pub fn usbredir_in_process(device: Rcs380) -> (InProcess, impl Future<Output = ()> + Send + use<>) {
    let (control, requests) = Control::channel();
    let server = Server::new(device, Alarm::of_runtime(), requests);
    (InProcess::new(control), server.run())
}

/// What a peer is connected by: TCP, or a pipe in this process.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

struct Server {
    device: Rcs380,
    plugged: bool,
    alarm: Alarm,
    started: Instant,
    requests: mpsc::Receiver<Request>,
    listener: Option<TcpListener>,
    log: Option<FrameLog>,
    peer: Option<Peer>,
}

struct Peer {
    read: ReadHalf<Box<dyn Stream>>,
    write: WriteHalf<Box<dyn Stream>>,
    port: Port,
}

/// What happens next.
enum Event {
    Came(usize),
    /// Bytes went, or time did.
    Nothing,
    Lost(io::Error),
    Peer(TcpStream),
    Request(Option<Request>),
}

impl Server {
    fn new(device: Rcs380, alarm: Alarm, requests: mpsc::Receiver<Request>) -> Self {
        Self {
            device,
            plugged: true,
            alarm,
            started: Instant::now(),
            requests,
            listener: None,
            log: None,
            peer: None,
        }
    }

    async fn run(mut self) {
        let mut chunk = [0; 4096];
        loop {
            let due = self.device.poll_timeout().map(|due| self.started + due);
            let event = tokio::select! {
                // That a peer went is seen before the next one comes.
                biased;
                event = moved(self.peer.as_mut(), &mut chunk) => event,
                request = self.requests.recv() => Event::Request(request),
                () = self.alarm.wait_until(due) => Event::Nothing,
                stream = accepted(self.listener.as_ref()) => Event::Peer(stream),
            };
            let now = self.started.elapsed();
            match event {
                Event::Nothing => {}
                Event::Came(count) => {
                    let bytes = chunk.get(..count).unwrap_or_default();
                    if let Some(peer) = &mut self.peer
                        && let Err(error) =
                            peer.port.receive(now, &mut self.device, self.log.as_mut(), bytes)
                    {
                        tracing::warn!(%error, "the peer does not speak usbredir");
                        self.peer = None;
                    }
                    // A peer that never stops must not keep control lines out.
                    if let Ok(request) = self.requests.try_recv()
                        && !self.take(request)
                    {
                        return;
                    }
                }
                Event::Lost(error) => {
                    tracing::debug!(%error, "the peer is gone");
                    self.peer = None;
                }
                Event::Peer(stream) if self.peer.is_none() => {
                    let _ = stream.set_nodelay(true);
                    self.connect(Box::new(stream));
                }
                Event::Peer(_) => tracing::warn!("a second peer was turned away"),
                Event::Request(None) => return,
                Event::Request(Some(request)) => {
                    if !self.take(request) {
                        return;
                    }
                }
            }
            if let Some(peer) = &mut self.peer {
                peer.port.deliver(now, &mut self.device, self.log.as_mut());
            }
            if self.device.poll_unplugged(now) {
                self.unplug();
            }
        }
    }

    fn connect(&mut self, stream: Box<dyn Stream>) {
        let (read, write) = split(stream);
        self.peer = Some(Peer { read, write, port: Port::new(self.plugged) });
    }

    fn unplug(&mut self) {
        self.plugged = false;
        self.device.power_cycle();
        if let Some(peer) = &mut self.peer {
            peer.port.unplug();
        }
    }

    /// Deals with a request; `false` means: end.
    fn take(&mut self, request: Request) -> bool {
        let (line, reply) = match request {
            Request::Connect(reply) => {
                self.connect_here(reply);
                return true;
            }
            Request::Line(line, reply) => (line, reply),
        };
        if let Some(text) = about_device(&mut self.device, &line) {
            answer(reply, text);
            return true;
        }
        match (line, self.plugged) {
            (Line::Unplug, true) => {
                self.unplug();
                answer(reply, "ok unplugged");
            }
            (Line::Unplug, false) => answer(reply, ALREADY_UNPLUGGED),
            (Line::Plug, true) => answer(reply, ALREADY_PLUGGED),
            (Line::Plug, false) => {
                self.plugged = true;
                if let Some(peer) = &mut self.peer {
                    peer.port.plug();
                }
                answer(reply, "ok plugged");
            }
            _ => {
                answer(reply, "ok quit");
                return false;
            }
        }
        true
    }

    fn connect_here(&mut self, reply: oneshot::Sender<io::Result<tokio::io::DuplexStream>>) {
        if self.peer.is_some() {
            let _ = reply.send(Err(io::ErrorKind::ResourceBusy.into()));
            return;
        }
        let (host, device) = duplex(BUFFER);
        if reply.send(Ok(host)).is_ok() {
            self.connect(Box::new(device));
        }
    }
}

async fn accepted(listener: Option<&TcpListener>) -> TcpStream {
    let Some(listener) = listener else { return pending().await };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::debug!(%error, "whoever came is gone");
                // Not to spin where there is something wrong with this process.
                sleep(PAUSE).await;
            }
        }
    }
}

/// Moves bytes either way; never ends without a peer.
async fn moved(peer: Option<&mut Peer>, chunk: &mut [u8]) -> Event {
    let Some(Peer { read, write, port }) = peer else { return pending().await };
    let waiting = port.waiting();
    let room = waiting.len() < PENDING_MAX;
    tokio::select! {
        count = read.read(chunk), if room => match count {
            Ok(0) => Event::Lost(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => Event::Came(count),
            Err(error) => Event::Lost(error),
        },
        count = write.write(waiting), if !waiting.is_empty() => match count {
            Ok(count) => {
                waiting.drain(..count.min(waiting.len()));
                Event::Nothing
            }
            Err(error) => Event::Lost(error),
        },
    }
}
