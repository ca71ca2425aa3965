use std::time::Duration;

use kazasu_hal::{CardIdentity, Cause, Fault, FaultKind, Filling, Mono, Operation, Reader};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};

use crate::{Control, Input, Label, Output, Session, Way, WayError, cause, reader::Held};

/// How long the way may refuse bytes. A command takes 3 ms at 115200 bit/s.
const WRITE_WITHIN: Duration = Duration::from_secs(1);
/// How long leaving the reader in order may take. It takes some 15 ms.
const LEAVE_WITHIN: Duration = Duration::from_millis(250);
/// How often an endpoint may be found halted, with nothing received between. Several transfers are
/// under way at once, and each of them finds it.
const STALLS_MAX: u8 = 8;

/// Runs one session over its way until either ends, and says why it did. The session began at the
/// monotonic time zero.
///
/// This is the one loop that every reader with a session goes through. A dropped future leaves the
/// reader in order, as any other end does.
pub async fn pump<S: Session, W: Way>(
    label: &Label,
    session: &mut S,
    way: W,
    found: &mpsc::Sender<Reader>,
) -> Fault {
    let mut open = Open { session, way, start: Instant::now(), held: None, stalls: 0 };
    let ended = loop {
        if let Err(ended) = open.turn(label, found).await {
            break ended;
        }
    };
    let name = label.name.as_str();
    match ended {
        Ended::Broken(why) => {
            // The chance to close the reader in order is gone with it.
            open.session.abandon();
            Fault::new(FaultKind::Link, cause::broke(name, why))
        }
        Ended::LetGo => Fault::new(FaultKind::Link, cause::let_go(name)),
        Ended::Session(fault) if label.is_one_of_several => {
            Fault::new(fault.kind, cause::of_reader(name, fault.cause))
        }
        Ended::Session(fault) => fault,
    }
}

/// Why a session goes on no more.
enum Ended {
    /// Its way is gone; why.
    Broken(Filling),
    /// Nobody listens.
    LetGo,
    /// By its own word.
    Session(Fault),
}

/// A session on its way to the reader. However it ends, the reader is left in order.
struct Open<'a, S: Session, W: Way> {
    session: &'a mut S,
    way: W,
    start: Instant,
    held: Option<Held>,
    stalls: u8,
}

impl<S: Session, W: Way> Open<'_, S, W> {
    /// All that is to be done, then the next thing that happens.
    async fn turn(&mut self, label: &Label, found: &mpsc::Sender<Reader>) -> Result<(), Ended> {
        while let Some(output) = self.session.poll_output() {
            self.perform(output, label, found).await?;
        }
        let deadline = self.session.poll_timeout().map_or(self.start, |at| self.start + at.0);
        let asked = self.held.as_mut().filter(|_| self.session.takes_request());
        let handled = tokio::select! {
            // What has arrived counts before the time that has passed.
            biased;
            received = self.way.receive() => match received {
                Ok(bytes) => {
                    self.stalls = 0;
                    self.session.handle(Mono(self.start.elapsed()), Input::Bytes(&bytes))
                }
                Err(error) => return self.freed(error).await,
            },
            (card, operation) = next(asked) => {
                self.session.request(Mono(self.start.elapsed()), &card, &operation);
                Ok(())
            }
            () = sleep_until(deadline) => {
                self.session.handle(Mono(self.start.elapsed()), Input::Timeout)
            }
        };
        handled.map_err(Ended::Session)
    }

    async fn perform(
        &mut self,
        output: Output,
        label: &Label,
        found: &mpsc::Sender<Reader>,
    ) -> Result<(), Ended> {
        let listening = match output {
            Output::Send(bytes) => match timeout(WRITE_WITHIN, self.way.send(bytes)).await {
                Ok(Ok(())) => true,
                // The session asks again by itself.
                Ok(Err(error)) => return self.freed(error).await,
                Err(_) => return Err(Ended::Broken(cause::takes_nothing().into())),
            },
            Output::SetRate(rate) => match self.way.control(Control::SetRate(rate)).await {
                Ok(()) => true,
                Err(error) => return self.freed(error).await,
            },
            Output::Attached(model) => {
                let (reader, held) = Held::new(label, &model);
                self.held = Some(held);
                found.send(reader).await.is_ok()
            }
            Output::Report(report) => match &self.held {
                Some(held) => held.report(report).await,
                None => true,
            },
            Output::Replied(outcome) => {
                if let Some(held) = &mut self.held {
                    held.reply(outcome);
                }
                true
            }
        };
        if listening { Ok(()) } else { Err(Ended::LetGo) }
    }

    /// Clears a halted endpoint, but not for ever.
    async fn freed(&mut self, error: WayError) -> Result<(), Ended> {
        let broken = |why: Cause| Err(Ended::Broken(why.into()));
        let which = match error {
            WayError::Closed(why) => return Err(Ended::Broken(why)),
            WayError::Stalled(which) => which,
        };
        self.stalls = self.stalls.saturating_add(1);
        if self.stalls > STALLS_MAX {
            return broken(cause::halts());
        }
        match timeout(WRITE_WITHIN, self.way.control(Control::ClearHalt(which))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(WayError::Closed(why))) => Err(Ended::Broken(why)),
            Ok(Err(WayError::Stalled(_))) | Err(_) => broken(cause::halts_for_good()),
        }
    }
}

/// The next request; never where none can come.
async fn next(held: Option<&mut Held>) -> (CardIdentity, Operation) {
    match held {
        Some(held) => held.request().await,
        None => std::future::pending().await,
    }
}

impl<S: Session, W: Way> Drop for Open<'_, S, W> {
    /// Lets the session close the reader.
    ///
    /// Blocks, for nothing can be awaited here: whoever holds the discoverer drops its future to
    /// let go, mostly because the program ends.
    #[expect(clippy::disallowed_methods, reason = "an adapter, where nothing can be awaited")]
    fn drop(&mut self) {
        // Ended by a fault: nobody listens.
        if self.session.poll_timeout().is_none() {
            return;
        }
        let (dropped, clock) = (Mono(self.start.elapsed()), std::time::Instant::now());
        let now = || dropped.after(clock.elapsed());
        let end = dropped.after(LEAVE_WITHIN);
        self.session.close(dropped);
        while now() < end {
            while let Some(output) = self.session.poll_output() {
                if let Output::Send(bytes) = output
                    && !self.way.send_now(bytes)
                {
                    return;
                }
            }
            let Some(deadline) = self.session.poll_timeout() else { return };
            let Ok(received) = self.way.receive_now(deadline.min(end).since(now())) else { return };
            let input = received.as_deref().map_or(Input::Timeout, Input::Bytes);
            if self.session.handle(now(), input).is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
#[path = "pump_tests.rs"]
mod tests;
