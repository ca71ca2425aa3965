use std::{future::Future, io, pin::Pin, time::Duration};

use kazasu_hal::{
    Discoverer, Fault, FaultKind, Mono, Presence, REPORTS_MAX, Reader, ReaderInfo, ReaderName,
    Report,
};
use kazasu_wire::sof::Decoder;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};
use tracing::Level;

use crate::{Input, Output, Session};

/// How long the line may refuse bytes. A command takes 3 ms at 115200 bit/s.
const WRITE_WITHIN: Duration = Duration::from_secs(1);
/// How much is read at once.
const READ_MAX: usize = 512;

/// A PN532 at the other end of any stream: a simulated one in the same process, a socket.
pub struct StreamDiscoverer<F> {
    selector: String,
    open: F,
}

impl<F> StreamDiscoverer<F> {
    /// `open` makes a new stream, whenever the one before broke. The selector becomes the reader's
    /// name.
    pub fn new(selector: impl Into<String>, open: F) -> Self {
        Self { selector: selector.into(), open }
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
                Ok(stream) => pump(&self.selector, stream, &found).await,
                Err(error) => {
                    Fault::new(FaultKind::Link, format!("cannot open {}: {error}", self.selector))
                }
            }
        })
    }
}

/// Runs one session over a stream until either ends, and says why it did.
///
/// This is the one loop that every PN532 on a byte stream goes through.
pub(crate) async fn pump<S>(selector: &str, mut stream: S, found: &mpsc::Sender<Reader>) -> Fault
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let start = Instant::now();
    let now = || Mono(start.elapsed());
    let mut session = Session::new(now());
    let mut trace = Trace::new(selector);
    let mut reports: Option<mpsc::Sender<Report>> = None;
    let mut buffer = [0; READ_MAX];
    loop {
        while let Some(output) = session.poll_output() {
            let listening = match output {
                Output::Send(bytes) => {
                    trace.sent(&bytes);
                    match timeout(WRITE_WITHIN, write(&mut stream, &bytes)).await {
                        Ok(Ok(())) => true,
                        Ok(Err(error)) => return broken(selector, &error.to_string()),
                        Err(_) => return broken(selector, "it takes no more bytes"),
                    }
                }
                Output::Attached(model) => {
                    let (sender, receiver) = mpsc::channel(REPORTS_MAX);
                    reports = Some(sender);
                    let info = ReaderInfo {
                        name: ReaderName(selector.to_owned()),
                        driver: "pn532",
                        model,
                        presence: Presence::Polled,
                    };
                    found.send(Reader { info, reports: receiver }).await.is_ok()
                }
                Output::Report(report) => match &reports {
                    Some(reports) => reports.send(report).await.is_ok(),
                    None => true,
                },
            };
            if !listening {
                return Fault::new(FaultKind::Link, format!("{selector} was let go"));
            }
        }
        let deadline = session.poll_timeout().map_or(start, |at| start + at.0);
        let handled = tokio::select! {
            // What has arrived counts before the time that has passed.
            biased;
            read = stream.read(&mut buffer) => match read {
                Ok(0) => return broken(selector, "it was closed at the other end"),
                Ok(count) => {
                    let bytes = buffer.get(..count).unwrap_or_default();
                    trace.received(bytes);
                    session.handle(now(), Input::Bytes(bytes))
                }
                Err(error) => return broken(selector, &error.to_string()),
            },
            () = sleep_until(deadline) => session.handle(now(), Input::Timeout),
        };
        if let Err(fault) = handled {
            return fault;
        }
    }
}

async fn write<S: AsyncWrite + Unpin>(stream: &mut S, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

fn broken(selector: &str, why: &str) -> Fault {
    Fault::new(FaultKind::Link, format!("the line of {selector} broke: {why}"))
}

/// Logs frames as directions, codes and lengths: the bytes may hold card identifiers.
struct Trace<'a> {
    selector: &'a str,
    received: Decoder,
    sent: Decoder,
}

impl<'a> Trace<'a> {
    fn new(selector: &'a str) -> Self {
        Self { selector, received: Decoder::new(), sent: Decoder::new() }
    }

    fn sent(&mut self, bytes: &[u8]) {
        log(&mut self.sent, bytes, self.selector, "sent");
    }

    fn received(&mut self, bytes: &[u8]) {
        log(&mut self.received, bytes, self.selector, "received");
    }
}

fn log(decoder: &mut Decoder, bytes: &[u8], reader: &str, direction: &str) {
    if !tracing::enabled!(Level::TRACE) {
        return;
    }
    decoder.push(bytes);
    while let Some(frame) = decoder.next_frame() {
        match frame {
            Ok(frame) => tracing::trace!(reader, direction, ?frame),
            Err(error) => tracing::trace!(reader, direction, %error, "not a frame"),
        }
    }
}
