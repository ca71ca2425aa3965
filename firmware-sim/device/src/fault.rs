//! What goes wrong with frames on their way to a host.

use std::time::Duration;

use kazasu_wire::sof::Frame;

/// More than any host waits for an answer.
pub(crate) const LATE: Duration = Duration::from_millis(1500);
/// Noise that looks like a frame's start, with a wrong length check.
const NOISE: [u8; 8] = [0x55, 0x00, 0x80, 0x00, 0xFF, 0x33, 0x00, 0xA5];

/// What goes wrong with frames from the chip, acknowledgements among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// To how many frames.
    pub count: u32,
    /// From which byte of a frame on; shorter frames are spared.
    pub at: Option<usize>,
    /// How many frames pass before.
    pub after: u32,
}

/// A way in which frames go wrong, at byte n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Byte n is lost; without n the whole frame.
    Drop,
    /// A bit of byte n is turned over; without n, of the check byte.
    Corrupt,
    /// The frame comes too late; with n, only what follows the first n bytes.
    Late,
    /// A NACK comes in place of byte n and all that follow.
    Nak,
    /// Noise comes before byte n.
    Garbage,
    /// The plug is pulled before byte n.
    Unplug,
}

/// What becomes of a frame.
pub(crate) enum Piece {
    InTime(Vec<u8>),
    /// By [`LATE`].
    Late(Vec<u8>),
    /// The plug is pulled.
    Unplug,
}

/// Lets a fault strike a frame, if it is this one's turn, and counts it. A fault that struck often
/// enough is over.
pub(crate) fn strike(fault: &mut Option<Fault>, mut frame: Vec<u8>) -> Vec<Piece> {
    let Some((kind, place)) = turn(fault, &frame) else { return vec![Piece::InTime(frame)] };
    let from = place.unwrap_or(0);
    match kind {
        FaultKind::Drop => match place {
            None => return Vec::new(),
            Some(place) => drop(frame.remove(place)),
        },
        FaultKind::Corrupt => {
            let place = place.unwrap_or(frame.len().saturating_sub(2));
            frame.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 0x01);
        }
        FaultKind::Late => {
            let rest = frame.split_off(from);
            return vec![Piece::InTime(frame), Piece::Late(rest)];
        }
        FaultKind::Nak => {
            frame.truncate(from);
            frame.extend(Frame::Nack.encode().unwrap_or_default());
        }
        FaultKind::Garbage => drop(frame.splice(from..from, NOISE)),
        FaultKind::Unplug => {
            frame.truncate(from);
            return vec![Piece::InTime(frame), Piece::Unplug];
        }
    }
    vec![Piece::InTime(frame)]
}

/// What goes wrong with this frame, and at which of its bytes.
fn turn(fault: &mut Option<Fault>, frame: &[u8]) -> Option<(FaultKind, Option<usize>)> {
    let armed = fault.as_mut()?;
    if let Some(after) = armed.after.checked_sub(1) {
        armed.after = after;
        return None;
    }
    if armed.at.is_some_and(|at| at >= frame.len()) {
        return None;
    }
    let hit = (armed.kind, armed.at);
    armed.count = armed.count.saturating_sub(1);
    if armed.count == 0 {
        *fault = None;
    }
    Some(hit)
}
