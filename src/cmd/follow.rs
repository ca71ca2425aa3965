//! Events for as long as somebody wants them, from whichever service comes and goes; only where none
//! belongs here, from readers that are opened for it.

use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::time::Duration;

use anyhow::{Context, Error, Result};
use jiff::Timestamp;
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::there::There;
use super::{Turn, asked_to_stop, turn};
use crate::claim::Claim;
use crate::cli::Place;
use crate::control::{self, End, Host, Request, WentAway};
use crate::lines::{EventLine, ServiceLine, rfc3339};
use crate::out::Out;
use crate::owner::{DataFolder, Owned};
use crate::speak;

/// How often to look whether the service is back, or one wants what this process has.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// A service that leaves this soon, without a word, did not come to stay.
const AT_ONCE: Duration = Duration::from_secs(1);
/// So many times in a row: it does not talk to us.
const AT_ONCE_MAX: u8 = 20;

/// Hands every event to `show` until somebody ends this.
///
/// A service is attached to, and waited for where it goes, is installed, or was just there. With
/// `own`, the readers are opened where none runs, and kept.
pub(super) async fn follow(
    place: &Place,
    own: bool,
    out: Out,
    show: impl FnMut(EventLine) -> Result<()>,
) -> Result<End> {
    let folder = DataFolder::open(place.data.data.clone())?;
    let there = There::default();
    let mut follower = Follower { place, folder, own, out, show, there, is_awaited: false };
    let stop = asked_to_stop()?;
    tokio::pin!(stop);
    let mut at_once = 0;
    let mut next = follower.start().await?;
    loop {
        let stop = stop.as_mut();
        next = match next {
            Next::Attach(stream) => {
                let start = Instant::now();
                let next = follower.attached(stream, stop).await?;
                if let Next::Wait { said } = next {
                    let soon = !said && start.elapsed() < AT_ONCE;
                    at_once = if soon { at_once + 1 } else { 0 };
                    if at_once >= AT_ONCE_MAX {
                        return Err(Error::new(WentAway::silent()));
                    }
                }
                next
            }
            Next::Own(owned) => follower.own(owned, stop).await?,
            Next::Wait { .. } => follower.wait(stop).await?,
            Next::End(end) => return Ok(end),
        };
    }
}

struct Follower<'a, F> {
    place: &'a Place,
    folder: DataFolder,
    own: bool,
    out: Out,
    show: F,
    there: There,
    /// It was said that the service is waited for, and nothing came from one since.
    is_awaited: bool,
}

/// What to do next.
enum Next {
    Attach(UnixStream),
    Own(Owned),
    /// For the service; whether it had said anything.
    Wait {
        said: bool,
    },
    End(End),
}

impl<F: FnMut(EventLine) -> Result<()>> Follower<'_, F> {
    async fn start(&mut self) -> Result<Next> {
        if let Some(stream) = control::running(&self.folder).await? {
            return Ok(Next::Attach(stream));
        }
        match Claim::on(&self.folder).filter(|claim| !self.own || *claim == Claim::Starts) {
            Some(claim) => {
                // What comes from now on is news, though it may be told when it is over.
                self.there.lost(Timestamp::now());
                self.tell("service-awaited", &claim.to_string())?;
                Ok(Next::Wait { said: true })
            }
            None => Ok(match turn(&self.folder).await? {
                Turn::Service(stream) => Next::Attach(stream),
                Turn::Own(owned) => Next::Own(owned),
            }),
        }
    }

    /// Shows what the service tells.
    async fn attached(
        &mut self,
        stream: UnixStream,
        stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Next> {
        let mut said = false;
        let request = Request::Watch { lang: speak::lang().into() };
        let asked = control::ask(stream, &request, |value| {
            said = true;
            self.line(value)?;
            Ok(ControlFlow::Continue(()))
        });
        let end = tokio::select! {
            biased;
            end = asked => end,
            () = stop => Ok(End::Done),
        };
        match end {
            Err(error) if error.is::<WentAway>() => {
                self.lost("the service went away")?;
                Ok(Next::Wait { said })
            }
            end => Ok(Next::End(end?)),
        }
    }

    /// Opens the readers and shows what happens, until a service wants them.
    async fn own(
        &mut self,
        owned: Owned,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Next> {
        if self.own {
            // What a service left behind that was killed: nobody is to wait for it any longer.
            let _ = std::fs::remove_file(self.folder.socket());
        }
        let host = Host::readers(self.place, &self.folder)?;
        let (lines_tx, mut lines) = mpsc::channel(64);
        let carried_out = host.carry_out(Request::Watch { lang: speak::lang().into() }, lines_tx);
        tokio::pin!(carried_out);
        let next = loop {
            tokio::select! {
                biased;
                Some(value) = lines.recv() => if let Err(error) = self.line(value) {
                    break Err(error);
                },
                end = &mut carried_out => break Ok(Next::End(end)),
                () = &mut stop => break Ok(Next::End(End::Done)),
                () = sleep(LOOK_AGAIN) => if !self.own && Claim::is_made(&self.folder) {
                    break Ok(Next::Wait { said: true });
                },
            }
        };
        // Readers that this process opened are left as they were found.
        host.close().await;
        drop(owned);
        let next = next?;
        if let Next::Wait { .. } = next {
            self.lost("a service starts and has the readers from now on")?;
        }
        Ok(next)
    }

    async fn wait(&self, stop: Pin<&mut impl Future<Output = ()>>) -> Result<Next> {
        let back = async {
            loop {
                sleep(LOOK_AGAIN).await;
                if let Some(stream) = control::running(&self.folder).await? {
                    return Ok(stream);
                }
            }
        };
        tokio::select! {
            biased;
            () = stop => Ok(Next::End(End::Done)),
            stream = back => {
                let stream: Result<UnixStream> = stream;
                Ok(Next::Attach(stream?))
            }
        }
    }

    fn line(&mut self, value: Value) -> Result<()> {
        let line = serde_json::from_value(value).context("an answer of another version")?;
        // Not before it speaks: one that is killed may still let in whoever comes.
        if std::mem::take(&mut self.is_awaited) {
            self.say("service-back", "the service is there".to_owned())?;
        }
        (self.show)(self.there.take(line))
    }

    /// Nothing is known of the readers any more.
    fn lost(&mut self, why: &str) -> Result<()> {
        if self.is_awaited {
            return Ok(());
        }
        for line in self.there.lost(Timestamp::now()) {
            (self.show)(line)?;
        }
        self.tell("service-lost", why)
    }

    fn tell(&mut self, event: &'static str, why: &str) -> Result<()> {
        self.is_awaited = true;
        let folder = self.folder.path().display();
        let advice = if event == "service-awaited" {
            "; --own opens the readers instead, --data names another folder"
        } else {
            ""
        };
        self.say(event, format!("{why}: waiting for the one of {folder}{advice}"))
    }

    /// Says it on standard error, and among the lines of JSON.
    fn say(&self, event: &'static str, message: String) -> Result<()> {
        tracing::warn!("{message}");
        if self.out.is_json() {
            let time = rfc3339(Timestamp::now().into());
            self.out.line(&ServiceLine { event, time, message })?;
        }
        Ok(())
    }
}
