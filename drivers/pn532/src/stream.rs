use std::{future::Future, io, pin::Pin, time::Duration};

use kazasu_hal::{
    Discoverer, Fault, FaultKind, Mono, Presence, REPORTS_MAX, REQUESTS_MAX, Reader, ReaderInfo,
    ReaderName, Report, Request,
};
use kazasu_wire::sof::Decoder;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until, timeout},
};
use tracing::Level;

use crate::{Input, Output, Session, Settings};

/// How long the line may refuse bytes. A command takes 3 ms at 115200 bit/s.
const WRITE_WITHIN: Duration = Duration::from_secs(1);
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
                Ok(stream) => pump(&self.selector, Plain(stream), &mut self.settings, &found).await,
                Err(error) => {
                    Fault::new(FaultKind::Link, format!("cannot open {}: {error}", self.selector))
                }
            }
        })
    }
}

/// What a PN532 hangs on.
pub(crate) trait Line {
    /// How bytes come and go. It is never flushed: a serial port would block its thread until the
    /// last byte has left.
    type Stream: AsyncRead + AsyncWrite + Unpin;

    fn stream(&mut self) -> &mut Self::Stream;

    /// Sets the rate, in bit/s.
    fn set_rate(&mut self, rate: u32) -> io::Result<()>;

    /// The line is let go while the chip is at work: a chance to leave it in order.
    fn leave(&mut self, session: &mut Session, now: Mono);
}

/// A stream without a rate, whose other end sees that it is closed.
struct Plain<S>(S);

impl<S: AsyncRead + AsyncWrite + Unpin> Line for Plain<S> {
    type Stream = S;

    fn stream(&mut self) -> &mut S {
        &mut self.0
    }

    fn set_rate(&mut self, _: u32) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn leave(&mut self, _: &mut Session, _: Mono) {}
}

/// A session on its line. However it ends, the line is left in order.
struct Open<L: Line> {
    session: Session,
    line: L,
    start: Instant,
}

impl<L: Line> Open<L> {
    fn now(&self) -> Mono {
        Mono(self.start.elapsed())
    }
}

impl<L: Line> Drop for Open<L> {
    fn drop(&mut self) {
        // Ended by a fault: nobody listens.
        if self.session.poll_timeout().is_some() {
            let now = self.now();
            self.line.leave(&mut self.session, now);
        }
    }
}

/// What the runtime holds the other ends of.
struct Held {
    reports: mpsc::Sender<Report>,
    requests: mpsc::Receiver<Request>,
}

/// Where the outcome of a request goes.
type Reply = oneshot::Sender<Result<Vec<[u8; 16]>, Fault>>;

/// Runs one session over a line until either ends, and says why it did.
///
/// This is the one loop that every PN532 on a byte stream goes through.
pub(crate) async fn pump<L: Line>(
    selector: &str,
    line: L,
    settings: &mut Settings,
    found: &mpsc::Sender<Reader>,
) -> Fault {
    let start = Instant::now();
    let session = Session::new(Mono(Duration::ZERO), settings);
    let mut open = Open { session, line, start };
    let mut trace = Trace::new(selector);
    let mut held: Option<Held> = None;
    let mut waiting: Option<Reply> = None;
    let mut buffer = [0; READ_MAX];
    loop {
        while let Some(output) = open.session.poll_output() {
            let listening = match output {
                Output::Send(bytes) => {
                    trace.sent(&bytes);
                    match timeout(WRITE_WITHIN, open.line.stream().write_all(&bytes)).await {
                        Ok(Ok(())) => true,
                        Ok(Err(error)) => return broken(open, selector, &error.to_string()),
                        Err(_) => return broken(open, selector, "it takes no more bytes"),
                    }
                }
                Output::SetRate(rate) => {
                    tracing::debug!(reader = selector, rate, "serial rate");
                    match open.line.set_rate(rate) {
                        Ok(()) => true,
                        Err(error) => return broken(open, selector, &error.to_string()),
                    }
                }
                Output::Attached(model) => {
                    let (sender, reports) = mpsc::channel(REPORTS_MAX);
                    let (requests, receiver) = mpsc::channel(REQUESTS_MAX);
                    held = Some(Held { reports: sender, requests: receiver });
                    let info = ReaderInfo {
                        name: ReaderName(selector.to_owned()),
                        driver: "pn532",
                        model,
                        presence: Presence::Polled,
                    };
                    found.send(Reader { info, reports, requests }).await.is_ok()
                }
                Output::Report(report) => match &held {
                    Some(held) => held.reports.send(report).await.is_ok(),
                    None => true,
                },
                Output::Replied(outcome) => {
                    if let Some(reply) = waiting.take() {
                        // Whoever asked may have lost interest.
                        let _ = reply.send(outcome);
                    }
                    true
                }
            };
            if !listening {
                return Fault::new(FaultKind::Link, format!("{selector} was let go"));
            }
        }
        let deadline = open.session.poll_timeout().map_or(start, |at| start + at.0);
        let free = open.session.takes_request();
        let requests = held.as_mut().map(|held| &mut held.requests).filter(|_| free);
        let handled = tokio::select! {
            // What has arrived counts before the time that has passed.
            biased;
            read = open.line.stream().read(&mut buffer) => match read {
                Ok(0) => return broken(open, selector, "it was closed at the other end"),
                Ok(count) => {
                    let bytes = buffer.get(..count).unwrap_or_default();
                    trace.received(bytes);
                    let now = open.now();
                    open.session.handle(now, Input::Bytes(bytes))
                }
                Err(error) => return broken(open, selector, &error.to_string()),
            },
            Some(Request { card, operation, reply }) = next(requests) => {
                waiting = Some(reply);
                let now = open.now();
                open.session.request(now, &card, &operation);
                Ok(())
            }
            () = sleep_until(deadline) => {
                let now = open.now();
                open.session.handle(now, Input::Timeout)
            }
        };
        settings.learned = open.session.learned();
        if let Err(fault) = handled {
            return fault;
        }
    }
}

/// The next request; `None`, at once, where none can come.
async fn next(requests: Option<&mut mpsc::Receiver<Request>>) -> Option<Request> {
    requests?.recv().await
}

/// The line is gone, and with it the chance to close it in order.
fn broken<L: Line>(mut open: Open<L>, selector: &str, why: &str) -> Fault {
    open.session.abandon();
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
