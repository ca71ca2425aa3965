//! A Sony RC-S380 (NFC Port-100) on USB, as its hosts see it. Transfers in, transfers out; time
//! comes in.
//!
//! ```text
//! let mut reader = Rcs380::new(Seed(1));
//! reader.bulk_out(now, &bytes);              // a host's transfer to endpoint 02
//! reader.bulk_in(now, length)                // a host's transfer from endpoint 81: bytes, or not yet
//! reader.poll_timeout()                      // when to ask again
//! reader.poll_unplugged(now)                 // whether a fault pulled the plug
//! reader.control(&setup)                     // descriptors and the like; None is a stall
//! ```
//! Sony publishes nothing about the chip. Commands, status words and orders are those that drivers
//! in the open agree on and logs show; where they leave it open, the harder case for a host is
//! simulated:
//! - Field, card type and settings are not what they were after InSetRF, SwitchRF, SetCommandType:
//!   without a new InSetProtocol no card answers.
//! - A message is over with a packet of less than 64 bytes: without it the chip waits on.
//! - A command that comes while another one runs is lost. The host's ACK ends what runs, but takes
//!   nothing back that waits for the host already.
//! - Before the first SetCommandType nothing is done that has to do with radio.
//! - SET_CONFIGURATION after the first transfer costs the next frame: the data toggles are out of
//!   step.
//! - Two answers at once are an error of their own, not silence.
//!
//! Not simulated: initiators before the antenna (target modes stay alone), rates above 106 kbit/s of
//! types A and B, type 1 tags, RCT and registers.

mod execute;
mod radio;
pub mod usb;

use std::{collections::VecDeque, time::Duration};

use kazasu_wire::{
    Raw,
    port100::{Answer, Command, Modulation},
    sof::{Family, Frame, PORT100_DATA_MAX, locate},
};

use crate::{
    fault::{self, Fault, LATE, Piece},
    field::{CARDS_MAX, Field, Seed},
    line::Pace,
};
use radio::Settings;
pub use usb::Setup;

/// A transfer on the bus. Nobody published figures; a full-speed bus has room for several small
/// ones in each of its frames of 1 ms.
const TRANSFER: Duration = Duration::from_micros(250);
/// How long the chip takes for a command that needs no radio: as a PN532.
const COMMAND_TIME: Duration = Duration::from_micros(500);
/// What anything takes at [`Pace::Instant`]: as little as keeps the clock going.
const AT_ONCE: Duration = Duration::from_micros(1);
/// The longest message: the longest frame with its envelope.
const MESSAGE_MAX: usize = PORT100_DATA_MAX + 10;
/// Transfers that wait for a host which does not take them.
const OUTPUTS_MAX: usize = 64;
/// In place of an answer, to what the chip does not understand.
const ERROR: [u8; 5] = [0x00, 0x00, 0xFF, 0xFF, 0xFF];

/// The reader and the cards before its antenna. Times are since any fixed point, and must not go
/// backwards.
#[derive(Clone, Debug)]
pub struct Rcs380 {
    field: Field,
    pace: Pace,
    fault: Option<Fault>,
    usb: usb::State,
    chip: Chip,
    /// Of a message that is not over.
    incoming: Raw,
    /// By time.
    outgoing: VecDeque<(Duration, Raw)>,
    unplug_at: Option<Duration>,
    now: Duration,
}

/// What the chip forgets without power.
#[derive(Clone, Debug, Default)]
struct Chip {
    command_type: Option<u8>,
    field_on: bool,
    modulation: Option<Modulation>,
    settings: Settings,
    /// From ResetDevice.
    restart_delay: Duration,
    activity: Activity,
}

#[derive(Clone, Debug, Default)]
enum Activity {
    #[default]
    Idle,
    /// The outcome is known and is told when its time has come.
    Answering {
        /// `None` = never: only an abort ends it.
        due: Option<Duration>,
        /// `None` = the error frame.
        answer: Option<Answer>,
    },
    /// Told to restart: does so this long after the host's ACK.
    AboutToRestart { delay: Duration },
    /// Deaf until then.
    Restarting { until: Duration },
}

