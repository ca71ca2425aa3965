use std::io;

use kazasu_sim::{Field, HELP, Line, parse};
use tokio::{
    io::DuplexStream,
    sync::{mpsc, oneshot},
};

/// How many requests may wait for a simulator.
const REQUESTS_MAX: usize = 16;

/// Tells a running simulator control lines. All clones reach the same one.
#[derive(Clone, Debug)]
pub struct Control(mpsc::Sender<Request>);

/// What comes to a simulator besides its host's bytes.
#[derive(Debug)]
pub(crate) enum Request {
    Line(Line, Reply),
    /// A host in this process wants the line.
    Connect(oneshot::Sender<io::Result<DuplexStream>>),
}

/// Where the answer to a line goes: one line, `ok ...` or `error ...`.
pub(crate) type Reply = oneshot::Sender<String>;

impl Control {
    pub(crate) fn channel() -> (Self, mpsc::Receiver<Request>) {
        let (sender, receiver) = mpsc::channel(REQUESTS_MAX);
        (Self(sender), receiver)
    }

    /// Tells one control line and gives its answer: exactly one line, `ok ...` or `error ...`.
    pub async fn tell(&self, line: &str) -> String {
        match parse(line) {
            Err(bad) => format!("error {bad}"),
            Ok(Line::Help) => format!("ok {HELP}"),
            Ok(line) => {
                let (reply, answer) = oneshot::channel();
                let sent = self.0.send(Request::Line(line, reply)).await.is_ok();
                match answer.await {
                    Ok(answer) if sent => answer,
                    _ => "error the simulator has ended".into(),
                }
            }
        }
    }

    pub(crate) async fn connect(&self) -> io::Result<DuplexStream> {
        let gone = |_| io::Error::new(io::ErrorKind::NotFound, "the simulator has ended");
        let (reply, stream) = oneshot::channel();
        self.0.send(Request::Connect(reply)).await.map_err(|_| gone(()))?;
        stream.await.map_err(|_| gone(()))?
    }
}

/// Answers a line that is about cards; `None` where it is about the device.
pub(crate) fn about_cards(field: &mut Field, line: &Line) -> Option<String> {
    Some(match line {
        Line::Put(card) => match field.put(card.clone()) {
            Ok(number) => format!("ok card {number}"),
            Err(error) => format!("error {error}"),
        },
        Line::Take(number) => match field.take(*number) {
            Ok(taken) if taken.is_empty() => "ok took no card".into(),
            Ok(taken) => {
                let taken: Vec<_> = taken.iter().map(u32::to_string).collect();
                format!("ok took card {}", taken.join(" "))
            }
            Err(error) => format!("error {error}"),
        },
        Line::Help => format!("ok {HELP}"),
        Line::Unplug | Line::Plug | Line::Fault(_) | Line::Pace(_) | Line::Quit => return None,
    })
}

/// Answers. Whoever asked may be gone, which is nobody's fault.
pub(crate) fn answer(reply: Reply, text: impl Into<String>) {
    let _ = reply.send(text.into());
}
