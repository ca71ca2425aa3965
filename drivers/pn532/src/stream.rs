use std::{future::Future, io, pin::Pin};

use bytes::{Bytes, BytesMut};
use kazasu_hal::{Discoverer, Fault, FaultKind, Mono, Reader};
use kazasu_link::{Label, Traced, Way, WayError, pump};
use kazasu_wire::sof::Family;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
};

use crate::{Session, Settings, cause};

/// How much is read at once.
const READ_MAX: usize = 512;

/// A PN532 at the other end of any stream: a simulated one in the same process, a socket.
pub struct StreamDiscoverer<F> {
    selector: String,
    settings: Settings,
    open: F,
}

impl<F> StreamDiscoverer<F> {
    /// `open` makes a new stream that holds back nothing, whenever the one before broke. The selector becomes the reader's
    /// name.
    pub fn new(selector: impl Into<String>, open: F) -> Self {
        Self { selector: selector.into(), settings: Settings::default(), open }
    }
}

impl<F, O, S> Discoverer for StreamDiscoverer<F>
where
    F: FnMut() -> O + Send + 'static,
    O: Future<Output = io::Result<S>> + Send,
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    fn selector(&self) -> &str {
        &self.selector
    }

    fn run<'a>(
        &'a mut self,
        found: mpsc::Sender<Reader>,
    ) -> Pin<Box<dyn Future<Output = Fault> + Send + 'a>> {
        Box::pin(async move {
            match (self.open)().await {
                Ok(stream) => {
                    drive(&self.selector, Stream::new(stream), &mut self.settings, found).await
                }
                Err(error) => {
                    let cause = cause::unopened(self.selector.as_str(), error.to_string());
                    Fault::new(FaultKind::Link, cause)
                }
            }
        })
    }
}

/// One session over a way, until either ends; what it found out of the line is kept for the next.
pub(crate) async fn drive(
    selector: &str,
    way: impl Way,
    settings: &mut Settings,
    found: mpsc::Sender<Reader>,
) -> Fault {
    let mut session = Session::new(Mono::default(), settings);
    let way = Traced::new(way, selector, Family::Pn53x);
    let fault = pump(&Label::new("pn532", selector), &mut session, way, &found).await;
    settings.learned = session.learned();
    fault
}

/// A stream without a rate, whose other end sees that it is closed. It is never flushed: a serial
/// port would block its thread until the last byte has left.
pub(crate) struct Stream<S> {
    pub(crate) stream: S,
    /// Holds nothing that was read; what was handed over leaves its room for the next.
    buffer: BytesMut,
}

impl<S> Stream<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, buffer: BytesMut::new() }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Way for Stream<S> {
    async fn send(&mut self, bytes: Bytes) -> Result<(), WayError> {
        self.stream.write_all(&bytes).await.map_err(|error| WayError::closed(error.to_string()))
    }

    async fn receive(&mut self) -> Result<Bytes, WayError> {
        self.buffer.reserve(READ_MAX);
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) => Err(WayError::closed(cause::closed())),
            Ok(_) => Ok(self.buffer.split().freeze()),
            Err(error) => Err(WayError::closed(error.to_string())),
        }
    }
}