impl Rcs380 {
    /// A reader that just got power: field off, no cards, full speed of a real one. Its serial
    /// number is 0000001.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self {
            field: Field::new(seed, CARDS_MAX),
            pace: Pace::Real,
            fault: None,
            usb: usb::State::new("0000001"),
            chip: Chip::default(),
            incoming: Raw::default(),
            outgoing: VecDeque::new(),
            unplug_at: None,
            now: Duration::ZERO,
        }
    }

    /// The same with another serial number, of which 30 characters count; none if it is empty.
    #[must_use]
    pub fn with_serial(mut self, serial: &str) -> Self {
        self.usb = usb::State::new(serial);
        self
    }

    /// The cards before the antenna: put and take them here, at any time.
    pub fn field(&mut self) -> &mut Field {
        &mut self.field
    }

    /// How fast bus, chip and air are from now on. Times that the host asks for stay as they are:
    /// how long to wait for a card, and until a restart.
    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// What goes wrong from now on with frames to the host, acknowledgements among them. Says how
    /// many frames an earlier fault had still to hit. What is late by a fault is a transfer of its
    /// own.
    pub fn set_fault(&mut self, fault: Option<Fault>) -> u32 {
        let before = std::mem::replace(&mut self.fault, fault);
        before.map_or(0, |before| before.count)
    }

    /// The reader lost power and got it again, with all that was under way lost. The cards are
    /// still where they were.
    pub fn power_cycle(&mut self) {
        self.usb.reset();
        self.bus_reset();
    }

    /// The host reset the bus: the reader begins anew, its configuration chosen as before.
    pub fn bus_reset(&mut self) {
        self.chip = Chip::default();
        self.field.power_off();
        self.incoming = Raw::default();
        self.outgoing.clear();
        self.unplug_at = None;
        self.usb.toggles_are_in_step();
    }

    /// A control transfer; `None` is a stall. Answers with the bytes of a request inwards, none
    /// outwards. It takes no time.
    pub fn control(&mut self, setup: &Setup) -> Option<Vec<u8>> {
        self.usb.control(setup)
    }

    /// Whether a configuration is chosen: without one there are no bulk endpoints.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        self.usb.is_configured()
    }

    /// The host sends a transfer to the reader.
    pub fn bulk_out(&mut self, now: Duration, bytes: &[u8]) {
        self.advance(now);
        if !self.is_configured() {
            return;
        }
        self.usb.transfer();
        let room = MESSAGE_MAX.saturating_sub(self.incoming.len());
        self.incoming.0.extend(bytes.iter().take(room));
        let whole_packets = bytes.len().is_multiple_of(usb::PACKET) && !bytes.is_empty();
        if whole_packets {
            return;
        }
        let message = std::mem::take(&mut self.incoming);
        // A damaged frame gets no answer at all; the host will miss its ACK.
        if let Ok(found) = locate(Family::Port100, &message) {
            self.accept(found.frame);
        }
    }

    /// The host takes a transfer of at most `max` bytes from the reader, if one is there by now.
    /// What is left of a longer one comes with the next.
    pub fn bulk_in(&mut self, now: Duration, max: usize) -> Option<Vec<u8>> {
        self.advance(now);
        let (_, bytes) = self.outgoing.front_mut().filter(|(due, _)| *due <= now)?;
        let rest = bytes.0.split_off(max.min(bytes.len()));
        let taken = std::mem::replace(&mut bytes.0, rest);
        if bytes.is_empty() {
            self.outgoing.pop_front();
        }
        Some(taken)
    }

    /// Whether a fault has pulled the plug: said once. The host is told, and whoever plugs it in
    /// again calls [`power_cycle`](Self::power_cycle).
    pub fn poll_unplugged(&mut self, now: Duration) -> bool {
        self.advance(now);
        self.unplug_at.take_if(|due| *due <= now).is_some()
    }

    /// When something happens next, even if the host does nothing: then
    /// [`bulk_in`](Self::bulk_in) may have more to give, or the plug be out. What waits for the
    /// host already is not told.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let outgoing = self.outgoing.iter().map(|(due, _)| *due);
        let later = outgoing.chain(self.unplug_at).filter(|due| *due > self.now);
        later.chain(self.due()).min()
    }

    /// When the chip has something to do.
    fn due(&self) -> Option<Duration> {
        match &self.chip.activity {
            Activity::Idle | Activity::AboutToRestart { .. } => None,
            Activity::Answering { due, .. } => *due,
            Activity::Restarting { until } => Some(*until),
        }
    }

    /// How long something takes that would really take `time`.
    fn takes(&self, time: Duration) -> Duration {
        match self.pace {
            Pace::Real => time,
            Pace::Instant => AT_ONCE,
        }
    }

    /// Does what is due.
    fn advance(&mut self, now: Duration) {
        if let Some(due) = self.due().filter(|due| *due <= now) {
            self.now = self.now.max(due);
            match std::mem::take(&mut self.chip.activity) {
                Activity::Idle | Activity::AboutToRestart { .. } => {}
                Activity::Answering { answer, .. } => {
                    if answer == Some(Answer::ResetDevice) {
                        self.chip.activity = self.about_to_restart();
                    }
                    let frame = answer.map(|answer| Frame::Data(answer.encode()));
                    self.send(due, frame.as_ref());
                }
                Activity::Restarting { .. } => self.restart(),
            }
        }
        self.now = self.now.max(now);
    }

    fn restart(&mut self) {
        self.chip = Chip::default();
        self.field.power_off();
    }

    fn accept(&mut self, frame: Frame) {
        let now = self.now;
        match (frame, &self.chip.activity) {
            (_, Activity::Restarting { .. }) | (Frame::Nack | Frame::Error, _) => {}
            (Frame::Ack, Activity::AboutToRestart { delay }) => {
                let until = now.saturating_add((*delay).max(AT_ONCE));
                self.chip.activity = Activity::Restarting { until };
            }
            // Whatever runs is over, without an answer.
            (Frame::Ack, _) => self.chip.activity = Activity::Idle,
            (Frame::Data(data), Activity::Idle) => {
                self.send(now, Some(&Frame::Ack));
                let (answer, takes) = match Command::decode(&data) {
                    Ok(command) => self.execute(command),
                    Err(_) => (None, Some(self.takes(COMMAND_TIME))),
                };
                let due = takes.map(|takes| now.saturating_add(takes.max(AT_ONCE)));
                self.chip.activity = Activity::Answering { due, answer };
            }
            (Frame::Data(_), _) => {}
        }
    }

    /// Sends a frame on its way, whole or not; without one, the error frame.
    fn send(&mut self, at: Duration, frame: Option<&Frame>) {
        let bytes = frame.and_then(|frame| frame.encode_for(Family::Port100).ok());
        let bytes = bytes.unwrap_or_else(|| ERROR.to_vec());
        if self.usb.loses_a_frame() {
            return;
        }
        let arrival = at.saturating_add(self.takes(TRANSFER));
        for piece in fault::strike(&mut self.fault, bytes) {
            match piece {
                Piece::InTime(bytes) => self.queue(arrival, bytes),
                Piece::Late(bytes) => self.queue(arrival.saturating_add(LATE), bytes),
                Piece::Unplug => self.unplug_at = Some(arrival),
            }
        }
    }

    fn queue(&mut self, at: Duration, bytes: Vec<u8>) {
        if !bytes.is_empty() && self.outgoing.len() < OUTPUTS_MAX {
            let place = self.outgoing.partition_point(|(other, _)| *other <= at);
            self.outgoing.insert(place, (at, Raw(bytes)));
        }
    }
}
