use std::time::Duration;

use kazasu_sim::{Input, Line, Pn532, Seed, parse};
use kazasu_wire::{
    felica::{Polling, Rate, Request, Slots},
    pn532::{Answer, Command, Initiator, RfItem, SamConfiguration, SamMode, Status, Target},
    sof::{Decoder, Frame, WAKE_UP},
};

/// A host with the chip on its desk.
pub(crate) struct Desk {
    pub(crate) chip: Pn532,
    pub(crate) now: Duration,
    decoder: Decoder,
}

pub(crate) const MS: Duration = Duration::from_millis(1);

impl Desk {
    /// A chip that just got power.
    pub(crate) fn new() -> Self {
        Self { chip: Pn532::new(Seed(1)), now: Duration::ZERO, decoder: Decoder::new() }
    }

    /// A chip that was woken up and tries once to find a card.
    pub(crate) fn awake(lines: &[&str]) -> Self {
        let mut desk = Self::new();
        desk.bytes(&WAKE_UP);
        let sam = SamConfiguration { mode: SamMode::Normal, timeout_irq: None };
        assert_eq!(desk.ask(&Command::SamConfiguration(sam)), Some(Answer::SamConfiguration));
        desk.retries(0);
        lines.iter().for_each(|line| desk.control(line));
        desk
    }

    pub(crate) fn control(&mut self, line: &str) {
        match parse(line).unwrap() {
            Line::Put(card) => drop(self.chip.field().put(card).unwrap()),
            Line::Take(number) => drop(self.chip.field().take(number).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.chip.handle(self.now, Input::Bytes(bytes));
    }

    pub(crate) fn send(&mut self, command: &Command) {
        self.bytes(&Frame::Data(command.encode()).encode().unwrap());
    }

    /// Lets time pass and gives what came, and when.
    pub(crate) fn pass(&mut self, wait: Duration) -> Vec<(Duration, Frame)> {
        let end = self.now + wait;
        let mut came = Vec::new();
        loop {
            while let Some(bytes) = self.chip.poll_output() {
                // One preamble and one postamble exactly: libnfc insists.
                assert!(bytes.starts_with(&[0, 0, 0xFF]) && bytes.ends_with(&[0]), "{bytes:02X?}");
                self.decoder.push(&bytes);
                let frame = self.decoder.next_frame().unwrap().unwrap();
                assert_eq!(frame.encode().unwrap(), bytes);
                came.push((self.now, frame));
            }
            match self.chip.poll_timeout() {
                Some(due) if due <= end => {
                    assert!(due > self.now, "the chip must not stop the clock");
                    self.now = due;
                    self.chip.handle(due, Input::Timeout);
                }
                _ => break,
            }
        }
        self.now = end;
        came
    }

    /// Sends a command and gives the answer to it, `None` for the error frame.
    pub(crate) fn ask(&mut self, command: &Command) -> Option<Answer> {
        self.send(command);
        let came = self.pass(1000 * MS);
        match came.iter().map(|(_, frame)| frame).collect::<Vec<_>>()[..] {
            [Frame::Ack, Frame::Error] => None,
            [Frame::Ack, Frame::Data(data)] => Some(Answer::decode(command, data).unwrap()),
            _ => panic!("{command:?}: {came:?}"),
        }
    }

    /// Sends bytes to the card as they are and gives its answer in hex, or the status in words.
    pub(crate) fn thru(&mut self, bytes: &str) -> String {
        match self.ask(&Command::InCommunicateThru(unhex(bytes).into())) {
            Some(Answer::InCommunicateThru { status, data }) => spoken(status, &data),
            other => panic!("{other:?}"),
        }
    }

    /// The same, to target 1 in its own protocol.
    pub(crate) fn exchange(&mut self, bytes: &str) -> String {
        let data = unhex(bytes).into();
        match self.ask(&Command::InDataExchange { tg: 1, more: false, data }) {
            Some(Answer::InDataExchange { status, data }) => spoken(status, &data),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn retries(&mut self, passive_activation: u8) {
        let item = RfItem::MaxRetries { atr: 0xFF, psl: 1, passive_activation };
        assert_eq!(self.ask(&Command::RfConfiguration(item)), Some(Answer::RfConfiguration));
    }

    pub(crate) fn field(&mut self, on: bool) {
        let item = RfItem::Field { auto_rfca: false, on };
        assert_eq!(self.ask(&Command::RfConfiguration(item)), Some(Answer::RfConfiguration));
    }

    /// What InListPassiveTarget finds, written as hex, and how long it took in microseconds.
    pub(crate) fn list(&mut self, max_tg: u8, initiator: Initiator) -> (Vec<String>, u128) {
        let sent = self.now;
        let command = Command::InListPassiveTarget { max_tg, initiator };
        self.send(&command);
        let came = self.pass(1000 * MS);
        let [(_, Frame::Ack), (at, Frame::Data(data))] = &came[..] else { panic!("{came:?}") };
        let Answer::InListPassiveTarget(targets) = Answer::decode(&command, data).unwrap() else {
            panic!("{data:02X?}")
        };
        (targets.iter().map(describe).collect(), (*at - sent).as_micros())
    }
}

fn spoken(status: Status, data: &[u8]) -> String {
    if status == Status::OK { hex(data) } else { format!("{:?}", status.code()) }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

pub(crate) fn describe(target: &Target) -> String {
    match target {
        Target::Felica(felica) => format!(
            "{} {} {} {}",
            felica.tg,
            hex(&felica.idm.0),
            hex(&felica.pmm.0),
            hex(&felica.request_data.unwrap_or_default())
        ),
        Target::TypeA(a) => format!(
            "{} {} {:04X} {:02X}{}",
            a.tg,
            hex(a.nfcid.as_bytes()),
            a.sens_res.0,
            a.sel_res.0,
            a.ats.as_ref().map(|ats| format!(" {}", hex(ats))).unwrap_or_default()
        ),
        Target::TypeB(b) => format!("{} {} {}", b.tg, hex(&b.atqb), hex(&b.attrib_res)),
        other => panic!("{other:?}"),
    }
}

/// Bytes of hex digits, spaces aside.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    let pairs = (0..digits.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

pub(crate) fn polling(system: u16, slots: Slots) -> Polling {
    Polling { system, request: Request::SystemCode, slots }
}

pub(crate) fn felica(rate: Rate, slots: Slots) -> Initiator {
    Initiator::Felica { rate, polling: polling(0xFFFF, slots) }
}

pub(crate) const TYPE_A: Initiator = Initiator::TypeA { uid: None };
