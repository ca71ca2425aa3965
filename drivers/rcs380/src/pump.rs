use std::time::Duration;

use kazasu_hal::{
    Fault, FaultKind, Mono, Polling, Presence, REPORTS_MAX, REQUESTS_MAX, Reader, ReaderInfo,
    ReaderName, Report, Request,
};
use kazasu_wire::sof::{Decoder, Family};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until, timeout},
};
use tracing::Level;

use crate::{
    Input, Output, Session,
    pipe::{Direction, PipeError, UsbPipe},
};

/// How long the reader may refuse a transfer.
const WRITE_WITHIN: Duration = Duration::from_secs(1);
/// How long leaving the reader in order may take. It takes some 15 ms.
const LEAVE_WITHIN: Duration = Duration::from_millis(250);
/// How often a transfer may find its endpoint halted, with nothing received between. Several are
/// under way at once, and each of them finds it.
const STALLS_MAX: u8 = 8;

/// A session on its way to the reader. However it ends, the reader is left in order.
struct Open<P: UsbPipe> {
    session: Session,
    pipe: P,
    start: Instant,
}

impl<P: UsbPipe> Open<P> {
    fn now(&self) -> Mono {
        Mono(self.start.elapsed())
    }
}

impl<P: UsbPipe> Drop for Open<P> {
    /// Switches the field off.
    ///
    /// Blocks, for nothing can be awaited here: whoever holds the discoverer drops its future to
    /// let go, mostly because the program ends.
    fn drop(&mut self) {
        // Ended by a fault: nobody listens.
        if self.session.poll_timeout().is_none() {
            return;
        }
        let end = self.now().after(LEAVE_WITHIN);
        self.session.close(self.now());
        while self.now() < end {
            while let Some(output) = self.session.poll_output() {
                if let Output::Send(bytes) = output
                    && !self.pipe.send_now(&bytes)
                {
                    return;
                }
            }
            let Some(deadline) = self.session.poll_timeout() else { return };
            let within = deadline.min(end).since(self.now());
            let Ok(received) = self.pipe.receive_now(within) else { return };
            let now = self.now();
            let input = received.as_deref().map_or(Input::Timeout, Input::Bytes);
            if self.session.handle(now, input).is_err() {
                return;
            }
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

/// Which reader this is, for whoever uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    /// Stable name.
    pub(crate) name: String,
    /// What stands on it, before the firmware.
    pub(crate) product: &'static str,
    /// What else is to be known, behind the firmware.
    pub(crate) note: Option<String>,
}

/// Runs one session over a pipe until either ends, and says why it did.
///
/// This is the one loop that every RC-S380 goes through.
pub(crate) async fn pump<P: UsbPipe>(
    label: &Label,
    pipe: P,
    polling: Polling,
    found: &mpsc::Sender<Reader>,
) -> Fault {
    let start = Instant::now();
    let session = Session::new(Mono(Duration::ZERO), polling);
    let mut open = Open { session, pipe, start };
    let mut trace = Trace::new(&label.name);
    let mut held: Option<Held> = None;
    let mut waiting: Option<Reply> = None;
    let mut stalls = 0_u8;
    loop {
        while let Some(output) = open.session.poll_output() {
            let listening = match output {
                Output::Send(bytes) => {
                    trace.sent(&bytes);
                    match timeout(WRITE_WITHIN, open.pipe.send(&bytes)).await {
                        Ok(Ok(())) => true,
                        // The session asks again by itself.
                        Ok(Err(PipeError::Stalled(which))) => {
                            match cleared(&mut open.pipe, which, &mut stalls).await {
                                Ok(()) => true,
                                Err(why) => return broken(open, &label.name, &why),
                            }
                        }
                        Ok(Err(PipeError::Closed(why))) => return broken(open, &label.name, &why),
                        Err(_) => return broken(open, &label.name, "it takes no more commands"),
                    }
                }
                Output::Attached(firmware) => {
                    let (sender, reports) = mpsc::channel(REPORTS_MAX);
                    let (requests, receiver) = mpsc::channel(REQUESTS_MAX);
                    held = Some(Held { reports: sender, requests: receiver });
                    let info = info(label, &firmware);
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
                return Fault::new(FaultKind::Link, format!("{} was let go", label.name));
            }
        }
        let deadline = open.session.poll_timeout().map_or(start, |at| start + at.0);
        let free = open.session.takes_request();
        let requests = held.as_mut().map(|held| &mut held.requests).filter(|_| free);
        let handled = tokio::select! {
            // What has arrived counts before the time that has passed.
            biased;
            received = open.pipe.receive() => match received {
                Ok(bytes) => {
                    stalls = 0;
                    trace.received(&bytes);
                    let now = open.now();
                    open.session.handle(now, Input::Bytes(&bytes))
                }
                Err(PipeError::Stalled(which)) => {
                    match cleared(&mut open.pipe, which, &mut stalls).await {
                        Ok(()) => Ok(()),
                        Err(why) => return broken(open, &label.name, &why),
                    }
                }
                Err(PipeError::Closed(why)) => return broken(open, &label.name, &why),
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
        if let Err(fault) = handled {
            return Fault::new(fault.kind, format!("{}: {fault}", label.name));
        }
    }
}

fn info(label: &Label, firmware: &str) -> ReaderInfo {
    let Label { name, product, note } = label;
    let note = note.as_ref().map(|note| format!(", {note}")).unwrap_or_default();
    ReaderInfo {
        name: ReaderName(name.clone()),
        driver: "rcs380",
        model: format!("{product} {firmware}{note}"),
        presence: Presence::Polled,
    }
}

/// Clears a halted endpoint, but not for ever.
async fn cleared<P: UsbPipe>(
    pipe: &mut P,
    which: Direction,
    stalls: &mut u8,
) -> Result<(), String> {
    *stalls = stalls.saturating_add(1);
    if *stalls > STALLS_MAX {
        return Err("it halts again and again".to_owned());
    }
    match timeout(WRITE_WITHIN, pipe.clear_halt(which)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(PipeError::Closed(why))) => Err(why),
        Ok(Err(PipeError::Stalled(_))) | Err(_) => Err("it halts and cannot be freed".to_owned()),
    }
}

/// The next request; `None`, at once, where none can come.
async fn next(requests: Option<&mut mpsc::Receiver<Request>>) -> Option<Request> {
    requests?.recv().await
}

/// The way is gone, and with it the chance to close the reader in order.
fn broken<P: UsbPipe>(mut open: Open<P>, name: &str, why: &str) -> Fault {
    open.session.abandon();
    Fault::new(FaultKind::Link, format!("the connection of {name} broke: {why}"))
}

/// Logs frames as directions, codes and lengths: the bytes may hold card identifiers.
struct Trace<'a> {
    reader: &'a str,
    received: Decoder,
    sent: Decoder,
}

impl<'a> Trace<'a> {
    fn new(reader: &'a str) -> Self {
        let decoder = || Decoder::for_family(Family::Port100);
        Self { reader, received: decoder(), sent: decoder() }
    }

    fn sent(&mut self, bytes: &[u8]) {
        log(&mut self.sent, bytes, self.reader, "sent");
    }

    fn received(&mut self, bytes: &[u8]) {
        log(&mut self.received, bytes, self.reader, "received");
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

#[cfg(test)]
#[path = "pump_tests.rs"]
mod tests;
