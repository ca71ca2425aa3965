use std::{
    future::pending,
    io,
    pin::Pin,
    task::{Context, Waker},
};

use kazasu_sim::{Happening, Input, Line, Pn532, SerialLine};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf},
    sync::{mpsc, oneshot},
    time::Instant,
};

use crate::{
    alarm::Alarm,
    control::{Reply, Request, about_device, answer},
    frame_log::{Direction, FrameLog},
};

/// What waits for a host that does not read; a serial line would lose the rest, too.
const PENDING_MAX: usize = 4096;

/// A chip in real time, at a line that comes and goes.
pub(crate) struct Pump<L> {
    device: SerialLine,
    log: Option<FrameLog>,
    alarm: Alarm,
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
    /// A fault pulled the plug.
    Unplugged,
    Connect(oneshot::Sender<io::Result<tokio::io::DuplexStream>>),
    /// The line is gone, of itself.
    Closed(io::Error),
    /// Nobody is left who could tell the simulator anything.
    Abandoned,
}

impl<L: AsyncRead + AsyncWrite> Pump<L> {
    pub(crate) fn new(device: Pn532, requests: mpsc::Receiver<Request>, alarm: Alarm) -> Self {
        let device = SerialLine::new(device);
        Self { device, log: None, alarm, started: Instant::now(), requests, line: None }
    }

    /// Writes down all bytes from now on.
    pub(crate) fn log_to(&mut self, log: FrameLog) {
        self.log = Some(log);
    }

    /// Connects the chip to a line, in place of any other.
    pub(crate) fn connect(&mut self, line: L) {
        let (read, write) = tokio::io::split(line);
        self.device.clear();
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
            let room = chunk.len().min(self.device.room());
            let due = self.device.poll_timeout().map(|due| self.started + due);
            let moved = tokio::select! {
                moved = moved(self.line.as_mut(), chunk.get_mut(..room).unwrap_or_default()) => {
                    moved
                }
                () = self.alarm.wait_until(due) => Ok(Moved::Nothing),
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
                    if let Some(log) = &mut self.log {
                        log.write(now, Direction::FromHost, bytes);
                    }
                    self.device.handle(now, Input::Bytes(bytes));
                }
                Err(error) => {
                    self.line = None;
                    return Turn::Closed(error);
                }
            }
            while let Some(happening) = self.device.poll_output() {
                match happening {
                    Happening::Bytes(bytes) => {
                        if let Some(line) = &mut self.line
                            && line.pending.len().saturating_add(bytes.len()) <= PENDING_MAX
                        {
                            if let Some(log) = &mut self.log {
                                log.write(now, Direction::FromChip, &bytes);
                            }
                            line.pending.extend(bytes);
                        }
                    }
                    Happening::Unplugged => {
                        self.hand_over();
                        self.unplug();
                        return Turn::Unplugged;
                    }
                }
            }
        }
    }

    /// What has left the chip reaches the host although the line is about to go.
    fn hand_over(&mut self) {
        let Some(Halves { write, pending: waiting, .. }) = &mut self.line else { return };
        let mut context = Context::from_waker(Waker::noop());
        // A line that takes nothing at once has a host that does not read.
        let _ = Pin::new(write).poll_write(&mut context, waiting);
    }

    fn take(&mut self, request: Request) -> Option<Turn> {
        let (line, reply) = match request {
            Request::Connect(reply) => return Some(Turn::Connect(reply)),
            Request::Line(line, reply) => (line, reply),
        };
        if let Some(text) = about_device(&mut self.device, &line) {
            answer(reply, text);
            return None;
        }
        match line {
            Line::Unplug => Some(Turn::Unplug(reply)),
            Line::Plug => Some(Turn::Plug(reply)),
            _ => Some(Turn::Quit(reply)),
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
    if chunk.is_empty() && waiting.is_empty() {
        return pending().await;
    }
    tokio::select! {
        // Without room nothing is read: the host waits, as at a full port.
        count = read.read(chunk), if !chunk.is_empty() => match count? {
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
