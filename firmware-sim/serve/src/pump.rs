use std::{future::pending, io};

use kazasu_sim::{Input, Line, Pn532};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf},
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

use crate::control::{Reply, Request, about_cards, answer};

/// What waits for a host that does not read; a serial line would lose the rest, too.
const PENDING_MAX: usize = 4096;

/// A chip in real time, at a line that comes and goes.
pub(crate) struct Pump<L> {
    device: Pn532,
    started: Instant,
    requests: mpsc::Receiver<Request>,
    line: Option<Halves<L>>,
}

struct Halves<L> {
    read: ReadHalf<L>,
    write: WriteHalf<L>,
    pending: Vec<u8>,
}

/// What the owner of the line has to act on.
pub(crate) enum Turn {
    Unplug(Reply),
    Plug(Reply),
    Quit(Reply),
    Connect(oneshot::Sender<io::Result<tokio::io::DuplexStream>>),
    /// The line is gone, of itself.
    Closed(io::Error),
    /// Nobody is left who could tell the simulator anything.
    Abandoned,
}

impl<L: AsyncRead + AsyncWrite> Pump<L> {
    pub(crate) fn new(device: Pn532, requests: mpsc::Receiver<Request>) -> Self {
        Self { device, started: Instant::now(), requests, line: None }
    }

    /// Connects the chip to a line, in place of any other.
    pub(crate) fn connect(&mut self, line: L) {
        let (read, write) = tokio::io::split(line);
        self.line = Some(Halves { read, write, pending: Vec::new() });
    }

    /// Takes the line away, and power with it.
    pub(crate) fn unplug(&mut self) {
        self.line = None;
        self.device.power_cycle();
    }

    /// Runs until something comes up that the owner of the line has to act on.
    pub(crate) async fn turn(&mut self) -> Turn {
        loop {
            let mut chunk = [0; 512];
            let due = self.device.poll_timeout().map(|due| self.started + due);
            let moved = tokio::select! {
                moved = moved(self.line.as_mut(), &mut chunk) => moved,
                () = wake(due) => Ok(Moved::Nothing),
                request = self.requests.recv() => match request {
                    Some(request) => match self.take(request) {
                        Some(turn) => return turn,
                        None => Ok(Moved::Nothing),
                    },
                    None => return Turn::Abandoned,
                },
            };
            let now = self.started.elapsed();
            match moved {
                Ok(Moved::Nothing) => self.device.handle(now, Input::Timeout),
                Ok(Moved::In(count)) => {
                    let bytes = chunk.get(..count).unwrap_or_default();
                    self.device.handle(now, Input::Bytes(bytes));
                }
                Err(error) => {
                    self.line = None;
                    return Turn::Closed(error);
                }
            }
            while let Some(bytes) = self.device.poll_output() {
                if let Some(line) = &mut self.line
                    && line.pending.len().saturating_add(bytes.len()) <= PENDING_MAX
                {
                    line.pending.extend(bytes);
                }
            }
        }
    }

    fn take(&mut self, request: Request) -> Option<Turn> {
        match request {
            Request::Connect(reply) => Some(Turn::Connect(reply)),
            Request::Line(line, reply) => match about_cards(self.device.field(), &line) {
                Some(text) => {
                    answer(reply, text);
                    None
                }
                None => match line {
                    Line::Unplug => Some(Turn::Unplug(reply)),
                    Line::Plug => Some(Turn::Plug(reply)),
                    _ => Some(Turn::Quit(reply)),
                },
            },
        }
    }
}

enum Moved {
    /// That many bytes came.
    In(usize),
    /// Bytes went, or time did.
    Nothing,
}

/// Moves bytes either way; never ends without a line.
async fn moved<L: AsyncRead + AsyncWrite>(
    line: Option<&mut Halves<L>>,
    chunk: &mut [u8],
) -> io::Result<Moved> {
    let Some(Halves { read, write, pending: waiting }) = line else { return pending().await };
    tokio::select! {
        count = read.read(chunk) => match count? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => Ok(Moved::In(count)),
        },
        count = write.write(waiting), if !waiting.is_empty() => {
            let count = count?;
            waiting.drain(..count.min(waiting.len()));
            Ok(Moved::Nothing)
        }
    }
}

async fn wake(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}
