use std::io;

use kazasu_sim::{Board, Fault, Field, HELP, Line, Pace, Rcs380, SerialLine, parse};
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
        Line::Hush => format!("ok hushed {} cards", field.hush()),
        Line::Help => format!("ok {HELP}"),
        Line::Unplug
        | Line::Plug
        | Line::Fault(_)
        | Line::Pace(_)
        | Line::Board(_)
        | Line::Quit => return None,
    })
}

/// `plug` where there is nothing to plug in, and `fault unplug` where there is nothing to pull out.
pub(crate) const ALREADY_PLUGGED: &str = "error plug: it is plugged in; fault unplug";
pub(crate) const ALREADY_UNPLUGGED: &str = "error fault unplug: it is unplugged; plug";

/// A reader with cards before it, and a way to its host that can be slow or broken.
pub(crate) trait Device {
    fn field(&mut self) -> &mut Field;
    fn set_pace(&mut self, pace: Pace);
    fn set_fault(&mut self, fault: Option<Fault>) -> u32;
    /// Whether it has one.
    fn set_board(&mut self, board: Board) -> bool;
}

macro_rules! device {
    ($($kind:ty: $board:expr),*) => {$(
        impl Device for $kind {
            fn field(&mut self) -> &mut Field {
                self.field()
            }

            fn set_pace(&mut self, pace: Pace) {
                self.set_pace(pace);
            }

            fn set_fault(&mut self, fault: Option<Fault>) -> u32 {
                self.set_fault(fault)
            }

            fn set_board(&mut self, board: Board) -> bool {
                let set: fn(&mut $kind, Board) -> bool = $board;
                set(self, board)
            }
        }
    )*};
}

device!(
    SerialLine: |line, board| {
        line.set_board(board);
        true
    },
    Rcs380: |_, _| false
);

/// Answers a line that is about cards, pace or faults; `None` where it is about the plug.
pub(crate) fn about_device(device: &mut impl Device, line: &Line) -> Option<String> {
    match line {
        Line::Pace(pace) => {
            device.set_pace(*pace);
            Some(format!("ok pace {pace:?}").to_lowercase())
        }
        Line::Fault(fault) => {
            let left = device.set_fault(*fault);
            let armed = if fault.is_some() { "armed" } else { "off" };
            Some(format!("ok fault {armed}; the one before had {left} to go"))
        }
        Line::Board(board) if device.set_board(*board) => Some("ok board".into()),
        Line::Board(_) => Some("error board: only a PN532 has one; fault".into()),
        line => about_cards(device.field(), line),
    }
}

/// Answers. Whoever asked may be gone, which is nobody's fault.
pub(crate) fn answer(reply: Reply, text: impl Into<String>) {
    let _ = reply.send(text.into());
}
